import random
import re
from collections.abc import Iterator

import pytest

from queue_alert.core.events import (
    AgentStateChanged,
    ContactCompleted,
    ContactHeld,
    ContactLeft,
    ContactRingFailed,
    ContactTransferred,
    ContactUnheld,
    FeedStatusChanged,
    GroupSnapshotTaken,
    Provenance,
)
from tests.adapters.asterisk.captures import (
    NAMES,
    Step,
    apply,
    depths,
    logged,
    steps,
    told,
    translate,
    without_variables,
)

# Asterisk's log says ABANDON; this reader may not see the variables that tell it from a time-out.
UNKNOWABLE = {"agentonly": [("sales", "1795298379.23", "abandoned")]}


def test_all_captures_are_there() -> None:
    assert NAMES == [
        "abandon",
        "agentonly",
        "calm",
        "crash",
        "hold_transfer",
        "members",
        "priority",
        "reload",
        "restart",
        "surgery",
        "voicemail",
    ]


@pytest.mark.parametrize("name", NAMES)
def test_joins_and_outcomes_are_those_of_asterisks_own_log(name: str) -> None:
    expected = logged(name)
    for group, contact, outcome in UNKNOWABLE.get(name, []):
        expected.remove((group, contact, outcome))
        expected.append((group, contact, "unknown"))
    assert told(translate(steps(name)).events) == sorted(expected)


@pytest.mark.parametrize("name", NAMES)
def test_without_variables_outcomes_are_right_or_unknown(name: str) -> None:
    allowed = logged(name)
    found = told(translate(without_variables(steps(name))).events)
    assert [row for row in found if row[2] == "joined"] == [row for row in allowed if row[2] == "joined"]
    assert [row for row in found if row[2] != "unknown" and row not in allowed] == []
    assert [row for row in found if row[2] == "answered"] == [row for row in allowed if row[2] == "answered"]


@pytest.mark.parametrize("name", NAMES)
def test_depth_is_asterisks_at_every_list(name: str) -> None:
    found = depths(steps(name))
    assert found
    assert [row for row in found if row[1] != row[2]] == []


@pytest.mark.parametrize("name", [name for name in NAMES if name not in {"crash", "reload"}])
def test_depth_needs_no_list_to_be_right(name: str) -> None:
    """But after a crash (nobody said goodbye) and a queue deleted and made anew."""
    waiting: dict[str, set[str]] = {}
    wrong = []
    for event in translate(steps(name)).events:
        if isinstance(event, GroupSnapshotTaken):
            listed = {one.contact for one in event.waiting}
            if waiting.get(event.group, set()) != listed:
                wrong.append((event.time, event.group))
        apply(waiting, event)
    assert wrong == []


@pytest.mark.parametrize("name", NAMES)
def test_nothing_in_a_real_stream_is_unreadable(name: str) -> None:
    assert translate(steps(name)).skipped == []


@pytest.mark.parametrize("name", NAMES)
def test_identities_are_unique_and_rising_and_snapshots_use_up_no_number(name: str) -> None:
    events = translate(steps(name)).events
    numbers = [event.seq for event in events if not isinstance(event, GroupSnapshotTaken)]
    assert numbers == list(range(1, len(numbers) + 1))
    latest = 0
    for event in events:
        assert event.seq == latest if isinstance(event, GroupSnapshotTaken) else event.seq == latest + 1
        latest = event.seq
    assert len({event.id for event in events}) == len(events)
    assert {event.source for event in events} == {"pbx"}


@pytest.mark.parametrize("name", NAMES)
def test_cutting_the_bytes_anywhere_changes_nothing(name: str) -> None:
    chance = random.Random(name)

    def cut(data: bytes) -> Iterator[bytes]:
        while data:
            length = chance.choice([1, 2, 3, 7, 50, 400, 5000])
            yield data[:length]
            data = data[length:]

    assert translate(steps(name), cut) == translate(steps(name))


def test_single_bytes_give_the_same_events() -> None:
    def cut(data: bytes) -> Iterator[bytes]:
        return (data[at : at + 1] for at in range(len(data)))

    assert translate(steps("voicemail"), cut) == translate(steps("voicemail"))


def test_a_waiting_caller_who_is_bridged_away_is_abandoned_at_once() -> None:
    events = translate(steps("surgery")).events
    assert [
        (event.time, event.contact, event.outcome)
        for event in events
        if isinstance(event, ContactLeft) and event.provenance is Provenance.INFERRED
    ] == [(18.523728, "1795298183.3", "abandoned")]


def test_holds_and_transfers() -> None:
    events = translate(steps("hold_transfer")).events
    assert [
        (event.group, event.contact, event.kind, event.to, event.agent)
        for event in events
        if isinstance(event, ContactTransferred)
    ] == [
        ("sales", "1795297721.0", "blind", "105", "Alice"),
        ("support", "1795297739.3", "consult", "104", "Carol"),
        ("support", "1795297756.8", "blind", "6003", "Carol"),
        ("sales", "1795297773.12", "consult", "6002", "Alice"),
        ("sales", "1795297800.18", "blind", "105", "Alice"),
        ("sales", "1795297820.23", "consult", "104", "Alice"),
    ]
    assert [event.contact for event in events if isinstance(event, ContactHeld)] == [
        "1795297721.0",
        "1795297739.3",
        "1795297773.12",
        "1795297800.18",
        "1795297820.23",
    ]
    assert [event.contact for event in events if isinstance(event, ContactUnheld)] == [
        "1795297721.0",
        "1795297739.3",
        "1795297773.12",
        "1795297800.18",
    ]
    assert [
        (
            event.contact,
            event.talk_s and round(event.talk_s, 1),
            event.held_s and round(event.held_s, 1),
            event.ended_by,
        )
        for event in events
        if isinstance(event, ContactCompleted)
    ] == [
        ("1795297721.0", 3.0, 3.0, "transfer"),
        ("1795297739.3", 2.8, 3.2, "transfer"),
        ("1795297756.8", 2.0, 0.0, "transfer"),
        ("1795297756.8", 11.0, 0.0, "agent"),
        ("1795297773.12", 2.0, 4.0, "transfer"),
        ("1795297800.18", 2.8, 2.2, "transfer"),
        ("1795297777.15", 5.0, 0.0, "agent"),
        ("1795297820.23", 2.6, 10.4, "transfer"),
        ("1795297842.29", 17.0, 0.0, "agent"),
    ]


def test_phones_that_were_busy_or_rang_out() -> None:
    events = translate(steps("hold_transfer")).events
    assert [
        (event.agent, event.reason, event.ring_s) for event in events if isinstance(event, ContactRingFailed)
    ] == [
        ("Bob", "busy", 0.0),
        ("Bob", "busy", 0.0),
        ("Bob", "busy", 0.0),
        ("Bob", "no_answer", 12.0),
        ("Bob", "no_answer", 12.0),
        ("Bob", "busy", 0.0),
        ("Bob", "busy", 0.0),
    ]


def test_pauses_are_told_with_their_reason() -> None:
    events = translate(steps("members")).events
    assert [
        (event.state, event.reason)
        for event in events
        if isinstance(event, AgentStateChanged) and event.agent == "Alice"
    ] == [
        ("available", ""),
        ("not_ready", "coffee"),
        ("not_ready", "lunch"),
        ("available", ""),
        ("reserved", ""),
        ("available", ""),
    ]


def test_feed_is_live_after_the_first_list_and_down_in_between() -> None:
    states = [
        event.state for event in translate(steps("crash")).events if isinstance(event, FeedStatusChanged)
    ]
    assert [state for at, state in enumerate(states) if at == 0 or state != states[at - 1]] == [
        "syncing",
        "live",
        "down",
        "syncing",
        "live",
        "down",
    ]


def stamped(recording: list[Step], ahead_s: float) -> list[Step]:
    """Return a recording as of an Asterisk with timestampevents, whose clock is ahead by so much."""
    found, rest = [], b""
    for step in recording:
        if step.mark:
            found.append(step)
            rest = b""
            continue
        *whole, rest = (rest + step.data).split(b"\r\n\r\n")
        stamp = b"\\1\r\nTimestamp: %.6f" % (step.at + ahead_s)
        frames = [
            re.sub(rb"(\r\nPrivilege: [^\r]*)(?!.*\r\nUptime)", stamp, one, flags=re.DOTALL) for one in whole
        ]
        found.append(Step(step.at, data=b"".join(frame + b"\r\n\r\n" for frame in frames)))
    return found


@pytest.mark.parametrize("name", NAMES)
def test_an_asterisk_that_puts_its_own_time_into_events_is_believed(name: str) -> None:
    """Option timestampevents; list items and answers have none."""
    plain = translate(stamped(steps(name), 0.0)).events
    result = translate(stamped(steps(name), 1000.0))
    assert result.skipped == []
    by_its_clock = next(
        at for at, event in enumerate(result.events) if abs(event.time - plain[at].time - 1000.0) < 1e-5
    )
    # Before the first event nobody knows that there will be times.
    assert by_its_clock < 20
    assert [(event.__class__, event.id) for event in result.events] == [
        (event.__class__, event.id) for event in plain
    ]
    ahead = [event.time - plain[at].time for at, event in enumerate(result.events)]
    assert all(abs(each - 1000.0) < 1e-5 for each in ahead[by_its_clock:])
    assert told(result.events) == told(plain) == told(translate(steps(name)).events)
