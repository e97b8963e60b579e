"""What a Patlite signal tower is told, and what it answers: bytes and nothing else.

Lamps are lit or dark; the rhythm is ours, so the towers' own flashing is never used.

Source: Patlite's sample programs for the LA6-POE and its users' guides for NHL and PHN (commands ``S``, ``D``
and ``W``, replies 06/15 and ``ACK``/``NAK``).
"""

from collections.abc import Mapping
from enum import Enum
from typing import Final

from devices.kinds import OFF

__all__ = [
    "KEEP",
    "Reply",
    "alert_digits",
    "la6_frame",
    "nearest_la6_colour",
    "phn_frame",
    "pns_frame",
    "read_reply",
]

KEEP: Final = 9
"""Leaves a tier or the buzzer as it is (command ``S`` and HTTP)."""

_TIERS: Final = ("red", "yellow", "green", "blue", "white")
"""Order of the tiers in a frame; Patlite calls the second amber."""

_NHL_SWITCH: Final = bytes.fromhex("58 58 53 00 00 06")
_LA6_DETAIL: Final = bytes.fromhex("41 42 44 00 00 07")
_PHN_WRITE: Final = b"W"
_PHN_STEADY: Final = {"red": 1, "yellow": 2, "green": 4}
_PHN_BUZZER: Final = 8


class Reply(Enum):
    """What a tower has answered."""

    DONE = "done"
    REFUSED = "refused"
    INCOMPLETE = "incomplete"
    """So far; more may come."""
    UNKNOWN = "unknown"


_DONE: Final = (b"\x06", b"ACK")
_REFUSED: Final = (b"\x15", b"NAK")


def read_reply(data: bytes) -> Reply:
    """Return what ``data`` says: the one byte of PNS, or the three letters of PHN."""
    if data in _DONE:
        return Reply.DONE
    if data in _REFUSED:
        return Reply.REFUSED
    if any(word.startswith(data) for word in (*_DONE, *_REFUSED)):
        return Reply.INCOMPLETE
    return Reply.UNKNOWN


def _states(lamps: Mapping[str, str], tier: str, sound: int) -> bytes:
    """Return the six states ``R A G B W Z``: 0 off, 1 lit, 9 as it is.

    What the output has no lamp for stays as it is: it may be another output's.
    """
    if "buzzer" in lamps:
        return bytes((KEEP,) * len(_TIERS)) + bytes((0 if lamps["buzzer"] == OFF else sound,))
    shown = {tier: lamps["lamp"]} if "lamp" in lamps else lamps
    states = (KEEP if name not in shown else int(shown[name] != OFF) for name in _TIERS)
    return bytes(states) + bytes((KEEP,))


def pns_frame(lamps: Mapping[str, str], *, tier: str = "red", sound: int = 1) -> bytes:
    """Return the frame that makes an NHL tower show ``lamps``: ``58 58 53 00 00 06 R A G B W Z``.

    Args:
        lamps: Tiers by name, or ``lamp`` alone, or ``buzzer`` alone.
        tier: Which tier ``lamp`` is.
        sound: The buzzer's pattern, 1 to 4.
    """
    return _NHL_SWITCH + _states(lamps, tier, sound)


def alert_digits(lamps: Mapping[str, str], *, tier: str = "red", sound: int = 1) -> str:
    """Return the six digits after ``/api/control?alert=``; parameters as of :func:`pns_frame`."""
    return "".join(str(state) for state in _states(lamps, tier, sound))


def phn_frame(lamps: Mapping[str, str], *, tier: str = "red", sound: int = 1) -> bytes:
    """Return the frame that makes a PHN tower show ``lamps``: ``57 b``; everything else goes off.

    Args:
        lamps: Tiers by name, or ``lamp`` alone, or ``buzzer`` alone.
        tier: Which tier ``lamp`` is: red, yellow or green.
        sound: The buzzer's pattern, 1 or 2.
    """
    bits = 0
    for name, shown in lamps.items():
        if shown != OFF:
            bits |= (
                (_PHN_BUZZER * sound) if name == "buzzer" else _PHN_STEADY[tier if name == "lamp" else name]
            )
    return _PHN_WRITE + bytes((bits,))


_UNITS: Final = 5
_LA6_COLOURS: Final = {
    1: (255, 0, 0),
    2: (255, 176, 0),
    3: (255, 255, 0),
    4: (0, 255, 0),
    5: (0, 255, 255),
    6: (0, 0, 255),
    7: (160, 0, 255),
    8: (255, 128, 192),
    9: (255, 255, 255),
}
"""The nine colours of an LA6 unit, as they look; the numbers are Patlite's: red, yellow, lemon, green, sky
blue, blue, purple, peach, white."""
_LA6_TIERS: Final = {"red": (0, 1), "yellow": (1, 2), "green": (2, 4)}
"""Unit and colour of a tier."""


def la6_frame(lamps: Mapping[str, str]) -> bytes:
    """Return the frame that makes an LA6 show ``lamps``: ``41 42 44 00 00 07 c1..c5 flash buzzer``.

    Args:
        lamps: ``red``, ``yellow``, ``green``: the first three units; ``rgb`` or ``lamp``: all five units in
            the nearest of the nine colours.
    """
    units = [0] * _UNITS
    for name, shown in lamps.items():
        if shown == OFF:
            continue
        if name in _LA6_TIERS:
            unit, colour = _LA6_TIERS[name]
            units[unit] = colour
        else:
            units = [nearest_la6_colour(shown)] * _UNITS
    return _LA6_DETAIL + bytes((*units, 0, 0))


def nearest_la6_colour(shown: str) -> int:
    """Return the number of the colour next to ``#rrggbb``, its brightness left out of account."""
    channels = [int(shown[at : at + 2], 16) for at in (1, 3, 5)]
    brightest = max(*channels, 1)
    full = [channel * 255 / brightest for channel in channels]

    def distance(number: int) -> float:
        return sum((one - other) ** 2 for one, other in zip(full, _LA6_COLOURS[number], strict=True))

    return min(_LA6_COLOURS, key=distance)
