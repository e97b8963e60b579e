"""A burst of events through a real broker: what it costs in memory, and how soon the lamp is right."""

import asyncio
import json
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import msgspec
import websockets

from benchmarks.light import client_of, feed_config, say_groups, say_status
from benchmarks.programs import free_port, monitor, resident_mb
from queue_alert.core.events import ContactLeft, ContactQueued, FeedEvent
from queue_alert.core.units import ContactId, FeedName, GroupName
from queue_alert.protocol import topics
from tests.services.mosquitto import mosquitto

__all__ = ["Burst", "burst"]

_GROUPS = tuple(GroupName(f"group-{number}") for number in range(20))
_SITE = "burst"
_IN_FLIGHT = 500
_LEFT_WAITING = 8
_PATIENCE_S = 120.0
_SETTLE_S = 2.0


@dataclass(frozen=True, slots=True)
class Burst:
    """How it went.

    Attributes:
        seconds: From the first event published to the last one taken by the broker.
        right_after_s: From then until the lamp was told the right number.
        grown_mb: By how much the monitor's resident memory had grown at the most.
    """

    seconds: float
    right_after_s: float
    grown_mb: float


def burst(events: int = 50_000) -> Burst:
    """Publish that many events as fast as the broker takes them and watch a monitor follow."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_measure(Path(folder), events))


async def _measure(folder: Path, events: int) -> Burst:
    home, config, http = folder / "broker", folder / "config.toml", free_port()
    home.mkdir()
    async with mosquitto(home) as broker:
        config.write_text(
            feed_config(http=http, mqtt=broker.port, site=_SITE, timeline=folder / "lamp.jsonl")
        )
        with monitor(config, http) as process:
            return await _run(broker.port, http, process, events)


async def _run(port: int, http: int, process: int, events: int) -> Burst:
    told = _history(events)
    async with client_of(port, "burst") as client:
        await say_groups(client, _SITE, _GROUPS)
        await asyncio.sleep(_SETTLE_S)
        await say_status(client, _SITE)
        await asyncio.sleep(_SETTLE_S)
        before = resident_mb(process)
        peak = before
        async with asyncio.TaskGroup() as group:
            right = group.create_task(_right_at(http, events), name="watch")
            begin = time.monotonic()
            for first in range(0, len(told), _IN_FLIGHT):
                part = told[first : first + _IN_FLIGHT]
                await asyncio.gather(*(client.publish(topic, payload, qos=1) for topic, payload in part))
                peak = max(peak, resident_mb(process))
            end = time.monotonic()
            while not right.done():
                peak = max(peak, resident_mb(process))
                await asyncio.sleep(0.05)
    return Burst(end - begin, max(right.result() - end, 0.0), peak - before)


async def _right_at(http: int, events: int) -> float:
    """Return when the lamp was told the right number, every event taken."""
    taken, depth = 0, -1
    async with (
        websockets.connect(f"ws://127.0.0.1:{http}/live", max_size=None) as live,
        asyncio.timeout(_PATIENCE_S),
    ):
        async for text in live:
            message = json.loads(text)
            taken = next((feed["events"] for feed in message.get("feeds", ())), taken)
            depth = next((signal["level"]["depth"] for signal in message.get("signals", ())), depth)
            if depth == _LEFT_WAITING and taken >= events:
                return time.monotonic()
    raise SystemExit("the live view ended")


def _history(events: int) -> list[tuple[str, bytes]]:
    """Return topics and payloads of an even number of events: contacts come and go, in the end eight wait."""
    told: list[tuple[str, bytes]] = []
    now = time.time()
    pairs = (events - _LEFT_WAITING) // 2
    for number in range(events - pairs):
        group = _GROUPS[number % len(_GROUPS)]
        contact = ContactId(f"c{number}")
        made: list[FeedEvent] = [
            ContactQueued(
                id=f"q{number}",
                source=FeedName("acd"),
                time=now,
                seq=len(told) + 1,
                group=group,
                contact=contact,
            )
        ]
        if number < pairs:
            made.append(
                ContactLeft(
                    id=f"l{number}",
                    source=FeedName("acd"),
                    time=now,
                    seq=len(told) + 2,
                    group=group,
                    contact=contact,
                )
            )
        told += [(topics.events_topic(_SITE, group), msgspec.json.encode(event)) for event in made]
    return told
