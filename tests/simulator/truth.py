"""A floor on which everything happens, what may go wrong with it, and the truth to hold a monitor against."""

import os
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import msgspec
from hypothesis import Phase, settings
from hypothesis import strategies as st

from queue_alert.core.events import GroupCounters, TransferKind
from queue_alert.core.monitor import Monitor
from queue_alert.core.units import AgentId, GroupName, Instant
from queue_alert.core.view import GroupView
from simulator.exchange import Exchange
from simulator.faults import Fault, FaultKind
from simulator.habits import (
    AgentScenario,
    BreakHabits,
    CallbackHabits,
    EscalationHabits,
    MessageHabits,
    PauseReason,
    PriorityShare,
    Shift,
    TransferHabit,
)
from simulator.scenario import GroupScenario, Scenario
from tests.simulator.helpers import agents, all_day

ENDS_S = 300.0
"""Whatever goes wrong has ended by then."""
CROWDED, BACK_OFFICE = GroupName("crowded"), GroupName("back-office")
EVERYTHING = Scenario(
    name="everything",
    summary="all that can happen, often",
    warm_up_s=300.0,
    breaks=BreakHabits(mean_between_s=300.0, reasons=(PauseReason("Tea", 60.0),)),
    shifts=(Shift(name="late", begins_s=10.53 * 3_600, ends_s=10.6 * 3_600),),
    groups=(
        GroupScenario(
            name=CROWDED,
            arrivals=all_day(500.0),
            agents=agents(5),
            mean_handling_s=25.0,
            handling_variation=1.0,
            mean_patience_s=30.0,
            max_wait_s=60.0,
            wrapup_s=5.0,
            no_answer_ratio=0.1,
            mean_away_s=20.0,
            exit_key_ratio=0.3,
            hold_ratio=0.3,
            priorities=(PriorityShare(priority=3, share=0.2),),
            transfers=(TransferHabit(to=BACK_OFFICE, ratio=0.2, kind=TransferKind.CONSULT),),
            callbacks=CallbackHabits(ratio=0.2, offered_after_s=20.0, mean_delay_s=60.0),
            messages=(MessageHabits(arrivals=all_day(60.0), mean_handled_after_s=60.0),),
            escalations=EscalationHabits(ratio=0.1),
        ),
        GroupScenario(
            name=BACK_OFFICE,
            arrivals=all_day(60.0),
            mean_handling_s=30.0,
            mean_patience_s=90.0,
            transfers=(TransferHabit(to=CROWDED, ratio=0.3),),
        ),
    ),
    agents=(
        AgentScenario(name="Ann", skills={BACK_OFFICE: 1, CROWDED: 4}),
        AgentScenario(name="Bob", skills={BACK_OFFICE: 2}, shift="late"),
    ),
)


class Told(Protocol):
    """A monitor and whom it hears."""

    exchange: Exchange
    monitor: Monitor


def group_counters(offered: int, outcomes: Mapping[str, int], completed: int) -> GroupCounters:
    apart = {name: outcomes.get(name, 0) for name in ("answered", "abandoned", "unknown")}
    return GroupCounters(
        offered=offered,
        answered=apart["answered"],
        abandoned=apart["abandoned"],
        rerouted=sum(outcomes.values()) - sum(apart.values()),
        completed=completed,
    )


def counts(view: GroupView) -> GroupCounters:
    return group_counters(view.today.offered, view.today.outcomes, view.today.completed)


def truly_counted(told: Told) -> dict[GroupName, GroupCounters]:
    found = {}
    for name in told.exchange.groups:
        truth = told.exchange.simulation.counters(name)
        found[name] = group_counters(truth.offered, truth.outcomes, truth.completed)
    return found


def told_by_the_acd(told: Told, now: Instant) -> dict[GroupName, GroupCounters]:
    """Return what the ACD says it has counted; of ``lost`` the monitor makes no figure of its own."""
    return {
        snapshot.group: msgspec.structs.replace(snapshot.counters or GroupCounters(), lost=None)
        for snapshot in told.exchange.snapshot(now)
    }


def grown(after: GroupCounters, before: GroupCounters) -> dict[str, int]:
    fields = ("offered", "answered", "abandoned", "rerouted", "completed")
    return {name: getattr(after, name) - getattr(before, name) for name in fields}


def views(told: Told, now: Instant) -> dict[GroupName, GroupView]:
    return {group.name: group for group in told.monitor.view(now).groups}


def assert_the_floor_is_true(told: Told, now: Instant) -> None:
    truth = told.exchange.simulation
    for name, view in views(told, now).items():
        assert set(told.monitor._floor.groups[name].waiting) == set(truth.waiting(name))
        assert view.waiting == len(truth.waiting(name))
        known = {AgentId(agent.agent): (agent.state, agent.reason) for agent in view.agent_list}
        assert known == {agent.agent: (agent.state.value, agent.reason) for agent in truth.agents(name)}


def faults(kinds: Sequence[FaultKind]) -> st.SearchStrategy[list[Fault]]:
    def fault(kind: FaultKind, share: float, begins_s: float) -> Fault:
        options: dict[str, Any] = {"kind": kind, "begins_s": begins_s, "ends_s": ENDS_S}
        if kind is FaultKind.SKEW:
            options |= {"offset_s": 400.0 * share - 100.0, "drift_ppm": 1_000.0 * share}
        elif kind in (FaultKind.DISCONNECT, FaultKind.RESTART):
            options |= {"every_s": 20.0 + 100.0 * share}
        else:
            options |= {"ratio": share, "mean_s": 10.0}
        return Fault(**options)

    one = st.builds(fault, st.sampled_from(kinds), st.floats(0.01, 0.5), st.floats(0.0, ENDS_S - 50.0))
    return st.lists(one, max_size=5)


# A smaller floor with less trouble on it is no easier to understand, and takes minutes to find.
FACTOR = 20 if os.environ.get("HYPOTHESIS_PROFILE") == "long" else 1
"""So many times as many floors in a long run."""
UNSHRUNK = settings(max_examples=15 * FACTOR, phases=(Phase.explicit, Phase.reuse, Phase.generate))
ALL = sorted(FaultKind)
LOSSES = [kind for kind in ALL if kind is not FaultKind.RESTART]
