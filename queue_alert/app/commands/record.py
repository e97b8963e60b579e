"""``queue-alert record``: keeps what a feed says, to be replayed."""

import argparse
import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from queue_alert.app.commands._common import add_config_option
from queue_alert.core.errors import QueueAlertError
from queue_alert.ports import Command

if TYPE_CHECKING:
    from queue_alert.app.config import FeedSetup, Setup
    from queue_alert.app.registry import Registry
    from queue_alert.ports import RecordingFormat

__all__ = ["COMMAND"]

_DESCRIPTION = """\
Connect a feed of the configuration and keep all that it says, with its
timing. It connects again by itself when the connection is lost. Ctrl-C ends
it; what was recorded is whole then.

A recording holds callers' numbers and whatever else the telephone system
says. Secrets that we send are blotted out.

examples:
  queue-alert record pbx --config config.toml -o morning.ami
  queue-alert record pbx --config config.toml -o hour.ami --seconds 3600
"""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("feed", metavar="FEED", help="the feed's name in the configuration")
    add_config_option(parser)
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="PATH", help="the new recording")
    parser.add_argument("--seconds", type=float, metavar="N", help="end after this long")
    parser.add_argument("--format", metavar="NAME", help="the recording's format, if there are several")


def _run(arguments: argparse.Namespace) -> int:
    from queue_alert.app.clock import SteadyClock
    from queue_alert.app.config import load_setup
    from queue_alert.app.recorder import RecordingSession, stop_on_signals
    from queue_alert.app.registry import Registry

    registry = Registry()
    setup = load_setup(arguments.config, registry=registry)
    feed = _feed(setup, arguments.feed)
    clock = SteadyClock()
    started_at = clock.now()
    form = _format(registry, arguments.format)
    with asyncio.Runner() as runner:
        # Before the file is there: whoever sees it may end the recording at once.
        stop = runner.run(stop_on_signals())
        with form.writer(
            arguments.output, translator=feed.driver.translator, started_at=started_at
        ) as writer:
            session = RecordingSession(
                feed, setup=setup, registry=registry, clock=clock, writer=writer, started_at=started_at
            )
            runner.run(session.run(stop, arguments.seconds))
    print(f"{arguments.output}: {session.describe()}", file=sys.stderr)
    return 0


def _feed(setup: "Setup", name: str) -> "FeedSetup":
    for feed in setup.feeds:
        if feed.name == name:
            return feed
    known = ", ".join(feed.name for feed in setup.feeds)
    raise QueueAlertError(f'the configuration has no feed "{name}"; it has: {known}')


def _format(registry: "Registry", name: str | None) -> "RecordingFormat":
    from queue_alert.app.registry import RECORDINGS

    names = registry.names(RECORDINGS)
    if name is None and len(names) != 1:
        raise QueueAlertError(
            f"name the recording's format with --format; known are: {', '.join(names) or 'none'}"
        )
    form: RecordingFormat = registry.load_any(RECORDINGS, name or names[0])
    return form


COMMAND = Command(
    summary="keep what a feed says, to be replayed",
    description=_DESCRIPTION,
    arguments=_add_arguments,
    run=_run,
)
