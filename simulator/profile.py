"""How many contacts arrive at what time of day."""

import math
from random import Random

import msgspec

from queue_alert.core.units import Seconds

__all__ = ["DAY_S", "HourlyProfile", "next_arrival", "office_hours"]

DAY_S: Seconds = 86_400.0
"""One simulated day; there is no daylight saving in it."""

_HOUR_S: Seconds = 3_600.0
_HOURS = 24


class HourlyProfile(msgspec.Struct, frozen=True):
    """Arrivals per hour of the day: constant within an hour, the same every day.

    Raises:
        ValueError: If there are not 24 rates, or one is negative or not finite.
    """

    per_hour: tuple[float, ...]
    """Mean number of arrivals in each of the 24 hours, from midnight; >= 0."""

    def __post_init__(self) -> None:
        if len(self.per_hour) != _HOURS:
            raise ValueError(f"per_hour: must have 24 rates, got {len(self.per_hour)}")
        for hour, rate in enumerate(self.per_hour):
            if not (math.isfinite(rate) and rate >= 0):
                raise ValueError(f"per_hour[{hour}]: must be a number >= 0, got {rate}")

    @property
    def peak(self) -> float:
        """The highest rate, in contacts per second."""
        return max(self.per_hour) / _HOUR_S

    def rate_at(self, since_midnight: Seconds) -> float:
        """Return the rate in contacts per second; ``since_midnight`` may lie days ahead or behind."""
        # A tiny negative number modulo a day is the whole day by rounding: hour 24 is hour 0.
        hour = int((since_midnight % DAY_S) // _HOUR_S) % _HOURS
        return self.per_hour[hour] / _HOUR_S

    def mean_arrivals(self, begin: Seconds, end: Seconds) -> float:
        """Return the mean number of arrivals from ``begin`` to ``end``, both in seconds after midnight.

        It is 0.0 where ``end`` <= ``begin``.
        """
        total = 0.0
        while begin < end:
            hour_ends = (math.floor(begin / _HOUR_S) + 1) * _HOUR_S
            total += self.rate_at(begin) * (min(hour_ends, end) - begin)
            begin = hour_ends
        return total


def next_arrival(profile: HourlyProfile, *, after: Seconds, random: Random) -> Seconds | None:
    """Return when the next contact arrives, in seconds after the simulated midnight.

    Candidates come at the day's highest rate; each is kept with the probability rate / highest rate. What
    remains is a Poisson process of just that rate, with no step at the turn of an hour.

    Args:
        profile: The rates.
        after: The arrival lies after this, in seconds after midnight.
        random: Where chance comes from.

    Returns:
        The instant, or ``None`` where nobody ever arrives (every rate is zero).

    Source: Lewis and Shedler, "Simulation of nonhomogeneous Poisson processes by thinning", 1979.
    """
    peak = profile.peak
    if peak == 0:
        return None
    at = after + random.expovariate(peak)
    while random.random() * peak >= profile.rate_at(at):
        at += random.expovariate(peak)
    return at


_NIGHT = (0.02, 0.01, 0.01, 0.01, 0.02, 0.04)
_MORNING = (0.1, 0.3, 0.7, 0.95, 1.0, 0.95)
_AFTERNOON = (0.8, 0.85, 1.0, 0.95, 0.85, 0.65)
_EVENING = (0.4, 0.25, 0.15, 0.1, 0.06, 0.04)
_OFFICE_DAY = (*_NIGHT, *_MORNING, *_AFTERNOON, *_EVENING)


def office_hours(busiest_hour: float) -> HourlyProfile:
    """Return a day with peaks in mid-morning and mid-afternoon, almost still at night."""
    return HourlyProfile(tuple(round(busiest_hour * share, 2) for share in _OFFICE_DAY))
