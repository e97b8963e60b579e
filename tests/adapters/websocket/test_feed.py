import asyncio
import random
from pathlib import Path

import pytest

from queue_alert.app.clock import SteadyClock
from queue_alert.app.supervisor import FeedSupervisor
from queue_alert.core.events import AcdEvent, FeedState
from queue_alert.core.monitor import Monitor
from queue_alert.core.policy import FeedPolicy, Policy, SignalPolicy
from queue_alert.core.units import FeedName, SignalName
from queue_alert.ports import Skipped
from simulator.websocket_server import WebSocketServer
from tests.adapters.websocket.acd import SALES, START, TrueAcd
from tests.adapters.websocket.helpers import FEED
from tests.adapters.websocket.live import (
    TOKEN,
    Listening,
    StandingClock,
    TrueExchange,
)


async def test_the_feed_hears_how_things_are_and_what_happens() -> None:
    exchange = TrueExchange(TrueAcd())
    acd = exchange.acd
    acd.queue(SALES, "c1")
    async with WebSocketServer(exchange.as_exchange(), StandingClock()) as server:
        listening = Listening(server.where)
        async with listening.running():
            await listening.until(lambda: "live" in listening.states)
            exchange.happen(acd.answer(SALES, "c1"), acd.queue(SALES, "c2"))
            await listening.until(lambda: listening.contacts == ["c1", "c2"])
    assert [
        said if isinstance(said, str) else dict(said).get("type", "heartbeat") for said in listening.said[2:]
    ] == [
        "group.snapshot",
        "group.snapshot",
        "live",
        "contact.answered",
        "contact.queued",
    ]
    assert listening.skipped == []
    assert {event.source for event in listening.events} == {FEED}


async def test_after_a_break_it_goes_on_where_it_was_and_after_a_restart_it_begins_anew() -> None:
    exchange = TrueExchange(TrueAcd())
    acd = exchange.acd
    async with WebSocketServer(exchange.as_exchange(), StandingClock()) as server:
        listening = Listening(server.where)
        async with listening.running() as connection:
            await listening.until(lambda: "live" in listening.states)
            exchange.happen(acd.queue(SALES, "c1"))
            await listening.until(lambda: listening.contacts == ["c1"])
            exchange.cut_off()
            assert str(await connection) == f"{server.where} was lost without a word"
        exchange.happen(acd.queue(SALES, "c2"))
        listening.events.clear()
        async with listening.running() as connection:
            await listening.until(lambda: listening.states == ["syncing", "live"])
            assert listening.contacts == ["c2"]
            exchange.restart()
            await connection
        listening.events.clear()
        async with listening.running():
            await listening.until(lambda: listening.states == ["syncing", "live"])
    snapshots = [said for said in listening.said if isinstance(said, dict)]
    assert [(said["subject"], said["seq"], said.get("waiting")) for said in snapshots] == [
        ("sales", 3, None),
        ("support", 3, None),
    ]
    assert listening.skipped == []


async def test_a_hole_is_put_right_on_the_same_connection() -> None:
    exchange = TrueExchange(TrueAcd())
    acd = exchange.acd
    async with WebSocketServer(exchange.as_exchange(), StandingClock(), heartbeat_s=0.1) as server:
        listening = Listening(server.where)
        async with listening.running():
            await listening.until(lambda: "live" in listening.states)
            acd.queue(SALES, "c1")
            await listening.until(lambda: listening.states[-1] != "live")
            await listening.until(lambda: listening.states[-1] == "live")
    assert listening.states == ["syncing", "live", "syncing: 1 events were lost", "live"]
    assert listening.skipped == [(Skipped.LOST, "1 events before 1")]
    assert [said for said in listening.said if isinstance(said, dict)][-2]["waiting"] == [
        {"contact": "c1", "queued_at": START}
    ]


async def test_the_token_is_shown_and_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    (tmp_path / "wrong").write_text("another\n")
    exchange = TrueExchange(TrueAcd()).as_exchange()
    async with WebSocketServer(exchange, StandingClock(), token=TOKEN) as server:
        listening = Listening(server.where, base=tmp_path, token_file="token")  # noqa: S106
        async with listening.running():
            await listening.until(lambda: "live" in listening.states)
        wrong = await Listening(server.where, base=tmp_path, token_file="wrong").fail()  # noqa: S106
        assert (str(wrong), wrong.recoverable) == (
            f"{server.where} refused the token (HTTP 401); check token_file against what the ACD expects",
            True,
        )
        none = await Listening(server.where).fail()
        assert str(none) == (
            f"{server.where} wants a token (HTTP 401); check token_file against what the ACD expects"
        )
        monkeypatch.setenv("QUEUE_ALERT_PHONES_TOKEN", TOKEN)
        listening = Listening(server.where)
        async with listening.running():
            await listening.until(lambda: "live" in listening.states)


async def test_under_a_supervisor_the_monitor_shows_the_truth_through_breaks_and_restarts() -> None:
    exchange = TrueExchange(TrueAcd())
    acd = exchange.acd
    loop = asyncio.get_running_loop()
    clock = SteadyClock(wall=lambda: START, monotonic=loop.time)
    policy = Policy(
        feeds=(FeedPolicy(name=FeedName(FEED)),), signals=(SignalPolicy(name=SignalName("beacon")),)
    )
    monitor = await asyncio.to_thread(Monitor, policy, START)
    changed = asyncio.Event()

    def submit(event: AcdEvent) -> None:
        monitor.handle(event, clock.now())
        changed.set()

    def shown() -> tuple[FeedState, bool, dict[str, int]]:
        view = monitor.view(clock.now())
        groups = {str(group.name): group.waiting for group in view.groups}
        return view.feeds[0].state, view.signals[0].level.stale, groups

    async def until(wanted: tuple[FeedState, bool, dict[str, int]]) -> None:
        async with asyncio.timeout(8):
            while shown() != wanted:
                changed.clear()
                await changed.wait()

    async with WebSocketServer(exchange.as_exchange(), clock, heartbeat_s=0.2) as server:
        supervisor = FeedSupervisor(
            FEED,
            feed=Listening(server.where).feed,
            submit=submit,
            clock=clock,
            randomness=random.Random(1),
        )
        task = asyncio.create_task(supervisor.run(), name="supervisor-under-test")
        try:
            await until((FeedState.LIVE, False, {"sales": 0, "support": 0}))
            exchange.happen(acd.queue(SALES, "c1"), acd.queue(SALES, "c2"))
            await until((FeedState.LIVE, False, {"sales": 2, "support": 0}))
            exchange.cut_off()
            exchange.happen(acd.leave(SALES, "c1"))
            await until((FeedState.DOWN, True, {"sales": 2, "support": 0}))
            await until((FeedState.LIVE, False, {"sales": 1, "support": 0}))
            exchange.restart()
            await until((FeedState.LIVE, False, {"sales": 0, "support": 0}))
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
