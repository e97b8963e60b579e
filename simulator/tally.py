"""The truth about one group, in figures."""

import msgspec

from queue_alert.core.events import GroupCounters, Outcome

__all__ = ["Counters", "Tally"]

_COUNTS = ("offered", "answered", "abandoned", "rerouted", "completed", "lost")
_KEPT_APART = (Outcome.ANSWERED, Outcome.ABANDONED, Outcome.UNKNOWN)
_NOT_LOST = (Outcome.ANSWERED, Outcome.EXIT_KEY, Outcome.UNKNOWN)


class Counters(msgspec.Struct, frozen=True, kw_only=True):
    """The truth of one group since the start, over every restart of the ACD.

    Of the warm-up, only those who still waited at the start are in it. So ``offered`` is always the sum of
    ``outcomes`` and who waits now, and ``completed`` the answered less who talks now and less those whose
    conversation a restart forgot. Whoever waited when the ACD was started anew has the outcome ``unknown``:
    nobody will ever say what became of them.
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
        self._at_restart = GroupCounters(**dict.fromkeys(_COUNTS, 0))

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

    def restart(self, *, forgotten: int) -> None:
        """Let the ACD's own counts begin anew at 0; the truth goes on.

        Args:
            forgotten: How many waited, of whom it will never say what became.
        """
        if forgotten:
            self._outcomes[Outcome.UNKNOWN] = self._outcomes.get(Outcome.UNKNOWN, 0) + forgotten
        self._at_restart = self._since_the_start()

    def counters(self) -> Counters:
        """Return the truth, frozen."""
        return Counters(
            offered=self._offered,
            outcomes={outcome.value: count for outcome, count in self._outcomes.items()},
            completed=self._completed,
            ring_failures=self._ring_failures,
        )

    def group_counters(self) -> GroupCounters:
        """Return what the ACD itself has counted since it was started last."""
        now = self._since_the_start()
        return GroupCounters(
            **{name: getattr(now, name) - getattr(self._at_restart, name) for name in _COUNTS}
        )

    def _since_the_start(self) -> GroupCounters:
        outcomes = self._outcomes
        return GroupCounters(
            offered=self._offered,
            answered=outcomes.get(Outcome.ANSWERED, 0),
            abandoned=outcomes.get(Outcome.ABANDONED, 0),
            rerouted=sum(count for outcome, count in outcomes.items() if outcome not in _KEPT_APART),
            completed=self._completed,
            lost=sum(count for outcome, count in outcomes.items() if outcome not in _NOT_LOST),
        )
