"""Which states follow each other."""

import itertools

import pytest
from msgspec.structs import replace

from queue_alert.core.alerts import AlertId, AlertState, Cursor, RuleName
from queue_alert.core.effects import Severity
from queue_alert.core.profiles import Profile, Step
from queue_alert.core.transitions import (
    TRANSITIONS,
    AlertEvent,
    IllegalTransition,
    fire,
    new_alert,
    next_state,
    resolved,
    shifted,
)
from queue_alert.core.units import GroupName

NOW = 1_700_000_000.0
ID = AlertId(RuleName("long-wait"), GroupName("sales"))
FRESH = new_alert(ID, Severity.WARNING, NOW)


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
