"""What reaches a person: a telephone, a pager, an email; and what is said."""

from dataclasses import dataclass
from typing import Protocol

from queue_alert.core.alerts import AttemptKey, AttemptState
from queue_alert.core.roster import ContactMethod

__all__ = ["Call", "Callout", "Outcome"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One try to reach one person.

    Attributes:
        key: Which attempt it is; the others of a bundle went into it.
        method: How.
        lines: What is said, one sentence an alert, the first one that of ``key``.
    """

    key: AttemptKey
    method: ContactMethod
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of it.

    Attributes:
        state: Anything but ``dialling``, ``unknown`` and ``skipped``.
        detail: What the channel said, in few words, without numbers or secrets.
    """

    state: AttemptState
    detail: str = ""


class Callout(Protocol):
    """Reaches people in one way."""

    async def make(self, call: Call) -> Outcome:
        """Make one call and return what became of it; cancelled, it hangs up.

        Raises:
            DriverError: It could not be made.
        """
