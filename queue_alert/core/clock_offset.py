"""How far an ACD's clock is from ours, from nothing but when its words were written and when they came."""

from queue_alert.core.units import Instant, Seconds

__all__ = ["ClockOffset"]

_GENERATION_S: Seconds = 300.0
_SAME_CLOCK_S: Seconds = 1.0
_ENOUGH_SAMPLES = 4
_ENOUGH_S: Seconds = 30.0
_STEP_S: Seconds = 2.0
"""A difference that is larger than the least by more is late, or of a clock that was set."""


class ClockOffset:
    """Estimates our clock minus theirs: the least of (received - written) over the last minutes.

    What is written at one end and received at the other differs by the clocks' offset and by the time on the
    way. The latter is never negative and now and then almost nothing, so the least is nearest to the offset.
    It can only be told from a slow way once several have come; what comes from the future cannot be slow.
    A clock that was set shows at once where it was put back (less than the least), and else by several
    differences in a row that are larger and all the same: a slow way is never so even.

    Source: Cristian, "Probabilistic clock synchronization", 1989; the minimum filter of RFC 5905, 10.
    """

    __slots__ = (
        "_apart",
        "_apart_least",
        "_apart_most",
        "_apart_since",
        "_before",
        "_begun_at",
        "_first_at",
        "_least",
        "_samples",
    )

    def __init__(self) -> None:
        self._samples = 0
        self._first_at: Instant = 0.0
        self._begun_at: Instant = 0.0
        self._least: Seconds | None = None
        self._before: Seconds | None = None
        self._apart = 0
        """How many differences in a row were larger than the least, and all the same."""
        self._apart_since: Instant = 0.0
        self._apart_least = self._apart_most = 0.0

    def add(self, difference: Seconds, now: Instant) -> None:
        """Take one difference, received minus written, received at ``now``."""
        if not self._samples:
            self._first_at = self._begun_at = now
        elif not self._begun_at <= now < self._begun_at + _GENERATION_S:
            self._before, self._least, self._begun_at = self._least, None, now
        self._samples += 1
        if self._least is None or difference < self._least:
            self._least = difference
        self._look_for_a_step(difference, now)

    def agrees(self, difference: Seconds) -> bool:
        """Return whether a difference may be of the same clock as those taken so far: not much less."""
        known = [least for least in (self._least, self._before) if least is not None]
        return bool(known) and difference >= min(known) - _SAME_CLOCK_S

    def estimate(self, now: Instant) -> Seconds | None:
        """Return our clock minus theirs; ``None`` while a slow way is not ruled out."""
        known = [least for least in (self._least, self._before) if least is not None]
        if not known:
            return None
        least = min(known)
        is_certain = self._samples >= _ENOUGH_SAMPLES and now >= self._first_at + _ENOUGH_S
        return least if is_certain or (least < 0 and self._samples > 1) else None

    def _look_for_a_step(self, difference: Seconds, now: Instant) -> None:
        known = [least for least in (self._least, self._before) if least is not None]
        if difference <= min(known) + _STEP_S:
            self._apart = 0
            return
        least, most = min(self._apart_least, difference), max(self._apart_most, difference)
        if not self._apart or most - least > _SAME_CLOCK_S:
            self._apart, self._apart_since, least, most = 0, now, difference, difference
        self._apart += 1
        self._apart_least, self._apart_most = least, most
        if self._apart >= _ENOUGH_SAMPLES and now >= self._apart_since + _ENOUGH_S:
            self._before, self._least, self._begun_at, self._apart = None, least, now, 0

    def forget(self) -> None:
        """Begin anew: either clock was set."""
        self._samples = self._apart = 0
        self._least = self._before = None
