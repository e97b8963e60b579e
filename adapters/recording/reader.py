"""Reads a recording in its order and in bounded memory, whatever has happened to its files.

The index says when which bytes came; the bytes themselves follow each other without a gap. So a damaged line
costs the timing of some bytes, never the bytes: those it should have named come with the next line.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from adapters.recording.index import LINE_LIMIT, TIME_LIMIT_S, Line, line_decoder
from adapters.recording.paths import RecordingFiles
from queue_alert.core.events import UNREADABLE, AcdEvent, decoder
from queue_alert.core.units import Seconds
from queue_alert.ports import RecordedData, RecordedEvent, RecordedItem, RecordedMark, Skipped

__all__ = ["CHUNK", "RecordingReader", "last_time"]

CHUNK: Final = 65_536
"""Bytes of the largest piece that is handed out."""

_TAIL: Final = 65_536
_MARKS: Final = frozenset({"connected", "disconnected"})


class RecordingReader:
    """One pass through a recording.

    Args:
        files: What to read.
        skipped: Called for everything that cannot be used.
    """

    def __init__(self, files: RecordingFiles, skipped: Callable[[Skipped, str], None]) -> None:
        self._files = files
        self._skipped = skipped
        self._lines: msgspec.json.Decoder[Line] = line_decoder()
        self._events: msgspec.json.Decoder[AcdEvent] = decoder()
        self._at: Seconds = 0.0
        self._position = 0
        self._size = files.data.stat().st_size if files.data else 0

    def items(self) -> Iterator[RecordedItem]:
        """Yield everything, oldest first.

        Raises:
            OSError: A file cannot be read.
        """
        with ExitStack() as stack:
            data = stack.enter_context(self._files.data.open("rb")) if self._files.data else None
            if self._files.index is not None:
                yield from self._indexed(stack.enter_context(self._files.index.open("rb")), data)
            elif data is not None:
                yield RecordedMark(0.0, "connected")
                yield from self._data(data, self._size)
                yield RecordedMark(0.0, "disconnected")

    def _indexed(self, index: BinaryIO, data: BinaryIO | None) -> Iterator[RecordedItem]:
        if self._files.has_header:
            index.readline(LINE_LIMIT)
        for text in _whole_lines(index, self._skipped):
            line = self._decode(text)
            if line is None:
                continue
            self._at = self._believed(line.t)
            if line.ev is not None:
                yield from self._mark(line.ev)
            elif line.len is not None:
                yield from self._indexed_data(data, line)
            elif line.event:
                yield from self._event(line.event)
        if data is not None and self._position < self._size:
            self._skipped(Skipped.TRUNCATED, "raw bytes without a line in the index")
            yield from self._data(data, self._size)

    def _decode(self, text: bytes) -> Line | None:
        try:
            return self._lines.decode(text)
        except UNREADABLE:
            # A line without its end is one the power failed in.
            kind = Skipped.BAD_VALUE if text.endswith(b"\n") else Skipped.TRUNCATED
            self._skipped(kind, "line of the index")
            return None

    def _believed(self, at: Seconds) -> Seconds:
        if self._at <= at <= TIME_LIMIT_S:
            return at
        self._skipped(Skipped.BAD_VALUE, "time of a line of the index")
        return self._at

    def _mark(self, kind: str) -> Iterator[RecordedMark]:
        if kind in _MARKS:
            yield RecordedMark(self._at, kind)
        else:
            self._skipped(Skipped.BAD_VALUE, "mark of the index")

    def _event(self, raw: msgspec.Raw) -> Iterator[RecordedEvent]:
        try:
            event = self._events.decode(raw)
        except UNREADABLE:
            self._skipped(Skipped.BAD_VALUE, "event of the index")
            return
        yield RecordedEvent(self._at, event)

    def _indexed_data(self, data: BinaryIO | None, line: Line) -> Iterator[RecordedData]:
        begin, length = line.off, line.len
        if data is None or begin is None or length is None or begin < 0 or length < 0:
            self._skipped(Skipped.BAD_VALUE, "place in the raw bytes")
            return
        end = begin + length
        if begin != self._position or end > self._size:
            self._skipped(Skipped.BAD_VALUE, "place in the raw bytes")
            if end > self._size or end <= self._position:
                return
        yield from self._data(data, end)

    def _data(self, data: BinaryIO, end: int) -> Iterator[RecordedData]:
        data.seek(self._position)
        while self._position < end:
            piece = data.read(min(CHUNK, end - self._position))
            if not piece:
                self._skipped(Skipped.TRUNCATED, "raw bytes")
                return
            self._position += len(piece)
            yield RecordedData(self._at, piece)


def last_time(index: Path) -> Seconds:
    """Return the time of the last whole line of an index, 0 where there is none.

    Raises:
        OSError: It cannot be read.
    """
    lines = line_decoder()
    with index.open("rb") as file:
        file.seek(max(index.stat().st_size - _TAIL, 0))
        for text in reversed(file.read(_TAIL).splitlines()):
            try:
                at = lines.decode(text).t
            except UNREADABLE:
                continue
            if 0.0 <= at <= TIME_LIMIT_S:
                return at
    return 0.0


def _whole_lines(index: BinaryIO, skipped: Callable[[Skipped, str], None]) -> Iterator[bytes]:
    while text := index.readline(LINE_LIMIT):
        if len(text) < LINE_LIMIT or text.endswith(b"\n"):
            if not text.isspace():
                yield text
            continue
        skipped(Skipped.TOO_LONG, "line of the index")
        while text and not text.endswith(b"\n"):
            text = index.readline(LINE_LIMIT)
