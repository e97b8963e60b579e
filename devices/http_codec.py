"""An HTTP request to bytes, an address to its parts, and a reply from bytes: no sockets here.

Replies are parsed by the standard library from whatever can be read; the caller bounds size and time.
"""

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse, IncompleteRead
from typing import Any, Final, Protocol, cast
from urllib.parse import urlsplit

from devices.addresses import check_host, shown
from queue_alert.ports import ConfigProblem

__all__ = [
    "MOST_BODY",
    "Origin",
    "Reply",
    "Request",
    "check_header",
    "check_url",
    "encode",
    "read_reply",
    "split",
]

MOST_BODY: Final = 65_536
"""Bytes of the longest body that is read."""

_PORTS: Final = {"http": 80, "https": 443}
_LONGEST_URL: Final = 2_000
_TOKEN: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_VISIBLE: Final = re.compile(r"[!-~]*")
_VALUE: Final = re.compile(r"[ -~]*")
_OURS: Final = {"host", "content-length", "transfer-encoding", "connection"}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a connection leads to."""

    scheme: str
    host: str
    port: int

    @property
    def where(self) -> str:
        """``host:port`` for people and for the header ``Host``."""
        return shown(self.host, self.port)


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked; ``target`` is path and query."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Reply:
    """What was answered, and whether the connection can take another request."""

    status: int
    body: bytes
    is_kept: bool


class Readable(Protocol):
    """What a reply is read from."""

    def makefile(self, mode: str) -> io.BufferedIOBase:
        """Return the bytes from here on."""


def split(url: str) -> tuple[Origin, str]:
    """Return where a sound address leads to, and its target (see :func:`check_url`)."""
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Origin(parts.scheme, parts.hostname or "", parts.port or _PORTS[parts.scheme]), target


def check_url(url: str, path: str) -> list[ConfigProblem]:
    """Return what is wrong with an address; never repeats what may be a password."""
    if mistake := _url_mistake(url):
        return [ConfigProblem(path=path, message=mistake)]
    return []


def _url_mistake(url: str) -> str:
    if len(url) > _LONGEST_URL or not _VISIBLE.fullmatch(url):
        return f"must be at most {_LONGEST_URL} visible ASCII characters without blanks; write a blank as %20"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return 'must be an address such as "http://192.168.1.40/relay/0", with a port of 1 to 65535'
    if parts.scheme not in _PORTS:
        return f'must begin with http:// or https://, got "{url[:20]}"'
    if parts.username is not None or parts.password is not None:
        return "must not hold a user or a password; write a header with secret_file"
    if not host or check_host(host):
        return f'must name the device\'s host, got "{url[:40]}"'
    if port == 0:
        return "port must be 1 to 65535, got 0"
    return "must not hold a fragment (#…): devices never see it" if parts.fragment else ""


def check_header(name: str, value: str, path: str) -> list[ConfigProblem]:
    """Return what is wrong with a header; its value is not repeated."""
    if not _TOKEN.fullmatch(name) or name.lower() in _OURS:
        return [ConfigProblem(path=path, message="must be a header's name, and none that is set by itself")]
    if not _VALUE.fullmatch(value):
        return [ConfigProblem(path=path, message="must be one line of printable ASCII characters")]
    return []


def encode(origin: Origin, request: Request) -> bytes:
    """Return the bytes of a request, header ``Host`` and length included.

    Everything must have been checked: no line break can be in any part.
    """
    is_usual = origin.port == _PORTS[origin.scheme]
    host = f"[{origin.host}]" if ":" in origin.host else origin.host
    lines = [
        f"{request.method} {request.target} HTTP/1.1",
        f"Host: {host if is_usual else origin.where}",
        *(f"{name}: {value}" for name, value in request.headers.items()),
    ]
    if request.body or request.method != "GET":
        lines.append(f"Content-Length: {len(request.body)}")
    return "\r\n".join([*lines, "", ""]).encode("ascii") + request.body


def read_reply(source: Readable, method: str) -> Reply:
    """Return the reply that ``source`` holds.

    Args:
        source: Where it is read from; bounded in size and time by whoever made it.
        method: Of the request.

    Raises:
        HTTPException: It is no HTTP, or ends too early, or is longer than allowed.
        OSError: As ``source``.
    """
    # The library wants a socket, of which it uses but this one method.
    response = HTTPResponse(cast("Any", source), method=method)
    try:
        response.begin()
        body = response.read(MOST_BODY + 1)
        if len(body) > MOST_BODY:
            raise HTTPException("longer than allowed")
        if response.length:
            raise IncompleteRead(body, response.length)
        return Reply(response.status, body, is_kept=not response.will_close and response.isclosed())
    except ValueError as error:
        raise HTTPException("no HTTP") from error
    finally:
        response.close()
