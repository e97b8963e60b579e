"""One row of the board: styled parts, cut and filled to an exact width."""

from collections.abc import Iterable
from typing import TypeAlias

from rich.cells import cell_len, set_cell_size
from rich.style import Style
from rich.text import Text

from dashboards.wallboard.look import PLAIN

__all__ = ["Part", "Parts", "blank", "line", "spread"]

Part: TypeAlias = tuple[str, Style]
Parts: TypeAlias = list[Part]


def line(parts: Iterable[Part], width: int, *, base: Style = PLAIN) -> Text:
    """Return ``parts`` one after the other in exactly ``width`` cells.

    Args:
        parts: Clean text, each with its style.
        width: In cells, >= 0; what does not fit is cut.
        base: Lies under all of it, also under the rest of the row.
    """
    row = Text(style=base, end="", no_wrap=True)
    left = width
    for text, style in parts:
        length = cell_len(text)
        if length > left:
            row.append(set_cell_size(text, left), style)
            left = 0
            break
        row.append(text, style)
        left -= length
    row.append(" " * left)
    return row


def spread(start: Parts, end: Parts, width: int, *, base: Style = PLAIN) -> Text:
    """Return a row with ``start`` at its left and ``end`` at its right; ``end`` wins where room is short."""
    end_length = sum(cell_len(text) for text, _ in end)
    if end_length >= width:
        return line(end, width, base=base)
    row = line(start, width - end_length, base=base)
    for text, style in end:
        row.append(text, style)
    return row


def blank(width: int) -> Text:
    """Return an empty row."""
    return line((), width)
