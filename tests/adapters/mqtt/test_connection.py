"""Connections that cannot be made or kept are told in sentences."""

import asyncio
import socket
from pathlib import Path
from typing import Any

import pytest

from queue_alert.broker.link import Link
from queue_alert.core.events import FeedState
from queue_alert.ports import DriverError
from tests.adapters.mqtt.fake_broker import WELCOME, answering
from tests.adapters.mqtt.helpers import Floor, until
from tests.services.certificates import Certificates, make_certificates
from tests.services.mosquitto import PASSWORDS, Mosquitto, free_port, mosquitto

pytestmark = pytest.mark.process


async def failure(port: int, **options: Any) -> str:
    """Run a feed to its failure and return what it says."""
    with pytest.raises(DriverError) as caught:
        async with asyncio.timeout(10):
            await Floor(port, **options).run_once()
    return str(caught.value).replace(f":{port}", ":PORT")


async def connects(port: int, **options: Any) -> None:
    """Run a feed until it is connected."""
    floor = Floor(port, **options)
    async with floor.running():
        await until(lambda: floor.errors or floor.state is FeedState.SYNCING)
    assert floor.errors == []


async def with_password(folder: Path) -> list[str]:
    """Return the configuration of a broker that knows one user."""
    passwords = folder / "passwords"
    process = await asyncio.create_subprocess_exec(
        PASSWORDS, "-b", "-c", str(passwords), "floor", "open sesame"
    )
    assert await process.wait() == 0
    return ["allow_anonymous false", f"password_file {passwords}"]


async def test_who_knows_the_password_is_let_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text("open sesame\n", encoding="utf-8")
    async with mosquitto(tmp_path, config=await with_password(tmp_path)) as broker:
        await connects(broker.port, username="floor", password_file="secret", base=tmp_path)  # noqa: S106
        monkeypatch.setenv("QUEUE_ALERT_FLOOR_PASSWORD", "open sesame")
        await connects(broker.port, username="floor")
        monkeypatch.setenv("QUEUE_ALERT_FLOOR_PASSWORD", "open barley")
        assert await failure(broker.port, username="floor") == (
            "127.0.0.1:PORT refused the login of username floor (Not authorized); check username and "
            "password_file against the broker's password file"
        )
        assert await failure(broker.port) == (
            "127.0.0.1:PORT refused the login of a client without a username (Not authorized); check "
            "username and password_file against the broker's password file"
        )


async def test_no_password_at_all_is_no_matter_of_trying_again() -> None:
    with pytest.raises(DriverError) as caught:
        await Floor(1, username="floor").run_once()
    assert not caught.value.recoverable
    assert "password_file" in str(caught.value)


def tls_lines(certificates: Certificates) -> list[str]:
    return [f"certfile {certificates.certificate}", f"keyfile {certificates.key}"]


async def test_tls_is_spoken_with_a_broker_that_can_prove_who_it_is(tmp_path: Path) -> None:
    certificates = await make_certificates(tmp_path)
    async with mosquitto(tmp_path, config=tls_lines(certificates)) as broker:
        await connects(broker.port, tls=True, ca_file=str(certificates.ca))
        untrusted = await failure(broker.port, tls=True)
        assert untrusted.startswith("the certificate of 127.0.0.1:PORT is not trusted (")
        assert untrusted.endswith("); check ca_file, and that host is the name in the broker's certificate")
        other_name = await failure(broker.port, tls=True, ca_file=str(certificates.ca), host="localhost")
        assert other_name.startswith("the certificate of localhost:PORT is not trusted (Hostname mismatch")
        assert await failure(broker.port) == (
            "127.0.0.1:PORT hung up before it answered; check that this is the port of a broker that speaks "
            "MQTT 5, and not the one for TLS"
        )


async def test_a_client_certificate_is_shown_to_who_wants_one(tmp_path: Path) -> None:
    certificates = await make_certificates(tmp_path)
    lines = [*tls_lines(certificates), f"cafile {certificates.ca}", "require_certificate true"]
    options: dict[str, Any] = {"tls": True, "ca_file": "ca.pem", "base": tmp_path}
    async with mosquitto(tmp_path, config=lines) as broker:
        await connects(broker.port, cert_file="server.pem", key_file="server.key", **options)
        refused = await failure(broker.port, **options)
    assert refused.startswith(("TLS with 127.0.0.1:PORT failed", "127.0.0.1:PORT hung up before it answered"))


async def test_tls_on_a_plain_port_is_told(broker: Mosquitto) -> None:
    sentence = await failure(broker.port, tls=True)
    assert sentence.startswith(("TLS with 127.0.0.1:PORT failed (", "cannot connect to 127.0.0.1:PORT ("))


@pytest.mark.parametrize("content", ["", "no certificate"])
async def test_a_file_that_is_none_is_told(tmp_path: Path, content: str) -> None:
    await asyncio.to_thread((tmp_path / "ca.pem").write_text, content)
    sentence = await failure(1, tls=True, ca_file="ca.pem", base=tmp_path)
    assert sentence.startswith("TLS cannot be set up (no certificate or crl found); ")
    assert sentence.endswith(f"check ca_file {tmp_path}/ca.pem: PEM files, readable by the user this runs as")


async def test_a_missing_file_is_told(tmp_path: Path) -> None:
    assert await failure(2, tls=True, ca_file="none.pem", base=tmp_path) == (
        f"TLS cannot be set up (No such file or directory); check ca_file {tmp_path}/none.pem: PEM files, "
        "readable by the user this runs as"
    )


async def test_a_closed_port_is_told() -> None:
    assert await failure(free_port()) == (
        "cannot connect to 127.0.0.1:PORT (Connection refused); is the broker running, and has it a listener "
        "there?"
    )


async def test_a_broker_of_an_older_protocol_is_told() -> None:
    async with answering(b"\x20\x02\x00\x01") as port:
        assert await failure(port) == "127.0.0.1:PORT does not speak MQTT 5; mosquitto does from 1.6 on"


async def test_a_broker_that_takes_nobody_is_told() -> None:
    async with answering(b"\x20\x03\x00\x89\x00") as port:
        assert await failure(port) == "127.0.0.1:PORT takes nobody at present (Server busy)"


async def test_a_broker_that_refuses_for_another_reason_is_told() -> None:
    async with answering(b"\x20\x03\x00\x95\x00") as port:
        assert await failure(port) == "127.0.0.1:PORT refused the connection (Packet too large)"


async def test_a_hang_up_before_the_answer_is_noticed_at_once() -> None:
    async with answering() as port:
        assert await failure(port) == (
            "127.0.0.1:PORT hung up before it answered; check that this is the port of a broker that speaks "
            "MQTT 5, and not the one for TLS"
        )


async def test_a_broker_that_says_nothing_is_given_up() -> None:
    async with answering(then_hang_up=False) as port:
        assert await failure(port, connect_timeout=0.1) == (
            "127.0.0.1:PORT did not answer the connection within 0.1 s"
        )


async def test_a_broker_that_does_not_answer_a_subscription_is_given_up() -> None:
    async with answering(WELCOME, then_hang_up=False) as port:
        sentence = await failure(port, connect_timeout=0.2)
    assert sentence == "connection to 127.0.0.1:PORT was lost (nothing was acknowledged for 0.2 s)"


async def test_a_subscription_that_is_refused_is_told() -> None:
    async with answering(WELCOME, b"\x90\x04\x00\x01\x00\x87", then_hang_up=False) as port:
        assert await failure(port) == (
            "127.0.0.1:PORT does not let us read acd/berlin/status (Not authorized); check the broker's ACL"
        )


async def test_another_client_of_our_id_is_told() -> None:
    async with answering(WELCOME, b"\xe0\x01\x8e") as port:
        assert await failure(port) == (
            f"127.0.0.1:PORT was told that another client is queue-alert-{socket.gethostname()}-feeds-floor, "
            "and threw us out; give one of the two a client_id of its own"
        )


async def test_a_broker_that_is_shut_down_is_told_in_its_own_word() -> None:
    async with answering(WELCOME, b"\xe0\x01\x8b") as port:
        assert await failure(port) == "connection to 127.0.0.1:PORT was lost (Server shutting down)"


async def test_being_cancelled_while_connecting_leaves_nothing_behind() -> None:
    async with answering(then_hang_up=False) as port:
        floor = Floor(port, connect_timeout=5.0)
        feed = asyncio.create_task(floor.run_once())
        await asyncio.sleep(0.05)
        feed.cancel()
        with pytest.raises(asyncio.CancelledError):
            async with asyncio.timeout(2):
                await feed
    assert floor.events == []


async def test_a_connection_whose_socket_is_closed_is_thrown_away_without_a_word() -> None:
    link = Link(host="127.0.0.1", port=1, client_id="test", keepalive_s=10, timeout_s=1)
    closed = socket.socket()
    closed.close()
    link._on_socket_unregister_write(link._client, None, closed)
