"""What a clock on a wall shows, and when: local times of day as instants, and spans between two of them.

A local time that does not exist is the instant of the transition that leaves it out; one that comes twice is
the first of the two. So every local time is one instant, and a later one is never an earlier instant: spans
that meet on paper meet in fact, and a shift that ends in the hour that is repeated is as long as planned.

Source: RFC 5545, section 3.3.5, for the first of two; for one that does not exist it goes as far past the
transition as the time lies in the gap, which would let a span that ends before another begins overlap it.
"""

import re
from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from queue_alert.core.units import Instant, Seconds

__all__ = ["DAY_S", "Span", "instant_of", "local_date", "parse_span", "zone_named"]

DAY_S: Final[Seconds] = 86_400.0
"""A day on the wall; in elapsed time it may be longer or shorter."""

_SPAN: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)", re.ASCII)


class Span(msgspec.Struct, frozen=True, order=True):
    """From one local time to another; the first belongs to it, the second does not.

    Raises:
        ValueError: It does not begin within its day, or is not longer than nothing and at most a day long.
    """

    begin_s: Seconds
    """After the midnight at which its day begins, 0 to below 86,400."""
    end_s: Seconds
    """After the same midnight: past 86,400 it lies in the next day. Above ``begin_s``, by at most 86,400."""

    def __post_init__(self) -> None:
        """Refuse what is no span."""
        if not 0 <= self.begin_s < DAY_S or not self.begin_s < self.end_s <= self.begin_s + DAY_S:
            raise ValueError(f"no span of a day: {self.begin_s} s to {self.end_s} s after midnight")

    def __str__(self) -> str:
        """Return it as people write it: ``22:00-06:00``."""
        end_s = self.end_s if self.end_s <= DAY_S else self.end_s - DAY_S
        return f"{_clock(self.begin_s)}-{_clock(end_s)}"


def parse_span(text: str) -> Span | None:
    """Return the span ``"HH:MM-HH:MM"``, or ``None`` if it is none or as long as nothing.

    Args:
        text: The end may be 24:00; an end before the beginning is on the next day.
    """
    match = _SPAN.fullmatch(text)
    if match is None:
        return None
    begin_s = _seconds(match[1], match[2])
    end_s = DAY_S if match[3] is None else _seconds(match[3], match[4])
    if begin_s == end_s:
        return None
    return Span(begin_s, end_s if end_s > begin_s else end_s + DAY_S)


@cache
def zone_named(timezone: str) -> ZoneInfo:
    """Return the time zone of this IANA name; it is read from the disk once and then kept.

    Raises:
        zoneinfo.ZoneInfoNotFoundError: The zone is not known here.
        ValueError: The text can be no zone's name.
    """
    return ZoneInfo(timezone)


def local_date(zone: ZoneInfo, at: Instant) -> date:
    """Return the day on the wall's calendar."""
    return datetime.fromtimestamp(at, zone).date()


@lru_cache(maxsize=512)  # the same few days are asked for again and again
def instant_of(zone: ZoneInfo, day: date, time_s: Seconds) -> Instant:
    """Return when the local clock first shows (or jumps past) a time.

    Args:
        zone: Where the clock hangs.
        day: The day on its calendar.
        time_s: What it shows, as seconds after that day's midnight; past 86,400 it is the next day's.
    """
    # Arithmetic on the wall, not in elapsed time.
    wall = datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(seconds=time_s)
    first, second = wall.timestamp(), wall.replace(fold=1).timestamp()
    return first if first <= second else _transition(zone, second, first)


def _transition(zone: ZoneInfo, low: Instant, high: Instant) -> Instant:
    """Return the one transition after ``low`` and at or before ``high``; it is at a whole second."""
    # Of a time in a gap, fold=1 takes the offset after the transition and so lies before it; fold=0 the other
    # way round (PEP 495).
    before, first, last = datetime.fromtimestamp(low, zone).utcoffset(), int(low // 1), int(-(-high // 1))
    while last - first > 1:
        middle = (first + last) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == before:
            first = middle
        else:
            last = middle
    return float(last)


def _seconds(hours: str, minutes: str) -> Seconds:
    return int(hours) * 3600.0 + int(minutes) * 60.0


def _clock(time_s: Seconds) -> str:
    hours, minutes = divmod(int(time_s // 60), 60)
    return f"{hours:02}:{minutes:02}"
