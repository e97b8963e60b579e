"""Our own Asterisk feed, listening to the simulated Asterisk, comes to know the truth."""

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from queue_alert.core.events import AgentSnapshot, AgentState
from queue_alert.core.units import FeedName, GroupName
from simulator.acd import Simulation
from simulator.exchange import Exchange
from simulator.scenario import DEMO, Scenario
from tests.simulator.ami_rig import Cut, Rig, whole
from tests.simulator.helpers import NOTHING_GOES_RIGHT, START

PBX = FeedName("pbx")
LONGEST_SETTLING_S = 12.0


def rig(scenario: Scenario, seed: int, cut: Cut = whole) -> Rig:
    return Rig(Exchange(Simulation(scenario, seed=seed, start=START, source=PBX), source=PBX), cut)


def anywhere(seed: int) -> Cut:
    random = Random(seed)

    def cut(data: bytes) -> Iterator[bytes]:
        while data:
            size = random.choice((1, 3, 40, 700, 5_000, 60_000))
            yield data[:size]
            data = data[size:]

    return cut


def waiting_and_agents(told: Rig) -> tuple[dict[GroupName, Any], dict[GroupName, Any]]:
    """Return who waits and what the agents do, by the monitor and in truth."""
    now = told.now
    view = told.monitor.view(now)
    known = {
        group.name: (
            tuple(told.monitor._floor.groups[group.name].waiting),
            {agent.agent: (agent.state, agent.reason) for agent in group.agent_list},
        )
        for group in view.groups
    }
    truth = {
        snapshot.group: (
            tuple(waiting.contact for waiting in snapshot.waiting),
            {
                agent.agent: (_as_told(told, snapshot.group, agent).value, agent.reason)
                for agent in snapshot.agents or ()
            },
        )
        for snapshot in told.exchange.snapshot(now)
    }
    return known, truth


def _as_told(told: Rig, group: GroupName, agent: AgentSnapshot) -> AgentState:
    is_unheard = agent.state is AgentState.WRAPUP and (group, agent.agent) not in told.wrapped
    return AgentState.AVAILABLE if is_unheard else agent.state


def figures(told: Rig) -> tuple[dict[GroupName, Any], dict[GroupName, Any]]:
    """Return what is counted, by the monitor, once nothing is in doubt any more, and in truth."""
    truth = {}
    for name in told.exchange.groups:
        counters = told.exchange.simulation.counters(name)
        truth[name] = (counters.offered, counters.outcomes, counters.completed)
    told.let_settle(LONGEST_SETTLING_S)
    known = {
        group.name: (group.today.offered, dict(group.today.outcomes), group.today.completed)
        for group in told.monitor.view(told.now).groups
    }
    return known, truth


def corrections(told: Rig) -> list[tuple[int, int]]:
    groups = told.monitor.view(told.now).groups
    return [(group.corrections, group.agent_corrections) for group in groups]


@given(seed=st.integers(0, 10_000), scenario=st.sampled_from([DEMO, NOTHING_GOES_RIGHT]))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_happens_and_wherever_the_bytes_are_cut_the_monitor_knows_the_truth(
    seed: int, scenario: Scenario
) -> None:
    told = rig(scenario, seed, anywhere(seed))
    told.connect()
    while told.now < START + 600.0:
        told.run(told.now + 30.0)
        known, truth = waiting_and_agents(told)
        assert known == truth
    counted, true_counts = figures(told)
    assert counted == true_counts
    assert set(corrections(told)) == {(0, 0)}
    assert (told.skipped, told.anomalies) == ([], [])


@pytest.mark.parametrize("scenario", [DEMO, NOTHING_GOES_RIGHT], ids=lambda scenario: scenario.name)
def test_who_waits_and_what_agents_do_is_known_at_once_on_connecting(scenario: Scenario) -> None:
    told = rig(scenario, 3)
    told.connect()
    known, truth = waiting_and_agents(told)
    assert known == truth
