"""Pages of the HTTP server and commands of the command line."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass

from queue_alert.core.view import FloorView

__all__ = ["Command", "Route"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A page.

    Attributes:
        path: ``/metrics``.
        summary: One line for the index page.
        content_type: Of what ``render`` returns.
        render: Called in a worker thread with a frozen view; returns the body.
    """

    path: str
    summary: str
    content_type: str
    render: Callable[[FloorView], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A sub-command.

    Attributes:
        summary: One line for ``queue-alert --help``.
        description: What it does, for its own ``--help``; may be long, with examples at the end.
        arguments: Adds its options to the parser.
        run: Does it; returns the exit code (0 well, 1 failed, 2 wrong use or configuration).
    """

    summary: str
    description: str
    arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]
