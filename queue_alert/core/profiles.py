"""What an escalation profile is: steps, each with whom to tell and how long to wait for an answer.

Source: the fields of a ShoreTel escalation profile (name, repeat count, a time-out for each step, urgent
only, each new or the first unheard).
"""

from enum import StrEnum
from typing import Final

import msgspec

from queue_alert.core.units import Seconds

__all__ = [
    "LONGEST_TIMEOUT_S",
    "MOST_REPEATS",
    "MOST_STEPS",
    "Occasion",
    "Profile",
    "Step",
    "Target",
    "TargetKind",
]

LONGEST_TIMEOUT_S: Final[Seconds] = 3_600 * 60.0
"""3,600 minutes."""

MOST_REPEATS: Final = 200
MOST_STEPS: Final = 100


class TargetKind(StrEnum):
    """What a target names."""

    PERSON = "person"
    LIST = "list"
    """A distribution list (everybody) or a prioritised one (one after the other)."""
    TIER = "tier"
    ROTATION = "rotation"
    """Whoever is on call."""
    OWNER = "owner"
    """The agent whose contact or request it is."""


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a step tells."""

    kind: TargetKind
    name: str
    """As in the roster; of an owner "". """
    methods: tuple[str, ...] = ()
    """Kinds of contact methods, in this order (``phone``, ``email``); empty: the person's own, in theirs."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One notification and the wait behind it."""

    targets: tuple[Target, ...]
    timeout_s: Seconds
    """So long nobody answers before the next step; 0 to :data:`LONGEST_TIMEOUT_S`."""


class Occasion(StrEnum):
    """Which of several messages or callers a profile runs for."""

    EACH_NEW = "each-new"
    FIRST_UNHEARD = "first-unheard"


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """An escalation profile."""

    name: str
    steps: tuple[Step, ...]
    """At least one, at most :data:`MOST_STEPS`."""
    repeat: int = 0
    """So often all steps begin anew: cycles are ``repeat + 1``; 0 to :data:`MOST_REPEATS`."""
    urgent_only: bool = False
    """It runs for what is critical (or a message that is urgent) only."""
    occasion: Occasion = Occasion.EACH_NEW
    finally_tell: tuple[Target, ...] = ()
    """Who is told, once, when it is exhausted."""
    acknowledged_for_s: Seconds | None = 1800.0
    """An acknowledgement holds for so long, then it begins again at the first step; ``None``: for ever."""
