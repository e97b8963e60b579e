"""Keeps what a feed says: the feed at one end, the writer of a recording at the other."""

import asyncio
import contextlib
import random
import signal
import sys
import time
from typing import Any, Final

from queue_alert.app.clock import SteadyClock
from queue_alert.app.config import FeedSetup, Setup
from queue_alert.app.logs import SkippedCounter
from queue_alert.app.registry import Registry
from queue_alert.app.runtime import feed_context
from queue_alert.app.supervisor import FeedSupervisor
from queue_alert.core.errors import QueueAlertError
from queue_alert.core.events import AcdEvent
from queue_alert.core.units import Instant, Seconds
from queue_alert.ports import Clock, RecordingWriter

__all__ = ["Recorder", "RecordingSession", "stop_on_signals"]

_PROGRESS_S: Final[Seconds] = 1.0


class Recorder:
    """Keeps a feed's events and, beside them, the bytes it read (:class:`~queue_alert.ports.Connected`).

    Args:
        writer: Where they go.
        clock: The steady line.
        started_at: When the recording began.
    """

    def __init__(self, writer: RecordingWriter, *, clock: Clock, started_at: Instant) -> None:
        self._writer = writer
        self._clock = clock
        self._started_at = started_at
        self.events = 0
        self.reads = 0
        self.size = 0

    def connected(self) -> None:
        """Keep that a connection was made."""
        self._writer.connected(self._at())

    def disconnected(self) -> None:
        """Keep that the connection ended."""
        self._writer.disconnected(self._at())

    def received(self, data: bytes) -> None:
        """Keep ``data`` as it was read."""
        self.reads += 1
        self.size += len(data)
        self._writer.received(self._at(), data)

    def sent(self, text: str) -> None:
        """Keep what was sent."""
        self._writer.sent(self._at(), text)

    def submit(self, event: AcdEvent) -> None:
        """Keep an event."""
        self.events += 1
        self._writer.event(self._at(), event)

    def describe(self) -> str:
        """Return how much was kept."""
        said = f"{self.events:,} event{'' if self.events == 1 else 's'}"
        if self.reads:
            said += f", {self.size:,} bytes in {self.reads:,} read{'' if self.reads == 1 else 's'}"
        return said

    def _at(self) -> Seconds:
        return max(0.0, self._clock.now() - self._started_at)


async def stop_on_signals() -> asyncio.Event:
    """Return what Ctrl-C and SIGTERM set from now on, also while the loop does not run."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return stop


class RecordingSession:
    """One recording under way: a supervised feed and no core.

    Args:
        feed: The feed to record.
        setup: The configuration it stands in.
        registry: The installed drivers.
        clock: The steady line.
        writer: Where it goes.
        started_at: When the recording began.
    """

    def __init__(
        self,
        feed: FeedSetup,
        *,
        setup: Setup,
        registry: Registry,
        clock: SteadyClock,
        writer: RecordingWriter,
        started_at: Instant,
    ) -> None:
        self._recorder = Recorder(writer, clock=clock, started_at=started_at)
        wire = self._recorder if feed.driver.translator else None
        context = feed_context(feed, setup, registry, clock, SkippedCounter(feed.name), wire)
        self._supervisor = FeedSupervisor(
            feed.name,
            feed=feed.driver.create(feed.options, context),
            submit=self._recorder.submit,
            clock=clock,
            randomness=random.Random(),  # noqa: S311 (jitter, no secret)
        )

    async def run(self, stop: asyncio.Event, seconds: Seconds | None) -> None:
        """Record until told to stop or the feed's end, or for so many seconds.

        Args:
            stop: Set from outside to end it, here by the feed's end.
            seconds: So long at most; ``None``: without a limit.

        Raises:
            QueueAlertError: The recording cannot be written any more.
        """
        failures: list[Exception] = []

        def on_error(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
            # The writer is called from the feed's read callback, where only the loop would hear of an error.
            if isinstance(error := context.get("exception"), Exception):
                failures.append(error)
                stop.set()

        asyncio.get_running_loop().set_exception_handler(on_error)
        async with asyncio.TaskGroup() as group:
            work = group.create_task(self._supervisor.run(), name="feed")
            work.add_done_callback(lambda _task: stop.set())
            progress = group.create_task(self._progress(), name="progress")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await stop.wait()
            work.cancel()
            progress.cancel()
        for error in failures:
            if isinstance(error, OSError):
                raise QueueAlertError(f"the recording cannot be written: {error.strerror}") from error
            raise error

    def describe(self) -> str:
        """Return how much was recorded."""
        return self._recorder.describe()

    async def _progress(self) -> None:
        started = time.monotonic()
        while sys.stderr.isatty():
            await asyncio.sleep(_PROGRESS_S)
            text = f"\r{time.monotonic() - started:.0f} s, {self.describe()} "
            print(text, end="", file=sys.stderr, flush=True)  # noqa: T201 (shown to whoever waits)
