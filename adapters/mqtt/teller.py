"""Tells other programs how the groups stand: retained, the newest only, and that we are there at all."""

import asyncio
import heapq
import logging
from collections.abc import Iterable
from functools import partial
from typing import Final

import aiomqtt
import msgspec

from adapters.mqtt.announcer import Announcer
from adapters.mqtt.discovery import LONGEST_CONFIG
from adapters.mqtt.entities import Switched, light_state, read_switch
from adapters.mqtt.messages import group_state
from adapters.mqtt.options import MqttPublisherOptions
from queue_alert.broker import IN_FLIGHT, Link, Outgoing, first_of, linked
from queue_alert.broker_options import where
from queue_alert.core.units import GroupName, Seconds
from queue_alert.core.view import GroupView
from queue_alert.ports import PublisherContext, StateSource
from queue_alert.protocol.topics import light_topic, sets_filter, state_status_topic, state_topic, what_is_set

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
        self._emergencies: dict[GroupName, int] = {}
        """How many of each group that was said are not acknowledged."""

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
                self._emergencies |= {view.name: view.emergencies for view in views}
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
            take=partial(self._take, source),
            longest_packet=LONGEST_CONFIG,
        ) as link:
            _log.info("connected publisher=%s broker=%s", context.name, where(options))
            try:
                await self._announcer.begin(link)
                if options.home_assistant_acts:
                    await self._listen_to_switches(link)
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
            views = paced.take(loop.time(), IN_FLIGHT // 2)
            await link.say(*(message for view in views for message in self._messages(view)))

    def _messages(self, view: GroupView) -> list[Outgoing]:
        site = self._options.site
        state = group_state(view, self._context.clock.now())
        messages = [Outgoing(state_topic(site, view.name), self._encoder.encode(state), retain=True)]
        if self._options.home_assistant:
            light = self._encoder.encode(light_state(view))
            messages.append(Outgoing(light_topic(site, view.name), light, retain=True))
        return messages

    # ---- what is answered

    async def _listen_to_switches(self, link: Link) -> None:
        topics = sets_filter(self._options.site)
        if reason := await link.listen_to(topics, retained=False):
            # The other programs must not go without figures for it.
            _log.warning(
                "home assistant cannot act publisher=%s topic=%s reason=%s",
                self._context.name,
                topics,
                reason,
            )

    def _take(self, source: StateSource, message: aiomqtt.Message) -> None:
        topic, payload = str(message.topic), message.payload
        if what_is_set(topic, self._options.site) is None:
            self._announcer.take(message)
        # What is retained was said to nobody, some time ago.
        elif (
            self._options.home_assistant_acts
            and not message.retain
            and isinstance(payload, bytes | bytearray)
        ):
            self._act(source, topic, bytes(payload))

    def _act(self, source: StateSource, topic: str, payload: bytes) -> None:
        found = read_switch(topic, payload, self._options.site)
        if found is None or found[0] not in self._emergencies:
            return
        group, switched = found
        _log.info(
            "home assistant publisher=%s group=%s switched=%s", self._context.name, group, switched.value
        )
        if switched is Switched.SEEN:
            source.acknowledge(group)
        elif not self._emergencies[group]:
            # Until it is acknowledged one is enough, however often a switch is pressed.
            self._emergencies[group] = 1
            source.call_emergency(group)
