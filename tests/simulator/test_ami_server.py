"""The simulated Asterisk over real sockets: clients of every kind, and our own feed."""

import asyncio
import random
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from adapters.asterisk.feed import AsteriskFeed, AsteriskOptions
from queue_alert.app.supervisor import FeedSupervisor
from queue_alert.core.events import AcdEvent, FeedState, FeedStatusChanged
from queue_alert.core.monitor import Monitor
from queue_alert.core.policy import FeedPolicy, Policy
from queue_alert.core.units import FeedName, Instant, Seconds
from queue_alert.ports import FeedContext
from simulator.acd import Simulation
from simulator.ami_server import AmiServer
from simulator.exchange import Exchange
from simulator.faults import Fault, FaultKind, Faults
from simulator.secret import SECRET_VARIABLE
from tests.simulator.ami_rig import SECRET, action, frames
from tests.simulator.helpers import NOTHING_GOES_RIGHT, START

PBX = FeedName("pbx")
PATIENCE_S: Seconds = 5.0
WELCOME = b"Asterisk Call Manager/11.0.0\r\n"


class Hand:
    """A clock that a test sets, and the exchange that follows it."""

    def __init__(self, *faults: Fault, seed: int = 3) -> None:
        self.at: Instant = START
        self.exchange = RestartableExchange(
            Simulation(NOTHING_GOES_RIGHT, seed=seed, start=START, source=PBX),
            source=PBX,
            faults=Faults(faults, seed=seed, start=START, in_order=True) if faults else None,
        )

    def now(self) -> Instant:
        return self.at

    def turn_to(self, at: Instant) -> None:
        """Let happen all until then, each at its time."""
        while (next_at := min(self.exchange.next_at(), at)) <= at and self.at < at:
            self.at = next_at
            self.exchange.advance(next_at)

    def server(self, **options: object) -> AmiServer:
        return AmiServer(self.exchange, self, secret=SECRET, **options)  # type: ignore[arg-type]


class RestartableExchange(Exchange):
    """One that cuts its listeners off, as after a restart or as if only the line broke."""

    restarts = 0

    @property
    def run(self) -> str:
        return f"{super().run}/{self.restarts}"

    def cut_off(self, now: Instant, *, anew: bool) -> None:
        self.restarts += anew
        for listener in tuple(self._listeners):
            listener.cut_off(now)


class Caller:
    """A client that does what a test says."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def ask(self, name: str, **headers: str) -> None:
        self.writer.write(action(name, **headers))
        await self.writer.drain()

    async def frame(self) -> dict[str, str]:
        async with asyncio.timeout(PATIENCE_S):
            return frames(await self.reader.readuntil(b"\r\n\r\n"))[0]

    async def until(self, name: str) -> list[dict[str, str]]:
        """Return all frames up to the event ``name``."""
        found = [await self.frame()]
        while found[-1].get("Event") != name:
            found.append(await self.frame())
        return found

    async def rest(self) -> bytes:
        """Return what comes until the other side closes; a reset is an end like another."""
        found = b""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while data := await self.reader.read(65_536):
                    found += data
        except ConnectionResetError:
            pass
        return found


@asynccontextmanager
async def calling(
    server: AmiServer, *, log_in: bool = True, receive_buffer: int | None = None
) -> AsyncIterator[Caller]:
    line = socket.socket()
    line.setblocking(False)
    if receive_buffer is not None:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    await asyncio.get_running_loop().sock_connect(line, ("127.0.0.1", server.port))
    reader, writer = await asyncio.open_connection(sock=line)
    caller = Caller(reader, writer)
    try:
        if log_in:
            assert await reader.readuntil(b"\r\n") == WELCOME
            await caller.ask("Login", Username="queuealert", Secret=SECRET)
            await caller.until("FullyBooted")
        yield caller
    finally:
        writer.close()


async def wait_until(is_so: Callable[[], bool]) -> None:
    for _ in range(int(PATIENCE_S / 0.005)):
        if is_so():
            return
        await asyncio.sleep(0.005)
    raise TimeoutError


# ---- clients


async def test_it_listens_where_it_says() -> None:
    hand = Hand()
    async with hand.server() as server:
        assert server.where == f"127.0.0.1:{server.port}"
        async with calling(server) as one, calling(server) as other:
            await one.ask("Ping")
            assert (await one.frame())["Ping"] == "Pong"
            await other.ask("Logoff")
            assert b"Thanks for all the fish" in await other.rest()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", server.port)


async def test_who_says_all_at_once_and_nothing_more_is_answered_to_the_end() -> None:
    hand = Hand()
    async with hand.server() as server, calling(server, log_in=False) as caller:
        caller.writer.write(
            b"Action: Login\nUsername: queuealert\nSecret: s3cret\nEvents: off\n\nAction: QueueSummary\n\n"
        )
        caller.writer.write_eof()
        told = await caller.rest()
        assert told.endswith(b"Event: QueueSummaryComplete\r\nEventList: Complete\r\nListItems: 4\r\n\r\n")


async def test_every_client_hears_what_happens_and_the_list_comes_behind_it() -> None:
    hand = Hand()
    async with hand.server() as server, calling(server) as one, calling(server) as other:
        hand.at = START + 60
        await one.ask("QueueStatus", ActionID="1")
        heard = await one.until("QueueStatusComplete")
        events = [frame for frame in heard if "Privilege" in frame]
        at = len(events)
        assert at > 0
        assert heard[at]["Response"] == "Success"
        assert all("Privilege" not in frame for frame in heard[at:])
        assert [await other.frame() for _ in events] == events


async def test_a_wrong_secret_is_refused_late_and_closed() -> None:
    hand = Hand()
    async with hand.server() as server, calling(server, log_in=False) as caller:
        asked_at = asyncio.get_running_loop().time()
        await caller.ask("Login", Username="queuealert", Secret="wrong")  # noqa: S106
        assert (await caller.rest()).endswith(b"Response: Error\r\nMessage: Authentication failed\r\n\r\n")
        assert asyncio.get_running_loop().time() - asked_at >= 0.99


async def test_who_does_not_log_in_is_closed() -> None:
    hand = Hand()
    async with hand.server(login_within_s=0.05) as server:
        async with calling(server, log_in=False) as caller:
            assert await caller.rest() == WELCOME
        async with calling(server) as caller:
            await asyncio.sleep(0.1)
            await caller.ask("Ping")
            assert (await caller.frame())["Ping"] == "Pong"


async def test_one_client_too_many_is_closed_at_once() -> None:
    hand = Hand()
    async with hand.server(client_limit=1) as server, calling(server) as caller:
        async with calling(server, log_in=False) as other:
            assert await other.rest() == b""
        await caller.ask("Ping")
        assert (await caller.frame())["Ping"] == "Pong"


async def test_who_does_not_read_is_closed_in_the_middle_of_an_event() -> None:
    hand = Hand()
    async with (
        hand.server(buffer_limit=300_000) as server,
        calling(server) as reading,
        calling(server, receive_buffer=4_096) as caller,
    ):
        caller.writer.transport.pause_reading()  # type: ignore[attr-defined]
        heard = asyncio.create_task(reading.rest(), name="reading")
        while len(server._clients) == 2:
            hand.turn_to(hand.at + 20)
            await asyncio.sleep(0)
            assert hand.at < START + 7_200
        caller.writer.transport.resume_reading()  # type: ignore[attr-defined]
        told = await caller.rest()
        assert told
        assert not told.endswith(b"\r\n\r\n")
        await reading.ask("Logoff")
        assert (await heard).endswith(b"Thanks for all the fish.\r\n\r\n")


async def test_who_asks_faster_than_it_reads_is_answered_as_it_reads() -> None:
    hand = Hand()
    async with hand.server() as server, calling(server) as caller:
        for number in range(1_500):
            caller.writer.write(action("QueueStatus", ActionID=str(number)))
        for number in range(1_500):
            assert (await caller.until("QueueStatusComplete"))[-1]["ActionID"] == str(number)


async def test_who_is_closed_for_not_reading_is_answered_no_more() -> None:
    hand = Hand()
    async with hand.server(buffer_limit=0) as server, calling(server) as caller:
        caller.writer.transport.pause_reading()  # type: ignore[attr-defined]
        # The answer must be preceded by two hours of events, more than the system takes at once.
        hand.at = START + 7_200
        await caller.ask("QueueStatus", ActionID="late")
        await wait_until(lambda: not server._clients)
        caller.writer.transport.resume_reading()  # type: ignore[attr-defined]
        assert b"ActionID: late" not in await caller.rest()


async def test_leaving_closes_everybody() -> None:
    hand = Hand()
    async with hand.server() as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        assert await reader.readuntil(b"\r\n") == WELCOME
    assert await Caller(reader, writer).rest() == b""
    writer.close()
    hand.turn_to(START + 60)


# ---- faults


async def test_a_cut_closes_everybody_and_the_floor_goes_on() -> None:
    hand = Hand()
    async with hand.server() as server:
        hand.turn_to(START + 30)
        async with calling(server) as caller:
            hand.exchange.cut_off(hand.at, anew=False)
            assert await caller.rest() == b""
        async with calling(server) as caller:
            await caller.ask("QueueStatus")
            items = await caller.until("QueueStatusComplete")
            calls = {item["Queue"]: int(item["Calls"]) for item in items if "Calls" in item}
            assert calls == {
                group: len(hand.exchange.simulation.waiting(group)) for group in hand.exchange.groups
            }


HELD_UP = Fault(kind=FaultKind.DELAY, ratio=1.0, mean_s=120.0, ends_s=90.0)
"""Nearly everything comes late, the last of it after 90 s."""


async def asked_after_a_minute(hand: Hand, turn_to: Instant) -> list[dict[str, str]]:
    """Return all frames up to the end of the list that was asked for at START + 60."""
    async with hand.server() as server, calling(server) as caller:
        hand.turn_to(START + 60)
        await caller.ask("QueueStatus", ActionID="1")
        await caller.ask("Ping")
        if turn_to > hand.at:
            await wait_until(lambda: len(server._late) > 1)
            hand.turn_to(turn_to)
        heard = await caller.until("QueueStatusComplete")
        assert (await caller.frame())["Ping"] == "Pong"
        return heard


def callers_moves(heard: list[dict[str, str]]) -> list[tuple[str, str]]:
    """Return what is said of callers in queues, in order and without their places.

    An Asterisk that was asked before it has said all says places as of the answer.
    """
    return [
        (frame["Event"], frame["Uniqueid"])
        for frame in heard
        if "Privilege" in frame and frame["Event"].startswith("QueueCaller")
    ]


def listed(heard: list[dict[str, str]]) -> list[dict[str, str]]:
    """Return a list's answer, without the averages and times that come with what is said."""
    names = (
        "Response",
        "Event",
        "Queue",
        "Uniqueid",
        "Calls",
        "Completed",
        "Abandoned",
        "Paused",
        "Position",
    )
    begin = next(at for at, frame in enumerate(heard) if frame.get("Response") == "Success")
    assert not any("Privilege" in frame for frame in heard[begin:])
    return [{name: frame[name] for name in names if name in frame} for frame in heard[begin:]]


async def test_what_is_held_up_holds_up_the_answers_behind_it_too() -> None:
    at_once = await asked_after_a_minute(Hand(), START + 60)
    late = await asked_after_a_minute(Hand(HELD_UP), START + 3600)
    assert callers_moves(late) == callers_moves(at_once) != []
    assert listed(late) == listed(at_once)


async def test_an_answer_behind_what_is_lost_comes_in_its_time() -> None:
    hand = Hand(Fault(kind=FaultKind.DROP, ratio=1.0, begins_s=50.0), HELD_UP)
    async with hand.server() as server, calling(server) as caller:
        hand.turn_to(START + 60)
        held_until = hand.exchange.stalled_until(hand.at)
        assert held_until is not None
        hand.turn_to(held_until - 0.05)
        await caller.ask("Ping")
        await wait_until(lambda: len(server._late) == 1)
        hand.at = held_until
        heard = [await caller.frame()]
        while "Ping" not in heard[-1]:
            heard.append(await caller.frame())
        assert len(heard) > 1
        assert not server._late


async def test_a_cut_loses_the_answers_that_are_held_up() -> None:
    hand = Hand(HELD_UP)
    async with hand.server() as server:
        async with calling(server) as caller:
            hand.turn_to(START + 60)
            await caller.ask("Ping", ActionID="lost")
            await wait_until(lambda: len(server._late) == 1)
            hand.exchange.cut_off(hand.at, anew=False)
            assert b"lost" not in await caller.rest()
        assert not server._late


async def test_who_asks_on_and_on_while_all_is_held_up_is_closed() -> None:
    hand = Hand(HELD_UP)
    async with hand.server() as server, calling(server) as caller:
        hand.turn_to(START + 60)
        caller.writer.write(action("Ping") * 1_001)
        assert b"Pong" not in await caller.rest()


async def test_after_a_restart_queues_are_known_only_once_all_is_loaded() -> None:
    hand = Hand()
    async with hand.server(boot_s=0.2) as server:
        hand.turn_to(START + 30)
        for _ in range(2):
            hand.exchange.cut_off(hand.at, anew=True)
        async with calling(server, log_in=False) as caller:
            await caller.reader.readuntil(b"\r\n")
            await caller.ask("Login", Username="queuealert", Secret=SECRET)
            assert (await caller.frame())["Message"] == "Authentication accepted"
            await caller.ask("QueueStatus")
            assert (await caller.frame())["Response"] == "Error"
            booted = await caller.frame()
            assert list(booted) == ["Event", "Privilege", "Status", "Uptime", "LastReload"]
            assert booted["Uptime"] == "0"
            await caller.ask("QueueStatus")
            assert (await caller.frame())["Response"] == "Success"
        hand.exchange.cut_off(hand.at, anew=True)
        assert not server.is_booted


async def test_a_restart_forgets_the_calls() -> None:
    hand = Hand()
    async with hand.server() as server:
        hand.turn_to(START + 120)
        assert server.calls() > 0
        hand.exchange.cut_off(hand.at, anew=True)
        assert sum(len(queue.talks) for queue in server._floor.queues.values()) == 0
        assert (server.is_booted, server.started_at) == (True, hand.at)


# ---- addresses


async def test_an_address_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    hand = Hand()
    monkeypatch.setenv(SECRET_VARIABLE, SECRET)
    async with AmiServer.at(hand.exchange, hand, "127.0.0.1:0") as server, calling(server):
        pass
    monkeypatch.delenv(SECRET_VARIABLE)
    server = AmiServer.at(hand.exchange, hand, "[::1]:5038")
    assert (server.where, server._account.secret) == ("::1:5038", "simulator")


@pytest.mark.parametrize("address", ["", "5038", "localhost", "a b:1", "::1:5038", "h:99999", "h:-1", "h:1 "])
def test_what_is_no_address_is_refused(address: str) -> None:
    hand = Hand()
    with pytest.raises(ValueError, match="must be HOST:PORT") as caught:
        AmiServer.at(hand.exchange, hand, address)
    assert str(caught.value) == f'must be HOST:PORT such as "127.0.0.1:5038", got "{address}"'


# ---- our own feed


class Listener:
    """Our feed under its supervisor, and a monitor that hears it."""

    def __init__(self, hand: Hand, server: AmiServer) -> None:
        self.hand = hand
        self.events: list[AcdEvent] = []
        self.monitor = Monitor(Policy(feeds=(FeedPolicy(name=PBX),)), hand.at)
        context = FeedContext(
            name=PBX,
            clock=hand,
            skipped=lambda kind, detail: self.skipped.append((kind, detail)),
            translator=_never,
            recording=_never,
        )
        self.skipped: list[tuple[object, str]] = []
        options = AsteriskOptions(username="queuealert", port=server.port)
        self.supervisor = FeedSupervisor(
            PBX,
            feed=AsteriskFeed(options, context),
            submit=self.submit,
            clock=hand,
            randomness=random.Random(1),
        )

    def submit(self, event: AcdEvent) -> None:
        self.events.append(event)
        self.monitor.handle(event, self.hand.at)

    def figures(self) -> set[tuple[str, int, int, int, int]]:
        return {
            (group.name, group.today.offered, group.today.answered, group.today.completed, group.corrections)
            for group in self.monitor.view(self.hand.at).groups
        }

    @property
    def states(self) -> Sequence[FeedState]:
        return [event.state for event in self.events if isinstance(event, FeedStatusChanged)]


def _never(name: str) -> Any:
    raise AssertionError(name)


async def test_our_feed_follows_it_live_and_again_after_a_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUEUE_ALERT_PBX_SECRET", SECRET)
    hand = Hand(seed=5)
    async with hand.server() as server:
        listener = await asyncio.to_thread(Listener, hand, server)
        running = asyncio.create_task(listener.supervisor.run(), name="feed")
        try:
            await wait_until(lambda: FeedState.LIVE in listener.states)
            for minute in range(1, 6):
                hand.turn_to(START + 60 * minute)
                await asyncio.sleep(0.01)
            await _in_step(hand, listener)
            assert listener.figures() == {
                (group, counters.offered, counters.outcomes.get("answered", 0), counters.completed, 0)
                for group in hand.exchange.groups
                for counters in [hand.exchange.simulation.counters(group)]
            }
            hand.exchange.cut_off(hand.at, anew=False)
            await wait_until(lambda: FeedState.DOWN in listener.states)
            hand.turn_to(START + 360)
            await wait_until(lambda: listener.states.count(FeedState.LIVE) == 2)
            await _in_step(hand, listener)
            assert listener.skipped == []
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def _in_step(hand: Hand, listener: Listener) -> None:
    truth = {group: hand.exchange.simulation.waiting(group) for group in hand.exchange.groups}

    def is_in_step() -> bool:
        groups = listener.monitor._floor.groups
        return {group: tuple(groups[group].waiting) for group in groups} == truth

    await wait_until(is_in_step)
