"""The answer to "who would be called?" as lines of text."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from queue_alert.core.reach import Resolution
from queue_alert.core.units import Instant

__all__ = ["who_lines"]

_OWNER: Final = "owner"


def who_lines(
    asked: str, resolution: Resolution, *, at: Instant, timezone: str, show_addresses: bool = False
) -> list[str]:
    """Return who would be reached, in order, how and why, then who was passed over and why.

    Args:
        asked: Whom it was asked about, as it was asked.
        resolution: The answer.
        at: For when it was asked.
        timezone: IANA name of the zone in which that is written.
        show_addresses: Whether addresses are written in full.
    """
    when = f"{datetime.fromtimestamp(at, ZoneInfo(timezone)):%a %Y-%m-%d %H:%M %Z}"
    has_levels = any(reach.level > 1 for reach in resolution.reaches)
    lines = [f"{asked}, {when}:" + ("" if resolution.reaches else " nobody would be reached")]
    rows = []
    for number, reach in enumerate(resolution.reaches, start=1):
        method = reach.method
        how = method.name if method.name == method.kind else f"{method.name} ({method.kind})"
        rows.append(
            [
                f"{number}.",
                *([f"L{reach.level}"] if has_levels else []),
                reach.person,
                how,
                method.address if show_addresses else method.masked,
                reach.words,
            ]
        )
    lines += _columns(rows)
    if resolution.passed_over:
        lines.append("passed over:")
    for passed in resolution.passed_over:
        who = ", ".join(part for part in (passed.person or _OWNER, passed.method) if part)
        lines.append(f"  {who}: {passed.words}")
    return lines


def _columns(rows: list[list[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield ("  " + "  ".join(cells)).rstrip()
