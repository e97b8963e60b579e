"""What a driver is: the protocols between the shell and everything that talks to the world.

A driver is found by entry point. The entry point names one object of this module's classes:

=============================  ====================  =================================================
entry-point group              object                what it is
=============================  ====================  =================================================
``queue_alert.feeds``          :class:`FeedDriver`   brings :data:`~queue_alert.core.events.AcdEvent` in
``queue_alert.translators``    :class:`Translator`   (the class) vendor bytes to events, pure
``queue_alert.recordings``     :class:`RecordingFormat`  reads and writes recordings
``queue_alert.outputs``        :class:`OutputDriver` a thing with lamps (or a sounder)
``queue_alert.engines``        :class:`OutputEngine` (the class) plays levels on outputs
``queue_alert.publishers``     :class:`PublisherDriver`  tells other programs how the groups stand
``queue_alert.routes``         :class:`Route`        a page on the HTTP server
``queue_alert.commands``       :class:`Command`      a sub-command of ``queue-alert``
=============================  ====================  =================================================
"""

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Annotated, Any, ClassVar, Protocol, Self

import msgspec

from queue_alert.core.effects import SignalLevel
from queue_alert.core.errors import QueueAlertError
from queue_alert.core.events import AcdEvent
from queue_alert.core.units import Instant, Seconds
from queue_alert.core.view import FloorView, GroupView

__all__ = [
    "Clock",
    "Command",
    "ConfigProblem",
    "Connected",
    "DriverError",
    "Duration",
    "Feed",
    "FeedContext",
    "FeedDriver",
    "LampObserver",
    "MissingExtraError",
    "Output",
    "OutputContext",
    "OutputDriver",
    "OutputEngine",
    "OutputSetup",
    "Publisher",
    "PublisherContext",
    "PublisherDriver",
    "RecordedData",
    "RecordedEvent",
    "RecordedItem",
    "RecordedMark",
    "RecordingFormat",
    "RecordingWriter",
    "Route",
    "Skipped",
    "StateSource",
    "Translator",
]

Duration = Annotated[float, msgspec.Meta(extra={"unit": "seconds"})]
"""An option in seconds; in the configuration it reads ``"90s"``, ``"2m"``, ``"24h"``, ``"250ms"``."""


class Clock(Protocol):
    """The steady line of time (see :data:`~queue_alert.core.units.Instant`)."""

    def now(self) -> Instant:
        """Return the present instant; never earlier than one returned before, but for a clock step."""


class DriverError(QueueAlertError):
    """A feed or an output failed.

    Attributes:
        reason: What is wrong and what to do, lower case, without a full stop and without secrets.
        recoverable: Whether trying again by itself can help. If not, the driver is not started again
            until somebody has changed something.
    """

    def __init__(self, reason: str, *, recoverable: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.recoverable = recoverable


class MissingExtraError(QueueAlertError, ImportError):
    """An optional package is not installed.

    The text reads ``outputs.beacon: driver "gpio-lamp" needs the package gpiozero; install it with:
    pip install "queue-alert[gpio]"``.
    """

    def __init__(self, where: str, *, package: str, extra: str) -> None:
        super().__init__(
            f'{where} needs the package {package}; install it with: pip install "queue-alert[{extra}]"'
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigProblem:
    """One mistake in the configuration.

    Attributes:
        path: Where, dotted: ``groups.sales.service_level.within``.
        message: What must be and what was found: ``must be > 0 s, got "-5s"``.
        is_warning: True where the program can start all the same.
    """

    path: str
    message: str
    is_warning: bool = False


class Skipped(StrEnum):
    """Why a piece of a feed was passed over."""

    TRUNCATED = "truncated"
    NOT_TEXT = "not_text"
    TOO_LONG = "too_long"
    UNKNOWN_EVENT = "unknown_event"
    MISSING_FIELD = "missing_field"
    BAD_VALUE = "bad_value"
    WRONG_TOPIC = "wrong_topic"
    OTHER_SOURCE = "other_source"
    NOT_ALLOWED = "not_allowed"
    """Its token or signature is wrong or missing."""
    TOO_OLD = "too_old"
    """Its signature has expired, or it was sent before."""
    LOST = "lost"
    """A hole in the feed's order: so many events never came."""


# ---- feeds


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


# ---- recordings


@dataclass(frozen=True, slots=True)
class RecordedMark:
    """A connection began (``connected``) or ended (``disconnected``) ``at`` seconds after the start."""

    at: Seconds
    kind: str


@dataclass(frozen=True, slots=True)
class RecordedData:
    """Raw vendor bytes received ``at`` seconds after the start."""

    at: Seconds
    data: bytes


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """A neutral event received ``at`` seconds after the start."""

    at: Seconds
    event: AcdEvent


RecordedItem = RecordedMark | RecordedData | RecordedEvent


class RecordingWriter(Protocol):
    """Writes one recording; a context manager."""

    def __enter__(self) -> Self:
        """Open the files."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close them; what was written is whole."""

    def connected(self, at: Seconds) -> None:
        """Note a connection."""

    def disconnected(self, at: Seconds) -> None:
        """Note its end."""

    def received(self, at: Seconds, data: bytes) -> None:
        """Keep raw bytes."""

    def sent(self, at: Seconds, text: str) -> None:
        """Keep what was sent; secrets must be blotted out before."""

    def event(self, at: Seconds, event: AcdEvent) -> None:
        """Keep a neutral event."""


class RecordingFormat(Protocol):
    """A way to keep what a feed said, with its timing."""

    def describe(self, path: Path) -> Mapping[str, Any]:
        """Return what is known before reading.

        Its keys: ``translator`` ("" for neutral events), ``started_at`` (epoch seconds), ``duration_s``,
        ``size`` (bytes of the data), ``timed`` (False where the times are missing).

        Raises:
            QueueAlertError: The file is missing or is no recording.
        """

    def read(self, path: Path, skipped: Callable[[Skipped, str], None]) -> Iterator[RecordedItem]:
        """Yield what was recorded, in its order, in bounded memory.

        Raises:
            QueueAlertError: The file is missing or is no recording.
        """

    def writer(self, path: Path, *, translator: str, started_at: Instant) -> RecordingWriter:
        """Return a writer for a new recording at ``path``.

        Raises:
            QueueAlertError: The file exists or cannot be written.
        """


# ---- outputs


class Output(Protocol):
    """A thing with lamps: one beacon, a tower of three, an RGB light, a sounder.

    ``write`` is called only when something changed, from the engine, on the loop; a device that can block
    hands it to its own worker thread.
    """

    lamps: Sequence[str]
    """Names of its lamps, the most severe first: ``("lamp",)``, ``("red", "yellow", "green")``."""

    def open(self) -> None:
        """Claim the device and make it dark.

        Raises:
            DriverError: It cannot be had; the reason says what to do.
        """

    def write(self, lamps: Mapping[str, str]) -> None:
        """Make every lamp show what is said: ``"off"`` or a colour ``"#rrggbb"``; all lamps are named.

        Raises:
            DriverError: The write failed.
        """

    def close(self) -> None:
        """Make it dark and let go of it; may be called twice, never raises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputContext:
    """What an output gets from the shell: its name in the configuration and the steady line."""

    name: str
    clock: Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputDriver:
    """A kind of output.

    Attributes:
        summary: One line for ``queue-alert drivers``.
        options: Struct of its options.
        create: Make an output from checked options; must not touch the device.
        check: Further mistakes; paths relative to the output's table.
        claims: What it occupies alone (``("gpio17",)``), so that two outputs on one pin are found.
        engine: Entry-point name of the engine that plays it.
        packages: Import names of optional packages it needs.
        extra: The extra that brings them.
    """

    summary: str
    options: type[msgspec.Struct]
    create: Callable[[Any, OutputContext], Output]
    check: Callable[[Any], list[ConfigProblem]] = field(default=lambda _options: [])
    claims: Callable[[Any], tuple[str, ...]] = field(default=lambda _options: ())
    engine: str = "lamps"
    packages: tuple[str, ...] = ()
    extra: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputSetup:
    """One configured output, as its engine gets it."""

    name: str
    driver: OutputDriver
    options: Any
    output: Output


LampObserver = Callable[[str, Mapping[str, str], str], None]
"""Called with output name, its lamps as now lit, and its fault ("" while it works)."""


class OutputEngine(Protocol):
    """Plays levels as flashes on outputs, all in phase."""

    options: ClassVar[type[msgspec.Struct]]
    """Its own options: the configuration's table ``[patterns]``."""

    def __init__(
        self, outputs: Sequence[OutputSetup], options: Any, clock: Clock, observer: LampObserver
    ) -> None:
        """Take the outputs; touch nothing yet."""

    @classmethod
    def check(cls, outputs: Sequence[tuple[str, OutputDriver, Any]], options: Any) -> list[ConfigProblem]:
        """Return the mistakes of all outputs (name, driver, options) together, such as too fast a flash."""

    def show(self, output: str, level: SignalLevel) -> None:
        """Take a new level; the newest wins. Never blocks, never raises for a device's fault."""

    async def run(self) -> None:
        """Open the outputs and play until cancelled; every lamp is dark when it returns, however it ends."""

    def close(self) -> None:
        """Make every lamp dark, now; may be called at any time, also after ``run``."""


# ---- publishers


class StateSource(Protocol):
    """What a publisher is told: levels, so the newest wins and nothing piles up."""

    def groups(self) -> Sequence[GroupView]:
        """Return all groups as they stand now; :meth:`changed` begins anew from here."""

    async def changed(self) -> Sequence[GroupView]:
        """Wait until something has changed, and return the groups that did since the last call, each once."""


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


# ---- the HTTP server and the command line


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
