from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_alert.core.reset import next_reset, previous_reset


def instant(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


@pytest.mark.parametrize(
    ("zone", "reset", "now", "expected"),
    [
        ("UTC", 0, "2026-01-09T12:00:00+00:00", "2026-01-10T00:00:00+00:00"),
        ("UTC", 0, "2026-01-09T00:00:00+00:00", "2026-01-10T00:00:00+00:00"),
        ("UTC", 6 * 3600, "2026-01-09T05:59:59+00:00", "2026-01-09T06:00:00+00:00"),
        ("Europe/London", 0, "2026-07-01T12:00:00+00:00", "2026-07-01T23:00:00+00:00"),
        # 01:30 does not exist on that Sunday in London: the instant of the transition
        ("Europe/London", 5400, "2026-03-28T12:00:00+00:00", "2026-03-29T01:00:00+00:00"),
        # 01:30 comes twice on that Sunday: the first
        ("Europe/London", 5400, "2026-10-24T12:00:00+00:00", "2026-10-25T00:30:00+00:00"),
        ("Europe/London", 5400, "2026-10-25T00:30:00+00:00", "2026-10-26T01:30:00+00:00"),
        # a gap of half an hour
        ("Australia/Lord_Howe", 2 * 3600 + 900, "2026-10-03T00:00:00+00:00", "2026-10-03T15:30:00+00:00"),
        # midnight does not exist in Beirut on that day
        ("Asia/Beirut", 0, "2026-03-28T12:00:00+00:00", "2026-03-28T22:00:00+00:00"),
    ],
)
def test_the_next_reset_is_the_first_instant_that_shows_the_local_time(
    zone: str, reset: int, now: str, expected: str
) -> None:
    due = next_reset(zone, float(reset), instant(now))
    assert datetime.fromtimestamp(due, UTC) == datetime.fromisoformat(expected)


@given(
    st.sampled_from(["UTC", "Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]),
    st.integers(0, 86_399),
    st.integers(1_700_000_000, 1_900_000_000),
)
def test_resets_come_once_a_local_day_and_the_previous_one_precedes_the_next(
    zone: str, reset: int, now: int
) -> None:
    following = next_reset(zone, float(reset), float(now))
    before = previous_reset(zone, float(reset), float(now))
    assert before <= now < following
    assert 22 * 3600 <= following - before <= 26 * 3600
    days = [datetime.fromtimestamp(at, ZoneInfo(zone)).date() for at in (before, following)]
    assert days[1] - days[0] == timedelta(days=1)
