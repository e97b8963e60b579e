"""``[staff]``, ``[lists]``, ``[rotations]``, ``[regions]`` and ``[[overrides]]``: every mistake at once."""

import re
from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

import msgspec

from queue_alert.app.config.convert import Invalid, convert_table
from queue_alert.app.config.names import Names
from queue_alert.app.config.places import timezone_mistake
from queue_alert.app.config.problems import found, joined
from queue_alert.app.config.staff import read_staff
from queue_alert.core.alerts import PersonName
from queue_alert.core.lists import MOST_DEPTH, MOST_LEVELS, ContactList, is_too_deep, level_count, loops
from queue_alert.core.roster import Hours, Override, Region, Roster, Tier
from queue_alert.core.rotations import Rotation, ShiftUnit, instant_of
from queue_alert.core.units import Instant
from queue_alert.ports import ConfigProblem

__all__ = ["TABLES", "read_roster"]

TABLES: Final = ("staff", "lists", "rotations", "regions", "overrides")
"""The keys of the file that are read here."""

_MOST_LISTS: Final = 200
_MOST_ROTATIONS: Final = 100
_MOST_REGIONS: Final = 200
_MOST_OVERRIDES: Final = 1_000
_MOST_SHIFT: Final = {ShiftUnit.HOUR: 8_784, ShiftUnit.DAY: 366, ShiftUnit.WEEK: 53}
_NEW_YEAR_2026: Final[Instant] = 1_767_225_600.0
_LOCAL_TIME: Final = re.compile(r"(20\d\d-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?))?", re.ASCII)
_EVERY: Final = re.compile(r"(?:(\d{1,4}) )?(hour|day|week)s?", re.ASCII)

_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
_Names = Annotated[tuple[_Name, ...], msgspec.Meta(max_length=1_000)]
_Dial = _Name | Annotated[tuple[_Name, ...], msgspec.Meta(min_length=1, max_length=100)] | None


class ListTable(msgspec.Struct, frozen=True, kw_only=True):
    """``[lists.NAME]``: one of the two."""

    people: _Names | None = None
    """Everybody at once: people, rotations and lists."""
    levels: Annotated[tuple[_Names, ...], msgspec.Meta(max_length=MOST_LEVELS)] | None = None
    """L1, L2, L3: one after the other."""


class RotationTable(msgspec.Struct, frozen=True, kw_only=True):
    """``[rotations.NAME]``."""

    people: _Names
    begins: str = msgspec.field(name="from")
    every: str = "1 week"
    timezone: _Name | None = None
    """Left out: the site's."""
    hours: _Name | None = None
    """Opening hours in which it is on duty at all; left out: always."""


class RegionTable(msgspec.Struct, frozen=True, kw_only=True):
    """``[regions.NAME]``: its groups, and a speed-dial for each tier that has one."""

    groups: _Names = ()
    agent: _Dial = None
    lead: _Dial = None
    supervisor: _Dial = None
    manager: _Dial = None


class OverrideTable(msgspec.Struct, frozen=True, kw_only=True):
    """One ``[[overrides]]``."""

    cover: _Name
    covered: _Name = msgspec.field(name="for")
    begins: str = msgspec.field(name="from")
    until: str


def read_roster(
    tables: Mapping[str, Any],
    *,
    hours: Mapping[str, Hours],
    default_timezone: str,
    problems: list[ConfigProblem],
    profiles: Collection[str] | None = None,
    now: Instant = _NEW_YEAR_2026,
) -> Roster:
    """Return the roster of a file; there need be nobody in it.

    Args:
        tables: All tables of the file, as TOML gave them; those of :data:`TABLES` are read, and the names of
            ``[hours]``.
        hours: Opening hours without a mistake, by name.
        default_timezone: The site's. A mistake in it is told elsewhere.
        problems: Every mistake is added here.
        profiles: Escalation profiles that there are; ``None``: whether a mode's is there is judged elsewhere.
        now: From when on hours must open at some time.

    Returns:
        What is without a mistake.
    """
    site = "UTC" if timezone_mistake(default_timezone) else default_timezone
    reader = _Reader(Names(tables, hours, now, problems), site)
    regions = reader.regions(tables.get("regions", {}))
    return Roster(
        people=read_staff(
            tables.get("staff", {}), reader.names, regions=_keys(tables.get("regions")), profiles=profiles
        ),
        lists=reader.lists(tables.get("lists", {})),
        rotations=reader.rotations(tables.get("rotations", {})),
        regions=regions,
        overrides=reader.overrides(tables.get("overrides", []), _keys(tables.get("rotations"))),
    )


class _Reader:
    def __init__(self, names: Names, site: str) -> None:
        self.names = names
        self._site = site

    def lists(self, tables: Any) -> dict[str, ContactList]:
        lists: dict[str, ContactList] = {}
        for name, raw in self.names.tables(tables, "lists", _MOST_LISTS):
            path = joined("lists", name)
            table = convert_table(raw, ListTable, path=path, problems=self.names.problems)
            if not isinstance(table, Invalid) and (levels := self._levels(table, path)):
                lists[name] = ContactList(name=name, levels=levels)
        circles = loops(lists)
        for circle in circles:
            way = " → ".join(circle)
            self.names.add(joined("lists", circle[0]), f"goes round in a circle: {way}; take one of them out")
        for name in lists if not circles else ():
            path = joined("lists", name)
            if is_too_deep(lists, name):
                self.names.add(path, f"lists within it must be at most {MOST_DEPTH} deep")
            elif (count := level_count(lists, name)) > MOST_LEVELS:
                message = f"must come to at most {MOST_LEVELS} levels with the lists in it, got {count}"
                self.names.add(path, message)
        return lists

    def _levels(self, table: ListTable, path: str) -> tuple[tuple[str, ...], ...]:
        add = self.names.add
        if table.people is not None and table.levels is not None:
            add(
                path,
                "has both people and levels; people is for everybody at once, levels for one after another",
            )
        elif table.people is not None:
            if not table.people:
                add(f"{path}.people", 'is empty; write people = ["…"]')
            self.names.check_all(table.people, f"{path}.people", "staff", "lists", "rotations")
            return (table.people,)
        elif table.levels is not None:
            if not table.levels:
                add(f"{path}.levels", 'is empty; write levels = [["…"], ["…"]]')
            for at, level in enumerate(table.levels):
                if not level:
                    add(f"{path}.levels[{at}]", 'is empty; write ["…"] or take it out')
                self.names.check_all(level, f"{path}.levels[{at}]", "staff", "lists", "rotations")
            return table.levels
        else:
            add(path, 'is empty; write people = ["…"], or levels = [["…"], ["…"]]')
        return ()

    def rotations(self, tables: Any) -> dict[str, Rotation]:
        rotations: dict[str, Rotation] = {}
        for name, raw in self.names.tables(tables, "rotations", _MOST_ROTATIONS):
            path = joined("rotations", name)
            table = convert_table(_texts(raw), RotationTable, path=path, problems=self.names.problems)
            if isinstance(table, Invalid):
                continue
            if not table.people:
                self.names.add(f"{path}.people", 'is a rotation of nobody; write people = ["…", "…"]')
            self.names.check_all(table.people, f"{path}.people", "staff")
            timezone = self._site if table.timezone is None else table.timezone
            mistake = timezone_mistake(timezone)
            if mistake:
                self.names.add(f"{path}.timezone", mistake)
            self.names.check_hours(table.hours or "", f"{path}.hours")
            begins, shift = (
                self._wall(table.begins, f"{path}.from"),
                self._shift(table.every, f"{path}.every"),
            )
            if begins is not None and shift is not None and table.people and not mistake:
                rotations[name] = Rotation(
                    name=name,
                    people=tuple(map(PersonName, table.people)),
                    begins=begins,
                    timezone=timezone,
                    every=shift[0],
                    unit=shift[1],
                    hours=table.hours or "",
                )
        return rotations

    def regions(self, tables: Any) -> dict[str, Region]:
        regions: dict[str, Region] = {}
        for name, raw in self.names.tables(tables, "regions", _MOST_REGIONS):
            path = joined("regions", name)
            table = convert_table(raw, RegionTable, path=path, problems=self.names.problems)
            if isinstance(table, Invalid):
                continue
            dials: dict[Tier, tuple[str, ...]] = {}
            for tier in Tier:
                dial: str | tuple[str, ...] | None = getattr(table, tier)
                if isinstance(dial, str):
                    self.names.check(dial, f"{path}.{tier}", "staff", "lists", "rotations")
                    dials[tier] = (dial,)
                elif dial is not None:
                    self.names.check_all(dial, f"{path}.{tier}", "staff", "lists", "rotations")
                    dials[tier] = dial
            regions[name] = Region(name=name, groups=table.groups, dials=dials)
        return regions

    def overrides(self, tables: Any, rotations: Collection[str]) -> tuple[Override, ...]:
        if not isinstance(tables, list):
            self.names.add("overrides", f"must be a list, got {found(tables)}; write [[overrides]]")
            return ()
        if len(tables) > _MOST_OVERRIDES:
            self.names.add("overrides", f"must hold at most {_MOST_OVERRIDES} entries, got {len(tables)}")
        read = (
            self._override(raw, f"overrides[{at}]", rotations)
            for at, raw in enumerate(tables[:_MOST_OVERRIDES])
        )
        return tuple(override for override in read if override is not None)

    def _override(self, raw: Any, path: str, rotations: Collection[str]) -> Override | None:
        if not isinstance(raw, dict):
            self.names.add(path, f"must be a table, got {found(raw)}")
            return None
        table = convert_table(_texts(raw), OverrideTable, path=path, problems=self.names.problems)
        if isinstance(table, Invalid):
            return None
        self.names.check(table.cover, f"{path}.cover", "staff")
        self.names.check(table.covered, f"{path}.for", "staff", "rotations")
        if table.cover == table.covered:
            self.names.add(f"{path}.cover", f"nobody covers for themselves, got {found(table.cover)} twice")
        begins, ends = self._wall(table.begins, f"{path}.from"), self._wall(table.until, f"{path}.until")
        if begins is None or ends is None:
            return None
        zone = ZoneInfo(self._site)
        override = Override(
            cover=PersonName(table.cover),
            covered=table.covered,
            is_rotation=table.covered in rotations,
            begins_at=instant_of(begins, zone),
            ends_at=instant_of(ends, zone),
        )
        if override.begins_at >= override.ends_at:
            message = f"must be after from ({found(table.begins)}), got {found(table.until)}"
            self.names.add(f"{path}.until", message)
        return override

    def _wall(self, text: str, path: str) -> datetime | None:
        match = _LOCAL_TIME.fullmatch(text)
        try:
            if match is not None:
                return datetime.fromisoformat(f"{match[1]} {match[2] or '00:00'}")
        except ValueError:
            pass
        message = f'must be a local date and time such as "2026-01-05 08:00", got {found(text)}'
        self.names.add(path, message)
        return None

    def _shift(self, text: str, path: str) -> tuple[int, ShiftUnit] | None:
        match = _EVERY.fullmatch(text)
        if match is None:
            message = f'must be a number of hours, days or weeks such as "1 week", got {found(text)}'
            self.names.add(path, message)
            return None
        every, unit = int(match[1] or 1), ShiftUnit(match[2])
        if not 1 <= every <= _MOST_SHIFT[unit]:
            self.names.add(path, f"must be 1 to {_MOST_SHIFT[unit]} {unit}s, got {found(text)}")
            return None
        return every, unit


def _texts(table: dict[str, Any]) -> dict[str, Any]:
    """Return ``table`` with dates as text: whether they are quoted makes no difference to anybody."""
    return {key: str(value) if isinstance(value, date) else value for key, value in table.items()}


def _keys(tables: Any) -> list[str]:
    return list(tables) if isinstance(tables, dict) else []
