"""What this adapter reads of an event, decoded from its JSON.

With the channel's variables an event is often 10 kB; all but these fields is passed over undecoded.

Source: FreeSWITCH 1.10, src/switch_event.c (``switch_event_prep_for_delivery_detailed``,
``switch_event_serialize_json_obj``); src/mod/applications/mod_callcenter/mod_callcenter.c (every
``CC-Action``); src/switch_channel.c (``switch_channel_event_set_basic_data``).
"""

from typing import Final

import msgspec

from queue_alert.core.events import UNREADABLE
from queue_alert.core.units import AgentId, ContactId, GroupName, Instant
from queue_alert.ports import Skipped

__all__ = [
    "CALLCENTER",
    "WORD_LIMIT",
    "SwitchEvent",
    "UnreadableError",
    "decode_event",
    "epoch",
    "whole_number",
]

CALLCENTER: Final = "callcenter::info"
"""``Event-Subclass`` of everything that mod_callcenter says."""

WORD_LIMIT: Final = 255
"""Characters of the longest name that is taken: that of mod_callcenter's own tables."""

_DIGITS: Final = 16


class UnreadableError(ValueError):
    """An event or a table lacks what it cannot be understood without.

    Attributes:
        kind: What is wrong with it.
        detail: Where, never a value.
    """

    def __init__(self, kind: Skipped, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail


_NAMES: Final = {
    "name": "Event-Name",
    "subclass": "Event-Subclass",
    "core": "Core-UUID",
    "timestamp": "Event-Date-Timestamp",
    "sequence": "Event-Sequence",
    "action": "CC-Action",
    "queue": "CC-Queue",
    "agent": "CC-Agent",
    "agent_channel": "CC-Agent-UUID",
    "agent_status": "CC-Agent-Status",
    "agent_state": "CC-Agent-State",
    "agent_bridged": "CC-Agent-Bridged",
    "agent_called": "CC-Agent-Called-Time",
    "agent_answered": "CC-Agent-Answered-Time",
    "agent_aborted": "CC-Agent-Aborted-Time",
    "member": "CC-Member-UUID",
    "member_channel": "CC-Member-Session-UUID",
    "member_number": "CC-Member-CID-Number",
    "member_joined": "CC-Member-Joined-Time",
    "cause": "CC-Cause",
    "cancel_reason": "CC-Cancel-Reason",
    "hangup_cause": "CC-Hangup-Cause",
    "count": "CC-Count",
    "selection": "CC-Selection",
    "channel": "Unique-ID",
    "other_channel": "Other-Leg-Unique-ID",
    "answer_state": "Answer-State",
    "endpoint_disposition": "variable_endpoint_disposition",
    "hangup_disposition": "variable_sip_hangup_disposition",
    "module": "key",
    "module_file": "filename",
}


class SwitchEvent(msgspec.Struct, frozen=True, kw_only=True, gc=False, rename=_NAMES):
    """One event; a field that it does not have is "". Times of ``CC-…-Time`` are whole epoch seconds."""

    name: str = ""
    subclass: str = ""
    core: str = ""
    timestamp: str = ""
    """Microseconds since 1970."""
    sequence: str = ""
    action: str = ""
    queue: str = ""
    agent: str = ""
    agent_channel: str = ""
    agent_status: str = ""
    agent_state: str = ""
    agent_bridged: str = ""
    agent_called: str = ""
    agent_answered: str = ""
    agent_aborted: str = ""
    member: str = ""
    member_channel: str = ""
    member_number: str = ""
    member_joined: str = ""
    cause: str = ""
    cancel_reason: str = ""
    hangup_cause: str = ""
    count: str = ""
    selection: str = ""
    channel: str = ""
    other_channel: str = ""
    answer_state: str = ""
    """Of the channel that the event is about: ``hangup`` once it is going down."""
    endpoint_disposition: str = ""
    hangup_disposition: str = ""
    module: str = ""
    module_file: str = ""

    def the_group(self) -> GroupName:
        """Return the queue.

        Raises:
            UnreadableError: It is missing or too long.
        """
        return GroupName(self._word(self.queue, "CC-Queue"))

    def the_agent(self) -> AgentId:
        """Return the agent; raises like :meth:`the_group`."""
        return AgentId(self._word(self.agent, "CC-Agent"))

    def the_contact(self) -> ContactId:
        """Return the caller, by his place in the queue, not by his channel; raises like :meth:`the_group`."""
        return ContactId(self._word(self.member, "CC-Member-UUID"))

    def _word(self, value: str, name: str) -> str:
        if not value:
            raise UnreadableError(Skipped.MISSING_FIELD, f"{self.action}: {name}")
        if len(value) > WORD_LIMIT:
            raise UnreadableError(Skipped.TOO_LONG, f"{self.action}: {name}")
        return value


_decoder: Final = msgspec.json.Decoder(SwitchEvent)


def decode_event(body: bytes) -> tuple[SwitchEvent, bool]:
    """Return an event, and whether all of it was text.

    A caller's name in some old encoding makes a JSON text that is none: such bytes are replaced.

    Raises:
        UnreadableError: It is no JSON object, or a field in it no string.
    """
    try:
        return _decoder.decode(body), True
    except msgspec.ValidationError as error:
        raise UnreadableError(Skipped.BAD_VALUE, "event: a field is no text") from error
    except UNREADABLE:
        pass
    try:
        return _decoder.decode(body.decode(errors="replace")), False
    except UNREADABLE as error:
        raise UnreadableError(Skipped.NOT_TEXT, "event is no JSON object") from error


def whole_number(text: str) -> int | None:
    """Return a whole number >= 0 of at most 16 digits, or ``None``."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _DIGITS else None


def epoch(text: str) -> Instant | None:
    """Return an instant in whole seconds; ``None`` where there is none: 0 stands for never."""
    number = whole_number(text)
    return float(number) if number else None
