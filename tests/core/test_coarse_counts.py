"""An ACD that counts conversations and losses alone, and a network that was gone for a while."""

from queue_alert.core.events import FeedState, GroupCounters
from queue_alert.core.monitor import Monitor
from queue_alert.core.policy import FeedPolicy, Policy
from queue_alert.core.view import GroupView
from tests.core.events_made import PBX, SALES, START, answered, completed, feed_status, left, queued, snapshot


class Floor:
    """A monitor, and a list every ten seconds."""

    def __init__(self) -> None:
        self.monitor = Monitor(Policy(feeds=(FeedPolicy(name=PBX),)), START)
        self.monitor.handle(feed_status(FeedState.LIVE, START), START)
        self.now = START

    def listed(self, *waiting: str, completed: int, lost: int) -> GroupView:
        self.now += 10.0
        while (deadline := self.monitor.next_deadline()) is not None and deadline <= self.now:
            self.monitor.advance(deadline)
        counts = GroupCounters(completed=completed, lost=lost)
        since = dict.fromkeys(waiting, START)
        self.monitor.handle(snapshot(since, self.now, counters=counts), self.now)
        (group,) = (group for group in self.monitor.view(self.now).groups if group.name == SALES)
        return group


def figures(group: GroupView) -> tuple[int, int, int, int]:
    """Return offered, answered, unknown and completed."""
    today = group.today
    return today.offered, today.answered, today.unknown, today.completed


def test_who_was_answered_and_done_while_nobody_listened_is_answered_not_unknown() -> None:
    floor = Floor()
    floor.monitor.handle(queued("c1", START), START)
    floor.listed("c1", completed=5, lost=2)
    group = floor.listed(completed=6, lost=2)
    assert figures(group) == (1, 0, 0, 0)  # gone, not settled yet
    for _ in range(3):
        group = floor.listed(completed=6, lost=2)
    assert figures(group) == (1, 1, 0, 1)


def test_who_is_still_talking_was_offered_and_stays_unknown_until_that_ends() -> None:
    floor = Floor()
    floor.monitor.handle(queued("c1", START), START)
    floor.listed("c1", completed=5, lost=2)
    for _ in range(5):
        group = floor.listed(completed=5, lost=2)
    assert figures(group) == (1, 0, 1, 0)
    assert group.corrections == 1
    floor.monitor.handle(completed("c1", floor.now), floor.now)
    for _ in range(3):
        group = floor.listed(completed=6, lost=2)
    assert figures(group) == (1, 1, 0, 1)


def test_who_left_by_a_key_unseen_was_offered_and_stays_unknown() -> None:
    floor = Floor()
    floor.monitor.handle(queued("c1", START), START)
    floor.listed("c1", completed=5, lost=2)
    for _ in range(5):
        group = floor.listed(completed=5, lost=2)
    assert figures(group) == (1, 0, 1, 0)


def test_a_whole_call_unseen_shows_once_those_under_way_are_over() -> None:
    floor = Floor()
    floor.listed(completed=5, lost=2)
    floor.monitor.handle(queued("c1", floor.now), floor.now)
    floor.monitor.handle(answered("c1", floor.now), floor.now)
    for _ in range(3):
        group = floor.listed(completed=6, lost=2)
    assert figures(group) == (1, 1, 0, 1)  # it may have been the one under way
    floor.monitor.handle(completed("c1", floor.now), floor.now)
    group = floor.listed(completed=7, lost=2)
    assert figures(group) == (2, 2, 0, 2)


def test_one_who_left_is_one_of_the_lost_once() -> None:
    floor = Floor()
    floor.listed(completed=5, lost=2)
    floor.monitor.handle(queued("c1", floor.now), floor.now)
    floor.monitor.handle(left("c1", floor.now), floor.now)
    for _ in range(4):
        group = floor.listed(completed=5, lost=3)
    assert group.today.offered == 1
    assert group.corrections == 0


def test_a_count_that_falls_begins_anew_even_if_it_stays_above_where_it_began() -> None:
    floor = Floor()
    floor.listed(completed=5, lost=2)
    for _ in range(3):
        group = floor.listed(completed=50, lost=2)
    assert group.today.completed == 45
    for _ in range(3):
        group = floor.listed(completed=7, lost=2)
    assert group.today.completed == 45
