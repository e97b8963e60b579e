"""What a loopback connection does not show."""

import asyncio

import pytest

from adapters.asterisk.session import Session


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


def connected(received: list[bytes]) -> tuple[Session, Wire]:
    session, wire = Session(lambda: None, received.append, secret="", tap=None), Wire()
    session.connection_made(wire)
    return session, wire


def test_a_banner_may_come_in_pieces() -> None:
    received: list[bytes] = []
    session, _ = connected(received)
    for piece in (b"Asterisk", b" Call Manager/1", b"1.0.0\r\n"):
        session.data_received(piece)
    session.check()
    assert received == [b"Asterisk", b" Call Manager/1", b"1.0.0\r\n"]


def test_a_network_that_times_out_is_a_lost_connection_not_a_late_answer() -> None:
    session, wire = connected([])
    session.connection_lost(TimeoutError(110, "Connection timed out"))
    with pytest.raises(ConnectionResetError, match=r"^\[Errno 110\] Connection timed out$"):
        session.check()
    session.close()
    assert (wire.written, wire.is_closed) == (b"", True)


async def test_losing_the_connection_wakes_all_who_wait() -> None:
    session, wire = connected([])
    answers = [asyncio.ensure_future(session.ask("Ping", within=10.0)) for _ in range(2)]
    await asyncio.sleep(0)
    answers[1].cancel()
    await asyncio.sleep(0)
    session.connection_lost(None)
    session.connection_lost(OSError("late"))
    with pytest.raises(ConnectionResetError, match=r"^closed by the other side$"):
        await answers[0]
    assert (session.booted.is_set(), session.roused.is_set()) == (True, True)
    with pytest.raises(ConnectionResetError, match=r"^closed by the other side$"):
        await session.ask("Ping", within=10.0)
    assert wire.written.count(b"Action: Ping") == 2


def test_leave_is_taken_once() -> None:
    session, wire = connected([])
    session.close()
    session.close()
    assert wire.written == b"Action: Logoff\r\nActionID: qa-logoff\r\n\r\n"


def test_a_session_that_never_was_is_closed_without_a_word() -> None:
    Session(lambda: None, lambda _data: None, secret="", tap=None).close()
