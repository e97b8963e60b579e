import pytest

from adapters.websocket.session import ASK_PAUSE_S
from adapters.websocket.states import State
from queue_alert.core.events import Provenance
from queue_alert.ports import Skipped
from queue_alert.protocol.feed_socket import Hello, Start, Synced
from tests.adapters.websocket.acd import HELLO, SALES, SOURCE, START, SUPPORT, TrueAcd, say
from tests.adapters.websocket.helpers import ASK, Bench, event, live, snapshot


def test_a_hole_is_counted_and_asked_about_once() -> None:
    acd = TrueAcd()
    bench = live(acd)
    first, _, _, fourth = (acd.queue(SALES, f"c{number}") for number in range(1, 5))
    assert bench.hear(say(first), say(fourth)) == [
        {"type": "contact.queued", "subject": "sales", "contact": "c1", "seq": 1},
        "syncing: 2 events were lost",
        {"type": "contact.queued", "subject": "sales", "contact": "c4", "seq": 4},
    ]
    acd.queue(SALES, "c5")
    bench.hear(say(acd.queue(SALES, "c6")))
    assert bench.take_sent() == [ASK]
    assert bench.skipped == [(Skipped.LOST, "2 events before 4"), (Skipped.LOST, "1 events before 6")]
    assert bench.hear(*acd.replies(ASK))[-1] == "live"


def test_a_loss_at_the_end_is_found_by_the_heartbeat() -> None:
    acd = TrueAcd()
    bench = live(acd)
    acd.queue(SALES, "c1")
    assert bench.hear(acd.heartbeat()) == ["syncing: 1 events were lost", ("heartbeat", START)]
    assert bench.sent == [ASK]
    assert bench.hear(acd.heartbeat()) == [("heartbeat", START)]


def test_requests_are_kept_apart() -> None:
    acd = TrueAcd()
    bench = live(acd)
    asked = 0
    for number in range(200):
        bench.now += 0.1
        acd.queue(SALES, f"c{number}")
        bench.hear(acd.heartbeat())
        if bench.session.state is State.TORN and bench.now >= bench.session.next_deadline():
            bench.wait(0.0)
        for word in bench.take_sent():
            asked += 1
            bench.hear(*acd.replies(word))
    assert 10 <= asked <= 11


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        (
            [snapshot("sales", 5), say(Synced(seq=5, groups=2))],
            "1 snapshots came of 2",
        ),
        (
            [snapshot("sales", 5), snapshot("support", 6), say(Synced(seq=6, groups=2))],
            "events were lost between the snapshots",
        ),
        (
            [snapshot("sales", 5), event(6, subject="night"), say(Synced(seq=6))],
            "something happened in a group of which no snapshot came",
        ),
        (
            [snapshot("sales", 5), event(6, subject="support"), snapshot("support", 5), say(Synced(seq=6))],
            "a snapshot was older than what had been told before",
        ),
        (
            [snapshot("sales", 5), say(Synced(seq=7))],
            "events were lost between the snapshots",
        ),
    ],
    ids=["one is missing", "hole between", "unknown group", "too late", "hole behind"],
)
def test_what_was_not_told_whole_is_asked_for_again(told: list[str], reason: str) -> None:
    bench = Bench()
    bench.hear(say(Hello(source=SOURCE, run="r1", seq=5, time=START)))
    assert bench.hear(*told)[-1] == f"syncing: {reason}"
    bench.wait(ASK_PAUSE_S)
    assert bench.sent == [Start(), ASK]
    assert bench.session.state is State.SYNCING


def test_an_event_between_the_snapshots_does_no_harm() -> None:
    bench = Bench()
    bench.hear(say(Hello(source=SOURCE, run="r1", seq=5, time=START)))
    told = [snapshot("sales", 5), event(6), snapshot("support", 5), event(0), say(Synced(seq=6, groups=2))]
    assert bench.hear(*told)[-1] == "live"
    assert bench.skipped == []


def test_what_the_snapshots_hold_already_is_not_told_again() -> None:
    bench = Bench()
    bench.hear(
        say(Hello(source=SOURCE, run="r1", seq=5, time=START)), snapshot("sales", 5), say(Synced(seq=5))
    )
    assert bench.hear(event(4), snapshot("sales", 5)) == [
        {"type": "group.snapshot", "subject": "sales", "seq": 5}
    ]
    assert bench.hear(event(6), snapshot("sales", 5))[1:] == []
    assert bench.skipped == [
        (Skipped.TOO_OLD, "4, which the snapshots held already"),
        (Skipped.TOO_OLD, "a snapshot as of 5, after 6"),
    ]


def test_an_answer_that_is_older_than_the_question_is_none() -> None:
    acd = TrueAcd()
    bench = live(acd)
    stale = acd.snapshots()
    acd.queue(SALES, "c1")
    bench.hear(say(acd.queue(SALES, "c2")))
    assert bench.take_sent() == [ASK]
    assert bench.hear(*stale) == ["syncing: a snapshot was older than what had been told before"]
    bench.wait(ASK_PAUSE_S)
    assert bench.hear(*acd.replies(ASK))[-1] == "live"


def test_where_events_are_numbered_a_snapshot_without_a_number_is_of_the_beginning() -> None:
    bench = live(TrueAcd())
    assert bench.hear(event(1), snapshot("sales", 0))[1:] == []
    assert bench.skipped == [(Skipped.TOO_OLD, "a snapshot as of 0, after 1")]


def test_a_snapshot_nobody_asked_for_shows_a_hole_too() -> None:
    bench = live(TrueAcd())
    assert bench.hear(snapshot("sales", 3))[0] == "syncing: 3 events were lost"


def test_an_acd_that_does_not_count_is_taken_too() -> None:
    bench = Bench()
    bench.hear(HELLO, snapshot("sales", 0), say(Synced(seq=0)))
    assert bench.hear(event(0), snapshot("sales", 0)) == [
        {"type": "contact.queued", "subject": "sales", "contact": "c0"},
        {"type": "group.snapshot", "subject": "sales"},
    ]
    assert bench.session.state is State.LIVE


def test_a_group_of_which_nothing_is_said_any_more_is_emptied() -> None:
    acd = TrueAcd()
    bench = live(acd)
    bench.hear(say(acd.queue(SUPPORT, "c1")))
    del acd.waiting[SUPPORT]
    acd.restart()
    bench.reconnect()
    bench.now += 7.0
    bench.hear(acd.hello())
    bench.events.clear()
    bench.now += 3.0
    assert bench.hear(*acd.snapshots())[1:] == [
        {"type": "group.snapshot", "subject": "support", "seq": 2, "provenance": "inferred", "agents": []},
        "live",
    ]
    gone = bench.events[1]
    assert (gone.time, gone.provenance) == (START + 3.0, Provenance.INFERRED)
    bench.hear(say(acd.queue(SALES, "c2")))
    acd.restart()
    bench.reconnect()
    bench.hear(acd.hello())
    assert [said for said in bench.hear(*acd.snapshots()) if said != "live"] == [
        {"type": "group.snapshot", "subject": "sales", "seq": 4, "agents": []}
    ]


def test_when_all_groups_are_gone_what_was_lost_before_is_no_hole() -> None:
    acd = TrueAcd()
    bench = live(acd)
    acd.queue(SALES, "c1")
    bench.hear(acd.heartbeat())
    acd.waiting.clear()
    assert [said if said == "live" else said["subject"] for said in bench.hear(*acd.snapshots())] == [
        "sales",
        "support",
        "live",
    ]


def test_after_going_on_every_group_still_is() -> None:
    acd = TrueAcd()
    bench = live(acd)
    bench.hear(say(acd.queue(SUPPORT, "c1")))
    bench.reconnect()
    bench.hear(acd.hello())
    assert bench.hear(*acd.replies(Start(after=1, run="r1"))) == ["live"]
