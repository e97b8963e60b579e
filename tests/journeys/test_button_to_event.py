"""From a contact that bounces on a pin to the core, to the lamps and to everyone who looks."""

import asyncio
from typing import Any

import pytest

from devices import pins
from queue_alert.core.events import OUR_OWN, AcdEvent, AlertAcknowledged, EscalationMode, EscalationRequested
from queue_alert.core.units import GroupName
from tests.journeys.floor import BEGIN, Floor, running

CONFIG = """
timezone = "UTC"
[http]
listen = "off"
[feeds.pbx]
driver = "exchange"
[outputs.beacon]
driver = "recording"
[buttons.desk]
driver = "gpio-button"
pin = 5
factory = "mock"
action = "acknowledge"
groups = ["sales"]
[buttons.alarm]
driver = "gpio-button"
pin = 6
factory = "mock"
action = "emergency"
group = "sales"
hold = "1s"
[buttons.test]
driver = "gpio-button"
pin = 13
factory = "mock"
pull = "down"
action = "lamp-test"
"""


@pytest.fixture
def floor(monkeypatch: pytest.MonkeyPatch) -> tuple[Floor, list[AcdEvent]]:
    """A monitor with three buttons, and what its core was told of its own."""
    monkeypatch.setattr(pins, "_opened", {})
    pins.open_pins("mock")
    floor = Floor(CONFIG)
    heard: list[AcdEvent] = []
    handle = floor.runtime._monitor.handle

    def listening(event: AcdEvent, now: float) -> Any:
        if event.source == OUR_OWN:
            heard.append(event)
        return handle(event, now)

    monkeypatch.setattr(floor.runtime._monitor, "handle", listening)
    return floor, heard


def pin(number: int) -> Any:
    return pins.open_pins("mock").factory.pin(number)


async def press(number: int, seconds: float, *, is_high: bool = False) -> None:
    """Press a button whose contact bounces on its way down and up."""
    down, up = (pin(number).drive_high, pin(number).drive_low)[:: 1 if is_high else -1]
    for move in (down, up, down):
        move()
        await asyncio.sleep(0.002)
    await asyncio.sleep(seconds)
    for move in (up, down, up):
        move()
        await asyncio.sleep(0.002)
    await asyncio.sleep(0.1)


@pytest.mark.looptime
async def test_a_press_reaches_the_core_once_and_is_nobodys_feed(
    floor: tuple[Floor, list[AcdEvent]],
) -> None:
    monitor, heard = floor
    async with running(monitor):
        await asyncio.sleep(1)
        await press(5, 0.2)
        await press(6, 0.2)
        await press(6, 3)
        assert [feed.name for feed in monitor.view().feeds] == ["pbx"]
    assert heard == [
        AlertAcknowledged(
            id=heard[0].id, source=OUR_OWN, time=heard[0].time, groups=("sales",), by="button desk"
        ),
        EscalationRequested(
            id=heard[1].id,
            source=OUR_OWN,
            time=heard[1].time,
            group=GroupName("sales"),
            mode=EscalationMode.EMERGENCY,
        ),
    ]
    assert heard[0].time == pytest.approx(BEGIN + 1.034, abs=0.01)


@pytest.mark.looptime
async def test_a_press_lights_every_lamp_for_a_moment(floor: tuple[Floor, list[AcdEvent]]) -> None:
    monitor, heard = floor
    async with running(monitor):
        await asyncio.sleep(1)
        since = monitor.clock.now()
        await press(13, 0.2, is_high=True)
        await asyncio.sleep(5)
        assert is_lit(monitor, since)
    assert heard == []


@pytest.mark.looptime
async def test_an_emergency_lights_the_lamp_until_somebody_acknowledges_it(
    floor: tuple[Floor, list[AcdEvent]],
) -> None:
    monitor, _heard = floor
    async with running(monitor):
        await asyncio.sleep(1)
        await press(6, 3)
        called = monitor.clock.now()
        await asyncio.sleep(3)
        assert is_lit(monitor, called)
        assert [group.emergencies for group in monitor.view().groups if group.name == "sales"] == [1]
        await press(5, 0.2)
        await asyncio.sleep(3)
        seen = monitor.clock.now()
        await asyncio.sleep(3)
        assert not is_lit(monitor, seen)
        assert [group.emergencies for group in monitor.view().groups if group.name == "sales"] == [0]


def is_lit(monitor: Floor, since: float) -> bool:
    timeline = monitor.output("beacon").timeline
    return any(shown.at >= since and shown.lamps != {"lamp": "off"} for shown in timeline)
