"""The neutral feed over a WebSocket: what the two ends say beside the events themselves.

One JSON object a text message. The ACD is the server. After the opening handshake it says ``hello``; the
client answers with ``start``. The server then says what the client has missed (its log reaches back that
far) or else one ``group.snapshot`` a group, and ``synced``. From then on it says every event as it happens,
and ``heartbeat`` when it has said nothing for ``heartbeat_s``. A client that finds a hole in ``seq`` says
``snapshot.request``; the server answers with all snapshots and ``synced`` again. All is said in the order
of ``seq``; a snapshot carries the number of the latest event before it.

Events are those of :mod:`queue_alert.core.events`, flat, with ``type`` as their tag.
"""

from typing import Final, TypeAlias

import msgspec

from queue_alert.core.events import FeedEvent
from queue_alert.core.units import Instant, Seconds

__all__ = [
    "LARGEST_SEQ",
    "LONGEST_HEARTBEAT_S",
    "LONGEST_NAME",
    "SUBPROTOCOL",
    "ClientMessage",
    "Heartbeat",
    "Hello",
    "ServerMessage",
    "SnapshotRequest",
    "Start",
    "Synced",
    "client_decoder",
    "server_decoder",
]

SUBPROTOCOL: Final = "queue-alert.feed.v1"
"""What both ends name in ``Sec-WebSocket-Protocol``."""
LARGEST_SEQ: Final = 2**53
"""No event has a larger number."""
LONGEST_NAME: Final = 200
"""Characters in the identity of an event, a source, a run or the name of a group, at most."""
LONGEST_HEARTBEAT_S: Final[Seconds] = 30.0
"""A server may not be silent for longer, whatever it promises."""


class Hello(msgspec.Struct, frozen=True, kw_only=True, tag="hello", tag_field="type"):
    """The server's first word."""

    source: str
    """Who speaks: the ``source`` of all its events."""
    run: str
    """Another one after every start of the ACD: what it knew before is gone. "": it cannot tell, and so it
    cannot be resumed from."""
    seq: int
    """That of the latest event, 0 before the first."""
    time: Instant
    """The ACD's clock now."""
    heartbeat_s: Seconds = 15.0
    """It is never silent for longer; more than 0, at most 30 s."""


class Start(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="start", tag_field="type"):
    """The client's first word: from where to go on."""

    after: int = 0
    """``seq`` of the latest event it has taken, 0: none."""
    run: str = ""
    """The run that was in; where the server's is another, all begins with snapshots."""


class SnapshotRequest(msgspec.Struct, frozen=True, tag="snapshot.request", tag_field="type"):
    """The client has lost something and wants to know how things are."""


class Synced(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="synced", tag_field="type"):
    """All has been said: a group that got no snapshot since ``hello`` (or the request) is no more."""

    seq: int
    """That of the latest event or snapshot said."""
    resumed: bool = False
    """Missed events were said instead of snapshots; then every group still is."""
    groups: int | None = None
    """How many groups got a snapshot, so that one that went missing is not taken for a group that is no
    more; ``None``: not counted."""


class Heartbeat(msgspec.Struct, frozen=True, kw_only=True, tag="heartbeat", tag_field="type"):
    """The server is there and has nothing else to say."""

    time: Instant
    seq: int
    """That of the latest event, so that a loss at the end of a run of events is noticed too."""


ServerMessage: TypeAlias = FeedEvent | Hello | Synced | Heartbeat
ClientMessage: TypeAlias = Start | SnapshotRequest


def server_decoder() -> msgspec.json.Decoder[ServerMessage]:
    """Return a decoder of what a server says; it raises one of ``UNREADABLE`` and nothing else."""
    return msgspec.json.Decoder(ServerMessage)


def client_decoder() -> msgspec.json.Decoder[ClientMessage]:
    """Return a decoder of what a client says; it raises one of ``UNREADABLE`` and nothing else."""
    return msgspec.json.Decoder(ClientMessage)
