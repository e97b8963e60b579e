"""When a place is open: spans of local time by weekday, holidays, exceptions; and deadlines in open time.

Open time is elapsed time: over a night in which the clock is changed a span is an hour longer or shorter, as
it is for the people on shift.
"""

import math
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

import msgspec

from queue_alert.core.units import Instant, Seconds
from queue_alert.core.wall_time import DAY_S, Span, instant_of, local_date, zone_named

__all__ = ["ALWAYS", "HORIZON_S", "OpeningHours", "Spans"]

Spans: TypeAlias = tuple[Span, ...]
"""Those that begin on one day, in order, none before the last has ended; none: closed."""

HORIZON_S: Final[Seconds] = 10 * 366 * DAY_S
"""How far ahead is looked: ten years."""

_WEEK: Final = 7
_DAY: Final = timedelta(days=1)
_NEVER: Final = math.inf
_PATIENCE_DAYS: Final = 10
"""After so many days it is worth asking whether it will ever open, or close, at all."""


class OpeningHours(msgspec.Struct, frozen=True, kw_only=True):
    """When a place is open.

    A span belongs to the day it begins on: one over midnight before a holiday goes on into the holiday. Where
    spans of two days overlap it is open in both.

    Raises:
        zoneinfo.ZoneInfoNotFoundError: The zone is not known here.
        ValueError: There are not seven days, or the spans of a day overlap or are not in order.
    """

    name: str
    timezone: str = "UTC"
    """IANA name."""
    week: tuple[Spans, ...] = ((),) * _WEEK
    """Monday first."""
    holidays: frozenset[date] = frozenset()
    """Local days on which nothing begins, unless an exception says otherwise."""
    exceptions: dict[date, Spans] = {}
    """Local days with spans of their own; they count before the week and the holidays."""
    holidays_until: date | None = None
    """The last day for which the holidays are known; ``None``: they do not run out."""

    def __post_init__(self) -> None:
        """Refuse what would be read wrongly later."""
        zone_named(self.timezone)
        if len(self.week) != _WEEK:
            raise ValueError(f"a week has {_WEEK} days, got {len(self.week)}")
        for spans in (*self.week, *self.exceptions.values()):
            for one, other in pairwise(spans):
                if other.begin_s < one.end_s:
                    raise ValueError(f"spans of a day overlap or are not in order: {one} and {other}")

    def spans_on(self, day: date) -> Spans:
        """Return the spans that begin on a local day."""
        own = self.exceptions.get(day)
        if own is not None:
            return own
        return () if day in self.holidays else self.week[day.weekday()]

    def is_open(self, at: Instant) -> bool:
        """Return whether it is open at an instant; that of a beginning counts, that of an end does not."""
        zone = zone_named(self.timezone)
        today = local_date(zone, at)
        # The third is for clocks that are put back over midnight: then tomorrow has begun already, once.
        for day in (today, today - _DAY, today + _DAY):
            for begin, end in self._openings(zone, day):
                if begin <= at < end:
                    return True
        return False

    def next_change(self, at: Instant) -> Instant | None:
        """Return the first instant after ``at`` at which it opens or closes.

        Returns:
            ``None`` where there is none within :data:`HORIZON_S`.
        """
        limit = at + HORIZON_S
        for begin, end in self._runs(at, limit):
            if begin > at:
                return begin
            return end if end < limit else None
        return None

    def deadline(self, start: Instant, span_s: Seconds) -> Instant | None:
        """Return the first instant by which it has been open for so long since ``start``.

        The closing instant counts: what is due after the last hour of a day is due at its end, not in the
        morning.

        Args:
            start: From when; it may be closed then.
            span_s: Open time, 0 or more; 0 is due at once.

        Returns:
            ``None`` where it is not open for so long within :data:`HORIZON_S`.

        Raises:
            ValueError: ``span_s`` is negative or no number.
        """
        if not span_s >= 0:
            raise ValueError(f"a span of open time is 0 s or more, got {span_s}")
        if span_s == 0:
            return start
        left_s = span_s
        for begin, end in self._runs(start, start + HORIZON_S):
            since = max(begin, start)
            due = since + left_s
            if due <= end:
                return due
            left_s -= end - since
        return None

    def open_time_between(self, start: Instant, end: Instant) -> Seconds:
        """Return for how long it is open from ``start`` to ``end``; 0 where that is not later."""
        if end <= start:
            return 0.0
        runs = self._runs(start, end)
        return sum((min(closes, end) - max(opens, start) for opens, closes in runs), start=0.0)

    def _openings(self, zone: ZoneInfo, day: date) -> Iterator[tuple[Instant, Instant]]:
        """Yield what begins on a local day, as instants; what a change of the clock swallows is left out."""
        for span in self.spans_on(day):
            begin, end = instant_of(zone, day, span.begin_s), instant_of(zone, day, span.end_s)
            if begin < end:
                yield begin, end

    def _runs(self, at: Instant, limit: Instant) -> Iterator[tuple[Instant, Instant]]:
        """Yield when it opens and closes, without a break between, for all that ends after ``at``.

        Args:
            at: The first may have begun before; by how much is not told.
            limit: The last is cut off here, unless it never ends: then its end is infinite.
        """
        run: tuple[Instant, Instant] | None = None
        for begin, end in self._openings_from(at, limit):
            if run is None:
                run = begin, end
            elif begin <= run[1]:
                run = run[0], max(run[1], end)
            else:
                yield run
                run = begin, end
        if run is not None:
            yield run if run[1] == _NEVER else (run[0], min(run[1], limit))

    def _openings_from(self, at: Instant, limit: Instant) -> Iterator[tuple[Instant, Instant]]:
        """Yield what ends after ``at`` and begins before ``limit``, day by day."""
        zone = zone_named(self.timezone)
        day, last = local_date(zone, at) - _DAY, local_date(zone, limit) + _DAY
        settled, patience = date.max, _PATIENCE_DAYS
        while day <= last:
            patience -= 1
            if patience == 0:
                settled = self._settled_from()
            if day >= settled:
                begin = instant_of(zone, day, 0.0)
                if any(self.week) and begin < limit:
                    yield begin, _NEVER
                return
            for begin, end in self._openings(zone, day):
                if end > at and begin < limit:
                    yield begin, end
            day += _DAY

    def _settled_from(self) -> date:
        """Return the local day from which on it never opens or never closes again."""
        if any(self.week) and not self._is_week_full():
            return date.max
        # What begins on a special day may end on the next.
        return max((*self.holidays, *self.exceptions), default=date.min) + 2 * _DAY

    def _is_week_full(self) -> bool:
        """Return whether the spans of the week leave no gap, the last ones reaching into the first day."""
        spans = [
            (number * DAY_S + span.begin_s, number * DAY_S + span.end_s)
            for number, spans in enumerate(self.week)
            for span in spans
        ]
        covered = max(spans[-1][1] - _WEEK * DAY_S, 0.0)
        for begin, end in spans:
            if begin > covered:
                return False
            covered = max(covered, end)
        return covered >= _WEEK * DAY_S


ALWAYS: Final = OpeningHours(name="always", week=((Span(0.0, DAY_S),),) * _WEEK)
"""Twenty-four hours on seven days."""
