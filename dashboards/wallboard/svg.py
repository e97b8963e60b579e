"""A picture of the board: SVG that needs nothing from the network.

Not rich's ``export_svg``: that loads a font from the network and leaves the place of every word to how a
renderer treats blanks. Here every word stands at its own cell, and blocks are drawn, not written.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from xml.sax.saxutils import escape

from rich.cells import cell_len
from rich.color import Color, ColorType, blend_rgb
from rich.color_triplet import ColorTriplet
from rich.style import Style
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from dashboards.wallboard.ansi import runs

__all__ = ["picture"]

_WIDTH, _HEIGHT, _MARGIN = 10.0, 21.0, 12.0
"""Of a cell and around the board, in pixels."""
_BASELINE = 15.5
_FONT = (
    'font-family="DejaVu Sans Mono, Noto Sans Mono, Menlo, Consolas, monospace" font-size="16.5" '
    'shape-rendering="crispEdges"'
)

_THEME = TerminalTheme(
    (14, 18, 22),
    (214, 219, 223),
    [
        (14, 18, 22),
        (190, 30, 30),
        (40, 140, 70),
        (240, 190, 40),
        (24, 72, 140),
        (150, 70, 160),
        (80, 170, 190),
        (200, 205, 210),
    ],
    [
        (100, 108, 116),
        (255, 70, 60),
        (80, 220, 120),
        (255, 214, 70),
        (90, 150, 250),
        (220, 120, 230),
        (90, 220, 240),
        (255, 255, 255),
    ],
)
_BLOCKS = {"█": (0.0, 1.0), "▄": (0.5, 0.5)}
"""Where in its cell a block begins, and how high it is."""


def picture(rows: Sequence[Text], *, width: int) -> str:
    """Return ``rows`` as one SVG document.

    Args:
        rows: As drawn.
        width: Of every row, in cells.
    """
    wide, high = width * _WIDTH + 2 * _MARGIN, len(rows) * _HEIGHT + 2 * _MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide:g} {high:g}" role="img" {_FONT}>',
        "<title>Queue Alert wallboard</title>",
        f'<rect width="{wide:g}" height="{high:g}" rx="8" fill="{_THEME.background_color.hex}"/>',
    ]
    for index, row in enumerate(rows):
        parts += _drawn(row, _MARGIN + index * _HEIGHT)
    return "\n".join([*parts, "</svg>\n"])


def _drawn(row: Text, top: float) -> Iterator[str]:
    cell = 0
    for text, style in runs(row):
        ink, ground = _colours(style)
        left, cells = _MARGIN + cell * _WIDTH, cell_len(text)
        if ground is not None:
            yield _box(left, top, cells * _WIDTH, _HEIGHT, ground)
        yield from _words(text, left, top, ink, is_bold=bool(style.bold))
        cell += cells


def _words(text: str, left: float, top: float, ink: str, *, is_bold: bool) -> Iterator[str]:
    weight = ' font-weight="bold"' if is_bold else ""
    for kind, characters in groupby(text, key=_kind):
        word = "".join(characters)
        length = cell_len(word) * _WIDTH
        if kind in _BLOCKS:
            start, share = _BLOCKS[kind]
            yield _box(left, top + start * _HEIGHT, length, share * _HEIGHT, ink)
        elif kind != " ":
            yield (
                f'<text x="{left:g}" y="{top + _BASELINE:g}" fill="{ink}"{weight} textLength="{length:g}" '
                f'lengthAdjust="spacingAndGlyphs">{escape(word)}</text>'
            )
        left += length


def _kind(character: str) -> str:
    return character if character in _BLOCKS or character == " " else "word"


def _box(left: float, top: float, width: float, height: float, colour: str) -> str:
    return f'<rect x="{left:g}" y="{top:g}" width="{width:g}" height="{height:g}" fill="{colour}"/>'


def _colours(style: Style) -> tuple[str, str | None]:
    ink = _triplet(style.color, is_foreground=True)
    ground = _triplet(style.bgcolor, is_foreground=False) if style.bgcolor else None
    if style.dim:
        ink = blend_rgb(ink, ground or _THEME.background_color, 0.45)
    return ink.hex, ground.hex if ground else None


def _triplet(color: Color | None, *, is_foreground: bool) -> ColorTriplet:
    if color is None or color.type is ColorType.DEFAULT:
        return _THEME.foreground_color if is_foreground else _THEME.background_color
    return color.get_truecolor(_THEME, foreground=is_foreground)
