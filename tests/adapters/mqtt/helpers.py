"""A feed under a small supervisor, with a real Monitor behind it, and a wait for what must come about."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NoReturn

from adapters.mqtt.feed import DRIVER
from adapters.mqtt.listener import MqttFeed
from adapters.mqtt.options import MqttFeedOptions
from queue_alert.core.events import AcdEvent, FeedState, FeedStatusChanged
from queue_alert.core.monitor import Monitor
from queue_alert.core.policy import FeedPolicy, Policy
from queue_alert.core.units import FeedName, Instant
from queue_alert.core.view import FeedView, GroupView
from queue_alert.ports import DriverError, FeedContext, Skipped

NAME = FeedName("floor")


class WallClock:
    """The real time."""

    def now(self) -> Instant:
        return time.time()


def no_driver(_name: str) -> NoReturn:
    raise AssertionError("an MQTT feed asks for no other driver")


class Floor:
    """A monitor fed by one MQTT feed.

    Attributes:
        events: What was submitted, oldest first.
        skipped: What was passed over.
        errors: Why connections ended.
        on_event: Called before an event is taken; may raise.
    """

    def __init__(self, port: int, *, base: Path = Path(), **options: Any) -> None:
        self.monitor = Monitor(
            Policy(feeds=(FeedPolicy(name=NAME),), settle_s=0.05, reset_at_s=None), time.time()
        )
        self.events: list[AcdEvent] = []
        self.skipped: list[tuple[Skipped, str]] = []
        self.errors: list[DriverError] = []
        self.on_event: Callable[[AcdEvent], None] = lambda _event: None
        context = FeedContext(
            name=NAME,
            clock=WallClock(),
            skipped=lambda kind, detail: self.skipped.append((kind, detail)),
            translator=no_driver,
            recording=no_driver,
            base=base,
        )
        settings: dict[str, Any] = {"site": "berlin", "port": port, "connect_timeout": 2.0} | options
        feed = DRIVER.create(MqttFeedOptions(**settings), context)
        assert isinstance(feed, MqttFeed)
        self.feed = feed

    def submit(self, event: AcdEvent) -> None:
        self.on_event(event)
        self.events.append(event)
        self.monitor.handle(event, time.time())

    async def run_once(self) -> None:
        await self.feed.run(self.submit)

    async def run_for_ever(self, pause_s: float = 0.02) -> NoReturn:
        """Start the feed again and again, as the supervisor does."""
        while True:
            try:
                await self.feed.run(self.submit)
            except DriverError as error:
                self.errors.append(error)
                self.submit(
                    FeedStatusChanged(
                        id=f"supervisor-{len(self.errors)}",
                        source=NAME,
                        time=time.time(),
                        state=FeedState.DOWN,
                        reason=error.reason,
                    )
                )
            await asyncio.sleep(pause_s)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run it, and start it again when it fails, for as long as the body runs."""
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(self.run_for_ever(), name="feed")
            yield
            task.cancel()

    @property
    def group_views(self) -> dict[str, GroupView]:
        now = time.time()
        self.monitor.advance(now)
        return {group.name: group for group in self.monitor.view(now).groups}

    @property
    def view(self) -> FeedView:
        return self.monitor.view(time.time()).feeds[0]

    @property
    def state(self) -> FeedState:
        return self.view.state

    @property
    def seq(self) -> int:
        """``seq`` of the latest event that the feed knows of."""
        return self.feed._intake._order.last_said

    def states(self) -> list[FeedState]:
        """Return what the feed has said of itself, oldest first."""
        return [event.state for event in self.events if isinstance(event, FeedStatusChanged)]

    def lost(self) -> list[str]:
        return [detail for kind, detail in self.skipped if kind is Skipped.LOST]


async def until(condition: Callable[[], object], *, within_s: float = 10.0) -> None:
    """Wait until a condition holds."""
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - the condition lies outside
            await asyncio.sleep(0.005)
