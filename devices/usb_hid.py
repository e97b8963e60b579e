"""USB lights by way of hidapi: which library drives them, which light is meant, why one cannot be opened.

The package ``hidapi`` brings two modules. ``hidraw`` goes by the kernel's own driver: its device file can be
given to a group, and opening it is quick. ``hid`` takes the device away from the kernel by libusb, and holds
up the whole interpreter while it opens and closes it. So ``hidraw`` is preferred.

Listing and opening happen one at a time in this process. hidapi keeps the text of its last error in one place
for all threads and guards it by nothing: four threads that list devices have it abort within seconds.
"""

import errno
import os
import re
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import Any, Final, Protocol, cast

from queue_alert.ports import DriverError, MissingExtraError

__all__ = [
    "EXTRA",
    "PACKAGE",
    "RULES_FILE",
    "CheckedHandle",
    "Hid",
    "HidHandle",
    "Light",
    "Selection",
    "Taken",
    "choose",
    "lights_in",
    "listed",
    "load_hid",
    "port_of",
    "rule_for",
    "why_not_opened",
]

PACKAGE: Final = "hid"
EXTRA: Final = "usb"
RULES_FILE: Final = "/etc/udev/rules.d/60-queue-alert.rules"

_MODULES: Final = ("hidraw", PACKAGE)
_MOST_LIGHTS: Final = 256
_SYSFS: Final = Path("/sys/class/hidraw")
_INTERFACE: Final = re.compile(r"(\d+-\d+(?:\.\d+)*):\d+\.\d+")
"""A USB interface in sysfs and in libusb's paths: ``1-1.2:1.0`` is on port ``1-1.2``."""


class HidHandle(Protocol):
    """What is used of ``hid.device``."""

    def open_path(self, path: bytes) -> None:
        """Open a device; OSError without a reason if that fails."""

    def write(self, data: bytes) -> int:
        """Send an output report; return the bytes sent, -1: it failed."""

    def send_feature_report(self, data: bytes) -> int:
        """Send a feature report; return the bytes sent, -1: it failed."""

    def close(self) -> None:
        """Let go of the device."""


class Hid(Protocol):
    """What is used of the module ``hidraw`` or ``hid``."""

    def enumerate(self, vendor_id: int = 0, product_id: int = 0) -> Sequence[Mapping[str, Any]]:
        """Return what is plugged in, one dictionary for each use of each interface."""

    def device(self) -> HidHandle:
        """Return a handle that is not open."""


_one_at_a_time: Final = Lock()


class CheckedHandle:
    """A handle whose failures are errors: hidapi only returns -1 when a light was unplugged."""

    def __init__(self, handle: HidHandle) -> None:
        self._handle = handle

    def open_path(self, path: bytes) -> None:
        """Open a device.

        Raises:
            OSError: That fails; without a reason.
        """
        with _one_at_a_time:
            self._handle.open_path(path)

    def write(self, data: bytes) -> int:
        """Send an output report; return the bytes sent.

        Raises:
            OSError: Not all of it was sent.
            ValueError: It is not open.
        """
        return _all_of(data, self._handle.write(data))

    def send_feature_report(self, data: bytes) -> int:
        """Send a feature report; return the bytes sent.

        Raises:
            OSError: Not all of it was sent.
            ValueError: It is not open.
        """
        return _all_of(data, self._handle.send_feature_report(data))

    def close(self) -> None:
        """Let go of the device."""
        self._handle.close()


def _all_of(data: bytes, sent: int) -> int:
    if sent < 0:
        raise OSError("the write failed")
    if sent < len(data):
        raise OSError(f"only {sent} of {len(data)} bytes were sent")
    return sent


@dataclass(frozen=True, slots=True, kw_only=True)
class Light:
    """A light that is plugged in.

    Attributes:
        path: What opens it.
        vendor: USB vendor.
        product: USB product.
        serial_number: ``""`` if it has none.
        port: The USB socket, such as ``1-1.2``; ``""`` if that cannot be told.
        entry: All that hidapi says of it.
    """

    path: bytes
    vendor: int
    product: int
    serial_number: str
    port: str
    entry: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def __str__(self) -> str:
        """Return how to name it in the configuration."""
        if self.serial_number:
            return f'serial_number = "{self.serial_number}"'
        return f'port = "{self.port}"' if self.port else os.fsdecode(self.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which of several lights is meant; an empty string: any."""

    serial_number: str = ""
    port: str = ""

    def is_meant(self, light: Light) -> bool:
        """Return whether ``light`` is meant."""
        return self.serial_number in {"", light.serial_number} and self.port in {"", light.port}

    def __str__(self) -> str:
        """Return the part of a sentence: `` with the serial number "A1"``."""
        number = f' with the serial number "{self.serial_number}"' if self.serial_number else ""
        return number + (f" at the USB port {self.port}" if self.port else "")


def load_hid(where: str) -> Hid:
    """Import hidapi.

    Args:
        where: Who needs it: ``outputs.beacon: driver "luxafor"``.

    Raises:
        MissingExtraError: It is not installed.
        DriverError: Something else is installed in its place.
    """
    found = None
    for name in _MODULES:
        try:
            found = import_module(name)
        except ImportError as error:
            missing = error
            continue
        if hasattr(found, "device") and hasattr(found, "enumerate"):
            return cast("Hid", found)
    if found is None:
        raise MissingExtraError(where, package="hidapi", extra=EXTRA) from missing
    raise DriverError(
        f"{where} needs the package hidapi, but another one (hid) is installed in its place; "
        "pip uninstall hid, then: pip install --force-reinstall hidapi",
        recoverable=False,
    )


def listed(hid: Hid) -> Sequence[Mapping[str, Any]]:
    """Return what is plugged in, from whatever thread.

    Raises:
        OSError: It cannot be listed.
    """
    with _one_at_a_time:
        return hid.enumerate()


def lights_in(
    found: Sequence[Mapping[str, Any]],
    ids: Collection[tuple[int, int]],
    *,
    interfaces: Collection[int] = (-1, 0),
    sysfs: Path | None = None,
) -> list[Light]:
    """Return the lights among what is plugged in, each once, by port and path.

    Args:
        found: From :func:`listed`; what is malformed in it is passed over.
        ids: Vendor and product of each variant.
        interfaces: Which of a device's interfaces is the light, -1: the only one. Others are buttons.
        sysfs: Where the kernel describes its hidraw devices.
    """
    lights: dict[bytes, Light] = {}
    for entry in found[:_MOST_LIGHTS]:
        path, vendor, product = (entry.get(key) for key in ("path", "vendor_id", "product_id"))
        if (vendor, product) not in ids or entry.get("interface_number", -1) not in interfaces:
            continue
        if isinstance(path, bytes) and path and path not in lights:
            serial = entry.get("serial_number")
            lights[path] = Light(
                path=path,
                vendor=cast("int", vendor),
                product=cast("int", product),
                serial_number=serial if isinstance(serial, str) else "",
                port=port_of(path, sysfs or _SYSFS),
                entry=entry,
            )
    return sorted(lights.values(), key=lambda light: (light.port, light.path))


def port_of(path: bytes, sysfs: Path) -> str:
    """Return the USB socket of a device, such as ``1-1.2``; ``""`` if that cannot be told.

    Args:
        path: libusb's (``1-1.2:1.0``) or a device file (``/dev/hidraw0``).
        sysfs: Where the kernel describes its hidraw devices.
    """
    text = os.fsdecode(path)
    if text.startswith("/"):
        with suppress(OSError, ValueError):
            text = str((sysfs / Path(text).name / "device").resolve())
    found = [match[1] for part in text.split("/") if (match := _INTERFACE.fullmatch(part))]
    return found[-1] if found else ""


def choose(name: str, lights: Sequence[Light], selection: Selection) -> Light:
    """Return the one light that is meant.

    Args:
        name: What kind of light: ``Luxafor``.
        lights: All of that kind that nobody else uses.
        selection: Which.

    Raises:
        DriverError: There is none, or more than one.
    """
    meant = [light for light in lights if selection.is_meant(light)]
    if len(meant) == 1:
        return meant[0]
    if meant:
        raise DriverError(
            f"there are {len(meant)} {name} lights{selection}: {', '.join(map(str, meant))}; "
            f"say which with serial_number, or with port where they have no number of their own"
        )
    others = f"; there is {', '.join(map(str, lights))}" if lights else ""
    raise DriverError(f"no {name} light{selection} is plugged in{others}")


def rule_for(light: Light) -> str:
    """Return the line for udev that gives a light to the group plugdev.

    Args:
        light: Its path says which library found it, and so which device file is opened.
    """
    subsystem = "hidraw" if light.path.startswith(b"/") else "usb"
    usb = f'ATTRS{{idVendor}}=="{light.vendor:04x}", ATTRS{{idProduct}}=="{light.product:04x}"'
    return f'SUBSYSTEM=="{subsystem}", {usb}, GROUP="plugdev", MODE="0660"'


def why_not_opened(name: str, light: Light) -> DriverError:
    """Return why hidapi, which gives no reason, could not open a light."""
    path = os.fsdecode(light.path)
    what = f"the {name} light ({path})"
    code = _error_of(path) if path.startswith("/") else None
    if code == errno.EACCES or (code is None and not path.startswith("/")):
        return DriverError(
            f"{what} may not be opened: no permission; write into {RULES_FILE}: {rule_for(light)} ; "
            "then: udevadm control --reload, usermod -aG plugdev <user>, log in anew, plug the light in again"
        )
    if code == errno.EPERM:
        return DriverError(
            f"{what} may not be opened: systemd forbids it; add DeviceAllow=char-hidraw rw to the unit"
        )
    if code == errno.EBUSY:
        return DriverError(f"{what} is busy; stop the other program that uses it")
    if code in {errno.ENOENT, errno.ENODEV, errno.ENXIO}:
        return DriverError(f"{what} is gone; is it plugged in?")
    reason = os.strerror(code) if code else "open failed"
    return DriverError(f"{what} cannot be opened: {reason}")


def _error_of(path: str) -> int | None:
    """Return the error of opening a device file, ``None`` if there is none."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC))
    except OSError as error:
        return error.errno
    return None


class Taken:
    """Which lights of this process belong to which output: the kernel lets everybody open a hidraw device."""

    def __init__(self) -> None:
        self._by_path: dict[bytes, str] = {}
        self._lock = Lock()

    def take(self, lights: Sequence[Light], output: str, name: str, selection: Selection) -> Light:
        """Choose a light that no other output has, and have it.

        Raises:
            DriverError: There is none, or more than one.
        """
        with self._lock:
            free = [light for light in lights if self._by_path.get(light.path, output) == output]
            try:
                light = choose(name, free, selection)
            except DriverError:
                for other in lights:
                    if other not in free and selection.is_meant(other):
                        raise DriverError(
                            f"the {name} light with {other} is used by output {self._by_path[other.path]}; "
                            "give that output a serial_number or port of its own"
                        ) from None
                raise
            self._by_path[light.path] = output
            return light

    def give_back(self, light: Light) -> None:
        """Let others have it."""
        with self._lock:
            self._by_path.pop(light.path, None)
