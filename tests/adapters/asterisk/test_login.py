"""How the login goes, and what is said when it does not."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from adapters.asterisk.feed import DRIVER
from adapters.asterisk.login import challenge_key, log_in
from adapters.asterisk.options import AsteriskOptions, Authentication
from adapters.asterisk.session import Session
from adapters.asterisk.translation import AsteriskTranslator
from queue_alert.ports import ConfigProblem, DriverError
from tests.adapters.asterisk.manager import BANNER, SECRET, Line, Recorder, playing
from tests.adapters.asterisk.test_session import Wire


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUEUE_ALERT_PBX_SECRET", SECRET)


async def failure(script: Callable[[Line], Awaitable[None]], **options: object) -> DriverError:
    """Run a feed against a script to its failure; the port in its message is made ``PBX``."""
    async with playing(script) as port:
        with pytest.raises(DriverError) as caught:
            await Recorder().feed(port, **options).run(lambda _event: None)
    return DriverError(
        caught.value.reason.replace(f"127.0.0.1:{port}", "PBX"), recoverable=caught.value.recoverable
    )


def test_the_key_is_the_digest_of_challenge_and_secret() -> None:
    assert challenge_key("840415273", "s3cret") == hashlib.md5(b"840415273s3cret").hexdigest()  # noqa: S324


async def test_the_secret_is_never_sent_where_a_challenge_is_offered() -> None:
    heard = []

    async def script(line: Line) -> None:
        heard.append(await line.let_in())

    await failure(script)
    (asked,) = heard
    assert SECRET not in str(asked)
    assert asked["Key"] == challenge_key("840415273", SECRET)


async def test_the_secret_is_sent_to_this_machine_where_no_challenge_is_offered() -> None:
    heard = []

    async def script(line: Line) -> None:
        await line.say(BANNER)
        await line.answer(await line.asked(), "Error", "Must specify AuthType")
        heard.append(await line.asked())

    await failure(script)
    assert [asked["Secret"] for asked in heard] == [SECRET]


async def test_the_secret_is_sent_at_once_where_that_was_asked_for() -> None:
    heard = []

    async def script(line: Line) -> None:
        await line.say(BANNER)
        heard.append(await line.asked())

    await failure(script, authentication=Authentication.PLAIN)
    assert [(asked["Action"], asked["Secret"]) for asked in heard] == [("Login", SECRET)]


async def test_who_insists_on_md5_does_not_get_in_without() -> None:
    async def script(line: Line) -> None:
        await line.say(BANNER)
        await line.answer(await line.asked(), "Error", "Must specify AuthType")
        assert await line.asked() == {}

    error = await failure(script, authentication=Authentication.MD5)
    assert str(error) == (
        'PBX does not offer a challenge by MD5 (Must specify AuthType); write authentication = "plain", with '
        "tls = true if the network is not your own"
    )


async def remote(answers: list[bytes], **options: object) -> tuple[DriverError, bytes]:
    """Log in at a far machine that gives these answers; return the failure and what was sent."""
    translator = AsteriskTranslator(
        "pbx", lambda _kind, _detail: None, replies=lambda frame: session.take_reply(frame)
    )

    def receive(data: bytes) -> None:
        translator.receive(data, 0.0)

    session = Session(lambda: None, receive, secret=SECRET, tap=None)

    class Far(Wire):
        def write(self, data: bytes | bytearray | memoryview) -> None:
            super().write(data)
            asyncio.get_running_loop().call_soon(session.data_received, answers.pop(0))

    wire = Far()
    session.connection_made(wire)
    session.data_received(BANNER)
    far = AsteriskOptions(username="queuealert", host="192.0.2.10", **options)  # type: ignore[arg-type]
    with pytest.raises(DriverError) as caught:
        await log_in(session, far, SECRET)
    return caught.value, wire.written


async def test_the_secret_does_not_go_over_a_wire_that_others_can_read() -> None:
    refused = b"Response: Error\r\nActionID: qa-1\r\nMessage: Must specify AuthType\r\n\r\n"
    error, sent = await remote([refused])
    assert str(error) == (
        "192.0.2.10:5038 does not offer a challenge by MD5 (Must specify AuthType), and the secret is not "
        "sent "
        'where it can be read; write tls = true, or authentication = "plain" to send it all the same'
    )
    assert SECRET.encode() not in sent


async def test_a_challenge_without_one_is_none() -> None:
    error, _ = await remote([b"Response: Success\r\nActionID: qa-1\r\n\r\n"])
    assert str(error).startswith(
        "192.0.2.10:5038 does not offer a challenge by MD5 (no challenge), and the secret"
    )


async def test_a_python_that_refuses_md5_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_data: bytes, *, usedforsecurity: bool) -> None:
        assert not usedforsecurity
        raise ValueError("disabled for FIPS")

    monkeypatch.setattr(hashlib, "md5", refuse)
    challenge = b"Response: Success\r\nActionID: qa-1\r\nChallenge: 1\r\n\r\n"
    error, sent = await remote([challenge])
    assert str(error).startswith(
        "this Python refuses MD5 (FIPS), and the secret is not sent where it can be read"
    )
    assert SECRET.encode() not in sent


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            "Authentication failed",
            (
                "PBX refused the login (Authentication failed); check manager.conf: is there a section "
                "[queuealert], is its secret that of secret_file, do its permit, deny and acl allow this "
                "machine? Then: manager reload"
            ),
        ),
        (
            "Login Already In Use",
            (
                "PBX has somebody logged in as queuealert already (Login Already In Use); manager.conf: "
                "a section for this program alone, or allowmultiplelogin = yes in [queuealert]"
            ),
        ),
        ("Asterisk is shutting down", "PBX is shutting down (Asterisk is shutting down)"),
    ],
)
async def test_a_refusal_names_the_lines_to_look_at(message: str, expected: str) -> None:
    async def script(line: Line) -> None:
        await line.answer(await line.challenge(), "Error", message)

    error = await failure(script)
    assert (str(error), error.recoverable) == (expected, True)


async def test_an_exchange_that_is_shutting_down_gets_no_secret() -> None:
    async def script(line: Line) -> None:
        await line.say(BANNER)
        await line.answer(await line.asked(), "Error", "Asterisk is shutting down")
        assert await line.asked() == {}

    assert str(await failure(script)) == "PBX is shutting down (Asterisk is shutting down)"


async def test_being_hung_up_on_during_the_login_points_at_the_addresses_allowed() -> None:
    async def script(line: Line) -> None:
        await line.challenge()

    assert str(await failure(script)) == (
        "PBX hung up during the login; check permit, deny and acl of [queuealert] in manager.conf"
    )


async def test_being_hung_up_on_without_a_word_points_at_the_limit() -> None:
    async def script(line: Line) -> None:
        pass

    assert str(await failure(script)) == (
        "PBX hung up before greeting; too many connections that have not logged in (manager.conf: "
        "authlimit), or something in between that does not let this machine through"
    )


async def test_nothing_is_sent_to_whoever_does_not_greet() -> None:
    async def script(line: Line) -> None:
        await line.until_gone()

    error = await failure(script, connect_timeout=0.05)
    assert str(error) == (
        "PBX did not greet within 0.05 s; is that the port of tlsbindaddr (then tls = true), or not "
        "Asterisk's manager interface at all?"
    )


async def test_a_login_that_is_never_answered_ends() -> None:
    async def script(line: Line) -> None:
        await line.challenge()
        await line.until_gone()

    assert str(await failure(script, connect_timeout=0.05)) == "PBX did not answer the login within 0.05 s"


@pytest.mark.parametrize("authentication", list(Authentication))
async def test_a_secret_that_cannot_be_sent_is_no_matter_of_trying_again(
    tmp_path: Path, authentication: Authentication
) -> None:
    async def script(line: Line) -> None:
        await line.say(BANNER)
        await line.until_gone()

    file = tmp_path / "secret"
    file.write_bytes(b"s3\0cret")
    error = await failure(script, secret_file=str(file), authentication=authentication)
    assert (str(error), error.recoverable) == (
        "the login cannot be sent: the value of Secret must be one line without control characters",
        False,
    )


# ---- options


@pytest.mark.parametrize(
    ("host", "tls", "is_private"),
    [
        ("127.0.0.1", False, True),
        ("::1", False, True),
        ("localhost", False, True),
        ("192.0.2.10", False, False),
        ("pbx.example", False, False),
        ("pbx.example", True, True),
    ],
)
def test_a_wire_is_private_within_the_machine_or_by_tls(host: str, tls: bool, is_private: bool) -> None:
    assert AsteriskOptions(username="queuealert", host=host, tls=tls).is_private is is_private


def test_tls_has_a_port_of_its_own() -> None:
    assert AsteriskOptions(username="queuealert").where == "127.0.0.1:5038"
    assert AsteriskOptions(username="queuealert", tls=True).where == "127.0.0.1:5039"
    assert AsteriskOptions(username="queuealert", tls=True, port=6000).where == "127.0.0.1:6000"


def test_what_only_tls_needs_is_a_mistake_without() -> None:
    options = AsteriskOptions(
        username="queuealert", host="192.0.2.10", ca_file="ca.pem", authentication=Authentication.PLAIN
    )
    assert DRIVER.check(options) == [
        ConfigProblem(path="ca_file", message="must be left out without tls = true"),
        ConfigProblem(
            path="authentication",
            message='the secret can be read by whoever is on the way; write "md5", or tls = true',
            is_warning=True,
        ),
    ]
