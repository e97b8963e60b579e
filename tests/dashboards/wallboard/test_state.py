import pytest
from msgspec.structs import replace

from dashboards.wallboard.state import Floor, LiveViewError, apply
from queue_alert.core.events import FeedState
from queue_alert.core.view import ButtonView, LampsChanged, PublisherView, SignalView, ViewChanged
from tests.dashboards.wallboard.floors import NOW, busy_floor, feed, group

VIEW = busy_floor()
FLOOR = Floor(view=VIEW, offset=NOW - 100.0)


def test_floor_begins_all() -> None:
    assert apply(None, VIEW, 100.0) == FLOOR


def test_new_floor_replaces_all() -> None:
    other = replace(VIEW, groups=())
    assert apply(FLOOR, other, 100.0) == Floor(view=other, offset=NOW - 100.0)


def test_change_replaces_groups_in_their_place_and_adds_new_ones() -> None:
    support, new = group("Support", waiting=0), group("New")
    floor = apply(FLOOR, ViewChanged(at=NOW + 5, groups=(new, support)), 104.0)
    old = VIEW.groups
    assert floor == Floor(
        view=replace(VIEW, at=NOW + 5, groups=(old[0], support, *old[2:], new)), offset=NOW + 1 - 100.0
    )


def test_change_replaces_all_that_it_names_and_the_reset() -> None:
    change = ViewChanged(
        at=NOW,
        feeds=(feed(FeedState.DOWN),),
        signals=(SignalView(VIEW.signals[0].name, VIEW.signals[1].level),),
        outputs=(replace(VIEW.outputs[1], fault="unplugged"),),
        publishers=(PublisherView(name="hub", driver="mqtt"),),
        buttons=(ButtonView(name="desk", driver="gpio-button"),),
        reset_at=NOW,
    )
    publisher = replace(change.publishers[0], is_up=True)
    button = replace(change.buttons[0], is_up=True)
    before = Floor(view=replace(VIEW, publishers=(publisher,), buttons=(button,)), offset=FLOOR.offset)
    assert apply(before, change, 100.0).view == replace(
        VIEW,
        feeds=change.feeds,
        signals=(change.signals[0], VIEW.signals[1]),
        outputs=(VIEW.outputs[0], change.outputs[0]),
        publishers=change.publishers,
        buttons=change.buttons,
        reset_at=NOW,
    )


def test_lamps_change_one_output_alone() -> None:
    change = LampsChanged(at=NOW, output="beacon", lamps={"lamp": "off"})
    expected = replace(VIEW, outputs=(replace(VIEW.outputs[0], lamps={"lamp": "off"}), VIEW.outputs[1]))
    assert apply(FLOOR, change, 100.0).view == expected


def test_lamps_of_an_unknown_output_change_nothing() -> None:
    assert apply(FLOOR, LampsChanged(at=NOW, output="nobody", lamps={}), 100.0) == FLOOR


def test_change_before_the_floor_is_refused() -> None:
    with pytest.raises(LiveViewError, match="the first message was not the floor"):
        apply(None, ViewChanged(at=NOW), 0.0)


def test_names_without_bound_are_refused() -> None:
    groups = tuple(replace(VIEW.groups[0], name=f"group {index}") for index in range(10_001))
    with pytest.raises(LiveViewError, match="more than 10000 things"):
        apply(FLOOR, ViewChanged(at=NOW, groups=groups), 0.0)


def test_now_counts_on_between_messages() -> None:
    assert FLOOR.now(107.0) == NOW + 7.0
