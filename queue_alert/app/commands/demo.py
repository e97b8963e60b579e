"""``queue-alert demo``: all of it at once, with a simulated call centre."""

import argparse
import math
import sys

from queue_alert.ports import Command

__all__ = ["COMMAND"]

_DESCRIPTION = """\
Show a simulated call centre on the wallboard, with a lamp and a tower. It
needs neither a telephone system nor a lamp, and leaves nothing behind.
"q" or Ctrl-C ends it.

examples:
  queue-alert demo
  queue-alert demo --speed 10
  another floor:
    queue-alert demo --seed 42
  only the monitor and its pages, to be looked at by other programs:
    queue-alert demo --no-board
"""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--speed", type=_speed, default=1.0, metavar="N", help="so many times as fast as life (default: 1)"
    )
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="the same seed gives the same floor")
    parser.add_argument("--no-board", action="store_true", help="without the wallboard, until Ctrl-C")


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = math.nan
    if not 0.1 <= speed <= 1000:  # noqa: PLR2004 (the simulator's own limits, said before anything is started)
        raise argparse.ArgumentTypeError(f'must be a number from 0.1 to 1000, got "{text}"')
    return speed


def _run(arguments: argparse.Namespace) -> int:
    from queue_alert.app.demonstration import run_demo

    with_board = sys.stdout.isatty() and not arguments.no_board
    return run_demo(seed=arguments.seed, speed=arguments.speed, with_board=with_board)


COMMAND = Command(
    summary="show a simulated call centre on the wallboard",
    description=_DESCRIPTION,
    arguments=_add_arguments,
    run=_run,
)
