"""The tables, and how a file of an earlier version becomes one of the present version."""

import sqlite3
from collections.abc import Sequence
from typing import Final

from queue_alert.core.errors import QueueAlertError

__all__ = ["APPLICATION_ID", "MIGRATIONS", "VERSION", "ForeignFileError", "NewerFileError", "migrate"]

APPLICATION_ID: Final = 0x51414C54
"""``QALT``, in the header of every file: what another program keeps is not touched."""

_VERSION_1: Final = (
    """
    CREATE TABLE alerts (
        rule TEXT NOT NULL, "group" TEXT NOT NULL, generation INTEGER NOT NULL, state TEXT NOT NULL,
        next_at REAL, record TEXT NOT NULL,
        PRIMARY KEY (rule, "group")
    )
    """,
    """
    CREATE TABLE attempts (
        rule TEXT NOT NULL, "group" TEXT NOT NULL, generation INTEGER NOT NULL, cycle INTEGER NOT NULL,
        step INTEGER NOT NULL, person TEXT NOT NULL, method TEXT NOT NULL, number INTEGER NOT NULL,
        state TEXT NOT NULL, at REAL NOT NULL, record TEXT NOT NULL,
        PRIMARY KEY (rule, "group", generation, cycle, step, person, method, number)
    )
    """,
    "CREATE INDEX attempts_at ON attempts (at)",
    """
    CREATE TABLE acknowledgements (
        id INTEGER PRIMARY KEY, at REAL NOT NULL, rule TEXT NOT NULL, "group" TEXT NOT NULL,
        generation INTEGER NOT NULL, record TEXT NOT NULL
    )
    """,
    "CREATE INDEX acknowledgements_at ON acknowledgements (at)",
    """
    CREATE TABLE history (
        id INTEGER PRIMARY KEY, at REAL NOT NULL, rule TEXT NOT NULL, "group" TEXT NOT NULL,
        generation INTEGER NOT NULL, record TEXT NOT NULL
    )
    """,
    "CREATE INDEX history_at ON history (at)",
    'CREATE INDEX history_of ON history (rule, "group", at)',
    "CREATE TABLE silences (id TEXT PRIMARY KEY, until REAL NOT NULL, record TEXT NOT NULL)",
    "CREATE TABLE modes (person TEXT PRIMARY KEY, record TEXT NOT NULL)",
    "CREATE TABLE overrides (id TEXT PRIMARY KEY, until REAL NOT NULL, record TEXT NOT NULL)",
    "CREATE TABLE settings (name TEXT PRIMARY KEY, record TEXT NOT NULL)",
    """
    CREATE TABLE intervals (
        "group" TEXT NOT NULL, begins REAL NOT NULL, record TEXT NOT NULL,
        PRIMARY KEY ("group", begins)
    )
    """,
    "CREATE INDEX intervals_begins ON intervals (begins)",
)

MIGRATIONS: Final[tuple[Sequence[str], ...]] = (_VERSION_1,)
"""What makes version n of version n - 1, from an empty file on. What was released is never changed."""

VERSION: Final = len(MIGRATIONS)


class NewerFileError(QueueAlertError):
    """The file is of a version that this program does not know; it was not touched."""

    def __init__(self, found: int, known: int) -> None:
        super().__init__(
            f"was written by a newer Queue Alert (version {found}, this one knows {known}) and is left "
            "as it is; install that one again, or name another file at store.path"
        )


class ForeignFileError(QueueAlertError):
    """The file is another program's; it was not touched."""

    def __init__(self) -> None:
        super().__init__(
            "is another program's database and is left as it is; name another file at store.path"
        )


def migrate(connection: sqlite3.Connection, migrations: Sequence[Sequence[str]] = MIGRATIONS) -> int:
    """Bring a file to the present version, whole or not at all.

    Args:
        connection: To the file, in autocommit mode; nothing was written through it.
        migrations: See :data:`MIGRATIONS`.

    Returns:
        Which version it had, 0 for an empty file.

    Raises:
        NewerFileError: It is of a later version.
        ForeignFileError: Another program made it.
        sqlite3.Error: It could not be done.
    """
    found, is_empty = _look(connection)
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    if application != APPLICATION_ID and not is_empty:
        raise ForeignFileError
    if found > len(migrations):
        raise NewerFileError(found, len(migrations))
    if found == len(migrations):
        return found
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        for statements in migrations[found:]:
            for statement in statements:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(migrations)}")
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    return found


def _look(connection: sqlite3.Connection) -> tuple[int, bool]:
    """Return the version of a file, and whether nothing is in it."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    tables: int = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    return version, version == 0 and tables == 0
