from importlib.metadata import EntryPoint

import pytest

from queue_alert.app.registry import COMMANDS, FEEDS, BrokenDriverError, Registry, UnknownDriverError
from queue_alert.ports import Command, FeedDriver
from tests.app.fakes import FEED, MODULE, registry


def message(name: str, **more: str) -> str:
    with pytest.raises((BrokenDriverError, UnknownDriverError)) as caught:
        registry(**more).load(FEEDS, name, FeedDriver)
    return str(caught.value)


def test_a_driver_is_loaded_by_name() -> None:
    assert registry().load(FEEDS, "script", FeedDriver) is FEED
    assert registry().load_any(FEEDS, "script") is FEED


def test_names_are_sorted_and_nothing_is_loaded_for_them() -> None:
    assert registry(broken="no_such_module:X").names(FEEDS) == ("broken", "needy", "script")


def test_an_unknown_driver_comes_with_the_known_ones() -> None:
    assert message("pigeon") == 'no feed driver "pigeon" is installed; known are: needy, script'


def test_with_nothing_installed_none_is_known() -> None:
    with pytest.raises(UnknownDriverError, match="known are: none"):
        Registry(lambda _group: []).load_any(COMMANDS, "wallboard")


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("no_such_module:DRIVER", "No module named 'no_such_module'"),
        (f"{MODULE}:NOTHING", f"module '{MODULE}' has no attribute 'NOTHING'"),
    ],
)
def test_a_driver_that_cannot_be_loaded_is_said_so(value: str, reason: str) -> None:
    assert message("broken", broken=value) == f'feed driver "broken" cannot be loaded from {value}: {reason}'


def test_a_driver_of_the_wrong_kind_is_said_so() -> None:
    assert message("odd", odd=f"{MODULE}:PIN") == (
        f'feed driver "odd" cannot be used: {MODULE}:PIN is no FeedDriver'
    )


def test_a_driver_brought_by_two_packages_is_refused() -> None:
    points = [EntryPoint("a", value, FEEDS) for value in ("one:X", "two:X")]
    with pytest.raises(BrokenDriverError) as caught:
        Registry(lambda _group: points).load_any(FEEDS, "a")
    assert str(caught.value) == 'feed driver "a" is brought twice, by one:X and two:X; uninstall one of them'


def test_the_same_entry_point_found_twice_is_one_driver() -> None:
    points = [EntryPoint("a", f"{MODULE}:FEED", FEEDS)] * 2
    assert Registry(lambda _group: points).load_any(FEEDS, "a") is FEED


def test_our_own_drivers_are_found_where_they_are_installed() -> None:
    assert {"wallboard", "simulate"} <= set(Registry().names(COMMANDS))
    assert Registry().load(COMMANDS, "simulate", Command).summary
