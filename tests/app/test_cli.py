import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from queue_alert import __version__
from queue_alert.app.cli import main

CONFIG = """
timezone = "UTC"
[feeds.floor]
driver = "simulator"
[outputs.lamp]
driver = "virtual"
"""


def program(*words: str) -> list[str]:
    return [sys.executable, "-P", "-m", "queue_alert", *words]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration that is fine."""
    path = tmp_path / "config.toml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


def test_help_teaches_with_examples(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    for word in (
        "queue-alert demo",
        "queue-alert check --config config.toml",
        "wallboard",
        "simulate",
        "run ",
    ):
        assert word in text


@pytest.mark.parametrize(
    "command",
    ["check", "completion", "demo", "drivers", "outputs", "record", "replay", "run", "simulate", "wallboard"],
)
def test_every_command_has_help_of_its_own(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    assert f"usage: queue-alert {command}" in capsys.readouterr().out


def test_the_version_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"queue-alert {__version__}\n"


def test_without_a_command_help_is_given_and_it_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert capsys.readouterr().out.startswith("usage: queue-alert")


@pytest.mark.parametrize("words", [["fly"], ["run", "--fly"], ["replay"], ["demo", "--speed", "0"]])
def test_wrong_use_ends_with_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    assert "error:" in capsys.readouterr().err


def test_a_fine_configuration_is_counted(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "-c", str(config)]) == 0
    assert capsys.readouterr() == (f"{config}: fine: 1 feed, 1 output, 0 groups\n", "")


def test_warnings_are_said_but_it_is_fine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[feeds.floor]\ndriver = "simulator"\n', encoding="utf-8")
    assert main(["check", "-c", str(path)]) == 0
    assert capsys.readouterr() == (
        f"{path}: fine: 1 feed, 0 outputs, 0 groups\n",
        f"{path}: outputs: warning: there is no output: nothing will light up\n",
    )


def test_every_mistake_is_a_line_and_the_code_is_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "config.toml"
    path.write_text(CONFIG.replace("UTC", "Mars") + "kind = 1\n[htpp]\n", encoding="utf-8")
    assert main(["check", "-c", str(path)]) == 2
    assert capsys.readouterr().err.splitlines() == [
        f'{path}: htpp: is not an option; did you mean "http"?',
        f'{path}: timezone: must be a time zone such as "Europe/London", got "Mars"',
        f'{path}: outputs.lamp.kind: must be "lamp", "rgb", "tower" or "two-tier-tower", got 1',
    ]


def test_the_monitor_does_not_start_on_a_broken_configuration(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "none.toml"
    assert main(["run", "-c", str(path)]) == 2
    assert capsys.readouterr().err == f"{path}: there is no such file; name one with --config\n"


def test_a_reader_that_went_is_no_noise() -> None:
    with subprocess.Popen(
        program("drivers", "--json"), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert (process.wait(20), process.stderr.read()) == (1, b"")


def test_an_unexpected_exception_shows_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    monkeypatch.setattr("queue_alert.app.cli.command_names", lambda _registry: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        main(["run"])


def test_ctrl_c_ends_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_registry: object) -> list[str]:
        raise KeyboardInterrupt

    monkeypatch.setattr("queue_alert.app.cli.command_names", interrupt)
    assert main(["run"]) == 130


@pytest.mark.process
def test_help_loads_neither_what_draws_nor_what_serves() -> None:
    code = (
        "import contextlib, sys\n"
        "from queue_alert.app.cli import main\n"
        "with contextlib.suppress(SystemExit):\n"
        "    main(['--help'])\n"
        "print(sorted({'rich', 'websockets', 'prometheus_client', 'gpiozero'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.process
def test_the_monitor_imports_nothing_that_draws(config: Path) -> None:
    code = (
        "import sys\n"
        "from queue_alert.app.cli import build_parser\n"
        "from queue_alert.app.config import load_setup\n"
        "from queue_alert.app.registry import Registry\n"
        "import queue_alert.app.runtime, queue_alert.app.process, pathlib\n"
        "registry = Registry()\n"
        "build_parser(registry, ['run'])\n"
        f"load_setup(pathlib.Path({str(config)!r}), registry=registry)\n"
        "print(sorted({'rich', 'shtab', 'unittest', 'aiomqtt', 'gpiozero', 'serial'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, env={**os.environ}
    )
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_a_completion_script_knows_all_commands(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    text = capsys.readouterr().out
    assert all(command in text for command in ("demo", "replay", "wallboard"))


def test_drivers_are_listed_with_their_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["drivers"]) == 0
    text = capsys.readouterr().out
    assert "feeds\n" in text
    assert "outputs\n" in text
    assert "speed: number, default 1.0" in text


def test_one_driver_is_shown_as_a_table_to_copy(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["drivers", "virtual"]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [
        "",
        "[outputs.beacon]",
        'driver = "virtual"',
        'groups = ["*"]  # list of text, the default',
        'kind = "lamp"   # "lamp", "rgb", "tower" or "two-tier-tower", the default',
    ]


def test_what_every_feed_may_say_is_shown_with_its_drivers_own_default(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["drivers", "simulator"]) == 0
    assert capsys.readouterr().out.splitlines()[2:6] == [
        "[feeds.pbx]",
        'driver = "simulator"',
        'groups = ["*"]       # list of text, the default',
        'stale_after = "off"  # "off" or duration, the default',
    ]
    assert main(["drivers"]) == 0
    assert capsys.readouterr().out.splitlines()[:3] == [
        "feeds",
        '  every one has groups: list of text, default ["*"]',
        '  every one has stale_after: "off" or duration, default as its driver has it',
    ]


def test_of_several_feeds_it_is_told_which_speaks_of_what(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "config.toml"
    path.write_text(
        '[feeds.north]\ndriver = "simulator"\ngroups = ["sales", "n-*"]\nstale_after = "90s"\n'
        '[feeds.south]\ndriver = "simulator"\n[outputs.lamp]\ndriver = "virtual"\n'
    )
    assert main(["check", "-c", str(path)]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert said.out.splitlines() == [
        f"{path}: fine: 2 feeds, 1 output, 0 groups",
        f"{path}: feed north: simulator, may speak of sales, n-*, stale after 1m30s of silence",
        f"{path}: feed south: simulator, may speak of all groups, silence alone never makes it stale",
    ]


def test_an_unknown_driver_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["drivers", "pigeon"]) == 1
    error = capsys.readouterr().err
    assert error.startswith(
        'queue-alert: no driver "pigeon" is installed; known are: adafruit-tower, asterisk, '
    )
    assert error.count("\n") == 1
