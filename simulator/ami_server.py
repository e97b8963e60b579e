"""An Asterisk's manager interface on a socket, with a simulated floor behind it."""

import asyncio
import re
import secrets
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

from queue_alert.core.events import FeedEvent
from queue_alert.core.units import Instant, Seconds
from queue_alert.ports import Clock
from simulator.ami_floor import AmiFloor
from simulator.ami_lists import queue_status, queue_summary
from simulator.ami_protocol import BANNER, LOGIN_WITHIN_S, Account, ManagerSession, Office, Said
from simulator.ami_telling import AmiTeller
from simulator.ami_words import Frame, Headers
from simulator.exchange import Exchange
from simulator.secret import simulated_secret

__all__ = ["USERNAME", "AmiServer"]

USERNAME: Final = "queuealert"
"""Who may log in."""

_DEFAULT_SECRET: Final = "simulator"  # noqa: S105 - of a floor that is not there
_BUFFER_LIMIT: Final = 1_000_000
_CLIENT_LIMIT: Final = 100
_LATE_LIMIT: Final = 1_000
"""So many answers may wait behind events that are held up; who asks for more is closed."""

_CLOSE_S: Final[Seconds] = 5.0
_ADDRESS: Final = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\[\]:\s]+):(?P<port>[0-9]{1,5})", re.ASCII)
_HIGHEST_PORT: Final = 65_535


class AmiServer:
    """Serves a simulated floor as Asterisk serves a real one; an async context manager.

    It is a listener of the exchange; somebody else turns that one's clock
    (:func:`simulator.serving.turn`).

    Attributes:
        where: ``127.0.0.1:5038``, once it is entered.
        port: The port it listens on, once it is entered.
    """

    def __init__(
        self,
        exchange: Exchange,
        clock: Clock,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        username: str = USERNAME,
        secret: str = _DEFAULT_SECRET,
        account: Account | None = None,
        login_within_s: Seconds = LOGIN_WITHIN_S,
        boot_s: Seconds = 0.0,
        buffer_limit: int = _BUFFER_LIMIT,
        client_limit: int = _CLIENT_LIMIT,
    ) -> None:
        """Touch nothing yet.

        Args:
            exchange: The floor.
            clock: The steady line.
            host: Where to listen.
            port: Where to listen; 0: a free one.
            username: Who may log in.
            secret: With what.
            account: All of an account, in place of ``username`` and ``secret``.
            login_within_s: Who has not logged in after so long is closed.
            boot_s: So long after a restart nobody is told of the queues: they are not loaded yet.
            buffer_limit: Bytes kept for a client that does not read; with more it is closed, in the middle
                of an event. The system keeps some megabytes besides.
            client_limit: How many clients there may be; another one is closed at once.
        """
        self.where = f"{host}:{port}"
        self.port = port
        self._exchange = exchange
        self._clock = clock
        self._host = host
        self._account = account or Account(username=username, secret=secret)
        self._login_within_s = login_within_s
        self._boot_s = boot_s
        self._buffer_limit = buffer_limit
        self._client_limit = client_limit
        self._clients: set[_Client] = set()
        self._everybody_left = asyncio.Event()
        self._floor = AmiFloor(exchange.groups, exchange.clock(clock.now()))
        self._teller = AmiTeller(self._floor)
        self._run = exchange.run
        self._started_at = exchange.simulation.start
        self._booting: asyncio.TimerHandle | None = None
        self._listening = ExitStack()
        self._late: deque[_Late] = deque()
        self._coming_back: asyncio.TimerHandle | None = None

    @classmethod
    def at(cls, exchange: Exchange, clock: Clock, address: str) -> Self:
        """Return a server for ``HOST:PORT``, its secret from the environment.

        Raises:
            ValueError: ``address`` is none.
        """
        match = _ADDRESS.fullmatch(address)
        if match is None or int(match["port"]) > _HIGHEST_PORT:
            raise ValueError(f'must be HOST:PORT such as "127.0.0.1:5038", got "{address}"')
        secret = simulated_secret(_DEFAULT_SECRET)
        host = match["host"].strip("[]")
        return cls(exchange, clock, host=host, port=int(match["port"]), secret=secret)

    async def __aenter__(self) -> Self:
        """Listen.

        Raises:
            OSError: The address cannot be had.
        """
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _Client(self), self._host, self.port)
        self._listening.callback(server.close)
        self.port = server.sockets[0].getsockname()[1]
        shown = f"[{self._host}]" if ":" in self._host else self._host
        self.where = f"{shown}:{self.port}"
        self._floor.take(self._exchange.snapshot(self._clock.now()))
        self._listening.callback(self._exchange.listen(self))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close everybody and stop listening."""
        self._listening.close()
        for timer in (self._booting, self._coming_back):
            if timer is not None:
                timer.cancel()
        self._close_clients()
        if self._clients:
            async with asyncio.timeout(_CLOSE_S):
                await self._everybody_left.wait()

    # ---- what the exchange says

    def happened(self, events: Sequence[FeedEvent], now: Instant) -> None:  # noqa: ARG002 - frames have their own time
        """Tell every client; see :class:`~simulator.exchange.Listener`."""
        while self._late and self._late[0].seq < events[-1].seq:
            place = bisect_right(events, self._late[0].seq, key=_seq)
            self._tell(self._teller.tell(events[:place]))
            events = events[place:]
            self._late.popleft().say()
        self._tell(self._teller.tell(events))
        self._say_late(events[-1].seq)

    def cut_off(self, now: Instant) -> None:
        """Close every client without a word, and begin anew if the exchange did."""
        self._late.clear()
        self._close_clients()
        if self._exchange.run == self._run:
            return
        self._run = self._exchange.run
        self._started_at = self._exchange.clock(now)
        self._floor.restart(self._started_at)
        if self._boot_s > 0:
            if self._booting is not None:
                self._booting.cancel()
            self._booting = asyncio.get_running_loop().call_later(self._boot_s, self._boot)

    # ---- what the sessions ask

    @property
    def is_booted(self) -> bool:
        """Whether questions for queues are known."""
        return self._booting is None

    @property
    def started_at(self) -> Instant:
        """When the exchange was started, by its own clock."""
        return self._started_at

    def now(self) -> Instant:
        """Return the present by the exchange's clock."""
        return self._exchange.clock(self._clock.now())

    def queue_status(self, queue: str, member: str) -> list[Headers]:
        """Return what ``QueueStatus`` answers, all that happened before it having been told."""
        self._look()
        return queue_status(self._floor, self.now(), queue=queue, member=member)

    def queue_summary(self, queue: str) -> list[Headers]:
        """Return what ``QueueSummary`` answers, all that happened before it having been told."""
        self._look()
        return queue_summary(self._floor, self.now(), queue=queue)

    def calls(self) -> int:
        """Return how many callers wait or talk."""
        self._look()
        return sum(len(queue.waiting) + len(queue.talks) for queue in self._floor.queues.values())

    def _look(self) -> None:
        self._floor.take(self._exchange.snapshot(self._clock.now()))

    # ---- what the clients need

    def say(self, client: "_Client", said: Said) -> None:
        """Have a client told something, behind all that happened before it and is held up on its way."""
        now = self._clock.now()
        stalled_until = self._exchange.stalled_until(now) if self._exchange.keeps_order else None
        if stalled_until is None and not self._late:
            client.say(said)
        elif len(self._late) >= _LATE_LIMIT:
            client.drop()
        else:
            self._late.append(_Late(self._exchange.seq, stalled_until or now, client, said))
            self._come_back(now)

    def _say_late(self, seq: int) -> None:
        while self._late and self._late[0].seq <= seq:
            self._late.popleft().say()

    def _come_back(self, now: Instant) -> None:
        # What an answer comes behind may all be lost: then nothing that happens brings it.
        if self._late and self._coming_back is None:
            delay_s = max(self._late[0].until - now, 0.0)
            self._coming_back = asyncio.get_running_loop().call_later(delay_s, self._catch_up)

    def _catch_up(self) -> None:
        self._coming_back = None
        now = self._clock.now()
        self._exchange.advance(now)
        while self._late and self._late[0].until <= now:
            self._late.popleft().say()
        self._come_back(now)

    def join(self, client: "_Client") -> bool:
        """Take a client; return whether there is room for it."""
        self._clients.add(client)
        self._everybody_left.clear()
        return len(self._clients) <= self._client_limit

    def leave(self, client: "_Client") -> None:
        """Forget a client."""
        self._clients.discard(client)
        if not self._clients:
            self._everybody_left.set()

    def session(self) -> ManagerSession:
        """Return a new session."""
        office: Office = self
        return ManagerSession(self._account, office, challenge=lambda: str(secrets.randbelow(2**31)))

    @property
    def login_within_s(self) -> Seconds:
        """Who has not logged in after so long is closed."""
        return self._login_within_s

    @property
    def buffer_limit(self) -> int:
        """Bytes kept for a client that does not read."""
        return self._buffer_limit

    def _boot(self) -> None:
        self._booting = None
        up_s = str(max(int(self.now() - self._started_at), 0))
        status = (("Status", "Fully Booted"), ("Uptime", up_s), ("LastReload", up_s))
        self._tell([Frame(event="FullyBooted", kind="system", headers=status, at=self.now())])

    def _tell(self, frames: Sequence[Frame]) -> None:
        for client in tuple(self._clients):
            client.tell(frames)

    def _close_clients(self) -> None:
        for client in tuple(self._clients):
            client.drop()


@dataclass(frozen=True, slots=True)
class _Late:
    """What is said to a client once all up to ``seq`` was told, or could have been by then."""

    seq: int
    until: Instant
    client: "_Client"
    said: Said

    def say(self) -> None:
        self.client.say(self.said)


def _seq(event: FeedEvent) -> int:
    return event.seq


class _Client(asyncio.Protocol):
    """One connection."""

    _transport: asyncio.Transport

    def __init__(self, server: AmiServer) -> None:
        self._server = server
        self._session = server.session()
        self._deadline: asyncio.TimerHandle | None = None
        self._is_full = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - what a stream connection gives
        self._transport = transport
        if not self._server.join(self):
            transport.abort()
            return
        transport.write(BANNER)
        self._wait(self._server.login_within_s, transport.close)

    def data_received(self, data: bytes) -> None:
        """Do what is asked, unless the answers to what was asked before are still on their way."""
        self._session.take(data)
        self._work()

    def pause_writing(self) -> None:
        """Do nothing more for who does not read."""
        self._is_full = True
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        """Go on."""
        self._is_full = False
        self._transport.resume_reading()
        self._work()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        del exc
        self._stop_waiting()
        self._server.leave(self)

    def tell(self, frames: Sequence[Frame]) -> None:
        """Send what of ``frames`` is meant for this client; close it if it has too much unread."""
        data = b"".join([self._session.hear(frame) for frame in frames])
        if data and not self._transport.is_closing():
            self._transport.write(data)
            if self._transport.get_write_buffer_size() > self._server.buffer_limit:
                self._transport.abort()

    def drop(self) -> None:
        """Close it without a word, whatever is unsent."""
        self._transport.abort()

    def _work(self) -> None:
        while not self._is_full and (said := self._session.answer()) is not None:
            if said.after_s > 0:
                self._wait(said.after_s, self.say, said)
            else:
                self._server.say(self, said)

    def say(self, said: Said) -> None:
        """Send an answer."""
        # To answer may have meant to tell what happened before, and that may have been too much.
        if self._transport.is_closing():
            return
        if self._session.is_logged_in:
            self._stop_waiting()
        self._transport.write(said.data)
        if said.is_last:
            self._transport.close()

    def _wait(self, seconds: Seconds, then: Callable[..., None], *arguments: Said) -> None:
        self._stop_waiting()
        self._deadline = asyncio.get_running_loop().call_later(seconds, then, *arguments)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
