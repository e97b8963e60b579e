"""The whole way over real sockets: an ACD that misbehaves, a real broker, our feeds and our supervisor."""

import asyncio
import os
import random
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from queue_alert.app.registry import FEEDS, Registry
from queue_alert.app.supervisor import FeedSupervisor
from queue_alert.core.events import AcdEvent, FeedState
from queue_alert.core.monitor import Monitor
from queue_alert.core.policy import FeedPolicy, Policy
from queue_alert.core.units import FeedName, Instant
from queue_alert.ports import FeedContext, FeedDriver
from simulator.acd import Simulation
from simulator.ami_server import AmiServer
from simulator.exchange import Exchange
from simulator.faults import Fault, FaultKind, Faults
from simulator.mqtt_server import MqttServer
from simulator.serving import turn
from simulator.webhook_sender import WebhookSender
from simulator.websocket_server import WebSocketServer
from tests.services.mosquitto import mosquitto
from tests.simulator.helpers import NOTHING_GOES_RIGHT
from tests.simulator.truth import assert_the_floor_is_true

FEED = FeedName("acd")
SECRET = "s3cret-of-a-simulation"  # noqa: S105 - of an ACD that is none
SPEED = 100.0
ENDS_S = 240.0
PATIENCE_S = 15.0
SEEDS = range(1, 1 + int(os.environ.get("SOAK_SEEDS", "2")))
MIXTURE = [
    Fault(kind=FaultKind.DROP, ratio=0.1, ends_s=ENDS_S),
    Fault(kind=FaultKind.DUPLICATE, ratio=0.1, ends_s=ENDS_S),
    Fault(kind=FaultKind.REORDER, ratio=0.1, ends_s=ENDS_S),
    Fault(kind=FaultKind.DELAY, ratio=0.05, ends_s=ENDS_S),
    Fault(kind=FaultKind.SKEW, offset_s=30.0, ends_s=ENDS_S),
    Fault(kind=FaultKind.DISCONNECT, begins_s=60.0, ends_s=ENDS_S),
    Fault(kind=FaultKind.RESTART, begins_s=150.0, ends_s=ENDS_S),
]


class WallClock:
    """The real time."""

    def now(self) -> Instant:
        return time.time()


class Station:
    """One feed under the real supervisor, and a monitor that takes what it says."""

    def __init__(self, exchange: Exchange, driver: str, options: dict[str, Any]) -> None:
        self.exchange = exchange
        self.monitor = Monitor(Policy(feeds=(FeedPolicy(name=FEED),)), time.time())
        loaded = Registry().load(FEEDS, driver, FeedDriver)
        registry = Registry()
        context = FeedContext(
            name=FEED,
            clock=WallClock(),
            skipped=lambda _kind, _detail: None,
            translator=lambda name: registry.load_any("queue_alert.translators", name),
            recording=lambda name: registry.load_any("queue_alert.recordings", name),
        )
        feed = loaded.create(msgspec.convert(options, loaded.options), context)
        self.supervisor = FeedSupervisor(
            FEED, feed=feed, submit=self._submit, clock=WallClock(), randomness=random.Random(1)
        )

    def _submit(self, event: AcdEvent) -> None:
        now = time.time()
        self.monitor.advance(now)
        self.monitor.handle(event, now)

    async def until_true(self) -> None:
        """Wait until the floor is the ACD's at some instant at which everything said has been heard."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                now = time.time()
                self.exchange.advance(now)
                await asyncio.sleep(0.02)
                self.monitor.advance(time.time())
                if self.monitor.view(now).feeds[0].state is not FeedState.LIVE:
                    continue
                try:
                    assert_the_floor_is_true(self, now)
                except AssertionError:
                    continue
                return

    async def until_corrected(self) -> None:
        """Wait until the loss has been counted: at the latest when no event has explained it in time."""
        async with asyncio.timeout(PATIENCE_S):
            while not self.monitor.view(time.time()).feeds[0].corrections:
                self.exchange.advance(time.time())
                await asyncio.sleep(0.02)
                self.monitor.advance(time.time())


Way = Callable[[Exchange, Path], AbstractAsyncContextManager[tuple[str, dict[str, Any]]]]


@asynccontextmanager
async def over_websocket(exchange: Exchange, _folder: Path) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    async with WebSocketServer(exchange, WallClock(), token=SECRET, heartbeat_s=0.5) as server:
        yield "websocket", {"url": server.where}


@asynccontextmanager
async def over_a_manager(exchange: Exchange, _folder: Path) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    async with AmiServer(exchange, WallClock(), secret=SECRET) as server:
        yield "asterisk", {"username": "queuealert", "port": server.port, "poll": 1.0}


@asynccontextmanager
async def over_a_broker(exchange: Exchange, folder: Path) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    async with (
        mosquitto(folder) as broker,
        MqttServer(
            exchange,
            WallClock(),
            host="127.0.0.1",
            port=broker.port,
            site="site",
            heartbeat_s=0.5,
            snapshot_every_s=0.7,
        ),
    ):
        yield "mqtt", {"port": broker.port, "site": "site"}


@asynccontextmanager
async def by_posts(exchange: Exchange, _folder: Path) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    sender = WebhookSender(
        exchange, WallClock(), url=f"http://127.0.0.1:{port}/events", token=SECRET, snapshot_every_s=0.7
    )
    async with sender:
        yield "webhook", {"listen": f"127.0.0.1:{port}"}


WAYS: list[Way] = [over_websocket, over_a_manager, over_a_broker, by_posts]


@pytest.mark.process
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
async def test_after_every_kind_of_fault_the_floor_is_the_acds(
    way: Way, seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind in ("SECRET", "TOKEN"):
        monkeypatch.setenv(f"QUEUE_ALERT_ACD_{kind}", SECRET)
    start = time.time()
    simulation = Simulation(NOTHING_GOES_RIGHT, seed=seed, start=start, source=FEED)
    # One stream of bytes has an order, and an Asterisk numbers nothing besides.
    faults = Faults(MIXTURE, seed=seed, start=simulation.start, in_order=way is over_a_manager)
    exchange = Exchange(simulation, source=FEED, faults=faults, speed=SPEED)
    async with way(exchange, tmp_path) as (driver, options), asyncio.TaskGroup() as group:
        station = await asyncio.to_thread(Station, exchange, driver, options)
        tasks = [
            group.create_task(turn(exchange, WallClock()), name="turn"),
            group.create_task(station.supervisor.run(), name="feed"),
        ]
        await asyncio.sleep(ENDS_S / SPEED + 0.5)
        await station.until_true()
        await station.until_corrected()
        for task in tasks:
            task.cancel()
