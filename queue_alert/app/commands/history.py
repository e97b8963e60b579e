"""``queue-alert history``: what happened to alerts, in plain words, out of the store."""

import argparse
from datetime import datetime
from typing import TYPE_CHECKING, Final

from queue_alert.app.commands._common import add_config_option
from queue_alert.core.errors import QueueAlertError
from queue_alert.ports import Command

if TYPE_CHECKING:
    from queue_alert.app.store import HistoryEntry
    from queue_alert.core.units import Seconds

__all__ = ["COMMAND"]

_MOST: Final = 10_000

_DESCRIPTION = """\
Say what happened to alerts, the oldest first: when they fired and why, who was
told and who was passed over, who took them on, and when they were over. It is
read from the store; a monitor may be running.

examples:
  queue-alert history
  queue-alert history --since 7d
  queue-alert history too-many-waiting/sales --since 2h

exit codes: 0 well, 1 the store cannot be read, 2 wrong use or configuration
"""


class _NoStoreError(QueueAlertError):
    """There is nothing to read."""


class _WrongSpanError(QueueAlertError, ValueError):
    """``--since`` is no span."""


def _arguments(parser: argparse.ArgumentParser) -> None:
    add_config_option(parser)
    parser.add_argument(
        "alert", nargs="?", default="", metavar="ALERT", help="RULE/GROUP, or a part of it; left out: all"
    )
    parser.add_argument(
        "--since", default="24h", metavar="SPAN", help="how far back, such as 2h or 7d (default: %(default)s)"
    )


def _run(arguments: argparse.Namespace) -> int:
    from queue_alert.app.clock import SteadyClock
    from queue_alert.app.config import load_setup
    from queue_alert.app.config.durations import parse_duration
    from queue_alert.app.registry import Registry

    span_s = parse_duration(arguments.since)
    if span_s is None or span_s <= 0:
        raise _WrongSpanError(
            f'queue-alert history: --since must be a span such as "2h", got "{arguments.since}"'
        )
    setup = load_setup(arguments.config, registry=Registry())
    if setup.store is None:
        raise _NoStoreError(f"{arguments.config} has no [store]: nothing is kept")
    entries = [
        entry
        for entry in _read(str(setup.store.file(setup.base)), SteadyClock().now() - span_s)
        if arguments.alert in str(entry.alert)
    ]
    for entry in entries:
        print(_line(entry, setup.policy.timezone))
    if not entries:
        print(f"nothing has happened in the last {arguments.since}")
    return 0


def _read(path: str, since: "Seconds") -> "list[HistoryEntry]":
    import sqlite3
    from pathlib import Path

    from queue_alert.app.store.database import connect
    from queue_alert.app.store.reading import read_history

    try:
        connection = connect(f"{Path(path).absolute().as_uri()}?mode=ro")
    except sqlite3.Error as error:
        raise _NoStoreError(f"{path} cannot be read: {error}") from error
    try:
        return read_history(connection, since, _MOST)
    except sqlite3.Error as error:
        raise _NoStoreError(f"{path} cannot be read: {error}") from error
    finally:
        connection.close()


def _line(entry: "HistoryEntry", timezone: str) -> str:
    from zoneinfo import ZoneInfo

    at = datetime.fromtimestamp(entry.at, ZoneInfo(timezone))
    parts = [f"{at:%Y-%m-%d %H:%M:%S}", f"{entry.alert} #{entry.generation}", entry.what]
    if entry.words:
        parts.append(entry.words)
    if entry.by:
        parts.append(f"by {entry.by}")
    return "  ".join(parts)


COMMAND = Command(
    summary="say what happened to alerts",
    description=_DESCRIPTION,
    arguments=_arguments,
    run=_run,
)
