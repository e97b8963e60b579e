"""Every output we ship, each with a way to look at what it really shows."""

import itertools
import json
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest

from devices import (
    board_led,
    busylight,
    gpio,
    http_lamp,
    mqtt,
    patlite,
    pins,
    recording,
    serial_lamp,
    virtual,
    wled,
)
from devices.busylight import BusylightOptions
from devices.mqtt_output import MqttLampOutput
from devices.usb_device import UsbOptions
from devices.worker import WorkerOutput
from queue_alert.ports import Output, OutputContext, OutputDriver
from tests.contract.on_a_loop import Broker, LoopThread, OnLoop
from tests.devices.fake_hid import BLINK1, BLYNCLIGHT, DARK, KUANDO, LUXAFOR, FakeHid
from tests.devices.helpers import FakeClock
from tests.devices.plug import Plug
from tests.devices.servers import Tower, Web
from tests.devices.strip import Strip
from tests.devices.usb import DRIVERS, forgetful_busylight, no_usb

__all__ = ["CASES", "Case"]

_numbers = itertools.count(1)


@dataclass
class Case:
    """An output and a way to look at what it really shows: which of its channels are on."""

    driver: OutputDriver
    options: Any
    look: Callable[[Output], Mapping[str, bool] | None]
    let_go: Callable[[], None] = lambda: None
    loop: LoopThread | None = None
    """Where its outputs live, if they need a loop."""
    _made: list[Output] = field(default_factory=list)

    def create(self) -> Output:
        """Make one of it, untouched."""
        output = self.driver.create(self.options, OutputContext(name="beacon", clock=FakeClock()))
        if self.loop is not None:
            assert isinstance(output, MqttLampOutput)
            output = OnLoop(output, self.loop)
        self._made.append(output)
        return output

    def end(self) -> None:
        """Close all that were made, and wait for what they have running."""
        for output in self._made:
            output.close()
            if isinstance(output, OnLoop):
                output.wait()
            if isinstance(output, WorkerOutput) and output.worker.thread is not None:
                output.worker.thread.join(5)
        self.let_go()


Factory = Callable[[pytest.FixtureRequest], Case]


def _as_it_is(
    driver: OutputDriver, options: Any, look: Callable[[Output], Mapping[str, bool] | None]
) -> Factory:
    return lambda _request: Case(driver, options, look)


# ---- what remembers


def _look_at_timeline(output: Output) -> Mapping[str, bool]:
    assert isinstance(output, recording.RecordingOutput)
    return {lamp: shown != "off" for lamp, shown in output.timeline[-1].lamps.items()}


def _recording(**options: Any) -> Factory:
    return _as_it_is(recording.DRIVER, recording.RecordingOptions(**options), _look_at_timeline)


def _virtual(**options: Any) -> Factory:
    return _as_it_is(virtual.DRIVER, virtual.VirtualOptions(**options), lambda _output: None)


# ---- pins


def _pins(driver: OutputDriver, options: gpio.PinOptions) -> Factory:
    def look(_output: Output) -> Mapping[str, bool]:
        factory = pins.open_pins("mock").factory
        lamps: dict[str, bool] = {}
        for lamp, numbers in options.wiring.items():
            lamps[lamp] = any(factory.pin(pin).state is not options.active_low for pin in numbers.values())
        return lamps

    return _as_it_is(driver, options, look)


# ---- serial ports


def _serial_tower(kind: str, bits: Mapping[str, int]) -> Factory:
    """Return a tower on a serial port, read off the last byte that each of its lamps was told."""

    def made(request: pytest.FixtureRequest) -> Case:
        folder: Path = request.getfixturevalue("tmp_path")
        plug = Plug(folder / "tower")

        def look(_output: Output) -> Mapping[str, bool]:
            last = {byte & 0x0F: byte >> 4 for byte in plug.told}
            return {lamp: last.get(bit) == 1 for lamp, bit in bits.items()}

        options = msgspec.convert({"port": str(plug.link), "kind": kind}, serial_lamp.ADAFRUIT_TOWER.options)
        return Case(serial_lamp.ADAFRUIT_TOWER, options, look, plug.throw_away)

    return made


# ---- the LED on the board


def _board_led(request: pytest.FixtureRequest) -> Case:
    """Return an LED, read off the file in which its brightness is."""
    leds: Path = request.getfixturevalue("tmp_path")
    request.getfixturevalue("monkeypatch").setattr(board_led, "LEDS", leds)
    (leds / "ACT").mkdir()
    for name, text in (("trigger", "none [mmc0]"), ("brightness", "0"), ("max_brightness", "1")):
        (leds / "ACT" / name).write_text(text)
    return Case(
        board_led.DRIVER,
        board_led.BoardLedOptions(),
        lambda _output: {"lamp": (leds / "ACT" / "brightness").read_text() == "1"},
    )


# ---- USB


def _usb(ids: tuple[int, int]) -> Factory:
    """Return a light at USB, which understands what it is told."""

    def made(request: pytest.FixtureRequest) -> Case:
        hid = no_usb(request.getfixturevalue("monkeypatch"), FakeHid(), pause_s=0.02)
        light = hid.plug_in(ids, serial="2F000001")
        return Case(DRIVERS[ids], UsbOptions(), lambda _output: {"rgb": light.shown != DARK})

    return made


def _busylight(request: pytest.FixtureRequest) -> Case:
    """Return a light that busylight-core drives, read off its last report, where a bit says off."""
    hid = no_usb(request.getfixturevalue("monkeypatch"), FakeHid(), pause_s=0.02)
    light = hid.plug_in(BLYNCLIGHT)
    stack = ExitStack()
    stack.enter_context(forgetful_busylight())

    def look(_output: Output) -> Mapping[str, bool]:
        report = light.reports[-1][1] if light.reports else bytes.fromhex("00 000000 01")
        return {"rgb": any(report[1:4]) and not report[4] & 1}

    return Case(busylight.DRIVER, BusylightOptions(), look, stack.close)


# ---- the network


def _network_tower(_request: pytest.FixtureRequest) -> Case:
    """Return a Patlite in the network, read off the last frame that it took."""
    tower = Tower()
    tower.server.start()

    def look(_output: Output) -> Mapping[str, bool]:
        last = tower.frames[-1] if tower.frames else bytes(12)
        return {lamp: last[6 + at] == 1 for at, lamp in enumerate(("red", "yellow", "green"))}

    options = msgspec.convert({"host": "127.0.0.1", "port": tower.port}, patlite.PNS.options)
    return Case(patlite.PNS, options, look, tower.server.stop)


def _tower_by_http(_request: pytest.FixtureRequest) -> Case:
    """Return a Patlite that is told by HTTP, read off the six digits of the last request."""
    web = Web()
    web.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nSuccess."
    web.server.start()

    def look(_output: Output) -> Mapping[str, bool]:
        digits = web.lines[-1].partition("alert=")[2] if web.lines else "000000"
        return {lamp: digits[at] == "1" for at, lamp in enumerate(("red", "yellow", "green"))}

    options = msgspec.convert({"host": "127.0.0.1", "port": web.port}, patlite.HTTP.options)
    return Case(patlite.HTTP, options, look, web.server.stop)


def _lamp_by_http(_request: pytest.FixtureRequest) -> Case:
    """Return a lamp that is switched by HTTP, read off the last request."""
    web = Web()
    web.server.start()
    url = f"http://127.0.0.1:{web.port}"
    requests = {"lamp": {"on": {"url": f"{url}/on"}, "off": {"url": f"{url}/off"}}}
    options = msgspec.convert({"requests": requests}, http_lamp.DRIVER.options)
    return Case(
        http_lamp.DRIVER,
        options,
        lambda _output: {"lamp": bool(web.lines) and web.lines[-1].startswith("GET /on")},
        web.server.stop,
    )


def _wled_by_json(_request: pytest.FixtureRequest) -> Case:
    """Return a WLED light, read off the last state that it was told."""
    web = Web()
    web.answer = b'HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n{"success":true}'
    web.server.start()

    def look(_output: Output) -> Mapping[str, bool]:
        state = json.loads(web.bodies[-1]) if web.bodies else {"on": False}
        return {"rgb": state["on"]}

    options = wled.WledOptions(host="127.0.0.1", port=web.port)
    return Case(wled.JSON, options, look, web.server.stop)


def _wled_by_udp(_request: pytest.FixtureRequest) -> Case:
    """Return a WLED light, read off the last packet: two bytes, then three for each of its LEDs."""
    web, strip = Web(), Strip()
    info = b'{"ver":"0.14.4","live":true,"leds":{"count":3}}'
    web.answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(info) + info
    web.server.start()

    def let_go() -> None:
        web.server.stop()
        strip.stop()

    options = wled.WledUdpOptions(host="127.0.0.1", port=web.port, udp_port=strip.port, leds=3)
    look = lambda _output: {"rgb": any(strip.packets[-1][2:]) if strip.packets else False}  # noqa: E731
    return Case(wled.UDP, options, look, let_go)


# ---- a broker


def _mqtt(topics: Mapping[str, str], **settings: Any) -> Factory:
    """Return lamps behind a real broker, read off what was said last on the topic of each."""

    def made(request: pytest.FixtureRequest) -> Case:
        broker: Broker = request.getfixturevalue("broker")
        device = f"lamp{next(_numbers)}"
        told = {name: value.format(device) for name, value in settings.items()}
        options = msgspec.convert({**told, "port": broker.port}, mqtt.DRIVER.options)
        return Case(
            mqtt.DRIVER,
            options,
            lambda _output: {
                lamp: b"ON" in broker.last(topic.format(device)) for lamp, topic in topics.items()
            },
            loop=broker.thread,
        )

    return made


_TASMOTA = "cmnd/{}/POWER"
_ON_THE_BROKER: dict[str, Factory] = {
    "mqtt lamp": _mqtt({"lamp": _TASMOTA}, preset="tasmota", device="{}"),
    "mqtt tower": _mqtt(
        {"red": _TASMOTA, "yellow": f"{_TASMOTA}2", "green": f"{_TASMOTA}3"},
        preset="tasmota",
        device="{}",
        kind="tower",
    ),
    "home assistant light": _mqtt({"lamp": "floor/{}"}, preset="home-assistant-light", topic="floor/{}"),
    "home assistant siren": _mqtt({"buzzer": "floor/{}"}, preset="home-assistant-siren", topic="floor/{}"),
}

_TOWER_PINS = gpio.TowerOptions(red=17, yellow=27, green=22, factory="mock")
_OTHERS: dict[str, Factory] = {
    "serial tower": _serial_tower("tower", {"red": 1, "yellow": 2, "green": 4}),
    "buzzer of a serial tower": _serial_tower("buzzer", {"buzzer": 8}),
    "board led": _board_led,
    "kuando": _usb(KUANDO),
    "luxafor": _usb(LUXAFOR),
    "blink(1)": _usb(BLINK1),
    "busylight": _busylight,
    "network tower": _network_tower,
    "tower by http": _tower_by_http,
    "http lamp": _lamp_by_http,
    "wled by json": _wled_by_json,
    "wled by udp": _wled_by_udp,
    "recording lamp": _recording(),
    "recording tower": _recording(kind="tower"),
    "virtual lamp": _virtual(),
    "virtual tower": _virtual(kind="tower"),
    "virtual rgb": _virtual(kind="rgb"),
    "gpio lamp": _pins(gpio.LAMP, gpio.LampOptions(pin=17, factory="mock")),
    "gpio lamp, active low": _pins(gpio.LAMP, gpio.LampOptions(pin=17, active_low=True, factory="mock")),
    "gpio tower": _pins(gpio.TOWER, _TOWER_PINS),
    "gpio tower of two": _pins(gpio.TOWER, gpio.TowerOptions(red=17, green=22, factory="mock")),
    "gpio rgb": _pins(gpio.RGB, gpio.RgbOptions(red=17, green=27, blue=22, factory="mock")),
    "gpio buzzer": _pins(gpio.BUZZER, gpio.BuzzerOptions(pin=17, factory="mock")),
}

CASES = [pytest.param(made, id=name) for name, made in _OTHERS.items()] + [
    pytest.param(made, id=name, marks=pytest.mark.process) for name, made in _ON_THE_BROKER.items()
]
