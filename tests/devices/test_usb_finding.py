"""Which of the lights at USB is meant, why it cannot be had, and what is said of it before."""

import errno
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices import usb_hid, usb_lights
from devices.usb_device import UsbOptions
from devices.usb_hid import Light, lights_in, port_of, rule_for, why_not_opened
from queue_alert.ports import ConfigProblem, DriverError, MissingExtraError, OutputContext
from tests.devices.fake_hid import DARK, KUANDO, LUXAFOR, FakeHid
from tests.devices.helpers import FakeClock
from tests.devices.servers import until
from tests.devices.usb import DRIVERS, NAMES, RED, Hands, device_of, no_usb


@pytest.fixture
def hid(monkeypatch: pytest.MonkeyPatch) -> FakeHid:
    return no_usb(monkeypatch, FakeHid(), pause_s=0.02)


@pytest.fixture(params=list(DRIVERS), ids=list(NAMES.values()))
def ids(request: pytest.FixtureRequest) -> tuple[int, int]:
    found: tuple[int, int] = request.param
    return found


def light_of(path: str, ids: tuple[int, int] = LUXAFOR, serial: str = "") -> Light:
    return Light(path=path.encode(), vendor=ids[0], product=ids[1], serial_number=serial, port="")


def test_usb_that_cannot_be_listed_is_said(hid: FakeHid) -> None:
    hid.list_error = OSError("no udev")
    with pytest.raises(DriverError, match="USB devices cannot be listed: no udev"):
        device_of(hid, LUXAFOR).open()


def test_of_several_lights_the_one_with_the_number_is_taken(hid: FakeHid) -> None:
    lights = [hid.plug_in(KUANDO, f"1-{n}:1.0".encode(), serial=f"A{n}") for n in (1, 2, 3)]
    device = device_of(hid, KUANDO, serial_number="A2")
    device.open()
    device.show(RED)
    assert [light.shown for light in lights] == [DARK, (100, 0, 0), DARK]
    device.close()


def test_of_two_equal_lights_without_a_number_none_is_guessed(hid: FakeHid) -> None:
    lights = [hid.plug_in(KUANDO, f"1-1.{n}:1.0".encode()) for n in (3, 2)]
    with pytest.raises(DriverError) as raised:
        device_of(hid, KUANDO).open()
    assert raised.value.reason == (
        'there are 2 Kuando Busylight lights: port = "1-1.2", port = "1-1.3"; say which with serial_number, '
        "or with port where they have no number of their own"
    )
    device = device_of(hid, KUANDO, port="1-1.3")
    device.open()
    device.show(RED)
    assert [light.shown for light in lights] == [(100, 0, 0), DARK]
    device.close()


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (
            {"serial_number": "B"},
            'no Luxafor light with the serial number "B" is plugged in; there is serial_number = "A"',
        ),
        (
            {"port": "1-2"},
            'no Luxafor light at the USB port 1-2 is plugged in; there is serial_number = "A"',
        ),
    ],
)
def test_the_wrong_light_is_never_taken_for_the_right_one(
    hid: FakeHid, options: Mapping[str, str], reason: str
) -> None:
    hid.plug_in(LUXAFOR, serial="A")
    with pytest.raises(DriverError) as raised:
        device_of(hid, LUXAFOR, **options).open()
    assert raised.value.reason == reason


def test_one_light_is_never_two_outputs(hid: FakeHid) -> None:
    hands = Hands()
    light = hid.plug_in(LUXAFOR, serial="A")
    first, _ = hands.make(LUXAFOR, "first")
    first.open()
    until(lambda: light.opens == 1)
    second, faults = hands.make(LUXAFOR, "second", serial_number="A")
    second.open()
    until(lambda: bool(faults))
    assert faults == [
        (
            'the Luxafor light with serial_number = "A" is used by output first; '
            "give that output a serial_number or port of its own"
        )
    ]
    first.close()
    until(lambda: faults[1:] == [""])
    assert light.open_now == 1
    hands.let_go()


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (
            errno.EACCES,
            (
                "the Luxafor light ({path}) may not be opened: no permission; write into "
                '/etc/udev/rules.d/60-queue-alert.rules: SUBSYSTEM=="hidraw", ATTRS{{idVendor}}=="04d8", '
                'ATTRS{{idProduct}}=="f372", GROUP="plugdev", MODE="0660" ; then: udevadm control --reload, '
                "usermod -aG plugdev <user>, log in anew, plug the light in again"
            ),
        ),
        (
            errno.EPERM,
            (
                "the Luxafor light ({path}) may not be opened: systemd forbids it; "
                "add DeviceAllow=char-hidraw rw to the unit"
            ),
        ),
        (errno.EBUSY, "the Luxafor light ({path}) is busy; stop the other program that uses it"),
        (errno.ENODEV, "the Luxafor light ({path}) is gone; is it plugged in?"),
        (errno.EIO, "the Luxafor light ({path}) cannot be opened: Input/output error"),
    ],
)
def test_why_a_light_cannot_be_opened_is_said_with_what_to_do(
    hid: FakeHid, monkeypatch: pytest.MonkeyPatch, code: int, reason: str
) -> None:
    path = "/dev/hidraw7"
    light = hid.plug_in(LUXAFOR, path.encode())
    light.open_error = OSError("open failed")

    def refused(_path: str, _flags: int) -> int:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "open", refused)
    device = device_of(hid, LUXAFOR)
    with pytest.raises(DriverError) as raised:
        device.open()
    device.close()
    assert (raised.value.reason, raised.value.recoverable) == (reason.format(path=path), True)


def test_a_device_file_that_is_gone_or_can_be_opened_after_all_is_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "hidraw0"
    assert why_not_opened("Luxafor", light_of(str(path))).reason == (
        f"the Luxafor light ({path}) is gone; is it plugged in?"
    )
    path.touch()
    assert why_not_opened("Luxafor", light_of(str(path))).reason == (
        f"the Luxafor light ({path}) cannot be opened: open failed"
    )


def test_without_a_device_file_the_rule_is_for_the_whole_usb_device() -> None:
    light = light_of("1-1:1.0", KUANDO)
    assert rule_for(light) == (
        'SUBSYSTEM=="usb", ATTRS{idVendor}=="27bb", ATTRS{idProduct}=="3bcd", GROUP="plugdev", MODE="0660"'
    )
    assert rule_for(light) in why_not_opened("Kuando Busylight", light).reason


def test_the_port_of_a_device_file_is_the_socket_in_sysfs(tmp_path: Path) -> None:
    device = tmp_path / "usb1" / "1-1" / "1-1.2" / "1-1.2:1.0" / "0003:27BB:3BCD.0001"
    device.mkdir(parents=True)
    sysfs = tmp_path / "hidraw"
    (sysfs / "hidraw0").mkdir(parents=True)
    (sysfs / "hidraw0" / "device").symlink_to(device)
    assert port_of(b"/dev/hidraw0", sysfs) == "1-1.2"
    assert port_of(b"/dev/hidraw1", sysfs) == ""
    assert port_of(b"/dev/hid\x00raw", sysfs) == ""
    assert port_of(b"1-4:1.0", sysfs) == "1-4"
    assert port_of(b"\xff", sysfs) == ""


def test_a_light_listed_for_each_of_its_uses_is_one_light(tmp_path: Path) -> None:
    entry = {"path": b"/dev/hidraw0", "vendor_id": 0x27BB, "product_id": 0x3BCD, "serial_number": None}
    keyboard = {**entry, "path": b"/dev/hidraw1", "interface_number": 1}
    found = [{**entry, "usage": 1}, {**entry, "usage": 2}, keyboard]
    assert lights_in(found, [KUANDO], sysfs=tmp_path) == [light_of("/dev/hidraw0", KUANDO)]


values = st.one_of(st.none(), st.integers(), st.text(max_size=5), st.binary(max_size=12))
keys = st.sampled_from(["path", "vendor_id", "product_id", "serial_number", "interface_number", "usage"])


@given(found=st.lists(st.dictionaries(keys, values), max_size=5))
def test_whatever_is_listed_nothing_raises(found: list[dict[str, Any]]) -> None:
    ids = [(entry.get("vendor_id"), entry.get("product_id")) for entry in found]
    lights = lights_in(found, ids, sysfs=Path("/nowhere"))  # type: ignore[arg-type]
    assert len(lights) <= len(found)
    assert all(isinstance(light.serial_number, str) for light in lights)


def test_what_is_not_installed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("hidraw", "hid"):
        monkeypatch.setitem(sys.modules, name, None)
    context = OutputContext(name="beacon", clock=FakeClock())
    with pytest.raises(MissingExtraError) as raised:
        usb_lights.LUXAFOR_DRIVER.create(UsbOptions(), context)
    assert str(raised.value) == (
        'outputs.beacon: driver "luxafor" needs the package hidapi; '
        'install it with: pip install "queue-alert[usb]"'
    )
    assert usb_lights.LUXAFOR_DRIVER.check(UsbOptions()) == []


def test_another_package_of_the_same_name_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hidraw", None)
    monkeypatch.setitem(sys.modules, "hid", ModuleType("hid"))
    with pytest.raises(DriverError, match="pip uninstall hid, then") as raised:
        usb_hid.load_hid('outputs.beacon: driver "luxafor"')
    assert not raised.value.recoverable


def test_where_hidraw_is_not_built_the_other_module_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    hid = FakeHid()
    monkeypatch.setitem(sys.modules, "hidraw", None)
    monkeypatch.setitem(sys.modules, "hid", hid)
    assert usb_hid.load_hid("") is hid


@pytest.mark.parametrize(
    ("options", "problems"),
    [
        (
            {"serial_number": "A", "port": "1-1"},
            [ConfigProblem(path="port", message='must be left out beside serial_number, got "1-1"')],
        ),
        (
            {"port": "/dev/hidraw0"},
            [
                ConfigProblem(
                    path="port",
                    message='must be a USB port such as "1-1.2", got "/dev/hidraw0"; '
                    "queue-alert check names those in use",
                )
            ],
        ),
        (
            {"serial_number": "A" * 127},
            [ConfigProblem(path="serial_number", message="must have at most 126 characters, got 127")],
        ),
        (
            {},
            [ConfigProblem(path="driver", message="no Luxafor light is plugged in", is_warning=True)],
        ),
        (
            {"port": "1-2"},
            [
                ConfigProblem(
                    path="port", message="no Luxafor light at the USB port 1-2 is plugged in", is_warning=True
                )
            ],
        ),
        (
            {"serial_number": "A"},
            [
                ConfigProblem(
                    path="serial_number",
                    message='no Luxafor light with the serial number "A" is plugged in',
                    is_warning=True,
                )
            ],
        ),
    ],
)
def test_check_finds_mistakes_and_warns_of_a_light_that_is_not_there(
    hid: FakeHid, options: dict[str, Any], problems: list[ConfigProblem]
) -> None:
    assert usb_lights.LUXAFOR_DRIVER.check(UsbOptions(**options)) == problems


def test_check_is_content_with_a_light_that_is_there(hid: FakeHid, ids: tuple[int, int]) -> None:
    hid.plug_in(ids)
    assert DRIVERS[ids].check(UsbOptions()) == []
    hid.list_error = OSError("no udev")
    assert DRIVERS[ids].check(UsbOptions()) == [
        ConfigProblem(path="driver", message="no udev", is_warning=True)
    ]


def test_two_outputs_that_mean_the_same_light_claim_the_same() -> None:
    claims = usb_lights.LUXAFOR_DRIVER.claims
    assert claims(UsbOptions()) == ("the Luxafor light",)
    assert claims(UsbOptions(serial_number="A")) == ('the Luxafor light with the serial number "A"',)
    assert claims(UsbOptions(port="1-1")) == ("the Luxafor light at the USB port 1-1",)


def test_a_driver_says_what_it_needs(ids: tuple[int, int]) -> None:
    driver = DRIVERS[ids]
    assert (driver.packages, driver.extra, driver.engine) == (("hid",), "usb", "lamps")
    assert driver.summary
    assert UsbOptions().lamps == ("rgb",)
