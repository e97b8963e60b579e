"""What every button we ship does alike, whatever it is made of."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from devices import gpio_button, keypad, pins
from queue_alert.app.registry import BUTTONS, Registry
from queue_alert.ports import Button, ButtonContext, ButtonDriver, DriverError
from tests.devices.fake_input import FakeEvdev, Pipe
from tests.devices.helpers import FakeClock, soon

LISTED = {"gpio-button", "usb-keypad"}


@dataclass
class Case:
    """A button, and a hand on one of its keys.

    Attributes:
        press: Moves the key; works whether it is open or not.
        remembers: Whether a key can be down when it is opened: a FIFO cannot say so.
        unplug: Takes the device away, ``None`` where that cannot be.
    """

    driver: ButtonDriver
    options: Any
    key: str
    press: Callable[[bool], None]
    remembers: bool = True
    unplug: Callable[[], None] | None = None
    let_go: Callable[[], None] = lambda: None

    def create(self) -> Button:
        return self.driver.create(self.options, ButtonContext(name="desk", clock=FakeClock()))


def on_a_pin(active_low: bool) -> Case:
    # A mock pin that is pulled is driven that way when it is claimed, whatever drove it before.
    options = gpio_button.GpioButtonOptions(pin=17, pull="floating", active_low=active_low, factory="mock")
    pins.open_pins("mock").factory.pin(17).pull = "floating"

    def press(is_down: bool) -> None:
        pin = pins.open_pins("mock").factory.pin(17)
        if is_down is active_low:
            pin.drive_low()
        else:
            pin.drive_high()

    return Case(gpio_button.DRIVER, options, "button", press)


def at_a_fifo(folder: Path) -> Case:
    pipe = Pipe(folder / "pad")

    def press(is_down: bool) -> None:
        pipe.tell(("KEY_ENTER", int(is_down)))

    options = keypad.KeypadOptions(device=str(pipe.path))
    return Case(keypad.DRIVER, options, "KEY_ENTER", press, False, pipe.unplug, pipe.unplug)


def at_an_input_device(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    evdev = FakeEvdev(folder / "pad", monkeypatch, ["KEY_1", "KEY_ENTER"])

    def press(is_down: bool) -> None:
        evdev.is_grabbed = False
        (evdev.down.add if is_down else evdev.down.discard)("KEY_ENTER")
        evdev.tell(("KEY_ENTER", int(is_down)))

    options = keypad.KeypadOptions(device=str(evdev.path))
    return Case(keypad.DRIVER, options, "KEY_ENTER", press, True, evdev.close, evdev.close)


@pytest.fixture(params=["pin", "pin, contact that opens", "fifo", "input device"])
def case(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Case]:
    made = {
        "pin": lambda: on_a_pin(True),
        "pin, contact that opens": lambda: on_a_pin(False),
        "fifo": lambda: at_a_fifo(tmp_path),
        "input device": lambda: at_an_input_device(tmp_path, monkeypatch),
    }[request.param]()
    yield made
    made.let_go()


class Ear:
    """Hears what a button says, and on which turn of the loop."""

    def __init__(self) -> None:
        self.first: dict[str, bool] = {}
        self.now: dict[str, bool] = {}
        self.is_open = False

    def moved(self, name: str, is_down: bool) -> None:
        if not self.now:
            asyncio.get_running_loop().call_soon(self._opened)
        if not self.is_open:
            self.first[name] = is_down
        self.now[name] = is_down

    def _opened(self) -> None:
        self.is_open = True


@asynccontextmanager
async def running(button: Button) -> AsyncIterator[tuple[Ear, asyncio.Task[None]]]:
    ear = Ear()
    task = asyncio.create_task(button.run(ear.moved), name="button")
    try:
        await soon(lambda: ear.is_open or task.done())
        yield ear, task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError, DriverError):
            await task


async def test_all_its_keys_are_said_at_once_when_it_was_opened(case: Case) -> None:
    case.press(False)
    async with running(case.create()) as (ear, _task):
        assert ear.first[case.key] is False
        assert set(ear.first) <= set(case.driver.keys)


async def test_a_key_that_moves_is_said(case: Case) -> None:
    case.press(False)
    async with running(case.create()) as (ear, _task):
        for is_down in (True, False, True):
            case.press(is_down)
            await soon(lambda is_down=is_down: ear.now[case.key] is is_down)  # type: ignore[misc]


async def test_a_key_that_is_down_when_it_is_opened_is_said_to_be_down(case: Case) -> None:
    case.press(True)
    async with running(case.create()) as (ear, _task):
        assert ear.first[case.key] is case.remembers


async def test_after_it_was_cancelled_it_can_be_run_again(case: Case) -> None:
    case.press(False)
    button = case.create()
    for _ in range(2):
        async with running(button) as (ear, _task):
            case.press(True)
            await soon(lambda ear=ear: ear.now[case.key])  # type: ignore[misc]
            case.press(False)
            await soon(lambda ear=ear: not ear.now[case.key])  # type: ignore[misc]


async def test_a_device_that_is_taken_away_is_an_error_that_may_pass(case: Case) -> None:
    async with running(case.create()) as (_ear, task):
        if case.unplug is None:
            return
        case.unplug()
        with pytest.raises(DriverError, match=r"^buttons\.desk: ") as caught:
            async with asyncio.timeout(5):
                await task
        assert caught.value.recoverable


async def test_making_one_touches_nothing(case: Case) -> None:
    case.create()
    async with running(case.create()) as (ear, task):
        assert (ear.is_open, task.done()) == (True, False)


def test_its_driver_finds_no_mistake_and_says_what_it_occupies(case: Case) -> None:
    assert [problem for problem in case.driver.check(case.options) if not problem.is_warning] == []
    assert len(case.driver.claims(case.options)) == 1
    assert len(set(case.driver.keys)) == len(case.driver.keys) > 0
    assert case.driver.summary


def test_every_button_that_is_shipped_is_here() -> None:
    registry = Registry()
    assert set(registry.names(BUTTONS)) == LISTED
    for name in LISTED:
        assert registry.load(BUTTONS, name, ButtonDriver).summary
