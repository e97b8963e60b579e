"""Layout, pages, figures, columns and digits: the pure parts a board is put together from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dashboards.wallboard.columns import columns_for, legend_of, target_name
from dashboards.wallboard.digits import HEIGHT, big, big_width
from dashboards.wallboard.figures import distinct_agents, row_of, total_of
from dashboards.wallboard.layout import arrange, arrange_table
from dashboards.wallboard.line import line, spread
from dashboards.wallboard.look import PLAIN
from dashboards.wallboard.pages import page_of
from queue_alert.core.effects import Severity
from queue_alert.core.view import Figures, ServiceLevelTarget
from tests.dashboards.wallboard.floors import TARGET, agent, busy_floor, group, many_groups


def heads(width: int) -> list[str]:
    table = arrange_table(columns_for(legend_of(busy_floor().groups)), width)
    return [" ".join(column.head) for column in table.columns]


def test_narrow_board_keeps_what_counts_most() -> None:
    assert heads(12) == []
    assert heads(30) == ["WAIT- ING", "LONGEST WAIT"]
    assert heads(48) == ["WAIT- ING", "LONGEST WAIT", "SL 80/20 offered", "AVAIL- ABLE"]


def test_wide_board_has_all_columns() -> None:
    assert len(heads(200)) == 14


@given(
    width=st.integers(1, 300),
    height=st.integers(1, 120),
    groups=st.integers(0, 500),
    lamps=st.integers(0, 3),
    feeds=st.integers(0, 20),
)
def test_rows_of_a_layout_never_exceed_the_height(
    width: int, height: int, groups: int, lamps: int, feeds: int
) -> None:
    layout = arrange(width=width, height=height, groups=groups, lamps=lamps, feeds=feeds)
    rows = 3 + layout.group_rows + layout.spare_rows + layout.panel_rows + layout.lamps + 7 * layout.big
    rows += layout.banner + layout.footer + layout.feeds + layout.totals
    assert rows == max(height, 4)
    assert layout.group_rows >= 1


@given(number=st.integers(0, 80), rows=st.integers(1, 40))
def test_turning_through_all_pages_shows_every_group(number: int, rows: int) -> None:
    groups = many_groups(number).groups if number else ()
    pages = page_of(groups, rows=rows, turns=0).pages
    shown = [page_of(groups, rows=rows, turns=turn) for turn in range(pages)]
    assert {one.name for page in shown for one in page.groups} == {one.name for one in groups}
    assert all(len(page.groups) <= rows for page in shown)
    assert [page.number for page in shown] == list(range(1, pages + 1))


def test_groups_that_fit_keep_their_order_whatever_their_severity() -> None:
    groups = busy_floor().groups
    assert page_of(groups, rows=len(groups), turns=5).groups == groups


def test_bad_groups_take_at_most_half_a_page_and_lead_the_first() -> None:
    groups = [group(f"bad {index}", severity=Severity.WARNING) for index in range(6)]
    groups += [group("worst", severity=Severity.CRITICAL), group("fine")]
    page = page_of(groups, rows=4, turns=0)
    assert [one.name for one in page.groups] == ["worst", "bad 0", "bad 1", "bad 2"]
    assert (page.pinned, page.pages) == (2, 3)
    assert [one.name for one in page_of(groups, rows=4, turns=2).groups] == [
        "worst",
        "bad 0",
        "bad 5",
        "fine",
    ]


def test_agent_of_two_groups_counts_once_in_the_state_that_binds_most() -> None:
    groups = [
        group("a", agents=(agent("kim", "available", 1), agent("lee", "not_ready", 1))),
        group("b", agents=(agent("kim", "talking", 1),)),
    ]
    total = total_of(groups)
    assert (total.available, total.talking, total.not_ready, total.agents) == (0, 1, 1, 2)
    assert [one.state for one in distinct_agents(groups).values()] == ["talking", "not_ready"]


def test_agents_without_names_are_added_up() -> None:
    groups = [
        replace(group("a"), agents={"available": 2, "offline": 9}),
        replace(group("b"), agents={"wrapup": 1}),
    ]
    total = total_of(groups)
    assert (total.available, total.not_ready, total.agents) == (2, 1, 3)


def level(*, formula: str, levels: dict[str, float | None], answered: int, abandoned: int) -> Figures:
    assert formula in levels
    return Figures(answered=answered, abandoned=abandoned, service_level=levels)


@pytest.mark.parametrize(
    ("formula", "first", "second", "expected"),
    [
        ("answered", {"answered": 0.5}, {"answered": 1.0}, (0.5 * 100 + 1.0 * 50) / 150),
        ("offered", {"offered": 0.4}, {"offered": 1.0}, (0.4 * 120 + 1.0 * 50) / 170),
        ("offered", {"offered": 0.4}, {"offered": None}, 0.4),
        (
            "late_abandons",
            {"answered": 0.5, "late_abandons": 0.4},
            {"answered": 0.8, "late_abandons": 0.8},
            90 / 175,
        ),
        ("late_abandons", {"late_abandons": 0.4}, {"late_abandons": 0.4}, None),
        ("offered", {"offered": None}, {"offered": None}, None),
    ],
)
def test_service_levels_are_added_up_by_what_was_counted(
    formula: str, first: dict[str, float | None], second: dict[str, float | None], expected: float | None
) -> None:
    target = ServiceLevelTarget(formula, 20.0, 0.8)
    groups = [
        replace(
            group("a", target=target), today=level(formula=formula, levels=first, answered=100, abandoned=20)
        ),
        replace(
            group("b", target=target), today=level(formula=formula, levels=second, answered=50, abandoned=0)
        ),
    ]
    total = total_of(groups).service_level
    assert total == (None if expected is None else pytest.approx(expected))


def test_service_levels_of_different_targets_are_not_added_up() -> None:
    groups = [group("a"), group("b", target=ServiceLevelTarget("answered", 20.0, 0.8))]
    assert total_of(groups).service_level is None
    assert total_of([]).service_level is None


def test_averages_are_weighed() -> None:
    first = replace(group("a"), today=Figures(average_speed_of_answer_s=10.0, answered=1, completed=1))
    second = replace(group("b"), today=Figures(average_speed_of_answer_s=40.0, answered=2))
    assert total_of([first, second]).average_speed_of_answer_s == 30.0
    assert total_of([first, second]).average_handling_s is None


def test_target_is_named_by_goal_threshold_and_formula() -> None:
    assert target_name(TARGET) == "80/20 offered"


def test_cells_of_a_group_without_history() -> None:
    empty = replace(group("a", level=None), today=Figures(), window=Figures(), agents={})
    cells = [column.cell(row_of(empty), 0.0)[0].strip() for column in columns_for(legend_of([empty]))]
    assert cells == ["0", "-", "", "-", "-", "0", "0", "0", "0", "0", "0/0", "-", "-", "-"]


def test_windows_that_differ_are_not_named() -> None:
    legend = legend_of([group("a"), replace(group("b"), window_s=60.0)])
    assert columns_for(legend)[4].head == ("SL OF", "WINDOW")


def test_big_digits_are_five_rows_of_one_width() -> None:
    rows = big("04:12 98%<->kMh3567")
    assert len(rows) == HEIGHT
    assert {len(row) for row in rows} == {big_width("04:12 98%<->kMh3567")}
    assert big("1") == ("  ██  ", "████  ", "  ██  ", "  ██  ", "██████")
    assert big_width("") == 0


def test_line_is_cut_between_wide_characters() -> None:
    assert line([("予約", PLAIN), ("x", PLAIN)], 3).plain == "予 "


def test_end_of_a_spread_row_wins() -> None:
    assert spread([("start", PLAIN)], [("12:00", PLAIN)], 8).plain == "sta12:00"
    assert spread([("start", PLAIN)], [("12:00", PLAIN)], 4).plain == "12:0"
