# ruff: noqa: S106 - nothing secret
"""The feed on real sockets: who is let in, what is too much, and what ends it."""

import asyncio
import contextlib
import ssl
import subprocess
import time
from base64 import b64encode
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from adapters.webhook import door as door_module
from adapters.webhook.feed import DRIVER, STALE_AFTER_S
from adapters.webhook.options import WebhookOptions
from adapters.webhook.signature import SIGNATURE_HEADER, sign, twilio_signature
from queue_alert.core.events import AcdEvent, ContactQueued
from queue_alert.ports import DriverError, Skipped
from tests.adapters.webhook.clouds import posted
from tests.adapters.webhook.posts import BATCH, BEARER, TOKEN, Recorder, cloud_event, listening, post

QUEUED = cloud_event("contact.queued", sequence=1, contact="c-1")
NOT_ALLOWED = (401, {"reason": "a token, a password or a signature is missing or wrong"})


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUEUE_ALERT_HOOK_TOKEN", TOKEN)


async def raw(url: str, data: bytes) -> bytes:
    """Say bytes to the server and return all it answers until it hangs up."""
    port = int(url.rpartition(":")[2].partition("/")[0])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        with contextlib.suppress(ConnectionError):
            writer.write(data)
            await writer.drain()
        async with asyncio.timeout(4):
            return await reader.read()
    finally:
        writer.close()


def head(**headers: str) -> bytes:
    lines = ["POST /events HTTP/1.1", "Host: x", *(f"{k.replace('_', '-')}: {v}" for k, v in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def test_what_is_posted_is_handed_over_before_it_is_acknowledged() -> None:
    recorder = Recorder()
    async with listening(recorder) as url:
        status, said = await post(url, QUEUED)
        assert (status, said) == (202, {"taken": 1, "refused": 0, "wants": "group.snapshot"})
        assert [type(event) for event in recorder.events][1:] == [ContactQueued]
        snapshot = cloud_event("group.snapshot", sequence=1, waiting=[])
        assert await post(url, [snapshot, cloud_event("feed.heartbeat", sequence=1)], BATCH) == (204, None)
    assert recorder.states() == ["syncing", "live", "down"]
    assert recorder.skipped == []


async def test_a_bad_event_is_refused_and_the_others_are_taken() -> None:
    recorder = Recorder()
    async with listening(recorder, snapshots=False) as url:
        status, said = await post(url, [QUEUED, *({"x": 1} for _ in range(12))], BATCH)
        assert (status, said["taken"], said["refused"], len(said["reasons"])) == (202, 1, 12, 10)
        reason = "no CloudEvent in JSON: Object missing required field `specversion`"
        assert said["reasons"][0] == {"event": 1, "reason": reason}
        status, said = await post(url, [{"x": 1}], BATCH)
        assert (status, said["taken"], said["refused"]) == (400, 0, 1)
        assert await post(url, b"<xml/>") == (
            400,
            {"reason": "the body must be a JSON object or a list of JSON objects"},
        )


async def test_the_binary_mode_is_understood() -> None:
    recorder = Recorder()
    headers = {"Content-Type": "application/json", "ce-specversion": "1.0", "ce-id": "7", "ce-source": "acd",
               "ce-type": "contact.queued", "ce-subject": "sales"}  # fmt: skip
    async with listening(recorder, snapshots=False) as url:
        assert await post(url, {"contact": "c-7"}, headers) == (204, None)
    assert [event.id for event in recorder.events if isinstance(event, ContactQueued)] == ["7"]


# ---- who may post


async def test_missing_and_wrong_get_the_same_answer() -> None:
    recorder = Recorder()
    async with listening(recorder) as url:
        answers = [
            await post(url, QUEUED, {"Authorization": shown})
            for shown in ("", "Bearer wrong", "Bearer ", f"Basic {TOKEN}", f"Bearer {TOKEN}x")
        ]
        assert answers == [NOT_ALLOWED] * 5
        bare = await raw(url, head(Connection="close", Content_Length="0"))
        assert bare.startswith(b"HTTP/1.1 401 ")
    assert recorder.states() == ["syncing", "down"]
    assert [kind for kind, _detail in recorder.skipped] == [Skipped.NOT_ALLOWED] * 6
    assert TOKEN not in str(recorder.skipped)


async def test_a_signed_post_is_good_once_and_for_a_while(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("QUEUE_ALERT_HOOK_TOKEN")
    (tmp_path / "secret").write_text("shared\n")
    body = msgspec.json.encode(QUEUED)
    recorder = Recorder()
    async with listening(recorder, base=tmp_path, secret_file="secret", snapshots=False) as url:
        now = time.time()
        signed = {SIGNATURE_HEADER: sign("shared", body, now)}
        assert await post(url, body, signed) == (204, None)
        assert await post(url, body, signed) == (409, {"reason": "this very post was taken before"})
        assert await post(url, body + b" ", signed) == NOT_ALLOWED
        old = {SIGNATURE_HEADER: sign("shared", body, now - 400)}
        assert await post(url, body, old) == (410, {"reason": "the signature is too old or too far ahead"})
        assert await post(url, body) == NOT_ALLOWED
    kinds = [kind for kind, _detail in recorder.skipped]
    assert kinds == [Skipped.TOO_OLD, Skipped.NOT_ALLOWED, Skipped.TOO_OLD, Skipped.NOT_ALLOWED]


async def test_twilio_signs_the_public_url_and_the_body(monkeypatch: pytest.MonkeyPatch) -> None:
    import hashlib

    monkeypatch.delenv("QUEUE_ALERT_HOOK_TOKEN")
    monkeypatch.setenv("QUEUE_ALERT_HOOK_AUTH_TOKEN", "auth")
    body = msgspec.json.encode(posted("twilio")[1:2])  # type: ignore[arg-type]
    query = f"bodySHA256={hashlib.sha256(body).hexdigest()}"
    public = "https://acd.example.com/hooks/queue"
    recorder = Recorder()
    recorder.at = 1_767_609_100.0
    async with listening(recorder, kind="twilio", public_url=public) as url:
        good = {
            "Content-Type": "application/json",
            "X-Twilio-Signature": twilio_signature("auth", f"{public}?{query}"),
        }
        assert await post(f"{url}?{query}", body, good) == (204, None)
        assert await post(url, body, good) == NOT_ALLOWED
        assert await post(f"{url}?{query}", body + b" ", good) == NOT_ALLOWED
    assert recorder.states() == ["syncing", "live", "down"]
    assert [type(event) for event in recorder.events[1:3]] == [type(recorder.events[0]), ContactQueued]


async def test_an_api_key_in_a_header_and_a_password_let_in_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("QUEUE_ALERT_HOOK_PASSWORD", "pass")
    recorder = Recorder()
    async with listening(recorder, token_header="X-Api-Key", username="eb", snapshots=False) as url:
        assert await post(url, QUEUED, {"X-Api-Key": TOKEN}) == (204, None)
        basic = {"Authorization": f"Basic {b64encode(b'eb:pass').decode()}"}
        assert await post(url, QUEUED, basic) == (204, None)
        assert await post(url, QUEUED, BEARER) == NOT_ALLOWED


async def test_without_any_way_in_it_does_not_even_listen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QUEUE_ALERT_HOOK_TOKEN")
    recorder = Recorder()
    with pytest.raises(DriverError) as caught:
        await recorder.feed().run(recorder.submit)
    assert (str(caught.value), caught.value.recoverable) == (
        (
            'nobody could post: write token_file = "…" or secret_file = "…" in [feeds.hook], or set '
            "QUEUE_ALERT_HOOK_TOKEN or QUEUE_ALERT_HOOK_SECRET; open = true lets in everybody on this machine"
        ),
        False,
    )
    assert recorder.events == []
    async with listening(recorder, open=True, snapshots=False) as url:
        assert await post(url, QUEUED, {"Authorization": ""}) == (204, None)


# ---- paths, methods, types


async def test_another_path_another_method_and_another_type_are_told() -> None:
    recorder = Recorder()
    async with listening(recorder) as url:
        assert await post(f"{url}/x", QUEUED) == (404, {"reason": "nothing is taken at this path"})
        async with aiohttp.ClientSession() as session, session.get(url, headers=BEARER) as answer:
            assert (answer.status, answer.headers["Allow"]) == (405, "POST")
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Server"] == "queue-alert"
        status, said = await post(url, QUEUED, {"Content-Type": "application/json"})
        assert (status, said["reason"].partition(" ")[0]) == (415, "Content-Type")
        assert await post(url, QUEUED, {"Content-Encoding": "gzip"}) == (
            415,
            {"reason": "the body must not be compressed"},
        )
    kinds = [kind for kind, _detail in recorder.skipped]
    assert kinds == [Skipped.WRONG_TOPIC, Skipped.WRONG_TOPIC, Skipped.NOT_TEXT, Skipped.NOT_TEXT]


# ---- too much, too slow


async def test_a_body_that_is_too_long_is_refused_unread() -> None:
    recorder = Recorder()
    async with listening(recorder, max_body=2000) as url:
        told = head(**{"Content_Type": "application/cloudevents+json", **BEARER}, Content_Length="2001")
        assert (await raw(url, told)).startswith(b"HTTP/1.1 413 ")
        chunk = b"400\r\n" + b" " * 1024 + b"\r\n"
        chunked = head(
            **{"Content_Type": "application/cloudevents+json", **BEARER}, Transfer_Encoding="chunked"
        )
        assert (await raw(url, chunked + chunk * 5)).startswith(b"HTTP/1.1 413 ")
        assert (await post(url, QUEUED))[0] == 202
    assert recorder.skipped[0][1] == "the body may have 2000 bytes; post fewer events at a time"
    assert [kind for kind, _detail in recorder.skipped] == [Skipped.TOO_LONG] * 2


async def test_a_list_that_is_too_long_is_refused() -> None:
    recorder = Recorder()
    async with listening(recorder, max_events=2) as url:
        assert await post(url, [QUEUED] * 3, BATCH) == (
            413,
            {"reason": "the list may hold 2 events, got 3"},
        )


async def test_too_many_posts_in_a_second_are_put_off() -> None:
    recorder = Recorder()
    recorder.at = 1000.0
    async with listening(recorder, max_rate=2, snapshots=False) as url:
        statuses = [(await post(url, QUEUED))[0] for _ in range(3)]
        recorder.at += 1
        statuses.append((await post(url, QUEUED))[0])
    assert statuses == [204, 204, 429, 204]


async def test_who_dawdles_over_the_head_or_the_body_is_hung_up_on() -> None:
    recorder = Recorder()
    async with listening(recorder, request_timeout=0.2) as url:
        assert await raw(url, b"POST /eve") == b""
        assert await raw(url, b"") == b""
        slow = head(**{"Content_Type": "application/cloudevents+json", **BEARER}, Content_Length="100") + b"{"
        answer = await raw(url, slow)
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert answer.endswith(b'{"reason":"the body did not come in time"}')
    assert [kind for kind, _detail in recorder.skipped] == [Skipped.TRUNCATED]


async def test_what_is_no_http_is_answered_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    recorder = Recorder()
    async with listening(recorder) as url:
        for nonsense in (b"\x16\x03\x01\x02\x00\x01\n\r\n\r\n", b"POST\r\n\r\n", b"A B C D E\r\n\r\n"):
            assert (await raw(url, nonsense)).split()[1] == b"400"
        bad = head(**{"Content_Type": "application/cloudevents+json", **BEARER}, Transfer_Encoding="chunked")
        assert (await raw(url, bad + b"zz\r\n")).split()[1] == b"400"
    assert [kind for kind, _detail in recorder.skipped] == [Skipped.TRUNCATED] * 4
    assert [record for record in caplog.records if record.levelname != "INFO"] == []


async def test_one_connection_too_many_is_closed_at_once_and_room_is_made_again() -> None:
    recorder = Recorder()
    async with listening(recorder, max_connections=2, snapshots=False) as url:
        port = int(url.rpartition(":")[2].partition("/")[0])
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
        async with asyncio.timeout(4):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            assert await reader.read() == b""
            writer.close()
            for _reader, other in held:
                other.close()
                await other.wait_closed()
            while True:
                with contextlib.suppress(aiohttp.ClientError):
                    assert (await post(url, QUEUED))[0] == 204
                    break


async def test_a_client_that_asks_first_is_told_to_go_on() -> None:
    recorder = Recorder()
    body = msgspec.json.encode(QUEUED)
    async with listening(recorder, snapshots=False) as url:
        asked = head(
            **{"Content_Type": "application/cloudevents+json", **BEARER},
            Content_Length=str(len(body)),
            Expect="100-continue",
            Connection="close",
        )
        answer = await raw(url, asked + body)
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 ")


async def test_a_sender_that_hangs_up_half_way_leaves_nothing_behind() -> None:
    recorder = Recorder()
    async with listening(recorder, snapshots=False) as url:
        port = int(url.rpartition(":")[2].partition("/")[0])
        _reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head(**{"Content_Type": "application/cloudevents+json", **BEARER}, Content_Length="9"))
        await writer.drain()
        writer.close()
        assert (await post(url, QUEUED))[0] == 204


# ---- the end


async def test_a_port_that_is_taken_is_told() -> None:
    recorder = Recorder()
    async with listening(recorder) as url:
        taken = url.removeprefix("http://").removesuffix("/events")
        other = Recorder()
        with pytest.raises(DriverError) as caught:
            await other.feed(listen=taken).run(other.submit)
    assert str(caught.value).startswith(f"cannot listen on {taken} (")
    assert str(caught.value).endswith(
        "; another program may have that port, or this machine has no such address: choose another in listen"
    )
    assert (caught.value.recoverable, other.events) == (True, [])


async def test_our_own_mistake_comes_out_as_it_is() -> None:
    def stumble(event: AcdEvent) -> None:
        if isinstance(event, ContactQueued):
            raise ZeroDivisionError("a mistake")

    recorder = Recorder()
    recorder.on_event = stumble

    async def posting() -> None:
        async with listening(recorder) as url:
            assert await post(url, QUEUED) == (500, {"reason": "not taken"})
            await recorder.until(lambda: "down" in recorder.states())

    with pytest.raises(ZeroDivisionError, match=r"^a mistake$"):
        await posting()


async def test_time_alone_is_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    from adapters.webhook import feed as feed_module

    monkeypatch.setattr(feed_module, "_LOOKS_EVERY_S", 0.01)
    recorder = Recorder()
    recorder.at = 1000.0
    async with listening(recorder, kind="twilio") as url:
        await post(url, cloud_event("feed.heartbeat"))
        recorder.at += 1800
        await recorder.until(lambda: "stale" in recorder.states())
    assert recorder.states() == ["syncing", "live", "stale", "down"]


async def test_what_is_known_outlives_a_restart_of_the_listening() -> None:
    recorder = Recorder()
    feed = recorder.feed()
    for _ in range(2):
        task = asyncio.create_task(feed.run(recorder.submit))
        await recorder.until(lambda: feed.address is not None and recorder.states()[-1:] == ["syncing"])
        assert feed.address is not None
        url = f"http://127.0.0.1:{feed.address[1]}/events"
        await post(url, [cloud_event("group.snapshot", sequence=3, waiting=[])], BATCH)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    assert recorder.states() == ["syncing", "live", "down"] * 2


# ---- TLS


def make_certificate(folder: Path) -> None:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem"), "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"],
        check=True, capture_output=True,
    )  # fmt: skip


async def test_it_speaks_tls_with_a_certificate_of_its_own(tmp_path: Path) -> None:
    await asyncio.to_thread(make_certificate, tmp_path)
    trust = await asyncio.to_thread(ssl.create_default_context, cafile=str(tmp_path / "cert.pem"))
    recorder = Recorder()
    async with listening(
        recorder,
        base=tmp_path,
        scheme="https",
        certificate_file="cert.pem",
        key_file="key.pem",
        snapshots=False,
    ) as url:
        assert await post(url, QUEUED, ssl=trust) == (204, None)


async def test_a_certificate_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "cert.pem").write_text("nonsense")
    recorder = Recorder()
    feed = recorder.feed(base=tmp_path, certificate_file="cert.pem", key_file="key.pem")
    with pytest.raises(DriverError, match=r"cannot be used \(.*\); they must be PEM, belong together"):
        await feed.run(recorder.submit)


# ---- options


def problems(**options: Any) -> list[str]:
    found = DRIVER.check(WebhookOptions(**options))
    return [f"{'warning: ' if one.is_warning else ''}{one.path}: {one.message}" for one in found]


def test_options_as_they_come_are_right() -> None:
    assert problems() == []
    assert problems(listen="[::1]:9470", open=True) == []
    assert problems(kind="twilio", auth_token_file="x", public_url="https://acd.example.com/hooks") == []
    assert problems(kind="amazon-connect", names={"a": "Sales"}) == []
    assert problems(listen="localhost:9470", username="u", password_file="p") == []


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"listen": "9470"}, 'listen: must be as "127.0.0.1:9470" or "[::1]:9470", got "9470"'),
        ({"listen": "127.0.0.1:0"}, 'listen: must be as "127.0.0.1:9470" or "[::1]:9470", got "127.0.0.1:0"'),
        ({"listen": "::1:9470"}, 'listen: must be as "127.0.0.1:9470" or "[::1]:9470", got "::1:9470"'),
        ({"path": "events"}, 'path: must begin with / and need no escaping, got "events"'),
        ({"path": "/a?b"}, 'path: must begin with / and need no escaping, got "/a?b"'),
        ({"key_file": "k"}, "certificate_file: must be set: TLS needs certificate_file and key_file"),
        ({"certificate_file": "c"}, "key_file: must be set: TLS needs certificate_file and key_file"),
        ({"max_body": 10}, "max_body: must be 1024 to 16777216, got 10"),
        ({"max_events": 0}, "max_events: must be 1 to 10000, got 0"),
        ({"max_rate": 0}, "max_rate: must be 1 to 10000, got 0"),
        ({"max_connections": 0}, "max_connections: must be 1 to 1000, got 0"),
        ({"max_age": 0.5}, "max_age: must be 1 s to 1 h, got 0.5 s"),
        ({"request_timeout": 100.0}, "request_timeout: must be 100 ms to 1 min, got 100 s"),
        ({"silence": 5.0}, "silence: must be 1 min to 7 d, got 5 s"),
        ({"give_up": 5.0}, "give_up: must be 1 min to 30 d, got 5 s"),
        ({"token_header": "a b"}, 'token_header: must be the name of a header, got "a b"'),
        ({"password_file": "p"}, "username: must be set with password_file"),
        ({"username": "a:b"}, "username: must not have a colon"),
        (
            {"open": True, "token_file": "t"},
            "token_file: has no effect beside open = true; remove one of them",
        ),
        (
            {"kind": "twilio", "auth_token_file": "x"},
            "public_url: must be set with auth_token_file: Twilio signs where it posts to",
        ),
        ({"names": {"a": "b"}}, 'names: is for kind = "amazon-connect", got kind = "neutral"'),
        ({"kind": "twilio", "source": "a"}, 'source: is for kind = "neutral", got kind = "twilio"'),
    ],
)
def test_every_mistake_is_told(options: dict[str, Any], found: str) -> None:
    assert problems(**options) == [found]


@pytest.mark.parametrize(
    "url", ["acd.example.com", "ftp://x/y", "https://a:b@x/y", "https://x/y?z", "http://[/"]
)
def test_a_public_url_must_be_whole_and_without_what_is_not_signed(url: str) -> None:
    (problem,) = problems(kind="twilio", public_url=url)
    assert problem.startswith('public_url: must be as "https://acd.example.com/events", without user')


def test_beyond_this_machine_it_warns_of_listening_without_tls_and_never_lets_in_everybody() -> None:
    (warning,) = problems(listen="0.0.0.0:9470")
    assert warning.startswith("warning: listen: beyond this machine without TLS")
    assert problems(listen="acd.lan:9470", certificate_file="c", key_file="k") == []
    assert problems(listen="[::]:9470", certificate_file="c", key_file="k", open=True) == [
        "open: must be false beyond this machine: anybody could write to the floor"
    ]


def test_two_feeds_of_one_address_claim_the_same() -> None:
    assert (
        DRIVER.claims(WebhookOptions()) == DRIVER.claims(WebhookOptions(path="/x")) == ("tcp 127.0.0.1:9470",)
    )
    assert DRIVER.claims(WebhookOptions(listen="127.0.0.1:9471")) == ("tcp 127.0.0.1:9471",)


def test_the_core_watches_for_four_heartbeats_that_do_not_come() -> None:
    assert (DRIVER.stale_after_s, STALE_AFTER_S) == (60.0, 60.0)
    assert door_module.Door is not None
