"""What every event made of a vendor's is stamped with, and where it waits to be handed over."""

from hashlib import blake2s
from typing import Final, TypedDict

from queue_alert.core.events import AcdEvent
from queue_alert.core.units import FeedName, Instant

__all__ = ["Outbox", "Stamp"]

_LONGEST_ID: Final = 200
_KEPT: Final = 160


class Stamp(TypedDict):
    """The envelope of one event."""

    id: str
    source: FeedName
    time: Instant


class Outbox:
    """Collects events, oldest first.

    Attributes:
        now: The instant at which what is being read was received.
    """

    def __init__(self, source: FeedName) -> None:
        self.now: Instant = 0.0
        self._source = source
        self._events: list[AcdEvent] = []

    def stamp(self, identity: str, at: Instant) -> Stamp:
        """Return the envelope of a fact: its identity is made of what it is about and when it was.

        There is no ``seq``: these vendors have no order, so the core goes by the instants.
        """
        name = f"{identity}@{at:.3f}"
        if len(name) > _LONGEST_ID:
            name = f"{name[:_KEPT]}~{blake2s(name.encode(), digest_size=16).hexdigest()}"
        return {"id": name, "source": self._source, "time": at}

    def add(self, event: AcdEvent) -> None:
        """Put an event behind the others."""
        self._events.append(event)

    def take(self) -> list[AcdEvent]:
        """Return what has been collected and begin anew."""
        events, self._events = self._events, []
        return events
