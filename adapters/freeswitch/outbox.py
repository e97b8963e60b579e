"""What every event of this adapter is stamped with, and where it waits to be handed over.

``Event-Sequence`` rises within one run of the core (``Core-UUID``) over all events of that core, also over
those that were not asked for: a hole in it means nothing, its order means much, because FreeSWITCH hands
events out from several threads.
"""

from typing import Final, TypedDict

from adapters.freeswitch.event import SwitchEvent, whole_number
from queue_alert.core.events import AcdEvent
from queue_alert.core.units import FeedName, Instant, Seconds
from queue_alert.protocol.order import Order

__all__ = ["Outbox", "Stamp"]

_MICROSECONDS: Final = 1_000_000
_REMEMBERED: Final = 1024
_CORE_MARK: Final = 8


class Stamp(TypedDict):
    """The envelope of one event."""

    id: str
    source: FeedName
    seq: int
    time: Instant


class Outbox:
    """Numbers events by FreeSWITCH's own order, tells its time, and collects what was made of them.

    Attributes:
        now: The instant at which what is being read was received.
        time: When it happened, by FreeSWITCH's clock.
        number: Its place in the order, 0 where it has none.
    """

    def __init__(self, source: str) -> None:
        self.now: Instant = 0.0
        self.time: Instant = 0.0
        self.number = 0
        self._source = FeedName(source)
        self._order = Order()
        self._core = ""
        self._mark = ""
        self._seen: dict[int, None] = {}
        self._ahead: Seconds = 0.0
        self._is_clock_told = False
        self._said = 0
        self._parts = 0
        self._events: list[AcdEvent] = []

    @property
    def their_time(self) -> Instant:
        """FreeSWITCH's clock at :attr:`now`."""
        return self.now + self._ahead

    def begin(self, event: SwitchEvent) -> bool:
        """Take the envelope of an event; return ``False`` if it was taken before."""
        if event.core != self._core and event.core:
            self._core, self._mark = event.core, event.core[:_CORE_MARK]
            self._order.begin_run()
            self._seen.clear()
        sequence = whole_number(event.sequence) or 0
        if sequence in self._seen:
            return False
        if sequence:
            self._seen[sequence] = None
        if len(self._seen) > _REMEMBERED:
            del self._seen[next(iter(self._seen))]
        self.number = self._order.take(sequence)
        self._parts = 0
        micros = whole_number(event.timestamp)
        if not micros:
            self.time = self.their_time
        else:
            self.time = micros / _MICROSECONDS
            if not self._is_clock_told:
                self._ahead = self.time - self.now
        return True

    def stamp(self) -> Stamp:
        """Return the envelope of the next event that the one being read is made into."""
        if not self.number:
            return self.own_stamp(time=self.time)
        self._parts += 1
        identity = f"{self._mark}-{self.number}-{self._parts}"
        return {"id": identity, "source": self._source, "seq": self.number, "time": self.time}

    def own_stamp(self, *, time: Instant | None = None, seq: int = 0) -> Stamp:
        """Return the envelope of an event that FreeSWITCH did not number."""
        self._said += 1
        return {
            "id": f"own-{self._said}",
            "source": self._source,
            "seq": seq,
            "time": self.their_time if time is None else time,
        }

    def list_stamp(self) -> Stamp:
        """Return the envelope of what a list shows: as it was after all events before its answer."""
        return self.own_stamp(seq=self._order.last)

    def at_a_list(self) -> None:
        """Let what is said next be what a list shows, not what an event says."""
        self.time, self.number = self.their_time, 0

    def clock_told(self, micros: int) -> None:
        """Learn FreeSWITCH's clock, in microseconds, as it answered just now."""
        self._ahead = micros / _MICROSECONDS - self.now
        self._is_clock_told = True

    def forget_clock(self) -> None:
        """Learn the clock anew, with the next connection."""
        self._is_clock_told = False

    def add(self, event: AcdEvent) -> None:
        """Put an event behind the others."""
        self._events.append(event)

    def take(self) -> list[AcdEvent]:
        """Return what has been collected and begin anew."""
        events, self._events = self._events, []
        return events
