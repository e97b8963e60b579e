"""The module ``hidraw`` without USB: lights that understand their reports, can be pulled out, and fail.

Put into ``sys.modules`` it is imported, listed, opened and written to as the real one is.
"""

import time
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from threading import Lock
from types import ModuleType
from typing import Any

Colour = tuple[int, int, int]
DARK = (0, 0, 0)
DISTRESS = (-1, -1, -1)
"""A blink(1) that plays the pattern it was given for when nobody speaks to it any more."""

KUANDO = (0x27BB, 0x3BCD)
LUXAFOR = (0x04D8, 0xF372)
BLINK1 = (0x27B8, 0x01ED)
BLYNCLIGHT = (0x2C0D, 0x000C)
"""An Embrava, which busylight-core drives."""


class FakeLight:
    """A light in its socket.

    Attributes:
        reports: What it took, ``("write" | "feature", bytes)``.
        is_plugged_in: Whether it can be found and written to.
        answer: Gives the result of a call from the report's length; may raise.
        open_error: Raised when it is opened.
        opens: How often it was opened.
    """

    def __init__(
        self,
        path: bytes,
        ids: tuple[int, int],
        serial: Any,
        clock: Callable[[], float],
        **entry: Any,
    ) -> None:
        self.path, self.ids, self.serial, self.entry = path, ids, serial, entry
        self.reports: list[tuple[str, bytes]] = []
        self.is_plugged_in = True
        self.answer: Callable[[int], int] = lambda length: length
        self.open_error: Exception | None = None
        self.opens = 0
        self.open_now = 0
        self._clock = clock
        self._colour: Colour = DARK
        self._until = float("inf")
        self._fallback: Colour = DARK
        self._lines: dict[int, tuple[int, ...]] = {}

    @property
    def shown(self) -> Colour:
        """What one sees: red, green and blue as it was told them, or what it does when left alone."""
        return self._colour if self._clock() < self._until else self._fallback

    def take(self, kind: str, report: bytes) -> int:
        length = self.answer(len(report))
        if length == len(report):
            self.reports.append((kind, report))
            known = {KUANDO: self._kuando, LUXAFOR: self._luxafor, BLINK1: self._blink1}
            known.get(self.ids, lambda _kind, _report: None)(kind, report)
        return length

    def _kuando(self, kind: str, report: bytes) -> None:
        number, frame = report[0], report[1:]
        assert (kind, number, len(frame)) == ("write", 0, 64)
        assert int.from_bytes(frame[62:], "big") == sum(frame[:62])
        if frame[0] == 0x10:
            self._colour = (frame[2], frame[3], frame[4])
            self._until = self._clock() + 30
        else:
            assert frame[0] >> 4 == 8
            self._until = self._clock() + (frame[0] & 15) if self._clock() < self._until else 0

    def _luxafor(self, kind: str, report: bytes) -> None:
        assert (kind, report[:3], len(report)) == ("write", b"\x00\x01\xff", 9)
        self._colour = (report[3], report[4], report[5])

    def _blink1(self, kind: str, report: bytes) -> None:
        assert (kind, report[0], len(report)) == ("feature", 1, 8)
        match chr(report[1]):
            case "c":
                self._colour = (report[2], report[3], report[4])
                if self._clock() >= self._until:
                    self._until = float("inf")
            case "D":
                assert report[5] == 1
                seconds = int.from_bytes(report[3:5], "big") / 100
                self._until = self._clock() + seconds if report[2] else float("inf")
                self._fallback = DISTRESS
            case "P":
                self._lines[report[7]] = tuple(report[2:7])
            case other:
                raise AssertionError(other)


class FakeHandle:
    """``hidraw.device``."""

    def __init__(self, module: "FakeHid") -> None:
        self._module = module
        self._light: FakeLight | None = None

    def open_path(self, path: bytes) -> None:
        light = self._module.light_at(path)
        if light is None:
            raise OSError("open failed")
        if light.open_error is not None:
            raise light.open_error
        light.opens += 1
        light.open_now += 1
        self._light = light

    def write(self, data: bytes) -> int:
        return self._take("write", data)

    def send_feature_report(self, data: bytes) -> int:
        return self._take("feature", data)

    def close(self) -> None:
        if self._light is not None:
            self._light.open_now -= 1
            self._light = None

    def _take(self, kind: str, data: bytes) -> int:
        if self._light is None:
            raise ValueError("not open")
        # A stale handle stays dead, also when something was plugged in at the same place.
        if not self._light.is_plugged_in:
            return -1
        return self._light.take(kind, bytes(data))


class FakeHid(ModuleType):
    """``hidraw``, and ``hid`` too."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__("hidraw")
        self.__spec__ = ModuleSpec("hidraw", None)
        self._clock = clock
        self._lights: list[FakeLight] = []
        self._lock = Lock()
        self.list_error: Exception | None = None

    def plug_in(
        self, ids: tuple[int, int], path: bytes = b"1-1:1.0", serial: Any = "", **entry: Any
    ) -> FakeLight:
        light = FakeLight(path, ids, serial, self._clock, **entry)
        with self._lock:
            self._lights.append(light)
        return light

    def unplug(self, light: FakeLight) -> None:
        with self._lock:
            light.is_plugged_in = False
            self._lights.remove(light)

    def light_at(self, path: bytes) -> FakeLight | None:
        with self._lock:
            return next((light for light in self._lights if light.path == path), None)

    def enumerate(self, vendor_id: int = 0, product_id: int = 0) -> list[dict[str, Any]]:
        if self.list_error is not None:
            raise self.list_error
        with self._lock:
            return [
                {
                    "path": light.path,
                    "vendor_id": light.ids[0],
                    "product_id": light.ids[1],
                    "serial_number": light.serial,
                    "release_number": 1,
                    "manufacturer_string": "",
                    "product_string": "",
                    "usage_page": 0xFF00,
                    "usage": 1,
                    "interface_number": 0,
                    "bus_type": 1,
                    **light.entry,
                }
                for light in self._lights
                if vendor_id in {0, light.ids[0]} and product_id in {0, light.ids[1]}
            ]

    def device(self) -> FakeHandle:
        return FakeHandle(self)
