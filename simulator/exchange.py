"""One simulated floor for several servers, each with clients of its own."""

import math
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from queue_alert.core.events import Event, FeedEvent, GroupSnapshotTaken
from queue_alert.core.units import FeedName, GroupName, Instant
from simulator.acd import Simulation
from simulator.faults import FaultKind, Faults, Strike
from simulator.pace import Moment, retimed

__all__ = ["LOG_KEPT", "Exchange", "Listener"]

LOG_KEPT = 10_000
"""How many of the latest events a client that comes back can be told."""


_Said = TypeVar("_Said", bound=Event)


class Listener(Protocol):
    """A server, as the exchange sees it."""

    def happened(self, events: Sequence[FeedEvent], now: Instant) -> None:
        """Take what has just happened, oldest first; at least one event."""

    def cut_off(self, now: Instant) -> None:
        """Cut off whoever is connected: the ACD was started anew, or the connections broke."""


class Exchange:
    """A simulation with an audience. Pure: time is a parameter.

    What its listeners hear may be tampered with by faults; its snapshots and its log are true. All instants
    in both are by the ACD's own clock, which a fault may set wrong.

    Args:
        simulation: The floor; nobody else may advance it.
        source: Who the events say they come from.
        faults: What goes wrong, in simulated time; ``None``: nothing does.
        speed: Simulated seconds in one second, > 0. Instants are real and spans are shortened by it:
            everybody is that much quicker (see :mod:`simulator.pace`).
    """

    def __init__(
        self,
        simulation: Simulation,
        *,
        source: FeedName,
        faults: Faults | None = None,
        speed: float = 1.0,
    ) -> None:
        self.simulation = simulation
        self.source = source
        self._faults = faults
        self._moment = Moment(simulated=simulation.start, real=simulation.start, speed=speed)
        self._runs = 1
        self._listeners: list[Listener] = []
        self._log: deque[FeedEvent] = deque(maxlen=LOG_KEPT)

    @property
    def run(self) -> str:
        """Another one after every restart."""
        return f"{int(self.simulation.start * 1000)}-{self._runs}"

    @property
    def groups(self) -> tuple[GroupName, ...]:
        """The groups' names, in the scenario's order."""
        return self.simulation.groups

    def clock(self, now: Instant) -> Instant:
        """Return what the ACD's own clock shows at ``now``, as its events and snapshots say it."""
        if self._faults is None:
            return now
        simulated = self._simulated(now)
        return now + (self._faults.clock(simulated) - simulated)

    @property
    def seq(self) -> int:
        """That of the latest event said, 0 before the first."""
        return self.simulation.seq

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Tell ``listener`` everything from now on; return what ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def next_at(self) -> Instant:
        """Return when :meth:`advance` next has something to do; infinity if never again."""
        return self._moment.instant(self._next_simulated())

    def advance(self, now: Instant) -> None:
        """Let happen what is due and tell everybody."""
        until = self._simulated(now)
        if self._faults is None:
            self._tell(self._happen(until), now)
            return
        while (at := self._next_simulated()) <= until:
            come = self._faults.pass_on(self._happen(at), at)
            for strike in self._faults.strikes(at):
                self._tell(come, now)
                come = []
                self._strike(strike, now)
            self._tell(come, now)
        self.simulation.advance(until)

    def snapshot(self, now: Instant) -> list[GroupSnapshotTaken]:
        """Return all that the ACD knows, one snapshot a group; what was due is told to everybody first."""
        self.advance(now)
        return [self._by_its_clock(snapshot) for snapshot in self.simulation.snapshot(self._simulated(now))]

    @property
    def keeps_order(self) -> bool:
        """Whether nothing that is said comes before what was said earlier, whatever goes wrong."""
        return self._faults is None or self._faults.in_order

    def stalled_until(self, now: Instant) -> Instant | None:
        """Return when all that is on its way at ``now`` will have come; ``None``: nothing is.

        Where faults keep the order of what is said, an answer cannot come before that either.
        """
        self.advance(now)
        held_until = None if self._faults is None else self._faults.held_until()
        return None if held_until is None else self._moment.instant(held_until)

    def since(self, after: int, run: str) -> list[FeedEvent] | None:
        """Return what was said after ``seq``, oldest first; ``None`` if the log reaches not so far back."""
        if run != self.run or after <= 0 or not self._log or after < self._log[0].seq - 1:
            return None
        return list(self._log)[bisect_right(self._log, after, key=_seq) :]

    def restart(self, now: Instant) -> None:
        """Start the ACD anew: whoever waits or talks is gone without a word."""
        self.advance(now)
        self._restart(self._simulated(now), now)

    def _simulated(self, now: Instant) -> Instant:
        moment = self._moment
        simulated = moment.simulated + (now - moment.real) * moment.speed
        at = self._next_simulated()
        # The way there and back may lose a hair: who comes at next_at() must find it due, and nobody sooner.
        return max(simulated, at) if moment.instant(at) <= now else min(simulated, math.nextafter(at, 0.0))

    def _next_simulated(self) -> Instant:
        at = self.simulation.next_at()
        return at if self._faults is None else min(at, self._faults.next_at())

    def _happen(self, at: Instant) -> list[FeedEvent]:
        """Let happen what is due and write it into the log."""
        events = [self._by_its_clock(event) for event in self.simulation.advance(at)]
        self._log.extend(events)
        return events

    def _tell(self, events: Sequence[FeedEvent], now: Instant) -> None:
        if events:
            for listener in tuple(self._listeners):
                listener.happened(events, now)

    def _strike(self, strike: Strike, now: Instant) -> None:
        if strike.kind is FaultKind.RESTART:
            self._restart(strike.at, now)
        else:
            self._cut_off(now)

    def _restart(self, at: Instant, now: Instant) -> None:
        self.simulation.restart(at)
        self._runs += 1
        self._log.clear()
        self._cut_off(now)

    def _cut_off(self, now: Instant) -> None:
        if self._faults is not None:
            self._faults.lose()
        for listener in tuple(self._listeners):
            listener.cut_off(now)

    def _by_its_clock(self, said: _Said) -> _Said:
        if self._faults is None and self._moment.speed == 1:
            return said
        return retimed(said, instant=self._shown, span=self._moment.span)

    def _shown(self, simulated: Instant) -> Instant:
        at = self._moment.instant(simulated)
        return at if self._faults is None else at + (self._faults.clock(simulated) - simulated)


def _seq(event: FeedEvent) -> int:
    return event.seq
