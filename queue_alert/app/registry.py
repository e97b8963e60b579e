"""Finds drivers by entry point, loads them when asked for and says clearly what is wrong with one."""

from collections.abc import Callable, Iterable
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final, TypeVar

from queue_alert.core.errors import QueueAlertError

__all__ = [
    "BUTTONS",
    "COMMANDS",
    "ENGINES",
    "FEEDS",
    "OUTPUTS",
    "PUBLISHERS",
    "RECORDINGS",
    "ROUTES",
    "TRANSLATORS",
    "BrokenDriverError",
    "Registry",
    "UnknownDriverError",
]

T = TypeVar("T")

FEEDS: Final = "queue_alert.feeds"
TRANSLATORS: Final = "queue_alert.translators"
RECORDINGS: Final = "queue_alert.recordings"
OUTPUTS: Final = "queue_alert.outputs"
ENGINES: Final = "queue_alert.engines"
BUTTONS: Final = "queue_alert.buttons"
PUBLISHERS: Final = "queue_alert.publishers"
ROUTES: Final = "queue_alert.routes"
COMMANDS: Final = "queue_alert.commands"

_KINDS: Final = {
    FEEDS: "feed driver",
    TRANSLATORS: "translator",
    RECORDINGS: "recording format",
    OUTPUTS: "output driver",
    ENGINES: "output engine",
    BUTTONS: "button driver",
    PUBLISHERS: "publisher driver",
    ROUTES: "page",
    COMMANDS: "command",
}


class UnknownDriverError(QueueAlertError, LookupError):
    """No installed package brings a driver of that name; the text lists those that are known."""


class BrokenDriverError(QueueAlertError):
    """A driver is installed but cannot be used: it fails to load, is of the wrong kind or comes twice."""


@cache
def _installed(group: str) -> tuple[EntryPoint, ...]:
    # Reading every package's metadata takes milliseconds; nothing is installed while we run.
    return tuple(entry_points(group=group))


class Registry:
    """The installed drivers.

    Args:
        find: Returns the entry points of a group, in any order; the installed ones by default.
    """

    def __init__(self, find: Callable[[str], Iterable[EntryPoint]] = _installed) -> None:
        self._find = find

    def names(self, group: str) -> tuple[str, ...]:
        """Return the names known in an entry-point group, sorted, without loading anything."""
        return tuple(sorted({point.name for point in self._find(group)}))

    def load(self, group: str, name: str, expected: type[T]) -> T:
        """Return the object an entry point names.

        Args:
            group: Entry-point group, one of this module's constants.
            name: The driver's name.
            expected: Class the object must be an instance of.

        Raises:
            UnknownDriverError: Nothing of that name is installed.
            BrokenDriverError: It cannot be loaded, is no ``expected`` or is brought by two packages.
        """
        found = self._load(group, name)
        if not isinstance(found, expected):
            raise BrokenDriverError(
                f"{_KINDS[group]} {_quoted(name)} cannot be used: {self._point(group, name).value} "
                f"is no {expected.__name__}"
            )
        return found

    def load_any(self, group: str, name: str) -> Any:
        """Return the object an entry point names, whatever it is (a class, an object of a protocol).

        Raises:
            UnknownDriverError: Nothing of that name is installed.
            BrokenDriverError: It cannot be loaded or is brought by two packages.
        """
        return self._load(group, name)

    def _load(self, group: str, name: str) -> Any:
        point = self._point(group, name)
        try:
            return point.load()
        except (ImportError, AttributeError, SyntaxError) as exc:
            raise BrokenDriverError(
                f"{_KINDS[group]} {_quoted(name)} cannot be loaded from {point.value}{_from(point)}: {exc}"
            ) from exc

    def _point(self, group: str, name: str) -> EntryPoint:
        points = [point for point in self._find(group) if point.name == name]
        if not points:
            known = ", ".join(self.names(group)) or "none"
            raise UnknownDriverError(f"no {_KINDS[group]} {_quoted(name)} is installed; known are: {known}")
        if len({point.value for point in points}) > 1:
            owners = " and ".join(sorted(_owner(point) for point in points))
            raise BrokenDriverError(
                f"{_KINDS[group]} {_quoted(name)} is brought twice, by {owners}; uninstall one of them"
            )
        return points[0]


def _quoted(name: str) -> str:
    return f'"{name}"'


def _owner(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else point.value


def _from(point: EntryPoint) -> str:
    return f" (package {point.dist.name})" if point.dist is not None else ""
