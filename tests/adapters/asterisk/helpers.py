"""A translator that can be told things in a line, and a short way to say what it made of them."""

from typing import Any

import msgspec

from adapters.asterisk.translation import AsteriskTranslator
from queue_alert.core.events import AcdEvent
from queue_alert.ports import Skipped

ENVELOPE = {"id", "source", "seq", "time", "provenance"}


def frame(event: str, **headers: str) -> bytes:
    """Return one frame; an underscore in a header's name stands for a hyphen."""
    lines = [f"Event: {event}", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def short(event: AcdEvent) -> dict[str, Any]:
    """Return an event without its envelope and without what is at its default."""
    fields = _changed(event)
    return {"type": event.__struct_config__.tag} | {
        name: value for name, value in fields.items() if name not in ENVELOPE
    }


def _changed(struct: msgspec.Struct) -> dict[str, Any]:
    fields = {}
    for info in msgspec.structs.fields(struct):
        value = getattr(struct, info.name)
        if value != info.default:
            fields[info.encode_name] = _plain(value)
    return fields


def _plain(value: Any) -> Any:
    if isinstance(value, msgspec.Struct):
        return _changed(value)
    return [_plain(one) for one in value] if isinstance(value, tuple) else value


class Exchange:
    """An Asterisk to be spoken for, and a translator that hears it.

    Attributes:
        now: The instant of receipt; set it to let time pass.
        skipped: What could not be read.
    """

    def __init__(self) -> None:
        self.now = 1000.0
        self.skipped: list[tuple[Skipped, str]] = []
        self.translator = AsteriskTranslator("pbx", lambda kind, detail: self.skipped.append((kind, detail)))

    def send(self, data: bytes) -> list[dict[str, Any]]:
        """Return what the translator makes of raw bytes."""
        return [short(event) for event in self.translator.receive(data, self.now)]

    def say(self, event: str, **headers: str) -> list[dict[str, Any]]:
        """Return what it makes of one frame."""
        return self.send(frame(event, **headers))

    def caller(
        self, event: str, channel: str = "1.1", queue: str = "sales", **headers: str
    ) -> list[dict[str, Any]]:
        """Return what it makes of one frame about a caller in a queue."""
        return self.say(event, Uniqueid=channel, Queue=queue, **headers)

    def variable(self, name: str, value: str, channel: str = "1.1") -> list[dict[str, Any]]:
        """Return what it makes of a variable being set."""
        return self.say("VarSet", Uniqueid=channel, Variable=name, Value=value)

    def agent(
        self, status: str, *, paused: str = "0", reason: str = "", wrapup: str = "0"
    ) -> list[dict[str, Any]]:
        """Return what it makes of Alice's state in sales."""
        return self.say(
            "QueueMemberStatus",
            Queue="sales",
            MemberName="Alice",
            Status=status,
            Paused=paused,
            PausedReason=reason,
            Wrapuptime=wrapup,
        )


def joined(contact: str = "1.1", group: str = "sales", **more: Any) -> dict[str, Any]:
    """Return a contact's joining."""
    return {"type": "contact.queued", "subject": group, "contact": contact, **more}


def dequeued(contact: str = "1.1", group: str = "sales", **more: Any) -> dict[str, Any]:
    """Return a contact's leaving, the reason not known yet."""
    return {"type": "contact.dequeued", "subject": group, "contact": contact, **more}


def left(outcome: str, contact: str = "1.1", group: str = "sales", **more: Any) -> dict[str, Any]:
    """Return a contact's leaving for a reason."""
    known = {} if outcome == "unknown" else {"outcome": outcome}
    return {"type": "contact.left", "subject": group, "contact": contact, **known, **more}
