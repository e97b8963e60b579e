"""What people make of an alert: acknowledge, hand on, snooze, resolve, reapply."""

import pytest
from msgspec.structs import replace

from queue_alert.core.alerts import AlertState, Cursor
from queue_alert.core.escalation import next_due
from queue_alert.core.handling import Handled, hand_on, reapply, resolve, snooze
from queue_alert.core.profiles import LONGEST_TIMEOUT_S
from queue_alert.core.transitions import fire, resolved
from tests.core.escalations_made import START, Desk, person, profile, step

TWO = profile(step("ann", 60), step("bob", 120), acknowledged_for_s=600.0)


def at_step(*times: float, **options: object) -> Desk:
    desk = Desk(TWO, **options)  # type: ignore[arg-type]
    for after in times:
        desk.at(after)
    return desk


def test_an_acknowledgement_of_an_earlier_step_is_valid_however_late() -> None:
    desk = at_step(0, 60, 180)
    assert desk.acknowledge("ann") == "done: ann has it in hand"
    assert desk.alert.acknowledged_until == START + 780


def test_an_acknowledgement_of_a_generation_that_is_over_is_refused_and_says_so() -> None:
    desk = at_step(0)
    desk.alert = fire(resolved(desk.alert, START + 10), START + 20)
    before = desk.alert
    assert desk.acknowledge(generation=1) == "stale_generation: that was firing 1; it is at firing 2 now"
    assert desk.alert == before
    assert desk.acknowledge(generation=2) == "done: ann has it in hand"


def test_a_second_acknowledgement_changes_nothing_and_comes_back_for_the_record() -> None:
    desk = at_step(0)
    desk.acknowledge("ann")
    before = desk.alert
    desk.now += 300
    for who in ("bob", "ann"):
        assert desk.acknowledge(who) == "already_acknowledged: ann has it in hand already"
    assert desk.alert == before


def test_there_is_nothing_to_take_on_where_nothing_fires() -> None:
    desk = at_step(0)
    desk.alert = resolved(desk.alert, START + 10)
    before = desk.alert
    words = "not_firing: it does not fire: it is resolved"
    assert (desk.acknowledge(), desk.hand_on(), desk.snooze(60)) == (words, words, words)
    assert resolve(before, START + 11, generation=1, person="ann").reason is Handled.NOT_FIRING
    assert reapply(before, START + 11, generation=1, profile=TWO).reason is Handled.NOT_FIRING
    assert desk.alert == before


def test_who_hands_it_on_has_the_next_told_now() -> None:
    desk = at_step(0)
    desk.now += 5
    assert desk.hand_on() == "done: ann hands it to the next"
    assert (desk.at(5), desk.next_after) == (["0.1 bob"], 125)


def test_who_has_it_in_hand_can_hand_it_on_and_another_cannot_take_it_away() -> None:
    desk = at_step(0)
    desk.acknowledge("ann")
    before = desk.alert
    words = "already_acknowledged: ann has it in hand already"
    assert (desk.hand_on("bob"), desk.snooze(60, "bob")) == (words, words)
    assert desk.alert == before
    desk.hand_on("ann")
    assert (desk.alert.state, desk.alert.acknowledged_by) == (AlertState.FIRING, "")
    assert desk.at(10) == ["0.1 bob"]


def test_behind_the_last_step_come_those_at_the_end_and_behind_them_the_first_again() -> None:
    desk = Desk(replace(TWO, finally_tell=(person("boss"),)))
    desk.at(0)
    desk.at(60)
    desk.hand_on()
    assert desk.at(61) == ["0.2 boss"]
    desk.hand_on()
    assert desk.at(62) == ["1.0 ann"]


def test_a_snooze_puts_the_next_step_off_and_when_it_is_over_it_is_told_once_and_now() -> None:
    desk = at_step(0)
    assert desk.snooze(900) == "done: ann puts it off for 900 s"
    assert next_due(desk.alert) == START + 900
    assert desk.at(899) == []
    assert (desk.at(900), desk.next_after) == (["0.1 bob"], 1_020)
    assert desk.said == ["snooze_over", "step: cycle 1, step 2"]


def test_who_has_it_in_hand_can_put_it_off_and_it_fires_again_behind_that() -> None:
    desk = at_step(0)
    desk.acknowledge()
    desk.snooze(1_000)
    assert (desk.alert.state, next_due(desk.alert)) == (AlertState.FIRING, START + 1_000)
    assert desk.at(1_000) == ["0.1 bob"]


def test_where_everybody_was_told_a_snooze_ends_at_the_first_step() -> None:
    desk = at_step(0, 60, 180)
    desk.snooze(500)
    assert desk.at(680) == ["1.0 ann"]


def test_a_suppression_within_a_snooze_does_not_end_it() -> None:
    desk = at_step(0)
    desk.snooze(900)
    desk.suppressed_by = "silence"
    assert desk.at(10) == []
    desk.suppressed_by = ""
    assert (desk.at(20), desk.said[0]) == ([], "released")
    assert desk.at(900) == ["0.1 bob"]


def test_a_snooze_that_ends_within_a_suppression_is_told_behind_both() -> None:
    desk = at_step(0)
    desk.snooze(900)
    desk.suppressed_by = "silence"
    assert desk.at(1_000) == []
    desk.suppressed_by = ""
    assert desk.at(2_000) == ["0.1 bob"]


@pytest.mark.parametrize("for_s", [0.0, -5.0, LONGEST_TIMEOUT_S + 1])
def test_a_snooze_has_an_end_that_is_ahead_and_not_too_far(for_s: float) -> None:
    desk = at_step(0)
    before = desk.alert
    assert desk.snooze(for_s) == f"bad_time: it can be put off for up to 60 h, not for {for_s:.0f} s"
    assert desk.alert == before


def test_without_a_profile_there_is_no_next_one_and_nothing_to_put_off() -> None:
    bare = replace(at_step(0).alert, cursor=None)
    answers = (
        hand_on(bare, START, generation=1, person="ann"),
        snooze(bare, START, generation=1, person="ann", until=START + 60),
    )
    assert [(answer.reason, answer.alert) for answer in answers] == [(Handled.NOT_ESCALATED, bare)] * 2


def test_what_somebody_resolves_is_over_and_a_later_word_of_it_is_refused() -> None:
    desk = at_step(0)
    answer = resolve(desk.alert, START + 5, generation=1, person="ann")
    assert (answer.reason, answer.detail) == (Handled.DONE, "ann says that it is over")
    assert (answer.alert.state, next_due(answer.alert)) == (AlertState.RESOLVED, None)
    assert answer.alert.cursor == Cursor(profile=TWO, step=1)


def test_an_edited_profile_is_taken_only_when_that_is_asked_for_and_begins_at_its_first_step() -> None:
    desk = at_step(0)
    new = replace(TWO, name="new", steps=(step("zoe"),))
    answer = reapply(desk.alert, START + 5, generation=1, profile=new)
    assert desk.take(answer) == 'done: profile "new" runs from its first step'
    assert desk.at(5) == ["1.0 zoe"]


def test_a_profile_that_is_reapplied_leaves_it_in_the_hand_of_who_took_it_on() -> None:
    desk = at_step(0)
    desk.acknowledge("ann")
    new = replace(TWO, steps=(step("zoe"),))
    desk.take(reapply(desk.alert, START + 5, generation=1, profile=new))
    assert (desk.alert.acknowledged_by, desk.next_after) == ("ann", None)
    assert desk.at(599) == []
    assert desk.at(600) == ["2.0 zoe"]


def test_what_was_in_hand_for_ever_is_so_no_longer_when_the_new_profile_gives_it_an_end() -> None:
    desk = Desk(replace(TWO, acknowledged_for_s=None))
    desk.at(0)
    desk.acknowledge("ann")
    desk.take(reapply(desk.alert, START + 5, generation=1, profile=TWO))
    assert desk.alert.acknowledged_until == START + 605


def test_a_profile_can_be_given_to_what_had_none() -> None:
    desk = at_step()
    bare = replace(desk.alert, cursor=None)
    desk.take(reapply(bare, START + 5, generation=1, profile=TWO))
    assert desk.at(5) == ["0.0 ann"]
