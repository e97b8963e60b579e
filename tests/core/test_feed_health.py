"""Whether a feed can be believed: silence, lag, a clock that is off, and several feeds on one floor."""

from typing import Any, TypeVar

import msgspec
import pytest

from queue_alert.core.effects import Severity, ShowSignal
from queue_alert.core.events import (
    AcdEvent,
    AgentSnapshot,
    AgentState,
    ClockStepped,
    Event,
    FeedHeartbeat,
    FeedState,
)
from queue_alert.core.monitor import Monitor
from queue_alert.core.policy import FeedPolicy, GroupPolicy, Policy, SignalPolicy, Thresholds
from queue_alert.core.units import AgentId, ContactId, FeedName, GroupName, SignalName
from queue_alert.core.view import FeedView, GroupView
from tests.core.events_made import (
    PBX,
    SALES,
    START,
    SUPPORT,
    agent,
    answered,
    feed_status,
    left,
    queued,
    snapshot,
)

OTHER = FeedName("other")
E = TypeVar("E", bound=Event)


def monitor(*feeds: FeedPolicy, **policy: Any) -> Monitor:
    return Monitor(
        Policy(
            feeds=feeds or (FeedPolicy(name=PBX, stale_after_s=60.0),),
            signals=(SignalPolicy(name=SignalName("beacon")),),
            **policy,
        ),
        START,
    )


def heartbeat(at: float, *, said: float | None = None) -> FeedHeartbeat:
    return FeedHeartbeat(id=f"h{at}", source=PBX, time=at if said is None else said)


def of(source: FeedName, event: E) -> E:
    return msgspec.structs.replace(event, source=source)


def feed(floor: Monitor, at: float, name: FeedName = PBX) -> FeedView:
    return next(feed for feed in floor.view(at).feeds if feed.name == name)


def group(floor: Monitor, at: float, name: GroupName = SALES) -> GroupView:
    return next(group for group in floor.view(at).groups if group.name == name)


def is_stale(floor: Monitor) -> dict[str, bool]:
    return {signal.name: signal.level.stale for signal in floor.levels()}


# Silence


def test_a_feed_that_falls_silent_is_stale_at_its_instant_and_says_why() -> None:
    floor = monitor()
    floor.handle(feed_status(FeedState.LIVE, START), START)
    floor.handle(queued("c1", START + 10), START + 10)
    assert floor.next_deadline() == START + 60
    floor.advance(START + 60)
    assert feed(floor, START + 60).state is FeedState.LIVE
    assert floor.next_deadline() == START + 70
    assert floor.advance(START + 69.999) == []
    assert floor.advance(START + 70) == [ShowSignal(SignalName("beacon"), 1, Severity.NORMAL, True)]
    view = feed(floor, START + 71)
    assert (view.state, view.since, view.reason) == (FeedState.STALE, START + 70, "nothing heard for 60 s")
    assert group(floor, START + 71).stale


def test_any_event_makes_a_silent_feed_live_again() -> None:
    floor = monitor()
    floor.handle(feed_status(FeedState.LIVE, START), START)
    floor.advance(START + 60)
    effects = floor.handle(queued("c1", START + 90), START + 90)
    assert effects == [
        ShowSignal(SignalName("beacon"), 0, Severity.NORMAL, False),
        ShowSignal(SignalName("beacon"), 1, Severity.NORMAL, False),
    ]
    assert feed(floor, START + 90).state is FeedState.LIVE
    assert floor.next_deadline() == START + 150


def test_a_heartbeat_makes_a_silent_feed_live_again_and_is_no_event() -> None:
    floor = monitor()
    floor.handle(feed_status(FeedState.LIVE, START), START)
    floor.advance(START + 60)
    floor.handle(heartbeat(START + 61), START + 61)
    view = feed(floor, START + 61)
    assert (view.state, view.events, view.last_event_at) == (FeedState.LIVE, 1, None)


def test_heartbeats_keep_a_feed_live() -> None:
    floor = monitor()
    floor.handle(feed_status(FeedState.LIVE, START), START)
    for at in range(15, 600, 15):
        floor.advance(START + at)
        floor.handle(heartbeat(START + at), START + at)
    assert feed(floor, START + 600).state is FeedState.LIVE
    floor.advance(START + 600)
    assert floor.next_deadline() == START + 645


def test_a_feed_without_a_limit_may_be_silent_for_ever() -> None:
    floor = monitor(FeedPolicy(name=PBX))
    floor.handle(feed_status(FeedState.LIVE, START), START)
    floor.advance(START + 80_000)
    assert feed(floor, START + 80_000).state is FeedState.LIVE


@pytest.mark.parametrize("state", [FeedState.DOWN, FeedState.SYNCING])
def test_a_feed_that_is_not_live_does_not_become_stale_by_silence(state: FeedState) -> None:
    floor = monitor()
    floor.handle(feed_status(FeedState.LIVE, START), START)
    floor.handle(feed_status(state, START + 10, "gone"), START + 10)
    floor.advance(START + 600)
    assert feed(floor, START + 600).state is state
    assert feed(floor, START + 600).reason == "gone"


def test_a_lost_feed_clears_nothing() -> None:
    limits = GroupPolicy(warning=Thresholds(waiting=1), critical=Thresholds(longest_wait_s=120.0))
    floor = monitor(default_group=limits)
    floor.handle(feed_status(FeedState.LIVE, START), START)
    floor.handle(queued("c1", START), START)
    floor.advance(START + 60)
    (level,) = (signal.level for signal in floor.levels())
    assert (level.depth, level.severity, level.stale) == (1, Severity.WARNING, True)
    floor.handle(feed_status(FeedState.DOWN, START + 70), START + 70)
    floor.advance(START + 3_600)
    (level,) = (signal.level for signal in floor.levels())
    assert (level.depth, level.severity, level.stale) == (1, Severity.CRITICAL, True)


def test_a_step_of_the_clock_does_not_make_a_feed_silent_nor_keep_it_live() -> None:
    floor = monitor()
    floor.handle(feed_status(FeedState.LIVE, START), START)
    now = START + 30 + 5_000
    floor.handle(ClockStepped(id="s", source=FeedName("clock"), time=now, delta_s=5_000.0), now)
    assert floor.next_deadline() == START + 60 + 5_000
    floor.advance(START + 60 + 5_000)
    assert feed(floor, START + 60 + 5_000).state is FeedState.STALE


# Lag and offset


def test_lag_is_the_latest_delay_with_the_offset_taken_off() -> None:
    floor = monitor()
    for at, delay in ((0, 0.2), (20, 0.1), (40, 0.3), (60, 0.1), (80, 0.6)):
        floor.handle(heartbeat(START + at, said=START + at - delay - 50.0), START + at)
    view = feed(floor, START + 80)
    assert view.clock_offset_s == pytest.approx(50.1)
    assert view.lag_s == pytest.approx(0.5)


def test_an_acd_whose_clock_is_behind_has_its_times_put_right() -> None:
    floor = monitor()
    floor.handle(queued("early", START - 300.0), START)
    for at in range(0, 60, 15):
        floor.handle(heartbeat(START + at, said=START + at - 300.0), START + at)
    assert feed(floor, START + 60).clock_offset_s == 300.0
    # What was said before it was known is moved, too.
    assert group(floor, START + 60).oldest_queued_at == START
    floor.handle(queued("c1", START + 60 - 300.0), START + 60)
    floor.handle(answered("early", START + 70 - 300.0), START + 70)
    assert group(floor, START + 70).oldest_queued_at == START + 60
    assert group(floor, START + 70).today.average_speed_of_answer_s == pytest.approx(70.0)


def test_an_acd_whose_clock_is_ahead_has_its_times_put_right_at_once() -> None:
    floor = monitor()
    for at in (0, 1):
        floor.handle(heartbeat(START + at, said=START + at + 600.0), START + at)
    assert floor.handle(queued("c1", START + 2 + 600.0), START + 2) == [
        ShowSignal(SignalName("beacon"), 1, Severity.NORMAL, True)
    ]
    assert group(floor, START + 2).oldest_queued_at == START + 2


def test_the_instants_of_a_snapshot_are_put_right_too() -> None:
    floor = monitor()
    for at in (0, 1):
        floor.handle(heartbeat(START + at, said=START + at + 600.0), START + at)
    floor.handle(snapshot({"c1": START - 30 + 600.0}, START + 2 + 600.0), START + 2)
    assert group(floor, START + 2).oldest_queued_at == START - 30


def test_a_busy_acd_that_seldom_says_its_clock_has_its_times_put_right_by_its_events_too() -> None:
    floor = monitor()
    floor.handle(heartbeat(START, said=START - 300.0), START)
    for number in range(8):
        at = START + 1 + number * 10
        floor.handle(queued(f"c{number}", at - 300.0), at)
    assert feed(floor, START + 71).clock_offset_s == 300.0
    assert group(floor, START + 71).oldest_queued_at == START + 1


def test_events_that_are_stamped_when_they_are_received_tell_nothing_of_the_acds_clock() -> None:
    floor = monitor()
    floor.handle(heartbeat(START, said=START - 300.0), START)
    for number in range(8):
        at = START + 1 + number * 10
        floor.handle(queued(f"c{number}", at), at)
    assert feed(floor, START + 71).clock_offset_s is None
    assert group(floor, START + 71).oldest_queued_at == START + 1


def test_clocks_that_differ_by_less_than_two_seconds_are_taken_for_equal() -> None:
    floor = monitor()
    for at in range(0, 75, 15):
        floor.handle(heartbeat(START + at, said=START + at - 1.9), START + at)
    floor.handle(queued("c1", START + 60 - 1.9), START + 60)
    assert feed(floor, START + 60).clock_offset_s == pytest.approx(1.9)
    assert group(floor, START + 60).oldest_queued_at == START + 60 - 1.9


def test_without_heartbeats_an_offset_is_shown_but_moves_nothing() -> None:
    floor = monitor()
    for number in range(10):
        at = START + number * 10
        floor.handle(queued(f"c{number}", at - 50.0), at)
    assert feed(floor, START + 100).clock_offset_s == 50.0
    assert group(floor, START + 100).oldest_queued_at == START - 50.0


@pytest.mark.parametrize("said", [float("nan"), float("inf"), 0.0, START + 90_000.0])
def test_an_absurd_time_tells_nothing_of_the_clock(said: float) -> None:
    floor = monitor()
    for at in range(0, 75, 15):
        floor.handle(heartbeat(START + at, said=said), START + at)
    view = feed(floor, START + 75)
    assert (view.clock_offset_s, view.lag_s) == (None, None)


def test_a_step_of_our_clock_moves_the_offset_in_use_along() -> None:
    floor = monitor()
    for at in range(0, 60, 15):
        floor.handle(heartbeat(START + at, said=START + at - 300.0), START + at)
    # Ours was behind by five minutes: now both agree, and the next heartbeats say so.
    now = START + 50 - 300.0
    floor.handle(ClockStepped(id="s", source=FeedName("clock"), time=now, delta_s=-300.0), now)
    floor.handle(queued("c1", now), now)
    assert group(floor, now).oldest_queued_at == now


def test_an_offset_that_is_gone_is_not_applied_any_more() -> None:
    floor = monitor()
    for at in range(0, 60, 15):
        floor.handle(heartbeat(START + at, said=START + at - 300.0), START + at)
    for at in range(60, 1_000, 15):
        floor.handle(heartbeat(START + at, said=START + at), START + at)
    floor.handle(queued("c1", START + 1_000), START + 1_000)
    assert feed(floor, START + 1_000).clock_offset_s == 0.0
    assert group(floor, START + 1_000).oldest_queued_at == START + 1_000


# Several feeds


def two_feeds() -> tuple[FeedPolicy, FeedPolicy]:
    return (
        FeedPolicy(name=PBX, groups=("sales*",), stale_after_s=60.0),
        FeedPolicy(name=OTHER, groups=("support",), stale_after_s=60.0),
    )


def signals() -> tuple[SignalPolicy, ...]:
    return tuple(
        SignalPolicy(name=SignalName(name), groups=groups)
        for name, groups in (
            ("all", ("*",)),
            ("sales", ("sales",)),
            ("support", ("support",)),
            ("sales-east", ("sales-e*",)),
        )
    )


def two_live() -> Monitor:
    floor = Monitor(Policy(feeds=two_feeds(), signals=signals()), START)
    for source in (PBX, OTHER):
        floor.handle(of(source, feed_status(FeedState.LIVE, START)), START)
    return floor


def test_until_every_feed_is_live_its_groups_lamps_are_stale() -> None:
    floor = Monitor(Policy(feeds=two_feeds(), signals=signals()), START)
    assert is_stale(floor) == {"all": True, "sales": True, "support": True, "sales-east": True}
    floor.handle(feed_status(FeedState.LIVE, START), START)
    assert is_stale(floor) == {"all": True, "sales": False, "support": True, "sales-east": False}
    floor.handle(of(OTHER, feed_status(FeedState.LIVE, START)), START)
    assert is_stale(floor) == {"all": False, "sales": False, "support": False, "sales-east": False}


def test_a_lost_feed_makes_its_own_groups_stale_and_no_others() -> None:
    floor = two_live()
    floor.handle(queued("c1", START), START)
    floor.handle(of(OTHER, queued("c1", START, group=SUPPORT)), START)
    floor.handle(of(OTHER, feed_status(FeedState.DOWN, START + 1, "gone")), START + 1)
    assert is_stale(floor) == {"all": True, "sales": False, "support": True, "sales-east": False}
    assert not group(floor, START + 1).stale
    assert group(floor, START + 1, SUPPORT).stale
    floor.handle(of(OTHER, feed_status(FeedState.LIVE, START + 2)), START + 2)
    assert not group(floor, START + 2, SUPPORT).stale


def test_a_group_that_is_first_heard_of_while_its_feed_is_lost_is_stale() -> None:
    floor = monitor()
    floor.handle(queued("c1", START), START)
    assert group(floor, START).stale


def test_two_acds_may_number_their_contacts_alike() -> None:
    floor = monitor(FeedPolicy(name=PBX), FeedPolicy(name=OTHER))
    floor.handle(queued("1", START), START)
    floor.handle(of(OTHER, queued("1", START + 1)), START + 1)
    assert group(floor, START + 1).waiting == 2
    floor.handle(left("1", START + 5), START + 5)
    assert group(floor, START + 5).waiting == 1
    assert group(floor, START + 5).oldest_queued_at == START + 1
    floor.handle(of(OTHER, answered("1", START + 6)), START + 6)
    today = group(floor, START + 6).today
    assert (today.offered, today.abandoned, today.answered) == (2, 1, 1)


def test_one_acds_snapshot_leaves_the_others_contacts_and_agents_alone() -> None:
    floor = monitor(FeedPolicy(name=PBX), FeedPolicy(name=OTHER))
    floor.handle(of(OTHER, queued("1", START)), START)
    floor.handle(of(OTHER, agent("Bob", AgentState.AVAILABLE, START)), START)
    ann = AgentSnapshot(agent=AgentId("Ann"), state=AgentState.TALKING)
    floor.handle(snapshot({"1": START, "2": START}, START + 1, agents=(ann,)), START + 1)
    view = group(floor, START + 1)
    assert (view.waiting, view.agents) == (3, {"available": 1, "talking": 1})
    floor.handle(snapshot({}, START + 2, agents=()), START + 2)
    view = group(floor, START + 2)
    assert (view.waiting, view.agents) == (1, {"available": 1})


def test_with_one_feed_contacts_keep_the_ids_that_the_acd_gave_them() -> None:
    floor = monitor()
    floor.handle(queued("c1", START), START)
    floor.handle(left("c1", START + 30), START + 30)
    (abandoned,) = group(floor, START + 30).recently_abandoned
    assert abandoned.contact == ContactId("c1")


@pytest.mark.parametrize(
    ("theirs", "ours", "known", "expected"),
    [
        (("sales",), ("support",), (), False),
        (("sales*",), ("sales-east",), (), True),
        (("sales-east",), ("sales*",), (), True),
        (("sales*",), ("*-east",), (), True),  # sales-east may come yet
        (("[a-f]*",), ("sales",), (), False),
        (("sales",), ("sal?s",), ("sales",), True),
    ],
)
def test_a_lamp_is_stale_when_a_lost_feed_may_speak_of_its_groups(
    theirs: tuple[str, ...], ours: tuple[str, ...], known: tuple[str, ...], *, expected: bool
) -> None:
    policy = Policy(
        groups={GroupName(name): GroupPolicy() for name in known},
        feeds=(FeedPolicy(name=PBX, groups=theirs),),
        signals=(SignalPolicy(name=SignalName("lamp"), groups=ours),),
    )
    assert is_stale(Monitor(policy, START)) == {"lamp": expected}


def test_a_snapshot_older_than_one_taken_already_changes_nothing() -> None:
    floor = monitor()
    events: list[AcdEvent] = [
        snapshot({"c1": START}, START + 1, seq=5),
        snapshot({"c1": START, "c2": START}, START + 2, seq=7),
        snapshot({}, START + 2, seq=6),
    ]
    for event in events:
        floor.handle(event, START + 3)
    assert group(floor, START + 3).waiting == 2


def test_who_was_listed_and_is_not_any_more_is_gone_though_the_acds_clock_was_set_back() -> None:
    floor = monitor()
    floor.handle(snapshot({"c1": START}, START + 1, seq=5), START + 1)
    floor.handle(snapshot({}, START - 30, seq=9), START + 2)
    assert group(floor, START + 2).waiting == 0
