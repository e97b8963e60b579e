"""What the shell is to do, imperative."""

from enum import StrEnum
from typing import TypeAlias

import msgspec

from queue_alert.core.alerts import Alert, AttemptKey, Move
from queue_alert.core.severity import Severity
from queue_alert.core.units import GroupName, SignalName

__all__ = [
    "AlertMoved",
    "Anomaly",
    "CallPeople",
    "Effect",
    "ReportAnomaly",
    "Severity",
    "ShowSignal",
    "SignalLevel",
]


class SignalLevel(msgspec.Struct, frozen=True, gc=False):
    """What a lamp is to say: a level, so the newest wins and it may be sent again at will.

    ``depth`` 0 and ``NORMAL`` and not ``stale`` is the only level that may be dark.
    """

    depth: int = 0
    """How many contacts wait, >= 0."""
    severity: Severity = Severity.NORMAL
    stale: bool = False
    """True while any feed behind the figures is not live: they are held, not known."""
    acknowledged: bool = False
    """Whether somebody has seen the severity: it is still said, without its urgency."""


class ShowSignal(msgspec.Struct, frozen=True, gc=False, tag="show_signal"):
    """Show this level on the output of that name. Flat: one is made for every contact that comes or goes."""

    signal: SignalName
    depth: int
    severity: Severity
    stale: bool
    acknowledged: bool = False

    @property
    def level(self) -> SignalLevel:
        """The level to show."""
        return SignalLevel(self.depth, self.severity, self.stale, self.acknowledged)


class Anomaly(StrEnum):
    """Something a feed said that cannot be true or does not fit."""

    IMPLAUSIBLE_TIME = "implausible_time"
    IMPLAUSIBLE_DURATION = "implausible_duration"
    UNKNOWN_CONTACT = "unknown_contact"
    TOO_MANY_GROUPS = "too_many_groups"
    TOO_MANY_WAITING = "too_many_waiting"
    TOO_MANY_AGENTS = "too_many_agents"
    OTHER_GROUP = "other_group"
    """A group that the feed may not speak of by the configuration; passed over."""


class ReportAnomaly(msgspec.Struct, frozen=True, gc=False, tag="report_anomaly"):
    """Count this and say it once in the log."""

    anomaly: Anomaly
    group: GroupName
    detail: str


class AlertMoved(msgspec.Struct, frozen=True, gc=False, tag="alert_moved"):
    """An alert moved: write it down, tell whom it concerns."""

    alert: Alert
    """As it stands after all that moved it at this instant."""
    move: Move


class CallPeople(msgspec.Struct, frozen=True, gc=False, tag="call_people"):
    """Make these attempts, each once: write them down first, and ask right before whether it is still so."""

    alert: Alert
    """As it stands; to be written down before any attempt is made."""
    attempts: tuple[AttemptKey, ...]
    """In this order."""
    notes: tuple[str, ...] = ()
    """Why these, and who was passed over, in words."""


Effect: TypeAlias = ShowSignal | ReportAnomaly | AlertMoved | CallPeople
