"""One contact's waits, in the order in which they began."""

from dataclasses import dataclass, field
from typing import Final

from queue_alert.core.events import EndedBy
from queue_alert.core.units import AgentId, GroupName, Instant, Seconds

__all__ = ["Record", "Stay", "find_stay", "insert_stay"]

_SAME_WAIT_S: Final[Seconds] = 2.5
"""Instants are told in whole seconds here and in milliseconds there."""
_STAYS_KEPT: Final = 32
_NOBODY: Final = AgentId("")


@dataclass(slots=True)
class Stay:
    """One wait of one contact in one queue, and the conversation after it.

    Attributes:
        group: The queue.
        began: When the wait began; ``None``: not known.
        agent: Who answered; "" where that is not known.
        ended_at: When the wait ended; ``None``: it goes on.
        answered_at: When an agent was connected; ``None``: not yet, or never.
        completed_at: When the conversation ended.
        held_s: Seconds of it on hold, where that was said.
        ended_by: Who ended it.
        was_queued: Its beginning was told.
        lacks_beginning: Its end was told, in a way that could not tell when it began.
        was_presumed: Why the wait ended is a guess that another event may better.
        is_transferred: That it was passed on was told.
        is_completed: The conversation's end was told.
        is_wrapped: The end of the work after it was told.
    """

    group: GroupName
    began: Instant | None
    agent: AgentId = _NOBODY
    ended_at: Instant | None = None
    answered_at: Instant | None = None
    completed_at: Instant | None = None
    held_s: Seconds | None = None
    ended_by: EndedBy = EndedBy.UNKNOWN
    was_queued: bool = False
    lacks_beginning: bool = False
    was_presumed: bool = False
    is_transferred: bool = False
    is_completed: bool = False
    is_wrapped: bool = False

    @property
    def is_waiting(self) -> bool:
        """Whether it goes on, as far as anybody has said."""
        return self.ended_at is None

    def queue_s(self, until: Instant) -> Seconds | None:
        """Return how long it had lasted; ``None`` where its beginning is not known."""
        return None if self.began is None else round(max(until - self.began, 0.0), 3)


@dataclass(slots=True)
class Record:
    """All that is known of one contact.

    Attributes:
        stays: Its waits, the latest last.
        over_at: Since when it waits nowhere; ``None`` while that was not said.
    """

    stays: list[Stay] = field(default_factory=list)
    over_at: Instant | None = None


def find_stay(record: Record, group: GroupName, at: Instant, *, began: Instant | None) -> Stay | None:
    """Return the stay in ``group`` that began at ``began``, or, where that is not known, the latest one."""
    for stay in reversed(record.stays):
        if stay.group != group:
            continue
        if began is None or stay.began is None:
            starts = began if began is not None else stay.began
            is_possible = starts is None or starts <= (stay.ended_at or at) + _SAME_WAIT_S
            if is_possible and (starts is None or starts <= at + _SAME_WAIT_S):
                return stay
        elif abs(stay.began - began) <= _SAME_WAIT_S:
            return stay
    return None


def insert_stay(record: Record, stay: Stay) -> None:
    """Put a stay at its place; one of which nothing is known yet comes last."""
    record.stays.append(stay)
    record.stays.sort(key=lambda one: one.began if one.began is not None else one.ended_at or float("inf"))
    del record.stays[:-_STAYS_KEPT]
