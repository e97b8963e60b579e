"""The board, whole: golden pictures, widths, pages, what it says when figures cannot be believed."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.cells import cell_len
from rich.color import ColorSystem
from rich.text import Text

from dashboards.wallboard.ansi import ansi, plain, runs
from dashboards.wallboard.board import Board, draw_board
from dashboards.wallboard.look import Look
from dashboards.wallboard.scene import Scene
from queue_alert.core.effects import Severity
from queue_alert.core.events import FeedState
from queue_alert.core.view import (
    AlertView,
    ButtonView,
    FeedView,
    FloorView,
    OutputView,
    PublisherView,
    ServiceLevelTarget,
)
from tests.dashboards.wallboard.floors import (
    NOW,
    agent,
    busy_floor,
    feed,
    floor_of,
    gave_up,
    group,
    lost,
    many_groups,
)
from tests.dashboards.wallboard.golden import check_golden

ADDRESS = "ws://127.0.0.1:9469/live"


def text_of(rows: list[Text]) -> str:
    return "\n".join(plain(row) for row in rows) + "\n"


def draw(view: FloorView | None, *, width: int = 80, height: int | None = 24, **scene: Any) -> str:
    rows = Board(Look()).draw(
        Scene(view=view, now=scene.pop("now", NOW), address=ADDRESS, **scene), width=width, height=height
    )
    return text_of(rows)


@pytest.mark.parametrize(
    ("name", "width", "height", "console"),
    [
        ("busy-80x24", 80, 24, False),
        ("busy-80x24-console", 80, 24, True),
        ("busy-120x40", 120, 40, False),
        ("busy-200x60", 200, 60, False),
        ("busy-40x12", 40, 12, False),
        ("busy-all", 100, None, False),
    ],
)
def test_busy_floor_looks_as_agreed(name: str, width: int, height: int | None, console: bool) -> None:
    rows = draw_board(busy_floor(), NOW, width=width, height=height, console=console, address=ADDRESS)
    check_golden(name, text_of(rows))


def test_stale_feed_looks_as_agreed() -> None:
    check_golden("stale-80x24", draw(busy_floor(state=FeedState.STALE, reason="no event for 60 s")))


def test_down_feed_looks_as_agreed() -> None:
    check_golden("down-80x24", draw(busy_floor(state=FeedState.DOWN, reason="connection refused")))


TWO_FEEDS = (
    replace(feed(name="north"), lag_s=4.2, clock_offset_s=3.4, corrections=12),
    lost("south", FeedState.DOWN, "connection refused", minutes=4),
)
FOUR_FEEDS = (
    *TWO_FEEDS,
    lost("call centre in the east", FeedState.STALE, "nothing heard for 60 s", minutes=0.5),
    lost("west", FeedState.SYNCING, "", minutes=26 * 60),
)


@pytest.mark.parametrize(
    ("name", "feeds", "width", "height", "console"),
    [
        ("two-feeds-80x24", TWO_FEEDS, 80, 24, False),
        ("two-feeds-170x50", TWO_FEEDS, 170, 50, False),
        ("two-feeds-40x12", TWO_FEEDS, 40, 12, False),
        ("four-feeds-80x24-console", FOUR_FEEDS, 80, 24, True),
        ("four-feeds-120x40", FOUR_FEEDS, 120, 40, False),
    ],
)
def test_several_feeds_look_as_agreed(
    name: str, feeds: tuple[FeedView, ...], width: int, height: int, console: bool
) -> None:
    rows = draw_board(floor_of(*feeds), NOW, width=width, height=height, console=console, address=ADDRESS)
    check_golden(name, text_of(rows))


def test_feeds_of_a_monitor_that_is_gone_are_called_what_they_were() -> None:
    rows = draw(floor_of(*TWO_FEEDS), now=NOW + 30, gone_since=NOW).splitlines()
    assert rows[1:3] == ["  ?  south was down", "  ?  north was live"]


def test_figures_that_are_held_are_dim_and_others_are_not() -> None:
    known, held = (
        group("known", waiting=3, longest_s=9),
        replace(group("held", waiting=3, longest_s=9), stale=True),
    )
    down = replace(lost("b", FeedState.DOWN, "", minutes=5), groups=("held",))
    view = FloorView(at=NOW, groups=(known, held), feeds=(feed(), down))
    rows = Board(Look()).draw(Scene(view=view, now=NOW), width=80, height=24)
    (one,) = (row for row in rows if row.plain.startswith("   known"))
    (other,) = (row for row in rows if row.plain.startswith("?  held"))
    for row, is_dim in ((one, False), (other, True)):
        figures = {text.strip(): bool(style.dim) for text, style in runs(row)}
        assert {figures["3"], figures["00:09"]} == {is_dim}


def test_how_long_a_feed_is_lost_grows_by_itself() -> None:
    view = floor_of(lost("pbx", FeedState.DOWN, "gone", minutes=0))
    board = Board(Look())
    said = [
        plain(board.draw(Scene(view=view, now=NOW + age), width=80, height=24)[1])
        for age in (0, 1, 61, 3600, 90_000)
    ]
    assert [text.partition(", for ")[2] for text in said] == ["0 s", "1 s", "1 min", "1 h", "1 d 1 h"]


def test_an_emergency_is_in_every_group_row_of_its_in_words_and_what_was_seen_is_said() -> None:
    called = replace(group("Customer complaints"), severity=Severity.CRITICAL, emergencies=1)
    seen = replace(group("Sales"), severity=Severity.WARNING, acknowledged=True)
    view = FloorView(at=NOW, groups=(called, seen, group("Support")))
    for width, said in ((80, "SOS"), (200, "EMERGENCY")):
        board = draw(view, width=width, height=30)
        assert re.findall(r"Customer\S*.* (EMERGENCY|SOS) ", board) == [said]
        assert re.findall(r"Sales (\(seen\))", board) == ["(seen)"]
        assert "Support (" not in board


def test_a_group_is_stale_since_the_first_of_its_feeds_was_lost() -> None:
    early = replace(lost("a", FeedState.STALE, "", minutes=10), groups=("Sales", "Sup*"))
    late = lost("b", FeedState.DOWN, "", minutes=5)
    groups = tuple(replace(group(name), stale=True) for name in ("Support", "Billing"))
    view = FloorView(at=NOW, timezone="Europe/Berlin", feeds=(early, late), groups=groups)
    board = draw(view, width=200, height=30)
    assert re.findall(r"(Support|Billing).*stale since (\S+)", board) == [
        ("Support", "11:53:07"),
        ("Billing", "11:58:07"),
    ]


def test_a_group_that_is_stale_for_no_known_reason_is_marked_all_the_same() -> None:
    view = replace(busy_floor(), groups=(replace(group("Sales"), stale=True),))
    assert "\n?  Sales    " in draw(view)


def test_a_publisher_that_is_not_up_is_said_where_nothing_worse_is() -> None:
    publisher = PublisherView(name="hub", driver="mqtt", since=NOW - 60, reason="connection refused")
    view = replace(busy_floor(), publishers=(replace(publisher, name="fine", is_up=True), publisher))
    assert draw(view).splitlines()[2] == " ! publisher hub is down since 12:02:07: connection refused"
    quiet = replace(view, publishers=(replace(publisher, reason=""),))
    assert draw(quiet).splitlines()[2] == " ! publisher hub is down since 12:02:07"
    worse = replace(view, feeds=(feed(FeedState.DOWN),))
    assert draw(worse).splitlines()[2] == " !! pbx1 is down since 11:03:07"


def test_a_dead_button_is_said_where_nothing_worse_is() -> None:
    dead = ButtonView(name="desk", driver="gpio-button", since=NOW - 60, reason="key button is stuck")
    view = replace(busy_floor(), buttons=(replace(dead, name="fine", is_up=True), dead))
    assert draw(view).splitlines()[2] == " ! button desk is dead since 12:02:07: key button is stuck"
    quiet = replace(view, buttons=(replace(dead, reason=""),))
    assert draw(quiet).splitlines()[2] == " ! button desk is dead since 12:02:07"


def test_several_lost_feeds_are_counted_in_the_header() -> None:
    feeds = (lost("a", FeedState.DOWN, "", minutes=1), lost("b", FeedState.DOWN, "", minutes=1), feed())
    assert "!! 2 FEEDS DOWN - 6 of 8 groups held" in draw(floor_of(*feeds))


def test_gone_monitor_looks_as_agreed() -> None:
    check_golden("gone-80x24", draw(busy_floor(), now=NOW + 30, gone_since=NOW))


def test_monitor_that_never_answered_looks_as_agreed() -> None:
    check_golden("never-80x24", draw(None, gone_since=NOW, notice="something broke"))


def test_help_looks_as_agreed() -> None:
    check_golden("help-80x24", draw(busy_floor(), shows_help=True))


def test_differing_targets_are_lettered_and_explained() -> None:
    groups = (
        group("Sales", waiting=1, longest_s=4),
        group("Support", target=ServiceLevelTarget("answered", 30.0, 0.9)),
        group("New", level=None),
    )
    view = FloorView(at=NOW, timezone="Europe/Berlin", reset_at=NOW - 60, groups=groups, feeds=(feed(),))
    check_golden("targets-80x24", draw(view))


def test_worst_groups_are_pinned_to_every_page() -> None:
    view = many_groups(40)
    first, last = draw(view), draw(view, turns=3)
    check_golden("pages-first-80x24", first)
    check_golden("pages-last-80x24", last)


def test_no_groups_yet_is_a_board_all_the_same() -> None:
    assert "ALL GROUPS" in draw(FloorView(at=NOW))


def test_ages_stand_still_while_the_monitor_is_gone() -> None:
    assert "04:12" in draw(busy_floor(), now=NOW + 600, gone_since=NOW)


def test_ages_grow_by_themselves_while_it_is_there() -> None:
    assert "14:12" in draw(busy_floor(), now=NOW + 600)


def test_fault_of_a_lamp_is_said_in_the_banner_and_at_the_lamp() -> None:
    view = replace(
        busy_floor(),
        outputs=(OutputView(name="beacon", driver="gpio", fault="pin 17 is in use"),),
        signals=(),
    )
    board = draw(view)
    assert "!! beacon cannot be lit: pin 17 is in use" in board
    assert "!! FAULT" in board


def test_colour_that_is_none_still_shows_a_lit_lamp() -> None:
    view = replace(busy_floor(), outputs=(OutputView(name="b", driver="x", lamps={"lamp": "no colour"}),))
    assert "██ LAMP*" in draw(view)


def test_more_lamps_than_rows_are_cut_to_three_rows() -> None:
    outputs = tuple(
        OutputView(name=f"tower {index}", driver="x", lamps={"red": "off", "green": "off"})
        for index in range(20)
    )
    board = draw(replace(busy_floor(), outputs=outputs))
    assert sum("tower" in row for row in board.splitlines()) == 3


def test_feeds_without_room_are_counted_worst_first() -> None:
    feeds = tuple(feed(name=f"exchange-{index}") for index in range(8))
    bad = feed(FeedState.DOWN, name="last")
    board = draw(replace(busy_floor(), feeds=(*feeds, bad)))
    assert board.splitlines()[1] == "  !!  last down since 11:03:07    ok  exchange-0 live   +7 more"


def test_lag_of_a_feed_is_shown() -> None:
    board = draw(replace(busy_floor(), feeds=(replace(feed(), lag_s=4.2),)))
    assert "lag 4 s" in board


def test_syncing_feed_is_said_in_the_header() -> None:
    assert ".. FEED SYNCING - figures held" in draw(busy_floor(state=FeedState.SYNCING))


def test_board_that_is_still_connecting_does_not_claim_to_be_live() -> None:
    assert draw(None).splitlines()[0].startswith(" QUEUE ALERT  .. CONNECTING")


def test_monitor_without_a_feed_is_not_live() -> None:
    assert "! NO FEED - nothing is known" in draw(replace(busy_floor(), feeds=()))


def test_notice_takes_the_last_row() -> None:
    assert draw(busy_floor(), notice="disk full").splitlines()[-1] == " ! disk full"


def test_row_that_did_not_change_is_the_same_object() -> None:
    board, view = Board(Look()), busy_floor()
    before = board.draw(Scene(view=view, now=NOW), width=80, height=24)
    after = board.draw(Scene(view=view, now=NOW + 1), width=80, height=24)
    changed = [index for index in range(24) if before[index] is not after[index]]
    waiting = [5, 6, 7, 13]
    assert changed == [0, 2, *waiting]


def test_lamp_edge_changes_the_lamps_row_alone() -> None:
    board, view = Board(Look()), busy_floor()
    before = board.draw(Scene(view=view, now=NOW), width=80, height=24)
    dark = replace(view.outputs[0], lamps={"lamp": "off"})
    after = board.draw(
        Scene(view=replace(view, outputs=(dark, view.outputs[1])), now=NOW), width=80, height=24
    )
    changed = [index for index in range(24) if before[index] != after[index]]
    assert changed == [15]


@given(width=st.integers(1, 260), height=st.one_of(st.none(), st.integers(1, 90)), groups=st.integers(0, 70))
def test_any_size_is_filled_exactly(width: int, height: int | None, groups: int) -> None:
    view = replace(busy_floor(), groups=(*busy_floor().groups, *many_groups(groups).groups))
    rows = draw_board(view, NOW, width=width, height=height)
    assert {cell_len(row.plain) for row in rows} == {width}
    assert height is None or len(rows) == height


@given(
    name=st.text(max_size=60),
    caller=st.text(max_size=30),
    reason=st.text(max_size=30),
    width=st.integers(20, 200),
    console=st.booleans(),
)
def test_no_text_from_outside_can_command_the_terminal(
    name: str, caller: str, reason: str, width: int, console: bool
) -> None:
    hostile = group(
        name,
        waiting=1,
        longest_s=3,
        severity=Severity.WARNING,
        agents=(agent(name, "not_ready", 3, reason), agent(reason, name, 2)),
        abandoned=(gave_up("c", caller, 4, 5),),
        target=ServiceLevelTarget(reason or "x", 20.0, 0.8),
    )
    view = FloorView(
        at=NOW,
        version=reason,
        timezone=name,
        groups=(hostile,),
        feeds=(feed(FeedState.DOWN, reason, name),),
        outputs=(OutputView(name=name, driver="x", lamps={reason: "off", name: caller}, fault=""),),
    )
    rows = draw_board(view, NOW, width=width, height=40, console=console, address=caller)
    for row in rows:
        assert cell_len(row.plain) == width
        assert row.plain.isprintable()
        assert not console or all(character <= "\u00ff" or character in "▄█▲" for character in row.plain)
        assert re.sub(r"\x1b\[[0-9;]*m", "", ansi(row, ColorSystem.STANDARD)) == row.plain


def test_many_feeds_of_a_monitor_that_is_gone_share_a_row_and_are_called_what_they_were() -> None:
    view = replace(busy_floor(), feeds=tuple(feed(name=f"exchange-{index}") for index in range(6)))
    row = draw(view, now=NOW + 30, gone_since=NOW).splitlines()[1]
    assert row == "  ?  exchange-0 was live    ?  exchange-1 was live   +4 more"


def test_feeds_that_are_live_have_room_for_what_is_worth_knowing_where_they_share_a_row() -> None:
    late = replace(feed(name="late"), lag_s=70, clock_offset_s=-2.5, corrections=1)
    row = draw(replace(busy_floor(), feeds=(late, feed())), width=120, height=12).splitlines()[1]
    assert row == "  ok  late live lag 1 min its clock 2 s ahead 1 correction    ok  pbx1 live"


# ---- alerts


def alert(rule: str, **more: Any) -> AlertView:
    settings: dict[str, Any] = {
        "rule": rule,
        "group": "Sales",
        "generation": 1,
        "state": "firing",
        "severity": Severity.CRITICAL,
        "fired_at": NOW - 90.0,
        "reason": "waiting 6 >= 5",
    }
    return AlertView(**(settings | more))


def alert_lines(*alerts: AlertView, **more: Any) -> list[str]:
    drawn = draw(replace(busy_floor(), alerts=alerts), width=120, height=40, **more).splitlines()
    begin = next((at for at, row in enumerate(drawn) if row.startswith(" ALERTS")), len(drawn))
    end = next(at for at, row in enumerate(drawn) if row.startswith(" LAMPS"))
    return [row.rstrip() for row in drawn[begin:end]]


def test_without_an_alert_nothing_is_said_of_them() -> None:
    assert alert_lines() == []


def test_an_alert_says_what_where_since_when_why_and_who_has_it_in_hand() -> None:
    seen = alert("long-wait", severity=Severity.WARNING, state="acknowledged", acknowledged_by="button desk")
    explained = alert("poor", suppressed_by="rule crowd explains it", fired_at=NOW - 90_000.0)
    assert alert_lines(alert("crowd"), seen, explained) == [
        " ALERTS !! crowd Sales since 12:01:37: waiting 6 >= 5",
        "        !  long-wait Sales since 12:01:37: waiting 6 >= 5 (seen by button desk)",
        "        !! poor Sales since Thu 19 11:03:07: waiting 6 >= 5 (rule crowd explains it)",
    ]


def test_an_alert_says_who_is_told_and_when_nobody_is_left() -> None:
    told = alert("crowd", told=("anna", "ben"))
    assert alert_lines(told, alert("long", told=("ben",), is_exhausted=True)) == [
        " ALERTS !! crowd Sales since 12:01:37: waiting 6 >= 5 (told anna, ben)",
        "        !! long Sales since 12:01:37: waiting 6 >= 5 NOBODY HAS IT IN HAND",
    ]


def test_of_many_alerts_the_first_are_shown_and_the_others_counted() -> None:
    lines = alert_lines(*(alert(f"r{number}") for number in range(7)))
    assert [line.split(" since")[0] for line in lines] == [
        " ALERTS !! r0 Sales",
        "        !! r1 Sales",
        "           and 5 more",
    ]


def test_a_small_board_keeps_its_alerts_and_its_height() -> None:
    drawn = draw(replace(busy_floor(), alerts=(alert("crowd"),)), width=80, height=24).splitlines()
    assert len(drawn) == 24
    assert any(row.startswith(" ALERTS !! crowd Sales") for row in drawn)
