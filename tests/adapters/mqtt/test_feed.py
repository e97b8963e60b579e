"""The feed against a real broker."""

import asyncio
import contextlib
import socket
import time
from pathlib import Path
from typing import cast

import aiomqtt
import msgspec
import pytest

from adapters.mqtt import intake, listener
from queue_alert.broker import Outgoing
from queue_alert.core.events import (
    AcdEvent,
    ContactQueued,
    FeedHeartbeat,
    FeedState,
    FeedStatusChanged,
    GroupSnapshotTaken,
    WaitingContact,
)
from queue_alert.core.units import ContactId, FeedName, GroupName
from queue_alert.ports import DriverError, Skipped
from queue_alert.protocol.topics import events_topic
from simulator.exchange import Exchange
from simulator.mqtt_server import MqttServer
from tests.adapters.mqtt.acd import FakeAcd
from tests.adapters.mqtt.helpers import Floor, WallClock, until
from tests.adapters.mqtt.speaker import SITE, speaking
from tests.services.mosquitto import Mosquitto, mosquitto

pytestmark = pytest.mark.process

ACD = FeedName("acd")
SALES = GroupName("sales")


OURS = f"queue-alert-{socket.gethostname()}-feeds-floor"


def queued(seq: int, contact: str | None = None) -> ContactQueued:
    return ContactQueued(
        id=f"e{seq}",
        source=ACD,
        time=time.time(),
        seq=seq,
        group=SALES,
        contact=ContactId(contact or f"c{seq}"),
    )


def snapshot(seq: int, *contacts: str) -> GroupSnapshotTaken:
    return GroupSnapshotTaken(
        id=f"s{seq}",
        source=ACD,
        time=time.time(),
        seq=seq,
        group=SALES,
        waiting=tuple(WaitingContact(contact=ContactId(one), queued_at=time.time() - 60) for one in contacts),
    )


def contacts(floor: Floor) -> list[str]:
    return [event.contact for event in floor.events if isinstance(event, ContactQueued)]


async def test_what_is_retained_is_taken_and_the_publishers_own_word_makes_it_live(broker: Mosquitto) -> None:
    floor = Floor(broker.port)
    async with speaking(broker.port) as acd:
        await acd.snapshot(snapshot(7, "a", "b"))
        await acd.status(seq=7, groups=(SALES,))
        async with floor.running():
            await until(lambda: floor.group_views)
            assert floor.state is FeedState.SYNCING
            assert [event for event in floor.events if isinstance(event, FeedHeartbeat)] == []
            await acd.status(seq=7, groups=(SALES,), time=time.time())
            await until(lambda: floor.state is FeedState.LIVE)
            await acd.event(queued(8))
            await until(lambda: floor.group_views[SALES].waiting == 3)
    assert floor.skipped == []
    assert {event.source for event in floor.events} == {"floor"}
    assert [event.seq for event in floor.events if event.seq] == [7, 8]


async def test_a_message_is_acknowledged_only_when_it_was_taken(broker: Mosquitto) -> None:
    floor = Floor(broker.port)
    taken: list[str] = []

    def stumble(event: AcdEvent) -> None:
        if isinstance(event, ContactQueued):
            taken.append(event.contact)
            if taken == ["c2", "c3"]:
                raise ZeroDivisionError("killed while taking it")

    floor.on_event = stumble
    async with speaking(broker.port) as acd:
        await acd.status(seq=1)
        feed = asyncio.create_task(floor.run_once())
        await until(lambda: floor.state is FeedState.SYNCING)
        await until_subscribed(floor, acd_seq=1, say=acd.status)
        for seq in (2, 3, 4):
            await acd.event(queued(seq))
        with pytest.raises(ZeroDivisionError, match=r"^killed while taking it$"):
            await feed
        assert taken == ["c2", "c3"]
        assert contacts(floor) == ["c2"]
        async with floor.running():
            await until(lambda: len(contacts(floor)) == 3)
    assert taken == ["c2", "c3", "c3", "c4"]
    assert contacts(floor) == ["c2", "c3", "c4"]
    assert floor.lost() == []


async def until_subscribed(floor: Floor, *, acd_seq: int, say: object) -> None:
    """Say the status until the feed is live, which it is only once it has subscribed to everything."""
    async with asyncio.timeout(5):
        while floor.state is not FeedState.LIVE:
            await say(seq=acd_seq)  # type: ignore[operator]
            await asyncio.sleep(0.01)


async def test_no_more_than_the_receive_maximum_is_under_way(broker: Mosquitto) -> None:
    floor = Floor(broker.port, receive_maximum=2)
    async with speaking(broker.port) as acd, floor.running():
        await until_subscribed(floor, acd_seq=0, say=acd.status)
        await acd.link.say(
            *(
                Outgoing(events_topic(SITE, SALES), msgspec.json.encode(queued(seq)), run="r1")
                for seq in range(1, 21)
            )
        )
        await until(lambda: len(contacts(floor)) == 20)
    log = (broker.folder / "log").read_text()
    assert f"Sending PUBLISH to {OURS} (d0, q1" in log
    # mosquitto 2.0 keeps to it until the first acknowledgement; after that each of them lets two out.
    events = log.partition("'acd/berlin/sales/events'")[2]
    sent = events.partition(f"Received PUBACK from {OURS}")[0]
    assert sent.count(f"Sending PUBLISH to {OURS} (d0, q1") == 2


async def test_what_was_said_while_we_were_away_comes_after_all(broker: Mosquitto) -> None:
    floor = Floor(broker.port)
    async with speaking(broker.port) as acd:
        async with floor.running():
            await until_subscribed(floor, acd_seq=0, say=acd.status)
            await acd.event(queued(1))
            await until(lambda: contacts(floor) == ["c1"])
        for seq in range(2, 30):
            await acd.event(queued(seq))
        async with floor.running():
            await until(lambda: len(contacts(floor)) == 29)
            assert floor.states()[-1] is FeedState.SYNCING
            await until_subscribed(floor, acd_seq=29, say=acd.status)
    assert floor.lost() == []
    assert contacts(floor) == [f"c{seq}" for seq in range(1, 30)]


async def test_a_publisher_that_dies_is_told_by_its_last_will(broker: Mosquitto) -> None:
    will = aiomqtt.Will(f"acd/{SITE}/status", b'{"online":false}', qos=1, retain=True)
    floor = Floor(broker.port)
    async with floor.running():
        with contextlib.suppress(ConnectionError):
            async with speaking(broker.port, will=will) as acd:
                await until_subscribed(floor, acd_seq=0, say=acd.status)
                # As a process that is killed: not a word of leave.
                acd.link._shut()
        await until(lambda: floor.view.reason and floor.state is FeedState.DOWN)
        assert floor.view.reason == (
            "the publisher of acd/berlin/status is offline: the ACD is not connected to the broker"
        )
        assert floor.errors == []
        async with speaking(broker.port) as acd:
            await acd.status(seq=0)
            await until(lambda: floor.state is FeedState.LIVE)


async def test_a_group_whose_retained_snapshot_is_cleared_is_empty(broker: Mosquitto) -> None:
    floor = Floor(broker.port)
    async with speaking(broker.port) as acd, floor.running():
        await acd.snapshot(snapshot(5, "a", "b"))
        await until_subscribed(floor, acd_seq=5, say=acd.status)
        await until(lambda: floor.group_views[SALES].waiting == 2)
        await acd.say(f"acd/{SITE}/sales/snapshot", b"", retain=True)
        await until(lambda: floor.group_views[SALES].waiting == 0)
    assert floor.skipped == []


async def test_what_is_none_of_our_words_is_counted_and_loses_nothing_else(broker: Mosquitto) -> None:
    floor = Floor(broker.port, max_payload=1000)
    async with speaking(broker.port) as acd, floor.running():
        await until_subscribed(floor, acd_seq=0, say=acd.status)
        await acd.say(f"acd/{SITE}/sales/events", b'{"hello":"world"}')
        await acd.say(f"acd/{SITE}/sales/events", b"\x00\xff")
        await acd.say(f"acd/{SITE}/sales/events", b"[" * 900)
        await acd.say(f"acd/{SITE}/other/events", msgspec.json.encode(queued(1)))
        # The broker was told not to send packets as long as this.
        await acd.say(f"acd/{SITE}/sales/events", b" " * 6_000)
        await acd.event(queued(1))
        await until(lambda: contacts(floor) == ["c1"])
        assert [kind for kind, _ in floor.skipped] == [
            Skipped.MISSING_FIELD,
            Skipped.NOT_TEXT,
            Skipped.BAD_VALUE,
            Skipped.WRONG_TOPIC,
        ]
        assert (floor.state, floor.errors) == (FeedState.LIVE, [])


async def test_nobody_at_the_topic_is_told(broker: Mosquitto, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "NOBODY_AFTER_S", 0.05)
    monkeypatch.setattr(listener, "_CHECK_EVERY_S", 0.02)
    floor = Floor(broker.port)
    async with floor.running():
        await until(lambda: floor.view.reason and floor.state is FeedState.DOWN)
    assert floor.view.reason == (
        "nobody has said acd/berlin/status; does the ACD's publisher run, is site right, and may we read "
        "that topic?"
    )


async def test_a_broker_that_dies_is_a_lost_connection(broker: Mosquitto) -> None:
    floor = Floor(broker.port)
    feed = asyncio.create_task(floor.run_once())
    await until(lambda: floor.state is FeedState.SYNCING)
    await broker.kill()
    with pytest.raises(DriverError) as caught:
        await feed
    assert str(caught.value) == f"connection to 127.0.0.1:{broker.port} was lost (closed by the other side)"
    assert caught.value.recoverable


async def test_being_cancelled_leaves_nothing_behind(broker: Mosquitto) -> None:
    floor = Floor(broker.port)
    async with floor.running():
        await until(lambda: FeedStatusChanged in map(type, floor.events))
    await until(lambda: f"{OURS} disconnected" in (broker.folder / "log").read_text())


async def test_a_mistake_of_ours_about_what_came_with_the_welcome_is_no_lost_connection(
    broker: Mosquitto,
) -> None:
    floor = Floor(broker.port)
    async with speaking(broker.port) as acd:
        async with floor.running():
            await until_subscribed(floor, acd_seq=0, say=acd.status)
        for seq in range(1, 5):
            await acd.event(queued(seq))

        def stumble(event: AcdEvent) -> None:
            if isinstance(event, ContactQueued):
                raise ZeroDivisionError("a mistake")

        floor.on_event = stumble
        async with asyncio.timeout(5):
            with pytest.raises(ZeroDivisionError, match=r"^a mistake$"):
                await floor.run_once()


@pytest.mark.parametrize("persistent", [False, True], ids=["with a loss of memory", "remembering"])
async def test_a_broker_that_is_stopped_and_started_in_mid_stream_loses_nothing_for_good(
    tmp_path: Path, *, persistent: bool
) -> None:
    acd = FakeAcd()
    async with mosquitto(tmp_path, persistent=persistent) as broker:
        floor = Floor(broker.port)
        server = MqttServer(
            cast("Exchange", acd),
            WallClock(),
            host="127.0.0.1",
            port=broker.port,
            site=SITE,
            heartbeat_s=0.1,
            pause_s=0.02,
        )
        async with server, floor.running():
            await until(lambda: floor.state is FeedState.LIVE)
            for round_ in range(30):
                acd.happen(20, time.time())
                if round_ % 10 == 5:
                    await broker.stop()
                    acd.happen(20, time.time())
                    await broker.start()
                await asyncio.sleep(0.002)
            await until(lambda: floor.state is FeedState.LIVE and floor.seq == acd.seq)
            views = floor.group_views
    assert {
        name: (view.waiting, view.today.offered, view.today.answered) for name, view in views.items()
    } == {
        name: (len(acd.waiting[name]), acd.counts[name]["offered"], acd.counts[name]["answered"])
        for name in acd.groups
    }
