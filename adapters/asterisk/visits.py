"""The waits under way: who waits in which queue, by channel.

Asterisk names a caller by the Uniqueid of its channel. One channel may wait in several queues in turn, and an
attended transfer puts another channel in its place; the contact keeps the name under which it joined.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from queue_alert.core.events import Outcome
from queue_alert.core.units import ContactId, GroupName, Instant, Seconds

__all__ = ["CHANNEL_LIMIT", "Visit", "VisitBook"]

CHANNEL_LIMIT: Final = 20_000
"""How many channels are remembered; past that the oldest is forgotten."""


@dataclass(slots=True)
class Visit:
    """One wait of one contact in one queue, from joining to the reason for its end.

    Attributes:
        group: The queue.
        channel: Uniqueid of the channel that waits now.
        contact: Name of the contact: the Uniqueid of the channel that joined.
        sees_variables: A variable of the queue was seen being set on this channel, so the reader may see
            them.
        has_abandoned: ``QueueCallerAbandon`` was seen; that alone does not mean an abandon.
        was_dropped: An agent hung up before being connected; what follows tells less than it seems to.
        ringing: How many phones were rung for it and have not been given up.
        queue_s: Seconds waited by Asterisk's count, once it has said so.
        left_at: When ``QueueCallerLeave`` came; ``None`` while it waits.
        presumed: What was announced then as its outcome if nothing better comes.
        presumed_until: When the presumption becomes the outcome.
        is_counted: It is among the unexplained ends (see :mod:`~adapters.asterisk.tally`).
        is_over: Its end was told although no ``QueueCallerLeave`` came; a late one is to be passed over.
    """

    group: GroupName
    channel: str
    contact: ContactId
    sees_variables: bool = False
    has_abandoned: bool = False
    was_dropped: bool = False
    ringing: int = 0
    queue_s: Seconds | None = None
    left_at: Instant | None = None
    presumed: Outcome = Outcome.UNKNOWN
    presumed_until: Instant = 0.0
    is_counted: bool = False
    is_over: bool = False

    @property
    def is_waiting(self) -> bool:
        """Whether it waits still, as far as anybody has said."""
        return self.left_at is None and not self.is_over


class VisitBook:
    """All visits, found by channel and queue."""

    def __init__(self, *, limit: int = CHANNEL_LIMIT) -> None:
        self._channels: dict[str, dict[GroupName, Visit]] = {}
        self._limit = limit

    def __iter__(self) -> Iterator[Visit]:
        """Yield every visit, those of the oldest channel first."""
        for visits in self._channels.values():
            yield from visits.values()

    def find(self, channel: str, group: GroupName) -> Visit | None:
        """Return the visit of ``channel`` in ``group``."""
        visits = self._channels.get(channel)
        return visits.get(group) if visits else None

    def of(self, channel: str) -> tuple[Visit, ...]:
        """Return the visits of ``channel``, oldest first."""
        visits = self._channels.get(channel)
        return tuple(visits.values()) if visits else ()

    def open(self, channel: str, group: GroupName) -> Visit:
        """Return the visit of ``channel`` in ``group``, a new one if there is none."""
        visit = self.find(channel, group)
        if visit is None:
            visit = Visit(group=group, channel=channel, contact=ContactId(channel))
            self._put(visit)
        return visit

    def close(self, visit: Visit) -> None:
        """Forget ``visit``."""
        visits = self._channels.get(visit.channel)
        if visits is not None and visits.get(visit.group) is visit:
            del visits[visit.group]
            if not visits:
                del self._channels[visit.channel]

    def move(self, visit: Visit, channel: str) -> None:
        """Let ``channel`` wait in place of the one that did."""
        self.close(visit)
        visit.channel = channel
        self._put(visit)

    def clear(self) -> None:
        """Forget everything."""
        self._channels.clear()

    def _put(self, visit: Visit) -> None:
        if visit.channel not in self._channels and len(self._channels) >= self._limit:
            del self._channels[next(iter(self._channels))]
        self._channels.setdefault(visit.channel, {})[visit.group] = visit
