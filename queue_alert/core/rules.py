"""What a rule says: which figures of which groups are how bad, for how long.

Source: the words are those of Prometheus' alerting rules (``for``, ``keep_firing_for``) with separate limits
for raising and clearing.
"""

from enum import StrEnum
from typing import Final

import msgspec

from queue_alert.core.alerts import RuleName
from queue_alert.core.figures import DURATIONS, RATIOS, Figure
from queue_alert.core.severity import Severity
from queue_alert.core.units import Seconds

__all__ = ["MOST_RULES", "Comparison", "Condition", "Operator", "Rule", "in_words"]

MOST_RULES: Final = 1_000


class Operator(StrEnum):
    """How a figure is held against a limit."""

    AT_LEAST = ">="
    MORE_THAN = ">"
    AT_MOST = "<="
    LESS_THAN = "<"

    @property
    def rises(self) -> bool:
        """Whether it comes to hold when the figure rises."""
        return self in {Operator.AT_LEAST, Operator.MORE_THAN}


class Comparison(msgspec.Struct, frozen=True):
    """A limit and what a figure has to do with it: met, or exceeded, as written."""

    operator: Operator
    limit: float

    def holds(self, value: float) -> bool:
        """Return whether ``value`` meets it."""
        match self.operator:
            case Operator.AT_LEAST:
                return value >= self.limit
            case Operator.MORE_THAN:
                return value > self.limit
            case Operator.AT_MOST:
                return value <= self.limit
            case Operator.LESS_THAN:
                return value < self.limit


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """When one figure is bad, and when it no longer is."""

    figure: Figure
    raise_at: Comparison
    clear_at: Comparison | None = None
    """``None``: as soon as ``raise_at`` does not hold any more."""


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule; in every group that it names it is an alert of its own."""

    name: RuleName
    groups: tuple[str, ...] = ("*",)
    """Names or shell-style patterns."""
    conditions: tuple[Condition, ...]
    """All must hold."""
    for_s: Seconds = 0.0
    """They must have held for so long before it fires."""
    keep_firing_s: Seconds = 0.0
    """It fires on for so long after they hold no more."""
    severity: Severity = Severity.WARNING
    hours: str = ""
    """Opening hours outside of which nobody is told; "": always."""
    inhibited_by: tuple[RuleName, ...] = ()
    """While one of these fires in the same group, it explains this one, and nobody is told."""
    profile: str = ""
    """The escalation profile; "": nobody is called."""
    text: str = ""
    """What it means, for people."""


def in_words(figure: Figure, value: float | None, comparison: Comparison) -> str:
    """Return why a condition holds, or does not: ``waiting 6 >= 5``."""
    shown = "unknown" if value is None else _shown(figure, value)
    return f"{figure} {shown} {comparison.operator} {_shown(figure, comparison.limit)}"


def _shown(figure: Figure, value: float) -> str:
    if figure in RATIOS:
        return f"{value * 100:.4g} %"
    return f"{value:.0f} s" if figure in DURATIONS else f"{value:g}"
