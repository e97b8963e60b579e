"""HTTP to a device: exact bytes, kept connections, and every way in which a web server can go wrong."""

import errno
import ssl
import subprocess
import time
from collections.abc import Iterator
from http.client import HTTPException
from io import BufferedReader, BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.http_codec import (
    MOST_BODY,
    Origin,
    Reply,
    Request,
    check_header,
    check_url,
    encode,
    read_reply,
    split,
)
from devices.http_link import HttpLink
from devices.tcp import Deadline, reason_of
from queue_alert.ports import ConfigProblem, DriverError
from tests.devices.servers import LittleServer, Web

GET = Request("GET", "/on", {})


@pytest.fixture
def web() -> Iterator[Web]:
    web = Web()
    with web.server:
        yield web


@pytest.fixture
def link(web: Web) -> Iterator[HttpLink]:
    link = HttpLink(Origin("http", "127.0.0.1", web.port))
    yield link
    link.close()


class Memory:
    """A reply that is already there."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, _mode: str) -> BufferedReader:
        return BufferedReader(BytesIO(self._data))


def ask(link: HttpLink, request: Request = GET, timeout: float = 5.0) -> Reply:
    return link.ask(request, (200,), Deadline(timeout))


# ---- the bytes


def test_a_request_is_these_bytes() -> None:
    origin, target = split("http://192.168.1.40:8080/light?on=1")
    request = Request("PUT", target, {"X-Key": "abc"}, b"{}")
    assert encode(origin, request) == (
        b"PUT /light?on=1 HTTP/1.1\r\nHost: 192.168.1.40:8080\r\nX-Key: abc\r\nContent-Length: 2\r\n\r\n{}"
    )


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://lamp/", "lamp"),
        ("https://lamp/", "lamp"),
        ("https://lamp:80/", "lamp:80"),
        ("http://[fd00::4]/", "[fd00::4]"),
        ("http://[fd00::4]:81/", "[fd00::4]:81"),
    ],
)
def test_the_host_is_named_with_its_port_where_that_is_unusual(url: str, host: str) -> None:
    origin, target = split(url)
    assert encode(origin, Request("GET", target, {})) == f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()


@pytest.mark.parametrize(
    ("url", "mistake"),
    [
        ("http://lamp", ""),
        ("https://192.168.1.40:8443/a?b=c%20d", ""),
        ("ftp://lamp", 'must begin with http:// or https://, got "ftp://lamp"'),
        ("lamp/on", 'must begin with http:// or https://, got "lamp/on"'),
        ("http:///on", 'must name the device\'s host, got "http:///on"'),
        ("http://a..b/on", 'must name the device\'s host, got "http://a..b/on"'),
        ("http://lamp:0/", "port must be 1 to 65535, got 0"),
        (
            "http://lamp:99999/",
            'must be an address such as "http://192.168.1.40/relay/0", with a port of 1 to 65535',
        ),
        (
            "http://[::1/",
            'must be an address such as "http://192.168.1.40/relay/0", with a port of 1 to 65535',
        ),
        ("http://u:topsecret@lamp/", "must not hold a user or a password; write a header with secret_file"),
        ("http://lamp/#on", "must not hold a fragment (#…): devices never see it"),
        (
            "http://lamp/a b",
            "must be at most 2000 visible ASCII characters without blanks; write a blank as %20",
        ),
        (
            "http://lamp/\r\nX: y",
            "must be at most 2000 visible ASCII characters without blanks; write a blank as %20",
        ),
    ],
)
def test_mistakes_in_an_address_are_named_and_passwords_are_not(url: str, mistake: str) -> None:
    assert check_url(url, "url") == ([ConfigProblem(path="url", message=mistake)] if mistake else [])


def test_a_header_is_one_line_and_none_of_our_own() -> None:
    assert check_header("X-Key", "abc def", "headers") == []
    assert [bool(check_header(name, "x", "h")) for name in ("Host", "content-length", "", "a b", "a:b")] == [
        True
    ] * 5
    assert check_header("X-Key", "a\r\nb", "h") == [
        ConfigProblem(path="h", message="must be one line of printable ASCII characters")
    ]


@pytest.mark.parametrize(
    ("data", "reply"),
    [
        (b"HTTP/1.1 204 No Content\r\n\r\n", Reply(204, b"", is_kept=True)),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", Reply(200, b"ok", is_kept=True)),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nok", Reply(200, b"ok", is_kept=False)),
        (b"HTTP/1.0 200 OK\r\n\r\nok", Reply(200, b"ok", is_kept=False)),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
            Reply(200, b"ok", is_kept=True),
        ),
        (
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            Reply(200, b"", is_kept=True),
        ),
    ],
)
def test_replies_are_read_as_they_are_framed(data: bytes, reply: Reply) -> None:
    assert read_reply(Memory(data), "GET") == reply


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x06",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nok",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nabc",
        b"HTTP/1.1 200 OK\r\n\r\n" + b"a" * (MOST_BODY + 1),
        b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 500 + b"\r\n",
        b"HTTP/1.1 200 " + b"a" * 70_000,
    ],
)
def test_what_is_cut_off_or_too_long_is_no_reply(data: bytes) -> None:
    with pytest.raises((HTTPException, ConnectionError)):
        read_reply(Memory(data), "GET")


HEADS = st.sampled_from(
    [
        b"",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: ",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    ]
)


@given(HEADS, st.binary(max_size=200))
def test_no_bytes_raise_anything_else(head: bytes, data: bytes) -> None:
    try:
        reply = read_reply(Memory(head + data), "GET")
    except (HTTPException, OSError):
        return
    assert len(reply.body) <= MOST_BODY


# ---- on real sockets


def test_the_connection_is_kept(web: Web, link: HttpLink) -> None:
    assert [ask(link).body for _ in range(3)] == [b"ok"] * 3
    assert web.server.connections == 1
    assert link.is_open


def test_a_server_that_closes_after_each_reply_is_asked_on_new_connections(web: Web, link: HttpLink) -> None:
    web.closes = True
    web.answer = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nok"
    assert [ask(link).body for _ in range(3)] == [b"ok"] * 3
    assert web.server.connections == 3
    assert not link.is_open


def test_a_connection_that_was_closed_while_idle_is_made_anew_and_nobody_is_told(
    web: Web, link: HttpLink
) -> None:
    web.closes = True  # without saying so
    assert [ask(link).body for _ in range(3)] == [b"ok"] * 3
    assert web.server.connections == 3


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", "answers 500, not 200; is the address right"),
        (
            b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n",
            "answers 401, not 200; are the secret and its header right",
        ),
        (
            b"HTTP/1.1 302 Go\r\nLocation: http://example.com/\r\nContent-Length: 0\r\n\r\n",
            "answers 302, a redirect, which is never followed",
        ),
        (b"SSH-2.0-dropbear\r\n", r"has not answered in whole HTTP \(BadStatusLine\); is it the right port"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\n" + b"a" * 70_000,
            r"has not answered in whole HTTP \(HTTPException\)",
        ),
        (
            b"HTTP/1.1 200 OK\r\nX: "
            + b"a" * 60_000
            + b"\r\nY: "
            + b"a" * 60_000
            + b"\r\n"
            + b"Z: "
            + b"a" * 60_000
            + b"\r\n",
            "whole HTTP",
        ),
    ],
)
def test_what_was_not_expected_is_a_fault(web: Web, link: HttpLink, answer: bytes, reason: str) -> None:
    web.answer = answer
    with pytest.raises(DriverError, match=reason):
        ask(link)
    assert not link.is_open
    assert len(web.requests) == 1


def test_a_server_that_hangs_up_in_the_middle_of_a_reply_is_a_fault(web: Web, link: HttpLink) -> None:
    web.answer, web.closes = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", True
    with pytest.raises(DriverError, match=r"whole HTTP \(IncompleteRead\)"):
        ask(link)


def test_a_server_that_hangs_up_without_a_word_is_a_fault(web: Web, link: HttpLink) -> None:
    web.answer, web.closes = b"", True
    with pytest.raises(DriverError, match="has closed the connection before it answered"):
        ask(link)
    assert len(web.requests) == 1


class Cut:
    """A connection that is reset after the first bytes of a reply."""

    def __init__(self) -> None:
        self.left = b"HTTP/1.1 200 OK\r\nConte"

    def settimeout(self, _seconds: float) -> None:
        """Do nothing."""

    def sendall(self, _data: bytes) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""

    def recv_into(self, buffer: memoryview) -> int:
        if not self.left:
            raise ConnectionResetError
        said, self.left = self.left, b""
        buffer[: len(said)] = said
        return len(said)


def test_a_kept_connection_that_is_lost_in_the_middle_of_a_reply_is_a_fault(web: Web, link: HttpLink) -> None:
    link._connection = Cut()  # type: ignore[assignment]
    with pytest.raises(DriverError, match="has closed the connection before it answered"):
        ask(link)
    assert web.server.connections == 0


def test_whatever_else_the_network_says_is_passed_on() -> None:
    error = OSError(errno.ENETUNREACH, "Network is unreachable")
    assert reason_of("lamp:80", error, Deadline(1)) == "lamp:80 cannot be reached: Network is unreachable"


def test_a_server_that_hangs_is_given_up_in_time(web: Web, link: HttpLink) -> None:
    web.gate.clear()
    with pytest.raises(DriverError, match=r"has not answered within 0.1 s; is it switched on"):
        ask(link, timeout=0.1)
    web.gate.set()


def test_a_server_that_drips_is_given_up_in_time(web: Web, link: HttpLink) -> None:
    web.drip_s = 0.02
    began = time.monotonic()
    with pytest.raises(DriverError, match=r"has not answered within 0\.2 s"):
        ask(link, timeout=0.2)
    assert time.monotonic() - began < 0.6


def test_a_server_that_is_not_there_is_a_fault(web: Web, link: HttpLink) -> None:
    web.server.stop()
    with pytest.raises(DriverError, match=f"127.0.0.1:{web.port} refuses connections"):
        ask(link)


def test_a_name_that_cannot_be_one_is_a_fault() -> None:
    link = HttpLink(Origin("http", "a" * 70, 80))
    with pytest.raises(DriverError, match="the name is not known; write the device's address as host"):
        ask(link)


def test_no_time_left_is_a_time_out() -> None:
    deadline = Deadline(0.001)
    time.sleep(0.002)
    with pytest.raises(TimeoutError):
        deadline.left()


# ---- over TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a certificate that has signed itself, of a device that is named by its number, as Hue's are."""
    folder = tmp_path_factory.mktemp("tls")
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    named = ["-subj", "/CN=001788fffe123456", "-keyout", "key.pem", "-out", "cert.pem"]
    subprocess.run([*command.split(), *named], cwd=folder, check=True, capture_output=True)
    return folder / "cert.pem"


@pytest.fixture
def secure(certificate: Path) -> Iterator[Web]:
    web = Web()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    plain = web._serve

    def handle(connection: object) -> None:
        with context.wrap_socket(connection, server_side=True) as wrapped:  # type: ignore[arg-type]
            plain(wrapped)

    web.server = LittleServer(handle)
    with web.server:
        yield web


def test_a_certificate_is_trusted_under_the_name_it_bears(secure: Web, certificate: Path) -> None:
    def tls() -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(certificate))

    link = HttpLink(Origin("https", "127.0.0.1", secure.port), tls=tls, server_name="001788fffe123456")
    assert [ask(link).body for _ in range(2)] == [b"ok"] * 2
    assert secure.server.connections == 1
    link.close()
    other = HttpLink(Origin("https", "127.0.0.1", secure.port), tls=tls, server_name="001788fffe999999")
    with pytest.raises(DriverError, match=r"its certificate is not trusted .*; set ca_file and server_name"):
        ask(other)
    assert len(secure.requests) == 2


def test_a_certificate_of_nobody_is_not_trusted(secure: Web) -> None:
    link = HttpLink(Origin("https", "127.0.0.1", secure.port))
    with pytest.raises(DriverError, match="its certificate is not trusted"):
        ask(link)
    assert secure.requests == []
