import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.websocket.session import ASK_PAUSE_S, Session
from adapters.websocket.states import TRANSITIONS, Limits, SessionError, State, Word
from queue_alert.core.events import AgentState, Provenance
from queue_alert.core.units import GroupName
from queue_alert.ports import Skipped
from queue_alert.protocol.feed_socket import LARGEST_SEQ, Heartbeat, Hello, SnapshotRequest, Start, Synced
from tests.adapters.websocket.acd import HELLO, SALES, SOURCE, START, SUPPORT, TrueAcd, say
from tests.adapters.websocket.helpers import FEED, Bench

ASK = SnapshotRequest()


def live(acd: TrueAcd, limits: Limits | None = None) -> Bench:
    """Return a session that knows all of an ACD."""
    bench = Bench(limits)
    bench.hear(acd.hello(), *acd.snapshots())
    assert bench.session.state is State.LIVE
    bench.take_sent()
    return bench


def event(seq: int, **fields: Any) -> str:
    words = {"type": "contact.queued", "id": f"e{seq}", "source": SOURCE, "time": START, "subject": "sales"}
    return json.dumps({**words, "contact": f"c{seq}", "seq": seq, **fields})


def snapshot(group: str, seq: int, **fields: Any) -> str:
    words = {"type": "group.snapshot", "id": f"s{group}{seq}", "source": SOURCE, "time": START}
    return json.dumps({**words, "subject": group, "seq": seq, **fields})


# ---- the plain course of things


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


# ---- going on where it broke


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


# ---- holes


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


# ---- groups that are no more


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


# ---- what is refused


@pytest.mark.parametrize(
    ("text", "kind", "detail"),
    [
        ("", Skipped.BAD_VALUE, "Input data was truncated"),
        ("[]", Skipped.BAD_VALUE, "Expected `object`, got `array`"),
        ('{"a":1}', Skipped.MISSING_FIELD, "Object missing required field `type`"),
        ('{"type":"park","seq":1}', Skipped.UNKNOWN_EVENT, "type 'park'"),
        ('{"type":"feed.status","state":"live"}', Skipped.UNKNOWN_EVENT, "type 'feed.status'"),
        ('{"type":7}', Skipped.BAD_VALUE, "Expected `str` - at `$.type`"),
        ('{"type":"heartbeat","seq":1}', Skipped.MISSING_FIELD, "Object missing required field `time`"),
        (event(1, channel="030123"), Skipped.BAD_VALUE, "Invalid enum value '…' - at `$.channel`"),
        (event(1, source="them"), Skipped.OTHER_SOURCE, "source 'them'"),
        (event(-1), Skipped.BAD_VALUE, "seq -1"),
        (event(2**60), Skipped.BAD_VALUE, f"seq {2**60}"),
        (event(1, id="x" * 201), Skipped.TOO_LONG, "an id of 201 characters"),
        (event(1, subject="x" * 201), Skipped.TOO_LONG, "the name of a group has 201 characters"),
        (
            event(1, caller="0" * 9_000),
            Skipped.TOO_LONG,
            f"{len(event(1, caller=chr(48) * 9_000))} characters",
        ),
        (snapshot("sales", -1), Skipped.BAD_VALUE, "seq -1"),
        (say(Heartbeat(time=1.0, seq=-1)), Skipped.BAD_VALUE, "heartbeat with seq -1 while live"),
        (say(Synced(seq=0)), Skipped.BAD_VALUE, "synced while live"),
        (
            '"\ud800"',
            Skipped.BAD_VALUE,
            "no text",
        ),
    ],
)
def test_what_is_no_word_of_the_feed_is_counted_and_loses_nothing_else(
    text: str, kind: Skipped, detail: str
) -> None:
    bench = live(TrueAcd())
    assert bench.hear(text) == []
    assert bench.skipped == [(kind, detail)]
    assert bench.session.state is State.LIVE


def test_an_event_that_cannot_be_read_leaves_a_hole_and_so_is_asked_about() -> None:
    bench = live(TrueAcd())
    bench.hear(event(1, channel="pigeon"), event(2))
    assert bench.sent == [ASK]


def test_a_word_of_a_later_version_leaves_none() -> None:
    bench = live(TrueAcd())
    bench.hear('{"type":"contact.parked","seq":1}', event(2))
    assert (bench.sent, bench.session.state) == ([], State.LIVE)
    assert bench.hear('{"type":"contact.parked","seq":5}') == ["syncing: 2 events were lost"]


@pytest.mark.parametrize(
    "text",
    [
        event(1),
        snapshot("sales", 1),
        say(Heartbeat(time=1.0, seq=1)),
        say(Synced(seq=0)),
        '{"type":"new","seq":1}',
        say(Hello(source="", run="r1", seq=0, time=START)),
        say(Hello(source=SOURCE, run="r" * 201, seq=0, time=START)),
        say(Hello(source=SOURCE, run="r1", seq=-1, time=START)),
    ],
)
def test_before_hello_nothing_else_is_taken(text: str) -> None:
    bench = Bench()
    assert bench.hear(text) == []
    assert len(bench.skipped) == 1
    assert bench.session.state is State.GREETING
    assert bench.hear(HELLO)[0] == "syncing"


def test_synced_with_an_impossible_number_is_none() -> None:
    bench = Bench()
    bench.hear(HELLO)
    assert bench.hear(say(Synced(seq=LARGEST_SEQ + 1))) == []
    assert bench.session.state is State.SYNCING


def test_hello_twice_is_the_end() -> None:
    bench = live(TrueAcd())
    with pytest.raises(SessionError, match=r"^said hello twice on one connection$"):
        bench.hear(HELLO)


def test_of_too_many_groups_the_last_are_passed_over_and_the_others_are_whole() -> None:
    bench = Bench(Limits(groups=2))
    bench.hear(HELLO, *(snapshot(f"g{number}", 0) for number in range(4)), say(Synced(seq=0, groups=4)))
    assert bench.session.state is State.LIVE
    assert bench.hear(event(1, subject="g3"), event(2, subject="g1")) == [
        {"type": "contact.queued", "subject": "g1", "contact": "c2", "seq": 2}
    ]
    assert set(bench.skipped) == {(Skipped.BAD_VALUE, "more than max_groups = 2 groups")}


def test_groups_that_took_the_place_of_others_are_not_too_many() -> None:
    bench = Bench(Limits(groups=2))
    bench.hear(HELLO, snapshot("a", 0), snapshot("b", 0), say(Synced(seq=0)))
    bench.reconnect()
    said = bench.hear(HELLO, snapshot("c", 0), snapshot("d", 0), say(Synced(seq=0)))
    assert [word["subject"] for word in said if isinstance(word, dict)] == ["c", "d", "a", "b"]
    assert bench.skipped == []


# ---- time


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


# ---- the table, and whatever may come


def test_the_table_is_all_there_is() -> None:
    assert set(TRANSITIONS) == {
        (State.GREETING, Word.HELLO),
        (State.SYNCING, Word.WHOLE),
        (State.SYNCING, Word.INCOMPLETE),
        (State.LIVE, Word.HOLE),
        (State.TORN, Word.ASKED),
    }
    assert set(TRANSITIONS.values()) == {State.SYNCING, State.LIVE, State.TORN}


numbers = st.one_of(st.integers(-2, 12), st.sampled_from([2**53, 2**53 + 1, 2**70]))
names = st.sampled_from(["sales", "support", "night", "x" * 300])
words = st.one_of(
    st.text(max_size=40),
    st.builds(event, numbers, subject=names, source=st.sampled_from([SOURCE, "them"])),
    st.builds(snapshot, names, numbers),
    st.builds(
        lambda seq, resumed, groups: say(Synced(seq=seq, resumed=resumed, groups=groups)),
        numbers,
        st.booleans(),
        st.none() | st.integers(0, 3),
    ),
    st.builds(lambda seq: say(Heartbeat(time=START, seq=seq)), numbers),
    st.builds(
        lambda seq, run: say(Hello(source=SOURCE, run=run, seq=seq, time=START)),
        numbers,
        st.sampled_from(["r1", "r2", ""]),
    ),
    st.sampled_from(["connect", "wait"]),
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5),
        lambda inner: st.dictionaries(st.sampled_from(["type", "seq", "id", "subject"]), inner, max_size=4),
    ).map(json.dumps),
)


@given(st.lists(words, max_size=60))
def test_whatever_is_said_nothing_is_raised_but_what_is_documented_and_nothing_grows(
    texts: list[str],
) -> None:
    bench = Bench(Limits(groups=2))
    for text in texts:
        try:
            if text == "connect":
                bench.reconnect()
            elif text == "wait":
                bench.wait(1.0)
            else:
                bench.hear(text)
        except SessionError:
            bench.reconnect()
        assert bench.session.next_deadline() >= bench.now - 60.0
        assert len(bench.session._groups) <= 4
    size = sum(len(getattr(bench.session, name)) for name in ("_groups", "_messages"))
    telling = bench.session._telling
    assert size + len(telling.listed) + len(telling._touched) <= 4 + 1 + 4 + 4
    for said in bench.events:
        assert said.source == FEED
        assert 0 <= said.seq <= 2**53 + 4096
        assert msgspec.json.decode(msgspec.json.encode(said), type=type(said)) == said


def test_an_endless_feed_takes_no_more_memory() -> None:
    acd = TrueAcd(log_kept=1)
    bench = live(acd)
    session: Session = bench.session
    for number in range(2_000):
        bench.session.receive(say(acd.queue(GroupName(f"g{number % 7}"), f"c{number}")), bench.now)
        bench.session.receive(say(acd.agent(SALES, "a", AgentState.AVAILABLE)), bench.now)
    assert len(session._groups) == 9
    assert session._telling._touched == {}
    assert session._messages == []
