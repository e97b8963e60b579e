"""Words and figures for a board of fixed cells: nothing here is ever wider than asked."""

import math
import unicodedata
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from rich.cells import cell_len, set_cell_size

from queue_alert.core.units import Instant, Ratio, Seconds

__all__ = [
    "Align",
    "clean",
    "clock",
    "count",
    "day_clock",
    "duration",
    "fit",
    "how_long",
    "moment",
    "percent",
    "zone",
]

Align = Literal["left", "right", "centre"]

_CONSOLE_EXTRAS = frozenset("▄█▲")
_CONSOLE_TWINS = str.maketrans("…–—‘’“”•", "~--''\"\"*")  # noqa: RUF001  # look-alikes are the point
_LONGEST_TEXT = 400
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_FINE_DAYS = 10 * _DAY
_TEN_HOURS = 10 * _HOUR
_LAST_HOURS = 1000 * _HOUR


@lru_cache(maxsize=8192)
def clean(text: str, *, console: bool = False) -> str:
    """Return ``text`` safe to write to a terminal: what could command it shows as ``?``.

    Control and format characters (escape sequences, line ends, bidirectional overrides, joiners), lone
    surrogates and unassigned code points become ``?``; variation selectors go, and of a pile of combining
    marks the first two stay. At most 400 characters are looked at.

    Args:
        text: Anything, from anywhere.
        console: Keep only what the raw Linux console draws: Latin-1 and ``▄ █ ▲``.
    """
    kept: list[str] = []
    marks = 0
    short = text[:_LONGEST_TEXT]
    for character in unicodedata.normalize("NFC", short.translate(_CONSOLE_TWINS) if console else short):
        category = unicodedata.category(character)
        marks = marks + 1 if category[0] == "M" else 0
        if marks:
            if marks <= 2 and kept and not console and not _is_variation_selector(character):  # noqa: PLR2004
                kept.append(character)
        elif category[0] == "C" or category in {"Zl", "Zp"} or (console and not _is_on_console(character)):
            kept.append("?")
        else:
            kept.append(" " if category == "Zs" else character)
    return "".join(kept)


def _is_variation_selector(character: str) -> bool:
    return "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"


def _is_on_console(character: str) -> bool:
    return character <= "\u00ff" or character in _CONSOLE_EXTRAS


def fit(text: str, width: int, *, align: Align = "left", ellipsis: str = "~") -> str:
    """Return ``text`` in exactly ``width`` cells, cut with ``ellipsis`` (one cell) where it is too long.

    Args:
        text: Already clean.
        width: In cells, >= 0.
        align: Where the text stands when there is room left.
        ellipsis: One cell that says something was cut.
    """
    if width <= 0:
        return ""
    length = cell_len(text)
    if length > width:
        return set_cell_size(text, width - 1) + ellipsis
    room = width - length
    match align:
        case "left":
            return text + " " * room
        case "right":
            return " " * room + text
        case "centre":
            return " " * (room // 2) + text + " " * (room - room // 2)


def duration(seconds: Seconds) -> str:
    """Return ``04:12``, from an hour on ``1:02:03``, from ten hours on ``10h02``: at most 7 cells.

    Seconds that have not passed whole do not count; less than 0 is 0.
    """
    whole = int(min(max(seconds, 0.0), _LAST_HOURS)) if math.isfinite(seconds) else _LAST_HOURS
    if whole < _HOUR:
        return f"{whole // _MINUTE:02d}:{whole % _MINUTE:02d}"
    if whole < _TEN_HOURS:
        return f"{whole // _HOUR}:{whole % _HOUR // _MINUTE:02d}:{whole % _MINUTE:02d}"
    if whole < _LAST_HOURS:
        return f"{whole // _HOUR}h{whole % _HOUR // _MINUTE:02d}"
    return ">999h"


def how_long(seconds: Seconds) -> str:
    """Return ``45 s``, ``12 min``, ``3 h 20 min``, ``2 d 5 h`` or ``120 d``: rounded down, at most 11 cells.

    Less than 0 is 0.
    """
    whole = int(min(max(seconds, 0.0), _LAST_HOURS * 24)) if math.isfinite(seconds) else _LAST_HOURS * 24
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min"
    if whole < _DAY:
        return _in_two(whole // _HOUR, "h", whole % _HOUR // _MINUTE, "min")
    return _in_two(whole // _DAY, "d", whole % _DAY // _HOUR if whole < _FINE_DAYS else 0, "h")


def _in_two(large: int, unit: str, small: int, small_unit: str) -> str:
    return f"{large} {unit} {small} {small_unit}" if small else f"{large} {unit}"


def count(number: int, *, width: int = 5) -> str:
    """Return a count in at most ``width`` (>= 4) cells: whole, else thousands or millions, rounded down."""
    for divisor, unit in ((1, ""), (1_000, "k"), (1_000_000, "M")):
        text = f"{number // divisor}{unit}"
        if len(text) <= width:
            return text
    return ">" + "9" * (width - 2) + "M"


def percent(ratio: Ratio | None) -> str:
    """Return ``82 %``, rounded down so that a goal just missed never reads as met; ``-`` where not known."""
    if ratio is None or not math.isfinite(ratio):
        return "-"
    return f"{math.floor(min(max(ratio, 0.0), 1.0) * 100 + 1e-9)} %"


@lru_cache(maxsize=64)
def zone(name: str) -> tzinfo:
    """Return the time zone called ``name``; UTC where there is none of that name."""
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        # ZoneInfo raises ZoneInfoNotFoundError (a KeyError), ValueError for a bad key, OSError for a folder.
        return UTC


def moment(at: Instant, timezone: str) -> datetime | None:
    """Return ``at`` on the floor's wall clock, or ``None`` where no calendar reaches."""
    try:
        return datetime.fromtimestamp(at, zone(timezone))
    except (ValueError, OverflowError, OSError):
        return None


def clock(at: Instant, timezone: str) -> str:
    """Return ``12:03:07`` as the floor's wall clock shows it."""
    local = moment(at, timezone)
    return f"{local:%H:%M:%S}" if local else "--:--:--"


def day_clock(at: Instant, now: Instant, timezone: str) -> str:
    """Return ``12:03:07``, with the day before it where that is not today: ``Sat 21 12:03:07``."""
    local, today = moment(at, timezone), moment(now, timezone)
    if local is None or today is None or local.date() == today.date():
        return clock(at, timezone)
    return f"{local:%a %d %H:%M:%S}"
