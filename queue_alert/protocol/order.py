"""A feed's order, unbroken over the ACD's restarts, and the holes in it."""

from typing import Final

__all__ = ["REORDERED_AT_MOST", "Order"]

REORDERED_AT_MOST: Final = 1024
"""A number this far behind the highest is no late one: whoever counts has begun anew."""


class Order:
    """Follows the ``seq`` of one source.

    Attributes:
        last: The highest number given out so far.
        missed: How many numbers were passed over; those that came late after all are not taken off.
    """

    def __init__(self) -> None:
        self.last = 0
        self.missed = 0
        self._ahead = 0
        self._is_new_run = True

    @property
    def last_said(self) -> int:
        """The highest ``seq`` of this run as its source counts, 0: none yet."""
        return 0 if self._is_new_run else self.last - self._ahead

    def begin_run(self) -> None:
        """Learn that the ACD was started anew: it may count from any number again."""
        self._is_new_run = True

    def take(self, seq: int) -> int:
        """Return the number under which the core is to know an event; 0 for an event without one.

        It rises with ``seq`` within a run, and a later run's numbers lie above those of an earlier one.
        """
        if seq <= 0:
            return 0
        number = seq + self._ahead
        if self._is_new_run or number <= self.last - REORDERED_AT_MOST:
            if not self._is_new_run:
                self.missed += 1
            self._is_new_run = False
            if number <= self.last:
                self._ahead = self.last + 1 - seq
                number = self.last + 1
            self.last = number
            return number
        if number > self.last:
            self.missed += number - self.last - 1
            self.last = number
        return number

    def stand_at(self, seq: int) -> int:
        """Learn that the source has said all up to ``seq`` (0: nothing yet in this run); return its number.

        For what carries the number of the event before it, as a snapshot does. At the beginning of a run
        nothing counts as missed; the numbers of the run lie above those of an earlier one, also where it
        has not said anything yet.
        """
        number = seq + self._ahead
        if self._is_new_run:
            self._is_new_run = False
            if self.last and number <= self.last:
                self._ahead = self.last + 1 - seq
                number = self.last + 1
            self.last = number
        elif number > self.last:
            self.missed += number - self.last
            self.last = number
        return number

    def catch_up(self, seq: int) -> int:
        """Learn that the source has reached ``seq`` and return how many of its events never came."""
        number = seq + self._ahead
        if self._is_new_run or number <= self.last:
            return 0
        missed = number - self.last
        self.missed += missed
        self.last = number
        return missed
