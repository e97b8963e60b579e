"""What brings events in: feeds and the translators of a vendor's bytes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import msgspec

from queue_alert.core.events import AcdEvent
from queue_alert.core.units import Instant, Seconds
from queue_alert.ports.common import Clock, ConfigProblem, Skipped
from queue_alert.ports.recordings import RecordingFormat

__all__ = ["Connected", "Feed", "FeedContext", "FeedDriver", "Translator"]


class Feed(Protocol):
    """A live source of events."""

    async def run(self, submit: Callable[[AcdEvent], None]) -> None:
        """Connect once and hand every event to ``submit`` until the connection ends.

        Announces itself by ``FeedStatusChanged`` (``syncing`` once connected, ``live`` after the snapshot),
        and says ``FeedHeartbeat`` for every sign of life that is no event.
        The supervisor calls it again after a :class:`DriverError`, with a growing pause, and says ``down``
        in between. Returning normally means the source has ended for good (a recording).

        Raises:
            DriverError: The connection failed or was lost.
        """


class Connected(Protocol):
    """What a feed tells a recorder beside the bytes."""

    def connected(self) -> None:
        """Say that a connection was made."""

    def disconnected(self) -> None:
        """Say that the connection ended."""

    def received(self, data: bytes) -> None:
        """Keep ``data`` as read from the wire."""

    def sent(self, text: str) -> None:
        """Keep what was sent, secrets blotted out by the caller."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedContext:
    """What a feed gets from the shell.

    Attributes:
        name: The feed's name in the configuration; the ``source`` of its events.
        clock: The steady line.
        skipped: Call it with the kind and a short detail for everything passed over; it is counted, and
            logged once a kind.
        tap: Where a recorder listens, or ``None``.
        translator: Return a new translator by entry-point name.
        recording: Return a recording format by entry-point name.
        base: Folder that relative paths in the configuration start from.
    """

    name: str
    clock: Clock
    skipped: Callable[[Skipped, str], None]
    tap: Connected | None = None
    translator: Callable[[str], "Translator"]
    recording: Callable[[str], "RecordingFormat"]
    base: Path = Path()


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedDriver:
    """A kind of feed.

    Attributes:
        summary: One line for ``queue-alert drivers``.
        options: Struct of its options; the configuration's table is checked against it.
        create: Make a feed from checked options; must not touch the network.
        check: Further mistakes that a type cannot express; paths relative to the feed's table.
        packages: Import names of optional packages it needs.
        extra: The extra that brings them.
        translator: Entry-point name of its translator, for recordings; "" where its events are neutral.
        claims: What it occupies alone (``("tcp 127.0.0.1:9470",)``), so that two of one address are found.
        stale_after_s: After this long without any sign of life the feed counts as stale, unless the
            configuration says otherwise; ``None``: never.
    """

    summary: str
    options: type[msgspec.Struct]
    create: Callable[[Any, FeedContext], Feed]
    check: Callable[[Any], list[ConfigProblem]] = field(default=lambda _options: [])
    packages: tuple[str, ...] = ()
    extra: str = ""
    translator: str = ""
    claims: Callable[[Any], tuple[str, ...]] = field(default=lambda _options: ())
    stale_after_s: Seconds | None = None


class Translator(Protocol):
    """Vendor bytes to neutral events: pure, one for one connection after another.

    The class is called with ``source`` (the feed's name) and ``skipped`` (see :class:`FeedContext`). Bytes
    may be cut anywhere. Nothing it is given makes it raise.
    """

    def __init__(self, source: str, skipped: Callable[[Skipped, str], None]) -> None:
        """Begin with nothing known."""

    def connected(self, now: Instant) -> list[AcdEvent]:
        """Forget the half frame of the connection before; say what follows from being connected."""

    def receive(self, data: bytes, now: Instant) -> list[AcdEvent]:
        """Take what was read at ``now`` and return the events in it, oldest first."""

    def disconnected(self, now: Instant) -> list[AcdEvent]:
        """Say what follows from the loss: whose outcome will never be known now."""
