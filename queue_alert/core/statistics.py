"""What is counted of one group: since the start, today, and over a sliding window.

There is one set of running totals. "Today" and the window are differences between the totals now and a copy
of them taken earlier, so an event pays for one increment, however many periods are shown.
"""

from bisect import bisect_left
from collections import deque
from operator import attrgetter
from typing import Any

import msgspec

from queue_alert.core import formulas
from queue_alert.core.events import Outcome
from queue_alert.core.policy import GroupPolicy
from queue_alert.core.units import Instant, Seconds
from queue_alert.core.view import Figures, Histogram

__all__ = ["DurationCounts", "GroupStatistics", "Totals"]

BUCKETS_PER_WINDOW = 30


class Totals:
    """Running totals of one group; a field named as an outcome counts that outcome.

    Answers whose wait is known are not here: the histogram of their waits counts them.

    Attributes:
        answered_untimed: Answers whose wait is not known.
        acw_s: Seconds of work after conversations.
    """

    __slots__ = (
        "abandoned",
        "abandoned_within",
        "acw_s",
        "answered_untimed",
        "callback",
        "completed",
        "exit_key",
        "no_agents",
        "offered",
        "rerouted",
        "ring_failures",
        "short_abandoned",
        "timeout",
        "transferred",
        "unknown",
        "withdrawn",
    )

    def __init__(self) -> None:
        self.offered = 0
        self.answered_untimed = 0
        self.abandoned = 0
        self.abandoned_within = 0
        self.short_abandoned = 0
        self.timeout = 0
        self.exit_key = 0
        self.no_agents = 0
        self.withdrawn = 0
        self.rerouted = 0
        self.callback = 0
        self.unknown = 0
        self.completed = 0
        self.acw_s = 0.0
        self.transferred = 0
        self.ring_failures = 0

    def figures(self) -> tuple[float, ...]:
        """Return all totals in the order of their names: a copy that costs the garbage collector nothing."""
        figures: tuple[float, ...] = _all_fields(self)
        return figures


_OUTCOMES = tuple(outcome.value for outcome in Outcome)
_REROUTED = ("timeout", "exit_key", "no_agents", "withdrawn", "rerouted", "callback")
_FIELDS = Totals.__slots__
_all_fields = attrgetter(*_FIELDS)
_ANSWERED, _ABANDONED = Outcome.ANSWERED, Outcome.ABANDONED  # a look into an enum costs more than a count


class _Copy(msgspec.Struct, frozen=True, gc=False):
    """All that is counted, as it stood at some instant. There are many, so the collector tracks none."""

    totals: tuple[float, ...]
    timed_answers: int = 0
    answered_within: int = 0
    answered_wait_s: float = 0.0
    talk_s: float = 0.0
    held_s: float = 0.0


class DurationCounts:
    """Durations counted by upper bound (inclusive), never falling."""

    __slots__ = ("counts", "edges", "total_s")

    def __init__(self, edges: tuple[Seconds, ...]) -> None:
        self.edges = edges
        self.counts = [0] * (len(edges) + 1)
        self.total_s = 0.0

    def add(self, duration: Seconds) -> None:
        """Count one duration, >= 0."""
        self.counts[bisect_left(self.edges, duration)] += 1
        self.total_s += duration

    def view(self) -> Histogram:
        """Return it frozen."""
        return Histogram(self.edges, tuple(self.counts), self.total_s)


class GroupStatistics:
    """The statistics of one group.

    The caller says ``rotate`` before it counts whenever ``now >= bucket_ends_at``; the window then reaches
    back between ``window_s`` and ``window_s`` plus one bucket (a thirtieth of it).

    Args:
        policy: Threshold, limits, window and edges.
        now: When counting begins.
        phase: Share of a bucket by which this group's buckets are shifted, 0..1: figures of a thousand groups
            then do not all change in the same instant.
    """

    __slots__ = (
        "_copies",
        "_phase_s",
        "_today",
        "_within",
        "abandoned_wait",
        "answered_wait",
        "average_wait_s",
        "bucket_ends_at",
        "bucket_s",
        "carried",
        "held",
        "revised",
        "short_abandon_s",
        "talk",
        "threshold_s",
        "totals",
        "transferred",
        "window_s",
    )

    def __init__(self, policy: GroupPolicy, now: Instant, *, phase: float = 0.0) -> None:
        limits = {*policy.histogram_edges_s, policy.service_level_threshold_s, policy.short_abandon_s}
        edges = tuple(sorted(map(float, limits)))  # to compare a float with an int takes twice as long
        self.totals = Totals()
        self.threshold_s = policy.service_level_threshold_s
        self.short_abandon_s = policy.short_abandon_s
        self.window_s = policy.window_s
        self.bucket_s = policy.window_s / BUCKETS_PER_WINDOW
        self._phase_s = phase * self.bucket_s
        self.bucket_ends_at: Instant = self._bucket_start(now)
        self._copies: deque[tuple[Instant, _Copy]] = deque()
        self._today = _Copy(Totals().figures())
        self.answered_wait = DurationCounts(edges)
        self._within = edges.index(float(policy.service_level_threshold_s)) + 1
        self.abandoned_wait = DurationCounts(edges)
        self.talk = DurationCounts(edges)
        self.held = DurationCounts(edges)
        self.average_wait_s: Seconds | None = None
        self.revised: dict[str, int] = {}
        self.carried = 0
        """Conversations that have ended and whose answer was before we began to listen."""
        self.transferred: dict[str, int] = {}

    def rotate(self, now: Instant) -> None:
        """Keep a copy of the totals as they stood when the bucket of ``now`` began."""
        start = self._bucket_start(now)
        self._copies.append((start, self._copy()))
        self.bucket_ends_at = start + self.bucket_s
        self._forget(now)

    def count_answered(self, wait_s: Seconds | None) -> None:
        """Count an answer after ``wait_s`` (``None``: not known, counted as beyond the threshold)."""
        if wait_s is None:
            self.totals.answered_untimed += 1
            return
        waits = self.answered_wait
        waits.counts[bisect_left(waits.edges, wait_s)] += 1
        waits.total_s += wait_s
        average = self.average_wait_s
        self.average_wait_s = wait_s if average is None else 0.9 * average + 0.1 * wait_s

    def count_left(self, outcome: Outcome, wait_s: Seconds | None) -> None:
        """Count a contact that left with ``outcome`` (any but ``answered``) after ``wait_s``."""
        totals = self.totals
        if outcome is not _ABANDONED:
            setattr(totals, outcome, getattr(totals, outcome) + 1)
            return
        totals.abandoned += 1
        if wait_s is None:
            return
        if wait_s <= self.threshold_s:
            totals.abandoned_within += 1
        if wait_s <= self.short_abandon_s:
            totals.short_abandoned += 1
        self.abandoned_wait.add(wait_s)

    def take_back(self, outcome: Outcome, wait_s: Seconds | None, *, is_revision: bool = True) -> None:
        """Undo one count made earlier, because the truth has come.

        Args:
            outcome: As it was counted; not an answer whose wait was known: that is never in doubt.
            wait_s: As it was counted.
            is_revision: The outcome will be another one: what never falls keeps the first (``revised``).
                ``False``: the same outcome will be counted again, with its wait.
        """
        totals = self.totals
        if outcome is _ANSWERED:
            totals.answered_untimed -= 1
            return
        setattr(totals, outcome, getattr(totals, outcome) - 1)
        if is_revision:
            self.revised[outcome.value] = self.revised.get(outcome.value, 0) + 1
        if wait_s is not None and outcome is _ABANDONED:
            totals.abandoned_within -= wait_s <= self.threshold_s
            totals.short_abandoned -= wait_s <= self.short_abandon_s

    def count_of(self, field: str) -> int:
        """Return a count since the start: ``offered``, ``completed``, ``carried``, or contacts by outcome."""
        return self.carried if field == "carried" else self._net(field)

    def lost(self) -> int:
        """Return all that left without an answer since the start, but for those who left by a key."""
        of = self.totals
        flow_outs = of.rerouted + of.timeout + of.no_agents + of.withdrawn + of.callback
        return of.abandoned + of.unknown + flow_outs

    def adjust(self, field: str, delta: int) -> None:
        """Put a count right (see :meth:`count_of`) by what no event told; waits stay as they are.

        What never falls keeps what is taken off here (``revised``).
        """
        name = "answered_untimed" if field == _ANSWERED else field
        setattr(self.totals, name, getattr(self.totals, name) + delta)
        if delta < 0:
            self.revised[field] = self.revised.get(field, 0) - delta

    def restore(self, field: str, delta: int) -> None:
        """Bring a count (see :meth:`count_of`) back to what it was, and with it what never falls."""
        if not delta:
            return
        name = "answered_untimed" if field == _ANSWERED else field
        setattr(self.totals, name, getattr(self.totals, name) + delta)
        if delta > 0 and field in self.revised:
            self.revised[field] = max(self.revised[field] - delta, 0)

    @property
    def offered_total(self) -> int:
        """Contacts offered, as a counter that never falls."""
        return self.totals.offered + self.revised.get("offered", 0)

    def reset_today(self) -> None:
        """Begin a new "today"; nothing that waits is touched."""
        self._today = self._copy()

    def today(self) -> Figures:
        """Return the figures since the daily reset."""
        return _figures(self._copy(), self._today)

    def window(self, now: Instant) -> Figures:
        """Return the figures over the sliding window that ends at ``now``."""
        self._forget(now)
        present = self._copy()
        return _figures(present, self._copies[0][1] if self._copies else present)

    def window_changes_at(self) -> Instant | None:
        """Return when the window's figures next change by themselves, ``None`` if they will not."""
        if not self._copies:
            return None
        return self._copies[0][0] + self.bucket_s + self.window_s

    def left_total(self) -> dict[str, int]:
        """Return contacts by outcome as counters that never fall."""
        return {
            outcome: count
            for outcome in _OUTCOMES
            if (count := self._net(outcome) + self.revised.get(outcome, 0))
        }

    def average_talk_s(self) -> Seconds | None:
        """Return the average conversation since the start."""
        return formulas.ratio(self.talk.total_s, self.totals.completed)

    def shift(self, delta: Seconds) -> None:
        """Move every stored instant by ``delta``, because the clock was set."""
        self._copies = deque((at + delta, totals) for at, totals in self._copies)
        self.bucket_ends_at += delta
        self._phase_s = (self._phase_s + delta) % self.bucket_s

    def _net(self, outcome: str) -> int:
        if outcome == _ANSWERED:
            return sum(self.answered_wait.counts) + self.totals.answered_untimed
        count: int = getattr(self.totals, outcome)
        return count

    def _copy(self) -> _Copy:
        waits = self.answered_wait
        return _Copy(
            self.totals.figures(),
            sum(waits.counts),
            sum(waits.counts[: self._within]),
            waits.total_s,
            self.talk.total_s,
            self.held.total_s,
        )

    def _bucket_start(self, now: Instant) -> Instant:
        return (now - self._phase_s) // self.bucket_s * self.bucket_s + self._phase_s

    def _forget(self, now: Instant) -> None:
        copies = self._copies
        # The first count of a bucket makes the copy, so the oldest copy that is not before the window's begin
        # holds the totals as they stood at that begin: nothing was counted in between.
        while copies and now >= copies[0][0] + self.bucket_s + self.window_s:
            copies.popleft()


def _figures(present: _Copy, base: _Copy) -> Figures:
    """Return the figures of all that was counted since ``base``; a count taken back from before it is 0."""
    counts = zip(_FIELDS, present.totals, base.totals, strict=True)
    since: dict[str, Any] = {name: now - before for name, now, before in counts}
    timed = present.timed_answers - base.timed_answers
    # One answer too many may have been one whose wait was known: the untimed ones may be fewer than none.
    since["answered"] = timed + since["answered_untimed"]
    since = {name: max(count, 0) for name, count in since.items()}
    answered, abandoned = since["answered"], since["abandoned"]
    completed = since["completed"]
    handled_s = present.talk_s - base.talk_s + present.held_s - base.held_s + since["acw_s"]
    return Figures(
        offered=since["offered"],
        answered=answered,
        abandoned=abandoned,
        short_abandoned=since["short_abandoned"],
        rerouted=sum(since[name] for name in _REROUTED),
        unknown=since["unknown"],
        outcomes={name: since[name] for name in _OUTCOMES if since[name]},
        service_level=formulas.service_levels(
            answered=answered,
            answered_within=present.answered_within - base.answered_within,
            abandoned=abandoned,
            abandoned_within=since["abandoned_within"],
        ),
        average_speed_of_answer_s=formulas.ratio(present.answered_wait_s - base.answered_wait_s, timed),
        average_handling_s=formulas.ratio(handled_s, completed),
        abandon_ratio=formulas.ratio(abandoned, since["offered"] - since["callback"]),
        transferred=since["transferred"],
        completed=completed,
        ring_failures=since["ring_failures"],
    )
