"""Contact lists: everybody at once, or one level after the other, of people, rotations and other lists.

Lists may hold lists. A loop, or levels without end, is a mistake of the configuration, found by what is here.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

__all__ = [
    "MOST_DEPTH",
    "MOST_LEVELS",
    "ContactList",
    "is_too_deep",
    "level_count",
    "level_name",
    "level_of",
    "loops",
]

MOST_DEPTH: Final = 20
"""A list in a list in a list … so deep."""

MOST_LEVELS: Final = 100
"""Levels of a list, those of the lists in it counted too."""

_LEVEL: Final = re.compile(r"(.+)/L([1-9]\d{0,2})", re.ASCII | re.DOTALL)


class ContactList(msgspec.Struct, frozen=True, kw_only=True):
    """Whom to tell: a distribution list has one level, a prioritised one L1, L2, L3."""

    name: str
    levels: tuple[tuple[str, ...], ...]
    """Names of people, rotations or lists. The levels of a list within one go side by side with the rest."""


def loops(lists: Mapping[str, ContactList]) -> list[tuple[str, ...]]:
    """Return every loop once, as short as it can be, beginning and ending with the same list.

    Of loops through the same lists only one is returned. Lists that are not there are passed over.
    """
    found: dict[frozenset[str], tuple[str, ...]] = {}
    for name in lists:
        loop = _way_back(lists, name)
        if loop:
            found.setdefault(frozenset(loop), loop)
    return list(found.values())


def _way_back(lists: Mapping[str, ContactList], start: str) -> tuple[str, ...]:
    ways: dict[str, tuple[str, ...]] = {start: (start,)}
    queue = [start]
    for name in queue:
        for within in _within(lists, name):
            if within == start:
                return (*ways[name], start)
            if within not in ways:
                ways[within] = (*ways[name], within)
                queue.append(within)
    return ()


def is_too_deep(lists: Mapping[str, ContactList], name: str) -> bool:
    """Return whether lists are nested in it more than :data:`MOST_DEPTH` deep, itself counted."""
    layer = {name} & lists.keys()
    for _ in range(MOST_DEPTH):
        layer = {within for each in layer for within in _within(lists, each)}
    return bool(layer)


def level_count(lists: Mapping[str, ContactList], name: str) -> int:
    """Return how many levels a list has, those of the lists in it counted too.

    Args:
        lists: All of them; this one is in no loop and not too deep.
        name: Of one of them.
    """
    counts: dict[str, int] = {}

    def count(of: str) -> int:
        if of not in lists:
            return 1
        if of not in counts:
            counts[of] = sum(max([1, *map(count, level)]) for level in lists[of].levels)
        return counts[of]

    return count(name)


def _within(lists: Mapping[str, ContactList], name: str) -> Iterator[str]:
    return (entry for level in lists[name].levels for entry in level if entry in lists)


def level_name(name: str, level: int) -> str:
    """Return what one level of a list is called: ``escalation/L2``."""
    return f"{name}/L{level}"


def level_of(name: str) -> tuple[str, int]:
    """Return the list and the level, from 1, that a name of :func:`level_name` means; else "" and 0."""
    match = _LEVEL.fullmatch(name)
    return (match[1], int(match[2])) if match else ("", 0)
