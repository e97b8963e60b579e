"""What people make of an alert that fires: it is theirs, it is for the next, later, it is over.

Whatever somebody says is bound to the generation that they were told of, and comes back with a reason: also
what is refused, and what changes nothing, is to be recorded.
"""

from enum import StrEnum
from typing import Final

import msgspec
from msgspec.structs import replace

from queue_alert.core.alerts import Alert, AlertState, Cursor
from queue_alert.core.escalation import anew
from queue_alert.core.profiles import LONGEST_TIMEOUT_S, Profile
from queue_alert.core.transitions import AlertEvent, next_state, resolved
from queue_alert.core.units import Instant, Seconds

__all__ = [
    "UNESCALATED_FOR_S",
    "Answer",
    "Handled",
    "acknowledge",
    "hand_on",
    "reapply",
    "resolve",
    "snooze",
]

UNESCALATED_FOR_S: Final[Seconds] = 1800.0
"""So long an acknowledgement holds where no profile says it."""


class Handled(StrEnum):
    """What became of what somebody said."""

    DONE = "done"
    STALE_GENERATION = "stale_generation"
    """Refused: they speak of a firing that is over."""
    NOT_FIRING = "not_firing"
    """Refused: there is nothing to take on."""
    ALREADY_ACKNOWLEDGED = "already_acknowledged"
    """Somebody (else) has it in hand; nothing changes."""
    NOT_ESCALATED = "not_escalated"
    """Refused: there is no next one, since no profile runs."""
    BAD_TIME = "bad_time"
    """Refused: not in the future, or more than :data:`~queue_alert.core.profiles.LONGEST_TIMEOUT_S` ahead."""


class Answer(msgspec.Struct, frozen=True):
    """An alert after somebody spoke, and what became of what they said."""

    alert: Alert
    reason: Handled
    detail: str
    """In words, for the record and for who said it."""


def acknowledge(alert: Alert, now: Instant, *, generation: int, person: str) -> Answer:
    """Let ``person`` have it in hand, for as long as the profile says.

    It counts from whichever step they were told at, also from one that is long past.
    """
    if refused := _refused(alert, generation):
        return refused
    if alert.state is AlertState.ACKNOWLEDGED:
        return _in_hand(alert)
    cursor = alert.cursor
    held_s = cursor.profile.acknowledged_for_s if cursor else UNESCALATED_FOR_S
    taken = replace(
        alert,
        state=next_state(alert.state, AlertEvent.ACKNOWLEDGE),
        state_since=now,
        acknowledged_by=person,
        acknowledged_until=None if held_s is None else now + held_s,
        cursor=cursor and replace(cursor, next_at=None, is_snoozed=False, is_held=False),
    )
    return Answer(taken, Handled.DONE, f"{person} has it in hand")


def hand_on(alert: Alert, now: Instant, *, generation: int, person: str) -> Answer:
    """Let the next step be due now: whoever was told, or has it in hand, cannot see to it.

    Where it is exhausted, it begins anew at the first step. What another has in hand stays there.
    """
    if refused := _refused(alert, generation) or _is_anothers(alert, person):
        return refused
    if alert.cursor is None:
        return Answer(alert, Handled.NOT_ESCALATED, "no profile runs, so there is no next one to tell")
    cursor = alert.cursor
    if cursor.exhausted_at is None:
        cursor = replace(cursor, next_at=now, is_snoozed=False)
    else:
        cursor = anew(cursor, now, is_held=cursor.is_held)
    return Answer(
        _back(alert, now, AlertEvent.HAND_ON, cursor), Handled.DONE, f"{person} hands it to the next"
    )


def snooze(alert: Alert, now: Instant, *, generation: int, person: str, until: Instant) -> Answer:
    """Let nothing be due before ``until``; then, if it still fires, the next step.

    Where all steps have been done, the first one comes next. What another has in hand stays there.
    """
    if refused := _refused(alert, generation) or _is_anothers(alert, person):
        return refused
    if alert.cursor is None:
        return Answer(alert, Handled.NOT_ESCALATED, "no profile runs, so there is nothing to put off")
    if not now < until <= now + LONGEST_TIMEOUT_S:
        words = f"it can be put off for up to {LONGEST_TIMEOUT_S / 3600:.0f} h, not for {until - now:.0f} s"
        return Answer(alert, Handled.BAD_TIME, words)
    cursor = alert.cursor
    if cursor.step >= len(cursor.profile.steps):
        cursor = anew(cursor, until, is_held=cursor.is_held)
    cursor = replace(cursor, next_at=until, is_snoozed=True)
    words = f"{person} puts it off for {until - now:.0f} s"
    return Answer(_back(alert, now, AlertEvent.SNOOZE, cursor), Handled.DONE, words)


def _back(alert: Alert, now: Instant, event: AlertEvent, cursor: Cursor) -> Alert:
    state = next_state(alert.state, event)
    return replace(
        alert,
        state=state,
        state_since=alert.state_since if state is alert.state else now,
        acknowledged_by="",
        acknowledged_until=None,
        cursor=cursor,
    )


def resolve(alert: Alert, now: Instant, *, generation: int, person: str) -> Answer:
    """Let it be over because ``person`` says so."""
    if refused := _refused(alert, generation):
        return refused
    return Answer(resolved(alert, now), Handled.DONE, f"{person} says that it is over")


def reapply(alert: Alert, now: Instant, *, generation: int, profile: Profile) -> Answer:
    """Take ``profile`` instead of the snapshot, from its first step, due now.

    What somebody has in hand stays in hand for as long as they were given, or where that was for ever, for as
    long from now as the new profile gives; it runs after that.
    """
    if refused := _refused(alert, generation):
        return refused
    at = now if alert.state is AlertState.FIRING else None
    old = alert.cursor
    if old is None:
        cursor = Cursor(profile=profile, next_at=at)
    else:
        cursor = anew(old, at, profile, is_held=old.is_held)
    until, for_s = alert.acknowledged_until, profile.acknowledged_for_s
    if alert.state is AlertState.ACKNOWLEDGED and until is None and for_s is not None:
        until = now + for_s
    words = f'profile "{profile.name}" runs from its first step'
    return Answer(replace(alert, cursor=cursor, acknowledged_until=until), Handled.DONE, words)


def _refused(alert: Alert, generation: int) -> Answer | None:
    if generation != alert.generation:
        words = f"that was firing {generation}; it is at firing {alert.generation} now"
        return Answer(alert, Handled.STALE_GENERATION, words)
    if alert.state not in (AlertState.FIRING, AlertState.ACKNOWLEDGED):
        return Answer(alert, Handled.NOT_FIRING, f"it does not fire: it is {alert.state}")
    return None


def _is_anothers(alert: Alert, person: str) -> Answer | None:
    is_anothers = alert.state is AlertState.ACKNOWLEDGED and alert.acknowledged_by != person
    return _in_hand(alert) if is_anothers else None


def _in_hand(alert: Alert) -> Answer:
    words = f"{alert.acknowledged_by} has it in hand already"
    return Answer(alert, Handled.ALREADY_ACKNOWLEDGED, words)
