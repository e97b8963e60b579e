"""A feed that plays a recording, as if it happened now."""

import asyncio
import math
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Final

import msgspec

from queue_alert.core.errors import QueueAlertError
from queue_alert.core.events import (
    AcdEvent,
    ClockStepped,
    ContactQueued,
    FeedState,
    FeedStatusChanged,
    GroupSnapshotTaken,
    WaitingContact,
)
from queue_alert.core.units import FeedName, Instant, Seconds
from queue_alert.ports import (
    ConfigProblem,
    DriverError,
    FeedContext,
    FeedDriver,
    RecordedData,
    RecordedItem,
    RecordedMark,
    Skipped,
    Translator,
)

__all__ = ["DRIVER", "RecordingFeed", "RecordingOptions", "check"]

_BATCH: Final = 32
_SPEED_LIMIT: Final = 1_000_000.0


class RecordingOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which recording to play, and how."""

    path: str
    """Any file of the recording, or what their names have in common."""
    speed: float = 1.0
    """How many recorded seconds pass in one; 0: as fast as it can be read."""
    loop: bool = False
    """Begin again at the end, for ever."""


class RecordingFeed:
    """Plays a recording: raw bytes through their translator, neutral events with their times moved to now."""

    def __init__(self, options: RecordingOptions, context: FeedContext) -> None:
        self._options = options
        self._context = context
        self._round = 0
        self._own_events = 0
        self._begun_at: Seconds = 0.0
        self._started_at: Instant = 0.0

    async def run(self, submit: Callable[[AcdEvent], None]) -> None:
        """Play to the end, or for ever.

        Raises:
            DriverError: There is no such recording, or it cannot be read.
        """
        path = self._context.base / self._options.path
        recording = self._context.recording("jsonl")
        try:
            about = await asyncio.to_thread(recording.describe, path)
            self._started_at = about["started_at"]
            name = about["translator"]
            translator = self._context.translator(name) if name else None
            while True:
                await self._play(path, translator, submit)
                if not self._options.loop:
                    return
        except QueueAlertError as error:
            raise DriverError(str(error), recoverable=False) from error

    async def _play(
        self, path: Path, translator: Translator | None, submit: Callable[[AcdEvent], None]
    ) -> None:
        self._round += 1
        self._begun_at = asyncio.get_running_loop().time()
        damage: list[tuple[Skipped, str]] = []
        # Files are read in a thread: a slow card must not hold up the loop. What is passed over there is
        # counted here.
        items = await asyncio.to_thread(
            self._context.recording("jsonl").read, path, lambda kind, detail: damage.append((kind, detail))
        )
        is_connected = False
        while batch := await asyncio.to_thread(_take, items):
            self._count(damage)
            for item in batch:
                await self._wait_for(item.at)
                if isinstance(item, RecordedMark):
                    is_connected = item.kind == "connected"
                elif not is_connected:
                    is_connected = True
                    self._hand_over(RecordedMark(item.at, "connected"), translator, submit)
                self._hand_over(item, translator, submit)
        self._count(damage)
        if is_connected:
            self._hand_over(RecordedMark(0.0, "disconnected"), translator, submit)

    def _count(self, damage: list[tuple[Skipped, str]]) -> None:
        for kind, detail in damage:
            self._context.skipped(kind, detail)
        damage.clear()

    def _hand_over(
        self, item: RecordedItem, translator: Translator | None, submit: Callable[[AcdEvent], None]
    ) -> None:
        events = self._moved(item) if translator is None else _translated(item, translator, self._now())
        for event in events:
            submit(event)

    def _moved(self, item: RecordedItem) -> list[AcdEvent]:
        now = self._now()
        if isinstance(item, RecordedMark):
            state = FeedState.LIVE if item.kind == "connected" else FeedState.DOWN
            self._own_events += 1
            return [
                FeedStatusChanged(id=f"mark-{self._own_events}", source=self._source, time=now, state=state)
            ]
        # The clock that was set was that day's; today's is another.
        if isinstance(item, RecordedData) or isinstance(item.event, ClockStepped):
            return []
        delta_s = now - (self._started_at + item.at)
        return [_moved(item.event, delta_s, source=self._source, mark=f"{self._round}-")]

    @property
    def _source(self) -> FeedName:
        return FeedName(self._context.name)

    def _now(self) -> Instant:
        return self._context.clock.now()

    async def _wait_for(self, at: Seconds) -> None:
        pause_s = 0.0
        if self._options.speed:
            due = self._begun_at + at / self._options.speed
            pause_s = due - asyncio.get_running_loop().time()
        await asyncio.sleep(max(pause_s, 0.0))


def _take(items: Iterator[RecordedItem]) -> list[RecordedItem]:
    return list(islice(items, _BATCH))


def _translated(item: RecordedItem, translator: Translator, now: Instant) -> list[AcdEvent]:
    if isinstance(item, RecordedData):
        return translator.receive(item.data, now)
    if isinstance(item, RecordedMark):
        return translator.connected(now) if item.kind == "connected" else translator.disconnected(now)
    # What was made of the bytes then is made of them again now.
    return []


def _moved(event: AcdEvent, delta_s: Seconds, *, source: FeedName, mark: str) -> AcdEvent:
    changes: dict[str, object] = {"id": mark + event.id, "source": source, "time": event.time + delta_s}
    if isinstance(event, ContactQueued) and event.queued_at is not None:
        changes["queued_at"] = event.queued_at + delta_s
    elif isinstance(event, GroupSnapshotTaken):
        changes["waiting"] = tuple(_moved_wait(one, delta_s) for one in event.waiting)
    return msgspec.structs.replace(event, **changes)


def _moved_wait(one: WaitingContact, delta_s: Seconds) -> WaitingContact:
    if one.queued_at is None:
        return one
    return msgspec.structs.replace(one, queued_at=one.queued_at + delta_s)


def check(options: RecordingOptions) -> list[ConfigProblem]:
    """Return the mistakes in options that their types allow."""
    problems = []
    if not options.path:
        problems.append(ConfigProblem(path="path", message='must name a recording, got ""'))
    if not math.isfinite(options.speed) or not 0.0 <= options.speed <= _SPEED_LIMIT:
        message = f"must be 0 (as fast as possible) to 1,000,000, got {options.speed:g}"
        problems.append(ConfigProblem(path="speed", message=message))
    return problems


DRIVER: Final = FeedDriver(
    summary="a recording, played as if it happened now",
    options=RecordingOptions,
    create=RecordingFeed,
    check=check,
)
