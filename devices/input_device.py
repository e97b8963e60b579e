"""A Linux input device: opened, had alone, asked which keys it has and which are down. Thin, and blocking.

Source: Linux include/uapi/linux/input.h (EVIOCGKEY, EVIOCGBIT, EVIOCGRAB), include/uapi/asm-generic/ioctl.h
(the numbers, as on x86, ARM and RISC-V) and drivers/input/evdev.c.
"""

import errno
import fcntl
import grp
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

from devices.input_codec import KEY_BITS_SIZE, keys_in
from devices.input_keys import KEYS
from queue_alert.ports import DriverError

__all__ = ["InputDevice", "why_not_there"]

_READ: Final = 2
_WRITE: Final = 1
_EV_KEY: Final = 1
_MOST_READ: Final = 64 * 24


def _number(direction: int, number: int, size: int) -> int:
    return direction << 30 | size << 16 | ord("E") << 8 | number


_EVIOCGKEY: Final = _number(_READ, 0x18, KEY_BITS_SIZE)
_EVIOCGBIT_KEY: Final = _number(_READ, 0x20 + _EV_KEY, KEY_BITS_SIZE)
_EVIOCGRAB: Final = _number(_WRITE, 0x90, 4)


class InputDevice:
    """An open input device.

    A FIFO or a socket that somebody has put in its place is taken too: it tells the same events, has every
    key, cannot be had alone and cannot be asked, so all its keys are up until it says otherwise. Nothing else
    is taken for an input device that does not answer as one.

    Args:
        path: Its device node, or a link to it.

    Raises:
        DriverError: It cannot be had; the reason says what to do.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        try:
            self._file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
        except OSError as error:
            raise DriverError(_why_not_opened(path, error)) from error
        try:
            mode = os.fstat(self._file).st_mode
            self._can_be_asked = not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode))
            self.keys = self._all_keys()
            self._have_alone()
        except BaseException:
            self.close()
            raise

    def fileno(self) -> int:
        """Return its file descriptor, which does not block."""
        return self._file

    def read(self) -> bytes:
        """Return what it has told, at most 64 events; ``b""`` where there is nothing now.

        Raises:
            DriverError: It is gone.
        """
        try:
            data = os.read(self._file, _MOST_READ)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise self._gone(error.strerror or str(error)) from error
        if not data:
            raise self._gone("its other end was closed")
        return data

    def keys_down(self) -> frozenset[str]:
        """Return the names of the keys that are down now.

        What the device told of its keys before and nobody has read is thrown away by the kernel.

        Raises:
            DriverError: It is gone.
        """
        return keys_in(self._ask(_EVIOCGKEY)) if self._can_be_asked else frozenset()

    def close(self) -> None:
        """Let go of it; may be called twice, never raises."""
        file, self._file = self._file, -1  # by then its number may be another file's
        if file >= 0:
            with suppress(OSError):
                os.close(file)

    def _all_keys(self) -> frozenset[str]:
        return keys_in(self._ask(_EVIOCGBIT_KEY)) if self._can_be_asked else frozenset(KEYS)

    def _ask(self, request: int) -> bytes:
        try:
            return fcntl.ioctl(self._file, request, bytes(KEY_BITS_SIZE))
        except OSError as error:
            if error.errno in {errno.ENOTTY, errno.EINVAL}:
                raise DriverError(_no_input_device(self._path), recoverable=False) from error
            raise self._gone(error.strerror or str(error)) from error

    def _have_alone(self) -> None:
        """Have the keys told to nobody else, or they would type into the console as well."""
        if not self._can_be_asked:
            return
        try:
            fcntl.ioctl(self._file, _EVIOCGRAB, 1)
        except OSError as error:
            if error.errno == errno.EBUSY:
                raise DriverError(
                    f"{self._path} is in use by another program; sudo fuser -v {self._path} shows which"
                ) from error
            raise self._gone(error.strerror or str(error)) from error

    def _gone(self, what: str) -> DriverError:
        return DriverError(f"{self._path} is gone ({what}); is it plugged in?")


def why_not_there(path: str) -> tuple[str, bool]:
    """Return why a device cannot be opened and whether that may change by itself; ``("", False)``: it can."""
    try:
        node = Path(path).stat()
    except FileNotFoundError:
        return f"{path} is not there; is it plugged in? ls -l /dev/input/by-id shows what is", True
    except OSError as error:
        return f"{path} cannot be looked at: {error.strerror}", True
    if not (stat.S_ISCHR(node.st_mode) or stat.S_ISFIFO(node.st_mode) or stat.S_ISSOCK(node.st_mode)):
        return _no_input_device(path), False
    if not os.access(path, os.R_OK):
        # By another user it may be; and udev gives a node to its group a moment after it has appeared.
        return f"{path} may not be opened; {_advice_on_permission(node)}", True
    return "", False


def _why_not_opened(path: str, error: OSError) -> str:
    reason, _may_change = why_not_there(path)
    return reason or f"{path} cannot be opened: {error.strerror}"


def _no_input_device(path: str) -> str:
    return (
        f"{path} is no input device; take one that ls -l /dev/input/by-id shows, its name ends in -event-kbd"
    )


def _advice_on_permission(node: os.stat_result) -> str:
    try:
        group = grp.getgrgid(node.st_gid).gr_name
    except KeyError:
        group = "input"
    if group == "root" or not node.st_mode & stat.S_IRGRP:
        return f"its group {group} may not either; give it to the group input by a udev rule"
    return f"add the user to the group {group}: sudo usermod -aG {group} <user>, then log in anew"
