"""Which files make up a recording, and what its first line says."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from adapters.recording.index import FORMAT, VERSION, Header, Line
from queue_alert.core.errors import QueueAlertError
from queue_alert.core.events import UNREADABLE
from queue_alert.core.units import Instant, Seconds

__all__ = ["RecordingFiles", "base_of", "find_files", "reading"]

_INDEX: Final = ".jsonl"
_TRANSLATORS: Final = {".ami": "asterisk"}
_FIRST_LIMIT: Final = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingFiles:
    """The files of one recording.

    Attributes:
        index: Timing, marks and neutral events; ``None`` where only the raw bytes are left.
        data: Raw bytes; ``None`` where there are none.
        translator: Who understands the raw bytes; ``""`` where there are none.
        started_at: Epoch seconds; 0 where nothing tells.
        has_header: Whether the index begins with a header.
    """

    index: Path | None
    data: Path | None
    translator: str
    started_at: Instant = 0.0
    has_header: bool = False


def base_of(path: Path, translator: str) -> Path:
    """Return the common beginning of a recording's file names, whichever of them ``path`` is."""
    known = {_INDEX, *_TRANSLATORS, f".{translator}"} - {"."}
    return path.with_suffix("") if path.suffix in known else path


def find_files(path: Path) -> RecordingFiles:
    """Return the files of the recording at ``path``: its index, its raw bytes, or their common beginning.

    Raises:
        QueueAlertError: There is none, or it is no recording that this version reads.
    """
    with reading(path):
        return _find_files(path)


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn an error of the system while the recording at ``path`` is read into one of ours."""
    try:
        yield
    except OSError as error:
        raise QueueAlertError(f"recording {path} cannot be read: {error.strerror or error}") from error


def _find_files(path: Path) -> RecordingFiles:
    if path.suffix == _INDEX:
        if not path.is_file():
            raise QueueAlertError(f"there is no recording {path}")
        return _from_index(path, path.with_suffix(""))
    index = path.with_name(path.name + _INDEX)
    if index.is_file():
        return _from_index(index, path)
    if not path.suffix or not path.is_file():
        raise QueueAlertError(f"there is no recording {path}: neither {index.name} nor raw bytes")
    index = path.with_suffix(_INDEX)
    if index.is_file():
        return _from_index(index, path.with_suffix(""))
    return RecordingFiles(index=None, data=path, translator=_translator(path.suffix))


def _from_index(index: Path, base: Path) -> RecordingFiles:
    with index.open("rb") as file:
        first = file.readline(_FIRST_LIMIT)
    header = _header(first)
    if header is not None and (header.format != FORMAT or header.version != VERSION):
        found = f"{header.format} version {header.version}"
        raise QueueAlertError(f"{index} is {found}; this program reads {FORMAT} version {VERSION}")
    if header is None:
        candidates = [base.with_name(base.name + suffix) for suffix in _TRANSLATORS]
        data = next((candidate for candidate in candidates if candidate.is_file()), None)
        translator = _translator(data.suffix) if data else ""
        return RecordingFiles(index=index, data=data, translator=translator, started_at=_start(index, first))
    data = None
    if header.translator:
        data = base.with_name(f"{base.name}.{header.translator}")
        if not data.is_file():
            raise QueueAlertError(f"recording {index} lacks its raw bytes, {data.name}")
    return RecordingFiles(
        index=index, data=data, translator=header.translator, started_at=header.started_at, has_header=True
    )


def _header(first: bytes) -> Header | None:
    try:
        return msgspec.json.decode(first, type=Header)
    except UNREADABLE:
        return None


def _start(index: Path, first: bytes) -> Seconds:
    try:
        line = msgspec.json.decode(first, type=Line)
    except UNREADABLE as error:
        raise QueueAlertError(f"{index} is not a recording: its first line is {error}") from error
    return line.wall - line.t if line.wall is not None else 0.0


def _translator(suffix: str) -> str:
    return _TRANSLATORS.get(suffix, suffix[1:])
