"""Which states an alert may be in one after the other, as a table.

The picture in the documentation is drawn from the table.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from msgspec.structs import replace

from queue_alert.core.alerts import Alert, AlertId, AlertState
from queue_alert.core.effects import Severity
from queue_alert.core.errors import QueueAlertError
from queue_alert.core.units import Instant, Seconds

__all__ = [
    "TRANSITIONS",
    "AlertEvent",
    "IllegalTransition",
    "diagram",
    "fire",
    "new_alert",
    "next_state",
    "resolved",
    "shifted",
]


class AlertEvent(StrEnum):
    """What can happen to an alert."""

    CONDITION_TRUE = "condition true"
    """What raises it holds."""
    CONDITION_FALSE = "condition false"
    """What raises it no longer holds, or is below what clears it."""
    DWELL_OVER = "dwell over"
    """The condition has held for long enough."""
    FIRE_ANEW = "fire anew"
    """It is raised without a dwell: by a person, a message, a lost feed."""
    ACKNOWLEDGE = "acknowledge"
    ACKNOWLEDGEMENT_EXPIRES = "acknowledgement expires"
    HAND_ON = "hand on"
    """Somebody says: tell the next, now."""
    SNOOZE = "snooze"
    RESOLVE = "resolve"
    """The condition has been over for long enough, or a person says that it is."""


_INACTIVE, _PENDING, _FIRING = AlertState.INACTIVE, AlertState.PENDING, AlertState.FIRING
_ACKNOWLEDGED, _RESOLVED = AlertState.ACKNOWLEDGED, AlertState.RESOLVED

TRANSITIONS: Final[Mapping[tuple[AlertState, AlertEvent], AlertState]] = MappingProxyType(
    {
        (_INACTIVE, AlertEvent.CONDITION_TRUE): _PENDING,
        (_INACTIVE, AlertEvent.FIRE_ANEW): _FIRING,
        (_PENDING, AlertEvent.DWELL_OVER): _FIRING,
        (_PENDING, AlertEvent.CONDITION_FALSE): _INACTIVE,
        (_PENDING, AlertEvent.FIRE_ANEW): _FIRING,
        (_FIRING, AlertEvent.CONDITION_TRUE): _FIRING,
        (_FIRING, AlertEvent.CONDITION_FALSE): _FIRING,
        (_FIRING, AlertEvent.ACKNOWLEDGE): _ACKNOWLEDGED,
        (_FIRING, AlertEvent.HAND_ON): _FIRING,
        (_FIRING, AlertEvent.SNOOZE): _FIRING,
        (_FIRING, AlertEvent.RESOLVE): _RESOLVED,
        (_ACKNOWLEDGED, AlertEvent.CONDITION_TRUE): _ACKNOWLEDGED,
        (_ACKNOWLEDGED, AlertEvent.CONDITION_FALSE): _ACKNOWLEDGED,
        (_ACKNOWLEDGED, AlertEvent.ACKNOWLEDGE): _ACKNOWLEDGED,
        (_ACKNOWLEDGED, AlertEvent.ACKNOWLEDGEMENT_EXPIRES): _FIRING,
        (_ACKNOWLEDGED, AlertEvent.HAND_ON): _FIRING,
        (_ACKNOWLEDGED, AlertEvent.SNOOZE): _FIRING,
        (_ACKNOWLEDGED, AlertEvent.RESOLVE): _RESOLVED,
        (_RESOLVED, AlertEvent.CONDITION_TRUE): _PENDING,
        (_RESOLVED, AlertEvent.FIRE_ANEW): _FIRING,
    }
)
"""What is not here is illegal. A condition that ends does not end the alert: ``resolve`` does."""


class IllegalTransition(QueueAlertError, ValueError):  # noqa: N818 - errors are named after the fault
    """Something happened to an alert that cannot happen in its state."""

    def __init__(self, state: AlertState, event: AlertEvent) -> None:
        legal = ", ".join(f'"{one}"' for of, one in TRANSITIONS if of is state)
        super().__init__(f'"{event}" cannot happen to an alert that is {state}; what can is {legal}')
        self.state = state
        self.event = event


def next_state(state: AlertState, event: AlertEvent) -> AlertState:
    """Return the state after ``event``.

    Raises:
        IllegalTransition: If the event cannot happen in that state.
    """
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise IllegalTransition(state, event) from None


def diagram() -> str:
    """Return the table as a Mermaid ``stateDiagram-v2``, without a line feed at its end."""
    arrows = [f"    {source} --> {target}: {event}" for (source, event), target in TRANSITIONS.items()]
    return "\n".join(["stateDiagram-v2", f"    [*] --> {AlertState.INACTIVE}", *arrows])


def new_alert(which: AlertId, severity: Severity, now: Instant) -> Alert:
    """Return an alert that has never fired."""
    return Alert(id=which, generation=0, state=AlertState.INACTIVE, severity=severity, state_since=now)


def fire(
    alert: Alert, now: Instant, *, reason: str | None = None, event: AlertEvent = AlertEvent.FIRE_ANEW
) -> Alert:
    """Return the alert firing, of the next generation, with nobody and nothing left of the last one.

    Raises:
        IllegalTransition: If it fires already.
    """
    return replace(
        alert,
        state=next_state(alert.state, event),
        state_since=now,
        generation=alert.generation + 1,
        fired_at=now,
        condition_since=now if alert.condition_since is None else alert.condition_since,
        keep_until=None,
        reason=alert.reason if reason is None else reason,
        acknowledged_by="",
        acknowledged_until=None,
        cursor=None,
    )


def resolved(alert: Alert, now: Instant) -> Alert:
    """Return the alert as over; how far its escalation came stays to be seen, nothing of it is due.

    Raises:
        IllegalTransition: If it does not fire.
    """
    cursor = alert.cursor
    return replace(
        alert,
        state=next_state(alert.state, AlertEvent.RESOLVE),
        state_since=now,
        condition_since=None,
        keep_until=None,
        acknowledged_by="",
        acknowledged_until=None,
        cursor=cursor and replace(cursor, next_at=None, is_snoozed=False, is_held=False),
    )


def shifted(alert: Alert, delta: Seconds) -> Alert:
    """Return the alert with all its instants moved by ``delta``, because the clock was set."""

    def moved(at: Instant | None) -> Instant | None:
        return None if at is None else at + delta

    cursor = alert.cursor
    return replace(
        alert,
        state_since=alert.state_since + delta,
        condition_since=moved(alert.condition_since),
        fired_at=moved(alert.fired_at),
        keep_until=moved(alert.keep_until),
        acknowledged_until=moved(alert.acknowledged_until),
        cursor=cursor
        and replace(cursor, next_at=moved(cursor.next_at), exhausted_at=moved(cursor.exhausted_at)),
    )
