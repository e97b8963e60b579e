"""An ACD that is started anew has forgotten everybody, and its clients can find that out."""

from collections.abc import Sequence

import pytest

from queue_alert.core.events import (
    AgentState,
    AgentStateChanged,
    ContactAnswered,
    ContactCompleted,
    ContactQueued,
    FeedEvent,
    GroupCounters,
)
from queue_alert.core.units import FeedName, Instant
from simulator.acd import Simulation
from simulator.exchange import Exchange
from simulator.scenario import DEMO, Scenario
from tests.simulator.helpers import NOTHING_GOES_RIGHT, START

NOTHING_COUNTED = GroupCounters(offered=0, answered=0, abandoned=0, rerouted=0, completed=0, lost=0)
BOTH = pytest.mark.parametrize("scenario", [DEMO, NOTHING_GOES_RIGHT], ids=lambda scenario: scenario.name)


class Audience:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.heard: list[FeedEvent] = []
        self.cut_off_at: list[Instant] = []

    def happened(self, events: Sequence[FeedEvent], now: Instant) -> None:
        self.heard += events

    def cut_off(self, now: Instant) -> None:
        self.cut_off_at.append(now)


@BOTH
def test_a_restart_forgets_who_waits_and_who_talks_without_a_word(scenario: Scenario) -> None:
    simulation = Simulation(scenario, seed=1, start=START)
    before = simulation.advance(START + 600)
    simulation.restart(START + 600)
    assert simulation.advance(START + 600) == []
    for snapshot in simulation.snapshot(START + 600):
        assert snapshot.waiting == ()
        assert {agent.state for agent in snapshot.agents or ()} <= {AgentState.AVAILABLE}
        assert snapshot.counters == NOTHING_COUNTED
        assert snapshot.seq == before[-1].seq


@BOTH
def test_after_a_restart_nothing_is_said_of_those_it_forgot(scenario: Scenario) -> None:
    simulation = Simulation(scenario, seed=1, start=START)
    simulation.advance(START + 600)
    simulation.restart(START + 600)
    known: set[str] = set()
    after = simulation.advance(START + 2_400)
    for event in after:
        if isinstance(event, ContactQueued):
            known.add(event.contact)
        elif not isinstance(event, AgentStateChanged):
            assert getattr(event, "contact", None) in known
    assert sum(isinstance(event, ContactCompleted) for event in after) > 20
    assert [event.seq for event in after] == list(range(after[0].seq, after[-1].seq + 1))


def test_contact_ids_never_come_twice() -> None:
    simulation = Simulation(DEMO, seed=1, start=START)
    said = simulation.advance(START + 600)
    simulation.restart(START + 600)
    said += simulation.advance(START + 1_200)
    queued = [event.contact for event in said if isinstance(event, ContactQueued)]
    assert len(set(queued)) == len(queued) > 50
    assert len({event.id for event in said}) == len(said)


@BOTH
def test_the_truth_goes_on_and_calls_the_outcome_of_the_forgotten_unknown(scenario: Scenario) -> None:
    simulation = Simulation(scenario, seed=2, start=START)
    simulation.advance(START + 900)
    before = {group: simulation.counters(group) for group in simulation.groups}
    waiting = {group: len(simulation.waiting(group)) for group in simulation.groups}
    assert sum(waiting.values()) > 0
    simulation.restart(START + 900)
    for group in simulation.groups:
        truth = simulation.counters(group)
        assert truth.outcomes.get("unknown", 0) == waiting[group]
        assert truth.offered == before[group].offered == sum(truth.outcomes.values())
    simulation.advance(START + 1_800)
    for group in simulation.groups:
        truth = simulation.counters(group)
        assert truth.offered == sum(truth.outcomes.values()) + len(simulation.waiting(group))


def test_the_acds_own_counts_are_those_of_what_it_said_since_it_was_started() -> None:
    simulation = Simulation(DEMO, seed=3, start=START)
    simulation.advance(START + 600)
    simulation.restart(START + 600)
    said = simulation.advance(START + 1_800)
    for snapshot in simulation.snapshot(START + 1_800):
        own = [event for event in said if getattr(event, "group", None) == snapshot.group]
        assert snapshot.counters is not None
        assert snapshot.counters.offered == sum(isinstance(event, ContactQueued) for event in own)
        assert snapshot.counters.answered == sum(isinstance(event, ContactAnswered) for event in own)
        assert snapshot.counters.completed == sum(isinstance(event, ContactCompleted) for event in own)


def test_the_same_customers_call_whether_the_acd_is_started_anew_or_not() -> None:
    steady, restarted = (Simulation(DEMO, seed=1, start=START) for _ in range(2))
    restarted.advance(START + 600)
    restarted.restart(START + 600)

    def calls(simulation: Simulation) -> list[tuple[str, float, str]]:
        return [
            (event.group, event.time, event.caller)
            for event in simulation.advance(START + 1_800)
            if isinstance(event, ContactQueued) and event.time > START + 600
        ]

    assert calls(steady) == calls(restarted)


def test_an_exchange_that_is_restarted_says_so_and_has_another_run() -> None:
    exchange = Exchange(Simulation(DEMO, seed=1, start=START), source=FeedName("simulator"))
    audience = Audience()
    exchange.listen(audience)
    exchange.advance(START + 60)
    run, seq = exchange.run, exchange.seq
    assert seq == audience.heard[-1].seq > 10
    exchange.restart(START + 60)
    assert audience.cut_off_at == [START + 60]
    assert exchange.run != run
    assert exchange.seq == seq
    assert exchange.since(seq, run) is None
    exchange.advance(START + 120)
    assert exchange.since(seq, exchange.run) == [event for event in audience.heard if event.seq > seq]
    assert [snapshot.seq for snapshot in exchange.snapshot(START + 120)] == [exchange.seq] * 5
