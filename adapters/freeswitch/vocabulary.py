"""FreeSWITCH's words for outcomes, causes and states, and ours for them.

Source: FreeSWITCH 1.10, mod_callcenter.c (``MEMBER_CANCEL_REASON_CHART``, ``AGENT_STATUS_CHART``,
``AGENT_STATE_CHART``, ``MEMBER_STATE_CHART``, ``callcenter_function``, ``outbound_agent_thread_run``);
src/switch_channel.c (``CAUSE_CHART``); mod_sofia.c (``sip_hangup_disposition``), sofia.c
(``sofia_handle_sip_i_refer``: ``endpoint_disposition``).
"""

from typing import Final

from adapters.freeswitch.event import SwitchEvent
from queue_alert.core.events import EndedBy, Outcome, RingFailure, TransferKind

__all__ = [
    "ANSWERED",
    "AVAILABLE",
    "IDLE",
    "IN_CALL",
    "LOGGED_OUT",
    "ON_BREAK",
    "READY_STATES",
    "RINGING",
    "TRYING",
    "WAITING",
    "WAITING_STATES",
    "ended_by",
    "outcome_of",
    "ring_failure",
    "transfer_of",
]

AVAILABLE: Final = frozenset({"Available", "Available (On Demand)"})
LOGGED_OUT: Final = "Logged Out"
ON_BREAK: Final = "On Break"

WAITING: Final = "Waiting"
IN_CALL: Final = "In a queue call"
IDLE: Final = "Idle"
RINGING: Final = frozenset({"Receiving", "Reserved"})
READY_STATES: Final = frozenset({WAITING, IN_CALL, IDLE, *RINGING})

TRYING: Final = "Trying"
WAITING_STATES: Final = frozenset({WAITING, TRYING})
"""Of a caller in a list: he waits, whether or not an agent is being rung for him."""
ANSWERED: Final = "Answered"

_OUTCOMES: Final = {
    "NONE": Outcome.ABANDONED,  # he hung up while he was being put through
    "TIMEOUT": Outcome.TIMEOUT,
    "NO_AGENT_TIMEOUT": Outcome.NO_AGENTS,
    "EXIT_WITH_KEY": Outcome.EXIT_KEY,
}
_BROKEN_OUT: Final = "BREAK_OUT"

_RING_FAILURES: Final = {
    "USER_BUSY": RingFailure.BUSY,
    "NORMAL_CIRCUIT_CONGESTION": RingFailure.BUSY,
    "CALL_REJECTED": RingFailure.REJECTED,
    "ORIGINATOR_CANCEL": RingFailure.CANCELLED,
    "LOSE_RACE": RingFailure.CANCELLED,
    "PICKED_OFF": RingFailure.CANCELLED,
    "ALLOTTED_TIMEOUT": RingFailure.TIMEOUT,
    "PROGRESS_TIMEOUT": RingFailure.TIMEOUT,
    "RECOVERY_ON_TIMER_EXPIRE": RingFailure.TIMEOUT,
}

_ENDED_BY: Final = {"recv_bye": EndedBy.AGENT, "send_bye": EndedBy.CUSTOMER}
_TRANSFERS: Final = {"BLIND_TRANSFER": TransferKind.BLIND, "ATTENDED_TRANSFER": TransferKind.CONSULT}


def outcome_of(event: SwitchEvent) -> Outcome:
    """Return why a caller left unanswered, from ``member-queue-end`` with ``CC-Cause: Cancel``.

    BREAK_OUT is said of whoever left for no other reason: of all who hung up, and of those whom a transfer or
    an operator took out. The caller's channel, whose state the event carries, tells them apart.
    """
    if event.cancel_reason != _BROKEN_OUT:
        return _OUTCOMES.get(event.cancel_reason, Outcome.UNKNOWN)
    if event.answer_state == "hangup":
        return Outcome.ABANDONED
    return Outcome.REROUTED if event.answer_state else Outcome.UNKNOWN


def ring_failure(event: SwitchEvent) -> RingFailure:
    """Return why an agent was not connected, from ``bridge-agent-fail``."""
    return _RING_FAILURES.get(event.hangup_cause, RingFailure.NO_ANSWER)


def transfer_of(event: SwitchEvent) -> TransferKind | None:
    """Return how the agent passed the caller on, from ``bridge-agent-end``; ``None``: not at all."""
    return _TRANSFERS.get(event.endpoint_disposition)


def ended_by(event: SwitchEvent) -> EndedBy:
    """Return who ended a conversation, from ``bridge-agent-end``, which carries the agent's channel.

    Its ``CC-Hangup-Cause`` is that of the ringing before, so it tells nothing of the end.
    """
    if transfer_of(event) is not None:
        return EndedBy.TRANSFER
    return _ENDED_BY.get(event.hangup_disposition, EndedBy.UNKNOWN)
