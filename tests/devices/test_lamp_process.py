"""However a program ends that can still do anything, its lamp is dark."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.process


def run(ending: str, on: str) -> tuple[int, list[str]]:
    """Run the program until it is over; return its exit code and what it said."""
    command = [sys.executable, "-m", "tests.devices.lamp_program", ending, on]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline().strip()]
        if ending == "signal":
            process.terminate()
        lines += process.stdout.read().splitlines()
    return process.returncode, lines


def test_a_terminated_program_leaves_the_lamp_dark() -> None:
    assert run("signal", "high") == (0, ["lit", "0 1 0"])


def test_a_terminated_program_leaves_a_relay_off_that_is_on_when_low() -> None:
    assert run("signal", "low") == (0, ["lit", "0 1 0 1"])


def test_a_program_that_dies_of_a_bug_leaves_the_lamp_dark() -> None:
    assert run("exception", "high") == (1, ["lit", "0 1 0"])


def test_a_program_that_ends_leaves_the_lamp_dark() -> None:
    assert run("normal", "high") == (0, ["lit", "0 1 0"])


def test_an_output_that_nobody_closed_is_dark_when_the_program_ends() -> None:
    assert run("unclosed", "high") == (0, ["lit", "0 1 0"])
