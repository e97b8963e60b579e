"""Whatever happens to the events on the way, after the next snapshot the floor equals the truth."""

from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from queue_alert.core.events import AcdEvent, Outcome
from queue_alert.core.monitor import Monitor
from queue_alert.core.policy import GroupPolicy, Policy, SignalPolicy, Thresholds
from queue_alert.core.units import GroupName, SignalName
from queue_alert.core.view import FloorView, GroupView
from tests.core.events_made import SALES, START, SUPPORT, answered, left, queued, snapshot
from tests.core.model import TrueFloor

GROUPS = (SALES, SUPPORT)
OUTCOMES = (Outcome.ANSWERED, Outcome.ABANDONED, Outcome.TIMEOUT, Outcome.EXIT_KEY, Outcome.NO_AGENTS)

happening = st.tuples(
    st.sampled_from(["join", "join", "leave", "pass"]),
    st.integers(0, 7),
    st.sampled_from(OUTCOMES),
    st.floats(0.01, 40.0),
)
histories = st.lists(happening, max_size=60)


def play(history: list[Any], *, sequenced: bool) -> tuple[TrueFloor, list[AcdEvent], float]:
    """Let the history happen to the truth and return what a faithful feed would say of it."""
    truth, now, seq = TrueFloor(), START, 0
    events: list[AcdEvent] = []
    for what, number, outcome, pause in history:
        now += pause
        seq += 1
        mark = seq if sequenced else 0
        group = GROUPS[number % 2]
        contact = f"c{number}"
        present = [v for v in truth.visits if v.outcome is None and v.contact == contact and v.group == group]
        if what == "join" and not present:
            truth.queue(contact, group, now)
            events.append(queued(contact, now, group=group, seq=mark))
        elif what == "leave" and present:
            truth.end(present[0], outcome, now)
            make: Callable[..., AcdEvent] = answered if outcome is Outcome.ANSWERED else left
            more = () if outcome is Outcome.ANSWERED else (outcome,)
            events.append(make(contact, now, *more, group=group, seq=mark))
    return truth, events, now


def monitor() -> Monitor:
    return Monitor(Policy(signals=(SignalPolicy(name=SignalName("beacon")),)), START)


def depth_shown(view: FloorView) -> int:
    return view.signals[0].level.depth


def groups_of(view: FloorView) -> dict[GroupName, GroupView]:
    return {group.name: group for group in view.groups}


@given(histories, st.booleans())
def test_undisturbed_events_give_every_figure_of_the_truth(history: list[Any], sequenced: bool) -> None:
    truth, events, now = play(history, sequenced=sequenced)
    floor = monitor()
    for event in events:
        floor.handle(event, event.time)
    view = floor.view(now)
    for name, group in groups_of(view).items():
        waiting = truth.waiting(name)
        outcomes = truth.outcomes(name)
        answers = truth.waits(name, Outcome.ANSWERED)
        within = sum(wait <= 20.0 for wait in answers)
        given_up = truth.waits(name, Outcome.ABANDONED)
        assert group.waiting == len(waiting)
        assert group.oldest_queued_at == min(waiting.values(), default=None)
        assert group.today.outcomes == outcomes
        assert group.today.offered == truth.offered(name) == group.offered_total
        assert group.today.short_abandoned == sum(wait <= 5.0 for wait in given_up)
        assert group.corrections == 0
        if answers:
            assert group.today.service_level["answered"] == within / len(answers)
            asa = group.today.average_speed_of_answer_s
            assert asa is not None
            assert abs(asa - sum(answers) / len(answers)) < 1e-5
    assert depth_shown(view) == sum(len(truth.waiting(name)) for name in GROUPS)


@given(histories, st.booleans(), st.randoms(use_true_random=False), st.data())
def test_after_a_snapshot_the_floor_equals_the_truth_whatever_was_lost_doubled_or_reordered(
    history: list[Any], sequenced: bool, chance: Any, data: st.DataObject
) -> None:
    truth, events, now = play(history, sequenced=sequenced)
    floor = monitor()
    received: list[AcdEvent] = []
    for event in events:
        fate = data.draw(st.sampled_from(["keep", "keep", "keep", "drop", "double", "late"]))
        if fate != "drop":
            received.append(event)
        if fate == "double":
            received.append(event)
        if fate == "late" and len(received) > 1:
            swap = chance.randrange(max(len(received) - 4, 0), len(received))
            received[swap], received[-1] = received[-1], received[swap]
    moment = START
    for event in received:
        moment = max(moment, event.time)
        floor.advance(moment)
        floor.handle(event, moment)
        assert all(group.waiting >= 0 for group in floor.view(moment).groups)
    now += 1.0
    for name in GROUPS:
        floor.handle(snapshot(truth.waiting(name), now, group=name, seq=len(history) + 1), now)
    view = floor.view(now)
    for name, group in groups_of(view).items():
        waiting = truth.waiting(name)
        assert group.waiting == len(waiting)
        oldest = min(waiting.values(), default=None)
        if oldest is None:
            assert group.oldest_queued_at is None
        else:  # two waits closer than a snapshot's whole seconds are the same
            assert group.oldest_queued_at is not None
            assert abs(group.oldest_queued_at - oldest) <= 2.5
        settled = group.today.answered + group.today.abandoned + group.today.rerouted + group.today.unknown
        assert settled <= group.today.offered
    assert depth_shown(view) == sum(len(truth.waiting(name)) for name in GROUPS)

    floor.advance(now + 60.0)
    for group in floor.view(now + 60.0).groups:
        figures = group.today
        assert figures.offered == (
            figures.answered + figures.abandoned + figures.rerouted + figures.unknown + group.waiting
        )


@given(histories, st.booleans())
def test_a_snapshot_of_the_true_state_yields_no_effects_and_no_corrections(
    history: list[Any], sequenced: bool
) -> None:
    truth, events, now = play(history, sequenced=sequenced)
    floor = monitor()
    for event in events:
        floor.handle(event, event.time)
    effects = []
    for name in GROUPS:
        effects += floor.handle(snapshot(truth.waiting(name), now + 1, group=name, seq=10_000), now + 1)
    assert effects == []
    floor.advance(now + 100)
    assert [group.corrections for group in floor.view(now + 100).groups] == [0] * len(
        floor.view(now + 100).groups
    )


@given(histories)
def test_the_same_event_twice_changes_nothing(history: list[Any]) -> None:
    _, events, now = play(history, sequenced=False)
    once, twice = monitor(), monitor()
    for event in events:
        once.handle(event, event.time)
        twice.handle(event, event.time)
        assert twice.handle(event, event.time) == []
    assert once.view(now) == twice.view(now)


@given(histories)
def test_a_restarted_acd_that_forgot_its_callers_leaves_no_ghosts(history: list[Any]) -> None:
    truth, events, now = play(history, sequenced=False)
    floor = monitor()
    for name in GROUPS:
        floor.handle(snapshot({}, START, group=name), START)
    for event in events:
        floor.handle(event, event.time)
    for name in GROUPS:
        floor.handle(snapshot({}, now + 1, group=name), now + 1)
    floor.advance(now + 60)
    view = groups_of(floor.view(now + 60))
    for name in GROUPS:
        ghosts = len(truth.waiting(name))
        assert view[name].waiting == 0
        assert view[name].corrections == ghosts
        assert view[name].today.unknown == ghosts


@given(histories, st.floats(0.0, 300.0), st.floats(0.0, 300.0))
def test_time_may_pass_in_one_step_or_in_two(history: list[Any], first: float, second: float) -> None:
    _, events, now = play(history, sequenced=True)
    limits = Thresholds(waiting=3, longest_wait_s=30.0)
    policy = Policy(
        default_group=GroupPolicy(warning=limits), signals=(SignalPolicy(name=SignalName("beacon")),)
    )
    one_step, two_steps = Monitor(policy, START), Monitor(policy, START)
    for event in events:
        for floor in (one_step, two_steps):
            floor.advance(event.time)
            floor.handle(event, event.time)
    middle, end = now + first, now + first + second
    for floor in (one_step, two_steps):
        floor.advance(now)
    deadline = one_step.next_deadline()
    assert deadline is not None
    assert deadline > now
    in_two = two_steps.advance(middle) + two_steps.advance(end)
    in_one = one_step.advance(end)
    assert in_one[-1:] == in_two[-1:]
    assert one_step.view(end) == two_steps.view(end)
    if deadline > end:
        assert in_two == []
