"""How a feed from an Asterisk is configured, and the mistakes in that."""

import ipaddress
from enum import StrEnum
from typing import Final

import msgspec

from queue_alert.ports import ConfigProblem, Duration

__all__ = ["CLASSES", "AsteriskOptions", "Authentication", "check"]

CLASSES: Final = "agent,system,call,dialplan"
"""Classes of events that are made use of."""

_PLAIN_PORT: Final = 5038
_TLS_PORT: Final = 5039
_PORTS: Final = range(1, 65_536)
_RHYTHM_S: Final = (1.0, 3600.0)
_TIMEOUT_LIMIT_S: Final = 60.0


class Authentication(StrEnum):
    """How to prove who we are."""

    AUTO = "auto"
    MD5 = "md5"
    PLAIN = "plain"


class AsteriskOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to reach the manager interface, and as whom."""

    username: str
    """Section of manager.conf: ``[username]``, with ``read = agent,system,call,dialplan``."""
    host: str = "127.0.0.1"
    port: int | None = None
    """By default 5038, with *tls* 5039."""
    secret_file: str = ""
    """File whose first line is the secret; without it the environment's ``QUEUE_ALERT_<FEED>_SECRET``."""
    authentication: Authentication = Authentication.AUTO
    """``md5`` answers a challenge and never sends the secret; ``plain`` sends it. ``auto`` is ``md5`` and,
    where Asterisk does not offer that, ``plain``, but only over TLS or to this very machine."""
    tls: bool = False
    """Speak TLS from the first byte (manager.conf: tlsenable, tlsbindaddr)."""
    ca_file: str = ""
    """Certificates to trust (PEM), such as Asterisk's own; without it the system's."""
    tls_name: str = ""
    """Name in Asterisk's certificate where it is not *host*."""
    event_filter: bool = True
    """Ask Asterisk to send only what is made use of. It refuses users without ``write = system``, who are
    better given the same filter in manager.conf."""
    poll: Duration = 30.0
    """Pause between two questions for all queues: what events never tell is put right that often."""
    ping: Duration = 20.0
    """Pause between two signs of life; an idle Asterisk says nothing by itself."""
    connect_timeout: Duration = 10.0
    """Longest wait for the connection, and for any answer."""
    events: str = CLASSES
    """Classes of events to be sent. Without *dialplan* no outcome but an answer is known; without *call* no
    hold, no transfer, and a caller who hung up is told from one who did not only after a while."""

    @property
    def effective_port(self) -> int:
        """The port to connect to."""
        return self.port or (_TLS_PORT if self.tls else _PLAIN_PORT)

    @property
    def where(self) -> str:
        """Host and port for messages."""
        return f"{self.host}:{self.effective_port}"

    @property
    def is_private(self) -> bool:
        """Whether nobody else on the network can read what is sent."""
        if self.tls or self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def check(options: AsteriskOptions) -> list[ConfigProblem]:
    """Return the mistakes in options that their types allow."""
    problems = [
        ConfigProblem(path=name, message="must be one line without control characters, and not empty")
        for name in ("username", "host", "events")
        if not getattr(options, name).strip() or any(mark in getattr(options, name) for mark in "\r\n\0")
    ]
    if options.port is not None and options.port not in _PORTS:
        problems.append(ConfigProblem(path="port", message=f"must be 1 to 65535, got {options.port}"))
    least, most = _RHYTHM_S
    problems += [
        ConfigProblem(path=name, message=f"must be 1 s to 1 h, got {getattr(options, name):g} s")
        for name in ("poll", "ping")
        if not least <= getattr(options, name) <= most
    ]
    if not 0 < options.connect_timeout <= _TIMEOUT_LIMIT_S:
        message = f"must be > 0 s and at most 60 s, got {options.connect_timeout:g} s"
        problems.append(ConfigProblem(path="connect_timeout", message=message))
    return problems + _check_wire(options) + _check_classes(options.events)


def _check_wire(options: AsteriskOptions) -> list[ConfigProblem]:
    problems = [
        ConfigProblem(path=name, message="must be left out without tls = true")
        for name in ("ca_file", "tls_name")
        if getattr(options, name) and not options.tls
    ]
    if options.authentication is Authentication.PLAIN and not options.is_private:
        message = 'the secret can be read by whoever is on the way; write "md5", or tls = true'
        problems.append(ConfigProblem(path="authentication", message=message, is_warning=True))
    return problems


def _check_classes(events: str) -> list[ConfigProblem]:
    classes = {name.strip() for name in events.split(",")}
    if classes & {"all", "on"}:
        return []
    if "agent" not in classes:
        return [ConfigProblem(path="events", message=f'must have the class "agent", got "{events}"')]
    if "dialplan" not in classes:
        message = 'without the class "dialplan" every outcome but an answer is "unknown"'
        return [ConfigProblem(path="events", message=message, is_warning=True)]
    return []
