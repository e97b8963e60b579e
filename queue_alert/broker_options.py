"""How to reach an MQTT broker, and as whom: the options that feed, publisher and lamps have in common.

Apart from :mod:`queue_alert.broker`, so that a driver can be listed without the client's library.
"""

import socket
from typing import Final

import msgspec

from queue_alert.ports import ConfigProblem, Duration

__all__ = ["BrokerOptions", "check_broker", "client_id_of", "port_of", "where"]

_PORT: Final = 1883
_TLS_PORT: Final = 8883
_PORTS: Final = range(65_536)
_KEEPALIVE_S: Final = (5.0, 3600.0)
_TIMEOUT_LIMIT_S: Final = 60.0
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
    """Whom the broker takes us for; "": ``queue-alert-<host>-feeds-<name>`` (a publisher:
    ``-publishers-``, an output: ``-outputs-``).
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


def client_id_of(options: BrokerOptions, table: str, name: str, part: str = "") -> str:
    """Return whom the broker is to take ``[<table>.<name>]`` for.

    With this machine's name in it, for the same configuration may serve two of them.

    Args:
        options: How to reach the broker.
        table: ``feeds``, ``publishers``, ``outputs``.
        name: The name in that table.
        part: Tells several connections of one of them apart.
    """
    client_id = options.client_id or f"queue-alert-{socket.gethostname()}-{table}-{name}"
    return f"{client_id}-{part}" if part else client_id
