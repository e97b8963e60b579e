"""One contact's stay, told late, twice, in part or by a snapshot that runs ahead."""

import pytest

from queue_alert.core.effects import Anomaly, ReportAnomaly
from queue_alert.core.events import EndedBy, Outcome
from queue_alert.core.monitor import Monitor
from queue_alert.core.policy import GroupPolicy, Policy
from queue_alert.core.view import AbandonedContact, Figures, GroupView
from tests.core.events_made import SALES, START, answered, completed, dequeued, left, queued, snapshot


@pytest.fixture
def monitor() -> Monitor:
    return Monitor(Policy(groups={SALES: GroupPolicy()}), START)


def sales(monitor: Monitor, at: float) -> GroupView:
    return monitor.view(at).groups[0]


def today(monitor: Monitor, at: float) -> Figures:
    return sales(monitor, at).today


def test_who_is_dequeued_stops_waiting_at_once_and_settles_later(monitor: Monitor) -> None:
    monitor.handle(queued("a", START), START)
    monitor.handle(dequeued("a", START + 10, presumed=Outcome.EXIT_KEY), START + 10)
    assert sales(monitor, START + 10).waiting == 0
    assert today(monitor, START + 10).outcomes == {}
    assert monitor.next_deadline() == START + 12
    monitor.advance(START + 12)
    assert today(monitor, START + 12).outcomes == {"exit_key": 1}
    assert sales(monitor, START + 12).corrections == 0


def test_an_answer_within_the_settling_time_is_the_outcome(monitor: Monitor) -> None:
    monitor.handle(queued("a", START), START)
    monitor.handle(dequeued("a", START + 10, presumed=Outcome.EXIT_KEY), START + 10)
    monitor.handle(answered("a", START + 11), START + 11)
    monitor.advance(START + 60)
    figures = today(monitor, START + 60)
    assert figures.outcomes == {"answered": 1}
    assert figures.average_speed_of_answer_s == 10.0


def test_an_answer_after_the_settling_time_corrects_what_was_presumed(monitor: Monitor) -> None:
    monitor.handle(queued("a", START), START)
    monitor.handle(dequeued("a", START + 10, presumed=Outcome.EXIT_KEY), START + 10)
    monitor.advance(START + 12)
    monitor.handle(answered("a", START + 30), START + 30)
    group = sales(monitor, START + 30)
    assert group.today.outcomes == {"answered": 1}
    assert group.left_total == {"answered": 1, "exit_key": 1}
    assert group.corrections == 1


def test_a_certain_outcome_is_not_revised_by_a_repeat(monitor: Monitor) -> None:
    monitor.handle(queued("a", START), START)
    monitor.handle(left("a", START + 10, Outcome.TIMEOUT), START + 10)
    monitor.handle(left("a", START + 10, Outcome.ABANDONED), START + 11)
    monitor.handle(answered("a", START + 10), START + 12)
    assert today(monitor, START + 12).outcomes == {"timeout": 1}


def test_an_unknown_outcome_is_revised_when_the_truth_comes(monitor: Monitor) -> None:
    monitor.handle(queued("a", START, caller="15550001"), START)
    monitor.handle(left("a", START + 10, Outcome.UNKNOWN), START + 10)
    monitor.handle(left("a", START + 15, Outcome.ABANDONED), START + 15)
    group = sales(monitor, START + 15)
    assert group.today.outcomes == {"abandoned": 1}
    assert group.recently_abandoned == (
        AbandonedContact(contact="a", caller="*****001", at=START + 10, waited_s=10.0),  # type: ignore[arg-type]
    )
    monitor.handle(left("a", START + 16, Outcome.UNKNOWN), START + 16)
    assert today(monitor, START + 16).outcomes == {"abandoned": 1}


def test_a_presumed_abandon_that_was_a_time_out_leaves_the_list_of_abandoned(monitor: Monitor) -> None:
    monitor.handle(queued("a", START), START)
    monitor.handle(dequeued("a", START + 3, presumed=Outcome.ABANDONED), START + 3)
    monitor.advance(START + 5)
    assert len(sales(monitor, START + 5).recently_abandoned) == 1
    monitor.handle(left("a", START + 6, Outcome.TIMEOUT), START + 6)
    group = sales(monitor, START + 6)
    assert (group.recently_abandoned, group.today.outcomes, group.today.short_abandoned) == (
        (),
        {"timeout": 1},
        0,
    )


def test_the_end_told_before_the_beginning_counts_once_and_with_its_wait(monitor: Monitor) -> None:
    effects = monitor.handle(answered("a", START + 8), START + 8)
    assert effects == [ReportAnomaly(Anomaly.UNKNOWN_CONTACT, SALES, "contact=a")]
    monitor.handle(queued("a", START + 1), START + 9)
    figures = today(monitor, START + 9)
    assert (figures.offered, figures.outcomes, figures.average_speed_of_answer_s) == (1, {"answered": 1}, 7.0)
    assert sales(monitor, START + 9).waiting == 0


def test_where_the_beginning_stays_unknown_the_acds_own_count_of_the_wait_is_taken(monitor: Monitor) -> None:
    monitor.handle(answered("a", START + 8, queue_s=33.0), START + 8)
    figures = today(monitor, START + 8)
    assert (figures.average_speed_of_answer_s, figures.service_level["answered"]) == (33.0, 0.0)


def test_a_late_repeat_of_the_beginning_does_not_bring_a_ghost(monitor: Monitor) -> None:
    monitor.handle(queued("a", START), START)
    monitor.handle(left("a", START + 5), START + 5)
    monitor.handle(queued("a", START), START + 6)
    assert (sales(monitor, START + 6).waiting, today(monitor, START + 6).offered) == (0, 1)


def test_the_same_contact_may_wait_again_as_another_visit(monitor: Monitor) -> None:
    monitor.handle(queued("a", START), START)
    monitor.handle(left("a", START + 5, Outcome.TIMEOUT), START + 5)
    monitor.handle(queued("a", START + 6), START + 6)
    monitor.handle(left("a", START + 9), START + 9)
    figures = today(monitor, START + 9)
    assert (figures.offered, figures.outcomes) == (2, {"timeout": 1, "abandoned": 1})


def test_the_order_of_the_feed_tells_a_new_visit_even_at_the_same_instant(monitor: Monitor) -> None:
    monitor.handle(queued("a", START, seq=1), START)
    monitor.handle(left("a", START, Outcome.TIMEOUT, seq=2), START)
    monitor.handle(queued("a", START, seq=3), START)
    assert (sales(monitor, START).waiting, today(monitor, START).offered) == (1, 2)


def test_an_end_whose_beginning_was_lost_after_an_earlier_visit_counts_as_another(monitor: Monitor) -> None:
    monitor.handle(queued("a", START, seq=1), START)
    monitor.handle(left("a", START + 5, Outcome.TIMEOUT, seq=2), START + 5)
    monitor.handle(left("a", START + 50, Outcome.ABANDONED, seq=9), START + 50)
    group = sales(monitor, START + 50)
    assert (group.today.offered, group.today.outcomes, group.corrections) == (
        2,
        {"timeout": 1, "abandoned": 1},
        1,
    )


def test_waiting_again_while_the_first_outcome_is_open_settles_that_first(monitor: Monitor) -> None:
    monitor.handle(queued("a", START), START)
    monitor.handle(dequeued("a", START + 5, presumed=Outcome.TIMEOUT, settle_s=60.0), START + 5)
    monitor.handle(queued("a", START + 6), START + 6)
    assert today(monitor, START + 6).outcomes == {"timeout": 1}
    monitor.advance(START + 100)
    assert (sales(monitor, START + 100).waiting, today(monitor, START + 100).outcomes) == (1, {"timeout": 1})


def test_a_snapshot_that_runs_ahead_is_confirmed_by_the_events_and_corrects_nothing(monitor: Monitor) -> None:
    monitor.handle(snapshot({}, START), START)
    monitor.handle(queued("old", START, seq=2), START)
    monitor.handle(snapshot({"new": START + 9.0}, START + 10, seq=3), START + 10)
    assert (sales(monitor, START + 10).waiting, today(monitor, START + 10).offered) == (1, 2)
    monitor.handle(queued("new", START + 10.2, seq=4), START + 10.2)
    monitor.handle(dequeued("old", START + 10.2, seq=5), START + 10.2)
    monitor.handle(answered("old", START + 10.3, seq=6), START + 10.3)
    monitor.advance(START + 60)
    group = sales(monitor, START + 60)
    assert (group.corrections, group.today.offered, group.today.outcomes) == (0, 2, {"answered": 1})
    assert group.oldest_queued_at == START + 10.2


def test_what_no_event_confirms_after_a_snapshot_is_a_correction(monitor: Monitor) -> None:
    monitor.handle(snapshot({}, START), START)
    monitor.handle(queued("ghost", START), START)
    monitor.handle(snapshot({"missed": START + 4.0}, START + 10), START + 10)
    assert sales(monitor, START + 10).corrections == 0
    monitor.advance(START + 15)
    group = sales(monitor, START + 15)
    assert (group.waiting, group.oldest_queued_at, group.corrections) == (1, START + 4.0, 2)
    assert group.today.outcomes == {"unknown": 1}


def test_the_first_snapshot_corrects_nothing(monitor: Monitor) -> None:
    monitor.handle(snapshot({"a": START - 30.0, "b": START - 5.0}, START), START)
    monitor.advance(START + 60)
    group = sales(monitor, START + 60)
    assert (group.waiting, group.oldest_queued_at, group.today.offered, group.corrections) == (
        2,
        START - 30,
        2,
        0,
    )


def test_a_contact_that_a_snapshot_removed_by_mistake_waits_again_where_it_stood(monitor: Monitor) -> None:
    monitor.handle(queued("a", START), START)
    monitor.handle(snapshot({}, START + 10), START + 10)
    monitor.handle(snapshot({"a": START}, START + 12), START + 12)
    monitor.advance(START + 60)
    group = sales(monitor, START + 60)
    assert (group.waiting, group.oldest_queued_at, group.corrections, group.today.outcomes) == (
        1,
        START,
        0,
        {},
    )
    assert group.today.offered == 1


def test_the_same_after_it_was_given_up_is_a_correction(monitor: Monitor) -> None:
    monitor.handle(queued("a", START), START)
    monitor.handle(snapshot({}, START + 10), START + 10)
    monitor.advance(START + 20)
    monitor.handle(snapshot({"a": START}, START + 30), START + 30)
    group = sales(monitor, START + 30)
    assert (group.waiting, group.today.offered, group.today.outcomes, group.corrections) == (1, 1, {}, 2)


def test_a_stranded_contact_that_the_acd_no_longer_lists_still_gets_its_true_outcome(
    monitor: Monitor,
) -> None:
    monitor.handle(queued("a", START), START)
    monitor.handle(snapshot({}, START + 10), START + 10)
    monitor.advance(START + 20)
    assert today(monitor, START + 20).outcomes == {"unknown": 1}
    monitor.handle(dequeued("a", START + 40, presumed=Outcome.ABANDONED), START + 40)
    monitor.handle(left("a", START + 40), START + 40)
    group = sales(monitor, START + 40)
    assert (group.today.offered, group.today.outcomes) == (1, {"abandoned": 1})


def test_a_snapshot_older_than_an_event_does_not_undo_it(monitor: Monitor) -> None:
    monitor.handle(queued("a", START, seq=1), START)
    monitor.handle(left("a", START + 10, seq=5), START + 10)
    monitor.handle(queued("b", START + 11, seq=6), START + 11)
    monitor.handle(snapshot({"a": START}, START + 9, seq=4), START + 12)
    group = sales(monitor, START + 12)
    assert (group.waiting, group.oldest_queued_at) == (1, START + 11)


def test_a_snapshot_that_gives_another_beginning_is_believed(monitor: Monitor) -> None:
    monitor.handle(queued("a", START), START)
    monitor.handle(snapshot({"a": START + 30.0}, START + 40), START + 40)
    group = sales(monitor, START + 40)
    assert (group.oldest_queued_at, group.corrections) == (START + 30.0, 1)


def test_beginnings_within_whole_seconds_of_each_other_are_the_same(monitor: Monitor) -> None:
    monitor.handle(queued("a", START + 0.4), START + 0.4)
    monitor.handle(snapshot({"a": START + 1.3}, START + 40), START + 40)
    group = sales(monitor, START + 40)
    assert (group.oldest_queued_at, group.corrections) == (START + 0.4, 0)


def test_contacts_of_another_feed_are_not_missing_from_this_ones_snapshot(monitor: Monitor) -> None:
    monitor.handle(queued("a", START), START)
    other = snapshot({}, START + 10)
    monitor.handle(type(other)(id="x", source="pbx2", time=START + 10, group=SALES), START + 10)  # type: ignore[arg-type]
    assert sales(monitor, START + 10).waiting == 1


def test_a_conversation_that_ends_was_answered_though_nobody_said_so(monitor: Monitor) -> None:
    monitor.handle(queued("a", START), START)
    monitor.handle(completed("a", START + 100, talk_s=60.0, held_s=10.0, ended_by=EndedBy.AGENT), START + 100)
    group = sales(monitor, START + 100)
    assert (group.waiting, group.today.outcomes, group.corrections) == (0, {"answered": 1}, 1)
    assert group.today.average_handling_s == 70.0


def test_a_conversation_ends_once(monitor: Monitor) -> None:
    monitor.handle(queued("a", START), START)
    monitor.handle(answered("a", START + 3), START + 3)
    monitor.handle(completed("a", START + 63, talk_s=60.0), START + 63)
    monitor.handle(completed("a", START + 63, talk_s=60.0), START + 64)
    figures = today(monitor, START + 64)
    assert (figures.completed, figures.average_handling_s, figures.average_speed_of_answer_s) == (
        1,
        60.0,
        3.0,
    )


@pytest.mark.parametrize(
    "at", [START - 86_400.0 * 30, START + 3_600.0, 0.0, -1e30, float("inf"), float("nan")]
)
def test_an_absurd_time_is_taken_as_now_and_reported(monitor: Monitor, at: float) -> None:
    effects = monitor.handle(queued("a", at), START)
    assert [type(effect) for effect in effects] == [ReportAnomaly]
    assert sales(monitor, START).oldest_queued_at == START
    monitor.handle(left("a", at), START + 1)
    assert sales(monitor, START + 1).waiting == 0


def test_a_clock_a_little_ahead_is_taken_as_now_without_remark(monitor: Monitor) -> None:
    assert monitor.handle(queued("a", START + 2), START) == []
    assert sales(monitor, START).oldest_queued_at == START


def test_an_over_full_line_takes_nobody_more_and_says_so() -> None:
    monitor = Monitor(Policy(groups={SALES: GroupPolicy()}, max_waiting_per_group=2), START)
    for contact in "ab":
        monitor.handle(queued(contact, START), START)
    effects = monitor.handle(queued("c", START), START)
    assert effects == [ReportAnomaly(Anomaly.TOO_MANY_WAITING, SALES, "limit=2")]
    assert sales(monitor, START).waiting == 2


def test_groups_beyond_the_limit_are_reported_and_lose_nothing_of_the_others() -> None:
    monitor = Monitor(Policy(groups={SALES: GroupPolicy()}, max_groups=1), START)
    for event in (queued("a", START, group="other"), left("a", START, group="other")):
        effects = monitor.handle(event, START)
        assert effects == [ReportAnomaly(Anomaly.TOO_MANY_GROUPS, "other", "limit=1")]  # type: ignore[arg-type]
    monitor.handle(queued("b", START), START)
    assert [group.waiting for group in monitor.view(START).groups] == [1]


def test_thousands_of_departed_contacts_are_not_remembered_for_ever(monitor: Monitor) -> None:
    for n in range(3_000):
        monitor.handle(queued(f"c{n}", START + n), START + n)
        monitor.handle(answered(f"c{n}", START + n + 0.25), START + n + 0.25)
        monitor.handle(completed(f"c{n}", START + n + 0.5), START + n + 0.5)
    assert len(monitor._floor.groups[SALES].departed) <= 512
    assert today(monitor, START + 3_000).outcomes == {"answered": 3_000}


def test_a_conversation_may_end_after_its_customer_has_begun_to_wait_again(monitor: Monitor) -> None:
    monitor.handle(queued("a", START, seq=1), START)
    monitor.handle(answered("a", START + 5, seq=2), START + 5)
    monitor.handle(queued("a", START + 60, seq=3), START + 60)
    monitor.handle(completed("a", START + 61, talk_s=55.0), START + 61)
    group = sales(monitor, START + 61)
    assert (group.waiting, group.oldest_queued_at, group.corrections) == (1, START + 60, 0)
    assert (group.today.completed, group.today.outcomes, group.today.offered) == (1, {"answered": 1}, 2)
    monitor.handle(completed("a", START + 61, talk_s=55.0), START + 62)
    monitor.handle(answered("a", START + 70, seq=6), START + 70)
    figures = today(monitor, START + 70)
    assert (figures.completed, figures.outcomes) == (1, {"answered": 2})


def test_the_late_reason_of_an_earlier_visit_does_not_end_the_present_one(monitor: Monitor) -> None:
    monitor.handle(queued("a", START, seq=1), START)
    monitor.handle(left("a", START + 5, Outcome.UNKNOWN, seq=2), START + 5)
    monitor.handle(queued("a", START + 20, seq=5), START + 20)
    monitor.handle(left("a", START + 6, Outcome.TIMEOUT, seq=3), START + 21)
    group = sales(monitor, START + 21)
    assert (group.waiting, group.today.outcomes, group.today.offered) == (1, {"timeout": 1}, 2)


def test_a_contact_that_left_twice_under_one_name_is_remembered_as_it_left_last(monitor: Monitor) -> None:
    monitor.handle(queued("a", START, seq=1), START)
    monitor.handle(answered("a", START + 5, seq=2), START + 5)
    monitor.handle(queued("a", START + 20, seq=5), START + 20)
    monitor.handle(left("a", START + 30, Outcome.ABANDONED, seq=6), START + 30)
    monitor.handle(queued("a", START + 20, seq=5), START + 31)
    group = sales(monitor, START + 31)
    assert (group.waiting, group.today.outcomes, group.today.offered) == (
        0,
        {"answered": 1, "abandoned": 1},
        2,
    )


def test_a_repeat_under_a_new_id_does_not_make_a_contact_wait_twice(monitor: Monitor) -> None:
    monitor.handle(queued("a", START), START)
    monitor.handle(queued("a", START + 3), START + 3)
    group = sales(monitor, START + 3)
    assert (group.waiting, group.oldest_queued_at, group.today.offered) == (1, START, 1)


def test_the_feed_may_say_when_the_wait_began(monitor: Monitor) -> None:
    monitor.handle(queued("a", START, queued_at=START - 40.0), START)
    assert sales(monitor, START).oldest_queued_at == START - 40.0


def test_a_presumption_that_proves_true_is_certain_from_then_on(monitor: Monitor) -> None:
    monitor.handle(queued("a", START), START)
    monitor.handle(dequeued("a", START + 3, presumed=Outcome.ABANDONED), START + 3)
    monitor.advance(START + 5)
    monitor.handle(left("a", START + 3, Outcome.ABANDONED), START + 6)
    monitor.handle(left("a", START + 3, Outcome.TIMEOUT), START + 7)
    group = sales(monitor, START + 7)
    assert (group.today.outcomes, group.corrections) == ({"abandoned": 1}, 0)


def test_a_reason_that_is_unknown_even_to_the_acd_settles_an_open_outcome(monitor: Monitor) -> None:
    monitor.handle(queued("a", START), START)
    monitor.handle(dequeued("a", START + 3, presumed=Outcome.ABANDONED), START + 3)
    monitor.handle(left("a", START + 3, Outcome.UNKNOWN), START + 3)
    monitor.advance(START + 60)
    assert today(monitor, START + 60).outcomes == {"unknown": 1}


def test_the_beginning_may_be_learnt_while_the_outcome_is_open(monitor: Monitor) -> None:
    monitor.handle(dequeued("a", START + 9), START + 9)
    monitor.handle(queued("a", START + 1), START + 9.5)
    monitor.handle(answered("a", START + 10), START + 10)
    figures = today(monitor, START + 10)
    assert (figures.offered, figures.outcomes, figures.average_speed_of_answer_s) == (1, {"answered": 1}, 8.0)


def test_the_beginning_of_an_abandon_makes_its_wait_known(monitor: Monitor) -> None:
    monitor.handle(left("a", START + 9), START + 9)
    monitor.handle(queued("a", START + 6, caller="15550001"), START + 10)
    group = sales(monitor, START + 10)
    assert (group.today.outcomes, group.today.short_abandoned, group.left_total) == (
        {"abandoned": 1},
        1,
        {"abandoned": 1},
    )
    assert [(entry.caller, entry.waited_s) for entry in group.recently_abandoned] == [("*****001", 3.0)]


def test_a_contact_that_only_a_snapshot_knew_is_a_correction_when_it_leaves(monitor: Monitor) -> None:
    monitor.handle(snapshot({}, START), START)
    monitor.handle(snapshot({"a": START + 5.0}, START + 10), START + 10)
    monitor.handle(answered("a", START + 12), START + 12)
    group = sales(monitor, START + 12)
    assert (group.today.outcomes, group.today.offered, group.corrections) == ({"answered": 1}, 1, 1)


def test_a_contact_that_a_later_snapshot_lists_again_waits_anew(monitor: Monitor) -> None:
    monitor.handle(snapshot({}, START), START)
    monitor.handle(queued("a", START), START)
    monitor.handle(left("a", START + 5, Outcome.TIMEOUT), START + 5)
    monitor.handle(snapshot({"a": START + 8.0}, START + 10), START + 10)
    monitor.advance(START + 60)
    group = sales(monitor, START + 60)
    assert (group.waiting, group.today.offered, group.today.outcomes, group.corrections) == (
        1,
        2,
        {"timeout": 1},
        1,
    )


def test_a_list_may_name_a_contact_twice(monitor: Monitor) -> None:
    twice = snapshot({"a": START}, START + 1)
    monitor.handle(
        type(twice)(id="t", source=twice.source, time=START + 1, group=SALES, waiting=twice.waiting * 2),
        START + 1,
    )
    assert (sales(monitor, START + 1).waiting, today(monitor, START + 1).offered) == (1, 1)


def test_those_who_leave_unanswered_are_not_remembered_for_ever_either(monitor: Monitor) -> None:
    for n in range(1_500):
        at = START + n
        monitor.handle(queued(f"c{n}", at), at)
        outcome = Outcome.TIMEOUT if n % 2 else Outcome.ABANDONED
        event = left(f"c{n}", at + 0.5, outcome) if n % 3 else dequeued(f"c{n}", at + 0.5, presumed=outcome)
        monitor.handle(event, at + 0.5)
        monitor.advance(at + 0.5)
    monitor.advance(START + 2_000)
    group = monitor._floor.groups[SALES]
    assert len(group.departed) <= 512
    assert len(group.recently_abandoned) == 20
    assert today(monitor, START + 2_000).outcomes == {"abandoned": 750, "timeout": 750}


def test_a_conversation_of_hours_is_still_known_when_it_ends(monitor: Monitor) -> None:
    monitor.handle(queued("long", START), START)
    monitor.handle(answered("long", START + 5), START + 5)
    for n in range(3_000):
        at = START + 10 + n
        monitor.handle(queued(f"c{n}", at), at)
        monitor.handle(left(f"c{n}", at + 0.5), at + 0.5)
    end = START + 4_000
    monitor.handle(completed("long", end, talk_s=3_995.0), end)
    group = sales(monitor, end)
    assert (group.today.offered, group.today.answered, group.today.completed, group.corrections) == (
        3_001,
        1,
        1,
        0,
    )


def test_conversations_whose_end_is_never_told_are_forgotten_in_the_end(monitor: Monitor) -> None:
    for n in range(5_000):
        at = START + n
        monitor.handle(queued(f"c{n}", at), at)
        monitor.handle(answered(f"c{n}", at + 0.5), at + 0.5)
    assert len(monitor._floor.groups[SALES].departed) <= 3_000
