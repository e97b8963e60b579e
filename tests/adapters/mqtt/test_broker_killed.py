"""The broker is killed again and again: no event is lost for good and none is counted twice."""

import asyncio
import time
from pathlib import Path
from typing import cast

import pytest

from queue_alert.core.events import FeedState
from queue_alert.core.view import GroupView
from simulator.exchange import Exchange
from simulator.mqtt_server import MqttServer
from tests.adapters.mqtt.acd import FakeAcd
from tests.adapters.mqtt.helpers import Floor, WallClock, until
from tests.services.mosquitto import Mosquitto, mosquitto

KILLS = 20
EVENTS = 10_000
_AT_ONCE = 25


def figures(view: GroupView) -> dict[str, int]:
    today = view.today
    return {
        "offered": today.offered,
        "answered": today.answered,
        "abandoned": today.abandoned,
        "rerouted": today.rerouted,
        "completed": today.completed,
    }


async def let_happen(acd: FakeAcd, broker: Mosquitto) -> None:
    """Let everything happen, and kill the broker in between, evenly."""
    batches = EVENTS // _AT_ONCE
    for batch in range(batches):
        acd.happen(_AT_ONCE, time.time())
        if batch % (batches // KILLS) == 10:
            await broker.kill()
            acd.happen(5, time.time())
            await broker.start()
        await asyncio.sleep(0.005)


@pytest.mark.process
async def test_twenty_kills_in_ten_thousand_events_lose_none_for_good_and_count_none_twice(
    tmp_path: Path,
) -> None:
    acd = FakeAcd()
    async with mosquitto(tmp_path, persistent=True, config=["log_type error"]) as broker:
        server = MqttServer(
            cast("Exchange", acd),
            WallClock(),
            host="127.0.0.1",
            port=broker.port,
            site="berlin",
            heartbeat_s=0.2,
            snapshot_every_s=0.5,
            pause_s=0.02,
        )
        floor = Floor(broker.port)
        async with server, floor.running():
            await until(lambda: floor.state is FeedState.LIVE)
            await let_happen(acd, broker)
            await until(lambda: floor.state is FeedState.LIVE and floor.seq == acd.seq, within_s=15.0)
            views = floor.group_views
        assert {name: figures(view) for name, view in views.items()} == acd.counts
        assert {name: view.waiting for name, view in views.items()} == {
            name: len(line) for name, line in acd.waiting.items()
        }
        assert len(floor.errors) >= KILLS
        assert acd.seq == EVENTS + 5 * KILLS
        # The test is worth something only if events were lost on the way, and were put right.
        assert floor.lost()
        assert floor.view.corrections
