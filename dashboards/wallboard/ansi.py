"""Styled rows as what a terminal reads and as plain text."""

from collections.abc import Mapping

from rich.color import ColorSystem
from rich.style import Style
from rich.text import Text

__all__ = ["ansi", "colours_of", "plain", "runs"]


def colours_of(environment: Mapping[str, str]) -> ColorSystem | None:
    """Return how many colours the terminal has, or ``None`` for none.

    ``NO_COLOR`` (any text but none) and ``TERM=dumb`` mean no colour; bold, dim and reverse remain.
    Source: https://no-color.org
    """
    term = environment.get("TERM", "")
    if environment.get("NO_COLOR") or term in {"", "dumb", "unknown"}:
        return None
    if environment.get("COLORTERM", "").lower() in {"truecolor", "24bit"}:
        return ColorSystem.TRUECOLOR
    return ColorSystem.EIGHT_BIT if term.endswith("256color") else ColorSystem.STANDARD


def ansi(row: Text, colours: ColorSystem | None) -> str:
    """Return a row with its escape sequences; it ends as it began, without any style."""
    return "".join(_sequence(text, style, colours) for text, style in runs(row))


def plain(row: Text) -> str:
    """Return a row without styles and without blanks at its end."""
    return row.plain.rstrip()


def runs(row: Text) -> list[tuple[str, Style]]:
    """Return a row as pieces of one style each; together they are the row."""
    base = row.style if isinstance(row.style, Style) else Style.null()
    runs: list[tuple[str, Style]] = []
    at = 0
    for span in row.spans:
        # Rows are built part by part: spans follow each other and never overlap.
        if span.start > at:
            runs.append((row.plain[at : span.start], base))
        own = span.style if isinstance(span.style, Style) else Style.null()
        runs.append((row.plain[span.start : span.end], base + own))
        at = span.end
    if at < len(row.plain):
        runs.append((row.plain[at:], base))
    return runs


def _sequence(text: str, style: Style, colours: ColorSystem | None) -> str:
    if colours is not None:
        return style.render(text, color_system=colours)
    if style.bgcolor is not None:
        # Without colours a band is told by reversing it.
        style = Style(reverse=True, bold=style.bold)
    return style.without_color.render(text, color_system=ColorSystem.STANDARD)
