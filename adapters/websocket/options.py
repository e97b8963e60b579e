"""The options of a ``websocket`` feed and the mistakes in them."""

import ipaddress
from typing import Final
from urllib.parse import SplitResult, urlsplit

import msgspec

from queue_alert.ports import ConfigProblem, Duration

__all__ = ["WebSocketOptions", "check", "goes_in_clear"]

_LONGEST_TIMEOUT_S: Final = 60.0
_LONGEST_SYNC_S: Final = 300.0
_PING_S: Final = (1.0, 3600.0)
_MESSAGE: Final = (4_096, 16 * 2**20)
_GROUPS: Final = (1, 5_000)
_EXAMPLE: Final = "ws://127.0.0.1:9470/feed"


class WebSocketOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to reach an ACD that serves the feed ``queue-alert.feed.v1``."""

    url: str
    """``wss://host:port/path``; ``ws://`` without TLS, with a token only on this machine."""
    token_file: str = ""
    """File whose first line is the bearer token; without it the environment's ``QUEUE_ALERT_<FEED>_TOKEN``,
    and without that none is sent."""
    ca_file: str = ""
    """Certificates (PEM) that vouch for the ACD's; without it those that the system trusts."""
    connect_timeout: Duration = 10.0
    """Longest wait for the connection, and then for the ACD's first word."""
    sync_timeout: Duration = 30.0
    """Longest wait until the ACD has said how things are."""
    ping: Duration = 20.0
    """Pause between two pings; an ACD that does not answer one in this time is gone."""
    max_message: int = 1_048_576
    """Largest message in bytes; a larger one ends the connection."""
    max_groups: int = 1_000
    """How many groups the ACD may speak of; what it says of further ones is passed over."""


def check(options: WebSocketOptions) -> list[ConfigProblem]:
    """Return the mistakes in options that their types allow."""
    problems = _check_url(options)
    if options.ca_file and not options.url.startswith("wss:"):
        problems.append(ConfigProblem(path="ca_file", message="is of use with wss:// only; write it in url"))
    for name, most in (("connect_timeout", _LONGEST_TIMEOUT_S), ("sync_timeout", _LONGEST_SYNC_S)):
        if not 0 < (value := getattr(options, name)) <= most:
            message = f"must be > 0 s and at most {most:g} s, got {value:g} s"
            problems.append(ConfigProblem(path=name, message=message))
    least, longest = _PING_S
    if not least <= options.ping <= longest:
        problems.append(ConfigProblem(path="ping", message=f"must be 1 s to 1 h, got {options.ping:g} s"))
    for name, (fewest, most_of) in (("max_message", _MESSAGE), ("max_groups", _GROUPS)):
        if not fewest <= (number := getattr(options, name)) <= most_of:
            message = f"must be {fewest} to {most_of}, got {number}"
            problems.append(ConfigProblem(path=name, message=message))
    return problems


def goes_in_clear(url: str) -> bool:
    """Return whether what is sent to ``url`` can be read on the way: no TLS, and not to this machine."""
    parts = urlsplit(url)
    return parts.scheme == "ws" and not _is_loopback(parts.hostname or "")


def _check_url(options: WebSocketOptions) -> list[ConfigProblem]:
    try:
        parts = urlsplit(options.url)
        message = _url_mistake(options.url, parts)
    except ValueError as error:
        message = f"is no address ({error}); write one such as {_EXAMPLE}"
    if message:
        return [ConfigProblem(path="url", message=message)]
    if options.token_file and goes_in_clear(options.url):
        message = "the token could be read on the way; write wss:// (a certificate of your own: ca_file)"
        return [ConfigProblem(path="url", message=message)]
    return []


def _url_mistake(url: str, parts: SplitResult) -> str:
    # What has a password in it is not repeated.
    if parts.username is not None or parts.password is not None:
        return "must not hold a user or password; write the token into token_file"
    if any(character.isspace() or not character.isprintable() for character in url):
        return "must be one word without spaces"
    if parts.scheme not in {"ws", "wss"} or not parts.hostname or parts.port == 0:
        return f'must be ws:// or wss:// with a host, such as {_EXAMPLE}, got "{url}"'
    if parts.fragment or "#" in url:
        return "must not hold a #"
    return ""


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
