"""The groups' table: titles, a row a group, the totals, and the totals in big digits."""

from typing import Final

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text

from dashboards.wallboard.columns import EXPECTED_HEAD, Legend
from dashboards.wallboard.digits import HEIGHT, big, big_width
from dashboards.wallboard.figures import Row
from dashboards.wallboard.layout import MARK_WIDTH, Table
from dashboards.wallboard.line import Parts, blank, line
from dashboards.wallboard.look import (
    CRITICAL,
    FAINT,
    HEADING,
    HELD_MARK,
    MARKS,
    PLAIN,
    SEVERITY_STYLES,
    STRONG,
    WARNING,
    Look,
)
from dashboards.wallboard.text import count, duration, fit, percent
from queue_alert.core.effects import Severity
from queue_alert.core.units import Instant

__all__ = ["big_rows", "group_row", "titles", "total_row"]

_EMERGENCY: Final = " EMERGENCY"
_SHORT_EMERGENCY: Final = " SOS"
_SEEN: Final = " (seen)"

_BIG_GAP = 6


def titles(table: Table, width: int, *, held: int, groups: int) -> list[Text]:
    """Return the two rows of column titles; held figures are called so here too.

    Args:
        table: The columns.
        width: In cells.
        held: How many groups' figures are held.
        groups: How many groups there are.
    """
    title = "GROUP" if not held else "GROUP (held)" if held == groups else f"GROUP {HELD_MARK} held"
    rows = []
    for index, name in enumerate(("", title)):
        parts: Parts = [(" " * MARK_WIDTH + fit(name, table.group_width), HEADING)]
        for column in table.columns:
            parts.append(
                (" " * table.gap + fit(column.head[index], column.width, align=column.align), HEADING)
            )
        rows.append(line(parts, width))
    return rows


def group_row(row: Row, table: Table, look: Look, width: int, *, now: Instant) -> Text:
    """Return one group's row.

    Critical colours all of it, a warning what says why; the mark says the same without colour. Held figures
    are dim, but for the severity, and have a mark of their own.
    """
    is_critical = row.severity is Severity.CRITICAL
    band = SEVERITY_STYLES[row.severity]
    rest = FAINT if row.is_held and not is_critical else PLAIN
    mark = MARKS[row.severity].strip() + (HELD_MARK if row.is_held else "")
    parts: Parts = [(mark.ljust(MARK_WIDTH) + _name(row, table, look), _laid(band, rest))]
    for column in table.columns:
        text, style = column.cell(row, now)
        under = band if column.in_band or is_critical else PLAIN
        # Faint on a colour cannot be read.
        own = PLAIN if under is not PLAIN and style is FAINT else style
        cell = " " * table.gap + fit(text, column.width, align=column.align, ellipsis=look.ellipsis)
        parts.append((cell, _laid(under, rest) + own))
    return line(parts, width, base=CRITICAL if is_critical else PLAIN)


def _name(row: Row, table: Table, look: Look) -> str:
    """Return the group's name, and behind it what else there is to say, as far as there is room for that.

    An emergency has its room, whatever the name is cut to: nobody may overlook it.
    """
    name = look.words(row.name)
    if row.emergencies:
        said = _EMERGENCY if cell_len(name) + len(_EMERGENCY) <= table.group_width else _SHORT_EMERGENCY
        return fit(name, max(table.group_width - len(said), 0), ellipsis=look.ellipsis) + said
    if row.is_seen and cell_len(name) + len(_SEEN) <= table.group_width:
        return fit(name + _SEEN, table.group_width)
    if row.stale_since and not any(column.head == EXPECTED_HEAD for column in table.columns):
        for said in (f" (stale since {row.stale_since})", f" (since {row.stale_since})", " (stale)"):
            if cell_len(name) + len(said) <= table.group_width:
                return fit(name + said, table.group_width)
    return look.cell(row.name, table.group_width)


def _laid(band: Style, rest: Style) -> Style:
    return rest if band is PLAIN else band


def total_row(row: Row, table: Table, width: int, *, now: Instant, is_held: bool) -> Text:
    """Return the totals over all groups, on every page; held as soon as any part of them is."""
    rest = FAINT if is_held else PLAIN
    mark = HELD_MARK if is_held else ""
    parts: Parts = [(mark.ljust(MARK_WIDTH) + fit("ALL GROUPS", table.group_width), rest + STRONG)]
    for column in table.columns:
        # The worst severity's word belongs to one group, not to their sum.
        text, style = ("", PLAIN) if column.head == ("", "") else column.cell(row, now)
        parts.append((" " * table.gap + fit(text, column.width, align=column.align), rest + style))
    return line(parts, width, base=HEADING)


def big_rows(row: Row, legend: Legend | None, width: int, *, now: Instant, is_held: bool) -> list[Text]:
    """Return the totals as seven rows of big digits, as many figures as there is room for."""
    longest = "-" if row.oldest_queued_at is None else duration(now - row.oldest_queued_at)
    level = percent(row.service_level)
    target = legend.shared if legend else None
    is_below = target is not None and row.service_level is not None and row.service_level < target.goal
    alarm = SEVERITY_STYLES[row.severity]
    figures = [
        ("WAITING", count(row.waiting, width=4), alarm),
        ("LONGEST WAIT", longest, alarm),
        ("AVAILABLE", count(row.available, width=4), PLAIN),
        ("SERVICE LEVEL" + (" - BELOW GOAL" if is_below else ""), level, PLAIN),
        ("ABANDONED TODAY", count(row.abandoned, width=4), PLAIN),
    ]
    rows: list[Parts] = [[("   ", PLAIN)] for _ in range(HEIGHT + 1)]
    left = width - MARK_WIDTH
    for title, text, style in figures:
        cells = max(big_width(text), len(title)) + _BIG_GAP
        if cells - _BIG_GAP > left:
            break
        left -= cells
        rows[0].append((fit(title, cells), HEADING))
        for parts, points in zip(rows[1:], big(text), strict=True):
            parts.append((fit(points, cells), _ink(style, is_held=is_held)))
    return [*(line(parts, width) for parts in rows), blank(width)]


def _ink(style: Style, *, is_held: bool) -> Style:
    # Digits are drawn in ink, so the band's background becomes their colour.
    if style is CRITICAL:
        return Style(color="bright_red", bold=True)
    if style is WARNING:
        return Style(color="bright_yellow", bold=True)
    return FAINT if is_held else STRONG
