"""One text message of a server to what it says, and why it cannot be understood if it cannot. Pure."""

import re
from typing import Final

import msgspec

from queue_alert.core.events import UNREADABLE
from queue_alert.ports import Skipped
from queue_alert.protocol.feed_socket import LARGEST_SEQ, ServerMessage, server_decoder

__all__ = ["Envelope", "UnreadableError", "read", "sequence_of", "why_unreadable"]

_DECODE: Final = server_decoder().decode
_QUOTED: Final = re.compile(r"'.*'", re.DOTALL)
_LONGEST_DETAIL: Final = 120
_LONGEST_TYPE: Final = 40


class Envelope(msgspec.Struct, frozen=True):
    """As much of a message as can be told when nothing else can."""

    type: str
    seq: int = 0


class UnreadableError(ValueError):
    """A message says nothing that we know."""


_ENVELOPES: Final = msgspec.json.Decoder(Envelope)


def read(text: str) -> ServerMessage:
    """Return what a message says.

    Raises:
        UnreadableError: It is no JSON, or none that a server may say. :func:`why_unreadable` tells more.
    """
    try:
        return _DECODE(text)
    except UnicodeError as error:
        raise UnreadableError("no text") from error
    except UNREADABLE as error:
        raise UnreadableError(_without_values(str(error))) from error


def why_unreadable(text: str, error: UnreadableError) -> tuple[Skipped, str]:
    """Return the kind of an unreadable message and a short detail without any value it holds."""
    detail = str(error)
    if "missing required field" in detail:
        return Skipped.MISSING_FIELD, detail
    envelope = _envelope(text)
    if envelope is not None and detail.endswith("`$.type`"):
        return Skipped.UNKNOWN_EVENT, f"type {envelope.type[:_LONGEST_TYPE]!r}"
    return Skipped.BAD_VALUE, detail


def sequence_of(text: str) -> int:
    """Return the ``seq`` of a message that cannot be read otherwise; 0: it has none."""
    envelope = _envelope(text)
    return envelope.seq if envelope is not None and 0 < envelope.seq <= LARGEST_SEQ else 0


def _envelope(text: str) -> Envelope | None:
    try:
        return _ENVELOPES.decode(text)
    except UNREADABLE:
        return None


def _without_values(detail: str) -> str:
    # A value may be a caller's number.
    return _QUOTED.sub("'…'", detail)[:_LONGEST_DETAIL]
