"""What waits to be written, and what is held for the day the file is lost; shared by two threads."""

import math
import secrets
import threading
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from enum import StrEnum
from typing import Any, Final

from queue_alert.app.store.records import KINDS, Kind, Name, Write
from queue_alert.core.alerts import AttemptKey
from queue_alert.core.errors import QueueAlertError
from queue_alert.core.units import Instant, Seconds

__all__ = ["GATHER_S", "MOST_GATHERED", "AttemptKnownError", "Backlog", "Confirmation"]

GATHER_S: Final[Seconds] = 1.0
MOST_GATHERED: Final = 100
"""What is not urgent is committed after so long, or once there is so much of it."""


class Confirmation(StrEnum):
    """Where something is that was to be kept."""

    ON_DISK = "on-disk"
    """It survives a power cut."""
    IN_MEMORY = "in-memory"
    """The disk cannot be written now; it survives nothing yet."""


class AttemptKnownError(QueueAlertError):
    """An attempt of that key was made before: this one must not be.

    Attributes:
        key: Its key.
    """

    def __init__(self, key: AttemptKey) -> None:
        super().__init__(f"the attempt {key} was made before, and is not made again")
        self.key = key


class Backlog:
    """Writes on their way to the file. A newer one of the same name takes the place of an older.

    It is bounded: of what only ever grows in number (:attr:`Kind.most`) the oldest is let go and counted.

    Attributes:
        dropped: So many were let go or could not be written as they are.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition(threading.Lock())
        self._waiting: dict[str, dict[Name, Write]] = {kind.table: {} for kind in KINDS}
        self._held: dict[str, dict[Name, Write]] = {kind.table: {} for kind in KINDS if kind.held}
        self._in_flight: Sequence[Write] = ()
        self._waiters: dict[Name, list[Future[Confirmation]]] = {}
        # Of a flush: those that wait for a commit that leaves nothing behind, and those whose commit it is.
        self._flushing: list[Future[Confirmation]] = []
        self._flushing_now: list[Future[Confirmation]] = []
        self._urgent: set[Name] = set()
        self._first_at = math.inf
        # Unlike any of an earlier run, so that writing a record twice leaves one; in order within this run.
        self._number = secrets.randbits(31) << 32
        self.is_stopping = False
        self.dropped = 0

    # ---- from the loop's thread: none of these waits

    def add(self, kind: Kind[Any], record: Any, *, is_urgent: bool = False) -> None:
        """Have a record written."""
        with self._changed:
            self._number += 1
            self._put(Write(kind, kind.name(record, self._number), record), is_urgent=is_urgent)

    def confirm(self, kind: Kind[Any], record: Any) -> Future[Confirmation]:
        """Have a record written at once; the future is done once it is on the disk or cannot be."""
        with self._changed:
            self._number += 1
            return self._put_awaited(Write(kind, kind.name(record, self._number), record))

    def confirm_new(self, kind: Kind[Any], record: Any, key: AttemptKey) -> Future[Confirmation]:
        """Have a record written at once that must not be there yet.

        Raises:
            AttemptKnownError: It is there; nothing was changed. The future may raise it too.
        """
        with self._changed:
            name = kind.name(record, 0)
            if name in self._held[kind.table]:
                raise AttemptKnownError(key)
            return self._put_awaited(Write(kind, name, record, is_new=True))

    def remove(self, kind: Kind[Any], *unique: str) -> None:
        """Have a record removed."""
        with self._changed:
            self._put(Write(kind, (kind.table, *unique), None), is_urgent=False)

    def flush(self) -> Future[Confirmation]:
        """Have all written at once; the future is done once it is on the disk or cannot be."""
        waiter: Future[Confirmation] = Future()
        with self._changed:
            self._flushing.append(waiter)
            self._changed.notify()
        return waiter

    def stop(self) -> None:
        """Have the writer end once it has tried to write all."""
        with self._changed:
            self.is_stopping = True
            self._changed.notify()

    def count(self) -> int:
        """Return how many writes are in memory only."""
        with self._changed:
            return self._count() + len(self._in_flight)

    def unwritten(self, kind: Kind[Any]) -> list[Any]:
        """Return the records of a kind that are in memory only, the oldest first."""
        with self._changed:
            flying = [write.record for write in self._in_flight if write.kind is kind]
            return flying + [write.record for write in self._waiting[kind.table].values()]

    # ---- from the writer's thread

    def seed(self, kind: Kind[Any], records: Iterable[Any]) -> None:
        """Hold what the file holds; what is in memory already is newer."""
        with self._changed:
            held, known = self._held[kind.table], list(self._held[kind.table].values())
            held.clear()
            for record in records:
                name = kind.name(record, 0)
                held[name] = Write(kind, name, record)
            for write in known:
                held[write.name] = write
            self._bound(kind)

    def holds(self, kind: Kind[Any], record: Any) -> bool:
        """Return whether a record of that name is held."""
        with self._changed:
            return kind.name(record, 0) in self._held[kind.table]

    def forget(self, kind: Kind[Any], before: Instant) -> None:
        """Hold no longer what ended before an instant."""
        with self._changed:
            held = self._held[kind.table]
            for name in [name for name, write in held.items() if write.kind.ends(write.record) < before]:
                del held[name]

    def renew(self) -> None:
        """Have all that is held written again: the file is a new one."""
        with self._changed:
            for table, held in self._held.items():
                waiting = self._waiting[table]
                self._waiting[table] = held | waiting
                self._urgent |= held.keys()

    def wait(self, timeout: Seconds, *, is_paused: bool) -> None:
        """Wait until there is something to do.

        Args:
            timeout: So long at most.
            is_paused: Whether nothing but the end of the time, or of all, counts.
        """
        end = time.monotonic() + timeout
        with self._changed:
            while not self.is_stopping:
                now = time.monotonic()
                due = end if is_paused else min(end, self._due())
                if now >= due:
                    return
                self._changed.wait(due - now)

    def is_due(self) -> bool:
        """Return whether a commit is due."""
        with self._changed:
            return self.is_stopping or time.monotonic() >= self._due()

    def take(self, most: int) -> tuple[list[Write], bool]:
        """Return the next writes, and whether they must be on the disk when they are committed.

        Args:
            most: History and figures wait where there are more than so many; all else goes at once, so that
                what an intent follows from is there with it.
        """
        with self._changed:
            taken: list[Write] = []
            is_durable = bool(self._urgent or self._flushing)
            for kind in KINDS:
                waiting = self._waiting[kind.table]
                names = list(waiting)
                if kind.is_bulk:
                    names = names[: max(most - len(taken), 0)]
                taken += [self._as_awaited(waiting.pop(name)) for name in names]
            self._in_flight = taken
            self._urgent.difference_update([write.name for write in taken])
            if not self._count():
                self._first_at = math.inf
                self._flushing_now, self._flushing = self._flushing, []
            return taken, is_durable

    def done(self, known: Iterable[Write], unfit: Sequence[Write]) -> None:
        """Take note that what was taken is on the disk.

        Args:
            known: Those that were not, because one of their name was there.
            unfit: Those that were not, because they cannot be written as they are.
        """
        with self._changed:
            for write in known:
                self._held[write.kind.table].pop(write.name, None)
                for waiter in self._waiters.pop(write.name, ()):
                    with suppress(Exception):
                        waiter.set_exception(AttemptKnownError(write.record.key))
            self.dropped += len(unfit)
            for write in unfit:
                self._answer(self._waiters.pop(write.name, ()), Confirmation.IN_MEMORY)
            for write in self._in_flight:
                self._answer(self._waiters.pop(write.name, ()), Confirmation.ON_DISK)
            self._in_flight = ()
            self._answer(self._flushing_now, Confirmation.ON_DISK)
            self._flushing_now = []

    def put_back(self) -> None:
        """Take note that what was taken may not be on the disk: nobody waits, and it is written again."""
        with self._changed:
            for kind in KINDS:
                # Whether it was written may not be known, so that from now on it may be there.
                flown = {
                    write.name: Write(kind, write.name, write.record)
                    for write in self._in_flight
                    if write.kind is kind
                }
                self._waiting[kind.table] = flown | self._waiting[kind.table]
                self._urgent |= flown.keys()
                self._bound(kind)
            self._in_flight = ()
            self._give_up()

    # ---- with the lock held

    def _give_up(self) -> None:
        for waiters in self._waiters.values():
            self._answer(waiters, Confirmation.IN_MEMORY)
        self._waiters.clear()
        self._answer([*self._flushing_now, *self._flushing], Confirmation.IN_MEMORY)
        self._flushing_now, self._flushing = [], []

    def _put_awaited(self, write: Write) -> Future[Confirmation]:
        waiter: Future[Confirmation] = Future()
        self._waiters.setdefault(write.name, []).append(waiter)
        self._put(write, is_urgent=True)
        return waiter

    def _put(self, write: Write, *, is_urgent: bool) -> None:
        kind = write.kind
        waiting = self._waiting[kind.table]
        waiting.pop(write.name, None)
        waiting[write.name] = write
        if kind.held:
            held = self._held[kind.table]
            if write.record is None:
                held.pop(write.name, None)
            else:
                held[write.name] = write if not write.is_new else Write(kind, write.name, write.record)
        self._bound(kind)
        count = self._count()
        self._first_at = min(self._first_at, time.monotonic())
        if is_urgent:
            self._urgent.add(write.name)
        if is_urgent or count in {1, MOST_GATHERED}:
            self._changed.notify()

    def _as_awaited(self, write: Write) -> Write:
        """Return a write that was to be refused if it were known, but nobody waits for that any more.

        It was made meanwhile, in memory only, and is to be in the file like any other.
        """
        waiters = self._waiters.get(write.name, ())
        if not write.is_new or any(not waiter.done() for waiter in waiters):
            return write
        return Write(write.kind, write.name, write.record)

    def _bound(self, kind: Kind[Any]) -> None:
        waiting = self._waiting[kind.table]
        while kind.most is not None and len(waiting) > kind.most:
            name = next(iter(waiting))
            del waiting[name]
            self._urgent.discard(name)
            self.dropped += 1
            self._answer(self._waiters.pop(name, ()), Confirmation.IN_MEMORY)
        if kind.held is not None:
            held = self._held[kind.table]
            while len(held) > kind.held:
                del held[next(iter(held))]

    def _count(self) -> int:
        return sum(map(len, self._waiting.values()))

    def _due(self) -> float:
        """Return when the next commit is due (``time.monotonic``)."""
        if self._urgent or self._flushing or self._count() >= MOST_GATHERED:
            return -math.inf
        return self._first_at + GATHER_S

    @staticmethod
    def _answer(waiters: Iterable[Future[Confirmation]], answer: Confirmation) -> None:
        for waiter in waiters:
            # Whoever waited may have gone.
            with suppress(Exception):
                waiter.set_result(answer)
