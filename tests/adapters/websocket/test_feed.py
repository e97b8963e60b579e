import asyncio
import random
import ssl
import subprocess
from http import HTTPStatus
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from adapters.websocket import feed as feed_module
from adapters.websocket.refusals import why_not_connected
from queue_alert.app.clock import SteadyClock
from queue_alert.app.supervisor import FeedSupervisor
from queue_alert.core.events import AcdEvent, FeedState
from queue_alert.core.monitor import Monitor
from queue_alert.core.policy import FeedPolicy, Policy, SignalPolicy
from queue_alert.core.units import FeedName, GroupName, SignalName
from queue_alert.ports import DriverError, Skipped
from queue_alert.protocol.feed_socket import SUBPROTOCOL, Heartbeat, Hello, Start, Synced
from simulator.websocket_server import WebSocketServer
from tests.adapters.websocket.acd import HELLO, SALES, SOURCE, START, TrueAcd, say
from tests.adapters.websocket.helpers import FEED
from tests.adapters.websocket.live import (
    TOKEN,
    Listening,
    StandingClock,
    TrueExchange,
    answering,
    closed_port,
    playing,
)

EMPTY = say(Synced(seq=0, groups=0))


async def live(connection: ServerConnection) -> None:
    """Say hello and that there is nothing."""
    await connection.send(HELLO)
    await connection.recv()
    await connection.send(EMPTY)


def hello(heartbeat_s: float) -> str:
    return say(Hello(source=SOURCE, run="r1", seq=0, time=START, heartbeat_s=heartbeat_s))


# ---- with a server that does as it should


async def test_the_feed_hears_how_things_are_and_what_happens() -> None:
    exchange = TrueExchange(TrueAcd())
    acd = exchange.acd
    acd.queue(SALES, "c1")
    async with WebSocketServer(exchange.as_exchange(), StandingClock()) as server:
        listening = Listening(server.where)
        async with listening.running():
            await listening.until(lambda: "live" in listening.states)
            exchange.happen(acd.answer(SALES, "c1"), acd.queue(SALES, "c2"))
            await listening.until(lambda: listening.contacts == ["c1", "c2"])
    assert [
        said if isinstance(said, str) else dict(said).get("type", "heartbeat") for said in listening.said[2:]
    ] == [
        "group.snapshot",
        "group.snapshot",
        "live",
        "contact.answered",
        "contact.queued",
    ]
    assert listening.skipped == []
    assert {event.source for event in listening.events} == {FEED}


async def test_after_a_break_it_goes_on_where_it_was_and_after_a_restart_it_begins_anew() -> None:
    exchange = TrueExchange(TrueAcd())
    acd = exchange.acd
    async with WebSocketServer(exchange.as_exchange(), StandingClock()) as server:
        listening = Listening(server.where)
        async with listening.running() as connection:
            await listening.until(lambda: "live" in listening.states)
            exchange.happen(acd.queue(SALES, "c1"))
            await listening.until(lambda: listening.contacts == ["c1"])
            exchange.cut_off()
            assert str(await connection) == f"{server.where} was lost without a word"
        exchange.happen(acd.queue(SALES, "c2"))
        listening.events.clear()
        async with listening.running() as connection:
            await listening.until(lambda: listening.states == ["syncing", "live"])
            assert listening.contacts == ["c2"]
            exchange.restart()
            await connection
        listening.events.clear()
        async with listening.running():
            await listening.until(lambda: listening.states == ["syncing", "live"])
    snapshots = [said for said in listening.said if isinstance(said, dict)]
    assert [(said["subject"], said["seq"], said.get("waiting")) for said in snapshots] == [
        ("sales", 3, None),
        ("support", 3, None),
    ]
    assert listening.skipped == []


async def test_a_hole_is_put_right_on_the_same_connection() -> None:
    exchange = TrueExchange(TrueAcd())
    acd = exchange.acd
    async with WebSocketServer(exchange.as_exchange(), StandingClock(), heartbeat_s=0.1) as server:
        listening = Listening(server.where)
        async with listening.running():
            await listening.until(lambda: "live" in listening.states)
            acd.queue(SALES, "c1")
            await listening.until(lambda: listening.states[-1] != "live")
            await listening.until(lambda: listening.states[-1] == "live")
    assert listening.states == ["syncing", "live", "syncing: 1 events were lost", "live"]
    assert listening.skipped == [(Skipped.LOST, "1 events before 1")]
    assert [said for said in listening.said if isinstance(said, dict)][-2]["waiting"] == [
        {"contact": "c1", "queued_at": START}
    ]


async def test_the_token_is_shown_and_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    (tmp_path / "wrong").write_text("another\n")
    exchange = TrueExchange(TrueAcd()).as_exchange()
    async with WebSocketServer(exchange, StandingClock(), token=TOKEN) as server:
        listening = Listening(server.where, base=tmp_path, token_file="token")  # noqa: S106
        async with listening.running():
            await listening.until(lambda: "live" in listening.states)
        wrong = await Listening(server.where, base=tmp_path, token_file="wrong").fail()  # noqa: S106
        assert (str(wrong), wrong.recoverable) == (
            f"{server.where} refused the token (HTTP 401); check token_file against what the ACD expects",
            True,
        )
        none = await Listening(server.where).fail()
        assert str(none) == (
            f"{server.where} wants a token (HTTP 401); check token_file against what the ACD expects"
        )
        monkeypatch.setenv("QUEUE_ALERT_PHONES_TOKEN", TOKEN)
        listening = Listening(server.where)
        async with listening.running():
            await listening.until(lambda: "live" in listening.states)


async def test_under_a_supervisor_the_monitor_shows_the_truth_through_breaks_and_restarts() -> None:
    exchange = TrueExchange(TrueAcd())
    acd = exchange.acd
    loop = asyncio.get_running_loop()
    clock = SteadyClock(wall=lambda: START, monotonic=loop.time)
    policy = Policy(
        feeds=(FeedPolicy(name=FeedName(FEED)),), signals=(SignalPolicy(name=SignalName("beacon")),)
    )
    monitor = await asyncio.to_thread(Monitor, policy, START)
    changed = asyncio.Event()

    def submit(event: AcdEvent) -> None:
        monitor.handle(event, clock.now())
        changed.set()

    def shown() -> tuple[FeedState, bool, dict[str, int]]:
        view = monitor.view(clock.now())
        groups = {str(group.name): group.waiting for group in view.groups}
        return view.feeds[0].state, view.signals[0].level.stale, groups

    async def until(wanted: tuple[FeedState, bool, dict[str, int]]) -> None:
        async with asyncio.timeout(8):
            while shown() != wanted:
                changed.clear()
                await changed.wait()

    async with WebSocketServer(exchange.as_exchange(), clock, heartbeat_s=0.2) as server:
        supervisor = FeedSupervisor(
            FEED,
            feed=Listening(server.where).feed,
            submit=submit,
            clock=clock,
            randomness=random.Random(1),
        )
        task = asyncio.create_task(supervisor.run(), name="supervisor-under-test")
        try:
            await until((FeedState.LIVE, False, {"sales": 0, "support": 0}))
            exchange.happen(acd.queue(SALES, "c1"), acd.queue(SALES, "c2"))
            await until((FeedState.LIVE, False, {"sales": 2, "support": 0}))
            exchange.cut_off()
            exchange.happen(acd.leave(SALES, "c1"))
            await until((FeedState.DOWN, True, {"sales": 2, "support": 0}))
            await until((FeedState.LIVE, False, {"sales": 1, "support": 0}))
            exchange.restart()
            await until((FeedState.LIVE, False, {"sales": 0, "support": 0}))
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


# ---- with servers that do not


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
    async with playing(live, subprotocol=None) as url:
        error = await Listening(url).fail()
    assert str(error) == f"{url} does not speak {SUBPROTOCOL}; check the path in url, and the ACD's version"

    def choose(_connection: ServerConnection, _request: Request, response: Response) -> Response:
        response.headers["Sec-WebSocket-Protocol"] = "mqtt"
        return response

    async with playing(live, subprotocol=None, process_response=choose) as url:
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
        await live(connection)
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
        await live(connection)
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
        await live(connection)
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
        await live(connection)
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
        await live(connection)
        await connection.close(code, said)

    async with playing(script) as url:
        error = await Listening(url).fail()
    assert str(error) == f"{url} {reason}"


async def test_a_server_that_says_hello_twice_is_left() -> None:
    async def script(connection: ServerConnection) -> None:
        await live(connection)
        await live(connection)

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


# ---- TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that only itself vouches for, with its key."""
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
            *("-nodes", "-days", "2", "-subj", "/CN=acd", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")),
        ],
        check=True,
        capture_output=True,
    )
    return folder


async def served_with(folder: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    await asyncio.to_thread(context.load_cert_chain, folder / "cert.pem", folder / "key.pem")
    return context


async def test_a_certificate_of_ones_own_is_trusted_where_it_is_named(certificate: Path) -> None:
    async def script(connection: ServerConnection) -> None:
        await live(connection)
        await connection.wait_closed()

    async with playing(script, ssl=await served_with(certificate)) as url:
        listening = Listening(url, base=certificate, ca_file="cert.pem")
        async with listening.running():
            await listening.until(lambda: "live" in listening.states)
        error = await Listening(url).fail()
        assert str(error) == (
            f"{url} has a certificate that is not trusted (self-signed certificate); name it or its "
            "authority's in ca_file, and write the host in url as the certificate has it"
        )
        port = url.rpartition(":")[2]
        error = await Listening(f"wss://localhost:{port}", base=certificate, ca_file="cert.pem").fail()
        assert "certificate is not valid for 'localhost'" in str(error)


async def test_a_server_without_tls_is_told() -> None:
    async with playing(live) as url:
        error = await Listening(url.replace("ws:", "wss:")).fail()
    assert str(error).endswith("/feed hung up when TLS was spoken; is it ws:// rather than wss://?")
    async with answering(b"HTTP/1.1 400 Bad Request\r\n\r\n", unasked=True) as url:
        error = await Listening(url.replace("ws:", "wss:")).fail()
    assert "/feed does not speak TLS (" in str(error)
    assert str(error).endswith("; is it ws:// rather than wss://?")


async def test_a_ca_file_that_is_none_is_told(tmp_path: Path) -> None:
    error = await Listening("wss://127.0.0.1:1/", base=tmp_path, ca_file="none.pem").fail()
    assert str(error) == (
        f"ca_file {tmp_path}/none.pem cannot be used (No such file or directory); it must hold certificates "
        "as PEM"
    )


# ---- the token


async def test_a_token_never_goes_out_in_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUEUE_ALERT_PHONES_TOKEN", TOKEN)
    error = await Listening("ws://pbx.example:9470/feed").fail()
    assert (str(error), error.recoverable) == (
        "ws://pbx.example:9470/feed would get the token in clear; write wss:// in url",
        False,
    )


async def test_a_token_that_cannot_be_sent_is_no_matter_of_trying_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("QUEUE_ALERT_PHONES_TOKEN", "a b")
    error = await Listening("ws://127.0.0.1:9470/feed").fail()
    assert (str(error), error.recoverable) == (
        "ws://127.0.0.1:9470/feed needs a token of printable ASCII without spaces",
        False,
    )


async def test_who_may_not_come_in_is_told_so_when_the_token_is_wrong(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("QUEUE_ALERT_PHONES_TOKEN", TOKEN)
    seen: list[str | None] = []

    def refuse(connection: ServerConnection, request: Request) -> Response:
        seen.append(request.headers.get("Authorization"))
        return connection.respond(HTTPStatus.FORBIDDEN, "no\n")

    async with playing(live, process_request=refuse) as url:
        error = await Listening(url).fail()
    assert seen == [f"Bearer {TOKEN}"]
    assert (str(error), error.recoverable) == (
        f"{url} refused the token (HTTP 403); check token_file against what the ACD expects",
        True,
    )
    assert GroupName(TOKEN) not in str(error)
