"""What an alert is, and what was tried to have somebody see it."""

from enum import StrEnum
from typing import NewType

import msgspec

from queue_alert.core.profiles import Profile
from queue_alert.core.severity import Severity
from queue_alert.core.units import GroupName, Instant

__all__ = [
    "Alert",
    "AlertId",
    "AlertState",
    "Attempt",
    "AttemptKey",
    "AttemptState",
    "Cursor",
    "Move",
    "PersonName",
    "RuleName",
]

RuleName = NewType("RuleName", str)
"""A rule as the configuration names it."""

PersonName = NewType("PersonName", str)
"""Somebody of the staff, as the configuration names them."""


class AlertId(msgspec.Struct, frozen=True, order=True):
    """Which alert: one rule in one group; the same one when it fires again, of a higher generation."""

    rule: RuleName
    group: GroupName

    def __str__(self) -> str:
        """Return it as people write it: ``rule/group``."""
        return f"{self.rule}/{self.group}"


class AlertState(StrEnum):
    """Where an alert stands. Silence, inhibition and hours suppress what is done; they are no states."""

    INACTIVE = "inactive"
    PENDING = "pending"
    """The condition holds, but not for long enough yet."""
    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    """Somebody has taken it on, until ``acknowledged_until``."""
    RESOLVED = "resolved"


class Move(StrEnum):
    """What has happened to an alert."""

    PENDING = "pending"
    DROPPED = "dropped"
    """It was pending, and its conditions hold no more."""
    FIRED = "fired"
    RESOLVED = "resolved"
    ACKNOWLEDGED = "acknowledged"
    EXPIRED = "expired"
    """Its acknowledgement held for long enough: it fires again."""
    ESCALATED = "escalated"
    """Its escalation went on, or was held back."""


class Cursor(msgspec.Struct, frozen=True, kw_only=True):
    """How far an escalation has come. The profile is a snapshot: what is edited later does not change it."""

    profile: Profile
    cycle: int = 0
    """From 0; at most ``profile.repeat``."""
    step: int = 0
    """The one that is done next, at ``next_at``; from 0."""
    next_at: Instant | None = None
    """When the next step is due; ``None``: nothing more is due (exhausted, or somebody has it in hand)."""
    exhausted_at: Instant | None = None
    """When the last step of the last cycle had waited in vain."""
    is_snoozed: bool = False
    """Whether ``next_at`` is the end of a snooze."""
    is_held: bool = False
    """Whether it was suppressed, or not urgent enough, when it was last looked at: nothing is due."""
    cycles_before: int = 0
    """Cycles of this generation before it began anew (an acknowledgement ran out): attempts count on."""


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """One alert as it stands. It is replaced as a whole, and stored as it is."""

    id: AlertId
    generation: int
    """Rises by one whenever it fires anew; 0: it has never fired."""
    state: AlertState
    severity: Severity
    state_since: Instant
    condition_since: Instant | None = None
    """Since when the condition holds, at its crossing; ``None``: it does not."""
    fired_at: Instant | None = None
    """When this generation fired."""
    keep_until: Instant | None = None
    """It does not resolve before (``keep_firing_for``)."""
    reason: str = ""
    """The figures at the crossing, in words: ``waiting 6 >= 5``."""
    acknowledged_by: str = ""
    acknowledged_until: Instant | None = None
    cursor: Cursor | None = None


class AttemptKey(msgspec.Struct, frozen=True, order=True):
    """One try to reach one person in one way: there is never a second one with the same key."""

    alert: AlertId
    generation: int
    cycle: int
    """From 0, counted on within a generation when its escalation begins anew."""
    step: int
    """From 0; one more than the last step: those who are told at the end."""
    person: PersonName
    method: str
    """The method's name, unique for the person: ``phone``, ``mobile``, ``email``."""
    number: int = 1
    """Which try, from 1."""

    def __str__(self) -> str:
        """Return it in one line, also as its name in the store."""
        place = f"{self.alert}#{self.generation}/{self.cycle}.{self.step}"
        return f"{place}/{self.person}/{self.method}/{self.number}"


class AttemptState(StrEnum):
    """What became of an attempt."""

    DIALLING = "dialling"
    """Is on the disk, and about to be made or under way."""
    UNKNOWN = "unknown"
    """It was under way when the program died: it is not made again."""
    DELIVERED = "delivered"
    """It got through, to a person or to a machine; that stops nothing."""
    ACKNOWLEDGED = "acknowledged"
    """A person pressed the key."""
    DECLINED = "declined"
    """A person said: not me."""
    UNANSWERED = "unanswered"
    BUSY = "busy"
    FAILED = "failed"
    """It could not be made."""
    SKIPPED = "skipped"
    """Not made after all: the state was read again right before, or it went into one message with another."""


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One try and its outcome."""

    key: AttemptKey
    state: AttemptState
    at: Instant
    """When it was decided on."""
    ended_at: Instant | None = None
    detail: str = ""
    """What the channel said, in few words, without numbers or secrets."""
