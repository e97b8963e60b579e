"""Writes a recording: every line of the index whole, and never before the bytes it names."""

import os
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import msgspec

from adapters.recording.index import FORMAT, VERSION
from queue_alert.core.errors import QueueAlertError
from queue_alert.core.events import AcdEvent
from queue_alert.core.units import Instant, Seconds

__all__ = ["FileRecordingWriter"]

# Callers' numbers are in it: nobody but the owner and the group may read it.
_MODE: Final = 0o640


class FileRecordingWriter:
    """Writes ``X.jsonl`` and, for a vendor's feed, ``X.<translator>``.

    It is a :class:`~queue_alert.ports.RecordingWriter`. Every method raises ``QueueAlertError`` where the
    files cannot be written.

    Args:
        base: ``X``, with its folder.
        translator: ``""`` for a feed of neutral events.
        started_at: Epoch seconds of the beginning.
    """

    def __init__(self, base: Path, *, translator: str, started_at: Instant) -> None:
        self._index_path = base.with_name(base.name + ".jsonl")
        self._data_path = base.with_name(f"{base.name}.{translator}") if translator else None
        self._translator = translator
        self._started_at = started_at
        self._index: FileIO | None = None
        self._data: FileIO | None = None
        self._offset = 0
        self._encoder = msgspec.json.Encoder()
        for path in filter(None, (self._index_path, self._data_path)):
            if path.exists():
                raise QueueAlertError(f"{path} exists already; choose another name for the recording")
        if not base.parent.is_dir():
            raise QueueAlertError(f"there is no folder {base.parent} to write a recording in")

    def __enter__(self) -> Self:
        """Create the files and write the header."""
        try:
            self._index = _create(self._index_path)
            if self._data_path is not None:
                self._data = _create(self._data_path)
            self._put(
                {
                    "format": FORMAT,
                    "version": VERSION,
                    "translator": self._translator,
                    "started_at": self._started_at,
                }
            )
        except OSError as error:
            self._close()
            raise QueueAlertError(
                f"recording {error.filename} cannot be written: {error.strerror}"
            ) from error
        except QueueAlertError:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the files."""
        self._close()

    def connected(self, at: Seconds) -> None:
        """Note a connection."""
        self._line(at, {"ev": "connected", "off": self._offset})

    def disconnected(self, at: Seconds) -> None:
        """Note its end."""
        self._line(at, {"ev": "disconnected", "off": self._offset})

    def received(self, at: Seconds, data: bytes) -> None:
        """Keep raw bytes.

        Raises:
            QueueAlertError: They cannot be written, or this is a recording of neutral events.
        """
        if self._data is None:
            raise QueueAlertError(f"recording {self._index_path} has no place for raw bytes")
        self._write(self._data, data)
        self._line(at, {"off": self._offset, "len": len(data)})
        self._offset += len(data)

    def sent(self, at: Seconds, text: str) -> None:
        """Keep what was sent."""
        self._line(at, {"sent": text})

    def event(self, at: Seconds, event: AcdEvent) -> None:
        """Keep a neutral event."""
        self._line(at, {"event": event})

    def _line(self, at: Seconds, what: dict[str, Any]) -> None:
        self._put({"t": round(at, 6), "wall": round(self._started_at + at, 6), **what})

    def _put(self, what: dict[str, Any]) -> None:
        if self._index is None:
            raise QueueAlertError(f"recording {self._index_path} is not open")
        self._write(self._index, self._encoder.encode(what) + b"\n")

    def _write(self, file: FileIO, data: bytes) -> None:
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[file.write(rest) or 0 :]
        except OSError as error:
            raise QueueAlertError(
                f"recording {self._index_path} cannot be written: {error.strerror or error}"
            ) from error

    def _close(self) -> None:
        for file in (self._data, self._index):
            if file is not None:
                file.close()
        self._data = self._index = None


def _create(path: Path) -> FileIO:
    # Unbuffered: what was written is with the system, whole, when the call returns.
    return FileIO(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE), "wb")
