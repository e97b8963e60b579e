"""Durations and times of day as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.reading import read_duration, read_time_of_day


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90.0),
        ("10m", 600.0),
        ("1h", 3_600.0),
        ("1.5h", 5_400.0),
        ("1h30m", 5_400.0),
        ("250ms", 0.25),
        ("2d", 172_800.0),
        ("600", 600.0),
    ],
)
def test_durations_are_read(text: str, seconds: float) -> None:
    assert read_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "-5s", "ten", "5 weeks", "30m1h", "1h 30m", "1e9s", "inf", "٣s", "1" * 12]
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r'^must be a duration such as "90s", "10m" or "1h30m", got "'):
        read_duration(text)


@given(st.integers(0, 23), st.integers(0, 59))
def test_every_time_of_day_is_read(hour: int, minute: int) -> None:
    assert read_time_of_day(f"{hour:02}:{minute:02}") == hour * 3_600 + minute * 60


@pytest.mark.parametrize("text", ["", "24:00", "9:30", "09:60", "09:30:00", "noon"])
def test_what_is_no_time_of_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r'^must be a time of day such as "10:30", got "'):
        read_time_of_day(text)
