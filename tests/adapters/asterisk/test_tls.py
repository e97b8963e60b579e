"""The manager interface over TLS, and either side mistaken about it."""

import asyncio
import ssl
import subprocess
from pathlib import Path

import pytest

from queue_alert.ports import DriverError
from tests.adapters.asterisk.manager import BANNER, SECRET, Line, Recorder, playing


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUEUE_ALERT_PBX_SECRET", SECRET)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file with a key and a certificate that signed itself, as Asterisk's script makes one."""
    folder = tmp_path_factory.mktemp("tls")
    key, signed, both = folder / "key.pem", folder / "cert.pem", folder / "asterisk.pem"
    command = [
        *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
        *("-days", "2", "-subj", "/CN=pbx.example", "-addext", "subjectAltName=DNS:pbx.example"),
        *("-keyout", str(key), "-out", str(signed)),
    ]
    subprocess.run(command, check=True, capture_output=True)
    both.write_bytes(key.read_bytes() + signed.read_bytes())
    return both


@pytest.fixture(scope="module")
def wire(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


async def failure(port: int, **options: object) -> str:
    """Run a feed over TLS to its failure; the port in its message is made ``PBX``."""
    with pytest.raises(DriverError) as caught:
        await Recorder().feed(port, **{"tls": True, **options}).run(lambda _event: None)
    return caught.value.reason.replace(f"127.0.0.1:{port}", "PBX")


async def test_the_feed_is_live_over_tls(wire: ssl.SSLContext, certificate: Path) -> None:
    logins = []

    async def script(line: Line) -> None:
        logins.append(await line.let_in())
        await line.list_queue(await line.asked())

    recorder = Recorder()
    async with playing(script, tls=wire) as port:
        feed = recorder.feed(port, tls=True, ca_file=str(certificate), tls_name="pbx.example")
        with pytest.raises(DriverError, match=r"was lost \(closed by the other side\)$"):
            await feed.run(recorder.submit)
    assert [login["AuthType"] for login in logins] == ["MD5"]
    assert recorder.states() == ["syncing", "live", "down"]


async def test_a_certificate_that_nobody_vouches_for_is_refused(wire: ssl.SSLContext) -> None:
    async def script(line: Line) -> None:
        await line.until_gone()

    async with playing(script, tls=wire) as port:
        reason = await failure(port)
    assert reason == (
        "the certificate of PBX is not trusted (self-signed certificate); put the one that signed it "
        "(manager.conf: tlscertfile, if it signed itself) into ca_file, and its name, if it is not the host, "
        "into tls_name"
    )


async def test_a_certificate_for_another_name_is_refused(wire: ssl.SSLContext, certificate: Path) -> None:
    async def script(line: Line) -> None:
        await line.until_gone()

    async with playing(script, tls=wire) as port:
        reason = await failure(port, ca_file=str(certificate))
    assert reason.startswith("the certificate of PBX is not trusted (IP address mismatch")


async def test_tls_to_the_plain_port_is_told() -> None:
    async def script(line: Line) -> None:
        await line.say(BANNER)
        await line.until_gone()

    async with playing(script) as port:
        reason = await failure(port)
    assert reason.startswith("PBX does not speak TLS (")
    assert reason.endswith(
        "); manager.conf needs tlsenable = yes, and port is that of tlsbindaddr (5039 by default)"
    )


async def test_a_tls_port_that_says_nothing_is_told() -> None:
    async def script(line: Line) -> None:
        await line.until_gone()

    async with playing(script) as port:
        assert await failure(port, connect_timeout=0.1) == (
            "PBX does not answer; is that the port of tlsbindaddr?"
        )


async def test_tls_that_does_not_greet_is_told(wire: ssl.SSLContext, certificate: Path) -> None:
    async def script(line: Line) -> None:
        await line.until_gone()

    async with playing(script, tls=wire) as port:
        reason = await failure(port, ca_file=str(certificate), tls_name="pbx.example", connect_timeout=1.0)
    assert reason == "PBX did not greet within 1 s"


async def test_plain_to_the_tls_port_is_told_by_its_alert() -> None:
    async def script(line: Line) -> None:
        await line.say(b"\x15\x03\x01\x00\x02\x02\x46")
        await line.until_gone()

    async with playing(script) as port:
        reason = await failure(port, tls=False)
    assert reason == "PBX expects TLS; write tls = true, or the port of manager.conf's port (5038 by default)"


async def test_a_file_that_is_no_certificate_is_told(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    await asyncio.to_thread(file.write_text, "no certificate")
    reason = await failure(1, ca_file=str(file))
    assert reason.startswith(f"ca_file {file} cannot be read (")
    missing = await failure(1, ca_file="missing.pem")
    assert missing == (
        "ca_file missing.pem cannot be read (No such file or directory); it must hold the certificate to "
        "trust (PEM) and be readable by the user this runs as"
    )


async def test_a_closed_tls_port_names_the_lines_for_tls() -> None:
    async def script(_line: Line) -> None:
        pass

    async with playing(script) as port:
        pass
    assert (await failure(port)).endswith(
        "has manager.conf enabled = yes, and tlsenable = yes, and tlsbindaddr as here?"
    )
