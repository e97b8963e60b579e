"""What every output we ship does alike, whatever it is made of."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from devices import gpio, http_lamp, patlite, pins, recording, serial_lamp, virtual
from devices.worker import WorkerOutput
from queue_alert.ports import DriverError, Output, OutputContext, OutputDriver, SelfHealingOutput
from tests.devices.helpers import FakeClock
from tests.devices.plug import Plug
from tests.devices.servers import Tower, Web, until

COLOUR = "#ff0000"
"""On an RGB light it is the red pin alone."""


@dataclass
class Case:
    """An output and a way to look at what it really shows: which of its channels are on."""

    driver: OutputDriver
    options: Any
    look: Callable[[Output], Mapping[str, bool] | None]
    let_go: Callable[[], None] = lambda: None

    def create(self) -> Output:
        return self.driver.create(self.options, OutputContext(name="beacon", clock=FakeClock()))


def look_at_pins(options: gpio.PinOptions) -> Callable[[Output], Mapping[str, bool]]:
    def look(_output: Output) -> Mapping[str, bool]:
        factory = pins.open_pins("mock").factory
        lamps: dict[str, bool] = {}
        for lamp, numbers in options.wiring.items():
            lamps[lamp] = any(factory.pin(pin).state is not options.active_low for pin in numbers.values())
        return lamps

    return look


def look_at_timeline(output: Output) -> Mapping[str, bool]:
    assert isinstance(output, recording.RecordingOutput)
    return {lamp: shown != "off" for lamp, shown in output.timeline[-1].lamps.items()}


def pin_case(driver: OutputDriver, options: gpio.PinOptions) -> Case:
    return Case(driver, options, look_at_pins(options))


def tower_at_a_plug(folder: Path) -> Case:
    """Return a tower on a serial port, read off the last byte that each of its lamps was told."""
    plug = Plug(folder / "tower")
    bits = {"red": 1, "yellow": 2, "green": 4}

    def look(_output: Output) -> Mapping[str, bool]:
        last = {byte & 0x0F: byte >> 4 for byte in plug.told}
        return {lamp: last.get(bit) == 1 for lamp, bit in bits.items()}

    options = msgspec.convert({"port": str(plug.link)}, serial_lamp.ADAFRUIT_TOWER.options)
    return Case(serial_lamp.ADAFRUIT_TOWER, options, look, plug.throw_away)


def tower_in_the_network(_folder: Path) -> Case:
    """Return a Patlite in the network, read off the last frame that it took."""
    tower = Tower()
    tower.server.start()

    def look(_output: Output) -> Mapping[str, bool]:
        last = tower.frames[-1] if tower.frames else bytes(12)
        return {lamp: last[6 + at] == 1 for at, lamp in enumerate(("red", "yellow", "green"))}

    options = msgspec.convert({"host": "127.0.0.1", "port": tower.port}, patlite.PNS.options)
    return Case(patlite.PNS, options, look, tower.server.stop)


def lamp_by_http(_folder: Path) -> Case:
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


CASES: dict[str, Case | Callable[[Path], Case]] = {
    "serial tower": tower_at_a_plug,
    "network tower": tower_in_the_network,
    "http lamp": lamp_by_http,
    "recording lamp": Case(recording.DRIVER, recording.RecordingOptions(), look_at_timeline),
    "recording tower": Case(recording.DRIVER, recording.RecordingOptions(kind="tower"), look_at_timeline),
    "virtual lamp": Case(virtual.DRIVER, virtual.VirtualOptions(), lambda _output: None),
    "virtual tower": Case(virtual.DRIVER, virtual.VirtualOptions(kind="tower"), lambda _output: None),
    "virtual rgb": Case(virtual.DRIVER, virtual.VirtualOptions(kind="rgb"), lambda _output: None),
    "gpio lamp": pin_case(gpio.LAMP, gpio.LampOptions(pin=17, factory="mock")),
    "gpio lamp, active low": pin_case(gpio.LAMP, gpio.LampOptions(pin=17, active_low=True, factory="mock")),
    "gpio tower": pin_case(gpio.TOWER, gpio.TowerOptions(red=17, yellow=27, green=22, factory="mock")),
    "gpio tower of two": pin_case(gpio.TOWER, gpio.TowerOptions(red=17, green=22, factory="mock")),
    "gpio rgb": pin_case(gpio.RGB, gpio.RgbOptions(red=17, green=27, blue=22, factory="mock")),
    "gpio buzzer": pin_case(gpio.BUZZER, gpio.BuzzerOptions(pin=17, factory="mock")),
}


@pytest.fixture(params=list(CASES))
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Case]:
    found = CASES[request.param]
    case = found if isinstance(found, Case) else found(tmp_path)
    yield case
    case.let_go()


@pytest.fixture
def output(case: Case) -> Iterator[Output]:
    output = case.create()
    yield output
    output.close()
    if isinstance(output, WorkerOutput) and output._thread is not None:
        output._thread.join(5)


def assert_shows(case: Case, output: Output, *lit: str) -> None:
    expected = {lamp: lamp in lit for lamp in output.lamps}
    if isinstance(output, SelfHealingOutput):
        until(lambda: case.look(output) == expected)  # it shows it a moment later
    seen = case.look(output)
    assert seen is None or seen == expected


def all_off(output: Output) -> dict[str, str]:
    return dict.fromkeys(output.lamps, "off")


def all_on(output: Output) -> dict[str, str]:
    return dict.fromkeys(output.lamps, COLOUR)


def test_its_lamps_are_named_before_it_is_opened_and_as_its_options_say(case: Case, output: Output) -> None:
    assert tuple(output.lamps) == case.options.lamps
    assert len(set(output.lamps)) == len(output.lamps) > 0


def test_it_is_dark_when_opened(case: Case, output: Output) -> None:
    output.open()
    assert_shows(case, output)


def test_each_lamp_shows_what_is_written(case: Case, output: Output) -> None:
    output.open()
    for lamp in output.lamps:
        output.write({**all_off(output), lamp: COLOUR})
        assert_shows(case, output, lamp)
    output.write(all_on(output))
    assert_shows(case, output, *output.lamps)
    output.write(all_off(output))
    assert_shows(case, output)


def test_writing_the_same_twice_changes_nothing(case: Case, output: Output) -> None:
    output.open()
    for _ in range(2):
        output.write(all_on(output))
        assert_shows(case, output, *output.lamps)


def test_it_is_dark_after_it_was_closed(case: Case, output: Output) -> None:
    output.open()
    output.write(all_on(output))
    output.close()
    assert_shows(case, output)


def test_closing_twice_or_before_opening_is_fine(output: Output) -> None:
    output.close()
    output.open()
    output.close()
    output.close()


def test_opening_twice_keeps_what_is_shown(case: Case, output: Output) -> None:
    output.open()
    output.write(all_on(output))
    output.open()
    assert_shows(case, output, *output.lamps)


def test_it_can_be_opened_again_and_is_dark_then(case: Case, output: Output) -> None:
    output.open()
    output.write(all_on(output))
    output.close()
    output.open()
    assert_shows(case, output)
    output.write(all_on(output))
    assert_shows(case, output, *output.lamps)


def test_writing_before_opening_and_after_closing_is_refused(output: Output) -> None:
    for _ in range(2):
        with pytest.raises(DriverError, match=r"outputs\.beacon: is not open"):
            output.write(all_off(output))
        output.open()
        output.close()


def test_an_unknown_lamp_is_refused_and_nothing_changes(case: Case, output: Output) -> None:
    output.open()
    output.write(all_on(output))
    with pytest.raises(DriverError, match=r"outputs\.beacon: must be given the lamps .*, got .*violet"):
        output.write({**all_off(output), "violet": "off"})
    assert_shows(case, output, *output.lamps)


def test_a_missing_lamp_is_refused(output: Output) -> None:
    output.open()
    with pytest.raises(DriverError, match=r"must be given the lamps .*, got none"):
        output.write({})


@pytest.mark.parametrize("shown", ["on", "", "red", "#ff00", "#gg0000", "#ff00001"])
def test_what_is_neither_off_nor_a_colour_is_refused(output: Output, shown: str) -> None:
    output.open()
    with pytest.raises(DriverError, match='must show "off" or a colour "#rrggbb", got "'):
        output.write({**all_off(output), output.lamps[0]: shown})


def test_making_one_claims_nothing(case: Case, output: Output) -> None:
    other = case.create()
    other.open()
    other.close()
    output.open()
    assert_shows(case, output)


def test_its_driver_finds_no_mistake_and_says_what_it_occupies(case: Case) -> None:
    assert [problem for problem in case.driver.check(case.options) if not problem.is_warning] == []
    assert len(set(case.driver.claims(case.options))) == len(case.driver.claims(case.options))
    assert case.driver.engine == "lamps"
    assert case.driver.summary
