"""A monitor that listens to the simulation comes to know the truth, with nothing to put right."""

import pytest

from queue_alert.core.effects import ReportAnomaly
from queue_alert.core.monitor import Monitor
from queue_alert.core.policy import FeedPolicy, Policy
from queue_alert.core.units import FeedName
from simulator.acd import Simulation
from simulator.announcer import Announcer
from simulator.scenario import DEMO, Scenario
from tests.simulator.helpers import NOTHING_GOES_RIGHT, START


@pytest.mark.parametrize("scenario", [DEMO, NOTHING_GOES_RIGHT], ids=lambda scenario: scenario.name)
def test_the_monitors_figures_are_those_of_the_simulation(scenario: Scenario) -> None:
    simulation = Simulation(scenario, seed=3, start=START)
    announcer = Announcer(simulation)
    monitor = Monitor(Policy(feeds=(FeedPolicy(name=FeedName("simulator")),)), START)
    effects = [effect for event in announcer.begin(START) for effect in monitor.handle(event, START)]
    while (at := announcer.next_at()) <= START + 1_800:
        for event in announcer.advance(at):
            effects += monitor.handle(event, at)
    assert [effect for effect in effects if isinstance(effect, ReportAnomaly)] == []
    view = monitor.view(START + 1_800)
    assert {group.name for group in view.groups} == set(simulation.groups)
    for group in view.groups:
        truth = simulation.counters(group.name)
        assert group.waiting == len(simulation.waiting(group.name))
        assert (group.today.offered, group.today.outcomes) == (truth.offered, truth.outcomes)
        assert (group.today.completed, group.today.ring_failures) == (truth.completed, truth.ring_failures)
        assert (group.corrections, group.agent_corrections) == (0, 0)
