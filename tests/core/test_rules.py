"""Rules on the live floor: when an alert is pending, fires, is over; and what it says of itself."""

from collections.abc import Iterable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_alert.core.alerts import Alert, AlertId, Move, RuleName
from queue_alert.core.effects import AlertMoved, Effect
from queue_alert.core.events import (
    OUR_OWN,
    AlertAcknowledged,
    ClockStepped,
    EscalationMode,
    EscalationRequested,
    FeedState,
)
from queue_alert.core.figures import Figure
from queue_alert.core.hours import OpeningHours
from queue_alert.core.monitor import Monitor
from queue_alert.core.policy import FeedPolicy, GroupPolicy, Policy
from queue_alert.core.rules import Comparison, Condition, Operator, Rule
from queue_alert.core.severity import Severity
from queue_alert.core.units import FeedName, Instant
from queue_alert.core.wall_time import Span
from tests.core.events_made import PBX, SALES, START, SUPPORT, answered, feed_status, left, queued, snapshot

LONG = RuleName("long-wait")
CROWD = RuleName("crowd")


def at_least(figure: Figure, limit: float, clear_at: Comparison | None = None) -> Condition:
    return Condition(figure=figure, raise_at=Comparison(Operator.AT_LEAST, limit), clear_at=clear_at)


def long_wait(**more: object) -> Rule:
    settings: dict[str, object] = {"name": LONG, "conditions": (at_least(Figure.LONGEST_WAIT, 60.0),)}
    return Rule(**(settings | more))  # type: ignore[arg-type]


def crowd(limit: float = 3, **more: object) -> Rule:
    settings: dict[str, object] = {"name": CROWD, "conditions": (at_least(Figure.WAITING, limit),)}
    return Rule(**(settings | more))  # type: ignore[arg-type]


def monitor_of(*rules: Rule, feeds: Iterable[FeedPolicy] = (), **more: object) -> Monitor:
    policy = Policy(groups={SALES: GroupPolicy()}, rules=rules, feeds=tuple(feeds), **more)  # type: ignore[arg-type]
    return Monitor(policy, START)


def moves(effects: Iterable[Effect]) -> list[tuple[str, Move, float]]:
    """Return the rule, what happened, and since when the alert is as it is, after the start."""
    return [
        (effect.alert.id.rule, effect.move, effect.alert.state_since - START)
        for effect in effects
        if isinstance(effect, AlertMoved)
    ]


def due(monitor: Monitor, until: Instant) -> list[tuple[str, Move, float]]:
    """Advance from deadline to deadline, as the shell does, and return all moves."""
    found = []
    while (at := monitor.next_deadline()) is not None and at <= until:
        found += moves(monitor.advance(at))
    return found + moves(monitor.advance(until))


# ---- crossings, dwell, hysteresis


def test_an_age_crosses_at_its_very_instant_however_late_anybody_looks() -> None:
    monitor = monitor_of(long_wait())
    assert moves(monitor.handle(queued("a", START + 1), START + 1)) == []
    assert monitor.next_deadline() == START + 61
    assert moves(monitor.advance(START + 60.999)) == []
    assert moves(monitor.advance(START + 75)) == [(LONG, Move.FIRED, 61.0)]
    (alert,) = monitor.view(START + 75).alerts
    assert (alert.rule, alert.group, alert.state, alert.fired_at) == (LONG, SALES, "firing", START + 61)
    assert alert.reason == "longest_wait 74 s >= 60 s"


def test_met_and_exceeded_are_as_written() -> None:
    met = crowd(2)
    exceeded = Rule(
        name=RuleName("more"),
        conditions=(Condition(figure=Figure.WAITING, raise_at=Comparison(Operator.MORE_THAN, 2)),),
    )
    later = Rule(
        name=RuleName("longer"),
        conditions=(Condition(figure=Figure.LONGEST_WAIT, raise_at=Comparison(Operator.MORE_THAN, 10.0)),),
    )
    monitor = monitor_of(met, exceeded, later)
    assert moves(monitor.handle(queued("a", START), START)) == []
    assert moves(monitor.handle(queued("b", START), START)) == [(CROWD, Move.FIRED, 0.0)]
    assert moves(monitor.handle(queued("c", START), START)) == [("more", Move.FIRED, 0.0)]
    assert moves(monitor.advance(START + 10)) == []
    assert [rule for rule, _, _ in due(monitor, START + 10.001)] == ["longer"]


def test_it_fires_when_it_has_held_for_long_enough_and_one_false_sample_drops_it_silently() -> None:
    monitor = monitor_of(crowd(2, for_s=30.0))
    monitor.handle(queued("a", START), START)
    assert moves(monitor.handle(queued("b", START + 1), START + 1)) == [(CROWD, Move.PENDING, 1.0)]
    assert moves(monitor.handle(left("a", START + 20), START + 20)) == [(CROWD, Move.DROPPED, 20.0)]
    assert due(monitor, START + 40) == []
    assert moves(monitor.handle(queued("c", START + 50), START + 50)) == [(CROWD, Move.PENDING, 50.0)]
    assert due(monitor, START + 79.9) == []
    assert due(monitor, START + 100) == [(CROWD, Move.FIRED, 80.0)]
    assert [alert.reason for alert in monitor.view(START + 100).alerts] == ["waiting 2 >= 2"]


def test_while_one_long_wait_follows_another_the_dwell_goes_on() -> None:
    monitor = monitor_of(long_wait(for_s=30.0))
    monitor.handle(queued("a", START), START)
    monitor.handle(queued("b", START + 10), START + 10)
    assert due(monitor, START + 80) == [(LONG, Move.PENDING, 60.0)]
    assert moves(monitor.handle(answered("a", START + 80), START + 80)) == []
    assert due(monitor, START + 100) == [(LONG, Move.FIRED, 90.0)]


def test_it_clears_at_its_own_limit_and_fires_anew_as_another_generation() -> None:
    monitor = monitor_of(
        Rule(
            name=CROWD,
            conditions=(at_least(Figure.WAITING, 3, Comparison(Operator.AT_MOST, 1)),),
        )
    )
    for at, name in enumerate("abc"):
        effects = monitor.handle(queued(name, START + at), START + at)
    assert moves(effects) == [(CROWD, Move.FIRED, 2.0)]
    assert moves(monitor.handle(left("a", START + 10), START + 10)) == []
    assert moves(monitor.handle(left("b", START + 11), START + 11)) == [(CROWD, Move.RESOLVED, 11.0)]
    for at, name in enumerate("de"):
        effects = monitor.handle(queued(name, START + 20 + at), START + 20 + at)
    assert moves(effects) == [(CROWD, Move.FIRED, 21.0)]
    assert [alert.generation for alert in monitor.alerts()] == [2]


def test_it_fires_on_for_a_while_and_a_relapse_is_the_same_generation() -> None:
    monitor = monitor_of(crowd(1, keep_firing_s=60.0))
    monitor.handle(queued("a", START), START)
    assert moves(monitor.handle(left("a", START + 5), START + 5)) == []
    assert monitor.view(START + 5).alerts[0].state == "firing"
    assert moves(monitor.handle(queued("b", START + 50), START + 50)) == []
    assert moves(monitor.handle(left("b", START + 70), START + 70)) == []
    assert due(monitor, START + 129.9) == []
    assert due(monitor, START + 500) == [(CROWD, Move.RESOLVED, 130.0)]
    assert monitor.view(START + 500).alerts == ()


def test_a_rule_on_several_figures_fires_when_the_last_of_them_holds() -> None:
    both = Rule(
        name=RuleName("both"), conditions=(at_least(Figure.WAITING, 2), at_least(Figure.LONGEST_WAIT, 60.0))
    )
    monitor = monitor_of(both)
    monitor.handle(queued("a", START), START)
    assert due(monitor, START + 70) == []
    assert moves(monitor.handle(queued("b", START + 75), START + 75)) == [("both", Move.FIRED, 75.0)]
    assert monitor.view(START + 75).alerts[0].reason == "waiting 2 >= 2, longest_wait 75 s >= 60 s"


def test_a_figure_of_the_window_falls_by_time_alone() -> None:
    gave_up = Rule(name=RuleName("gave-up"), conditions=(at_least(Figure.ABANDONED, 1),))
    monitor = monitor_of(gave_up)
    monitor.handle(queued("a", START), START)
    assert moves(monitor.handle(left("a", START + 20), START + 20)) == [("gave-up", Move.FIRED, 20.0)]
    ((rule, move, at),) = due(monitor, START + 4_000)
    assert (rule, move) == ("gave-up", Move.RESOLVED)
    assert 20 + 1_800 <= at <= 20 + 1_800 + 60


def test_what_is_not_known_raises_nothing() -> None:
    low = Condition(figure=Figure.SERVICE_LEVEL, raise_at=Comparison(Operator.LESS_THAN, 0.8))
    monitor = monitor_of(Rule(name=RuleName("service"), conditions=(low,)))
    assert moves(monitor.handle(queued("a", START), START)) == []
    assert moves(monitor.handle(answered("a", START + 30), START + 30)) == [("service", Move.FIRED, 30.0)]
    assert monitor.view(START + 30).alerts[0].reason == "service_level 0 % < 80 %"


@pytest.mark.parametrize("figure", list(Figure))
def test_every_figure_can_be_looked_at(figure: Figure) -> None:
    monitor = monitor_of(Rule(name=RuleName("any"), conditions=(at_least(figure, 0.0),)))
    monitor.handle(queued("a", START), START)
    monitor.handle(answered("a", START + 5), START + 5)
    monitor.handle(queued("b", START + 6), START + 6)
    assert len(monitor.alerts()) <= 1


# ---- who is meant, who explains whom


def test_rules_are_for_the_groups_that_they_name() -> None:
    monitor = monitor_of(crowd(1, groups=("supp*",)))
    assert moves(monitor.handle(queued("a", START), START)) == []
    (moved,) = monitor.handle(queued("b", START, group=SUPPORT), START)
    assert isinstance(moved, AlertMoved)
    assert moved.alert.id == AlertId(CROWD, SUPPORT)
    assert str(moved.alert.id) == "crowd/support"


def test_what_explains_an_alert_suppresses_it_and_is_no_state() -> None:
    monitor = monitor_of(crowd(1), long_wait(inhibited_by=(CROWD,)))
    monitor.handle(queued("a", START), START)
    due(monitor, START + 60)
    assert [(alert.rule, alert.state, alert.suppressed_by) for alert in monitor.view(START + 60).alerts] == [
        (LONG, "firing", "rule crowd explains it"),
        (CROWD, "firing", ""),
    ]


def test_out_of_hours_it_fires_and_nobody_is_told() -> None:
    office = OpeningHours(
        name="office", timezone="UTC", week=tuple((Span(9 * 3_600.0, 17 * 3_600.0),) for _ in range(7))
    )
    monitor = monitor_of(crowd(1, hours="office"), hours={"office": office})
    evening = START - START % 86_400 + 18 * 3_600
    monitor.handle(queued("a", evening), evening)
    assert [alert.suppressed_by for alert in monitor.view(evening).alerts] == ["out of hours (office)"]
    morning = evening + 15 * 3_600
    assert [alert.suppressed_by for alert in monitor.view(morning).alerts] == [""]


def test_the_most_severe_comes_first_then_the_latest() -> None:
    worst = Rule(
        name=RuleName("worst"), severity=Severity.CRITICAL, conditions=(at_least(Figure.WAITING, 1),)
    )
    monitor = monitor_of(worst, crowd(2), long_wait())
    monitor.handle(queued("a", START), START)
    monitor.handle(queued("b", START + 1), START + 1)
    due(monitor, START + 60)
    assert [alert.rule for alert in monitor.view(START + 60).alerts] == ["worst", LONG, CROWD]


# ---- people


def seen(by: str = "button desk", at: Instant = START + 10) -> AlertAcknowledged:
    return AlertAcknowledged(id=f"ack-{at}", source=OUR_OWN, time=at, groups=("*",), by=by)


def test_somebody_has_it_in_hand_until_the_time_is_over() -> None:
    monitor = monitor_of(crowd(1))
    monitor.handle(queued("a", START), START)
    assert moves(monitor.handle(seen(), START + 10)) == [(CROWD, Move.ACKNOWLEDGED, 10.0)]
    (alert,) = monitor.view(START + 10).alerts
    assert (alert.state, alert.acknowledged_by, alert.acknowledged_until) == (
        "acknowledged",
        "button desk",
        START + 1_810,
    )
    assert moves(monitor.handle(seen("somebody else", START + 20), START + 20)) == []
    assert monitor.view(START + 20).alerts[0].acknowledged_by == "button desk"
    assert due(monitor, START + 2_000) == [(CROWD, Move.EXPIRED, 1_810.0)]


def test_what_is_over_needs_nobody_and_what_fires_anew_was_seen_by_nobody() -> None:
    monitor = monitor_of(crowd(1))
    monitor.handle(queued("a", START), START)
    monitor.handle(seen(), START + 10)
    assert moves(monitor.handle(left("a", START + 11), START + 11)) == [(CROWD, Move.RESOLVED, 11.0)]
    monitor.handle(queued("b", START + 20), START + 20)
    (alert,) = monitor.view(START + 20).alerts
    assert (alert.state, alert.generation, alert.acknowledged_by) == ("firing", 2, "")


def test_an_emergency_is_a_figure_and_ends_with_its_acknowledgement() -> None:
    monitor = monitor_of(Rule(name=RuleName("sos"), conditions=(at_least(Figure.EMERGENCIES, 1),)))
    call = EscalationRequested(
        id="e1", source=OUR_OWN, time=START, group=SALES, mode=EscalationMode.EMERGENCY
    )
    assert moves(monitor.handle(call, START)) == [("sos", Move.FIRED, 0.0)]
    assert moves(monitor.handle(seen(), START + 10)) == [
        ("sos", Move.ACKNOWLEDGED, 10.0),
        ("sos", Move.RESOLVED, 10.0),
    ]


# ---- feeds, clocks, restarts

PBX_ONLY = (FeedPolicy(name=PBX),)
LOST = Rule(name=RuleName("feed-lost"), conditions=(at_least(Figure.FEED_AGE, 30.0),))


def test_a_lost_feed_holds_every_alert_and_raises_its_own() -> None:
    monitor = monitor_of(crowd(1), long_wait(), LOST, feeds=PBX_ONLY)
    monitor.handle(feed_status(FeedState.LIVE, START), START)
    monitor.handle(queued("a", START + 1), START + 1)
    monitor.handle(feed_status(FeedState.DOWN, START + 10), START + 10)
    assert due(monitor, START + 300) == [("feed-lost", Move.FIRED, 40.0)]
    assert {alert.rule for alert in monitor.view(START + 300).alerts} == {CROWD, "feed-lost"}
    assert moves(monitor.handle(feed_status(FeedState.LIVE, START + 301), START + 301)) == [
        (LONG, Move.FIRED, 61.0),
        ("feed-lost", Move.RESOLVED, 301.0),
    ]


def test_a_feed_that_was_never_live_is_lost_from_the_start() -> None:
    monitor = monitor_of(LOST, feeds=PBX_ONLY)
    assert due(monitor, START + 100) == [("feed-lost", Move.FIRED, 30.0)]


def test_a_step_of_the_clock_moves_every_instant() -> None:
    monitor = monitor_of(long_wait(for_s=10.0))
    monitor.handle(queued("a", START), START)
    stepped = ClockStepped(id="s1", source=FeedName("clock"), time=START + 1_020, delta_s=1_000.0)
    monitor.handle(stepped, START + 1_020)
    assert due(monitor, START + 1_060) == [(LONG, Move.PENDING, 1_060.0)]
    assert due(monitor, START + 1_100) == [(LONG, Move.FIRED, 1_070.0)]


def restarted(monitor: Monitor, *rules: Rule, now: Instant) -> Monitor:
    """Return another monitor with what the first would have written down; its feed is not live yet."""
    written = [msgspec.json.encode(alert) for alert in monitor.alerts()]
    other = Monitor(Policy(groups={SALES: GroupPolicy()}, rules=rules, feeds=PBX_ONLY), now)
    other.restore(msgspec.json.decode(text, type=Alert) for text in written)
    return other


def test_after_a_restart_an_alert_goes_on_by_its_limit_for_clearing() -> None:
    rule = Rule(name=CROWD, conditions=(at_least(Figure.WAITING, 3, Comparison(Operator.AT_MOST, 1)),))
    monitor = monitor_of(rule)
    for name in "abc":
        monitor.handle(queued(name, START), START)
    other = restarted(monitor, rule, now=START + 60)
    assert moves(other.advance(START + 61)) == []
    assert moves(other.handle(snapshot({"b": START, "c": START}, START + 62), START + 62)) == []
    assert moves(other.handle(feed_status(FeedState.LIVE, START + 62), START + 62)) == []
    assert [(alert.generation, alert.state) for alert in other.view(START + 62).alerts] == [(1, "firing")]
    assert moves(other.handle(left("b", START + 70), START + 70)) == [(CROWD, Move.RESOLVED, 70.0)]


def test_what_ended_while_nobody_looked_is_over_once_the_feed_is_live_and_not_before() -> None:
    monitor = monitor_of(crowd(1))
    monitor.handle(queued("a", START), START)
    other = restarted(monitor, crowd(1), now=START + 60)
    assert due(other, START + 90) == []
    other.handle(snapshot({}, START + 91), START + 91)
    assert [alert.state for alert in other.view(START + 91).alerts] == ["firing"]
    effects = other.handle(feed_status(FeedState.LIVE, START + 92), START + 92)
    assert moves(effects) == [(CROWD, Move.RESOLVED, 92.0)]


def test_an_alert_of_a_group_that_is_not_there_yet_waits_for_it() -> None:
    monitor = monitor_of(crowd(1))
    monitor.handle(queued("a", START, group=SUPPORT), START)
    other = restarted(monitor, crowd(1), now=START + 60)
    assert other.view(START + 60).alerts == ()
    other.handle(snapshot({"a": START}, START + 61, group=SUPPORT), START + 61)
    other.handle(feed_status(FeedState.LIVE, START + 62), START + 62)
    assert [alert.generation for alert in other.alerts() if alert.id.group == SUPPORT] == [1]


# ---- against a slow obvious model


@st.composite
def floors(draw: st.DrawFn) -> list[tuple[int, str]]:
    """Return at most one move a second: who joins, or leaves again."""
    story = []
    waiting: list[str] = []
    for second in range(1, draw(st.integers(1, 60))):
        kind = draw(st.sampled_from(["", "", "join", "leave"]))
        if kind == "join":
            waiting.append(f"c{second}")
            story.append((second, f"+c{second}"))
        elif kind == "leave" and waiting:
            story.append((second, f"-{waiting.pop(draw(st.integers(0, len(waiting) - 1)))}"))
    return story


def told_by_the_model(
    story: list[tuple[int, str]], limit: int, for_s: int, keep_s: int, *, is_age: bool
) -> list[tuple[Move, float]]:
    """Walk second by second; everything happens at whole ones."""
    by_second = dict(story)
    waiting: dict[str, int] = {}
    held_since: int | None = None
    firing = False
    false_since = 0
    found: list[tuple[Move, float]] = []
    for second in range(200):
        move = by_second.get(second, "")
        if move.startswith("+"):
            waiting[move[1:]] = second
        elif move:
            del waiting[move[1:]]
        longest = second - min(waiting.values()) if waiting else -1
        holds = longest >= limit if is_age else len(waiting) >= limit
        if not holds:
            false_since = second if held_since is not None else false_since
            held_since = None
        elif held_since is None:
            held_since = second
        if not firing and held_since is not None and second - held_since >= for_s:
            firing = True
            found.append((Move.FIRED, float(second)))
        if firing and held_since is None and second - false_since >= keep_s:
            firing = False
            found.append((Move.RESOLVED, float(second)))
    return found


@given(floors(), st.integers(1, 8), st.integers(0, 10), st.integers(0, 10), st.booleans())
def test_it_fires_and_is_over_when_a_walk_second_by_second_says_so(
    story: list[tuple[int, str]], limit: int, for_s: int, keep_s: int, is_age: bool
) -> None:
    figure = Figure.LONGEST_WAIT if is_age else Figure.WAITING
    monitor = monitor_of(
        Rule(
            name=CROWD,
            conditions=(at_least(figure, limit),),
            for_s=float(for_s),
            keep_firing_s=float(keep_s),
        )
    )
    found = []
    for second, move in story:
        at = START + second
        found += due(monitor, at - 0.5)
        found += moves(monitor.handle(queued(move[1:], at) if move[0] == "+" else left(move[1:], at), at))
    found += due(monitor, START + 199)
    told = [(move, at) for _, move, at in found if move in {Move.FIRED, Move.RESOLVED}]
    assert told == told_by_the_model(story, limit, for_s, keep_s, is_age=is_age)
