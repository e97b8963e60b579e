"""Durations as people write them: ``"90s"``, ``"2m"``, ``"24h"``, ``"250ms"``, ``"1h30m"``."""

import re
from typing import Final

from queue_alert.core.units import Seconds

__all__ = ["format_duration", "parse_duration"]

_UNITS: Final = {"d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_SHAPE: Final = re.compile(
    r"(?P<sign>-?)"
    r"(?:(?P<d>\d{1,9}(?:\.\d{1,9})?)d)?"
    r"(?:(?P<h>\d{1,9}(?:\.\d{1,9})?)h)?"
    r"(?:(?P<m>\d{1,9}(?:\.\d{1,9})?)m)?"
    r"(?:(?P<s>\d{1,9}(?:\.\d{1,9})?)s)?"
    r"(?:(?P<ms>\d{1,9}(?:\.\d{1,9})?)ms)?",
    re.ASCII,
)


def parse_duration(text: str) -> Seconds | None:
    """Return the seconds that ``text`` stands for, or ``None`` if it is no duration.

    Args:
        text: Numbers with units ``d``, ``h``, ``m``, ``s`` and ``ms``, the larger first, each at most once,
            without spaces; a minus sign in front makes it negative, so that a limit can complain of it.
    """
    match = _SHAPE.fullmatch(text)
    if match is None or not any(match[unit] for unit in _UNITS):
        return None
    total = sum(float(match[unit]) * size for unit, size in _UNITS.items() if match[unit])
    return -total if match["sign"] else total


def format_duration(seconds: Seconds) -> str:
    """Return ``seconds`` as the configuration would have it: ``90.0`` is ``"1m30s"``, ``0.25`` ``"250ms"``.

    Args:
        seconds: A finite number; what is below a millisecond is rounded off.
    """
    millis = round(abs(seconds) * 1000)
    parts = []
    for unit, size in (("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)):
        count, millis = divmod(millis, size)
        if count:
            parts.append(f"{count}{unit}")
    return ("-" if seconds < 0 and parts else "") + ("".join(parts) or "0s")
