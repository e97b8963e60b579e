"""What all drivers share: time, errors, mistakes in options, what is passed over."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Protocol

import msgspec

from queue_alert.core.errors import QueueAlertError
from queue_alert.core.units import Instant

__all__ = ["Clock", "ConfigProblem", "DriverError", "Duration", "MissingExtraError", "Skipped"]

Duration = Annotated[float, msgspec.Meta(extra={"unit": "seconds"})]
"""An option in seconds; in the configuration it reads ``"90s"``, ``"2m"``, ``"24h"``, ``"250ms"``."""


class Clock(Protocol):
    """The steady line of time (see :data:`~queue_alert.core.units.Instant`)."""

    def now(self) -> Instant:
        """Return the present instant; never earlier than one returned before, but for a clock step."""


class DriverError(QueueAlertError):
    """A feed or an output failed.

    Attributes:
        reason: What is wrong and what to do, lower case, without a full stop and without secrets.
        recoverable: Whether trying again by itself can help. If not, the driver is not started again
            until somebody has changed something.
    """

    def __init__(self, reason: str, *, recoverable: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.recoverable = recoverable


class MissingExtraError(QueueAlertError, ImportError):
    """An optional package is not installed.

    The text reads ``outputs.beacon: driver "gpio-lamp" needs the package gpiozero; install it with:
    pip install "queue-alert[gpio]"``.
    """

    def __init__(self, where: str, *, package: str, extra: str) -> None:
        super().__init__(
            f'{where} needs the package {package}; install it with: pip install "queue-alert[{extra}]"'
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigProblem:
    """One mistake in the configuration.

    Attributes:
        path: Where, dotted: ``groups.sales.service_level.within``.
        message: What must be and what was found: ``must be > 0 s, got "-5s"``.
        is_warning: True where the program can start all the same.
    """

    path: str
    message: str
    is_warning: bool = False


class Skipped(StrEnum):
    """Why a piece of a feed was passed over."""

    TRUNCATED = "truncated"
    NOT_TEXT = "not_text"
    TOO_LONG = "too_long"
    UNKNOWN_EVENT = "unknown_event"
    MISSING_FIELD = "missing_field"
    BAD_VALUE = "bad_value"
    WRONG_TOPIC = "wrong_topic"
    OTHER_SOURCE = "other_source"
    NOT_ALLOWED = "not_allowed"
    """Its token or signature is wrong or missing."""
    TOO_OLD = "too_old"
    """Its signature has expired, or it was sent before."""
    LOST = "lost"
    """A hole in the feed's order: so many events never came."""
