"""Why a wait ended, from what Asterisk lets one see of it.

``QueueCallerAbandon`` also comes for a time-out, an empty queue and a withdrawal, and an exit by key has no
event of its own. Only the variable QUEUESTATUS, set right after ``QueueCallerLeave``, tells them apart; a
caller who hung up gets none. A reader who may not see variables (class *dialplan*) can therefore know an
answer and nothing else: his outcomes are ``unknown``, never guessed.

Source: Asterisk 22, apps/app_queue.c (``queue_exec``, ``set_queue_result``); tests/golden/asterisk/abandon.
"""

from typing import Final

from adapters.asterisk.visits import Visit
from queue_alert.core.events import Outcome
from queue_alert.core.units import Seconds

__all__ = ["NEVER_JOINED", "outcome_by_evidence", "outcome_by_status", "settling_time"]

NEVER_JOINED: Final = frozenset({"JOINEMPTY", "JOINUNAVAIL", "FULL"})
"""Values of QUEUESTATUS for a caller who was refused: he never waited."""

_SETTLE_S: Final = 2.0
_CONNECT_SETTLE_S: Final = 10.0
_BY_STATUS: Final = {
    "TIMEOUT": Outcome.TIMEOUT,
    "WITHDRAW": Outcome.WITHDRAWN,
    "LEAVEEMPTY": Outcome.NO_AGENTS,
    "LEAVEUNAVAIL": Outcome.NO_AGENTS,
}


def outcome_by_status(visit: Visit, status: str) -> Outcome:
    """Return the outcome of a visit that ended with QUEUESTATUS set to ``status``.

    ``CONTINUE`` (option *c*) after an abandon is a caller who gave up while the agent's delay ran.
    """
    if status == "CONTINUE":
        return Outcome.ABANDONED if visit.has_abandoned else Outcome.UNKNOWN
    if status in NEVER_JOINED:
        return outcome_by_evidence(visit)
    return _BY_STATUS.get(status, Outcome.UNKNOWN)


def outcome_by_evidence(visit: Visit) -> Outcome:
    """Return the outcome of a visit that is over, no QUEUESTATUS having been set for it."""
    if not visit.sees_variables:
        return Outcome.UNKNOWN
    if visit.has_abandoned:
        return Outcome.ABANDONED
    # After an agent hung up unconnected, Asterisk says no more than this of a caller who gives up, too.
    return Outcome.UNKNOWN if visit.was_dropped else Outcome.EXIT_KEY


def settling_time(visit: Visit) -> Seconds:
    """Return how long after it left a visit may wait for its outcome.

    The events follow each other within milliseconds, but a phone that was ringing may first be taken through
    a subroutine (``Queue(…,gosub)``) before ``AgentConnect``.
    """
    return _CONNECT_SETTLE_S if visit.ringing and not visit.has_abandoned else _SETTLE_S
