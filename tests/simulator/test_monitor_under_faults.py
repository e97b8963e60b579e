"""Whatever goes wrong on the way: once it stops and a snapshot has come, the monitor knows the truth."""

from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from queue_alert.core.events import (
    FeedEvent,
    FeedState,
    FeedStatusChanged,
)
from queue_alert.core.monitor import Monitor
from queue_alert.core.policy import FeedPolicy, Policy
from queue_alert.core.units import FeedName, Instant, Seconds
from simulator.acd import Simulation
from simulator.exchange import Exchange
from simulator.faults import Fault, Faults
from tests.simulator.helpers import START
from tests.simulator.truth import (
    ALL,
    ENDS_S,
    EVERYTHING,
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

FEED = FeedName("simulator")


@dataclass
class Wire:
    """Gives a monitor what it hears; cut off, it says so and comes back for a snapshot."""

    exchange: Exchange
    monitor: Monitor
    settle_s: Seconds
    back_at: Instant | None = None
    is_connected: bool = True
    statuses: int = 0

    def happened(self, events: Sequence[FeedEvent], now: Instant) -> None:
        if self.is_connected:
            for event in events:
                self.monitor.handle(event, now)

    def cut_off(self, now: Instant) -> None:
        if self.is_connected:
            self._say(FeedState.DOWN, now)
        self.is_connected = False
        self.back_at = now + 2.0

    def connect(self, now: Instant) -> None:
        self.is_connected, self.back_at = True, None
        self._say(FeedState.SYNCING, now)
        self.take_snapshot(now)
        self._say(FeedState.LIVE, now)

    def take_snapshot(self, now: Instant) -> None:
        for snapshot in self.exchange.snapshot(now):
            self.monitor.handle(snapshot, now)

    def _say(self, state: FeedState, now: Instant) -> None:
        self.statuses += 1
        self.monitor.handle(
            FeedStatusChanged(id=f"status-{self.statuses}", source=FEED, time=now, state=state), now
        )


def wired(faults: Sequence[Fault], seed: int) -> Wire:
    simulation = Simulation(EVERYTHING, seed=seed, start=START)
    exchange = Exchange(simulation, source=FEED, faults=Faults(faults, seed=seed, start=START))
    policy = Policy(feeds=(FeedPolicy(name=FEED),))
    wire = Wire(exchange, Monitor(policy, START), policy.settle_s)
    exchange.listen(wire)
    wire.connect(START)
    return wire


def run_until(wire: Wire, end: Instant) -> None:
    """Let everybody do what is due when it is due."""
    while True:
        deadline = wire.monitor.next_deadline()
        now = min(
            wire.exchange.next_at(),
            end if deadline is None else deadline,
            end if wire.back_at is None else wire.back_at,
            end,
        )
        wire.exchange.advance(now)
        if wire.back_at is not None and now >= wire.back_at:
            wire.connect(now)
        wire.monitor.advance(now)
        if now >= end:
            return


@given(faults(ALL), st.integers(0, 10_000))
@UNSHRUNK
def test_after_any_mixture_of_faults_one_snapshot_makes_the_floor_true(
    mixture: list[Fault], seed: int
) -> None:
    wire = wired(mixture, seed)
    end = START + ENDS_S + 10.0
    run_until(wire, end)
    wire.take_snapshot(end)
    assert_the_floor_is_true(wire, end)
    before = {name: counts(view) for name, view in views(wire, end).items()}
    known = truly_counted(wire)
    # From then on every count grows as the truth does, also where the ACD has begun to count anew.
    later = end + 60.0
    run_until(wire, later)
    assert_the_floor_is_true(wire, later)
    wire.take_snapshot(later)
    assert_the_floor_is_true(wire, later)
    truth = truly_counted(wire)
    for name, view in views(wire, later).items():
        assert grown(counts(view), before[name]) == grown(truth[name], known[name])


@given(faults(LOSSES), st.integers(0, 10_000))
@UNSHRUNK
def test_unless_the_acd_forgot_them_every_count_is_true_and_every_error_was_a_correction(
    mixture: list[Fault], seed: int
) -> None:
    wire = wired(mixture, seed)
    end = START + ENDS_S + 10.0
    run_until(wire, end)
    truth = told_by_the_acd(wire, end)
    off = {
        name: max(abs(error) for error in grown(truth[name], counts(view)).values())
        for name, view in views(wire, end).items()
    }
    corrected = {name: view.corrections for name, view in views(wire, end).items()}
    wire.take_snapshot(end)
    for name, view in views(wire, end).items():
        assert counts(view) == truth[name]
    # What the snapshot alone says is a correction once no event has confirmed it in time.
    settled = end + wire.settle_s + 0.1
    run_until(wire, settled)
    for name, view in views(wire, settled).items():
        assert view.corrections - corrected[name] >= off[name]


def test_where_nothing_goes_wrong_there_is_nothing_to_correct() -> None:
    wire = wired([], seed=7)
    for minute in range(1, 11):
        run_until(wire, START + 60.0 * minute)
        wire.take_snapshot(START + 60.0 * minute)
        assert_the_floor_is_true(wire, START + 60.0 * minute)
    for name, view in views(wire, START + 600.0).items():
        truth = wire.exchange.simulation.counters(name)
        assert (view.corrections, view.agent_corrections) == (0, 0)
        assert (view.today.offered, view.today.outcomes) == (truth.offered, truth.outcomes)
        assert view.today.completed == truth.completed
