"""A keypad: which of its keys are down, however it comes and goes, what is said where it fails."""

import asyncio
import errno
import grp
import os
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from devices import input_device, keypad
from devices.input_device import InputDevice
from devices.input_keys import KEYS
from devices.keypad import DRIVER, Keypad, KeypadOptions
from queue_alert.ports import ButtonContext, DriverError
from tests.devices.fake_input import DROPPED, FakeEvdev, Pipe, told
from tests.devices.helpers import FakeClock, soon

PAD_KEYS = ("KEY_KP1", "KEY_KP2", "KEY_KPENTER")


def pad_at(path: Path) -> Keypad:
    made = DRIVER.create(KeypadOptions(device=str(path)), ButtonContext(name="pad", clock=FakeClock()))
    assert isinstance(made, Keypad)
    return made


class Ear:
    """Hears what a keypad says."""

    def __init__(self) -> None:
        self.first: dict[str, bool] = {}
        self.heard: list[tuple[str, bool]] = []
        self._is_open = False

    def moved(self, name: str, is_down: bool) -> None:
        if not self._is_open:
            asyncio.get_running_loop().call_soon(self._opened)
            self.first[name] = is_down
        else:
            self.heard.append((name, is_down))

    def _opened(self) -> None:
        self._is_open = True

    async def opened(self) -> None:
        await soon(lambda: self._is_open)


@asynccontextmanager
async def running(path: Path) -> AsyncIterator[tuple[Ear, asyncio.Task[None]]]:
    ear = Ear()
    task = asyncio.create_task(pad_at(path).run(ear.moved), name="keypad")
    try:
        yield ear, task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError, DriverError):
            await task


async def refusal(path: Path) -> DriverError:
    with pytest.raises(DriverError) as caught:
        await pad_at(path).run(lambda _name, _is_down: None)
    return caught.value


@pytest.fixture
def pipe(tmp_path: Path) -> Iterator[Pipe]:
    pipe = Pipe(tmp_path / "usb-pad-event-kbd")
    yield pipe
    pipe.unplug()


@pytest.fixture
def evdev(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeEvdev]:
    evdev = FakeEvdev(tmp_path / "usb-pad-event-kbd", monkeypatch, PAD_KEYS)
    yield evdev
    evdev.close()


async def test_its_keys_are_said_as_they_are_when_it_is_opened(evdev: FakeEvdev) -> None:
    evdev.down = {"KEY_KP2"}
    async with running(evdev.path) as (ear, _task):
        await ear.opened()
        assert ear.first == {"KEY_KP1": False, "KEY_KP2": True, "KEY_KPENTER": False}


async def test_it_is_had_alone_so_that_its_keys_do_not_type(evdev: FakeEvdev) -> None:
    async with running(evdev.path) as (ear, _task):
        await ear.opened()
        assert evdev.is_grabbed
    # As linux/input.h makes them: EVIOCGBIT(EV_KEY, 96), EVIOCGRAB, EVIOCGKEY(96).
    assert evdev.requests == [0x80604521, 0x40044590, 0x80604518]


async def test_keys_that_move_are_said(evdev: FakeEvdev) -> None:
    async with running(evdev.path) as (ear, _task):
        await ear.opened()
        evdev.tell(("KEY_KP1", 1), ("KEY_KP1", 2), ("KEY_KP1", 0))
        await soon(lambda: len(ear.heard) == 3)
        assert ear.heard == [("KEY_KP1", True), ("KEY_KP1", True), ("KEY_KP1", False)]


async def test_after_dropped_events_the_keys_are_asked_anew(
    evdev: FakeEvdev, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(evdev.path) as (ear, _task):
        await ear.opened()
        evdev.down = {"KEY_KPENTER"}
        evdev.write(told(("KEY_KP1", 1)) + DROPPED + told(("KEY_KP2", 1)))
        await soon(lambda: len(ear.heard) == 4)
        assert ear.heard == [
            ("KEY_KP1", True),
            ("KEY_KP1", False),
            ("KEY_KP2", False),
            ("KEY_KPENTER", True),
        ]
    assert "button=pad events were dropped" in caplog.text


async def test_a_device_that_is_taken_is_said_so(evdev: FakeEvdev) -> None:
    evdev.is_grabbed = True
    error = await refusal(evdev.path)
    assert error.reason == (
        f"buttons.pad: {evdev.path} is in use by another program; sudo fuser -v {evdev.path} shows which"
    )
    assert error.recoverable


async def test_a_device_that_goes_while_it_is_opened_may_come_back(evdev: FakeEvdev) -> None:
    evdev.error = errno.ENODEV
    error = await refusal(evdev.path)
    assert error.reason == f"buttons.pad: {evdev.path} is gone (No such device); is it plugged in?"
    assert error.recoverable


async def test_one_that_fails_to_be_had_alone_otherwise_is_gone_too(
    evdev: FakeEvdev, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(InputDevice, "_all_keys", lambda _device: frozenset(PAD_KEYS))
    evdev.error = errno.ENODEV
    assert "is gone (No such device)" in (await refusal(evdev.path)).reason


async def test_one_that_goes_before_its_keys_were_asked_is_gone_too(
    evdev: FakeEvdev, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(InputDevice, "_have_alone", lambda _device: setattr(evdev, "error", errno.EIO))
    assert "is gone (Input/output error)" in (await refusal(evdev.path)).reason


async def test_an_unplugged_device_is_said_so_and_may_come_back(evdev: FakeEvdev) -> None:
    async with running(evdev.path) as (ear, task):
        await ear.opened()
        evdev.close()
        with pytest.raises(
            DriverError, match=r"buttons\.pad: .* is gone \(.*\); is it plugged in\?"
        ) as caught:
            async with asyncio.timeout(5):
                await task
        assert caught.value.recoverable


async def test_a_fifo_in_its_place_has_every_key_and_all_are_up(pipe: Pipe) -> None:
    async with running(pipe.path) as (ear, _task):
        await ear.opened()
        assert ear.first == dict.fromkeys(KEYS, False)
        whole = told(("KEY_KP1", 1))
        pipe.write(whole[:31])
        pipe.write(whole[31:])
        await soon(lambda: ear.heard == [("KEY_KP1", True)])


async def test_a_fifo_that_drops_says_nothing_of_its_keys_so_all_are_up(pipe: Pipe) -> None:
    async with running(pipe.path) as (ear, _task):
        await ear.opened()
        pipe.write(told(("KEY_KP1", 1)) + DROPPED)
        await soon(lambda: len(ear.heard) == 1 + len(KEYS))
        assert not any(is_down for _name, is_down in ear.heard[1:])


async def test_a_fifo_that_was_closed_is_gone(pipe: Pipe) -> None:
    async with running(pipe.path) as (ear, task):
        await ear.opened()
        pipe.unplug()
        with pytest.raises(DriverError, match=r"is gone \(its other end was closed\)"):
            async with asyncio.timeout(5):
                await task


async def test_one_that_goes_in_the_very_moment_of_the_end_does_no_harm(pipe: Pipe) -> None:
    async with running(pipe.path) as (ear, task):
        await ear.opened()
        pipe.unplug()
        asyncio.get_running_loop().call_soon(task.cancel)
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_any_bytes_out_of_a_fifo_do_no_harm(pipe: Pipe) -> None:
    async with running(pipe.path) as (ear, _task):
        await ear.opened()
        pipe.write(bytes(range(256)) * 9)
        pipe.write(told(("KEY_KP1", 1)) * 2)
        await asyncio.sleep(0)
        assert not _task.done()


async def test_a_read_that_finds_nothing_is_no_fault(pipe: Pipe) -> None:
    device = InputDevice(str(pipe.path))
    assert device.read() == b""
    device.close()
    device.close()


def test_a_read_that_fails_says_why(pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> None:
    device = InputDevice(str(pipe.path))

    def unplugged(_file: int, _most: int) -> bytes:
        raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))

    with monkeypatch.context() as patch:
        patch.setattr(os, "read", unplugged)
        with pytest.raises(DriverError, match=r"pad-event-kbd is gone \(No such device\)"):
            device.read()
    device.close()


async def test_cancelled_while_it_opens_it_lets_go_of_what_comes_late(
    pipe: Pipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = []

    class Late(InputDevice):
        def close(self) -> None:
            closed.append(self.fileno())
            super().close()

    monkeypatch.setattr(keypad, "InputDevice", Late)
    for path, count in ((pipe.path, 1), (pipe.path.with_name("nothing"), 1)):
        task = asyncio.create_task(pad_at(path).run(lambda _name, _is_down: None), name="keypad")
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.get_running_loop().run_in_executor(None, lambda: None)
        await soon(lambda count=count: len(closed) == count)  # type: ignore[misc]


async def test_what_is_no_input_device_is_never_taken_for_one(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    for path in (Path("/dev/null"), file):
        error = await refusal(path)
        assert error.reason == (
            f"buttons.pad: {path} is no input device; take one that ls -l /dev/input/by-id shows, its name "
            "ends in -event-kbd"
        )
        assert not error.recoverable


async def test_a_device_that_is_not_there_may_come(tmp_path: Path) -> None:
    error = await refusal(tmp_path / "pad")
    assert error.reason == (
        f"buttons.pad: {tmp_path}/pad is not there; is it plugged in? ls -l /dev/input/by-id shows what is"
    )
    assert error.recoverable


async def test_a_socket_cannot_be_opened_and_that_is_said(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "pad"))
        assert "/pad cannot be opened: No such device or address" in (await refusal(tmp_path / "pad")).reason


def test_a_permission_that_is_missing_names_the_group(pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> None:
    group = grp.getgrgid(pipe.path.stat().st_gid).gr_name
    monkeypatch.setattr(os, "access", lambda _path, _mode: False)
    pipe.path.chmod(0o600)
    assert input_device.why_not_there(str(pipe.path)) == (
        (
            f"{pipe.path} may not be opened; its group {group} may not either; give it to the group "
            "input by a udev rule"
        ),
        True,
    )
    pipe.path.chmod(0o640)
    input_group = grp.struct_group(("input", "x", 105, []))
    monkeypatch.setattr(grp, "getgrgid", lambda _number: input_group)
    expected = (
        f"{pipe.path} may not be opened; add the user to the group input: sudo usermod -aG input <user>, "
        "then log in anew"
    )
    assert input_device.why_not_there(str(pipe.path)) == (expected, True)

    def unknown(_number: int) -> None:
        raise KeyError

    monkeypatch.setattr(grp, "getgrgid", unknown)
    assert input_device.why_not_there(str(pipe.path)) == (expected, True)


def test_check_warns_of_what_is_not_there_and_of_names_that_change(pipe: Pipe, tmp_path: Path) -> None:
    def mistakes(device: str) -> list[tuple[str, bool]]:
        options = KeypadOptions(device=device)
        found = [*DRIVER.check(options), *DRIVER.check_place(options, "pad", tmp_path)]
        assert {problem.path for problem in found} <= {"device"}
        return [(problem.message.partition(";")[0], problem.is_warning) for problem in found]

    assert mistakes(str(pipe.path)) == []
    assert mistakes(str(tmp_path / "other")) == [(f"{tmp_path}/other is not there", True)]
    assert mistakes("/dev/null/pad") == [("/dev/null/pad cannot be looked at: Not a directory", True)]
    assert mistakes(str(tmp_path)) == [(f"{tmp_path} is no input device", False)]
    assert mistakes("/dev/input/event99") == [
        ("its number may be another's after the next start", True),
        ("/dev/input/event99 is not there", True),
    ]
    assert DRIVER.check(KeypadOptions(device="input/pad"))[0].message == (
        'must be a path such as "/dev/input/by-id/usb-…-event-kbd", got "input/pad"'
    )


def test_it_occupies_its_device() -> None:
    assert DRIVER.claims(KeypadOptions(device="/dev/input/by-id/pad")) == ("input /dev/input/by-id/pad",)
