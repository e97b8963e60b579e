"""``queue-alert wallboard``: the board in this terminal, once on standard output, or as a picture."""

import argparse
import asyncio
import logging
import os
import re
import shutil
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from queue_alert.ports import Command

if TYPE_CHECKING:
    from rich.text import Text

    from dashboards.wallboard.client import ClientOptions

__all__ = ["COMMAND", "DEFAULT_ADDRESS"]

DEFAULT_ADDRESS = "ws://127.0.0.1:9469/live"

_SIZE = re.compile(r"(\d{1,4})x(\d{1,4})")
_PICTURE_SIZE = (100, 30)
_LAST_WORDS = 10

_DESCRIPTION = """\
Show the floor on this terminal, live: a row a group with who waits and for how long, service level, agents
and callers who gave up; the lamps as they are lit; and how far the figures can be believed.

The board is a program of its own. It listens to a running monitor (queue-alert run) on this machine or
another one, and when the monitor goes away it says so and finds it again.

  keys    q or Ctrl-C quits, n or space turns the page, ? explains the signs
  colour  NO_COLOR=1 draws without; every sign is also a mark or a word
  console TERM=linux keeps to what the raw console can draw

examples:
  queue-alert wallboard
  queue-alert wallboard http://pi.example:9469
  queue-alert wallboard --once | less
  queue-alert wallboard --svg board.svg --size 120x40

exit codes: 0 well, 1 the monitor cannot be reached (with --once or --svg), 2 wrong use
"""


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "url",
        nargs="?",
        default=DEFAULT_ADDRESS,
        metavar="URL",
        help=f"the monitor: ws://host:port/live or http://host:port (default {DEFAULT_ADDRESS})",
    )
    parser.add_argument("--once", action="store_true", help="print one board with all groups and exit")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="write a picture of the board and exit")
    parser.add_argument(
        "--size",
        type=_size,
        metavar="WIDTHxHEIGHT",
        help="cells of the board for --once and --svg (default: the terminal's width and all groups; 100x30)",
    )


def _run(arguments: argparse.Namespace) -> int:
    from dashboards.wallboard.client import AddressError, ClientOptions, MonitorUnreachableError, live_address

    try:
        address = live_address(arguments.url)
    except AddressError as error:
        return _complain(str(error), 2)
    if arguments.once or arguments.svg is not None:
        try:
            return asyncio.run(_once(address, arguments))
        except MonitorUnreachableError as error:
            return _complain(str(error), 1)
        except KeyboardInterrupt:
            return 0
    if arguments.size is not None:
        return _complain("--size goes with --once or --svg; a board in a terminal has the terminal's size", 2)
    if not sys.stdout.isatty():
        return _complain("standard output is not a terminal; print one board with --once", 2)
    if os.environ.get("TERM", "dumb") in {"dumb", "unknown", ""}:
        return _complain("this terminal cannot be drawn on (TERM=dumb); print one board with --once", 2)
    return _stay(address, ClientOptions())


async def _once(address: str, arguments: argparse.Namespace) -> int:
    from dashboards.wallboard.board import draw_board
    from dashboards.wallboard.client import ClientOptions, fetch_floor, shown

    floor = await fetch_floor(address, ClientOptions())
    if arguments.svg is not None:
        width, height = arguments.size or _PICTURE_SIZE
        rows = draw_board(floor, floor.at, width=width, height=height, address=shown(address))
        return await asyncio.to_thread(_write_picture, arguments.svg, rows, width)
    width, height = arguments.size or (shutil.get_terminal_size((100, 24)).columns, None)
    rows = draw_board(floor, floor.at, width=width, height=height, console=_is_console(os.environ))
    await asyncio.to_thread(_print_board, rows)
    return 0


def _write_picture(path: Path, rows: "list[Text]", width: int) -> int:
    from dashboards.wallboard.svg import picture

    try:
        path.write_text(picture(rows, width=width), encoding="utf-8")
    except OSError as error:
        return _complain(f"cannot write {path}: {error.strerror}", 1)
    return 0


def _print_board(rows: "list[Text]") -> None:
    from dashboards.wallboard.ansi import ansi, colours_of, plain

    colours = colours_of(os.environ)
    is_plain = not sys.stdout.isatty() or os.environ.get("TERM", "dumb") == "dumb"
    text = "\n".join(plain(row) if is_plain else ansi(row, colours) for row in rows) + "\n"
    encoding = sys.stdout.encoding or "utf-8"
    try:
        sys.stdout.write(text.encode(encoding, "replace").decode(encoding))
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever reads has seen enough; what is still buffered must not complain at the end either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _stay(address: str, options: "ClientOptions") -> int:
    from dashboards.wallboard.ansi import colours_of
    from dashboards.wallboard.log_ring import LogRing, divert
    from dashboards.wallboard.look import Look
    from dashboards.wallboard.program import STOPPING, Wallboard
    from dashboards.wallboard.screen import Screen

    has_keyboard = sys.stdin is not None and sys.stdin.isatty()
    colours = colours_of(os.environ)
    look = Look(console=_is_console(os.environ))
    ring = LogRing(time.monotonic)
    root = logging.getLogger()
    others = root.handlers[:]

    async def stay(screen: Screen, diverted: int) -> None:
        board = Wallboard(
            address=address,
            screen=screen,
            look=look,
            ring=ring,
            diverted=diverted,
            options=options,
        )
        await board.run()

    root.handlers = [ring]
    ended_well = False
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
    try:
        terminal = sys.stdout.fileno()
        with (
            Screen(terminal, has_keyboard=has_keyboard, colours=colours) as screen,
            divert() as diverted,
        ):
            asyncio.run(stay(screen, diverted))
        ended_well = True
    finally:
        root.handlers = others
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if not ended_well:
            for words in ring.lines()[-_LAST_WORDS:]:
                _complain(words, 1)
    return 0


def _is_console(environment: Mapping[str, str]) -> bool:
    return environment.get("TERM", "") == "linux"


def _size(text: str) -> tuple[int, int]:
    match = _SIZE.fullmatch(text)
    if match is None or not int(match[1]) or not int(match[2]):
        raise argparse.ArgumentTypeError(f"must be WIDTHxHEIGHT in cells, such as 80x24, got {text!r}")
    return int(match[1]), int(match[2])


def _complain(text: str, code: int) -> int:
    from dashboards.wallboard.text import clean

    sys.stderr.write(f"queue-alert wallboard: {clean(text)}\n")
    return code


COMMAND = Command(
    summary="show the floor on this terminal, live",
    description=_DESCRIPTION,
    arguments=_arguments,
    run=_run,
)
