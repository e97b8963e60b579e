"""Simulated time at another speed: the same floor, on which everybody is quicker."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
import msgspec.structs

from queue_alert.core.events import AcdEvent
from queue_alert.core.units import Instant, Seconds

__all__ = ["Moment", "at_pace", "retimed"]


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
    return retimed(event, instant=moment.instant, span=moment.span)


_INSTANTS = frozenset({"time", "queued_at"})
_SPAN_SUFFIX = "_s"
_Timed = TypeVar("_Timed", bound=msgspec.Struct)


def retimed(
    timed: _Timed, *, instant: Callable[[Instant], Instant], span: Callable[[Seconds], Seconds]
) -> _Timed:
    """Return an event, or a part of one, with every instant and every span in it made another one."""
    # By the names' own rule (a span ends in _s), so that a field added to the events is not forgotten here.
    changes: dict[str, Any] = {}
    for name in timed.__struct_fields__:
        value = getattr(timed, name)
        if value is None:
            continue
        if name in _INSTANTS:
            changes[name] = instant(value)
        elif name.endswith(_SPAN_SUFFIX):
            changes[name] = span(value)
        elif isinstance(value, tuple):
            changes[name] = tuple(retimed(part, instant=instant, span=span) for part in value)
    return msgspec.structs.replace(timed, **changes)
