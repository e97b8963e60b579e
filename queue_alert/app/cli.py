"""The command line: finds the commands, runs one, turns errors into sentences and exit codes."""

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Final

from queue_alert import __version__
from queue_alert.app.registry import COMMANDS, BrokenDriverError, Registry
from queue_alert.core.errors import QueueAlertError
from queue_alert.ports import Command

__all__ = ["build_parser", "command_names", "main"]

_WELL: Final = 0
_FAILED: Final = 1
_WRONG: Final = 2
_INTERRUPTED: Final = 130

_OURS: Final = (
    "backtest",
    "backup",
    "check",
    "completion",
    "demo",
    "drivers",
    "history",
    "outputs",
    "record",
    "replay",
    "run",
    "schema",
    "test-rules",
    "who",
)

_DESCRIPTION: Final = """\
Watches a call centre's queues and makes people look up: a lamp, a wallboard,
metrics. Begin with the demo; it needs neither a telephone system nor a lamp.
"""

_EXAMPLES: Final = """\
examples:
  see it at once, with a simulated call centre:
    queue-alert demo
  write a configuration, then have every mistake in it explained:
    queue-alert check --config config.toml
  run the monitor:
    queue-alert run --config config.toml
  watch it, here or from a terminal that reaches this machine:
    queue-alert wallboard
  see what can be connected, and how it is configured:
    queue-alert drivers
  find out what happened in a recording:
    queue-alert replay morning.ami

exit codes: 0 well, 1 failed, 2 wrong use or configuration, 130 interrupted
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code.

    Args:
        argv: The words after the program's name; those of this process by default.
    """
    try:
        code = _run(list(sys.argv[1:] if argv is None else argv))
        # Here rather than at exit, so that a reader that went is noticed where it can be passed over.
        sys.stdout.flush()
    except SystemExit as stop:  # argparse's way to end
        return stop.code if isinstance(stop.code, int) else _WRONG if stop.code else _WELL
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        # Or the interpreter would complain when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _FAILED
    except QueueAlertError as error:
        is_wrong = isinstance(error, ValueError)
        print(str(error) if is_wrong else f"queue-alert: {error}", file=sys.stderr)  # noqa: T201 (the command line speaks)
        return _WRONG if is_wrong else _FAILED
    return code


def command_names(registry: Registry) -> list[str]:
    """Return the names of all sub-commands, sorted, without loading one."""
    return sorted({*_OURS, *registry.names(COMMANDS)})


def build_parser(registry: Registry, names: Sequence[str]) -> argparse.ArgumentParser:
    """Return the parser, with the named sub-commands loaded and those alone.

    Args:
        registry: The installed commands.
        names: What to load; a command that cannot be loaded stays out of it unless it is the only one.

    Raises:
        BrokenDriverError: The only command asked for cannot be loaded.
    """
    parser = argparse.ArgumentParser(
        prog="queue-alert",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"queue-alert {__version__}")
    parser.add_argument("-v", "--verbose", action="store_true", help="say more in the log")
    parser.add_argument("-q", "--quiet", action="store_true", help="log warnings and errors only")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command")
    for name, command in _loaded(registry, names).items():
        sub = commands.add_parser(
            name,
            help=command.summary,
            description=command.description,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.arguments(sub)
        sub.set_defaults(run_command=command.run)
    return parser


def _run(words: list[str]) -> int:
    registry = Registry()
    names = command_names(registry)
    asked = next((word for word in words if not word.startswith("-")), "")
    # Loading one command keeps the monitor's memory free of what only the others import.
    parser = build_parser(registry, [asked] if asked in names else names)
    arguments = parser.parse_args(words)
    if arguments.command is None:
        parser.print_help()
        return _WRONG
    from queue_alert.app.logs import set_up_logging

    set_up_logging(int(arguments.verbose) - int(arguments.quiet))
    run: Callable[[argparse.Namespace], int] = arguments.run_command
    return run(arguments)


def _loaded(registry: Registry, names: Sequence[str]) -> Mapping[str, Command]:
    commands: dict[str, Command] = {}
    for name in names:
        try:
            if name in _OURS:
                commands[name] = import_module(f"queue_alert.app.commands.{name.replace('-', '_')}").COMMAND
            else:
                commands[name] = registry.load(COMMANDS, name, Command)
        except BrokenDriverError as error:
            if len(names) == 1:
                raise
            print(f"queue-alert: {error}", file=sys.stderr)  # noqa: T201 (the command line speaks)
    return commands
