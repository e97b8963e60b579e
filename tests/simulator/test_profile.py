"""Arrivals by time of day."""

import itertools
import math
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.profile import DAY_S, HourlyProfile, next_arrival
from tests.simulator.helpers import all_day

LUNCH = HourlyProfile((0.0,) * 12 + (3_600.0,) + (900.0,) * 11)


def arrivals(profile: HourlyProfile, *, begin: float, end: float, seed: int) -> list[float]:
    random = Random(seed)
    found: list[float] = []
    at = next_arrival(profile, after=begin, random=random)
    while at is not None and at < end:
        found.append(at)
        at = next_arrival(profile, after=at, random=random)
    return found


def test_rate_is_that_of_the_hour_on_every_day() -> None:
    noon = 12 * 3_600.0
    assert [LUNCH.rate_at(at) for at in (noon - 1, noon, noon + DAY_S, noon - DAY_S, noon + 3_600)] == [
        0.0,
        1.0,
        1.0,
        1.0,
        0.25,
    ]


def test_a_hair_before_midnight_belongs_to_an_hour() -> None:
    assert LUNCH.rate_at(-1e-300) == LUNCH.rate_at(0.0)


def test_mean_arrivals_adds_up_parts_of_hours() -> None:
    noon = 12 * 3_600.0
    assert LUNCH.mean_arrivals(noon - 600, noon + 3_600 + 1_800) == pytest.approx(3_600 + 450)
    assert LUNCH.mean_arrivals(noon, noon) == 0.0


@pytest.mark.parametrize("seed", range(5))
def test_arrivals_of_a_day_agree_with_the_profile_hour_by_hour(seed: int) -> None:
    """A Poisson count lies within five standard deviations of its mean, one time in two million not."""
    profile = HourlyProfile(tuple(float(20 * hour) for hour in range(24)))
    found = arrivals(profile, begin=0.0, end=DAY_S, seed=seed)
    counts = [sum(1 for at in found if at // 3_600 == hour) for hour in range(24)]
    assert counts[0] == 0
    for hour in range(1, 24):
        assert abs(counts[hour] - 20 * hour) <= 5 * math.sqrt(20 * hour)


@pytest.mark.parametrize("seed", range(5))
def test_gaps_at_a_constant_rate_are_exponential(seed: int) -> None:
    """Mean and standard deviation of an exponential are equal: neither clock-work nor clumps."""
    found = arrivals(all_day(3_600.0), begin=0.0, end=20_000.0, seed=seed)
    gaps = [later - earlier for earlier, later in itertools.pairwise(found)]
    mean = sum(gaps) / len(gaps)
    deviation = math.sqrt(sum((gap - mean) ** 2 for gap in gaps) / len(gaps))
    assert mean == pytest.approx(1.0, abs=0.05)
    assert deviation == pytest.approx(1.0, abs=0.05)


def test_nobody_ever_arrives_where_every_rate_is_zero() -> None:
    assert next_arrival(all_day(0.0), after=0.0, random=Random(1)) is None


@given(st.floats(-DAY_S, 3 * DAY_S), st.integers(0, 1_000))
@settings(max_examples=20)
def test_the_next_arrival_lies_later_and_in_an_hour_with_arrivals(after: float, seed: int) -> None:
    at = next_arrival(LUNCH, after=after, random=Random(seed))
    assert at is not None
    assert at > after
    assert LUNCH.rate_at(at) > 0


@pytest.mark.parametrize(
    ("rates", "message"),
    [
        ((1.0,) * 23, "per_hour: must have 24 rates, got 23"),
        ((1.0, -2.0) + (1.0,) * 22, r"per_hour\[1\]: must be a number >= 0, got -2.0"),
        ((math.inf,) + (1.0,) * 23, r"per_hour\[0\]: must be a number >= 0, got inf"),
    ],
)
def test_an_impossible_profile_is_refused(rates: tuple[float, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        HourlyProfile(rates)
