"""When callers come: after the day's profile, and in bursts on top of it."""

import math
from collections.abc import Callable
from random import Random

from queue_alert.core.units import Instant, Seconds
from simulator.habits import Burst
from simulator.happenings import Schedule
from simulator.profile import DAY_S, HourlyProfile

__all__ = ["Arrivals", "next_in_burst"]


class Arrivals:
    """Lets callers come one after another.

    Args:
        schedule: Where their coming is planned; it comes about whatever becomes of the ACD.
        midnight: When the simulated day began.
        following: Returns the next one after an instant, both in seconds after midnight; ``None``: no more.
        arrive: Called when one comes.
    """

    def __init__(
        self,
        schedule: Schedule,
        midnight: Instant,
        following: Callable[[Seconds], Seconds | None],
        arrive: Callable[[Instant], None],
    ) -> None:
        self._schedule = schedule
        self._midnight = midnight
        self._following = following
        self._arrive = arrive

    def begin(self, after: Instant) -> None:
        """Plan the first one after an instant."""
        at = self._following(after - self._midnight)
        if at is not None:
            self._schedule.plan(self._midnight + at, self._come, outlives=True)

    def _come(self, at: Instant) -> None:
        self.begin(at)
        self._arrive(at)


def next_in_burst(burst: Burst, profile: HourlyProfile, *, after: Seconds, random: Random) -> Seconds | None:
    """Return when the next contact arrives that the burst brings beyond the profile.

    Instants are in seconds after midnight, as in :func:`~simulator.profile.next_arrival`. Usual
    and further callers are two independent Poisson processes, whose sum is one of both rates together: so the
    usual ones come as they would without the burst.

    Returns:
        The instant, or ``None`` where the burst brings nobody.
    """
    extra = burst.extra / burst.lasts_s
    peak = (burst.factor - 1) * profile.peak + extra
    if peak == 0 or (extra == 0 and _is_silent(burst, profile)):
        return None
    at = after
    day = math.floor((after - burst.at_s) / DAY_S)
    while True:
        begins = day * DAY_S + burst.at_s
        at = max(at, begins) + random.expovariate(peak)
        if at >= begins + burst.lasts_s:
            # What was drawn beyond the end counts for nothing: an exponential has no memory.
            day += 1
            at = begins + DAY_S
        elif random.random() * peak < (burst.factor - 1) * profile.rate_at(at) + extra:
            return at


def _is_silent(burst: Burst, profile: HourlyProfile) -> bool:
    return profile.mean_arrivals(burst.at_s, burst.at_s + burst.lasts_s) == 0
