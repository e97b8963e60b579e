"""What a Linux input device says: bytes to keys that move, pure.

Source: Linux include/uapi/linux/input.h (struct input_event), input-event-codes.h (types, codes) and
Documentation/input/event-codes.rst (SYN_DROPPED).
"""

import struct
from collections.abc import Iterable
from typing import Final, NamedTuple

from devices.input_keys import KEYS, NAMES

__all__ = ["EVENT", "KEY_BITS_SIZE", "InputDecoder", "KeyMoved", "keys_in", "packed"]

EVENT: Final = struct.Struct("llHHi")
"""Seconds, microseconds, type, code, value; 24 bytes where ``long`` has 64 bits, 16 where it has 32."""

KEY_BITS_SIZE: Final = 0x2FF // 8 + 1
"""Bytes of a bitmap of all keys (KEY_MAX is 0x2ff)."""

_EV_SYN: Final = 0
_EV_KEY: Final = 1
_SYN_DROPPED: Final = 3


class KeyMoved(NamedTuple):
    """A key went down or up, or is held and repeats (which is down again)."""

    name: str
    is_down: bool


class InputDecoder:
    """Cuts what is read into events; takes bytes that are cut anywhere, and any bytes at all."""

    def __init__(self) -> None:
        self._rest = b""

    def receive(self, data: bytes) -> tuple[list[KeyMoved], bool]:
        """Return the keys that moved and whether the kernel had to drop events after them.

        In that case the rest of ``data`` is passed over too: it is older than what the device says when it
        is asked which keys are down, and to take it afterwards would leave a key down for ever. Keys that
        have no name here, and whatever else a device tells, are passed over.
        """
        data = self._rest + data
        whole = len(data) - len(data) % EVENT.size
        self._rest = data[whole:]
        moved: list[KeyMoved] = []
        for _seconds, _micros, kind, code, value in EVENT.iter_unpack(data[:whole]):
            if kind == _EV_KEY:
                name = NAMES.get(code)
                if name is not None:
                    moved.append(KeyMoved(name, value != 0))
            elif kind == _EV_SYN and code == _SYN_DROPPED:
                return moved, True
        return moved, False


def keys_in(bitmap: bytes) -> frozenset[str]:
    """Return the names of the keys whose bit is set; bits beyond the bitmap's end are not."""
    return frozenset(
        name for name, code in KEYS.items() if code // 8 < len(bitmap) and bitmap[code // 8] >> code % 8 & 1
    )


def packed(names: Iterable[str]) -> bytes:
    """Return the bitmap in which the bits of these keys are set.

    Raises:
        KeyError: A name is unknown.
    """
    bitmap = bytearray(KEY_BITS_SIZE)
    for name in names:
        bitmap[KEYS[name] // 8] |= 1 << KEYS[name] % 8
    return bytes(bitmap)
