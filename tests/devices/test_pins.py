"""The pins of the Pi: what works, and what is said where it does not."""

import os
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

import pytest

from devices import gpio, pins
from queue_alert.ports import ConfigProblem, DriverError, MissingExtraError
from tests.devices.fake_lgpio import FakeLgpio

PI_4B = 0xC03112


@pytest.fixture(autouse=True)
def nothing_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin without pins, as a process does."""
    monkeypatch.setattr(pins, "_opened", {})
    monkeypatch.delenv("LG_WD", raising=False)
    monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)


@pytest.fixture
def lgpio(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeLgpio]:
    """Pretend to be a Pi 4 with lgpio installed."""
    import gpiozero.pins.local
    from gpiozero.pins.local import LocalPiFactory

    package = FakeLgpio()
    monkeypatch.setitem(sys.modules, "lgpio", package)
    monkeypatch.delitem(sys.modules, "gpiozero.pins.lgpio", raising=False)
    monkeypatch.setattr(gpiozero.pins.local, "get_pi_revision", lambda: PI_4B)
    yield package
    # gpiozero keeps the pins of this machine in the class, for all factories.
    LocalPiFactory.pins.clear()
    LocalPiFactory._reservations.clear()
    sys.modules.pop("gpiozero.pins.lgpio", None)


def lamp(pin: int = 17, *, factory: pins.FactoryName = "lgpio") -> gpio.GpioOutput:
    return gpio.GpioOutput("beacon", gpio.LampOptions(pin=pin, factory=factory))


def test_a_lamp_is_driven_through_lgpio(lgpio: FakeLgpio) -> None:
    output = lamp()
    output.open()
    seen = [dict(lgpio.levels)]
    output.write({"lamp": "#ffb000"})
    seen.append(dict(lgpio.levels))
    output.close()
    seen.append(dict(lgpio.levels))
    assert seen == [{17: 0}, {17: 1}, {}]


def test_the_pins_are_opened_once_for_the_process(lgpio: FakeLgpio) -> None:
    assert lgpio is sys.modules["lgpio"]
    assert pins.open_pins("lgpio") is pins.open_pins("lgpio")
    assert pins.open_pins("mock") is pins.open_pins("mock")
    assert pins.open_pins("mock") is not pins.open_pins("lgpio")


def test_the_working_directory_of_lgpio_is_one_that_can_be_written(
    lgpio: FakeLgpio, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert lgpio.may_open
    pins.open_pins("lgpio")
    assert os.environ["LG_WD"] == tempfile.gettempdir()
    for given, runtime, expected in [("", "/run/a:/run/b", "/run/a"), ("/var/x", "/run/a", "/var/x")]:
        monkeypatch.setattr(pins, "_opened", {})
        monkeypatch.setenv("RUNTIME_DIRECTORY", runtime)
        monkeypatch.delenv("LG_WD")
        if given:
            monkeypatch.setenv("LG_WD", given)
        pins.open_pins("lgpio")
        assert os.environ["LG_WD"] == expected


def refusal(output: gpio.GpioOutput) -> DriverError:
    with pytest.raises(DriverError) as caught:
        output.open()
    output.close()
    return caught.value


def test_a_missing_lgpio_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lgpio", None)
    error = refusal(lamp())
    assert error.reason == (
        "outputs.beacon: pin factory lgpio: the package lgpio is not installed; install it with: "
        'apt install python3-lgpio (or write factory = "mock" to run without pins)'
    )
    assert not error.recoverable


def test_an_unwritable_working_directory_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class Unwritable:
        """Fails as lgpio does on import where it cannot make its FIFO."""

        def find_spec(self, name: str, _path: object = None, _target: object = None) -> None:
            if name == "lgpio":
                raise FileNotFoundError(2, "No such file or directory", ".lgd-nfy-3")

    monkeypatch.delitem(sys.modules, "lgpio", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Unwritable(), *sys.meta_path])
    monkeypatch.setenv("LG_WD", "/proc")
    error = refusal(lamp())
    assert error.reason == (
        "outputs.beacon: pin factory lgpio: cannot write to its working directory /proc "
        "([Errno 2] No such file or directory: '.lgd-nfy-3'); set LG_WD to a folder that can be written"
    )
    assert not error.recoverable


def test_a_machine_that_is_no_pi_is_told_so(lgpio: FakeLgpio, monkeypatch: pytest.MonkeyPatch) -> None:
    from gpiozero.exc import PinUnknownPi

    def unknown() -> int:
        raise PinUnknownPi("unable to locate Pi revision")

    assert lgpio.may_open
    monkeypatch.setattr("gpiozero.pins.local.get_pi_revision", unknown)
    error = refusal(lamp())
    assert error.reason == (
        "outputs.beacon: pin factory lgpio: this is no Raspberry Pi; "
        'write factory = "mock" to run without pins'
    )
    assert not error.recoverable


def test_a_chip_that_cannot_be_opened_names_the_group(lgpio: FakeLgpio) -> None:
    lgpio.may_open = False
    error = refusal(lamp())
    assert error.reason == (
        "outputs.beacon: pin factory lgpio: the pins cannot be opened (can not open gpiochip); add the user "
        "to the group gpio (usermod -aG gpio <user>), log in anew and look at ls -l /dev/gpiochip*"
    )
    assert not error.recoverable


def test_a_pin_of_another_program_is_named_and_may_become_free(lgpio: FakeLgpio) -> None:
    lgpio.busy = {17}
    error = refusal(lamp())
    assert error.reason == (
        "outputs.beacon: pin 17 is busy, another program or the kernel uses it; stop that or choose another "
        "pin (gpioinfo shows who has it)"
    )
    assert error.recoverable
    lgpio.busy = set()
    output = lamp()
    output.open()
    assert lgpio.levels == {17: 0}
    output.close()


def test_a_pin_that_fails_otherwise_says_how(lgpio: FakeLgpio, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: Any) -> int:
        raise lgpio.error("unknown failure")

    monkeypatch.setattr(lgpio, "gpio_claim_output", fail)
    error = refusal(lamp())
    assert error.reason == "outputs.beacon: pin 17 cannot be claimed: unknown failure"
    assert error.recoverable


def test_a_pin_of_another_output_is_named() -> None:
    first = lamp(factory="mock")
    first.open()
    error = refusal(lamp(factory="mock"))
    assert error.reason == ("outputs.beacon: pin 17 is already used by another output; choose another pin")
    assert not error.recoverable
    first.close()


def test_a_pin_that_the_board_does_not_have_is_named() -> None:
    error = refusal(lamp(99, factory="mock"))
    assert error.reason == (
        "outputs.beacon: this board has no pin 99; choose another pin (BCM numbers, see pinout)"
    )
    assert not error.recoverable


def test_a_write_that_fails_is_an_error_that_may_pass(lgpio: FakeLgpio) -> None:
    output = lamp()
    output.open()
    lgpio.is_dead = True
    with pytest.raises(DriverError, match=r"outputs\.beacon: GPIO17 cannot be written: bad handle") as caught:
        output.write({"lamp": "#ffb000"})
    assert caught.value.recoverable
    output.close()


def test_a_missing_gpiozero_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gpiozero", None)
    with pytest.raises(MissingExtraError) as caught:
        pins.require_gpiozero('outputs.beacon: driver "gpio-lamp"')
    assert str(caught.value) == (
        'outputs.beacon: driver "gpio-lamp" needs the package gpiozero; '
        'install it with: pip install "queue-alert[gpio]"'
    )


def test_a_missing_lgpio_is_a_warning_of_check_and_what_is_said_at_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(sys.modules, "lgpio", raising=False)
    monkeypatch.setattr(pins, "find_spec", lambda _name: None)
    message = (
        "the package lgpio is not installed; install it with: apt install python3-lgpio "
        '(or write factory = "mock" to run without pins)'
    )
    assert pins.check_factory("lgpio") == [ConfigProblem(path="factory", message=message, is_warning=True)]
    assert pins.check_factory("mock") == []
    monkeypatch.setitem(sys.modules, "lgpio", None)
    with pytest.raises(DriverError) as told:
        pins.open_pins("lgpio")
    assert told.value.reason == f"pin factory lgpio: {message}"
