"""Which events a client of the manager interface gets: the classes it asked for, and its filters.

Source: Asterisk 22, main/manager.c (``strings_to_mask``, ``manager_add_filter``, ``match_filter``);
manager.conf, ``eventfilter``.
"""

import re
from typing import Final

__all__ = ["CLASSES", "FILTER_LIMIT", "Filters", "read_classes"]

_CLASSES: Final = """
system call log verbose agent user config command dtmf reporting cdr dialplan originate agi cc aoc test
security message
"""
CLASSES: Final = frozenset(_CLASSES.split())
"""All classes that events and actions can belong to."""

FILTER_LIMIT: Final = 100
"""How many filters one client may have."""

_ALL: Final = frozenset({"all", "on", "yes", "true", "y", "t", "1", "-1"})
_NONE: Final = frozenset({"off", "no", "false", "n", "f", "0", "none"})
# What a plain text may hold; any other mark belongs to a pattern.
_PLAIN: Final = re.compile(r"!?(?P<text>[\w:/@<> ,-]+)(?:\.\*)?", re.ASCII)


def read_classes(text: str) -> frozenset[str] | None:
    """Return the classes that ``on``, ``off`` or ``system,agent`` names; ``None`` for an empty text."""
    if not text:
        return None
    if text.lower() in _NONE:
        return frozenset()
    if text.lower() in _ALL:
        return CLASSES
    names = {name.strip() for name in text.lower().split(",")}
    return CLASSES if "all" in names else CLASSES & names


class Filters:
    """The filters of one client.

    One that is plain text, such as ``Event: QueueCallerJoin`` or ``!Channel: Local/.*``, is honoured: an
    event must (``!``: must not) have it somewhere. Any other regular expression is taken as matching
    everything where it includes, and nothing where it excludes: rather too much is sent than too little.
    """

    def __init__(self) -> None:
        self._wanted: list[bytes] = []
        self._unwanted: list[bytes] = []
        self._count = 0

    def add(self, text: str) -> str:
        """Add a filter; return what is wrong with it, "" if nothing is."""
        if not text.removeprefix("!"):
            return "Filter was formatted incorrectly.  Check the syntax of the filter given."
        if self._count >= FILTER_LIMIT:
            return "Internal Error. Failed adding filter."
        self._count += 1
        plain = _PLAIN.fullmatch(text)
        if plain is None:
            if not text.startswith("!"):
                self._wanted.append(b"")
            return ""
        (self._unwanted if text.startswith("!") else self._wanted).append(plain["text"].encode())
        return ""

    def let_through(self, data: bytes) -> bool:
        """Return whether an event, as it goes over the wire, is sent."""
        if self._wanted and not any(text in data for text in self._wanted):
            return False
        return not any(text in data for text in self._unwanted)
