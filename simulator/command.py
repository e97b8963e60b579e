"""The command ``queue-alert simulate``: a simulated floor as JSON lines, or served over real protocols."""

import argparse
import asyncio
import math
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

from queue_alert.core.units import FeedName, Instant, Seconds
from queue_alert.ports import Command
from simulator.acd import Simulation
from simulator.doors import DOORS, read_place
from simulator.exchange import Exchange
from simulator.faults import Faults
from simulator.floors import ScenarioError, load_scenario, scenario_names
from simulator.printing import MAX_SPEED, event_lines, print_lines, recording_lines
from simulator.reading import read_duration, read_time_of_day
from simulator.tables import read_fault

__all__ = ["COMMAND"]

_INTERRUPTED = 130
_WRONG_USE = 2
_PRINTED_S: Seconds = 600.0
_Read = TypeVar("_Read")

_DESCRIPTION = """\
Print what a simulated call centre says, one JSON object a line, or be its
telephone system: with --serve it speaks real protocols to whoever connects.

Printed, all times are simulated; --speed only says how fast it is printed.
The same --seed and --start give the same bytes. Served, everybody on the
floor is so much quicker, and what goes wrong (--fault) does go wrong. The
day goes on from --at, whatever the hour really is.

examples:
  Record an hour of a busy morning, at once:
    queue-alert simulate --seed 7 --duration 1h --speed max > floor.jsonl
  Play the recording to the monitor:
    queue-alert replay floor.jsonl --json
  Watch the bare events of another floor, ten times as fast as life:
    queue-alert simulate --scenario monday-peak --format events --speed 10
  Be an Asterisk on port 5038, and lose one event in a hundred:
    queue-alert simulate --serve ami --fault drop=0.01
  Be two at once, on ports of your own, and be started anew now and then:
    queue-alert simulate --serve ami=127.0.0.1:5039 --fault restart=20m \\
      --serve websocket=127.0.0.1:9472
  Which floors there are:
    queue-alert simulate --list

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
        metavar="TIME",
        help='how much simulated time, such as "90s", "10m", "1h30m" or bare seconds '
        "(default: 10m; served: until Ctrl-C)",
    )
    parser.add_argument(
        "--format",
        choices=["recording", "events"],
        default="recording",
        help="a recording that can be replayed, or the bare events (default: recording)",
    )
    _add_beginning(parser)
    _add_serving(parser)


def _add_beginning(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--scenario",
        default="demo",
        metavar="NAME|FILE.toml",
        help="which floor (default: demo)",
    )
    parser.add_argument("--list", action="store_true", help="print which floors there are, and end")
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


def _add_serving(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--serve",
        action="append",
        type=_argument(read_place),
        default=[],
        metavar="KIND[=ADDRESS]",
        help=f"be a telephone system instead; a kind is one of {', '.join(DOORS)}; may be repeated",
    )
    parser.add_argument(
        "--fault",
        action="append",
        type=_argument(read_fault),
        default=[],
        metavar="KIND=VALUE",
        help='with --serve: let something go wrong, such as "drop=0.01", "delay=0.05,mean=3s", '
        '"disconnect=10m", "restart=1h" or "skew=90s,begins=5m"; may be repeated',
    )
    parser.add_argument(
        "--expose", action="store_true", help="with --serve: also at addresses that other machines reach"
    )


def _run(arguments: argparse.Namespace) -> int:
    if arguments.list:
        return _list()
    problem = _wrong_use(arguments)
    if problem:
        sys.stderr.write(f"queue-alert simulate: {problem}\n")
        return _WRONG_USE
    try:
        return _serve(arguments) if arguments.serve else _print(arguments)
    except ScenarioError as error:
        # One sentence a line, each with its file; a name that is none is a mistake of the option.
        is_file = arguments.scenario.endswith(".toml")
        prefix = "" if is_file else "queue-alert simulate: argument --scenario: "
        sys.stderr.write(f"{prefix}{error}\n")
        return _WRONG_USE


def _wrong_use(arguments: argparse.Namespace) -> str:
    if not arguments.serve:
        for name in ("fault", "expose"):
            if getattr(arguments, name):
                return f"argument --{name}: is of no use without --serve"
        return ""
    if arguments.speed == MAX_SPEED:
        return 'argument --speed: must be 0.1 to 1000 with --serve, got "max"'
    if arguments.start is not None:
        return "argument --start: is of no use with --serve: a telephone system lives now"
    return ""


def _list() -> int:
    names = scenario_names()
    width = max(map(len, names))
    for name in names:
        sys.stdout.write(f"{name:{width}}  {load_scenario(name).summary}\n")
    return 0


def _serve(arguments: argparse.Namespace) -> int:
    from simulator.serving import SteadyClock, serve

    scenario = load_scenario(arguments.scenario)
    clock = SteadyClock()
    simulation = Simulation(scenario, seed=arguments.seed, start=clock.now(), time_of_day_s=arguments.at)
    faults = (*scenario.faults, *arguments.fault)
    # An Asterisk numbers nothing: its one stream of bytes is all the order there is.
    in_order = any(place.kind == "ami" for place in arguments.serve)
    exchange = Exchange(
        simulation,
        source=FeedName("simulator"),
        faults=(
            Faults(faults, seed=arguments.seed, start=simulation.start, in_order=in_order) if faults else None
        ),
        speed=arguments.speed,
    )
    seconds = None if arguments.duration is None else arguments.duration / arguments.speed
    asyncio.run(serve(exchange, clock, arguments.serve, expose=arguments.expose, seconds=seconds, say=_say))
    return 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    # Whoever waits for the port to be open reads this from a pipe.
    sys.stdout.flush()


def _print(arguments: argparse.Namespace) -> int:
    start: Instant = time.time() if arguments.start is None else arguments.start
    simulation = Simulation(
        load_scenario(arguments.scenario), seed=arguments.seed, start=start, time_of_day_s=arguments.at
    )
    lines = recording_lines if arguments.format == "recording" else event_lines
    duration = _PRINTED_S if arguments.duration is None else arguments.duration
    try:
        print_lines(lines(simulation, duration), sys.stdout.buffer, speed=arguments.speed)
    except BrokenPipeError:
        # Whoever read has read enough (head, less). What is still buffered must go nowhere, or the
        # interpreter complains of the same pipe once more when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        return _INTERRUPTED
    return 0


def _argument(read: Callable[[str], _Read]) -> Callable[[str], _Read]:
    """Make argparse show the reader's own words instead of its name."""

    def convert(text: str) -> _Read:
        try:
            return read(text)
        except ValueError as exc:
            raise argparse.ArgumentTypeError(str(exc)) from exc

    return convert


def _read_speed(text: str) -> float:
    if text == "max":
        return MAX_SPEED
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
    summary="print what a simulated call centre says, or be its telephone system",
    description=_DESCRIPTION,
    arguments=_add_arguments,
    run=_run,
)
