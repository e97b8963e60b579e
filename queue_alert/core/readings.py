"""The figures of one group at one instant, for its rules.

A figure is a value that events change, or an age: then only its beginning is stored, and the instant at which
it reaches a limit is known beforehand.
"""

from collections.abc import Callable
from typing import Final

from queue_alert.core.events import AgentState
from queue_alert.core.figures import Figure
from queue_alert.core.group import Group
from queue_alert.core.units import Instant
from queue_alert.core.view import Figures

__all__ = ["Readings"]

_OF_WINDOW: Final = frozenset(
    {
        Figure.SERVICE_LEVEL,
        Figure.ABANDON_RATIO,
        Figure.ABANDONED,
        Figure.OFFERED,
        Figure.AVERAGE_SPEED_OF_ANSWER,
        Figure.AVERAGE_HANDLING_TIME,
    }
)


class Readings:
    """The figures of one group at one instant; what several rules ask for is worked out once.

    Args:
        group: The group.
        stale_since: Since when a feed behind it is not live; ``None``: all are.
        now: The present.
    """

    __slots__ = ("_group", "_now", "_stale_since", "_today", "_window")

    def __init__(self, group: Group, stale_since: Instant | None, now: Instant) -> None:
        self._group = group
        self._stale_since = stale_since
        self._now = now
        self._window: Figures | None = None
        self._today: Figures | None = None

    def since(self, figure: Figure) -> Instant | None:
        """Return when an age began, ``None``: it is 0."""
        return self._group.oldest_queued_at() if figure is Figure.LONGEST_WAIT else self._stale_since

    def value(self, figure: Figure) -> float | None:
        """Return a figure, ``None`` where it is not known."""
        return _READERS[figure](self)

    def changes_at(self, figure: Figure) -> Instant | None:
        """Return when time alone changes a figure that is no age, ``None``: never."""
        return self._group.statistics.window_changes_at() if figure in _OF_WINDOW else None

    def age(self, figure: Figure) -> float:
        """Return how long an age has lasted."""
        since = self.since(figure)
        return 0.0 if since is None else max(self._now - since, 0.0)

    def window(self) -> Figures:
        """Return the figures over the window."""
        if self._window is None:
            self._window = self._group.statistics.window(self._now)
        return self._window

    def today(self) -> Figures:
        """Return the figures since the daily reset."""
        if self._today is None:
            self._today = self._group.statistics.today()
        return self._today

    def waiting(self) -> float:
        """Return how many wait."""
        return len(self._group.waiting)

    def agents(self, *states: AgentState) -> float:
        """Return how many agents are in one of these states."""
        return sum(agent.state in states for agent in self._group.agents.values())

    def logged_in(self) -> float:
        """Return how many agents are not offline."""
        return len(self._group.agents) - self.agents(AgentState.OFFLINE)

    def emergencies(self) -> float:
        """Return how many were called and not acknowledged."""
        return self._group.emergencies

    def expected_wait(self) -> float | None:
        """Return the expected wait by the group's own method."""
        estimate = self._group.expected_wait()
        return None if estimate is None else estimate.seconds

    def service_level(self, figures: Figures) -> float | None:
        """Return the service level by the group's own formula."""
        return figures.service_level.get(self._group.policy.service_level_formula)


_READERS: Final[dict[Figure, Callable[[Readings], float | None]]] = {
    Figure.WAITING: Readings.waiting,
    Figure.LONGEST_WAIT: lambda readings: readings.age(Figure.LONGEST_WAIT),
    Figure.FEED_AGE: lambda readings: readings.age(Figure.FEED_AGE),
    Figure.EXPECTED_WAIT: Readings.expected_wait,
    Figure.SERVICE_LEVEL: lambda readings: readings.service_level(readings.window()),
    Figure.SERVICE_LEVEL_TODAY: lambda readings: readings.service_level(readings.today()),
    Figure.ABANDON_RATIO: lambda readings: readings.window().abandon_ratio,
    Figure.ABANDON_RATIO_TODAY: lambda readings: readings.today().abandon_ratio,
    Figure.ABANDONED: lambda readings: readings.window().abandoned,
    Figure.OFFERED: lambda readings: readings.window().offered,
    Figure.AVERAGE_SPEED_OF_ANSWER: lambda readings: readings.window().average_speed_of_answer_s,
    Figure.AVERAGE_HANDLING_TIME: lambda readings: readings.window().average_handling_s,
    Figure.AGENTS_AVAILABLE: lambda readings: readings.agents(AgentState.AVAILABLE),
    Figure.AGENTS_TALKING: lambda readings: readings.agents(AgentState.TALKING),
    Figure.AGENTS_LOGGED_IN: Readings.logged_in,
    Figure.AGENTS_NOT_READY: lambda readings: readings.agents(AgentState.NOT_READY),
    Figure.EMERGENCIES: Readings.emergencies,
}
