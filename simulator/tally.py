"""The truth about one group, in figures."""

import msgspec

from queue_alert.core.events import Outcome

__all__ = ["Counters", "Tally"]


class Counters(msgspec.Struct, frozen=True, kw_only=True):
    """The truth of one group since the start.

    Of the warm-up, only those who still waited at the start are in it. So ``offered`` is always the sum of
    ``outcomes`` and who waits now, and ``completed`` the answered less who talks now.
    """

    offered: int = 0
    outcomes: dict[str, int] = {}
    """Contacts that stopped waiting, by :class:`~queue_alert.core.events.Outcome`; none that is zero."""
    completed: int = 0
    ring_failures: int = 0


class Tally:
    """Counts what becomes of contacts."""

    def __init__(self, *, offered: int = 0) -> None:
        self._offered = offered
        self._outcomes: dict[Outcome, int] = {}
        self._completed = 0
        self._ring_failures = 0

    def count_offered(self) -> None:
        """Count a contact that joined."""
        self._offered += 1

    def count_outcome(self, outcome: Outcome) -> None:
        """Count a contact that stopped waiting."""
        self._outcomes[outcome] = self._outcomes.get(outcome, 0) + 1

    def count_completed(self) -> None:
        """Count a conversation that ended."""
        self._completed += 1

    def count_ring_failure(self) -> None:
        """Count a ring that came to nothing."""
        self._ring_failures += 1

    def counters(self) -> Counters:
        """Return the figures, frozen."""
        return Counters(
            offered=self._offered,
            outcomes={outcome.value: count for outcome, count in self._outcomes.items()},
            completed=self._completed,
            ring_failures=self._ring_failures,
        )
