"""``queue-alert replay``: a recording through the core, to a program, to the eye or to a summary."""

import argparse
import math
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from queue_alert.ports import Command

if TYPE_CHECKING:
    from queue_alert.app.recordings import Recording
    from queue_alert.app.registry import Registry
    from queue_alert.app.replay import FigureLine, Replay
    from queue_alert.core.policy import Policy

__all__ = ["COMMAND", "Progress"]

_DESCRIPTION = """\
Play a recording through the monitor's core.

With --json: one line for every change of a group's figures, and a last line
with all of them. "t" is in seconds since the recording began. On a terminal,
without --json: the wallboard shows it. Anywhere else: a table at the end.

examples:
  queue-alert replay morning.ami
  queue-alert replay morning.ami --speed 20
  queue-alert replay morning.ami --json
  queue-alert replay morning.ami --json | tail -n 1 | python3 -m json.tool
"""

_PROGRESS_S: Final = 0.2


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="the recording")
    parser.add_argument("--json", action="store_true", help="print JSON lines")
    parser.add_argument(
        "--speed",
        type=_speed,
        metavar="max|N",
        help="N times as fast as it was, or as fast as possible (default: 1 on the wallboard, else max)",
    )
    parser.add_argument(
        "-c", "--config", type=Path, metavar="FILE", help="take the groups' settings from this configuration"
    )


def _speed(text: str) -> float:
    if text == "max":
        return math.inf
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed < math.inf:
        raise argparse.ArgumentTypeError(f'must be "max" or a number > 0, got "{text}"')
    return speed


def _run(arguments: argparse.Namespace) -> int:
    from queue_alert.app.recordings import open_recording
    from queue_alert.app.registry import Registry

    registry = Registry()
    recording = open_recording(arguments.file, registry=registry)
    if not arguments.json and sys.stdout.isatty():
        from queue_alert.app.showing import show_recording

        return show_recording(
            recording, config=arguments.config, speed=arguments.speed or 1.0, registry=registry
        )
    replay = _replay(recording, _policy(arguments.config, registry), registry)
    speed = arguments.speed or math.inf
    for line in _lines(replay, recording, speed):
        if arguments.json:
            _print_json(line)
    if arguments.json:
        _print_json(replay.final())
    else:
        print(_table(replay))
    return 0


def _policy(config: Path | None, registry: "Registry") -> "Policy":
    from queue_alert.app.config import load_setup
    from queue_alert.core.policy import Policy

    return Policy() if config is None else load_setup(config, registry=registry).policy


def _replay(recording: "Recording", policy: "Policy", registry: "Registry") -> "Replay":
    from queue_alert.app.replay import Replay, replay_policy, translator_of

    if not recording.is_timed:
        print(f"queue-alert: {recording.path}: the times are missing; waits mean nothing", file=sys.stderr)
    translator = translator_of(recording, registry)
    return Replay(replay_policy(policy), translator=translator, started_at=recording.started_at)


def _lines(replay: "Replay", recording: "Recording", speed: float) -> Iterator["FigureLine"]:
    from queue_alert.app.logs import SkippedCounter
    from queue_alert.ports import RecordedData

    progress = Progress(recording.size)
    began = time.monotonic()
    for item in recording.format.read(recording.path, SkippedCounter("recording")):
        if math.isfinite(speed):
            time.sleep(max(0.0, began + item.at / speed - time.monotonic()))
        yield from replay.play(item)
        if isinstance(item, RecordedData):
            progress.add(len(item.data))
    yield from replay.finish()
    progress.end()


class Progress:
    """Says on stderr how far it is, where somebody sees it and it takes a while."""

    def __init__(self, size: int) -> None:
        """Begin to count up to ``size`` bytes; of 0 nothing is said."""
        self._size = size
        self._done = 0
        self._said_at = time.monotonic()
        self._has_said = False
        self._is_wanted = sys.stderr.isatty() and size > 0

    def add(self, size: int) -> None:
        """Take note of bytes done."""
        self._done += size
        if self._is_wanted and time.monotonic() - self._said_at >= _PROGRESS_S:
            self._said_at = time.monotonic()
            self._has_said = True
            print(f"\r{min(100, 100 * self._done // self._size)} %", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Wipe it away."""
        if self._has_said:
            print("\r     \r", end="", file=sys.stderr, flush=True)


def _print_json(value: Any) -> None:
    print(msgspec.json.encode(value).decode())


def _table(replay: "Replay") -> str:
    rows: list[tuple[str, ...]] = [
        ("group", "waiting", "offered", "answered", "abandoned", "rerouted", "service level", "ASA")
    ]
    for group in replay.view().groups:
        today = group.today
        ratio = today.service_level.get(group.target.formula)
        asa = today.average_speed_of_answer_s
        counts = (group.waiting, today.offered, today.answered, today.abandoned, today.rerouted)
        level = "-" if ratio is None else f"{ratio:.1%}"
        rows.append((group.name, *map(str, counts), level, "-" if asa is None else f"{asa:.1f} s"))
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


COMMAND = Command(
    summary="play a recording, to a program or on the wallboard",
    description=_DESCRIPTION,
    arguments=_add_arguments,
    run=_run,
)
