"""The LED on the board, as the kernel shows it: files in a folder."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices import board_led
from devices.board_led import DRIVER, BoardLed, chosen_trigger
from devices.worker import WorkerOutput
from queue_alert.ports import ConfigProblem, DriverError, OutputContext
from tests.devices.helpers import FakeClock
from tests.devices.test_worker import until

LIT, DARK = {"lamp": "#ffb000"}, {"lamp": "off"}


@pytest.fixture
def led(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of an LED that flickers with the SD card."""
    monkeypatch.setattr(board_led, "LEDS", tmp_path)
    folder = tmp_path / "ACT"
    folder.mkdir()
    (folder / "trigger").write_text("none rc-feedback kbd-capslock timer [mmc0] default-on\n")
    (folder / "brightness").write_text("0\n")
    (folder / "max_brightness").write_text("255\n")
    return folder


def state(led: Path) -> tuple[str, str]:
    return (led / "trigger").read_text().strip(), (led / "brightness").read_text().strip()


def test_it_is_taken_dark_lit_as_told_and_given_back(led: Path) -> None:
    output = DRIVER.create(msgspec.convert({}, DRIVER.options), OutputContext(name="led", clock=FakeClock()))
    assert isinstance(output, WorkerOutput)
    output.open()
    until(lambda: output.settled() == "")
    assert state(led) == ("none", "0")
    output.write(LIT)
    until(lambda: state(led) == ("none", "255"))
    output.write(DARK)
    until(lambda: state(led) == ("none", "0"))
    output.write(LIT)
    output.close()
    until(lambda: state(led) == ("mmc0", "0"))


def test_what_was_never_opened_is_left_alone_and_it_is_let_go_once(led: Path) -> None:
    device = BoardLed("ACT")
    before = state(led)
    device.close()
    assert state(led) == before
    device.open()
    device.close()
    (led / "trigger").write_text("[timer]")
    device.close()
    assert state(led) == ("[timer]", "0")


def test_opened_again_without_an_end_it_still_knows_what_to_give_back(led: Path) -> None:
    device = BoardLed("ACT")
    device.open()
    (led / "trigger").write_text("[none] mmc0")
    device.open()
    device.close()
    assert state(led) == ("mmc0", "0")


def test_a_board_without_it_says_which_there_are(led: Path) -> None:
    (led.parent / "PWR").mkdir()
    with pytest.raises(DriverError) as told:
        BoardLed("led0").open()
    assert (told.value.reason, told.value.recoverable) == (
        "this machine has no LED led0; it has: ACT, PWR",
        False,
    )
    assert DRIVER.check(msgspec.convert({"led": "led0"}, DRIVER.options)) == [
        ConfigProblem(path="led", message="this machine has no LED led0; it has: ACT, PWR", is_warning=True)
    ]


def test_a_machine_without_any_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board_led, "LEDS", tmp_path / "leds")
    with pytest.raises(DriverError, match="it has: none"):
        BoardLed("ACT").open()


def test_an_led_that_may_not_be_written_says_what_to_install(
    led: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_self: Path, _text: str, **_options: str) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "write_text", refused)
    device = BoardLed("ACT")
    with pytest.raises(DriverError) as told:
        device.open()
    assert told.value.reason == (
        f"{led} may not be written; install deploy/udev/70-queue-alert.rules, which gives it to the group "
        "gpio, and be in that group"
    )
    assert told.value.recoverable
    device.close()


def test_an_led_that_fails_is_a_fault_and_its_end_is_quiet(
    led: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = BoardLed("ACT")
    device.open()

    def broken(_self: Path, _text: str, **_options: str) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "write_text", broken)
    with pytest.raises(DriverError) as told:
        device.show(LIT)
    assert told.value.reason == f"{led} cannot be used: Input/output error"
    device.close()


def test_what_check_says_of_a_name_that_is_a_path(led: Path) -> None:
    assert DRIVER.check(msgspec.convert({}, DRIVER.options)) == []
    assert DRIVER.check(msgspec.convert({"led": "../../etc"}, DRIVER.options)) == [
        ConfigProblem(
            path="led", message=f'must be a name under {led.parent}, such as "ACT", got "../../etc"'
        )
    ]
    assert DRIVER.claims(msgspec.convert({}, DRIVER.options)) == ("the LED ACT",)


@given(st.text(max_size=100))
def test_whatever_the_kernel_says_a_trigger_is_one_word(text: str) -> None:
    trigger = chosen_trigger(text)
    assert trigger == "none" or f"[{trigger}]" in text
    assert not set(trigger) & set("[] \n\t")
