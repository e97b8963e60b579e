import asyncio
import gzip
import json
import threading
from typing import Any

import pytest

from queue_alert.app.pages import MAX_RENDERS, Renderer, health_page
from queue_alert.app.routing import Answer, Request
from queue_alert.core.events import FeedState
from queue_alert.core.units import FeedName
from queue_alert.core.view import ButtonView, FeedView, FloorView, OutputView, PublisherView
from queue_alert.ports import Route

REQUEST = Request(method="GET", target="/", hosts=("localhost",))


def view(
    *,
    state: FeedState = FeedState.LIVE,
    reason: str = "",
    fault: str = "",
    offset: float | None = None,
    publisher: tuple[bool, str] = (True, ""),
    button: tuple[bool, str] = (True, ""),
) -> FloorView:
    return FloorView(
        at=1010.0,
        version="1.2.3",
        started_at=1000.0,
        feeds=(
            FeedView(
                name=FeedName("pbx"),
                state=state,
                reason=reason,
                since=1000.0,
                clock_offset_s=offset,
                lag_s=0.1234,
            ),
        ),
        publishers=(
            PublisherView(
                name="hub", driver="mqtt", is_up=publisher[0], since=1_700_000_000.0, reason=publisher[1]
            ),
        ),
        outputs=(OutputView(name="beacon", driver="virtual", fault=fault),),
        buttons=(ButtonView(name="desk", driver="push", is_up=button[0], since=1000.0, reason=button[1]),),
    )


async def health(floor: FloorView) -> tuple[int, dict[str, Any]]:
    answer = await health_page(lambda: floor).answer(REQUEST)
    return answer.status, json.loads(answer.body)


async def test_all_is_well_while_feeds_are_live_and_outputs_work() -> None:
    assert await health(view()) == (
        200,
        {
            "status": "ok",
            "problems": [],
            "warnings": [],
            "version": "1.2.3",
            "uptime_s": 10.0,
            "feeds": {
                "pbx": {
                    "state": "live",
                    "since": "1970-01-01T00:16:40Z",
                    "reason": "",
                    "lag_s": 0.123,
                    "clock_offset_s": None,
                }
            },
            "outputs": {"beacon": {"fault": ""}},
            "publishers": {"hub": {"is_up": True, "since": "2023-11-14T22:13:20Z", "reason": ""}},
            "buttons": {"desk": {"is_up": True, "since": "1970-01-01T00:16:40Z", "reason": ""}},
        },
    )


@pytest.mark.parametrize(
    ("floor", "problems"),
    [
        (
            view(state=FeedState.DOWN, reason="login refused"),
            ["feed pbx is down since 1970-01-01T00:16:40Z: login refused"],
        ),
        (view(state=FeedState.SYNCING), ["feed pbx is syncing since 1970-01-01T00:16:40Z"]),
        (view(publisher=(False, "")), ["publisher hub is down since 2023-11-14T22:13:20Z"]),
        (
            view(publisher=(False, "connection refused")),
            ["publisher hub is down since 2023-11-14T22:13:20Z: connection refused"],
        ),
        (view(button=(False, "")), ["button desk is dead since 1970-01-01T00:16:40Z"]),
        (view(button=(False, "stuck")), ["button desk is dead since 1970-01-01T00:16:40Z: stuck"]),
        (view(fault="unplugged"), ["output beacon failed: unplugged"]),
        (
            view(state=FeedState.STALE, fault="unplugged"),
            ["feed pbx is stale since 1970-01-01T00:16:40Z", "output beacon failed: unplugged"],
        ),
    ],
)
async def test_what_is_wrong_is_named(floor: FloorView, problems: list[str]) -> None:
    status, found = await health(floor)
    assert (status, found["status"], found["problems"]) == (503, "degraded", problems)


@pytest.mark.parametrize(
    ("offset", "warnings"),
    [
        (None, []),
        (1.99, []),
        (-1.99, []),
        (2.0, ["the clock of feed pbx is 2.0 s behind ours; let NTP set both"]),
        (-3600.04, ["the clock of feed pbx is 3600.0 s ahead of ours; let NTP set both"]),
    ],
)
async def test_clocks_that_differ_are_a_warning_and_no_more(
    offset: float | None, warnings: list[str]
) -> None:
    status, found = await health(view(offset=offset))
    assert (status, found["status"], found["warnings"]) == (200, "ok", warnings)


async def test_an_instant_beyond_every_calendar_breaks_nothing() -> None:
    feed = FeedView(name=FeedName("pbx"), state=FeedState.DOWN, since=1e18)
    assert (await health(FloorView(at=0.0, feeds=(feed,))))[1]["problems"] == ["feed pbx is down since ?"]


async def test_a_route_is_rendered_in_a_thread_from_the_view() -> None:
    threads = []

    def render(floor: FloorView) -> bytes:
        threads.append(threading.current_thread())
        return floor.version.encode()

    renderer = Renderer(view)
    route = Route(path="/v", summary="version", content_type="text/x", render=render)
    answer = await renderer.page(route).answer(REQUEST)
    renderer.close()
    assert (answer.status, answer.content_type, answer.body) == (200, "text/x", b"1.2.3")
    assert threads != [threading.current_thread()]


async def test_a_page_comes_zipped_where_it_may() -> None:
    renderer = Renderer(view)
    route = Route(
        path="/v", summary="version", content_type="text/x", render=lambda floor: floor.version.encode()
    )
    plain = await renderer.page(route).answer(REQUEST)
    asked = Request(method="GET", target="/v", hosts=("localhost",), accepts_gzip=True)
    zipped = await renderer.page(route).answer(asked)
    renderer.close()
    assert (plain.body, dict(plain.headers)) == (b"1.2.3", {"Vary": "Accept-Encoding"})
    assert gzip.decompress(zipped.body) == b"1.2.3"
    assert dict(zipped.headers) == {"Vary": "Accept-Encoding", "Content-Encoding": "gzip"}


async def test_of_too_many_renders_at_once_the_last_is_asked_to_come_back() -> None:
    gate = threading.Event()

    def render(_floor: FloorView) -> bytes:
        gate.wait(10)
        return b"done"

    renderer = Renderer(view)
    page = renderer.page(Route(path="/v", summary="", content_type="text/x", render=render))
    async with asyncio.TaskGroup() as group:
        first: list[asyncio.Task[Answer]] = [
            group.create_task(_answered(page.answer), name=f"render-{number}")
            for number in range(MAX_RENDERS)
        ]
        await asyncio.sleep(0)
        late = await page.answer(REQUEST)
        gate.set()
    again = await page.answer(REQUEST)
    renderer.close()
    assert (late.status, late.headers) == (503, {"Retry-After": "1"})
    assert [task.result().body for task in first] == [b"done"] * MAX_RENDERS
    assert again.body == b"done"


async def _answered(answer: Any) -> Answer:
    result: Answer = await answer(REQUEST)
    return result


async def test_a_routes_own_fault_comes_out() -> None:
    def render(_floor: FloorView) -> bytes:
        raise ZeroDivisionError

    renderer = Renderer(view)
    page = renderer.page(Route(path="/v", summary="", content_type="text/x", render=render))
    with pytest.raises(ZeroDivisionError):
        await page.answer(REQUEST)
    renderer.close()
