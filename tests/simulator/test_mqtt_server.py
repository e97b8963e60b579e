"""The simulated ACD on a real broker."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from queue_alert.core.events import FeedState
from queue_alert.core.units import FeedName
from simulator.acd import Simulation
from simulator.exchange import Exchange
from simulator.mqtt_server import MqttServer
from simulator.scenario import SCENARIOS
from simulator.serving import turn
from tests.adapters.mqtt.acd import FakeAcd
from tests.adapters.mqtt.helpers import Floor, WallClock, until
from tests.adapters.mqtt.speaker import Speaker, speaking
from tests.services.mosquitto import Mosquitto, free_port, mosquitto

STATUS = "acd/berlin/status"


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Mosquitto]:
    async with mosquitto(tmp_path) as running:
        yield running


def server(acd: FakeAcd, port: int, **more: Any) -> MqttServer:
    pace: dict[str, Any] = {"heartbeat_s": 0.1, "snapshot_every_s": 5.0, "pause_s": 0.02} | more
    return MqttServer(cast("Exchange", acd), WallClock(), host="127.0.0.1", port=port, site="berlin", **pace)


@asynccontextmanager
async def listening(port: int) -> AsyncIterator[Speaker]:
    async with speaking(port, listen_to="acd/#", client_id="listener") as other:
        yield other


def statuses(other: Speaker) -> list[dict[str, Any]]:
    return [json.loads(payload) for payload in other.payloads(STATUS)]


@pytest.mark.process
async def test_says_status_snapshots_status_and_then_what_happens(broker: Mosquitto) -> None:
    acd = FakeAcd()
    acd.happen(30, time.time())
    async with listening(broker.port) as other, server(acd, broker.port, heartbeat_s=30.0):
        await until(lambda: len(other.heard) == 5)
        assert [topic for topic, _, _ in other.heard] == [
            STATUS,
            "acd/berlin/sales/snapshot",
            "acd/berlin/service%2Fvip/snapshot",
            "acd/berlin/Störung/snapshot",
            STATUS,
        ]
        first, last = statuses(other)
        assert (first["online"], first.get("synced", False), first["seq"]) == (True, False, 30)
        assert (last["online"], last["synced"], last["seq"]) == (True, True, 30)
        assert (last["run"], last["source"], last["groups"]) == ("run-1", "acd", list(acd.groups))
        acd.happen(3, time.time())
        await until(lambda: len(other.heard) == 8)
        events = [json.loads(payload) for _, payload, _ in other.heard[5:]]
        assert [event["seq"] for event in events] == [31, 32, 33]


@pytest.mark.process
async def test_the_status_is_said_again_and_again_and_so_are_the_snapshots(broker: Mosquitto) -> None:
    acd = FakeAcd()
    async with (
        listening(broker.port) as other,
        server(acd, broker.port, heartbeat_s=0.05, snapshot_every_s=0.1),
    ):
        await until(lambda: len(other.payloads("acd/berlin/sales/snapshot")) >= 3)
        await until(lambda: len(other.payloads(STATUS)) >= 4)
        assert [status["synced"] for status in statuses(other)[1:]].count(False) == 0


@pytest.mark.process
async def test_leaving_and_dying_are_both_told_by_the_last_will(broker: Mosquitto) -> None:
    async with listening(broker.port) as other:
        async with server(FakeAcd(), broker.port):
            await until(lambda: statuses(other) and statuses(other)[-1].get("synced"))
        await until(lambda: not statuses(other)[-1]["online"])


@pytest.mark.process
async def test_what_happens_while_the_broker_is_away_is_said_when_it_is_back(broker: Mosquitto) -> None:
    acd = FakeAcd()
    floor = Floor(broker.port)
    async with server(acd, broker.port, pause_s=1.0) as acd_server, floor.running():
        await until(lambda: floor.state is FeedState.LIVE)
        await broker.kill()
        acd.happen(50, time.time())
        await broker.start()
        # Whoever listens is back before it: the ACD's pause is the longer one.
        await until(lambda: floor.state is FeedState.LIVE and floor.seq == 50)
        assert acd_server.lost == 0
    assert floor.lost() == []


@pytest.mark.process
async def test_of_more_than_can_be_kept_the_snapshots_tell_what_came(broker: Mosquitto) -> None:
    acd = FakeAcd()
    floor = Floor(broker.port)
    async with server(acd, broker.port, pause_s=0.5, kept_at_most=10) as acd_server, floor.running():
        await until(lambda: floor.state is FeedState.LIVE)
        await broker.kill()
        acd.happen(50, time.time())
        await broker.start()
        await until(lambda: floor.state is FeedState.LIVE and floor.seq == 50)
        assert acd_server.lost == 40
    assert floor.lost() == ["40 events never came"]
    assert {name: view.waiting for name, view in floor.group_views.items()} == {
        name: len(line) for name, line in acd.waiting.items()
    }


@pytest.mark.process
async def test_being_cut_off_is_a_connection_anew_and_a_restart_another_run(broker: Mosquitto) -> None:
    acd = FakeAcd()
    floor = Floor(broker.port)
    async with server(acd, broker.port), floor.running():
        await until(lambda: floor.state is FeedState.LIVE)
        acd.happen(40, time.time())
        await until(lambda: floor.seq == 40)
        acd.cut(time.time())
        acd.happen(5, time.time())
        await until(lambda: floor.seq == 45 and floor.state is FeedState.LIVE)
        acd.happen(5, time.time())
        acd.restart(time.time())
        acd.happen(3, time.time())
        await until(lambda: floor.seq == 3 and floor.state is FeedState.LIVE)
        assert {name: view.waiting for name, view in floor.group_views.items()} == {
            name: len(line) for name, line in acd.waiting.items()
        }
    assert floor.lost() == []
    # What was under way when it was cut off is said twice, under the same number.
    seqs = list(dict.fromkeys(event.seq for event in floor.events if event.seq))
    assert seqs == sorted(seqs)


@pytest.mark.process
async def test_a_real_simulation_comes_through(broker: Mosquitto) -> None:
    clock = WallClock()
    simulation = Simulation(SCENARIOS["demo"], seed=3, start=clock.now(), source=FeedName("simulator"))
    exchange = Exchange(simulation, source=FeedName("simulator"))
    async with (
        asyncio.TaskGroup() as tasks,
        MqttServer.at(exchange, clock, f"127.0.0.1:{broker.port}/berlin") as publisher,
    ):
        assert publisher.where == f"mqtt://127.0.0.1:{broker.port}/acd/berlin"
        turning = tasks.create_task(turn(exchange, clock), name="turn")
        floor = Floor(broker.port)
        async with floor.running():
            await until(lambda: set(floor.group_views) == set(exchange.groups))
        turning.cancel()


async def test_without_a_broker_it_waits() -> None:
    async with server(FakeAcd(), free_port()):
        await asyncio.sleep(0.1)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "host",
        "host:1883",
        "host/site",
        ":1883/site",
        "host:0/site",
        "host:x/site",
        "host:99999/site",
        "host:1/a/b",
    ],
)
async def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="must be HOST:PORT/SITE of a broker, such as") as caught:
        MqttServer.at(cast("Exchange", FakeAcd()), WallClock(), address)
    assert str(caught.value).endswith(f', got "{address}"')


async def test_an_address_of_six_is_taken() -> None:
    there = MqttServer.at(cast("Exchange", FakeAcd()), WallClock(), "[::1]:1883/berlin")
    assert there.where == "mqtt://[::1]:1883/acd/berlin"
