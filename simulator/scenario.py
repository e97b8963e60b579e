"""What a simulated floor is like: groups, their callers and their agents."""

import math
from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from queue_alert.core.units import AgentId, GroupName, Ratio, Seconds
from simulator.profile import DAY_S, HourlyProfile

__all__ = ["DEMO", "SCENARIOS", "BreakHabits", "GroupScenario", "PauseReason", "Scenario"]


_MOST_WAITING_AT_START = 1_000


def _require_positive(name: str, value: Seconds) -> None:
    # Above the structs: their defaults are made, and so checked, while this module is read.
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"{name}: must be > 0 s, got {value}")


class PauseReason(msgspec.Struct, frozen=True):
    """One reason not to be ready, and how long it lasts on average (half to one and a half of it)."""

    reason: str
    mean_s: Seconds

    def __post_init__(self) -> None:
        _require_positive("mean_s", self.mean_s)


class BreakHabits(msgspec.Struct, frozen=True, kw_only=True):
    """How often agents take a break, and which."""

    mean_between_s: Seconds | None = None
    """Mean time at work between two breaks (exponential); ``None``: nobody ever takes one."""
    reasons: tuple[PauseReason, ...] = (PauseReason("Break", 600.0),)
    """What a break may be, each as likely as the others; not empty."""

    def __post_init__(self) -> None:
        if self.mean_between_s is not None:
            _require_positive("mean_between_s", self.mean_between_s)
        if not self.reasons:
            raise ValueError("reasons: must name at least one reason, got none")


class GroupScenario(msgspec.Struct, frozen=True, kw_only=True):
    """One group. Durations called a mean are exponential.

    Raises:
        ValueError: If a duration or a share is out of its bounds, or an agent is named twice.
    """

    name: GroupName
    arrivals: HourlyProfile
    agents: tuple[AgentId, ...] = ()
    """Who answers; each agent serves one group."""
    mean_handling_s: Seconds
    """Mean length of a conversation, time on hold included, wrap-up not; > 0."""
    mean_patience_s: Seconds | None = None
    """Mean time after which a caller who is not answered gives up; ``None``: never."""
    max_wait_s: Seconds | None = None
    """The ACD sends callers elsewhere (``timeout``) after this long; ``None``: never."""
    wrapup_s: Seconds = 0.0
    """Work after each conversation, always as long; 0: none."""
    ring_s: Seconds = 15.0
    """How long a phone rings before the ACD gives up on this agent.

    An agent who is there answers after 10 to 60 % of it.
    """
    no_answer_ratio: Ratio = 0.0
    """Share of rings that nobody answers."""
    mean_away_s: Seconds = 60.0
    """How long an agent who did not answer is then not ready (half to one and a half of it)."""
    exit_key_ratio: Ratio = 0.0
    """Share of those out of patience who press the exit key instead of hanging up."""
    hold_ratio: Ratio = 0.0
    """Share of conversations with the customer put on hold once."""
    waiting_at_start: int = 0
    """Callers, 0 to 1,000, who join in the last seconds before the start beyond those of ``arrivals``."""

    def __post_init__(self) -> None:
        _require_positive("mean_handling_s", self.mean_handling_s)
        _require_positive("ring_s", self.ring_s)
        _require_positive("mean_away_s", self.mean_away_s)
        for name in ("mean_patience_s", "max_wait_s"):
            value = getattr(self, name)
            if value is not None:
                _require_positive(name, value)
        if not (math.isfinite(self.wrapup_s) and self.wrapup_s >= 0):
            raise ValueError(f"wrapup_s: must be >= 0 s, got {self.wrapup_s}")
        for name in ("no_answer_ratio", "exit_key_ratio", "hold_ratio"):
            value = getattr(self, name)
            if not 0 <= value <= 1:
                raise ValueError(f"{name}: must be 0 to 1, got {value}")
        if not 0 <= self.waiting_at_start <= _MOST_WAITING_AT_START:
            raise ValueError(f"waiting_at_start: must be 0 to 1000, got {self.waiting_at_start}")
        if len(set(self.agents)) != len(self.agents):
            raise ValueError(f"agents: each must be named once, got {', '.join(self.agents)}")


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """A whole floor.

    Raises:
        ValueError: If two groups share a name or an agent, or a time is out of its bounds.
    """

    name: str
    summary: str
    groups: tuple[GroupScenario, ...]
    breaks: BreakHabits = BreakHabits()
    time_of_day_s: Seconds = 10.5 * 3_600
    """The simulated time of day at the start, in seconds after midnight, unless somebody says otherwise."""
    warm_up_s: Seconds = 1_800.0
    """How long the floor has been at work, unseen, before the start; 0 to a day."""

    def __post_init__(self) -> None:
        groups = [group.name for group in self.groups]
        if len(set(groups)) != len(groups):
            raise ValueError(f"groups: each must be named once, got {', '.join(groups)}")
        agents = [agent for group in self.groups for agent in group.agents]
        if len(set(agents)) != len(agents):
            raise ValueError(f"agents: each must serve one group, got {', '.join(agents)}")
        if not 0 <= self.time_of_day_s < DAY_S:
            raise ValueError(f"time_of_day_s: must be 0 to 86399, got {self.time_of_day_s}")
        if not 0 <= self.warm_up_s <= DAY_S:
            raise ValueError(f"warm_up_s: must be 0 to 86400, got {self.warm_up_s}")


_NIGHT = (0.02, 0.01, 0.01, 0.01, 0.02, 0.04)
_MORNING = (0.1, 0.3, 0.7, 0.95, 1.0, 0.95)
_AFTERNOON = (0.8, 0.85, 1.0, 0.95, 0.85, 0.65)
_EVENING = (0.4, 0.25, 0.15, 0.1, 0.06, 0.04)
_OFFICE_DAY = (*_NIGHT, *_MORNING, *_AFTERNOON, *_EVENING)


def _office_hours(busiest_hour: float) -> HourlyProfile:
    """Return a day with peaks in mid-morning and mid-afternoon, almost still at night."""
    return HourlyProfile(tuple(round(busiest_hour * share, 2) for share in _OFFICE_DAY))


def _agents(*names: str) -> tuple[AgentId, ...]:
    return tuple(AgentId(name) for name in names)


DEMO = Scenario(
    name="demo",
    summary="five groups and twenty agents on a busy working day",
    breaks=BreakHabits(
        mean_between_s=7_200.0,
        reasons=(
            PauseReason("Break", 420.0),
            PauseReason("Lunch", 1_500.0),
            PauseReason("Team meeting", 600.0),
            PauseReason("Coaching", 480.0),
        ),
    ),
    groups=(
        GroupScenario(
            name=GroupName("sales"),
            arrivals=_office_hours(150.0),
            agents=_agents(
                "Aisha Khan", "Ben Carter", "Chloé Dubois", "Daniel Osei", "Emma Walsh", "Filip Novák"
            ),
            mean_handling_s=105.0,
            mean_patience_s=200.0,
            wrapup_s=15.0,
            no_answer_ratio=0.02,
            exit_key_ratio=0.05,
            hold_ratio=0.12,
            waiting_at_start=3,
        ),
        GroupScenario(
            name=GroupName("support"),
            arrivals=_office_hours(88.0),
            agents=_agents("Grace Liu", "Hugo Martínez", "Imran Ali", "Jürgen Weiß", "Kate O'Neil"),
            mean_handling_s=150.0,
            mean_patience_s=260.0,
            max_wait_s=480.0,
            wrapup_s=25.0,
            no_answer_ratio=0.03,
            exit_key_ratio=0.08,
            hold_ratio=0.3,
            waiting_at_start=2,
        ),
        GroupScenario(
            name=GroupName("billing"),
            arrivals=_office_hours(74.0),
            agents=_agents("Liam Byrne", "Mei Tanaka", "Noor Haddad", "Olga Petrova"),
            mean_handling_s=140.0,
            mean_patience_s=220.0,
            wrapup_s=20.0,
            no_answer_ratio=0.02,
            hold_ratio=0.2,
            waiting_at_start=1,
        ),
        GroupScenario(
            name=GroupName("service-desk"),
            arrivals=_office_hours(44.0),
            agents=_agents("Priya Nair", "Quentin Hall", "Rosa Lind"),
            mean_handling_s=165.0,
            mean_patience_s=300.0,
            max_wait_s=600.0,
            wrapup_s=30.0,
            no_answer_ratio=0.04,
            hold_ratio=0.35,
            waiting_at_start=1,
        ),
        GroupScenario(
            name=GroupName("returns"),
            arrivals=_office_hours(38.0),
            agents=_agents("Sam Reid", "Tomasz Wójcik"),
            mean_handling_s=115.0,
            mean_patience_s=150.0,
            wrapup_s=10.0,
            no_answer_ratio=0.03,
            exit_key_ratio=0.03,
            hold_ratio=0.1,
        ),
    ),
)
"""The floor that ``queue-alert demo`` shows."""

SCENARIOS: Mapping[str, Scenario] = MappingProxyType({DEMO.name: DEMO})
"""The built-in scenarios by name."""
