"""Options of the feed and of the publisher; in common they have how to reach the broker, and as whom."""

import re
import socket
from typing import Final

import msgspec

from queue_alert.ports import ConfigProblem, Duration
from queue_alert.protocol.topics import SITE_PATTERN

__all__ = [
    "BrokerOptions",
    "MqttFeedOptions",
    "MqttPublisherOptions",
    "check_broker",
    "check_feed",
    "check_publisher",
    "check_site",
    "client_id_of",
    "port_of",
    "where",
]

_PORT: Final = 1883
_TLS_PORT: Final = 8883
_PORTS: Final = range(65_536)
_KEEPALIVE_S: Final = (5.0, 3600.0)
_TIMEOUT_LIMIT_S: Final = 60.0
_LONGEST_SESSION_S: Final = 7 * 86_400.0
_MOST_IN_FLIGHT: Final = 1000
_PAYLOAD: Final = (1_000, 16_000_000)
_LONGEST_INTERVAL_S: Final = 60.0
_LONGEST_NAME: Final = 200
_LOOPBACK: Final = {"localhost", "127.0.0.1", "::1"}


class BrokerOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to reach the broker, and as whom."""

    host: str = "127.0.0.1"
    port: int = 0
    """0: 1883, with ``tls`` 8883."""
    username: str = ""
    """Of the broker's password file; "": the broker asks nobody for a name."""
    password_file: str = ""
    """File whose first line is the password; without it the environment's ``QUEUE_ALERT_<NAME>_PASSWORD``."""
    client_id: str = ""
    """Whom the broker takes us for; "": ``queue-alert-<host>-feeds-<name>`` (a publisher: ``-publishers-``).
    No two may have the same: they would throw each other out."""
    tls: bool = False
    """Speak TLS, and check the broker's certificate and name."""
    ca_file: str = ""
    """Certificate (PEM) of who has signed the broker's; "": whom the system trusts."""
    cert_file: str = ""
    """Our own certificate (PEM), if the broker wants one."""
    key_file: str = ""
    """Its key (PEM), if it is not in ``cert_file``."""
    keepalive: Duration = 15.0
    """A broker silent for so long is asked whether it is there, and given up after as long again."""
    connect_timeout: Duration = 10.0
    """Longest wait for the connection, and for any answer."""


def check_broker(options: BrokerOptions) -> list[ConfigProblem]:
    """Return the mistakes in options that their types allow."""
    problems = [
        ConfigProblem(
            path=name, message="must be one line of at most 200 characters without control characters"
        )
        for name in ("host", "username", "client_id")
        if any(ord(mark) < ord(" ") or mark == "\x7f" for mark in getattr(options, name))
        or len(getattr(options, name)) > _LONGEST_NAME
    ]
    if not options.host.strip():
        problems.append(ConfigProblem(path="host", message='must name the broker, got ""'))
    if options.port not in _PORTS:
        problems.append(ConfigProblem(path="port", message=f"must be 0 to 65535, got {options.port}"))
    least, most = _KEEPALIVE_S
    if not least <= options.keepalive <= most:
        message = f"must be 5 s to 1 h, got {options.keepalive:g} s"
        problems.append(ConfigProblem(path="keepalive", message=message))
    if not 0 < options.connect_timeout <= _TIMEOUT_LIMIT_S:
        message = f"must be > 0 s and at most 60 s, got {options.connect_timeout:g} s"
        problems.append(ConfigProblem(path="connect_timeout", message=message))
    return problems + _check_secrets(options)


def _check_secrets(options: BrokerOptions) -> list[ConfigProblem]:
    problems = []
    if options.password_file and not options.username:
        problems.append(ConfigProblem(path="password_file", message="needs a username"))
    if options.key_file and not options.cert_file:
        problems.append(ConfigProblem(path="key_file", message="needs a cert_file"))
    problems += [
        ConfigProblem(path=name, message="is of no use without tls = true")
        for name in ("ca_file", "cert_file")
        if getattr(options, name) and not options.tls
    ]
    if options.username and not options.tls and options.host not in _LOOPBACK:
        message = f"the password goes to {options.host} in the clear; write tls = true"
        problems.append(ConfigProblem(path="tls", message=message, is_warning=True))
    return problems


def where(options: BrokerOptions) -> str:
    """Return ``host:port`` for people."""
    host = f"[{options.host}]" if ":" in options.host else options.host
    return f"{host}:{port_of(options)}"


def port_of(options: BrokerOptions) -> int:
    """Return the broker's port."""
    return options.port or (_TLS_PORT if options.tls else _PORT)


def client_id_of(options: BrokerOptions, table: str, name: str) -> str:
    """Return whom the broker is to take ``[<table>.<name>]`` for.

    With this machine's name in it, for the same configuration may serve two of them.
    """
    return options.client_id or f"queue-alert-{socket.gethostname()}-{table}-{name}"


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


def check_publisher(options: MqttPublisherOptions) -> list[ConfigProblem]:
    """Return the mistakes in options that their types allow."""
    problems = check_broker(options) + check_site(options.site)
    if not 0.0 <= options.interval <= _LONGEST_INTERVAL_S:
        message = f"must be 0 s to 60 s, got {options.interval:g} s"
        problems.append(ConfigProblem(path="interval", message=message))
    return problems
