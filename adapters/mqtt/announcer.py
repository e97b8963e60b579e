"""Keeps Home Assistant's picture of our groups right: what is new appears, what is gone goes.

What was announced before is read from the broker, where it is retained: so what another configuration, or
an earlier program, has left behind is found.
"""

import asyncio
import logging
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

import aiomqtt

from adapters.mqtt.discovery import MOST_GROUPS, announced_groups, device_config, discovery_topic
from adapters.mqtt.options import MqttPublisherOptions
from queue_alert.broker import Link, Outgoing, PublishRefusedError
from queue_alert.core.units import GroupName, Seconds
from queue_alert.protocol.topics import light_topic, state_topic

__all__ = ["FORGET_AFTER_S", "Announcer"]

_log = logging.getLogger(__name__)

FORGET_AFTER_S: Final[Seconds] = 60.0
"""A group of before that nobody has spoken of for so long since the start is no more: groups that are in no
configuration are known only when the ACD has spoken of them."""

_GATHER_S: Final[Seconds] = 0.5
"""New groups come many at once."""


class Announcer:
    """Announces one publisher's groups; outlives its connections.

    Args:
        options: The publisher's.
        name: Its name in the configuration.
        forget_after_s: See :data:`FORGET_AFTER_S`.
    """

    def __init__(
        self, options: MqttPublisherOptions, name: str, *, forget_after_s: Seconds = FORGET_AFTER_S
    ) -> None:
        self._options = options
        self._name = name
        self._forget_after_s = forget_after_s
        self._forget_at: float | None = None
        self._known: set[GroupName] = set()
        self._before: tuple[GroupName, ...] | None = None
        """What the broker has kept of us; ``None``: nothing."""
        self._news = asyncio.Event()
        self._has_too_many = False
        self._topic = discovery_topic(options.discovery_prefix, options.site)

    def take(self, message: aiomqtt.Message) -> None:
        """Take what the broker has kept."""
        if message.retain and isinstance(message.payload, bytes | bytearray):
            self._before = announced_groups(bytes(message.payload))

    def note(self, groups: Iterable[GroupName]) -> None:
        """Learn of groups that are published."""
        before = len(self._known)
        self._known.update(groups)
        if len(self._known) != before:
            self._news.set()

    async def begin(self, link: Link) -> None:
        """Ask for what the broker has kept; it has come when the next word of ours is acknowledged.

        Raises:
            aiomqtt.MqttError: The connection was lost.
        """
        self._before = None
        if self._options.discovery_prefix:
            # Who may not read it cannot have written it; who only may not read it leaves behind what is gone.
            await link.listen_to(self._topic)

    async def keep(self, link: Link) -> None:
        """Announce, and again what is new, for as long as the connection lasts.

        Raises:
            PublishRefusedError: We may not.
            aiomqtt.MqttError: The connection was lost.
        """
        if self._options.home_assistant:
            await self._announce(link)
        elif self._before is not None:
            await self._withdraw(link)
        await asyncio.get_running_loop().create_future()

    async def _announce(self, link: Link) -> None:
        loop = asyncio.get_running_loop()
        if self._forget_at is None:
            self._forget_at = loop.time() + self._forget_after_s
        shown = self._before or ()
        said = b""
        while True:
            self._news.clear()
            left = self._forget_at - loop.time()
            listed = self._listed()
            awaited = [group for group in shown if group not in self._known] if left > 0 else []
            gone = [group for group in shown if group not in {*listed, *awaited}]
            if gone:
                await self._forget(link, listed, awaited, gone)
            # Hundreds of groups take milliseconds to write down, and a lamp would stumble.
            config = await asyncio.to_thread(device_config, self._options.site, listed, awaited=awaited)
            if config != said:
                await link.say(Outgoing(self._topic, config, retain=True))
                said = config
            shown = (*listed, *awaited)
            await asyncio.sleep(_GATHER_S)
            with suppress(TimeoutError):
                async with asyncio.timeout(max(left, 0.0) if awaited else None):
                    await self._news.wait()

    def _listed(self) -> list[GroupName]:
        if len(self._known) > MOST_GROUPS and not self._has_too_many:
            self._has_too_many = True
            _log.warning("too many groups for home assistant publisher=%s most=%d", self._name, MOST_GROUPS)
        # By name, so that after a restart they are the same ones.
        return sorted(self._known)[:MOST_GROUPS]

    async def _forget(
        self, link: Link, listed: list[GroupName], awaited: list[GroupName], gone: list[GroupName]
    ) -> None:
        site = self._options.site
        config = await asyncio.to_thread(device_config, site, listed, awaited=awaited, gone=gone)
        await link.say(Outgoing(self._topic, config, retain=True))
        for group in set(gone) - self._known:
            topics = (state_topic(site, group), light_topic(site, group))
            await link.say(*(Outgoing(topic, b"", retain=True) for topic in topics))
        _log.info("home assistant forgets publisher=%s groups=%d", self._name, len(gone))

    async def _withdraw(self, link: Link) -> None:
        try:
            await link.say(Outgoing(self._topic, b"", retain=True))
            for group in self._before or ():
                await link.say(Outgoing(light_topic(self._options.site, group), b"", retain=True))
        except PublishRefusedError as error:
            # It is a thing of the past, and must not cost the other programs what they are told.
            _log.warning(
                "home assistant still shows us publisher=%s topic=%s reason=%s",
                self._name,
                error.topic,
                error.reason,
            )
        else:
            _log.info("home assistant was told that we are no more publisher=%s", self._name)
