"""What the reference says is what the program does."""

import json
import re
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from devices.patterns import PatternOptions
from queue_alert.app.cli import command_names
from queue_alert.app.config import build_setup
from queue_alert.app.config.schema import (
    ButtonTable,
    ConfigFile,
    FeedTable,
    GroupTable,
    HttpTable,
    OutputTable,
    ServiceLevelTable,
    ThresholdsTable,
)
from queue_alert.app.pages import _health
from queue_alert.app.registry import Registry
from queue_alert.core.events import FeedState
from queue_alert.core.units import FeedName
from queue_alert.core.view import (
    ButtonView,
    FeedView,
    FloorView,
    LampsChanged,
    LiveMessage,
    OutputView,
    PublisherView,
    ViewChanged,
)

REFERENCE = Path(__file__).parent.parent.parent / "docs" / "reference"


def blocks(page: str, language: str) -> list[str]:
    text = (REFERENCE / page).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def test_the_whole_example_is_a_sound_configuration() -> None:
    (example,) = blocks("configuration.md", "toml")
    setup = build_setup(tomllib.loads(example), file="config.toml", base=Path(), registry=Registry())
    assert setup.warnings == ()
    assert [plan.name for plan in setup.outputs] == ["beacon", "screen"]
    assert [(feed.name, feed.stale_after_s) for feed in setup.feeds] == [("pbx", 120.0)]


def test_every_key_is_described() -> None:
    text = (REFERENCE / "configuration.md").read_text(encoding="utf-8")
    plain = [*ConfigFile.__struct_fields__[:3], *HttpTable.__struct_fields__, *GroupTable.__struct_fields__]
    plain += [*FeedTable.__struct_fields__, *OutputTable.__struct_fields__]
    plain += ButtonTable.__struct_fields__
    nested = [f"service_level.{name}" for name in ServiceLevelTable.__struct_fields__]
    nested += [
        f"{table}.{name}" for table in ("warning", "critical") for name in ThresholdsTable.__struct_fields__
    ]
    simple = [key for key in plain if key not in {"service_level", "warning", "critical"}]
    assert [key for key in [*simple, *nested] if f"| `{key}` |" not in text] == []
    assert [key for key in ConfigFile.__struct_fields__[3:] if f"[{key}" not in text] == []


def test_the_example_of_lamps_by_the_time_of_day_is_a_sound_configuration() -> None:
    example, _own_flash = blocks("lamp-patterns.md", "toml")
    setup = build_setup(tomllib.loads(example), file="config.toml", base=Path(), registry=Registry())
    assert setup.warnings == ()
    assert setup.engine_options["lamps"] == PatternOptions(
        quiet_hours=("22:00-06:30", "12:00-13:00"),
        brightness={"20:00-07:00": 30},
        lamp_test_at="07:45",
        min_on_s=3.0,
    )


def test_the_example_of_a_beacon_that_flashes_by_itself_is_a_sound_configuration() -> None:
    _hours, example = blocks("lamp-patterns.md", "toml")
    setup = build_setup(tomllib.loads(example), file="config.toml", base=Path(), registry=Registry())
    assert setup.warnings == ()
    assert setup.engine_options["lamps"] == PatternOptions(own_flash_hz={"beacon": 1.5})


def test_every_option_of_the_patterns_is_described() -> None:
    text = (REFERENCE / "lamp-patterns.md").read_text(encoding="utf-8")
    names = [name for name in PatternOptions.__struct_fields__ if name != "colours"]
    assert [name for name in names if f"| `{name}` |" not in text] == []


def test_every_command_is_described() -> None:
    text = (REFERENCE / "command-line.md").read_text(encoding="utf-8")
    assert [name for name in command_names(Registry()) if f"| `{name}` |" not in text] == []


def test_the_live_views_examples_are_messages_of_its_own() -> None:
    floor, changed, lamps, health = blocks("live-view.md", "json")
    for text, kind in ((floor, FloorView), (changed, ViewChanged), (lamps, LampsChanged)):
        message = msgspec.json.decode(text, type=LiveMessage)
        assert isinstance(message, kind)
        assert json.loads(msgspec.json.encode(message)) == json.loads(text)
    assert json.loads(health) == json.loads(msgspec.json.encode(_health(_view_of_the_example())))


def _view_of_the_example() -> FloorView:
    """What the live view's page shows the health of."""
    at = datetime(2026, 11, 20, 11, 3, 7, tzinfo=UTC).timestamp()
    begun = datetime(2026, 11, 20, 8, 0, 1, tzinfo=UTC).timestamp()
    north = FeedView(name=FeedName("north"), state=FeedState.DOWN, since=at, reason="login refused")
    south = FeedView(
        name=FeedName("south"), state=FeedState.LIVE, since=begun, lag_s=0.02, clock_offset_s=3.2
    )
    return FloorView(
        at=at,
        started_at=at - 12.5,
        version="0.1.0",
        feeds=(north, south),
        outputs=(OutputView(name="beacon", driver="gpio-lamp"),),
        publishers=(PublisherView(name="hub", driver="mqtt", is_up=True, since=begun + 1),),
        buttons=(ButtonView(name="desk", driver="gpio-button", is_up=True, since=begun),),
    )


def test_every_field_of_a_feed_is_described() -> None:
    text = (REFERENCE / "live-view.md").read_text(encoding="utf-8")
    assert [field for field in FeedView.__struct_fields__ if f"`{field}`" not in text] == []


@pytest.mark.parametrize("page", ["configuration.md", "command-line.md", "lamp-patterns.md", "live-view.md"])
def test_links_between_pages_lead_somewhere(page: str) -> None:
    text = (REFERENCE / page).read_text(encoding="utf-8")
    targets = [target.partition("#")[0] for target in re.findall(r"\]\(([^)]+)\)", text)]
    assert [target for target in targets if not (REFERENCE / target).exists()] == []
