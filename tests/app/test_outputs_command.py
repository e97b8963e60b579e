"""``queue-alert outputs``, as it is called."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from queue_alert.app import board
from queue_alert.app.cli import main
from queue_alert.app.commands import outputs
from queue_alert.app.config import ListenAddress
from queue_alert.app.probing import faults_of_running_monitor

CONFIG = """
timezone = "UTC"
[http]
listen = "{listen}"
[feeds.floor]
driver = "simulator"
[outputs.tower]
driver = "gpio-tower"
red = 17
yellow = 27
green = 22
factory = "mock"
[outputs.log]
driver = "recording"
path = "{log}"
"""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "lamp.jsonl"


def write(tmp_path: Path, log: Path, *, listen: str = "off", more: str = "") -> str:
    path = tmp_path / "config.toml"
    path.write_text(CONFIG.format(listen=listen, log=log) + more, encoding="utf-8")
    return str(path)


def shown(log: Path) -> list[str]:
    return [json.loads(line)["lamps"]["lamp"] for line in log.read_text(encoding="utf-8").splitlines()]


def written(log: Path) -> set[str]:
    """Return what was shown, once the thread that writes it down has begun."""
    end = time.monotonic() + 15
    while not shown(log):
        assert time.monotonic() < end
        time.sleep(0.02)
    return set(shown(log))


def until_lit(log: Path) -> None:
    end = time.monotonic() + 15
    while not log.exists() or not [lamp for lamp in shown(log) if lamp != "off"]:
        assert time.monotonic() < end
        time.sleep(0.02)


def until_served(port: int) -> None:
    end = time.monotonic() + 15
    while not faults_of_running_monitor(ListenAddress("127.0.0.1", port)):
        assert time.monotonic() < end
        time.sleep(0.02)


@contextmanager
def child(*words: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "queue_alert", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_the_list_says_what_is_configured_and_that_it_can_be_had(
    tmp_path: Path, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["outputs", "list", "-c", write(tmp_path, log)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "output  driver      lamps               occupies                now",
        "tower   gpio-tower  red, yellow, green  gpio17, gpio27, gpio22  ready",
        "log     recording   lamp                -                       ready",
    ]


def test_the_list_says_what_cannot_be_had_and_why(
    tmp_path: Path, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log.mkdir()
    assert main(["outputs", "list", "--json", "-c", write(tmp_path, log)]) == 1
    assert json.loads(capsys.readouterr().out) == [
        {
            "name": "tower",
            "driver": "gpio-tower",
            "lamps": ["red", "yellow", "green"],
            "occupies": ["gpio17", "gpio27", "gpio22"],
            "state": "ready",
            "fault": "",
        },
        {
            "name": "log",
            "driver": "recording",
            "lamps": ["lamp"],
            "occupies": [],
            "state": "failed",
            "fault": f"{log}: cannot be written (Is a directory); choose another path",
        },
    ]


def test_without_an_output_the_list_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[http]\nlisten = "off"\n[feeds.floor]\ndriver = "simulator"\n', encoding="utf-8")
    assert main(["outputs", "list", "-c", str(path)]) == 0
    assert capsys.readouterr().out == "no output is configured\n"


@pytest.mark.parametrize(
    ("is_terminal", "no_colour", "text"),
    [
        (True, "", "\x1b[32mready\x1b[0m"),
        (True, "1", "ready"),
        (False, "", "ready"),
    ],
)
def test_colour_is_for_a_terminal_that_wants_it(
    monkeypatch: pytest.MonkeyPatch, *, is_terminal: bool, no_colour: str, text: str
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: is_terminal, raising=False)
    monkeypatch.setenv("NO_COLOR", no_colour)
    assert outputs._now({"state": "ready", "fault": ""}) == text


def test_off_makes_all_dark(tmp_path: Path, log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["outputs", "off", "-c", write(tmp_path, log)]) == 0
    assert capsys.readouterr() == ("2 of 2 outputs are dark\n", "")
    assert written(log) == {"off"}


def test_off_tells_of_one_that_fails_and_makes_the_others_dark(
    tmp_path: Path, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = f'[outputs.wrong]\ndriver = "recording"\npath = "{tmp_path}"\n'
    assert main(["outputs", "off", "-c", write(tmp_path, log, more=more)]) == 1
    assert capsys.readouterr() == (
        "2 of 3 outputs are dark\n",
        f"queue-alert: outputs.wrong: {tmp_path}: cannot be written (Is a directory); choose another path\n",
    )
    assert written(log) == {"off"}


def test_off_does_what_it_can_though_the_configuration_has_a_mistake(
    tmp_path: Path, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = write(tmp_path, log, more='[outputs.horn]\ndriver = "trumpet"\n')
    assert main(["outputs", "off", "-c", config]) == 1
    said = capsys.readouterr()
    assert said.out == "2 of 2 outputs are dark\n"
    assert said.err.startswith(f"{config}: outputs.horn.driver: must be one of: ")
    assert written(log) == {"off"}


def test_without_a_file_there_is_nothing_to_make_dark(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["outputs", "off", "-c", str(tmp_path / "none.toml")]) == 2
    assert "there is no such file" in capsys.readouterr().err


def test_an_output_that_is_not_configured_cannot_be_tested(
    tmp_path: Path, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["outputs", "test", "horn", "-c", write(tmp_path, log)]) == 1
    assert capsys.readouterr().err == ('queue-alert: no output "horn" is configured; known are: tower, log\n')


@pytest.mark.parametrize("seconds", ["0", "601", "nan", "long"])
def test_the_time_of_a_pattern_has_bounds(seconds: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["outputs", "test", "--seconds", seconds]) == 2
    assert f'must be 0.5 to 600 seconds, got "{seconds}"' in capsys.readouterr().err


@pytest.mark.process
def test_a_lamp_test_says_what_it_shows_and_how_it_went(tmp_path: Path, log: Path) -> None:
    with child("outputs", "test", "log", "--seconds", "0.5", "-c", write(tmp_path, log)) as process:
        out, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (0, "")
    headings = [line for line in out.splitlines() if not line.startswith(" ")]
    assert headings == [
        "log: every lamp in turn",
        "3 waiting",
        "3 waiting, warning",
        "3 waiting, critical",
        "stale: the feed is lost",
        "dark again",
    ]
    assert shown(log)[-1] == "off"


def test_a_lamp_test_that_cannot_begin_is_one_sentence(
    tmp_path: Path, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log.mkdir()
    assert main(["outputs", "test", "log", "-c", write(tmp_path, log)]) == 1
    assert capsys.readouterr().err == (
        f"queue-alert: {log}: cannot be written (Is a directory); choose another path\n"
    )


def test_an_action_must_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["outputs"]) == 2
    assert "ACTION" in capsys.readouterr().err


@pytest.mark.process
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_lamp_test_that_is_interrupted_ends_dark(tmp_path: Path, log: Path, number: signal.Signals) -> None:
    with child("outputs", "test", "log", "-c", write(tmp_path, log)) as process:
        until_lit(log)
        process.send_signal(number)
        out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (130, "log: every lamp in turn\n  log: lamp #ffb000\n", "")
    assert shown(log)[-1] == "off"


@pytest.mark.process
def test_beside_a_running_monitor_nothing_is_touched_and_after_a_killed_one_all_is_made_dark(
    tmp_path: Path, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    port = board.free_port()
    config = write(tmp_path, log, listen=f"127.0.0.1:{port}")
    with child("run", "-c", config) as monitor:
        until_lit(log)
        until_served(port)
        assert main(["outputs", "list", "-c", config]) == 0
        lines = capsys.readouterr().out.splitlines()[1:]
        assert [line.split("  ")[-1].strip() for line in lines] == ["the running monitor holds it: works"] * 2
        for action, what in (("test", "cannot be tested"), ("off", "must not be made dark")):
            assert main(["outputs", action, "-c", config]) == 1
            assert capsys.readouterr().err == (
                f"queue-alert: the outputs {what} while the monitor runs and holds them; "
                "stop it first: systemctl stop queue-alert\n"
            )
        monitor.kill()
        monitor.communicate(timeout=10)
    assert main(["outputs", "off", "-c", config]) == 0
    assert shown(log)[-1] == "off"
