"""Input devices that are not there: a FIFO, and a pty that answers as the kernel's evdev does."""

import errno
import fcntl
import os
import struct
import tty
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from devices.input_codec import EVENT, packed
from devices.input_keys import KEYS

__all__ = ["DROPPED", "FakeEvdev", "Pipe", "told"]

DROPPED = EVENT.pack(0, 0, 0, 3, 0)


def told(*moves: tuple[str, int]) -> bytes:
    """Return what a device tells of keys that go down (1), repeat (2) or up (0), a report each."""
    return b"".join(
        EVENT.pack(0, 0, 1, KEYS[name], value) + EVENT.pack(0, 0, 0, 0, 0) for name, value in moves
    )


class Pipe:
    """A FIFO in the place of a device."""

    def __init__(self, path: Path) -> None:
        self.path = path
        os.mkfifo(path)
        self._end = os.open(path, os.O_RDWR | os.O_NONBLOCK)

    def tell(self, *moves: tuple[str, int]) -> None:
        self.write(told(*moves))

    def write(self, data: bytes) -> None:
        os.write(self._end, data)

    def unplug(self) -> None:
        """Close its end and take it away."""
        if self._end >= 0:
            os.close(self._end)
            self._end = -1
            self.path.unlink()

    def plug_in(self) -> None:
        os.mkfifo(self.path)
        self._end = os.open(self.path, os.O_RDWR | os.O_NONBLOCK)


class FakeEvdev:
    """A pty under a device's name, and an ``ioctl`` that answers for it.

    Attributes:
        keys: The keys it has.
        down: Those that are down.
        is_grabbed: Whether somebody has it alone.
        error: What every request fails with; 0: none does.
    """

    def __init__(self, path: Path, monkeypatch: pytest.MonkeyPatch, keys: Iterable[str]) -> None:
        self.path = path
        self.keys = set(keys)
        self.down: set[str] = set()
        self.is_grabbed = False
        self.error = 0
        self.requests: list[int] = []
        self._end, self._line = os.openpty()
        tty.setraw(self._line)
        path.symlink_to(os.ttyname(self._line))
        monkeypatch.setattr(fcntl, "ioctl", self._ioctl)

    def tell(self, *moves: tuple[str, int]) -> None:
        os.write(self._end, told(*moves))

    def write(self, data: bytes) -> None:
        os.write(self._end, data)

    def close(self) -> None:
        for end in (self._end, self._line):
            if end >= 0:
                os.close(end)
        self._end = self._line = -1

    def _ioctl(self, _file: int, request: int, argument: Any) -> Any:
        self.requests.append(request)
        if self.error:
            raise OSError(self.error, os.strerror(self.error))
        number, size = request & 0xFFFF, request >> 16 & 0x3FFF
        if number == 0x4590:
            assert (size, argument) == (struct.calcsize("i"), 1)
            if self.is_grabbed:
                raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
            self.is_grabbed = True
            return 0
        assert (size, len(argument)) == (96, 96)
        return packed(self.keys if number == 0x4521 else self.down)
