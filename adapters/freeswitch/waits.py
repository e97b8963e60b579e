"""The waits under way, found by caller and by queue."""

from dataclasses import dataclass, field
from typing import Final

from queue_alert.core.units import AgentId, ContactId, GroupName, Instant

__all__ = ["RINGS_LIMIT", "WAIT_LIMIT", "Wait", "WaitBook"]

WAIT_LIMIT: Final = 50_000
"""How many waits are remembered; past that the oldest is forgotten."""

RINGS_LIMIT: Final = 200
"""Of how many agents who are rung for one caller at a time it is known since when."""


@dataclass(slots=True)
class Wait:
    """One caller in one queue.

    Attributes:
        group: The queue.
        since: When he joined.
        rung_at: Since when which agent is rung for him.
    """

    group: GroupName
    since: Instant
    rung_at: dict[AgentId, Instant] = field(default_factory=dict)


class WaitBook:
    """All waits.

    Args:
        limit: See :data:`WAIT_LIMIT`.
    """

    def __init__(self, *, limit: int = WAIT_LIMIT) -> None:
        self._limit = limit
        self._waits: dict[ContactId, Wait] = {}
        self._by_group: dict[GroupName, dict[ContactId, Wait]] = {}

    def find(self, contact: ContactId) -> Wait | None:
        """Return a caller's wait."""
        return self._waits.get(contact)

    def of(self, group: GroupName) -> dict[ContactId, Wait]:
        """Return a queue's waits, to be changed at will."""
        return dict(self._by_group.get(group, {}))

    def count(self, group: GroupName) -> int:
        """Return how many wait in a queue."""
        return len(self._by_group.get(group, ()))

    def put(self, contact: ContactId, wait: Wait) -> None:
        """Remember a wait in place of any other of that caller."""
        self.drop(contact)
        if len(self._waits) >= self._limit:
            self.drop(next(iter(self._waits)))
        self._waits[contact] = wait
        self._by_group.setdefault(wait.group, {})[contact] = wait

    def drop(self, contact: ContactId) -> None:
        """Forget a wait, if there is one."""
        wait = self._waits.pop(contact, None)
        if wait is not None:
            of_group = self._by_group[wait.group]
            del of_group[contact]
            if not of_group:
                del self._by_group[wait.group]

    def clear(self) -> None:
        """Forget everything."""
        self._waits.clear()
        self._by_group.clear()
