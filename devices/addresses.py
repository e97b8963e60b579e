"""Where a device in the network is, and how long it may take."""

import ipaddress
import re
from typing import Final

from queue_alert.core.units import Seconds
from queue_alert.ports import ConfigProblem

__all__ = ["TIMEOUT_S", "check_host", "check_port", "check_span", "shown", "span_of"]

TIMEOUT_S: Final[tuple[Seconds, Seconds]] = (0.1, 2.5)
"""Bounds of how long one change may take; below what counts as a device that hangs."""

_PORTS: Final = range(1, 65_536)
_NAME: Final = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_-]+)*\.?")
_LONGEST_QUOTE: Final = 80


def check_host(host: str, path: str = "host") -> list[ConfigProblem]:
    """Return what is wrong with a host: it must be a name or an address."""
    if _NAME.fullmatch(host) or _is_address(host):
        return []
    message = f'must be a name or an address such as "192.168.1.40", got "{host[:_LONGEST_QUOTE]}"'
    return [ConfigProblem(path=path, message=message)]


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def check_port(port: int, path: str = "port") -> list[ConfigProblem]:
    """Return what is wrong with a port: it must be 1 to 65535."""
    if port in _PORTS:
        return []
    return [ConfigProblem(path=path, message=f"must be 1 to {_PORTS[-1]}, got {port}")]


def check_span(path: str, seconds: Seconds, least: Seconds, most: Seconds) -> list[ConfigProblem]:
    """Return a problem if ``seconds`` is not in ``least`` to ``most``, both included."""
    if least <= seconds <= most:
        return []
    return [ConfigProblem(path=path, message=f"must be {span_of(least, most)}, got {seconds:g} s")]


def span_of(least: Seconds, most: Seconds) -> str:
    """Return bounds for people: ``0.1 s to 2.5 s``."""
    return f"{least:g} s to {most:g} s"


def shown(host: str, port: int) -> str:
    """Return ``host:port`` for people."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
