"""The time of day on the site's clock."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.hours import DaySpan, SiteHours, check_hours, dimmed, parse_span, parse_time
from devices.patterns import PatternOptions
from queue_alert.ports import ConfigProblem


def at(text: str) -> float:
    """Return an instant of 2027, ``"10-31 00:30"``, UTC."""
    return datetime.strptime(f"2027-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("08:00-17:30", DaySpan(28_800.0, 63_000.0)),
        ("22:00-06:30", DaySpan(79_200.0, 23_400.0)),
        ("00:00-24:00", DaySpan(0.0, 86_400.0)),
        ("00:00-00:00", None),
        ("24:00-08:00", None),
        ("8:00-17:30", None),
        ("08:00", None),
        ("08:00-17:30-18:00", None),
        ("08:00 - 17:30", None),
        ("", None),
    ],
)
def test_a_span_is_read(text: str, span: DaySpan | None) -> None:
    assert parse_span(text) == span


def test_a_time_of_day_is_read() -> None:
    assert [
        parse_time(text)
        for text in ("00:00", "07:45", "23:59", "24:00", "7:45", "off", "\u0660\u0667:\u0664\u0665")
    ] == [
        0.0,
        27_900.0,
        86_340.0,
        None,
        None,
        None,
        None,
    ]


def test_the_beginning_belongs_to_a_span_and_the_end_does_not() -> None:
    day, night, whole = DaySpan(100.0, 200.0), DaySpan(200.0, 100.0), DaySpan(0.0, 86_400.0)
    times = (0.0, 99.0, 100.0, 199.0, 200.0, 86_399.0)
    assert [day.holds(time) for time in times] == [False, False, True, True, False, False]
    assert [night.holds(time) for time in times] == [True, True, False, False, True, True]
    assert all(whole.holds(time) for time in times)


@given(st.floats(0.0, 86_399.0), st.floats(0.0, 86_400.0), st.floats(0.0, 86_400.0))
def test_two_spans_that_complete_each_other_hold_every_time_once(time: float, one: float, two: float) -> None:
    if one != two:
        assert DaySpan(one, two).holds(time) is not DaySpan(two, one).holds(time)


def test_quiet_hours_go_over_midnight_by_the_sites_clock() -> None:
    hours = SiteHours(PatternOptions(quiet_hours=("22:00-06:30", "12:00-13:00")), "Europe/Berlin")
    moments = ("01-15 20:59", "01-15 21:00", "01-15 23:30", "01-16 05:29", "01-16 05:30", "01-16 11:30")
    assert [hours.is_quiet(at(moment)) for moment in moments] == [False, True, True, True, False, True]


def test_in_the_night_in_which_clocks_go_forward_quiet_hours_end_by_the_new_time() -> None:
    hours = SiteHours(PatternOptions(quiet_hours=("22:00-06:30",)), "Europe/Berlin")
    # 06:30 is 04:30 UTC from the 28th of March on.
    assert [hours.is_quiet(at(f"03-28 {time}")) for time in ("01:30", "04:29", "04:30")] == [
        True,
        True,
        False,
    ]


def test_an_hour_that_comes_twice_is_quiet_twice() -> None:
    hours = SiteHours(PatternOptions(quiet_hours=("02:00-02:30",)), "Europe/Berlin")
    moments = ("10-30 23:59", "10-31 00:00", "10-31 00:30", "10-31 01:00", "10-31 01:30")
    assert [hours.is_quiet(at(moment)) for moment in moments] == [False, True, False, True, False]


def test_the_darkest_of_several_spans_counts_and_outside_all_it_is_full() -> None:
    brightness = {"18:00-08:00": 40, "22:00-06:00": 10}
    hours = SiteHours(PatternOptions(brightness=brightness), "UTC")
    moments = ("01-15 12:00", "01-15 18:00", "01-15 23:00", "01-16 06:00", "01-16 08:00")
    assert [hours.percent(at(moment)) for moment in moments] == [100, 40, 10, 40, 100]
    assert hours.is_dimming


def test_without_options_every_hour_is_the_same_and_no_zone_is_looked_up() -> None:
    hours = SiteHours(PatternOptions(), "Mars/Olympus")
    assert (hours.is_quiet(0.0), hours.percent(0.0), hours.next_test(0.0)) == (False, 100, None)
    assert not hours.is_dimming


def test_the_next_lamp_test_is_today_or_tomorrow_and_once_a_day_when_clocks_change() -> None:
    hours = SiteHours(PatternOptions(lamp_test_at="02:30"), "Europe/Berlin")
    assert hours.next_test(at("01-15 00:00")) == at("01-15 01:30")
    assert hours.next_test(at("01-15 01:30")) == at("01-16 01:30")
    assert hours.next_test(at("03-27 12:00")) == at("03-28 01:00")  # the clock jumps past it
    assert hours.next_test(at("10-30 12:00")) == at("10-31 00:30")  # the first of two
    assert hours.next_test(at("10-31 00:30")) == at("11-01 01:30")


def test_a_dimmed_lamp_has_less_of_each_colour() -> None:
    assert dimmed({"rgb": "#ffb000", "b": "off"}, 30) == {"rgb": "#4c3500", "b": "off"}
    assert dimmed({"rgb": "#ffb000"}, 100) == {"rgb": "#ffb000"}


@given(st.integers(1, 0xFFFFFF), st.integers(1, 100))
def test_what_is_lit_is_never_dimmed_to_black(colour: int, percent: int) -> None:
    shown = dimmed({"rgb": f"#{colour:06x}"}, percent)["rgb"]
    assert 0 < int(shown[1:], 16) <= colour
    assert len(shown) == 7


def test_every_mistake_is_told_with_its_place() -> None:
    options = PatternOptions(
        quiet_hours=("22:00-06:30", "night"),
        brightness={"20:00-07:00": 0, "dusk": 50, "07:00-08:00": 101},
        lamp_test_at="noon",
    )
    span = 'must be a span of local time such as "22:00-06:30", got'
    assert check_hours(options) == [
        ConfigProblem(path="patterns.quiet_hours[1]", message=f'{span} "night"'),
        ConfigProblem(path='patterns.brightness."20:00-07:00"', message="must be 1 to 100 (per cent), got 0"),
        ConfigProblem(path='patterns.brightness."dusk"', message=f'{span} "dusk"'),
        ConfigProblem(
            path='patterns.brightness."07:00-08:00"', message="must be 1 to 100 (per cent), got 101"
        ),
        ConfigProblem(
            path="patterns.lamp_test_at",
            message='must be a time of day such as "07:45", or "off", got "noon"',
        ),
    ]
    assert check_hours(PatternOptions(quiet_hours=("22:00-06:30",), lamp_test_at="07:45")) == []


def test_spans_are_bounded_in_number() -> None:
    options = PatternOptions(
        quiet_hours=("22:00-06:30",) * 25, brightness={f"22:{minute}-23:00": 5 for minute in range(10, 35)}
    )
    assert check_hours(options) == [
        ConfigProblem(path="patterns.quiet_hours", message="must hold at most 24 spans, got 25"),
        ConfigProblem(path="patterns.brightness", message="must hold at most 24 spans, got 25"),
    ]
