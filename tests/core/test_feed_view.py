"""What the view says of a feed for those who draw it."""

from queue_alert.core.events import ClockStepped, FeedHeartbeat, FeedState
from queue_alert.core.monitor import Monitor
from queue_alert.core.policy import FeedPolicy, Policy
from queue_alert.core.units import FeedName, Instant
from queue_alert.core.view import FeedView
from tests.core.events_made import PBX, START, feed_status


def monitor() -> Monitor:
    return Monitor(Policy(feeds=(FeedPolicy(name=PBX, groups=("sales", "a*"), stale_after_s=60.0),)), START)


def feed(floor: Monitor, now: Instant) -> FeedView:
    (only,) = floor.view(now).feeds
    return only


def test_figures_are_held_from_the_first_state_that_is_not_live_until_it_is_live_again() -> None:
    floor = monitor()
    seen = [(feed(floor, START).state, feed(floor, START).held_since)]
    for at, state in (
        (START + 1, FeedState.SYNCING),
        (START + 2, FeedState.LIVE),
        (START + 10, FeedState.DOWN),
        (START + 11, FeedState.SYNCING),
        (START + 12, FeedState.DOWN),
        (START + 13, FeedState.LIVE),
    ):
        floor.handle(feed_status(state, at), at)
        seen.append((state, feed(floor, at).held_since))
    assert seen == [
        (FeedState.DOWN, START),
        (FeedState.SYNCING, START),
        (FeedState.LIVE, None),
        (FeedState.DOWN, START + 10),
        (FeedState.SYNCING, START + 10),
        (FeedState.DOWN, START + 10),
        (FeedState.LIVE, None),
    ]


def test_a_feed_that_fell_silent_is_held_since_the_silence_was_too_long() -> None:
    floor = monitor()
    floor.handle(feed_status(FeedState.LIVE, START), START)
    floor.advance(START + 60)
    silent = feed(floor, START + 61)
    assert (silent.state, silent.since, silent.held_since) == (FeedState.STALE, START + 60, START + 60)
    assert silent.reason == "nothing heard for 60 s"


def test_a_step_of_the_clock_moves_it_too() -> None:
    floor = monitor()
    step = ClockStepped(id="s", source=FeedName("clock"), time=START + 100, delta_s=100.0)
    floor.handle(step, START + 100)
    assert feed(floor, START + 100).held_since == START + 100


def test_the_groups_it_may_speak_of_are_told() -> None:
    assert feed(monitor(), START).groups == ("sales", "a*")


def test_a_lag_of_a_whole_second_more_is_a_change_of_its_own_and_a_part_of_one_is_not() -> None:
    floor = monitor()
    floor.handle(feed_status(FeedState.LIVE, START), START)
    floor.changes(START)

    def heard(at: Instant, late: float) -> list[float | None]:
        beat = FeedHeartbeat(id=f"h{at}", source=PBX, time=at - late)
        floor.handle(beat, at)
        changed = floor.changes(at)
        return [] if changed is None else [one.lag_s for one in changed.feeds]

    assert heard(START + 1, 0.125) == [0.125]
    assert heard(START + 2, 0.25) == []
    assert heard(START + 3, 7.5) == [7.5]
    assert heard(START + 4, 7.75) == []
    assert heard(START + 5, 0.125) == [0.125]
