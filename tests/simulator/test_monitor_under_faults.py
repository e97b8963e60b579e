"""Whatever goes wrong on the way: once it stops and a snapshot has come, the monitor knows the truth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from queue_alert.core.events import (
    FeedEvent,
    FeedState,
    FeedStatusChanged,
    GroupCounters,
    TransferKind,
)
from queue_alert.core.monitor import Monitor
from queue_alert.core.policy import FeedPolicy, Policy
from queue_alert.core.units import AgentId, FeedName, GroupName, Instant, Seconds
from queue_alert.core.view import GroupView
from simulator.acd import Simulation
from simulator.exchange import Exchange
from simulator.faults import Fault, FaultKind, Faults
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
from tests.simulator.helpers import START, agents, all_day

FEED = FeedName("simulator")
ENDS_S = 300.0
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


def truly_counted(wire: Wire) -> dict[GroupName, GroupCounters]:
    found = {}
    for name in wire.exchange.groups:
        truth = wire.exchange.simulation.counters(name)
        found[name] = group_counters(truth.offered, truth.outcomes, truth.completed)
    return found


def grown(after: GroupCounters, before: GroupCounters) -> dict[str, int]:
    fields = ("offered", "answered", "abandoned", "rerouted", "completed")
    return {name: getattr(after, name) - getattr(before, name) for name in fields}


def views(wire: Wire, now: Instant) -> dict[GroupName, GroupView]:
    return {group.name: group for group in wire.monitor.view(now).groups}


def assert_the_floor_is_true(wire: Wire, now: Instant) -> None:
    truth = wire.exchange.simulation
    for name, view in views(wire, now).items():
        assert set(wire.monitor._floor.groups[name].waiting) == set(truth.waiting(name))
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
UNSHRUNK = settings(max_examples=15, phases=(Phase.explicit, Phase.reuse, Phase.generate))
ALL = sorted(FaultKind)
LOSSES = [kind for kind in ALL if kind is not FaultKind.RESTART]


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
    truth = {snapshot.group: snapshot.counters for snapshot in wire.exchange.snapshot(end)}
    off = {
        name: max(abs(error) for error in grown(truth[name] or GroupCounters(), counts(view)).values())
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
