"""Whose conversation it was that Asterisk counted as over while nobody told us of its end.

``Completed`` may be ahead of ``AgentComplete``, so an excess may belong to any conversation that is under way
as far as we know. But only to those that were so when the excess was first seen: one that begins later cannot
have been counted. Each of them either ends with its ``AgentComplete``, which explains the excess, or turns
out to be over (its agent is free, or talks to another caller): then its end was lost. Once none of them is
left, it was a conversation of which nobody told us anything.

What is told right behind a list explains what was new in that list. A later list may be ahead again, by
another conversation: that is a new excess, though the number is the same.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from queue_alert.core.units import GroupName

__all__ = ["Conversation", "Conversations", "Unheard"]


class Conversation(Protocol):
    """One that is under way as far as we know; compared by identity."""

    @property
    def is_surely_over(self) -> bool:
        """Whether several lists have shown that it is not under way any more."""

    @property
    def is_carried(self) -> bool:
        """Whether it was under way when we began to listen: its answer is none of ours."""


Talk = TypeVar("Talk", bound=Conversation)


class Conversations(Protocol[Talk]):
    """All conversations that we know of."""

    def under_way(self, group: GroupName) -> Sequence[Talk]:
        """Return those under way in a queue, as far as we know."""

    def end_unheard(self, talk: Talk) -> None:
        """Let one be over of which no event will tell; its end is told and counted, unless it was carried."""


@dataclass(slots=True)
class _Claim:
    """So many of an excess that appeared at one list, and whose they may be."""

    count: int
    suspects: set[Conversation]


@dataclass(slots=True)
class _Found:
    """How many of an excess were found to be whose.

    Attributes:
        carried: Conversations that were under way when we began to listen.
        unknown: Conversations of which neither the answer nor the end was told.
    """

    carried: int = 0
    unknown: int = 0


@dataclass(slots=True)
class Unheard:
    """The excess of one queue's ``Completed``, from its first sight until it is explained.

    Attributes:
        claims: The oldest first.
        fresh: How many of the last one appeared at the last list.
    """

    claims: list[_Claim] = field(default_factory=list)
    fresh: int = 0

    def clear(self) -> None:
        """Learn that there is none."""
        self.claims.clear()
        self.fresh = 0

    def explain(self) -> None:
        """Learn that an end was told right behind the last list, which may have counted it."""
        if self.fresh:
            self.fresh -= 1
            self.claims[-1].count -= 1
            if not self.claims[-1].count:
                self.claims.pop()

    def judge(self, excess: int, group: GroupName, talks: Conversations[Talk]) -> _Found:
        """Return what of an excess (> 0) is proved; what appears now can be only at a later list."""
        self.fresh = 0
        self._trim(excess)
        known = talks.under_way(group)
        under_way, found = set(known), _Found()
        for talk in known:
            if self.claims and talk.is_surely_over:
                self._take_one()
                found.carried += talk.is_carried
                excess -= 1
                talks.end_unheard(talk)
                under_way.remove(talk)
        self._settle(under_way, found)
        excess -= found.unknown
        self.fresh = max(excess - sum(claim.count for claim in self.claims), 0)
        if self.fresh:
            self.claims.append(_Claim(self.fresh, set(under_way)))
        return found

    def _settle(self, under_way: AbstractSet[Conversation], found: _Found) -> None:
        # What was under way at an earlier list and still is was so at every list between: the suspects of an
        # earlier claim are among those of a later one.
        spoken_for = 0
        for claim in self.claims:
            claim.suspects &= under_way
            explained = min(claim.count, max(len(claim.suspects) - spoken_for, 0))
            spoken_for += explained
            found.unknown += claim.count - explained
            claim.count = explained
        self.claims = [claim for claim in self.claims if claim.count]

    def _trim(self, excess: int) -> None:
        """Let what has been explained meanwhile be gone, the earliest first."""
        while (surplus := sum(claim.count for claim in self.claims) - excess) > 0:
            first = self.claims[0]
            first.count -= min(surplus, first.count)
            if not first.count:
                del self.claims[0]

    def _take_one(self) -> None:
        self.claims[0].count -= 1
        if not self.claims[0].count:
            del self.claims[0]
