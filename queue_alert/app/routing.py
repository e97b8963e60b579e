"""Which request gets which answer. Independent of the server that carries them."""

import html
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final, Literal
from urllib.parse import urlsplit

__all__ = ["SECURITY_HEADERS", "Answer", "Page", "Request", "Site", "json_answer", "text_answer"]

SECURITY_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""Sent with every answer."""

_LIVE: Final = "/live"
_MAX_TARGET: Final = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a client asks for.

    Attributes:
        method: ``GET``.
        target: Path and query as sent.
        hosts: Every ``Host`` header; there must be exactly one.
        origins: Every ``Origin`` header: the page a browser was on when it asked.
        is_upgrade: Whether a WebSocket is wanted.
        accepts_gzip: Whether the body may come compressed.
    """

    method: str
    target: str
    hosts: tuple[str, ...]
    origins: tuple[str, ...] = ()
    is_upgrade: bool = False
    accepts_gzip: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What it gets: status, body and headers beside the security headers, the type and the length."""

    status: HTTPStatus
    content_type: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page: its path, one line about it, and what makes its answer."""

    path: str
    summary: str
    answer: Callable[[Request], Awaitable[Answer]]


class Site:
    """All pages, the index of them and the door to the live view.

    Args:
        pages: The pages; of two with one path the later wins.
        hosts: Names this server goes by, in lower case and without port. A request for any other is refused:
            a page elsewhere could have its own name lead here (DNS rebinding) and read what it likes.
        is_live_full: Tells whether as many watch the live view as may.
    """

    def __init__(
        self, pages: Iterable[Page], *, hosts: Iterable[str], is_live_full: Callable[[], bool]
    ) -> None:
        self._pages = {page.path: page for page in pages}
        self._hosts = frozenset(hosts)
        self._is_live_full = is_live_full

    async def answer(self, request: Request) -> Answer | Literal["live"]:
        """Return the answer to a request, or ``"live"`` where the WebSocket may be opened."""
        if refusal := self._refusal(request):
            return refusal
        path = request.target.partition("?")[0]
        if path == _LIVE:
            return self._live_refusal(request) or "live"
        if path == "/":
            return self._index()
        page = self._pages.get(path)
        if page is None:
            known = ", ".join(["/", *sorted(self._pages), _LIVE])
            return text_answer(HTTPStatus.NOT_FOUND, f"there is no such page; there are: {known}")
        return await page.answer(request)

    def _refusal(self, request: Request) -> Answer | None:
        if request.method not in {"GET", "HEAD"}:
            return text_answer(
                HTTPStatus.METHOD_NOT_ALLOWED,
                "pages can only be read, with GET",
                headers={"Allow": "GET, HEAD"},
            )
        if len(request.target) > _MAX_TARGET:
            return text_answer(
                HTTPStatus.REQUEST_URI_TOO_LONG, f"a path has at most {_MAX_TARGET} characters"
            )
        if len(request.hosts) != 1:
            return text_answer(HTTPStatus.BAD_REQUEST, "one Host header is needed")
        if _host_name(request.hosts[0]) not in self._hosts:
            return text_answer(
                HTTPStatus.MISDIRECTED_REQUEST,
                "this server goes by another name; ask for it as " + " or ".join(sorted(self._hosts)),
            )
        return None

    def _live_refusal(self, request: Request) -> Answer | None:
        if not request.is_upgrade or request.method != "GET":
            return text_answer(
                HTTPStatus.UPGRADE_REQUIRED,
                "this is a WebSocket; open it with a wallboard",
                headers={"Upgrade": "websocket", "Connection": "Upgrade"},
            )
        if any(_netloc(origin) != request.hosts[0].lower() for origin in request.origins):
            return text_answer(HTTPStatus.FORBIDDEN, "a page of another site may not read the live view")
        if self._is_live_full():
            return text_answer(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "as many watch as may; try again later",
                headers={"Retry-After": "10"},
            )
        return None

    def _index(self) -> Answer:
        rows = "".join(
            f'<li><a href="{path}">{path}</a> {html.escape(page.summary)}</li>\n'
            for path, page in sorted(self._pages.items())
        )
        body = (
            '<!doctype html>\n<html lang="en">\n<title>Queue Alert</title>\n<h1>Queue Alert</h1>\n'
            f"<ul>\n{rows}<li>{_LIVE} the live view, a WebSocket</li>\n</ul>\n</html>\n"
        )
        return Answer(status=HTTPStatus.OK, content_type="text/html; charset=utf-8", body=body.encode())


def text_answer(status: HTTPStatus, text: str, *, headers: Mapping[str, str] | None = None) -> Answer:
    """Return an answer of one line of text."""
    return Answer(
        status=status,
        content_type="text/plain; charset=utf-8",
        body=f"{text}\n".encode(),
        headers=headers or {},
    )


def json_answer(status: HTTPStatus, value: object) -> Answer:
    """Return an answer in JSON."""
    body = json.dumps(value, indent=2, ensure_ascii=False).encode() + b"\n"
    return Answer(status=status, content_type="application/json", body=body)


def _netloc(origin: str) -> str:
    """Return host and port of an ``Origin`` header, in lower case; "" where it has none."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _host_name(host: str) -> str:
    """Return a ``Host`` header's name without its port, in lower case; IPv6 without brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()
