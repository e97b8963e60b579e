"""What every event of this adapter is stamped with, and where it waits to be handed over."""

from typing import TypedDict

from queue_alert.core.events import AcdEvent
from queue_alert.core.units import FeedName, Instant

__all__ = ["Outbox", "Stamp"]


class Stamp(TypedDict):
    """The envelope of one event."""

    id: str
    source: FeedName
    seq: int
    time: Instant


class Outbox:
    """Numbers events and collects them, oldest first.

    The number goes on across connections, so that an identity is never used twice.

    Attributes:
        now: The instant at which what is being read was received.
    """

    def __init__(self, source: str) -> None:
        self.now: Instant = 0.0
        self._source = FeedName(source)
        self._seq = 0
        self._snapshots = 0
        self._events: list[AcdEvent] = []

    def stamp(self) -> Stamp:
        """Return the envelope of the next event: happening now, numbered one higher than the last."""
        self._seq += 1
        return {"id": str(self._seq), "source": self._source, "seq": self._seq, "time": self.now}

    def snapshot_stamp(self) -> Stamp:
        """Return the envelope of a snapshot: it uses up no number and has that of the event before it."""
        self._snapshots += 1
        return {"id": f"s{self._snapshots}", "source": self._source, "seq": self._seq, "time": self.now}

    def add(self, event: AcdEvent) -> None:
        """Put an event behind the others."""
        self._events.append(event)

    def take(self) -> list[AcdEvent]:
        """Return what has been collected and begin anew."""
        events, self._events = self._events, []
        return events
