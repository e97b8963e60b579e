"""What happened before a list, and is told after it, changes neither who waits nor any count of the list."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_alert.core.events import AcdEvent, FeedEvent, GroupCounters, Outcome
from queue_alert.core.monitor import Monitor
from queue_alert.core.policy import FeedPolicy, Policy
from queue_alert.core.units import ContactId, FeedName, GroupName, Instant
from queue_alert.core.view import GroupView
from tests.adapters.mqtt.acd import FakeAcd
from tests.core.events_made import PBX, SALES, START, answered, completed, left, queued, snapshot

Figures = dict[GroupName, dict[str, int]]


class Listener:
    """A monitor, and the ACD whose truth it is held to."""

    def __init__(self, seed: int) -> None:
        self.acd = FakeAcd(seed=seed)
        self.now: Instant = 1_000.0
        self.monitor = Monitor(Policy(feeds=(FeedPolicy(name=FeedName("acd")),), settle_s=3.0), self.now)
        self.list_all()

    def hear(self, event: AcdEvent) -> None:
        self.now += 0.01
        self.monitor.advance(self.now)
        self.monitor.handle(event, self.now)

    def list_all(self) -> None:
        self.now += 0.01
        for listed in self.acd.snapshot(self.now):
            self.monitor.handle(listed, self.now)

    def happen(self, count: int) -> list[FeedEvent]:
        self.now += 0.01
        return self.acd.happen(count, self.now)

    def figures(self) -> tuple[Figures, dict[GroupName, set[ContactId]]]:
        groups = self.monitor.view(self.now).groups
        names = ("offered", "answered", "abandoned", "rerouted", "completed")
        counts = {group.name: {name: getattr(group.today, name) for name in names} for group in groups}
        return counts, {name: set(group.waiting) for name, group in self.monitor._floor.groups.items()}

    def truth(self) -> tuple[Figures, dict[GroupName, set[ContactId]]]:
        return dict(self.acd.counts), {name: set(line) for name, line in self.acd.waiting.items()}


@given(st.lists(st.tuples(st.integers(1, 12), st.floats(0.0, 1.0)), max_size=5), st.integers(0, 10_000))
def test_whatever_is_told_behind_a_list_the_floor_stays_the_acds(
    spans: list[tuple[int, float]], seed: int
) -> None:
    """Each span: so much happens, a share of it is told behind the list, mixed with what comes next."""
    chance = random.Random(seed)
    listener = Listener(seed)
    late: list[FeedEvent] = []
    for count, share in spans:
        on_time: list[FeedEvent] = []
        for event in listener.happen(count):
            (late if chance.random() < share else on_time).append(event)
        for event in on_time:
            listener.hear(event)
        listener.list_all()
        assert listener.figures() == listener.truth()
        while late:
            listener.hear(late.pop(chance.randrange(len(late))))
            assert listener.figures() == listener.truth()
            if chance.random() < 0.3:
                for event in listener.happen(1):
                    listener.hear(event)
                assert listener.figures() == listener.truth()
        listener.now += 4.0 * chance.randrange(2)
        listener.monitor.advance(listener.now)
        assert listener.figures() == listener.truth()


ZERO = GroupCounters(offered=0, answered=0, abandoned=0, rerouted=0, completed=0)


def after(*events: AcdEvent) -> GroupView:
    monitor = Monitor(Policy(feeds=(FeedPolicy(name=PBX),)), START)
    for event in (snapshot({}, START, counters=ZERO), *events):
        monitor.handle(event, START + 60)
    (view,) = (group for group in monitor.view(START + 60).groups if group.name == SALES)
    return view


def counted(view: GroupView) -> tuple[int, int, int, int, int]:
    today = view.today
    return view.waiting, today.offered, today.answered, today.unknown, today.completed


def test_the_end_of_a_conversation_whose_answer_only_the_counts_told_is_an_end_alone() -> None:
    missed = GroupCounters(offered=1, answered=1, abandoned=0, rerouted=0, completed=0)
    view = after(
        queued("c1", START + 10, seq=1),
        snapshot({}, START + 20, seq=2, counters=missed),
        completed("c1", START + 30, seq=3),
    )
    assert counted(view) == (0, 1, 1, 0, 1)


def test_who_came_and_went_before_a_list_does_not_wait_when_his_coming_is_told_late() -> None:
    gone = GroupCounters(offered=1, answered=0, abandoned=1, rerouted=0, completed=0)
    view = after(snapshot({}, START + 20, seq=2, counters=gone), queued("c1", START + 10, seq=1))
    assert counted(view) == (0, 1, 0, 0, 0)


def test_without_counts_he_is_counted_when_he_is_told_of() -> None:
    view = after(snapshot({}, START + 20, seq=2), queued("c1", START + 10, seq=1))
    assert (view.waiting, view.today.offered) == (0, 1)


def test_a_late_word_gives_the_wait_that_the_counts_could_not() -> None:
    told = GroupCounters(offered=1, answered=1, abandoned=0, rerouted=0, completed=0)
    view = after(
        queued("c1", START + 10, seq=1),
        snapshot({}, START + 20, seq=2, counters=told),
        answered("c1", START + 15, seq=2),
    )
    assert counted(view) == (0, 1, 1, 0, 0)
    assert view.today.average_speed_of_answer_s == 5.0
    assert view.left_total == {"answered": 1}


@pytest.mark.parametrize("outcome", [Outcome.ABANDONED, Outcome.TIMEOUT])
def test_a_late_leaving_is_not_counted_twice(outcome: Outcome) -> None:
    is_abandoned = outcome is Outcome.ABANDONED
    told = GroupCounters(
        offered=1, answered=0, abandoned=int(is_abandoned), rerouted=int(not is_abandoned), completed=0
    )
    view = after(
        queued("c1", START + 10, seq=1),
        snapshot({}, START + 20, seq=2, counters=told),
        left("c1", START + 15, outcome, seq=2),
    )
    assert counted(view) == (0, 1, 0, 0, 0)
    assert view.today.outcomes == {outcome.value: 1}
