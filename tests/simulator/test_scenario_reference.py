"""Every key that a scenario may have is in the reference, with its default, and no other."""

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from simulator import faults, habits, scenario
from simulator.floors import read_scenario
from simulator.profile import HourlyProfile
from simulator.tables import Key, keys

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "scenarios.md").read_text(encoding="utf-8")
SECTIONS: dict[str, type[msgspec.Struct]] = {
    "The file": scenario.Scenario,
    "`[[groups]]`": scenario.GroupScenario,
    "`[[groups.bursts]]`": habits.Burst,
    "`[[groups.priorities]]`": habits.PriorityShare,
    "`[[groups.transfers]]`": habits.TransferHabit,
    "`[groups.callbacks]`": habits.CallbackHabits,
    "`[[groups.messages]]`": habits.MessageHabits,
    "`[groups.escalations]`": habits.EscalationHabits,
    "`[[agents]]`": habits.AgentScenario,
    "`[[shifts]]`": habits.Shift,
    "`[breaks]`": habits.BreakHabits,
    "`breaks.reasons`": habits.PauseReason,
    "`[[faults]]`": faults.Fault,
}


def shown(key: Key) -> str:
    """Return the default as the page shows it."""
    if key.is_required:
        return "needed"
    return written(key.default, is_time=key.name != key.field)


def written(value: Any, *, is_time: bool = False) -> str:
    match value:
        case None | HourlyProfile():
            return "none"
        case habits.BreakHabits():
            return "none are taken"
        case bool():
            return f"`{value}`".lower()
        case float() if is_time and value == 37_800.0:
            return '`"10:30"`'
        case float() if is_time:
            return f'`"{value:g}s"`'
        case int() | float():
            return f"`{value:g}`"
        case str():
            return f'`"{value}"`'
        case tuple():
            parts = ", ".join(written(part).strip("`") for part in value)
            return f"`[{parts}]`"
        case habits.PauseReason():
            return f'`{{ reason = "{value.reason}", mean = "{value.mean_s:g}s" }}`'
        case _:
            raise AssertionError(value)


def section_text(section: str) -> str:
    parts = re.split(r"^##+ (.+)$", PAGE, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))[section]


def rows(section: str) -> list[tuple[str, str, str]]:
    found = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+) \|$", section_text(section), re.MULTILINE)
    return [(key, default, text) for key, default, text in found]


@pytest.mark.parametrize("section", SECTIONS)
def test_every_key_is_there_with_its_default(section: str) -> None:
    expected = []
    for key in keys(SECTIONS[section]):
        default = "the file's" if (section, key.name) == ("The file", "name") else shown(key)
        expected.append((key.name, default))
    assert [(key, default) for key, default, _ in rows(section)] == expected


def test_every_table_has_a_section() -> None:
    parts = re.split(r"^##+ (.+)$", PAGE, flags=re.MULTILINE)
    assert [name for name in parts[1::2] if name in SECTIONS] == list(SECTIONS)


def test_the_example_is_a_floor() -> None:
    (example,) = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    made = read_scenario(example, file="hotline.toml")
    assert made.name == "hotline"
    assert [group.name for group in made.groups] == ["hotline", "claims"]
    assert made.faults
