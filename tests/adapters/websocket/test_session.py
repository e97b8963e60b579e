import json

import pytest

from adapters.websocket.session import ASK_PAUSE_S
from adapters.websocket.states import SessionError, State
from queue_alert.ports import Skipped
from queue_alert.protocol.feed_socket import Heartbeat, Hello, Start, Synced
from tests.adapters.websocket.acd import HELLO, SALES, SOURCE, START, SUPPORT, TrueAcd, say
from tests.adapters.websocket.helpers import ASK, FEED, Bench, event, live, snapshot


def test_the_first_connection_says_how_things_are_and_then_what_happens() -> None:
    acd = TrueAcd()
    acd.queue(SALES, "c1")
    bench = Bench()
    assert bench.hear(acd.hello()) == ["syncing", ("heartbeat", START)]
    assert bench.take_sent() == [Start()]
    assert bench.hear(*acd.snapshots()) == [
        {
            "type": "group.snapshot",
            "subject": "sales",
            "seq": 1,
            "waiting": [{"contact": "c1", "queued_at": START}],
            "agents": [],
        },
        {"type": "group.snapshot", "subject": "support", "seq": 1, "agents": []},
        "live",
    ]
    assert bench.hear(say(acd.answer(SALES, "c1")), acd.heartbeat()) == [
        {"type": "contact.answered", "subject": "sales", "contact": "c1", "seq": 2},
        ("heartbeat", START),
    ]
    assert bench.skipped == []
    assert {said.source for said in bench.events} == {FEED}


def test_a_feed_called_as_its_acd_calls_itself_is_taken_as_it_is() -> None:
    bench = Bench(source=SOURCE)
    acd = TrueAcd()
    bench.hear(acd.hello(), *acd.snapshots())
    said = acd.queue(SALES, "c1")
    assert list(bench.session.receive(say(said), bench.now)) == [said]


def test_what_we_say_ourselves_is_never_twice_the_same() -> None:
    acd = TrueAcd()
    bench = live(acd)
    bench.hear(acd.heartbeat(), acd.heartbeat())
    bench.reconnect()
    bench.hear(acd.hello(), *acd.snapshots())
    ids = [said.id for said in bench.events if said.id.startswith("websocket-")]
    assert len(ids) == 8
    assert len(ids) == len(set(ids))


def test_a_heartbeat_that_comes_as_an_event_is_one() -> None:
    bench = live(TrueAcd())
    text = json.dumps({"type": "feed.heartbeat", "id": "h", "source": SOURCE, "time": 5.0})
    assert bench.hear(text) == [("heartbeat", 5.0)]


def test_an_acd_without_groups_is_live_at_once() -> None:
    bench = Bench()
    assert bench.hear(HELLO, say(Synced(seq=0))) == ["syncing", ("heartbeat", START), "live"]


def test_what_was_missed_is_asked_for_after_a_break() -> None:
    acd = TrueAcd()
    bench = live(acd)
    bench.hear(say(acd.queue(SALES, "c1")))
    acd.queue(SALES, "c2")
    bench.reconnect()
    assert bench.hear(acd.hello()) == ["syncing", ("heartbeat", START)]
    assert bench.sent == [Start(after=1, run="r1")]
    assert bench.hear(*acd.replies(Start(after=1, run="r1"))) == [
        {"type": "contact.queued", "subject": "sales", "contact": "c2", "seq": 2},
        "live",
    ]
    assert bench.skipped == []


def test_where_the_servers_log_is_too_short_what_nobody_tells_is_lost() -> None:
    acd = TrueAcd(log_kept=1)
    bench = live(acd)
    bench.hear(say(acd.queue(SALES, "c1")))
    for number in range(2, 6):
        acd.queue(SALES, f"c{number}")
    bench.reconnect()
    bench.hear(acd.hello())
    assert bench.hear(*acd.replies(Start(after=1, run="r1")))[-1] == "live"
    assert bench.skipped == [(Skipped.LOST, "4 events before 5")]


def test_after_a_restart_of_the_acd_its_numbers_lie_above_those_before() -> None:
    acd = TrueAcd()
    bench = live(acd)
    bench.hear(say(acd.queue(SALES, "c1")), say(acd.queue(SALES, "c2")))
    acd.restart()
    bench.reconnect()
    bench.hear(acd.hello())
    assert bench.take_sent() == [Start()]
    assert [said["seq"] for said in bench.hear(*acd.snapshots()) if isinstance(said, dict)] == [3, 3]
    assert [said["seq"] for said in bench.hear(say(acd.queue(SALES, "c1")))] == [4]
    bench.reconnect()
    bench.hear(acd.hello())
    assert bench.sent == [Start(after=1, run="r2")]
    assert bench.skipped == []


@pytest.mark.parametrize(
    "hello",
    [
        Hello(source=SOURCE, run="r1", seq=1, time=START),
        Hello(source=SOURCE, run="r2", seq=9, time=START),
        Hello(source="another", run="r1", seq=9, time=START),
        Hello(source=SOURCE, run="", seq=9, time=START),
    ],
    ids=["counts from below", "another run", "another source", "no run"],
)
def test_nothing_is_gone_on_with_where_it_is_not_certainly_the_same(hello: Hello) -> None:
    acd = TrueAcd()
    bench = live(acd)
    bench.hear(say(acd.queue(SALES, "c1")), say(acd.queue(SALES, "c2")))
    bench.reconnect()
    bench.hear(say(hello))
    assert bench.sent == [Start()]


def test_a_run_without_a_name_is_never_gone_on_with() -> None:
    bench = Bench()
    nameless = say(Hello(source=SOURCE, run="", seq=3, time=START))
    bench.hear(nameless, snapshot("sales", 3), say(Synced(seq=3)))
    bench.reconnect()
    bench.take_sent()
    bench.hear(nameless)
    assert bench.sent == [Start()]


def test_what_broke_before_it_was_whole_begins_anew() -> None:
    acd = TrueAcd()
    acd.queue(SALES, "c1")
    bench = Bench()
    bench.hear(acd.hello(), acd.snapshots()[0])
    bench.reconnect()
    bench.take_sent()
    bench.hear(acd.hello())
    assert bench.sent == [Start()]


def test_a_connection_on_which_nothing_was_said_changes_nothing() -> None:
    acd = TrueAcd()
    bench = live(acd)
    bench.hear(say(acd.queue(SALES, "c1")))
    bench.reconnect()
    bench.reconnect()
    bench.hear(acd.hello())
    assert bench.sent == [Start(after=1, run="r1")]


def test_events_without_numbers_cannot_be_gone_on_with() -> None:
    acd = TrueAcd()
    acd.queue(SALES, "c1")
    bench = live(acd)
    assert bench.hear(event(0)) == [{"type": "contact.queued", "subject": "sales", "contact": "c0"}]
    bench.reconnect()
    bench.hear(acd.hello())
    assert bench.sent == [Start()]


def test_a_server_that_goes_on_where_nothing_had_begun_is_asked_for_snapshots() -> None:
    bench = Bench()
    bench.hear(HELLO)
    assert bench.hear(say(Synced(seq=0, resumed=True))) == [
        "syncing: the server went on where nothing had begun"
    ]
    bench.wait(ASK_PAUSE_S)
    assert bench.sent == [Start(), ASK]


def test_a_hole_in_what_was_missed_is_asked_for() -> None:
    acd = TrueAcd()
    bench = live(acd)
    bench.hear(say(acd.queue(SALES, "c1")))
    for number in (2, 3, 4):
        acd.queue(SALES, f"c{number}")
    bench.reconnect()
    bench.hear(acd.hello())
    _, *rest = acd.replies(Start(after=1, run="r1"))
    assert bench.hear(*rest)[-1] == "syncing: events were lost on the way"
    bench.wait(ASK_PAUSE_S)
    assert bench.take_sent()[-1] == ASK
    assert bench.hear(*acd.replies(ASK))[-1] == "live"
    assert bench.skipped == [(Skipped.LOST, "1 events before 3")]


def test_a_snapshot_among_what_was_missed_hides_no_hole() -> None:
    acd = TrueAcd()
    bench = live(acd)
    bench.hear(say(acd.queue(SALES, "c1")))
    bench.reconnect()
    acd.queue(SALES, "c2")
    bench.hear(acd.hello())
    said = bench.hear(say(acd.snapshot(SUPPORT)), say(Synced(seq=2, resumed=True)))
    assert said[-1] == "syncing: events were lost on the way"


def test_a_server_that_says_nothing_is_left() -> None:
    bench = Bench()
    assert bench.session.next_deadline() == bench.now + 10.0
    with pytest.raises(
        SessionError, match=r"^did not say hello within 10 s; is this the address of an ACD's feed"
    ):
        bench.wait(10.0)


def test_a_server_that_never_says_synced_is_left() -> None:
    bench = Bench()
    bench.hear(HELLO)
    bench.wait(20.0)
    bench.hear(say(Heartbeat(time=START, seq=0)))
    with pytest.raises(SessionError, match=r"^did not say all snapshots and synced within 30 s$"):
        bench.wait(10.0)


@pytest.mark.parametrize(
    ("promised", "silence"), [(15.0, 37.5), (1.0, 2.5), (0.0, 37.5), (-1.0, 37.5), (1e9, 75.0)]
)
def test_silence_is_measured_by_what_was_promised(promised: float, silence: float) -> None:
    bench = Bench()
    bench.hear(
        say(Hello(source=SOURCE, run="r", seq=0, time=START, heartbeat_s=promised)), say(Synced(seq=0))
    )
    assert bench.session.next_deadline() == bench.now + silence
    bench.wait(silence - 0.1)
    bench.hear(say(Heartbeat(time=START, seq=0)))
    bench.wait(silence - 0.1)
    with pytest.raises(SessionError, match=r"^has said nothing for .* s and promised a heartbeat every"):
        bench.wait(0.2)


def test_a_deadline_that_is_met_too_early_does_no_harm() -> None:
    bench = live(TrueAcd())
    bench.hear(event(5), snapshot("sales", 5), snapshot("support", 5), say(Synced(seq=5)))
    assert bench.take_sent() == [ASK]
    bench.wait(1.0)
    bench.hear(event(9))
    bench.wait(0.5)
    assert (bench.session.state, bench.sent) == (State.TORN, [])
    assert bench.session.next_deadline() == bench.now - 1.5 + ASK_PAUSE_S
