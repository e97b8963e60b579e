"""What the auditor finds, and that it finds nothing where all is well."""

from collections.abc import Iterable

import pytest
from msgspec.structs import replace

from queue_alert.core.alerts import Alert, AlertState, Attempt, AttemptState, Cursor
from queue_alert.core.auditor import audit
from queue_alert.core.effects import Severity
from queue_alert.core.profiles import LONGEST_TIMEOUT_S
from queue_alert.core.transitions import fire, new_alert, resolved
from tests.core.escalations_made import ALERT, START, Desk, profile, step

TWO = profile(step("ann", 60), step("bob", 120))


def firing(**changes: object) -> Alert:
    """Return an alert whose first step was done at the start."""
    desk = Desk(TWO)
    desk.at(0)
    assert desk.alert.cursor is not None
    return replace(desk.alert, cursor=replace(desk.alert.cursor, **changes))


def attempt(state: AttemptState = AttemptState.DELIVERED, **changes: object) -> Attempt:
    desk = Desk(TWO)
    desk.at(0)
    return Attempt(key=replace(desk.tried[0], **changes), state=state, at=START)


def found(*alerts: Alert, attempts: Iterable[Attempt] = (), after: float = 0, **options: object) -> list[str]:
    findings = audit(alerts, attempts, START + after, **options)  # type: ignore[arg-type]
    assert all(finding.alert == ALERT for finding in findings)
    return [f"{finding.fault}: {finding.words}" for finding in findings]


def test_it_finds_nothing_where_all_is_well() -> None:
    fresh = new_alert(ALERT, Severity.WARNING, START)
    pending = replace(fresh, state=AlertState.PENDING, condition_since=START)
    desk = Desk(TWO)
    desk.at(0)
    desk.acknowledge()
    assert found(fresh) == []
    for alert in (replace(pending, generation=1), firing(), desk.alert, resolved(desk.alert, START)):
        assert found(alert, attempts=[attempt()]) == []


def test_a_firing_alert_without_a_next_step_is_forgotten_unless_it_is_exhausted() -> None:
    assert found(firing(next_at=None)) == [
        "forgotten: it fires, is not exhausted, and no next step is due",
    ]
    assert found(firing(next_at=None, step=2, exhausted_at=START)) == []


def test_a_firing_alert_without_an_escalation_is_forgotten_unless_its_rule_has_none() -> None:
    bare = replace(firing(), cursor=None)
    assert found(bare) == ["forgotten: it fires and no escalation runs"]
    assert found(bare, unescalated={ALERT.rule}) == []


def test_a_next_step_that_was_not_done_in_its_time_is_overdue() -> None:
    assert found(firing(), after=60) == []
    assert found(firing(), after=75) == ["overdue: its next step was due 15 s ago"]
    assert found(firing(), after=75, grace_s=15.0) == []


def test_what_is_suppressed_or_not_urgent_may_be_overdue_and_held_and_nothing_else_may() -> None:
    held = firing(is_held=True)
    assert found(held, after=500, suppressed={ALERT}) == []
    assert found(held) == ["held: it fires and is held back, and nothing suppresses it"]
    assert found(firing(is_held=True, profile=replace(TWO, urgent_only=True)), after=500) == []


def test_a_next_step_further_ahead_than_any_time_out_is_a_mistake() -> None:
    assert found(firing(next_at=START + LONGEST_TIMEOUT_S)) == []
    assert found(firing(next_at=START + 2 * LONGEST_TIMEOUT_S)) == [
        "too_far: its next step is due in 120 h",
    ]


@pytest.mark.parametrize("place", [{"cycle": 1}, {"step": 3}, {"cycle": -1}, {"step": -1}])
def test_a_cursor_outside_its_profile_is_found(place: dict[str, int]) -> None:
    cycle, number = place.get("cycle", 0) + 1, place.get("step", 1) + 1
    assert found(firing(**place)) == [
        f'cursor: it stands at cycle {cycle}, step {number}, and profile "calls" has 1 cycles of 2 steps',
    ]


def test_a_next_step_of_what_is_exhausted_or_does_not_fire_is_found() -> None:
    assert found(firing(exhausted_at=START)) == ["cursor: it is exhausted, and a next step is due"]
    over = replace(firing(), state=AlertState.RESOLVED)
    assert found(over) == ["cursor: it is resolved, and a next step is due"]


def test_an_acknowledgement_that_ran_out_or_has_no_end_is_found() -> None:
    desk = Desk(TWO)
    desk.at(0)
    desk.acknowledge()
    assert found(desk.alert, after=1_800) == []
    assert found(desk.alert, after=1_810) == ["overdue: ann's acknowledgement ran out 10 s ago"]
    endless = replace(desk.alert, acknowledged_until=None)
    assert found(endless) == ["forgotten: ann has it in hand without an end"]
    assert endless.cursor is not None
    for_ever = Cursor(profile=replace(TWO, acknowledged_for_s=None))
    assert found(replace(endless, cursor=for_ever)) == []


def test_fields_that_do_not_fit_the_state_are_found() -> None:
    fresh = new_alert(ALERT, Severity.WARNING, START)
    assert found(replace(firing(), fired_at=None)) == ["state: it is firing, and has never fired"]
    assert found(replace(fresh, state=AlertState.PENDING)) == [
        "state: it is pending, and its condition does not hold",
    ]
    assert found(replace(fresh, acknowledged_by="ann")) == ["state: it is inactive, and ann has it in hand"]
    assert found(replace(fresh, acknowledged_until=START)) == [
        "state: it is inactive, and somebody has it in hand",
    ]


def test_two_of_one_id_or_of_one_key_are_found() -> None:
    assert found(firing(), firing()) == ["twice: there are two alerts of this id"]
    assert found(firing(), attempts=[attempt(), attempt(AttemptState.BUSY)]) == [
        "twice: there are two attempts long-wait/sales#1/0.0/ann/phone/1",
    ]


def test_an_attempt_of_no_firing_and_no_step_that_was_is_found() -> None:
    for one in (attempt(generation=2), attempt(step=-1), attempt(number=0)):
        assert found(firing(), attempts=[one]) == [
            f"stray: attempt {one.key} is of no firing and no step that was",
        ]
    assert found(firing(), attempts=[attempt(cycle=1)]) == [
        "stray: attempt long-wait/sales#1/1.0/ann/phone/1 is ahead of its escalation",
    ]
    assert found(fire(resolved(firing(), START), START), unescalated={ALERT.rule}, attempts=[attempt()]) == []
    assert found(attempts=[attempt(generation=9)]) == []


def test_an_attempt_that_has_been_under_way_for_too_long_is_found() -> None:
    dialling = attempt(AttemptState.DIALLING)
    desk = Desk(TWO, now=START)
    desk.at(600)
    assert found(desk.alert, attempts=[dialling], after=600) == []
    assert found(desk.alert, attempts=[dialling], after=601) == [
        "endless: attempt long-wait/sales#1/0.0/ann/phone/1 has been under way for 601 s",
    ]
