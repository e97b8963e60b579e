"""Where a client's messages go."""

import asyncio
from collections.abc import Callable

import aiomqtt

__all__ = ["Inbox"]


class Inbox(asyncio.Queue[aiomqtt.Message]):
    """No queue at all: a message is handled where it would be put aside, before it is acknowledged."""

    take: Callable[[aiomqtt.Message], None]

    def put_nowait(self, item: aiomqtt.Message) -> None:
        """Hand the message over."""
        self.take(item)
