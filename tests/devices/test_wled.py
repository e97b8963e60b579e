"""WLED lights on real sockets: by JSON, which answers, and by UDP, which reverts."""

import json
import socket
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices import wled
from devices.wled import JsonLight, UdpLight, WledOptions, WledUdpOptions
from devices.wled_codec import Info, drgb_packet, is_done, read_info, state_body
from devices.worker import WorkerOutput
from queue_alert.ports import ConfigProblem, DriverError, OutputContext, OutputDriver
from tests.devices.helpers import FakeClock
from tests.devices.servers import Web, until
from tests.devices.strip import Strip

SUCCESS = b'HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n{"success":true}'


def said(body: bytes, status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


INFO = said(b'{"ver":"0.14.4","live":true,"leds":{"count":3}}')


@pytest.fixture
def web() -> Iterator[Web]:
    web = Web()
    web.answer = SUCCESS
    with web.server:
        yield web


@pytest.fixture
def strip() -> Iterator[Strip]:
    strip = Strip()
    yield strip
    strip.stop()


def opened(driver: OutputDriver, options: Any) -> tuple[WorkerOutput, list[str]]:
    output = driver.create(options, OutputContext(name="strip", clock=FakeClock()))
    assert isinstance(output, WorkerOutput)
    faults: list[str] = []
    output.listen(faults.append)
    output.open()
    return output, faults


def ended(output: WorkerOutput) -> None:
    output.close()
    until(lambda: output.worker.thread is None or not output.worker.thread.is_alive())


# ---- the bytes


def test_a_colour_and_the_dark_as_json() -> None:
    assert json.loads(state_body("#ff8000", 200)) == {
        "on": True,
        "bri": 200,
        "tt": 0,
        "seg": [{"fx": 0, "col": [[255, 128, 0]]}],
    }
    assert state_body("off", 200) == b'{"on":false,"tt":0}'


def test_a_packet_names_the_protocol_the_seconds_and_every_led() -> None:
    packet = drgb_packet("#ff8001", leds=3, revert_s=2, brightness=255)
    assert packet.hex(" ") == "02 02 ff 80 01 ff 80 01 ff 80 01"
    assert drgb_packet("off", leds=2, revert_s=9, brightness=255).hex(" ") == "02 09 00 00 00 00 00 00"
    assert drgb_packet("#ff8001", leds=1, revert_s=2, brightness=51).hex(" ") == "02 02 33 19 01"


@pytest.mark.parametrize(
    ("body", "done"),
    [
        (b'{"success":true}', True),
        (b'{"success":false}', False),
        (b'{"error":9}', False),
        (b"", False),
        (b"[]", False),
    ],
)
def test_only_success_is_success(body: bytes, done: bool) -> None:
    assert is_done(body) is done


def test_what_a_light_says_of_itself() -> None:
    assert read_info(b'{"ver":"0.14.4","live":true}') == Info(is_live=True)
    assert read_info(b'{"ver":"0.14.4","live":false}') == Info(is_live=False)
    assert read_info(b'{"ver":"0.8.4"}') == Info(is_live=True)
    assert read_info(b'{"name":"something else"}') is None


@given(st.binary(max_size=300))
def test_no_answer_breaks_the_reading(body: bytes) -> None:
    assert is_done(body) in {True, False}
    read_info(body)


def test_an_answer_nested_without_end_is_no_answer() -> None:
    assert not is_done(b'{"a":' * 20_000)


@given(st.integers(0, 0xFFFFFF), st.integers(1, 490), st.integers(1, 255))
def test_a_packet_is_as_long_as_the_strip_and_lit_where_the_colour_is(
    colour: int, leds: int, brightness: int
) -> None:
    packet = drgb_packet(f"#{colour:06x}", leds=leds, revert_s=2, brightness=brightness)
    assert len(packet) == 2 + 3 * leds <= 1_472
    assert [bool(channel) for channel in packet[2:5]] == [bool(colour >> shift & 255) for shift in (16, 8, 0)]


# ---- by JSON


def test_a_light_is_dark_then_coloured_then_dark_on_one_connection(web: Web) -> None:
    options = WledOptions(host="127.0.0.1", port=web.port, keepalive=60)
    output, faults = opened(wled.JSON, options)
    output.write({"rgb": "#0000ff"})
    until(lambda: len(web.requests) > 1)
    ended(output)
    assert (
        web.requests[0]
        == (
            f"POST /json/state HTTP/1.1\r\nHost: 127.0.0.1:{web.port}\r\nContent-Type: application/json\r\n"
            'Content-Length: 19\r\n\r\n{"on":false,"tt":0}'
        ).encode()
    )
    assert json.loads(web.bodies[-2])["seg"] == [{"fx": 0, "col": [[0, 0, 255]]}]
    assert json.loads(web.bodies[-1]) == {"on": False, "tt": 0}
    assert web.server.connections == 1
    assert faults == []


@pytest.mark.parametrize("answer", [said(b'{"error":9}'), said(b"<html>"), said(b"")])
def test_a_light_that_does_not_say_success_is_a_fault(web: Web, answer: bytes) -> None:
    web.answer = answer
    light = JsonLight(WledOptions(host="127.0.0.1", port=web.port))
    with pytest.raises(
        DriverError, match=r"WLED 127\.0\.0\.1 does not say that it has done what it was told"
    ):
        light.open()
    light.close()
    assert len(web.requests) == 1


# ---- by UDP


def udp(web: Web, strip: Strip, **more: Any) -> WledUdpOptions:
    options = {"host": "127.0.0.1", "port": web.port, "udp_port": strip.port, "leds": 1, **more}
    return WledUdpOptions(**options)


def test_packets_are_sent_before_the_light_would_revert_and_the_last_one_is_dark(
    web: Web, strip: Strip
) -> None:
    web.answer = INFO
    output, faults = opened(wled.UDP, udp(web, strip, revert=1))
    output.write({"rgb": "#0000ff"})
    until(lambda: strip.packets.count(bytes.fromhex("0201 0000ff")) >= 3, 1.5)
    ended(output)
    until(lambda: strip.packets[-1] == bytes.fromhex("0201 000000"))
    assert strip.packets[0] == bytes.fromhex("0201 000000")
    assert web.lines == ["GET /json/info HTTP/1.1"]
    assert faults == []


def test_a_light_that_takes_no_packets_is_a_fault(web: Web, strip: Strip) -> None:
    web.answer = said(b'{"ver":"0.14.4","live":false}')
    light = UdpLight(udp(web, strip, confirm=0.0))
    light.open()
    with pytest.raises(DriverError, match=r"WLED 127\.0\.0\.1 takes no packets: switch on realtime UDP"):
        light.show({"rgb": "#0000ff"})
    light.close()


def test_what_is_no_wled_is_a_fault(web: Web, strip: Strip) -> None:
    light = UdpLight(udp(web, strip))
    with pytest.raises(DriverError, match=r"WLED 127.0.0.1 does not say who it is; is it the right device"):
        light.open()
    light.close()


def test_a_light_whose_udp_port_is_closed_is_a_fault(web: Web) -> None:
    web.answer = INFO
    strip = Strip()
    strip.stop()
    light = UdpLight(udp(web, strip, confirm=60))
    light.open()

    def show_on() -> None:
        # The answer that nobody listens comes after the packet, and fails the next one.
        until(lambda: light.show({"rgb": "#0000ff"}) is not None)  # type: ignore[func-returns-value]

    with pytest.raises(DriverError, match=r"WLED 127\.0\.0\.1 refuses connections"):
        show_on()
    light.close()
    with pytest.raises(DriverError, match="is not open"):
        light.show({"rgb": "#0000ff"})


def test_a_host_without_an_address_is_a_fault(
    web: Web, strip: Strip, monkeypatch: pytest.MonkeyPatch
) -> None:
    web.answer = INFO
    light = UdpLight(udp(web, strip))
    real = socket.getaddrinfo

    def of_tcp_only(host: str, port: int, **how: Any) -> Any:
        if how["type"] == socket.SOCK_DGRAM:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return real(host, port, **how)

    monkeypatch.setattr(socket, "getaddrinfo", of_tcp_only)
    with pytest.raises(DriverError, match=r"WLED 127\.0\.0\.1: the name is not known"):
        light.open()
    light.close()


# ---- the options


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({}, None),
        ({"host": "a b"}, ("host", 'must be a name or an address such as "192.168.1.40", got "a b"')),
        ({"port": 0}, ("port", "must be 1 to 65535, got 0")),
        ({"udp_port": 70_000}, ("udp_port", "must be 1 to 65535, got 70000")),
        ({"leds": 491}, ("leds", "must be 1 to 490, got 491")),
        ({"leds": 0}, ("leds", "must be 1 to 490, got 0")),
        ({"brightness": 0}, ("brightness", "must be 1 to 255, got 0")),
        ({"revert": 255.0}, ("revert", "must be 1 s to 254 s, got 255 s")),
        ({"revert": 1.5}, ("revert", "must be whole seconds, got 1.5 s")),
        ({"confirm": 0.5}, ("confirm", "must be 1 s to 3600 s, got 0.5 s")),
        ({"timeout": 9.0}, ("timeout", "must be 0.1 s to 2.5 s, got 9 s")),
    ],
)
def test_mistakes_are_found_before_anything_is_sent(
    change: dict[str, Any], problem: tuple[str, str] | None
) -> None:
    options = msgspec.structs.replace(WledUdpOptions(host="192.168.1.41", leds=30), **change)
    expected = [] if problem is None else [ConfigProblem(path=problem[0], message=problem[1])]
    assert wled.UDP.check(options) == expected


def test_a_light_told_by_json_has_a_keepalive_and_a_hold() -> None:
    options = WledOptions(host="strip", keepalive=0.1, hold=20.0)
    assert wled.JSON.check(options) == [
        ConfigProblem(path="keepalive", message="must be 0.5 s to 60 s, got 0.1 s"),
        ConfigProblem(path="hold", message="must be 0 s to 10 s, got 20 s"),
    ]


def test_one_light_is_one_output_however_it_is_told() -> None:
    claims = ("the WLED light strip:80",)
    assert wled.JSON.claims(WledOptions(host="Strip")) == claims
    assert wled.UDP.claims(WledUdpOptions(host="strip", leds=1)) == claims
