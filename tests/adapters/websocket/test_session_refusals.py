import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.websocket.session import Session
from adapters.websocket.states import TRANSITIONS, Limits, SessionError, State, Word
from queue_alert.core.events import AgentState
from queue_alert.core.units import GroupName
from queue_alert.ports import Skipped
from queue_alert.protocol.feed_socket import LARGEST_SEQ, Heartbeat, Hello, Synced
from tests.adapters.websocket.acd import HELLO, SALES, SOURCE, START, TrueAcd, say
from tests.adapters.websocket.helpers import ASK, FEED, Bench, event, live, snapshot


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
