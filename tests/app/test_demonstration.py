import signal
import subprocess
import sys
import tomllib
from pathlib import Path
from urllib.request import urlopen

import pytest

from queue_alert.app.board import free_port, wallboard_command
from queue_alert.app.config import build_setup
from queue_alert.app.demonstration import demo_config, run_demo
from queue_alert.app.registry import Registry
from queue_alert.core.errors import QueueAlertError
from tests.app.test_cli import program


def test_its_configuration_is_fine() -> None:
    text = demo_config(port=9000, seed=7, speed=2)
    setup = build_setup(tomllib.loads(text), file="demo", base=Path(), registry=Registry())
    assert setup.warnings == ()
    assert [plan.name for plan in setup.outputs] == ["lamp", "tower"]
    (feed,) = setup.feeds
    assert (feed.options.seed, feed.options.speed) == (7, 2.0)


def test_the_wallboard_is_started_as_a_program_of_its_own() -> None:
    assert wallboard_command(9000) == [
        sys.executable,
        "-P",
        "-m",
        "queue_alert",
        "wallboard",
        "ws://127.0.0.1:9000/live",
    ]


def test_a_free_port_can_be_listened_on() -> None:
    assert 1024 <= free_port() <= 65_535


@pytest.mark.process
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, 0)])
def test_without_a_terminal_it_says_what_it_does_and_leaves_nothing_behind(
    number: signal.Signals, code: int
) -> None:
    with subprocess.Popen(
        program("demo", "--seed", "7"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        said = [process.stdout.readline().strip() for _ in range(6)]
        assert said[0] == "a monitor watches a simulated floor (seed 7, speed 1)"
        assert said[5] == "Ctrl-C ends it"
        config, url = (said[at].split()[-1] for at in (1, 3))
        with urlopen(f"{url}metrics", timeout=5) as answer:  # noqa: S310 (our own server)
            assert b'group="sales"' in answer.read()
        process.send_signal(number)
        assert process.wait(10) == code
        assert process.stderr.read() == ""
    assert not Path(config).parent.exists()
    with pytest.raises(OSError, match="refused"):
        urlopen(url, timeout=5)  # noqa: S310 (our own server)


@pytest.mark.process
def test_a_monitor_that_does_not_start_is_quoted() -> None:
    with pytest.raises(
        QueueAlertError, match=r"(?s)^the monitor did not start:\n.*feeds\.demo\.speed: must be "
    ):
        run_demo(seed=1, speed=1e9, with_board=False)
