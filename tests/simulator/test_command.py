"""``queue-alert simulate`` as a program."""

import argparse
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from queue_alert.core.events import FeedStatusChanged, GroupSnapshotTaken, decoder
from simulator.command import COMMAND
from simulator.floors import scenario_names
from tests.simulator.helpers import Reader

ROOT = Path(__file__).parents[2]
PROGRAM = """
import argparse, sys
from simulator.command import COMMAND
parser = argparse.ArgumentParser(
    prog="queue-alert simulate",
    description=COMMAND.description,
    formatter_class=argparse.RawDescriptionHelpFormatter,
)
COMMAND.arguments(parser)
sys.exit(COMMAND.run(parser.parse_args()))
"""
FIXED = ("--start", "2026-01-05T10:30:00Z", "--speed", "max")


def simulate(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments], cwd=ROOT, capture_output=True, check=False, timeout=20
    )


def started(*arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.mark.process
def test_a_recording_has_a_header_and_events_that_lead_to_the_truth() -> None:
    done = simulate(*FIXED, "--seed", "7", "--duration", "20m")
    assert (done.returncode, done.stderr) == (0, b"")
    header, *lines = done.stdout.splitlines()
    begin = 1_767_609_000.0
    assert json.loads(header) == {
        "format": "queue-alert-recording",
        "version": 1,
        "translator": "",
        "started_at": begin,
    }
    decode = decoder().decode
    reader = Reader()
    last_t = 0.0
    for number, line in enumerate(map(json.loads, lines)):
        event = decode(json.dumps(line["event"]))
        assert set(line) == {"t", "wall", "event"}
        assert line["wall"] == pytest.approx(begin + line["t"], abs=0.001)
        assert event.time == pytest.approx(line["wall"], abs=0.001)
        assert last_t <= line["t"] <= 1_200.0
        last_t = line["t"]
        if number <= 5:
            if isinstance(event, GroupSnapshotTaken):
                reader.begin([event])
            else:
                assert number == 0
                reader.read(event)
            continue
        reader.read(event)
        if isinstance(event, GroupSnapshotTaken):
            reader.agree_with(event)
    assert last_t > 1_100.0
    assert len(reader.ended) > 50


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    COMMAND.arguments(parser)
    return COMMAND.run(parser.parse_args(arguments))


@pytest.mark.parametrize("layout", ["recording", "events"])
def test_it_prints_the_same_in_this_process(layout: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert run(*FIXED, "--duration", "5m", "--format", layout) == 0
    here = capfdbinary.readouterr().out
    assert here == simulate(*FIXED, "--duration", "5m", "--format", layout).stdout


def test_a_paced_run_waits_for_each_line(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    began = time.monotonic()
    assert run("--duration", "100s", "--speed", "1000") == 0
    assert time.monotonic() - began > 0.09
    assert json.loads(capfdbinary.readouterr().out.splitlines()[-1])["t"] > 80.0


@pytest.mark.process
def test_the_same_seed_and_start_give_the_same_bytes() -> None:
    first, second, other = (simulate(*FIXED, "--seed", seed).stdout for seed in ("1", "1", "2"))
    assert first == second
    assert first != other


@pytest.mark.process
def test_bare_events_are_one_json_object_a_line() -> None:
    done = simulate(*FIXED, "--format", "events", "--seconds", "60")
    events = [decoder().decode(line) for line in done.stdout.splitlines()]
    assert isinstance(events[0], FeedStatusChanged)
    numbered = [event.seq for event in events if not isinstance(event, GroupSnapshotTaken)]
    assert numbered == list(range(1, len(numbered) + 1))


@pytest.mark.process
def test_names_are_utf_8_whatever_the_locale() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *FIXED],
        cwd=ROOT,
        capture_output=True,
        check=True,
        timeout=20,
        env={"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    )
    assert "Jürgen Weiß".encode() in done.stdout


@pytest.mark.process
def test_a_reader_that_has_read_enough_ends_it_quietly() -> None:
    program = started("--speed", "max", "--duration", "1000d")
    assert program.stdout is not None
    assert program.stderr is not None
    assert program.stdout.readline().startswith(b'{"format"')
    program.stdout.close()
    assert program.wait(timeout=20) == 0
    assert program.stderr.read() == b""
    program.stderr.close()


@pytest.mark.process
def test_a_line_is_readable_as_soon_as_it_is_printed_and_control_c_ends_it_quietly() -> None:
    """It goes on for 10 simulated minutes, and yet the first lines are there at once."""
    program = started("--speed", "1")
    assert program.stdout is not None
    assert program.stderr is not None
    assert [program.stdout.readline()[:10] for _ in range(3)] == [b'{"format":', b'{"t":0.0,"', b'{"t":0.0,"']
    program.send_signal(signal.SIGINT)
    assert program.wait(timeout=20) == 130
    assert program.stderr.read() == b""
    program.stdout.close()
    program.stderr.close()


@pytest.mark.process
def test_speed_says_how_fast_it_is_printed() -> None:
    began = time.monotonic()
    simulate("--duration", "60s", "--speed", "60")
    assert 0.9 < time.monotonic() - began < 10.0


@pytest.mark.process
def test_help_teaches_by_example() -> None:
    done = simulate("--help")
    assert done.returncode == 0
    help_text = done.stdout.decode()
    assert "queue-alert simulate --seed 7 --duration 1h --speed max > floor.jsonl\n" in help_text
    assert "queue-alert replay floor.jsonl --json\n" in help_text
    assert max(map(len, help_text.splitlines())) <= 80


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--speed", "fast"], 'argument --speed: must be 0.1 to 1000 or "max", got "fast"'),
        (["--speed", "1001"], 'argument --speed: must be 0.1 to 1000 or "max", got "1001"'),
        (["--duration", "long"], 'must be a duration such as "90s", "10m" or "1h30m", got "long"'),
        (["--at", "25:00"], 'argument --at: must be a time of day such as "10:30", got "25:00"'),
        (["--serve", "sip"], "argument --serve: must be one of ami, websocket, mqtt, webhook, or one with"),
        (
            ["--fault", "lose=1"],
            "argument --fault: must be one of drop, duplicate, reorder, delay, disconnect",
        ),
        (["--start", "soon"], 'must be an instant such as "2026-01-05T10:30:00Z", got "soon"'),
    ],
)
def test_wrong_use_is_explained(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    parser = argparse.ArgumentParser()
    COMMAND.arguments(parser)
    with pytest.raises(SystemExit, match="2"):
        parser.parse_args(arguments)
    assert message in capsys.readouterr().err


def test_a_start_without_a_zone_is_utc() -> None:
    parser = argparse.ArgumentParser()
    COMMAND.arguments(parser)
    assert parser.parse_args(["--start", "2026-01-05T10:30:00"]).start == 1_767_609_000.0
    assert parser.parse_args(["--start", "2026-01-05T10:30:00+01:00"]).start == 1_767_605_400.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--fault", "drop=0.1"], "argument --fault: is of no use without --serve"),
        (["--expose"], "argument --expose: is of no use without --serve"),
        (
            ["--serve", "ami", "--speed", "max"],
            'argument --speed: must be 0.1 to 1000 with --serve, got "max"',
        ),
        (
            ["--serve", "ami", "--start", "2026-01-05"],
            "argument --start: is of no use with --serve: a telephone system lives now",
        ),
        (
            ["--scenario", "moon"],
            (
                "argument --scenario: must be one of demo, monday-peak, outage, quiet-morning, understaffed "
                'or a file that ends in .toml, got "moon"'
            ),
        ),
    ],
)
def test_what_does_not_go_together_is_explained(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*arguments) == 2
    assert capsys.readouterr().err == f"queue-alert simulate: {message}\n"


def test_the_floors_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--list") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "demo           five groups and twenty agents on a busy working day"
    assert [line.split()[0] for line in lines] == scenario_names()


def test_a_file_of_ones_own_is_a_floor_too(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text('[[groups]]\nname = "hotline"\narrivals = 600\nmean_handling = "1m"\n', encoding="utf-8")
    assert run(*FIXED, "--duration", "5m", "--scenario", str(mine)) == 0
    assert b'"subject":"hotline"' in capfdbinary.readouterr().out
    mine.write_text('[[groups]]\nname = "hotline"\n', encoding="utf-8")
    assert run(*FIXED, "--scenario", str(mine)) == 2
    assert capfdbinary.readouterr().err.decode().splitlines() == [
        f"{mine}: groups.hotline.arrivals: is missing",
        f"{mine}: groups.hotline.mean_handling: is missing",
    ]
