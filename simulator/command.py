"""The command ``queue-alert simulate``: a simulated floor as JSON lines."""

import argparse
import math
import os
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import BinaryIO

import msgspec

from queue_alert.core.events import AcdEvent
from queue_alert.core.units import Instant, Seconds
from queue_alert.ports import Command
from simulator.acd import Simulation
from simulator.announcer import Announcer
from simulator.reading import read_duration, read_time_of_day
from simulator.scenario import SCENARIOS

__all__ = ["COMMAND"]

_MAX_SPEED = math.inf
_INTERRUPTED = 130

_DESCRIPTION = """\
Print what a simulated call centre says, one JSON object a line.

All times in it are simulated; --speed only says how fast it is printed. The
same --seed and --start give the same bytes. Without --start it begins now.
The day goes on from --at, whatever the hour really is, and it is quiet at
night there too.

examples:
  Record an hour of a busy morning, at once:
    queue-alert simulate --seed 7 --duration 1h --speed max > floor.jsonl
  Play the recording to the monitor:
    queue-alert replay floor.jsonl --json
  Watch the bare events, ten times as fast as life:
    queue-alert simulate --format events --speed 10
  Count the abandoned calls of a whole day:
    queue-alert simulate --at 00:00 --duration 24h --speed max --format events \\
      | grep -c '"outcome":"abandoned"'

A recording begins with a header; each further line is
  {"t": seconds since the start, "wall": epoch seconds, "event": {...}}
"""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--seed", type=int, default=1, metavar="N", help="the same seed gives the same floor (default: 1)"
    )
    parser.add_argument(
        "--speed",
        type=_argument(_read_speed),
        default=1.0,
        metavar="FACTOR",
        help='simulated seconds in one second, or "max": do not wait at all (default: 1)',
    )
    parser.add_argument(
        "--duration",
        "--seconds",
        type=_argument(read_duration),
        default=600.0,
        metavar="TIME",
        help='how much simulated time, such as "90s", "10m", "1h30m" or bare seconds (default: 10m)',
    )
    parser.add_argument(
        "--format",
        choices=["recording", "events"],
        default="recording",
        help="a recording that can be replayed, or the bare events (default: recording)",
    )
    _add_beginning(parser)


def _add_beginning(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--scenario",
        choices=sorted(SCENARIOS),
        default="demo",
        help="which built-in floor (default: demo)",
    )
    parser.add_argument(
        "--start",
        type=_argument(_read_start),
        metavar="INSTANT",
        help='when the events say they begin, such as "2026-01-05T10:30:00Z" (default: now)',
    )
    parser.add_argument(
        "--at",
        type=_argument(read_time_of_day),
        metavar="HH:MM",
        help="the simulated time of day at the start (default: the scenario's)",
    )


def _run(arguments: argparse.Namespace) -> int:
    start: Instant = time.time() if arguments.start is None else arguments.start
    simulation = Simulation(
        SCENARIOS[arguments.scenario], seed=arguments.seed, start=start, time_of_day_s=arguments.at
    )
    lines = _recording_lines if arguments.format == "recording" else _event_lines
    batches = _batches(simulation, arguments.duration)
    try:
        _print(lines(batches, simulation.start), sys.stdout.buffer, speed=arguments.speed)
    except BrokenPipeError:
        # Whoever read has read enough (head, less). What is still buffered must go nowhere, or the
        # interpreter complains of the same pipe once more when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        return _INTERRUPTED
    return 0


_Batch = tuple[Seconds, list[AcdEvent]]


def _batches(simulation: Simulation, duration: Seconds) -> Iterator[_Batch]:
    """Yield what is said at each instant, and when: in seconds since the start."""
    announcer = Announcer(simulation)
    start = simulation.start
    yield 0.0, announcer.begin(start)
    while (at := announcer.next_at()) <= start + duration:
        yield round(at - start, 3), announcer.advance(at)


def _recording_lines(batches: Iterator[_Batch], start: Instant) -> Iterator[tuple[Seconds, bytes]]:
    encoder = msgspec.json.Encoder()
    header = {"format": "queue-alert-recording", "version": 1, "translator": "", "started_at": start}
    yield 0.0, encoder.encode(header) + b"\n"
    for at, events in batches:
        lines = (
            encoder.encode({"t": at, "wall": round(start + at, 3), "event": event}) + b"\n"
            for event in events
        )
        yield at, b"".join(lines)


def _event_lines(batches: Iterator[_Batch], _start: Instant) -> Iterator[tuple[Seconds, bytes]]:
    encoder = msgspec.json.Encoder()
    for at, events in batches:
        yield at, b"".join(encoder.encode(event) + b"\n" for event in events)


def _print(lines: Iterator[tuple[Seconds, bytes]], output: BinaryIO, *, speed: float) -> None:
    began = time.monotonic()
    for at, text in lines:
        if speed != _MAX_SPEED:
            time.sleep(max(0.0, began + at / speed - time.monotonic()))
        output.write(text)
        # Whoever reads from the pipe is to see a line when it happens, not when a buffer is full.
        output.flush()


def _argument(read: Callable[[str], float]) -> Callable[[str], float]:
    """Make argparse show the reader's own words instead of its name."""

    def convert(text: str) -> float:
        try:
            return read(text)
        except ValueError as exc:
            raise argparse.ArgumentTypeError(str(exc)) from exc

    return convert


def _read_speed(text: str) -> float:
    if text == "max":
        return _MAX_SPEED
    try:
        speed = float(text)
    except ValueError:
        speed = math.nan
    if not 0.1 <= speed <= 1_000:  # noqa: PLR2004 - the bounds stand in the message
        raise ValueError(f'must be 0.1 to 1000 or "max", got "{text}"')
    return speed


def _read_start(text: str) -> Instant:
    try:
        start = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f'must be an instant such as "2026-01-05T10:30:00Z", got "{text}"') from None
    if start.tzinfo is None:
        start = start.replace(tzinfo=UTC)
    return start.timestamp()


COMMAND = Command(
    summary="print what a simulated call centre says, as JSON lines",
    description=_DESCRIPTION,
    arguments=_add_arguments,
    run=_run,
)
