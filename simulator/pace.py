"""Simulated time at another speed: the same floor, on which everybody is quicker."""

from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
import msgspec.structs

from queue_alert.core.events import AcdEvent
from queue_alert.core.units import Instant, Seconds

__all__ = ["Moment", "at_pace"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One moment in both times, and how fast the simulated one runs.

    Attributes:
        simulated: The moment in simulated time.
        real: The same moment on the steady line.
        speed: Simulated seconds in one real second, > 0.
    """

    simulated: Instant
    real: Instant
    speed: float

    def instant(self, simulated: Instant) -> Instant:
        """Return the real instant of a simulated one."""
        return self.real + (simulated - self.simulated) / self.speed

    def span(self, simulated: Seconds) -> Seconds:
        """Return how long a simulated span really lasts."""
        return simulated / self.speed


def at_pace(event: AcdEvent, moment: Moment) -> AcdEvent:
    """Return ``event`` as it is told in real time: instants moved, spans shortened by the speed.

    An age that the monitor works out (now minus when the wait began) and a span that an event states
    (``queue_s``) then agree at any speed.
    """
    return _retimed(event, moment)


_INSTANTS = frozenset({"time", "queued_at"})
_SPAN_SUFFIX = "_s"
_Timed = TypeVar("_Timed", bound=msgspec.Struct)


def _retimed(timed: _Timed, moment: Moment) -> _Timed:
    # By the names' own rule (a span ends in _s), so that a field added to the events is not forgotten here.
    changes: dict[str, Any] = {}
    for name in timed.__struct_fields__:
        value = getattr(timed, name)
        if value is None:
            continue
        if name in _INSTANTS:
            changes[name] = moment.instant(value)
        elif name.endswith(_SPAN_SUFFIX):
            changes[name] = moment.span(value)
        elif isinstance(value, tuple):
            changes[name] = tuple(_retimed(part, moment) for part in value)
    return msgspec.structs.replace(timed, **changes)
