"""What the names in the roster's tables mean, and what is wrong with those that mean nothing."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from queue_alert.app.config.groups import name_mistake
from queue_alert.app.config.problems import did_you_mean, found, joined
from queue_alert.core.roster import Hours
from queue_alert.core.units import Instant
from queue_alert.ports import ConfigProblem

__all__ = ["Names"]

_KINDS: Final = {"staff": "a person", "lists": "a list", "rotations": "a rotation"}


class Names:
    """People, lists and rotations by name, also those whose own tables have mistakes, and opening hours.

    Args:
        tables: Those of the file.
        hours: Opening hours without a mistake.
        now: From when on hours must open at some time.
        problems: Every mistake is added here.

    Attributes:
        problems: The same list.
    """

    def __init__(
        self,
        tables: Mapping[str, Any],
        hours: Mapping[str, Hours],
        now: Instant,
        problems: list[ConfigProblem],
    ) -> None:
        self.problems = problems
        self._hours = hours
        self._now = now
        self._names = {kind: _keys(tables.get(kind)) for kind in _KINDS}
        # Hours with a mistake of their own are there all the same.
        self._known_hours = {*hours, *_keys(tables.get("hours")), "always"}
        first: dict[str, str] = {}
        for kind, names in self._names.items():
            for name in names:
                path = joined(kind, name)
                if first.setdefault(name, path) != path:
                    self.add(path, f"the name is that of {first[name]} too; choose another")

    def add(self, path: str, message: str) -> None:
        """Add a mistake."""
        self.problems.append(ConfigProblem(path=path, message=message))

    def tables(self, tables: Any, path: str, most: int) -> list[tuple[str, dict[str, Any]]]:
        """Return the tables below ``path`` by name, at most ``most``, and say what is wrong with them."""
        if not isinstance(tables, dict):
            self.add(path, f"must be a table, got {found(tables)}")
            return []
        if len(tables) > most:
            self.add(path, f"must hold at most {most} entries, got {len(tables)}")
        kept: list[tuple[str, dict[str, Any]]] = []
        for name, table in list(tables.items())[:most]:
            where = joined(path, name)
            if mistake := name_mistake(name):
                self.add(where, mistake)
            if isinstance(table, dict):
                kept.append((name, table))
            else:
                self.add(where, f"must be a table, got {found(table)}")
        return kept

    def check(self, name: str, path: str, *kinds: str) -> None:
        """Say if ``name`` is none of a kind: ``staff``, ``lists``, ``rotations``."""
        if not any(name in self._names[kind] for kind in kinds):
            known = [each for kind in kinds for each in self._names[kind]]
            what = " or ".join(_KINDS[kind] for kind in kinds)
            where = " or ".join(f"[{kind}]" for kind in kinds)
            hint = did_you_mean(name, known) or f"; write one of {where}"
            self.add(path, f"must be the name of {what}, got {found(name)}{hint}")

    def check_all(self, names: Iterable[str], path: str, *kinds: str) -> None:
        """Say which of a list's names are none of a kind."""
        for at, name in enumerate(names):
            self.check(name, f"{path}[{at}]", *kinds)

    def check_hours(self, name: str, path: str) -> None:
        """Say if there are no such opening hours, or if they never open; "" is always."""
        if not name:
            return
        if name not in self._known_hours:
            known = sorted(self._known_hours)
            hint = did_you_mean(name, known) or f"; known are: {', '.join(known)}"
            self.add(path, f"must be a name in [hours], got {found(name)}{hint}")
            return
        hours = self._hours.get(name)
        if hours is not None and not hours.is_open(self._now) and hours.next_change(self._now) is None:
            self.add(path, f"the hours {found(name)} never open; give them a day or leave this out")


def _keys(tables: Any) -> dict[str, None]:
    return dict.fromkeys(tables) if isinstance(tables, dict) else {}
