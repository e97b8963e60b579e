"""What is kept, and how it lies in the file: key columns to find it by, and the whole of it as JSON."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeAlias, TypeVar

import msgspec

from queue_alert.core.alerts import Alert, AlertId, Attempt, AttemptKey, PersonName
from queue_alert.core.units import GroupName, Instant, Seconds

__all__ = [
    "ACKNOWLEDGEMENTS",
    "ALERTS",
    "ATTEMPTS",
    "HISTORY",
    "INTERVALS",
    "KINDS",
    "MODES",
    "MOST_ATTEMPTS",
    "OVERRIDES",
    "SETTINGS",
    "SILENCES",
    "Acknowledgement",
    "HistoryEntry",
    "IntervalFigures",
    "Kind",
    "Loaded",
    "Name",
    "Override",
    "PersonMode",
    "Setting",
    "Silence",
    "Value",
    "Write",
]

MOST_ATTEMPTS: Final = 5_000
"""So many attempts and acknowledgements, the newest, are held in memory and returned by a load."""

_MOST_WAITING: Final = 10_000

Value: TypeAlias = str | int | float | None
Name: TypeAlias = tuple[Value, ...]
"""A table and what is unique in it."""

_R = TypeVar("_R")


class HistoryEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to an alert."""

    at: Instant
    alert: AlertId
    generation: int
    what: str
    """One word of a small vocabulary: ``fired``, ``acknowledged``, ``resolved``."""
    words: str = ""
    by: str = ""
    """Whose doing it was; "": nobody's."""


class Acknowledgement(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody took an alert on. A second one of the same alert changes nothing, and is kept."""

    at: Instant
    alert: AlertId
    generation: int
    by: str
    how: str
    """``phone``, ``button``, ``web``."""
    until: Instant | None = None


class Silence(msgspec.Struct, frozen=True, kw_only=True):
    """Nobody is told of some alerts, until it ends. Patterns as in the configuration; all must match."""

    id: str
    until: Instant
    groups: tuple[str, ...] = ("*",)
    rules: tuple[str, ...] = ("*",)
    people: tuple[str, ...] = ("*",)
    reason: str = ""
    author: str = ""
    since: Instant = 0.0


class PersonMode(msgspec.Struct, frozen=True, kw_only=True):
    """How somebody can be reached at present, such as ``out-of-office``."""

    person: PersonName
    mode: str
    since: Instant
    until: Instant | None = None
    by: str = ""


class Override(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody covers for somebody else."""

    id: str
    person: PersonName
    """Who covers."""
    covers: PersonName
    """Whose turn it is really."""
    starts: Instant
    ends: Instant
    reason: str = ""
    author: str = ""


class IntervalFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What a group came to in an interval."""

    group: GroupName
    begins: Instant
    length_s: Seconds = 900.0
    figures: dict[str, float]
    """Offered, answered, abandoned, sums of waits and others, by name."""


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """A value by its name."""

    name: str
    value: str


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """What the file held. Each in the order it came; history and figures are asked for apart."""

    alerts: tuple[Alert, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    """The newest :data:`MOST_ATTEMPTS`. None is *dialling*."""
    interrupted: tuple[AttemptKey, ...] = ()
    """Those that were under way when the program died, now *unknown*."""
    acknowledgements: tuple[Acknowledgement, ...] = ()
    silences: tuple[Silence, ...] = ()
    modes: tuple[PersonMode, ...] = ()
    overrides: tuple[Override, ...] = ()
    settings: tuple[Setting, ...] = ()
    notes: tuple[str, ...] = ()
    """What could not be read, or had to be done, in words."""


class Kind(Generic[_R]):
    """One table: how its records become rows.

    Args:
        table: Its name.
        record: What it keeps.
        unique: Columns that name a record.
        name: Returns the values of those; ``None``: the store numbers the records.
        more: Further columns, and how their values come from a record.
        order: What to sort by when all is read.
        most: So many at most wait to be written, then the oldest is let go; ``None``: they are bounded by
            what they are.
        held: So many of them are also held in memory, to be written into a new file.
        ends: When a record is over; by default never.
        is_bulk: Whether there may be so many that not all need be in the next commit.
    """

    def __init__(
        self,
        table: str,
        record: type[_R],
        *,
        unique: tuple[str, ...],
        name: Callable[[_R], tuple[Value, ...]] | None,
        more: tuple[tuple[str, ...], Callable[[_R], tuple[Value, ...]]],
        order: str,
        most: int | None = None,
        held: int | None = None,
        ends: Callable[[_R], Instant] = lambda _record: math.inf,
        is_bulk: bool = False,
    ) -> None:
        self.table = table
        self.order = order
        self.most = most
        self.held = held
        self.ends = ends
        self.is_bulk = is_bulk
        self._decoder = msgspec.json.Decoder(record)
        self._name = name
        self._values = more[1]
        columns = (*unique, *more[0], "record")
        named = ", ".join(f'"{column}"' for column in columns)
        marks = ", ".join("?" * len(columns))
        keys = ", ".join(f'"{column}"' for column in unique)
        sets = ", ".join(f'"{column}" = excluded."{column}"' for column in columns[len(unique) :])
        # The names are constants of this module; what comes from outside is bound.
        insert = f"INSERT INTO {table} ({named}) VALUES ({marks}) ON CONFLICT ({keys}) DO "  # noqa: S608
        self.insert_new = insert + "NOTHING"
        self.upsert = insert + f"UPDATE SET {sets}"
        where = " AND ".join(f'"{column}" = ?' for column in unique)
        self.delete = f"DELETE FROM {table} WHERE {where}"  # noqa: S608

    def name(self, record: _R, number: int) -> Name:
        """Return what names a record.

        Args:
            record: It.
            number: Its number, where the store numbers them.
        """
        return (self.table, *(self._name(record) if self._name else (number,)))

    def row(self, name: Name, record: _R) -> tuple[Value, ...]:
        """Return the row of a record.

        Raises:
            UnicodeEncodeError: A text in it is not one.
        """
        return (*name[1:], *self._values(record), msgspec.json.encode(record).decode())

    def record(self, text: str) -> _R:
        """Return the record of a row.

        Raises:
            msgspec.DecodeError: It is none.
        """
        return self._decoder.decode(text)


@dataclass(frozen=True, slots=True)
class Write:
    """Something to be written.

    Attributes:
        kind: Into which table.
        name: What names it.
        record: All of it; ``None``: it is to be removed.
        is_new: Whether one of that name must not be there yet.
    """

    kind: Kind[Any]
    name: Name
    record: Any
    is_new: bool = False


def _alert(alert: AlertId) -> tuple[Value, ...]:
    return (alert.rule, alert.group)


def _attempt_name(attempt: Attempt) -> tuple[Value, ...]:
    key = attempt.key
    # Not its text: a group's name may hold a slash, and two keys would become one.
    place = (key.generation, key.cycle, key.step)
    return (*_alert(key.alert), *place, key.person, key.method, key.number)


def _alert_columns(alert: Alert) -> tuple[Value, ...]:
    return (alert.generation, alert.state, alert.cursor.next_at if alert.cursor else None)


ALERTS: Final = Kind(
    "alerts",
    Alert,
    unique=("rule", "group"),
    name=lambda alert: _alert(alert.id),
    more=(("generation", "state", "next_at"), _alert_columns),
    order="rowid",
    held=1_000_000,
)
ATTEMPTS: Final = Kind(
    "attempts",
    Attempt,
    unique=("rule", "group", "generation", "cycle", "step", "person", "method", "number"),
    name=_attempt_name,
    more=(("state", "at"), lambda attempt: (attempt.state, attempt.at)),
    order="at, rowid",
    most=_MOST_WAITING,
    held=MOST_ATTEMPTS,
)
ACKNOWLEDGEMENTS: Final = Kind(
    "acknowledgements",
    Acknowledgement,
    unique=("id",),
    name=None,
    more=(("at", "rule", "group", "generation"), lambda ack: (ack.at, *_alert(ack.alert), ack.generation)),
    order="at, id",
    most=_MOST_WAITING,
)
SILENCES: Final = Kind(
    "silences",
    Silence,
    unique=("id",),
    name=lambda silence: (silence.id,),
    more=(("until",), lambda silence: (silence.until,)),
    order="rowid",
    held=100_000,
    ends=lambda silence: silence.until,
)
MODES: Final = Kind(
    "modes",
    PersonMode,
    unique=("person",),
    name=lambda mode: (mode.person,),
    more=((), lambda _mode: ()),
    order="rowid",
    held=100_000,
)
OVERRIDES: Final = Kind(
    "overrides",
    Override,
    unique=("id",),
    name=lambda override: (override.id,),
    more=(("until",), lambda override: (override.ends,)),
    order="rowid",
    held=100_000,
    ends=lambda override: override.ends,
)
SETTINGS: Final = Kind(
    "settings",
    Setting,
    unique=("name",),
    name=lambda setting: (setting.name,),
    more=((), lambda _setting: ()),
    order="rowid",
    held=100_000,
)
HISTORY: Final = Kind(
    "history",
    HistoryEntry,
    unique=("id",),
    name=None,
    more=(
        ("at", "rule", "group", "generation"),
        lambda entry: (entry.at, *_alert(entry.alert), entry.generation),
    ),
    order="at, id",
    most=_MOST_WAITING,
    is_bulk=True,
)
INTERVALS: Final = Kind(
    "intervals",
    IntervalFigures,
    unique=("group", "begins"),
    name=lambda figures: (figures.group, figures.begins),
    more=((), lambda _figures: ()),
    order='begins, "group"',
    most=_MOST_WAITING,
    is_bulk=True,
)

KINDS: Final[tuple[Kind[Any], ...]] = (
    ATTEMPTS,
    ACKNOWLEDGEMENTS,
    ALERTS,
    SILENCES,
    MODES,
    OVERRIDES,
    SETTINGS,
    HISTORY,
    INTERVALS,
)
"""The tables, those first whose loss would be the worst: in this order a backlog is written."""
