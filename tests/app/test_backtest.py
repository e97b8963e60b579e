"""``queue-alert backtest``: rules tried on a recorded day, held against a walk through its figures."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from queue_alert.app.cli import main

FLOOR = """
timezone = "UTC"
[feeds.acd]
driver = "simulator"
[outputs.lamp]
driver = "virtual"
[store]
[staff.anna]
phone = "sip:201"
[profiles.floor]
steps = [{ tell = ["anna"], timeout = "10h" }]
"""


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an hour of a simulated floor, as a recording."""
    path = tmp_path_factory.mktemp("backtest") / "day.jsonl"
    words = ["--scenario", "demo", "--seed", "7", "--duration", "1h", "--speed", "max"]
    with path.open("wb") as file:
        subprocess.run(
            [sys.executable, "-m", "queue_alert", "simulate", *words, "--start", "2026-01-05T10:30:00Z"],
            check=True,
            stdout=file,
            timeout=30,
        )
    return path


def rule(name: str, limit: int, **more: str) -> str:
    further = "".join(f"{key} = {value}\n" for key, value in more.items())
    return f"[rules.{name}]\nwhen = {{ waiting = {limit} }}\n{further}"


def backtested(folder: Path, capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, list[str]]:
    """Run it and return the table's cells by their row's name."""
    assert main(["backtest", *words]) == 0
    rows = [line.split("  ") for line in capsys.readouterr().out.splitlines()]
    return {row[0]: [cell.strip() for cell in row[1:] if cell.strip()] for row in rows[1:]}


def walked(day: Path, limit: int, capsys: pytest.CaptureFixture[str]) -> dict[str, int]:
    """Return how often each group came to so many who wait, by its figures line by line."""
    assert main(["replay", str(day), "--json"]) == 0
    is_over: dict[str, bool] = {}
    times: dict[str, int] = {}
    for text in capsys.readouterr().out.splitlines()[:-1]:
        line = json.loads(text)
        is_now = line["waiting"] >= limit
        times[line["group"]] = times.get(line["group"], 0) + (
            is_now and not is_over.get(line["group"], False)
        )
        is_over[line["group"]] = is_now
    return times


@pytest.mark.process
def test_a_rule_fires_as_often_as_its_figure_came_to_the_limit(
    day: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for limit in (1, 2):
        config = tmp_path / f"{limit}.toml"
        config.write_text(FLOOR + rule("crowd", limit, profile='"floor"') + rule("never", 10_000))
        times = sum(walked(day, limit, capsys).values())
        assert times > 0
        cells = backtested(tmp_path, capsys, "--config", str(config), str(day))
        assert cells["rule crowd"][0].startswith(f"{times} times, ")
        assert cells["rule never"] == ["never"]
        # One step, hours long: each alert tells her once.
        assert cells["told anna"] == [f"{times} times"]


@pytest.mark.process
def test_two_configurations_stand_side_by_side_and_two_days_are_added_up(
    day: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new, old = tmp_path / "new.toml", tmp_path / "old.toml"
    new.write_text(FLOOR + rule("crowd", 1))
    old.write_text(FLOOR + rule("crowd", 2) + rule("more", 1))
    times = sum(walked(day, 1, capsys).values())
    cells = backtested(tmp_path, capsys, "--config", str(new), "--against", str(old), str(day), str(day))
    assert cells["rule crowd"][0].startswith(f"{2 * times} times, ")
    assert cells["rule more"][0] == "-"
    assert cells["rule more"][1].startswith(f"{2 * times} times, ")
    assert "told anna" not in cells


@pytest.mark.process
def test_without_a_rule_that_is_said(day: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "none.toml"
    config.write_text(FLOOR)
    assert backtested(tmp_path, capsys, "--config", str(config), str(day)) == {"no rule": ["-"]}
