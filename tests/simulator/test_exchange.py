"""One floor for several listeners: what they hear may be wrong, what they ask for is true."""

import math
from collections.abc import Sequence
from itertools import pairwise

import pytest

from queue_alert.core.events import ContactAnswered, ContactQueued, Event, FeedEvent
from queue_alert.core.units import FeedName, Instant
from simulator.acd import Simulation
from simulator.exchange import Exchange
from simulator.faults import Fault, FaultKind, Faults
from simulator.scenario import DEMO
from tests.simulator.helpers import START


class Audience:
    """Keeps what it is told, with when."""

    def __init__(self) -> None:
        self.heard: list[tuple[Instant, FeedEvent]] = []
        self.cut_off_at: list[Instant] = []

    @property
    def events(self) -> list[FeedEvent]:
        return [event for _, event in self.heard]

    def happened(self, events: Sequence[FeedEvent], now: Instant) -> None:
        assert events
        self.heard += [(now, event) for event in events]

    def cut_off(self, now: Instant) -> None:
        self.cut_off_at.append(now)


def exchange(*faults: Fault, speed: float = 1.0) -> tuple[Exchange, Audience]:
    made = Exchange(
        Simulation(DEMO, seed=1, start=START),
        source=FeedName("simulator"),
        faults=Faults(faults, seed=1, start=START) if faults else None,
        speed=speed,
    )
    audience = Audience()
    made.listen(audience)
    return made, audience


def run_for(made: Exchange, seconds: float) -> None:
    """Let it go on step by step, as a server does."""
    while (at := made.next_at()) <= START + seconds:
        made.advance(at)
        assert made.next_at() > at
    made.advance(START + seconds)


def simulated(seconds: float) -> list[FeedEvent]:
    return Simulation(DEMO, seed=1, start=START).advance(START + seconds)


def test_every_listener_hears_everything_until_it_has_heard_enough() -> None:
    made, first = exchange()
    second = Audience()
    stop = made.listen(second)
    run_for(made, 60.0)
    stop()
    run_for(made, 120.0)
    assert first.events == simulated(120.0)
    assert second.events == simulated(60.0)


def test_faults_that_never_begin_change_nothing() -> None:
    made, audience = exchange(Fault(kind=FaultKind.DROP, ratio=1.0, begins_s=1e9))
    run_for(made, 300.0)
    assert audience.events == simulated(300.0)


def test_one_step_and_many_tell_the_same() -> None:
    faults = (Fault(kind=FaultKind.DELAY, ratio=0.3), Fault(kind=FaultKind.RESTART, every_s=100.0))
    stepwise, often = exchange(*faults)
    at_once, seldom = exchange(*faults)
    run_for(stepwise, 600.0)
    at_once.advance(START + 600.0)
    assert often.events == seldom.events
    assert len(often.cut_off_at) == len(seldom.cut_off_at) > 2


def test_what_is_heard_is_tampered_with_and_what_is_asked_for_is_true() -> None:
    made, audience = exchange(Fault(kind=FaultKind.DROP, ratio=0.5))
    run_for(made, 600.0)
    truth = simulated(600.0)
    assert len(audience.events) < 0.6 * len(truth)
    assert made.since(1, made.run) == truth[1:]
    assert made.seq == truth[-1].seq
    for snapshot in made.snapshot(START + 600.0):
        assert tuple(entry.contact for entry in snapshot.waiting) == made.simulation.waiting(snapshot.group)
        assert snapshot.agents == made.simulation.agents(snapshot.group)


def test_a_late_event_comes_by_itself() -> None:
    made, audience = exchange(Fault(kind=FaultKind.DELAY, ratio=0.5, mean_s=5.0))
    run_for(made, 300.0)
    late = [now - event.time for now, event in audience.heard if now > event.time]
    assert len(late) > 100
    assert sum(late) / len(late) == pytest.approx(5.0, rel=0.25)


def test_a_disconnection_cuts_everybody_off_and_loses_what_was_on_its_way() -> None:
    made, audience = exchange(
        Fault(kind=FaultKind.DELAY, ratio=1.0, mean_s=3_000.0),
        Fault(kind=FaultKind.DISCONNECT, begins_s=60.0),
    )
    run = made.run
    run_for(made, 60.0)
    assert audience.cut_off_at == [START + 60.0]
    assert made.run == run
    before = len(simulated(60.0))
    run_for(made, 20_000.0)
    assert not {event.seq for event in audience.events} & set(range(len(audience.events), before))


def test_a_restart_that_is_planned_is_one_of_the_simulation() -> None:
    made, audience = exchange(Fault(kind=FaultKind.RESTART, begins_s=600.0))
    run = made.run
    run_for(made, 599.0)
    waiting = sum(len(made.simulation.waiting(group)) for group in made.groups)
    run_for(made, 600.0)
    assert audience.cut_off_at == [START + 600.0]
    assert made.run != run
    unknown = sum(made.simulation.counters(group).outcomes.get("unknown", 0) for group in made.groups)
    assert abs(unknown - waiting) <= 3
    assert made.since(made.seq, run) is None


def test_a_clock_that_is_wrong_is_wrong_everywhere_alike() -> None:
    made, audience = exchange(Fault(kind=FaultKind.SKEW, offset_s=-90.0, begins_s=0.0, ends_s=600.0))
    run_for(made, 599.0)
    assert made.clock(START + 599.0) == START + 509.0
    assert all(event.time == pytest.approx(now - 90.0) for now, event in audience.heard)
    assert made.since(1, made.run) == audience.events[1:]
    for snapshot in made.snapshot(START + 599.0):
        assert snapshot.time == START + 509.0
        for entry in snapshot.waiting:
            queued = [
                e.time for e in audience.events if isinstance(e, ContactQueued) and e.contact == entry.contact
            ]
            assert queued in ([], [entry.queued_at])
    run_for(made, 700.0)
    assert made.clock(START + 700.0) == START + 700.0


@pytest.mark.parametrize("speed", [0.1, 7.0, 1_000.0])
def test_at_another_speed_the_same_happens_sooner_or_later(speed: float) -> None:
    made, audience = exchange(speed=speed)
    run_for(made, 600.0 / speed)
    truth = simulated(600.0)
    assert [(event.id, type(event)) for event in audience.events] == [(e.id, type(e)) for e in truth]
    for (now, event), true in zip(audience.heard, truth, strict=True):
        assert event.time == now == pytest.approx(START + (true.time - START) / speed, abs=1e-5)
        if isinstance(event, ContactAnswered) and isinstance(true, ContactAnswered):
            assert event.queue_s == pytest.approx((true.queue_s or 0.0) / speed)
    snapshots = made.snapshot(START + 600.0 / speed)
    waits = [snapshot.time - (entry.queued_at or 0) for snapshot in snapshots for entry in snapshot.waiting]
    assert waits
    assert all(0 <= wait < 500.0 / speed for wait in waits)
    assert made.clock(START + 1.0) == START + 1.0


def test_asking_for_a_snapshot_at_any_instant_is_never_too_early() -> None:
    made, _ = exchange(speed=3.0)
    for step in range(1, 3_000):
        now = START + step / 7
        seqs = {snapshot.seq for snapshot in made.snapshot(now)}
        assert seqs == {made.seq}
        assert made.next_at() > now


def test_the_log_reaches_back_only_so_far() -> None:
    made, audience = exchange()
    assert made.since(0, made.run) is None
    assert made.since(5, made.run) is None
    made.advance(START + 8 * 3_600.0)
    events: list[Event] = list(audience.events)
    assert len(events) > 12_000
    assert made.since(10, made.run) is None
    assert made.since(made.seq, made.run) == []
    assert made.since(made.seq - 9_000, made.run) == events[-9_000:]
    assert all(later.seq == earlier.seq + 1 for earlier, later in pairwise(events))


def test_when_nothing_will_ever_happen_it_says_so() -> None:
    made = Exchange(
        Simulation(DEMO, seed=1, start=START),
        source=FeedName("simulator"),
        faults=Faults([], seed=1, start=START),
    )
    assert START < made.next_at() < math.inf


def test_where_order_is_kept_it_says_when_all_that_was_said_will_have_come() -> None:
    delay = Fault(kind=FaultKind.DELAY, ratio=1.0, mean_s=30.0)
    made = Exchange(
        Simulation(DEMO, seed=1, start=START),
        source=FeedName("simulator"),
        faults=Faults([delay], seed=1, start=START, in_order=True),
    )
    audience = Audience()
    made.listen(audience)
    assert made.stalled_until(START) is None
    stalled_until = made.stalled_until(START + 60.0)
    said = made.seq
    assert stalled_until is not None
    assert stalled_until > START + 60.0
    run_for(made, stalled_until - START)
    assert [event.seq for _, event in audience.heard] == list(range(1, said + 1))
    assert exchange()[0].stalled_until(START + 60.0) is None
