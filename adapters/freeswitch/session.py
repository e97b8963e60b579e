"""One connection to the event socket: sends commands, finds their answers, tells when it is over.

FreeSWITCH answers commands one by one, in the order in which they were sent, and says events in between.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from adapters.freeswitch.frames import (
    API_RESPONSE,
    AUTH_REQUEST,
    COMMAND_REPLY,
    DISCONNECT_NOTICE,
    RUDE_REJECTION,
    Frame,
)
from queue_alert.core.units import Seconds
from queue_alert.ports import Connected

__all__ = ["SECRET_MARK", "DamagedStreamError", "NotAnEventSocketError", "Session", "TurnedAwayError"]

SECRET_MARK: Final = "********"  # noqa: S105 - it is what hides one
"""What stands in a recording in place of the password."""

_BEGIN: Final = b"Content-"
_SHOWN: Final = 100


class NotAnEventSocketError(ConnectionError):
    """Whatever answers on that port is not FreeSWITCH's event socket."""


class TurnedAwayError(ConnectionError):
    """FreeSWITCH does not take connections from this machine."""


class DamagedStreamError(ConnectionError):
    """What FreeSWITCH said cannot be cut into frames any more."""


class Session(asyncio.Protocol):
    """A connection, from being made to being lost.

    Args:
        begin: Called once the connection is made, before anything is received.
        receive: Takes every piece of data as it was read and returns whether it could be cut into frames.
        tap: The recorder.

    Attributes:
        greeted: Set once FreeSWITCH asks for the password, and when the connection is lost.
        roused: Set when the lists should be asked for soon, and when the connection is lost.
        is_open: Whether the connection was made and not closed by us since.
    """

    def __init__(
        self, begin: Callable[[], None], receive: Callable[[bytes], bool], *, tap: Connected | None
    ) -> None:
        self.greeted = asyncio.Event()
        self.roused = asyncio.Event()
        self.is_open = False
        self._begin = begin
        self._receive = receive
        self._tap = tap
        self._transport: asyncio.Transport | None = None
        self._answers: deque[asyncio.Future[Frame]] = deque()
        self._head = b""
        self._loss: Exception | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way to send. Called by the loop."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - what a stream connection gives
        self._transport = transport
        self.is_open = True
        if self._tap is not None:
            self._tap.connected()
        self._begin()

    def data_received(self, data: bytes) -> None:
        """Pass data on. Called by the loop; what is raised in here ends the connection and comes out."""
        if self._loss is not None:
            return
        if self._tap is not None:
            self._tap.received(data)
        if len(self._head) < len(_BEGIN):
            self._head += data[: len(_BEGIN) - len(self._head)]
            if not _BEGIN.startswith(self._head):
                self._lose(NotAnEventSocketError("no frame of an event socket"))
                return
        if not self._receive(data):
            self._lose(DamagedStreamError("a frame that cannot be read"))

    def connection_lost(self, exc: Exception | None) -> None:
        """Wake everybody who waits. Called by the loop."""
        if exc is None or isinstance(exc, OSError):
            # One kind for every way to lose it: a time-out of the network must not look like one of an
            # answer.
            exc = ConnectionResetError(str(exc) if exc else "closed by the other side")
        self._lose(exc)

    def take_reply(self, frame: Frame) -> None:
        """Take a frame that is no event."""
        if frame.kind in {COMMAND_REPLY, API_RESPONSE}:
            if self._answers:
                answer = self._answers.popleft()
                if not answer.done():
                    answer.set_result(frame)
        elif frame.kind == AUTH_REQUEST:
            self.greeted.set()
        elif frame.kind == RUDE_REJECTION:
            self._lose(TurnedAwayError("access denied"))
        elif frame.kind == DISCONNECT_NOTICE:
            said = frame.body.decode(errors="replace").partition("\n")[0][:_SHOWN]
            self._lose(ConnectionResetError(f"FreeSWITCH says: {said.strip().rstrip('.')}"))

    async def ask(self, command: str, *, within: Seconds, shown: str = "") -> Frame:
        """Send a command and return its answer.

        Args:
            command: One line, without its end.
            within: How long to wait.
            shown: What the recorder is given in its place, where it holds a secret.

        Raises:
            TimeoutError: No answer came ``within`` that many seconds.
            ValueError: It is not one line.
            ConnectionError: The connection was lost.
        """
        self.check()
        if any(mark in command for mark in "\r\n\0"):
            raise ValueError("a command must be one line without control characters")
        answer: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        self._send(command, shown or command)
        # One that is given up stays in its place, or all later ones would get each other's answers.
        self._answers.append(answer)
        async with asyncio.timeout(within):
            return await answer

    def check(self) -> None:
        """Raise what ended the connection, if it has ended."""
        if self._loss is not None:
            raise self._loss

    def close(self) -> None:
        """Take leave and close; may be called at any time."""
        if not self.is_open:
            return
        if self._loss is None:
            self._send("exit", "exit")
        self.is_open = False
        if self._transport is not None:
            self._transport.close()
        if self._tap is not None:
            self._tap.disconnected()

    def _lose(self, loss: Exception) -> None:
        if self._loss is not None:
            return
        self._loss = loss
        for answer in self._answers:
            if not answer.done():
                answer.set_exception(loss)
        self._answers.clear()
        self.greeted.set()
        self.roused.set()

    def _send(self, command: str, shown: str) -> None:
        if self._transport is not None:
            self._transport.write(f"{command}\n\n".encode())
        if self._tap is not None:
            self._tap.sent(f"{shown}\n\n")
