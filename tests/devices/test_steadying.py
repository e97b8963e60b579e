"""A slow device is lit steadily: nothing it could miss is left to chance."""

import logging
from collections.abc import Mapping

import pytest

from devices.steadying import HOLD_S, Steadied

OFF, ON, RED = {"lamp": "off"}, {"lamp": "#ffb000"}, {"lamp": "#ff0000"}


class Slow:
    """A device on a clock of its own, which every change moves by ``takes_s``."""

    def __init__(self, takes_s: float = 0.0) -> None:
        self.takes_s = takes_s
        self.now = 100.0
        self.said: list[tuple[float, str]] = []

    def open(self) -> None:
        self.said.append((self.now, "open"))

    def show(self, lamps: Mapping[str, str]) -> None:
        self.said.append((round(self.now - 100.0, 3), next(iter(lamps.values()))))
        self.now += self.takes_s

    def close(self) -> None:
        self.said.append((self.now, "close"))


def steadied(device: Slow, *, keepalive_s: float = 60.0, hold_s: float = 0.0) -> Steadied:
    return Steadied("hall", device, keepalive_s=keepalive_s, hold_s=hold_s, clock=lambda: device.now)


def at(device: Slow, steady: Steadied, *changes: tuple[float, Mapping[str, str]]) -> list[tuple[float, str]]:
    """Show each of ``changes`` at its instant, or as soon as the device is free; return what it was told."""
    for instant, lamps in changes:
        device.now = max(device.now, 100.0 + instant)
        steady.show(lamps)
    return device.said


def test_a_fast_device_is_told_everything_once() -> None:
    device = Slow(0.01)
    said = at(device, steadied(device), (0, OFF), (0.5, ON), (0.6, ON), (0.75, OFF), (1, ON))
    assert said == [(0, "off"), (0.5, "#ffb000"), (0.75, "off"), (1, "#ffb000")]


def test_it_is_told_again_when_that_is_due() -> None:
    device = Slow()
    said = at(device, steadied(device, keepalive_s=1), (0, ON), (0.5, ON), (1, ON), (1.5, ON), (2, ON))
    assert [instant for instant, _ in said] == [0, 1, 2]


def test_a_slow_device_is_never_dark_between_two_flashes(caplog: pytest.LogCaptureFixture) -> None:
    device = Slow(0.5)
    flashes = [(half / 2 + part, lamps) for half in range(10) for part, lamps in ((0, ON), (0.25, OFF))]
    assert at(device, steadied(device), *flashes) == [(0, "#ffb000")]
    assert [record.message for record in caplog.records] == [
        "output is slow, it is lit steadily in place of flashes output=hall took=0.50s"
    ]


def test_a_dark_that_lasts_is_shown_to_a_slow_device_too() -> None:
    device = Slow(0.3)
    steady = steadied(device)
    ticks = [(1 + tick / 2, OFF) for tick in range(7)]
    assert at(device, steady, (0, ON), *ticks) == [(0, "#ffb000"), (1 + HOLD_S, "off")]


def test_another_colour_is_shown_at_once() -> None:
    device = Slow(0.3)
    assert at(device, steadied(device), (0, ON), (1, OFF), (1.25, RED)) == [(0, "#ffb000"), (1.25, "#ff0000")]


def test_a_slow_sounder_is_not_held() -> None:
    device = Slow(0.3)
    said = at(device, steadied(device), (0, {"buzzer": "#ffb000"}), (0.5, {"buzzer": "off"}))
    assert said == [(0, "#ffb000"), (0.5, "off")]


def test_a_device_may_be_held_steady_for_good() -> None:
    device = Slow()
    said = at(device, steadied(device, hold_s=1), (0, ON), (0.25, OFF), (0.5, ON), (1, OFF), (2.5, OFF))
    assert said == [(0, "#ffb000"), (2.5, "off")]


def test_it_flashes_again_once_it_has_been_fast_for_long_enough(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    device = Slow(0.3)
    steady = steadied(device, keepalive_s=10)
    at(device, steady, (0, ON))
    device.takes_s = 0
    at(device, steady, (10, ON), (20, ON), (31, ON), (32, OFF))
    assert device.said[-1] == (32, "off")
    assert caplog.records[-1].message == "output is fast again output=hall"
    assert len(caplog.records) == 2


def test_nothing_is_known_of_a_device_that_was_opened_anew() -> None:
    device = Slow()
    steady = steadied(device)
    at(device, steady, (0, ON))
    steady.close()
    steady.open()
    at(device, steady, (1, ON))
    assert [what for _, what in device.said] == ["#ffb000", "close", "open", "#ffb000"]
