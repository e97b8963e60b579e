"""Keeps what connects running: starts it again after a fault, with growing pauses; says when it is down."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable

from queue_alert.app.backoff import LONGEST_DELAY_S, Backoff
from queue_alert.core.events import AcdEvent, FeedState, FeedStatusChanged
from queue_alert.core.units import FeedName, Instant
from queue_alert.ports import Clock, DriverError, Feed

__all__ = ["FeedSupervisor", "Supervisor"]

_logger = logging.getLogger(__name__)


class Supervisor:
    """Runs something that connects, for as long as the process lives.

    A :class:`DriverError` is the world's fault: it is said to be down and is tried again, unless the error is
    not recoverable. Any other exception is ours: it ends the process, and the service manager starts a fresh
    one.

    Args:
        kind: What it is, as the log names it: ``feed``.
        name: Its name in the configuration.
        up: What the log calls it while it works: ``live``.
        connect: Connects once and works until the connection ends.
        say_down: Called with the reason whenever it is down.
        ended: The reason where it ends without a fault, for good.
        clock: The steady line.
        randomness: For the jitter of the pauses.
    """

    def __init__(
        self,
        kind: str,
        name: str,
        *,
        up: str,
        connect: Callable[[], Awaitable[None]],
        say_down: Callable[[str], None],
        ended: str,
        clock: Clock,
        randomness: random.Random,
    ) -> None:
        self._who = f"{kind}={name}"
        self._up = up
        self._connect = connect
        self._say_down = say_down
        self._ended = ended
        self._clock = clock
        self._backoff = Backoff(randomness)
        self._up_since: Instant | None = None
        self._is_failing = False

    async def run(self) -> None:
        """Run it until it has ended for good or cannot be helped; see the class for its errors."""
        while True:
            self._up_since = None
            try:
                await self._connect()
            except DriverError as error:
                self._say_down(error.reason)
                if not error.recoverable:
                    _logger.error(  # noqa: TRY400 (the reason is for an operator, a traceback is not)
                        "%s state=down given_up=true reason=%s", self._who, error.reason
                    )
                    return
                await asyncio.sleep(self._pause(error.reason))
            else:
                _logger.info("%s state=ended", self._who)
                self._say_down(self._ended)
                return

    def note_up(self) -> None:
        """Take note that it works now; may be called again and again."""
        if self._up_since is None:
            self._up_since = self._clock.now()
        if self._is_failing:
            _logger.info("%s state=%s recovered=true", self._who, self._up)
            self._is_failing = False

    def _pause(self, reason: str) -> float:
        # A connection that comes and goes at once must not be knocked on every second for ever.
        if self._up_since is not None and self._clock.now() - self._up_since >= LONGEST_DELAY_S:
            self._backoff.reset()
        delay = self._backoff.next_delay()
        level = logging.DEBUG if self._is_failing else logging.WARNING
        _logger.log(level, "%s state=down retry_in_s=%.1f reason=%s", self._who, delay, reason)
        self._is_failing = True
        return delay


class FeedSupervisor:
    """Runs one feed for as long as the process lives; see :class:`Supervisor`.

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
        self._submit = submit
        self._clock = clock
        self._said = 0
        self._supervisor = Supervisor(
            "feed",
            name,
            up=FeedState.LIVE.value,
            connect=lambda: feed.run(self._take),
            say_down=self._say_down,
            ended="the source has ended",
            clock=clock,
            randomness=randomness,
        )

    async def run(self) -> None:
        """Run the feed until it has ended for good or cannot be helped."""
        await self._supervisor.run()

    def _take(self, event: AcdEvent) -> None:
        if type(event) is FeedStatusChanged and event.state is FeedState.LIVE:
            self._supervisor.note_up()
        self._submit(event)

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
