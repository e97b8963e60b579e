"""Other USB lights by way of the real busylight-core, on a library without USB behind it."""

import sys
from collections.abc import Iterator
from typing import Any

import pytest

from devices import busylight, usb_device, usb_hid
from devices.busylight import BusylightOptions
from queue_alert.ports import ConfigProblem, DriverError, MissingExtraError
from tests.devices.fake_hid import BLYNCLIGHT, LUXAFOR, FakeHid
from tests.devices.servers import until
from tests.devices.usb import RED, Hands, forgetful_busylight, light_behind, no_usb, output_of

BLYNCUSB10 = (0x1130, 0x0001)
BLYNCUSB20 = (0x1130, 0x1E00)
BLINKSTICK = (0x20A0, 0x41E5)


@pytest.fixture
def hid(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHid]:
    with forgetful_busylight():
        yield no_usb(monkeypatch, FakeHid(), pause_s=0.01)


def device_of(**options: Any) -> usb_device.HidLight:
    return light_behind(output_of(busylight.DRIVER, BusylightOptions(**options)))


def test_a_light_is_told_its_bytes_and_is_dark_in_the_end(
    hid: FakeHid, capfd: pytest.CaptureFixture[str]
) -> None:
    light = hid.plug_in(BLYNCLIGHT)
    device = device_of()
    device.open()
    device.show(RED)
    device.close()
    # 00, red, blue, green, controls (bit 0: off), sound, and FF 22 to end with.
    off, on = bytes.fromhex("00 000000 01 00 00 ff 22"), bytes.fromhex("00 ff0000 00 00 00 ff 22")
    assert light.reports == [("write", off), ("write", on), ("write", off)]
    assert (light.opens, light.open_now) == (1, 0)
    assert capfd.readouterr() == ("", "")


def test_a_light_by_feature_report_is_told_too(hid: FakeHid) -> None:
    light = hid.plug_in(BLYNCUSB10, b"1-1:1.1", interface_number=1)
    device = device_of(id="1130:0001")
    device.open()
    device.show(RED)
    device.close()
    assert [kind for kind, _report in light.reports] == ["feature"] * 3
    assert light.reports[0] == light.reports[2] != light.reports[1]


@pytest.mark.parametrize("answer", [-1, 8])
def test_a_light_pulled_out_is_noticed_although_the_library_would_not(hid: FakeHid, answer: int) -> None:
    light = hid.plug_in(BLYNCLIGHT)
    device = device_of()
    device.open()
    light.answer = lambda _length: answer
    with pytest.raises(DriverError) as raised:
        device.show(RED)
    assert raised.value.reason == (
        "the USB status light (1-1:1.0) does not take what it is told: the write failed; is it unplugged?"
    )
    device.close()
    assert light.open_now == 0


def test_a_light_that_comes_back_shows_the_present_state(hid: FakeHid) -> None:
    hands = Hands()
    light = hid.plug_in(BLYNCLIGHT, b"/dev/hidraw0")
    output, faults = hands.take(busylight.DRIVER, BusylightOptions(id="2c0d:000c"))
    output.open()
    output.write(RED)
    until(lambda: light.reports[-1:] != [] and light.reports[-1][1][1] == 0xFF)
    hid.unplug(light)
    until(lambda: "no USB status light is plugged in" in faults)
    again = hid.plug_in(BLYNCLIGHT, b"/dev/hidraw1")
    until(lambda: again.reports[-1:] != [] and again.reports[-1][1][1] == 0xFF)
    until(lambda: faults[-1] == "")
    hands.let_go()
    assert again.open_now == 0


def test_the_interface_that_is_the_light_is_chosen(hid: FakeHid) -> None:
    other = hid.plug_in(BLYNCUSB20, b"1-1:1.0", interface_number=0)
    light = hid.plug_in(BLYNCUSB20, b"1-1:1.1", interface_number=1)
    device = device_of()
    device.open()
    device.close()
    assert (other.opens, light.opens) == (0, 1)


def test_what_the_library_does_not_claim_is_left_alone(hid: FakeHid) -> None:
    hid.plug_in(BLINKSTICK, serial="no number of theirs")
    hid.plug_in((0x046D, 0xC31C), b"1-2:1.0")
    with pytest.raises(DriverError, match=r"^no USB status light is plugged in$"):
        device_of().open()


def test_lights_with_a_driver_of_their_own_are_left_to_it(hid: FakeHid) -> None:
    hid.plug_in(LUXAFOR, product_string="LUXAFOR FLAG")
    with pytest.raises(DriverError, match=r"^no USB status light is plugged in$"):
        device_of().open()


def test_of_two_lights_the_one_with_the_id_is_taken(hid: FakeHid) -> None:
    first = hid.plug_in(BLYNCLIGHT, b"1-1:1.0")
    second = hid.plug_in((0x2C0D, 0x0003), b"1-2:1.0")
    with pytest.raises(DriverError, match='there are 2 USB status lights: port = "1-1", port = "1-2"'):
        device_of().open()
    device = device_of(id="2c0d:0003")
    device.open()
    device.close()
    assert (first.opens, second.opens) == (0, 1)


def test_a_light_that_becomes_another_between_finding_and_opening_is_not_painted(hid: FakeHid) -> None:
    hid.plug_in(BLINKSTICK, serial="BS012345-3.0", release_number=0x200)
    (light,) = busylight._find(hid, ())
    handle = usb_hid.CheckedHandle(hid.device())
    stranger = usb_hid.Light(
        path=light.path, vendor=light.vendor, product=light.product, serial_number="?", port=""
    )
    with pytest.raises(ValueError, match="busylight-core does not know it any more"):
        busylight.BusylightPainter(stranger, handle)


@pytest.mark.parametrize(
    ("options", "problems"),
    [
        (
            {"id": "2c0d"},
            [
                ConfigProblem(
                    path="id",
                    message='must be vendor and product such as "2c0d:000c" (see lsusb), got "2c0d"',
                )
            ],
        ),
        (
            {"id": "04D8:F372"},
            [ConfigProblem(path="id", message='is a Luxafor; write driver = "luxafor" and leave out id')],
        ),
        (
            {"id": "046d:c31c"},
            [ConfigProblem(path="id", message='must be a light that busylight-core knows, got "046d:c31c"')],
        ),
        (
            {"port": "x"},
            [
                ConfigProblem(
                    path="port",
                    message='must be a USB port such as "1-1.2", got "x"; '
                    "queue-alert check names those in use",
                )
            ],
        ),
        (
            {"id": "2c0d:0003"},
            [ConfigProblem(path="driver", message="no USB status light is plugged in", is_warning=True)],
        ),
        ({"id": "2c0d:000C"}, []),
        ({}, []),
    ],
)
def test_check_finds_mistakes(hid: FakeHid, options: dict[str, Any], problems: list[ConfigProblem]) -> None:
    hid.plug_in(BLYNCLIGHT)
    assert busylight.DRIVER.check(BusylightOptions(**options)) == problems


def test_without_the_package_it_is_said_once(hid: FakeHid, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "busylight_core", None)
    assert busylight.DRIVER.check(BusylightOptions(id="2c0d:000c")) == []
    with pytest.raises(MissingExtraError) as raised:
        output_of(busylight.DRIVER, BusylightOptions())
    assert str(raised.value) == (
        'outputs.beacon: driver "busylight" needs the package busylight-core; '
        'install it with: pip install "queue-alert[busylight]"'
    )


def test_a_driver_says_what_it_needs_and_occupies() -> None:
    driver = busylight.DRIVER
    assert (driver.packages, driver.extra) == (("hid", "busylight_core"), "busylight")
    assert driver.claims(BusylightOptions()) == ("the USB status light",)
    assert driver.claims(BusylightOptions(id="2C0D:000C", port="1-1")) == (
        "the USB status 2c0d:000c light at the USB port 1-1",
    )
