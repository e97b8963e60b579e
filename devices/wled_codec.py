"""What a WLED light is told, by JSON and by UDP, and what it answers: bytes and nothing else."""

from typing import Any, Final

import msgspec

from devices.kinds import OFF

__all__ = ["MOST_LEDS", "Info", "drgb_packet", "is_done", "read_info", "state_body"]

MOST_LEDS: Final = 490
"""LEDs of one packet.

Source: WLED, "UDP Realtime": DRGB carries up to 490.
"""

_DRGB: Final = 2
_FULL: Final = 255


def _channels(shown: str) -> list[int]:
    return [0, 0, 0] if shown == OFF else [int(shown[at : at + 2], 16) for at in (1, 3, 5)]


def state_body(shown: str, brightness: int) -> bytes:
    """Return the body of ``POST /json/state``.

    ``tt`` 0: no fading, which would blur a flash. ``fx`` 0: the steady effect; the rhythm is ours.

    Args:
        shown: ``"off"`` or ``"#rrggbb"``.
        brightness: 1 to 255.

    Source: WLED, "JSON API".
    """
    if shown == OFF:
        return msgspec.json.encode({"on": False, "tt": 0})
    segment = {"fx": 0, "col": [_channels(shown)]}
    return msgspec.json.encode({"on": True, "bri": brightness, "tt": 0, "seg": [segment]})


def is_done(body: bytes) -> bool:
    """Return whether a reply to :func:`state_body` says that it was done: ``{"success": true}``."""
    reply = _table(body)
    return reply.get("success") is True


def drgb_packet(shown: str, *, leds: int, revert_s: int, brightness: int) -> bytes:
    """Return a packet that makes every LED show ``shown``.

    Args:
        shown: ``"off"`` or ``"#rrggbb"``.
        leds: How many, 1 to 490.
        revert_s: Seconds without a packet after which the light does again what it did before, 1 to 254.
        brightness: 1 to 255; the light's own is applied besides.

    Source: WLED, "UDP Realtime": byte 0 is the protocol (2: DRGB), byte 1 the seconds, then R, G, B of each
        LED.
    """
    colour = bytes(_scaled(channel, brightness) for channel in _channels(shown))
    return bytes((_DRGB, revert_s)) + colour * leds


def _scaled(channel: int, brightness: int) -> int:
    # What is lit stays lit, however dim.
    return max(channel * brightness // _FULL, 1) if channel else 0


class Info(msgspec.Struct, frozen=True, kw_only=True):
    """What ``GET /json/info`` says of interest."""

    is_live: bool
    """Whether it takes realtime packets right now; true where it does not say."""


def read_info(body: bytes) -> Info | None:
    """Return what a light says about itself; ``None``: this is no WLED."""
    info = _table(body)
    if not isinstance(info.get("ver"), str):
        return None
    return Info(is_live=info.get("live") is not False)


def _table(body: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
