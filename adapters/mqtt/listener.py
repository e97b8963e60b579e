"""Listens to a site: subscribes, hands over what comes before the broker is told that it was taken."""

import asyncio
import logging
from collections.abc import Callable
from typing import Final, NoReturn

import aiomqtt

from adapters.mqtt.intake import Intake
from adapters.mqtt.options import MqttFeedOptions
from queue_alert.broker import Link, first_of, linked
from queue_alert.broker_options import where
from queue_alert.core.events import AcdEvent
from queue_alert.core.units import Seconds
from queue_alert.ports import DriverError, FeedContext
from queue_alert.protocol.topics import RUN_PROPERTY, events_filter, snapshots_filter, status_topic

__all__ = ["MqttFeed"]

_log = logging.getLogger(__name__)

_CHECK_EVERY_S: Final[Seconds] = 1.0
_TOPIC_BYTES: Final = 4_096
"""Of a packet beside its payload: topic and properties."""


class MqttFeed:
    """A live feed; one object for all its connections, so that the order of events goes on."""

    def __init__(self, options: MqttFeedOptions, context: FeedContext) -> None:
        self._options = options
        self._context = context
        self._intake = Intake(
            context.name, site=options.site, max_payload=options.max_payload, skipped=context.skipped
        )

    async def run(self, submit: Callable[[AcdEvent], None]) -> None:
        """Stay connected until the connection ends.

        Raises:
            DriverError: It could not be made, or was lost.
        """
        options, context, intake = self._options, self._context, self._intake
        is_begun = False

        def hand_over(events: list[AcdEvent]) -> None:
            for event in events:
                submit(event)

        def begin() -> None:
            nonlocal is_begun
            if not is_begun:
                is_begun = True
                hand_over(intake.connected(context.clock.now()))

        def take(message: aiomqtt.Message) -> None:
            # What waited in the broker may come before we have been told that we are connected.
            begin()
            payload = message.payload
            hand_over(
                intake.take(
                    message.topic.value,
                    bytes(payload),
                    context.clock.now(),
                    retained=message.retain,
                    run=_run_of(message),
                )
            )

        async def look_at_the_clock() -> NoReturn:
            while True:
                await asyncio.sleep(_CHECK_EVERY_S)
                hand_over(intake.check(context.clock.now()))

        async with linked(
            options,
            name=context.name,
            table="feeds",
            base=context.base,
            take=take,
            session_expiry_s=round(options.session_expiry),
            receive_at_most=options.receive_maximum,
            longest_packet=options.max_payload + _TOPIC_BYTES,
        ) as link:
            begin()
            await self._subscribe(link)
            hand_over(intake.subscribed(context.clock.now()))
            _log.info("connected feed=%s broker=%s resumed=%s", context.name, where(options), link.is_resumed)
            await first_of(link.until_lost(), look_at_the_clock())

    async def _subscribe(self, link: Link) -> None:
        """Ask for everything: the status first, for it tells which run of the ACD the rest belongs to."""
        site = self._options.site
        for topic, retained in (
            (status_topic(site), True),
            # Events before snapshots, so that what happens in between is missed by neither.
            (events_filter(site), False),
            (snapshots_filter(site), True),
        ):
            if reason := await link.listen_to(topic, retained=retained):
                raise DriverError(
                    f"{where(self._options)} does not let us read {topic} ({reason}); check the broker's ACL"
                )


def _run_of(message: aiomqtt.Message) -> str | None:
    pairs = getattr(message.properties, "UserProperty", ())
    return next((value for name, value in pairs if name == RUN_PROPERTY), None)
