"""Somebody at the broker: says what a test wants said, and hears what others say."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiomqtt
import msgspec

from queue_alert.broker import Link, Outgoing
from queue_alert.core.events import FeedEvent
from queue_alert.core.units import GroupName
from queue_alert.protocol.topics import PublisherStatus, events_topic, snapshot_topic, status_topic

SITE = "berlin"


class Speaker:
    """A client of the broker.

    Attributes:
        heard: Topic, payload and whether it was retained, oldest first.
    """

    def __init__(self, link: Link, heard: list[tuple[str, bytes, bool]]) -> None:
        self.link = link
        self.heard = heard

    async def say(self, topic: str, payload: bytes, *, retain: bool = False, run: str = "") -> None:
        await self.link.say(Outgoing(topic, payload, retain=retain, run=run))

    async def status(self, **fields: Any) -> None:
        """Say the publisher's status."""
        settings: dict[str, Any] = {"online": True, "source": "acd", "run": "r1", "synced": True} | fields
        status = PublisherStatus(**settings)
        await self.say(status_topic(SITE), msgspec.json.encode(status), retain=True)

    async def event(self, event: FeedEvent, *, run: str = "r1") -> None:
        group = GroupName(getattr(event, "group", "sales"))
        await self.say(events_topic(SITE, group), msgspec.json.encode(event), run=run)

    async def snapshot(self, event: FeedEvent, *, run: str = "r1") -> None:
        group = GroupName(getattr(event, "group", "sales"))
        await self.say(snapshot_topic(SITE, group), msgspec.json.encode(event), retain=True, run=run)

    def payloads(self, topic: str) -> list[bytes]:
        return [payload for where, payload, _ in self.heard if where == topic]


@asynccontextmanager
async def speaking(
    port: int,
    *,
    listen_to: str = "",
    client_id: str = "speaker",
    will: aiomqtt.Will | None = None,
    **more: Any,
) -> AsyncIterator[Speaker]:
    """Be connected for as long as the body runs."""
    heard: list[tuple[str, bytes, bool]] = []

    def take(message: aiomqtt.Message) -> None:
        assert isinstance(message.payload, bytes | bytearray)
        heard.append((message.topic.value, bytes(message.payload), message.retain))

    link = Link(
        host="127.0.0.1",
        port=port,
        client_id=client_id,
        keepalive_s=10,
        timeout_s=5.0,
        will=will,
        take=take,
        **more,
    )
    async with link:
        if listen_to:
            assert await link.listen_to(listen_to) == ""
        yield Speaker(link, heard)
        await asyncio.sleep(0)
