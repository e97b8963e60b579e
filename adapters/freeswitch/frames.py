"""The event socket's frames: header lines, an empty line, and as many bytes of body as the header says.

Everything that FreeSWITCH says on an event socket is such a frame; ``Content-Type`` tells what it is. Events
are asked for as JSON: every value is a string of its own there, while the plain form is URL-encoded headers
inside a body of headers, with a body of its own inside again.

A header that cannot be true means that the place in the stream is lost. The reader then looks for the next
head that FreeSWITCH can have written and goes on from there; a client rather drops the connection
(:attr:`FrameReader.is_damaged`), because what was passed over may have been events.

Source: FreeSWITCH, src/mod/event_handlers/mod_event_socket/mod_event_socket.c (``read_packet``, ``api_exec``,
``listener_run``), 1.4 to 1.10.
"""

import re
from collections.abc import Callable
from typing import Final, NamedTuple

from queue_alert.ports import Skipped

__all__ = [
    "API_RESPONSE",
    "AUTH_REQUEST",
    "BODY_LIMIT",
    "COMMAND_REPLY",
    "DISCONNECT_NOTICE",
    "EVENT_JSON",
    "HEADER_LIMIT",
    "RUDE_REJECTION",
    "Frame",
    "FrameReader",
]

HEADER_LIMIT: Final = 8_192
"""Bytes of the longest header that is read, its closing empty line not counted."""

BODY_LIMIT: Final = 8_000_000
"""Bytes of the longest body that is read: a list of some 20,000 agents."""

AUTH_REQUEST: Final = "auth/request"
COMMAND_REPLY: Final = "command/reply"
API_RESPONSE: Final = "api/response"
EVENT_JSON: Final = "text/event-json"
DISCONNECT_NOTICE: Final = "text/disconnect-notice"
RUDE_REJECTION: Final = "text/rude-rejection"

_END: Final = b"\n\n"
_EVENT: Final = re.compile(rb"Content-Length: ([0-9]{1,7})\nContent-Type: text/event-json\n\n")
_HEAD: Final = re.compile(
    rb"Content-(?:Length: [0-9]{1,7}\nContent-Type: text/event-json\n\n"
    rb"|Type: (?:api/response|text/(?:disconnect-notice|rude-rejection))\nContent-Length: [0-9]{1,7}\n\n"
    rb"|Type: (?:auth/request\n\n|command/reply\n))"
)
_LONGEST_HEAD: Final = 80
_LENGTH: Final = re.compile(r"[0-9]{1,12}")


class Frame(NamedTuple):
    """One frame.

    Attributes:
        kind: Its ``Content-Type``.
        reply: Its ``Reply-Text``, "" where it has none.
        body: Its body, which may be empty.
    """

    kind: str
    reply: str
    body: bytes


class FrameReader:
    """Cuts frames from bytes that may be cut anywhere, in bounded memory.

    Args:
        skipped: Called for everything that cannot be read.

    Attributes:
        is_damaged: Whether the place in the stream was lost since :meth:`reset`.
    """

    def __init__(self, skipped: Callable[[Skipped, str], None]) -> None:
        self.is_damaged = False
        self._skipped = skipped
        self._buffer = bytearray()
        self._is_lost = False
        # Of the frame whose body is not in yet: where its body begins, and its end.
        self._pending: tuple[Frame, int, int] | None = None

    def reset(self) -> None:
        """Forget the half frame that a lost connection left behind; it is counted."""
        if self._buffer and not self._is_lost:
            self._skipped(Skipped.TRUNCATED, "frame cut by the end of the connection")
        self._buffer.clear()
        self._is_lost = self.is_damaged = False
        self._pending = None

    def read(self, data: bytes) -> list[Frame]:
        """Take bytes and return the frames that end in them, oldest first."""
        buffer = self._buffer
        buffer += data
        found: list[Frame] = []
        at = 0
        while True:
            if self._is_lost:
                at = self._find_head(at)
                if self._is_lost:
                    break
            if self._pending is None and not self._open(at):
                if self._is_lost:
                    at += 1
                    continue
                break
            frame, begin, end = self._pending  # type: ignore[misc]
            if len(buffer) < end:
                break
            self._pending = None
            found.append(frame._replace(body=bytes(buffer[begin:end])))
            at = end
        if at:
            del buffer[:at]
            if self._pending is not None:
                frame, begin, end = self._pending
                self._pending = frame, begin - at, end - at
        return found

    def _open(self, at: int) -> bool:
        """Read the header at ``at``; return whether it is whole and sound."""
        buffer = self._buffer
        event = _EVENT.match(buffer, at)
        if event is not None:
            self._pending = _EVENT_FRAME, event.end(), event.end() + int(event[1])
            return int(event[1]) <= BODY_LIMIT or self._lose(Skipped.TOO_LONG, "body")
        end = buffer.find(_END, at, at + HEADER_LIMIT + len(_END))
        if end < 0:
            return len(buffer) - at >= HEADER_LIMIT + len(_END) and self._lose(Skipped.TOO_LONG, "header")
        kind = reply = length = ""
        for line in buffer[at:end].decode(errors="replace").split("\n"):
            name, _, value = line.partition(":")
            if name == "Content-Type":
                kind = value.strip()
            elif name == "Content-Length":
                length = value.strip()
            elif name == "Reply-Text":
                reply = value.strip()
        if not kind:
            return self._lose(Skipped.MISSING_FIELD, "header without Content-Type")
        if length and not _LENGTH.fullmatch(length):
            return self._lose(Skipped.BAD_VALUE, "header: Content-Length")
        begin = end + len(_END)
        self._pending = Frame(kind, reply, b""), begin, begin + int(length or 0)
        return int(length or 0) <= BODY_LIMIT or self._lose(Skipped.TOO_LONG, "body")

    def _lose(self, kind: Skipped, detail: str) -> bool:
        self._skipped(kind, detail)
        self._pending = None
        self._is_lost = self.is_damaged = True
        return False

    def _find_head(self, at: int) -> int:
        """Return where the next head begins, or else from where on to look again."""
        head = _HEAD.search(self._buffer, at)
        if head is not None:
            self._is_lost = False
            return head.start()
        return max(at, len(self._buffer) - _LONGEST_HEAD)


_EVENT_FRAME: Final = Frame(EVENT_JSON, "", b"")
