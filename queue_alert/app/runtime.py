"""The monitor as one task group: built from a checked configuration, run until told to stop."""

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from typing import Any, Final

from queue_alert import __version__
from queue_alert.app.alerting import Alerting
from queue_alert.app.buttons import ButtonSide
from queue_alert.app.clock import SteadyClock
from queue_alert.app.conductor import Conductor
from queue_alert.app.config import FeedSetup, Setup
from queue_alert.app.http import HttpServer, server_names
from queue_alert.app.live import LiveView
from queue_alert.app.logs import AnomalyLog, SkippedCounter
from queue_alert.app.notify import Notifier
from queue_alert.app.outputs import OutputSide
from queue_alert.app.pages import Renderer, health_page
from queue_alert.app.publishing import PublisherSide
from queue_alert.app.registry import RECORDINGS, ROUTES, TRANSLATORS, Registry
from queue_alert.app.routing import Site
from queue_alert.app.supervisor import FeedSupervisor
from queue_alert.core.effects import ReportAnomaly
from queue_alert.core.monitor import Monitor
from queue_alert.core.units import Seconds
from queue_alert.core.view import GroupView
from queue_alert.ports import (
    Connected,
    Feed,
    FeedContext,
    Route,
    Skipped,
)

__all__ = ["Runtime", "feed_context"]

_logger = logging.getLogger(__name__)

_CLOCK_CHECK_S: Final[Seconds] = 5.0


class Runtime:
    """The monitor: feeds, core, outputs, buttons, pages, publishers.

    Making one loads every driver and touches neither a device nor the network.

    Args:
        setup: A checked configuration.
        registry: The installed drivers.
        clock: The steady line.
        randomness: For the jitter of pauses.
        notifier: Whom to tell that we are ready and alive.

    Raises:
        QueueAlertError: A driver cannot be had.
    """

    def __init__(
        self,
        setup: Setup,
        *,
        registry: Registry,
        clock: SteadyClock,
        randomness: random.Random | None = None,
        notifier: Notifier | None = None,
    ) -> None:
        self._setup = setup
        self._clock = clock
        self._randomness = randomness or random.Random()  # noqa: S311 (jitter, no secret)
        self._notifier = notifier or Notifier()
        self._skipped = {feed.name: SkippedCounter(feed.name) for feed in setup.feeds}
        self._feeds = {
            feed.name: feed.driver.create(
                feed.options, feed_context(feed, setup, registry, clock, self._skipped[feed.name])
            )
            for feed in setup.feeds
        }
        # Here rather than on the loop, because it reads the time zone's file.
        self._monitor = Monitor(setup.policy, clock.now())
        self._outputs = OutputSide(setup, registry, clock)
        self._publishers = PublisherSide(setup, clock=clock, randomness=self._randomness)
        self._buttons = ButtonSide(setup, clock=clock, randomness=self._randomness)
        names = registry.names(ROUTES) if setup.listen is not None else ()
        self._routes = [registry.load(ROUTES, name, Route) for name in names]
        self._anomalies = AnomalyLog()
        self._stop: asyncio.Event | None = None
        self._failure: BaseException | None = None

    def stop(self) -> None:
        """Make :meth:`run` end well; to be called on the event loop's thread."""
        if self._stop is not None:
            self._stop.set()

    def darken(self) -> None:
        """Make every lamp dark, now."""
        self._outputs.close()

    async def run(self, ready: Callable[[int], None]) -> None:
        """Run until :meth:`stop`; every lamp is dark when it returns, however it ends.

        Args:
            ready: Called once everything has been started, with the port the pages are served on (0: none).

        Raises:
            CannotListenError: The address for the pages cannot be had (in an exception group).
            Exception: Anything else is our own fault, and the process should end with it.
        """
        stop = self._stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        before = loop.get_exception_handler()
        loop.set_exception_handler(self._on_loop_error)
        try:
            await self._run(stop, ready)
        finally:
            self.darken()
            loop.set_exception_handler(before)
        if self._failure is not None:
            raise self._failure

    async def _run(self, stop: asyncio.Event, ready: Callable[[int], None]) -> None:
        live = LiveView(
            self._monitor,
            clock=self._clock,
            version=__version__,
            outputs={plan.name: plan.driver_name for plan in self._setup.outputs},
            publishers={plan.name: plan.driver_name for plan in self._setup.publishers},
            buttons={plan.name: plan.driver_name for plan in self._setup.buttons},
            skipped={name: counter.counts for name, counter in self._skipped.items()},
        )
        self._outputs.start(live.note_lamps)
        alerting = Alerting(
            self._setup,
            self._monitor,
            clock=self._clock,
            submit=lambda event: conductor.submit(event),
            say=live.note_store,
        )
        await alerting.load()
        conductor = Conductor(
            self._monitor,
            clock=self._clock,
            show=self._outputs.show,
            report=self._report,
            changed=self._publishers.listen_to(live.note_change),
            alerted=alerting.take,
        )
        renderer = Renderer(live.view)
        server = self._server(live, renderer)
        try:
            async with asyncio.TaskGroup() as group:
                tasks = self._start_outputs(group)
                conductor.start()
                if server is not None:
                    tasks.append(await self._start_pages(group, server))
                tasks.append(group.create_task(alerting.run(), name="delivery"))
                tasks += self._publishers.start(
                    group, groups=self._groups, submit=conductor.submit, say=live.note_publisher
                )
                tasks += self._start_rest(group, conductor, live)
                self._notifier.send("READY=1")
                ready(server.port if server is not None else 0)
                await stop.wait()
                self._notifier.send("STOPPING=1")
                for task in tasks:
                    task.cancel()
        finally:
            conductor.stop()
            renderer.close()
            await alerting.close()

    def _server(self, live: LiveView, renderer: Renderer) -> HttpServer | None:
        listen = self._setup.listen
        if listen is None:
            return None
        pages = [health_page(live.view), *(renderer.page(route) for route in self._routes)]
        site = Site(pages, hosts=server_names(listen), is_live_full=lambda: live.is_full)
        return HttpServer(site, live=live, listen=listen)

    def _start_outputs(self, group: asyncio.TaskGroup) -> list[asyncio.Task[None]]:
        return [
            group.create_task(engine.run(), name=f"outputs-{name}")
            for name, engine in self._outputs.engines.items()
        ]

    async def _start_pages(self, group: asyncio.TaskGroup, server: HttpServer) -> asyncio.Task[None]:
        listening = asyncio.Event()
        task = group.create_task(server.run(listening.set), name="http")
        await listening.wait()
        _logger.info("http=listening url=%s", server.url)
        return task

    def _start_rest(
        self, group: asyncio.TaskGroup, conductor: Conductor, live: LiveView
    ) -> list[asyncio.Task[None]]:
        tasks = [
            group.create_task(self._supervisor(name, feed, conductor).run(), name=f"feed-{name}")
            for name, feed in self._feeds.items()
        ]
        tasks += self._buttons.start(
            group, submit=conductor.submit, test_lamps=self._outputs.test_all, say=live.note_button
        )
        tasks.append(group.create_task(self._watch_clock(conductor, live), name="clock"))
        if self._notifier.watchdog_s is not None:
            tasks.append(group.create_task(self._feed_watchdog(self._notifier.watchdog_s), name="watchdog"))
        return tasks

    def _report(self, effect: ReportAnomaly, source: str) -> None:
        self._anomalies.report(effect)
        if (counter := self._skipped.get(source)) is not None:
            counter.count(effect.anomaly)

    def _supervisor(self, name: str, feed: Feed, conductor: Conductor) -> FeedSupervisor:
        return FeedSupervisor(
            name, feed=feed, submit=conductor.submit, clock=self._clock, randomness=self._randomness
        )

    def _groups(self) -> Sequence[GroupView]:
        return self._monitor.view(self._clock.now()).groups

    async def _watch_clock(self, conductor: Conductor, live: LiveView) -> None:
        while True:
            await asyncio.sleep(_CLOCK_CHECK_S)
            if (delta_s := self._clock.check_step()) is not None:
                live.clock_stepped(delta_s)
                conductor.clock_stepped(delta_s)

    async def _feed_watchdog(self, period_s: Seconds) -> None:
        while True:
            self._notifier.send("WATCHDOG=1")
            await asyncio.sleep(period_s / 2)

    def _on_loop_error(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Take an exception that a callback raised: out of our own code it must end the process."""
        error = context.get("exception")
        if error is None or isinstance(error, OSError):
            loop.default_exception_handler(context)
            return
        if self._failure is None:
            self._failure = error
        self.stop()


def feed_context(
    feed: FeedSetup,
    setup: Setup,
    registry: Registry,
    clock: SteadyClock,
    skipped: Callable[[Skipped, str], None],
    tap: Connected | None = None,
) -> FeedContext:
    """Return what a feed gets from the shell."""
    return FeedContext(
        name=feed.name,
        clock=clock,
        skipped=skipped,
        tap=tap,
        translator=lambda name: registry.load_any(TRANSLATORS, name)(feed.name, skipped),
        recording=lambda name: registry.load_any(RECORDINGS, name),
        base=setup.base,
    )
