"""What Asterisk has counted in a queue, made comparable with what its events told.

``Completed`` and ``Abandoned`` of ``QueueParams`` tell what no event told: who came and went while nobody
listened. But they are not the number of ``AgentComplete`` and ``QueueCallerAbandon``:

- ``Completed`` rises when the agent's phone becomes free, ``AgentComplete`` may follow minutes later (a
  caller taken out of the conversation by *Redirect*). So it may be ahead by as many as there are
  conversations.
- ``Completed`` does not rise for an agent who was removed from the queue while talking, nor for all of the
  calls that one phone takes at the same time (only the last one's beginning is kept).
- ``Abandoned`` rises for every end without an answer but a key of the caller's own. A reader who may not see
  variables cannot tell that key from other ends and says *unknown*.
- Lists are ahead of the events by a moment; and both counts begin anew with a restart, a reset, a queue made
  anew.

So counts are kept here on a scale of our own: what the events told, and what was missed beside it, believed
once two lists in a row show it.

Source: Asterisk 22, apps/app_queue.c (``update_queue``, ``update_status``, ``record_abandoned``);
tests/golden/asterisk/members, surgery.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from queue_alert.core.events import GroupCounters
from queue_alert.core.units import GroupName

__all__ = ["GROUP_LIMIT", "RawCounts", "Tally"]

GROUP_LIMIT: Final = 5_000
"""How many queues are counted for; past that the oldest is forgotten."""

RawCounts = tuple[int, int]
"""``Completed`` and ``Abandoned`` as Asterisk tells them."""


@dataclass(slots=True)
class _Count:
    told: int = 0
    missed: int = 0
    # What their count is above ours for reasons of their own.
    offset: int | None = None
    theirs: int = 0
    before: int = 0
    is_even: bool = False

    def compare(self, theirs: int, early: Callable[[], int]) -> None:
        """Take their count; ``early`` tells how many of it may be ahead of their events."""
        if self.offset is None or theirs < self.theirs:
            self.offset, self.before = theirs - self.told - self.missed, 0
        self.theirs = theirs
        excess = theirs - self.offset - self.told - self.missed
        self.is_even = excess == 0
        if excess > 0:
            excess = max(excess - early(), 0)
        if excess > 0 and self.before > 0:
            self.missed += min(excess, self.before)
            self.before = max(excess - self.before, 0)
        elif excess < 0 and self.before < 0:
            # An event is a fact: what it told was not counted.
            self.offset += max(excess, self.before)
            self.before = min(excess - self.before, 0)
        else:
            self.before = excess


@dataclass(slots=True)
class _Group:
    completed: _Count = field(default_factory=_Count)
    abandoned: _Count = field(default_factory=_Count)
    unexplained: int = 0
    # What was worked out last, and from what.
    seen: tuple[RawCounts, int, int, int] | None = None
    counters: GroupCounters | None = None


class Tally:
    """Counts what the events told, by queue, for as long as the feed lives."""

    def __init__(self) -> None:
        self._groups: dict[GroupName, _Group] = {}

    def completed(self, name: GroupName) -> None:
        """Note the end of a conversation."""
        self._group(name).completed.told += 1

    def abandoned(self, name: GroupName) -> None:
        """Note a wait that ended without an answer, as Asterisk counts it."""
        self._group(name).abandoned.told += 1

    def unexplained(self, name: GroupName, more: int) -> None:
        """Note ``more`` waits (fewer, where negative) whose end we call unknown, and Asterisk no abandon."""
        self._group(name).unexplained += more

    def counters(
        self, name: GroupName, theirs: RawCounts, talking: Callable[[GroupName], int]
    ) -> GroupCounters:
        """Return what has been counted, Asterisk's own counts considered.

        Args:
            name: The queue.
            theirs: Its counts as a list tells them.
            talking: Counts the conversations under way in a queue; called only where that matters.
        """
        group = self._group(name)
        completed, abandoned = group.completed, group.abandoned
        seen = (theirs, completed.told, abandoned.told, group.unexplained)
        if seen == group.seen and group.counters is not None:
            return group.counters
        completed.compare(theirs[0], lambda: talking(name))
        abandoned.compare(theirs[1], int)
        counters = GroupCounters(
            completed=completed.told + completed.missed,
            lost=abandoned.told + abandoned.missed + group.unexplained,
        )
        # Only what agrees needs no second look.
        is_settled = completed.is_even and abandoned.is_even and not (completed.before or abandoned.before)
        group.seen, group.counters = (seen, counters) if is_settled else (None, None)
        return counters

    def _group(self, name: GroupName) -> _Group:
        group = self._groups.get(name)
        if group is None:
            if len(self._groups) >= GROUP_LIMIT:
                del self._groups[next(iter(self._groups))]
            group = self._groups[name] = _Group()
        return group
