"""The thread that writes: it alone has the file open, and whatever happens to the file ends here."""

import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol

from msgspec.structs import replace

from queue_alert.app.store.backlog import Backlog
from queue_alert.app.store.database import Connect, Database, StoreTrouble, Trouble, set_aside, trouble_of
from queue_alert.app.store.options import DAY_S, StoreTable
from queue_alert.app.store.reading import interrupted, read_all, salvage
from queue_alert.app.store.records import (
    ACKNOWLEDGEMENTS,
    ALERTS,
    ATTEMPTS,
    MODES,
    OVERRIDES,
    SETTINGS,
    SILENCES,
    Loaded,
    Write,
)
from queue_alert.app.store.retention import prune
from queue_alert.app.store.schema import VERSION
from queue_alert.core.units import Instant, Seconds
from queue_alert.ports import Clock

__all__ = ["Pauses", "Writer"]

logger = logging.getLogger(__name__)

PRUNE_EVERY_S: Final[Seconds] = 60.0
_MOST_IN_A_COMMIT: Final = 500
_OTHERS_END_S: Final[Seconds] = 3.0
"""So long the start waits for a program that holds the file, as for a monitor that is about to end."""
_AGAIN_S: Final[Seconds] = 0.1

# What SQLite or Python say of one record that cannot be written, whatever the disk: the others still can.
_UNFIT: Final = (
    UnicodeError,
    OverflowError,
    TypeError,
    ValueError,
    sqlite3.IntegrityError,
    sqlite3.DataError,
    sqlite3.InterfaceError,
    sqlite3.ProgrammingError,
)


class Pauses(Protocol):
    """How long to wait before the disk is tried again."""

    def next_delay(self) -> Seconds:
        """Return the next delay; they grow."""

    def reset(self) -> None:
        """Begin with the shortest again."""


class Writer:
    """The thread and what it knows of the file.

    Args:
        path: The file.
        backlog: What is to be written.
        table: For how long what is kept.
        clock: The steady line.
        pauses: Between attempts at a disk that fails.
        connect: Opens connections.
        report: Called in the thread with each new fault, and with "" when it is over.
        late: Called in the thread with what the file holds, where that could not be read at the start.

    Attributes:
        first: What the file held at the start; done once it was read or cannot be.
        fault: What is wrong with the file; "": nothing.
        fault_since: Since when.
    """

    def __init__(
        self,
        path: Path,
        *,
        backlog: Backlog,
        table: StoreTable,
        clock: Clock,
        pauses: Pauses,
        connect: Connect,
        report: Callable[[str], None],
        late: Callable[[Loaded], None],
    ) -> None:
        self._path = path
        self._backlog = backlog
        self._table = table
        self._clock = clock
        self._pauses = pauses
        self._connect = connect
        self._report = report
        self._late = late
        self._database: Database | None = None
        self._is_loaded = False
        self._identity: tuple[int, int] | None = None
        self._pause_s: Seconds = 0.0
        self._prune_at = time.monotonic() + PRUNE_EVERY_S
        self._began_at = time.monotonic()
        self.first: Future[Loaded] = Future()
        self.fault = ""
        self.fault_since: Instant | None = None
        # Not waited for by the interpreter's end: a disk that hangs must not keep the lamps lit.
        self.thread = threading.Thread(target=self._work, name="store", daemon=True)

    # ---- in the thread

    def _work(self) -> None:
        is_last = False
        while not is_last:
            # Asked before: what came before the stop is still written.
            is_last = self._backlog.is_stopping
            self._turn()
            if not is_last:
                self._backlog.wait(self._pause_s, is_paused=bool(self.fault))
        self._close()
        self._backlog.put_back()

    def _turn(self) -> None:
        try:
            self._serve()
        except StoreTrouble as trouble:
            self._suffer(trouble)
        except Exception as error:
            # A thread dies in silence otherwise, and nothing would be kept ever after.
            logger.exception("store=broke path=%s", self._path)
            self._suffer(StoreTrouble(Trouble.BROKEN, f"{self._path}: {type(error).__name__}; see the log"))

    def _serve(self) -> None:
        if self._database is None:
            self._database = self._open()
        while self._backlog.is_due():
            writes, is_durable = self._backlog.take(_MOST_IN_A_COMMIT)
            if not writes and not is_durable:
                break
            self._commit(self._database, writes, is_durable=is_durable)
        if time.monotonic() >= self._prune_at:
            self._prune_at = time.monotonic() + PRUNE_EVERY_S
            self._prune(self._database)
        self._pause_s = max(self._prune_at - time.monotonic(), 0.0)
        if self.fault:
            self._pauses.reset()
            self._say("")

    def _commit(self, database: Database, writes: list[Write], *, is_durable: bool) -> None:
        known: list[Write] = []
        unfit: list[Write] = []
        try:
            with database.transaction(is_durable=is_durable) as connection:
                before = connection.total_changes
                for write in writes:
                    try:
                        if not _apply(connection, write):
                            known.append(write)
                    except _UNFIT:
                        logger.exception("store=unfit table=%s", write.kind.table)
                        unfit.append(write)
                if is_durable and connection.total_changes == before:
                    # With nothing to write nothing is synchronised, and earlier commits may not be yet.
                    connection.execute(f"PRAGMA user_version = {VERSION}")
        except BaseException:
            self._backlog.put_back()
            raise
        self._backlog.done(known, unfit)

    def _prune(self, database: Database) -> None:
        now = self._clock.now()
        with database.transaction(is_durable=False) as connection:
            prune(connection, self._table, now)
        for kind in (SILENCES, OVERRIDES):
            self._backlog.forget(kind, now - self._table.keep_ended_days * DAY_S)

    # ---- opening

    def _open(self) -> Database:
        database = self._opened()
        try:
            if not self._is_loaded:
                self._take(read_all(database.connection))
            elif database.is_new or database.identity != self._identity:
                # What the old one held is lost with it, but for what is held here.
                self._backlog.renew()
            self._identity = database.identity
        except sqlite3.Error as error:
            database.close()
            raise trouble_of(error, self._path) from error
        return database

    def _opened(self) -> Database:
        while True:
            try:
                return Database(self._path, self._connect)
            except StoreTrouble as trouble:
                if trouble.kind is Trouble.DAMAGED:
                    return self._begin_anew(trouble)
                if trouble.kind is Trouble.LOCKED and self._may_wait():
                    time.sleep(_AGAIN_S)
                    continue
                if not self._is_loaded and trouble.kind in {Trouble.FULL, Trouble.BROKEN, Trouble.FORBIDDEN}:
                    self._take_what_can_be_read(trouble)
                raise

    def _may_wait(self) -> bool:
        return (
            not self.first.done()
            and not self._backlog.is_stopping
            and time.monotonic() < self._began_at + _OTHERS_END_S
        )

    def _begin_anew(self, trouble: StoreTrouble) -> Database:
        if not self._is_loaded:
            saved = salvage(self._path, self._connect) or Loaded()
            self._take(replace(saved, notes=(str(trouble), *saved.notes)))
            for acknowledgement in saved.acknowledgements:
                self._backlog.add(ACKNOWLEDGEMENTS, acknowledgement)
        try:
            aside = set_aside(self._path, "damaged", self._clock.now())
        except OSError as error:
            raise trouble_of(error, self._path) from error
        database = Database(self._path, self._connect)
        self._say(f"{trouble}; it was moved to {aside}, and a new one begun")
        return database

    def _take_what_can_be_read(self, trouble: StoreTrouble) -> None:
        if self._path.exists() and (saved := salvage(self._path, self._connect)) is not None:
            self._take(saved)
            logger.warning("store=read-only path=%s reason=%s", self._path, trouble)

    def _take(self, loaded: Loaded) -> None:
        """Take over what the file held; what was under way is never made again."""
        loaded = interrupted(loaded, self._clock.now())
        under_way = set(loaded.interrupted)
        ours = [attempt for attempt in loaded.attempts if not self._backlog.holds(ATTEMPTS, attempt)]
        for kind, records in (
            (ALERTS, loaded.alerts),
            (ATTEMPTS, loaded.attempts),
            (SILENCES, loaded.silences),
            (MODES, loaded.modes),
            (OVERRIDES, loaded.overrides),
            (SETTINGS, loaded.settings),
        ):
            self._backlog.seed(kind, records)
        for attempt in ours:
            if attempt.key in under_way:
                self._backlog.add(ATTEMPTS, attempt, is_urgent=True)
        self._is_loaded = True
        try:
            self.first.set_result(loaded)
        except InvalidStateError:
            # Whoever asked was told that it cannot be read, or has waited for too long.
            self._late(loaded)

    # ---- trouble

    def _suffer(self, trouble: StoreTrouble) -> None:
        words = str(trouble)
        self._pause_s = self._pauses.next_delay()
        if trouble.kind is Trouble.GONE and self._database is not None:
            try:
                words = self._database.rescue(self._clock.now())
                self._pause_s = 0.0
            except StoreTrouble as second:
                words = f"{trouble}, and could not be written anew: {second}"
        self._close()
        self._say(words)
        self._backlog.put_back()
        with suppress(InvalidStateError):
            self.first.set_result(Loaded(notes=(words,)))

    def _say(self, fault: str) -> None:
        if fault == self.fault:
            return
        if fault and not self.fault:
            self.fault_since = self._clock.now()
        if fault:
            logger.warning("store=failed reason=%s", fault)
        else:
            self.fault_since = None
            logger.info("store=recovered path=%s", self._path)
        self.fault = fault
        with suppress(Exception):
            self._report(fault)

    def _close(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None


def _apply(connection: sqlite3.Connection, write: Write) -> bool:
    """Write one record; return whether it was new where it had to be."""
    kind = write.kind
    if write.record is None:
        connection.execute(kind.delete, write.name[1:])
        return True
    row = kind.row(write.name, write.record)
    if not write.is_new:
        connection.execute(kind.upsert, row)
        return True
    return connection.execute(kind.insert_new, row).rowcount == 1
