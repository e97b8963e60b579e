"""When things happened, by Asterisk's clock where it says so.

With ``timestampevents = yes`` every event carries its instant. Items of lists, answers and the
``FullyBooted`` after a login never do: their instant is worked out from how far the last event's was from
its receipt. Without the option the receipt is all there is, for everything: a feed must not speak by two
clocks.

Source: Asterisk 22, main/manager.c (``manager_event_sessions``); tests/golden/asterisk.
"""

import math
from collections.abc import Callable

from adapters.asterisk.frames import Frame
from queue_alert.core.units import Instant, Seconds
from queue_alert.ports import Skipped

__all__ = ["Stamps"]

_BELIEVED_S = 86_400.0 * 366


class Stamps:
    """Finds out whether events carry their instant, and reads it.

    Args:
        skipped: Called where what stands there is no instant.

    Attributes:
        are_sought: Whether events have to be looked at: they carry their instant, or may do so.
    """

    def __init__(self, skipped: Callable[[Skipped, str], None]) -> None:
        self.are_sought = True
        self._skipped = skipped
        self._are_there = False
        self._ahead_s: Seconds = 0.0

    def look_again(self) -> None:
        """Look at the next event: the option may have been changed, as it can be by a reload."""
        self.are_sought = True

    def at(self, received_at: Instant) -> Instant:
        """Return when something happened that carries no instant."""
        return received_at + self._ahead_s if self._are_there else received_at

    def of(self, frame: Frame, received_at: Instant) -> Instant:
        """Return when an event happened."""
        if not frame.text("Privilege"):
            return self.at(received_at)  # no event; an answer to Ping has a Timestamp of its own
        stamp = _instant(frame)
        if stamp is None:
            self._unstamped(frame)
            return self.at(received_at)
        if not abs(stamp - received_at) <= _BELIEVED_S:
            self._skipped(Skipped.BAD_VALUE, f"{frame.event}: Timestamp")
            return self.at(received_at)
        self._are_there = True
        self._ahead_s = stamp - received_at
        return stamp

    def of_pong(self, frame: Frame, received_at: Instant) -> Instant:
        """Return when the answer to a Ping was given, by the clock by which events are told."""
        stamp = _instant(frame) if self._are_there else None
        if stamp is None or not abs(stamp - received_at) <= _BELIEVED_S:
            return self.at(received_at)
        return stamp

    def _unstamped(self, frame: Frame) -> None:
        if frame.text("Uptime"):
            return  # of the FullyBooted after a login, which never has one
        if frame.text("Timestamp"):
            self._skipped(Skipped.BAD_VALUE, f"{frame.event}: Timestamp")
            return
        self._are_there = False
        self.are_sought = False


def _instant(frame: Frame) -> Instant | None:
    try:
        stamp = float(frame.text("Timestamp"))
    except ValueError:
        return None
    return stamp if math.isfinite(stamp) else None
