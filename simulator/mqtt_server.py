"""The simulated ACD as a publisher on an MQTT broker.

What is said, where and in which order is in :mod:`queue_alert.protocol.topics`.
"""

import asyncio
import logging
import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Final, NoReturn, Self

import aiomqtt
import msgspec

from queue_alert.broker import IN_FLIGHT, BrokerError, Link, Outgoing, first_of
from queue_alert.core.events import FeedEvent, GroupSnapshotTaken
from queue_alert.core.units import Instant, Seconds
from queue_alert.ports import Clock
from queue_alert.protocol.topics import (
    SITE_PATTERN,
    PublisherStatus,
    events_topic,
    snapshot_topic,
    status_topic,
)
from simulator.exchange import Exchange

__all__ = ["KEPT_AT_MOST", "MqttServer"]

_logger = logging.getLogger(__name__)

KEPT_AT_MOST: Final = 20_000
"""Events that are kept for a broker that is away; of more, the oldest are lost, and the snapshots tell what
came of them."""

_HEARTBEAT_S: Final[Seconds] = 5.0
_SNAPSHOT_EVERY_S: Final[Seconds] = 30.0
_PAUSE_S: Final[Seconds] = 1.0
_TIMEOUT_S: Final[Seconds] = 5.0
_KEEPALIVE_S: Final = 10
_PORTS: Final = range(1, 65_536)


@dataclass(frozen=True, slots=True)
class _Word:
    """An event or a snapshot that is to be said."""

    topic: str
    payload: bytes
    run: str
    before: int
    """``seq`` of the latest event before it."""
    after: int
    """``seq`` of the latest event when it has been said."""
    retain: bool


class _CutOffError(BrokerError):
    """The exchange cuts the connection."""


class MqttServer:
    """Publishes one exchange; an asynchronous context manager. It goes on when a lost broker is back.

    Args:
        exchange: What is published; somebody else lets its time pass.
        clock: The steady line.
        host: The broker's name or address.
        port: Its port.
        site: The topics begin with ``acd/<site>/``.
        username: For a broker that wants one.
        password: Ditto.
        heartbeat_s: The status is said at least this often, > 0.
        snapshot_every_s: And all snapshots this often, > 0.
        pause_s: Between two attempts to connect.
        kept_at_most: See :data:`KEPT_AT_MOST`.

    Attributes:
        where: Broker and site, for people.
        lost: Events that were not kept any longer while the broker was away.
    """

    def __init__(
        self,
        exchange: Exchange,
        clock: Clock,
        *,
        host: str,
        port: int,
        site: str,
        username: str = "",
        password: str = "",
        heartbeat_s: Seconds = _HEARTBEAT_S,
        snapshot_every_s: Seconds = _SNAPSHOT_EVERY_S,
        pause_s: Seconds = _PAUSE_S,
        kept_at_most: int = KEPT_AT_MOST,
    ) -> None:
        address = f"[{host}]" if ":" in host else host
        self.where = f"mqtt://{address}:{port}/acd/{site}"
        self.lost = 0
        self._exchange = exchange
        self._clock = clock
        self._host = host
        self._port = port
        self._site = site
        self._username = username
        self._password = password
        self._heartbeat_s = heartbeat_s
        self._snapshot_every_s = snapshot_every_s
        self._pause_s = pause_s
        self._kept_at_most = kept_at_most
        self._encoder = msgspec.json.Encoder()
        self._outbox: deque[_Word] = deque()
        self._is_wanted = asyncio.Event()
        """Something is to be said."""
        self._is_cut = asyncio.Event()
        self._status_due = False
        self._synced_after = 0
        """How many words are still to be said until all snapshots have been."""
        self._is_synced = False
        self._run = ""
        self._seq = 0
        self._is_failing = False

    @classmethod
    def at(cls, exchange: Exchange, clock: Clock, address: str) -> Self:
        """Return a publisher for ``HOST:PORT/SITE``.

        Raises:
            ValueError: ``address`` is none.
        """
        place, slash, site = address.partition("/")
        host, colon, port = place.rpartition(":")
        host = host[1:-1] if host.startswith("[") and host.endswith("]") else host
        is_port = port.isascii() and port.isdecimal() and len(port) < 6 and int(port) in _PORTS  # noqa: PLR2004
        if not (slash and colon and host and is_port and re.fullmatch(SITE_PATTERN, site)):
            raise ValueError(
                f'must be HOST:PORT/SITE of a broker, such as 127.0.0.1:1883/berlin, got "{address}"'
            )
        return cls(exchange, clock, host=host, port=int(port), site=site)

    async def __aenter__(self) -> Self:
        """Begin to publish; whether the broker is there does not matter yet."""
        self._run, self._seq = self._exchange.run, self._exchange.seq
        self._stop_listening = self._exchange.listen(self)
        self._tasks = await asyncio.TaskGroup().__aenter__()
        self._task = self._tasks.create_task(self._publish_for_ever(), name=f"publish to {self.where}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take leave of the broker, which then says that the ACD is offline."""
        self._stop_listening()
        self._task.cancel()
        await self._tasks.__aexit__(kind, error, trace)

    # ---- what the exchange tells

    def happened(self, events: Sequence[FeedEvent], now: Instant) -> None:  # noqa: ARG002 - the exchange's call
        """Keep what is to be said."""
        run, encode, site = self._exchange.run, self._encoder.encode, self._site
        for event in events:
            if isinstance(event, GroupSnapshotTaken) or not hasattr(event, "group"):
                continue
            topic = events_topic(site, event.group)
            self._outbox.append(
                _Word(topic, encode(event), run, max(event.seq - 1, 0), event.seq, retain=False)
            )
        while len(self._outbox) > self._kept_at_most:
            self._outbox.popleft()
            self._synced_after = max(self._synced_after - 1, 0)
            self.lost += 1
        self._is_wanted.set()

    def cut_off(self, now: Instant) -> None:  # noqa: ARG002 - the exchange's call
        """Drop the connection; a new one follows at once."""
        self._is_cut.set()

    # ---- the connection

    async def _publish_for_ever(self) -> NoReturn:
        while True:
            self._is_cut.clear()
            try:
                await self._publish()
            except _CutOffError:
                continue
            except BrokerError as error:
                level = logging.DEBUG if self._is_failing else logging.WARNING
                _logger.log(level, "broker=%s state=down reason=%s", self.where, error)
                self._is_failing = True
            await asyncio.sleep(self._pause_s)

    async def _publish(self) -> None:
        """Connect once, and say everything until the connection is lost."""
        topic = status_topic(self._site)
        farewell = PublisherStatus(online=False, source=self._exchange.source)
        link = Link(
            host=self._host,
            port=self._port,
            client_id=f"queue-alert-acd-{self._site}",
            keepalive_s=_KEEPALIVE_S,
            timeout_s=_TIMEOUT_S,
            username=self._username or None,
            password=self._password or None,
            will=aiomqtt.Will(topic, self._encoder.encode(farewell), qos=1, retain=True),
        )
        async with link:
            if self._is_failing:
                _logger.info("broker=%s state=up recovered=true", self.where)
                self._is_failing = False
            # What was to be said again of how things are is out of date.
            self._outbox = deque(word for word in self._outbox if not word.retain)
            self._is_synced = False
            await link.say(self._status())
            self._add_snapshots()
            try:
                await first_of(link.until_lost(), self._say(link), self._remind(), self._wait_for_cut())
            finally:
                if not self._is_cut.is_set():
                    await link.leave_with_will()

    async def _wait_for_cut(self) -> NoReturn:
        await self._is_cut.wait()
        raise _CutOffError

    async def _remind(self) -> NoReturn:
        """Let the status and the snapshots be said again and again."""
        loop = asyncio.get_running_loop()
        snapshots_at = loop.time() + self._snapshot_every_s
        status_at = loop.time() + self._heartbeat_s
        while True:
            await asyncio.sleep(max(min(snapshots_at, status_at) - loop.time(), 0.0))
            if loop.time() >= snapshots_at:
                snapshots_at = loop.time() + self._snapshot_every_s
                if not self._synced_after:
                    self._add_snapshots()
            if loop.time() >= status_at:
                status_at = loop.time() + self._heartbeat_s
                self._status_due = True
                self._is_wanted.set()

    def _add_snapshots(self) -> None:
        # Whatever is due happens first, and is told to us.
        snapshots = self._exchange.snapshot(self._clock.now())
        run, encode, site = self._exchange.run, self._encoder.encode, self._site
        self._outbox.extend(
            _Word(
                snapshot_topic(site, snapshot.group),
                encode(snapshot),
                run,
                snapshot.seq,
                snapshot.seq,
                retain=True,
            )
            for snapshot in snapshots
        )
        self._synced_after = len(self._outbox)
        self._is_wanted.set()

    async def _say(self, link: Link) -> NoReturn:
        """Say what is to be said, in its order."""
        while True:
            if self._outbox or self._status_due:
                words = [self._outbox.popleft() for _ in range(min(IN_FLIGHT // 2, len(self._outbox)))]
                await self._say_words(link, words)
            else:
                self._is_wanted.clear()
                await self._is_wanted.wait()

    async def _say_words(self, link: Link, words: list[_Word]) -> None:
        before = (self._run, self._seq)
        try:
            messages: list[Outgoing] = []
            for word in words:
                if word.run != self._run:
                    self._run, self._seq = word.run, word.before
                    messages.append(self._status())
                messages.append(Outgoing(word.topic, word.payload, retain=word.retain, run=word.run))
                self._seq = max(self._seq, word.after)
            was_synced = self._is_synced
            self._synced_after = max(self._synced_after - len(words), 0)
            if not self._synced_after:
                self._is_synced = True
            if self._status_due or self._is_synced is not was_synced:
                messages.append(self._status())
                self._status_due = False
            await link.say(*messages)
        except BaseException:
            # Which of them the broker has is not known: all are said again, and whoever listens knows them
            # by their ids.
            self._run, self._seq = before
            self._outbox.extendleft(reversed(words))
            raise

    def _status(self) -> Outgoing:
        status = PublisherStatus(
            online=True,
            source=self._exchange.source,
            run=self._run,
            seq=self._seq,
            time=self._exchange.clock(self._clock.now()),
            synced=self._is_synced,
            heartbeat_s=self._heartbeat_s,
            groups=self._exchange.groups,
        )
        return Outgoing(status_topic(self._site), self._encoder.encode(status), retain=True)
