"""The publisher ``mqtt``: how it is made; what it does is in :mod:`~adapters.mqtt.teller`.

The client's library is imported when a publisher is made, so that the driver can be listed without it.
"""

from typing import Final

from adapters.mqtt.options import MqttPublisherOptions, check_publisher
from queue_alert.ports import Publisher, PublisherContext, PublisherDriver

__all__ = ["DRIVER"]


def _create(options: MqttPublisherOptions, context: PublisherContext) -> Publisher:
    from adapters.mqtt.teller import MqttPublisher

    return MqttPublisher(options, context)


DRIVER: Final = PublisherDriver(
    summary="how the groups stand, retained on an MQTT 5 broker for other programs",
    options=MqttPublisherOptions,
    create=_create,
    check=check_publisher,
    packages=("aiomqtt",),
    extra="mqtt",
)
