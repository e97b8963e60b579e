"""Opening hours: the fields' deadline arithmetic, the clock's changes, and a slow walk that must agree."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from time import perf_counter
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from queue_alert.core.hours import ALWAYS, HORIZON_S, OpeningHours, Spans
from queue_alert.core.units import Instant, Seconds
from queue_alert.core.wall_time import DAY_S, Span, instant_of, parse_span

HOUR_S: Final = 3600.0
LONDON: Final = "Europe/London"


def spans(*texts: str) -> Spans:
    read = [parse_span(text) for text in texts]
    assert None not in read
    return tuple(span for span in read if span is not None)


OFFICE: Final = OpeningHours(name="office", timezone=LONDON, week=(spans("09:00-17:00"),) * 5 + ((), ()))
NIGHT: Final = OpeningHours(name="night", timezone=LONDON, week=(spans("22:00-06:00"),) * 7)
ROUND_THE_CLOCK: Final = OpeningHours(name="24x7", timezone=LONDON, week=ALWAYS.week)
CHRISTMAS: Final = OpeningHours(
    name="christmas",
    timezone=LONDON,
    week=OFFICE.week,
    holidays=frozenset({date(2026, 12, 25), date(2026, 12, 28)}),
)


def on_the_wall(text: str, timezone: str = LONDON) -> Instant:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(timezone)).timestamp()


def utc(text: str) -> Instant:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("hours", "start", "span_h", "due"),
    [
        (OFFICE, "2026-01-09T16:00", 2, "2026-01-12T10:00"),
        (OFFICE, "2026-01-09T16:00", 1, "2026-01-09T17:00"),
        (OFFICE, "2026-01-10T12:00", 2, "2026-01-12T11:00"),
        (CHRISTMAS, "2026-12-24T16:00", 2, "2026-12-29T10:00"),
        (OFFICE, "2026-03-27T16:00", 2, "2026-03-30T10:00"),
        (ROUND_THE_CLOCK, "2026-03-28T23:00", 24, "2026-03-30T00:00"),
        (ROUND_THE_CLOCK, "2026-10-24T23:00", 24, "2026-10-25T22:00"),
        (NIGHT, "2026-03-28T22:00", 7, "2026-03-29T06:00"),
        (NIGHT, "2026-10-24T22:00", 9, "2026-10-25T06:00"),
    ],
)
def test_deadlines_are_those_of_the_reference(
    hours: OpeningHours, start: str, span_h: float, due: str
) -> None:
    begin, end = on_the_wall(start), on_the_wall(due)
    assert hours.deadline(begin, span_h * HOUR_S) == end
    assert hours.open_time_between(begin, end) == span_h * HOUR_S


def test_a_time_that_does_not_exist_is_the_transition() -> None:
    zone = "Australia/Lord_Howe"
    transition = utc("2026-10-03T15:30")
    assert transition == on_the_wall("2026-10-04T02:30", zone)
    for time_s in (2 * HOUR_S, 2.25 * HOUR_S, 2.5 * HOUR_S):
        assert instant_of(ZoneInfo(zone), date(2026, 10, 4), time_s) == transition
    hours = OpeningHours(name="early", timezone=zone, week=(spans("02:15-05:00"),) * 7)
    assert hours.next_change(on_the_wall("2026-10-04T01:00", zone)) == transition
    assert hours.deadline(on_the_wall("2026-10-04T01:00", zone), HOUR_S) == transition + HOUR_S


def test_a_span_that_the_clock_jumps_over_is_left_out() -> None:
    hours = OpeningHours(name="gap", timezone=LONDON, week=(spans("01:00-02:00"),) * 7)
    assert hours.open_time_between(on_the_wall("2026-03-29T00:00"), on_the_wall("2026-03-30T00:00")) == 0
    assert not hours.is_open(on_the_wall("2026-03-29T02:00"))
    assert hours.next_change(on_the_wall("2026-03-28T12:00")) == on_the_wall("2026-03-30T01:00")


def test_a_time_that_comes_twice_is_the_first_of_the_two() -> None:
    first = utc("2026-10-25T00:30")
    assert instant_of(ZoneInfo(LONDON), date(2026, 10, 25), 1.5 * HOUR_S) == first
    late = OpeningHours(name="late", timezone=LONDON, week=(spans("22:00-01:30"),) * 7)
    early = OpeningHours(name="early", timezone=LONDON, week=(spans("01:30-06:00"),) * 7)
    evening = on_the_wall("2026-10-24T22:00")
    assert late.next_change(evening) == first == evening + 3.5 * HOUR_S
    assert early.next_change(evening) == first
    assert [hours.is_open(first + HOUR_S) for hours in (late, early)] == [False, True]


def test_a_day_that_a_country_left_out_has_no_open_time() -> None:
    apia = "Pacific/Apia"
    hours = OpeningHours(name="apia", timezone=apia, week=(spans("09:00-17:00"),) * 7)
    thursday = on_the_wall("2011-12-29T16:00", apia)
    assert hours.deadline(thursday, 2 * HOUR_S) == on_the_wall("2011-12-31T10:00", apia)
    round_the_clock = OpeningHours(name="24x7", timezone=apia, week=ALWAYS.week)
    assert round_the_clock.deadline(thursday, DAY_S) == thursday + DAY_S
    assert round_the_clock.next_change(thursday) is None


def test_what_opens_in_the_hour_before_the_clock_goes_back_over_midnight_is_open_at_once() -> None:
    # In St John's the clock went from 00:01 back to 23:01 of the day before.
    zone = "America/St_Johns"
    hours = OpeningHours(name="sunday", timezone=zone, week=((),) * 6 + (spans("00:00-02:00"),))
    sunday = on_the_wall("2010-11-07T00:00", zone)
    assert hours.next_change(sunday - HOUR_S) == sunday
    assert [hours.is_open(sunday + minutes * 60) for minutes in (-1, 0, 2, 61, 179, 180)] == [
        *(False, True, True, True, True, False)
    ]
    assert hours.open_time_between(sunday - HOUR_S, sunday + 600) == 600


def test_the_opening_instant_is_open_and_the_closing_one_is_not() -> None:
    opens, closes = on_the_wall("2026-01-12T09:00"), on_the_wall("2026-01-12T17:00")
    asked = (opens - 0.001, opens, closes - 0.001, closes)
    assert [OFFICE.is_open(at) for at in asked] == [False, True, True, False]
    tomorrow = on_the_wall("2026-01-13T09:00")
    assert [OFFICE.next_change(at) for at in asked] == [opens, closes, closes, tomorrow]


def test_a_night_belongs_to_the_day_it_begins_on() -> None:
    hours = OpeningHours(
        name="night", timezone=LONDON, week=NIGHT.week, holidays=frozenset({date(2026, 12, 25)})
    )
    morning = on_the_wall("2026-12-25T05:00")
    assert hours.is_open(morning)
    assert hours.next_change(morning) == on_the_wall("2026-12-25T06:00")
    assert hours.deadline(morning, 2 * HOUR_S) == on_the_wall("2026-12-26T23:00")


def test_an_exception_counts_before_the_week_and_the_holidays() -> None:
    hours = OpeningHours(
        name="christmas",
        timezone=LONDON,
        week=OFFICE.week,
        holidays=CHRISTMAS.holidays,
        exceptions={
            date(2026, 12, 24): spans("09:00-12:00"),
            date(2026, 12, 26): spans("10:00-11:00"),
            date(2026, 12, 28): spans("13:00-14:00"),
            date(2026, 12, 29): (),
        },
    )
    opens = [
        (on_the_wall(f"2026-12-{begin}:00"), on_the_wall(f"2026-12-{end}:00"))
        for begin, end in (("24T09", "24T12"), ("26T10", "26T11"), ("28T13", "28T14"), ("30T09", "30T17"))
    ]
    assert list(hours._runs(on_the_wall("2026-12-24T00:00"), on_the_wall("2026-12-31T00:00"))) == opens


def test_spans_that_meet_are_one() -> None:
    hours = OpeningHours(
        name="shifts",
        timezone=LONDON,
        week=(spans("00:00-06:00", "06:00-22:00", "22:00-24:00"),) * 5 + ((), ()),
    )
    assert hours.next_change(on_the_wall("2026-01-12T03:00")) == on_the_wall("2026-01-17T00:00")


def test_always_is_open_and_stays_so() -> None:
    at = utc("2026-01-09T12:00")
    assert ALWAYS.is_open(at)
    assert ALWAYS.next_change(at) is None
    century_s = 100 * 366 * DAY_S
    assert ALWAYS.deadline(at, century_s) == at + century_s
    assert ALWAYS.open_time_between(at, at + 1.5) == 1.5


@pytest.mark.parametrize(
    "week",
    [
        (spans("00:00-24:00"),) * 7,
        (spans("06:00-22:00", "22:00-06:00"),) * 7,
        (
            spans("12:00-11:59"),
            spans("11:59-24:00"),
            *((spans("00:00-12:00", "12:00-24:00"),) * 4),
            spans("00:00-13:00", "13:00-12:00"),
        ),
    ],
)
def test_a_week_without_a_gap_never_changes_after_the_last_holiday(week: tuple[Spans, ...]) -> None:
    hours = OpeningHours(name="shifts", timezone=LONDON, week=week, holidays=frozenset({date(2026, 12, 25)}))
    christmas, boxing_day = on_the_wall("2026-12-25T12:00"), on_the_wall("2026-12-27T00:00")
    before = hours.next_change(on_the_wall("2026-12-01T00:00"))
    assert before is not None
    assert on_the_wall("2026-12-25T00:00") <= before <= christmas
    after = hours.next_change(before)
    assert after is not None
    assert before < after <= boxing_day
    for day in range(1, 25):  # however far ahead it is
        start = on_the_wall(f"2026-12-{day:02}T00:00")
        assert hours.next_change(start) == before
        assert hours.deadline(start, before - start + 60.0) == after + 60.0
    assert hours.next_change(after) is None
    later = on_the_wall("2030-01-01T00:00")
    assert hours.next_change(later) is None
    assert hours.deadline(later, 2 * HORIZON_S) == later + 2 * HORIZON_S


def test_open_time_ends_where_it_is_asked_for_though_the_week_after_has_no_gap() -> None:
    hours = OpeningHours(
        name="24x7", timezone=LONDON, week=ALWAYS.week, holidays=frozenset({date(2026, 10, 29)})
    )
    start = on_the_wall("2026-10-21T00:00")
    for hours_later in range(24, 13 * 24):
        end = start + hours_later * HOUR_S
        holiday_s = hours.open_time_between(start, end) - (end - start)
        assert holiday_s == -min(max(end - on_the_wall("2026-10-29T00:00"), 0.0), DAY_S)


def test_a_minutes_gap_a_week_is_found() -> None:
    hours = OpeningHours(
        name="gap", timezone=LONDON, week=(*(spans("00:00-24:00"),) * 6, spans("00:00-23:59"))
    )
    assert hours.next_change(on_the_wall("2026-01-12T00:00")) == on_the_wall("2026-01-18T23:59")
    other = OpeningHours(name="gap", timezone=LONDON, week=(spans("00:01-24:00"),) * 7)
    assert other.next_change(on_the_wall("2026-01-12T12:00")) == on_the_wall("2026-01-13T00:00")


def test_what_never_opens_has_no_change_and_no_deadline() -> None:
    closed = OpeningHours(name="closed", exceptions={date(2026, 1, 9): spans("12:00-13:00")})
    at = utc("2026-01-09T12:30")
    assert closed.next_change(at) == utc("2026-01-09T13:00")
    assert closed.deadline(at, 1800.0) == utc("2026-01-09T13:00")
    assert closed.deadline(at, 1800.5) is None
    assert closed.next_change(utc("2026-01-09T13:00")) is None
    assert closed.open_time_between(at, utc("2027-01-09T12:30")) == 1800.0
    assert closed.deadline(at, 0.0) == at


def test_more_than_ten_years_are_not_looked_ahead() -> None:
    at = utc("2026-01-09T00:00")
    far = OpeningHours(name="far", exceptions={date(2040, 1, 1): spans("12:00-13:00")})
    assert far.next_change(at) is None
    assert far.deadline(at, 1.0) is None
    hour_a_week = OpeningHours(name="hour", week=(spans("12:00-13:00"), *((),) * 6))
    assert hour_a_week.deadline(at, 500 * HOUR_S) is not None
    assert hour_a_week.deadline(at, 600 * HOUR_S) is None
    holiday = OpeningHours(name="far", week=ALWAYS.week, holidays=frozenset({date(2040, 1, 1)}))
    assert holiday.next_change(at) is None
    assert holiday.deadline(at, HORIZON_S) == at + HORIZON_S
    assert holiday.deadline(at, HORIZON_S + 1) is None


def test_a_span_of_less_than_nothing_is_refused() -> None:
    for span_s in (-1.0, float("nan")):
        with pytest.raises(ValueError, match="a span of open time is 0 s or more"):
            OFFICE.deadline(0.0, span_s)


def test_time_between_ends_in_the_wrong_order_is_none() -> None:
    at = on_the_wall("2026-01-12T12:00")
    assert OFFICE.open_time_between(at, at) == OFFICE.open_time_between(at, at - HOUR_S) == 0.0


def test_what_would_be_read_wrongly_is_refused() -> None:
    with pytest.raises(ValueError, match="a week has 7 days, got 5"):
        OpeningHours(name="x", week=((),) * 5)
    with pytest.raises(ZoneInfoNotFoundError):
        OpeningHours(name="x", timezone="Europe/Londn")
    overlapping = spans("09:00-12:30", "12:00-17:00")
    message = "spans of a day overlap or are not in order: 09:00-12:30 and 12:00-17:00"
    with pytest.raises(ValueError, match=message):
        OpeningHours(name="x", week=(overlapping, *((),) * 6))
    with pytest.raises(ValueError, match="not in order"):
        OpeningHours(name="x", exceptions={date(2026, 1, 1): spans("13:00-17:00", "09:00-12:00")})
    for begin_s, end_s in ((-1.0, 5.0), (DAY_S, DAY_S + 1), (5.0, 5.0), (5.0, 4.0), (0.0, DAY_S + 1)):
        with pytest.raises(ValueError, match="no span of a day"):
            Span(begin_s, end_s)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("09:00-17:00", Span(9 * HOUR_S, 17 * HOUR_S)),
        ("09:00-24:00", Span(9 * HOUR_S, DAY_S)),
        ("00:00-24:00", Span(0.0, DAY_S)),
        ("22:00-06:30", Span(22 * HOUR_S, 30.5 * HOUR_S)),
        ("22:00-00:00", Span(22 * HOUR_S, DAY_S)),
    ],
)
def test_spans_are_read_as_people_write_them(text: str, span: Span) -> None:
    assert parse_span(text) == span
    assert str(span) == text.replace("-00:00", "-24:00")


@pytest.mark.parametrize(
    "text",
    [
        *("", "-", "09:00", "09:00-", "9:00-17:00", "09:00-17:00 ", "09:00 - 17:00", "24:00-06:00"),
        *("09:00-25:00", "09:60-17:00", "09:00-09:00", "09:00-17:00-18:00", "\u0660\u0669:00-17:00"),
    ],
)
def test_what_is_no_span_is_none(text: str) -> None:
    assert parse_span(text) is None


# Where the clock was or will be put forward or back, a day was left out, or nothing ever happens.
CHANGES: Final = {
    "Europe/London": ("2026-03-29", "2026-10-25"),
    "America/New_York": ("2026-03-08", "2026-11-01"),
    "Australia/Lord_Howe": ("2026-04-05", "2026-10-04"),
    "Asia/Kolkata": ("2026-06-15",),
    "Pacific/Apia": ("2011-12-30", "2012-04-01", "2020-09-27"),
    "America/Sao_Paulo": ("2018-02-18", "2018-11-04"),
    "America/St_Johns": ("2010-03-14", "2010-11-07"),
}
WINDOW_DAYS: Final = 9


def gap_free_minutes(low: int, high: int) -> st.SearchStrategy[list[int]]:
    return st.lists(st.integers(low, high), min_size=2, max_size=6, unique=True).map(sorted)


@st.composite
def days_spans(draw: st.DrawFn) -> Spans:
    """Up to three spans that may meet, the last perhaps over midnight; often at the hours of the changes."""
    minutes = draw(
        st.one_of(
            gap_free_minutes(0, 1440 + 720),
            st.lists(st.sampled_from(range(0, 1440 + 720, 30)), max_size=6, unique=True).map(sorted),
            st.just([0, 1440]),
            st.just([]),
        )
    )
    pairs = zip(minutes[::2], minutes[1::2], strict=False)
    return tuple(
        Span(begin * 60.0, end * 60.0) for begin, end in pairs if begin < 1440 and end <= begin + 1440
    )


@st.composite
def situations(draw: st.DrawFn) -> tuple[OpeningHours, Instant]:
    """Hours, and an instant a few days before the clock is changed."""
    timezone = draw(st.sampled_from(sorted(CHANGES)))
    change = date.fromisoformat(draw(st.sampled_from(CHANGES[timezone])))
    near = st.integers(-4, 4).map(lambda days: change + timedelta(days=days))
    same = draw(st.booleans())
    week = (draw(days_spans()),) * 7 if same else tuple(draw(days_spans()) for _day in range(7))
    hours = OpeningHours(
        name="drawn",
        timezone=timezone,
        week=week,
        holidays=draw(st.frozensets(near, max_size=2)),
        exceptions=draw(st.dictionaries(near, days_spans(), max_size=2)),
    )
    return hours, first_minute(change) + 60.0 * draw(st.integers(0, 1440))


def first_minute(change: date) -> Instant:
    """Return where the walk around a change of the clock begins: four days before, as UTC has it."""
    return datetime(change.year, change.month, change.day, tzinfo=UTC).timestamp() - 4 * DAY_S


@cache
def first_showing(timezone: str, change: date) -> dict[datetime, int]:
    """Walk minute by minute; return for each wall minute when the clock first showed or had passed it.

    Returns:
        Minutes after :func:`first_minute`, from three days before it.
    """
    zone, seen = ZoneInfo(timezone), dict[datetime, int]()
    start, highest = first_minute(change), None
    for minute in range(-3 * 1440, (WINDOW_DAYS + 4) * 1440):
        shown = datetime.fromtimestamp(start + 60.0 * minute, zone).replace(tzinfo=None)
        passed = shown if highest is None else highest + timedelta(minutes=1)
        while passed <= shown:
            seen[passed] = minute
            highest = passed
            passed += timedelta(minutes=1)
    return seen


def open_minutes(hours: OpeningHours, start: Instant, minutes: int) -> list[bool]:
    """Say for each minute from ``start`` whether it is open, by walking the wall's clock."""
    changes = [date.fromisoformat(text) for text in CHANGES[hours.timezone]]
    change = next(day for day in changes if 0 <= start - first_minute(day) <= DAY_S)
    showing, offset = first_showing(hours.timezone, change), round((start - first_minute(change)) / 60)
    is_open = [False] * minutes
    for number in range(-6, WINDOW_DAYS - 2):
        day = change + timedelta(days=number)
        midnight = datetime.combine(day, time())
        if day in hours.exceptions:
            spans_of_day = hours.exceptions[day]
        else:
            spans_of_day = () if day in hours.holidays else hours.week[day.weekday()]
        for span in spans_of_day:
            begin, end = (
                showing[midnight + timedelta(seconds=time_s)] - offset
                for time_s in (span.begin_s, span.end_s)
            )
            for minute in range(max(begin, 0), min(end, minutes)):
                is_open[minute] = True
    return is_open


@given(situations())
def test_a_walk_minute_by_minute_agrees_on_everything(situation: tuple[OpeningHours, Instant]) -> None:
    hours, start = situation
    minutes = WINDOW_DAYS * 1440
    truth = open_minutes(hours, start, minutes)
    # Not every minute: is_open is asked at each change, at its neighbours and now and then between.
    changes = [at for at in range(1, minutes) if truth[at] != truth[at - 1]]
    asked = sorted({0, *range(0, minutes, 97), *changes, *(at - 1 for at in changes)})
    assert [hours.is_open(start + 60.0 * at) for at in asked] == [truth[at] for at in asked]
    at, told = start, []
    while (following := hours.next_change(at)) is not None and following < start + 60.0 * minutes:
        told.append(round((following - start) / 60))
        at = following
    assert told == changes
    total = hours.open_time_between(start, start + 60.0 * minutes)
    assert total == 60.0 * sum(truth)
    opened = [at for at in range(minutes) if truth[at]]
    for count in {1, len(opened) // 3, len(opened)} - {0}:
        if opened:
            due = start + 60.0 * (opened[count - 1] + 1)
            assert hours.deadline(start, 60.0 * count) == due


@given(situations(), st.floats(0, 10 * DAY_S), st.floats(0, DAY_S))
def test_deadline_and_open_time_are_inverse_and_rise(
    situation: tuple[OpeningHours, Instant], span_s: Seconds, more_s: Seconds
) -> None:
    hours, start = situation
    due = hours.deadline(start, span_s)
    if due is None:
        assert hours.open_time_between(start, start + HORIZON_S) < span_s
        return
    assert due >= start + span_s - 1e-5
    assert hours.open_time_between(start, due) == pytest.approx(span_s, abs=1e-5)
    later = hours.deadline(start, span_s + more_s)
    assert later is None or later >= due
    from_later = hours.deadline(start + more_s, span_s)
    assert from_later is None or from_later >= due - 1e-5
    # It is the first such instant: a moment before, it was open and something was left.
    if span_s > 1e-3:
        assert hours.open_time_between(start, due - 1e-3) < span_s


@given(situations(), st.lists(st.floats(0, 9 * DAY_S), min_size=3, max_size=3).map(sorted))
def test_open_time_adds_up_and_is_never_longer_than_elapsed(
    situation: tuple[OpeningHours, Instant], offsets: list[float]
) -> None:
    hours, start = situation
    first, middle, last = (start + offset for offset in offsets)
    whole = hours.open_time_between(first, last)
    parts = hours.open_time_between(first, middle) + hours.open_time_between(middle, last)
    assert whole == pytest.approx(parts, abs=1e-5)
    assert 0 <= whole <= last - first


@given(st.sampled_from(sorted(CHANGES)), st.integers(0, 9 * 1440), st.integers(0, 600))
@example("Pacific/Apia", 4 * 1440, 1)
def test_a_later_local_time_is_never_an_earlier_instant(timezone: str, minute: int, more: int) -> None:
    zone = ZoneInfo(timezone)
    for change in CHANGES[timezone]:
        day = date.fromisoformat(change) - timedelta(days=4)
        assert instant_of(zone, day, minute * 60.0) <= instant_of(zone, day, (minute + more) * 60.0)


@given(st.text(alphabet="0123456789:-", max_size=12))
def test_any_text_is_a_span_or_none_and_reads_the_same_once_written(text: str) -> None:
    span = parse_span(text)
    assert span is None or parse_span(str(span)) == span


def test_spans_of_years_are_worked_out_in_milliseconds() -> None:
    start = on_the_wall("2026-01-09T16:00")
    begun = perf_counter()
    due = OFFICE.deadline(start, 365 * 8 * HOUR_S)
    taken_s = perf_counter() - begun
    assert due == on_the_wall("2027-06-04T16:00")
    assert taken_s < 0.25
