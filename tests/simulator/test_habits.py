"""What people on a simulated floor may be in the habit of doing."""

import collections
import math
import re
from typing import Any

import msgspec
import pytest

from queue_alert.core.events import (
    AgentState,
    AgentStateChanged,
    Channel,
    ContactAnswered,
    ContactCompleted,
    ContactHeld,
    ContactLeft,
    ContactQueued,
    ContactRung,
    ContactTransferred,
    ContactUnheld,
    ContactWrapped,
    EndedBy,
    EscalationMode,
    EscalationRequested,
    FeedEvent,
    MessageHandled,
    MessageLeft,
    Outcome,
    TransferKind,
)
from queue_alert.core.units import AgentId, GroupName
from simulator.acd import Simulation
from simulator.habits import (
    AgentScenario,
    BreakHabits,
    Burst,
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

SALES, SUPPORT = GroupName("sales"), GroupName("support")
HOUR = 3_600.0


def group(name: GroupName = SALES, **options: Any) -> GroupScenario:
    usual: dict[str, Any] = {"arrivals": all_day(60.0), "mean_handling_s": 60.0}
    return GroupScenario(name=name, **(usual | options))


def floor(*groups: GroupScenario, **options: Any) -> Scenario:
    return Scenario(name="floor", summary="a floor", groups=groups, **({"warm_up_s": 0.0} | options))


def simulated(scenario: Scenario, *, seed: int = 1, seconds: float = 2 * HOUR) -> list[FeedEvent]:
    return Simulation(scenario, seed=seed, start=START).advance(START + seconds)


def queued(events: list[FeedEvent]) -> list[ContactQueued]:
    return [event for event in events if isinstance(event, ContactQueued)]


# ---- how long things take


@pytest.mark.parametrize("variation", [0.3, 1.2])
def test_a_lognormal_conversation_has_the_mean_and_the_variation_that_it_says(variation: float) -> None:
    scenario = floor(group(arrivals=all_day(3_600.0), agents=agents(100), handling_variation=variation))
    talks = [event.talk_s for event in simulated(scenario) if isinstance(event, ContactCompleted)]
    known = [talk for talk in talks if talk is not None]
    assert len(known) == len(talks) > 6_000
    mean = sum(known) / len(known)
    deviation = math.sqrt(sum((talk - mean) ** 2 for talk in known) / len(known))
    assert mean == pytest.approx(60.0, rel=0.06)
    assert deviation / mean == pytest.approx(variation, rel=0.12)


def test_a_lognormal_patience_keeps_its_mean() -> None:
    scenario = floor(group(arrivals=all_day(3_600.0), mean_patience_s=90.0, patience_variation=0.5))
    waits = [event.queue_s for event in simulated(scenario) if isinstance(event, ContactLeft)]
    known = [wait for wait in waits if wait is not None]
    assert sum(known) / len(known) == pytest.approx(90.0, rel=0.03)


def test_a_wrap_up_that_varies_ends_when_it_was_said_to() -> None:
    scenario = floor(group(agents=agents(4), wrapup_s=20.0, wrapup_variation=0.8))
    events = simulated(scenario)
    began = {
        event.agent: event
        for event in events
        if isinstance(event, AgentStateChanged) and event.state is AgentState.WRAPUP
    }
    spans = {event.acw_s for event in events if isinstance(event, ContactWrapped)}
    assert len(spans) > 50
    last = {event.agent: event for event in events if isinstance(event, ContactWrapped)}
    for agent, wrapped in last.items():
        if began[agent].time < wrapped.time:
            assert began[agent].wrapup_s == wrapped.acw_s
            assert wrapped.time == pytest.approx(began[agent].time + wrapped.acw_s, abs=0.001)


def test_agents_may_answer_at_once() -> None:
    events = simulated(floor(group(agents=agents(50), answers_after=(0.0, 0.0))))
    assert {event.queue_s for event in events if isinstance(event, ContactAnswered)} == {0.0}


# ---- priorities


def test_the_higher_priority_stands_further_ahead_and_is_answered_first() -> None:
    share = PriorityShare(priority=7, share=0.25)
    scenario = floor(group(arrivals=all_day(120.0), agents=agents(1), priorities=(share,)))
    simulation = Simulation(scenario, seed=1, start=START)
    events = simulation.advance(START + HOUR)
    ranks = collections.Counter(event.priority for event in queued(events))
    assert set(ranks) == {0, 7}
    assert 15 < ranks[7] < 50
    (snapshot,) = simulation.snapshot(START + HOUR)
    assert [entry.position for entry in snapshot.waiting] == list(range(1, len(snapshot.waiting) + 1))
    line = [(-entry.priority, entry.queued_at) for entry in snapshot.waiting]
    assert line == sorted(line)
    assert tuple(entry.contact for entry in snapshot.waiting) == simulation.waiting(SALES)
    answered = {event.contact for event in events if isinstance(event, ContactAnswered)}
    urgent = [event.contact in answered for event in queued(events) if event.priority == 7]
    others = [event.contact in answered for event in queued(events) if event.priority == 0]
    assert sum(urgent) / len(urgent) > 0.8
    assert sum(others) / len(others) < 0.6


# ---- bursts


def test_a_burst_brings_more_callers_for_a_while_and_leaves_the_others_as_they_were() -> None:
    calm = floor(group(), time_of_day_s=9.5 * HOUR)
    bursts = (
        Burst(at_s=10 * HOUR, lasts_s=1_800.0, factor=5.0),
        Burst(at_s=11 * HOUR, lasts_s=600.0, extra=80.0),
    )
    busy = floor(group(bursts=bursts), time_of_day_s=9.5 * HOUR)
    usual = {(event.time, event.caller) for event in queued(simulated(calm))}
    events = queued(simulated(busy))
    assert usual < {(event.time, event.caller) for event in events}
    more = [event.time - START for event in events if (event.time, event.caller) not in usual]
    first = [at for at in more if 1_800.0 <= at < 3_600.0]
    second = [at for at in more if 5_400.0 <= at < 6_000.0]
    assert len(first) + len(second) == len(more)
    assert abs(len(first) - 120) <= 5 * math.sqrt(120)
    assert abs(len(second) - 80) <= 5 * math.sqrt(80)


def test_a_burst_comes_every_day_also_over_midnight() -> None:
    burst = Burst(at_s=23.5 * HOUR, lasts_s=HOUR, extra=50.0)
    scenario = floor(group(arrivals=all_day(0.0), bursts=(burst,)), time_of_day_s=0.0)
    events = queued(simulated(scenario, seconds=3 * 86_400.0))
    days = collections.Counter(int((event.time - START + HOUR) // 86_400) for event in events)
    assert set(days) == {0, 1, 2, 3}
    assert all(abs(count - 50) <= 5 * math.sqrt(50) for day, count in days.items() if day in (1, 2))
    assert all(((event.time - START) + HOUR / 2) % 86_400 < HOUR for event in events)


def test_a_burst_of_nothing_brings_nobody() -> None:
    bursts = (Burst(at_s=0.0, lasts_s=60.0), Burst(at_s=0.0, lasts_s=60.0, factor=9.0))
    lunch = group(arrivals=all_day(0.0), bursts=bursts)
    assert simulated(floor(lunch)) == []


# ---- skills


def skilled(**skills: int) -> AgentScenario:
    return AgentScenario(name="Ann", skills={GroupName(name): level for name, level in skills.items()})


def test_an_agent_with_two_skills_is_in_both_groups_and_never_in_two_conversations() -> None:
    scenario = floor(group(), group(SUPPORT), agents=(skilled(sales=1, support=1),))
    simulation = Simulation(scenario, seed=1, start=START)
    events = simulation.advance(START + HOUR)
    states = [event for event in events if isinstance(event, AgentStateChanged)]
    pairs = list(zip(states[::2], states[1::2], strict=True))
    assert [(one.group, other.group) for one, other in pairs] == [(SALES, SUPPORT)] * len(pairs)
    assert all(one.state is other.state for one, other in pairs)
    talking = False
    for event in events:
        if isinstance(event, ContactAnswered):
            assert not talking
            talking = True
        elif isinstance(event, ContactCompleted):
            talking = False
    assert {event.group for event in events if isinstance(event, ContactAnswered)} == {SALES, SUPPORT}
    for snapshot in simulation.snapshot(START + HOUR):
        assert snapshot.agents == simulation.agents(snapshot.group)
        assert [agent.agent for agent in snapshot.agents or ()] == ["Ann"]


def test_whoever_is_best_at_it_is_rung_first() -> None:
    apprentice = AgentScenario(name="Bob", skills={SALES: 5})
    scenario = floor(group(arrivals=all_day(6.0)), agents=(apprentice, skilled(sales=1)))
    rung = [event.agent for event in simulated(scenario, seconds=10 * HOUR) if isinstance(event, ContactRung)]
    assert rung.count(AgentId("Ann")) > 3 * rung.count(AgentId("Bob")) > 0


def test_an_agent_takes_first_what_they_are_best_at() -> None:
    scenario = floor(group(), group(SUPPORT), agents=(skilled(sales=9, support=2),))
    answered = collections.Counter(
        event.group for event in simulated(scenario) if isinstance(event, ContactAnswered)
    )
    assert answered[SUPPORT] > 5 * answered[SALES]


def test_nobody_waits_whom_a_free_agent_could_be_rung_for() -> None:
    scenario = floor(
        group(agents=agents(1)),
        group(SUPPORT),
        agents=(skilled(sales=2, support=1), AgentScenario(name="Bob", skills={SUPPORT: 1})),
    )
    simulation = Simulation(scenario, seed=1, start=START)
    rung: set[str] = set()
    while (at := simulation.next_at()) < START + HOUR:
        rung |= {event.contact for event in simulation.advance(at) if isinstance(event, ContactRung)}
        for name in simulation.groups:
            is_free = any(agent.state is AgentState.AVAILABLE for agent in simulation.agents(name))
            assert not is_free or set(simulation.waiting(name)) <= rung
    assert len(rung) > 50


# ---- shifts


def test_agents_log_in_and_out_with_their_shift() -> None:
    early = Shift(name="early", begins_s=8 * HOUR, ends_s=9 * HOUR)
    scenario = floor(group(agents=agents(3), shift="early"), shifts=(early,), time_of_day_s=7.5 * HOUR)
    simulation = Simulation(scenario, seed=1, start=START)
    assert {agent.state for agent in simulation.agents(SALES)} == {AgentState.OFFLINE}
    events = simulation.advance(START + 2 * HOUR)
    states = [event for event in events if isinstance(event, AgentStateChanged)]
    assert {event.time - START for event in states[:3]} == {1_800.0}
    assert {event.state for event in states[:1]} == {AgentState.AVAILABLE}
    last = {event.agent: event for event in states}
    assert {event.state for event in last.values()} == {AgentState.OFFLINE}
    assert len(last) == 3
    assert all(5_400.0 <= event.time - START < 5_800.0 for event in last.values())
    assert not any(isinstance(event, ContactAnswered) for event in events if event.time > START + 5_400.0)


def test_a_shift_over_midnight_comes_every_night_and_nobody_is_quite_on_time() -> None:
    night = Shift(name="night", begins_s=22 * HOUR, ends_s=6 * HOUR, late_s=300.0)
    quiet = group(arrivals=all_day(0.0), agents=agents(2), shift="night")
    events = simulated(floor(quiet, shifts=(night,), time_of_day_s=0.0), seconds=48 * HOUR)
    times = [(event.time - START, event.state) for event in events if isinstance(event, AgentStateChanged)]
    assert [state for _, state in times] == [
        *(AgentState.OFFLINE,) * 2,
        *(AgentState.AVAILABLE,) * 2,
        *(AgentState.OFFLINE,) * 2,
        *(AgentState.AVAILABLE,) * 2,
    ]
    due = [6 * HOUR, 6 * HOUR, 22 * HOUR, 22 * HOUR, 30 * HOUR, 30 * HOUR, 46 * HOUR, 46 * HOUR]
    assert all(0 < at - late < 300.0 for (at, _), late in zip(times, due, strict=True))


def test_nobody_comes_back_from_a_break_after_the_shift() -> None:
    early = Shift(name="early", begins_s=8 * HOUR, ends_s=10 * HOUR)
    scenario = floor(
        group(
            arrivals=all_day(300.0), agents=agents(6), shift="early", no_answer_ratio=0.3, mean_away_s=900.0
        ),
        shifts=(early,),
        breaks=BreakHabits(mean_between_s=600.0, reasons=(PauseReason("Tea", 900.0),)),
        time_of_day_s=7 * HOUR,
    )
    events = simulated(scenario, seconds=24 * HOUR)
    late = [
        event.state
        for event in events
        if isinstance(event, AgentStateChanged) and event.time > START + 4 * HOUR
    ]
    assert set(late) == set()


def test_whose_phone_rings_when_the_shift_ends_goes_home_after_it_and_who_talks_after_that() -> None:
    early = Shift(name="early", begins_s=8 * HOUR, ends_s=9 * HOUR)
    busy: dict[str, Any] = {"arrivals": all_day(600.0), "shift": "early"}
    scenario = floor(
        group(agents=agents(4), no_answer_ratio=1.0, mean_away_s=1.0, **busy),
        group(SUPPORT, agents=(AgentId("Zoë"),), mean_handling_s=86_400.0, **busy),
        shifts=(early,),
        time_of_day_s=8.5 * HOUR,
    )
    events = simulated(scenario, seconds=26 * HOUR)
    ended = [
        (event.agent, event.state)
        for event in events
        if isinstance(event, AgentStateChanged) and START + 1_800.0 < event.time < START + 2 * HOUR
    ]
    assert {state for agent, state in ended if agent != "Zoë"} == {AgentState.OFFLINE}
    again = {
        event.agent
        for event in events
        if isinstance(event, AgentStateChanged) and event.time == START + 23.5 * HOUR
    }
    assert again >= set(agents(4))


def test_a_restart_leaves_those_at_home_who_are_not_on_shift() -> None:
    early = Shift(name="early", begins_s=8 * HOUR, ends_s=9 * HOUR)
    scenario = floor(
        group(agents=agents(2), shift="early"), group(SUPPORT, agents=(AgentId("Zoë"),)), shifts=(early,)
    )
    simulation = Simulation(scenario, seed=1, start=START, time_of_day_s=7.5 * HOUR)
    simulation.advance(START + 60)
    simulation.restart(START + 60)
    assert {agent.state for agent in simulation.agents(SALES)} == {AgentState.OFFLINE}
    assert {agent.state for agent in simulation.agents(SUPPORT)} == {AgentState.AVAILABLE}
    simulation.advance(START + HOUR)
    assert {agent.state for agent in simulation.agents(SALES)} != {AgentState.OFFLINE}


# ---- transfers


def transferring(kind: TransferKind, **options: Any) -> Scenario:
    habit = TransferHabit(to=SUPPORT, ratio=0.5, kind=kind, priority=4)
    return floor(
        group(agents=agents(3), transfers=(habit,), wrapup_s=5.0, hold_ratio=0.5, **options),
        group(SUPPORT, arrivals=all_day(20.0), agents=(AgentId("Zoë"), AgentId("Yan"))),
    )


@pytest.mark.parametrize("kind", [TransferKind.BLIND, TransferKind.CONSULT])
def test_a_contact_that_is_passed_on_waits_in_the_other_group_under_the_same_id(kind: TransferKind) -> None:
    simulation = Simulation(transferring(kind), seed=1, start=START)
    events = simulation.advance(START + 2 * HOUR)
    transferred = [event for event in events if isinstance(event, ContactTransferred)]
    answered = [event for event in events if isinstance(event, ContactAnswered) and event.group == SALES]
    assert 0.35 < len(transferred) / len(answered) < 0.65
    by_contact: dict[str, list[FeedEvent]] = collections.defaultdict(list)
    for event in events:
        if (contact := getattr(event, "contact", "")) and not isinstance(event, ContactRung):
            by_contact[contact].append(event)
    for event in transferred:
        assert (event.group, event.kind, event.to) == (SALES, kind, SUPPORT)
        story = by_contact[event.contact]
        index = story.index(event)
        completed, again = [other for other in story[index + 1 :] if not isinstance(other, ContactWrapped)][
            :2
        ]
        assert isinstance(completed, ContactCompleted)
        assert (completed.group, completed.ended_by) == (SALES, EndedBy.TRANSFER)
        assert isinstance(again, ContactQueued)
        assert (again.group, again.priority, again.time) == (SUPPORT, 4, event.time)
        caller = next(other.caller for other in story if isinstance(other, ContactQueued))
        assert again.caller == caller
        if kind is TransferKind.CONSULT:
            assert isinstance(story[index - 1], ContactUnheld)
            assert story[index - 1].time == event.time
            assert any(isinstance(other, ContactHeld) for other in story[:index])
    for name in simulation.groups:
        truth = simulation.counters(name)
        assert truth.offered == sum(truth.outcomes.values()) + len(simulation.waiting(name))


def test_who_was_passed_on_once_is_not_passed_on_again() -> None:
    there = TransferHabit(to=SUPPORT, ratio=1.0)
    back = TransferHabit(to=SALES, ratio=1.0)
    scenario = floor(
        group(agents=agents(5), transfers=(there,)),
        group(SUPPORT, agents=(AgentId("Zoë"),), transfers=(back,)),
    )
    contacts = [event.contact for event in simulated(scenario) if isinstance(event, ContactTransferred)]
    assert len(set(contacts)) == len(contacts) > 50


# ---- callbacks


def test_who_accepts_a_callback_leaves_and_is_queued_again_later() -> None:
    habits = CallbackHabits(ratio=0.5, offered_after_s=30.0, mean_delay_s=300.0, priority=2)
    scenario = floor(
        group(arrivals=all_day(120.0), agents=agents(1), mean_patience_s=120.0, callbacks=habits)
    )
    events = simulated(scenario)
    left = [event for event in events if isinstance(event, ContactLeft) and event.outcome is Outcome.CALLBACK]
    assert len(left) > 30
    assert {event.queue_s for event in left} == {30.0}
    again = [event for event in queued(events) if event.channel is Channel.CALLBACK]
    assert 0.6 * len(left) < len(again) <= len(left)
    assert {event.priority for event in again} == {2}
    callers = {event.contact: event.caller for event in queued(events)}
    assert collections.Counter(event.caller for event in again) <= collections.Counter(
        callers[event.contact] for event in left
    )
    gone = {event.contact for event in events if isinstance(event, ContactLeft)}
    assert not gone & {event.contact for event in again}


# ---- messages


def test_messages_come_beside_the_calls_and_are_dealt_with() -> None:
    mail = MessageHabits(
        channel=Channel.EMAIL,
        arrivals=all_day(60.0),
        priority=3,
        urgent_ratio=0.25,
        mean_handled_after_s=300.0,
        titles=("Invoice", "Complaint"),
    )
    tape = MessageHabits(arrivals=all_day(30.0))
    scenario = floor(group(agents=agents(2), messages=(mail, tape)))
    events = simulated(scenario, seconds=4 * HOUR)
    left = [event for event in events if isinstance(event, MessageLeft)]
    mails = [event for event in left if event.channel is Channel.EMAIL]
    tapes = [event for event in left if event.channel is Channel.VOICEMAIL]
    assert abs(len(mails) - 240) < 5 * math.sqrt(240)
    assert abs(len(tapes) - 120) < 5 * math.sqrt(120)
    assert {event.priority for event in mails} == {3}
    assert {event.title for event in mails} == {"Invoice", "Complaint"}
    assert all(re.fullmatch(r"customer-\d{4}@example\.(com|net|org)", event.caller) for event in mails)
    assert 0.1 < sum(event.urgent for event in mails) / len(mails) < 0.4
    handled = [event for event in events if isinstance(event, MessageHandled)]
    assert {event.contact for event in handled} < {event.contact for event in mails}
    assert len(handled) > 200
    assert {event.agent for event in handled} == set(agents(2))
    calls = [event.caller for event in queued(events)]
    alone = floor(group(agents=agents(2)))
    assert calls == [event.caller for event in queued(simulated(alone, seconds=4 * HOUR))]


def test_a_message_outlives_a_restart_and_where_nobody_is_nobody_deals_with_it() -> None:
    tape = MessageHabits(arrivals=all_day(60.0), mean_handled_after_s=600.0)
    simulation = Simulation(floor(group(messages=(tape,))), seed=1, start=START)
    before = [event.contact for event in simulation.advance(START + HOUR) if isinstance(event, MessageLeft)]
    simulation.restart(START + HOUR)
    handled = [event for event in simulation.advance(START + 2 * HOUR) if isinstance(event, MessageHandled)]
    assert {event.contact for event in handled} & set(before)
    assert {event.agent for event in handled} == {""}


# ---- supervisors


def test_agents_ask_for_a_supervisor_in_the_middle_of_a_conversation() -> None:
    modes = (EscalationMode.CONSULT, EscalationMode.EMERGENCY)
    scenario = floor(group(agents=agents(3), escalations=EscalationHabits(ratio=0.3, modes=modes)))
    talking: dict[str, str] = {}
    asked = 0
    answered = 0
    for event in simulated(scenario):
        if isinstance(event, ContactAnswered):
            talking[event.contact] = event.agent
            answered += 1
        elif isinstance(event, ContactCompleted):
            del talking[event.contact]
        elif isinstance(event, EscalationRequested):
            assert talking[event.contact] == event.agent
            assert event.mode in modes
            asked += 1
    assert 0.15 < asked / answered < 0.45


# ---- every one of them is optional and has a chance of its own


EVERY_HABIT: dict[str, Any] = {
    "priorities": (PriorityShare(priority=5, share=0.2),),
    "transfers": (TransferHabit(to=SUPPORT, ratio=0.2, kind=TransferKind.CONSULT),),
    "callbacks": CallbackHabits(ratio=0.3),
    "messages": (MessageHabits(arrivals=all_day(30.0)),),
    "escalations": EscalationHabits(ratio=0.2),
    "bursts": (Burst(at_s=0.0, lasts_s=60.0, factor=2.0),),
}


@pytest.mark.parametrize("habit", sorted(EVERY_HABIT))
def test_one_more_habit_leaves_the_callers_as_they_were(habit: str) -> None:
    plain = floor(group(mean_patience_s=600.0), group(SUPPORT))
    with_habit = floor(group(mean_patience_s=600.0, **{habit: EVERY_HABIT[habit]}), group(SUPPORT))

    def calls(scenario: Scenario) -> list[tuple[float, str, str]]:
        return [
            (event.time, event.group, event.caller)
            for event in queued(simulated(scenario))
            if event.channel is Channel.VOICE
        ]

    assert calls(with_habit) == calls(plain)


def test_the_same_seed_gives_the_same_events_whatever_the_habits() -> None:
    scenario = floor(
        group(agents=agents(2), mean_patience_s=90.0, **EVERY_HABIT), group(SUPPORT, agents=(AgentId("Z"),))
    )
    assert simulated(scenario, seed=5) == simulated(scenario, seed=5)
    assert simulated(scenario, seed=5) != simulated(scenario, seed=6)
    assert msgspec.json.decode(msgspec.json.encode(scenario), type=Scenario) == scenario


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Burst(at_s=-1.0, lasts_s=1.0), "at_s: must be 0 to 86399, got -1.0"),
        (lambda: Burst(at_s=0.0, lasts_s=0.0), "lasts_s: must be > 0 s, got 0.0"),
        (lambda: Burst(at_s=0.0, lasts_s=90_000.0), "lasts_s: must be at most a day, got 90000.0 s"),
        (lambda: Burst(at_s=0.0, lasts_s=1.0, factor=0.5), "factor: must be >= 1, got 0.5"),
        (lambda: Burst(at_s=0.0, lasts_s=1.0, extra=-1.0), "extra: must be 0 to 100000, got -1.0"),
        (lambda: PriorityShare(priority=-1, share=0.1), "priority: must be 0 to 1000, got -1"),
        (lambda: PriorityShare(priority=1, share=1.1), "share: must be 0 to 1, got 1.1"),
        (
            lambda: TransferHabit(to=SALES, ratio=0.1, kind=TransferKind.CONFERENCE),
            'kind: must be "blind" or "consult", got "conference"',
        ),
        (lambda: CallbackHabits(ratio=0.1, mean_delay_s=0.0), "mean_delay_s: must be > 0 s, got 0.0"),
        (
            lambda: MessageHabits(channel=Channel.VOICE),
            'channel: must be "voicemail", "email" or "chat", got "voice"',
        ),
        (lambda: MessageHabits(mean_handled_after_s=0.0), "mean_handled_after_s: must be > 0 s, got 0.0"),
        (lambda: EscalationHabits(ratio=0.1, modes=()), "modes: must name at least one mode, got none"),
        (
            lambda: Shift(name="s", begins_s=60.0, ends_s=60.0),
            "ends_s: must not be the beginning, got 60.0",
        ),
        (
            lambda: Shift(name="s", begins_s=0.0, ends_s=600.0, late_s=600.0),
            "late_s: must be 0 to 300 s in this shift, got 600.0 s",
        ),
        (lambda: AgentScenario(name="Ann", skills={}), "skills: must name at least one group, got none"),
        (lambda: skilled(sales=0), "skills.sales: must be 1 to 100, got 0"),
        (lambda: group(answers_after=(0.5, 0.2)), "answers_after: must be two shares from 0 to 1"),
        (lambda: group(handling_variation=0.0), "handling_variation: must be > 0 and at most 10, got 0.0"),
        (
            lambda: group(priorities=(PriorityShare(priority=1, share=0.6),) * 2),
            "priorities: together must be at most 1, got 1.2",
        ),
        (
            lambda: floor(group(transfers=(TransferHabit(to=SUPPORT, ratio=0.1),))),
            'groups: "sales" transfers to "support", which is no group',
        ),
        (
            lambda: floor(group(), agents=(skilled(support=1),)),
            'agents: "Ann" serves "support", which is no group',
        ),
        (
            lambda: floor(group(agents=(AgentId("Ann"),)), agents=(skilled(sales=1),)),
            "agents: each must be named once, got Ann, Ann",
        ),
        (
            lambda: floor(group(shift="late")),
            'groups: "sales" has the shift "late", which is not there',
        ),
        (
            lambda: floor(group(), shifts=(Shift(name="a", begins_s=0.0, ends_s=1.0),) * 2),
            "shifts: each must be named once, got a, a",
        ),
    ],
)
def test_what_cannot_be_is_refused(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        make()
