"""What goes wrong between an ACD and its listeners. Pure: time is a parameter, chance from a seed."""

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from typing import Annotated, assert_never

import msgspec

from queue_alert.core.events import FeedEvent
from queue_alert.core.units import Instant, Ratio, Seconds

__all__ = ["Fault", "FaultKind", "Faults", "Strike"]

_Duration = Annotated[float, msgspec.Meta(extra={"unit": "duration"})]
_MOST_LATE_S: Seconds = 3_600.0
_MOST_OFFSET_S: Seconds = 86_400.0
_MOST_DRIFT_PPM = 100_000.0
_PASSED_AT_MOST = 4
_HELD_AT_MOST_S: Seconds = 5.0
"""An event that is out of order comes that late at most, however quiet it is."""
_BEHIND_S: Seconds = 0.001
"""So far apart comes what was held up in its order."""


class FaultKind(StrEnum):
    """What may go wrong."""

    DROP = "drop"
    """Events never come."""
    DUPLICATE = "duplicate"
    """Events come twice."""
    REORDER = "reorder"
    """Events come after up to four later ones."""
    DELAY = "delay"
    """Events come late."""
    DISCONNECT = "disconnect"
    """Every connection breaks."""
    SKEW = "skew"
    """The ACD's clock is wrong, from its beginning on (a step) until its end."""
    RESTART = "restart"
    """The ACD is started anew and has forgotten its callers."""


_OF_EVENTS = frozenset({FaultKind.DROP, FaultKind.DUPLICATE, FaultKind.REORDER, FaultKind.DELAY})
_STRIKES = frozenset({FaultKind.DISCONNECT, FaultKind.RESTART})


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing that goes wrong, and when.

    Raises:
        ValueError: If a number is out of its bounds, or is of no use with this kind.
    """

    kind: FaultKind
    """``drop``, ``duplicate``, ``reorder``, ``delay``, ``disconnect``, ``skew`` or ``restart``."""
    ratio: Ratio | None = None
    """Share of the events concerned, 0 to 1; of ``drop``, ``duplicate``, ``reorder`` and ``delay``."""
    mean_s: _Duration = 2.0
    """Mean time by which a ``delay`` makes events late (exponential), > 0 to 1 h."""
    every_s: _Duration | None = None
    """Mean time between two of ``disconnect`` or ``restart`` (exponential); left out: once, as it begins."""
    offset_s: _Duration = 0.0
    """By how much the clock of a ``skew`` is ahead, at most a day; negative: behind."""
    drift_ppm: float = 0.0
    """By how many millionths the clock of a ``skew`` is too fast, at most 100,000; negative: too slow."""
    begins_s: _Duration = 0.0
    """When it begins, after the start of the simulation."""
    ends_s: _Duration | None = None
    """When it ends, after the start; left out: never."""

    def __post_init__(self) -> None:
        kind = self.kind
        if (self.ratio is None) is (kind in _OF_EVENTS):
            need = "is needed" if self.ratio is None else "is of no use"
            raise ValueError(f'ratio: {need} with the kind "{kind}"')
        if self.ratio is not None and not 0 <= self.ratio <= 1:
            raise ValueError(f"ratio: must be 0 to 1, got {self.ratio}")
        if self.every_s is not None and kind not in _STRIKES:
            raise ValueError(f'every_s: is of no use with the kind "{kind}"')
        if (self.offset_s or self.drift_ppm) and kind is not FaultKind.SKEW:
            raise ValueError(f'{"offset_s" if self.offset_s else "drift_ppm"}: is of no use with "{kind}"')
        self._check_numbers()

    def _check_numbers(self) -> None:
        if not 0 < self.mean_s <= _MOST_LATE_S:
            raise ValueError(f"mean_s: must be > 0 s and at most 1 h, got {self.mean_s} s")
        if self.every_s is not None and not (math.isfinite(self.every_s) and self.every_s >= 1):
            raise ValueError(f"every_s: must be >= 1 s, got {self.every_s} s")
        if not abs(self.offset_s) <= _MOST_OFFSET_S:
            raise ValueError(f"offset_s: must be at most a day, got {self.offset_s} s")
        if not abs(self.drift_ppm) <= _MOST_DRIFT_PPM:
            raise ValueError(f"drift_ppm: must be at most 100000, got {self.drift_ppm}")
        if not (math.isfinite(self.begins_s) and self.begins_s >= 0):
            raise ValueError(f"begins_s: must be >= 0 s, got {self.begins_s} s")
        if self.ends_s is not None and not self.ends_s > self.begins_s:
            raise ValueError(f"ends_s: must be later than its beginning, got {self.ends_s} s")


@dataclass(frozen=True, slots=True, order=True)
class Strike:
    """A connection that breaks or an ACD that is started anew, and when."""

    at: Instant
    kind: FaultKind


@dataclass(slots=True, order=True)
class _Held:
    """An event on its way: it comes once ``at`` is reached, or enough later ones have passed it."""

    at: Instant
    order: int
    event: FeedEvent = field(compare=False)
    still_to_pass: int = field(default=0, compare=False)


@dataclass(slots=True)
class _Fault:
    """A fault with its instants and its own source of chance."""

    fault: Fault
    begins_at: Instant
    ends_at: Instant
    random: Random
    strikes_at: Instant = math.inf

    def is_on(self, at: Instant) -> bool:
        return self.begins_at <= at < self.ends_at

    def befalls(self, at: Instant) -> bool:
        """Return whether one more event is concerned."""
        return self.is_on(at) and self.random.random() < (self.fault.ratio or 0.0)

    def plan_strike(self, after: Instant) -> None:
        every_s = self.fault.every_s
        at = math.inf if every_s is None else round(after + self.random.expovariate(1 / every_s), 3)
        self.strikes_at = at if at < self.ends_at else math.inf


class Faults:
    """Stands between an ACD and its listeners, for one connection's worth of listening.

    Args:
        faults: What goes wrong.
        seed: The same faults, seed and events give the same result.
        start: When the simulation began.
        in_order: Whether nothing comes before what was said earlier, as in one stream of bytes: what is late
            holds up all that is said behind it.
    """

    def __init__(self, faults: Sequence[Fault], *, seed: int, start: Instant, in_order: bool = False) -> None:
        self.in_order = in_order
        self._faults = [
            _Fault(
                fault,
                begins_at=start + fault.begins_s,
                ends_at=math.inf if fault.ends_s is None else start + fault.ends_s,
                random=Random(f"{seed}/faults/{number}/{fault.kind}"),
            )
            for number, fault in enumerate(faults)
        ]
        self._of_events = [fault for fault in self._faults if fault.fault.kind in _OF_EVENTS]
        self._skews = [fault for fault in self._faults if fault.fault.kind is FaultKind.SKEW]
        self._strikes = [fault for fault in self._faults if fault.fault.kind in _STRIKES]
        for fault in self._strikes:
            if fault.fault.every_s is None:
                fault.strikes_at = fault.begins_at
            else:
                fault.plan_strike(fault.begins_at)
        self._held: list[_Held] = []
        self._not_before = -math.inf
        self._order = 0

    def clock(self, at: Instant) -> Instant:
        """Return what the ACD's clock shows at ``at``."""
        shown = at
        for skew in self._skews:
            if skew.is_on(at):
                shown += skew.fault.offset_s + skew.fault.drift_ppm * 1e-6 * (at - skew.begins_at)
        return shown if shown == at else round(shown, 3)

    def next_at(self) -> Instant:
        """Return when an event that is on its way comes or something strikes; infinity if never."""
        coming = self._held[0].at if self._held else math.inf
        return min([coming, *(fault.strikes_at for fault in self._strikes)])

    def held_until(self) -> Instant | None:
        """Return when all that is on its way by now will have come; ``None``: nothing is."""
        return max((held.at for held in self._held), default=None)

    def strikes(self, now: Instant) -> list[Strike]:
        """Return what strikes at or before ``now``, earliest first; each is returned once."""
        struck = []
        for fault in self._strikes:
            while fault.strikes_at <= now:
                struck.append(Strike(fault.strikes_at, fault.fault.kind))
                fault.plan_strike(fault.strikes_at)
        return sorted(struck)

    def pass_on(self, events: Sequence[FeedEvent], at: Instant) -> list[FeedEvent]:
        """Return what comes at ``at``: of ``events``, said just then, and of those on their way."""
        come = self._take_due(at)
        held_until = self.held_until() if self.in_order else None
        self._not_before = -math.inf if held_until is None else held_until + _BEHIND_S
        for event in events:
            come += self._pass_on(event, at)
        return come

    def lose(self) -> None:
        """Lose whatever is on its way: the connections are broken."""
        self._held.clear()

    def _pass_on(self, event: FeedEvent, at: Instant) -> list[FeedEvent]:
        copies = 1
        for fault in self._of_events:
            if not fault.befalls(at):
                continue
            match fault.fault.kind:
                case FaultKind.DROP:
                    return []
                case FaultKind.DUPLICATE:
                    copies = 2
                case FaultKind.DELAY:
                    late_s = min(fault.random.expovariate(1 / fault.fault.mean_s), _MOST_LATE_S)
                    return self._hold(event, min(at + late_s, fault.ends_at), copies)
                case FaultKind.REORDER:
                    passing = fault.random.randint(1, _PASSED_AT_MOST)
                    return self._hold(event, min(at + _HELD_AT_MOST_S, fault.ends_at), copies, passing)
                case FaultKind.DISCONNECT | FaultKind.SKEW | FaultKind.RESTART:
                    raise AssertionError(fault.fault.kind)
                case unreachable:
                    assert_never(unreachable)
        if at < self._not_before or (self.in_order and self._held):
            return self._hold(event, at, copies)
        return [event] * copies + self._count_passing()

    def _hold(self, event: FeedEvent, at: Instant, copies: int, to_pass: int = 0) -> list[FeedEvent]:
        if self.in_order:
            at = max(at, self._not_before, self.held_until() or at)
            for _ in range(copies):
                self._push(event, at, 0)
            return []
        self._push(event, at, to_pass)
        return [event] * (copies - 1)

    def _push(self, event: FeedEvent, at: Instant, to_pass: int) -> None:
        self._order += 1
        heapq.heappush(self._held, _Held(round(at, 3), self._order, event, to_pass))

    def _count_passing(self) -> list[FeedEvent]:
        """Let those come that enough later ones have passed."""
        freed = []
        for held in self._held:
            if held.still_to_pass:
                held.still_to_pass -= 1
                if not held.still_to_pass:
                    freed.append(held)
        if freed:
            self._held = [held for held in self._held if held not in freed]
            heapq.heapify(self._held)
        return [held.event for held in freed]

    def _take_due(self, at: Instant) -> list[FeedEvent]:
        due = []
        while self._held and self._held[0].at <= at:
            due.append(heapq.heappop(self._held).event)
        return due
