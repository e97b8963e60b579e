"""Our counts held against those an ACD tells: what was lost on the way is put right, and counted."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_alert.core.events import AcdEvent, FeedState, GroupCounters, Outcome
from queue_alert.core.monitor import Monitor
from queue_alert.core.policy import FeedPolicy, Policy
from queue_alert.core.view import Figures, GroupView
from tests.core.events_made import PBX, SALES, START, answered, completed, feed_status, left, queued, snapshot

_FLOW_OUTS = (Outcome.TIMEOUT, Outcome.EXIT_KEY, Outcome.REROUTED)


@dataclass
class Acd:
    """A small ACD that counts, and says what it counted."""

    now: float = START
    seq: int = 0
    offered: int = 0
    completed: int = 0
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    waiting: dict[str, float] = field(default_factory=dict)
    talking: list[str] = field(default_factory=list)

    def happen(self, what: str, pause: float) -> AcdEvent | None:
        self.now += pause
        self.seq += 1
        match what:
            case "join":
                contact = f"c{self.offered}"
                self.offered += 1
                self.waiting[contact] = self.now
                return queued(contact, self.now, seq=self.seq)
            case "complete" if self.talking:
                self.completed += 1
                return completed(self.talking.pop(0), self.now)
            case "answered" if self.waiting:
                contact = next(iter(self.waiting))
                del self.waiting[contact]
                self.outcomes[Outcome.ANSWERED] += 1
                self.talking.append(contact)
                return answered(contact, self.now, seq=self.seq)
            case "abandoned" | "timeout" | "exit_key" | "rerouted" if self.waiting:
                contact, _ = self.waiting.popitem()
                self.outcomes[Outcome(what)] += 1
                return left(contact, self.now, Outcome(what), seq=self.seq)
        return None

    def counters(self, *, coarse: bool) -> GroupCounters:
        rerouted = sum(self.outcomes[outcome] for outcome in _FLOW_OUTS)
        abandoned = self.outcomes[Outcome.ABANDONED]
        if coarse:
            lost = abandoned + rerouted - self.outcomes[Outcome.EXIT_KEY]
            return GroupCounters(completed=self.completed, lost=lost)
        return GroupCounters(
            offered=self.offered,
            answered=self.outcomes[Outcome.ANSWERED],
            abandoned=abandoned,
            rerouted=rerouted,
            completed=self.completed,
        )

    def snapshot(self, *, coarse: bool = False) -> AcdEvent:
        self.now += 0.5
        return snapshot(self.waiting, self.now, seq=self.seq, counters=self.counters(coarse=coarse))

    def figures(self) -> dict[str, int]:
        return {
            "offered": self.offered,
            "answered": self.outcomes[Outcome.ANSWERED],
            "abandoned": self.outcomes[Outcome.ABANDONED],
            "rerouted": sum(self.outcomes[outcome] for outcome in _FLOW_OUTS),
            "completed": self.completed,
            "unknown": 0,
        }


def figures_of(figures: Figures) -> dict[str, int]:
    names = ("offered", "answered", "abandoned", "rerouted", "completed", "unknown")
    return {name: getattr(figures, name) for name in names}


def monitor() -> Monitor:
    floor = Monitor(Policy(feeds=(FeedPolicy(name=PBX),)), START)
    floor.handle(feed_status(FeedState.LIVE, START), START)
    return floor


def sales(floor: Monitor, now: float) -> GroupView:
    (group,) = (group for group in floor.view(now).groups if group.name == SALES)
    return group


WHAT = st.sampled_from(
    ["join"] * 4 + ["answered"] * 3 + ["complete"] * 2 + ["abandoned", "timeout", "exit_key"]
)
HISTORY = st.lists(
    st.tuples(WHAT, st.floats(0.01, 30.0), st.sampled_from(["keep"] * 4 + ["drop", "double", "late"])),
    max_size=60,
)


def tell(floor: Monitor, acd: Acd, history: list[tuple[str, float, str]]) -> None:
    """Let the history happen and tell the monitor of it, tampered with."""
    late: list[AcdEvent] = []
    for what, pause, fate in history:
        event = acd.happen(what, pause)
        floor.advance(acd.now)
        if event is not None and fate != "drop":
            if fate == "late":
                late.append(event)
                continue
            floor.handle(event, acd.now)
            if fate == "double":
                floor.handle(event, acd.now)
        if late:
            floor.handle(late.pop(0), acd.now)
    for event in late:
        floor.handle(event, acd.now)


@given(st.lists(HISTORY, min_size=1, max_size=3))
def test_after_a_snapshot_every_count_is_the_acds_and_every_error_was_counted(
    spans: list[list[tuple[str, float, str]]],
) -> None:
    floor, acd = monitor(), Acd()
    floor.handle(acd.snapshot(), acd.now)
    for history in spans:
        tell(floor, acd, history)
        acd.now += 60.0
        floor.advance(acd.now)  # whatever was still open is settled
        before = sales(floor, acd.now)
        floor.handle(acd.snapshot(), acd.now)
        acd.now += 10.0
        floor.advance(acd.now)
        after = sales(floor, acd.now)
        floor.handle(acd.snapshot(), acd.now)
        settled = sales(floor, acd.now)
        truth = acd.figures()
        assert figures_of(settled.today) == truth
        assert settled.waiting == len(acd.waiting)
        errors = [abs(truth[name] - count) for name, count in figures_of(before.today).items()]
        assert settled.corrections - before.corrections >= max(errors)
        assert after.corrections <= settled.corrections
    assert settled.corrections == floor.view(acd.now).feeds[0].corrections


@given(HISTORY.map(lambda history: [(what, pause, "keep") for what, pause, _ in history]), st.booleans())
def test_a_faithful_feed_needs_no_correction(history: list[tuple[str, float, str]], coarse: bool) -> None:
    floor, acd = monitor(), Acd()
    floor.handle(acd.snapshot(coarse=coarse), acd.now)
    for number, (what, pause, _) in enumerate(history):
        event = acd.happen(what, pause)
        floor.advance(acd.now)
        if event is not None:
            floor.handle(event, acd.now)
        if number % 3 == 0:
            floor.handle(acd.snapshot(coarse=coarse), acd.now)
    for _ in range(3):
        floor.handle(acd.snapshot(coarse=coarse), acd.now)
    group = sales(floor, acd.now)
    assert group.corrections == 0
    assert figures_of(group.today) == acd.figures()


@given(HISTORY)
def test_counters_that_never_fall_never_fall_whatever_is_put_right(
    history: list[tuple[str, float, str]],
) -> None:
    floor, acd = monitor(), Acd()
    floor.handle(acd.snapshot(), acd.now)
    last: Counter[str] = Counter()
    for step in history:
        tell(floor, acd, [step])
        floor.handle(acd.snapshot(), acd.now)
        group = sales(floor, acd.now)
        now = Counter({"offered": group.offered_total} | group.left_total)
        assert all(now[name] >= count for name, count in last.items())
        last = now


def counted(floor: Monitor, at: float, waiting: dict[str, float] | None = None, **counters: int) -> GroupView:
    counts = GroupCounters(**counters)
    floor.handle(snapshot(waiting or {}, at, counters=counts), at)
    return sales(floor, at)


def test_contacts_that_came_and_went_unheard_are_found_by_the_difference() -> None:
    floor = monitor()
    counted(floor, START, offered=100, answered=80, abandoned=15, rerouted=5, completed=70)
    group = counted(floor, START + 60, offered=104, answered=82, abandoned=16, rerouted=6, completed=73)
    assert figures_of(group.today) == {
        "offered": 4,
        "answered": 2,
        "abandoned": 1,
        "rerouted": 1,
        "completed": 3,
        "unknown": 0,
    }
    assert group.corrections == 4


def test_what_an_acd_counted_before_we_listened_is_none_of_ours() -> None:
    floor = monitor()
    group = counted(floor, START, offered=100, answered=80, abandoned=15, rerouted=5, completed=70)
    assert group.today.offered == 0


def test_an_acd_that_begins_to_count_anew_is_followed_from_there() -> None:
    floor = monitor()
    counted(floor, START, offered=100, answered=80, abandoned=20, rerouted=0, completed=80)
    counted(floor, START + 1, offered=3, answered=2, abandoned=1, rerouted=0, completed=2)
    group = counted(floor, START + 2, offered=5, answered=4, abandoned=1, rerouted=0, completed=2)
    assert (group.today.offered, group.today.answered, group.corrections) == (2, 2, 2)


def test_counts_that_an_acd_stops_telling_are_no_loss() -> None:
    floor = monitor()
    counted(floor, START, offered=100, answered=80, abandoned=20, rerouted=0)
    group = counted(floor, START + 1, completed=80)
    assert (group.today.offered, group.corrections) == (0, 0)


def test_an_answer_too_many_is_taken_off() -> None:
    floor = monitor()
    counted(floor, START, offered=0, answered=0, abandoned=0, rerouted=0, completed=0)
    floor.handle(queued("c1", START), START)
    floor.handle(answered("c1", START + 10), START + 10)
    group = counted(floor, START + 20, offered=1, answered=0, abandoned=1, rerouted=0, completed=0)
    assert (group.today.answered, group.today.abandoned) == (0, 1)
    assert group.corrections == 1
    assert group.left_total["answered"] == 1  # a counter never falls


def test_a_snapshot_behind_the_events_leaves_the_counts_for_the_next_one() -> None:
    floor = monitor()
    zero = GroupCounters(offered=0, answered=0, abandoned=0, rerouted=0, completed=0)
    floor.handle(snapshot({}, START, seq=1, counters=zero), START)
    floor.handle(queued("c1", START + 1, seq=2), START + 1)
    floor.handle(snapshot({}, START + 1, seq=1, counters=zero), START + 2)
    assert sales(floor, START + 2).today.offered == 1
    assert sales(floor, START + 2).corrections == 0


@pytest.mark.parametrize("seen", [1, 2])
def test_coarse_counts_are_believed_when_seen_twice(seen: int) -> None:
    floor = monitor()
    counted(floor, START, completed=10, lost=4)
    for number in range(seen):
        group = counted(floor, START + 10 + number, completed=12, lost=5)
    expected: dict[int, dict[str, int]] = {
        1: {"offered": 0, "answered": 0, "completed": 0, "unknown": 0},
        2: {"offered": 3, "answered": 2, "completed": 2, "unknown": 1},
    }
    found = figures_of(group.today)
    assert {name: found[name] for name in expected[seen]} == expected[seen]
    assert group.corrections == expected[seen]["offered"]


def test_two_acds_of_one_group_are_not_held_against_either_count() -> None:
    other = snapshot({}, START, counters=GroupCounters(offered=7, answered=7, abandoned=0, rerouted=0))
    floor = monitor()
    counted(floor, START, offered=0, answered=0, abandoned=0, rerouted=0)
    floor.handle(type(other)(**{**_fields(other), "source": "second"}), START)
    group = counted(floor, START + 1, offered=5, answered=5, abandoned=0, rerouted=0)
    assert (group.today.offered, group.corrections) == (0, 0)


def _fields(event: AcdEvent) -> dict[str, Any]:
    return {name: getattr(event, name) for name in event.__struct_fields__}
