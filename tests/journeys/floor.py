"""A whole monitor in simulated time, and telephone systems whose lines a test can cut."""

import asyncio
import contextlib
import tomllib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from dashboards.prometheus_families import FAMILIES
from queue_alert.app.clock import SteadyClock
from queue_alert.app.config import build_setup
from queue_alert.app.registry import Registry
from queue_alert.app.runtime import Runtime
from queue_alert.core.events import (
    AcdEvent,
    ContactAnswered,
    ContactQueued,
    FeedEvent,
    FeedHeartbeat,
    FeedState,
    FeedStatusChanged,
    GroupSnapshotTaken,
    WaitingContact,
)
from queue_alert.core.units import ContactId, FeedName, GroupName, Instant
from queue_alert.core.view import FeedView, FloorView, GroupView, Histogram
from queue_alert.ports import DriverError, FeedContext, FeedDriver

BEGIN: Instant = 1_700_000_000.0
HEARTBEAT_S = 5.0


class Floor:
    """A whole monitor in simulated time, with all drivers that are installed and the feed ``exchange``."""

    def __init__(self, text: str) -> None:
        registry = Registry(_with_exchange)
        setup = build_setup(tomllib.loads(text), file="config.toml", base=Path(), registry=registry)
        self.clock = SteadyClock(wall=self._wall, monotonic=self._monotonic)
        self.runtime = Runtime(setup, registry=registry, clock=self.clock)

    def _monotonic(self) -> float:
        try:
            return asyncio.get_running_loop().time()
        except RuntimeError:
            return 0.0

    def _wall(self) -> float:
        return BEGIN + self._monotonic()

    def output(self, name: str) -> Any:
        """Return the recording output of that name."""
        (found,) = (setup.output for setup in self.runtime._outputs._setups["lamps"] if setup.name == name)
        return found

    def view(self) -> FloorView:
        """Return the floor as it stands."""
        return self.runtime._monitor.view(self.clock.now())

    def feed(self, name: str) -> FeedView:
        """Return one feed as it stands."""
        return next(feed for feed in self.view().feeds if feed.name == name)

    def group(self, name: str) -> GroupView:
        """Return one group as it stands."""
        return next(group for group in self.view().groups if group.name == name)

    def levels(self) -> dict[str, tuple[int, int, bool]]:
        """Return what every output says: depth, severity, whether it is stale."""
        return {
            str(signal.name): (signal.level.depth, int(signal.level.severity), signal.level.stale)
            for signal in self.view().signals
        }

    def metric(self, name: str) -> dict[str, float]:
        """Return a metric's values by their labels' values, joined by a blank."""
        (family,) = (family for family in FAMILIES if family.name == name)
        return {
            " ".join(labels): value
            for labels, value in family.rows(self.view())
            if not isinstance(value, Histogram)
        }


@asynccontextmanager
async def running(floor: Floor) -> AsyncIterator[None]:
    """Run the monitor for the length of the context."""
    started = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(floor.runtime.run(lambda _port: started.set()), name="runtime")
        await started.wait()
        try:
            yield
        finally:
            floor.runtime.stop()


class ExchangeOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Options of the exchange: none."""


class Exchange:
    """A telephone system with callers, and the line to it.

    It says a heartbeat every five seconds while it says anything at all.

    Attributes:
        waiting: Who waits where since when: the truth, whether it was said or not.
        fault: While it is not empty no connection is made.
        is_silent: While true nothing is said; what happens is said when it is false again.
    """

    made: ClassVar[dict[str, "Exchange"]] = {}

    def __init__(self, _options: object, context: FeedContext) -> None:
        self.name = FeedName(context.name)
        self.clock = context.clock
        self.waiting: dict[str, dict[str, Instant]] = {}
        self.fault = ""
        self._is_silent = False
        self._unsaid: list[FeedEvent] = []
        self._submit: Callable[[AcdEvent], None] | None = None
        self._lost = asyncio.Event()
        self._ids = 0
        Exchange.made[context.name] = self

    async def run(self, submit: Callable[[AcdEvent], None]) -> None:
        if self.fault:
            raise DriverError(self.fault)
        self._lost.clear()
        self._submit = submit
        submit(FeedStatusChanged(**self._said(), state=FeedState.SYNCING))
        for snapshot in self._snapshots():
            submit(snapshot)
        submit(FeedStatusChanged(**self._said(), state=FeedState.LIVE))
        try:
            while not await self._is_lost_within(HEARTBEAT_S):
                if not self._is_silent:
                    submit(FeedHeartbeat(**self._said()))
        finally:
            self._submit = None
        raise DriverError(self.fault)

    async def _is_lost_within(self, seconds: float) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._lost.wait()
        return self._lost.is_set()

    def cut(self, fault: str) -> None:
        """Cut the line; nobody connects until :attr:`fault` is empty."""
        self.fault = fault
        self._unsaid.clear()
        self._lost.set()

    def be_silent(self) -> None:
        """Say nothing, on a line that stands."""
        self._is_silent = True

    def speak_again(self) -> None:
        """Say what has been kept back, and go on."""
        self._is_silent = False
        for event in self._unsaid:
            self._say(event)
        self._unsaid.clear()

    def join(self, group: str, contact: str) -> None:
        """Let a caller begin to wait."""
        self.waiting.setdefault(group, {})[contact] = self.clock.now()
        self._say(ContactQueued(**self._said(), group=GroupName(group), contact=ContactId(contact)))

    def answer(self, group: str, contact: str) -> None:
        """Let an agent answer a caller."""
        del self.waiting[group][contact]
        self._say(ContactAnswered(**self._said(), group=GroupName(group), contact=ContactId(contact)))

    def _say(self, event: FeedEvent) -> None:
        if self._is_silent:
            self._unsaid.append(event)
        elif self._submit is not None:
            self._submit(event)

    def _snapshots(self) -> Iterator[GroupSnapshotTaken]:
        for group, callers in self.waiting.items():
            entries = tuple(
                WaitingContact(contact=ContactId(contact), queued_at=since)
                for contact, since in callers.items()
            )
            yield GroupSnapshotTaken(**self._said(), group=GroupName(group), waiting=entries)

    def _said(self) -> dict[str, Any]:
        self._ids += 1
        return {"id": f"{self.name}-{self._ids}", "source": self.name, "time": self.clock.now()}


DRIVER = FeedDriver(summary="callers by hand", options=ExchangeOptions, create=Exchange, stale_after_s=60.0)


def _with_exchange(group: str) -> list[EntryPoint]:
    points = list(entry_points(group=group))
    if group == "queue_alert.feeds":
        points.append(EntryPoint(name="exchange", value=f"{__name__}:DRIVER", group=group))
    return points
