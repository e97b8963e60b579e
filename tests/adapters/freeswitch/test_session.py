"""What a loopback connection does not show."""

import asyncio

import pytest

from adapters.freeswitch.frames import Frame
from adapters.freeswitch.session import NotAnEventSocketError, Session


class Wire(asyncio.Transport):
    """A transport to nowhere that remembers what was written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.is_closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def close(self) -> None:
        self.is_closed = True


def connected() -> tuple[Session, Wire, list[bytes]]:
    received: list[bytes] = []

    def receive(data: bytes) -> bool:
        received.append(data)
        return True

    session, wire = Session(lambda: None, receive, tap=None), Wire()
    session.connection_made(wire)
    return session, wire, received


def test_the_first_bytes_may_come_one_by_one() -> None:
    session, _, received = connected()
    for byte in b"Content-Type: auth/request\n\n":
        session.data_received(bytes([byte]))
    session.check()
    assert b"".join(received) == b"Content-Type: auth/request\n\n"


def test_nothing_is_heard_any_more_once_it_is_over() -> None:
    session, _, received = connected()
    session.data_received(b"HTTP/1.1 400 Bad Request\r\n")
    session.data_received(b"Content-Type: auth/request\n\n")
    assert received == []
    with pytest.raises(NotAnEventSocketError):
        session.check()


def test_a_network_that_times_out_is_a_lost_connection_not_a_late_answer() -> None:
    session, wire, _ = connected()
    session.connection_lost(TimeoutError(110, "Connection timed out"))
    with pytest.raises(ConnectionResetError, match=r"^\[Errno 110\] Connection timed out$"):
        session.check()
    session.close()
    assert (wire.written, wire.is_closed) == (b"", True)


async def test_losing_the_connection_wakes_all_who_wait() -> None:
    session, wire, _ = connected()
    answers = [asyncio.ensure_future(session.ask("api status", within=10.0)) for _ in range(2)]
    await asyncio.sleep(0)
    answers[1].cancel()
    await asyncio.sleep(0)
    session.connection_lost(None)
    session.connection_lost(OSError("late"))
    with pytest.raises(ConnectionResetError, match=r"^closed by the other side$"):
        await answers[0]
    assert (session.greeted.is_set(), session.roused.is_set()) == (True, True)
    with pytest.raises(ConnectionResetError, match=r"^closed by the other side$"):
        await session.ask("api status", within=10.0)
    assert wire.written == b"api status\n\n" * 2


async def test_answers_belong_to_questions_in_their_order_also_to_one_that_was_given_up() -> None:
    session, _, _ = connected()
    with pytest.raises(TimeoutError):
        await session.ask("api first", within=0.001)
    second = asyncio.ensure_future(session.ask("api second", within=10.0))
    await asyncio.sleep(0)
    session.take_reply(Frame("api/response", "", b"1"))
    session.take_reply(Frame("api/response", "", b"2"))
    session.take_reply(Frame("api/response", "", b"3"))
    assert (await second).body == b"2"


def test_what_is_neither_answer_nor_notice_is_passed_over() -> None:
    session, _, _ = connected()
    session.take_reply(Frame("log/data", "", b"a line"))
    session.check()
    assert not session.greeted.is_set()


def test_leave_is_taken_once() -> None:
    session, wire, _ = connected()
    session.close()
    session.close()
    assert (wire.written, wire.is_closed) == (b"exit\n\n", True)


def test_a_session_that_never_was_is_closed_without_a_word() -> None:
    Session(lambda: None, lambda _data: True, tap=None).close()
