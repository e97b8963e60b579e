"""Whatever goes wrong on whichever way: once it stops and a snapshot has come, the floor is the ACD's."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queue_alert.core.events import FeedState, GroupCounters
from simulator.acd import Simulation
from simulator.exchange import Exchange
from simulator.faults import Fault, FaultKind, Faults
from simulator.scenario import Scenario
from tests.journeys.wires import (
    FEED,
    AsteriskWire,
    MqttWire,
    WebhookWire,
    WebSocketWire,
    Wire,
    run_until,
)
from tests.simulator.helpers import NOTHING_GOES_RIGHT, START
from tests.simulator.truth import (
    ALL,
    ENDS_S,
    EVERYTHING,
    FACTOR,
    LOSSES,
    assert_the_floor_is_true,
    counts,
    faults,
    grown,
    truly_counted,
    views,
)

NEUTRAL = [MqttWire, WebhookWire, WebSocketWire]
QUIET_S = 90.0
"""After the faults: every way has said all again by then."""


def wired(kind: type[Wire], mixture: list[Fault], seed: int, scenario: Scenario = EVERYTHING) -> Wire:
    simulation = Simulation(scenario, seed=seed, start=START, source=FEED)
    return kind(Exchange(simulation, source=FEED, faults=Faults(mixture, seed=seed, start=START)))


@pytest.mark.parametrize("kind", NEUTRAL, ids=lambda kind: kind.__name__)
@given(mixture=faults(ALL), seed=st.integers(0, 10_000))
@settings(max_examples=10 * FACTOR)
def test_after_any_mixture_of_faults_the_floor_is_the_acds(
    kind: type[Wire], mixture: list[Fault], seed: int
) -> None:
    wire = wired(kind, mixture, seed)
    run_until(wire, START + ENDS_S + QUIET_S)
    wire.tell_all()
    assert_the_floor_is_true(wire, wire.now)
    assert wire.monitor.view(wire.now).feeds[0].state is FeedState.LIVE


@pytest.mark.parametrize("kind", NEUTRAL, ids=lambda kind: kind.__name__)
@given(mixture=faults(LOSSES), seed=st.integers(0, 10_000))
@settings(max_examples=10 * FACTOR)
def test_every_count_is_the_acds_and_every_error_was_a_correction(
    kind: type[Wire], mixture: list[Fault], seed: int
) -> None:
    wire = wired(kind, mixture, seed)
    wire.list_every_s = float("inf")  # nobody says all of his own accord
    run_until(wire, START + ENDS_S + QUIET_S)
    truth = {snapshot.group: snapshot.counters for snapshot in wire.exchange.snapshot(wire.now)}
    errors = {
        name: max(abs(error) for error in grown(truth[name] or GroupCounters(), counts(view)).values())
        for name, view in views(wire, wire.now).items()
    }
    corrected = {name: view.corrections for name, view in views(wire, wire.now).items()}
    wire.tell_all()
    for name, view in views(wire, wire.now).items():
        assert counts(view) == truth[name]
        assert view.corrections - corrected[name] >= errors[name]


@pytest.mark.parametrize("kind", [AsteriskWire, *NEUTRAL], ids=lambda kind: kind.__name__)
def test_where_nothing_goes_wrong_there_is_nothing_to_correct(kind: type[Wire]) -> None:
    wire = wired(kind, [], seed=7, scenario=NOTHING_GOES_RIGHT)
    run_until(wire, START + 600.0)
    assert {name: view.waiting for name, view in views(wire, wire.now).items()} == {
        name: len(wire.exchange.simulation.waiting(name)) for name in wire.exchange.groups
    }
    assert {view.corrections for view in views(wire, wire.now).values()} == {0}
    assert wire.skipped == []


@given(mixture=faults(ALL), seed=st.integers(0, 10_000))
@settings(max_examples=15 * FACTOR)
def test_who_waits_at_an_asterisk_is_known_after_any_mixture_of_faults(
    mixture: list[Fault], seed: int
) -> None:
    wire = wired(AsteriskWire, mixture, seed, NOTHING_GOES_RIGHT)
    run_until(wire, START + ENDS_S + QUIET_S)
    wire.tell_all()
    assert_the_floor_is_true(wire, wire.now)


@given(
    mixture=faults([FaultKind.DROP, FaultKind.DISCONNECT, FaultKind.SKEW]),
    seed=st.integers(0, 10_000),
)
@settings(max_examples=15 * FACTOR)
def test_an_asterisk_that_counts_coarsely_is_never_counted_too_high(mixture: list[Fault], seed: int) -> None:
    """It says nothing of who left by a key, and not surely when a conversation ended: some stay unknown."""
    wire = wired(AsteriskWire, mixture, seed, NOTHING_GOES_RIGHT)
    run_until(wire, START + ENDS_S + QUIET_S)
    for name, view in views(wire, wire.now).items():
        short = grown(truly_counted(wire)[name], counts(view))
        assert {field for field in ("offered", "answered", "completed") if short[field] < 0} == set()
