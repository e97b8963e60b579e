"""RFC 3339 to instants and back."""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from queue_alert.core.units import Instant

__all__ = ["LONGEST_TIME", "instant_of", "rfc3339"]

LONGEST_TIME: Final = 40
"""No time is written with more characters; what is longer is none."""

_SHAPE: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(\.\d{1,12})?(?:[Zz]|([+-])(\d\d):(\d\d))", re.ASCII
)
_LAST_MINUTE: Final = 59
_LEAP_SECOND: Final = 60


def instant_of(text: str) -> Instant | None:
    """Return the instant that ``text`` names; ``None`` where it is no RFC 3339 time from 1970 on.

    A leap second counts as the second before it.

    Source: RFC 3339, 5.6 (``date-time``; a blank in place of the T is allowed there, an offset is a must).
    """
    match = _SHAPE.fullmatch(text) if len(text) <= LONGEST_TIME else None
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(match[number]) for number in range(1, 7))
    away = timedelta(hours=int(match[9] or 0), minutes=int(match[10] or 0))
    if int(match[10] or 0) > _LAST_MINUTE:
        return None
    try:
        zone = timezone(-away if match[8] == "-" else away)
        moment = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=zone)
    except ValueError:
        return None
    whole = moment.timestamp()
    if second > _LEAP_SECOND or whole < 0:
        return None
    return whole + float(match[7] or 0)


def rfc3339(at: Instant) -> str:
    """Return ``at`` in UTC, to the microsecond: ``2026-01-05T10:30:00.250000Z``.

    Raises:
        ValueError: It lies before the year 1 or after 9999.
        OverflowError: As ``ValueError``.
    """
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
