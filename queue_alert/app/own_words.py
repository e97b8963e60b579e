"""What people say to us ourselves, by a button or by another program, as events of our own."""

from collections.abc import Callable
from typing import Final

from queue_alert.core.events import (
    OUR_OWN,
    AcdEvent,
    AlertAcknowledged,
    EscalationMode,
    EscalationRequested,
)
from queue_alert.core.units import GroupName
from queue_alert.ports import Clock

__all__ = ["OwnWords"]

_MICROSECONDS: Final = 1e6


class OwnWords:
    """Says for one button or publisher what was said to it.

    Args:
        by: By whom, as people read it: ``button desk``; nobody else's.
        submit: Takes the events to the core.
        clock: The steady line.
    """

    def __init__(self, by: str, submit: Callable[[AcdEvent], None], clock: Clock) -> None:
        self._by = by
        self._submit = submit
        self._clock = clock
        # Whoever keeps our events must not take the first word after a restart for one from before it.
        self._run = f"{clock.now() * _MICROSECONDS:.0f}"
        self._said = 0

    def acknowledge(self, groups: tuple[str, ...]) -> None:
        """Say that somebody has seen how bad it is in the groups of these names or patterns."""
        self._submit(
            AlertAcknowledged(
                id=self._identity(), source=OUR_OWN, time=self._clock.now(), groups=groups, by=self._by
            )
        )

    def call_emergency(self, group: GroupName) -> None:
        """Say that somebody in a group needs help now."""
        self._submit(
            EscalationRequested(
                id=self._identity(),
                source=OUR_OWN,
                time=self._clock.now(),
                group=group,
                mode=EscalationMode.EMERGENCY,
            )
        )

    def _identity(self) -> str:
        self._said += 1
        return f"{self._by}-{self._run}-{self._said}"
