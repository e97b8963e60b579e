"""Whatever goes wrong on whichever way: once it stops and a snapshot has come, the floor is the ACD's."""

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec import structs

from queue_alert.core.events import FeedState
from queue_alert.core.units import GroupName, Seconds
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
    UNSHRUNK,
    assert_the_floor_is_true,
    counts,
    faults,
    grown,
    told_by_the_acd,
    truly_counted,
    views,
)

NEUTRAL = [MqttWire, WebhookWire, WebSocketWire]


def lasting(kind: FaultKind, **options: float) -> Fault:
    return msgspec.convert({"kind": kind, "ends_s": ENDS_S, **options}, Fault)


# Found to count a conversation twice: one said twice by a wrong clock, one list after the other ahead, and
# a connection held up right behind a list that was ahead.
SAID_TWICE = [
    lasting(FaultKind.DUPLICATE, ratio=0.4),
    lasting(FaultKind.SKEW, offset_s=20.0, drift_ppm=300.0, begins_s=54.94113546306525),
    lasting(FaultKind.REORDER, ratio=0.1, mean_s=10.0, begins_s=45.95441962451421),
]
AHEAD_AGAIN = [lasting(FaultKind.DISCONNECT, every_s=30.0)]
HELD_UP = [
    lasting(FaultKind.DELAY, ratio=0.4, mean_s=10.0, begins_s=123.31072227815972),
    lasting(FaultKind.REORDER, ratio=0.4, mean_s=10.0),
    lasting(FaultKind.DUPLICATE, ratio=0.4, mean_s=10.0),
    lasting(FaultKind.DISCONNECT, every_s=25.0),
]
AHEAD_S = [0.0, 0.05, 0.3, 0.9]
"""By so much a list at an Asterisk may be ahead of its events."""
LISTS = 20
"""So many lists later, half a minute apart, the conversations that were under way are over."""
ALL_IN_SIGHT = structs.replace(
    NOTHING_GOES_RIGHT,
    warm_up_s=0.0,
    groups=tuple(structs.replace(group, waiting_at_start=0) for group in NOTHING_GOES_RIGHT.groups),
)
"""Nobody talks as it begins: of such conversations the simulated floor never tells the end."""
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
    truth = told_by_the_acd(wire, wire.now)
    errors = {
        name: max(abs(error) for error in grown(truth[name], counts(view)).values())
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


def at_an_asterisk(mixture: list[Fault], seed: int, scenario: Scenario, ahead_s: Seconds) -> AsteriskWire:
    """Return the way from an Asterisk: one stream of bytes, in which nothing is overtaken.

    What is late or would be overtaken holds up everything behind it, lists too. Beside that, its lists may be
    ahead of its events: an Asterisk answers at once and tells its events by way of a queue of its own.
    """
    simulation = Simulation(scenario, seed=seed, start=START, source=FEED)
    faults = Faults(mixture, seed=seed, start=START, in_order=True)
    exchange = Exchange(simulation, source=FEED, faults=faults)
    return AsteriskWire(exchange, ahead_s=ahead_s)


def without_keys(scenario: Scenario) -> Scenario:
    groups = tuple(structs.replace(group, exit_key_ratio=0.0) for group in scenario.groups)
    return structs.replace(scenario, groups=groups)


def outcomes_but_answers(told: Wire, name: GroupName) -> tuple[int, int]:
    """Return how many left without an answer by us (who may be anywhere on the way out) and truly."""
    group, truth = told.monitor._floor.groups[name], told.exchange.simulation.counters(name)
    ours = views(told, told.now)[name].today.outcomes
    left = sum(ours.values()) - ours.get("answered", 0) + told.monitor._floor.visits.pending(group)
    return left, sum(truth.outcomes.values()) - truth.outcomes.get("answered", 0)


@given(mixture=faults(LOSSES), seed=st.integers(0, 10_000), ahead_s=st.sampled_from(AHEAD_S))
@example(mixture=SAID_TWICE, seed=244, ahead_s=0.0)
@example(mixture=AHEAD_AGAIN, seed=1095, ahead_s=0.9)
@example(mixture=HELD_UP, seed=1097, ahead_s=0.3)
@settings(max_examples=10 * FACTOR, phases=UNSHRUNK.phases)
def test_every_count_at_an_asterisk_is_true_and_every_error_was_a_correction(
    mixture: list[Fault], seed: int, ahead_s: Seconds
) -> None:
    """Though it says only how many conversations ended and how many gave up, all else follows from them."""
    wire = at_an_asterisk(mixture, seed, without_keys(ALL_IN_SIGHT), ahead_s)
    wire.list_every_s = float("inf")  # no list but at every connection
    run_until(wire, START + ENDS_S + 10.0)
    wire.catch_up()
    errors = {}
    for name, view in views(wire, wire.now).items():
        short = grown(truly_counted(wire)[name], counts(view))
        errors[name] = max(abs(short[count]) for count in ("offered", "answered", "completed"))
    corrected = {name: view.corrections for name, view in views(wire, wire.now).items()}
    for _ in range(LISTS):
        wire.tell_all()
        run_until(wire, wire.now + 30.0)
    wire.catch_up()
    for name, view in views(wire, wire.now).items():
        truth = truly_counted(wire)[name]
        assert (view.today.offered, view.today.answered, view.today.completed) == (
            truth.offered,
            truth.answered,
            truth.completed,
        )
        left, truly_left = outcomes_but_answers(wire, name)
        assert left == truly_left
        assert view.corrections - corrected[name] >= errors[name]


@given(mixture=faults(LOSSES), seed=st.integers(0, 10_000), ahead_s=st.sampled_from(AHEAD_S))
@settings(max_examples=10 * FACTOR, phases=UNSHRUNK.phases)
def test_at_an_asterisk_only_who_left_by_a_key_and_was_not_heard_may_be_missing(
    mixture: list[Fault], seed: int, ahead_s: Seconds
) -> None:
    """It counts them nowhere: nobody who did not see them can know of them."""
    wire = at_an_asterisk(mixture, seed, ALL_IN_SIGHT, ahead_s)
    run_until(wire, START + ENDS_S + LISTS * 30.0)
    wire.catch_up()
    for name, view in views(wire, wire.now).items():
        truth, today = wire.exchange.simulation.counters(name), view.today
        unheard = truth.outcomes.get("exit_key", 0) - today.outcomes.get("exit_key", 0)
        assert today.answered == truth.outcomes.get("answered", 0)
        assert today.completed == truth.completed
        assert 0 <= truth.offered - today.offered <= unheard
