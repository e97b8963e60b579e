"""What keeps what a feed said, and gives it back."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from queue_alert.core.events import AcdEvent
from queue_alert.core.units import Instant, Seconds
from queue_alert.ports.common import Skipped

__all__ = [
    "RecordedData",
    "RecordedEvent",
    "RecordedItem",
    "RecordedMark",
    "RecordingFormat",
    "RecordingWriter",
]


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
