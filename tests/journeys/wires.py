"""Four ways from a simulated ACD to a monitor, through the real codecs and without a socket.

Each wire is a listener of the exchange. What it hears becomes what the transport would carry, that is read by
the adapter's own pure parts, and what they say goes to a monitor. Time is the exchange's.
"""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Sequence
from typing import Any, ClassVar

import msgspec

from adapters.asterisk.translation import AsteriskTranslator
from adapters.mqtt.intake import Intake
from adapters.webhook.desk import Desk, DeskOptions
from adapters.websocket.session import Session
from adapters.websocket.states import SessionError
from queue_alert.core.events import AcdEvent, FeedEvent, FeedHeartbeat, FeedState, FeedStatusChanged
from queue_alert.core.monitor import Monitor
from queue_alert.core.policy import FeedPolicy, Policy
from queue_alert.core.units import FeedName, Instant, Seconds
from queue_alert.ports import Skipped
from queue_alert.protocol.feed_socket import Heartbeat, Hello, SnapshotRequest, Start, Synced
from queue_alert.protocol.topics import PublisherStatus, events_topic, snapshot_topic, status_topic
from simulator.ami_protocol import ManagerSession
from simulator.ami_telling import AmiTeller
from simulator.exchange import Exchange
from simulator.webhook_sender import cloud_event
from tests.simulator.ami_rig import ACCOUNT, SECRET, Office, action

FEED = FeedName("acd")
_ENCODE = msgspec.json.Encoder().encode
_NEVER = float("inf")


class Wire(ABC):
    """One way.

    Attributes:
        back_at: When it connects again, if it is cut off.
        skipped: What the adapter passed over.
    """

    beat_s: ClassVar[Seconds] = 5.0
    """How often the ACD says that it is there."""
    list_every_s: Seconds = 30.0
    """How often it says, or is asked for, all that it knows; infinity: only when it is asked."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.now = exchange.simulation.start
        self.monitor = Monitor(Policy(feeds=(FeedPolicy(name=FEED),)), self.now)
        self.skipped: list[tuple[Skipped, str]] = []
        self.back_at: Instant | None = self.now
        self._beat_at = self._list_at = _NEVER
        self._statuses = 0
        exchange.listen(self)

    def next_at(self) -> Instant:
        """Return when :meth:`tick` next has something to do."""
        return min(self._beat_at, self._list_at) if self.back_at is None else self.back_at

    def tick(self, now: Instant) -> None:
        """Do what is due: connect again, say that somebody is there, say all."""
        self.now = now
        if self.back_at is not None:
            if now >= self.back_at:
                self.back_at = None
                self._beat_at, self._list_at = now + self.beat_s, now + self.list_every_s
                self.connect()
            return
        if now >= self._list_at:
            self._list_at = now + self.list_every_s
            self.tell_all()
        if now >= self._beat_at:
            self._beat_at = now + self.beat_s
            self.beat()

    def happened(self, events: Sequence[FeedEvent], now: Instant) -> None:
        """Carry what has happened."""
        self.now = now
        if self.back_at is None:
            self.carry(events)

    def cut_off(self, now: Instant) -> None:
        """Lose the connection; the supervisor says so."""
        self.now = now
        if self.back_at is None:
            self.lose("the connection was lost")

    def lose(self, reason: str) -> None:
        """Say that the feed is down, and come back in two seconds."""
        self._statuses += 1
        self.hear(
            [
                FeedStatusChanged(
                    id=f"supervisor-{self._statuses}",
                    source=FEED,
                    time=self.now,
                    state=FeedState.DOWN,
                    reason=reason,
                )
            ]
        )
        self.back_at = self.now + 2.0

    def hear(self, events: Sequence[AcdEvent]) -> None:
        """Give the monitor what an adapter says."""
        for event in events:
            self.monitor.handle(event, self.now)

    def note(self, kind: Skipped, detail: str) -> None:
        """Take what an adapter passes over."""
        self.skipped.append((kind, detail))

    @abstractmethod
    def connect(self) -> None:
        """Connect and learn how things are."""

    @abstractmethod
    def carry(self, events: Sequence[FeedEvent]) -> None:
        """Carry events."""

    @abstractmethod
    def tell_all(self) -> None:
        """Say, or ask for, all that the ACD knows."""

    @abstractmethod
    def beat(self) -> None:
        """Say that the ACD is there."""


class WebSocketWire(Wire):
    """The ACD serves, we are its client."""

    list_every_s = _NEVER

    def __init__(self, exchange: Exchange) -> None:
        super().__init__(exchange)
        self._session = Session(FEED, self.note, lambda: self.now)

    def next_at(self) -> Instant:
        at = super().next_at()
        return at if self.back_at is not None else min(at, self._session.next_deadline())

    def tick(self, now: Instant) -> None:
        super().tick(now)
        if self.back_at is None and now >= self._session.next_deadline():
            try:
                self._session.advance(now)
            except SessionError as error:
                self.lose(str(error))
            else:
                self._answer()

    def connect(self) -> None:
        exchange = self.exchange
        self._session.connected(self.now)
        exchange.advance(self.now)
        clock = exchange.clock(self.now)
        self._say(Hello(source=exchange.source, run=exchange.run, seq=exchange.seq, time=clock))

    def carry(self, events: Sequence[FeedEvent]) -> None:
        for event in events:
            self._say(event)

    def tell_all(self) -> None:
        snapshots = self.exchange.snapshot(self.now)
        for snapshot in snapshots:
            self._say(snapshot)
        self._say(Synced(seq=self.exchange.seq, groups=len(snapshots)))

    def beat(self) -> None:
        self._say(Heartbeat(time=self.exchange.clock(self.now), seq=self.exchange.seq))

    def _say(self, message: msgspec.Struct) -> None:
        try:
            self.hear(self._session.receive(_ENCODE(message).decode(), self.now))
        except SessionError as error:
            self.lose(str(error))
        else:
            self._answer()

    def _answer(self) -> None:
        for message in self._session.take_messages():
            match message:
                case Start(after=after, run=run) if (missed := self.exchange.since(after, run)) is not None:
                    for event in missed:
                        self._say(event)
                    self._say(Synced(seq=self.exchange.seq, resumed=True))
                case Start() | SnapshotRequest():
                    self.tell_all()


class MqttWire(Wire):
    """A broker in between, which keeps what is retained."""

    _SITE: ClassVar[str] = "site"

    def __init__(self, exchange: Exchange) -> None:
        super().__init__(exchange)
        self._intake = Intake(FEED, site=self._SITE, max_payload=1_000_000, skipped=self.note)
        self._retained: dict[str, tuple[bytes, str | None]] = {}
        self._is_synced = False
        self._seq = 0
        self._run = ""

    def connect(self) -> None:
        self.exchange.advance(self.now)
        self.hear(self._intake.connected(self.now))
        for topic, (payload, run) in tuple(self._retained.items()):
            self.hear(self._intake.take(topic, payload, self.now, retained=True, run=run))
        self.hear(self._intake.subscribed(self.now))
        self._is_synced = False
        if self._run != self.exchange.run:
            self._run, self._seq = self.exchange.run, 0
        self.beat()
        self.tell_all()

    def carry(self, events: Sequence[FeedEvent]) -> None:
        for event in events:
            self._say(events_topic(self._SITE, event.group), event, run=self._run)  # type: ignore[union-attr]
            self._seq = max(self._seq, event.seq)

    def tell_all(self) -> None:
        for snapshot in self.exchange.snapshot(self.now):
            self._say(snapshot_topic(self._SITE, snapshot.group), snapshot, retain=True, run=self._run)
            self._seq = max(self._seq, snapshot.seq)
        self._is_synced = True
        self.beat()

    def beat(self) -> None:
        self.hear(self._intake.check(self.now))
        status = PublisherStatus(
            online=True,
            source=self.exchange.source,
            run=self._run,
            seq=self._seq,
            time=self.exchange.clock(self.now),
            synced=self._is_synced,
            heartbeat_s=self.beat_s,
            groups=self.exchange.groups,
        )
        self._say(status_topic(self._SITE), status, retain=True)

    def _say(
        self, topic: str, message: msgspec.Struct, *, retain: bool = False, run: str | None = None
    ) -> None:
        payload = _ENCODE(message)
        if retain:
            self._retained[topic] = (payload, run)
        self.hear(self._intake.take(topic, payload, self.now, run=run))


class WebhookWire(Wire):
    """The ACD posts; there is no connection that we could know of."""

    def __init__(self, exchange: Exchange) -> None:
        super().__init__(exchange)
        self._desk = Desk(FEED, self.note, DeskOptions())
        self.hear(self._desk.begin(self.now))
        self._beats = 0

    def next_at(self) -> Instant:
        return min(super().next_at(), self._desk.next_at())

    def tick(self, now: Instant) -> None:
        super().tick(now)
        if now >= self._desk.next_at():
            self.hear(self._desk.advance(now))

    def cut_off(self, now: Instant) -> None:
        self.now = now
        self.back_at = now + 2.0

    def connect(self) -> None:
        self.tell_all()

    def carry(self, events: Sequence[FeedEvent]) -> None:
        self._post([cloud_event(event, run=self.exchange.run) for event in events])

    def tell_all(self) -> None:
        run = self.exchange.run
        said = [cloud_event(snapshot, run=run) for snapshot in self.exchange.snapshot(self.now)]
        heartbeat = cloud_event(self._heartbeat(), run=run)
        synced = {"type": "feed.synced", "data": {"groups": len(said)}, "sequence": str(self.exchange.seq)}
        self._post([*said, {**heartbeat, **synced, "id": f"{heartbeat['id']}-synced"}])

    def beat(self) -> None:
        self._post([cloud_event(self._heartbeat(), run=self.exchange.run)])

    def _heartbeat(self) -> FeedHeartbeat:
        self._beats += 1
        return FeedHeartbeat(
            id=f"beat-{self._beats}",
            source=self.exchange.source,
            time=self.exchange.clock(self.now),
            seq=self.exchange.seq,
        )

    def _post(self, batch: list[dict[str, Any]]) -> None:
        headers = {"content-type": "application/cloudevents-batch+json"}
        receipt = self._desk.take(headers, _ENCODE(batch), self.now)
        self.hear(receipt.events)
        if receipt.wants_snapshot and self.back_at is None:
            self._list_at = min(self._list_at, self.now + 1.0)


class AsteriskWire(Wire):
    """The ACD is an Asterisk, and we ask it for its queues.

    All comes in one stream of bytes. Where the exchange's faults keep the order of what is said, what is late
    holds up everything behind it: lists, too. Beside that, a list may be ahead of the events: an Asterisk
    reads its queues when it answers, and tells its events by way of a queue of its own.

    Args:
        exchange: The ACD.
        ahead_s: By so much its lists are ahead of its events, all but the first: what came between would be
            counted nowhere.
    """

    beat_s = _NEVER

    def __init__(self, exchange: Exchange, *, ahead_s: Seconds = 0.0) -> None:
        super().__init__(exchange)
        self._office = Office(exchange)
        self._teller = AmiTeller(self._office.floor)
        self._session = ManagerSession(ACCOUNT, self._office, challenge=lambda: "1")
        self._translator = AsteriskTranslator(FEED, self.note)
        self._asked = 0
        self._ahead_s = ahead_s
        self._behind: deque[tuple[Instant, Sequence[FeedEvent]]] = deque()
        self._asks: deque[tuple[Instant, Instant | None]] = deque()
        self._answers: deque[tuple[Instant, bytes]] = deque()

    def next_at(self) -> Instant:
        coming = [queue[0][0] for queue in (self._behind, self._asks, self._answers) if queue]
        return min([super().next_at(), *coming])

    def tick(self, now: Instant) -> None:
        self.now = now
        self.catch_up(now)
        while self._answers and self._answers[0][0] <= now:
            self._receive(self._answers.popleft()[1])
        while self._asks and self._asks[0][0] <= now:
            self._list(self._asks.popleft()[1])
        super().tick(now)

    def lose(self, reason: str) -> None:
        for coming in (self._behind, self._asks, self._answers):
            coming.clear()
        self.hear(self._translator.disconnected(self.now))
        super().lose(reason)

    def connect(self) -> None:
        self._office.at = self.now
        self._office.look()
        self._session = ManagerSession(ACCOUNT, self._office, challenge=lambda: "1")
        self.hear(self._translator.connected(self.now))
        self._receive(b"Asterisk Call Manager/11.0.0\r\n")
        self._receive(
            self._ask("Login", Username="queuealert", Secret=SECRET, Events="agent,system,call,dialplan")
        )
        self.tell_all()

    def carry(self, events: Sequence[FeedEvent]) -> None:
        if self._ahead_s:
            self._behind.append((self.now + self._ahead_s, events))
        else:
            self._tell(events)

    def tell_all(self) -> None:
        stalled_until = self.exchange.stalled_until(self.now)
        if self._ahead_s and self._has_listed:
            # What has happened by now will have been told when the list is read; what happens until then not.
            told_at = None if stalled_until is None else stalled_until + self._ahead_s
            self._asks.append((self.now + self._ahead_s, told_at))
        else:
            self._list(stalled_until)

    def beat(self) -> None:
        raise AssertionError

    def catch_up(self, until: Instant = _NEVER) -> None:
        """Tell what has happened and is not told yet."""
        while self._behind and self._behind[0][0] <= until:
            self._tell(self._behind.popleft()[1])

    @property
    def _has_listed(self) -> bool:
        return self._asked > 1

    def _list(self, stalled_until: Instant | None) -> None:
        data = self._ask("QueueStatus")
        if stalled_until is None:
            self._receive(data)
        else:
            # Between what was said before the question and what is said behind it, a millisecond apart.
            self._answers.append((stalled_until + 0.0005, data))

    def _tell(self, events: Sequence[FeedEvent]) -> None:
        self._receive(b"".join(self._session.hear(frame) for frame in self._teller.tell(events)))

    def _ask(self, name: str, **headers: str) -> bytes:
        self._asked += 1
        self._office.at = self.now
        self._session.take(action(name, ActionID=f"{self._asked}", **headers))
        said = []
        while (answer := self._session.answer()) is not None:
            said.append(answer.data)
        return b"".join(said)

    def _receive(self, data: bytes) -> None:
        self.hear(self._translator.receive(data, self.now))


def run_until(wire: Wire, end: Instant) -> None:
    """Let everybody do what is due when it is due."""
    now = wire.now
    while now < end:
        deadline = wire.monitor.next_deadline() or end
        now = max(now, min(wire.exchange.next_at(), wire.next_at(), deadline, end))
        wire.exchange.advance(now)
        wire.tick(now)
        wire.monitor.advance(now)
