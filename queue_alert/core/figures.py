"""The names of the figures of a group that rules may look at, and of what kind each is."""

from enum import StrEnum
from typing import Final

__all__ = ["AGES", "COUNTS", "DURATIONS", "FALLING", "RATIOS", "Figure"]


class Figure(StrEnum):
    """What a rule may look at."""

    WAITING = "waiting"
    """How many wait."""
    LONGEST_WAIT = "longest_wait"
    """How long the one has waited who has waited longest; 0 where nobody waits."""
    EXPECTED_WAIT = "expected_wait"
    """Of whoever joins now, by the group's method; unknown where nothing is to be reckoned with."""
    SERVICE_LEVEL = "service_level"
    """By the group's own formula, over its window; unknown before anything was counted."""
    SERVICE_LEVEL_TODAY = "service_level_today"
    ABANDON_RATIO = "abandon_ratio"
    """Over the window."""
    ABANDON_RATIO_TODAY = "abandon_ratio_today"
    ABANDONED = "abandoned"
    """Over the window."""
    OFFERED = "offered"
    """Over the window."""
    AVERAGE_SPEED_OF_ANSWER = "average_speed_of_answer"
    """Over the window."""
    AVERAGE_HANDLING_TIME = "average_handling_time"
    """Over the window."""
    AGENTS_AVAILABLE = "agents_available"
    AGENTS_TALKING = "agents_talking"
    AGENTS_LOGGED_IN = "agents_logged_in"
    """All but those who are offline."""
    AGENTS_NOT_READY = "agents_not_ready"
    EMERGENCIES = "emergencies"
    """Called here and not acknowledged."""
    FEED_AGE = "feed_age"
    """For how long a feed behind the group has not been live; 0 while all are."""


AGES: Final = frozenset({Figure.LONGEST_WAIT, Figure.FEED_AGE})
"""Those that grow by themselves."""

FALLING: Final = frozenset(
    {Figure.SERVICE_LEVEL, Figure.SERVICE_LEVEL_TODAY, Figure.AGENTS_AVAILABLE, Figure.AGENTS_LOGGED_IN}
)
"""Those that are bad when they are low."""

DURATIONS: Final = AGES | {
    Figure.EXPECTED_WAIT,
    Figure.AVERAGE_SPEED_OF_ANSWER,
    Figure.AVERAGE_HANDLING_TIME,
}
"""Those in seconds."""

RATIOS: Final = frozenset(
    {Figure.SERVICE_LEVEL, Figure.SERVICE_LEVEL_TODAY, Figure.ABANDON_RATIO, Figure.ABANDON_RATIO_TODAY}
)
"""Those from 0 to 1."""

COUNTS: Final = frozenset(Figure) - DURATIONS - RATIOS
"""Whole numbers."""
