"""A lamp test: what an output plays, one pattern after the other, pure.

Every lamp is lit for a second by itself; an RGB light in each of its three colours, so that a channel that is
burnt out shows.
"""

import math
from collections.abc import Sequence
from typing import Final

from devices.kinds import OFF, TIER_COLOURS, Kind, kind_of
from devices.patterns import Edge, Pattern, PatternOptions, Rhythm, Tempo
from queue_alert.core.units import Seconds

__all__ = ["LIT_S", "turns_of"]

LIT_S: Final[Seconds] = 1.0
"""So long every lamp is lit."""

_CHANNELS: Final = ("#ff0000", "#00ff00", "#0000ff")


def turns_of(lamps: Sequence[str], options: PatternOptions) -> list[Pattern]:
    """Return what an output plays, in the order of its lamps; each is dark between two beats at its end.

    Args:
        lamps: Names of its lamps.
        options: The patterns' options.
    """
    if kind_of(lamps) is Kind.RGB:
        return [_turn(lamps, lamp, colour, options) for lamp in lamps for colour in _CHANNELS]
    return [_turn(lamps, lamp, TIER_COLOURS.get(lamp, options.colours.lamp), options) for lamp in lamps]


def _turn(lamps: Sequence[str], lamp: str, colour: str, options: PatternOptions) -> Pattern:
    tempo = Tempo.of(options)
    dark = dict.fromkeys(lamps, OFF)
    beat, after_s = divmod(LIT_S, tempo.beat_s)
    return Pattern(
        rhythm=Rhythm.TEST,
        lit={**dark, lamp: colour},
        dark=dark,
        edges=(Edge(0, 0.0, is_lit=True), Edge(int(beat), after_s, is_lit=False)),
        beats=math.ceil((LIT_S + options.off_s) / tempo.beat_s - 1e-9),
    )
