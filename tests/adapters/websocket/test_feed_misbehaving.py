import asyncio

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from adapters.websocket import feed as feed_module
from adapters.websocket.refusals import why_not_connected
from queue_alert.ports import DriverError, Skipped
from queue_alert.protocol.feed_socket import SUBPROTOCOL, Heartbeat, Hello, Start
from tests.adapters.websocket.acd import HELLO, SALES, SOURCE, START, TrueAcd, say
from tests.adapters.websocket.live import (
    EMPTY,
    Listening,
    answering,
    closed_port,
    playing,
    say_all_is_empty,
)


def hello(heartbeat_s: float) -> str:
    return say(Hello(source=SOURCE, run="r1", seq=0, time=START, heartbeat_s=heartbeat_s))


async def test_a_closed_port_is_told_with_what_to_check() -> None:
    url = f"ws://127.0.0.1:{closed_port()}/feed"
    error = await Listening(url).fail()
    assert (str(error), error.recoverable) == (
        f"{url} refused the connection; is the ACD running, and are host and port in url right?",
        True,
    )


async def test_a_host_that_nobody_knows_is_told() -> None:
    error = await Listening("ws://nobody.invalid:9470/feed").fail()
    assert str(error) == (
        "ws://nobody.invalid:9470/feed is a host that nobody knows; check the host in url, and the name "
        "server"
    )


async def test_a_server_that_never_answers_is_given_up() -> None:
    async with answering(None) as url:
        error = await Listening(url, connect_timeout=0.1).fail()
    assert str(error) == (
        f"{url} does not answer within 0.1 s; check the host in url, and the firewall in between"
    )


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (
            b"HTTP/1.1 403 Forbidden\r\n\r\n",
            "wants a token (HTTP 403); check token_file against what the ACD expects",
        ),
        (b"HTTP/1.1 404 Not Found\r\n\r\n", "has no feed there (HTTP 404); check the path in url"),
        (b"HTTP/1.1 500 Oops\r\n\r\n", "answered HTTP 500 instead of a feed; check the path in url"),
        (
            b"HTTP/1.1 302 Found\r\nLocation: ws://there/feed\r\n\r\n",
            "points elsewhere (HTTP 302); write its new address in url: ws://there/feed",
        ),
        (
            b"* OK IMAP4 ready\r\n",
            "is no WebSocket server (did not receive a valid HTTP response); check host and port in url",
        ),
    ],
)
async def test_what_is_no_feed_is_told_with_what_to_check(answer: bytes, reason: str) -> None:
    async with answering(answer) as url:
        error = await Listening(f"{url}?key=secret").fail()
    assert (str(error), error.recoverable) == (f"{url} {reason}", True)


async def test_a_server_of_another_subprotocol_is_told() -> None:
    async with playing(say_all_is_empty, subprotocol=None) as url:
        error = await Listening(url).fail()
    assert str(error) == f"{url} does not speak {SUBPROTOCOL}; check the path in url, and the ACD's version"

    def choose(_connection: ServerConnection, _request: Request, response: Response) -> Response:
        response.headers["Sec-WebSocket-Protocol"] = "mqtt"
        return response

    async with playing(say_all_is_empty, subprotocol=None, process_response=choose) as url:
        error = await Listening(url).fail()
    assert str(error).startswith(f"{url} does not speak {SUBPROTOCOL} (")


async def test_a_server_that_does_not_say_hello_is_left() -> None:
    async def script(connection: ServerConnection) -> None:
        await connection.wait_closed()

    async with playing(script) as url:
        listening = Listening(url, connect_timeout=0.2)
        error = await listening.fail()
    assert str(error) == f"{url} did not say hello within 0.2 s; is this the address of an ACD's feed?"
    assert listening.events == []


async def test_a_server_that_falls_silent_is_left() -> None:
    async def script(connection: ServerConnection) -> None:
        await connection.send(hello(0.1))
        await connection.recv()
        await connection.send(EMPTY)
        await connection.wait_closed()

    async with playing(script) as url:
        listening = Listening(url)
        error = await listening.fail()
    assert str(error) == f"{url} has said nothing for 0.25 s and promised a heartbeat every 0.1 s"
    assert listening.states == ["syncing", "live"]


async def test_a_loop_that_was_held_up_is_not_taken_for_a_server_that_fell_silent() -> None:
    async def script(connection: ServerConnection) -> None:
        await connection.send(hello(0.1))
        await connection.recv()
        await connection.send(EMPTY)
        while True:
            await asyncio.sleep(0.03)
            await connection.send(say(Heartbeat(time=START, seq=0)))

    loop = asyncio.get_running_loop()
    async with playing(script) as url:
        listening = Listening(url)
        async with listening.running():
            await listening.until(lambda: len(listening.events) > 4)
            end = loop.time() + 0.4
            while loop.time() < end:
                pass
            heard = len(listening.events)
            await listening.until(lambda: len(listening.events) > heard + 4)
    assert listening.states == ["syncing", "live"]


async def test_a_server_that_does_not_answer_pings_is_left() -> None:
    """A half-open connection: what was there answers nobody any more, without having said so."""

    async def script(connection: ServerConnection) -> None:
        await say_all_is_empty(connection)
        connection.transport.pause_reading()
        await connection.wait_closed()

    async with playing(script, ping_interval=None) as url:
        error = await Listening(url, ping=0.1).fail()
    assert str(error) == f"{url} did not answer a ping; is it still there?"


async def test_a_server_that_never_tells_how_things_are_is_left() -> None:
    async def script(connection: ServerConnection) -> None:
        await connection.send(HELLO)
        await connection.wait_closed()

    async with playing(script) as url:
        error = await Listening(url, sync_timeout=0.1).fail()
    assert str(error) == f"{url} did not say all snapshots and synced within 0.1 s"


async def test_a_message_that_is_too_large_ends_the_connection() -> None:
    async def script(connection: ServerConnection) -> None:
        await say_all_is_empty(connection)
        await connection.send("x" * 10_000_000)
        await connection.wait_closed()

    async with playing(script) as url:
        listening = Listening(url)
        error = await listening.fail()
    assert str(error) == (
        f"{url} said a message of more than 1048576 bytes; raise max_message, or have the ACD say less"
    )
    assert listening.skipped == [(Skipped.TOO_LONG, "more than 1048576 bytes")]


async def test_bytes_and_foreign_json_are_passed_over() -> None:
    exchange = TrueAcd()

    async def script(connection: ServerConnection) -> None:
        await connection.send(b"\x00\x01")
        await say_all_is_empty(connection)
        for word in (b'{"type":"heartbeat"}', '{"jsonrpc":"2.0"}', say(exchange.queue(SALES, "c1"))):
            await connection.send(word)
        await connection.wait_closed()

    async with playing(script) as url:
        listening = Listening(url)
        async with listening.running():
            await listening.until(lambda: listening.contacts == ["c1"])
    assert listening.skipped == [
        (Skipped.NOT_TEXT, "a binary message of 2 bytes"),
        (Skipped.NOT_TEXT, "a binary message of 20 bytes"),
        (Skipped.MISSING_FIELD, "Object missing required field `type`"),
    ]


async def test_text_that_is_not_utf_8_ends_the_connection() -> None:
    async def script(connection: ServerConnection) -> None:
        await say_all_is_empty(connection)
        await connection.send(b"\xff\xfe", text=True)
        await connection.wait_closed()

    async with playing(script) as url:
        error = await Listening(url).fail()
    assert str(error) == f"{url} said text that is not UTF-8; the ACD must say JSON"


@pytest.mark.parametrize(
    ("code", "said", "reason"),
    [
        (1001, "", "is going away (1001)"),
        (1008, "say\nstart", "did not accept what we said (1008); it said: say?start"),
        (4321, "bye", "closed the connection (4321); it said: bye"),
    ],
)
async def test_a_server_that_closes_is_told_with_its_reason(code: int, said: str, reason: str) -> None:
    async def script(connection: ServerConnection) -> None:
        await say_all_is_empty(connection)
        await connection.close(code, said)

    async with playing(script) as url:
        error = await Listening(url).fail()
    assert str(error) == f"{url} {reason}"


async def test_a_server_that_says_hello_twice_is_left() -> None:
    async def script(connection: ServerConnection) -> None:
        await say_all_is_empty(connection)
        await say_all_is_empty(connection)

    async with playing(script) as url:
        error = await Listening(url).fail()
    assert (str(error), error.recoverable) == (f"{url} said hello twice on one connection", True)


async def test_a_server_that_does_not_read_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_module, "_SEND_TIMEOUT_S", 0.05)

    class Stuck:
        async def send(self, _message: bytes, *, text: bool) -> None:
            assert text
            await asyncio.Event().wait()

    listening = Listening("ws://127.0.0.1:9470/feed")
    with pytest.raises(DriverError) as caught:
        await listening.feed._say(Stuck(), [Start()])  # type: ignore[arg-type]
    assert str(caught.value) == "ws://127.0.0.1:9470/feed has not read what we said for 0.05 s"


def test_whatever_else_goes_wrong_is_told_by_its_name() -> None:
    for error, name in ((OSError(113, "No route to host"), "No route to host"), (OSError(), "OSError")):
        assert why_not_connected(error, has_token=False, is_secure=False, within_s=1.0) == (
            f"cannot be reached ({name}); is the ACD running, and are host and port in url right?"
        )
