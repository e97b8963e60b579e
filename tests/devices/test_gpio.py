"""Lamps on pins, with gpiozero's mock pins."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from devices import gpio, pins
from devices.engine import LampEngine
from devices.patterns import PatternOptions
from devices.recording import RecordingOutput
from queue_alert.core.effects import Severity, SignalLevel
from queue_alert.ports import ConfigProblem, DriverError, MissingExtraError, OutputContext, OutputSetup
from tests.devices.helpers import FakeClock, LoopClock, lit_spans, setup_of, shown_since


@pytest.fixture(autouse=True)
def pin_factory(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Give every test pins of its own."""
    monkeypatch.setattr(pins, "_opened", {})
    yield pins.open_pins("mock").factory
    gpio._close_all()


def states_of(factory: Any, pin: int) -> list[bool]:
    return [state for _seconds, state in factory.pin(pin).states]


def lamp(pin: int = 17, *, active_low: bool = False) -> gpio.GpioOutput:
    return gpio.GpioOutput("beacon", gpio.LampOptions(pin=pin, active_low=active_low, factory="mock"))


def test_a_lamp_goes_on_and_off_with_its_pin(pin_factory: Any) -> None:
    output = lamp()
    output.open()
    output.write({"lamp": "#ffb000"})
    output.write({"lamp": "off"})
    output.write({"lamp": "#ffb000"})
    output.close()
    assert states_of(pin_factory, 17) == [False, True, False, True, False]


def test_a_relay_that_is_on_when_low_is_never_on_before_it_is_told(pin_factory: Any) -> None:
    pin_factory.pin(17).drive_high()  # the relay board's own pull-up
    output = lamp(active_low=True)
    output.open()
    output.write({"lamp": "#ffb000"})
    output.close()
    assert states_of(pin_factory, 17) == [False, True, False, True]


@pytest.mark.parametrize(
    ("colour", "expected"),
    [
        ("off", (False, False, False)),
        ("#0000ff", (False, False, True)),
        ("#ffb000", (True, True, False)),
        ("#ff0000", (True, False, False)),
        ("#ffffff", (True, True, True)),
        ("#202020", (True, True, True)),
        ("#100040", (False, False, True)),
        ("#000000", (False, False, False)),
    ],
)
def test_a_colour_becomes_the_pins_of_its_strongest_channels(
    pin_factory: Any, colour: str, expected: tuple[bool, bool, bool]
) -> None:
    output = gpio.GpioOutput("light", gpio.RgbOptions(red=17, green=27, blue=22, factory="mock"))
    output.open()
    output.write({"rgb": colour})
    assert tuple(pin_factory.pin(pin).state for pin in (17, 27, 22)) == expected


def test_what_was_claimed_is_let_go_when_a_later_pin_is_taken(pin_factory: Any) -> None:
    taken = lamp(22)
    taken.open()
    tower = gpio.GpioOutput("tower", gpio.TowerOptions(red=17, yellow=27, green=22, factory="mock"))
    with pytest.raises(DriverError, match=r"outputs\.tower: pin 22 is already used"):
        tower.open()
    assert pin_factory.pin(17).function == "input"
    taken.close()
    tower.open()
    assert [pin_factory.pin(pin).function for pin in (17, 27, 22)] == ["output"] * 3


def test_closing_darkens_the_other_pins_though_one_fails(
    pin_factory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tower = gpio.GpioOutput("tower", gpio.TowerOptions(red=17, yellow=27, green=22, factory="mock"))
    tower.open()
    tower.write({"red": "#ff0000", "yellow": "#ffc000", "green": "#00c000"})
    monkeypatch.setattr(pin_factory.pin(17), "_set_state", broken)
    tower.close()
    assert [pin_factory.pin(pin).state for pin in (17, 27, 22)] == [True, False, False]
    assert [pin_factory.pin(pin).function for pin in (17, 27, 22)] == ["input"] * 3


def broken(_value: object) -> None:
    raise OSError(5, "Input/output error")


@pytest.mark.looptime
async def test_a_pin_that_fails_in_mid_flash_costs_the_others_nothing_and_comes_back(
    pin_factory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import asyncio

    clock = LoopClock()
    other = RecordingOutput(clock)
    reports: list[tuple[str, str]] = []
    options = gpio.LampOptions(pin=17, factory="mock")
    pinned = OutputSetup(name="pinned", driver=gpio.LAMP, options=options, output=lamp())
    engine = LampEngine(
        [pinned, setup_of("other", other)],
        PatternOptions(),
        clock,
        lambda name, _lamps, fault: reports.append((name, fault)),
    )
    for name in ("pinned", "other"):
        engine.show(name, SignalLevel(1, Severity.CRITICAL))
    task = asyncio.get_running_loop().create_task(engine.run(), name="engine")
    await asyncio.sleep(0.1)
    with monkeypatch.context() as patch:
        patch.setattr(pin_factory.pin(17), "_set_state", broken)
        await asyncio.sleep(0.3)
    await asyncio.sleep(4.0)
    assert pin_factory.pin(17).state is False
    await asyncio.sleep(0.2)
    assert pin_factory.pin(17).state is True
    task.cancel()
    await asyncio.wait([task])
    assert pin_factory.pin(17).state is False
    assert len(lit_spans(shown_since(other), "lamp")) == 10
    fault = "outputs.beacon: GPIO17 cannot be written: [Errno 5] Input/output error"
    assert [report for report in dict.fromkeys(reports) if report[0] == "pinned"] == [
        ("pinned", ""),
        ("pinned", fault),
    ]
    assert reports[-1] == ("pinned", "")


def test_pins_are_numbered_as_the_chip_numbers_them() -> None:
    options = gpio.TowerOptions(red=-1, yellow=28, green=27)
    assert gpio.TOWER.check(options) == [
        ConfigProblem(path="red", message="must be a BCM pin number, 0 to 27, got -1"),
        ConfigProblem(path="yellow", message="must be a BCM pin number, 0 to 27, got 28"),
    ]


def test_every_lamp_needs_a_pin_of_its_own() -> None:
    assert gpio.RGB.check(gpio.RgbOptions(red=17, green=22, blue=17)) == [
        ConfigProblem(path="blue", message="must be a pin of its own, got 17 as for red")
    ]


def test_a_pin_that_is_high_before_the_program_starts_is_a_warning() -> None:
    expected = [
        ConfigProblem(
            path="pin",
            message=(
                "pin 4 is pulled high until the program starts, which can switch it on; "
                "better take one of 9 to 27"
            ),
            is_warning=True,
        )
    ]
    assert gpio.LAMP.check(gpio.LampOptions(pin=4)) == expected
    assert gpio.LAMP.check(gpio.LampOptions(pin=4, active_low=True)) == []
    assert gpio.LAMP.check(gpio.LampOptions(pin=4, factory="mock")) == []
    assert gpio.LAMP.check(gpio.LampOptions(pin=9)) == []


def test_outputs_claim_their_pins() -> None:
    claims = [
        gpio.LAMP.claims(gpio.LampOptions(pin=17)),
        gpio.TOWER.claims(gpio.TowerOptions(red=1, yellow=2, green=3)),
        gpio.TOWER.claims(gpio.TowerOptions(red=1, green=3)),
        gpio.RGB.claims(gpio.RgbOptions(red=4, green=5, blue=6)),
        gpio.BUZZER.claims(gpio.BuzzerOptions(pin=7)),
    ]
    assert claims == [
        ("gpio17",),
        ("gpio1", "gpio2", "gpio3"),
        ("gpio1", "gpio3"),
        ("gpio4", "gpio5", "gpio6"),
        ("gpio7",),
    ]


def test_lamps_are_known_from_the_options_alone() -> None:
    assert gpio.PinOptions().lamps == ()
    assert gpio.TowerOptions(red=1, green=3).lamps == ("red", "green")


def test_the_driver_is_listed_without_gpiozero_and_made_only_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gpiozero", None)
    context = OutputContext(name="beacon", clock=FakeClock())
    for driver, name, options in [
        (gpio.LAMP, "gpio-lamp", gpio.LampOptions(pin=1)),
        (gpio.TOWER, "gpio-tower", gpio.TowerOptions(red=1, green=2)),
        (gpio.RGB, "gpio-rgb", gpio.RgbOptions(red=1, green=2, blue=3)),
        (gpio.BUZZER, "gpio-buzzer", gpio.BuzzerOptions(pin=1)),
    ]:
        assert (driver.packages, driver.extra) == (("gpiozero",), "gpio")
        with pytest.raises(
            MissingExtraError, match=f'outputs.beacon: driver "{name}" needs the package gpiozero'
        ):
            driver.create(options, context)


def test_listing_the_drivers_does_not_import_gpiozero() -> None:
    script = "import sys, devices.gpio; sys.exit('gpiozero' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
