"""Lamps that flash by themselves while they have power: what is played on them and how fast they are, pure.

Switching such a beacon on and off in a rhythm of ours would only cut pieces out of its own. So it has power
as long as there is something to say. Its flashes are in phase with nothing, and all count towards the limit.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Final

from devices.kinds import OFF, TIER_COLOURS, Kind, kind_of
from devices.patterns import Edge, Pattern, PatternOptions, Rhythm, Tempo, dark_pattern
from queue_alert.core.effects import Severity, SignalLevel
from queue_alert.core.units import Seconds
from queue_alert.ports import ConfigProblem

__all__ = ["check_own", "most_starts", "powered_for"]

_SLOWEST_HZ: Final = 0.2
_FASTEST_HZ: Final = 3.0
_KINDS: Final = (Kind.LAMP, Kind.TOWER, Kind.TWO_TIER_TOWER)


def powered_for(lamps: Sequence[str], level: SignalLevel, options: PatternOptions) -> Pattern:
    """Return which lamp has power for a level: none while nobody waits and all is well, else one.

    On a tower it is the severity's tier, and the most severe one while the figures are stale: two that flash
    by themselves do not flash together.

    Args:
        lamps: Names of its lamps, the most severe first.
        level: What is to be said. The depth cannot be.
        options: The patterns' options.
    """
    if not (level.stale or level.depth > 0 or level.severity > Severity.NORMAL):
        return dark_pattern(lamps)
    dark = dict.fromkeys(lamps, OFF)
    lit = dict.fromkeys(lamps, options.colours.lamp)
    if kind_of(lamps) is not Kind.LAMP:
        tier = "red" if level.stale else _TIERS[level.severity]
        tier = tier if tier in lamps else "red"
        lit = {**dark, tier: TIER_COLOURS[tier]}
    edges = (Edge(0, 0.0, is_lit=True),)
    return Pattern(rhythm=Rhythm.STEADY, lit=lit, dark=dark, edges=edges, is_ground_lit=True)


_TIERS: Final = {Severity.NORMAL: "green", Severity.WARNING: "yellow", Severity.CRITICAL: "red"}


def most_starts(lamps: Sequence[str], hz: float, options: PatternOptions, *, late_s: Seconds) -> int:
    """Return the most flashes of one such output that can begin within any second, both ends included.

    A flash begins when the lamp gets power, which it does on a beat, and ``1 / hz`` after the one before
    while it has power. A single lamp was without power for ``off_s`` at least before it gets it again; of a
    tower another tier may have had it until then.

    Args:
        lamps: Names of its lamps.
        hz: Its own flashes a second, > 0.
        options: The patterns' options.
        late_s: How late a change may be made.
    """
    period_s, beat_s = 1 / hz, Tempo.of(options).beat_s
    is_single = kind_of(lamps) is Kind.LAMP
    dark_s, fewest_beats = (options.off_s, 2) if is_single else (0.0, 1)

    def own(span_s: Seconds) -> int:
        return math.floor(span_s / period_s + 1e-9)

    def from_power_on(left_s: Seconds) -> int:
        best = 1 + own(left_s)
        for flashes in range(own(left_s) + 1):
            beats = max(math.ceil((flashes * period_s + dark_s) / beat_s - 1e-9), fewest_beats)
            if beats * beat_s <= left_s + 1e-9:
                best = max(best, 1 + flashes + from_power_on(left_s - beats * beat_s))
        return best

    window_s = 1.0 + late_s
    best = from_power_on(window_s)
    for flashes in range(1, own(window_s) + 2):
        left_s = window_s - (flashes - 1) * period_s - dark_s
        if left_s >= 0:
            best = max(best, flashes + from_power_on(left_s))
    return best


def check_own(outputs: Mapping[str, Sequence[str]], options: PatternOptions) -> list[ConfigProblem]:
    """Return every mistake in ``own_flash_hz``.

    Args:
        outputs: The lamps' names of every output, by the output's name.
        options: The patterns' options.
    """
    problems = [
        (name, why)
        for name, hz in options.own_flash_hz.items()
        if (why := _why_not(outputs.get(name), hz, ", ".join(outputs)))
    ]
    return [ConfigProblem(path=f"patterns.own_flash_hz.{name}", message=why) for name, why in problems]


def _why_not(lamps: Sequence[str] | None, hz: float, names: str) -> str:
    if lamps is None:
        return f"must be named like an output; there is {names}"
    if kind_of(lamps) not in _KINDS:
        return f"must be a lamp or a tower, this output is of the kind {kind_of(lamps)}"
    if not _SLOWEST_HZ <= hz <= _FASTEST_HZ:
        return f"must be {_SLOWEST_HZ:g} to {_FASTEST_HZ:g} Hz, got {hz:g} Hz"
    return ""
