"""Asterisk's counts against what its events told."""

from adapters.asterisk.tally import GROUP_LIMIT, Tally
from queue_alert.core.events import GroupCounters, GroupSnapshotTaken
from queue_alert.core.units import GroupName
from tests.adapters.asterisk.helpers import Exchange, frame

SALES = GroupName("sales")


class Queue:
    """A tally and a short way to ask it."""

    def __init__(self) -> None:
        self.tally = Tally()

    def listed(self, completed: int, abandoned: int, *, talking: int = 0) -> tuple[int | None, int | None]:
        counters = self.tally.counters(SALES, (completed, abandoned), lambda _name: talking)
        return counters.completed, counters.lost


def test_what_was_counted_before_anybody_listened_is_none_of_ours() -> None:
    assert Queue().listed(812, 77) == (0, 0)


def test_counts_that_agree_with_the_events_are_those_of_the_events() -> None:
    queue = Queue()
    queue.listed(812, 77)
    queue.tally.completed(SALES)
    queue.tally.abandoned(SALES)
    assert queue.listed(813, 78) == (1, 1)
    assert queue.listed(813, 78) == (1, 1)


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
    for _ in range(5):
        assert queue.listed(11, 4, talking=1) == (0, 0)
    queue.tally.completed(SALES)
    assert queue.listed(11, 4) == (1, 0)


def test_a_miss_hidden_behind_conversations_comes_out_once_they_are_over() -> None:
    queue = Queue()
    queue.listed(10, 4)
    assert queue.listed(11, 4, talking=1) == (0, 0)
    queue.tally.completed(SALES)
    assert queue.listed(12, 4) == (1, 0)
    assert queue.listed(12, 4) == (2, 0)


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
    tally = Tally()
    for number in range(GROUP_LIMIT + 1):
        tally.completed(GroupName(f"q{number}"))
    counts = [tally.counters(GroupName(name), (5, 0), lambda _name: 0) for name in (f"q{GROUP_LIMIT}", "q0")]
    assert counts == [GroupCounters(completed=1, lost=0), GroupCounters(completed=0, lost=0)]


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
