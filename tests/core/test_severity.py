"""Crossings happen at their instant, met or exceeded."""

from queue_alert.core.effects import Effect, Severity, ShowSignal, SignalLevel
from queue_alert.core.events import FeedState, Outcome
from queue_alert.core.monitor import Monitor
from queue_alert.core.policy import FeedPolicy, GroupPolicy, Policy, SignalPolicy, Thresholds
from queue_alert.core.units import SignalName
from tests.core.events_made import PBX, SALES, START, SUPPORT, answered, feed_status, left, queued, snapshot

BEACON = SignalName("beacon")
TOWER = SignalName("tower")
NORMAL, WARNING, CRITICAL = Severity.NORMAL, Severity.WARNING, Severity.CRITICAL
POLICY = Policy(
    groups={
        SALES: GroupPolicy(
            warning=Thresholds(waiting=3, longest_wait_s=60.0),
            critical=Thresholds(waiting=5, longest_wait_s=120.0),
        ),
        SUPPORT: GroupPolicy(warning=Thresholds(longest_wait_s=30.0)),
    },
    signals=(SignalPolicy(name=BEACON), SignalPolicy(name=TOWER, groups=("sup*",))),
)


def show(depth: int, severity: Severity, *, signal: SignalName = BEACON, stale: bool = False) -> Effect:
    return ShowSignal(signal, depth, severity, stale)


def test_a_wait_crosses_its_thresholds_at_their_very_instants() -> None:
    monitor = Monitor(POLICY, START)
    assert monitor.handle(queued("a", START), START) == [show(1, NORMAL)]
    assert monitor.next_deadline() == START + 60.0
    assert monitor.advance(START + 59.999) == []
    assert monitor.advance(START + 60.0) == [show(1, WARNING)]
    assert monitor.next_deadline() == START + 120.0
    assert monitor.advance(START + 120.0) == [show(1, CRITICAL)]
    assert monitor.view(START + 120.0).groups[0].severity is CRITICAL


def test_a_late_timer_finds_the_worst_that_has_come_to_be() -> None:
    monitor = Monitor(POLICY, START)
    monitor.handle(queued("a", START), START)
    assert monitor.advance(START + 500.0) == [show(1, CRITICAL)]


def test_the_number_waiting_crosses_when_it_meets_the_limit_and_clears_below_it() -> None:
    monitor = Monitor(POLICY, START)
    effects = [monitor.handle(queued(f"c{n}", START + n), START + n) for n in range(5)]
    assert effects == [
        [show(1, NORMAL)],
        [show(2, NORMAL)],
        [show(3, WARNING)],
        [show(4, WARNING)],
        [show(5, CRITICAL)],
    ]
    effects = [monitor.handle(left(f"c{n}", START + 10), START + 10) for n in range(5)]
    assert effects == [
        [show(4, WARNING)],
        [show(3, WARNING)],
        [show(2, NORMAL)],
        [show(1, NORMAL)],
        [show(0, NORMAL)],
    ]


def test_when_the_longest_wait_is_answered_the_severity_is_that_of_the_next() -> None:
    monitor = Monitor(POLICY, START)
    monitor.handle(queued("a", START), START)
    monitor.handle(queued("b", START + 50), START + 50)
    assert monitor.advance(START + 60) == [show(2, WARNING)]
    assert monitor.handle(answered("a", START + 61), START + 61) == [show(1, NORMAL)]
    assert monitor.advance(START + 109.9) == []
    assert monitor.advance(START + 110) == [show(1, WARNING)]


def test_the_deadline_of_a_contact_that_has_left_does_nothing() -> None:
    monitor = Monitor(POLICY, START)
    monitor.handle(queued("a", START), START)
    monitor.handle(left("a", START + 5), START + 5)
    assert monitor.advance(START + 60) == []


def test_a_contact_found_in_a_snapshot_crosses_by_its_own_age() -> None:
    monitor = Monitor(POLICY, START)
    effects = monitor.handle(snapshot({"a": START - 70.0}, START), START)
    assert effects == [show(1, WARNING)]
    assert monitor.advance(START + 50.0) == [show(1, CRITICAL)]


def test_an_older_contact_that_is_told_late_brings_the_crossing_forward() -> None:
    monitor = Monitor(POLICY, START)
    monitor.handle(queued("b", START + 20), START + 20)
    monitor.handle(queued("a", START), START + 21)
    assert monitor.view(START + 21).groups[0].oldest_queued_at == START
    assert monitor.advance(START + 60) == [show(2, WARNING)]


def test_a_signal_speaks_for_its_groups_and_shows_the_worst_of_them() -> None:
    monitor = Monitor(POLICY, START)
    monitor.handle(queued("a", START), START)
    effects = monitor.handle(queued("x", START + 1, group=SUPPORT), START + 1)
    assert effects == [show(2, NORMAL), show(1, NORMAL, signal=TOWER)]
    assert monitor.advance(START + 31) == [show(2, WARNING), show(1, WARNING, signal=TOWER)]
    monitor.advance(START + 60)
    effects = monitor.handle(left("x", START + 61, Outcome.TIMEOUT, group=SUPPORT), START + 61)
    assert effects == [show(1, WARNING), show(0, NORMAL, signal=TOWER)]


def test_a_lost_feed_holds_the_figures_and_marks_them_stale() -> None:
    policy = Policy(signals=(SignalPolicy(name=BEACON),), feeds=(FeedPolicy(name=PBX),))
    monitor = Monitor(policy, START)
    assert [signal.level for signal in monitor.levels()] == [SignalLevel(0, NORMAL, stale=True)]
    assert monitor.handle(feed_status(FeedState.LIVE, START), START) == [show(0, NORMAL)]
    monitor.handle(queued("a", START), START)
    effects = monitor.handle(feed_status(FeedState.DOWN, START + 9, "connection lost"), START + 9)
    assert effects == [show(1, NORMAL, stale=True)]
    assert monitor.view(START + 9).groups[0].waiting == 1
    assert monitor.view(START + 9).feeds[0].reason == "connection lost"
    assert monitor.handle(feed_status(FeedState.SYNCING, START + 10), START + 10) == []


def test_advancing_to_the_next_deadline_always_gets_on() -> None:
    monitor = Monitor(POLICY, START)
    for n in range(4):
        monitor.handle(queued(f"c{n}", START + n), START + n)
    seen: list[float] = []
    for _ in range(10):
        deadline = monitor.next_deadline()
        assert deadline is not None
        if seen:
            assert deadline > seen[-1]
        seen.append(deadline)
        monitor.advance(deadline)


def test_when_the_longest_wait_is_given_up_the_next_one_crosses_at_its_own_instant() -> None:
    monitor = Monitor(POLICY, START)
    monitor.handle(queued("a", START), START)
    monitor.handle(queued("b", START + 50), START + 50)
    monitor.advance(START + 120)
    assert monitor.handle(left("a", START + 121), START + 121) == [show(1, WARNING)]
    assert monitor.next_deadline() == START + 170
    assert monitor.advance(START + 170) == [show(1, CRITICAL)]


def test_an_early_deadline_finds_that_it_is_not_yet_time() -> None:
    monitor = Monitor(POLICY, START)
    monitor.handle(queued("a", START), START)
    monitor.handle(queued("b", START + 30), START + 30)
    monitor.handle(left("a", START + 40), START + 40)
    assert monitor.next_deadline() == START + 60
    assert monitor.advance(START + 60) == []
    assert monitor.next_deadline() == START + 90


def test_a_wait_that_turns_out_to_be_older_takes_its_deadline_forward_and_the_first_one_is_passed_over() -> (
    None
):
    monitor = Monitor(POLICY, START)
    monitor.handle(snapshot({}, START), START)
    monitor.handle(snapshot({"a": START + 10.0}, START + 10), START + 10)
    monitor.handle(snapshot({"a": START}, START + 20), START + 20)
    assert monitor.advance(START + 60) == [show(1, WARNING)]
    assert monitor.advance(START + 70) == []
    assert monitor.advance(START + 120) == [show(1, CRITICAL)]
