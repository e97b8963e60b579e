"""More groups than rows: pages that turn, with the worst groups on top of each."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from queue_alert.core.effects import Severity
from queue_alert.core.view import GroupView

__all__ = ["Page", "page_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of groups.

    Attributes:
        groups: At most as many as there are rows; the pinned ones first.
        pinned: How many of them are on every page.
        number: 1 to ``pages``.
        pages: How many pages there are.
    """

    groups: tuple[GroupView, ...]
    pinned: int
    number: int
    pages: int


def page_of(groups: Sequence[GroupView], *, rows: int, turns: int) -> Page:
    """Return the page to show.

    Groups keep their configured order. Where they do not all fit, the worst (critical first, then warning)
    are pinned to the top of every page, at most half of it; the worst of the others lead the first page.

    Args:
        groups: All of them, in configured order.
        rows: Rows for groups, >= 1.
        turns: How often the page has been turned; any number.
    """
    if len(groups) <= rows:
        return Page(groups=tuple(groups), pinned=0, number=1, pages=1)
    by_severity = sorted(groups, key=lambda group: -group.severity)
    bad = sum(group.severity > Severity.NORMAL for group in groups)
    pinned = min(bad, rows // 2)
    rest = by_severity[pinned:]
    per_page = rows - pinned
    pages = math.ceil(len(rest) / per_page)
    number = turns % pages
    shown = rest[number * per_page : (number + 1) * per_page]
    return Page(groups=(*by_severity[:pinned], *shown), pinned=pinned, number=number + 1, pages=pages)
