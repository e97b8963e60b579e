"""Which states follow each other, and what an alert's condition makes of it."""

import itertools

import pytest
from msgspec.structs import replace

from queue_alert.core.alerts import Alert, AlertId, AlertState, Cursor, RuleName
from queue_alert.core.effects import Severity
from queue_alert.core.profiles import Profile, Step
from queue_alert.core.transitions import (
    TRANSITIONS,
    AlertEvent,
    IllegalTransition,
    Reading,
    fire,
    judge,
    judge_due,
    new_alert,
    next_state,
    resolved,
    shifted,
)
from queue_alert.core.units import GroupName

NOW = 1_700_000_000.0
ID = AlertId(RuleName("long-wait"), GroupName("sales"))
FRESH = new_alert(ID, Severity.WARNING, NOW)


def looks(alert: Alert, *readings: tuple[float, Reading], for_s: float = 0.0, keep_s: float = 0.0) -> Alert:
    for after, reading in readings:
        alert = judge(
            alert, reading, NOW + after, for_s=for_s, keep_firing_for_s=keep_s, reason=f"at {after:g}"
        )
    return alert


def test_every_event_in_every_state_leads_where_the_table_says_or_raises_and_says_what_can_happen() -> None:
    for state, event in itertools.product(AlertState, AlertEvent):
        if (state, event) in TRANSITIONS:
            assert next_state(state, event) is TRANSITIONS[state, event]
        else:
            with pytest.raises(IllegalTransition) as caught:
                next_state(state, event)
            assert (caught.value.state, caught.value.event) == (state, event)
    with pytest.raises(IllegalTransition) as caught:
        next_state(AlertState.PENDING, AlertEvent.ACKNOWLEDGE)
    assert str(caught.value) == (
        '"acknowledge" cannot happen to an alert that is pending; '
        'what can is "dwell over", "condition false", "fire anew"'
    )


def test_every_state_can_be_reached_and_left() -> None:
    assert {source for source, _ in TRANSITIONS} == set(AlertState)
    assert set(TRANSITIONS.values()) == set(AlertState)
    assert {event for _, event in TRANSITIONS} == set(AlertEvent)


def test_an_illegal_event_changes_nothing() -> None:
    firing = fire(FRESH, NOW)
    before = firing
    with pytest.raises(IllegalTransition):
        fire(firing, NOW + 1)
    with pytest.raises(IllegalTransition):
        resolved(FRESH, NOW + 1)
    assert firing == before


def test_the_identity_is_rule_and_group_and_the_generation_rises_whenever_it_fires_anew() -> None:
    alert = FRESH
    for generation in (1, 2, 3):
        alert = fire(alert, NOW + generation)
        assert (alert.id, alert.generation, alert.fired_at) == (ID, generation, NOW + generation)
        alert = resolved(alert, NOW + generation + 0.5)
    assert str(alert.id) == "long-wait/sales"


def test_it_fires_when_the_condition_has_held_for_its_dwell_and_keeps_the_figures_of_the_crossing() -> None:
    alert = looks(FRESH, (0, Reading.RAISED), (59, Reading.RAISED), for_s=60)
    assert (alert.state, alert.generation) == (AlertState.PENDING, 0)
    alert = looks(alert, (60, Reading.RAISED), for_s=60)
    assert alert == Alert(
        id=ID,
        generation=1,
        state=AlertState.FIRING,
        severity=Severity.WARNING,
        state_since=NOW + 60,
        condition_since=NOW,
        fired_at=NOW + 60,
        reason="at 0",
    )


@pytest.mark.parametrize("reading", [Reading.BETWEEN, Reading.CLEAR])
def test_one_false_sample_drops_what_is_pending_silently(reading: Reading) -> None:
    alert = looks(FRESH, (0, Reading.RAISED), (59, reading), for_s=60)
    assert alert == replace(FRESH, state_since=NOW + 59)
    alert = looks(alert, (60, Reading.RAISED), for_s=60)
    assert (alert.state, alert.condition_since) == (AlertState.PENDING, NOW + 60)


def test_without_a_dwell_it_fires_at_once() -> None:
    assert looks(FRESH, (0, Reading.RAISED)).state is AlertState.FIRING


def test_what_is_between_the_two_thresholds_neither_raises_nor_clears() -> None:
    assert looks(FRESH, (0, Reading.BETWEEN)) == FRESH
    firing = looks(FRESH, (0, Reading.RAISED))
    assert looks(firing, (10, Reading.BETWEEN), (1_000, Reading.BETWEEN)) == firing


def test_it_resolves_only_after_it_was_clear_for_so_long_without_a_break() -> None:
    firing = looks(FRESH, (0, Reading.RAISED), keep_s=30)
    clear = looks(firing, (10, Reading.CLEAR), keep_s=30)
    assert (clear.state, clear.keep_until) == (AlertState.FIRING, NOW + 40)
    back = looks(clear, (20, Reading.RAISED), keep_s=30)
    assert (back.condition_since, back.keep_until) == (NOW + 20, None)
    again = looks(back, (30, Reading.CLEAR), (59, Reading.BETWEEN), keep_s=30)
    assert again.state is AlertState.FIRING
    assert looks(again, (60, Reading.CLEAR), keep_s=30).state is AlertState.RESOLVED


def test_a_lost_feed_holds_what_was_known_and_resolves_nothing() -> None:
    firing = looks(FRESH, (0, Reading.RAISED), keep_s=30)
    assert looks(firing, (99_999, Reading.UNKNOWN)) == firing
    clear = looks(firing, (10, Reading.CLEAR), keep_s=30)
    assert looks(clear, (99_999, Reading.UNKNOWN)) == clear
    pending = looks(FRESH, (0, Reading.RAISED), for_s=60)
    assert looks(pending, (59, Reading.UNKNOWN), for_s=60) == pending
    assert looks(pending, (60, Reading.UNKNOWN), for_s=60).state is AlertState.FIRING
    assert looks(FRESH, (0, Reading.UNKNOWN)) == FRESH


def test_the_instants_at_which_it_fires_and_resolves_are_known_beforehand() -> None:
    assert judge_due(FRESH, Reading.RAISED, for_s=60) is None
    pending = looks(FRESH, (0, Reading.RAISED), for_s=60)
    assert judge_due(pending, Reading.RAISED, for_s=60) == NOW + 60
    firing = looks(pending, (60, Reading.RAISED), for_s=60)
    assert judge_due(firing, Reading.RAISED, for_s=60) is None
    clear = looks(firing, (70, Reading.CLEAR), keep_s=30)
    assert judge_due(clear, Reading.CLEAR) == NOW + 100
    assert judge_due(clear, Reading.UNKNOWN) is None


def test_what_is_over_fires_anew_by_the_same_way_with_nothing_left_of_the_last_time() -> None:
    over = looks(FRESH, (0, Reading.RAISED), (10, Reading.CLEAR))
    assert over.state is AlertState.RESOLVED
    pending = looks(over, (20, Reading.RAISED), for_s=5)
    assert (pending.state, pending.generation) == (AlertState.PENDING, 1)
    dropped = looks(pending, (21, Reading.CLEAR), for_s=5)
    assert (dropped.state, dropped.generation) == (AlertState.INACTIVE, 1)
    firing = looks(pending, (25, Reading.RAISED), for_s=5)
    assert (firing.generation, firing.fired_at, firing.cursor) == (2, NOW + 25, None)


def test_a_step_of_the_clock_moves_every_instant_and_nothing_else() -> None:
    plain = fire(FRESH, NOW, reason="emergency")
    profile = Profile(name="p", steps=(Step(targets=(), timeout_s=60.0),))
    full = replace(
        plain,
        keep_until=NOW + 1,
        acknowledged_until=NOW + 2,
        cursor=Cursor(profile=profile, next_at=NOW + 3, exhausted_at=NOW + 4),
    )
    assert shifted(full, 100.0) == replace(
        plain,
        state_since=NOW + 100,
        condition_since=NOW + 100,
        fired_at=NOW + 100,
        keep_until=NOW + 101,
        acknowledged_until=NOW + 102,
        cursor=Cursor(profile=profile, next_at=NOW + 103, exhausted_at=NOW + 104),
    )
    assert shifted(shifted(plain, 5.0), -5.0) == plain
