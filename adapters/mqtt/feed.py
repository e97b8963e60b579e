"""The feed driver ``mqtt``: its options; what it does is in :mod:`~adapters.mqtt.listener`.

The client's library is imported when a feed is made, so that the driver can be listed without it.
"""

from typing import Final

from adapters.mqtt.options import BrokerOptions, check_broker, check_site
from queue_alert.core.units import Seconds
from queue_alert.ports import ConfigProblem, Duration, Feed, FeedContext, FeedDriver

__all__ = ["DRIVER", "MqttFeedOptions", "check"]

_LONGEST_SESSION_S: Final = 7 * 86_400.0
_MOST_IN_FLIGHT: Final = 1000
_PAYLOAD: Final = (1_000, 16_000_000)
_STALE_AFTER_S: Final[Seconds] = 45.0


class MqttFeedOptions(BrokerOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which site's events to listen to, and how."""

    site: str
    """The topics begin with ``acd/<site>/``."""
    session_expiry: Duration = 3600.0
    """So long the broker keeps what we have not seen while we are away."""
    receive_maximum: int = 100
    """So many messages may be under way to us, not acknowledged yet."""
    max_payload: int = 1_000_000
    """Bytes of the longest payload; the broker is told not to send longer ones."""


def check(options: MqttFeedOptions) -> list[ConfigProblem]:
    """Return the mistakes in options that their types allow."""
    problems = check_broker(options) + check_site(options.site)
    # Written so that a duration that is no number is refused too.
    if not 1.0 <= options.session_expiry <= _LONGEST_SESSION_S:
        message = f"must be 1 s to 168 h, got {options.session_expiry:g} s"
        problems.append(ConfigProblem(path="session_expiry", message=message))
    if not 1 <= options.receive_maximum <= _MOST_IN_FLIGHT:
        message = f"must be 1 to 1000, got {options.receive_maximum}"
        problems.append(ConfigProblem(path="receive_maximum", message=message))
    least, most = _PAYLOAD
    if not least <= options.max_payload <= most:
        message = f"must be 1000 to 16000000 bytes, got {options.max_payload}"
        problems.append(ConfigProblem(path="max_payload", message=message))
    return problems


def _create(options: MqttFeedOptions, context: FeedContext) -> Feed:
    from adapters.mqtt.listener import MqttFeed

    return MqttFeed(options, context)


DRIVER: Final = FeedDriver(
    summary="an ACD's events by an MQTT 5 broker",
    options=MqttFeedOptions,
    create=_create,
    check=check,
    packages=("aiomqtt",),
    extra="mqtt",
    stale_after_s=_STALE_AFTER_S,
)
