"""The face of the store: nothing here blocks, and no fault of the disk comes out of it."""

import asyncio
import logging
import random
import sqlite3
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

from queue_alert.app.backoff import Backoff
from queue_alert.app.store.backlog import AttemptKnownError, Backlog, Confirmation
from queue_alert.app.store.database import Connect, connect
from queue_alert.app.store.options import StoreTable
from queue_alert.app.store.reading import read_history, read_intervals
from queue_alert.app.store.records import (
    ACKNOWLEDGEMENTS,
    ALERTS,
    ATTEMPTS,
    HISTORY,
    INTERVALS,
    MODES,
    OVERRIDES,
    SETTINGS,
    SILENCES,
    Acknowledgement,
    HistoryEntry,
    IntervalFigures,
    Kind,
    Loaded,
    Override,
    PersonMode,
    Setting,
    Silence,
)
from queue_alert.app.store.writer import Pauses, Writer
from queue_alert.core.alerts import Alert, Attempt, PersonName
from queue_alert.core.units import Instant, Seconds
from queue_alert.ports import Clock

__all__ = ["AttemptKnownError", "Confirmation", "Store"]

logger = logging.getLogger(__name__)

PATIENCE_S: Final[Seconds] = 5.0
"""So long a confirmation is waited for: a disk that hangs must not keep a telephone from ringing."""

LOAD_S: Final[Seconds] = 30.0
"""So long the start waits for a file that is neither read nor refused."""

_CLOSE_S: Final[Seconds] = 1.0

_R = TypeVar("_R")


def _nobody_listens(_said: object) -> None:
    """Take what nobody asked for."""


class Store:
    """What survives the program.

    Use it from the loop's thread: :meth:`load` first, :meth:`close` last.

    Args:
        path: The file; made if it is not there.
        clock: The steady line.
        table: For how long what is kept.
        report: Called on the loop with each new fault, once, and with "" when it is over.
        late: Called on the loop with what the file held, where :meth:`load` could not read it and it could be
            read after all. What is in memory by then is newer and is written over it.
        pauses: Between attempts at a disk that fails; left out: 1 s, growing to 30 s.
        connect: Opens connections to the file.
        patience_s: So long a confirmation is waited for.
    """

    def __init__(
        self,
        path: Path,
        *,
        clock: Clock,
        table: StoreTable | None = None,
        report: Callable[[str], None] = _nobody_listens,
        late: Callable[[Loaded], None] = _nobody_listens,
        pauses: Pauses | None = None,
        connect: Connect = connect,
        patience_s: Seconds = PATIENCE_S,
    ) -> None:
        self._path = path
        self._connect = connect
        self._patience_s = patience_s
        self._report = report
        self._is_slow = False
        self._slow_words = f"{path}: the disk has not answered for {patience_s:g} s"
        self._backlog = Backlog()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._writer = Writer(
            path,
            backlog=self._backlog,
            table=table or StoreTable(),
            clock=clock,
            pauses=pauses or Backoff(random.Random()),  # noqa: S311 (jitter, no secret)
            connect=connect,
            report=lambda fault: self._on_loop(report, fault),
            late=lambda loaded: self._on_loop(late, loaded),
        )

    # ---- how it is

    @property
    def fault(self) -> str:
        """What is wrong, since when and how much is in memory only; "": nothing is."""
        words, since = self._writer.fault, self._writer.fault_since
        if not words and self._is_slow:
            words = self._slow_words
        if not words:
            return ""
        parts = [words]
        if since is not None:
            parts.append(f"since {datetime.fromtimestamp(since, UTC).strftime('%Y-%m-%d %H:%M:%S')} UTC")
        parts.append(f"in memory only: {self._backlog.count():,}")
        if self._backlog.dropped:
            parts.append(f"let go: {self._backlog.dropped:,}")
        return "; ".join(parts)

    @property
    def fault_since(self) -> Instant | None:
        """Since when something is wrong with the file; ``None``: nothing is."""
        return self._writer.fault_since

    @property
    def unwritten(self) -> int:
        """How much is in memory only, at present; a second's worth is usual."""
        return self._backlog.count()

    @property
    def dropped(self) -> int:
        """How many records will never be in the file: too many waited, or they could not be written."""
        return self._backlog.dropped

    # ---- from beginning to end

    async def load(self) -> Loaded:
        """Begin, and return what the file holds.

        Attempts that were under way are *unknown* on the disk when this returns. Where the file cannot be
        read, nothing is returned and :attr:`fault` says why; see ``late``.
        """
        self._loop = asyncio.get_running_loop()
        self._writer.thread.start()
        try:
            async with asyncio.timeout(LOAD_S):
                loaded = await asyncio.wrap_future(self._writer.first)
        except TimeoutError:
            self._say_slow()
            return Loaded(notes=(self._slow_words,))
        if loaded.interrupted:
            await self.flush()
        return loaded

    async def flush(self) -> Confirmation:
        """Write all that waits, now."""
        return await self._confirmed(self._backlog.flush())

    async def close(self) -> None:
        """Write all that waits and end, after a second at most."""
        self._backlog.stop()
        if self._writer.thread.is_alive():
            await asyncio.to_thread(self._writer.thread.join, _CLOSE_S)

    # ---- alerts

    def save_alert(self, alert: Alert) -> None:
        """Keep how an alert stands, in place of how it stood."""
        self._backlog.add(ALERTS, alert)

    def note(self, entry: HistoryEntry) -> None:
        """Keep what happened to an alert."""
        self._backlog.add(HISTORY, entry)

    async def commit_intent(self, attempt: Attempt) -> Confirmation:
        """Keep that somebody is about to be reached: on the disk when this returns, if it can be written.

        Every alert that was saved before is on the disk with it.

        Args:
            attempt: *dialling*, of a key that was never used.

        Raises:
            AttemptKnownError: It was used: nobody may be dialled. Nothing was changed.
        """
        return await self._confirmed(self._backlog.confirm_new(ATTEMPTS, attempt, attempt.key))

    def finish_attempt(self, attempt: Attempt) -> None:
        """Keep what became of an attempt."""
        self._backlog.add(ATTEMPTS, attempt)

    async def confirm_acknowledgement(self, acknowledgement: Acknowledgement) -> Confirmation:
        """Keep that somebody took an alert on; on the disk when this returns, if the disk can be written."""
        return await self._confirmed(self._backlog.confirm(ACKNOWLEDGEMENTS, acknowledgement))

    # ---- what people arrange

    def save_silence(self, silence: Silence) -> None:
        """Keep a silence."""
        self._backlog.add(SILENCES, silence)

    def remove_silence(self, silence: str) -> None:
        """Forget a silence, by its id."""
        self._backlog.remove(SILENCES, silence)

    def save_mode(self, mode: PersonMode) -> None:
        """Keep the mode of a person."""
        self._backlog.add(MODES, mode)

    def remove_mode(self, person: PersonName) -> None:
        """Forget the mode of a person."""
        self._backlog.remove(MODES, person)

    def save_override(self, override: Override) -> None:
        """Keep who covers for whom."""
        self._backlog.add(OVERRIDES, override)

    def remove_override(self, override: str) -> None:
        """Forget a cover, by its id."""
        self._backlog.remove(OVERRIDES, override)

    def save_setting(self, setting: Setting) -> None:
        """Keep a setting."""
        self._backlog.add(SETTINGS, setting)

    def remove_setting(self, name: str) -> None:
        """Forget a setting."""
        self._backlog.remove(SETTINGS, name)

    # ---- figures, and reading back

    def save_interval(self, figures: IntervalFigures) -> None:
        """Keep what a group came to in an interval, in place of what is there."""
        self._backlog.add(INTERVALS, figures)

    async def history(self, since: Instant, most: int = 1000) -> list[HistoryEntry]:
        """Return what happened since an instant: the newest ``most``, the oldest first."""
        found = await self._read(HISTORY, lambda file: read_history(file, since, most))
        return sorted((entry for entry in found if entry.at >= since), key=lambda entry: entry.at)[-most:]

    async def intervals(self, since: Instant, most: int = 100_000) -> list[IntervalFigures]:
        """Return the figures of intervals begun since an instant: the newest ``most``, the oldest first."""
        found = await self._read(INTERVALS, lambda file: read_intervals(file, since, most))
        by_name = {(figures.begins, figures.group): figures for figures in found if figures.begins >= since}
        return [by_name[name] for name in sorted(by_name)][-most:]

    async def _read(self, kind: Kind[_R], read: Callable[[sqlite3.Connection], list[_R]]) -> list[_R]:
        if await self.flush() is Confirmation.IN_MEMORY:
            # Before the reading: what is written meanwhile is found there or here, and history nowhere twice.
            return await asyncio.to_thread(self._read_apart, read) + self._backlog.unwritten(kind)
        return await asyncio.to_thread(self._read_apart, read)

    def _read_apart(self, read: Callable[[sqlite3.Connection], list[_R]]) -> list[_R]:
        with suppress(sqlite3.Error):
            connection = self._connect(f"{self._path.absolute().as_uri()}?mode=ro")
            try:
                return read(connection)
            finally:
                connection.close()
        return []

    # ---- inside

    async def _confirmed(self, future: Future[Confirmation]) -> Confirmation:
        if self._writer.fault or not self._writer.thread.is_alive():
            # It is tried again when its time has come; nobody waits for that.
            future.cancel()
            return Confirmation.IN_MEMORY
        try:
            async with asyncio.timeout(self._patience_s):
                confirmation = await asyncio.wrap_future(future)
        except TimeoutError:
            self._say_slow()
            return Confirmation.IN_MEMORY
        return confirmation

    def _say_slow(self) -> None:
        if self._is_slow:
            return
        self._is_slow = True
        self._report(self._slow_words)
        logger.warning("store=slow reason=%s", self._slow_words)
        self._backlog.flush().add_done_callback(lambda done: self._on_loop(self._was_slow, done.result()))

    def _was_slow(self, confirmation: Confirmation) -> None:
        self._is_slow = False
        # If not, the writer has found out by now what is wrong, and has said it.
        if confirmation is Confirmation.ON_DISK:
            self._report("")

    def _on_loop(self, call: Callable[[Any], None], said: object) -> None:
        if self._loop is not None:
            # The loop may be gone already, and whoever listened with it.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(call, said)
