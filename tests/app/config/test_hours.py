"""``[hours]``: what becomes of it, and every mistake in it."""

import tomllib
from datetime import date
from typing import Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_alert.app.config import hours as reading
from queue_alert.app.config.hours import HoursTable, read_hours
from queue_alert.app.config.problems import problem_lines
from queue_alert.core.hours import ALWAYS, OpeningHours, Spans
from queue_alert.core.wall_time import parse_span
from queue_alert.ports import ConfigProblem

TODAY: Final = date(2026, 11, 25)
OPEN: Final = 'every_day = ["09:00-17:00"]\n'


def read(
    text: str, timezone: str = "Europe/London", today: date = TODAY
) -> tuple[dict[str, OpeningHours], list[str]]:
    problems: list[ConfigProblem] = []
    tables = tomllib.loads(text).get("hours", {})
    read_in = read_hours(tables, default_timezone=timezone, today=today, problems=problems)
    return read_in, problem_lines("c", problems)


def one(text: str) -> OpeningHours:
    read_in, problems = read(f"[hours.office]\n{text}")
    assert problems == []
    return read_in["office"]


def spans(*texts: str) -> Spans:
    return tuple(span for text in texts if (span := parse_span(text)) is not None)


def test_a_whole_table_becomes_opening_hours() -> None:
    read_in, problems = read(
        """
        [hours.office]
        timezone = "Europe/Berlin"
        monday = ["13:30-17:00", "09:00-12:30"]
        weekdays = ["09:00-17:00"]
        saturday = "closed"
        every_day = ["22:00-24:00"]
        holidays = ["2026-12-25", 2026-12-28, "2026-12-25"]
        exceptions = { "2026-12-24" = ["09:00-12:00"], 2026-12-31 = "closed", 2027-01-02 = "always" }
        [hours.night]
        every_day = ["22:00-06:00"]
        """
    )
    assert problems == []
    day = spans("09:00-17:00")
    monday = spans("09:00-12:30", "13:30-17:00")
    assert read_in == {
        "office": OpeningHours(
            name="office",
            timezone="Europe/Berlin",
            week=(monday, day, day, day, day, (), spans("22:00-24:00")),
            holidays=frozenset({date(2026, 12, 25), date(2026, 12, 28)}),
            exceptions={
                date(2026, 12, 24): spans("09:00-12:00"),
                date(2026, 12, 31): (),
                date(2027, 1, 2): spans("00:00-24:00"),
            },
        ),
        "night": OpeningHours(name="night", timezone="Europe/London", week=(spans("22:00-06:00"),) * 7),
    }


def test_there_need_be_none() -> None:
    assert read("") == ({}, [])


def test_a_single_day_counts_before_those_it_is_one_of_and_these_before_every_day() -> None:
    day, short = spans("09:00-17:00"), spans("10:00-12:00")
    hours = one('friday = "closed"\nweekdays = ["09:00-17:00"]\nevery_day = "always"\nsunday = []\n')
    assert hours.week == (day, day, day, day, (), ALWAYS.week[0], ())
    hours = one(
        'weekend = ["10:00-12:00"]\nmonday = ["09:00-17:00"]\nsunday = "closed"\nevery_day = "always"\n'
    )
    assert hours.week == (day, *ALWAYS.week[:4], short, ())


def test_a_holiday_of_a_country_is_closed_this_year_and_in_the_next_five() -> None:
    hours = one(OPEN + 'holidays_of = "GB-ENG"\nholidays = ["2026-12-24"]\n')
    christmas = {date(year, 12, 25) for year in range(2026, 2032)}
    assert {day for day in hours.holidays if (day.month, day.day) == (12, 25)} == christmas
    # Boxing Day is a Saturday in 2026: the Monday after it is one too.
    assert {date(2026, 12, 24), date(2026, 12, 26), date(2026, 12, 28), date(2027, 3, 26)} <= hours.holidays
    assert min(hours.holidays) == date(2026, 1, 1)
    assert hours.holidays_until == date(2031, 12, 31)


def test_a_country_may_be_named_without_a_subdivision() -> None:
    germany, bavaria = (one(f'{OPEN}holidays_of = "{name}"\n').holidays for name in ("DE", "DE-BY"))
    assert date(2027, 10, 3) in germany
    assert date(2027, 1, 6) in bavaria - germany


def test_an_exception_may_open_a_countrys_holiday() -> None:
    hours = one(OPEN + 'holidays_of = "GB-ENG"\nexceptions = { 2026-12-26 = ["10:00-14:00"] }\n')
    assert hours.spans_on(date(2026, 12, 26)) == spans("10:00-14:00")


def test_a_country_whose_holidays_nobody_knows_yet_is_a_warning() -> None:
    read_in, problems = read(f'[hours.office]\n{OPEN}holidays_of = "LK"\n')
    assert problems == [
        (
            'c: hours.office.holidays_of: warning: the package holidays knows none of "LK" from 2027 on; '
            "write them in holidays, or look for a newer package"
        )
    ]
    assert read_in["office"].holidays_until == date(2026, 12, 31)


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "find_spec", lambda _name: None)
    assert read(f'[hours.office]\n{OPEN}holidays_of = "GB"\n') == (
        {},
        [
            (
                'c: hours.office.holidays_of: holidays_of = "GB" needs the package holidays; install it '
                'with: pip install "queue-alert[holidays]"'
            )
        ],
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hours = 1", ": must be a table, got 1"),
        ("[hours]\noffice = 1", ".office: must be a table, got 1"),
        ('[hours."a\\u0007"]\n' + OPEN, '."a\\u0007": the name must not hold control characters'),
        (
            "[hours.always]\n" + OPEN,
            ".always: this name stands for every hour of every day; choose another",
        ),
        (
            'timezone = "Europe/Londn"',
            (
                '.office.timezone: must be a time zone such as "Europe/London", got "Europe/Londn"; did you '
                'mean "Europe/London"?'
            ),
        ),
        ('moonday = "closed"', '.office.moonday: is not an option; did you mean "monday"?'),
        (
            "midsummer = []",
            (
                ".office.midsummer: is not an option; known are: timezone, monday, tuesday, wednesday, "
                "thursday, friday, saturday, sunday, weekdays, weekend, every_day, holidays, holidays_of, "
                "exceptions"
            ),
        ),
        (
            "monday = 9",
            '.office.monday: must be a list of spans such as ["09:00-17:00"], "closed" or "always", got 9',
        ),
        (
            'monday = "09:00-17:00"',
            (
                '.office.monday: must be a list of spans such as ["09:00-17:00"], "closed" or "always", got '
                '"09:00-17:00" (write ["09:00-17:00"])'
            ),
        ),
        (
            'monday = "close"',
            (
                '.office.monday: must be a list of spans such as ["09:00-17:00"], "closed" or "always", got '
                '"close"; did you mean "closed"?'
            ),
        ),
        (
            'monday = ["09:00-25:00"]',
            (
                '.office.monday[0]: must be a span of local time such as "09:00-17:00" or "22:00-06:00", got '
                '"09:00-25:00"'
            ),
        ),
        (
            'monday = ["09:00-12:00", 17]',
            '.office.monday[1]: must be a span of local time such as "09:00-17:00" or "22:00-06:00", got 17',
        ),
        (
            'monday = ["06:00-06:00"]',
            (
                '.office.monday[0]: must not end when it begins, got "06:00-06:00"; write "always" for whole '
                "days"
            ),
        ),
        (
            'monday = ["12:00-17:00", "09:00-12:30"]',
            (
                '.office.monday: "09:00-12:30" and "12:00-17:00" overlap; let the first end before the '
                "second begins"
            ),
        ),
        (
            'monday = ["22:00-06:00", "23:00-24:00"]',
            (
                '.office.monday: "22:00-06:00" and "23:00-24:00" overlap; let the first end before the '
                "second begins"
            ),
        ),
        (
            f"monday = {['09:00-10:00'] * 25}",
            ".office.monday: must hold at most 24 spans, got 25",
        ),
        (
            'holidays = "2026-12-25"',
            (
                '.office.holidays: must be a list of dates such as ["2026-12-25"], got "2026-12-25" (write '
                '["2026-12-25"])'
            ),
        ),
        (
            "holidays = 2026-12-25",
            '.office.holidays: must be a list of dates such as ["2026-12-25"], got 2026-12-25',
        ),
        (
            'holidays = ["2026-02-30"]',
            '.office.holidays[0]: must be a date such as "2026-12-25", got "2026-02-30"',
        ),
        (
            'holidays = ["25.12.2026"]',
            '.office.holidays[0]: must be a date such as "2026-12-25", got "25.12.2026"',
        ),
        (
            "holidays = [2026-12-25T00:00:00]",
            '.office.holidays[0]: must be a date such as "2026-12-25", got 2026-12-25 00:00:00',
        ),
        (
            "holidays = [0026-12-25]",
            '.office.holidays[0]: must be a date such as "2026-12-25", got 0026-12-25',
        ),
        (
            f"holidays = {['2026-12-25'] * 1001}",
            ".office.holidays: must hold at most 1000 dates, got 1001",
        ),
        ("exceptions = []", ".office.exceptions: must be a table, got []"),
        (
            'exceptions = { christmas = "closed" }',
            '.office.exceptions.christmas: must be a date such as "2026-12-25", got "christmas"',
        ),
        (
            "exceptions = { 2026-12-24 = [9] }",
            (
                '.office.exceptions.2026-12-24[0]: must be a span of local time such as "09:00-17:00" or '
                '"22:00-06:00", got 9'
            ),
        ),
        (
            'holidays = ["2026-12-24"]\nexceptions = { 2026-12-24 = ["09:00-12:00"] }',
            ".office.exceptions.2026-12-24: is one of holidays too; take it out of one of the two",
        ),
        (
            "exceptions = { " + ", ".join(f'"{number}" = "closed"' for number in range(1001)) + " }",
            ".office.exceptions: must hold at most 1000 dates, got 1001",
        ),
        ("holidays_of = 44", '.office.holidays_of: must be text, got 44 (write "44")'),
        (
            'holidays_of = "England"',
            (
                '.office.holidays_of: must be a country\'s two letters, and if need be "-" and its '
                'subdivision, such as "GB" or "GB-ENG", got "England"'
            ),
        ),
        (
            'holidays_of = "gb-eng"',
            (
                '.office.holidays_of: must be a country\'s two letters, and if need be "-" and its '
                'subdivision, such as "GB" or "GB-ENG", got "gb-eng"; did you mean "GB-ENG"?'
            ),
        ),
        (
            'holidays_of = "GB-LND"',
            '.office.holidays_of: "GB" has no subdivision "LND" here; it has: ENG, NIR, SCT, WLS',
        ),
        (
            'holidays_of = "US-tx"',
            '.office.holidays_of: "US" has no subdivision "tx" here; did you mean "TX"?',
        ),
        ('holidays_of = "AF-X"', '.office.holidays_of: "AF" has no subdivision "X" here; it has none'),
        (
            'holidays_of = "US-QQQQQ"',
            (
                '.office.holidays_of: "US" has no subdivision "QQQQQ" here; it has: AK, AL, AR, AS, AZ, CA, '
                "CO, CT, DC, DE, FL, GA, GU, HI, IA, ID, IL, IN, KS, KY, …"
            ),
        ),
    ],
)
def test_a_mistake_is_named_with_its_place(text: str, message: str) -> None:
    whole = text if text.startswith(("hours", "[hours")) else f"[hours.office]\n{text}\n"
    assert read(whole) == ({}, [f"c: hours{message}"])


def test_every_mistake_is_said_at_once_and_hides_no_other_table() -> None:
    read_in, problems = read(
        """
        [hours.bad]
        timezone = "Nowhere"
        monday = ["9-5", "09:00-10:00"]
        moonday = 1
        holidays = ["x"]
        holidays_of = "XX"
        exceptions = { y = "z" }
        [hours.good]
        every_day = "always"
        """
    )
    assert [problem.split(": ")[1] for problem in problems] == [
        "hours.bad.moonday",
        "hours.bad.timezone",
        "hours.bad.monday[0]",
        "hours.bad.holidays[0]",
        "hours.bad.exceptions.y",
        "hours.bad.exceptions.y",
        "hours.bad.holidays_of",
    ]
    assert read_in == {"good": OpeningHours(name="good", timezone="Europe/London", week=ALWAYS.week)}


@pytest.mark.parametrize(
    "text",
    ["", 'weekdays = "closed"\n', 'exceptions = { 2026-11-24 = ["09:00-17:00"], 2026-12-24 = "closed" }\n'],
)
def test_hours_that_never_open_are_a_warning(text: str) -> None:
    read_in, problems = read(f"[hours.office]\n{text}")
    assert problems == ['c: hours.office: warning: never opens; write for example weekdays = ["09:00-17:00"]']
    assert list(read_in) == ["office"]


def test_what_opens_on_one_day_to_come_is_no_warning() -> None:
    assert one('exceptions = { 2026-11-25 = ["09:00-17:00"] }\n').week == ((),) * 7


def test_holidays_that_are_all_over_are_a_warning() -> None:
    text = f'[hours.office]\n{OPEN}holidays = ["2026-01-01", "2026-08-31"]\n'
    warning = "c: hours.office.holidays: warning: the last of them was 2026-08-31; write those to come"
    assert read(text)[1] == [warning]
    assert read(text, today=date(2026, 8, 31))[1] == []
    assert read(text + 'holidays_of = "GB"\n')[1] == []


def test_a_night_that_reaches_into_the_next_day_is_a_warning_once_for_each_key() -> None:
    read_in, problems = read(
        '[hours.office]\nevery_day = ["22:00-06:00"]\nsaturday = ["05:00-08:00"]\n'
        '[hours.other]\nevery_day = ["05:59-08:00", "22:00-06:00"]\n'
        '[hours.sound]\nevery_day = ["06:00-08:00", "22:00-06:00"]\nmonday = "closed"\n'
    )
    assert problems == [
        (
            'c: hours.office.saturday: warning: "05:00-08:00" of saturday begins before "22:00-06:00" of '
            "friday has ended; they count as one"
        ),
        (
            'c: hours.other.every_day: warning: "05:59-08:00" of monday begins before "22:00-06:00" of '
            "sunday has ended; they count as one"
        ),
    ]
    assert list(read_in) == ["office", "other", "sound"]


def test_too_many_are_refused() -> None:
    read_in, problems = read("".join(f"[hours.h{number}]\n{OPEN}" for number in range(101)))
    assert problems == ["c: hours: must hold at most 100 entries, got 101"]
    assert len(read_in) == 100


def test_a_mistake_in_the_sites_time_zone_is_not_said_again() -> None:
    read_in, problems = read(f"[hours.office]\n{OPEN}", timezone="Europe/Londn")
    assert problems == []
    assert read_in["office"].timezone == "UTC"


VALUES: Final = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False),
        st.dates(),
        st.datetimes(),
        st.text(max_size=12),
        st.sampled_from(["closed", "always", "09:00-17:00", "22:00-06:00", "2026-12-25"]),
    ),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)
TABLES: Final = st.dictionaries(
    st.sampled_from(HoursTable.__struct_fields__) | st.text(max_size=5), VALUES, max_size=6
)


@given(st.dictionaries(st.text(max_size=5), TABLES | VALUES, max_size=2) | VALUES)
def test_whatever_is_written_is_read_or_complained_of(tables: object) -> None:
    problems: list[ConfigProblem] = []
    read_in = read_hours(tables, default_timezone="UTC", today=TODAY, problems=problems)
    asked_for = len(tables) if isinstance(tables, dict) else 1
    assert len(read_in) == asked_for or not all(problem.is_warning for problem in problems)
    for hours in read_in.values():
        assert msgspec.structs.replace(hours) == hours
        hours.is_open(1_800_000_000.0)
