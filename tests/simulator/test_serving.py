"""A floor is served behind doors, all of one house."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self

import pytest

from queue_alert.core.events import FeedEvent
from queue_alert.core.units import FeedName, Instant
from queue_alert.ports import Clock
from simulator.acd import Simulation
from simulator.doors import DOORS, DoorError, DoorKind, Place, open_door, read_place
from simulator.exchange import Exchange
from simulator.scenario import DEMO
from simulator.serving import SteadyClock, serve
from tests.simulator.helpers import START

ROOT = Path(__file__).parents[2]
PROGRAM = """
import argparse, sys
from simulator.command import COMMAND
from simulator.doors import DOORS, DoorKind
from tests.simulator import test_serving
DOORS["stub"] = test_serving.STUB
parser = argparse.ArgumentParser(prog="queue-alert simulate")
COMMAND.arguments(parser)
sys.exit(COMMAND.run(parser.parse_args()))
"""
STUB = DoorKind(door="tests.simulator.test_serving:StubDoor", address="127.0.0.1:0", summary="a stub")


class StubDoor:
    """Tells every event's type to whoever connects, a line each."""

    opened: list["StubDoor"]

    def __init__(self, exchange: Exchange, host: str, port: int) -> None:
        self.where = ""
        self._exchange = exchange
        self._host, self._port = host, port
        self.heard: list[FeedEvent] = []
        self.is_open = False
        self._writers: list[asyncio.StreamWriter] = []

    @classmethod
    def at(cls, exchange: Exchange, clock: Clock, address: str) -> Self:
        assert abs(clock.now() - exchange.simulation.start) < 60
        host, _, port = address.rpartition(":")
        if not port.isdigit():
            raise ValueError(f'must be an address such as "127.0.0.1:1234", got "{address}"')
        return cls(exchange, host, int(port))

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._greet, self._host, self._port)
        self.where = "{}:{}".format(*self._server.sockets[0].getsockname()[:2])
        self._stop = self._exchange.listen(self)
        self.is_open = True
        OPENED.append(self)
        return self

    async def __aexit__(self, *error: object) -> None:
        self._stop()
        self.is_open = False
        for writer in self._writers:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
        self._server.close()
        await self._server.wait_closed()

    async def _greet(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)

    def happened(self, events: Sequence[FeedEvent], now: Instant) -> None:
        self.heard += events
        for writer in self._writers:
            writer.write(b"".join(f"{type(event).__name__}\n".encode() for event in events))

    def cut_off(self, now: Instant) -> None:
        for writer in self._writers:
            writer.write(b"cut off\n")


OPENED: list[StubDoor] = []


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(DOORS, "stub", STUB)
    OPENED.clear()
    yield
    OPENED.clear()


def exchange(clock: Clock, *, speed: float = 1.0) -> Exchange:
    simulation = Simulation(DEMO, seed=1, start=clock.now())
    return Exchange(simulation, source=FeedName("simulator"), speed=speed)


class FixedClock:
    def now(self) -> Instant:
        return START


async def test_every_door_is_open_while_it_is_served_and_hears_what_happens(stub: None) -> None:
    clock = SteadyClock()
    said: list[str] = []
    places = [read_place("stub"), read_place("stub=127.0.0.1:0")]
    await serve(exchange(clock, speed=300.0), clock, places, seconds=0.3, say=said.append)
    assert said == [f"stub: {door.where}" for door in OPENED]
    assert len(said) == 2
    assert not any(door.is_open for door in OPENED)
    assert OPENED[0].heard == OPENED[1].heard
    assert len(OPENED[0].heard) > 20


async def test_a_signal_ends_it_and_closes_every_door(stub: None) -> None:
    clock = SteadyClock()
    said = asyncio.Event()
    serving = asyncio.ensure_future(
        serve(exchange(clock), clock, [read_place("stub")], say=lambda _line: said.set())
    )
    async with asyncio.timeout(5):
        await said.wait()
        os.kill(os.getpid(), signal.SIGTERM)
        await serving
    assert not OPENED[0].is_open


async def test_an_address_that_is_taken_is_a_sentence_and_closes_the_doors_before(stub: None) -> None:
    clock = SteadyClock()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(DoorError) as caught:
            await serve(exchange(clock), clock, [read_place("stub"), read_place(f"stub={address}")])
    assert str(caught.value).startswith(f"stub: cannot be served at {address}: ")
    assert "address already in use" in str(caught.value)
    assert not OPENED[0].is_open


@pytest.mark.parametrize("address", ["127.0.0.1:0", "localhost:0", "[::1]:0", "http://127.0.0.7:80/x"])
def test_this_machine_alone_needs_no_permission(stub: None, address: str) -> None:
    with contextlib.suppress(DoorError):
        open_door(Place("stub", address), exchange(FixedClock()), FixedClock(), expose=False)


@pytest.mark.parametrize(
    "address", ["0.0.0.0:5038", "192.168.1.5:1883/demo", "[::]:1", "http://pbx:80/", "::1", "//[", ""]
)
def test_other_machines_are_spoken_to_only_on_purpose(stub: None, address: str) -> None:
    with pytest.raises(DoorError, match=r"is not on this machine alone, .*; write --expose if you mean it$"):
        open_door(Place("stub", address), exchange(FixedClock()), FixedClock(), expose=False)
    if address.startswith("0"):
        open_door(Place("stub", address), exchange(FixedClock()), FixedClock(), expose=True)


def test_an_address_that_is_none_is_a_sentence(stub: None) -> None:
    with pytest.raises(
        DoorError, match=r'^stub: must be an address such as "127.0.0.1:1234", got "localhost"$'
    ):
        open_door(Place("stub", "localhost"), exchange(FixedClock()), FixedClock(), expose=False)


def test_a_door_that_is_not_installed_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    missing = DoorKind(door="simulator.no_such_server:Server", address="127.0.0.1:1", summary="none")
    monkeypatch.setitem(DOORS, "none", missing)
    with pytest.raises(DoorError, match=r'^none: cannot be served: .*; pip install "queue-alert\[all\]"$'):
        open_door(read_place("none"), exchange(FixedClock()), FixedClock(), expose=False)


def test_a_place_is_a_kind_and_an_address() -> None:
    assert read_place("ami") == Place("ami", "127.0.0.1:5038")
    assert read_place("mqtt=127.0.0.1:2883/x=y") == Place("mqtt", "127.0.0.1:2883/x=y")
    assert [read_place(kind).address for kind in DOORS] == [
        "127.0.0.1:5038",
        "127.0.0.1:9471",
        "127.0.0.1:1883/demo",
        "http://127.0.0.1:9470/events",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sip", 'must be one of ami, websocket, mqtt, webhook, or one with "=ADDRESS", got "sip"'),
        ("ami=", 'must have an address after "=", such as "ami=127.0.0.1:5038", got "ami="'),
    ],
)
def test_a_place_that_is_none_is_a_sentence(text: str, message: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole text is compared
        read_place(text)
    assert str(caught.value) == message


def program(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.process
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_as_a_program_it_says_where_it_listens_and_ends_well(number: signal.Signals) -> None:
    with program(
        "--serve", "stub", "--speed", "200", "--fault", "drop=0.1", "--fault", "restart=1m"
    ) as served:
        assert served.stdout is not None
        assert served.stderr is not None
        kind, _, where = served.stdout.readline().strip().partition(": ")
        assert kind == "stub"
        host, _, port = where.rpartition(":")
        with socket.create_connection((host, int(port)), timeout=10) as client, client.makefile() as lines:
            heard = [lines.readline().strip() for _ in range(100)]
        assert "ContactQueued" in heard
        served.send_signal(number)
        assert served.wait(timeout=20) == 0
        assert served.stderr.read() == ""


@pytest.mark.process
def test_as_a_program_it_ends_by_itself_after_its_simulated_time() -> None:
    with program("--serve", "stub", "--speed", "100", "--duration", "30s", "--scenario", "outage") as served:
        out, err = served.communicate(timeout=20)
    assert (served.returncode, err) == (0, "")
    assert out.startswith("stub: 127.0.0.1:")
