"""``queue-alert backtest``: thresholds tried on yesterday."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from queue_alert.app.commands._common import add_config_option
from queue_alert.ports import Command

if TYPE_CHECKING:
    from queue_alert.app.backtest import Outcome
    from queue_alert.app.recordings import Recording
    from queue_alert.app.registry import Registry

__all__ = ["COMMAND"]

_DESCRIPTION = """\
Play recorded days through the real rules, as fast as possible, and say how many
alerts each rule would have raised, how long they lasted, and how often each
person would have been told at most: on a recorded day nobody answers.

With --against the same days are played by another configuration too, and both
are shown side by side.

examples:
  queue-alert backtest --config new.toml monday.ami tuesday.ami
  queue-alert backtest --config new.toml --against /etc/queue-alert/config.toml *.ami
"""


def _arguments(parser: argparse.ArgumentParser) -> None:
    add_config_option(parser)
    parser.add_argument(
        "--against", type=Path, metavar="FILE", help="the configuration that it is compared with"
    )
    parser.add_argument("recordings", nargs="+", type=Path, metavar="RECORDING", help="recorded days")


def _run(arguments: argparse.Namespace) -> int:
    from queue_alert.app.recordings import open_recording
    from queue_alert.app.registry import Registry

    registry = Registry()
    recordings = [open_recording(path, registry=registry) for path in arguments.recordings]
    for recording in recordings:
        if not recording.is_timed:
            print(
                f"queue-alert: {recording.path}: the times are missing; waits mean nothing", file=sys.stderr
            )
    files = [arguments.config] + ([arguments.against] if arguments.against else [])
    outcomes = [_outcome(file, recordings, registry) for file in files]
    print(_table(files, outcomes))
    return 0


def _outcome(file: Path, recordings: "list[Recording]", registry: "Registry") -> "Outcome":
    from queue_alert.app.backtest import backtest
    from queue_alert.app.commands.replay import Progress
    from queue_alert.app.config import load_setup

    progress = Progress(sum(recording.size for recording in recordings))
    outcome = backtest(
        load_setup(file, registry=registry).policy, recordings, registry, progress=progress.add
    )
    progress.end()
    return outcome


def _table(files: list[Path], outcomes: "list[Outcome]") -> str:
    rows = [["", *(str(file) for file in files)]]
    names = dict.fromkeys(name for outcome in outcomes for name in outcome.rules)
    rows += [[f"rule {name}", *(_rule(outcome, name) for outcome in outcomes)] for name in names]
    if not names:
        rows.append(["no rule", *("-" for _ in files)])
    people = sorted({person for outcome in outcomes for person in outcome.told})
    rows += [
        [f"told {person}", *(f"{outcome.told[person]} times" for outcome in outcomes)] for person in people
    ]
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _rule(outcome: "Outcome", name: str) -> str:
    from queue_alert.app.config.durations import format_duration
    from queue_alert.core.alerts import RuleName

    rule = outcome.rules.get(RuleName(name))
    if rule is None:
        return "-"
    if not rule.fired:
        return "never"
    lasted, longest = format_duration(round(rule.lasted_s)), format_duration(round(rule.longest_s))
    return f"{rule.fired} times, {lasted} in all, {longest} the longest"


COMMAND = Command(
    summary="try rules on recorded days",
    description=_DESCRIPTION,
    arguments=_arguments,
    run=_run,
)
