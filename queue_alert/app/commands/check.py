"""``queue-alert check``: every mistake in a configuration, before it matters."""

import argparse
import sys
from typing import TYPE_CHECKING

from queue_alert.app.commands._common import add_config_option
from queue_alert.ports import Command

if TYPE_CHECKING:
    from queue_alert.app.config import FeedSetup, Setup

__all__ = ["COMMAND"]

_DESCRIPTION = """\
Read the configuration and say everything that is wrong with it, each mistake
with its place, what was found and what to write. Nothing is connected and no
lamp is touched. The installation is looked at too.

examples:
  queue-alert check
  queue-alert check --config config.toml && systemctl restart queue-alert
"""


def _run(arguments: argparse.Namespace) -> int:
    from queue_alert.app.config import load_setup, problem_lines
    from queue_alert.app.installation import installation_mistakes
    from queue_alert.app.registry import Registry

    mistakes = installation_mistakes()
    for mistake in mistakes:
        print(f"queue-alert: {mistake}", file=sys.stderr)
    setup = load_setup(arguments.config, registry=Registry())
    file = str(arguments.config)
    for line in problem_lines(file, setup.warnings):
        print(line, file=sys.stderr)
    if mistakes:
        return 1
    print(f"{file}: fine: {_counts(setup)}")
    # One feed speaks of all there is; of several it matters which speaks of what.
    for feed in setup.feeds if len(setup.feeds) > 1 else ():
        print(f"{file}: feed {feed.name}: {_feed(feed)}")
    return 0


def _counts(setup: "Setup") -> str:
    counts = [
        _count(len(setup.feeds), "feed"),
        _count(len(setup.outputs), "output"),
        _count(len(setup.policy.groups), "group"),
    ]
    if setup.buttons:
        counts.append(_count(len(setup.buttons), "button"))
    if setup.publishers:
        counts.append(_count(len(setup.publishers), "publisher"))
    return ", ".join(counts)


def _feed(feed: "FeedSetup") -> str:
    from queue_alert.app.config.durations import format_duration

    groups = "all groups" if "*" in feed.groups else ", ".join(feed.groups)
    silence = (
        "silence alone never makes it stale"
        if feed.stale_after_s is None
        else f"stale after {format_duration(feed.stale_after_s)} of silence"
    )
    return f"{feed.driver_name}, may speak of {groups}, {silence}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


COMMAND = Command(
    summary="find every mistake in the configuration",
    description=_DESCRIPTION,
    arguments=add_config_option,
    run=_run,
)
