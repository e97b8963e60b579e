"""USB lights: a colour to bytes, against what is documented."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.usb_lights_codec import BLINK1, DARK, KUANDO, LUXAFOR, MODELS, Colour, Model, Report, colour_of

AMBER = (0xFF, 0xB0, 0x00)
channels = st.integers(0, 255)
colours = st.tuples(channels, channels, channels)


def feature(text: str) -> Report:
    return Report(bytes.fromhex(text), is_feature=True)


def kuando(step: str, total: str) -> Report:
    return Report(bytes.fromhex("00" + step).ljust(60, b"\0") + bytes.fromhex("ffffff" + total))


@pytest.mark.parametrize(
    ("shown", "colour"), [("off", (0, 0, 0)), ("#ffb000", AMBER), ("#0102fF", (1, 2, 255))]
)
def test_off_and_colours_are_understood(shown: str, colour: Colour) -> None:
    assert colour_of(shown) == colour


def test_a_kuando_is_told_the_colour_and_to_stay_alive_for_fifteen_seconds() -> None:
    # 0x10 + 100 + 69 + 3 * 255 = 0x03b6; 0x8f + 3 * 255 = 0x038c
    assert KUANDO.showing(AMBER) == (kuando("10 00 64 45 00", "03b6"), kuando("8f", "038c"))
    assert KUANDO.farewell == (kuando("10 00 00 00 00", "030d"),)
    assert KUANDO.greeting("") == ()


def test_a_luxafor_is_told_the_colour_of_all_its_leds() -> None:
    assert LUXAFOR.showing(AMBER) == (Report(bytes.fromhex("00 01 ff ff b0 00 00 00 00")),)
    assert LUXAFOR.farewell == (Report(bytes.fromhex("00 01 ff 00 00 00 00 00 00")),)
    assert LUXAFOR.greeting("") == ()


def test_a_blink1_is_told_when_to_worry_and_then_the_colour() -> None:
    assert BLINK1.showing(AMBER) == (feature("01 44 01 01f4 01 1e 1f"), feature("01 63 ff b0 00 0000 00"))
    assert BLINK1.farewell == (feature("01 44 00 0000 01 1e 1f"), feature("01 63 00 00 00 0000 00"))


@pytest.mark.parametrize("serial", ["20000000", "2A0C4D11", "3f00aa11"])
def test_a_later_blink1_is_given_a_pattern_of_distress(serial: str) -> None:
    assert BLINK1.greeting(serial) == (feature("01 50 ff ff ff 0064 1e"), feature("01 50 00 00 00 0064 1f"))


@pytest.mark.parametrize("serial", ["1fffffff", "1A001234", "", "?"])
def test_the_first_blink1_which_would_write_it_into_its_eeprom_is_not(serial: str) -> None:
    assert BLINK1.greeting(serial) == ()


@given(colour=colours)
def test_every_report_of_a_kuando_has_64_bytes_with_the_sum_of_62_at_the_end(colour: Colour) -> None:
    for report in KUANDO.showing(colour):
        number, frame = report.data[0], report.data[1:]
        assert (number, len(frame), report.is_feature) == (0, 64, False)
        assert int.from_bytes(frame[-2:], "big") == sum(frame[:-2])


@given(colour=colours)
def test_a_kuando_shows_no_more_than_a_hundred_and_nothing_lit_becomes_dark(colour: Colour) -> None:
    shown = KUANDO.showing(colour)[0].data[3:6]
    assert [0 < part <= 100 for part in shown] == [channel > 0 for channel in colour]


@given(colour=colours, model=st.sampled_from(MODELS))
def test_the_same_colour_is_the_same_reports_and_another_is_not(colour: Colour, model: Model) -> None:
    assert model.showing(colour) == model.showing(colour)
    assert (model.showing(colour) == model.showing(DARK)) == (colour == DARK)


@given(serial=st.text(max_size=20))
def test_any_serial_number_can_be_greeted(serial: str) -> None:
    assert len(BLINK1.greeting(serial)) in {0, 2}


def test_no_two_models_claim_the_same_device() -> None:
    ids = [each for model in MODELS for each in model.ids]
    assert len(ids) == len(set(ids))
