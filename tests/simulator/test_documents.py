"""What the documents show is what the programs do."""

import argparse
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import msgspec
import pytest

from simulator.command import COMMAND
from simulator.doors import DOORS
from simulator.feed import DRIVER
from simulator.floors import load_scenario, scenario_names
from simulator.scenario import DEMO

DOCS = Path(__file__).parents[2] / "docs"
TUTORIAL = (DOCS / "tutorial" / "first-lamp.md").read_text()
COMMAND_LINE = (DOCS / "reference" / "command-line.md").read_text()
EXPLANATION = (DOCS / "explanation" / "simulator.md").read_text()


def blocks(text: str, language: str) -> list[str]:
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return [content for name, content in fenced if name == language]


def check(folder: Path, content: str) -> tuple[int, str]:
    config = folder / "config.toml"
    config.write_text(content)
    done = subprocess.run(
        [sys.executable, "-m", "queue_alert", "check", "--config", str(config)],
        cwd=DOCS.parent,
        capture_output=True,
        check=False,
        text=True,
        timeout=20,
    )
    said = (done.stdout + done.stderr).replace(str(config), "/etc/queue-alert/config.toml")
    return done.returncode, said


@pytest.mark.process
def test_the_tutorials_first_configuration_is_fine(tmp_path: Path) -> None:
    code, said = check(tmp_path, blocks(TUTORIAL, "toml")[0])
    assert code == 0
    assert said in blocks(TUTORIAL, "")


@pytest.mark.process
def test_the_tutorials_mistakes_are_reported_as_it_says(tmp_path: Path) -> None:
    broken = (
        blocks(TUTORIAL, "toml")[0]
        .replace("goal = 0.8", "goal = 80")
        .replace('within = "20s"', "within = 20")
        .replace('driver = "simulator"', 'driver = "simulato"')
    )
    code, said = check(tmp_path, broken)
    assert code == 2
    assert said in blocks(TUTORIAL, "")


def test_the_explained_options_are_the_feeds() -> None:
    (text,) = blocks(EXPLANATION, "toml")
    table = tomllib.loads(text)["feeds"]["floor"]
    assert table.pop("driver") == "simulator"
    assert set(table) == set(DRIVER.options.__struct_fields__)
    assert DRIVER.check(msgspec.convert(table, DRIVER.options)) == []


def test_the_table_of_the_demo_floor_is_the_demo_floor() -> None:
    rows = [
        f"| {group.name} | {len(group.agents)} | {max(group.arrivals.per_hour):g} "
        f"| {group.mean_handling_s:g} s | {group.wrapup_s:g} s | {group.mean_patience_s:g} s |"
        for group in DEMO.groups
    ]
    assert "\n".join(rows) in EXPLANATION


def test_every_door_is_in_the_reference() -> None:
    rows = [f"| `{name}` | `{kind.address}` | {kind.summary} |" for name, kind in DOORS.items()]
    assert "\n".join(rows) in COMMAND_LINE


def test_every_option_of_the_command_is_in_the_reference() -> None:
    parser = argparse.ArgumentParser(add_help=False)
    COMMAND.arguments(parser)
    options = {action.option_strings[0] for action in parser._actions}
    section = COMMAND_LINE.split("## `simulate`")[1].split("\n## ")[0]
    assert set(re.findall(r"^\| `(--\w+)", section, re.MULTILINE)) == options


def test_every_floor_that_ships_is_in_the_reference() -> None:
    rows = [f"| `{name}` | {load_scenario(name).summary} |" for name in scenario_names()]
    assert "\n".join(rows) in (DOCS / "reference" / "scenarios.md").read_text()


def test_every_module_is_explained() -> None:
    modules = {path.stem for path in (DOCS.parent / "simulator").glob("*.py")} - {"__init__"}
    named = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", EXPLANATION, re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", " ".join(named))) == modules
    for path in (DOCS.parent / "simulator" / "theory").glob("[!_]*.py"):
        assert f"`{path.stem}`" in EXPLANATION
