"""The feed driver ``mqtt``: how it is made; what it does is in :mod:`~adapters.mqtt.listener`.

The client's library is imported when a feed is made, so that the driver can be listed without it.
"""

from typing import Final

from adapters.mqtt.options import MqttFeedOptions, check_feed
from queue_alert.core.units import Seconds
from queue_alert.ports import Feed, FeedContext, FeedDriver

__all__ = ["DRIVER"]

_STALE_AFTER_S: Final[Seconds] = 45.0


def _create(options: MqttFeedOptions, context: FeedContext) -> Feed:
    from adapters.mqtt.listener import MqttFeed

    return MqttFeed(options, context)


DRIVER: Final = FeedDriver(
    summary="an ACD's events by an MQTT 5 broker",
    options=MqttFeedOptions,
    create=_create,
    check=check_feed,
    packages=("aiomqtt",),
    extra="mqtt",
    stale_after_s=_STALE_AFTER_S,
)
