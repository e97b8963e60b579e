"""Copies the store as it was at one instant, whoever writes to it."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from queue_alert.app.store.database import connect, trouble_of
from queue_alert.app.store.schema import APPLICATION_ID
from queue_alert.core.errors import QueueAlertError
from queue_alert.core.units import Ratio

__all__ = ["back_up"]

_PAGES: Final = 256
"""A megabyte at a time."""


def back_up(source: Path, target: Path, *, progress: Callable[[Ratio], None]) -> int:
    """Copy a store, and look through the copy.

    Args:
        source: The store; a monitor may have it open.
        target: The copy: a new file, readable by its owner alone, without journals beside it.
        progress: Told how much is done.

    Returns:
        The size of the copy in bytes.

    Raises:
        QueueAlertError: There is no copy, and why.
    """
    part = target.with_name(f"{target.name}.part")
    if not source.is_file():
        raise QueueAlertError(f"{source}: there is no store; name it with --store, or at [store] path")
    _refuse_existing(target)
    try:
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise QueueAlertError(f"{part}: cannot be made: {_reason(error)}") from error
    try:
        _copy(source, part, progress)
        _give_name(part, target)
        return target.stat().st_size
    except OSError as error:
        raise QueueAlertError(f"{target}: cannot be written: {_reason(error)}") from error
    finally:
        for ending in ("", "-journal", "-wal", "-shm"):
            with suppress(OSError):
                part.with_name(part.name + ending).unlink(missing_ok=True)


def _copy(source: Path, part: Path, progress: Callable[[Ratio], None]) -> None:
    def tell(_status: int, remaining: int, total: int) -> None:
        progress((total - remaining) / total if total else 1.0)

    original = _open(source, "mode=ro")
    try:
        _look_at(original, source)
        copy = _open(part, "mode=rw")
        try:
            _fill(copy, original, tell, source, part)
        finally:
            copy.close()
    finally:
        original.close()


def _look_at(original: sqlite3.Connection, source: Path) -> None:
    """Fix the instant that is copied; what is written later is not seen through this connection.

    Raises:
        QueueAlertError: It is no store.
    """
    try:
        original.execute("BEGIN")
        original.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        application = original.execute("PRAGMA application_id").fetchone()[0]
    except sqlite3.Error as error:
        raise trouble_of(error, source) from error
    if application != APPLICATION_ID:
        raise QueueAlertError(f"{source}: is not a store of Queue Alert")


def _fill(
    copy: sqlite3.Connection,
    original: sqlite3.Connection,
    tell: Callable[[int, int, int], None],
    source: Path,
    part: Path,
) -> None:
    try:
        original.backup(copy, pages=_PAGES, progress=tell)
        # One file, and nothing beside it that would have to be copied too.
        copy.execute("PRAGMA journal_mode = DELETE")
        found = copy.execute("PRAGMA integrity_check(1)").fetchone()[0]
    except sqlite3.Error as error:
        raise trouble_of(error, part) from error
    if found != "ok":
        raise QueueAlertError(
            f"{source}: is damaged, and so would the copy be: {' '.join(str(found).split())}"
        )


def _give_name(part: Path, target: Path) -> None:
    """Give the copy its name once it is on the disk."""
    with part.open("rb") as file:
        os.fsync(file.fileno())
    try:
        # Unlike a rename this never takes the place of a file that came meanwhile.
        target.hardlink_to(part)
    except FileExistsError:
        _refuse_existing(target)
        raise
    except OSError:
        # A stick with FAT has no links.
        _refuse_existing(target)
        part.rename(target)
    folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _refuse_existing(target: Path) -> None:
    if target.exists() or target.is_symlink():
        raise QueueAlertError(
            f"{target}: exists, and is not overwritten; choose another name or move it away"
        )


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def _open(path: Path, query: str) -> sqlite3.Connection:
    try:
        return connect(f"{path.absolute().as_uri()}?{query}")
    except sqlite3.Error as error:
        raise trouble_of(error, path) from error
