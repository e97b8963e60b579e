"""From a message published at a broker to the lamp, against the same client library's bare way to a callback.

Real programs on loopback: a mosquitto, monitors that each follow a site of their own and write what their
lamp shows to a file, and a subscriber on aiomqtt that does nothing but note when a message came. Each sample
is one contact that arrives in a quiet room: a bare message and its event are published in turn.
"""

import asyncio
import json
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiomqtt
import msgspec

from benchmarks.programs import free_port, monitor
from queue_alert.core.events import ContactAnswered, ContactQueued, Event, GroupSnapshotTaken
from queue_alert.core.units import ContactId, FeedName, GroupName
from queue_alert.protocol import topics
from tests.services.mosquitto import mosquitto

__all__ = ["bare_and_lamp_s", "client_of", "feed_config", "say_groups", "say_status"]

_MONITORS = 8
_GROUP = GroupName("sales")
_SOURCE = FeedName("acd")
_SETTLE_S = 4.0
_PERIOD_S = 2.8
"""A flash, its rest, and more than a second in which nothing changes."""

_CONFIG = """
timezone = "UTC"
[http]
listen = "127.0.0.1:{http}"
[feeds.{site}]
driver = "mqtt"
host = "127.0.0.1"
port = {mqtt}
site = "{site}"
[outputs.lamp]
driver = "recording"
path = "{timeline}"
"""


def feed_config(*, http: int, mqtt: int, site: str, timeline: Path) -> str:
    """Return the configuration of a monitor that follows ``site`` and keeps what its lamp shows."""
    return _CONFIG.format(http=http, mqtt=mqtt, site=site, timeline=timeline)


async def say_groups(client: aiomqtt.Client, site: str, groups: tuple[GroupName, ...]) -> None:
    """Say that nobody waits."""
    for group in groups:
        snapshot = GroupSnapshotTaken(id=f"s-{group}", source=_SOURCE, time=time.time(), group=group)
        payload = msgspec.json.encode(snapshot)
        await client.publish(topics.snapshot_topic(site, group), payload, qos=1, retain=True)


async def say_status(client: aiomqtt.Client, site: str, *, seq: int = 0) -> None:
    """Say that the publisher is there and has said all up to ``seq``."""
    status = topics.PublisherStatus(
        online=True, source=_SOURCE, run="1", seq=seq, time=time.time(), synced=True, heartbeat_s=60.0
    )
    await client.publish(topics.status_topic(site), msgspec.json.encode(status), qos=1, retain=True)


def bare_and_lamp_s(samples: int = 240) -> tuple[list[float], list[float]]:
    """Return how long a message took to a bare callback, and how long a contact took to the lamp."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_measure(Path(folder), samples))


async def _measure(folder: Path, samples: int) -> tuple[list[float], list[float]]:
    home = folder / "broker"
    home.mkdir()
    async with mosquitto(home) as broker:
        with ExitStack() as stack:
            timelines = []
            for number in range(_MONITORS):
                http, timeline, config = free_port(), folder / f"{number}.jsonl", folder / f"{number}.toml"
                text = feed_config(http=http, mqtt=broker.port, site=f"site{number}", timeline=timeline)
                config.write_text(text)
                stack.enter_context(monitor(config, http))
                timelines.append(timeline)
            bare, published = await _publish(broker.port, samples)
            await asyncio.sleep(1.0)  # what was shown last is on the disk
            lit = [_lit_at(timeline) for timeline in timelines]
    return bare, [_first_after(lit[number], at) - at for number, at in published]


async def _publish(port: int, samples: int) -> tuple[list[float], list[tuple[int, float]]]:
    """Publish every sample; return the bare ways' lengths, and to whom and when a contact was published."""
    bare: list[float] = []
    published: list[tuple[int, float]] = []
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(client_of(port, "publisher"))
        arrived = await stack.enter_async_context(_subscriber(port))
        for number in range(_MONITORS):
            await say_groups(client, f"site{number}", (_GROUP,))
        await asyncio.sleep(_SETTLE_S)
        for number in range(_MONITORS):
            await say_status(client, f"site{number}")
        await asyncio.sleep(_SETTLE_S)
        loop = asyncio.get_running_loop()
        begin = loop.time()
        for sample in range(samples):
            await asyncio.sleep(max(begin + sample * _PERIOD_S / _MONITORS - loop.time(), 0.0))
            arrived.clear()
            sent_at = time.time()
            await client.publish("bare", b"x" * 300, qos=1)
            async with asyncio.timeout(5.0):
                bare.append(await arrived.wait() - sent_at)
            number, seq = sample % _MONITORS, 2 * (sample // _MONITORS)
            contact, site = ContactId(f"c{sample}"), f"site{number}"
            envelope: dict[str, Any] = {"source": _SOURCE, "group": _GROUP, "contact": contact}
            came = ContactQueued(id=f"{sample}a", time=time.time(), seq=seq + 1, **envelope)
            published.append((number, time.time()))
            await _say(client, site, came)
            await asyncio.sleep(0.15)
            went = ContactAnswered(id=f"{sample}b", time=time.time(), seq=seq + 2, **envelope)
            await _say(client, site, went)
            await say_status(client, site, seq=seq + 2)
    return bare, published


async def _say(client: aiomqtt.Client, site: str, event: Event) -> None:
    await client.publish(topics.events_topic(site, _GROUP), msgspec.json.encode(event), qos=1)


class _Arrived:
    """When the latest bare message came."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._at = 0.0

    def note(self) -> None:
        self._at = time.time()
        self._event.set()

    def clear(self) -> None:
        self._event.clear()

    async def wait(self) -> float:
        await self._event.wait()
        return self._at


@asynccontextmanager
async def _subscriber(port: int) -> AsyncIterator[_Arrived]:
    arrived = _Arrived()
    async with client_of(port, "subscriber") as client:
        await client.subscribe("bare", qos=1)

        async def follow() -> None:
            async for _message in client.messages:
                arrived.note()

        task = asyncio.create_task(follow(), name="follow")
        try:
            yield arrived
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def client_of(port: int, name: str) -> aiomqtt.Client:
    """Return a client of the broker on that port, which may have any number of messages under way."""
    client = aiomqtt.Client("127.0.0.1", port, identifier=name, protocol=aiomqtt.ProtocolVersion.V5)
    client.pending_calls_threshold = 1_000_000
    return client


def _lit_at(timeline: Path) -> list[float]:
    lines = [json.loads(line) for line in timeline.read_text().splitlines()]
    return [line["at"] for line in lines if line["lamps"]["lamp"] != "off"]


def _first_after(instants: list[float], at: float) -> float:
    return min((instant for instant in instants if instant >= at - 0.001), default=float("inf"))
