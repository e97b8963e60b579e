"""What tells other programs how the groups stand."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import msgspec

from queue_alert.core.units import GroupName
from queue_alert.core.view import GroupView
from queue_alert.ports.common import Clock, ConfigProblem

__all__ = ["Publisher", "PublisherContext", "PublisherDriver", "StateSource"]


class StateSource(Protocol):
    """What a publisher is told: levels, so the newest wins and nothing piles up; and how it answers."""

    def groups(self) -> Sequence[GroupView]:
        """Return all groups as they stand now; :meth:`changed` begins anew from here."""

    async def changed(self) -> Sequence[GroupView]:
        """Wait until something has changed, and return the groups that did since the last call, each once."""

    def acknowledge(self, group: GroupName) -> None:
        """Take it that somebody has seen, at the other program, how bad it is in a group."""

    def call_emergency(self, group: GroupName) -> None:
        """Take an emergency that somebody called at the other program."""


class Publisher(Protocol):
    """Tells other programs how the groups stand."""

    async def run(self, source: StateSource) -> None:
        """Connect once, say all groups, then every change, until the connection ends or until cancelled.

        The supervisor calls it again after a :class:`DriverError`, with a growing pause. It counts as up
        from when it first asks ``source`` for changes, having said all groups.

        Raises:
            DriverError: The connection failed or was lost.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class PublisherContext:
    """What a publisher gets from the shell.

    Attributes:
        name: Its name in the configuration.
        clock: The steady line.
        base: Folder that relative paths in the configuration start from.
    """

    name: str
    clock: Clock
    base: Path = Path()


@dataclass(frozen=True, slots=True, kw_only=True)
class PublisherDriver:
    """A kind of publisher.

    Attributes:
        summary: One line for ``queue-alert drivers``.
        options: Struct of its options.
        create: Make a publisher from checked options; must not touch the network.
        check: Further mistakes; paths relative to the publisher's table.
        packages: Import names of optional packages it needs.
        extra: The extra that brings them.
    """

    summary: str
    options: type[msgspec.Struct]
    create: Callable[[Any, PublisherContext], Publisher]
    check: Callable[[Any], list[ConfigProblem]] = field(default=lambda _options: [])
    packages: tuple[str, ...] = ()
    extra: str = ""
