"""What kinds of output there are, told by the names of their lamps."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

__all__ = ["OFF", "SINGLE_LAMP", "TIERS", "TIER_COLOURS", "Kind", "kind_of"]

OFF: Final = "off"
"""What a lamp that is not lit shows."""

SINGLE_LAMP: Final = "lamp"

TIERS: Final = ("red", "yellow", "green")
"""Names of a tower's tiers, the most severe first."""

TIER_COLOURS: Final = {"red": "#ff0000", "yellow": "#ffc000", "green": "#00c000"}


class Kind(StrEnum):
    """What an output can say, and how."""

    LAMP = "lamp"
    """One lamp of one colour: the rhythm says everything."""
    TOWER = "tower"
    """Red, yellow, green: the position says the severity."""
    TWO_TIER_TOWER = "two-tier-tower"
    """Red and green."""
    RGB = "rgb"
    """One lamp of any colour: rhythm and colour say the same."""
    BUZZER = "buzzer"
    """No light: it sounds when things get worse, once."""

    @property
    def lamps(self) -> tuple[str, ...]:
        """Names of its lamps, the most severe first."""
        return _LAMPS[self]


_LAMPS: Final = {
    Kind.LAMP: (SINGLE_LAMP,),
    Kind.TOWER: TIERS,
    Kind.TWO_TIER_TOWER: ("red", "green"),
    Kind.RGB: ("rgb",),
    Kind.BUZZER: ("buzzer",),
}


def kind_of(lamps: Sequence[str]) -> Kind:
    """Return the kind of an output by its lamps' names, in any order.

    Names that no kind has make a :attr:`Kind.LAMP` whose lamps all flash as one.
    """
    named = set(lamps)
    return next((kind for kind, names in _LAMPS.items() if set(names) == named), Kind.LAMP)
