"""What a simulated floor is like: groups, their callers and their agents."""

import math
from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from queue_alert.core.units import AgentId, GroupName, Ratio
from simulator.faults import Fault
from simulator.habits import (
    AgentScenario,
    BreakHabits,
    Burst,
    CallbackHabits,
    Duration,
    EscalationHabits,
    MessageHabits,
    PauseReason,
    PriorityShare,
    Shift,
    TimeOfDay,
    TransferHabit,
    require_positive,
    require_ratio,
    require_shares,
)
from simulator.profile import DAY_S, HourlyProfile, office_hours

__all__ = ["DEMO", "SCENARIOS", "BreakHabits", "GroupScenario", "PauseReason", "Scenario"]

_MOST_WAITING_AT_START = 1_000
_POSITIVE = ("mean_handling_s", "ring_s", "mean_away_s", "mean_patience_s", "max_wait_s")
_RATIOS = ("no_answer_ratio", "exit_key_ratio", "hold_ratio")
_VARIATIONS = ("handling_variation", "patience_variation", "wrapup_variation")
_MOST_VARIATION = 10.0


class GroupScenario(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One group. Durations called a mean are exponential unless a variation is given.

    Raises:
        ValueError: If a duration or a share is out of its bounds, or an agent is named twice.
    """

    name: GroupName
    """As the ACD calls it."""
    arrivals: HourlyProfile
    """How many callers come, by the hour."""
    bursts: tuple[Burst, ...] = ()
    """Whiles in which more come."""
    agents: tuple[AgentId, ...] = ()
    """Who serves this group alone; those of ``[[agents]]`` come beside them."""
    shift: str = ""
    """Which shift these agents work; left out: always."""
    mean_handling_s: Duration
    """Mean length of a conversation, time on hold included, wrap-up not; > 0."""
    handling_variation: float | None = None
    """Standard deviation of that length by its mean, > 0 to 10 (lognormal); left out: exponential."""
    mean_patience_s: Duration | None = None
    """Mean time after which a caller who is not answered gives up; left out: never."""
    patience_variation: float | None = None
    """As ``handling_variation``, of the patience."""
    max_wait_s: Duration | None = None
    """The ACD sends callers elsewhere (``timeout``) after this long; left out: never."""
    wrapup_s: Duration = 0.0
    """Work after each conversation; 0: none."""
    wrapup_variation: float | None = None
    """As ``handling_variation``, of the wrap-up; left out: it always takes as long."""
    ring_s: Duration = 15.0
    """How long a phone rings before the ACD gives up on this agent."""
    answers_after: tuple[Ratio, Ratio] = (0.1, 0.6)
    """An agent who is there answers after this much of ``ring``, from the first share to the second."""
    no_answer_ratio: Ratio = 0.0
    """Share of rings that nobody answers."""
    mean_away_s: Duration = 60.0
    """How long an agent who did not answer is then not ready (half to one and a half of it)."""
    exit_key_ratio: Ratio = 0.0
    """Share of those out of patience who press the exit key instead of hanging up."""
    hold_ratio: Ratio = 0.0
    """Share of conversations with the customer put on hold once."""
    priorities: tuple[PriorityShare, ...] = ()
    """Who is answered before others."""
    transfers: tuple[TransferHabit, ...] = ()
    """Which conversations are passed on; a customer who was passed on once is not passed on again."""
    callbacks: CallbackHabits | None = None
    """Whether callers may be called back."""
    messages: tuple[MessageHabits, ...] = ()
    """What is left on tape or in writing."""
    escalations: EscalationHabits | None = None
    """Whether agents ask for a supervisor."""
    waiting_at_start: int = 0
    """Callers, 0 to 1,000, who join in the last seconds before the start beyond those of ``arrivals``."""

    def __post_init__(self) -> None:
        for name in _POSITIVE:
            if (value := getattr(self, name)) is not None:
                require_positive(name, value)
        if not (math.isfinite(self.wrapup_s) and self.wrapup_s >= 0):
            raise ValueError(f"wrapup_s: must be >= 0 s, got {self.wrapup_s}")
        for name in _VARIATIONS:
            value = getattr(self, name)
            if value is not None and not 0 < value <= _MOST_VARIATION:
                raise ValueError(f"{name}: must be > 0 and at most 10, got {value}")
        for name in _RATIOS:
            require_ratio(name, getattr(self, name))
        if not 0 <= self.answers_after[0] <= self.answers_after[1] <= 1:
            raise ValueError(
                f"answers_after: must be two shares from 0 to 1, the smaller first, "
                f"got {self.answers_after[0]} and {self.answers_after[1]}"
            )
        require_shares("priorities", [entry.share for entry in self.priorities])
        require_shares("transfers", [entry.ratio for entry in self.transfers])
        if not 0 <= self.waiting_at_start <= _MOST_WAITING_AT_START:
            raise ValueError(f"waiting_at_start: must be 0 to 1000, got {self.waiting_at_start}")
        if len(set(self.agents)) != len(self.agents):
            raise ValueError(f"agents: each must be named once, got {', '.join(self.agents)}")


class Scenario(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole floor.

    Raises:
        ValueError: If two groups share a name or an agent, something is named that is not there, or a time
            is out of its bounds.
    """

    name: str
    """What it is called; left out: as the file, without ``.toml``."""
    summary: str = ""
    """One line for ``queue-alert simulate --list``."""
    groups: tuple[GroupScenario, ...]
    """The waiting lines, in the order in which they are told."""
    agents: tuple[AgentScenario, ...] = ()
    """Agents who serve several groups, or have a shift of their own."""
    shifts: tuple[Shift, ...] = ()
    """When agents are at work."""
    breaks: BreakHabits = BreakHabits()
    """When they rest."""
    faults: tuple[Fault, ...] = ()
    """What goes wrong on the way from the ACD to those who listen to it over a protocol."""
    time_of_day_s: TimeOfDay = 10.5 * 3_600
    """The simulated time of day at the start, unless somebody says otherwise."""
    warm_up_s: Duration = 1_800.0
    """How long the floor has been at work, unseen, before the start; 0 to a day."""

    def __post_init__(self) -> None:
        groups = [group.name for group in self.groups]
        if len(set(groups)) != len(groups):
            raise ValueError(f"groups: each must be named once, got {', '.join(groups)}")
        self._check_agents(groups)
        self._check_shifts()
        for group in self.groups:
            for transfer in group.transfers:
                if transfer.to not in groups:
                    raise ValueError(
                        f'groups: "{group.name}" transfers to "{transfer.to}", which is no group'
                    )
        if not 0 <= self.time_of_day_s < DAY_S:
            raise ValueError(f"time_of_day_s: must be 0 to 86399, got {self.time_of_day_s}")
        if not 0 <= self.warm_up_s <= DAY_S:
            raise ValueError(f"warm_up_s: must be 0 to 86400, got {self.warm_up_s}")

    def _check_agents(self, groups: list[GroupName]) -> None:
        agents = [agent for group in self.groups for agent in group.agents]
        if len(set(agents)) != len(agents):
            raise ValueError(f"agents: each must serve one group, got {', '.join(agents)}")
        named = [*agents, *(AgentId(agent.name) for agent in self.agents)]
        if len(set(named)) != len(named):
            raise ValueError(f"agents: each must be named once, got {', '.join(named)}")
        for agent in self.agents:
            for group in agent.skills:
                if group not in groups:
                    raise ValueError(f'agents: "{agent.name}" serves "{group}", which is no group')

    def _check_shifts(self) -> None:
        shifts = [shift.name for shift in self.shifts]
        if len(set(shifts)) != len(shifts):
            raise ValueError(f"shifts: each must be named once, got {', '.join(shifts)}")
        for where, who, shift in (
            *(("groups", group.name, group.shift) for group in self.groups),
            *(("agents", agent.name, agent.shift) for agent in self.agents),
        ):
            if shift and shift not in shifts:
                raise ValueError(f'{where}: "{who}" has the shift "{shift}", which is not there')


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
            arrivals=office_hours(150.0),
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
            arrivals=office_hours(88.0),
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
            arrivals=office_hours(74.0),
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
            arrivals=office_hours(44.0),
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
            arrivals=office_hours(38.0),
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
