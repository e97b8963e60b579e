"""The lines of a recording's index, one JSON object each.

``docs/reference/recording-format.md`` describes them; unknown keys are passed over.
"""

from typing import Final

import msgspec

from queue_alert.core.units import Instant, Seconds

__all__ = ["FORMAT", "LINE_LIMIT", "TIME_LIMIT_S", "VERSION", "Header", "Line", "line_decoder"]

FORMAT: Final = "queue-alert-recording"
VERSION: Final = 1
LINE_LIMIT: Final = 16 * 1024 * 1024
"""Bytes of the longest line that is read; a snapshot of 50,000 waiting contacts fits."""

TIME_LIMIT_S: Final = 10 * 366 * 86_400.0
"""The latest second of a recording that is believed: ten years."""


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """The first line of what this program writes. Older recordings have none."""

    format: str
    version: int
    translator: str = ""
    started_at: Instant = 0.0


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """Any other line; exactly one of ``ev``, ``len`` (with ``off``), ``sent`` and ``event`` is there."""

    t: Seconds
    wall: Instant | None = None
    ev: str | None = None
    off: int | None = None
    len: int | None = None
    sent: str | None = None
    event: msgspec.Raw = msgspec.Raw(b"")


def line_decoder() -> msgspec.json.Decoder[Line]:
    """Return a decoder of one line; it raises one of ``UNREADABLE`` and nothing else."""
    return msgspec.json.Decoder(Line)
