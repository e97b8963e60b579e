"""Keeps one feed running: starts it again after a fault, with growing pauses, and says when it is down."""

import asyncio
import logging
import random
from collections.abc import Callable

from queue_alert.app.backoff import LONGEST_DELAY_S, Backoff
from queue_alert.core.events import AcdEvent, FeedState, FeedStatusChanged
from queue_alert.core.units import FeedName, Instant
from queue_alert.ports import Clock, DriverError, Feed

__all__ = ["FeedSupervisor"]

_logger = logging.getLogger(__name__)


class FeedSupervisor:
    """Runs one feed for as long as the process lives.

    A :class:`DriverError` is the world's fault: the feed is said to be down and is tried again, unless the
    error is not recoverable. Any other exception is ours: it ends the process, and the service manager starts
    a fresh one.

    Args:
        name: The feed's name in the configuration.
        feed: The feed.
        submit: Takes the feed's events.
        clock: The steady line.
        randomness: For the jitter of the pauses.
    """

    def __init__(
        self,
        name: str,
        *,
        feed: Feed,
        submit: Callable[[AcdEvent], None],
        clock: Clock,
        randomness: random.Random,
    ) -> None:
        self._name = FeedName(name)
        self._feed = feed
        self._submit = submit
        self._clock = clock
        self._backoff = Backoff(randomness)
        self._live_since: Instant | None = None
        self._is_failing = False
        self._said = 0

    async def run(self) -> None:
        """Run the feed until it has ended for good or cannot be helped; see the class for its errors."""
        while True:
            self._live_since = None
            try:
                await self._feed.run(self._take)
            except DriverError as error:
                self._say_down(error.reason)
                if not error.recoverable:
                    _logger.error(  # noqa: TRY400 (the reason is for an operator, a traceback is not)
                        "feed=%s state=down given_up=true reason=%s", self._name, error.reason
                    )
                    return
                await asyncio.sleep(self._pause(error.reason))
            else:
                _logger.info("feed=%s state=ended", self._name)
                self._say_down("the source has ended")
                return

    def _take(self, event: AcdEvent) -> None:
        if type(event) is FeedStatusChanged and event.state is FeedState.LIVE:
            self._note_live()
        self._submit(event)

    def _note_live(self) -> None:
        if self._live_since is None:
            self._live_since = self._clock.now()
        if self._is_failing:
            _logger.info("feed=%s state=live recovered=true", self._name)
            self._is_failing = False

    def _pause(self, reason: str) -> float:
        # A connection that comes and goes at once must not be knocked on every second for ever.
        if self._live_since is not None and self._clock.now() - self._live_since >= LONGEST_DELAY_S:
            self._backoff.reset()
        delay = self._backoff.next_delay()
        level = logging.DEBUG if self._is_failing else logging.WARNING
        _logger.log(level, "feed=%s state=down retry_in_s=%.1f reason=%s", self._name, delay, reason)
        self._is_failing = True
        return delay

    def _say_down(self, reason: str) -> None:
        self._said += 1
        now = self._clock.now()
        self._submit(
            FeedStatusChanged(
                id=f"supervisor-{now:.6f}-{self._said}",
                source=self._name,
                time=now,
                state=FeedState.DOWN,
                reason=reason,
            )
        )
