"""Patlite towers on real sockets: the bytes, the replies, and everything a tower in a network does wrong."""

import socket
import threading
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from devices import patlite
from devices.patlite import HttpTowerOptions, La6Options, PhnOptions, PnsOptions
from devices.worker import WorkerOutput
from queue_alert.ports import ConfigProblem, DriverError, OutputContext, OutputDriver
from tests.devices.helpers import FakeClock
from tests.devices.servers import Tower, Web, until

OFF, ON = "off", "#ffb000"
ALL_OFF = {"red": OFF, "yellow": OFF, "green": OFF}
RED = {**ALL_OFF, "red": ON}
DARK_FRAME = bytes.fromhex("585853000006 000000 090909")
RED_FRAME = bytes.fromhex("585853000006 010000 090909")


@pytest.fixture
def tower() -> Iterator[Tower]:
    tower = Tower()
    with tower.server:
        yield tower


@pytest.fixture
def web() -> Iterator[Web]:
    web = Web()
    with web.server:
        yield web


def output_of(driver: OutputDriver, options: Any) -> tuple[WorkerOutput, list[str]]:
    output = driver.create(options, OutputContext(name="tower", clock=FakeClock()))
    assert isinstance(output, WorkerOutput)
    faults: list[str] = []
    output.listen(faults.append)
    return output, faults


def ended(output: WorkerOutput) -> None:
    output.close()
    until(lambda: output.worker.thread is None or not output.worker.thread.is_alive())


def device_of(port: int, **options: Any) -> patlite.TcpTower:
    device = patlite._pns(PnsOptions(host="127.0.0.1", port=port, **options))
    assert isinstance(device, patlite.TcpTower)
    return device


def test_a_tower_is_dark_at_first_then_shows_what_is_said_and_is_dark_in_the_end(tower: Tower) -> None:
    output, faults = output_of(patlite.PNS, PnsOptions(host="127.0.0.1", port=tower.port, keepalive=60))
    output.open()
    output.write(RED)
    until(lambda: tower.frames[-1:] == [RED_FRAME])
    ended(output)
    assert tower.frames[0] == tower.frames[-1] == DARK_FRAME
    assert faults == []
    assert tower.server.connections == 1


@pytest.mark.parametrize(
    ("driver", "options", "length", "answer", "frames"),
    [
        (patlite.LA6, La6Options, 13, b"\x06", ["41424400000700000000000000", "41424400000701000000000000"]),
        (patlite.PHN, PhnOptions, 2, b"ACK", ["5700", "5701"]),
    ],
)
def test_the_other_models_get_frames_of_their_own(
    driver: OutputDriver, options: Any, length: int, answer: bytes, frames: list[str]
) -> None:
    tower = Tower(length, answer)
    with tower.server:
        output, _ = output_of(driver, options(host="127.0.0.1", port=tower.port))
        output.open()
        output.write(RED)
        until(lambda: [frame.hex() for frame in tower.frames[:1] + tower.frames[-1:]] == frames)
        ended(output)
        assert tower.frames[-1].hex() == frames[0]


def test_an_http_tower_is_asked_on_one_connection(web: Web) -> None:
    options = HttpTowerOptions(host="127.0.0.1", port=web.port, keepalive=60)
    output, faults = output_of(patlite.HTTP, options)
    output.open()
    output.write(RED)
    until(lambda: len(web.requests) > 1)
    ended(output)
    host = f"Host: 127.0.0.1:{web.port}"
    assert web.requests[0] == f"GET /api/control?alert=000999 HTTP/1.1\r\n{host}\r\n\r\n".encode()
    assert web.lines[-2:] == [
        "GET /api/control?alert=100999 HTTP/1.1",
        "GET /api/control?alert=000999 HTTP/1.1",
    ]
    assert web.server.connections == 1
    assert faults == []


def test_an_http_tower_that_refuses_is_a_fault_and_nothing_more_is_asked_of_it(web: Web) -> None:
    web.answer = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
    device = patlite._http(HttpTowerOptions(host="127.0.0.1", port=web.port))
    with pytest.raises(DriverError, match=r"answers 403, not 200; are the secret and its header right\?"):
        device.open()
    device.close()
    assert len(web.requests) == 1


def test_an_http_tower_that_is_lost_at_the_end_is_let_go(web: Web) -> None:
    device = patlite._http(HttpTowerOptions(host="127.0.0.1", port=web.port))
    device.open()
    web.server.stop()
    device.close()
    device.close()


def test_the_buzzer_of_a_tower_is_an_output_of_its_own(tower: Tower) -> None:
    options = PnsOptions(host="127.0.0.1", port=tower.port, kind="buzzer", sound=3)
    output, _ = output_of(patlite.PNS, options)
    output.open()
    output.write({"buzzer": ON})
    until(lambda: bytes.fromhex("585853000006 0909090909 03") in tower.frames)
    ended(output)
    assert tower.frames[-1] == bytes.fromhex("585853000006 0909090909 00")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"\x15", r"refuses the command \(NAK\); choose the driver for this model"),
        (b"HTTP/1.1 400 ", 'answers "48 54 54 50 2f 31 2e 31", which is no reply of a Patlite tower'),
        (b"A" * 64, "which is no reply"),
    ],
)
def test_a_tower_that_does_not_acknowledge_is_a_fault(tower: Tower, answer: bytes, reason: str) -> None:
    tower.answer = answer
    device = device_of(tower.port)
    with pytest.raises(DriverError, match=reason):
        device.open()
    device.close()
    assert len(tower.frames) == 1


def test_a_tower_that_hangs_is_given_up_in_time(tower: Tower) -> None:
    tower.gate.clear()
    with pytest.raises(DriverError, match=r"has not answered within 0.1 s; is it switched on"):
        device_of(tower.port, timeout=0.1).open()
    tower.gate.set()


def test_a_tower_that_hangs_up_in_the_middle_of_a_reply_is_a_fault() -> None:
    tower = Tower(answer=b"AC")
    tower.is_short = True
    with tower.server, pytest.raises(DriverError, match="has closed the connection before it answered"):
        device_of(tower.port).open()


def test_a_tower_that_says_half_a_reply_is_given_up_in_time(tower: Tower) -> None:
    tower.answer = b"AC"
    with pytest.raises(DriverError, match="has not answered within"):
        device_of(tower.port, timeout=0.1).open()


def test_a_port_that_nobody_listens_on_is_a_fault(tower: Tower) -> None:
    tower.server.stop()
    with pytest.raises(DriverError, match=r"refuses connections; is the port right"):
        device_of(tower.port).open()


def test_a_name_that_nobody_knows_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_such_name(*_address: object, **_how: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", no_such_name)
    device = patlite._pns(PnsOptions(host="tower"))
    with pytest.raises(DriverError, match=r"tower:10000: the name is not known; write the device's address"):
        device.open()


def test_a_connection_that_the_tower_closed_while_idle_is_made_anew_and_nobody_is_told(tower: Tower) -> None:
    tower.is_short = True
    device = device_of(tower.port)
    device.open()
    until(lambda: not tower.server._open)
    device.show(RED)
    assert tower.frames == [DARK_FRAME, RED_FRAME]
    assert tower.server.connections == 2
    device.close()


def test_a_reply_too_many_is_not_taken_for_the_next_one(tower: Tower) -> None:
    tower.answer = b"\x06"
    device = device_of(tower.port)
    device.open()
    for connection in tower.server._open:
        connection.sendall(b"\x06")
    link = device._link._connection
    assert link is not None
    link.settimeout(5)
    link.recv(1, socket.MSG_PEEK)
    tower.answer = b"\x15"
    with pytest.raises(DriverError, match="refuses the command"):
        device.show(RED)
    assert tower.server.connections == 2


def test_closing_a_tower_that_hangs_takes_no_longer_than_the_program_waits(tower: Tower) -> None:
    device = device_of(tower.port, timeout=2.5)
    device.open()
    tower.gate.clear()
    closer = threading.Thread(target=device.close)
    closer.start()
    closer.join(1.0)
    assert not closer.is_alive()
    tower.gate.set()


def problems(options: Any, driver: OutputDriver = patlite.PNS) -> list[ConfigProblem]:
    return driver.check(options)


SOUND = PnsOptions(host="192.168.1.40")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({}, None),
        ({"host": "tower-1.hall.example"}, None),
        ({"host": "fd00::40"}, None),
        ({"host": ""}, ("host", 'must be a name or an address such as "192.168.1.40", got ""')),
        (
            {"host": "http://tower"},
            ("host", 'must be a name or an address such as "192.168.1.40", got "http://tower"'),
        ),
        ({"port": 0}, ("port", "must be 1 to 65535, got 0")),
        ({"port": 65_536}, ("port", "must be 1 to 65535, got 65536")),
        ({"timeout": 3.0}, ("timeout", "must be 0.1 s to 2.5 s, got 3 s")),
        ({"keepalive": 0.1}, ("keepalive", "must be 0.5 s to 60 s, got 0.1 s")),
        ({"sound": 5}, ("sound", "must be 1 to 4, got 5")),
    ],
)
def test_mistakes_are_found_before_anything_is_connected(
    change: dict[str, Any], problem: tuple[str, str] | None
) -> None:
    found = problems(msgspec.structs.replace(SOUND, **change))
    assert found == ([] if problem is None else [ConfigProblem(path=problem[0], message=problem[1])])


def test_a_phn_has_two_sounds() -> None:
    assert problems(PhnOptions(host="tower", sound=3)) == [
        ConfigProblem(path="sound", message="must be 1 to 2, got 3")
    ]


@pytest.mark.parametrize(
    ("options", "claims"),
    [
        (SOUND, ("red", "yellow", "green")),
        (PnsOptions(host="192.168.1.40", kind="buzzer"), ("buzzer",)),
        (PnsOptions(host="192.168.1.40", kind="lamp", tier="white"), ("white",)),
    ],
)
def test_a_tower_may_be_several_outputs_that_share_no_part(options: Any, claims: tuple[str, ...]) -> None:
    assert patlite.PNS.claims(options) == tuple(
        f"{part} of the Patlite tower 192.168.1.40:10000" for part in claims
    )


def test_a_phn_and_an_la6_are_one_output_each() -> None:
    assert patlite.PHN.claims(PhnOptions(host="Tower")) == ("the Patlite tower tower:10000",)
    assert patlite.LA6.claims(La6Options(host="Tower")) == ("the Patlite tower tower:10000",)
