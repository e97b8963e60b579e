"""Tells other programs how the groups stand: retained, the newest only, and that we are there at all."""

import asyncio
import heapq
import logging
from collections.abc import Iterable
from typing import Final

import aiomqtt
import msgspec

from adapters.mqtt.announcer import Announcer
from adapters.mqtt.discovery import LONGEST_CONFIG
from adapters.mqtt.messages import group_state
from adapters.mqtt.options import MqttPublisherOptions
from queue_alert.broker import IN_FLIGHT, Link, Outgoing, first_of, linked
from queue_alert.broker_options import where
from queue_alert.core.units import GroupName, Seconds
from queue_alert.core.view import GroupView
from queue_alert.ports import PublisherContext, StateSource
from queue_alert.protocol.topics import state_status_topic, state_topic

__all__ = ["MqttPublisher", "Paced"]

_log = logging.getLogger(__name__)

_ONLINE: Final = b"online"
_OFFLINE: Final = b"offline"


class Paced:
    """The newest view of every group that is still to be said, and when it may be. Pure.

    Args:
        interval_s: A group is said at most once in so long.
    """

    def __init__(self, interval_s: Seconds) -> None:
        self._interval_s = interval_s
        self._newest: dict[GroupName, GroupView] = {}
        self._said_at: dict[GroupName, float] = {}
        self._due: list[tuple[float, GroupName]] = []

    def put(self, views: Iterable[GroupView], now: float) -> None:
        """Take newer views; one that has not been said yet is replaced."""
        for view in views:
            if view.name not in self._newest:
                due = max(now, self._said_at.get(view.name, now - self._interval_s) + self._interval_s)
                heapq.heappush(self._due, (due, view.name))
            self._newest[view.name] = view

    def take(self, now: float, most: int) -> list[GroupView]:
        """Return at most ``most`` views that may be said now; they count as said."""
        views: list[GroupView] = []
        while self._due and self._due[0][0] <= now and len(views) < most:
            _, name = heapq.heappop(self._due)
            self._said_at[name] = now
            views.append(self._newest.pop(name))
        return views

    def next_at(self) -> float | None:
        """Return when the next view may be said, ``None`` if there is none."""
        return self._due[0][0] if self._due else None


class MqttPublisher:
    """Says every group's state, retained, and takes it back by nobody's will but the broker's."""

    def __init__(self, options: MqttPublisherOptions, context: PublisherContext) -> None:
        self._options = options
        self._context = context
        self._encoder = msgspec.json.Encoder()
        self._announcer = Announcer(options, context.name)

    async def run(self, source: StateSource) -> None:
        """Stay connected and say all groups, then every change.

        Raises:
            DriverError: The connection could not be made, was lost, or the broker has refused something.
        """
        options, context = self._options, self._context
        topic = state_status_topic(options.site)
        paced = Paced(options.interval)
        is_waiting = asyncio.Event()

        async def gather() -> None:
            loop = asyncio.get_running_loop()
            views = source.groups()
            while True:
                paced.put(views, loop.time())
                self._announcer.note(view.name for view in views)
                is_waiting.set()
                views = await source.changed()

        async with linked(
            options,
            name=context.name,
            table="publishers",
            base=context.base,
            will=aiomqtt.Will(topic, _OFFLINE, qos=1, retain=True),
            take=self._announcer.take,
            longest_packet=LONGEST_CONFIG,
        ) as link:
            _log.info("connected publisher=%s broker=%s", context.name, where(options))
            try:
                await self._announcer.begin(link)
                await link.say(Outgoing(topic, _ONLINE, retain=True))
                await first_of(
                    link.until_lost(),
                    gather(),
                    self._say_all(link, paced, is_waiting),
                    self._announcer.keep(link),
                )
            finally:
                await link.leave_with_will()

    async def _say_all(self, link: Link, paced: Paced, is_waiting: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = paced.next_at()
            if due is None:
                is_waiting.clear()
                await is_waiting.wait()
                continue
            await asyncio.sleep(max(due - loop.time(), 0.0))
            views = paced.take(loop.time(), IN_FLIGHT)
            await link.say(*(self._message(view) for view in views))

    def _message(self, view: GroupView) -> Outgoing:
        state = group_state(view, self._context.clock.now())
        topic = state_topic(self._options.site, view.name)
        return Outgoing(topic, self._encoder.encode(state), retain=True)
