"""What Asterisk has counted in a queue, made comparable with what its events told.

``Completed`` and ``Abandoned`` of ``QueueParams`` tell what no event told: who came and went while nobody
listened. But they are not the number of ``AgentComplete`` and ``QueueCallerAbandon``:

- ``Completed`` rises when the agent's phone becomes free, ``AgentComplete`` may follow minutes later (a
  caller taken out of the conversation by *Redirect*).
- ``Completed`` does not rise for an agent who was removed from the queue while talking, nor for all of the
  calls that one phone takes at the same time (only the last one's beginning is kept).
- ``Abandoned`` rises for every end without an answer but a key of the caller's own. A reader who may not see
  variables cannot tell that key from other ends and says *unknown*.
- Lists are ahead of the events by a moment: what an event tells right behind a list may have been in it. And
  both counts begin anew with a restart, a reset, a queue made anew.

So counts are kept here on a scale of our own: what the events told, and what was missed beside it. See
:mod:`~adapters.asterisk.unheard` for whose conversation a missed one was.

Source: Asterisk 22, apps/app_queue.c (``update_queue``, ``update_status``, ``record_abandoned``);
tests/golden/asterisk/members, surgery.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from adapters.asterisk.unheard import Conversations, Talk, Unheard
from queue_alert.core.events import GroupCounters
from queue_alert.core.units import GroupName, Instant, Seconds

__all__ = ["GROUP_LIMIT", "RawCounts", "Tally"]

GROUP_LIMIT: Final = 5_000
"""How many queues are counted for; past that the oldest is forgotten."""

_LATELY_LISTS: Final = 20
_AHEAD_S: Final[Seconds] = 1.0
"""By so much a list may be ahead of the events."""
_AHEAD_LISTS: Final = 4
"""A list is ahead by chance: what comes behind so many lists running explains nothing new."""

RawCounts: TypeAlias = tuple[int, int]
"""``Completed`` and ``Abandoned`` as Asterisk tells them."""


@dataclass(slots=True)
class _Count:
    """One of the two, and what was made of it.

    Attributes:
        told: What the events told.
        missed: What no event told.
        offset: What their count is above ours for reasons of their own; ``None`` before the first list.
        before: The excess at the list before, where one list alone proves nothing.
        lately: How many of the missed were found lately: their events may still come.
        doubtful: How many of ours seem to be such, told after they had been found.
    """

    told: int = 0
    missed: int = 0
    offset: int | None = None
    theirs: int = 0
    before: int = 0
    lately: int = 0
    lately_lists: int = 0
    doubtful: int = 0

    @property
    def ours(self) -> int:
        """All of them, on a scale of our own."""
        return self.told + self.missed - self.doubtful

    def excess(self, theirs: int) -> int:
        """Take their count and return by how much it has grown more than ours."""
        if self.offset is None or theirs < self.theirs:
            self.offset, self.before, self.lately = theirs - self.told - self.missed, 0, 0
        self.theirs = theirs
        self.doubtful = 0
        self.lately_lists += 1
        if self.lately_lists > _LATELY_LISTS:
            self.lately = 0
        return theirs - self.offset - self.ours

    def miss(self, count: int) -> None:
        """Count what no event told."""
        if count:
            self.missed += count
            self.lately += count
            self.lately_lists = 0

    def miss_if_seen_twice(self, excess: int) -> None:
        """Believe an excess (>= 0) that is seen at the second list."""
        proved = min(excess, self.before) if self.before > 0 else 0
        self.miss(proved)
        self.before = excess - proved

    def shrink(self, excess: int) -> int:
        """Explain a negative excess once it is seen at the second list.

        An event that comes after what it tells was found to be missing tells nothing new. Any other is a
        fact that they did not count.

        Returns:
            How many were told late.
        """
        proved = max(excess, self.before) if self.before < 0 else 0
        late = min(-proved, self.lately)
        self.missed -= late
        self.lately -= late
        if self.offset is not None:
            self.offset += proved + late
        self.before = excess - proved
        self.doubtful = min(-self.before, self.lately)
        return late


@dataclass(slots=True)
class _Group:
    answered: int = 0
    completed: _Count = field(default_factory=_Count)
    unheard: Unheard = field(default_factory=Unheard)
    abandoned: _Count = field(default_factory=_Count)
    unexplained: int = 0
    listed_since: Instant | None = None
    listed_at: Instant | None = None
    # In how many lists running something told right behind the list has explained what was new in it.
    behind_lists: int = 0
    is_behind: bool = False
    # What was worked out last, and from what.
    seen: tuple[RawCounts, int, int, int, int] | None = None
    counters: GroupCounters | None = None


class Tally:
    """Counts what the events told, by queue, for as long as the feed lives.

    Args:
        clock: Tells when what is being read was received.
    """

    def __init__(self, clock: Callable[[], Instant]) -> None:
        self._clock = clock
        self._groups: dict[GroupName, _Group] = {}

    def answered(self, name: GroupName) -> None:
        """Note an answer."""
        self._group(name).answered += 1

    def completed(self, name: GroupName) -> None:
        """Note the end of a conversation."""
        group = self._group(name)
        group.completed.told += 1
        if group.unheard.fresh and self._is_right_behind(group):
            group.unheard.explain()

    def abandoned(self, name: GroupName) -> None:
        """Note a wait that ended without an answer, as Asterisk counts it."""
        group = self._group(name)
        group.abandoned.told += 1
        if group.abandoned.before > 0 and self._is_right_behind(group):
            group.abandoned.before -= 1

    def unexplained(self, name: GroupName, more: int) -> None:
        """Note ``more`` waits (fewer, where negative) whose end we call unknown, and Asterisk no abandon."""
        self._group(name).unexplained += more

    def listed(self, name: GroupName, now: Instant) -> bool:
        """Note that a list names a queue and return whether it is the first that does."""
        group = self._group(name)
        if group.listed_since is not None:
            return False
        group.listed_since = now
        return True

    def listed_since(self, name: GroupName) -> Instant | None:
        """Return when a queue was listed first, ``None`` if it never was."""
        return self._group(name).listed_since

    def counters(self, name: GroupName, theirs: RawCounts, talks: Conversations[Talk]) -> GroupCounters:
        """Return what has been counted, Asterisk's own counts considered.

        Args:
            name: The queue.
            theirs: Its counts as a list tells them.
            talks: Knows the conversations under way; asked only where that matters.
        """
        group = self._group(name)
        completed, abandoned = group.completed, group.abandoned
        group.listed_at = self._clock()
        group.behind_lists = group.behind_lists + 1 if group.is_behind else 0
        group.is_behind = False
        seen = theirs, group.answered, completed.told, abandoned.told, group.unexplained
        if seen == group.seen and group.counters is not None:
            return group.counters
        is_settled = self._judge(name, group, theirs, talks)
        counters = GroupCounters(
            answered=group.answered - completed.doubtful,
            completed=completed.ours,
            lost=abandoned.ours + group.unexplained,
        )
        # Only what agrees needs no second look.
        group.seen, group.counters = (seen, counters) if is_settled else (None, None)
        return counters

    def _judge(self, name: GroupName, group: _Group, theirs: RawCounts, talks: Conversations[Talk]) -> bool:
        """Find what was missed; return whether all agrees."""
        completed, abandoned = group.completed, group.abandoned
        excess = completed.excess(theirs[0])
        if excess > 0:
            completed.before = 0
            found = group.unheard.judge(excess, name, talks)
            completed.missed += found.carried
            completed.miss(found.unknown)
            group.answered += found.unknown
        else:
            group.unheard.clear()
            group.answered -= completed.shrink(excess)
        lost = abandoned.excess(theirs[1])
        if lost >= 0:
            abandoned.miss_if_seen_twice(lost)
        else:
            abandoned.shrink(lost)
        return excess == 0 == lost

    def _is_right_behind(self, group: _Group) -> bool:
        if group.listed_at is None or group.behind_lists >= _AHEAD_LISTS:
            return False
        is_right_behind = self._clock() - group.listed_at <= _AHEAD_S
        group.is_behind |= is_right_behind
        return is_right_behind

    def _group(self, name: GroupName) -> _Group:
        group = self._groups.get(name)
        if group is None:
            if len(self._groups) >= GROUP_LIMIT:
                del self._groups[next(iter(self._groups))]
            group = self._groups[name] = _Group()
        return group
