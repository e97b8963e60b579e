"""CloudEvents 1.0 over HTTP: a body and its headers to events. Pure.

===================  ==========================================  ==========================================
mode                 media type                                  body
===================  ==========================================  ==========================================
structured           ``application/cloudevents+json``            one event, envelope and ``data``
batch                ``application/cloudevents-batch+json``      a list of such events
binary               ``application/json``, headers ``ce-…``      the ``data`` alone
===================  ==========================================  ==========================================

Two extension attributes are understood: ``sequence`` (digits, or a number: it rises with every event of one
source) and ``run`` (another one after every start of the ACD).

Source: CloudEvents 1.0.2, spec.md 3, json-format.md 3 and 4, bindings/http-protocol-binding.md 3;
extensions/sequence.md.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

import msgspec

from adapters.webhook.moments import instant_of
from queue_alert.core.events import UNREADABLE
from queue_alert.core.units import Instant
from queue_alert.ports import Skipped

__all__ = [
    "BATCH",
    "STRUCTURED",
    "CloudEvent",
    "RefusedError",
    "media_type",
    "read_binary",
    "read_cloud_event",
    "split_body",
    "without_values",
]

STRUCTURED: Final = "application/cloudevents+json"
BATCH: Final = "application/cloudevents-batch+json"

_LONGEST_ATTRIBUTE: Final = 1024
_LARGEST_SEQUENCE: Final = 2**53
_HEADER_PREFIX: Final = "ce-"
_QUOTED: Final = re.compile("'.*'", re.DOTALL)


class RefusedError(ValueError):
    """A body, or one of its events, that cannot be taken now or ever.

    Attributes:
        kind: How it is counted.
        reason: A sentence for whoever sent it, and for the log: without any of its values.
    """

    def __init__(self, kind: Skipped, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudEvent:
    """One event's envelope, and what it holds.

    Attributes:
        id: Unique within ``source``.
        source: Who speaks.
        type: ``contact.queued``.
        time: When it happened; ``None`` where it was not said.
        subject: What it is about: our groups; "" where it was not said.
        sequence: Rising within the source; 0 where it was not said.
        run: Another one after every start of the source; "" where it was not said.
        data: The JSON value it holds; ``{}`` for none.
    """

    id: str
    source: str
    type: str
    time: Instant | None
    subject: str
    sequence: int
    run: str
    data: Any


class _Envelope(msgspec.Struct):
    specversion: str
    id: str
    source: str
    type: str
    time: str | None = None
    subject: str | None = None
    datacontenttype: str | None = None
    sequence: int | str | None = None
    run: str | None = None
    data: msgspec.Raw = msgspec.Raw(b"")
    data_base64: msgspec.Raw = msgspec.Raw(b"")


_list_decoder: Final = msgspec.json.Decoder(list[msgspec.Raw])
_envelope_decoder: Final = msgspec.json.Decoder(_Envelope)
_value_decoder: Final = msgspec.json.Decoder()


def media_type(content_type: str) -> str:
    """Return the media type of a ``Content-Type``, lower case and without its parameters."""
    return content_type.partition(";")[0].strip().lower()


def split_body(body: bytes, *, limit: int) -> list[bytes]:
    """Return the events of a body, each still JSON: those of a list, or the one.

    Args:
        body: A JSON object, or a list of them.
        limit: How many events there may be.

    Raises:
        RefusedError: It is neither, or there are too many.
    """
    start = body.lstrip(b" \t\r\n")[:1]
    if start == b"{":
        return [body]
    if start != b"[":
        raise RefusedError(Skipped.NOT_TEXT, "the body must be a JSON object or a list of JSON objects")
    events = _decoded(_list_decoder, body)
    if len(events) > limit:
        raise RefusedError(Skipped.TOO_LONG, f"the list may hold {limit} events, got {len(events)}")
    return [bytes(event) for event in events]


def read_cloud_event(text: bytes) -> CloudEvent:
    """Return one event in the JSON format.

    Raises:
        RefusedError: It is none.
    """
    envelope = _decoded(_envelope_decoder, text)
    if bytes(envelope.data_base64):
        raise RefusedError(Skipped.BAD_VALUE, "data must be JSON, got data_base64")
    data = bytes(envelope.data)
    return _checked(
        {
            "specversion": envelope.specversion,
            "id": envelope.id,
            "source": envelope.source,
            "type": envelope.type,
            "time": envelope.time or "",
            "subject": envelope.subject or "",
            "datacontenttype": envelope.datacontenttype or "",
            "sequence": "" if envelope.sequence is None else str(envelope.sequence),
            "run": envelope.run or "",
        },
        _decoded(_value_decoder, data) if data else None,
    )


def read_binary(headers: Mapping[str, str], body: bytes) -> CloudEvent:
    """Return the event whose envelope is in ``headers`` (names in lower case) and whose data is ``body``.

    Raises:
        RefusedError: It is none.
    """
    attributes = {
        name.removeprefix(_HEADER_PREFIX): unquote(value, errors="replace")
        for name, value in headers.items()
        if name.startswith(_HEADER_PREFIX)
    }
    return _checked(attributes, _decoded(_value_decoder, body) if body.strip() else None)


def _checked(attributes: Mapping[str, str], data: Any) -> CloudEvent:
    version = attributes.get("specversion", "")
    if not version:
        raise RefusedError(Skipped.MISSING_FIELD, "specversion is missing")
    if version != "1.0":
        raise RefusedError(Skipped.BAD_VALUE, "specversion must be 1.0")
    for name in ("id", "source", "type"):
        if not attributes.get(name):
            raise RefusedError(Skipped.MISSING_FIELD, f"{name} is missing or empty")
    for name, value in attributes.items():
        if len(value) > _LONGEST_ATTRIBUTE:
            raise RefusedError(Skipped.TOO_LONG, f"{name} has more than {_LONGEST_ATTRIBUTE} characters")
    return CloudEvent(
        id=attributes["id"],
        source=attributes["source"],
        type=attributes["type"],
        time=_time(attributes.get("time", "")),
        subject=attributes.get("subject", ""),
        sequence=_sequence(attributes.get("sequence", "")),
        run=attributes.get("run", ""),
        data={} if data is None else data,
    )


def _time(text: str) -> Instant | None:
    if not text:
        return None
    time = instant_of(text)
    if time is None:
        raise RefusedError(Skipped.BAD_VALUE, "time must be as in RFC 3339: 2026-01-05T10:30:00.250Z")
    return time


def _sequence(text: str) -> int:
    if not text:
        return 0
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(_LARGEST_SEQUENCE)):
        raise RefusedError(Skipped.BAD_VALUE, "sequence must be a whole number from 0 to 2**53")
    number = int(text)
    if number > _LARGEST_SEQUENCE:
        raise RefusedError(Skipped.BAD_VALUE, "sequence must be a whole number from 0 to 2**53")
    return number


def _decoded(decoder: "msgspec.json.Decoder[Any]", text: bytes) -> Any:
    try:
        return decoder.decode(text)
    except msgspec.ValidationError as error:
        raise RefusedError(Skipped.BAD_VALUE, f"no CloudEvent in JSON: {without_values(error)}") from error
    except RecursionError as error:
        raise RefusedError(Skipped.TOO_LONG, "the JSON is nested too deeply") from error
    except UNREADABLE as error:
        raise RefusedError(Skipped.NOT_TEXT, "the body is no JSON") from error


def without_values(error: msgspec.ValidationError) -> str:
    """Return what an error says of types and fields; a value that it quotes is left out."""
    return _QUOTED.sub("'…'", str(error))[:_LONGEST_ATTRIBUTE]
