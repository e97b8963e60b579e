"""Reads durations and times of day as people write them."""

import re

from queue_alert.core.units import Seconds

__all__ = ["read_duration", "read_time_of_day"]

_NUMBER = r"\d{1,9}(?:\.\d{1,6})?"
_DURATION = re.compile(
    "".join(rf"(?:(?P<{unit}>{_NUMBER}){unit})?" for unit in ("d", "h", "m", "s", "ms")), re.ASCII
)
_BARE = re.compile(_NUMBER, re.ASCII)
_UNITS: dict[str, Seconds] = {"d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_TIME_OF_DAY = re.compile(r"(?P<hour>[01]\d|2[0-3]):(?P<minute>[0-5]\d)", re.ASCII)


def read_duration(text: str) -> Seconds:
    """Return the seconds of ``"90s"``, ``"10m"``, ``"1h30m"``, ``"250ms"``, ``"1d"`` or ``"90"`` (seconds).

    Raises:
        ValueError: It is none of these.
    """
    if _BARE.fullmatch(text):
        return float(text)
    match = _DURATION.fullmatch(text)
    if match is None or not text:
        raise ValueError(f'must be a duration such as "90s", "10m" or "1h30m", got "{text}"')
    return sum(float(match[unit]) * size for unit, size in _UNITS.items() if match[unit])


def read_time_of_day(text: str) -> Seconds:
    """Return the seconds after midnight of ``"10:30"``.

    Raises:
        ValueError: It is not a time of day in hours and minutes, 00:00 to 23:59.
    """
    match = _TIME_OF_DAY.fullmatch(text)
    if match is None:
        raise ValueError(f'must be a time of day such as "10:30", got "{text}"')
    return int(match["hour"]) * 3_600.0 + int(match["minute"]) * 60.0
