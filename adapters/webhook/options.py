"""The options of a ``webhook`` feed, and the mistakes in them that types allow."""

import re
from ipaddress import ip_address
from typing import Final, Literal
from urllib.parse import urlsplit

import msgspec

from queue_alert.ports import ConfigProblem, Duration

__all__ = ["WebhookOptions", "check", "claims", "is_loopback", "read_address"]

_PORTS: Final = range(1, 65_536)
_PATH: Final = re.compile(r"/[A-Za-z0-9._~/-]{0,199}", re.ASCII)
_HEADER: Final = re.compile(r"[A-Za-z0-9-]{1,64}", re.ASCII)
_COUNTS: Final = {
    "max_body": (1_024, 16_777_216),
    "max_events": (1, 10_000),
    "max_connections": (1, 1_000),
    "max_rate": (1, 10_000),
}
_SPANS: Final = {
    "max_age": (1.0, 3_600.0, "1 s to 1 h"),
    "request_timeout": (0.1, 60.0, "100 ms to 1 min"),
    "silence": (60.0, 604_800.0, "1 min to 7 d"),
    "give_up": (60.0, 2_592_000.0, "1 min to 30 d"),
}
_WAYS: Final = ("token_file", "secret_file", "password_file", "auth_token_file")


class WebhookOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where to listen, who posts, and who may."""

    kind: Literal["neutral", "twilio", "amazon-connect"] = "neutral"
    """Whose events are posted: CloudEvents of the neutral feed, Twilio's Event Streams, or Amazon Connect's
    contact events by EventBridge."""
    listen: str = "127.0.0.1:9470"
    """Address and port; ``0.0.0.0:9470`` or ``[::]:9470`` for all addresses of the machine."""
    path: str = "/events"
    """Where to post."""
    token_file: str = ""
    """File whose first line is the token that a sender shows in ``Authorization: Bearer …``; without it the
    environment's ``QUEUE_ALERT_<FEED>_TOKEN``."""
    token_header: str = "Authorization"  # noqa: S105 - the name of a header
    """Another header for the token (an API key), which stands in it bare."""
    secret_file: str = ""
    """File whose first line is the secret of ``X-Queue-Alert-Signature``; without it the environment's
    ``QUEUE_ALERT_<FEED>_SECRET``."""
    username: str = ""
    """User name of HTTP Basic."""
    password_file: str = ""
    """File whose first line is the password of HTTP Basic; without it the environment's
    ``QUEUE_ALERT_<FEED>_PASSWORD``."""
    auth_token_file: str = ""
    """File whose first line is the auth token of the Twilio account, which signs its posts; without it the
    environment's ``QUEUE_ALERT_<FEED>_AUTH_TOKEN``."""
    public_url: str = ""
    """Where Twilio posts to, as it is written there, without user, password and query."""
    open: bool = False
    """Let everybody post who can reach the address; it must be of this machine alone."""
    certificate_file: str = ""
    """Certificate chain (PEM) for TLS."""
    key_file: str = ""
    """Its private key (PEM), without a passphrase."""
    max_age: Duration = 300.0
    """So far may the time in a signature be from now, before or after."""
    max_body: int = 1_048_576
    """The longest body, in bytes."""
    max_events: int = 1_000
    """The most events in one post."""
    max_rate: int = 100
    """The most posts in one second."""
    max_connections: int = 32
    """The most connections at a time."""
    request_timeout: Duration = 10.0
    """So long may the head of a request take, and so long its body."""
    source: str = ""
    """Neutral feeds: the ``source`` to listen to; "": whoever speaks first."""
    snapshots: bool = True
    """Neutral feeds: nothing is believed before a snapshot. ``false`` for senders that never say one."""
    silence: Duration = 1_800.0
    """Clouds, which have no heartbeat: after so long without any post the feed is stale."""
    give_up: Duration = 86_400.0
    """Clouds, which have no snapshots: a contact of which nothing was heard for so long waits no more."""
    names: dict[str, str] = {}
    """Amazon Connect: what queues and agents are called, by the last part of their ARN."""


def read_address(listen: str) -> tuple[str, int] | None:
    """Return host and port of ``127.0.0.1:9470`` or ``[::1]:9470``; ``None`` where it is neither."""
    host, _, port = listen.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        return None
    if not host or host.strip() != host or not (port.isascii() and port.isdigit()) or int(port) not in _PORTS:
        return None
    return host, int(port)


def is_loopback(host: str) -> bool:
    """Return whether only this machine reaches ``host``."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def claims(options: WebhookOptions) -> tuple[str, ...]:
    """Return what the feed occupies alone: its address."""
    return (f"tcp {options.listen}",)


def check(options: WebhookOptions) -> list[ConfigProblem]:
    """Return the mistakes in options that their types allow."""
    return [
        *_check_place(options),
        *_check_limits(options),
        *_check_ways(options),
        *_check_kind(options),
    ]


def _check_place(options: WebhookOptions) -> list[ConfigProblem]:
    problems: list[ConfigProblem] = []
    address = read_address(options.listen)
    if address is None:
        problems.append(
            _problem("listen", f'must be as "127.0.0.1:9470" or "[::1]:9470", got "{options.listen}"')
        )
    if not _PATH.fullmatch(options.path):
        problems.append(_problem("path", f'must begin with / and need no escaping, got "{options.path}"'))
    if bool(options.certificate_file) != bool(options.key_file):
        lacking = "key_file" if options.certificate_file else "certificate_file"
        problems.append(_problem(lacking, "must be set: TLS needs certificate_file and key_file"))
    if address is not None and not is_loopback(address[0]) and not options.certificate_file:
        problems.append(
            _problem(
                "listen",
                "beyond this machine without TLS what is posted can be read on the way, tokens too: set "
                "certificate_file and key_file, or listen on 127.0.0.1 behind a proxy that has them",
                is_warning=True,
            )
        )
    return problems


def _check_limits(options: WebhookOptions) -> list[ConfigProblem]:
    problems = [
        _problem(name, f"must be {least} to {most}, got {getattr(options, name)}")
        for name, (least, most) in _COUNTS.items()
        if not least <= getattr(options, name) <= most
    ]
    problems += [
        _problem(name, f"must be {words}, got {getattr(options, name):g} s")
        for name, (shortest, longest, words) in _SPANS.items()
        if not shortest <= getattr(options, name) <= longest
    ]
    return problems


def _check_ways(options: WebhookOptions) -> list[ConfigProblem]:
    problems: list[ConfigProblem] = []
    if options.open:
        address = read_address(options.listen)
        if address is not None and not is_loopback(address[0]):
            problems.append(
                _problem("open", "must be false beyond this machine: anybody could write to the floor")
            )
        problems += [
            _problem(way, "has no effect beside open = true; remove one of them")
            for way in _WAYS
            if getattr(options, way)
        ]
    if not _HEADER.fullmatch(options.token_header):
        problems.append(
            _problem("token_header", f'must be the name of a header, got "{options.token_header}"')
        )
    if options.password_file and not options.username:
        problems.append(_problem("username", "must be set with password_file"))
    if ":" in options.username:
        problems.append(_problem("username", "must not have a colon"))
    return problems + _check_public_url(options)


def _check_public_url(options: WebhookOptions) -> list[ConfigProblem]:
    if not options.public_url:
        if options.auth_token_file:
            return [
                _problem("public_url", "must be set with auth_token_file: Twilio signs where it posts to")
            ]
        return []
    try:
        parts = urlsplit(options.public_url)
        is_sound = parts.scheme in {"https", "http"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_sound = False
    if not is_sound or "?" in options.public_url or "#" in options.public_url or "@" in options.public_url:
        return [
            _problem(
                "public_url",
                'must be as "https://acd.example.com/events", without user, password and query, '
                f'got "{options.public_url}"',
            )
        ]
    return []


def _check_kind(options: WebhookOptions) -> list[ConfigProblem]:
    only = {
        "source": ("neutral", bool(options.source)),
        "auth_token_file": ("twilio", bool(options.auth_token_file)),
        "public_url": ("twilio", bool(options.public_url)),
        "names": ("amazon-connect", bool(options.names)),
    }
    return [
        _problem(name, f'is for kind = "{kind}", got kind = "{options.kind}"')
        for name, (kind, is_set) in only.items()
        if is_set and kind != options.kind
    ]


def _problem(path: str, message: str, *, is_warning: bool = False) -> ConfigProblem:
    return ConfigProblem(path=path, message=message, is_warning=is_warning)
