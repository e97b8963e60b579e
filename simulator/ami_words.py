"""Frames of Asterisk's manager interface, as Asterisk 22 writes them.

A frame is a run of ``Name: value`` lines, each ended by CR LF, and one empty line.

Source: Asterisk 22, main/manager.c (``append_event``), main/manager_channels.c
(``ast_manager_build_channel_state_string_prefix``); the recordings in tests/golden/asterisk.
"""

import re
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from queue_alert.core.units import Instant

__all__ = ["NOBODY", "Channel", "Frame", "Headers", "encode", "escaped"]

NOBODY: Final = "<unknown>"
"""What stands in an event for a number or a name that there is not; lists write ``unknown``."""

Headers: TypeAlias = tuple[tuple[str, str], ...]
"""Names and values, in their order on the wire."""

_LINE_BREAKS: Final = re.compile(r"[\r\n\0]")
_ESCAPES: Final = str.maketrans({mark: f"\\{mark}" for mark in "\\'\"?"} | {"\t": "\\t"})
_STATES: Final = {0: "Down", 4: "Ring", 5: "Ringing", 6: "Up"}


def escaped(name: str) -> str:
    r"""Return a person's name as channels' headers have it: ``O\'Neil``.

    Headers of queues and lists have it as it is.
    """
    return name.translate(_ESCAPES)


def encode(headers: Headers) -> bytes:
    """Return one frame. A line break in a value, which would forge a header, becomes a space."""
    lines = [f"{name}: {_LINE_BREAKS.sub(' ', value)}\r\n" for name, value in headers]
    return ("".join(lines) + "\r\n").encode(errors="replace")


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One event.

    Attributes:
        event: Its name.
        kind: The class of events it belongs to (``agent``): who may not read that never sees it.
        headers: What stands behind ``Privilege``.
        at: When it happened, by the exchange's clock.
    """

    event: str
    kind: str
    headers: Headers
    at: Instant
    # By whether it is timed: every client gets the same bytes.
    _encoded: dict[bool, bytes] = field(default_factory=dict, compare=False, repr=False)

    def encode(self, *, is_timed: bool = False) -> bytes:
        """Return its bytes, with a ``Timestamp`` as under ``timestampevents = yes`` if ``is_timed``."""
        data = self._encoded.get(is_timed)
        if data is None:
            head = (("Event", self.event), ("Privilege", f"{self.kind},all"))
            time = (("Timestamp", f"{self.at:.6f}"),) if is_timed else ()
            data = self._encoded[is_timed] = encode((*head, *time, *self.headers))
        return data


@dataclass(slots=True, kw_only=True)
class Channel:
    """One leg of a call.

    Attributes:
        name: ``PJSIP/trunk-00000000``.
        uniqueid: What events know it by.
        linkedid: The ``uniqueid`` of the caller's channel, for all legs of one call.
        number: Of whoever is at its end; "" where that is withheld.
        caller: Name of whoever is at its end; "" where there is none.
        context: Where in the dialplan it is.
        extension: Which extension of it was dialled.
        priority: Which step of that: 3 is the queue in our dialplan.
        state: 0 down, 4 being dialled, 5 ringing, 6 up.
        connected: Number and name of whoever is at the other end.
    """

    name: str
    uniqueid: str
    linkedid: str
    number: str = ""
    caller: str = ""
    context: str
    extension: str
    priority: int = 1
    state: int = 6
    connected: tuple[str, str] = ("", "")

    def headers(self, prefix: str = "") -> Headers:
        """Return it as it stands, each header's name behind ``prefix`` (``Dest``)."""
        number, name = self.connected
        return (
            (f"{prefix}Channel", self.name),
            (f"{prefix}ChannelState", str(self.state)),
            (f"{prefix}ChannelStateDesc", _STATES[self.state]),
            (f"{prefix}CallerIDNum", self.number or NOBODY),
            (f"{prefix}CallerIDName", escaped(self.caller) or NOBODY),
            (f"{prefix}ConnectedLineNum", number or NOBODY),
            (f"{prefix}ConnectedLineName", escaped(name) or NOBODY),
            (f"{prefix}Language", "en"),
            (f"{prefix}AccountCode", ""),
            (f"{prefix}Context", self.context),
            (f"{prefix}Exten", self.extension),  # codespell:ignore exten
            (f"{prefix}Priority", str(self.priority)),
            (f"{prefix}Uniqueid", self.uniqueid),
            (f"{prefix}Linkedid", self.linkedid),
        )
