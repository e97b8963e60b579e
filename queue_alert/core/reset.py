"""When "today" begins."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from queue_alert.core.units import Instant, Seconds

__all__ = ["next_reset", "previous_reset"]

_DAY = timedelta(days=1)


def next_reset(timezone: str, reset_at_s: Seconds, now: Instant) -> Instant:
    """Return the first daily reset after ``now``.

    Args:
        timezone: IANA name.
        reset_at_s: Local time of day, in seconds after midnight, 0 to 86,399. On a day on which that time
            does not exist it is the instant of the transition; one that comes twice is the first of the two.
        now: The present.

    Raises:
        zoneinfo.ZoneInfoNotFoundError: The zone is not known here.
    """
    zone = ZoneInfo(timezone)
    day = datetime.fromtimestamp(now, zone).date() - _DAY
    while True:
        instant = _instant(zone, datetime(day.year, day.month, day.day, tzinfo=zone), reset_at_s)
        if instant > now:
            return instant
        day += _DAY


def previous_reset(timezone: str, reset_at_s: Seconds, now: Instant) -> Instant:
    """Return the last daily reset at or before ``now``; arguments as in :func:`next_reset`."""
    zone = ZoneInfo(timezone)
    day = datetime.fromtimestamp(now, zone).date() + _DAY
    while True:
        instant = _instant(zone, datetime(day.year, day.month, day.day, tzinfo=zone), reset_at_s)
        if instant <= now:
            return instant
        day -= _DAY


def _instant(zone: ZoneInfo, midnight: datetime, reset_at_s: Seconds) -> Instant:
    """Return the instant at which the local clock first shows (or jumps past) the time of day."""
    wall = midnight + timedelta(seconds=reset_at_s)  # arithmetic on the wall, not in elapsed time
    first = wall.replace(fold=0).astimezone(UTC)
    if first.astimezone(zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return first.timestamp()
    # The time is in a gap. With fold=1 its offset is that after the transition, so the instant lies before
    # the gap by as much as the wall time lies past its end; the transition is between the two instants.
    low, high = wall.replace(fold=1).astimezone(UTC), first
    before = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return float(round(high.timestamp()))
