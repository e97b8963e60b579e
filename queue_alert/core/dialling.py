"""Whether what was planned is still to be done, asked right before; and what a restart leaves of it."""

from collections.abc import Container
from enum import StrEnum

from msgspec.structs import replace

from queue_alert.core.alerts import Alert, AlertState, Attempt, AttemptKey, AttemptState
from queue_alert.core.escalation import is_urgent_enough
from queue_alert.core.units import Instant

__all__ = ["WhyNot", "after_restart", "why_not_dial"]


class WhyNot(StrEnum):
    """Why a planned attempt is not made after all."""

    GONE = "gone"
    """There is no such alert any more."""
    OTHER_GENERATION = "other_generation"
    """It has been over since, and fires anew."""
    OVER = "over"
    ACKNOWLEDGED = "acknowledged"
    SUPPRESSED = "suppressed"
    NOT_URGENT = "not_urgent"
    SNOOZED = "snoozed"
    BEGUN_ANEW = "begun_anew"
    """The escalation began anew since: its own steps tell whom to tell."""
    MADE = "made"
    """There is a record of it already."""


def why_not_dial(
    alert: Alert | None,
    key: AttemptKey,
    now: Instant,
    *,
    made: Container[AttemptKey] = (),
    suppressed_by: str = "",
) -> WhyNot | None:
    """Return why a planned attempt is not to be made after all; ``None``: make it.

    To be asked right before it is made, of the alert as it stands then. A step that is made late is still
    made: the escalation may have gone on meanwhile, but nobody has it in hand.

    Args:
        alert: The one with the key's id, ``None`` where there is none.
        key: The attempt.
        now: The time.
        made: Keys of which there is a record.
        suppressed_by: What keeps the alert quiet, in words; empty: nothing.
    """
    if alert is None or alert.id != key.alert:
        return WhyNot.GONE
    if alert.generation != key.generation:
        return WhyNot.OTHER_GENERATION
    if alert.state is AlertState.ACKNOWLEDGED:
        return WhyNot.ACKNOWLEDGED
    cursor = alert.cursor
    if alert.state is not AlertState.FIRING or cursor is None:
        return WhyNot.OVER
    if key in made:
        return WhyNot.MADE
    if suppressed_by:
        return WhyNot.SUPPRESSED
    if not is_urgent_enough(alert):
        return WhyNot.NOT_URGENT
    if key.cycle < cursor.cycles_before:
        return WhyNot.BEGUN_ANEW
    if cursor.is_snoozed and cursor.next_at is not None and now < cursor.next_at:
        return WhyNot.SNOOZED
    return None


def after_restart(attempt: Attempt, now: Instant) -> Attempt:
    """Return an attempt as it is known after a restart: what was under way is unknown, and not made again."""
    if attempt.state is not AttemptState.DIALLING:
        return attempt
    return replace(attempt, state=AttemptState.UNKNOWN, ended_at=now, detail="the program ended meanwhile")
