"""The simulated ACD tells the truth about itself."""

import collections
import math
from collections.abc import Iterator, Sequence

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queue_alert.core.events import (
    AcdEvent,
    AgentSnapshot,
    AgentState,
    AgentStateChanged,
    ContactAnswered,
    ContactCompleted,
    ContactHeld,
    ContactLeft,
    ContactQueued,
    ContactRingFailed,
    ContactRung,
    ContactUnheld,
    ContactWrapped,
    EndedBy,
    FeedEvent,
    Outcome,
    RingFailure,
    decoder,
)
from queue_alert.core.units import AgentId, ContactId, GroupName
from simulator.acd import Simulation
from simulator.scenario import DEMO, BreakHabits, GroupScenario, PauseReason, Scenario
from simulator.tally import Counters
from tests.simulator.helpers import NOTHING_GOES_RIGHT, START, Reader, agents, all_day

SALES = GroupName("sales")


def simulated(scenario: Scenario, *, seed: int = 1, seconds: float = 1_800.0) -> list[FeedEvent]:
    return Simulation(scenario, seed=seed, start=START).advance(START + seconds)


def one_group(**options: object) -> Scenario:
    group = msgspec.structs.replace(
        GroupScenario(name=SALES, arrivals=all_day(0.0), agents=agents(1), mean_handling_s=60.0), **options
    )
    return Scenario(name="one", summary="one group", groups=(group,), warm_up_s=0.0)


@pytest.mark.parametrize("scenario", [DEMO, NOTHING_GOES_RIGHT], ids=lambda scenario: scenario.name)
def test_same_seed_gives_the_same_events_and_another_seed_others(scenario: Scenario) -> None:
    assert simulated(scenario, seed=5) == simulated(scenario, seed=5)
    assert simulated(scenario, seed=5) != simulated(scenario, seed=6)


@given(st.integers(0, 1_000), st.lists(st.floats(0.0, 300.0), max_size=12))
@settings(max_examples=10)
def test_small_steps_give_the_same_events_as_a_large_one(seed: int, steps: list[float]) -> None:
    stepwise = Simulation(NOTHING_GOES_RIGHT, seed=seed, start=START)
    now = START
    said: list[FeedEvent] = []
    for step in steps:
        now += step
        said += stepwise.advance(now)
    assert said == Simulation(NOTHING_GOES_RIGHT, seed=seed, start=START).advance(now)


def test_an_earlier_now_changes_nothing() -> None:
    simulation = Simulation(DEMO, seed=1, start=START)
    simulation.advance(START + 60)
    assert simulation.advance(START) == []


@pytest.mark.parametrize("scenario", [DEMO, NOTHING_GOES_RIGHT], ids=lambda scenario: scenario.name)
def test_every_event_survives_the_wire(scenario: Scenario) -> None:
    decode = decoder().decode
    simulation = Simulation(scenario, seed=2, start=START)
    events: list[AcdEvent] = [*simulation.snapshot(START), *simulation.advance(START + 1_800)]
    assert [decode(msgspec.json.encode(event)) for event in events] == events


@pytest.mark.parametrize("scenario", [DEMO, NOTHING_GOES_RIGHT], ids=lambda scenario: scenario.name)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_events_lead_to_the_truth_at_every_instant(scenario: Scenario, seed: int) -> None:
    """Nobody waits, is rung, answered or ended twice, no agent talks to two, and the line is the true one."""
    simulation = Simulation(scenario, seed=seed, start=START)
    reader = Reader()
    reader.begin(simulation.snapshot(START))
    while (at := simulation.next_at()) <= START + 1_800:
        for event in simulation.advance(at):
            reader.read(event)
        for group in simulation.groups:
            assert tuple(reader.waiting[group]) == simulation.waiting(group)
    for snapshot in simulation.snapshot(START + 1_800):
        reader.agree_with(snapshot)
    counters = [simulation.counters(group) for group in simulation.groups]
    assert sum(counter.offered for counter in counters) == len(reader.queued_at)
    outcomes: collections.Counter[str] = collections.Counter()
    for counter in counters:
        outcomes.update(counter.outcomes)
    assert outcomes == collections.Counter(reader.ended.values())
    assert sum(counter.ring_failures for counter in counters) == reader.ring_failures
    assert sum(counter.completed for counter in counters) == len(reader.completed)
    for group in simulation.groups:
        counter = simulation.counters(group)
        assert counter.offered == sum(counter.outcomes.values()) + len(simulation.waiting(group))


def test_everything_that_can_happen_does_happen() -> None:
    events = simulated(NOTHING_GOES_RIGHT, seconds=3_600.0)
    kinds = {type(event) for event in events}
    assert kinds == {
        AgentStateChanged,
        ContactAnswered,
        ContactCompleted,
        ContactHeld,
        ContactLeft,
        ContactQueued,
        ContactRingFailed,
        ContactRung,
        ContactUnheld,
        ContactWrapped,
    }
    assert {event.outcome for event in events if isinstance(event, ContactLeft)} == {
        Outcome.ABANDONED,
        Outcome.EXIT_KEY,
        Outcome.TIMEOUT,
    }
    assert {event.reason for event in events if isinstance(event, ContactRingFailed)} == {
        RingFailure.NO_ANSWER,
        RingFailure.CANCELLED,
    }
    assert {event.ended_by for event in events if isinstance(event, ContactCompleted)} == {
        EndedBy.AGENT,
        EndedBy.CUSTOMER,
    }
    assert {event.state for event in events if isinstance(event, AgentStateChanged)} == (
        set(AgentState) - {AgentState.OFFLINE}
    )
    assert {event.reason for event in events if isinstance(event, AgentStateChanged)} == {
        "",
        "Müsli",
        "No answer",
        "Tea",
    }


def story(scenario: Scenario, *, seed: int, seconds: float = 600.0) -> Iterator[str]:
    for event in simulated(scenario, seed=seed, seconds=seconds):
        name = event.__struct_config__.tag
        yield f"{name} {event.state}" if isinstance(event, AgentStateChanged) else str(name)


def test_a_call_that_is_answered_is_told_in_the_order_of_a_real_acd() -> None:
    scenario = one_group(arrivals=all_day(6.0), hold_ratio=1.0, wrapup_s=10.0)
    told = list(story(scenario, seed=2, seconds=7_200.0))
    assert told[:14] == [
        "contact.queued",
        "agent.state reserved",
        "contact.rung",
        "contact.answered",
        "agent.state talking",
        "contact.held",
        "agent.state on_hold",
        "contact.unheld",
        "agent.state talking",
        "contact.completed",
        "agent.state wrapup",
        "contact.wrapped",
        "agent.state available",
        "contact.queued",
    ]


def test_without_wrap_up_an_agent_is_available_at_once() -> None:
    told = list(story(one_group(arrivals=all_day(6.0)), seed=2, seconds=7_200.0))
    assert told[5:7] == ["contact.completed", "agent.state available"]
    assert "contact.wrapped" not in told


def test_a_caller_who_gives_up_while_a_phone_rings_cancels_the_ring_and_frees_the_agent() -> None:
    scenario = one_group(arrivals=all_day(60.0), mean_patience_s=0.001)
    told = list(story(scenario, seed=1))
    assert told[:6] == [
        "contact.queued",
        "agent.state reserved",
        "contact.rung",
        "contact.ring_failed",
        "contact.left",
        "agent.state available",
    ]
    assert "contact.answered" not in told


def test_a_ring_that_nobody_answers_lets_the_caller_keep_the_place_in_the_line() -> None:
    scenario = one_group(arrivals=all_day(360.0), no_answer_ratio=1.0, mean_away_s=5.0)
    events = simulated(scenario, seconds=600.0)
    rung = {event.contact for event in events if isinstance(event, ContactRung)}
    first = next(event.contact for event in events if isinstance(event, ContactQueued))
    assert rung == {first}
    failed = [event for event in events if isinstance(event, ContactRingFailed)]
    assert {event.ring_s for event in failed} == {15.0}
    assert len(failed) > 10


def test_the_agent_free_for_longest_is_rung() -> None:
    scenario = one_group(arrivals=all_day(6.0), agents=agents(3), mean_handling_s=1.0)
    events = simulated(scenario, seconds=7_200.0)
    rung = [event.agent for event in events if isinstance(event, ContactRung)]
    assert rung[:6] == [*agents(3), *agents(3)]


def test_talk_and_hold_add_up_to_the_conversation() -> None:
    events = simulated(one_group(arrivals=all_day(30.0), hold_ratio=1.0), seconds=7_200.0)
    answered = {event.contact: event.time for event in events if isinstance(event, ContactAnswered)}
    completed = [event for event in events if isinstance(event, ContactCompleted)]
    assert len(completed) > 10
    for event in completed:
        assert event.talk_s is not None
        assert event.held_s is not None
        assert event.held_s > 0
        assert event.talk_s + event.held_s == pytest.approx(event.time - answered[event.contact], abs=0.002)


def test_an_agent_who_wants_a_break_while_talking_takes_it_afterwards() -> None:
    scenario = msgspec.structs.replace(
        one_group(arrivals=all_day(3_600.0)),
        breaks=BreakHabits(mean_between_s=600.0, reasons=(PauseReason("Tea", 60.0),)),
    )
    events = simulated(scenario, seconds=7_200.0)
    states = [event for event in events if isinstance(event, AgentStateChanged)]
    breaks = [index for index, event in enumerate(states) if event.reason == "Tea"]
    assert len(breaks) > 3
    for index in breaks[:-1]:
        assert states[index - 1].state is AgentState.TALKING
        assert states[index + 1].state is AgentState.AVAILABLE
        assert 30.0 <= states[index + 1].time - states[index].time <= 90.0


def test_with_nobody_coming_and_no_breaks_nothing_ever_happens() -> None:
    simulation = Simulation(one_group(), seed=1, start=START)
    assert simulation.next_at() == math.inf
    assert simulation.advance(START + 86_400) == []
    assert simulation.counters(SALES) == Counters()


@pytest.mark.parametrize("seed", range(4))
def test_offered_contacts_agree_with_the_profile(seed: int) -> None:
    """Each group's count of four hours lies within five standard deviations of the profile's mean."""
    simulation = Simulation(DEMO, seed=seed, start=START)
    waiting = {group: len(simulation.waiting(group)) for group in simulation.groups}
    simulation.advance(START + 4 * 3_600)
    begin = DEMO.time_of_day_s
    for group in DEMO.groups:
        mean = group.arrivals.mean_arrivals(begin, begin + 4 * 3_600)
        offered = simulation.counters(group.name).offered - waiting[group.name]
        assert abs(offered - mean) <= 5 * math.sqrt(mean), group.name


def test_the_time_of_day_decides_how_busy_it_is() -> None:
    night = Simulation(DEMO, seed=1, start=START, time_of_day_s=3 * 3_600.0)
    day = Simulation(DEMO, seed=1, start=START, time_of_day_s=10 * 3_600.0)
    night.advance(START + 3_600)
    day.advance(START + 3_600)
    assert night.counters(SALES).offered < 10
    assert day.counters(SALES).offered > 100


def test_callers_wait_from_the_first_moment() -> None:
    for seed in range(10):
        simulation = Simulation(DEMO, seed=seed, start=START)
        waiting = [contact for snapshot in simulation.snapshot(START) for contact in snapshot.waiting]
        assert waiting, seed
        for contact in waiting:
            assert contact.queued_at is not None
            assert contact.queued_at <= START


def test_one_more_agent_changes_no_caller_and_no_other_group() -> None:
    """Chance belongs to a group and an agent, so floors can be compared caller by caller."""
    groups = tuple(
        msgspec.structs.replace(group, agents=(*group.agents, AgentId("Newcomer")))
        if group.name == SALES
        else group
        for group in DEMO.groups
    )
    more = Simulation(msgspec.structs.replace(DEMO, groups=groups), seed=1, start=START)
    usual = Simulation(DEMO, seed=1, start=START)
    with_more, as_usual = more.advance(START + 3_600), usual.advance(START + 3_600)

    def calls(events: Sequence[AcdEvent], *, others: bool) -> list[tuple[str, float, str]]:
        return [
            (event.group, event.time, event.caller)
            for event in events
            if isinstance(event, ContactQueued) and (others or event.group == SALES)
        ]

    assert calls(with_more, others=True) == calls(as_usual, others=True)
    assert more.counters(SALES).outcomes["answered"] > usual.counters(SALES).outcomes["answered"]
    assert more.counters(GroupName("support")) == usual.counters(GroupName("support"))


def test_a_snapshot_before_what_is_due_is_refused() -> None:
    simulation = Simulation(DEMO, seed=1, start=START)
    with pytest.raises(ValueError, match=r"^snapshot at .*: advance first, something is due at "):
        simulation.snapshot(START + 600)


def test_a_snapshot_says_what_is_left_of_a_wrap_up() -> None:
    simulation = Simulation(one_group(arrivals=all_day(6.0), wrapup_s=10.0), seed=2, start=START)
    for _ in range(1_000):
        at = simulation.next_at()
        said = simulation.advance(at)
        if isinstance(said[-1], AgentStateChanged) and said[-1].state is AgentState.WRAPUP:
            break
    later = at + 4.0
    assert simulation.advance(later) == []
    (snapshot,) = simulation.snapshot(later)
    assert snapshot.agents == (
        AgentSnapshot(agent=AgentId("Agent 1"), state=AgentState.WRAPUP, wrapup_s=6.0),
    )


def test_the_truth_of_an_unknown_group_is_refused() -> None:
    simulation = Simulation(DEMO, seed=1, start=START)
    with pytest.raises(KeyError):
        simulation.waiting(GroupName("nowhere"))
    with pytest.raises(KeyError):
        simulation.counters(GroupName("nowhere"))


def test_of_conversations_under_way_at_the_start_only_the_agents_are_told() -> None:
    simulation = Simulation(DEMO, seed=1, start=START)
    snapshots = simulation.snapshot(START)
    known = {contact.contact for snapshot in snapshots for contact in snapshot.waiting}
    talking = {
        agent.agent
        for snapshot in snapshots
        for agent in snapshot.agents or ()
        if agent.state is AgentState.TALKING
    }
    assert talking
    for event in simulation.advance(START + 1_800):
        if isinstance(event, ContactQueued):
            known.add(event.contact)
        elif isinstance(event, AgentStateChanged):
            talking.discard(event.agent)
        else:
            assert getattr(event, "contact", None) in known
    assert not talking


def test_contact_ids_are_unique_and_look_like_a_real_acds() -> None:
    queued = [event for event in simulated(DEMO) if isinstance(event, ContactQueued)]
    first = queued[0].contact
    assert first.split(".")[0] == str(int(queued[0].time))
    assert len({event.contact for event in queued}) == len(queued)
    assert isinstance(first, str)
    assert ContactId(first) == first
