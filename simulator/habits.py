"""What people on a simulated floor are in the habit of doing: each a table of a scenario, each optional."""

import math
from typing import Annotated

import msgspec

from queue_alert.core.events import Channel, EscalationMode, TransferKind
from queue_alert.core.units import GroupName, Ratio, Seconds
from simulator.profile import DAY_S, HourlyProfile

__all__ = [
    "AgentScenario",
    "BreakHabits",
    "Burst",
    "CallbackHabits",
    "Duration",
    "EscalationHabits",
    "MessageHabits",
    "PauseReason",
    "PriorityShare",
    "Shift",
    "TimeOfDay",
    "TransferHabit",
    "require_positive",
    "require_ratio",
    "require_shares",
]

Duration = Annotated[float, msgspec.Meta(extra={"unit": "duration"})]
"""Seconds; in a file ``"90s"``, ``"2m"``, ``"1h30m"``, and the key has no ``_s``."""

TimeOfDay = Annotated[float, msgspec.Meta(extra={"unit": "time of day"})]
"""Seconds after midnight, 0 to 86,399; in a file ``"10:30"``, and the key has no ``_s``."""

_SILENT = HourlyProfile((0.0,) * 24)
_HIGHEST_PRIORITY = 1_000
_MOST_EXTRA = 100_000


def require_positive(name: str, value: Seconds) -> None:
    """Raise a ``ValueError`` that names the field unless ``value`` is a finite number > 0."""
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"{name}: must be > 0 s, got {value}")


def require_ratio(name: str, value: Ratio) -> None:
    """Raise a ``ValueError`` that names the field unless ``value`` is 0 to 1."""
    if not 0 <= value <= 1:
        raise ValueError(f"{name}: must be 0 to 1, got {value}")


def require_shares(name: str, shares: list[Ratio]) -> None:
    """Raise a ``ValueError`` that names the field unless the shares together are at most 1."""
    if sum(shares) > 1 + 1e-9:
        raise ValueError(f"{name}: together must be at most 1, got {sum(shares):g}")


def _require_time_of_day(name: str, value: Seconds) -> None:
    if not 0 <= value < DAY_S:
        raise ValueError(f"{name}: must be 0 to 86399, got {value}")


def _require_priority(value: int) -> None:
    if not 0 <= value <= _HIGHEST_PRIORITY:
        raise ValueError(f"priority: must be 0 to 1000, got {value}")


class _Habit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all of them have in common."""


class PauseReason(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One reason not to be ready, and how long it lasts on average (half to one and a half of it)."""

    reason: str
    """In the ACD's words."""
    mean_s: Duration
    """Mean length, > 0."""

    def __post_init__(self) -> None:
        require_positive("mean_s", self.mean_s)


class BreakHabits(_Habit, frozen=True, kw_only=True):
    """How often agents take a break, and which."""

    mean_between_s: Duration | None = None
    """Mean time at work between two breaks (exponential); left out: nobody ever takes one."""
    reasons: tuple[PauseReason, ...] = (PauseReason("Break", 600.0),)
    """What a break may be, each as likely as the others; not empty."""

    def __post_init__(self) -> None:
        if self.mean_between_s is not None:
            require_positive("mean_between_s", self.mean_between_s)
        if not self.reasons:
            raise ValueError("reasons: must name at least one reason, got none")


class Burst(_Habit, frozen=True, kw_only=True):
    """A while of the day in which more callers come than usual, every day."""

    at_s: TimeOfDay
    """When it begins."""
    lasts_s: Duration
    """How long it lasts, > 0, at most a day."""
    factor: float = 1.0
    """Times as many callers as the day's profile brings, >= 1."""
    extra: float = 0.0
    """Mean number of further callers, spread over the burst; 0 to 100,000."""

    def __post_init__(self) -> None:
        _require_time_of_day("at_s", self.at_s)
        require_positive("lasts_s", self.lasts_s)
        if self.lasts_s > DAY_S:
            raise ValueError(f"lasts_s: must be at most a day, got {self.lasts_s} s")
        if not (math.isfinite(self.factor) and self.factor >= 1):
            raise ValueError(f"factor: must be >= 1, got {self.factor}")
        if not 0 <= self.extra <= _MOST_EXTRA:
            raise ValueError(f"extra: must be 0 to 100000, got {self.extra}")


class PriorityShare(_Habit, frozen=True, kw_only=True):
    """So many of a group's callers have this priority; the others have 0."""

    priority: int
    """0 to 1,000; the higher is answered first, whoever came earlier."""
    share: Ratio
    """Share of the callers, 0 to 1; those of one group together at most 1."""

    def __post_init__(self) -> None:
        _require_priority(self.priority)
        require_ratio("share", self.share)


class TransferHabit(_Habit, frozen=True, kw_only=True):
    """So many of a group's conversations are passed on to another group, where the customer waits again."""

    to: GroupName
    """The other group."""
    ratio: Ratio
    """Share of the conversations, 0 to 1; those of one group together at most 1."""
    kind: TransferKind = TransferKind.BLIND
    """``blind``, or ``consult``: the customer is on hold while the agent asks."""
    priority: int = 0
    """That of the customer in the other group, 0 to 1,000."""

    def __post_init__(self) -> None:
        require_ratio("ratio", self.ratio)
        _require_priority(self.priority)
        if self.kind is TransferKind.CONFERENCE:
            raise ValueError('kind: must be "blind" or "consult", got "conference"')


class CallbackHabits(_Habit, frozen=True, kw_only=True):
    """Callers who wait are offered to be called back: who accepts leaves and is queued again later."""

    ratio: Ratio
    """Share of the callers who accept if they still wait by then."""
    offered_after_s: Duration = 60.0
    """After how long a wait it is offered, > 0."""
    mean_delay_s: Duration = 600.0
    """Mean time until the callback is queued (exponential), > 0."""
    priority: int = 0
    """That of the callback, 0 to 1,000."""

    def __post_init__(self) -> None:
        require_ratio("ratio", self.ratio)
        require_positive("offered_after_s", self.offered_after_s)
        require_positive("mean_delay_s", self.mean_delay_s)
        _require_priority(self.priority)


class MessageHabits(_Habit, frozen=True, kw_only=True):
    """Messages that customers leave for a group, beside its calls."""

    channel: Channel = Channel.VOICEMAIL
    """``voicemail``, ``email`` or ``chat``."""
    arrivals: HourlyProfile = _SILENT
    """How many come, by the hour."""
    priority: int = 0
    """That of each, 0 to 1,000."""
    urgent_ratio: Ratio = 0.0
    """Share of them that is urgent."""
    mean_handled_after_s: Duration | None = None
    """Mean time until somebody has dealt with it (exponential), > 0; left out: nobody ever does."""
    titles: tuple[str, ...] = ()
    """What they may be about, each as likely as the others."""

    def __post_init__(self) -> None:
        _require_priority(self.priority)
        require_ratio("urgent_ratio", self.urgent_ratio)
        if self.mean_handled_after_s is not None:
            require_positive("mean_handled_after_s", self.mean_handled_after_s)
        if self.channel not in (Channel.VOICEMAIL, Channel.EMAIL, Channel.CHAT):
            raise ValueError(f'channel: must be "voicemail", "email" or "chat", got "{self.channel}"')


class EscalationHabits(_Habit, frozen=True, kw_only=True):
    """How often agents ask for a supervisor in the middle of a conversation."""

    ratio: Ratio
    """Share of the conversations."""
    modes: tuple[EscalationMode, ...] = (EscalationMode.CONSULT,)
    """How the supervisor is to come in, each as likely as the others; not empty."""

    def __post_init__(self) -> None:
        require_ratio("ratio", self.ratio)
        if not self.modes:
            raise ValueError("modes: must name at least one mode, got none")


class Shift(_Habit, frozen=True, kw_only=True):
    """When some agents are at work, every day; outside it they are offline."""

    name: str
    """What groups and agents call it."""
    begins_s: TimeOfDay
    """When they log in."""
    ends_s: TimeOfDay
    """When they log out, once their conversation is over; earlier than the beginning: on the next day."""
    late_s: Duration = 0.0
    """Each logs in and out up to so much later; at most 1 h, and half of the shift and of the time off."""

    def __post_init__(self) -> None:
        _require_time_of_day("begins_s", self.begins_s)
        _require_time_of_day("ends_s", self.ends_s)
        if self.begins_s == self.ends_s:
            raise ValueError(f"ends_s: must not be the beginning, got {self.ends_s}")
        lasts_s = (self.ends_s - self.begins_s) % DAY_S
        # Whoever comes late is not to miss the end of the shift, nor the next one's beginning.
        most_s = min(3_600.0, lasts_s / 2, (DAY_S - lasts_s) / 2)
        if not 0 <= self.late_s <= most_s:
            raise ValueError(f"late_s: must be 0 to {most_s:g} s in this shift, got {self.late_s} s")


class AgentScenario(_Habit, frozen=True, kw_only=True):
    """An agent who serves several groups, or has a shift of their own."""

    name: str
    """As the ACD names them."""
    skills: dict[GroupName, int]
    """The groups they serve, each with a level from 1 (best) to 100; not empty."""
    shift: str = ""
    """Which shift they work; left out: always."""

    def __post_init__(self) -> None:
        if not self.skills:
            raise ValueError("skills: must name at least one group, got none")
        for group, level in self.skills.items():
            if not 1 <= level <= 100:  # noqa: PLR2004 - the bounds stand in the message
                raise ValueError(f"skills.{group}: must be 1 to 100, got {level}")
