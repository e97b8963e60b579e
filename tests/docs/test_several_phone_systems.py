"""The how-to for several phone systems, followed to the letter."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from queue_alert.app.config import Setup, build_setup
from queue_alert.app.registry import Registry
from queue_alert.core.events import FeedState, FeedStatusChanged
from queue_alert.core.monitor import Monitor
from queue_alert.core.units import FeedName

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "several-phone-systems.md"


def examples() -> list[dict[str, Any]]:
    text = PAGE.read_text(encoding="utf-8")
    return [tomllib.loads(block) for block in re.findall(r"```toml\n(.*?)```", text, re.DOTALL)]


def setup_of(tables: dict[str, Any]) -> Setup:
    return build_setup(tables, file="config.toml", base=Path(), registry=Registry())


@pytest.mark.parametrize("number", [0, 1])
def test_the_examples_are_sound(number: int) -> None:
    setup = setup_of(examples()[number])
    assert setup.warnings == ()
    assert [feed.name for feed in setup.feeds] == ["north", "south"]


@pytest.mark.parametrize(
    "row", re.findall(r"^\| (nothing|`\w+`) \|(.*)\|$", PAGE.read_text("utf-8"), re.MULTILINE)
)
def test_the_table_says_which_lamps_are_stale(row: tuple[str, str]) -> None:
    lost, said = row[0].strip("`"), [cell.strip() for cell in row[1].split("|")]
    monitor = Monitor(setup_of(examples()[0]).policy, 0.0)
    for name in ("north", "south"):
        state = FeedState.DOWN if name == lost else FeedState.LIVE
        event = FeedStatusChanged(id=name, source=FeedName(name), time=0.0, state=state)
        monitor.handle(event, 0.0)
    shown = ["stale" if signal.level.stale else "counts" for signal in monitor.levels()]
    assert shown == said
