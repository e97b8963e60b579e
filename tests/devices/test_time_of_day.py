"""Lamps that keep to the time of day, and levels that are shown for a least time."""

import asyncio
import logging
import math
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.engine import LampEngine
from devices.kinds import Kind
from devices.lamp_test import turns_of
from devices.patterns import Edge, Pattern, PatternOptions, Rhythm
from devices.recording import RecordingOutput
from queue_alert.core.effects import Severity, SignalLevel
from tests.devices.helpers import EPOCH, LoopClock, Stage, lit_spans, setup_of, shown_since

WARNING, CRITICAL = Severity.WARNING, Severity.CRITICAL
LAMP = {"lamp": Kind.LAMP.lamps}
BUZZER = {"buzzer": Kind.BUZZER.lamps}
RGB = {"rgb": Kind.RGB.lamps}
TOWER = {"tower": Kind.TOWER.lamps}
UTC_ZONE = ZoneInfo("UTC")
"""Kept, because an engine that a test makes on its loop may not read a file there."""

# EPOCH is 08:00:00 UTC.


def spans(stage: Stage, output: str = "lamp", lamp: str = "lamp") -> list[tuple[float, float]]:
    return lit_spans(stage.history(output), lamp)


# ---- quiet hours


def buzz(quiet: str, *levels: tuple[float, SignalLevel]) -> list[tuple[float, float]]:
    stage = Stage(BUZZER, PatternOptions(quiet_hours=(quiet,)))
    stage.scheduler.begin("buzzer", EPOCH)
    for instant, level in levels:
        stage.play(EPOCH + instant - stage.now)
        stage.show("buzzer", level)
    return spans(stage.play(30.0), "buzzer", "buzzer")


def test_a_buzzer_is_silent_in_quiet_hours_whatever_happens() -> None:
    bad, lost = SignalLevel(4, CRITICAL), SignalLevel(4, CRITICAL, stale=True)
    assert buzz("08:00-08:01", (0.1, SignalLevel()), (2.1, bad), (9.1, lost)) == []


def test_what_got_worse_in_quiet_hours_is_not_made_up_for_afterwards() -> None:
    held = SignalLevel(4, WARNING)
    assert buzz(
        "07:00-08:01", (0.1, SignalLevel()), (2.1, held), (61.0, held), (65.0, SignalLevel(4, CRITICAL))
    ) == [(65.0, 0.25), (65.5, 0.25), (66.0, 0.25)]


def test_beeps_that_would_reach_into_quiet_hours_are_left_out() -> None:
    assert buzz("08:01-09:00", (0.1, SignalLevel()), (59.0, SignalLevel(4, CRITICAL))) == []
    assert len(buzz("08:01-09:00", (0.1, SignalLevel()), (58.0, SignalLevel(4, CRITICAL)))) == 3


def test_lamps_do_not_mind_quiet_hours() -> None:
    stage = Stage(LAMP, PatternOptions(quiet_hours=("00:00-24:00",))).begin({"lamp": SignalLevel(1)})
    assert spans(stage.play(1.0)) == [(0.0, 0.25)]


# ---- brightness


def test_a_colour_is_dimmed_by_the_time_of_day_from_its_next_flash_on() -> None:
    stage = Stage(RGB, PatternOptions(brightness={"08:01-09:00": 50}))
    stage.begin({"rgb": SignalLevel(1, CRITICAL)}).play(60.6)
    lit = {round(at - EPOCH, 3): lamps["rgb"] for at, _name, lamps in stage.changes if lamps["rgb"] != "off"}
    assert lit[59.5] == "#ff0000"
    assert (lit[60.0], lit[60.5]) == ("#800000", "#800000")


def test_a_light_that_rests_lit_is_dimmed_too() -> None:
    stage = Stage(RGB, PatternOptions(brightness={"07:00-08:01": 10})).begin({"rgb": SignalLevel(5)})
    stage.play(0.1)
    stage.show("rgb", SignalLevel(2, WARNING))
    stage.play(0.5)
    assert stage.history("rgb")[-1] == (0.5, {"rgb": "#1a1200"})


def test_a_steady_light_is_dimmed_within_the_minute_in_which_the_span_begins() -> None:
    options = PatternOptions(brightness={"08:02-08:04": 50})
    stage = Stage(RGB, options).begin({"rgb": SignalLevel(0, WARNING)}).play(600.0)
    assert stage.history("rgb") == [
        (0.0, {"rgb": "#ffb000"}),
        (120.0, {"rgb": "#805800"}),
        (240.0, {"rgb": "#ffb000"}),
    ]
    assert stage.scheduler.next_deadline() == EPOCH + 660.0
    stage.show("rgb", SignalLevel(0, WARNING))
    stage.show("rgb", SignalLevel(1, CRITICAL))
    assert stage.play(0.0).history("rgb")[-1] == (600.0, {"rgb": "#ff0000"})


def test_lamps_of_one_colour_are_not_dimmed() -> None:
    options = PatternOptions(brightness={"00:00-24:00": 5})
    stage = Stage({**LAMP, **TOWER}, options).begin({"lamp": SignalLevel(1), "tower": SignalLevel(1)})
    stage.play(0.0)
    assert stage.changes == [
        (EPOCH, "lamp", {"lamp": "#ffb000"}),
        (EPOCH, "tower", {"red": "off", "yellow": "off", "green": "#00c000"}),
    ]


# ---- a least time


def held(*levels: tuple[float, SignalLevel], min_on_s: float = 3.0, seconds: float = 8.0) -> Stage:
    stage = Stage(LAMP, PatternOptions(min_on_s=min_on_s))
    stage.scheduler.show("lamp", SignalLevel(), EPOCH)
    stage.scheduler.begin("lamp", EPOCH)
    for instant, level in levels:
        stage.play(EPOCH + instant - stage.now)
        stage.show("lamp", level)
    return stage.play(EPOCH + seconds - stage.now)


def test_an_alarm_that_is_over_at_once_is_shown_for_the_least_time() -> None:
    stage = held((2.0, SignalLevel(1, CRITICAL)), (2.1, SignalLevel()))
    assert spans(stage) == [(2.0 + beat * 0.5, 0.25) for beat in range(6)]
    assert spans(held((2.0, SignalLevel(1, CRITICAL)), (2.1, SignalLevel()), min_on_s=0.0)) == [(2.0, 0.25)]


def test_a_steady_lamp_is_shown_for_the_least_time_unless_it_comes_back() -> None:
    lit = SignalLevel(0, WARNING)
    assert spans(held((2.0, lit), (2.2, SignalLevel()))) == [(2.0, 3.0)]
    assert spans(held((2.0, lit), (2.2, SignalLevel()), (2.4, lit))) == [(2.0, math.inf)]
    assert spans(held((2.0, lit), (6.2, SignalLevel()))) == [(2.0, 4.2)]


def test_a_number_that_falls_waits_and_one_that_rises_does_not() -> None:
    falling = held((2.0, SignalLevel(2)), (2.1, SignalLevel(1)), min_on_s=3.0, seconds=9.6)
    assert [start for start, _ in spans(falling)] == [2.0, 2.5, 4.5, 5.0, 7.0, 9.0]
    rising = held((2.0, SignalLevel(1)), (2.1, SignalLevel(2)), min_on_s=30.0, seconds=6.4)
    assert [start for start, _ in spans(rising)] == [2.0, 4.0, 4.5]


def test_what_is_worse_never_waits() -> None:
    worse = held((2.0, SignalLevel(1)), (2.1, SignalLevel(1, CRITICAL)), min_on_s=30.0, seconds=3.1)
    assert [start for start, _ in spans(worse)] == [2.0, 2.5, 3.0]
    lost = held((2.0, SignalLevel(1)), (2.1, SignalLevel(1, stale=True)), min_on_s=30.0, seconds=4.4)
    assert spans(lost) == [(2.0, 0.25), (2.5, 1.0)]


def test_stale_is_shown_for_the_least_time_but_for_what_is_critical() -> None:
    lost = SignalLevel(1, CRITICAL, stale=True)
    back = held((2.0, lost), (2.6, SignalLevel()), seconds=12.0)
    assert spans(back) == [(2.0, 1.0), (4.0, 1.0)]
    bad = held((2.0, lost), (2.6, SignalLevel(1, CRITICAL)), seconds=3.6)
    assert spans(bad) == [(2.0, 1.25), (3.5, math.inf)]


def test_a_clock_that_is_stepped_back_does_not_hold_a_level_longer() -> None:
    stage = held((2.0, SignalLevel(0, WARNING)), seconds=2.5)
    stage.step_clock(-3600.0)
    stage.advance(stage.now)
    stage.show("lamp", SignalLevel())
    stage.play(3.5)
    assert stage.scheduler.lamps("lamp") == {"lamp": "off"}


def test_an_output_that_was_opened_again_holds_nothing_that_was_not_seen_on_it() -> None:
    stage = held((2.0, SignalLevel(0, WARNING)), seconds=2.5, min_on_s=60.0)
    stage.show("lamp", SignalLevel())
    stage.scheduler.begin("lamp", stage.now)
    stage.changes.clear()
    assert stage.play(5.0).changes == []


levels = st.builds(SignalLevel, st.integers(0, 5), st.sampled_from(Severity), st.booleans(), st.booleans())


@given(st.lists(st.tuples(st.floats(0.0, 4.0), levels), max_size=12), st.floats(0.0, 10.0))
def test_in_the_end_the_newest_level_is_shown(news: list[tuple[float, SignalLevel]], min_on_s: float) -> None:
    stage = Stage(LAMP, PatternOptions(min_on_s=min_on_s)).begin({"lamp": SignalLevel(1)})
    for pause, level in news:
        stage.play(pause)
        stage.show("lamp", level)
    stage.show("lamp", SignalLevel())
    stage.play(40.0)
    assert stage.scheduler.lamps("lamp") == {"lamp": "off"}
    assert stage.scheduler.next_deadline() is None


# ---- the lamp test


def test_every_lamp_has_a_turn_of_a_second_and_an_rgb_light_one_for_each_colour() -> None:
    assert turns_of(("lamp",), PatternOptions()) == [
        Pattern(
            rhythm=Rhythm.TEST,
            lit={"lamp": "#ffb000"},
            dark={"lamp": "off"},
            edges=(Edge(0, 0.0, is_lit=True), Edge(2, 0.0, is_lit=False)),
            beats=3,
        )
    ]
    assert [turn.lit for turn in turns_of(Kind.TOWER.lamps, PatternOptions())] == [
        {"red": "#ff0000", "yellow": "off", "green": "off"},
        {"red": "off", "yellow": "#ffc000", "green": "off"},
        {"red": "off", "yellow": "off", "green": "#00c000"},
    ]
    assert [turn.lit["rgb"] for turn in turns_of(("rgb",), PatternOptions())] == [
        "#ff0000",
        "#00ff00",
        "#0000ff",
    ]


def at_eight_and_a_minute(
    outputs: dict[str, tuple[str, ...]], levels: dict[str, SignalLevel], **more: tuple[str, ...]
) -> Stage:
    options = PatternOptions(lamp_test_at="08:01", **more)  # type: ignore[arg-type]
    return Stage(outputs, options).begin(levels)


def test_at_its_time_every_lamp_is_lit_in_turn_and_then_the_present_level_is_shown() -> None:
    stage = at_eight_and_a_minute(TOWER, {"tower": SignalLevel()})
    assert stage.scheduler.next_deadline() == EPOCH
    stage.play(58.0)
    assert (stage.changes, stage.scheduler.next_deadline()) == ([], EPOCH + 60.0)
    stage.play(3.0)
    stage.show("tower", SignalLevel(1))
    stage.play(5.0)
    lit = {lamp: spans(stage, "tower", lamp) for lamp in Kind.TOWER.lamps}
    assert lit == {"red": [(60.0, 1.0)], "yellow": [(61.5, 1.0)], "green": [(63.0, 1.0), (66.0, math.inf)]}
    assert stage.scheduler.next_deadline() is not None
    assert (stage.scheduler.tests, stage.scheduler.tests_left_out) == (1, 0)


def test_a_count_is_finished_before_the_test_and_begins_anew_after_a_rest() -> None:
    stage = at_eight_and_a_minute(LAMP, {"lamp": SignalLevel(2)})  # a cycle of 2.5 s, one ends at 60 s
    stage.play(58.0)
    stage.changes.clear()
    assert spans(stage.play(8.0)) == [(60.0, 1.0), (63.0, 0.25), (63.5, 0.25), (65.5, 0.25), (66.0, math.inf)]


def test_it_is_repeated_every_day() -> None:
    stage = at_eight_and_a_minute(LAMP, {"lamp": SignalLevel()}).play(3 * 86_400.0)
    assert spans(stage) == [(60.0 + day * 86_400.0, 1.0) for day in range(3)]


def test_it_is_left_out_while_somebody_waits_at_critical_anywhere() -> None:
    stage = at_eight_and_a_minute(
        {**LAMP, "other": ("lamp",)}, {"lamp": SignalLevel(), "other": SignalLevel(1, CRITICAL)}
    ).play(90.0)
    assert stage.history("lamp") == []
    assert (stage.scheduler.tests, stage.scheduler.tests_left_out) == (0, 1)


@pytest.mark.parametrize("moment", [60.3, 61.2])
def test_something_critical_breaks_it_off_everywhere_at_the_next_beat(moment: float) -> None:
    stage = at_eight_and_a_minute({**TOWER, **LAMP}, {"tower": SignalLevel(), "lamp": SignalLevel(1)})
    stage.play(moment)
    stage.show("lamp", SignalLevel(1, CRITICAL))
    stage.play(5.0)
    lit = {lamp: spans(stage, "tower", lamp) for lamp in Kind.TOWER.lamps}
    assert lit == {"red": [(60.0, min(1.0, math.ceil(moment * 2) / 2 - 60.0))], "yellow": [], "green": []}


def test_a_feed_that_is_lost_breaks_it_off_on_its_own_output() -> None:
    stage = at_eight_and_a_minute({**TOWER, **LAMP}, {"tower": SignalLevel(), "lamp": SignalLevel()})
    stage.play(60.3)
    stage.show("lamp", SignalLevel(stale=True))
    stage.play(3.0)
    assert spans(stage) == [(60.0, 1.5), (62.5, math.inf)]
    assert spans(stage, "tower", "yellow") == [(61.5, 1.0)]


def test_a_buzzer_is_tested_but_not_in_quiet_hours() -> None:
    assert spans(at_eight_and_a_minute(BUZZER, {"buzzer": SignalLevel()}).play(70.0), "buzzer", "buzzer") == [
        (60.0, 1.0)
    ]
    quiet = at_eight_and_a_minute(BUZZER, {"buzzer": SignalLevel()}, quiet_hours=("07:00-09:00",))
    assert quiet.play(70.0).changes == []


def test_an_output_that_is_not_open_is_not_tested() -> None:
    stage = Stage(LAMP)
    assert stage.scheduler.test("lamp", EPOCH) == 0.0
    assert stage.scheduler.next_deadline() is None


def test_a_test_by_hand_says_how_long_it_takes() -> None:
    stage = Stage(TOWER).begin({"tower": SignalLevel()}).play(3.2)
    assert round(stage.scheduler.test("tower", stage.now), 6) == 4.5
    counting = Stage(LAMP).begin({"lamp": SignalLevel(1)}).play(0.3)
    assert round(counting.scheduler.test("lamp", counting.now), 6) == 3.2
    assert spans(counting.play(3.2)) == [(0.0, 0.25), (2.0, 1.0)]
    opened = Stage(LAMP).begin({"lamp": SignalLevel()})
    assert opened.scheduler.test("lamp", EPOCH) == 1.5
    assert spans(opened.play(2.0)) == [(0.0, 1.0)]


def test_a_time_that_a_step_of_the_clock_went_past_is_left_out() -> None:
    stage = at_eight_and_a_minute(LAMP, {"lamp": SignalLevel()}).play(10.0)
    stage.step_clock(3600.0)
    stage.advance(stage.now)
    assert stage.changes == []
    assert stage.scheduler.next_deadline() == EPOCH + 86_460.0


def test_a_time_that_a_step_of_the_clock_brought_back_is_waited_for_again() -> None:
    stage = at_eight_and_a_minute(LAMP, {"lamp": SignalLevel()}).play(70.0)
    stage.step_clock(-60.0)
    stage.advance(stage.now)
    assert stage.scheduler.next_deadline() == EPOCH + 60.0


@pytest.mark.looptime
async def test_the_engine_tests_its_lamps_at_the_sites_time_and_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, logger="devices.engine")
    clock = LoopClock()
    lamp = RecordingOutput(clock, name="lamp")
    options = PatternOptions(lamp_test_at="08:05")
    engine = LampEngine([setup_of("lamp", lamp)], options, clock, lambda *_: None, timezone="UTC")
    engine.show("lamp", SignalLevel())
    task = asyncio.get_running_loop().create_task(engine.run(), name="engine")
    await asyncio.sleep(310)
    engine.show("lamp", SignalLevel(1, CRITICAL))
    await asyncio.sleep(1)
    clock.step(86_400 - 20)
    await asyncio.sleep(20)
    task.cancel()
    await asyncio.wait([task])
    assert lit_spans(shown_since(lamp), "lamp")[:2] == [(300.0, 1.0), (310.0, 0.25)]
    assert [text for text in caplog.messages if text.startswith("lamp_test")] == [
        "lamp_test=begun",
        "lamp_test=left_out reason=somebody waits at critical",
    ]


@pytest.mark.looptime
async def test_the_engine_finds_its_time_though_the_clock_is_stepped_while_it_sleeps() -> None:
    clock = LoopClock()
    lamp = RecordingOutput(clock, name="lamp")
    engine = LampEngine(
        [setup_of("lamp", lamp)], PatternOptions(lamp_test_at="09:00"), clock, lambda *_: None, timezone="UTC"
    )
    engine.show("lamp", SignalLevel())
    task = asyncio.get_running_loop().create_task(engine.run(), name="engine")
    await asyncio.sleep(10)
    clock.step(57 * 60.0)
    await asyncio.sleep(180)
    task.cancel()
    await asyncio.wait([task])
    assert lit_spans(shown_since(lamp), "lamp") == [(3600.0, 1.0)]


@pytest.mark.looptime
async def test_the_engine_tests_a_lamp_by_hand() -> None:
    clock = LoopClock()
    lamp = RecordingOutput(clock, name="lamp")
    engine = LampEngine([setup_of("lamp", lamp)], PatternOptions(), clock, lambda *_: None)
    engine.show("lamp", SignalLevel())
    task = asyncio.get_running_loop().create_task(engine.run(), name="engine")
    await asyncio.sleep(5.2)
    assert round(engine.test("lamp"), 6) == 1.5
    await asyncio.sleep(2)
    task.cancel()
    await asyncio.wait([task])
    assert lit_spans(shown_since(lamp), "lamp") == [(5.2, 1.0)]
