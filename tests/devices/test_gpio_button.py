"""A button on a pin: which level means down, that no edge is lost, what is said where it fails."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from devices import gpio_button, pins
from devices.gpio_button import DRIVER, LOOK_EVERY_S, GpioButton, GpioButtonOptions
from queue_alert.ports import ButtonContext, ConfigProblem, DriverError, MissingExtraError
from tests.devices.fake_lgpio import FakeLgpio
from tests.devices.helpers import FakeClock, soon
from tests.devices.test_pins import lgpio, nothing_opened

__all__ = ["lgpio", "nothing_opened"]


def button(**options: Any) -> GpioButton:
    given = GpioButtonOptions(**{"pin": 17, "factory": "mock", **options})
    made = DRIVER.create(given, ButtonContext(name="desk", clock=FakeClock()))
    assert isinstance(made, GpioButton)
    return made


class Ear:
    """Hears what a button says."""

    def __init__(self) -> None:
        self.heard: list[bool] = []

    def moved(self, name: str, is_down: bool) -> None:
        assert name == "button"
        self.heard.append(is_down)

    @property
    def changes(self) -> list[bool]:
        return [down for at, down in enumerate(self.heard) if at == 0 or down is not self.heard[at - 1]]


@asynccontextmanager
async def running(made: GpioButton) -> AsyncIterator[Ear]:
    ear = Ear()
    task = asyncio.create_task(made.run(ear.moved), name="button")
    try:
        await soon(lambda: bool(ear.heard))
        yield ear
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.fixture
def pin() -> Any:
    return pins.open_pins("mock").factory.pin(17)


@pytest.mark.parametrize(
    ("options", "levels_while_down"),
    [
        ({}, "low"),
        ({"pull": "down"}, "high"),
        ({"pull": "up", "active_low": False}, "high"),
        ({"pull": "down", "active_low": True}, "low"),
        ({"pull": "floating", "active_low": True}, "low"),
        ({"pull": "floating", "active_low": False}, "high"),
    ],
)
async def test_the_level_that_means_down_follows_the_wiring(
    pin: Any, options: dict[str, Any], levels_while_down: str
) -> None:
    async with running(button(**options)) as ear:
        for level in ("high", "low", "high"):
            before = len(ear.heard)
            {"high": pin.drive_high, "low": pin.drive_low}[level]()
            with suppress(TimeoutError):
                async with asyncio.timeout(0.01):
                    await soon(lambda before=before: len(ear.heard) > before)  # type: ignore[misc]
            assert ear.heard[-1] is (level == levels_while_down)


async def test_every_edge_is_said_from_whatever_thread_it_comes(pin: Any) -> None:
    async with running(button()) as ear:
        for move in (pin.drive_low, pin.drive_high, pin.drive_low):
            await asyncio.to_thread(move)
        await soon(lambda: ear.changes == [False, True, False, True])


async def test_a_lost_edge_is_made_good_within_a_second(pin: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpio_button, "LOOK_EVERY_S", 0.01)
    assert LOOK_EVERY_S <= 1.0
    async with running(button()) as ear:
        pin._change_state(False)
        await soon(lambda: ear.changes == [False, True])


async def test_after_it_was_cancelled_nothing_is_said_and_the_pin_is_free(pin: Any) -> None:
    async with running(button()) as ear:
        pin.drive_low()
    heard = list(ear.heard)
    pin.drive_high()
    await asyncio.sleep(0)
    assert ear.heard == heard
    async with running(button()) as ear:
        assert ear.heard == [False]


async def test_an_edge_that_comes_late_is_not_said_any_more(pin: Any) -> None:
    ear = Ear()
    task = asyncio.create_task(button().run(ear.moved), name="button")
    await soon(lambda: bool(ear.heard))
    task.cancel()
    pin.drive_low()
    with suppress(asyncio.CancelledError):
        await task
    await asyncio.sleep(0)
    assert ear.changes == [False]


async def test_through_lgpio_edges_come_and_a_dead_chip_is_an_error(
    lgpio: FakeLgpio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gpio_button, "LOOK_EVERY_S", 0.01)
    lgpio.inputs[17] = 1
    ear = Ear()
    task = asyncio.create_task(button(factory="lgpio").run(ear.moved), name="button")
    await soon(lambda: ear.heard[-1:] == [False])
    await asyncio.to_thread(lgpio.drive, 17, 0)
    await soon(lambda: ear.heard[-1:] == [True])
    lgpio.is_dead = True
    with pytest.raises(DriverError, match=r"buttons\.desk: pin 17 cannot be read: bad handle") as caught:
        await task
    assert caught.value.recoverable
    assert lgpio.listeners == {}


async def refusal(made: GpioButton) -> DriverError:
    with pytest.raises(DriverError) as caught:
        await made.run(lambda _name, _is_down: None)
    return caught.value


async def test_a_pin_of_another_program_is_named_and_may_become_free(lgpio: FakeLgpio) -> None:
    lgpio.busy = {17}
    error = await refusal(button(factory="lgpio"))
    assert error.reason == (
        "buttons.desk: pin 17 is busy, another program or the kernel uses it; stop that or choose another "
        "pin (gpioinfo shows who has it)"
    )
    assert error.recoverable
    lgpio.busy = set()
    async with running(button(factory="lgpio")) as ear:
        assert ear.heard == [True]  # the fake's lines are low


async def test_a_pin_of_something_else_of_ours_is_named() -> None:
    async with running(button()):
        error = await refusal(button())
    assert error.reason == (
        "buttons.desk: pin 17 is already used by an output or another button; choose another pin"
    )
    assert not error.recoverable


async def test_a_missing_lgpio_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lgpio", None)
    error = await refusal(button(factory="lgpio"))
    assert error.reason == (
        "buttons.desk: pin factory lgpio: the package lgpio is not installed; install it with: "
        'apt install python3-lgpio (or write factory = "mock" to run without pins)'
    )
    assert not error.recoverable


def test_a_missing_gpiozero_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gpiozero", None)
    with pytest.raises(MissingExtraError, match=r'buttons\.desk: driver "gpio-button" needs the package'):
        button()


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"pin": 28}, ConfigProblem(path="pin", message="must be a BCM pin number, 0 to 27, got 28")),
        ({"pin": -1}, ConfigProblem(path="pin", message="must be a BCM pin number, 0 to 27, got -1")),
        (
            {"pin": 3, "pull": "down"},
            ConfigProblem(path="pull", message='must be "up": pin 3 has a resistor on the board, got "down"'),
        ),
        (
            {"pull": "floating"},
            ConfigProblem(
                path="active_low",
                message=(
                    'is missing; with pull = "floating" write whether the pin is low while the button is down'
                ),
            ),
        ),
    ],
)
def test_a_mistake_in_the_wiring_is_found(options: dict[str, Any], problem: ConfigProblem) -> None:
    assert DRIVER.check(GpioButtonOptions(**{"pin": 17, **options})) == [problem]


def test_sound_wiring_is_no_mistake() -> None:
    for options in ({}, {"pull": "down"}, {"pin": 2}, {"pull": "floating", "active_low": False}):
        assert DRIVER.check(GpioButtonOptions(**{"pin": 17, **options})) == []  # type: ignore[arg-type]
