"""Options of the feed and of the publisher, besides how to reach the broker."""

import re
from typing import Final

from queue_alert.broker_options import BrokerOptions, check_broker
from queue_alert.ports import ConfigProblem, Duration
from queue_alert.protocol.topics import SITE_PATTERN

__all__ = ["MqttFeedOptions", "MqttPublisherOptions", "check_feed", "check_publisher", "check_site"]

_LONGEST_SESSION_S: Final = 7 * 86_400.0
_MOST_IN_FLIGHT: Final = 1000
_PAYLOAD: Final = (1_000, 16_000_000)
_LONGEST_INTERVAL_S: Final = 60.0
_PREFIX: Final = re.compile(r"[A-Za-z0-9._/-]{1,64}")


def check_site(site: str) -> list[ConfigProblem]:
    """Return what is wrong with a site's name."""
    if re.match(SITE_PATTERN, site):
        return []
    message = f'must be 1 to 64 letters, digits or ". _ -", got "{site[:80]}"'
    return [ConfigProblem(path="site", message=message)]


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


def check_feed(options: MqttFeedOptions) -> list[ConfigProblem]:
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


class MqttPublisherOptions(BrokerOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where other programs are told how the groups stand, and how often."""

    site: str
    """The topics begin with ``queue-alert/<site>/``."""
    interval: Duration = 1.0
    """A group is said at most once in so long; the newest always gets out. ``"0s"``: every change."""
    home_assistant: bool = False
    """Announce the groups to Home Assistant, which then shows them by itself; switched off again, they go."""
    home_assistant_acts: bool = False
    """There, a group's light or siren switched off acknowledges, a siren switched on calls an emergency."""
    discovery_prefix: str = "homeassistant"
    """Home Assistant's own; "": do not even look whether there is something left to take back."""


def check_publisher(options: MqttPublisherOptions) -> list[ConfigProblem]:
    """Return the mistakes in options that their types allow."""
    problems = check_broker(options) + check_site(options.site)
    if not 0.0 <= options.interval <= _LONGEST_INTERVAL_S:
        message = f"must be 0 s to 60 s, got {options.interval:g} s"
        problems.append(ConfigProblem(path="interval", message=message))
    if options.home_assistant_acts and not options.home_assistant:
        message = "is of no use without home_assistant = true"
        problems.append(ConfigProblem(path="home_assistant_acts", message=message))
    return problems + _check_prefix(options)


def _check_prefix(options: MqttPublisherOptions) -> list[ConfigProblem]:
    prefix = options.discovery_prefix
    if not prefix and options.home_assistant:
        message = 'must be that of Home Assistant, got "" (write "homeassistant")'
    elif prefix and not _PREFIX.fullmatch(prefix):
        message = f'must be 1 to 64 letters, digits, slashes or ". _ -", got "{prefix[:80]}"'
    else:
        return []
    return [ConfigProblem(path="discovery_prefix", message=message)]
