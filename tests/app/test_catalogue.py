from typing import Any

from queue_alert.app.catalogue import describe_drivers
from queue_alert.app.registry import Registry
from tests.app.fakes import MODULE, registry


def described(name: str, **more: str) -> dict[str, Any]:
    (driver,) = (driver for driver in describe_drivers(registry(**more)) if driver["name"] == name)
    return driver


def test_a_driver_is_described_with_its_options() -> None:
    assert described("script") == {
        "kind": "feed",
        "name": "script",
        "summary": "does what a script says",
        "installed": True,
        "problem": "",
        "options": [
            {"name": "host", "type": "text", "required": True, "default": "", "example": '"…"'},
            {"name": "port", "type": "whole number", "required": False, "default": "5038", "example": "5038"},
            {
                "name": "timeout",
                "type": "duration",
                "required": False,
                "default": '"10s"',
                "example": '"10s"',
            },
            {
                "name": "mode",
                "type": '"plain" or "tls"',
                "required": False,
                "default": '"plain"',
                "example": '"plain"',
            },
        ],
        "common": [GROUPS, stale_after('"off"')],
    }


GROUPS = {
    "name": "groups",
    "type": "list of text",
    "required": False,
    "default": '["*"]',
    "example": '["*"]',
}


def stale_after(default: str) -> dict[str, Any]:
    return {
        "name": "stale_after",
        "type": '"off" or duration',
        "required": False,
        "default": default,
        "example": default,
    }


def test_how_long_silence_may_last_is_shown_as_the_driver_has_it() -> None:
    listening = described("listening", listening=f"{MODULE}:LISTENING_FEED")
    assert listening["common"] == [GROUPS, stale_after('"1m"')]
    assert described("pin")["common"] == [GROUPS]


def test_publishers_are_described_too() -> None:
    hub = described("hub")
    assert (hub["kind"], hub["summary"], hub["common"]) == ("publisher", "tells nobody", [])
    assert [option["name"] for option in hub["options"]] == ["topic"]


def test_lists_are_written_as_toml() -> None:
    assert described("pin")["options"][1] == {
        "name": "colours",
        "type": "list of text",
        "required": False,
        "default": '["red"]',
        "example": '["red"]',
    }


def test_a_missing_package_is_said_with_how_to_get_it() -> None:
    needy = described("needy")
    assert (needy["installed"], needy["problem"]) == (
        False,
        (
            'driver "needy" needs the package package_nobody_has; '
            'install it with: pip install "queue-alert[needy]"'
        ),
    )


def test_a_broken_driver_is_listed_with_what_is_wrong() -> None:
    broken = described("broken", broken="no_such_module:X")
    assert (broken["installed"], broken["options"]) == (False, [])
    assert "cannot be loaded" in broken["problem"]


def test_pages_are_listed_too() -> None:
    assert described("count")["summary"] == "/count: counts groups"


def test_no_installed_driver_has_an_option_that_the_shell_takes_for_itself() -> None:
    taken = {
        driver["name"]: clash
        for driver in describe_drivers(Registry())
        if (clash := {"driver", *names(driver["common"])} & names(driver["options"]))
    }
    assert taken == {}


def names(options: list[dict[str, Any]]) -> set[str]:
    return {option["name"] for option in options}
