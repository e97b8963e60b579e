"""Callouts that reach nobody: until telephones ring, who would be told is written into the log."""

import logging

from queue_alert.core.alerts import AttemptState
from queue_alert.ports import Call, Outcome

__all__ = ["LogCallout", "RecordingCallout"]

_logger = logging.getLogger(__name__)


class LogCallout:
    """Writes each call into the log, addresses masked."""

    async def make(self, call: Call) -> Outcome:
        """Write it down; that it was delivered means that it stands in the log."""
        _logger.warning(
            "call person=%s method=%s address=%s attempt=%s says=%s",
            call.key.person,
            call.method.name,
            call.method.masked,
            call.key,
            " / ".join(call.lines),
        )
        return Outcome(state=AttemptState.DELIVERED, detail="written into the log")


class RecordingCallout:
    """Keeps each call, for tests and trials; answers as it is told.

    Attributes:
        calls: All that were made.
        outcome: What becomes of the next one.
    """

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.outcome = Outcome(state=AttemptState.DELIVERED)

    async def make(self, call: Call) -> Outcome:
        """Keep it."""
        self.calls.append(call)
        return self.outcome
