"""One connection to the manager interface: sends actions, finds their answers, tells when it is over."""

import asyncio
import socket
from collections.abc import Callable
from typing import Final

from adapters.asterisk.actions import action, blot_out
from adapters.asterisk.frames import Frame
from queue_alert.core.units import Seconds
from queue_alert.ports import Connected

__all__ = ["NotAManagerError", "Session"]

_BANNER: Final = b"Asterisk Call Manager/"
_TLS_ALERT: Final = b"\x15\x03"
_QUEUE_MODULES: Final = frozenset({"app_queue.so", "All"})
_WIRE_OPTIONS: Final = {
    "TCP_KEEPIDLE": 30,
    "TCP_KEEPINTVL": 10,
    "TCP_KEEPCNT": 3,
    "TCP_USER_TIMEOUT": 30_000,  # milliseconds that what was sent may stay unacknowledged
}


class NotAManagerError(ConnectionError):
    """Whatever answers on that port is not Asterisk's manager interface.

    Attributes:
        speaks_tls: Whether it is something that expects TLS.
    """

    def __init__(self, *, speaks_tls: bool) -> None:
        super().__init__("no banner of the manager interface")
        self.speaks_tls = speaks_tls


class Session(asyncio.Protocol):
    """A connection, from being made to being lost.

    Args:
        begin: Called once the connection is made, before anything is received.
        receive: Takes every piece of data as it was read.
        secret: Blotted out of what the recorder is given.
        tap: The recorder.

    Attributes:
        booted: Set once Asterisk says that it is up (a user without class *system* is never told), and when
            the connection is lost.
        roused: Set when the queues should be asked for again, and when the connection is lost.
        is_open: Whether the connection was made and not closed by us since.
    """

    def __init__(
        self,
        begin: Callable[[], None],
        receive: Callable[[bytes], None],
        *,
        secret: str,
        tap: Connected | None,
    ) -> None:
        self.booted = asyncio.Event()
        self.roused = asyncio.Event()
        self.is_open = False
        self._begin = begin
        self._receive = receive
        self._secrets = [secret]
        self._tap = tap
        self._greeting = asyncio.Event()
        self._transport: asyncio.Transport | None = None
        self._answers: dict[str, asyncio.Future[Frame]] = {}
        self._actions = 0
        self._head = b""
        self._loss: Exception | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way to send. Called by the loop."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - what a stream connection gives
        self._transport = transport
        self.is_open = True
        _watch_the_wire(transport)
        if self._tap is not None:
            self._tap.connected()
        self._begin()

    def data_received(self, data: bytes) -> None:
        """Pass data on. Called by the loop; what is raised in here ends the connection and comes out."""
        if self._loss is not None:
            return
        if self._tap is not None:
            self._tap.received(data)
        if len(self._head) < len(_BANNER):
            self._head += data[: len(_BANNER) - len(self._head)]
            if not _BANNER.startswith(self._head):
                self._lose(NotAManagerError(speaks_tls=self._head.startswith(_TLS_ALERT)))
                return
            if len(self._head) == len(_BANNER):
                self._greeting.set()
        self._receive(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wake everybody who waits. Called by the loop."""
        if exc is None or isinstance(exc, OSError):
            # One kind for every way to lose it: a time-out of the network must not look like one of an
            # answer.
            exc = ConnectionResetError(str(exc) if exc else "closed by the other side")
        self._lose(exc)

    def take_reply(self, frame: Frame) -> None:
        """Take an answer, ``FullyBooted`` or ``Reload``."""
        if frame.event == "FullyBooted":
            self.booted.set()
        elif frame.event == "Reload":
            if frame.text("Module") in _QUEUE_MODULES:
                self.roused.set()
        else:
            answer = self._answers.get(frame.text("ActionID"))
            if answer is not None and not answer.done():
                answer.set_result(frame)

    def hide(self, secret: str) -> None:
        """Blot this out, too, of what the recorder is given."""
        self._secrets.append(secret)

    async def greeted(self, *, within: Seconds) -> None:
        """Wait for the banner: nothing is sent to whoever has not shown it.

        Raises:
            TimeoutError: None came ``within`` that many seconds.
            ConnectionError: The connection was lost, or something else answers.
        """
        async with asyncio.timeout(within):
            await self._greeting.wait()
        self.check()

    async def ask(self, name: str, *, within: Seconds, **headers: str) -> Frame:
        """Send an action and return its answer.

        Raises:
            TimeoutError: No answer came ``within`` that many seconds.
            ValueError: A header cannot be sent.
            ConnectionError: The connection was lost.
        """
        self.check()
        self._actions += 1
        action_id = f"qa-{self._actions}"
        answer: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        self._send(action(name, action_id=action_id, **headers))
        self._answers[action_id] = answer
        try:
            async with asyncio.timeout(within):
                return await answer
        finally:
            del self._answers[action_id]

    def check(self) -> None:
        """Raise what ended the connection, if it has ended."""
        if self._loss is not None:
            raise self._loss

    def close(self, *, is_silent: bool = False) -> None:
        """Take leave and close; may be called at any time.

        Args:
            is_silent: Whether the other side answers no more: nothing is sent then, and nothing waited for.
        """
        if not self.is_open:
            return
        if is_silent and self._transport is not None:
            self._transport.abort()
        elif self._loss is None:
            self._send(action("Logoff", action_id="qa-logoff"))
        self.is_open = False
        if self._transport is not None:
            self._transport.close()
        if self._tap is not None:
            self._tap.disconnected()

    def _lose(self, loss: Exception) -> None:
        if self._loss is not None:
            return
        self._loss = loss
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(loss)
        self._greeting.set()
        self.booted.set()
        self.roused.set()

    def _send(self, text: str) -> None:
        if self._transport is not None:
            self._transport.write(text.encode())
        if self._tap is not None:
            for secret in self._secrets:
                text = blot_out(text, secret)
            self._tap.sent(text)


def _watch_the_wire(transport: asyncio.Transport) -> None:
    """Have the kernel notice a peer that vanished without a word, as far as it can."""
    wire = transport.get_extra_info("socket")
    if wire is None:
        return
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _WIRE_OPTIONS.items():
        option = getattr(socket, name, None)
        if option is not None:
            wire.setsockopt(socket.IPPROTO_TCP, option, value)
