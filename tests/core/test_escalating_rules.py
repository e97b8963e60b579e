"""From a figure to a person: who is told when an alert fires, and what stops it."""

from collections.abc import Iterable

import msgspec

from queue_alert.core.alerts import Alert, AlertId, Move, PersonName, RuleName
from queue_alert.core.auditor import audit
from queue_alert.core.effects import AlertMoved, CallPeople, Effect
from queue_alert.core.events import OUR_OWN, AlertAcknowledged, FeedState
from queue_alert.core.figures import Figure
from queue_alert.core.hours import OpeningHours
from queue_alert.core.monitor import Monitor
from queue_alert.core.policy import FeedPolicy, GroupPolicy, Policy
from queue_alert.core.profiles import Profile, Step, Target, TargetKind
from queue_alert.core.roster import ContactMethod, MethodKind, Person, Roster
from queue_alert.core.rules import Comparison, Condition, Operator, Rule
from queue_alert.core.severity import Severity
from queue_alert.core.units import Instant
from queue_alert.core.wall_time import Span
from tests.core.events_made import PBX, SALES, START, feed_status, left, queued, snapshot

ANNA, BEN, CAROL = PersonName("anna"), PersonName("ben"), PersonName("carol")
ROSTER = Roster(
    people={
        name: Person(name=name, methods=(ContactMethod(name="phone", kind=MethodKind.PHONE, address="201"),))
        for name in (ANNA, BEN, CAROL)
    }
)


def person(name: PersonName) -> Target:
    return Target(kind=TargetKind.PERSON, name=name)


FLOOR = Profile(
    name="floor",
    steps=(
        Step(targets=(person(ANNA),), timeout_s=60.0),
        Step(targets=(person(BEN),), timeout_s=120.0),
    ),
    repeat=1,
    finally_tell=(person(CAROL),),
    acknowledged_for_s=600.0,
)
CROWD = Rule(
    name=RuleName("crowd"),
    conditions=(Condition(figure=Figure.WAITING, raise_at=Comparison(Operator.AT_LEAST, 1)),),
    profile="floor",
)


def monitor_of(*rules: Rule, now: Instant = START, **more: object) -> Monitor:
    settings: dict[str, object] = {
        "groups": {SALES: GroupPolicy()},
        "rules": rules,
        "roster": ROSTER,
        "profiles": {"floor": FLOOR, "urgent": msgspec.structs.replace(FLOOR, urgent_only=True)},
    }
    return Monitor(Policy(**(settings | more)), now)  # type: ignore[arg-type]


def told(effects: Iterable[Effect], now: Instant) -> list[tuple[str, int, int, float]]:
    """Return who is told, in which cycle and step, after the start."""
    return [
        (key.person, key.cycle, key.step, now - START)
        for effect in effects
        if isinstance(effect, CallPeople)
        for key in effect.attempts
    ]


def due(monitor: Monitor, until: Instant) -> list[tuple[str, int, int, float]]:
    """Advance from deadline to deadline and return who was told; after each step nobody is forgotten."""
    found = []
    while (at := monitor.next_deadline()) is not None and at <= until:
        found += told(monitor.advance(at), at)
        quiet = {AlertId(alert.rule, alert.group) for alert in monitor.view(at).alerts if alert.suppressed_by}
        assert audit(monitor.alerts(), (), at, suppressed=quiet, unescalated={RuleName("cause")}) == []
    monitor.advance(until)
    return found


def seen(at: Instant, by: str = "anna") -> AlertAcknowledged:
    return AlertAcknowledged(id=f"seen-{at}", source=OUR_OWN, time=at, groups=("*",), by=by)


def test_step_by_step_and_cycle_by_cycle_until_it_is_exhausted() -> None:
    monitor = monitor_of(CROWD)
    assert told(monitor.handle(queued("a", START), START), START) == [("anna", 0, 0, 0.0)]
    assert due(monitor, START + 3_600) == [
        ("ben", 0, 1, 60.0),
        ("anna", 1, 0, 180.0),
        ("ben", 1, 1, 240.0),
        ("carol", 1, 2, 360.0),
    ]
    (alert,) = monitor.alerts()
    assert alert.cursor is not None
    assert alert.cursor.exhausted_at == START + 360


def test_the_alert_is_written_down_before_anybody_is_told() -> None:
    monitor = monitor_of(CROWD)
    effects = [
        effect
        for effect in monitor.handle(queued("a", START), START)
        if isinstance(effect, AlertMoved | CallPeople)
    ]
    assert [type(effect).__name__ for effect in effects] == ["AlertMoved", "AlertMoved", "CallPeople"]
    assert [effect.move for effect in effects if isinstance(effect, AlertMoved)] == [
        Move.FIRED,
        Move.ESCALATED,
    ]
    (call,) = [effect for effect in effects if isinstance(effect, CallPeople)]
    assert (call.alert, call.notes) == (monitor.alerts()[0], ("step: cycle 1, step 1",))


def test_who_has_it_in_hand_stops_it_and_when_that_is_over_it_begins_anew() -> None:
    monitor = monitor_of(CROWD)
    monitor.handle(queued("a", START), START)
    monitor.handle(seen(START + 30), START + 30)
    assert due(monitor, START + 700) == [("anna", 1, 0, 630.0), ("ben", 1, 1, 690.0)]


def test_what_is_over_calls_nobody_any_more_and_what_fires_anew_begins_at_the_first() -> None:
    monitor = monitor_of(CROWD)
    monitor.handle(queued("a", START), START)
    monitor.handle(left("a", START + 30), START + 30)
    assert due(monitor, START + 600) == []
    at = START + 700
    assert told(monitor.handle(queued("b", at), at), at) == [("anna", 0, 0, 700.0)]
    assert monitor.alerts()[0].generation == 2


def test_a_lost_feed_keeps_nobody_from_being_told_of_what_fires_already() -> None:
    monitor = monitor_of(CROWD, feeds=(FeedPolicy(name=PBX),))
    monitor.handle(feed_status(FeedState.LIVE, START), START)
    monitor.handle(queued("a", START), START)
    monitor.handle(feed_status(FeedState.DOWN, START + 10), START + 10)
    assert due(monitor, START + 100) == [("ben", 0, 1, 60.0)]


def test_what_is_explained_by_another_tells_nobody_until_that_is_over_and_then_at_once() -> None:
    cause = Rule(
        name=RuleName("cause"),
        conditions=(Condition(figure=Figure.WAITING, raise_at=Comparison(Operator.AT_LEAST, 2)),),
    )
    monitor = monitor_of(cause, msgspec.structs.replace(CROWD, inhibited_by=(cause.name,)))
    monitor.handle(queued("a", START), START)
    monitor.handle(queued("b", START + 10), START + 10)
    assert due(monitor, START + 400) == []
    at = START + 400
    assert told(monitor.handle(left("b", at), at), at) == [("ben", 0, 1, 400.0)]


def test_out_of_hours_nobody_is_told_and_as_they_begin_it_is_told_once() -> None:
    day = START - START % 86_400
    office = OpeningHours(name="office", week=tuple((Span(9 * 3_600.0, 17 * 3_600.0),) for _ in range(7)))
    monitor = monitor_of(msgspec.structs.replace(CROWD, hours="office"), hours={"office": office}, now=day)
    monitor.handle(queued("a", day + 5 * 3_600), day + 5 * 3_600)
    assert [who for who, *_ in due(monitor, day + 9 * 3_600 - 1)] == []
    assert due(monitor, day + 9 * 3_600 + 30) == [("anna", 0, 0, day + 9 * 3_600 - START)]


def test_an_urgent_profile_runs_for_what_is_critical_only() -> None:
    warning = msgspec.structs.replace(CROWD, profile="urgent")
    critical = msgspec.structs.replace(warning, name=RuleName("critical"), severity=Severity.CRITICAL)
    monitor = monitor_of(warning, critical)
    effects = monitor.handle(queued("a", START), START)
    assert [effect.alert.id.rule for effect in effects if isinstance(effect, CallPeople)] == ["critical"]


def test_after_a_restart_the_next_step_comes_and_none_twice() -> None:
    monitor = monitor_of(CROWD)
    monitor.handle(queued("a", START), START)
    written = [msgspec.json.encode(alert) for alert in monitor.alerts()]
    other = monitor_of(CROWD, feeds=(FeedPolicy(name=PBX),), now=START + 200)
    other.restore(msgspec.json.decode(text, type=Alert) for text in written)
    found = told(other.handle(snapshot({"a": START}, START + 201), START + 201), START + 201)
    found += told(other.handle(feed_status(FeedState.LIVE, START + 202), START + 202), START + 202)
    # It was due at 60; late, exactly one step is done.
    assert [(who, cycle, step) for who, cycle, step, _ in found] == [("ben", 0, 1)]
    assert [(who, cycle, step) for who, cycle, step, _ in due(other, START + 400)] == [
        ("anna", 1, 0),
        ("ben", 1, 1),
    ]
