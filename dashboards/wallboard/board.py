"""The board: a scene and a size in, styled rows out. Pure, with a memory of the rows that did not change."""

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from rich.text import Text

from dashboards.wallboard.alerts import alert_rows
from dashboards.wallboard.columns import Legend, columns_for, legend_of
from dashboards.wallboard.figures import Row, row_of, total_of
from dashboards.wallboard.header import banner, feed_ages, feeds_rows, footer, header
from dashboards.wallboard.help import help_rows
from dashboards.wallboard.layout import Layout, Table, arrange, arrange_table, is_large
from dashboards.wallboard.line import blank, line
from dashboards.wallboard.look import STRONG, Look
from dashboards.wallboard.pages import Page, page_of
from dashboards.wallboard.panels import abandoned_panel, agents_panel, lamp_rows
from dashboards.wallboard.scene import Scene
from dashboards.wallboard.table import big_rows, group_row, titles, total_row
from queue_alert.core.units import Instant
from queue_alert.core.view import FloorView, GroupView

__all__ = ["Board", "draw_board"]

Made = TypeVar("Made")

_NO_PAGE = Page(groups=(), pinned=0, number=1, pages=1)
_LAMP, _BROAD_LAMP = 2, 6
_ABANDONED_SHARE = 3
"""Beside the agents, the callers who gave up get a third of the width."""


class Board:
    """Draws scenes one after the other.

    A row whose figures did not change is the very same object as in the frame before, so that whoever writes
    it can tell by identity. The memory holds one entry a row of the screen, no more.
    """

    def __init__(self, look: Look) -> None:
        self._look = look
        self._memory: dict[Hashable, tuple[tuple[Any, ...], Any]] = {}
        self._legend: Legend | None = None

    def draw(self, scene: Scene, *, width: int, height: int | None) -> list[Text]:
        """Return the rows, each exactly ``width`` cells wide.

        Args:
            scene: What to show.
            width: In cells; less than 1 is 1.
            height: In cells, exactly as many rows come back; ``None``: as many as all groups need.
        """
        width = max(width, 1)
        if scene.shows_help:
            rows = [header(scene, _NO_PAGE, width), *help_rows(width, self._look)]
        elif scene.view is None:
            rows = self._empty(scene, width)
        else:
            rows = self._floor(scene, scene.view, width, height)
        if height is None:
            return rows
        rows = rows[: max(height, 1)]
        return rows + [self._once(("blank", width), (), lambda: blank(width))] * (max(height, 1) - len(rows))

    def _empty(self, scene: Scene, width: int) -> list[Text]:
        said = f" waiting for the monitor at {self._look.words(scene.address)}"
        rows = [header(scene, _NO_PAGE, width), blank(width), line([(said, STRONG)], width)]
        if scene.gone_since is not None:
            rows.append(banner(scene, None, self._look, width))
        if scene.notice:
            rows += [blank(width), footer(scene, self._look, width)]
        return rows

    def _floor(self, scene: Scene, view: FloorView, width: int, height: int | None) -> list[Text]:
        look, groups = self._look, view.groups
        legend = self._same_legend(groups)
        table = self._once("table", (legend, width), lambda: arrange_table(columns_for(legend), width))
        lamp_width = _BROAD_LAMP if is_large(width=width, height=height) else _LAMP
        lamps = self._once(
            "lamps",
            (view.outputs, view.signals, width, lamp_width, scene.gone_since is None),
            lambda: lamp_rows(scene, look, width, lamp_width=lamp_width),
        )
        alerts = self._once(
            "alerts",
            # "Since" names the day when that was not today.
            (view.alerts, width, int(scene.now // 3600)),
            lambda: alert_rows(scene, look, width),
        )
        layout = arrange(
            width=width,
            height=height,
            groups=len(groups),
            alerts=len(alerts),
            lamps=len(lamps),
            feeds=len(view.feeds),
        )
        page = self._once(
            "page",
            (groups, layout.group_rows, scene.turns),
            lambda: page_of(groups, rows=layout.group_rows, turns=scene.turns),
        )
        total = self._once("sum", (groups,), lambda: total_of(groups))
        rows = [header(scene, page, width)]
        if layout.feeds:
            # "Since" names the day when that was not today; an hour is often enough to look.
            causes = (
                view.feeds,
                feed_ages(scene),
                (width, layout.feeds),
                int(scene.now // 3600),
                scene.gone_since is None,
            )
            rows += self._once("feeds", causes, lambda: feeds_rows(scene, look, width, layout.feeds))
        if layout.banner:
            rows.append(banner(scene, legend, look, width))
        if layout.big:
            rows += self._big(total, legend, scene, width)
        held = sum(scene.is_group_held(group) for group in groups)
        rows += self._once(
            "titles",
            (table, width, held, len(groups)),
            lambda: titles(table, width, held=held, groups=len(groups)),
        )
        rows += self._groups(page, table, scene, width)
        if layout.totals:
            rows.append(self._total(total, table, scene, width))
        missing = layout.group_rows - len(page.groups) + layout.spare_rows
        rows += [self._once(("blank", width), (), lambda: blank(width))] * missing
        rows += alerts[: layout.alerts]
        rows += lamps[: layout.lamps]
        rows += self._panels(scene, groups, layout, width)
        if layout.footer:
            rows.append(
                self._once(
                    "footer",
                    (scene.notice, scene.address, view.version, width),
                    lambda: footer(scene, look, width),
                )
            )
        return rows

    def _groups(self, page: Page, table: Table, scene: Scene, width: int) -> list[Text]:
        rows = []
        now = scene.figures_at
        for index, group in enumerate(page.groups):

            def draw(group: GroupView = group) -> Text:
                row = row_of(group, is_held=scene.is_group_held(group), stale_since=scene.stale_since(group))
                return group_row(row, table, self._look, width, now=now)

            age = _whole_age(group.oldest_queued_at, now)
            held = scene.is_group_held(group), scene.stale_since(group)
            rows.append(self._once(("group", index), (group, age, table, width, *held), draw))
        return rows

    def _big(self, total: Row, legend: Legend, scene: Scene, width: int) -> list[Text]:
        now, is_held = scene.figures_at, scene.is_held
        return self._once(
            "big",
            (total, legend, _whole_age(total.oldest_queued_at, now), width, is_held),
            lambda: big_rows(total, legend, width, now=now, is_held=is_held),
        )

    def _total(self, total: Row, table: Table, scene: Scene, width: int) -> Text:
        now, is_held = scene.figures_at, scene.is_held
        return self._once(
            "total",
            (total, _whole_age(total.oldest_queued_at, now), table, width, is_held),
            lambda: total_row(total, table, width, now=now, is_held=is_held),
        )

    def _panels(self, scene: Scene, groups: tuple[GroupView, ...], layout: Layout, width: int) -> list[Text]:
        rows, now = layout.panel_rows, scene.figures_at
        # Names change by the minute and the day, not by the second.
        deps = (groups, rows, width, int(now // 60), layout.has_agents)

        def draw() -> list[Text]:
            if not layout.has_agents:
                return abandoned_panel(groups, scene, self._look, width, rows)
            right = width // _ABANDONED_SHARE
            agents = agents_panel(groups, self._look, width - right, rows, now=now)
            abandoned = abandoned_panel(groups, scene, self._look, right, rows)
            return [_beside(left, other) for left, other in zip(agents, abandoned, strict=True)]

        return self._once("panels", deps, draw)

    def _same_legend(self, groups: tuple[GroupView, ...]) -> Legend:
        legend = self._once("legend", (groups,), lambda: legend_of(groups))
        if self._legend is None or self._legend != legend:
            self._legend = legend
        return self._legend

    def _once(self, key: Hashable, causes: tuple[Any, ...], make: Callable[[], Made]) -> Made:
        """Return what was made of the same ``causes`` before, else make it and remember it."""
        known = self._memory.get(key)
        if known is not None and known[0] == causes:
            made: Made = known[1]
            return made
        made = make()
        self._memory[key] = (causes, made)
        return made


def draw_board(
    view: FloorView,
    now: Instant,
    *,
    width: int,
    height: int | None = None,
    console: bool = False,
    address: str = "",
) -> list[Text]:
    """Return one board of ``view`` as styled rows.

    Args:
        view: The floor.
        now: The monitor's instant; ages are reckoned to it.
        width: In cells.
        height: In cells; ``None``: as many rows as all groups need, on one page.
        console: Keep to what the raw Linux console can draw.
        address: Shown in the last row.
    """
    scene = Scene(view=view, now=now, address=address)
    return Board(Look(console=console)).draw(scene, width=width, height=height)


def _whole_age(oldest: Instant | None, now: Instant) -> int | None:
    return None if oldest is None else int(max(now - oldest, 0.0))


def _beside(left: Text, right: Text) -> Text:
    both = left.copy()
    both.append_text(right)
    return both
