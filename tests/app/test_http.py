import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

import msgspec
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from queue_alert.app.clock import SteadyClock
from queue_alert.app.config import ListenAddress
from queue_alert.app.http import CannotListenError, HttpServer, _talk_to, server_names
from queue_alert.app.live import MAX_WATCHERS, LiveView, Watcher
from queue_alert.app.routing import SECURITY_HEADERS, Answer, Page, Request, Site, text_answer
from queue_alert.core.monitor import Monitor
from queue_alert.core.policy import Policy
from queue_alert.core.view import FloorView, LampsChanged, LiveMessage

LOOPBACK = ListenAddress("127.0.0.1", 0)


async def _hello(request: Request) -> Answer:
    return text_answer(HTTPStatus.OK, "hello, zipped" if request.accepts_gzip else "hello")


async def _large(_request: Request) -> Answer:
    return text_answer(HTTPStatus.OK, "x" * 2_000_000)


async def _bug(_request: Request) -> Answer:
    raise ZeroDivisionError


class Serving:
    """A server on a free port."""

    def __init__(self) -> None:
        clock = SteadyClock()
        self.live = LiveView(
            Monitor(Policy(), clock.now()),
            clock=clock,
            publishers={},
            outputs={"beacon": "virtual"},
            skipped={},
        )
        pages = [
            Page(path="/hello", summary="says hello", answer=_hello),
            Page(path="/large", summary="says much", answer=_large),
            Page(path="/bug", summary="fails", answer=_bug),
        ]
        site = Site(pages, hosts=server_names(LOOPBACK), is_live_full=lambda: self.live.is_full)
        self.server = HttpServer(site, live=self.live, listen=LOOPBACK)

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.server.port}/live"


@asynccontextmanager
async def serving() -> AsyncIterator[Serving]:
    stage = Serving()
    async with asyncio.TaskGroup() as group:
        ready = asyncio.Event()
        task = group.create_task(stage.server.run(ready.set), name="server")
        await ready.wait()
        try:
            yield stage
        finally:
            task.cancel()


async def ask(port: int, request: str) -> tuple[str, dict[str, str], bytes]:
    """Return status line, headers and body of the answer to a raw request."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request.replace("\n", "\r\n").encode("latin-1"))
        answer = await asyncio.wait_for(reader.read(-1), 10)
    finally:
        writer.close()
        await writer.wait_closed()
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *lines = head.decode("latin-1").split("\r\n")
    return status, dict(line.split(": ", 1) for line in lines), body


async def receive(connection: ClientConnection) -> Any:
    return msgspec.json.decode(await asyncio.wait_for(connection.recv(), 10), type=LiveMessage)


async def test_a_page_is_served_with_security_headers_and_without_a_server_name() -> None:
    async with serving() as stage:
        status, headers, body = await ask(stage.server.port, "GET /hello HTTP/1.1\nHost: localhost\n\n")
    assert (status, body) == ("HTTP/1.1 200 OK", b"hello\n")
    assert headers == {
        **SECURITY_HEADERS,
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Length": "6",
        "Connection": "close",
    }


@pytest.mark.parametrize(
    ("header", "is_zipped"),
    [
        ("gzip", True),
        ("deflate, GZIP;q=0.5", True),
        ("br, gzip ; q=1.0", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("identity", False),
        ("x-gzip", False),
        ("", False),
    ],
)
async def test_a_page_is_zipped_for_who_can_unzip_it(header: str, is_zipped: bool) -> None:
    async with serving() as stage:
        port = stage.server.port
        request = f"GET /hello HTTP/1.1\nHost: localhost:{port}\nAccept-Encoding: {header}\n\n"
        _, _, body = await ask(port, request)
    assert body.startswith(b"hello, zipped") is is_zipped


async def test_a_large_page_arrives_whole() -> None:
    async with serving() as stage:
        _, headers, body = await ask(stage.server.port, "GET /large HTTP/1.1\nHost: localhost\n\n")
    assert len(body) == int(headers["Content-Length"]) == 2_000_001


async def test_a_head_request_gets_the_headers_alone() -> None:
    async with serving() as stage:
        status, headers, body = await ask(stage.server.port, "HEAD /hello HTTP/1.1\nHost: localhost\n\n")
    assert (status, headers["Content-Length"], body) == ("HTTP/1.1 200 OK", "6", b"")


@pytest.mark.parametrize(
    ("request_text", "status"),
    [
        ("POST /hello HTTP/1.1\nHost: localhost\nContent-Length: 0\n\n", "405 Method Not Allowed"),
        ("GET /nope HTTP/1.1\nHost: localhost\n\n", "404 Not Found"),
        ("GET /hello HTTP/1.1\n\n", "400 Bad Request"),
        ("GET /hello HTTP/1.1\nHost: evil.example\n\n", "421 Misdirected Request"),
        ("GET /live HTTP/1.1\nHost: localhost\n\n", "426 Upgrade Required"),
        ("GET /bug HTTP/1.1\nHost: localhost\n\n", "500 Internal Server Error"),
    ],
)
async def test_other_requests_are_refused(request_text: str, status: str) -> None:
    async with serving() as stage:
        assert (await ask(stage.server.port, request_text))[0] == f"HTTP/1.1 {status}"


async def test_what_is_no_request_is_cut_off() -> None:
    async with serving() as stage:
        reader, writer = await asyncio.open_connection("127.0.0.1", stage.server.port)
        writer.write(b"nonsense\r\n\r\n")
        assert await asyncio.wait_for(reader.read(-1), 5) == b""
        writer.close()


async def test_a_header_without_end_is_refused() -> None:
    async with serving() as stage:
        request = f"GET /hello HTTP/1.1\nHost: localhost\nX: {'x' * 20_000}\n\n"
        assert (await ask(stage.server.port, request))[0].startswith("HTTP/1.1 431 ")


async def test_a_watcher_gets_the_floor_then_changes() -> None:
    async with serving() as stage, connect(stage.url) as watcher:
        floor = await receive(watcher)
        assert isinstance(floor, FloorView)
        stage.live.note_lamps("beacon", {"lamp": "#ff0000"}, "")
        message = await receive(watcher)
        assert isinstance(message, LampsChanged)
        assert (message.output, message.lamps) == ("beacon", {"lamp": "#ff0000"})


async def test_a_page_of_this_server_may_watch_and_one_of_another_may_not() -> None:
    async with serving() as stage:
        async with connect(stage.url, origin=f"http://127.0.0.1:{stage.server.port}") as watcher:  # type: ignore[arg-type]
            assert isinstance(await receive(watcher), FloorView)
        with pytest.raises(InvalidStatus, match="HTTP 403"):
            await connect(stage.url, origin="http://evil.example")  # type: ignore[arg-type]


async def test_one_that_speaks_is_shown_out() -> None:
    async with serving() as stage, connect(stage.url) as watcher:
        await receive(watcher)
        await watcher.send("hello?")
        with pytest.raises(ConnectionClosed) as caught:
            await receive(watcher)
        assert caught.value.rcvd is not None
        assert (caught.value.rcvd.code, caught.value.rcvd.reason) == (1008, "the live view takes no messages")
    assert not stage.live._watchers


async def test_a_message_beyond_the_limit_is_refused() -> None:
    async with serving() as stage, connect(stage.url) as watcher:
        await receive(watcher)
        await watcher.send("x" * 1025)
        with pytest.raises(ConnectionClosed) as caught:
            await receive(watcher)
        assert caught.value.rcvd is not None
        assert caught.value.rcvd.code == 1009


async def test_one_watcher_too_many_is_refused() -> None:
    async with serving() as stage:
        watching = [await connect(stage.url) for _ in range(32)]
        for watcher in watching:
            await receive(watcher)
        with pytest.raises(InvalidStatus, match="HTTP 503"):
            await connect(stage.url)
        for watcher in watching:
            await watcher.close()


async def test_connections_beyond_the_limit_are_cut_at_once() -> None:
    async with serving() as stage:
        idle = [await asyncio.open_connection("127.0.0.1", stage.server.port) for _ in range(64)]
        reader, writer = await asyncio.open_connection("127.0.0.1", stage.server.port)
        writer.write(b"GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert await asyncio.wait_for(reader.read(-1), 5) == b""
        writer.close()
        for _, other in idle:
            other.close()


async def test_at_the_end_watchers_are_told_and_those_who_never_asked_are_cut() -> None:
    async with serving() as stage:
        watcher = await connect(stage.url)
        await receive(watcher)
        _reader, idle = await asyncio.open_connection("127.0.0.1", stage.server.port)
        began = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - began < 2.0
    with pytest.raises(ConnectionClosed) as caught:
        await watcher.recv()
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == 1001
    idle.close()


async def test_a_port_that_is_taken_is_said_so() -> None:
    async with serving() as stage:
        taken = ListenAddress("127.0.0.1", stage.server.port)
        other = HttpServer(Site([], hosts=[], is_live_full=lambda: False), live=stage.live, listen=taken)
        with pytest.raises(CannotListenError) as caught:
            await other.run(lambda: None)
    assert str(caught.value) == (
        f"http.listen: cannot listen on 127.0.0.1:{taken.port}: address already in use; "
        "is another monitor running? choose another port"
    )


class StuckConnection:
    """A connection whose other end takes nothing."""

    def __init__(self) -> None:
        self.transport = self
        self.is_aborted = False

    async def send(self, message: str) -> None:
        await asyncio.Event().wait()

    def abort(self) -> None:
        self.is_aborted = True


@pytest.mark.looptime
async def test_one_that_takes_nothing_is_cut_off() -> None:
    connection = StuckConnection()
    watcher = Watcher(lambda: "{}")
    began = asyncio.get_running_loop().time()
    await _talk_to(connection, watcher)  # type: ignore[arg-type]
    assert connection.is_aborted
    assert asyncio.get_running_loop().time() - began == 10.0


async def test_one_who_came_too_late_is_told_so() -> None:
    async with serving() as stage:
        stage.server._site = Site([], hosts=server_names(LOOPBACK), is_live_full=lambda: False)
        with contextlib.ExitStack() as stack:
            for _ in range(MAX_WATCHERS):
                stack.enter_context(stage.live.watch())
            async with connect(stage.url) as late:
                with pytest.raises(ConnectionClosed) as caught:
                    await receive(late)
        assert caught.value.rcvd is not None
        assert (caught.value.rcvd.code, caught.value.rcvd.reason) == (1013, "32 watch already")
