"""The page about escalation says what the code does."""

import re
from pathlib import Path

from queue_alert.core.profiles import LONGEST_TIMEOUT_S, Profile
from queue_alert.core.throttle import DEFAULT_LIMITS
from queue_alert.core.transitions import diagram

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "escalation.md"
TEXT = PAGE.read_text(encoding="utf-8")


def test_the_diagram_is_drawn_from_the_table() -> None:
    """To draw it anew, put what ``queue_alert.core.transitions.diagram()`` returns into the page."""
    assert re.findall(r"```mermaid\n(.*?)\n```", TEXT, re.DOTALL) == [diagram()]


def test_the_figures_on_the_page_are_those_of_the_code() -> None:
    assert [(limit.calls, limit.within_s) for limit in DEFAULT_LIMITS] == [(1, 60), (3, 900), (7, 3_600)]
    assert "once a minute, three times in a quarter of an hour and seven times in an hour" in TEXT
    assert Profile(name="p", steps=()).acknowledged_for_s == 1_800
    assert "half an hour unless it says otherwise" in TEXT
    assert f"for at most {LONGEST_TIMEOUT_S / 3600:.0f} hours" in TEXT
