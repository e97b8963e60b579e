"""A thread for each device that can block: newest wins, gone and back, hanging, ending."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

import pytest

from devices import worker
from devices.engine import LampEngine
from devices.patterns import PatternOptions
from devices.worker import WorkerOutput
from queue_alert.core.effects import SignalLevel
from queue_alert.ports import DriverError, SelfHealingOutput
from tests.devices.helpers import LoopClock, setup_of

ON, OFF = {"lamp": "#ffb000"}, {"lamp": "off"}


class FakeDevice:
    """Keeps what was done with it; is gone, or hangs, when told to."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.fault: DriverError | None = None
        self.gate = threading.Event()
        self.gate.set()

    def open(self) -> None:
        if self.fault is not None:
            raise self.fault
        self.said.append("open")

    def show(self, lamps: Mapping[str, str]) -> None:
        self.gate.wait(10)
        if self.fault is not None:
            raise self.fault
        self.said.append(lamps["lamp"])

    def close(self) -> None:
        self.said.append("close")


def until(is_so: Callable[[], bool]) -> None:
    """Wait for another thread, ten seconds at most."""
    end = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.002)


@pytest.fixture
def device() -> FakeDevice:
    return FakeDevice()


def made(device: FakeDevice, *, keepalive_s: float | None = None) -> tuple[WorkerOutput, list[str]]:
    output = WorkerOutput("beacon", ("lamp",), device, again_s=0.01, keepalive_s=keepalive_s)
    faults: list[str] = []
    output.listen(faults.append)
    assert isinstance(output, SelfHealingOutput)
    return output, faults


def test_what_is_to_be_shown_is_shown_and_in_the_end_it_is_let_go(device: FakeDevice) -> None:
    output, faults = made(device)
    output.open()
    output.write(ON)
    until(lambda: device.said[-1:] == ["#ffb000"])
    output.write(OFF)
    until(lambda: device.said[-1:] == ["off"])
    output.close()
    output.close()
    until(lambda: device.said[-1] == "close")
    assert device.said[0] == "open"
    assert device.said[-3:] == ["#ffb000", "off", "close"]
    assert faults == []


def test_while_the_device_is_busy_only_the_newest_is_kept(device: FakeDevice) -> None:
    output, _ = made(device)
    output.open()
    until(lambda: device.said == ["open", "off"])
    device.gate.clear()
    output.write(ON)
    until(lambda: output.worker.busy_since is not None)
    for lamps in (OFF, ON, OFF, ON, OFF):
        output.write(lamps)
    device.gate.set()
    until(lambda: len(device.said) == 4)
    output.close()
    until(lambda: device.said[-1] == "close")
    assert device.said == ["open", "off", "#ffb000", "off", "close"]


def test_a_device_that_comes_back_shows_the_present_state(device: FakeDevice) -> None:
    output, faults = made(device)
    output.open()
    output.write(ON)
    until(lambda: device.said[-1:] == ["#ffb000"])
    device.fault = DriverError("/dev/ttyUSB0 is gone; is it plugged in?")
    output.write(OFF)
    until(lambda: faults != [])
    output.write(ON)
    device.said.clear()
    device.fault = None
    until(lambda: device.said[-2:] == ["open", "#ffb000"])
    output.close()
    assert faults == ["/dev/ttyUSB0 is gone; is it plugged in?", ""]


def test_what_will_never_work_is_not_tried_again(device: FakeDevice) -> None:
    device.fault = DriverError("no such thing", recoverable=False)
    output, faults = made(device)
    output.open()
    until(lambda: output.worker.thread is not None and not output.worker.thread.is_alive())
    output.write(ON)
    output.close()
    assert faults == ["no such thing"]


def test_a_driver_that_breaks_says_so(device: FakeDevice, caplog: pytest.LogCaptureFixture) -> None:
    output, faults = made(device)
    device.show = lambda _lamps: 1 / 0  # type: ignore[assignment,method-assign]
    output.open()
    until(lambda: faults != [])
    output.close()
    assert faults == ["the driver broke; see the log"]
    assert [record.message for record in caplog.records] == ["output broke output=beacon"]


def test_the_present_state_is_said_again_to_keep_a_device_alive(device: FakeDevice) -> None:
    output, _ = made(device, keepalive_s=0.005)
    output.open()
    output.write(ON)
    until(lambda: device.said.count("#ffb000") >= 4)
    output.close()


def test_a_device_that_hangs_is_noticed_and_blocks_nobody(
    device: FakeDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "HANGS_AFTER_S", 0.02)
    monkeypatch.setattr(worker, "_LAST_WRITE_S", 0.05)
    output, faults = made(device)
    output.open()
    until(lambda: "off" in device.said)
    device.gate.clear()
    output.write(ON)
    until(lambda: output.worker.busy_since is not None)
    end = time.monotonic() + 10
    while not faults and time.monotonic() < end:
        output.write(OFF)
    assert faults == ["the device hangs, a write has taken seconds; switch it off and on again"]
    device.gate.set()
    until(lambda: faults[-1] == "")
    device.gate.clear()
    output.write(ON)
    until(lambda: output.worker.busy_since is not None)
    output.close()  # waits for nobody
    worker._wait_for_all()  # nor does the end, for longer than it must
    assert output.worker.thread is not None
    assert output.worker.thread.is_alive()
    device.gate.set()
    until(lambda: device.said[-1] == "close")


async def condition(is_so: Callable[[], bool]) -> None:
    for _ in range(2_000):
        if is_so():
            return
        await asyncio.sleep(0.005)
    raise AssertionError


async def test_the_engine_logs_a_loss_once_and_a_return_once(
    device: FakeDevice, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    output = WorkerOutput("beacon", ("lamp",), device, again_s=0.01)
    seen: list[tuple[Mapping[str, str], str]] = []
    setup = setup_of("beacon", output)  # type: ignore[arg-type]
    engine = LampEngine(
        [setup], PatternOptions(), LoopClock(), lambda _name, lamps, fault: seen.append((lamps, fault))
    )
    engine.show("beacon", SignalLevel(3))
    device.fault = DriverError("the lamp is gone")
    task = asyncio.create_task(engine.run(), name="engine")

    async def until_seen(fault: str) -> None:
        await condition(lambda: bool(seen) and seen[-1][1] == fault)

    await until_seen("the lamp is gone")
    await asyncio.sleep(0.6)
    assert {str(lamps) for lamps, fault in seen if fault} == {str(OFF)}
    device.fault = None
    await until_seen("")
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert [record.message for record in caplog.records if record.name == "devices.engine"] == [
        "output failed output=beacon reason=the lamp is gone",
        "output recovered output=beacon",
    ]
    await condition(lambda: device.said[-1] == "close")


def test_it_is_settled_when_the_newest_is_shown_and_not_before(device: FakeDevice) -> None:
    output, _ = made(device)
    device.gate.clear()
    output.open()
    assert output.settled() is None
    device.gate.set()
    until(lambda: output.settled() == "")
    device.gate.clear()
    output.write(ON)
    assert output.settled() is None
    device.gate.set()
    until(lambda: output.settled() == "")
    assert device.said == ["open", "off", "#ffb000"]
    output.close()


def test_a_fault_settles_it_too_until_it_is_over_or_the_output_is_opened_anew(device: FakeDevice) -> None:
    output, _ = made(device)
    device.fault = DriverError("the lamp is gone")
    output.open()
    until(lambda: output.settled() == "the lamp is gone")
    device.fault = None
    until(lambda: output.settled() == "")
    device.fault = DriverError("burnt", recoverable=False)
    output.write(ON)
    until(lambda: output.settled() == "burnt")
    output.close()
    assert output.worker.thread is not None
    output.worker.thread.join(10)
    device.fault = None
    output.open()
    until(lambda: output.settled() == "")
    output.close()


def test_opened_again_at_once_the_device_changes_hands_first(device: FakeDevice) -> None:
    output, _ = made(device)
    output.open()
    until(lambda: device.said == ["open", "off"])
    device.gate.clear()
    output.write(ON)
    until(lambda: output.worker.busy_since is not None)
    output.close()
    output.open()
    device.gate.set()
    until(lambda: output.settled() == "")
    output.close()
    until(lambda: device.said[-1] == "close" and len(device.said) == 7)
    assert device.said == ["open", "off", "#ffb000", "close", "open", "off", "close"]
