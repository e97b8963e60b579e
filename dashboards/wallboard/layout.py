"""What has room on a board of so many cells."""

from collections.abc import Sequence
from dataclasses import dataclass

from dashboards.wallboard.columns import Column

__all__ = ["MARK_WIDTH", "Layout", "Table", "arrange", "arrange_table", "is_large"]

MARK_WIDTH = 3
"""The severity's mark and a space."""

_LEAST_GROUP, _GOOD_GROUP, _MOST_GROUP = 12, 20, 32
_LAST_NEEDED_RANK = 8
"""Columns of a higher rank come in only when the names have good room."""
_WIDEST_GAP = 4
_BIG_WIDTH, _BIG_HEIGHT, _BIG_ROWS = 96, 36, 7
_PANELS_WIDTH = 110
_LEAST_PANEL_ROWS = 4
_ABANDONED_HEIGHT = 20
_SMALL_PANEL_ROWS, _UNBOUNDED_PANEL_ROWS = 3, 6
_MOST_PANEL_ROWS = 24
_MOST_FEED_ROWS, _FEEDS_HEIGHT = 4, 24
"""So many feeds have a row each where the board is high enough, twice as many on a large one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The groups' table: its columns, the width of the names and the gap before each column."""

    columns: tuple[Column, ...]
    group_width: int
    gap: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How many rows each part gets; the sum is at most the height.

    Attributes:
        banner: Whether there is a row for what must be said.
        footer: Whether there is a last row for keys and log.
        feeds: Rows for the feeds: one each, or one for all of them.
        totals: Whether the totals have a row.
        alerts: Rows of alerts.
        lamps: Rows of lamps.
        big: Whether the totals stand above in big digits.
        group_rows: Rows for groups, >= 1.
        spare_rows: Rows that nothing needs, blank below the totals.
        panel_rows: Rows below, a title among them, for callers who gave up and for agents.
        has_agents: Whether agents share those rows.
    """

    banner: bool
    footer: bool
    feeds: int
    totals: bool
    alerts: int
    lamps: int
    big: bool
    group_rows: int
    spare_rows: int
    panel_rows: int
    has_agents: bool


def arrange_table(columns: Sequence[Column], width: int) -> Table:
    """Return the columns that have room in ``width`` cells, those of the lowest rank first."""
    room = width - MARK_WIDTH - _LEAST_GROUP
    taken: list[Column] = []
    for column in sorted(columns, key=lambda column: column.rank):
        reserve = _GOOD_GROUP - _LEAST_GROUP if column.rank > _LAST_NEEDED_RANK else 0
        if column.width + 1 > room - reserve:
            break
        taken.append(column)
        room -= column.width + 1
    shown = tuple(column for column in columns if column in taken)
    left = max(width - MARK_WIDTH - sum(column.width + 1 for column in shown), 0)
    more = max(left - _MOST_GROUP, 0) // len(shown) if shown else 0
    gap = min(1 + more, _WIDEST_GAP)
    return Table(columns=shown, group_width=left - (gap - 1) * len(shown), gap=gap)


def arrange(
    *, width: int, height: int | None, groups: int, lamps: int, alerts: int = 0, feeds: int = 1
) -> Layout:
    """Share out the rows.

    Args:
        width: In cells.
        height: In cells; ``None``: as many as all groups need.
        groups: How many there are.
        lamps: Rows that all the lamps would take.
        alerts: Rows that all the alerts would take.
        feeds: How many there are.
    """
    if height is None:
        return Layout(
            banner=True,
            footer=False,
            feeds=max(feeds, 1),
            totals=True,
            alerts=alerts,
            lamps=lamps,
            big=False,
            group_rows=max(groups, 1),
            spare_rows=0,
            panel_rows=_UNBOUNDED_PANEL_ROWS,
            has_agents=False,
        )
    big = is_large(width=width, height=height)
    most_feeds = _MOST_FEED_ROWS * 2 if big else _MOST_FEED_ROWS if height >= _FEEDS_HEIGHT else 1
    feed_rows = feeds if 1 <= feeds <= most_feeds else 1
    room = height - 4  # the header, the columns' titles, one group
    parts: dict[str, int] = {}
    wanted = (
        ("banner", 1),
        ("alerts", alerts),
        ("footer", 1),
        ("feeds", feed_rows),
        ("totals", 1),
        ("lamps", lamps),
    )
    for part, rows in wanted:
        parts[part] = rows if rows <= room else 0
        room -= parts[part]
    room += 1 - (_BIG_ROWS if big else 0)
    panel = _SMALL_PANEL_ROWS if height >= _ABANDONED_HEIGHT else 0
    group_rows = max(min(groups, room - panel), 1)
    left = room - group_rows
    panel_rows = min(left - (left > panel), _MOST_PANEL_ROWS) if panel else 0
    return Layout(
        banner=bool(parts["banner"]),
        footer=bool(parts["footer"]),
        feeds=parts["feeds"],
        totals=bool(parts["totals"]),
        alerts=parts["alerts"],
        lamps=parts["lamps"],
        big=big,
        group_rows=group_rows,
        spare_rows=max(left - panel_rows, 0),
        panel_rows=panel_rows,
        has_agents=width >= _PANELS_WIDTH and panel_rows >= _LEAST_PANEL_ROWS,
    )


def is_large(*, width: int, height: int | None) -> bool:
    """Return whether there is room for big digits and broad lamps."""
    return height is not None and width >= _BIG_WIDTH and height >= _BIG_HEIGHT
