"""Which types are published."""

from typing import Final, get_args

import msgspec

from queue_alert.core.events import AgentSnapshot, FeedEvent, GroupCounters, WaitingContact
from queue_alert.protocol import feed_socket, topics

__all__ = ["ALL", "EVENTS", "FROM_CLIENT", "FROM_SERVER", "PARTS", "STATES"]

_Kinds = tuple[type[msgspec.Struct], ...]

EVENTS: Final[_Kinds] = get_args(FeedEvent)
"""What an ACD may say."""
FROM_SERVER: Final[_Kinds] = (feed_socket.Hello, feed_socket.Synced, feed_socket.Heartbeat)
"""What it says beside that over a WebSocket."""
FROM_CLIENT: Final[_Kinds] = (feed_socket.Start, feed_socket.SnapshotRequest)
"""What it is told over a WebSocket."""
STATES: Final[_Kinds] = (topics.PublisherStatus, topics.GroupState)
"""What is retained at a broker beside snapshots."""
PARTS: Final[_Kinds] = (WaitingContact, AgentSnapshot, GroupCounters)
"""What snapshots are made of."""
ALL: Final[_Kinds] = (*EVENTS, *FROM_SERVER, *FROM_CLIENT, *STATES, *PARTS)
"""All of them."""
