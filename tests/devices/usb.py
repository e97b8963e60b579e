"""USB lights as their tests have them: drivers on a library without USB behind it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from devices import busylight, usb_device, usb_hid, usb_lights
from devices.usb_device import UsbOptions
from devices.worker import WorkerOutput
from queue_alert.ports import OutputContext, OutputDriver
from tests.devices.fake_hid import BLINK1, KUANDO, LUXAFOR, FakeHid
from tests.devices.helpers import FakeClock

DRIVERS = {
    KUANDO: usb_lights.KUANDO_DRIVER,
    LUXAFOR: usb_lights.LUXAFOR_DRIVER,
    BLINK1: usb_lights.BLINK1_DRIVER,
}
NAMES = {KUANDO: "kuando", LUXAFOR: "luxafor", BLINK1: "blink1"}
RED = {"rgb": "#ff0000"}
SHOWN_RED = {KUANDO: (100, 0, 0), LUXAFOR: (255, 0, 0), BLINK1: (255, 0, 0)}


def no_usb(patch: pytest.MonkeyPatch, hid: FakeHid, *, pause_s: float | None = None) -> FakeHid:
    """Put ``hid`` in place of the library, nobody holding a light; pauses are the real ones, or shorter."""
    patch.setitem(sys.modules, "hidraw", hid)
    patch.setattr(usb_device, "_taken", usb_hid.Taken())
    if pause_s is not None:
        patch.setattr(usb_device, "KEEPALIVE_S", pause_s)
        patch.setattr(usb_device, "AGAIN_S", pause_s)
    return hid


class Hands:
    """Makes outputs, and waits for their threads in the end."""

    def __init__(self) -> None:
        self.made: list[WorkerOutput] = []

    def make(
        self, ids: tuple[int, int], name: str = "beacon", **options: Any
    ) -> tuple[WorkerOutput, list[str]]:
        return self.take(DRIVERS[ids], UsbOptions(**options), name)

    def take(
        self, driver: OutputDriver, options: Any, name: str = "beacon"
    ) -> tuple[WorkerOutput, list[str]]:
        output = output_of(driver, options, name)
        faults: list[str] = []
        output.listen(faults.append)
        self.made.append(output)
        return output, faults

    def let_go(self) -> None:
        for output in self.made:
            output.close()
            if output.worker.thread is not None:
                output.worker.thread.join(10)


def output_of(driver: OutputDriver, options: Any, name: str = "beacon") -> WorkerOutput:
    output = driver.create(options, OutputContext(name=name, clock=FakeClock()))
    assert isinstance(output, WorkerOutput)
    return output


def light_behind(output: WorkerOutput) -> usb_device.HidLight:
    """Return what an output's thread drives, to be driven by the test's own."""
    assert isinstance(output._device, usb_device.HidLight)
    return output._device


def device_of(hid: FakeHid, ids: tuple[int, int], **options: Any) -> usb_device.HidLight:
    with pytest.MonkeyPatch.context() as patch:
        no_usb(patch, hid)
        return light_behind(output_of(DRIVERS[ids], UsbOptions(**options)))


@contextmanager
def forgetful_busylight() -> Iterator[None]:
    """Have what busylight-core found out be forgotten before and after: it looks at the library it has."""
    busylight._library.cache_clear()
    busylight._known.cache_clear()
    yield
    busylight._library.cache_clear()
    busylight._known.cache_clear()
