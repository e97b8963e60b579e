"""How an escalation goes on: each rule of it, with simulated time."""

import pytest
from msgspec.structs import replace

from queue_alert.core.alerts import AlertState, AttemptKey, Cursor, PersonName
from queue_alert.core.effects import Severity
from queue_alert.core.escalation import advance, begin, next_due
from queue_alert.core.profiles import MOST_REPEATS, MOST_STEPS
from queue_alert.core.transitions import fire, new_alert, resolved
from tests.core.escalations_made import ALERT, START, Desk, person, profile, step

THREE = profile(step("ann", 60), step("bob", 120), step("cid", 180))


def test_the_first_step_is_due_at_once_when_it_fires() -> None:
    desk = Desk(THREE)
    assert next_due(desk.alert) == desk.alert.fired_at == START
    assert desk.at(0) == ["0.0 ann"]
    assert desk.said == ["step: cycle 1, step 1"]
    assert desk.tried == [
        AttemptKey(alert=ALERT, generation=1, cycle=0, step=0, person=PersonName("ann"), method="phone")
    ]


def test_the_next_step_is_due_at_the_actual_time_of_the_last_plus_that_steps_time_out() -> None:
    desk = Desk(THREE)
    assert (desk.at(7), desk.next_after) == (["0.0 ann"], 67)
    assert (desk.at(66.9), desk.next_after) == ([], 67)
    assert desk.said == ["not_due: the next step is due in 0 s"]
    assert (desk.at(67), desk.next_after) == (["0.1 bob"], 187)
    assert (desk.at(187), desk.next_after) == (["0.2 cid"], 367)


def test_however_late_it_is_exactly_one_step_is_done_and_the_reason_says_how_late() -> None:
    desk = Desk(THREE)
    desk.at(0)
    assert (desk.at(90_000), desk.next_after) == (["0.1 bob"], 90_120)
    assert desk.said == ["late: by 89940 s; one step is done", "step: cycle 1, step 2"]
    assert desk.at(90_000) == []


def test_all_steps_are_done_repeat_plus_one_times_then_it_is_exhausted_and_the_last_are_told_once() -> None:
    desk = Desk(profile(step("ann"), step("bob"), repeat=2, finally_tell=(person("boss"), person("list"))))
    told = [who for at in range(0, 360, 60) for who in desk.at(at)]
    assert told == ["0.0 ann", "0.1 bob", "1.0 ann", "1.1 bob", "2.0 ann", "2.1 bob"]
    assert desk.at(359) == []
    assert desk.at(360) == ["2.2 boss", "2.2 list"]
    assert desk.said == ["exhausted: the last cycle is over", "step: the end"]
    assert desk.alert.state is AlertState.FIRING
    assert desk.alert.cursor == Cursor(
        profile=desk.profile, cycle=2, step=2, next_at=None, exhausted_at=START + 360
    )
    assert next_due(desk.alert) is None
    assert desk.at(99_999) == []
    assert desk.said == ["exhausted"]


def test_a_time_out_of_0_with_200_repeats_is_one_call_to_each_and_bounded_work() -> None:
    asked = 0
    desk = Desk(profile(*[step("ann bob", 0.0)] * MOST_STEPS, repeat=MOST_REPEATS))

    def reach(target: object, now: float) -> object:
        nonlocal asked
        asked += 1
        return desk.reach(target, now)  # type: ignore[arg-type]

    result = advance(desk.alert, START, reach)  # type: ignore[arg-type]
    assert [key.person for key in result.attempts] == ["ann", "bob"]
    assert asked == 2 * MOST_STEPS
    assert len(result.notes) <= 3 * MOST_STEPS + 1
    assert next_due(result.alert) is None
    assert [note.detail for note in result.notes if note.reason == "exhausted"] == ["no step waits"]


def test_steps_at_one_instant_are_done_together_and_tell_nobody_twice_in_the_same_way() -> None:
    desk = Desk(profile(step("ann", 0), step("bob ann", 60), step("ann", 60)))
    assert (desk.at(0), desk.next_after) == (["0.0 ann", "0.1 bob"], 60)
    assert desk.said == [
        "step: cycle 1, step 1",
        "coalesced: cycle 1, step 2: ann, phone",
        "step: cycle 1, step 2",
    ]
    assert desk.at(60) == ["0.2 ann"]


def test_a_time_out_too_short_for_the_clock_to_see_is_none() -> None:
    desk = Desk(profile(step("ann", 1e-9), step("bob", 60)))
    assert (desk.at(0), desk.next_after) == (["0.0 ann", "0.1 bob"], 60)


def test_a_step_is_told_by_every_way_that_is_behind_it() -> None:
    desk = Desk(THREE, ways=("phone", "email"))
    desk.at(0)
    assert [(key.person, key.method) for key in desk.tried] == [("ann", "phone"), ("ann", "email")]


def test_a_step_with_nobody_behind_it_is_skipped_at_once_and_says_who_was_passed_over_and_why() -> None:
    desk = Desk(THREE, absent={"ann": "off duty", "bob": "in a meeting"})
    assert (desk.at(0), desk.next_after) == (["0.2 cid"], 180)
    assert desk.said == [
        "passed_over: cycle 1, step 1: ann: off duty",
        "nobody: cycle 1, step 1",
        "passed_over: cycle 1, step 2: bob: in a meeting",
        "nobody: cycle 1, step 2",
        "step: cycle 1, step 3",
    ]


def test_a_last_step_with_nobody_behind_it_ends_the_last_cycle_at_once() -> None:
    desk = Desk(profile(step("ann"), step("bob"), finally_tell=(person("boss"),)), absent={"bob": "ill"})
    assert desk.at(0) == ["0.0 ann"]
    assert desk.at(60) == ["0.2 boss"]


def test_after_a_full_pass_with_nobody_it_is_exhausted_whatever_the_repeats() -> None:
    everybody = dict.fromkeys(("ann", "bob", "cid"), "ill")
    desk = Desk(replace(THREE, repeat=200, finally_tell=(person("boss"),)), absent=everybody)
    assert desk.at(0) == ["1.3 boss"]
    assert desk.said[-2:] == ["exhausted: a full pass found nobody", "step: the end"]
    assert next_due(desk.alert) is None


def test_a_pass_is_full_also_when_it_begins_in_the_middle_and_goes_over_into_the_next_cycle() -> None:
    desk = Desk(replace(THREE, repeat=5))
    desk.at(0)
    desk.absent = {"ann": "ill", "bob": "ill"}
    assert (desk.at(60), desk.next_after) == (["0.2 cid"], 240)
    desk.absent["cid"] = "ill"
    assert desk.at(240) == []
    assert desk.said[-1] == "exhausted: a full pass found nobody"


def test_nobody_at_the_end_either_is_said() -> None:
    desk = Desk(profile(step("ann"), finally_tell=(person("boss"),)), absent={"ann": "ill", "boss": "away"})
    assert desk.at(0) == []
    assert desk.said[-2:] == ["passed_over: the end: boss: away", "nobody: the end"]


def test_an_urgent_only_profile_runs_while_the_alert_is_critical() -> None:
    desk = Desk(replace(THREE, urgent_only=True))
    assert desk.at(0) == []
    assert (desk.said, next_due(desk.alert)) == (["not_urgent"], None)
    desk.alert = replace(desk.alert, severity=Severity.CRITICAL)
    assert (desk.at(500), desk.next_after) == (["0.0 ann"], 560)
    assert desk.said[0] == "released"
    desk.alert = replace(desk.alert, severity=Severity.WARNING)
    assert desk.at(560) == []
    assert Desk(replace(THREE, urgent_only=True), severity=Severity.CRITICAL).at(0) == ["0.0 ann"]


def test_an_acknowledgement_stops_it_until_it_expires_then_it_begins_at_the_first_step() -> None:
    desk = Desk(replace(THREE, acknowledged_for_s=600.0))
    desk.at(0)
    desk.at(60)
    assert desk.acknowledge("bob") == "done: bob has it in hand"
    assert (desk.alert.state, desk.alert.acknowledged_by) == (AlertState.ACKNOWLEDGED, "bob")
    assert next_due(desk.alert) == START + 660
    assert desk.at(659) == []
    assert desk.said == ["not_firing: it is acknowledged"]
    assert (desk.at(660), desk.next_after) == (["1.0 ann"], 720)
    assert desk.said == ["acknowledgement_expired: bob had it in hand", "step: cycle 2, step 1"]
    assert (desk.alert.state, desk.alert.acknowledged_by) == (AlertState.FIRING, "")


def test_an_acknowledgement_that_never_expires_stops_it_for_good() -> None:
    desk = Desk(replace(THREE, acknowledged_for_s=None))
    desk.at(0)
    desk.acknowledge()
    assert next_due(desk.alert) is None
    assert desk.at(1e9) == []


def test_what_was_exhausted_and_acknowledged_begins_anew_too_and_no_attempt_has_the_key_of_another() -> None:
    desk = Desk(profile(step("ann"), repeat=1, finally_tell=(person("boss"),), acknowledged_for_s=100.0))
    for begun in (0, 1_000, 2_000):
        for after in (0, 60, 120):
            desk.at(begun + after)
        desk.acknowledge()
    assert [(key.cycle, key.step, key.person) for key in desk.tried] == [
        (0, 0, "ann"),
        (1, 0, "ann"),
        (1, 1, "boss"),
        (2, 0, "ann"),
        (3, 0, "ann"),
        (3, 1, "boss"),
        (4, 0, "ann"),
        (5, 0, "ann"),
        (5, 1, "boss"),
    ]
    assert len(set(desk.tried)) == len(desk.tried)


def test_a_step_ends_when_a_call_is_answered_without_a_key_as_it_would_have_anyway() -> None:
    """Voicemail answers too: there is nothing by which an answered call could stop it."""
    desk = Desk(THREE)
    desk.at(0)
    assert (desk.alert.state, desk.at(60)) == (AlertState.FIRING, ["0.1 bob"])


def test_while_it_is_suppressed_nothing_is_due_and_when_that_ends_it_is_told_once_and_now() -> None:
    desk = Desk(THREE)
    desk.at(0)
    desk.suppressed_by = 'silence "works"'
    for after in (30, 60, 5_000):
        assert desk.at(after) == []
        assert desk.said == ['suppressed: silence "works"']
        assert next_due(desk.alert) is None
    desk.suppressed_by = ""
    assert (desk.at(6_000), desk.next_after) == (["0.1 bob"], 6_120)
    assert desk.said == ["released", "step: cycle 1, step 2"]
    assert desk.at(6_000) == []


def test_a_suppression_that_ends_before_the_next_step_was_due_is_told_now_as_well() -> None:
    desk = Desk(THREE)
    desk.at(0)
    desk.suppressed_by = "out of hours"
    desk.at(10)
    desk.suppressed_by = ""
    assert desk.at(20) == ["0.1 bob"]


def test_what_is_resolved_while_it_is_suppressed_is_told_to_nobody() -> None:
    desk = Desk(THREE, suppressed_by="silence")
    desk.at(0)
    desk.alert = resolved(desk.alert, START + 10)
    desk.suppressed_by = ""
    assert desk.at(20) == []
    assert desk.said == ["not_firing: it is resolved"]


def test_an_acknowledgement_that_expires_while_it_is_suppressed_is_told_when_that_ends() -> None:
    desk = Desk(replace(THREE, acknowledged_for_s=100.0))
    desk.at(0)
    desk.acknowledge()
    desk.suppressed_by = "silence"
    assert desk.at(100) == []
    assert desk.said == ["acknowledgement_expired: ann had it in hand", "suppressed: silence"]
    desk.suppressed_by = ""
    assert desk.at(500) == ["1.0 ann"]


def test_where_everybody_was_told_before_the_suppression_it_begins_anew_behind_it() -> None:
    desk = Desk(profile(step("ann")))
    desk.at(0)
    desk.at(60)
    assert desk.said == ["exhausted: the last cycle is over"]
    desk.suppressed_by = "out of hours"
    desk.at(100)
    desk.suppressed_by = ""
    assert desk.at(200) == ["1.0 ann"]


def test_the_profile_is_a_snapshot() -> None:
    desk = Desk(THREE)
    desk.at(0)
    desk.profile = profile(step("zoe"))
    assert desk.at(60) == ["0.1 bob"]


def test_only_what_fires_is_escalated_and_without_a_profile_nobody_is_told() -> None:
    fresh = new_alert(ALERT, Severity.WARNING, START)
    with pytest.raises(ValueError, match="long-wait/sales is inactive: only what fires can be escalated"):
        begin(fresh, THREE)
    desk = Desk(THREE)
    desk.alert = fire(fresh, START)
    assert (desk.at(0), desk.said, next_due(desk.alert)) == ([], ["no_profile"], None)
    desk.acknowledge()
    assert next_due(desk.alert) == START + 1_800
    desk.at(1_800)
    assert desk.alert.state is AlertState.FIRING
    assert next_due(fresh) is None


def test_what_fires_with_nothing_due_goes_on_at_once_and_says_so() -> None:
    desk = Desk(THREE)
    desk.at(0)
    assert desk.alert.cursor is not None
    desk.alert = replace(desk.alert, cursor=replace(desk.alert.cursor, next_at=None))
    assert desk.at(5) == ["0.1 bob"]
    assert desk.said == ["repaired", "step: cycle 1, step 2"]


def test_a_profile_without_steps_is_exhausted_at_once() -> None:
    desk = Desk(profile(finally_tell=(person("boss"),)))
    assert desk.at(0) == ["0.0 boss"]
    assert desk.at(1) == []
