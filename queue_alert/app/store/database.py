"""The connection to the file: how it is opened, what its errors mean, what becomes of a damaged one."""

import errno
import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Final, TypeAlias

from queue_alert.app.store.schema import ForeignFileError, NewerFileError, migrate
from queue_alert.core.errors import QueueAlertError
from queue_alert.core.units import Instant, Seconds

__all__ = [
    "MOST_SET_ASIDE",
    "Connect",
    "Database",
    "StoreTrouble",
    "Trouble",
    "connect",
    "set_aside",
    "trouble_of",
]

MOST_SET_ASIDE: Final = 10
"""With so many damaged files beside it, no new one is begun: the disk is to be replaced."""

_BUSY_S: Final[Seconds] = 1.0
"""So long another program that holds the file is waited for."""

_JOURNALS: Final = ("-wal", "-shm")

Connect: TypeAlias = Callable[[str], sqlite3.Connection]
"""Opens a connection to a URI, in autocommit mode."""


class Trouble(StrEnum):
    """What is wrong with the file."""

    FULL = "full"
    BROKEN = "broken"
    FORBIDDEN = "forbidden"
    LOCKED = "locked"
    DAMAGED = "damaged"
    GONE = "gone"
    """It was deleted, or another one put in its place."""
    REFUSED = "refused"
    """A newer version's, or another program's."""


class StoreTrouble(QueueAlertError):  # noqa: N818 (a state of the disk more than an error)
    """The file cannot be used now.

    Attributes:
        kind: What is wrong.
    """

    def __init__(self, kind: Trouble, words: str) -> None:
        super().__init__(words)
        self.kind = kind


_FULL: Final = (Trouble.FULL, "the disk is full; make room")
_BROKEN: Final = (Trouble.BROKEN, "the disk cannot be read or written; look at it with dmesg")
_FORBIDDEN: Final = (
    Trouble.FORBIDDEN,
    "it may not be written; look at its owner, and whether the disk is mounted read-only",
)
_NO_FOLDER: Final = (
    Trouble.FORBIDDEN,
    "it cannot be opened; is its folder there, and may this user write to it?",
)
_LOCKED: Final = (Trouble.LOCKED, "another program holds it locked")

_BY_CODE: Final = {
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_IOERR: _BROKEN,
    sqlite3.SQLITE_READONLY: _FORBIDDEN,
    sqlite3.SQLITE_PERM: _FORBIDDEN,
    sqlite3.SQLITE_CANTOPEN: _NO_FOLDER,
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_LOCKED: _LOCKED,
    sqlite3.SQLITE_CORRUPT: (Trouble.DAMAGED, "it is damaged"),
    sqlite3.SQLITE_NOTADB: (Trouble.DAMAGED, "it is damaged: not a database"),
}
_BY_NUMBER: Final = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EACCES: _FORBIDDEN,
    errno.EPERM: _FORBIDDEN,
    errno.EROFS: _FORBIDDEN,
    errno.ENOENT: _NO_FOLDER,
    errno.ENOTDIR: _NO_FOLDER,
}

_EXTENDED: Final = 0xFF
"""The primary code is in the lowest byte. Source: sqlite.org/rescode.html."""


def trouble_of(error: Exception, path: Path) -> StoreTrouble:
    """Return what an error of SQLite or of the system means for the file at ``path``."""
    if isinstance(error, StoreTrouble):
        return error
    if isinstance(error, NewerFileError | ForeignFileError):
        return StoreTrouble(Trouble.REFUSED, f"{path} {error}")
    if isinstance(error, OSError):
        kind, words = _BY_NUMBER.get(error.errno or 0, _BROKEN)
        found = error.strerror or str(error)
    else:
        kind, words = _BY_CODE.get(getattr(error, "sqlite_errorcode", 0) & _EXTENDED, _BROKEN)
        found = str(error)
    # Where it is not plain what is wrong, what was said may tell more to whoever looks.
    more = f" ({found})" if kind is Trouble.BROKEN else ""
    return StoreTrouble(kind, f"{path}: {words}{more}")


def connect(uri: str) -> sqlite3.Connection:
    """Open a connection in autocommit mode.

    Args:
        uri: A ``file:`` URI.

    Raises:
        sqlite3.Error: It cannot be opened.
    """
    return sqlite3.connect(uri, uri=True, timeout=_BUSY_S, isolation_level=None)


class Database:
    """The open file; of one thread.

    Args:
        path: It; made if it is not there.
        connect: Opens connections.

    Attributes:
        is_new: Whether nothing was in it.
        identity: Which file it is, whatever is at its path later.

    Raises:
        StoreTrouble: It cannot be used.
    """

    def __init__(self, path: Path, connect: Connect = connect) -> None:
        self.path = path
        self._connect = connect
        self._connection: sqlite3.Connection | None = None
        self._lock: int | None = None
        try:
            self._lock = _lock(path)
            _make(path)
            self._connection = self._open()
            self.identity = _identity(path)
        except (sqlite3.Error, OSError, QueueAlertError) as error:
            self.close()
            raise trouble_of(error, path) from error

    @property
    def connection(self) -> sqlite3.Connection:
        """The connection."""
        if self._connection is None:
            raise StoreTrouble(Trouble.BROKEN, f"{self.path}: it is closed")
        return self._connection

    @contextmanager
    def transaction(self, *, is_durable: bool) -> Iterator[sqlite3.Connection]:
        """Do all of something or nothing.

        Args:
            is_durable: Whether it, and all before it, is on the disk when this ends.

        Raises:
            StoreTrouble: It could not be done. Whether it was may not be known; the file is to be closed.
        """
        connection = self.connection
        try:
            if _identity(self.path) != self.identity:
                raise StoreTrouble(Trouble.GONE, f"{self.path}: it was deleted or replaced while in use")
            connection.execute(f"PRAGMA synchronous = {'FULL' if is_durable else 'NORMAL'}")
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            raise trouble_of(error, self.path) from error

    def rescue(self, now: Instant) -> str:
        """Write the file anew that was deleted or replaced: what is open here still has all of it.

        Args:
            now: The present instant, for the name of one that was put in its place.

        Returns:
            What was done, in words. The file is closed then.

        Raises:
            StoreTrouble: It could not be done.
        """
        copy = self.path.with_name(f"{self.path.name}.rescued")
        try:
            copy.unlink(missing_ok=True)
            _make(copy)
            target = self._connect(f"{copy.absolute().as_uri()}?mode=rw")
            try:
                self.connection.backup(target)
            finally:
                target.close()
            # Before the closing: SQLite removes a journal by its name, which may be the other file's by now.
            aside = set_aside(self.path, "replaced", now) if self.path.exists() else None
            self.close()
            for ending in _JOURNALS:
                self.path.with_name(self.path.name + ending).unlink(missing_ok=True)
            copy.replace(self.path)
        except (sqlite3.Error, OSError) as error:
            raise trouble_of(error, self.path) from error
        where = f"; what was in its place is {aside}" if aside else ""
        return f"{self.path}: it was deleted or replaced while in use, and was written anew{where}"

    def close(self) -> None:
        """Close it; never raises."""
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _open(self) -> sqlite3.Connection:
        connection = self._connect(f"{self.path.absolute().as_uri()}?mode=rw")
        try:
            # Before anything is written, also to the header: a newer version's file is not touched.
            self.is_new = _prepare(connection)
            _check(connection, self.path)
        except BaseException:
            connection.close()
            raise
        return connection


def _prepare(connection: sqlite3.Connection) -> bool:
    """Make a file one of the present version, in WAL mode; return whether nothing was in it.

    Raises:
        QueueAlertError: It is not ours to touch.
        sqlite3.Error: It could not be done.
    """
    connection.execute("PRAGMA synchronous = FULL")
    found = migrate(connection)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA journal_size_limit = 4194304")
    return found == 0


def _check(connection: sqlite3.Connection, path: Path) -> None:
    """Look through the whole file: better now than in the middle of an alert.

    Raises:
        StoreTrouble: It is damaged.
        sqlite3.Error: It cannot be read.
    """
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise StoreTrouble(Trouble.DAMAGED, f"{path}: it is damaged ({' '.join(str(found).split())})")


def set_aside(path: Path, why: str, now: Instant) -> Path | None:
    """Move a file, and its journals, to a name with a date; nothing is ever deleted.

    Args:
        path: It.
        why: For its new name: ``damaged``.
        now: For its new name.

    Returns:
        Its new name; ``None``: it is not there.

    Raises:
        StoreTrouble: There are :data:`MOST_SET_ASIDE` of them.
        OSError: It cannot be moved.
    """
    beside = [path.with_name(path.name + ending) for ending in _JOURNALS]
    if not path.exists():
        if not any(journal.exists() for journal in beside):
            return None
    elif _count_aside(path, why) >= MOST_SET_ASIDE:
        raise StoreTrouble(
            Trouble.BROKEN,
            f"{path}: it is {why} again, and {MOST_SET_ASIDE} such files lie beside it; "
            "replace the disk, and move them away",
        )
    stamp = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
    target = path.with_name(f"{path.name}.{why}-{stamp}")
    number = 1
    while target.exists():
        number += 1
        target = path.with_name(f"{path.name}.{why}-{stamp}-{number}")
    # The journals first: a file without its journal is whole, if older; a journal with a new file is not.
    for journal in beside:
        if journal.exists():
            journal.rename(target.with_name(target.name + journal.name[len(path.name) :]))
    if not path.exists():
        return None
    path.rename(target)
    return target


def _count_aside(path: Path, why: str) -> int:
    begins = f"{path.name}.{why}-"
    names = (entry.name for entry in path.parent.iterdir())
    return sum(name.startswith(begins) and not name.endswith(_JOURNALS) for name in names)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return (found.st_dev, found.st_ino)


def _make(path: Path) -> None:
    """Make an empty file that only its owner may read; SQLite gives its journals the same mode."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _lock(path: Path) -> int:
    """Keep a second monitor away, which would ring the same people.

    A file of its own: closing any handle of the store's file would give up SQLite's locks on it.

    Raises:
        StoreTrouble: There is another one.
        OSError: It cannot be made.
    """
    handle = os.open(path.with_name(f"{path.name}.lock"), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        raise StoreTrouble(
            Trouble.LOCKED,
            f"{path}: another Queue Alert that is running has it; stop one, or give each its own",
        ) from error
    return handle
