"""When lamps change."""

import math

import pytest

from devices.kinds import Kind
from devices.patterns import PatternOptions
from devices.scheduler import LampScheduler
from queue_alert.core.effects import Severity, SignalLevel
from tests.devices.helpers import EPOCH, Stage, flash_starts, lit_spans

WARNING, CRITICAL = Severity.WARNING, Severity.CRITICAL
LAMP = {"lamp": Kind.LAMP.lamps}


def lamp_with(level: SignalLevel, *, options: PatternOptions | None = None) -> Stage:
    return Stage(LAMP, options).begin({"lamp": level})


def spans(stage: Stage, output: str = "lamp", lamp: str = "lamp") -> list[tuple[float, float]]:
    return lit_spans(stage.history(output), lamp)


def test_flashes_are_counted_out_and_repeated_after_a_rest() -> None:
    stage = lamp_with(SignalLevel(3)).play(6.0)
    assert spans(stage) == [
        (0.0, 0.25),
        (0.5, 0.25),
        (1.0, 0.25),
        (3.0, 0.25),
        (3.5, 0.25),
        (4.0, 0.25),
        (6.0, math.inf),
    ]


def test_tens_are_long_flashes_before_the_ones() -> None:
    stage = lamp_with(SignalLevel(23)).play(4.9)
    assert spans(stage) == [(0.0, 0.75), (1.0, 0.75), (2.0, 0.25), (2.5, 0.25), (3.0, 0.25)]


def test_a_warning_is_lit_at_once_and_goes_dark_as_often_as_contacts_wait() -> None:
    stage = lamp_with(SignalLevel(2, WARNING)).play(4.9)
    assert spans(stage) == [(0.0, 1.75), (2.0, 0.25), (2.5, 1.75), (4.5, 0.25)]


def test_an_alarm_flashes_twice_a_second() -> None:
    stage = lamp_with(SignalLevel(5, CRITICAL)).play(1.9)
    assert spans(stage) == [(0.0, 0.25), (0.5, 0.25), (1.0, 0.25), (1.5, 0.25)]


def test_stale_is_lit_a_second_and_dark_a_second() -> None:
    stage = lamp_with(SignalLevel(5, CRITICAL, stale=True)).play(4.9)
    assert spans(stage) == [(0.0, 1.0), (2.0, 1.0), (4.0, math.inf)]


def test_an_output_that_was_told_nothing_says_that_nothing_is_known() -> None:
    stage = Stage(LAMP)
    stage.scheduler.begin("lamp", EPOCH)
    assert spans(stage.play(1.9)) == [(0.0, 1.0)]


def test_nothing_is_due_while_nothing_flashes() -> None:
    stage = lamp_with(SignalLevel()).play(0.0)
    assert stage.scheduler.next_deadline() is None
    assert stage.changes == []
    assert stage.scheduler.lamps("lamp") == {"lamp": "off"}


def test_nothing_is_due_before_the_output_was_opened() -> None:
    scheduler = LampScheduler(LAMP, PatternOptions())
    scheduler.show("lamp", SignalLevel(3), EPOCH)
    assert scheduler.next_deadline() is None


def test_a_steady_lamp_costs_one_change() -> None:
    stage = lamp_with(SignalLevel(0, WARNING)).play(600.0)
    assert stage.history("lamp") == [(0.0, {"lamp": "#ffb000"})]
    assert stage.scheduler.next_deadline() is None


def test_in_a_quiet_room_the_first_contact_is_shown_at_once() -> None:
    stage = lamp_with(SignalLevel()).play(7.2)
    stage.show("lamp", SignalLevel(1))
    assert stage.scheduler.next_deadline() == EPOCH + 7.2
    assert spans(stage.play(3.0)) == [(7.2, 0.25), (9.2, 0.25)]


def test_beside_a_lamp_that_flashes_a_level_waits_for_the_next_beat() -> None:
    stage = Stage({"lamp": ("lamp",), "other": ("lamp",)})
    stage.begin({"lamp": SignalLevel(), "other": SignalLevel(1)}).play(0.7)
    stage.show("lamp", SignalLevel(1))
    assert spans(stage.play(1.0)) == [(1.0, 0.25)]


def test_lamps_that_are_told_of_one_contact_begin_together_and_stay_in_step() -> None:
    stage = Stage({"lamp": ("lamp",), "other": ("lamp",)})
    stage.begin({"lamp": SignalLevel(), "other": SignalLevel()}).play(7.2)
    stage.show("lamp", SignalLevel(1))
    stage.show("other", SignalLevel(2))
    stage.play(2.6)
    assert spans(stage) == [(7.2, 0.25), (9.2, 0.25)]
    assert spans(stage, "other") == [(7.2, 0.25), (7.7, 0.25), (9.7, math.inf)]


def test_a_room_that_has_just_become_quiet_keeps_its_beat_for_a_second() -> None:
    stage = Stage({"buzzer": Kind.BUZZER.lamps, "lamp": ("lamp",)})
    stage.begin({"buzzer": SignalLevel(), "lamp": SignalLevel()}).play(2.0)
    stage.show("buzzer", SignalLevel(1, WARNING))
    stage.play(1.3)  # it beeps at 2.0 and 2.5
    stage.show("lamp", SignalLevel(1))
    assert spans(stage.play(1.0)) == [(3.5, 0.25)]


def test_a_number_is_held_until_its_cycle_is_over() -> None:
    stage = lamp_with(SignalLevel(2)).play(0.1)
    stage.show("lamp", SignalLevel(7))
    stage.show("lamp", SignalLevel(1))
    assert spans(stage.play(4.8)) == [(0.0, 0.25), (0.5, 0.25), (2.5, 0.25), (4.5, 0.25)]


def test_show_says_whether_there_is_something_to_wake_up_for() -> None:
    stage = lamp_with(SignalLevel(3)).play(0.6)
    moved = [
        stage.scheduler.show("lamp", level, stage.now)
        for level in (SignalLevel(4), SignalLevel(3), SignalLevel(4, CRITICAL))
    ]
    assert moved == [False, False, False]  # the flash that is lit ends first
    stage.play(0.2)
    moved = [
        stage.scheduler.show("lamp", level, stage.now) for level in (SignalLevel(3), SignalLevel(1, CRITICAL))
    ]
    assert moved == [False, False]  # the next flash and the alarm begin on the same beat
    idle = lamp_with(SignalLevel()).play(1.0)
    assert idle.scheduler.show("lamp", SignalLevel(1), idle.now)
    assert not idle.scheduler.show("lamp", SignalLevel(2), idle.now)


def test_a_level_that_comes_and_goes_within_a_cycle_leaves_no_trace() -> None:
    stage = lamp_with(SignalLevel(2)).play(0.1)
    stage.show("lamp", SignalLevel(2, CRITICAL))
    stage.show("lamp", SignalLevel(2))
    assert stage.play(20.0).changes == lamp_with(SignalLevel(2)).play(20.1).changes


def test_an_escalation_breaks_off_the_count_at_the_next_beat() -> None:
    stage = lamp_with(SignalLevel(9)).play(0.6)
    stage.show("lamp", SignalLevel(9, CRITICAL))
    assert spans(stage.play(1.8)) == [(0.0, 0.25), (0.5, 0.25), (1.0, 0.25), (1.5, 0.25), (2.0, 0.25)]
    assert stage.scheduler.next_deadline() == EPOCH + 2.5


def test_an_escalation_during_the_last_beat_waits_no_longer_than_the_cycle() -> None:
    stage = lamp_with(SignalLevel(1)).play(1.9)
    stage.show("lamp", SignalLevel(1, CRITICAL))
    assert spans(stage.play(0.9)) == [(0.0, 0.25), (2.0, 0.25), (2.5, 0.25)]


def test_an_escalation_to_a_warning_is_lit_first_so_that_the_count_is_not_misread() -> None:
    stage = lamp_with(SignalLevel(5)).play(0.1)
    stage.show("lamp", SignalLevel(2, WARNING))
    assert spans(stage.play(4.3)) == [(0.0, 0.25), (0.5, 1.75), (2.5, 0.25), (3.0, math.inf)]


def test_a_lost_feed_shows_at_the_next_beat() -> None:
    stage = lamp_with(SignalLevel(9)).play(0.6)
    stage.show("lamp", SignalLevel(9, stale=True))
    assert spans(stage.play(2.3)) == [(0.0, 0.25), (0.5, 0.25), (1.0, 1.0)]


def test_after_a_feed_is_back_a_rest_comes_before_the_count() -> None:
    stage = lamp_with(SignalLevel(2, stale=True)).play(0.1)
    stage.show("lamp", SignalLevel(2))
    assert spans(stage.play(2.8)) == [(0.0, 0.5), (2.0, 0.25), (2.5, 0.25)]


def test_an_alarm_that_ends_is_followed_by_a_rest() -> None:
    stage = lamp_with(SignalLevel(1, CRITICAL)).play(0.1)
    stage.show("lamp", SignalLevel(1))
    assert spans(stage.play(2.3)) == [(0.0, 0.25), (2.0, 0.25)]


def test_a_new_severity_while_stale_does_not_disturb_the_slow_rhythm() -> None:
    stage = lamp_with(SignalLevel(2, stale=True)).play(0.6)
    stage.show("lamp", SignalLevel(2, CRITICAL, stale=True))
    assert spans(stage.play(3.3)) == [(0.0, 1.0), (2.0, 1.0)]


def test_a_tower_counts_on_its_new_tier_without_a_rest() -> None:
    stage = Stage({"tower": Kind.TOWER.lamps}).begin({"tower": SignalLevel(5)}).play(0.1)
    stage.show("tower", SignalLevel(2, CRITICAL))
    stage.play(2.3)
    assert spans(stage, "tower", "green") == [(0.0, 0.25)]
    assert spans(stage, "tower", "red") == [(0.5, 0.25), (1.0, 0.25)]


def test_a_tower_that_was_steadily_green_rests_before_it_counts_on_green() -> None:
    stage = Stage({"tower": Kind.TOWER.lamps}, PatternOptions(idle="steady"))
    stage.begin({"tower": SignalLevel()}).play(1.1)
    stage.show("tower", SignalLevel(1))
    stage.play(3.0)
    assert spans(stage, "tower", "green") == [(0.0, 1.1), (2.6, 0.25)]


def test_lamps_are_in_phase_whenever_and_with_whatever_they_began() -> None:
    stage = Stage({"one": ("lamp",), "two": ("lamp",), "three": ("rgb",)})
    stage.begin({"one": SignalLevel(3)}).play(1.3)
    stage.begin({"two": SignalLevel(0, CRITICAL)}).play(0.9)
    stage.begin({"three": SignalLevel(12, WARNING)}).play(30.0)
    instants = {round(at % 0.5, 6) for at, _name, lamps in stage.changes if "off" not in lamps.values()}
    assert instants == {0.0}


def test_changes_of_several_outputs_at_one_instant_come_together() -> None:
    stage = Stage({"one": ("lamp",), "two": ("rgb",)})
    stage.begin({"one": SignalLevel(1, CRITICAL), "two": SignalLevel(1, CRITICAL)})
    assert stage.scheduler.advance(EPOCH) == [("one", {"lamp": "#ffb000"}), ("two", {"rgb": "#ff0000"})]


def test_ten_minutes_of_flashing_end_without_drift() -> None:
    stage = Stage(LAMP, now=EPOCH + 0.3).begin({"lamp": SignalLevel(3)}).play(600.0)
    begin, expected = EPOCH + 0.5, []
    for cycle in range(200):
        for flash in range(3):
            lit_at = begin + cycle * 3.0 + flash * 0.5
            expected += [(lit_at, "lamp", {"lamp": "#ffb000"}), (lit_at + 0.25, "lamp", {"lamp": "off"})]
    assert [change for change in stage.changes if change[0] < begin + 600.0 - 0.2] == expected


def test_a_beat_that_no_float_is_equal_to_does_not_drift_either() -> None:
    options = PatternOptions(on_s=0.3, off_s=0.3)
    stage = Stage(LAMP, options).begin({"lamp": SignalLevel(1, CRITICAL)}).play(600.0)
    starts = [at for at, _name, lamps in stage.changes if lamps["lamp"] != "off"]
    assert starts == [beat * 0.6 for beat in range(3_000_000_000, 3_000_000_000 + 1001)]


def test_a_late_wake_up_within_the_tolerance_keeps_the_beat() -> None:
    stage = lamp_with(SignalLevel(2)).play(0.3)
    stage.advance(EPOCH + 0.6)
    stage.play(1.0)
    assert spans(stage) == [(0.0, 0.25), (0.6, 0.15)]
    assert stage.scheduler.stumbles == 0


def test_a_count_that_was_held_up_is_not_made_up_for_but_begun_anew() -> None:
    stage = lamp_with(SignalLevel(3)).play(0.3)
    stage.advance(EPOCH + 0.9)
    assert stage.scheduler.stumbles == 1
    assert spans(stage.play(4.9)) == [(0.0, 0.25), (3.5, 0.25), (4.0, 0.25), (4.5, 0.25)]


def test_a_lamp_that_is_lit_when_held_up_stays_lit_until_it_begins_anew() -> None:
    stage = lamp_with(SignalLevel(1)).play(0.0)
    stage.advance(EPOCH + 1.1)
    assert spans(stage.play(3.0)) == [(0.0, 2.5), (4.0, math.inf)]


def test_the_newest_level_is_shown_after_a_hold_up() -> None:
    stage = lamp_with(SignalLevel(3)).play(0.3)
    stage.advance(EPOCH + 0.9)
    stage.show("lamp", SignalLevel(1, CRITICAL))
    assert spans(stage.play(1.9)) == [(0.0, 0.25), (2.0, 0.25), (2.5, 0.25)]


@pytest.mark.parametrize("step", [-3600.0, 3600.0])
def test_a_step_of_the_clock_makes_every_flashing_lamp_begin_anew(step: float) -> None:
    stage = Stage({"count": ("lamp",), "idle": ("lamp",)})
    stage.begin({"count": SignalLevel(1), "idle": SignalLevel()}).play(0.3)
    stage.step_clock(step)
    stage.advance(stage.now)
    assert stage.scheduler.stumbles == 1
    assert lit_spans(stage.history("count"), "lamp") == [(0.0, 0.25)]
    stage.play(3.0)
    assert lit_spans(stage.history("count"), "lamp") == [(0.0, 0.25), (3.0, 0.25)]
    assert stage.history("idle") == []


def test_a_small_step_back_is_waited_out() -> None:
    stage = lamp_with(SignalLevel(2)).play(0.3)
    stage.advance(EPOCH + 0.25)
    assert stage.scheduler.stumbles == 0
    assert spans(stage.play(1.0)) == [(0.0, 0.25), (0.5, 0.25)]


def test_an_output_that_was_opened_again_shows_its_level_from_the_next_beat() -> None:
    stage = lamp_with(SignalLevel(2)).play(0.1)
    stage.show("lamp", SignalLevel(1))
    stage.scheduler.begin("lamp", stage.now)
    assert stage.scheduler.lamps("lamp") == {"lamp": "off"}
    stage.changes.clear()
    assert spans(stage.play(2.0)) == [(0.5, 0.25)]


def test_an_output_that_was_opened_again_after_a_step_of_the_clock_waits_as_all_do() -> None:
    """Else its first flash could come right after the last one of before, whose beats lay elsewhere."""
    stage = lamp_with(SignalLevel(1, CRITICAL)).play(1.1)
    stage.step_clock(-3600.05)
    stage.advance(stage.now)
    stage.reopen("lamp")
    stage.play(3.0)
    assert [at for at, _length in spans(stage)] == [0.0, 0.5, 1.0, 2.55, 3.05, 3.55, 4.05]


def test_what_was_settled_waits_too_after_a_step_of_the_clock() -> None:
    """The others have just flashed on beats that lay elsewhere."""
    stage = Stage({"flashing": ("lamp",), "settled": ("rgb",)})
    stage.begin({"flashing": SignalLevel(1, CRITICAL), "settled": SignalLevel(0, WARNING)}).play(1.1)
    stage.step_clock(-3600.05)
    stage.advance(stage.now)
    stage.show("settled", SignalLevel(1, CRITICAL))
    stage.play(2.0)
    histories = [[(at, lamps) for at, who, lamps in stage.changes if who == name] for name in stage.names]
    assert [round(at - EPOCH, 3) for at in flash_starts(histories)] == [0.0, 0.5, 1.0, 2.55, 3.05]


def buzz(*levels: tuple[float, SignalLevel]) -> list[tuple[float, float]]:
    stage = Stage({"buzzer": Kind.BUZZER.lamps})
    stage.scheduler.begin("buzzer", EPOCH)
    for at, level in levels:
        stage.play(EPOCH + at - stage.now)
        stage.show("buzzer", level)
    return spans(stage.play(30.0), "buzzer", "buzzer")


def test_a_buzzer_beeps_once_when_the_severity_rises() -> None:
    assert buzz((0.1, SignalLevel(1)), (1.1, SignalLevel(5, WARNING)), (5.1, SignalLevel(6, WARNING))) == [
        (1.1, 0.25),
        (1.6, 0.25),
    ]


def test_a_buzzer_does_not_beep_at_the_start_while_nothing_is_known() -> None:
    assert buzz((0.1, SignalLevel(stale=True)), (2.1, SignalLevel(3)), (4.1, SignalLevel(2))) == []


def test_a_buzzer_beeps_when_the_first_thing_known_is_bad() -> None:
    assert buzz((0.1, SignalLevel(9, CRITICAL))) == [(0.1, 0.25), (0.6, 0.25), (1.1, 0.25)]


def test_a_buzzer_is_broken_off_by_something_worse() -> None:
    assert buzz((0.1, SignalLevel(1, WARNING)), (0.6, SignalLevel(1, CRITICAL))) == [
        (0.1, 0.25),
        (0.6, 0.25),
        (1.1, 0.25),
        (1.6, 0.25),
    ]


def test_a_buzzer_gives_one_long_beep_for_a_lost_feed_and_none_when_it_is_back_as_it_was() -> None:
    bad = SignalLevel(4, CRITICAL)
    held = SignalLevel(4, CRITICAL, stale=True)
    assert buzz((0.1, bad), (5.1, held), (9.1, bad))[3:] == [(5.1, 0.75)]


def test_a_buzzer_beeps_if_it_got_worse_while_the_feed_was_lost() -> None:
    lost, worse = SignalLevel(stale=True), SignalLevel(4, CRITICAL, stale=True)
    levels = (0.1, SignalLevel()), (2.1, lost), (4.1, worse), (8.1, SignalLevel(4, CRITICAL))
    assert buzz(*levels) == [(2.1, 0.75), (8.1, 0.25), (8.6, 0.25), (9.1, 0.25)]


@pytest.mark.parametrize("method", ["show", "begin", "lamps"])
def test_an_unknown_output_is_an_error(method: str) -> None:
    scheduler = LampScheduler(LAMP, PatternOptions())
    arguments = {"show": ("x", SignalLevel(), EPOCH), "begin": ("x", EPOCH), "lamps": ("x",)}
    with pytest.raises(KeyError):
        getattr(scheduler, method)(*arguments[method])
