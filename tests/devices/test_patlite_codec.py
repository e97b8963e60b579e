"""Patlite's bytes, as documented."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.patlite_codec import (
    Reply,
    alert_digits,
    la6_frame,
    nearest_la6_colour,
    phn_frame,
    pns_frame,
    read_reply,
)

OFF, ON = "off", "#ffb000"
LAMPS = st.fixed_dictionaries(dict.fromkeys(("red", "yellow", "green"), st.sampled_from([OFF, ON])))


def tower(lit: str) -> dict[str, str]:
    return {tier: ON if tier in lit.split() else OFF for tier in ("red", "yellow", "green")}


@pytest.mark.parametrize(
    ("lit", "frame"),
    [
        ("", "58 58 53 00 00 06 00 00 00 09 09 09"),
        ("red", "58 58 53 00 00 06 01 00 00 09 09 09"),
        ("yellow", "58 58 53 00 00 06 00 01 00 09 09 09"),
        ("green", "58 58 53 00 00 06 00 00 01 09 09 09"),
        ("red yellow", "58 58 53 00 00 06 01 01 00 09 09 09"),
    ],
)
def test_a_frame_of_an_nhl_names_its_tiers_and_leaves_the_rest(lit: str, frame: str) -> None:
    assert pns_frame(tower(lit)).hex(" ") == frame


def test_a_tower_of_two_leaves_the_tier_between() -> None:
    assert pns_frame({"red": ON, "green": OFF}).hex(" ") == "58 58 53 00 00 06 01 09 00 09 09 09"


def test_one_lamp_is_one_tier() -> None:
    assert pns_frame({"lamp": ON}, tier="white").hex(" ") == "58 58 53 00 00 06 09 09 09 09 01 09"
    assert alert_digits({"lamp": OFF}, tier="blue") == "999099"
    assert phn_frame({"lamp": ON}, tier="green") == b"\x57\x04"


def test_the_buzzer_sounds_its_pattern_and_no_light_changes() -> None:
    assert pns_frame({"buzzer": ON}, sound=4).hex(" ") == "58 58 53 00 00 06 09 09 09 09 09 04"
    assert pns_frame({"buzzer": OFF}).hex(" ") == "58 58 53 00 00 06 09 09 09 09 09 00"
    assert alert_digits({"buzzer": ON}, sound=2) == "999992"
    assert phn_frame({"buzzer": ON}) == b"\x57\x08"
    assert phn_frame({"buzzer": ON}, sound=2) == b"\x57\x10"


@pytest.mark.parametrize(
    ("lit", "digits", "byte"),
    [("", "000999", 0), ("red", "100999", 1), ("yellow", "010999", 2), ("red green", "101999", 5)],
)
def test_http_and_phn_say_the_same(lit: str, digits: str, byte: int) -> None:
    assert alert_digits(tower(lit)) == digits
    assert phn_frame(tower(lit)) == bytes((0x57, byte))


@pytest.mark.parametrize(
    ("lamps", "frame"),
    [
        (tower(""), "41 42 44 00 00 07 00 00 00 00 00 00 00"),
        (tower("red"), "41 42 44 00 00 07 01 00 00 00 00 00 00"),
        (tower("yellow green"), "41 42 44 00 00 07 00 02 04 00 00 00 00"),
        ({"rgb": "#0000ff"}, "41 42 44 00 00 07 06 06 06 06 06 00 00"),
        ({"rgb": "off"}, "41 42 44 00 00 07 00 00 00 00 00 00 00"),
        ({"lamp": "#ffb000"}, "41 42 44 00 00 07 02 02 02 02 02 00 00"),
    ],
)
def test_a_frame_of_an_la6_names_a_colour_for_each_unit(lamps: dict[str, str], frame: str) -> None:
    assert la6_frame(lamps).hex(" ") == frame


@pytest.mark.parametrize(
    ("colour", "number"),
    [
        ("#ff0000", 1),
        ("#7f5800", 2),
        ("#ffff00", 3),
        ("#00ff00", 4),
        ("#0000ff", 6),
        ("#ffffff", 9),
        ("#101010", 9),
    ],
)
def test_the_nearest_of_nine_colours_is_taken_whatever_the_brightness(colour: str, number: int) -> None:
    assert nearest_la6_colour(colour) == number


@given(st.integers(0, 0xFFFFFF))
def test_every_colour_has_one_that_is_lit(colour: int) -> None:
    assert 1 <= nearest_la6_colour(f"#{colour:06x}") <= 9


@given(LAMPS)
def test_frames_differ_in_their_states_alone(lamps: dict[str, str]) -> None:
    assert pns_frame(lamps)[:6] == bytes.fromhex("585853000006")
    assert len(pns_frame(lamps)) == 12
    assert la6_frame(lamps)[:6] == bytes.fromhex("414244000007")
    assert len(la6_frame(lamps)) == 13


@pytest.mark.parametrize(
    ("data", "reply"),
    [
        (b"\x06", Reply.DONE),
        (b"\x15", Reply.REFUSED),
        (b"A", Reply.INCOMPLETE),
        (b"AC", Reply.INCOMPLETE),
        (b"ACK", Reply.DONE),
        (b"NAK", Reply.REFUSED),
        (b"", Reply.INCOMPLETE),
        (b"ACKK", Reply.UNKNOWN),
        (b"\x06\x06", Reply.UNKNOWN),
        (b"HTTP", Reply.UNKNOWN),
    ],
)
def test_replies_are_told_apart(data: bytes, reply: Reply) -> None:
    assert read_reply(data) is reply


@given(st.binary(max_size=80))
def test_no_bytes_break_the_reading_and_only_the_documented_ones_mean_done(data: bytes) -> None:
    assert (read_reply(data) is Reply.DONE) == (data in {b"\x06", b"ACK"})
