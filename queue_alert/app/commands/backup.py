"""``queue-alert backup``: a whole copy of the store, also of one that a monitor is writing to."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from queue_alert.app.commands._common import add_config_option
from queue_alert.ports import Command

if TYPE_CHECKING:
    from queue_alert.app.store.options import StoreTable

__all__ = ["COMMAND", "configured"]

_DESCRIPTION = """\
Copy the store: alerts, attempts, acknowledgements, silences, covers and
figures, as they were at one instant. A monitor may be running; it does not
notice. The copy is one file, looked through before it gets its name, and only
its owner may read it. A file that exists is not overwritten.

examples:
  queue-alert backup /media/stick/store.db
  queue-alert backup "$HOME/store-$(date +%F).db" --config config.toml
  queue-alert backup copy.db --store /var/lib/queue-alert/store.db

to put it back (this loses what came after it):
  systemctl stop queue-alert
  cd /var/lib/queue-alert && mkdir old && mv store.db* old/
  install -o queue-alert -g queue-alert -m 600 copy.db store.db
  systemctl start queue-alert

exit codes: 0 the copy is whole, 1 there is none, 2 wrong use or configuration
"""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="the copy, a new file")
    add_config_option(parser)
    parser.add_argument(
        "--store", type=Path, metavar="PATH", help="copy this store instead of the configuration's"
    )


def _run(arguments: argparse.Namespace) -> int:
    from queue_alert.app.store.backup import back_up

    config = arguments.config
    source = arguments.store or configured(config).file(config.resolve().parent)
    progress = _Progress()
    try:
        size = back_up(source, arguments.file, progress=progress.show)
    finally:
        progress.wipe()
    print(f"{arguments.file}: {size:,} bytes, whole", file=sys.stderr)
    return 0


def configured(config: Path) -> "StoreTable":
    """Return what the configuration says of the store; whatever else is wrong with it does not matter here.

    Args:
        config: The file.

    Raises:
        ConfigurationError: It cannot be read, or what it says of the store is wrong.
    """
    from queue_alert.app.config.convert import Invalid, convert_table
    from queue_alert.app.config.file import read_tables
    from queue_alert.app.config.problems import ConfigurationError
    from queue_alert.app.store.options import StoreTable
    from queue_alert.ports import ConfigProblem

    class Part(msgspec.Struct, frozen=True):
        store: StoreTable = StoreTable()

    problems: list[ConfigProblem] = []
    tables = {name: table for name, table in read_tables(config).items() if name == "store"}
    part = convert_table(tables, Part, path="", problems=problems)
    if isinstance(part, Invalid):
        raise ConfigurationError(str(config), problems)
    return part.store


class _Progress:
    """Says on stderr how far it is, where somebody sees it."""

    def __init__(self) -> None:
        self._is_wanted = sys.stderr.isatty()
        self._said = ""

    def show(self, ratio: float) -> None:
        """Say it.

        Args:
            ratio: How much is done.
        """
        said = f"{ratio:.0%}"
        if self._is_wanted and said != self._said:
            self._said = said
            print(f"\r{said} ", end="", file=sys.stderr, flush=True)

    def wipe(self) -> None:
        """Wipe it away."""
        if self._said:
            print("\r     \r", end="", file=sys.stderr, flush=True)


COMMAND = Command(
    summary="copy the store, also while the monitor runs",
    description=_DESCRIPTION,
    arguments=_add_arguments,
    run=_run,
)
