"""Whatever comes down an event socket: nothing raises or grows, and the next connection is sound again."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from adapters.freeswitch.event import SwitchEvent
from adapters.freeswitch.frames import BODY_LIMIT, HEADER_LIMIT, FrameReader
from adapters.freeswitch.translation import FreeSwitchTranslator
from queue_alert.core.events import AcdEvent, ContactQueued
from queue_alert.core.monitor import Monitor
from queue_alert.core.policy import Policy
from queue_alert.ports import Skipped
from tests.adapters.freeswitch.sessions import FOLDER, SESSIONS
from tests.adapters.freeswitch.switch import (
    AGENT_HEADER,
    GREETING,
    MEMBER_HEADER,
    QUEUE_HEADER,
    answer_frame,
    event_frame,
    small_switch,
)

NOW = 1_800_000_000.25
RAW = {name: (FOLDER / f"{name}.esl").read_bytes() for name in SESSIONS}
JUNK = st.binary(max_size=40) | st.sampled_from(
    [
        b"\n",
        b"\n\n",
        b": ",
        b"\0",
        b"Content-Length: ",
        b"Content-Length: 99\n",
        b"9" * 8,
        b"-1",
        b"{",
        b'"',
        b"|",
    ]
)
MUTATION = st.tuples(
    st.sampled_from(["replace", "insert", "delete", "repeat"]), st.floats(0, 1, exclude_max=True), JUNK
)


class Heard:
    """A translator and all that it said and passed over."""

    def __init__(self) -> None:
        self.skipped: list[tuple[Skipped, str]] = []
        self.events: list[AcdEvent] = []
        self.translator = FreeSwitchTranslator(
            "pbx", lambda kind, detail: self.skipped.append((kind, detail))
        )
        self.events += self.translator.connected(NOW)

    def hear(self, data: bytes, *, piece: int = 4096) -> None:
        for at in range(0, len(data), piece):
            self.events += self.translator.receive(data[at : at + piece], NOW)

    def is_sound_again(self) -> bool:
        """Return whether a new connection is heard whole, whatever was before."""
        self.events += self.translator.disconnected(NOW)
        switch = small_switch()
        switch.core = "another core"
        self.events += self.translator.connected(NOW)
        self.hear(GREETING + switch.round())
        caller = switch.join("support@default")
        self.hear(switch.take())
        last = self.events[-1]
        return isinstance(last, ContactQueued) and last.contact == caller


def mutated(data: bytes, mutations: list[tuple[str, float, bytes]]) -> bytes:
    for what, place, junk in mutations:
        at = int(place * len(data))
        if what == "replace":
            data = data[:at] + junk + data[at + len(junk) :]
        elif what == "insert":
            data = data[:at] + junk + data[at:]
        elif what == "delete":
            data = data[:at] + data[at + 3 * len(junk) :]
        else:
            data = data[:at] + data[max(at - 500, 0) :]
    return data


def take_in(events: list[AcdEvent]) -> None:
    """Let a monitor have them, which must not mind."""
    monitor = Monitor(Policy(), NOW)
    for event in events:
        monitor.handle(event, NOW)
    assert all(group.waiting >= 0 for group in monitor.view(NOW).groups)


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_any_bytes_at_all(pieces: list[bytes]) -> None:
    heard = Heard()
    for piece in pieces:
        heard.hear(piece)
    assert heard.is_sound_again()


@given(st.sampled_from(sorted(RAW)), st.lists(MUTATION, max_size=8), st.integers(1, 3000))
def test_a_damaged_session_is_read_the_same_however_it_is_cut(
    name: str, mutations: list[tuple[str, float, bytes]], piece: int
) -> None:
    data = mutated(RAW[name], mutations)
    heard, whole = Heard(), Heard()
    heard.hear(data, piece=piece)
    whole.hear(data, piece=len(data) + 1)
    assert heard.events == whole.events
    assert sorted(heard.skipped) == sorted(whole.skipped)
    take_in(heard.events)
    assert heard.is_sound_again()


@given(st.lists(st.binary(max_size=2000), max_size=30), st.integers(0, BODY_LIMIT * 2))
def test_no_more_is_kept_than_one_frame_may_have(pieces: list[bytes], length: int) -> None:
    reader = FrameReader(lambda _kind, _detail: None)
    reader.read(b"Content-Length: %d\nContent-Type: text/event-json\n\n" % length)
    total = 0
    for piece in pieces:
        reader.read(piece)
        total += len(piece)
        assert len(reader._buffer) <= max(min(length, BODY_LIMIT), HEADER_LIMIT) + 100
        assert len(reader._buffer) <= total + 100


KEYS = list(SwitchEvent.__struct_encode_fields__)
WORDS = st.sampled_from(
    [
        "callcenter::info",
        "CUSTOM",
        "HEARTBEAT",
        "CHANNEL_HOLD",
        "member-queue-start",
        "member-queue-resume",
        "member-queue-end",
        "members-count",
        "agent-offering",
        "bridge-agent-start",
        "bridge-agent-end",
        "bridge-agent-fail",
        "agent-status-change",
        "agent-state-change",
        "Terminated",
        "Cancel",
        "BREAK_OUT",
        "Single-Queue",
        "false",
        "support@default",
        "1000@default",
        "In a queue call",
        "a caller",
        "1800000000",
        "1800000000250000",
        "99999999999999999999",
        "-1",
        "",
    ]
)
ANY_EVENT = st.dictionaries(
    st.sampled_from(KEYS) | st.text(max_size=10),
    WORDS | st.text(max_size=20) | st.integers() | st.none() | st.lists(st.text(max_size=3), max_size=2),
    max_size=20,
).map(lambda fields: {"Event-Name": "CUSTOM", "Event-Subclass": "callcenter::info"} | fields)


@given(st.lists(ANY_EVENT, max_size=12))
def test_any_event_at_all(events: list[dict[str, Any]]) -> None:
    heard = Heard()
    switch = small_switch()
    heard.hear(switch.round())
    for event in events:
        body = json.dumps(event).encode()
        heard.hear(b"Content-Length: %d\nContent-Type: text/event-json\n\n" % len(body) + body)
    heard.hear(switch.round())
    take_in(heard.events)
    assert heard.is_sound_again()


CELL = st.sampled_from(
    ["support@default", "1000@default", "Waiting", "Trying", "(null)", "", "1", "a|b", "x'y"]
)
TABLE = st.builds(
    lambda header, rows, end: "\n".join([header, *rows]) + end,
    st.sampled_from(
        [QUEUE_HEADER, AGENT_HEADER, MEMBER_HEADER, "queue|agent|state|level|position", "a|b", ""]
    ),
    st.lists(st.lists(CELL, max_size=22).map("|".join), max_size=4),
    st.sampled_from(["\n+OK\n", "+OK", "\n", "", "\n-ERR\n"]),
)
ANY_ANSWER = (
    TABLE
    | st.sampled_from(["+OK\n", "-ERR no reply\n", "1800000000250000", "-USAGE: \n"])
    | st.text(max_size=30)
)


@given(st.lists(ANY_ANSWER, max_size=12))
def test_any_answer_at_all(answers: list[str]) -> None:
    heard = Heard()
    switch = small_switch()
    for position, answer in enumerate(answers):
        if position % 4 == 0:
            heard.hear(switch.answer("callcenter_config queue list"))
        heard.hear(answer_frame(answer))
    take_in(heard.events)
    assert heard.is_sound_again()


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=40))
def test_a_counted_detail_never_holds_a_value(queue: str, member: str, action: str) -> None:
    heard = Heard()
    for name in ("member-queue-start", f"+15550001{action}"):
        headers = {
            "Event-Name": "CUSTOM",
            "Event-Subclass": "callcenter::info",
            "CC-Action": name,
            "CC-Queue": queue,
            "CC-Member-UUID": member,
            "CC-Member-CID-Number": "+15550001",
            "Event-Date-Timestamp": "+15550001",
        }
        heard.hear(
            event_frame({key: value.encode(errors="replace").decode() for key, value in headers.items()})
        )
    heard.hear(answer_frame(f"{QUEUE_HEADER}\n+15550001|{queue}\n+OK\n"))
    assert [detail for _, detail in heard.skipped if "15550001" in detail] == []
