"""Our own state on a real broker, for other programs."""

import asyncio
import json
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from adapters.mqtt.options import MqttPublisherOptions
from adapters.mqtt.publisher import DRIVER
from adapters.mqtt.teller import MqttPublisher, Paced
from queue_alert.core.effects import Severity
from queue_alert.core.units import GroupName
from queue_alert.core.view import Figures, GroupView, Histogram, ServiceLevelTarget
from queue_alert.ports import ConfigProblem, DriverError, PublisherContext
from tests.adapters.mqtt.helpers import WallClock, until
from tests.adapters.mqtt.speaker import speaking
from tests.services.mosquitto import Mosquitto, mosquitto

EMPTY = Histogram(edges=(), counts=(0,), total_s=0.0)
STATUS = "queue-alert/berlin/status"
SALES = "queue-alert/berlin/sales/state"


def view(name: str = "sales", waiting: int = 0, *, stale: bool = False) -> GroupView:
    return GroupView(
        name=GroupName(name),
        waiting=waiting,
        oldest_queued_at=1000.0 if waiting else None,
        severity=Severity.WARNING if waiting else Severity.NORMAL,
        stale=stale,
        agents={"available": 2},
        target=ServiceLevelTarget("offered", 20.0, 0.8),
        window=Figures(service_level={"offered": 0.75, "answered": 0.9}),
        window_s=1800.0,
        today=Figures(offered=9, answered=7, abandoned=1),
        answered_wait=EMPTY,
        abandoned_wait=EMPTY,
        talk=EMPTY,
        held=EMPTY,
    )


class Source:
    """Groups that a test changes."""

    def __init__(self, *views: GroupView) -> None:
        self._views = {one.name: one for one in views}
        self._changed: dict[GroupName, GroupView] = {}
        self._is_changed = asyncio.Event()
        self.answers: list[tuple[str, str]] = []

    def acknowledge(self, group: GroupName) -> None:
        self.answers.append(("seen", group))

    def call_emergency(self, group: GroupName) -> None:
        self.answers.append(("help", group))

    def change(self, one: GroupView) -> None:
        self._views[one.name] = self._changed[one.name] = one
        self._is_changed.set()

    def groups(self) -> Sequence[GroupView]:
        self._changed.clear()
        return list(self._views.values())

    async def changed(self) -> Sequence[GroupView]:
        await self._is_changed.wait()
        self._is_changed.clear()
        changed, self._changed = list(self._changed.values()), {}
        return changed


def publisher(port: int, **options: object) -> MqttPublisher:
    made = DRIVER.create(
        MqttPublisherOptions(**{"site": "berlin", "port": port, "interval": 0.05} | options),  # type: ignore[arg-type]
        PublisherContext(name="others", clock=WallClock()),
    )
    assert isinstance(made, MqttPublisher)
    return made


@pytest.mark.process
async def test_every_group_is_said_retained_and_then_every_change(broker: Mosquitto) -> None:
    source = Source(view(waiting=2), view("a/b"))
    task = asyncio.create_task(publisher(broker.port).run(source))
    async with speaking(broker.port, listen_to="queue-alert/#") as other:
        await until(lambda: len({topic for topic, _, _ in other.heard}) == 3)
        assert other.payloads(STATUS) == [b"online"]
        said = json.loads(other.payloads(SALES)[0])
        assert abs(said.pop("at") - time.time()) < 5.0
        assert said == {
            "group": "sales",
            "waiting": 2,
            "oldest_queued_at": 1000.0,
            "severity": "warning",
            "stale": False,
            "agents": {"available": 2},
            "service_level": 0.75,
            "offered_today": 9,
            "answered_today": 7,
            "abandoned_today": 1,
            "acknowledged": False,
            "emergencies": 0,
        }
        assert json.loads(other.payloads("queue-alert/berlin/a%2Fb/state")[0])["group"] == "a/b"
        source.change(view(waiting=0, stale=True))
        await until(lambda: json.loads(other.payloads(SALES)[-1])["stale"])
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until(lambda: other.payloads(STATUS)[-1] == b"offline")
    async with speaking(broker.port, listen_to="queue-alert/#", client_id="late") as late:
        await until(lambda: len(late.heard) == 3)
        assert {(topic, retained) for topic, _, retained in late.heard} == {
            (STATUS, True),
            (SALES, True),
            ("queue-alert/berlin/a%2Fb/state", True),
        }
        assert late.payloads(STATUS) == [b"offline"]


@pytest.mark.process
async def test_of_many_changes_few_are_said_and_the_newest_always(broker: Mosquitto) -> None:
    source = Source(view())
    task = asyncio.create_task(publisher(broker.port, interval=0.2).run(source))
    async with speaking(broker.port, listen_to="queue-alert/#") as other:
        await until(lambda: other.payloads(SALES))
        for waiting in range(1, 101):
            source.change(view(waiting=waiting))
            await asyncio.sleep(0)
        await until(lambda: json.loads(other.payloads(SALES)[-1])["waiting"] == 100)
        assert len(other.payloads(SALES)) <= 3
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.process
async def test_a_publisher_that_may_not_is_told(tmp_path: Path) -> None:
    acl = tmp_path / "acl"
    acl.write_text("topic readwrite queue-alert/berlin/status\n", encoding="utf-8")
    async with mosquitto(tmp_path, config=[f"acl_file {acl}"]) as broker:
        with pytest.raises(DriverError) as caught:
            await publisher(broker.port).run(Source(view()))
    assert str(caught.value) == (
        f"127.0.0.1:{broker.port} does not let us publish {SALES} (Not authorized); check the broker's ACL"
    )


@pytest.mark.process
async def test_a_broker_that_dies_ends_it_recoverably(broker: Mosquitto) -> None:
    task = asyncio.create_task(publisher(broker.port).run(Source(view())))
    async with speaking(broker.port, listen_to="queue-alert/#") as other:
        await until(lambda: other.payloads(SALES))
    await broker.kill()
    with pytest.raises(DriverError, match=r"^connection to 127\.0\.0\.1:\d+ was lost") as caught:
        await task
    assert caught.value.recoverable


# ---- pace


def test_a_view_is_replaced_by_a_newer_one_until_it_may_be_said() -> None:
    paced = Paced(1.0)
    assert paced.next_at() is None
    paced.put([view(waiting=1), view("service")], now=10.0)
    assert paced.next_at() == 10.0
    assert [(one.name, one.waiting) for one in paced.take(10.0, 9)] == [("sales", 1), ("service", 0)]
    paced.put([view(waiting=2)], now=10.1)
    paced.put([view(waiting=3)], now=10.2)
    assert (paced.next_at(), paced.take(10.9, 9)) == (11.0, [])
    assert [one.waiting for one in paced.take(11.0, 9)] == [3]
    assert paced.next_at() is None


def test_no_more_views_are_taken_than_may_be_under_way() -> None:
    paced = Paced(1.0)
    paced.put([view(f"g{number}") for number in range(5)], now=0.0)
    assert [len(paced.take(0.0, 2)) for _ in range(4)] == [2, 2, 1, 0]


# ---- options


def test_options_as_they_come_are_right() -> None:
    assert DRIVER.check(MqttPublisherOptions(site="berlin")) == []


def test_every_mistake_is_reported() -> None:
    assert DRIVER.check(MqttPublisherOptions(site="", interval=61.0)) == [
        ConfigProblem(path="site", message='must be 1 to 64 letters, digits or ". _ -", got ""'),
        ConfigProblem(path="interval", message="must be 0 s to 60 s, got 61 s"),
    ]
