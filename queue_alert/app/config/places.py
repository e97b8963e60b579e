"""Small things a configuration names: a time of day, a time zone, an address to listen on."""

import ipaddress
import os
import re
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from queue_alert.app.config.problems import did_you_mean, found
from queue_alert.core.units import Seconds

__all__ = ["ListenAddress", "parse_listen", "parse_time_of_day", "system_timezone", "timezone_mistake"]

_TIME: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?", re.ASCII)
_ADDRESS: Final = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^:\[\]]+):(?P<port>\d{1,5})", re.ASCII)
_MAX_PORT: Final = 65_535


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """Where the server listens.

    Attributes:
        host: An address of the loopback, or ``localhost``; IPv6 without brackets.
        port: 0 to 65,535; 0 lets the system choose a free one.
    """

    host: str
    port: int


def parse_time_of_day(text: str) -> Seconds | None:
    """Return the seconds after midnight of ``"HH:MM"`` or ``"HH:MM:SS"``, or ``None`` if it is neither."""
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    return int(match[1]) * 3600.0 + int(match[2]) * 60.0 + int(match[3] or 0)


def parse_listen(text: str) -> ListenAddress | str:
    """Return the address that ``text`` names, or what is wrong with it.

    Only the loopback is allowed: the pages ask nobody who they are.
    """
    match = _ADDRESS.fullmatch(text)
    if match is None or int(match["port"]) > _MAX_PORT:
        return f'must be an address and a port such as "127.0.0.1:9469", or "off", got {found(text)}'
    host = match["host"].strip("[]")
    if not _is_loopback(host):
        return (
            f'must be a loopback address such as "127.0.0.1:9469", got {found(text)}: the pages ask for no '
            "password, so other machines may read them only through a proxy on this one that does"
        )
    return ListenAddress(host, int(match["port"]))


def timezone_mistake(name: str) -> str:
    """Return what is wrong with a time zone's name, or ``""`` if there is one of that name."""
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        hint = did_you_mean(name, zoneinfo.available_timezones())
        return f'must be a time zone such as "Europe/London", got {found(name)}{hint}'
    return ""


def system_timezone(
    *, environ: Mapping[str, str] = os.environ, localtime: Path = Path("/etc/localtime")
) -> str:
    """Return the name of the system's time zone: ``TZ``, else ``/etc/localtime``, else ``UTC``."""
    candidates = [environ.get("TZ", "").removeprefix(":")]
    if localtime.is_symlink():
        candidates.append(str(localtime.readlink()).partition("zoneinfo/")[2])
    for name in candidates:
        if name and not timezone_mistake(name):
            return name
    return "UTC"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
