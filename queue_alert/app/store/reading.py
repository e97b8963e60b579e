"""Reads the file: all at the start, some on request, and what can still be had of one that is damaged."""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from queue_alert.app.store.database import Connect
from queue_alert.app.store.records import (
    ACKNOWLEDGEMENTS,
    ALERTS,
    ATTEMPTS,
    HISTORY,
    INTERVALS,
    MODES,
    MOST_ATTEMPTS,
    OVERRIDES,
    SETTINGS,
    SILENCES,
    HistoryEntry,
    IntervalFigures,
    Kind,
    Loaded,
)
from queue_alert.core.alerts import AttemptState
from queue_alert.core.units import Instant

__all__ = ["interrupted", "read_all", "read_history", "read_intervals", "salvage"]

_R = TypeVar("_R")

_WAYS: Final = (
    ("mode=ro", ""),
    # Without the file of shared memory, for which a full disk has no room.
    ("mode=rw", "PRAGMA locking_mode = EXCLUSIVE"),
    # Without its journal, as a last resort: it may be some commits older.
    ("mode=ro&immutable=1", ""),
)


def read_all(connection: sqlite3.Connection) -> Loaded:
    """Return all that is needed at the start.

    Raises:
        sqlite3.Error: It cannot be read.
    """
    notes: list[str] = []

    def read(kind: Kind[_R], most: int = -1) -> tuple[_R, ...]:
        return _newest(connection, kind, most, notes)

    return _loaded(read, notes)


def salvage(path: Path, connect: Connect) -> Loaded | None:
    """Return what can still be read of a file that cannot be opened or is damaged, table by table.

    Args:
        path: It.
        connect: Opens connections.

    Returns:
        ``None``: nothing at all.
    """
    for query, pragma in _WAYS:
        with suppress(sqlite3.Error):
            connection = connect(f"{path.absolute().as_uri()}?{query}")
            try:
                connection.execute(pragma)
                if (loaded := _salvage(connection)) is not None:
                    return loaded
            finally:
                connection.close()
    return None


def read_history(connection: sqlite3.Connection, since: Instant, most: int) -> list[HistoryEntry]:
    """Return what happened since an instant, the newest ``most`` of it, the oldest first."""
    return _since(connection, HISTORY, "at", since, most)


def read_intervals(connection: sqlite3.Connection, since: Instant, most: int) -> list[IntervalFigures]:
    """Return the figures of intervals that began since an instant: the newest ``most``, the oldest first."""
    return _since(connection, INTERVALS, "begins", since, most)


def interrupted(loaded: Loaded, now: Instant) -> Loaded:
    """Return it with the attempts that were under way called *unknown*."""
    under_way = tuple(attempt.key for attempt in loaded.attempts if attempt.state is AttemptState.DIALLING)
    attempts = tuple(
        msgspec.structs.replace(
            attempt,
            state=AttemptState.UNKNOWN,
            ended_at=max(now, attempt.at),
            detail="the program ended during it",
        )
        if attempt.state is AttemptState.DIALLING
        else attempt
        for attempt in loaded.attempts
    )
    return msgspec.structs.replace(loaded, attempts=attempts, interrupted=under_way)


def _loaded(read: Callable[..., Any], notes: list[str]) -> Loaded:
    return Loaded(
        alerts=read(ALERTS),
        attempts=read(ATTEMPTS, MOST_ATTEMPTS),
        acknowledgements=read(ACKNOWLEDGEMENTS, MOST_ATTEMPTS),
        silences=read(SILENCES),
        modes=read(MODES),
        overrides=read(OVERRIDES),
        settings=read(SETTINGS),
        notes=tuple(notes),
    )


def _salvage(connection: sqlite3.Connection) -> Loaded | None:
    notes: list[str] = []
    failed = 0

    def read(kind: Kind[_R], most: int = -1) -> tuple[_R, ...]:
        nonlocal failed
        try:
            return _newest(connection, kind, most, notes)
        except sqlite3.Error as error:
            failed += 1
            notes.append(f"{kind.table}: could not be read: {error}")
            return ()

    loaded = _loaded(read, notes)
    return None if failed == len(_READ) else loaded


_READ: Final = (ALERTS, ATTEMPTS, ACKNOWLEDGEMENTS, SILENCES, MODES, OVERRIDES, SETTINGS)


def _newest(connection: sqlite3.Connection, kind: Kind[_R], most: int, notes: list[str]) -> tuple[_R, ...]:
    falling = ", ".join(f"{column} DESC" for column in kind.order.split(", "))
    rows = connection.execute(
        f"SELECT record FROM {kind.table} ORDER BY {falling} LIMIT ?",  # noqa: S608 (constants)
        (most,),
    ).fetchall()
    return tuple(_records(kind, rows, notes))


def _since(
    connection: sqlite3.Connection, kind: Kind[_R], column: str, since: Instant, most: int
) -> list[_R]:
    falling = ", ".join(f"{name} DESC" for name in kind.order.split(", "))
    rows = connection.execute(
        f"SELECT record FROM {kind.table} WHERE {column} >= ? ORDER BY {falling} LIMIT ?",  # noqa: S608 (constants)
        (since, most),
    ).fetchall()
    return _records(kind, rows, [])


def _records(kind: Kind[_R], rows: Sequence[tuple[Any]], notes: list[str]) -> list[_R]:
    """Return the records of rows that come newest first, the oldest first."""
    records: list[_R] = []
    unreadable = 0
    for (text,) in reversed(rows):
        try:
            records.append(kind.record(text))
        except (msgspec.DecodeError, TypeError, UnicodeError):
            unreadable += 1
    if unreadable:
        notes.append(f"{kind.table}: {unreadable:,} could not be understood and passed over")
    return records
