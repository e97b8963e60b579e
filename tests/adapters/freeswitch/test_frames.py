"""The codec: what FreeSWITCH writes on an event socket, and what it never would."""

import pytest

from adapters.freeswitch.frames import BODY_LIMIT, HEADER_LIMIT, Frame, FrameReader
from queue_alert.ports import Skipped
from tests.adapters.freeswitch.switch import (
    ACCEPTED,
    AUTH_REQUEST,
    GOODBYE,
    SUBSCRIBED,
    TURNED_AWAY,
    answer_frame,
    event_frame,
)

EVENT = event_frame({"Event-Name": "HEARTBEAT"})
READ = Frame("text/event-json", "", b'{"Event-Name":"HEARTBEAT"}')


class Reader(FrameReader):
    """One that keeps what it passed over."""

    def __init__(self) -> None:
        self.skipped: list[tuple[Skipped, str]] = []
        super().__init__(lambda kind, detail: self.skipped.append((kind, detail)))


def test_every_kind_of_frame_is_cut() -> None:
    reader = Reader()
    data = AUTH_REQUEST + ACCEPTED + SUBSCRIBED + answer_frame("+OK\n") + EVENT + GOODBYE + TURNED_AWAY
    assert reader.read(data) == [
        Frame("auth/request", "", b""),
        Frame("command/reply", "+OK accepted", b""),
        Frame("command/reply", "+OK event listener enabled json", b""),
        Frame("api/response", "", b"+OK\n"),
        READ,
        Frame(
            "text/disconnect-notice",
            "",
            b"Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n",
        ),
        Frame("text/rude-rejection", "", b"Access Denied, go away.\n"),
    ]
    assert (reader.skipped, reader.is_damaged) == ([], False)


def test_a_body_may_hold_what_looks_like_the_end_of_a_header() -> None:
    body = "name|status\n\nContent-Type: text/event-json\n\n+OK\n"
    assert Reader().read(answer_frame(body) + EVENT) == [Frame("api/response", "", body.encode()), READ]


@pytest.mark.parametrize("piece", [1, 2, 3, 10, 50])
def test_frames_may_come_in_pieces(piece: int) -> None:
    data = AUTH_REQUEST + EVENT + answer_frame("+OK\n") + EVENT
    reader = Reader()
    found = [frame for at in range(0, len(data), piece) for frame in reader.read(data[at : at + piece])]
    assert found == [Frame("auth/request", "", b""), READ, Frame("api/response", "", b"+OK\n"), READ]


def test_an_event_of_a_header_in_another_order_is_read_too() -> None:
    body = READ.body
    data = b"Content-Type: text/event-json\nContent-Length: %d\n\n" % len(body) + body
    assert Reader().read(data) == [READ]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"Content-Length: 5\n\nhello", (Skipped.MISSING_FIELD, "header without Content-Type")),
        (b"HTTP/1.1 200 OK\n\n", (Skipped.MISSING_FIELD, "header without Content-Type")),
        (b"Content-Type: x/y\nContent-Length: -1\n\n", (Skipped.BAD_VALUE, "header: Content-Length")),
        (b"Content-Type: x/y\nContent-Length: 1e3\n\n", (Skipped.BAD_VALUE, "header: Content-Length")),
        (b"Content-Type: x/y\nContent-Length: %d\n\n" % (BODY_LIMIT + 1), (Skipped.TOO_LONG, "body")),
        (b"Content-Length: 9999999\nContent-Type: text/event-json\n\n", (Skipped.TOO_LONG, "body")),
        (b"Content-Type: " + b"x" * HEADER_LIMIT, (Skipped.TOO_LONG, "header")),
    ],
)
def test_a_header_that_cannot_be_is_told_and_the_next_head_is_found(
    data: bytes, expected: tuple[Skipped, str]
) -> None:
    reader = Reader()
    assert reader.read(data + EVENT) == [READ]
    assert (reader.skipped, reader.is_damaged) == ([expected], True)
    slow = Reader()
    assert [frame for byte in data + EVENT for frame in slow.read(bytes([byte]))] == [READ]
    assert slow.skipped == [expected]


def test_a_stream_without_end_is_passed_over_in_bounded_memory() -> None:
    reader = Reader()
    for _ in range(100):
        assert reader.read(b"x" * 65_536) == []
    assert len(reader._buffer) <= HEADER_LIMIT
    assert reader.read(EVENT) == [READ]


def test_half_a_frame_does_not_outlive_its_connection() -> None:
    reader = Reader()
    assert reader.read(EVENT[:-3]) == []
    reader.reset()
    assert reader.skipped == [(Skipped.TRUNCATED, "frame cut by the end of the connection")]
    assert reader.read(EVENT) == [READ]
    reader.reset()
    assert len(reader.skipped) == 1


def test_damage_does_not_outlive_its_connection() -> None:
    reader = Reader()
    reader.read(b"what is this\n\n")
    assert reader.is_damaged
    reader.reset()
    assert (reader.is_damaged, len(reader.skipped)) == (False, 1)
