"""The answer to "who would be called?" as lines of text, and the words in which it is asked."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from queue_alert.app.config.problems import did_you_mean, found
from queue_alert.core.lists import level_of
from queue_alert.core.profiles import Target, TargetKind
from queue_alert.core.reach import Resolution
from queue_alert.core.roster import Roster, Tier
from queue_alert.core.units import Instant

__all__ = ["parse_target", "who_lines"]

_OWNER: Final = "owner"


def parse_target(text: str, roster: Roster) -> Target | str:
    """Return the target that ``text`` means, or what is wrong with it.

    Args:
        text: A name, ``plan/L2``, or ``owner``; where two bear it, ``tier:lead`` says that the tier is meant.
        roster: Whose names are looked up: people, lists, rotations, then tiers.
    """
    names: dict[TargetKind, list[str]] = {
        TargetKind.PERSON: list(roster.people),
        TargetKind.LIST: list(roster.lists),
        TargetKind.ROTATION: list(roster.rotations),
        TargetKind.TIER: list(Tier),
        TargetKind.OWNER: [_OWNER],
    }
    kind, colon, name = text.partition(":")
    if colon and kind in names:
        names = {TargetKind(kind): names[TargetKind(kind)]}
    else:
        name = text
    for each, known in names.items():
        is_level = each is TargetKind.LIST and level_of(name)[0] in known
        if name in known or is_level:
            return Target(kind=each, name="" if each is TargetKind.OWNER else name)
    every = [each for known in names.values() for each in known]
    return f"nobody is called {found(name)}{did_you_mean(name, every) or '; known are: ' + ', '.join(every)}"


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
