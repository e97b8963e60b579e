"""Any lamp by HTTP: templates, secrets, what is sent when, and every mistake in a configuration."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.http_lamp import DRIVER, HttpLamp, HttpOptions, LampRequests
from devices.http_template import RequestOptions, filled, values_of
from devices.worker import WorkerOutput
from queue_alert.ports import ConfigProblem, DriverError, OutputContext
from tests.devices.helpers import FakeClock
from tests.devices.servers import Web, until

ON, OFF = "#ffb000", "off"
LAMP = LampRequests(on=RequestOptions(url="http://lamp/on"), off=RequestOptions(url="http://lamp/off"))
SOUND = HttpOptions(requests={"lamp": LAMP})


@pytest.fixture
def web() -> Iterator[Web]:
    web = Web()
    with web.server:
        yield web


def both(web: Web, name: str = "", **more: Any) -> LampRequests:
    start = f"http://127.0.0.1:{web.port}/{name}"
    return LampRequests(
        on=RequestOptions(url=f"{start}on", **more), off=RequestOptions(url=f"{start}off", **more)
    )


def lamp_of(web: Web, *names: str, base: Path = Path(), **more: Any) -> HttpLamp:
    requests = {name: both(web, name if len(names) > 1 else "") for name in names or ("lamp",)}
    return HttpLamp("hall", HttpOptions(requests=requests, **more), base)


def asked(web: Web) -> list[str]:
    return [line.split()[1] for line in web.lines]


def test_a_lamp_is_dark_then_lit_then_dark_on_one_connection(web: Web) -> None:
    output = DRIVER.create(
        HttpOptions(requests={"lamp": both(web)}, keepalive=60), OutputContext(name="hall", clock=FakeClock())
    )
    assert isinstance(output, WorkerOutput)
    output.open()
    output.write({"lamp": ON})
    until(lambda: "/on" in asked(web))
    output.close()
    until(lambda: output.worker.thread is None or not output.worker.thread.is_alive())
    assert asked(web)[0] == asked(web)[-1] == "/off"
    assert web.server.connections == 1


def test_only_what_has_changed_is_sent_and_what_is_lit_first(web: Web) -> None:
    lamp = lamp_of(web, "red", "yellow", "green")
    lamp.open()
    assert asked(web) == ["/redoff", "/yellowoff", "/greenoff"]
    lamp.show({"red": OFF, "yellow": ON, "green": OFF})
    assert asked(web)[3:] == ["/yellowon"]
    lamp.show({"red": OFF, "yellow": OFF, "green": ON})
    assert asked(web)[4:] == ["/greenon", "/yellowoff"]
    lamp.close()
    assert asked(web)[6:] == ["/greenoff"]


def test_the_same_again_is_all_of_it_again(web: Web) -> None:
    lamp = lamp_of(web, "red", "green")
    lamp.open()
    for _ in range(2):
        lamp.show({"red": ON, "green": OFF})
    assert asked(web)[2:] == ["/redon", "/redon", "/greenoff"]
    lamp.close()


def test_lamps_on_several_devices_are_each_asked(web: Web) -> None:
    other = Web()
    with other.server:
        lamp = HttpLamp("hall", HttpOptions(requests={"red": both(web), "green": both(other)}), Path())
        lamp.open()
        lamp.show({"red": OFF, "green": ON})
        lamp.close()
    assert (asked(web), asked(other)) == (["/off"], ["/off", "/on", "/off"])


def test_a_colour_goes_into_address_and_body(web: Web) -> None:
    url = f"http://127.0.0.1:{web.port}"
    on = RequestOptions(
        url=f"{url}/c/{{{{hex}}}}",
        method="PUT",
        body='{"xy":[{{x}},{{y}}],"bri":{{brightness}},"rgb":[{{ red }},{{green}},{{blue}}],"p":{{percent}}}',
        status=(204,),
    )
    off = RequestOptions(
        url=f"{url}/off", method="POST", body="OFF", content_type="text/plain", status=(204,)
    )
    lamp = HttpLamp(
        "hall", HttpOptions(requests={"rgb": LampRequests(on=on, off=off)}, brightness=50), Path()
    )
    web.answer = b"HTTP/1.1 204 No Content\r\n\r\n"
    lamp.open()
    lamp.show({"rgb": "#FF0000"})
    lamp.close()
    assert (
        web.requests[0]
        == (
            f"POST /off HTTP/1.1\r\nHost: 127.0.0.1:{web.port}\r\nContent-Type: text/plain\r\n"
            "Content-Length: 3\r\n\r\nOFF"
        ).encode()
    )
    assert web.lines[1] == "PUT /c/ff0000 HTTP/1.1"
    assert json.loads(web.bodies[1]) == {"xy": [0.6401, 0.33], "bri": 128, "rgb": [255, 0, 0], "p": 50}


def test_a_secret_goes_into_a_header_and_into_no_message(
    web: Web, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    (tmp_path / "hall.secret").write_text("admin:pw\n")
    headers = {"X-Key": "{{secret}}", "Authorization": "Basic {{secret_base64}}"}
    lamp = lamp_of(web, base=tmp_path, headers=headers, **in_file("hall.secret"))
    lamp.open()
    assert b"\r\nX-Key: admin:pw\r\nAuthorization: Basic YWRtaW46cHc=\r\n" in web.requests[0]
    web.answer = b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n"
    with pytest.raises(
        DriverError, match="answers 401, not 200; are the secret and its header right"
    ) as error:
        lamp.show({"lamp": ON})
    lamp.close()
    assert "admin:pw" not in caplog.text + str(error.value)


def test_a_secret_may_come_from_the_environment(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUEUE_ALERT_HALL_SECRET", "abc")
    lamp = lamp_of(web, headers={"X-Key": "{{secret}}"})
    lamp.open()
    assert b"\r\nX-Key: abc\r\n" in web.requests[0]
    lamp.close()


def test_an_answer_without_the_text_it_must_hold_is_a_fault(web: Web) -> None:
    lamp = HttpLamp("hall", HttpOptions(requests={"lamp": both(web, reply="ON")}), Path())
    with pytest.raises(DriverError, match='answers without "ON"; it has not done what it was asked for'):
        lamp.open()
    lamp.close()


def test_a_lamp_that_is_lost_is_let_go_without_another_word(web: Web) -> None:
    lamp = lamp_of(web)
    lamp.open()
    lamp.show({"lamp": ON})
    web.answer = b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"
    with pytest.raises(DriverError, match="answers 500"):
        lamp.show({"lamp": OFF})
    lamp.close()
    lamp.close()
    assert asked(web) == ["/off", "/on", "/off"]


def test_a_certificate_that_vanished_is_a_fault(web: Web) -> None:
    requests = {"lamp": LampRequests(on=LAMP.on, off=RequestOptions(url=f"https://127.0.0.1:{web.port}/"))}
    lamp = HttpLamp("hall", HttpOptions(requests=requests, ca_file="none.pem"), Path("/nowhere"))
    with pytest.raises(DriverError, match=r"ca_file /nowhere/none.pem cannot be read \(FileNotFoundError\)"):
        lamp.open()
    lamp.close()


# ---- what is filled in


@given(st.integers(0, 0xFFFFFF), st.integers(1, 100))
def test_every_colour_has_values_within_their_bounds(colour: int, brightness: int) -> None:
    values = values_of(f"#{colour:06x}", brightness)
    assert all(0 <= int(values[name]) <= 255 for name in ("red", "green", "blue"))
    assert 1 <= int(values["percent"]) <= 100
    assert 1 <= int(values["brightness"]) <= 255
    assert 0 <= float(values["x"]) <= 0.74
    assert 0 <= float(values["y"]) <= 0.83


@pytest.mark.parametrize(
    ("colour", "x", "y"),
    [
        ("#ff0000", "0.6401", "0.3300"),
        ("#00ff00", "0.3000", "0.6000"),
        ("#0000ff", "0.1500", "0.0600"),
        ("#ffffff", "0.3127", "0.3290"),
        ("#000000", "0.3127", "0.3290"),
    ],
)
def test_the_primaries_lie_where_the_standard_puts_them(colour: str, x: str, y: str) -> None:
    assert (values_of(colour, 100)["x"], values_of(colour, 100)["y"]) == (x, y)


@given(st.text(max_size=50))
def test_text_without_holes_stays_as_it_is(text: str) -> None:
    assert filled(text.replace("{{", ""), {}) == text.replace("{{", "")


# ---- mistakes


def changed(state: str, **change: Any) -> HttpOptions:
    request = msgspec.structs.replace(getattr(LAMP, state), **change)
    return HttpOptions(requests={"lamp": msgspec.structs.replace(LAMP, **{state: request})})


def replaced(**change: Any) -> HttpOptions:
    return msgspec.structs.replace(SOUND, **change)


def found(path: str, message: str, *, is_warning: bool = False) -> list[ConfigProblem]:
    return [ConfigProblem(path=path, message=message, is_warning=is_warning)]


def in_file(name: str) -> dict[str, Any]:
    return {"secret_file": name}


KNOWN = "red, green, blue, hex, x, y, brightness, percent"


@pytest.mark.parametrize(
    ("options", "problems"),
    [
        (SOUND, []),
        (
            changed("on", url="http:///on"),
            found("requests.lamp.on.url", 'must name the device\'s host, got "http:///on"'),
        ),
        (
            changed("off", url="http://lamp:70000/"),
            found(
                "requests.lamp.off.url",
                'must be an address such as "http://192.168.1.40/relay/0", with a port of 1 to 65535',
            ),
        ),
        (
            changed("on", url="http://lamp/{{colour}}"),
            found("requests.lamp.on.url", "{{colour}} is unknown; known are: " + KNOWN),
        ),
        (
            changed("off", url="http://lamp/{{red}}"),
            found("requests.lamp.off.url", "{{red}} has no value where a lamp is switched off"),
        ),
        (
            changed("on", url="http://lamp/{{secret}}"),
            found(
                "requests.lamp.on.url",
                "{{secret}} may stand in headers only: addresses and bodies end up in logs",
            ),
        ),
        (
            changed("on", url="http://lamp/{{red"),
            found("requests.lamp.on.url", "{{ must be followed by a name and }}"),
        ),
        (
            changed("on", url="http://lamp{{red}}/"),
            found("requests.lamp.on.url", "must not have {{…}} before the path"),
        ),
        (
            changed("on", body="{}"),
            found("requests.lamp.on.body", 'a GET has none; write method = "POST" or "PUT"'),
        ),
        (changed("on", method="POST", body='{"on":{"bri":{{brightness}}}}'), []),
        (
            changed("on", method="POST", body='{"on":true'),
            found(
                "requests.lamp.on.body",
                "must be JSON as content_type says; Input data was truncated",
            ),
        ),
        (changed("on", method="POST", body="on", content_type="text/plain"), []),
        (
            changed("on", method="POST", body="x" * 10_001, content_type="text/plain"),
            found("requests.lamp.on.body", "must be at most 10000 characters, got 10001"),
        ),
        (
            changed("on", content_type="a\nb"),
            found("requests.lamp.on.content_type", "must be one line of printable ASCII characters"),
        ),
        (changed("on", status=(302,)), found("requests.lamp.on.status", "must be 200 to 299, got 302")),
        (changed("on", status=()), found("requests.lamp.on.status", "must hold at least one, such as 200")),
        (
            HttpOptions(requests={"red": LAMP, "blue": LAMP}),
            found(
                "requests",
                "must be of one of these sets of lamps: lamp; red, yellow, green; red, green; rgb; buzzer; "
                "got red, blue",
            ),
        ),
        (
            HttpOptions(requests={}),
            found(
                "requests",
                "must be of one of these sets of lamps: lamp; red, yellow, green; red, green; rgb; buzzer; "
                "got none",
            ),
        ),
        (
            replaced(headers={"Host": "x"}),
            found("headers.Host", "must be a header's name, and none that is set by itself"),
        ),
        (
            replaced(headers={"content-type": "a/b"}),
            found("headers.content-type", "is set by content_type of each request"),
        ),
        (
            replaced(headers={"X-Key": "{{key}}"}),
            found("headers.X-Key", "{{key}} is unknown; known are: secret, secret_base64"),
        ),
        (
            replaced(headers={"X-Key": "{{secret}}"}),
            found(
                "headers",
                "the secret goes through the network in the clear; take https where the device has it",
                is_warning=True,
            ),
        ),
        (
            replaced(**in_file("x")),
            found("secret_file", "is of no use: no header holds {{secret}} or {{secret_base64}}"),
        ),
        (replaced(brightness=0), found("brightness", "must be 1 to 100, got 0")),
        (replaced(timeout=5.0), found("timeout", "must be 0.1 s to 2.5 s, got 5 s")),
        (replaced(keepalive=0.0), found("keepalive", "must be 0.5 s to 3600 s, got 0 s")),
        (replaced(hold=-1.0), found("hold", "must be 0 s to 10 s, got -1 s")),
        (
            replaced(server_name="a b"),
            found("server_name", 'must be a name or an address such as "192.168.1.40", got "a b"'),
        ),
    ],
)
def test_every_mistake_is_named_with_its_place(options: HttpOptions, problems: list[ConfigProblem]) -> None:
    assert DRIVER.check(options) == problems


def test_a_missing_secret_and_a_missing_certificate_are_found_by_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("QUEUE_ALERT_HALL_SECRET", raising=False)
    options = replaced(headers={"X-Key": "{{secret}}"}, ca_file="none.pem")
    assert DRIVER.check_place(options, "hall", tmp_path) == [
        ConfigProblem(
            path="headers",
            message='no secret: write secret_file = "…" in [outputs.hall], or set QUEUE_ALERT_HALL_SECRET',
        ),
        ConfigProblem(
            path="ca_file",
            message=f"ca_file {tmp_path}/none.pem cannot be read (FileNotFoundError); "
            "it must be a certificate in PEM",
        ),
    ]
    named = msgspec.structs.replace(options, ca_file="", **in_file("none"))
    assert [problem.path for problem in DRIVER.check_place(named, "hall", tmp_path)] == ["secret_file"]
    (tmp_path / "none").write_text("ä\n", encoding="utf-8")
    assert DRIVER.check_place(named, "hall", tmp_path) == found(
        "secret_file", "the secret must be printable ASCII characters to go into a header"
    )


def test_two_outputs_of_one_request_are_one_lamp() -> None:
    assert DRIVER.claims(SOUND) == ("GET http://lamp/on",)
    assert DRIVER.claims(changed("on", method="POST", body="[1]")) == ("POST http://lamp/on [1]",)
