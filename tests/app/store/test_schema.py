import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from queue_alert.app.store.schema import (
    APPLICATION_ID,
    MIGRATIONS,
    VERSION,
    ForeignFileError,
    NewerFileError,
    migrate,
)

DUMPS = Path(__file__).parent / "versions"
LATER = (
    *MIGRATIONS,
    ("ALTER TABLE alerts ADD COLUMN note TEXT NOT NULL DEFAULT ''",),
    ("CREATE TABLE notes (text TEXT)", "INSERT INTO notes SELECT rule FROM alerts"),
)


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    """An empty file."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    yield connection
    connection.close()


def schema(connection: sqlite3.Connection) -> list[str]:
    rows = connection.execute("SELECT sql FROM sqlite_schema WHERE sql NOT NULL ORDER BY name").fetchall()
    return [" ".join(row[0].split()) for row in rows]


def test_an_empty_file_becomes_one_of_the_present_version(connection: sqlite3.Connection) -> None:
    assert migrate(connection) == 0
    assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)
    assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    assert migrate(connection) == VERSION


@pytest.mark.parametrize("version", range(1, VERSION + 1))
def test_a_file_of_every_version_becomes_one_of_the_present(
    connection: sqlite3.Connection, version: int
) -> None:
    """A dump is made when a version is released, and stays as it is."""
    connection.executescript((DUMPS / f"{version}.sql").read_text(encoding="utf-8"))
    assert migrate(connection) == version
    new = sqlite3.connect(":memory:", isolation_level=None)
    migrate(new)
    assert schema(connection) == schema(new)
    new.close()


def test_what_a_version_1_file_holds_is_still_there_some_versions_later(
    connection: sqlite3.Connection,
) -> None:
    connection.executescript((DUMPS / "1.sql").read_text(encoding="utf-8"))
    assert migrate(connection, LATER) == 1
    assert connection.execute('SELECT rule, "group", generation, note FROM alerts').fetchall() == [
        ("long-wait", "sales", 3, "")
    ]
    assert connection.execute("SELECT text FROM notes").fetchall() == [("long-wait",)]
    assert connection.execute("PRAGMA user_version").fetchone() == (3,)


def test_a_migration_that_fails_leaves_the_file_as_it_was(connection: sqlite3.Connection) -> None:
    connection.executescript((DUMPS / "1.sql").read_text(encoding="utf-8"))
    before = schema(connection)
    broken = (*LATER, ("CREATE TABLE more (text TEXT)", "SELECT nonsense FROM nowhere"))
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, broken)
    assert schema(connection) == before
    assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    assert not connection.in_transaction


def test_a_newer_file_is_refused(connection: sqlite3.Connection) -> None:
    migrate(connection, LATER)
    before = schema(connection)
    with pytest.raises(NewerFileError, match=r"newer Queue Alert \(version 3, this one knows 1\)"):
        migrate(connection)
    assert schema(connection) == before


@pytest.mark.parametrize("statement", ["CREATE TABLE songs (name)", "PRAGMA user_version = 1"])
def test_another_programs_file_is_refused(connection: sqlite3.Connection, statement: str) -> None:
    connection.execute(statement)
    with pytest.raises(ForeignFileError):
        migrate(connection)
