"""The demonstration: a monitor of a simulated floor beside the wallboard, all on this machine."""

import contextlib
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Final
from urllib.error import URLError
from urllib.request import urlopen

from queue_alert.app.board import free_port, program, wallboard_command
from queue_alert.core.errors import QueueAlertError
from queue_alert.core.units import Seconds

__all__ = ["demo_config", "run_demo"]

_START_TIMEOUT_S: Final[Seconds] = 15.0
_STOP_TIMEOUT_S: Final[Seconds] = 3.0
_LOOK_EVERY_S: Final[Seconds] = 0.1
_SHOWN_LINES: Final = 20

_CONFIG: Final = """\
# Written by: queue-alert demo

[http]
listen = "127.0.0.1:{port}"

[group_defaults]
service_level = {{ goal = 0.8, within = "20s", formula = "offered" }}
warning = {{ waiting = 3, longest_wait = "60s" }}
critical = {{ waiting = 6, longest_wait = "2m" }}

[feeds.demo]
driver = "simulator"
seed = {seed}
speed = {speed}

[outputs.lamp]
driver = "virtual"
kind = "lamp"

[outputs.tower]
driver = "virtual"
kind = "tower"
"""


class _Ended(BaseException):
    """SIGTERM: like Ctrl-C, but from another program."""


def demo_config(*, port: int, seed: int, speed: float) -> str:
    """Return the demonstration's configuration."""
    return _CONFIG.format(port=port, seed=seed, speed=float(speed))


def run_demo(*, seed: int, speed: float, with_board: bool) -> int:
    """Run the demonstration until the wallboard is left, or until Ctrl-C or SIGTERM; return the exit code.

    Args:
        seed: The same seed gives the same floor.
        speed: Simulated seconds in one real second.
        with_board: Show the wallboard; else only say where the pages are.

    Raises:
        QueueAlertError: The monitor did not start; its last words are in the text.
    """
    previous = signal.signal(signal.SIGTERM, _end)
    try:
        with tempfile.TemporaryDirectory(prefix="queue-alert-demo-") as folder:
            return _run(Path(folder), seed=seed, speed=speed, with_board=with_board)
    except (_Ended, KeyboardInterrupt):  # the way it is meant to end
        return 0
    finally:
        signal.signal(signal.SIGTERM, previous)


def _run(folder: Path, *, seed: int, speed: float, with_board: bool) -> int:
    port = free_port()
    config, log = folder / "config.toml", folder / "monitor.log"
    config.write_text(demo_config(port=port, seed=seed, speed=speed), encoding="utf-8")
    with log.open("wb") as sink, _child(program("run", "--config", str(config)), sink.fileno()) as monitor:
        _await_start(monitor, port, log)
        if with_board:
            return subprocess.run(wallboard_command(port), check=False).returncode  # noqa: S603 (our own program)
        _say(f"a monitor watches a simulated floor (seed {seed}, speed {speed:g})")
        _say(f"  configuration  {config}")
        _say(f"  log            {log}")
        _say(f"  pages          http://127.0.0.1:{port}/")
        _say(f"  wallboard      queue-alert wallboard ws://127.0.0.1:{port}/live")
        _say("Ctrl-C ends it")
        code = monitor.wait()
    raise QueueAlertError(f"the monitor ended by itself with exit code {code}:\n{_last_words(log)}")


@contextlib.contextmanager
def _child(command: list[str], log: int) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log) as child:  # noqa: S603 (our own program)
        try:
            yield child
        finally:
            child.terminate()
            try:
                child.wait(_STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                child.kill()


def _await_start(monitor: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline:
        if monitor.poll() is not None:
            raise QueueAlertError(f"the monitor did not start:\n{_last_words(log)}")
        if _is_answering(port):
            return
        time.sleep(_LOOK_EVERY_S)
    raise QueueAlertError(f"the monitor did not answer within {_START_TIMEOUT_S:g} s:\n{_last_words(log)}")


def _is_answering(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/", timeout=1.0):
            return True
    except (URLError, OSError):
        return False


def _last_words(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(lines[-_SHOWN_LINES:])


def _end(_number: int, _frame: FrameType | None) -> None:
    raise _Ended


def _say(text: str) -> None:
    print(text, file=sys.stdout, flush=True)  # noqa: T201 (there is no wallboard to say it)
