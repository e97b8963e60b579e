"""The pages: other people's routes, rendered off the loop, and the health of this process."""

import asyncio
import gzip
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

from queue_alert.app.routing import Answer, Page, Request, json_answer, text_answer
from queue_alert.core.events import FeedState
from queue_alert.core.units import Instant, Seconds
from queue_alert.core.view import FeedView, FloorView
from queue_alert.ports import Route

__all__ = ["MAX_RENDERS", "Renderer", "health_page"]

_logger = logging.getLogger(__name__)

MAX_RENDERS: Final = 2
"""How many pages are rendered at once; a request beyond gets 503."""

_RENDER_TIMEOUT_S: Final[Seconds] = 10.0
_ZIP_LEVEL: Final = 1
_CLOCKS_APART_S: Final[Seconds] = 2.0
"""From here on a clock that differs from ours is worth a warning: waits and time-outs are read off it."""


class Renderer:
    """Renders routes in worker threads, so that a scrape of a thousand groups makes no lamp stumble.

    Args:
        view: Returns the floor as it stands, frozen.
    """

    def __init__(self, view: Callable[[], FloorView]) -> None:
        self._view = view
        self._pool = ThreadPoolExecutor(MAX_RENDERS, thread_name_prefix="page")
        self._busy = 0

    def page(self, route: Route) -> Page:
        """Return the page of a route."""

        async def answer(request: Request) -> Answer:
            return await self._answer(route, is_zipped=request.accepts_gzip)

        return Page(path=route.path, summary=route.summary, answer=answer)

    def close(self) -> None:
        """Take no more work."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _answer(self, route: Route, *, is_zipped: bool) -> Answer:
        if self._busy >= MAX_RENDERS:
            return _busy_answer()
        self._busy += 1
        loop = asyncio.get_running_loop()
        work = self._pool.submit(_zipped if is_zipped else _plain, route, self._view())
        # A thread cannot be stopped: it stays counted until it is done, whoever still waits for it.
        work.add_done_callback(lambda _done: _call_soon(loop, self._one_done))
        try:
            async with asyncio.timeout(_RENDER_TIMEOUT_S):
                body = await asyncio.shield(asyncio.wrap_future(work))
        except TimeoutError:
            _logger.warning("page=%s render_timeout_s=%.0f", route.path, _RENDER_TIMEOUT_S)
            return _busy_answer()
        headers = {"Vary": "Accept-Encoding"}
        if is_zipped:
            headers["Content-Encoding"] = "gzip"
        return Answer(status=HTTPStatus.OK, content_type=route.content_type, body=body, headers=headers)

    def _one_done(self) -> None:
        self._busy -= 1


def health_page(view: Callable[[], FloorView]) -> Page:
    """Return ``/healthz``: 200 while feeds are live and everything else works; else 503 and why."""

    async def answer(_request: Request) -> Answer:
        health = _health(view())
        status = HTTPStatus.OK if health["status"] == "ok" else HTTPStatus.SERVICE_UNAVAILABLE
        return json_answer(status, health)

    return Page(
        path="/healthz",
        summary="what is wrong, if anything: feeds, outputs, publishers and buttons (JSON)",
        answer=answer,
    )


def _plain(route: Route, view: FloorView) -> bytes:
    return route.render(view)


def _zipped(route: Route, view: FloorView) -> bytes:
    # A thousand groups make six megabytes; to hand those to the socket would hold up the loop.
    return gzip.compress(route.render(view), _ZIP_LEVEL)


def _health(view: FloorView) -> dict[str, Any]:
    problems = [
        _said(f"feed {feed.name} is {feed.state.value}", feed.since, feed.reason)
        for feed in view.feeds
        if feed.state is not FeedState.LIVE
    ]
    problems += [f"output {output.name} failed: {output.fault}" for output in view.outputs if output.fault]
    problems += [
        _said(f"publisher {one.name} is down", one.since, one.reason)
        for one in view.publishers
        if not one.is_up
    ]
    problems += [
        _said(f"button {one.name} is dead", one.since, one.reason) for one in view.buttons if not one.is_up
    ]
    if view.store_fault:
        problems.append(f"the store failed: {view.store_fault}")
    return {
        "status": "degraded" if problems else "ok",
        "problems": problems,
        "warnings": [warning for feed in view.feeds if (warning := _clock_warning(feed))],
        "version": view.version,
        "uptime_s": round(view.at - view.started_at, 3),
        "feeds": {
            feed.name: {
                "state": feed.state.value,
                "since": _utc(feed.since),
                "reason": feed.reason,
                "lag_s": _rounded(feed.lag_s),
                "clock_offset_s": _rounded(feed.clock_offset_s),
            }
            for feed in view.feeds
        },
        "outputs": {output.name: {"fault": output.fault} for output in view.outputs},
        "publishers": {
            one.name: {"is_up": one.is_up, "since": _utc(one.since), "reason": one.reason}
            for one in view.publishers
        },
        "buttons": {
            one.name: {"is_up": one.is_up, "since": _utc(one.since), "reason": one.reason}
            for one in view.buttons
        },
    }


def _said(what: str, since: Instant, reason: str) -> str:
    return f"{what} since {_utc(since)}" + (f": {reason}" if reason else "")


def _clock_warning(feed: FeedView) -> str:
    offset = feed.clock_offset_s
    if offset is None or abs(offset) < _CLOCKS_APART_S:
        return ""
    way = "behind" if offset > 0 else "ahead of"
    return f"the clock of feed {feed.name} is {abs(offset):.1f} s {way} ours; let NTP set both"


def _utc(at: Instant) -> str:
    """Return an instant for people and programs alike: ``2026-11-20T11:03:07Z``."""
    try:
        return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"
    except (ValueError, OverflowError, OSError):
        return "?"  # no calendar reaches there


def _rounded(seconds: Seconds | None) -> Seconds | None:
    return None if seconds is None else round(seconds, 3)


def _busy_answer() -> Answer:
    return text_answer(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "too many pages are being drawn; try again",
        headers={"Retry-After": "1"},
    )


def _call_soon(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    try:
        loop.call_soon_threadsafe(call)
    except RuntimeError:
        # The loop was closed meanwhile: nobody counts any more.
        return
