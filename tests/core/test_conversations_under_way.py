"""Conversations of which we hear the end alone: begun before we listened, or lost and counted by the ACD."""

from queue_alert.core.events import AcdEvent, ClockStepped, GroupCounters
from queue_alert.core.monitor import Monitor
from queue_alert.core.policy import FeedPolicy, Policy
from queue_alert.core.units import FeedName
from queue_alert.core.view import GroupView
from tests.core.events_made import PBX, SALES, START, answered, completed, queued, snapshot


def after(*events: AcdEvent) -> tuple[Monitor, GroupView]:
    monitor = Monitor(Policy(feeds=(FeedPolicy(name=PBX),)), START)
    now = START
    for event in events:
        now = max(now, event.time)
        monitor.advance(now)
        monitor.handle(event, now)
    (view,) = (group for group in monitor.view(now).groups if group.name == SALES)
    return monitor, view


def counted(at: float, seq: int, *, offered: int, ended: int = 0) -> AcdEvent:
    counters = GroupCounters(offered=offered, answered=offered, abandoned=0, rerouted=0, completed=ended)
    return snapshot({}, at, seq=seq, counters=counters)


def figures(view: GroupView) -> tuple[int, int, int, int]:
    return view.today.offered, view.today.answered, view.today.completed, view.corrections


def test_a_conversation_that_was_under_way_when_we_began_to_listen_is_no_loss() -> None:
    _, view = after(snapshot({}, START + 60), completed("c1", START + 90, talk_s=200.0, held_s=10.0))
    assert figures(view) == (0, 0, 1, 0)
    assert view.today.average_handling_s == 210.0


def test_one_that_began_since_then_was_answered_unheard() -> None:
    _, view = after(snapshot({}, START + 60), completed("c1", START + 190, talk_s=100.0))
    assert figures(view) == (1, 1, 1, 1)


def test_one_of_unknown_length_was_answered_unheard() -> None:
    _, view = after(snapshot({}, START + 60), completed("c1", START + 61))
    assert figures(view) == (1, 1, 1, 1)


def test_before_the_first_snapshot_nothing_is_known_of_what_is_under_way() -> None:
    _, view = after(completed("c1", START + 61, talk_s=200.0))
    assert figures(view) == (1, 1, 1, 1)


def test_one_who_waited_when_we_began_to_listen_is_counted_whole() -> None:
    events = (
        snapshot({"c1": START}, START + 60),
        answered("c1", START + 70),
        completed("c1", START + 90, talk_s=200.0),
    )
    _, view = after(*events)
    assert figures(view) == (1, 1, 1, 0)


def test_its_end_told_twice_is_counted_once() -> None:
    end = completed("c1", START + 90, talk_s=200.0)
    _, view = after(snapshot({}, START + 60), end, completed("c1", START + 91, talk_s=200.0))
    assert figures(view) == (0, 0, 1, 0)


def test_who_was_under_way_may_call_again() -> None:
    _, view = after(
        snapshot({}, START + 60), completed("c1", START + 90, talk_s=200.0), queued("c1", START + 95)
    )
    assert (view.waiting, *figures(view)) == (1, 1, 0, 1, 0)


def test_a_step_of_the_clock_does_not_make_a_conversation_older_than_our_listening() -> None:
    stepped = ClockStepped(id="s", source=FeedName("clock"), time=START + 3_600, delta_s=3_600.0)
    _, view = after(snapshot({}, START), stepped, completed("c1", START + 3_700, talk_s=80.0))
    assert figures(view) == (1, 1, 1, 1)


def test_the_end_of_a_conversation_that_only_the_acd_counted_counts_no_second_answer() -> None:
    told = counted(START, 1, offered=0), counted(START + 30, 3, offered=1), completed("lost", START + 40)
    _, view = after(*told)
    assert figures(view) == (1, 1, 1, 1)
    _, view = after(*told, counted(START + 60, 4, offered=1, ended=1))
    assert figures(view) == (1, 1, 1, 1)


def test_an_answer_whose_end_the_acd_counted_too_is_nobodys_any_more() -> None:
    told = counted(START, 1, offered=0), counted(START + 30, 3, offered=1, ended=1)
    another = completed("another", START + 40)
    _, view = after(*told, another)
    assert figures(view) == (1, 1, 2, 1)  # whether its answer was counted already, the next list will tell
    _, view = after(*told, another, counted(START + 50, 4, offered=2, ended=2))
    assert figures(view) == (2, 2, 2, 2)


def test_an_acd_that_counts_conversations_alone_counts_those_under_way_too() -> None:
    def listed(at: float, completed: int) -> AcdEvent:
        return snapshot({}, at, counters=GroupCounters(completed=completed, lost=0))

    _, view = after(
        listed(START + 60, 10),
        completed("c1", START + 90, talk_s=200.0),
        completed("c2", START + 91, talk_s=300.0),
        *(listed(START + 100 + number, 12) for number in range(4)),
    )
    assert figures(view) == (0, 0, 2, 0)
