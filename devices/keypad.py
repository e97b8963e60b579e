"""A USB keypad, a foot switch or a big red button: whatever Linux takes for an input device with keys."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final

import msgspec

from devices.input_codec import InputDecoder
from devices.input_device import InputDevice, why_not_there
from devices.input_keys import KEYS
from queue_alert.ports import ButtonDriver, ConfigProblem, DriverError

__all__ = ["DRIVER", "Keypad", "KeypadOptions"]

logger = logging.getLogger(__name__)


class KeypadOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of a keypad."""

    device: Annotated[str, msgspec.Meta(min_length=1, max_length=400)]
    """Path of its device, best one under ``/dev/input/by-id``."""


class Keypad:
    """An input device.

    Args:
        name: Its name in the configuration.
        options: Where it is.
    """

    def __init__(self, name: str, options: KeypadOptions) -> None:
        self._name = name
        self._path = options.device

    async def run(self, moved: Callable[[str, bool], None]) -> None:
        """Open the device, have it alone and say which of its keys are down, until it is unplugged."""
        try:
            device = await _opened(self._path)
            try:
                await self._listen(device, moved)
            finally:
                # In a thread too: the kernel waits for the device before it lets go of it.
                asyncio.get_running_loop().run_in_executor(None, device.close)
        except DriverError as error:
            reason = f"buttons.{self._name}: {error.reason}"
            raise DriverError(reason, recoverable=error.recoverable) from error

    async def _listen(self, device: InputDevice, moved: Callable[[str, bool], None]) -> None:
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[None] = loop.create_future()
        decoder = InputDecoder()
        _say_all(device, moved)

        def read() -> None:
            nonlocal decoder
            try:
                keys, is_incomplete = decoder.receive(device.read())
                for key in keys:
                    moved(key.name, key.is_down)
                if is_incomplete:
                    logger.warning("button=%s events were dropped; its keys are asked anew", self._name)
                    decoder = InputDecoder()
                    _say_all(device, moved)
            except DriverError as error:
                loop.remove_reader(device)
                if not ended.done():
                    ended.set_exception(error)

        loop.add_reader(device, read)
        try:
            await ended
        finally:
            loop.remove_reader(device)


def _say_all(device: InputDevice, moved: Callable[[str, bool], None]) -> None:
    down = device.keys_down()
    for name in KEYS:
        if name in device.keys:
            moved(name, name in down)


async def _opened(path: str) -> InputDevice:
    """Open a device in a thread: the kernel takes 50 ms over a USB keyboard (usbhid_open waits)."""
    opening = asyncio.get_running_loop().run_in_executor(None, InputDevice, path)
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        opening.add_done_callback(_close_late)
        raise


def _close_late(opening: "asyncio.Future[InputDevice]") -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()


def _check(options: KeypadOptions) -> list[ConfigProblem]:
    if not options.device.startswith("/"):
        message = f'must be a path such as "/dev/input/by-id/usb-…-event-kbd", got "{options.device[:60]}"'
        return [ConfigProblem(path="device", message=message)]
    if options.device.startswith("/dev/input/event"):
        message = (
            "its number may be another's after the next start; ls -l /dev/input/by-id shows a name that stays"
        )
        return [ConfigProblem(path="device", message=message, is_warning=True)]
    return []


def _check_place(options: KeypadOptions, _name: str, _base: Path) -> list[ConfigProblem]:
    reason, may_change = why_not_there(options.device)
    return [ConfigProblem(path="device", message=reason, is_warning=may_change)] if reason else []


DRIVER: Final = ButtonDriver(
    summary="a USB keypad, foot switch or button that is a keyboard to Linux",
    options=KeypadOptions,
    create=lambda options, context: Keypad(context.name, options),
    keys=tuple(KEYS),
    debounce_s=0.0,  # its own controller sees to it
    check=_check,
    check_place=_check_place,
    claims=lambda options: (f"input {options.device}",),
)
