"""An output that remembers what it showed and fails when told to: for tests, demonstrations and lamp logs."""

import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, Literal

import msgspec

from devices.kinds import OFF, Kind
from devices.output import CheckedOutput
from queue_alert.core.units import Instant
from queue_alert.ports import Clock, ConfigProblem, DriverError, OutputContext, OutputDriver

__all__ = ["DRIVER", "TIMELINE_LIMIT", "RecordingOptions", "RecordingOutput", "Shown"]

logger = logging.getLogger(__name__)

TIMELINE_LIMIT: Final = 100_000
"""How many entries a timeline keeps; then the oldest go."""

_MAX_BACKLOG: Final = 1_000
"""How many lines may wait for the disk before the output counts as failed."""


class RecordingOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of a recording output."""

    kind: Literal["lamp", "tower", "two-tier-tower", "rgb", "buzzer"] = "lamp"
    path: str = ""
    """File to append a line of JSON to for every change, ``{"at":…,"lamps":{…}}``; none if empty."""
    most_lines: int = 1_000_000
    """Lines written to the file before it is left alone, > 0."""

    @property
    def lamps(self) -> tuple[str, ...]:
        """Names of its lamps, the most severe first."""
        return Kind(self.kind).lamps


@dataclass(frozen=True, slots=True)
class Shown:
    """From ``at`` on the lamps were like this."""

    at: Instant
    lamps: Mapping[str, str]


class RecordingOutput(CheckedOutput):
    """An output without hardware that keeps its timeline.

    Args:
        clock: The steady line.
        name: Its name in messages.
        lamps: Names of its lamps, the most severe first.
        path: File to append to, ``None`` for none.
        most_lines: Lines written to the file before it is left alone.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        name: str = "recording",
        lamps: Sequence[str] = Kind.LAMP.lamps,
        path: Path | None = None,
        most_lines: int = 1_000_000,
    ) -> None:
        super().__init__(name, lamps)
        self._clock = clock
        self._timeline: deque[Shown] = deque(maxlen=TIMELINE_LIMIT)
        self._fault: DriverError | None = None
        self._path = path
        self._most_lines = most_lines
        self._file: _LineFile | None = None

    @property
    def timeline(self) -> list[Shown]:
        """Everything shown since it was made, oldest first, opening and closing (both dark) included."""
        return list(self._timeline)

    def fail(self, reason: str, *, recoverable: bool = True) -> None:
        """Let every ``open`` and ``write`` from now on raise a ``DriverError``."""
        self._fault = DriverError(reason, recoverable=recoverable)

    def heal(self) -> None:
        """Work again."""
        self._fault = None

    def flush(self) -> None:
        """Block until everything shown so far is in the file; not to be called on an event loop."""
        if self._file is not None:
            self._file.flush()

    def _claim(self) -> None:
        self._raise_fault()
        if self._path is not None:
            self._file = _LineFile(self._path, most_lines=self._most_lines)
        self._show(dict.fromkeys(self.lamps, OFF))

    def _set(self, lamps: Mapping[str, str]) -> None:
        self._raise_fault()
        self._show(dict(lamps))

    def _release(self) -> None:
        file, self._file = self._file, None
        shown = Shown(self._clock.now(), dict.fromkeys(self.lamps, OFF))
        self._timeline.append(shown)
        if file is not None:
            file.close(msgspec.json.encode(shown))

    def _show(self, lamps: Mapping[str, str]) -> None:
        shown = Shown(self._clock.now(), lamps)
        if self._file is not None:
            self._file.write(msgspec.json.encode(shown))
        self._timeline.append(shown)

    def _raise_fault(self) -> None:
        if self._fault is not None:
            raise DriverError(self._fault.reason, recoverable=self._fault.recoverable)


class _LineFile:
    """Lines to a file through a thread of its own: a slow card must not make a lamp stumble.

    Raises:
        DriverError: From the beginning, if the file cannot be written.
    """

    def __init__(self, path: Path, *, most_lines: int) -> None:
        self._path = path
        self._lines_left = most_lines
        self._backlog: deque[Future[None]] = deque()
        try:
            self._file: IO[bytes] = path.open("ab")
        except OSError as error:
            raise DriverError(
                f"{path}: cannot be written ({error.strerror}); choose another path", recoverable=False
            ) from error
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="lamp-recording")

    def write(self, line: bytes) -> None:
        """Hand a line to the thread.

        Raises:
            DriverError: An earlier line could not be written, or too many wait.
        """
        while self._backlog and self._backlog[0].done():
            error = self._backlog.popleft().exception()
            if error is not None:
                raise DriverError(f"{self._path}: cannot be written ({error})") from error
        if len(self._backlog) >= _MAX_BACKLOG:
            raise DriverError(f"{self._path}: {_MAX_BACKLOG} lines wait to be written; the disk is too slow")
        if self._lines_left > 0:
            self._lines_left -= 1
            self._submit(lambda: self._append(line))
            if self._lines_left == 0:
                logger.warning("lamp recording is full path=%s", self._path)

    def flush(self) -> None:
        for future in tuple(self._backlog):
            future.result()

    def close(self, last_line: bytes) -> None:
        """Write ``last_line``, then close the file; does not wait for the disk."""
        if self._lines_left > 0:
            self._submit(lambda: self._append(last_line))
        self._submit(self._file.close)
        self._worker.shutdown(wait=False)

    def _submit(self, work: Callable[[], None]) -> None:
        self._backlog.append(self._worker.submit(work))

    def _append(self, line: bytes) -> None:
        self._file.write(line + b"\n")
        self._file.flush()


def _create(options: RecordingOptions, context: OutputContext) -> RecordingOutput:
    return RecordingOutput(
        context.clock,
        name=context.name,
        lamps=options.lamps,
        path=Path(options.path) if options.path else None,
        most_lines=options.most_lines,
    )


def _check(options: RecordingOptions) -> list[ConfigProblem]:
    if options.most_lines > 0:
        return []
    return [ConfigProblem(path="most_lines", message=f"must be > 0, got {options.most_lines}")]


DRIVER = OutputDriver(
    summary="remembers what it was told to show, and can keep it in a file",
    options=RecordingOptions,
    create=_create,
    check=_check,
)
