"""Recordings as files: raw bytes beside an index of JSON lines, or neutral events in the index alone."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from adapters.recording.paths import RecordingFiles, base_of, find_files, reading
from adapters.recording.reader import RecordingReader, last_time
from adapters.recording.writer import FileRecordingWriter
from queue_alert.core.units import Instant
from queue_alert.ports import RecordedItem, RecordingWriter, Skipped

__all__ = ["RECORDING", "JsonLinesRecording"]


class JsonLinesRecording:
    """Reads and writes recordings; see :class:`~queue_alert.ports.RecordingFormat`.

    A recording is named by any of its files, or by what their names have in common.
    """

    def describe(self, path: Path) -> Mapping[str, Any]:
        """Return what is known before reading; see the port.

        Raises:
            QueueAlertError: There is no recording at ``path``.
        """
        files = find_files(path)
        with reading(path):
            size = files.data.stat().st_size if files.data else 0
            duration_s = last_time(files.index) if files.index else 0.0
        return {
            "translator": files.translator,
            "started_at": files.started_at,
            "duration_s": duration_s,
            "size": size,
            "timed": files.index is not None,
        }

    def read(self, path: Path, skipped: Callable[[Skipped, str], None]) -> Iterator[RecordedItem]:
        """Yield what was recorded, in its order; a damaged part is counted and passed over.

        Raises:
            QueueAlertError: There is no recording at ``path``; while reading: it can be read no further.
        """
        return _items(path, find_files(path), skipped)

    def writer(self, path: Path, *, translator: str, started_at: Instant) -> RecordingWriter:
        """Return a writer for a new recording.

        Raises:
            QueueAlertError: One of its files exists, or its folder does not.
        """
        return FileRecordingWriter(base_of(path, translator), translator=translator, started_at=started_at)


def _items(
    path: Path, files: RecordingFiles, skipped: Callable[[Skipped, str], None]
) -> Iterator[RecordedItem]:
    with reading(path):
        yield from RecordingReader(files, skipped).items()


RECORDING: Final = JsonLinesRecording()
