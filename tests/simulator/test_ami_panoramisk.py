"""Somebody else's client follows the simulated Asterisk as it follows a real one."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from panoramisk import Manager

from queue_alert.core.events import (
    ContactAnswered,
    ContactCompleted,
    ContactLeft,
    ContactQueued,
    ContactRung,
    FeedEvent,
    Outcome,
)
from simulator.ami_server import AmiServer
from tests.simulator.ami_rig import SECRET
from tests.simulator.helpers import START
from tests.simulator.test_ami_server import PATIENCE_S, Hand, wait_until


class Truth:
    """What the exchange says itself."""

    def __init__(self) -> None:
        self.events: list[FeedEvent] = []

    def happened(self, events: Sequence[FeedEvent], now: float) -> None:
        del now
        self.events += events

    def cut_off(self, now: float) -> None:
        raise AssertionError(now)

    def counts(self) -> Counter[str]:
        """Return how often each of Asterisk's events must be said."""
        found: Counter[str] = Counter()
        for event in self.events:
            if isinstance(event, ContactQueued):
                found["QueueCallerJoin"] += 1
            elif isinstance(event, ContactRung):
                found["AgentCalled"] += 1
            elif isinstance(event, ContactAnswered):
                found.update(["AgentConnect", "QueueCallerLeave"])
            elif isinstance(event, ContactLeft):
                found["QueueCallerLeave"] += 1
                found["QueueCallerAbandon"] += event.outcome is not Outcome.EXIT_KEY
            elif isinstance(event, ContactCompleted):
                found["AgentComplete"] += 1
        return found


@asynccontextmanager
async def following(server: AmiServer, secret: str = SECRET) -> AsyncIterator[tuple[Manager, list[Any]]]:
    """Yield panoramisk's manager, connected and logged in, and the events it dispatches."""
    heard: list[Any] = []
    manager = Manager(
        loop=asyncio.get_running_loop(),
        host="127.0.0.1",
        port=server.port,
        username="queuealert",
        secret=secret,
        reconnect_timeout=60,
    )
    manager.register_event("*", lambda _manager, event: heard.append(event))
    async with asyncio.timeout(PATIENCE_S):
        await manager.connect()
    try:
        yield manager, heard
    finally:
        manager.close()


async def test_it_logs_in_and_pings() -> None:
    async with Hand().server() as server, following(server) as (manager, heard):
        await wait_until(lambda: bool(heard))
        assert (manager.authenticated, heard[0].event) == (True, "FullyBooted")
        pong = await manager.send_action({"Action": "Ping"})
        assert (pong.success, pong.ping, pong.timestamp) == (True, "Pong", f"{START:.6f}")
        unknown = await manager.send_action({"Action": "Nonsense"})
        assert (unknown.success, unknown.message.split(":")[0]) == (False, "Invalid/unknown command")
        goodbye = await manager.send_action({"Action": "Logoff"})
        assert goodbye.success


async def test_its_counts_are_the_truth() -> None:
    hand, truth = Hand(seed=11), Truth()
    hand.exchange.listen(truth)
    async with hand.server() as server, following(server) as (manager, heard):
        await wait_until(lambda: bool(manager.authenticated))
        for minute in range(1, 16):
            hand.turn_to(START + 60 * minute)
            await asyncio.sleep(0)
        await manager.send_action({"Action": "Ping"})
        expected = truth.counts()
        said = Counter(event.event for event in heard)
        assert {name: said[name] for name in expected} == dict(expected)
        assert min(expected.values()) > 10


async def test_it_gets_the_queues_as_a_list() -> None:
    hand = Hand()
    async with hand.server() as server, following(server) as (manager, _):
        await wait_until(lambda: bool(manager.authenticated))
        hand.turn_to(START + 100)
        async with asyncio.timeout(PATIENCE_S):
            answer = await manager.send_action({"Action": "QueueStatus"})
            summary = await manager.send_action({"Action": "QueueSummary"})
        waiting: dict[str, tuple[str, ...]] = dict.fromkeys(hand.exchange.groups, ())
        for item in answer:
            if item.event == "QueueEntry":
                waiting[item.queue] = (*waiting[item.queue], item.uniqueid)
        assert waiting == {group: hand.exchange.simulation.waiting(group) for group in hand.exchange.groups}
        callers = {item.queue: int(item.callers) for item in summary if item.event == "QueueSummary"}
        assert callers == {group: len(line) for group, line in waiting.items()}


async def test_it_is_refused_with_a_wrong_secret() -> None:
    async with Hand().server() as server, following(server, "wrong") as (manager, heard):
        async with asyncio.timeout(PATIENCE_S):
            answer = await manager.authenticated_future
        assert (answer.success, answer.message, heard) == (False, "Authentication failed", [])
