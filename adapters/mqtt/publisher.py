"""The publisher ``mqtt``: its options; what it does is in :mod:`~adapters.mqtt.teller`.

The client's library is imported when a publisher is made, so that the driver can be listed without it.
"""

from typing import Final

from adapters.mqtt.options import BrokerOptions, check_broker, check_site
from queue_alert.ports import ConfigProblem, Duration, Publisher, PublisherContext, PublisherDriver

__all__ = ["DRIVER", "MqttPublisherOptions", "check"]

_LONGEST_INTERVAL_S: Final = 60.0


class MqttPublisherOptions(BrokerOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where other programs are told how the groups stand, and how often."""

    site: str
    """The topics begin with ``queue-alert/<site>/``."""
    interval: Duration = 1.0
    """A group is said at most once in so long; the newest always gets out. ``"0s"``: every change."""


def check(options: MqttPublisherOptions) -> list[ConfigProblem]:
    """Return the mistakes in options that their types allow."""
    problems = check_broker(options) + check_site(options.site)
    if not 0.0 <= options.interval <= _LONGEST_INTERVAL_S:
        message = f"must be 0 s to 60 s, got {options.interval:g} s"
        problems.append(ConfigProblem(path="interval", message=message))
    return problems


def _create(options: MqttPublisherOptions, context: PublisherContext) -> Publisher:
    from adapters.mqtt.teller import MqttPublisher

    return MqttPublisher(options, context)


DRIVER: Final = PublisherDriver(
    summary="how the groups stand, retained on an MQTT 5 broker for other programs",
    options=MqttPublisherOptions,
    create=_create,
    check=check,
    packages=("aiomqtt",),
    extra="mqtt",
)
