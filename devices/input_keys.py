"""The keys of keyboards, keypads and button boxes, by the names that Linux gives them.

Source: Linux include/uapi/linux/input-event-codes.h.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

__all__ = ["KEYS", "NAMES"]


def _row(first: int, names: str, prefix: str = "KEY_") -> dict[str, int]:
    """Return numbers by name for names whose numbers follow each other; ``-`` leaves one out."""
    return {prefix + name: first + at for at, name in enumerate(names.split()) if name != "-"}


KEYS: Final[Mapping[str, int]] = MappingProxyType(
    _row(1, "ESC 1 2 3 4 5 6 7 8 9 0 MINUS EQUAL BACKSPACE TAB")
    | _row(16, "Q W E R T Y U I O P LEFTBRACE RIGHTBRACE ENTER LEFTCTRL")
    | _row(30, "A S D F G H J K L SEMICOLON APOSTROPHE GRAVE LEFTSHIFT BACKSLASH")
    | _row(44, "Z X C V B N M COMMA DOT SLASH RIGHTSHIFT KPASTERISK LEFTALT SPACE CAPSLOCK")
    | _row(59, "F1 F2 F3 F4 F5 F6 F7 F8 F9 F10 NUMLOCK SCROLLLOCK")
    | _row(71, "KP7 KP8 KP9 KPMINUS KP4 KP5 KP6 KPPLUS KP1 KP2 KP3 KP0 KPDOT - - 102ND F11 F12")
    | _row(95, "KPJPCOMMA KPENTER RIGHTCTRL KPSLASH SYSRQ RIGHTALT - HOME UP PAGEUP LEFT RIGHT END DOWN")
    | _row(109, "PAGEDOWN INSERT DELETE - MUTE VOLUMEDOWN VOLUMEUP POWER KPEQUAL KPPLUSMINUS PAUSE - KPCOMMA")
    | _row(125, "LEFTMETA RIGHTMETA COMPOSE STOP")
    | _row(139, "MENU CALC")
    | _row(148, "PROG1 PROG2")
    | _row(155, "MAIL - - BACK FORWARD - - - NEXTSONG PLAYPAUSE PREVIOUSSONG STOPCD")
    | _row(172, "HOMEPAGE REFRESH")
    | _row(179, "KPLEFTPAREN KPRIGHTPAREN - - F13 F14 F15 F16 F17 F18 F19 F20 F21 F22 F23 F24")
    | _row(202, "PROG3 PROG4")
    | _row(256, "0 1 2 3 4 5 6 7 8 9", "BTN_")
    | _row(272, "LEFT RIGHT MIDDLE", "BTN_")
    | _row(288, "TRIGGER THUMB THUMB2", "BTN_")
    | _row(304, "SOUTH EAST - NORTH WEST - - - - - SELECT START", "BTN_")
    | _row(352, "OK SELECT - CLEAR")
    | _row(398, "RED GREEN YELLOW BLUE")
    | _row(512, "0 1 2 3 4 5 6 7 8 9 STAR POUND A B C D", "KEY_NUMERIC_")
)
"""Numbers by name."""

NAMES: Final[Mapping[int, str]] = MappingProxyType({code: name for name, code in KEYS.items()})
"""Names by number; each number has one here."""
