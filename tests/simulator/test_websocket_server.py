import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from queue_alert.app.clock import SteadyClock
from queue_alert.core.events import FeedEvent, GroupSnapshotTaken
from queue_alert.core.units import FeedName
from queue_alert.protocol.feed_socket import (
    SUBPROTOCOL,
    ClientMessage,
    Heartbeat,
    Hello,
    ServerMessage,
    SnapshotRequest,
    Start,
    Synced,
    server_decoder,
)
from simulator import websocket_server
from simulator.acd import Simulation
from simulator.exchange import Exchange
from simulator.scenario import SCENARIOS
from simulator.secret import SECRET_VARIABLE
from simulator.serving import turn
from simulator.websocket_server import MAX_CLIENTS, MAX_UNSENT, WebSocketServer
from tests.adapters.websocket.acd import SALES, SOURCE, START, SUPPORT, TrueAcd
from tests.adapters.websocket.live import TOKEN, Listening, StandingClock, TrueExchange

LONG = "0" * 8_000


class Caller:
    """A client that says and hears what the test wants."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self._decode = server_decoder().decode

    async def say(self, word: ClientMessage) -> None:
        await self.connection.send(msgspec.json.encode(word), text=True)

    async def hear(self) -> ServerMessage:
        async with asyncio.timeout(5):
            return self._decode(await self.connection.recv())

    async def hear_until(self, kind: type) -> list[ServerMessage]:
        heard = [await self.hear()]
        while not isinstance(heard[-1], kind):
            heard.append(await self.hear())
        return heard

    async def be_closed(self) -> tuple[int, str]:
        try:
            async with asyncio.timeout(5):
                while True:
                    await self.connection.recv()
        except ConnectionClosed as error:
            return (error.rcvd.code, error.rcvd.reason) if error.rcvd else (1006, "")


@asynccontextmanager
async def called(server: WebSocketServer, **options: Any) -> AsyncIterator[Caller]:
    async with connect(
        server.where,
        subprotocols=[Subprotocol(SUBPROTOCOL)],
        compression=None,
        proxy=None,
        close_timeout=0.2,
        **options,
    ) as connection:
        yield Caller(connection)


def kinds(heard: list[ServerMessage]) -> list[str]:
    return [str(msgspec.to_builtins(word)["type"]) for word in heard]


@asynccontextmanager
async def serving(**options: Any) -> AsyncIterator[tuple[WebSocketServer, TrueExchange]]:
    exchange = TrueExchange(TrueAcd())
    async with WebSocketServer(exchange.as_exchange(), StandingClock(), **options) as server:
        yield server, exchange
    assert exchange.listeners == []


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - what is waited for tells nobody
            await asyncio.sleep(0.005)


async def test_a_new_client_hears_how_things_are_and_then_what_happens() -> None:
    async with serving() as (server, exchange), called(server) as caller:
        exchange.acd.queue(SALES, "c1")
        assert await caller.hear() == Hello(source=SOURCE, run="r1", seq=0, time=START, heartbeat_s=15.0)
        await caller.say(Start())
        told = await caller.hear_until(Synced)
        assert told == [exchange.acd.snapshot(SALES), exchange.acd.snapshot(SUPPORT), Synced(seq=1, groups=2)]
        event = exchange.acd.answer(SALES, "c1")
        exchange.happen(event)
        assert await caller.hear() == event


async def test_a_client_that_comes_back_hears_what_it_missed() -> None:
    async with serving() as (server, exchange), called(server) as caller:
        events: list[FeedEvent] = [exchange.acd.queue(SALES, f"c{number}") for number in range(3)]
        await caller.hear()
        await caller.say(Start(after=1, run="r1"))
        assert await caller.hear_until(Synced) == [*events[1:], Synced(seq=3, resumed=True)]


@pytest.mark.parametrize(
    "start", [Start(after=1, run="r0"), Start(after=9, run="r1"), Start(after=-4, run="r1")]
)
async def test_who_cannot_go_on_gets_snapshots(start: Start) -> None:
    async with serving() as (server, exchange), called(server) as caller:
        exchange.acd.queue(SALES, "c1")
        await caller.hear()
        await caller.say(start)
        assert kinds(await caller.hear_until(Synced)) == ["group.snapshot", "group.snapshot", "synced"]


async def test_whoever_asks_gets_snapshots_again() -> None:
    async with serving() as (server, _), called(server) as caller:
        await caller.hear()
        await caller.say(Start())
        await caller.hear_until(Synced)
        for _ in range(2):
            await caller.say(SnapshotRequest())
            assert kinds(await caller.hear_until(Synced)) == ["group.snapshot", "group.snapshot", "synced"]


async def test_nobody_is_left_without_a_word() -> None:
    async with serving(heartbeat_s=0.05) as (server, exchange), called(server) as caller:
        await caller.hear()
        await caller.say(Start())
        await caller.hear_until(Synced)
        exchange.acd.queue(SALES, "c1")
        assert [await caller.hear(), await caller.hear()] == [Heartbeat(time=START, seq=1)] * 2


async def test_everybody_is_told_and_everybody_is_cut_off() -> None:
    async with serving() as (server, exchange), called(server) as one, called(server) as other:
        for caller in (one, other):
            await caller.hear()
            await caller.say(Start())
            await caller.hear_until(Synced)
        event = exchange.acd.queue(SALES, "c1")
        exchange.happen(event)
        assert [await one.hear(), await other.hear()] == [event, event]
        exchange.cut_off()
        assert [await one.be_closed(), await other.be_closed()] == [(1006, "")] * 2
        await until(lambda: server.clients == 0)
        exchange.happen(exchange.acd.queue(SALES, "c2"))


async def test_when_it_stops_it_says_so() -> None:
    async with serving() as (server, _):
        caller_context = called(server)
        caller = await caller_context.__aenter__()
        await caller.hear()
        await caller.say(Start())
        await caller.hear_until(Synced)
    assert (await caller.be_closed())[0] == 1001
    await caller_context.__aexit__(None, None, None)


@pytest.mark.parametrize("shown", [None, "Bearer wrong", "Bearer ", f"Basic {TOKEN}", TOKEN])
async def test_without_the_token_nobody_comes_in(shown: str | None) -> None:
    headers = {} if shown is None else {"Authorization": shown}
    async with serving(token=TOKEN) as (server, _):
        with pytest.raises(InvalidStatus) as caught:
            async with called(server, additional_headers=headers):
                pass
        assert caught.value.response.status_code == 401
        assert caught.value.response.headers["WWW-Authenticate"] == "Bearer"
        async with called(server, additional_headers={"Authorization": f"Bearer {TOKEN}"}) as caller:
            assert isinstance(await caller.hear(), Hello)


async def test_the_feed_is_at_its_path_alone_and_only_as_itself() -> None:
    async with serving() as (server, _):
        for where, options, code in (
            (server.where.replace("/feed", "/"), {"subprotocols": [Subprotocol(SUBPROTOCOL)]}, 404),
            (server.where, {}, 400),
            (server.where, {"subprotocols": [Subprotocol("mqtt")]}, 400),
        ):
            with pytest.raises(InvalidStatus) as caught:
                async with connect(where, proxy=None, **options):  # type: ignore[arg-type]
                    pass
            assert caught.value.response.status_code == code


async def test_too_many_are_asked_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_CLIENTS == 32
    monkeypatch.setattr(websocket_server, "MAX_CLIENTS", 1)
    async with serving() as (server, _):
        async with called(server) as caller:
            await caller.hear()
            with pytest.raises(InvalidStatus) as caught:
                async with called(server):
                    pass
            assert caught.value.response.status_code == 503
        await until(lambda: server._attended == 0)
        async with called(server) as caller:
            await caller.hear()


@pytest.mark.parametrize("word", ['{"type":"snapshot.request"}', "x", "[" * 4_000, b"{}"])
async def test_who_does_not_say_start_is_sent_away(word: str | bytes) -> None:
    async with serving() as (server, _), called(server) as caller:
        await caller.connection.send(word)
        assert await caller.be_closed() == (1008, "say start first")


async def test_who_says_nothing_is_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket_server, "_START_WITHIN_S", 0.05)
    async with serving() as (server, _), called(server) as caller:
        assert await caller.be_closed() == (1008, "say start within 0.05 s")


async def test_who_says_what_nobody_understands_is_sent_away() -> None:
    async with serving() as (server, _), called(server) as caller:
        await caller.hear()
        await caller.say(Start())
        await caller.hear_until(Synced)
        await caller.say(Start())
        assert await caller.be_closed() == (1008, "only snapshot.request is understood here")


async def test_who_says_too_much_is_sent_away() -> None:
    async with serving() as (server, _), called(server) as caller:
        await caller.connection.send("x" * 10_000)
        assert (await caller.be_closed())[0] == 1009


async def test_who_does_not_keep_up_is_cut_off_and_goes_on_where_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(websocket_server, "MAX_UNSENT", 500)
    exchange = TrueExchange(TrueAcd(log_kept=1_000_000))
    acd = exchange.acd
    async with WebSocketServer(exchange.as_exchange(), StandingClock()) as server, called(server) as caller:
        await caller.hear()
        await caller.say(Start())
        await caller.hear_until(Synced)
        first = acd.queue(SALES, "c0")
        exchange.happen(first)
        await caller.hear()
        caller.connection.transport.pause_reading()
        told = 0
        while server.clients:
            exchange.happen(*(acd.queue(SALES, f"c{acd.seq}", LONG) for _ in range(100)))
            told += 100
            await asyncio.sleep(0)
        assert 500 <= told < 10_000
        async with called(server) as again:
            await again.hear()
            await again.say(Start(after=1, run="r1"))
            heard = await again.hear_until(Synced)
    assert len(heard) == told + 1


async def test_a_long_log_is_no_slowness() -> None:
    exchange = TrueExchange(TrueAcd(log_kept=1_000_000))
    for number in range(MAX_UNSENT + 10):
        exchange.acd.queue(SALES, f"c{number}")
    async with WebSocketServer(exchange.as_exchange(), StandingClock()) as server, called(server) as caller:
        await caller.hear()
        await caller.say(Start(after=1, run="r1"))
        assert len(await caller.hear_until(Synced)) == MAX_UNSENT + 10


async def test_who_takes_nothing_at_all_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket_server, "_SEND_TIMEOUT_S", 0.05)
    async with serving() as (server, exchange), called(server) as caller:
        await caller.hear()
        await caller.say(Start())
        await caller.hear_until(Synced)
        caller.connection.transport.pause_reading()
        while server.clients:
            exchange.happen(*(exchange.acd.queue(SALES, f"c{exchange.acd.seq}", LONG) for _ in range(40)))
            await asyncio.sleep(0.001)


@pytest.mark.parametrize("address", ["", "9470", ":9470", "here:", "here:x", "here:65536", "here:-1"])
def test_what_is_no_address_is_told(address: str) -> None:
    exchange = TrueExchange(TrueAcd()).as_exchange()
    with pytest.raises(ValueError, match=r"^must be HOST:PORT, such as 127\.0\.0\.1:9470, got "):
        WebSocketServer.at(exchange, StandingClock(), address)


def test_an_address_may_be_of_either_kind() -> None:
    exchange = TrueExchange(TrueAcd()).as_exchange()
    served = [WebSocketServer.at(exchange, StandingClock(), text).where for text in ("[::1]:9470", "acd:80")]
    assert served == ["ws://[::1]:9470/feed", "ws://acd:80/feed"]


async def test_a_simulated_floor_is_served_to_the_real_feed() -> None:
    """Whether or not its snapshots use up numbers: the floor is the simulation's once it is live."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    clock = SteadyClock(wall=lambda: START, monotonic=lambda: began + (loop.time() - began) * 200.0)
    simulation = Simulation(SCENARIOS["demo"], seed=3, start=clock.now(), source=FeedName("simulated"))
    exchange = Exchange(simulation, source=FeedName("simulated"))
    async with WebSocketServer.at(exchange, clock, "127.0.0.1:0") as server:
        turning = asyncio.create_task(turn(exchange, clock), name="turn")
        listening = Listening(server.where)
        try:
            async with listening.running():
                await listening.until(lambda: len(listening.contacts) > 20 and listening.states[-1] == "live")
        finally:
            turning.cancel()
            await asyncio.gather(turning, return_exceptions=True)
    snapshots = [event for event in listening.events if isinstance(event, GroupSnapshotTaken)]
    assert [event.group for event in snapshots][: len(exchange.groups)] == list(exchange.groups)


def test_its_token_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    exchange = TrueExchange(TrueAcd()).as_exchange()
    monkeypatch.setenv(SECRET_VARIABLE, "from-the-environment")
    assert WebSocketServer.at(exchange, StandingClock(), "127.0.0.1:1")._token == b"from-the-environment"
    monkeypatch.delenv(SECRET_VARIABLE)
    assert WebSocketServer.at(exchange, StandingClock(), "127.0.0.1:1")._token == b""
