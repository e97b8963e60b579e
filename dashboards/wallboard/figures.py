"""The figures of one row: a group's, or those of all groups together."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from queue_alert.core.effects import Severity
from queue_alert.core.events import AgentState
from queue_alert.core.units import AgentId, Instant, Ratio, Seconds
from queue_alert.core.view import AgentView, ExpectedWait, Figures, GroupView, ServiceLevelTarget

__all__ = ["Row", "distinct_agents", "row_of", "shared_target", "total_of"]

# An agent of several groups counts once, in the state that binds most.
_BINDING = (
    AgentState.TALKING,
    AgentState.ON_HOLD,
    AgentState.RESERVED,
    AgentState.WRAPUP,
    AgentState.AVAILABLE,
    AgentState.NOT_READY,
    AgentState.OFFLINE,
)
_RANK = {state.value: rank for rank, state in enumerate(_BINDING)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What a row shows.

    Attributes:
        name: Group name as the ACD gives it, not cleaned.
        is_held: Whether the figures are held, not known.
        emergencies: How many were called here and not acknowledged.
        is_seen: Whether somebody has acknowledged the severity.
        stale_since: Since when no feed vouches for them, as a clock shows it; "" where that is not known.
        severity: The group's; for the totals the worst.
        waiting: Contacts.
        oldest_queued_at: When the longest wait began.
        target: Which service level; ``None`` for totals over groups that differ.
        service_level: Today's, by the target's formula.
        service_level_window: The same over the sliding window.
        window_s: Length of that window; 0 where groups differ.
        available: Agents who could take a contact now.
        talking: Agents busy with a contact: reserved, talking or holding.
        not_ready: Agents not ready or in wrap-up.
        agents: All of them but those offline.
        abandoned: Today.
        answered: Today.
        offered: Today.
        expected_wait: For whoever joins now.
        average_speed_of_answer_s: Today.
        average_handling_s: Today.
    """

    name: str
    severity: Severity
    waiting: int
    oldest_queued_at: Instant | None
    target: ServiceLevelTarget | None
    service_level: Ratio | None
    service_level_window: Ratio | None
    window_s: Seconds
    available: int
    talking: int
    not_ready: int
    agents: int
    abandoned: int
    answered: int
    offered: int
    expected_wait: ExpectedWait | None
    average_speed_of_answer_s: Seconds | None
    average_handling_s: Seconds | None
    is_held: bool = False
    stale_since: str = ""
    emergencies: int = 0
    is_seen: bool = False


def row_of(group: GroupView, *, is_held: bool = False, stale_since: str = "") -> Row:
    """Return the figures of one group."""
    formula = group.target.formula
    available, talking, not_ready = _shares(group.agents)
    return Row(
        name=group.name,
        severity=group.severity,
        waiting=group.waiting,
        oldest_queued_at=group.oldest_queued_at,
        target=group.target,
        service_level=group.today.service_level.get(formula),
        service_level_window=group.window.service_level.get(formula),
        window_s=group.window_s,
        available=available,
        talking=talking,
        not_ready=not_ready,
        agents=available + talking + not_ready,
        abandoned=group.today.abandoned,
        answered=group.today.answered,
        offered=group.today.offered,
        expected_wait=group.expected_wait,
        average_speed_of_answer_s=group.today.average_speed_of_answer_s,
        average_handling_s=group.today.average_handling_s,
        is_held=is_held,
        stale_since=stale_since,
        emergencies=group.emergencies,
        is_seen=group.acknowledged,
    )


def total_of(groups: Sequence[GroupView]) -> Row:
    """Return the figures of all groups together.

    An agent of several groups counts once. Service levels are added up by what each group counted, and only
    where all groups share one target.
    """
    target = shared_target(groups)
    windows = {group.window_s for group in groups}
    oldest = [group.oldest_queued_at for group in groups if group.oldest_queued_at is not None]
    available, talking, not_ready = _shares(_agents_in_all(groups))
    today = [group.today for group in groups]
    return Row(
        name="all groups",
        severity=max((group.severity for group in groups), default=Severity.NORMAL),
        waiting=sum(group.waiting for group in groups),
        oldest_queued_at=min(oldest, default=None),
        target=target,
        service_level=_service_level(today, target),
        service_level_window=_service_level([group.window for group in groups], target),
        window_s=windows.pop() if len(windows) == 1 else 0.0,
        available=available,
        talking=talking,
        not_ready=not_ready,
        agents=available + talking + not_ready,
        abandoned=sum(figures.abandoned for figures in today),
        answered=sum(figures.answered for figures in today),
        offered=sum(figures.offered for figures in today),
        expected_wait=None,
        average_speed_of_answer_s=_mean((one.average_speed_of_answer_s, one.answered) for one in today),
        average_handling_s=_mean((one.average_handling_s, one.completed) for one in today),
    )


def shared_target(groups: Sequence[GroupView]) -> ServiceLevelTarget | None:
    """Return the one target that all groups have, or ``None``."""
    first = groups[0].target if groups else None
    return first if all(group.target == first for group in groups) else None


def distinct_agents(groups: Iterable[GroupView]) -> dict[AgentId, AgentView]:
    """Return every agent once, in the state that binds most, in the groups' order."""
    agents: dict[AgentId, AgentView] = {}
    for group in groups:
        for agent in group.agent_list:
            known = agents.get(agent.agent)
            if known is None or _RANK.get(agent.state, 0) < _RANK.get(known.state, 0):
                agents[agent.agent] = agent
    return agents


def _shares(agents: Mapping[str, int]) -> tuple[int, int, int]:
    available = agents.get(AgentState.AVAILABLE, 0)
    talking = sum(
        agents.get(state, 0) for state in (AgentState.TALKING, AgentState.ON_HOLD, AgentState.RESERVED)
    )
    not_ready = agents.get(AgentState.NOT_READY, 0) + agents.get(AgentState.WRAPUP, 0)
    return available, talking, not_ready


def _agents_in_all(groups: Sequence[GroupView]) -> dict[str, int]:
    agents: dict[str, int] = {}
    if all(len(group.agent_list) >= sum(group.agents.values()) for group in groups):
        for agent in distinct_agents(groups).values():
            agents[agent.state] = agents.get(agent.state, 0) + 1
        return agents
    for group in groups:
        for state, number in group.agents.items():
            agents[state] = agents.get(state, 0) + number
    return agents


def _service_level(periods: Iterable[Figures], target: ServiceLevelTarget | None) -> Ratio | None:
    """Return the level over all, weighed by each group's denominator.

    Source: the formulas' table in docs/reference/metrics.md.
    """
    if target is None:
        return None
    met = counted = 0.0
    for figures in periods:
        level = figures.service_level.get(target.formula)
        if level is None:
            continue
        weight = _denominator(figures, target.formula, level)
        if weight is None:
            return None
        met += level * weight
        counted += weight
    return met / counted if counted else None


def _denominator(figures: Figures, formula: str, level: Ratio) -> float | None:
    match formula:
        case "answered":
            return figures.answered
        case "offered" | "asterisk2":
            return figures.answered + figures.abandoned
        case _:
            # Late abandons are not in the view, but two formulas share one numerator.
            share = figures.service_level.get("answered")
            return share * figures.answered / level if share is not None and level > 0 else None


def _mean(pairs: Iterable[tuple[Seconds | None, int]]) -> Seconds | None:
    total, weight = 0.0, 0
    for value, number in pairs:
        if value is not None:
            total += value * number
            weight += number
    return total / weight if weight else None
