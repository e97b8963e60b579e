# ruff: noqa: S106 - nothing secret
"""A simulated floor posts to a real feed, and the monitor behind it ends in the truth."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from random import Random
from typing import Any

import msgspec
import pytest
from aiohttp import web

from adapters.webhook.cloudevents import read_cloud_event
from queue_alert.core.events import AcdEvent, FeedEvent, FeedState, GroupSnapshotTaken
from queue_alert.core.monitor import Monitor
from queue_alert.core.policy import FeedPolicy, Policy
from queue_alert.core.units import FeedName, Instant
from simulator import webhook_sender
from simulator.acd import Simulation
from simulator.exchange import Exchange
from simulator.secret import SECRET_VARIABLE
from simulator.serving import turn
from simulator.webhook_sender import WebhookSender, cloud_event
from tests.adapters.webhook.posts import TOKEN, Recorder, listening
from tests.simulator.helpers import NOTHING_GOES_RIGHT

SOON_S = 5.0


class Clock:
    """The wall clock, many times as fast."""

    def __init__(self, speed: float = 1.0) -> None:
        self._began, self._speed = time.time(), speed

    def now(self) -> Instant:
        return self._began + (time.time() - self._began) * self._speed


def exchange(now: Instant) -> Exchange:
    simulation = Simulation(NOTHING_GOES_RIGHT, seed=7, start=now, source=FeedName("acd"))
    return Exchange(simulation, source=FeedName("acd"))


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(SOON_S):
        while not condition():  # noqa: ASYNC110 - what it waits for has no event
            await asyncio.sleep(0.01)


class Watcher(Recorder):
    """A recorder whose events go on to a monitor."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock
        self.monitor = Monitor(
            Policy(feeds=(FeedPolicy(name=FeedName("hook")),), reset_at_s=None), clock.now()
        )

    def now(self) -> Instant:
        return self.clock.now()

    def submit(self, event: AcdEvent) -> None:
        self.monitor.handle(event, self.now())
        super().submit(event)

    def state(self) -> FeedState:
        return self.monitor.view(self.now()).feeds[0].state

    def lines(self) -> dict[str, int]:
        return {group.name: group.waiting for group in self.monitor.view(self.now()).groups}


class Faults:
    """Stands between an exchange and its sender: drops, doubles and swaps events."""

    def __init__(self, sender: WebhookSender) -> None:
        self._sender = sender
        self._random = Random(3)

    def happened(self, events: Sequence[FeedEvent], now: Instant) -> None:
        spoilt = [event for event in events for _ in range(self._random.choice((0, 1, 1, 1, 2)))]
        self._random.shuffle(spoilt)
        if spoilt:
            self._sender.happened(spoilt, now)

    def cut_off(self, now: Instant) -> None:
        self._sender.cut_off(now)


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUEUE_ALERT_HOOK_TOKEN", TOKEN)


def test_an_event_becomes_a_cloud_event_that_is_read_as_the_same() -> None:
    floor = exchange(1_800_000_000.0)
    snapshot = floor.snapshot(1_800_000_000.0)[0]
    event = read_cloud_event(msgspec.json.encode(cloud_event(snapshot, run="r1")))
    assert (event.id, event.source, event.type, event.subject) == (
        snapshot.id, "acd", "group.snapshot", snapshot.group,
    )  # fmt: skip
    assert (event.time, event.sequence, event.run) == (snapshot.time, snapshot.seq, "r1")
    envelope = {
        "type": event.type,
        "id": event.id,
        "source": "acd",
        "time": event.time,
        "seq": event.sequence,
    }
    whole = {**event.data, **envelope, "subject": event.subject}
    assert msgspec.convert(whole, GroupSnapshotTaken) == snapshot


async def test_the_floor_behind_the_feed_is_the_simulated_one() -> None:
    clock = Clock(speed=30.0)
    floor, watcher = exchange(clock.now()), Watcher(clock)
    async with listening(watcher, max_rate=10_000) as url:
        async with WebhookSender(floor, clock, url=url, token=TOKEN, batch_s=0.005):
            turning = asyncio.create_task(turn(floor, clock))
            await until(lambda: watcher.state() is FeedState.LIVE)
            await until(lambda: sum(isinstance(one, GroupSnapshotTaken) for one in watcher.events) >= 12)
            turning.cancel()
            seq = floor.seq
            await until(lambda: max(event.seq for event in watcher.events) >= seq)
        assert watcher.lines() == {group: len(floor.simulation.waiting(group)) for group in floor.groups}
    assert watcher.skipped == []


async def test_whatever_is_dropped_doubled_or_swapped_a_snapshot_ends_in_the_truth() -> None:
    clock = Clock(speed=30.0)
    floor, watcher = exchange(clock.now()), Watcher(clock)
    async with listening(watcher, max_rate=10_000) as url:
        sender = WebhookSender(floor, clock, url=url, token=TOKEN, batch_s=0.005)
        async with sender:
            sender._stop()
            sender._stop = floor.listen(Faults(sender))
            turning = asyncio.create_task(turn(floor, clock))
            await until(lambda: any(kind == "lost" for kind, _ in watcher.skipped))
            turning.cancel()
            await asyncio.sleep(0.05)
            # All that happened has been said, as far as it was; now all is said again.
            before = len(watcher.events)
            sender.cut_off(clock.now())
            await until(
                lambda: (
                    sum(isinstance(one, GroupSnapshotTaken) for one in watcher.events[before:])
                    >= len(floor.groups)
                )
            )
        now = watcher.now() + 10
        watcher.monitor.advance(now)
        assert watcher.lines() == {group: len(floor.simulation.waiting(group)) for group in floor.groups}
        assert watcher.state() is FeedState.LIVE


async def test_a_feed_that_begins_anew_is_given_snapshots_at_once() -> None:
    clock = Clock()
    floor = exchange(clock.now())
    first = Watcher(clock)
    async with listening(first) as url:
        port = int(url.rpartition(":")[2].partition("/")[0])
        sender = WebhookSender(floor, clock, url=url, token=TOKEN, heartbeat_s=0.05, batch_s=0.0)
        async with sender:
            await until(lambda: first.state() is FeedState.LIVE)
            second = Watcher(clock)
            second_feed = second.feed()
            assert port
            task = asyncio.create_task(second_feed.run(second.submit))
            await until(lambda: second_feed.address is not None)
            assert second_feed.address is not None
            sender._url = f"http://127.0.0.1:{second_feed.address[1]}/events"
            await until(lambda: second.state() is FeedState.LIVE)
            task.cancel()
            await asyncio.wait([task])


Answering = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Listener:
    """A listener that answers as it is told."""

    def __init__(self, *statuses: int, document: Any = None) -> None:
        self.statuses = list(statuses)
        self.document = document
        self.posts: list[list[dict[str, Any]]] = []
        self.headers: list[dict[str, str]] = []

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        self.posts.append(msgspec.json.decode(await request.read()))
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        status = self.statuses.pop(0) if self.statuses else 204
        if status == 202:
            return web.json_response(self.document, status=status)
        return web.Response(status=status)

    def kinds(self) -> list[list[str]]:
        return [[event["type"] for event in post] for post in self.posts]

    async def __aenter__(self) -> str:
        self.server = await asyncio.get_running_loop().create_server(
            web.Server(self.answer, access_log=None), "127.0.0.1", 0
        )
        return f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}/hook"

    async def __aexit__(self, *_error: object) -> None:
        self.server.close()
        await self.server.wait_closed()


ALL = ["group.snapshot"] * 4 + ["feed.synced"]


async def test_all_is_said_at_the_start_then_heartbeats() -> None:
    clock = Clock()
    listener = Listener()
    async with (
        listener as url,
        WebhookSender(exchange(clock.now()), clock, url=url, heartbeat_s=0.01, batch_s=0),
    ):
        await until(lambda: len(listener.posts) >= 3)
    assert listener.kinds()[:3] == [ALL, ["feed.heartbeat"], ["feed.heartbeat"]]
    assert listener.headers[0]["content-type"] == "application/cloudevents-batch+json"
    assert not {"authorization", "x-queue-alert-signature"} & set(listener.headers[0])
    assert listener.posts[0][-1]["data"] == {"groups": 4}


async def test_what_was_not_taken_is_posted_again_with_new_snapshots(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(webhook_sender, "_PAUSES_S", (0.01,))
    clock = Clock()
    floor = exchange(clock.now())
    event = floor.simulation.advance(clock.now() + 60)[0]
    listener = Listener(503, 429, 401)
    async with listener as url, WebhookSender(floor, clock, url=url, secret="s", batch_s=0) as sender:
        sender.happened([event], clock.now())
        await until(lambda: len(listener.posts) >= 4)
    kinds = listener.kinds()
    assert kinds[0] == kinds[3]
    assert next(one["id"] for one in listener.posts[3]) == event.id
    assert listener.headers[0]["x-queue-alert-signature"].startswith("t=")


async def test_what_can_never_be_taken_is_not_posted_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook_sender, "_PAUSES_S", (0.01,))
    clock = Clock()
    floor = exchange(clock.now())
    event = floor.simulation.advance(clock.now() + 60)[0]
    listener = Listener(400)
    async with listener as url, WebhookSender(floor, clock, url=url, batch_s=0, token="t") as sender:
        sender.happened([event], clock.now())
        await until(lambda: len(listener.posts) >= 2)
    assert listener.kinds()[1] == ALL
    assert listener.headers[0]["authorization"] == "Bearer t"


async def test_a_listener_that_wants_snapshots_gets_them() -> None:
    clock = Clock(speed=100.0)
    listener = Listener(202, document={"taken": 1, "refused": 0, "wants": "group.snapshot"})
    floor = exchange(clock.now())
    async with (
        listener as url,
        WebhookSender(floor, clock, url=url, batch_s=0, snapshot_every_s=1e9, heartbeat_s=60),
    ):
        await until(lambda: len(listener.posts) >= 2)
    assert [kinds[-5:] for kinds in listener.kinds()[:2]] == [ALL, ALL]


async def test_a_restart_is_told_with_the_next_run() -> None:
    clock = Clock()
    floor = exchange(clock.now())
    listener = Listener()
    async with listener as url, WebhookSender(floor, clock, url=url, batch_s=0) as sender:
        await until(lambda: len(listener.posts) >= 1)
        floor._runs += 1
        sender.cut_off(clock.now())
        await until(lambda: len(listener.posts) >= 2)
    runs = [{event["run"] for event in post} for post in listener.posts[:2]]
    assert runs == [{floor.run.replace("-2", "-1")}, {floor.run}]


async def test_more_than_the_buffer_holds_is_dropped_and_put_right_by_snapshots(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = Clock()
    floor = exchange(clock.now())
    sender = WebhookSender(floor, clock, url="http://127.0.0.1:1/")
    sender._wants_snapshot = False
    events = floor.simulation.advance(clock.now() + 60)[:3]
    sender.happened(events, clock.now())
    assert not sender._wants_snapshot
    monkeypatch.setattr(webhook_sender, "BUFFERED", 5)
    sender.happened(events, clock.now())
    assert sender._wants_snapshot


async def test_nobody_there_is_said_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_sender, "_PAUSES_S", (0.01,))
    clock = Clock()
    server = await asyncio.get_running_loop().create_server(asyncio.Protocol, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    async with WebhookSender(exchange(clock.now()), clock, url=f"http://u:p@127.0.0.1:{port}/x") as sender:
        assert sender.where == f"http://127.0.0.1:{port}/x"
        await until(lambda: sender._is_failing)
        await asyncio.sleep(0.05)
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert warnings == [f"not taken url=http://127.0.0.1:{port}/x reason=ClientConnectorError"]


async def test_an_address_is_a_url_and_the_token_is_in_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(SECRET_VARIABLE, "from-the-environment")
    clock = Clock()
    sender = WebhookSender.at(exchange(clock.now()), clock, "https://pi.example:9470/events")
    assert (sender.where, sender._token) == ("https://pi.example:9470/events", "from-the-environment")
    for address in ("pi.example", "ftp://pi/x", "http://", "http://pi:0/", "http://[/", "http://pi/a b"):
        with pytest.raises(ValueError, match=r"^must be a URL such as") as caught:
            WebhookSender.at(exchange(clock.now()), clock, address)
        assert f'got "{address}"' in str(caught.value)
