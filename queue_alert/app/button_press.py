"""When a key counts as pressed, and when as stuck: pure, time is a parameter.

A contact bounces: for some milliseconds it is neither up nor down. A move counts once it has lasted. A key
that was down already when it was first seen is not pressed: nobody knows who pressed it, or when, and a
program that is restarted while somebody leans on the button must not act on it. A key that is down for very
long is stuck: its next press would not be noticed.
"""

from enum import StrEnum
from typing import Final

from queue_alert.core.units import Instant, Seconds

__all__ = ["NEVER", "KeyNews", "KeyWatch"]

NEVER: Final[Instant] = float("inf")


class KeyNews(StrEnum):
    """What is to be made of a key."""

    PRESSED = "pressed"
    """It was pressed (and held for long enough): act, once."""
    STUCK = "stuck"
    """It has been down for too long: say so."""
    FREED = "freed"
    """It was stuck and is up again."""


class KeyWatch:
    """Watches one key.

    Args:
        debounce_s: A move counts once it has lasted so long, >= 0.
        hold_s: Pressed counts a key that is held for so long, from the beginning of its move; >= 0.
        stuck_after_s: Stuck is a key that is down for so long, likewise; > ``debounce_s`` and > ``hold_s``.
    """

    def __init__(self, *, debounce_s: Seconds, hold_s: Seconds, stuck_after_s: Seconds) -> None:
        self._debounce_s = debounce_s
        self._hold_s = hold_s
        self._stuck_after_s = stuck_after_s
        self._is_known = False
        self._is_down_now = False
        """As the device said last."""
        self._moved_at: Instant = 0.0
        self._is_down = False
        """As it counts."""
        self._settles_at: Instant = NEVER
        self._pressed_at: Instant = NEVER
        self._stuck_at: Instant = NEVER
        self._is_stuck = False

    @property
    def is_known(self) -> bool:
        """Whether the device has said anything of this key."""
        return self._is_known

    @property
    def is_stuck(self) -> bool:
        """Whether it is stuck."""
        return self._is_stuck

    def forget(self) -> None:
        """Know nothing any more: the device was lost."""
        self._is_known = self._is_down_now = self._is_down = self._is_stuck = False
        self._settles_at = self._pressed_at = self._stuck_at = NEVER

    def moved(self, now: Instant, *, is_down: bool) -> list[KeyNews]:
        """Take what the device says of the key; the same again changes nothing.

        Args:
            now: Never before the ``now`` of the call before.
            is_down: Whether the key is down.

        Returns:
            What follows by ``now``, in this order.
        """
        news = self.advance(now)
        if not self._is_known:
            self._is_known = True
            self._is_down = self._is_down_now = is_down
            self._moved_at = now
            if is_down:
                self._stuck_at = now + self._stuck_after_s
        elif is_down is not self._is_down_now:
            self._is_down_now = is_down
            self._moved_at = now
            self._settles_at = NEVER if is_down is self._is_down else now + self._debounce_s
            news += self.advance(now)
        return news

    def advance(self, now: Instant) -> list[KeyNews]:
        """Return what follows from the passing of time, in this order."""
        news: list[KeyNews] = []
        if now >= self._settles_at:
            self._settles_at = NEVER
            self._is_down = self._is_down_now
            if self._is_down:
                self._pressed_at = self._moved_at + self._hold_s
                self._stuck_at = self._moved_at + self._stuck_after_s
            else:
                self._pressed_at = self._stuck_at = NEVER
                if self._is_stuck:
                    self._is_stuck = False
                    news.append(KeyNews.FREED)
        # A key that is on its way up, or bounces, is not held: it has to be seen down.
        if now >= self._pressed_at and self._is_down_now:
            self._pressed_at = NEVER
            news.append(KeyNews.PRESSED)
        if now >= self._stuck_at and self._is_down_now:
            self._stuck_at = NEVER
            self._is_stuck = True
            news.append(KeyNews.STUCK)
        return news

    def next_at(self) -> Instant:
        """Return when :meth:`advance` must be called at the latest; :data:`NEVER`: time does nothing."""
        if not self._is_down_now:
            return self._settles_at
        return min(self._settles_at, self._pressed_at, self._stuck_at)
