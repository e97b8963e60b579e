"""What was planned, looked at again right before it is done, and after a restart."""

import pytest
from msgspec.structs import replace

from queue_alert.core.alerts import Attempt, AttemptState
from queue_alert.core.dialling import WhyNot, after_restart, why_not_dial
from queue_alert.core.handling import reapply
from queue_alert.core.transitions import fire, resolved
from tests.core.escalations_made import START, Desk, profile, step

TWO = profile(step("ann", 60), step("bob", 120), acknowledged_for_s=600.0)


def told() -> Desk:
    desk = Desk(TWO)
    desk.at(0)
    return desk


def test_a_planned_attempt_is_made_though_the_escalation_has_gone_on() -> None:
    desk = told()
    (key,) = desk.tried
    assert why_not_dial(desk.alert, key, START) is None
    desk.at(60)
    desk.at(180)
    assert why_not_dial(desk.alert, key, START + 500) is None


def test_a_planned_attempt_is_not_made_when_somebody_has_it_in_hand_by_then() -> None:
    desk = told()
    desk.acknowledge("bob")
    assert why_not_dial(desk.alert, desk.tried[0], START) is WhyNot.ACKNOWLEDGED


def test_a_planned_attempt_is_not_made_when_it_is_over_or_fires_anew_by_then() -> None:
    desk = told()
    (key,) = desk.tried
    over = resolved(desk.alert, START + 5)
    assert why_not_dial(over, key, START + 5) is WhyNot.OVER
    assert why_not_dial(fire(over, START + 6), key, START + 6) is WhyNot.OTHER_GENERATION
    assert why_not_dial(replace(desk.alert, cursor=None), key, START + 6) is WhyNot.OVER
    assert why_not_dial(None, key, START + 6) is WhyNot.GONE


def test_a_planned_attempt_is_not_made_while_it_is_suppressed_not_urgent_or_put_off() -> None:
    desk = told()
    (key,) = desk.tried
    assert why_not_dial(desk.alert, key, START, suppressed_by="silence") is WhyNot.SUPPRESSED
    assert desk.alert.cursor is not None
    urgent = replace(desk.alert.cursor, profile=replace(TWO, urgent_only=True))
    assert why_not_dial(replace(desk.alert, cursor=urgent), key, START) is WhyNot.NOT_URGENT
    desk.snooze(100)
    assert why_not_dial(desk.alert, key, START + 99) is WhyNot.SNOOZED
    assert why_not_dial(desk.alert, key, START + 100) is None


def test_a_planned_attempt_is_not_made_when_it_began_anew_by_then() -> None:
    desk = told()
    answer = reapply(desk.alert, START + 5, generation=1, profile=TWO)
    assert why_not_dial(answer.alert, desk.tried[0], START + 5) is WhyNot.BEGUN_ANEW


def test_what_has_a_record_is_never_made_a_second_time() -> None:
    desk = told()
    (key,) = desk.tried
    assert why_not_dial(desk.alert, key, START, made={key}) is WhyNot.MADE


def test_what_was_under_way_when_the_program_ended_is_unknown_and_the_next_step_covers_it() -> None:
    desk = told()
    (key,) = desk.tried
    dialling = Attempt(key=key, state=AttemptState.DIALLING, at=START)
    unknown = after_restart(dialling, START + 30)
    assert unknown == Attempt(
        key=key,
        state=AttemptState.UNKNOWN,
        at=START,
        ended_at=START + 30,
        detail="the program ended meanwhile",
    )
    assert why_not_dial(desk.alert, key, START + 30, made={unknown.key}) is WhyNot.MADE
    assert (desk.at(30), desk.at(60)) == ([], ["0.1 bob"])


@pytest.mark.parametrize("state", [state for state in AttemptState if state is not AttemptState.DIALLING])
def test_what_had_ended_stays_as_it_was(state: AttemptState) -> None:
    desk = told()
    attempt = Attempt(key=desk.tried[0], state=state, at=START, ended_at=START + 1)
    assert after_restart(attempt, START + 30) == attempt
