"""Lights at USB: told what to show, kept alive, pulled out, back again; with no USB behind the library."""

import asyncio
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress

import pytest

from devices import usb_device
from devices.engine import LampEngine
from devices.patterns import PatternOptions
from devices.usb_device import UsbOptions
from devices.usb_lights_codec import BLINK1_TIMEOUT_S, KUANDO_TIMEOUT_S
from queue_alert.core.effects import Severity, SignalLevel
from queue_alert.ports import DriverError, OutputContext, OutputSetup
from tests.devices.fake_hid import BLINK1, DARK, DISTRESS, KUANDO, LUXAFOR, FakeHid
from tests.devices.helpers import FakeClock, LoopClock
from tests.devices.servers import until
from tests.devices.usb import DRIVERS, NAMES, RED, SHOWN_RED, Hands, device_of, no_usb


@pytest.fixture
def hid(monkeypatch: pytest.MonkeyPatch) -> FakeHid:
    return no_usb(monkeypatch, FakeHid(), pause_s=0.02)


@pytest.fixture
def hands(hid: FakeHid) -> Iterator[Hands]:
    hands = Hands()
    yield hands
    hands.let_go()


@pytest.fixture(params=list(DRIVERS), ids=list(NAMES.values()))
def ids(request: pytest.FixtureRequest) -> tuple[int, int]:
    found: tuple[int, int] = request.param
    return found


async def condition(is_so: Callable[[], bool], seconds: float = 10) -> None:
    for _ in range(int(seconds / 0.005)):
        if is_so():
            return
        await asyncio.sleep(0.005)
    raise AssertionError


def test_a_light_shows_what_it_is_told_and_is_dark_in_the_end(
    hid: FakeHid, hands: Hands, ids: tuple[int, int]
) -> None:
    light = hid.plug_in(ids, serial="2F000001")
    output, faults = hands.make(ids)
    output.open()
    output.write(RED)
    until(lambda: light.shown == SHOWN_RED[ids])
    output.write({"rgb": "off"})
    until(lambda: light.shown == DARK)
    output.write(RED)
    until(lambda: light.shown == SHOWN_RED[ids])
    hands.let_go()
    assert (light.shown, light.open_now, light.opens, faults) == (DARK, 0, 1, [])


def test_a_light_is_told_again_and_again_what_it_shows(
    hid: FakeHid, hands: Hands, ids: tuple[int, int]
) -> None:
    light = hid.plug_in(ids)
    output, _ = hands.make(ids)
    output.open()
    output.write(RED)
    until(lambda: light.shown == SHOWN_RED[ids])
    count = len(light.reports)
    until(lambda: len(light.reports) >= count + 6)
    assert light.shown == SHOWN_RED[ids]


@pytest.mark.parametrize(
    ("ids", "timeout", "afterwards"), [(KUANDO, KUANDO_TIMEOUT_S, DARK), (BLINK1, BLINK1_TIMEOUT_S, DISTRESS)]
)
def test_a_light_that_is_not_spoken_to_any_more_stops_showing_what_it_was_told(
    ids: tuple[int, int], timeout: float, afterwards: tuple[int, int, int]
) -> None:
    """What happens on kill -9: nothing is said any more."""
    clock = FakeClock(0.0)
    hid = FakeHid(clock.now)
    light = hid.plug_in(ids, serial="2F000001")
    device = device_of(hid, ids)
    device.open()
    for _ in range(60):
        device.show(RED)
        assert light.shown == SHOWN_RED[ids]
        clock.instant += usb_device.KEEPALIVE_S
    assert timeout > 3 * usb_device.KEEPALIVE_S
    clock.instant += timeout - usb_device.KEEPALIVE_S - 0.01
    assert light.shown == SHOWN_RED[ids]
    clock.instant += 0.02
    assert light.shown == afterwards
    device.show(RED)  # a thread that was held up, not dead
    assert light.shown == SHOWN_RED[ids]
    device.close()
    clock.instant += 100
    assert light.shown == DARK


def minus_one(_length: int) -> int:
    return -1


def one_short(length: int) -> int:
    return length - 1


def os_error(_length: int) -> int:
    raise OSError("write error")


def value_error(_length: int) -> int:
    raise ValueError("not open")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (minus_one, "the write failed"),
        (one_short, "only {short} of {whole} bytes were sent"),
        (os_error, "write error"),
        (value_error, "not open"),
    ],
)
def test_a_write_that_fails_is_noticed_however_it_fails(
    hid: FakeHid, ids: tuple[int, int], answer: Callable[[int], int], reason: str
) -> None:
    light = hid.plug_in(ids)
    device = device_of(hid, ids)
    device.open()
    light.answer = answer
    whole = {KUANDO: 65, LUXAFOR: 9, BLINK1: 8}[ids]
    name = {KUANDO: "Kuando Busylight", LUXAFOR: "Luxafor", BLINK1: "blink(1)"}[ids]
    with pytest.raises(DriverError) as raised:
        device.show(RED)
    said = reason.format(short=whole - 1, whole=whole)
    assert raised.value.reason == (
        f"the {name} light (1-1:1.0) does not take what it is told: {said}; is it unplugged?"
    )
    assert raised.value.recoverable
    device.close()
    device.close()
    assert light.open_now == 0


def test_a_light_that_fails_at_once_is_let_go(hid: FakeHid) -> None:
    light = hid.plug_in(BLINK1, serial="2F000001")
    light.answer = minus_one
    device = device_of(hid, BLINK1)
    with pytest.raises(DriverError, match="does not take what it is told"):
        device.open()
    with pytest.raises(DriverError, match="is not open"):
        device.show(RED)
    device.close()
    assert light.open_now == 0
    light.answer = lambda length: length
    device.open()
    device.close()


def test_a_light_that_fails_at_the_very_end_is_let_go_all_the_same(hid: FakeHid) -> None:
    light = hid.plug_in(LUXAFOR)
    device = device_of(hid, LUXAFOR)
    device.open()
    light.answer = os_error
    device.close()
    assert light.open_now == 0


async def test_a_light_pulled_out_in_mid_write_is_back_within_two_seconds_with_what_is_now(
    monkeypatch: pytest.MonkeyPatch, ids: tuple[int, int]
) -> None:
    """Through the real engine and a real thread, with the real pauses."""
    hid = FakeHid()
    monkeypatch.setitem(sys.modules, "hidraw", hid)
    light = hid.plug_in(ids, b"/dev/hidraw0", serial="2F000001")
    driver, options = DRIVERS[ids], UsbOptions(serial_number="2F000001")
    output = driver.create(options, OutputContext(name="beacon", clock=FakeClock()))
    setup = OutputSetup(name="beacon", driver=driver, options=options, output=output)
    seen: list[tuple[Mapping[str, str], str]] = []
    engine = LampEngine(
        [setup], PatternOptions(), LoopClock(), lambda _name, lamps, fault: seen.append((lamps, fault))
    )
    engine.show("beacon", SignalLevel(0, Severity.WARNING))
    task = asyncio.create_task(engine.run(), name="engine")
    amber = {KUANDO: (100, 69, 0), LUXAFOR: (255, 176, 0), BLINK1: (255, 176, 0)}[ids]
    await condition(lambda: light.shown == amber)

    def pulled_out(_length: int) -> int:
        hid.unplug(light)
        return -1

    light.answer = pulled_out  # in the middle of what is said next, a keep-alive at the latest
    await condition(lambda: seen[-1][1] != "", seconds=2)
    engine.show("beacon", SignalLevel(5, Severity.WARNING))
    engine.show("beacon", SignalLevel(5, Severity.CRITICAL))
    returned = hid.plug_in(ids, b"/dev/hidraw1", serial="2F000001")
    began = time.monotonic()
    await condition(lambda: returned.shown == SHOWN_RED[ids], seconds=2)
    await condition(lambda: seen[-1][1] == "", seconds=2)
    assert time.monotonic() - began < 2
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    await condition(lambda: returned.open_now == 0)
    assert (returned.shown, light.open_now) == (DARK, 0)


def test_a_light_that_was_replugged_between_two_writes_is_opened_anew(hid: FakeHid, hands: Hands) -> None:
    light = hid.plug_in(KUANDO, b"/dev/hidraw0")
    output, _ = hands.make(KUANDO)
    output.open()
    output.write(RED)
    until(lambda: light.shown == (100, 0, 0))
    hid.unplug(light)
    again = hid.plug_in(KUANDO, b"/dev/hidraw0")
    until(lambda: again.shown == (100, 0, 0))


def test_a_light_that_is_plugged_in_later_is_found(hid: FakeHid, hands: Hands) -> None:
    hid.plug_in(BLINK1, b"1-2:1.0")
    output, faults = hands.make(LUXAFOR)
    output.open()
    output.write(RED)
    until(lambda: faults == ["no Luxafor light is plugged in"])
    light = hid.plug_in(LUXAFOR)
    until(lambda: light.shown == (255, 0, 0))
    assert faults == ["no Luxafor light is plugged in", ""]
