"""A simulated Asterisk without sockets, and a monitor that hears it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from adapters.asterisk.translation import AsteriskTranslator
from queue_alert.core.effects import Effect, ReportAnomaly
from queue_alert.core.events import AcdEvent, ContactCompleted, FeedEvent
from queue_alert.core.monitor import Monitor
from queue_alert.core.policy import FeedPolicy, Policy
from queue_alert.core.units import AgentId, FeedName, GroupName, Instant, Seconds
from queue_alert.ports import Skipped
from simulator.ami_floor import AmiFloor
from simulator.ami_lists import queue_status, queue_summary
from simulator.ami_protocol import Account, ManagerSession
from simulator.ami_telling import AmiTeller
from simulator.ami_words import Headers
from simulator.exchange import Exchange

SECRET = "s3cret"  # noqa: S105 - of a floor that is not there
ACCOUNT = Account(username="queuealert", secret=SECRET)

Cut = Callable[[bytes], Iterator[bytes]]


def whole(data: bytes) -> Iterator[bytes]:
    yield data


def action(name: str, **headers: str) -> bytes:
    """Return an action as a client sends it."""
    lines = [f"{header}: {value}\r\n" for header, value in {"Action": name, **headers}.items()]
    return ("".join(lines) + "\r\n").encode()


def frames(data: bytes) -> list[dict[str, str]]:
    """Return what a client reads, one dictionary a frame, the banner left out."""
    text = data.decode().removeprefix("Asterisk Call Manager/11.0.0\r\n")
    return [dict(line.split(": ", 1) for line in one.split("\r\n")) for one in text.split("\r\n\r\n") if one]


class Office:
    """Answers a session's questions from an exchange, at an instant that the test sets."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.at: Instant = exchange.simulation.start
        self.is_booted = True
        self.started_at = self.at
        self.floor = AmiFloor(exchange.groups, self.at)

    def now(self) -> Instant:
        return self.at

    def look(self) -> None:
        self.floor.take(self.exchange.snapshot(self.at))

    def queue_status(self, queue: str, member: str) -> list[Headers]:
        self.look()
        return queue_status(self.floor, self.at, queue=queue, member=member)

    def queue_summary(self, queue: str) -> list[Headers]:
        self.look()
        return queue_summary(self.floor, self.at, queue=queue)

    def calls(self) -> int:
        return sum(len(queue.waiting) + len(queue.talks) for queue in self.floor.queues.values())


@dataclass
class Rig:
    """Simulation, Asterisk, the wire, our translator and our monitor, all at one instant.

    Attributes:
        raw: Everything that went over the wire.
        wrapped: Agents the end of whose conversation was said, by group. Of conversations that were under
            way at the start nothing ever is, so no Asterisk can tell the wrap-up after them.
    """

    exchange: Exchange
    cut: Cut = whole
    skipped: list[tuple[Skipped, str]] = field(default_factory=list)
    anomalies: list[ReportAnomaly] = field(default_factory=list)
    raw: bytes = b""
    wrapped: set[tuple[GroupName, AgentId]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.now = self.exchange.simulation.start
        self.office = Office(self.exchange)
        self.teller = AmiTeller(self.office.floor)
        self.session = ManagerSession(ACCOUNT, self.office, challenge=lambda: "314159")
        self.translator = AsteriskTranslator("pbx", lambda kind, detail: self.skipped.append((kind, detail)))
        self.monitor = Monitor(Policy(feeds=(FeedPolicy(name=FeedName("pbx")),)), self.now)

    def connect(self) -> None:
        """Log in as the feed does, and ask for the queues."""
        self.office.look()
        self.exchange.listen(self)
        self._handle(self.translator.connected(self.now))
        self._over_the_wire(b"Asterisk Call Manager/11.0.0\r\n")
        self.ask("Login", Username="queuealert", Secret=SECRET, Events="agent,system,call,dialplan")
        self.ask("QueueStatus", ActionID="1")

    def ask(self, name: str, **headers: str) -> None:
        """Let the client ask."""
        self.office.at = self.now
        self.session.take(action(name, **headers))
        while (said := self.session.answer()) is not None:
            self._over_the_wire(said.data)

    def run(self, until: Instant, *, poll_s: Seconds = 30.0) -> None:
        """Let time pass, an event at a time, asking for the queues every ``poll_s``."""
        poll_at = self.now + poll_s
        while self.now < until:
            self.now = min(self.exchange.next_at(), poll_at, until)
            self._pass_time()
            self.exchange.advance(self.now)
            if self.now == poll_at:
                self.ask("QueueStatus", ActionID=f"{self.now:.0f}")
                poll_at += poll_s

    def let_settle(self, seconds: Seconds) -> None:
        """Let time pass for the monitor alone: the floor stands still."""
        self.now += seconds
        self._pass_time()

    def _pass_time(self) -> None:
        while (deadline := self.monitor.next_deadline()) is not None and deadline <= self.now:
            self._note(self.monitor.advance(deadline))

    def happened(self, events: Sequence[FeedEvent], now: Instant) -> None:
        self.now = self.office.at = now
        self.wrapped |= {
            (event.group, event.agent) for event in events if isinstance(event, ContactCompleted)
        }
        self._over_the_wire(b"".join(self.session.hear(frame) for frame in self.teller.tell(events)))

    def cut_off(self, now: Instant) -> None:
        raise AssertionError(now)

    def _over_the_wire(self, data: bytes) -> None:
        self.raw += data
        for piece in self.cut(data):
            self._handle(self.translator.receive(piece, self.now))

    def _handle(self, events: Sequence[AcdEvent]) -> None:
        for event in events:
            self._note(self.monitor.handle(event, self.now))

    def _note(self, effects: Sequence[Effect]) -> None:
        self.anomalies += [effect for effect in effects if isinstance(effect, ReportAnomaly)]
