"""What the terminal can show, and the styles of the board.

Colour is never the only sign: whatever is coloured also carries a mark or a word. Only the sixteen colours
every terminal has are used, but for lamps, which are drawn in their own.
"""

from dataclasses import dataclass
from typing import Final

from rich.style import Style

from dashboards.wallboard.text import Align, clean, fit
from queue_alert.core.effects import Severity
from queue_alert.core.events import FeedState

__all__ = [
    "ALARM",
    "CRITICAL",
    "FAINT",
    "FEED_MARKS",
    "FEED_STYLES",
    "GOOD",
    "HEADING",
    "HELD_MARK",
    "LOUD",
    "MARKS",
    "PLAIN",
    "SEVERITY_STYLES",
    "STRONG",
    "WARNING",
    "WORDS",
    "Look",
]

PLAIN: Final = Style.null()
STRONG: Final = Style(bold=True)
FAINT: Final = Style(dim=True)
HEADING: Final = Style(color="cyan")
GOOD: Final = Style(color="bright_cyan", bold=True)
WARNING: Final = Style(color="black", bgcolor="yellow")
CRITICAL: Final = Style(color="bright_white", bgcolor="red", bold=True)
ALARM: Final = CRITICAL
LOUD: Final = Style(color="bright_white", bgcolor="blue", bold=True)

HELD_MARK: Final = "?"
"""Beside what is held, not known."""
MARKS: Final = {Severity.NORMAL: "  ", Severity.WARNING: "! ", Severity.CRITICAL: "!!"}
WORDS: Final = {Severity.NORMAL: "", Severity.WARNING: "WARNING", Severity.CRITICAL: "CRITICAL"}
SEVERITY_STYLES: Final = {Severity.NORMAL: PLAIN, Severity.WARNING: WARNING, Severity.CRITICAL: CRITICAL}

FEED_MARKS: Final = {
    FeedState.LIVE: "ok",
    FeedState.SYNCING: "..",
    FeedState.STALE: "! ",
    FeedState.DOWN: "!!",
}
FEED_STYLES: Final = {
    FeedState.LIVE: GOOD,
    FeedState.SYNCING: LOUD,
    FeedState.STALE: WARNING,
    FeedState.DOWN: CRITICAL,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What the terminal can draw.

    Attributes:
        console: The raw Linux console: 16 colours, Latin-1 and ``▄ █ ▲`` alone.
    """

    console: bool = False

    @property
    def ellipsis(self) -> str:
        """The cell that says something was cut."""
        return "~" if self.console else "…"

    @property
    def rule(self) -> str:
        """The cell that lines are made of."""
        return "-" if self.console else "─"

    def words(self, text: str) -> str:
        """Return text from outside, safe to write."""
        return clean(text, console=self.console)

    def cell(self, text: str, width: int, align: Align = "left") -> str:
        """Return text from outside in exactly ``width`` cells."""
        return fit(self.words(text), width, align=align, ellipsis=self.ellipsis)
