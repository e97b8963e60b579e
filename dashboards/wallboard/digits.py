"""Figures that can be read across the room, from ``█`` alone (the raw console has it)."""

__all__ = ["HEIGHT", "big", "big_width"]

HEIGHT = 5

# Three by five points; every point is two cells wide, so that digits are about as wide as they are high.
_POINTS = {
    "0": ("###", "# #", "# #", "# #", "###"),
    "1": (" # ", "## ", " # ", " # ", "###"),
    "2": ("###", "  #", "###", "#  ", "###"),
    "3": ("###", "  #", "###", "  #", "###"),
    "4": ("# #", "# #", "###", "  #", "  #"),
    "5": ("###", "#  ", "###", "  #", "###"),
    "6": ("###", "#  ", "###", "# #", "###"),
    "7": ("###", "  #", "  #", "  #", "  #"),
    "8": ("###", "# #", "###", "# #", "###"),
    "9": ("###", "# #", "###", "  #", "###"),
    ":": (" ", "#", " ", "#", " "),
    "-": ("   ", "   ", "###", "   ", "   "),
    "%": ("# #", "  #", " # ", "#  ", "# #"),
    "<": ("  #", " # ", "#  ", " # ", "  #"),
    "k": ("#  ", "# #", "## ", "## ", "# #"),
    "h": ("#  ", "#  ", "###", "# #", "# #"),
    "M": ("# #", "###", "###", "# #", "# #"),
    ">": ("#  ", " # ", "  #", " # ", "#  "),
    " ": (" ", " ", " ", " ", " "),
}


def big(text: str) -> tuple[str, ...]:
    """Return ``text`` as five rows of cells.

    Raises:
        KeyError: A character has no big form (digits, ``:-%<>kMh`` and the space have one).
    """
    return tuple(
        "  ".join("".join(point * 2 for point in _POINTS[character][row]) for character in text).replace(
            "#", "█"
        )
        for row in range(HEIGHT)
    )


def big_width(text: str) -> int:
    """Return how many cells :func:`big` makes of ``text``."""
    return len(big(text)[0]) if text else 0
