"""How often one person is called at most. What may not be made yet waits in a bundle; nothing is dropped."""

from collections import deque
from collections.abc import Iterable
from typing import Final

import msgspec

from queue_alert.core.alerts import AlertId, AttemptKey, PersonName
from queue_alert.core.units import Instant, Seconds

__all__ = ["DEFAULT_LIMITS", "Bundle", "Limit", "Plan", "Throttle", "Waiting"]


class Limit(msgspec.Struct, frozen=True):
    """At most so many calls to one person within any span of that length."""

    calls: int
    """At least 1."""
    within_s: Seconds
    """More than 0."""

    def __post_init__(self) -> None:
        if self.calls < 1 or not self.within_s > 0:
            raise ValueError(
                f"a limit must be at least 1 call in more than 0 s, got {self.calls} in {self.within_s:g} s"
            )

    def __str__(self) -> str:
        """Return it in words."""
        return f"{self.calls} in {self.within_s:g} s"


DEFAULT_LIMITS: Final = (Limit(1, 60.0), Limit(3, 900.0), Limit(7, 3_600.0))


class Bundle(msgspec.Struct, frozen=True):
    """One call to one person that stands for all of these attempts."""

    keys: tuple[AttemptKey, ...]
    """The first of them is the one that is made; at least one."""

    @property
    def lead(self) -> AttemptKey:
        """The attempt that is made; the others went into one message with it."""
        return self.keys[0]

    @property
    def alerts(self) -> tuple[AlertId, ...]:
        """What the call has to name, each once, in the order of its attempts."""
        return tuple(dict.fromkeys(key.alert for key in self.keys))


class Waiting(msgspec.Struct, frozen=True):
    """A call that may not be made yet; what comes for the same person meanwhile goes into it."""

    bundle: Bundle
    until: Instant
    because: Limit
    """The limit that it waits for."""


class Plan(msgspec.Struct, frozen=True):
    """What becomes of the calls that are to be made: each attempt is in exactly one bundle."""

    now: tuple[Bundle, ...] = ()
    """May be made now, one a person at most where the limits say so."""
    later: tuple[Waiting, ...] = ()
    """In the order of the attempts, not of the time."""


class Throttle:
    """Who was called when, as far back as the limits look.

    Its memory is bounded: of each person as many calls as the largest limit has, and of no person whose last
    call is beyond every limit.
    """

    __slots__ = ("_calls", "_limits", "_most", "_span")

    def __init__(self, limits: Iterable[Limit] = DEFAULT_LIMITS) -> None:
        self._limits = tuple(limits)
        self._most = max((limit.calls for limit in self._limits), default=0)
        self._span = max((limit.within_s for limit in self._limits), default=0.0)
        self._calls: dict[PersonName, deque[Instant]] = {}

    def __len__(self) -> int:
        """Return of how many people calls are remembered."""
        return len(self._calls)

    def called(self, person: PersonName, at: Instant) -> None:
        """Remember that ``person`` was called at ``at``; told in order, after a restart too."""
        # Who was called last is last: those to forget are in front.
        calls = self._calls.pop(person, None) or deque(maxlen=self._most)
        calls.append(at)
        self._calls[person] = calls
        while self._calls:
            first = next(iter(self._calls))
            past = self._calls[first]
            if past and at < past[-1] + self._span:
                break
            del self._calls[first]

    def plan(self, keys: Iterable[AttemptKey], now: Instant) -> Plan:
        """Say which calls may be made now and which wait until when.

        Attempts for one person by one method are one call, whatever alerts they are of. Who is to be called
        in several ways is called in the order of the attempts, as far apart as the limits say.

        Args:
            keys: Attempts that are calls and were not made yet, oldest first, those that wait included.
            now: The time. Nothing is remembered of the answer: whoever calls says so by :meth:`called`.
        """
        bundles: dict[tuple[PersonName, str], list[AttemptKey]] = {}
        for key in dict.fromkeys(keys):
            bundles.setdefault((key.person, key.method), []).append(key)
        supposed: dict[PersonName, list[Instant]] = {}
        may, wait = [], []
        for (person, _), together in bundles.items():
            calls = supposed.setdefault(person, list(self._calls.get(person, ())))
            until, because = self._free_at(calls, now)
            calls.append(until)
            bundle = Bundle(tuple(together))
            if because is None:
                may.append(bundle)
            else:
                wait.append(Waiting(bundle, until, because))
        return Plan(tuple(may), tuple(wait))

    def _free_at(self, calls: list[Instant], now: Instant) -> tuple[Instant, Limit | None]:
        """Return when, from ``now``, a call is within all limits, and which one it waits for."""
        until, because = now, None
        for limit in self._limits:
            if len(calls) >= limit.calls and until < (free := calls[-limit.calls] + limit.within_s):
                until, because = free, limit
        return until, because

    def shift(self, delta: Seconds) -> None:
        """Move every call by ``delta``, because the clock was set."""
        for person, calls in self._calls.items():
            self._calls[person] = deque((at + delta for at in calls), maxlen=self._most)
