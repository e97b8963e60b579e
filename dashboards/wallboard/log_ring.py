"""Where this program's words go while the board is up: nothing may tear it.

Log records and whatever anyone writes to file descriptors 1 and 2 are kept in a ring; its last warning shows
in the board's last row for some seconds, and on the way out the last ones go to the real standard error.
"""

import contextlib
import logging
import os
from collections import deque
from collections.abc import Callable, Iterator
from typing import Final

from queue_alert.core.units import Seconds

__all__ = ["SHOWN_S", "LogRing", "divert", "drain"]

SHOWN_S: Final[Seconds] = 15.0
"""How long a warning shows."""

_KEPT = 200
_LONGEST_LINE = 500
_CHUNK = 4096


class LogRing(logging.Handler):
    """The last 200 warnings.

    Nobody is told of a new one: the board looks every second.

    Args:
        clock: The steady clock that ages are reckoned by.
    """

    def __init__(self, clock: Callable[[], Seconds]) -> None:
        super().__init__(logging.WARNING)
        self._clock = clock
        self._lines: deque[tuple[Seconds, str]] = deque(maxlen=_KEPT)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one log record as a line."""
        try:
            self.add(self.format(record))
        except Exception:  # noqa: BLE001  # a record whose arguments do not fit must not end the program
            self.add(f"unreadable log record from {record.name}:{record.lineno}")

    def add(self, text: str) -> None:
        """Keep every line of ``text``."""
        lines = [line.strip()[:_LONGEST_LINE] for line in text.splitlines() if line.strip()]
        self._lines.extend((self._clock(), line) for line in lines)

    def notice(self) -> str:
        """Return the last line while it is fresh, else ""."""
        if self._lines and self._clock() < self._lines[-1][0] + SHOWN_S:
            return self._lines[-1][1]
        return ""

    def lines(self) -> list[str]:
        """Return what is kept, oldest first."""
        return [line for _, line in self._lines]


@contextlib.contextmanager
def divert(descriptors: tuple[int, ...] = (1, 2)) -> Iterator[int]:
    """Lead file descriptors into a pipe; what they were comes back at the end.

    Neither end of the pipe blocks: what nobody reads is refused, never waited for.

    Args:
        descriptors: Which to lead away.

    Yields:
        The pipe's reading end.
    """
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    saved = [(descriptor, os.dup(descriptor)) for descriptor in descriptors]
    try:
        for descriptor in descriptors:
            os.dup2(writing, descriptor)
        os.close(writing)
        yield reading
    finally:
        for descriptor, original in saved:
            os.dup2(original, descriptor)
            os.close(original)
        os.close(reading)


def drain(reading: int, ring: LogRing) -> None:
    """Take what is in the pipe into the ring."""
    with contextlib.suppress(BlockingIOError):
        while data := os.read(reading, _CHUNK):
            ring.add(data.decode("utf-8", "replace"))
            if len(data) < _CHUNK:
                break
