import asyncio
import ssl
import subprocess
from http import HTTPStatus
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from queue_alert.core.units import GroupName
from tests.adapters.websocket.live import (
    TOKEN,
    Listening,
    answering,
    playing,
    say_all_is_empty,
)


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
        await say_all_is_empty(connection)
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
    async with playing(say_all_is_empty) as url:
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

    async with playing(say_all_is_empty, process_request=refuse) as url:
        error = await Listening(url).fail()
    assert seen == [f"Bearer {TOKEN}"]
    assert (str(error), error.recoverable) == (
        f"{url} refused the token (HTTP 403); check token_file against what the ACD expects",
        True,
    )
    assert GroupName(TOKEN) not in str(error)
