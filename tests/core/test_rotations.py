"""Who is on duty, held against somebody who walks through the years half an hour at a time."""

import math
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queue_alert.core.alerts import PersonName
from queue_alert.core.rotations import Duty, Rotation, ShiftUnit, duty_at, instant_of

ANNA, BEN, CAROL = PersonName("anna"), PersonName("ben"), PersonName("carol")
LENGTHS = {
    ShiftUnit.HOUR: timedelta(hours=1),
    ShiftUnit.DAY: timedelta(days=1),
    ShiftUnit.WEEK: timedelta(weeks=1),
}
ZONES = [
    "UTC",
    "Europe/London",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "America/Santiago",
    "Asia/Kolkata",
    "Pacific/Apia",
]


def wall(text: str) -> datetime:
    return datetime.fromisoformat(text)


def at(text: str) -> float:
    """Return an instant from ``"2026-01-05 08:00"``, UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def rotation(begins: str = "2026-01-05 08:00", timezone: str = "Europe/London", **more: object) -> Rotation:
    table = {"people": (ANNA, BEN), **more}
    return Rotation(name="on-call", begins=wall(begins), timezone=timezone, **table)  # type: ignore[arg-type]


def walk(what: Rotation, until: datetime) -> list[float]:
    """Return every handover: the clock on the wall is looked at every half hour, until it shows the time."""
    zone = ZoneInfo(what.timezone)
    length = what.every * LENGTHS[what.unit]
    due = what.begins
    instant = due.replace(tzinfo=UTC) - timedelta(days=2)
    handovers = []
    while due < until:
        while instant.astimezone(zone).replace(tzinfo=None) >= due:
            handovers.append(instant.timestamp())
            due += length
        instant += timedelta(minutes=30)
    return handovers


@settings(max_examples=12)
@given(
    zone=st.sampled_from(ZONES),
    half_hours=st.integers(min_value=0, max_value=364 * 48),
    year=st.sampled_from([2011, 2025, 2026]),
    every=st.integers(min_value=1, max_value=13),
    unit=st.sampled_from(ShiftUnit),
    count=st.integers(min_value=1, max_value=3),
)
def test_over_years_it_is_as_if_walked_step_by_step(
    zone: str, half_hours: int, year: int, every: int, unit: ShiftUnit, count: int
) -> None:
    begins = wall(f"{year}-01-01 00:00") + half_hours * timedelta(minutes=30)
    people = (ANNA, BEN, CAROL)[:count]
    what = Rotation(name="r", people=people, begins=begins, timezone=zone, every=every, unit=unit)
    handovers = walk(what, begins + timedelta(days=60 if unit is ShiftUnit.HOUR else 500))
    expected = [
        Duty(person=people[number % count], since=since, until=until)
        for number, (since, until) in enumerate(pairwise(handovers))
        if since < until
    ]
    assert [duty_at(what, duty.since) for duty in expected] == expected
    assert [duty_at(what, duty.until - 0.25) for duty in expected] == expected
    assert duty_at(what, handovers[0] - 0.25) is None


def test_the_handover_is_at_the_same_time_of_day_in_summer() -> None:
    week = rotation()
    assert duty_at(week, at("2026-03-30 06:59")) == Duty(
        person=BEN, since=at("2026-03-23 08:00"), until=at("2026-03-30 07:00")
    )
    assert duty_at(week, at("2026-03-30 07:00")) == Duty(
        person=ANNA, since=at("2026-03-30 07:00"), until=at("2026-04-06 07:00")
    )


@pytest.mark.parametrize(
    ("night", "hours"), [("2026-03-28 23:00", 7), ("2026-10-24 23:00", 9), ("2026-05-05 23:00", 8)]
)
def test_a_night_in_which_the_clocks_change_is_an_hour_shorter_or_longer(night: str, hours: int) -> None:
    shifts = rotation("2026-01-05 06:00", every=8, unit=ShiftUnit.HOUR, people=(ANNA, BEN, CAROL))
    duty = duty_at(shifts, at(night))
    assert duty is not None
    assert (duty.person, duty.until - duty.since) == (CAROL, hours * 3600.0)


def test_a_handover_in_the_hour_that_comes_twice_is_at_its_first() -> None:
    day = rotation("2026-10-20 01:30", every=1, unit=ShiftUnit.DAY)
    first = at("2026-10-25 00:30")
    assert duty_at(day, first) == Duty(person=BEN, since=first, until=at("2026-10-26 01:30"))
    assert duty_at(day, first + 1800.0) == duty_at(day, first)  # 01:00 for the second time


def test_a_shift_lasts_to_the_last_instant_before_the_handover() -> None:
    week = rotation()
    handover = at("2026-01-12 08:00")
    assert duty_at(week, math.nextafter(handover, 0.0)) == Duty(
        person=ANNA, since=at("2026-01-05 08:00"), until=handover
    )


@pytest.mark.parametrize(
    ("zone", "text", "instant"),
    [
        ("Europe/London", "2026-03-29 00:59:59", "2026-03-29 00:59:59"),
        ("Europe/London", "2026-03-29 01:00", "2026-03-29 01:00"),
        ("Europe/London", "2026-03-29 01:59:59", "2026-03-29 01:00"),
        ("Europe/London", "2026-03-29 02:00", "2026-03-29 01:00"),
        ("Europe/London", "2026-10-25 01:00", "2026-10-25 00:00"),
        ("Europe/London", "2026-10-25 02:00", "2026-10-25 02:00"),
        ("Australia/Lord_Howe", "2026-10-04 02:15", "2026-10-03 15:30"),
        ("Pacific/Apia", "2011-12-30 12:00", "2011-12-30 10:00"),
        ("UTC", "2026-03-29 01:30", "2026-03-29 01:30"),
    ],
)
def test_a_time_that_does_not_exist_is_when_the_clock_jumps_past_it(
    zone: str, text: str, instant: str
) -> None:
    assert instant_of(wall(text), ZoneInfo(zone)) == at(instant)


def test_wherever_in_a_gap_a_time_lies_it_is_the_instant_of_the_jump() -> None:
    seconds = range(0, 3600, 7)
    gap = [wall("2026-03-29 01:00") + timedelta(seconds=second) for second in seconds]
    assert {instant_of(time, ZoneInfo("Europe/London")) for time in gap} == {at("2026-03-29 01:00")}


def test_a_rotation_without_people_length_local_time_or_zone_is_refused() -> None:
    words = "a rotation needs people, a shift of at least one unit and a local time to begin"
    for wrong in ({"people": ()}, {"every": 0}, {"begins": "2026-01-05T08:00+00:00"}):
        with pytest.raises(ValueError, match=f"^{words}$"):
            rotation(**wrong)
    for zone in ("Europe/Lodnon", "../etc/passwd"):
        with pytest.raises(ValueError, match=r"is no time zone$"):
            rotation(timezone=zone)
