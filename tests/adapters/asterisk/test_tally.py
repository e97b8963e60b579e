"""Asterisk's counts against what its events told."""

from dataclasses import dataclass

from adapters.asterisk.tally import GROUP_LIMIT, Tally
from queue_alert.core.events import GroupCounters, GroupSnapshotTaken
from queue_alert.core.units import GroupName, Instant
from tests.adapters.asterisk.helpers import Exchange, frame

SALES = GroupName("sales")


@dataclass(eq=False)
class Talk:
    is_surely_over: bool = False
    is_carried: bool = False


class Talks:
    """Conversations that are under way because a test says so."""

    def __init__(self, tally: Tally) -> None:
        self.talking: list[Talk] = []
        self.ended: list[Talk] = []
        self._tally = tally

    def under_way(self, _group: GroupName) -> list[Talk]:
        return list(self.talking)

    def end_unheard(self, talk: Talk) -> None:
        self.ended.append(talk)
        if not talk.is_carried:
            self._tally.completed(SALES)


class Queue:
    """A tally and a short way to ask it."""

    def __init__(self) -> None:
        self.now: Instant = 1_000.0
        self.tally = Tally(lambda: self.now)
        self.talks = Talks(self.tally)

    def listed(self, completed: int, abandoned: int, *talking: Talk) -> tuple[int | None, int | None]:
        self.now += 30.0
        self.talks.talking = list(talking)
        counters = self.tally.counters(SALES, (completed, abandoned), self.talks)
        return counters.completed, counters.lost

    def answered(self, completed: int, abandoned: int, *talking: Talk) -> int | None:
        self.now += 30.0
        self.talks.talking = list(talking)
        return self.tally.counters(SALES, (completed, abandoned), self.talks).answered


def test_what_was_counted_before_anybody_listened_is_none_of_ours() -> None:
    assert Queue().listed(812, 77) == (0, 0)


def test_counts_that_agree_with_the_events_are_those_of_the_events() -> None:
    queue = Queue()
    queue.listed(812, 77)
    queue.tally.completed(SALES)
    queue.tally.abandoned(SALES)
    assert queue.listed(813, 78) == (1, 1)
    assert queue.listed(813, 78) == (1, 1)


def test_an_event_right_behind_a_list_explains_what_was_new_in_it_and_no_later_list_proves_it() -> None:
    queue, first, second = Queue(), Talk(), Talk()
    queue.listed(10, 4, first)
    assert queue.listed(11, 5, first) == (0, 0)
    queue.tally.completed(SALES)
    queue.tally.abandoned(SALES)
    # This list is ahead again, by one more of each.
    assert queue.listed(12, 6, second) == (1, 1)
    queue.tally.completed(SALES)
    queue.tally.abandoned(SALES)
    assert queue.listed(12, 6) == (2, 2)


def test_a_list_that_seems_ahead_again_and_again_is_believed_at_last() -> None:
    queue = Queue()
    queue.listed(10, 4)
    seen = []
    for number in range(1, 8):
        seen.append(queue.listed(10 + number, 4 + number))
        queue.tally.completed(SALES)
        queue.tally.abandoned(SALES)
    assert seen == [(0, 0), (1, 1), (2, 2), (3, 3), (4, 4), (6, 6), (7, 7)]
    assert queue.listed(17, 11) == (7, 7)


def test_what_no_event_told_is_believed_at_the_second_list() -> None:
    queue = Queue()
    queue.listed(10, 4)
    assert queue.listed(12, 5) == (0, 0)
    assert queue.listed(13, 5) == (2, 1)
    assert queue.listed(13, 5) == (3, 1)
    assert queue.listed(13, 5) == (3, 1)


def test_a_list_ahead_of_its_event_is_no_miss() -> None:
    queue = Queue()
    queue.listed(10, 4)
    assert queue.listed(11, 4) == (0, 0)
    queue.tally.completed(SALES)
    assert queue.listed(11, 4) == (1, 0)
    assert queue.listed(11, 4) == (1, 0)


def test_a_conversation_counted_before_its_event_is_no_miss_however_late_that_comes() -> None:
    queue = Queue()
    queue.listed(10, 4)
    talk = Talk()
    for _ in range(5):
        assert queue.listed(11, 4, talk) == (0, 0)
    queue.tally.completed(SALES)
    assert queue.listed(11, 4) == (1, 0)


def test_a_miss_hidden_behind_conversations_comes_out_once_they_are_over() -> None:
    queue = Queue()
    queue.listed(10, 4)
    talk, later = Talk(), Talk()
    assert queue.listed(11, 4, talk) == (0, 0)
    assert queue.listed(11, 4, talk, later) == (0, 0)
    queue.tally.completed(SALES)
    # The one that began later cannot have been counted at the first list.
    assert queue.listed(12, 4, later) == (2, 0)
    assert queue.answered(12, 4, later) == 1


def test_a_conversation_that_is_surely_over_is_the_missing_one_and_was_answered_before() -> None:
    queue = Queue()
    queue.tally.answered(SALES)
    queue.listed(10, 4)
    talk, other = Talk(), Talk()
    assert queue.listed(11, 4, talk, other) == (0, 0)
    talk.is_surely_over = True
    assert queue.listed(11, 4, talk, other) == (1, 0)
    assert queue.talks.ended == [talk]
    assert queue.listed(11, 4, other) == (1, 0)
    assert queue.answered(11, 4, other) == 1


def test_the_end_of_one_that_was_under_way_at_the_start_is_no_answer_of_ours() -> None:
    queue = Queue()
    queue.listed(10, 4)
    carried = Talk(is_surely_over=True, is_carried=True)
    assert queue.listed(11, 4, carried) == (0, 0)
    assert queue.listed(11, 4, carried) == (1, 0)
    assert queue.talks.ended == [carried]
    assert queue.answered(11, 4) == 0


def test_each_of_two_missing_has_suspects_of_its_own() -> None:
    queue = Queue()
    queue.listed(10, 4)
    first, second = Talk(), Talk()
    queue.listed(11, 4, first)
    queue.listed(12, 4, first, second)
    # One conversation cannot explain both.
    assert queue.listed(12, 4, first) == (1, 0)
    queue.tally.completed(SALES)
    assert queue.listed(12, 4) == (2, 0)


def test_what_is_told_after_it_was_found_to_be_missing_is_counted_once() -> None:
    queue = Queue()
    queue.listed(10, 4)
    queue.listed(11, 5)
    assert queue.listed(11, 5) == (1, 1)
    queue.tally.completed(SALES)
    queue.tally.abandoned(SALES)
    for _ in range(3):
        assert queue.listed(11, 5) == (1, 1)
    assert queue.answered(11, 5) == 0


def test_what_is_told_long_after_is_another_one_that_asterisk_did_not_count() -> None:
    queue = Queue()
    queue.listed(10, 4)
    queue.listed(11, 4)
    for number in range(30):
        queue.tally.abandoned(SALES)
        queue.listed(11, 5 + number)
    queue.tally.completed(SALES)
    assert [queue.listed(11, 34) for _ in range(3)] == [(2, 30)] * 3


def test_an_event_that_asterisk_did_not_count_is_a_fact_and_hides_no_later_miss() -> None:
    queue = Queue()
    queue.listed(10, 4)
    queue.tally.completed(SALES)
    for _ in range(2):
        assert queue.listed(10, 4) == (1, 0)
    assert queue.listed(11, 4) == (1, 0)
    assert queue.listed(11, 4) == (2, 0)


def test_an_asterisk_that_counts_anew_is_followed_and_ours_never_fall() -> None:
    queue = Queue()
    queue.listed(10, 4)
    queue.tally.completed(SALES)
    assert queue.listed(11, 4) == (1, 0)
    assert queue.listed(0, 0) == (1, 0)
    queue.tally.completed(SALES)
    assert queue.listed(1, 0) == (2, 0)
    assert queue.listed(1, 0) == (2, 0)


def test_an_end_we_cannot_explain_is_among_the_lost_until_it_is_explained() -> None:
    queue = Queue()
    queue.listed(10, 4)
    queue.tally.unexplained(SALES, 1)
    assert queue.listed(10, 4) == (0, 1)
    queue.tally.unexplained(SALES, -1)
    assert queue.listed(10, 4) == (0, 0)


def test_only_so_many_queues_are_counted_for() -> None:
    tally = Tally(lambda: 0.0)
    for number in range(GROUP_LIMIT + 1):
        tally.completed(GroupName(f"q{number}"))
    talks = Talks(tally)
    counts = [tally.counters(GroupName(name), (5, 0), talks) for name in (f"q{GROUP_LIMIT}", "q0")]
    assert counts == [
        GroupCounters(answered=0, completed=1, lost=0),
        GroupCounters(answered=0, completed=0, lost=0),
    ]


# ---- what the translator notes


def lost(exchange: Exchange, abandoned: int) -> int | None:
    """Return what a list with so many abandons makes of a queue."""
    data = frame("QueueParams", Queue="sales", Completed="0", Abandoned=str(abandoned), ActionID="q")
    data += frame("QueueStatusComplete", ActionID="q")
    (snapshot,) = (
        event
        for event in exchange.translator.receive(data, exchange.now)
        if isinstance(event, GroupSnapshotTaken)
    )
    assert snapshot.counters is not None
    return snapshot.counters.lost


def test_who_left_by_a_key_unseen_is_unknown_and_no_loss_of_asterisks() -> None:
    """A reader without variables calls him unknown; Asterisk does not count him."""
    exchange = Exchange()
    lost(exchange, 0)
    exchange.caller("QueueCallerJoin")
    exchange.caller("QueueCallerLeave")
    assert lost(exchange, 0) == 0
    exchange.now += 2.0
    assert [lost(exchange, 0) for _ in range(3)] == [1, 1, 1]


def test_an_answer_that_comes_very_late_is_taken_from_the_lost() -> None:
    exchange = Exchange()
    lost(exchange, 0)
    exchange.caller("QueueCallerJoin")
    exchange.caller("QueueCallerLeave")
    exchange.now += 60.0
    assert lost(exchange, 0) == 1
    exchange.caller("AgentConnect", MemberName="Alice")
    assert lost(exchange, 0) == 0


def test_an_abandon_said_twice_is_one() -> None:
    exchange = Exchange()
    lost(exchange, 0)
    exchange.caller("QueueCallerJoin")
    exchange.caller("QueueCallerAbandon")
    exchange.caller("QueueCallerAbandon")
    exchange.caller("QueueCallerLeave")
    assert [lost(exchange, 1) for _ in range(3)] == [1, 1, 1]


def test_an_abandon_of_somebody_not_known_is_one_all_the_same() -> None:
    exchange = Exchange()
    lost(exchange, 0)
    exchange.caller("QueueCallerAbandon")
    exchange.caller("QueueCallerLeave")
    exchange.caller("QueueCallerAbandon")
    assert [lost(exchange, 1) for _ in range(3)] == [1, 1, 1]
    assert exchange.translator.doubt == ""
