"""What is said to serial devices, byte by byte, and what their answers mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.serial_codecs import (
    AdafruitTower,
    KmtronicRelays,
    LcusRelays,
    ModbusRelays,
    NumatoRelays,
    PatlitePhe,
    SerialCodec,
    TemplateLamps,
    crc16,
)

TIERS = {"red": "red", "yellow": "yellow", "green": "green"}
TOWER = {"red": 1, "yellow": 2, "green": 3}
TEMPLATE = TemplateLamps({"lamp": b"on\r"}, {"lamp": b"off\r"}, b"OK")


@pytest.mark.parametrize(
    ("codec", "lit", "writes"),
    [
        (AdafruitTower(TIERS), {"red"}, ["11 22 24"]),
        (AdafruitTower(TIERS), {"yellow", "green"}, ["21 12 14"]),
        (AdafruitTower(TIERS), set(), ["21 22 24"]),
        (LcusRelays({"lamp": 1}), {"lamp"}, ["A0 01 01 A2"]),
        (LcusRelays({"lamp": 1}), set(), ["A0 01 00 A1"]),
        (
            LcusRelays({"red": 1, "green": 2, "yellow": 3}),
            {"green"},
            ["A0010 0A1", "A0 02 01 A3", "A0 03 00 A3"],
        ),
        (LcusRelays({"lamp": 255}), {"lamp"}, ["A0 FF 01 A0"]),
        (KmtronicRelays({"lamp": 1}), {"lamp"}, ["FF 01 01"]),
        (KmtronicRelays({"lamp": 3}), set(), ["FF 03 00"]),
        (ModbusRelays(1, {"lamp": 1}), {"lamp"}, ["01 05 00 00 FF 00 8C 3A"]),
        (ModbusRelays(1, {"lamp": 1}), set(), ["01 05 00 00 00 00 CD CA"]),
    ],
)
def test_the_documented_bytes(codec: SerialCodec, lit: set[str], writes: list[str]) -> None:
    assert list(codec.writes(lit)) == [bytes.fromhex(write.replace(" ", "")) for write in writes]


def test_numato_is_spoken_to_in_words() -> None:
    codec = NumatoRelays({"red": 0, "green": 10, "yellow": 31})
    assert list(codec.writes({"green"})) == [b"relay off 0\r", b"relay on A\r", b"relay off V\r"]


def test_a_patlite_is_told_all_tiers_at_once_and_its_buzzer_is_silent() -> None:
    assert list(PatlitePhe(TIERS).writes({"red", "green"})) == [b"@??S101009!"]


def test_the_checksum_is_that_of_the_documented_command_to_all_eight() -> None:
    assert crc16(bytes.fromhex("010F0000000801FF")) == bytes.fromhex("BED5")


@pytest.mark.parametrize(
    ("codec", "answer", "refusal"),
    [
        (PatlitePhe(TIERS), b"\x06", ""),
        (PatlitePhe(TIERS), b"\x15", "it refused @??S100009! (NAK); is it a PHE-3FB3, and set to ID ??"),
        (PatlitePhe(TIERS), b"", "it does not answer; is it the right port, and a PHE-3FB3?"),
        (PatlitePhe(TIERS), b"x", "it answered 78 and not 06; is it the right port, and a PHE-3FB3?"),
        (ModbusRelays(1, TOWER), bytes.fromhex("01050000FF008C3A"), ""),
        (
            ModbusRelays(1, TOWER),
            bytes.fromhex("018502") + crc16(bytes.fromhex("018502")),
            "unit 1 refused coil 1 (exception 2); has it so many?",
        ),
        (
            ModbusRelays(1, TOWER),
            b"",
            "unit 1 does not answer; look at its address, its speed, and A and B of RS-485",
        ),
        (
            ModbusRelays(1, TOWER),
            b"\x01\x05",
            "unit 1 answered 01 05 and not 01 05 00 00 ff 00 8c 3a; is it a relay board?",
        ),
        (TEMPLATE, b"OK", ""),
        (TEMPLATE, b"", "it answered nothing to 6f 6e 0d and not 4f 4b"),
    ],
)
def test_what_an_answer_means(codec: SerialCodec, answer: bytes, refusal: str) -> None:
    lamp = "lamp" if codec is TEMPLATE else "red"
    assert codec.why_refused(codec.writes({lamp})[0], answer) == refusal


@given(st.binary(max_size=8))
def test_only_the_one_right_answer_is_taken(answer: bytes) -> None:
    for codec in (PatlitePhe(TIERS), ModbusRelays(1, TOWER), TEMPLATE):
        write = codec.writes(set())[0]
        right = {"PatlitePhe": b"\x06", "ModbusRelays": write, "TemplateLamps": b"OK"}[type(codec).__name__]
        assert (codec.why_refused(write, answer) == "") is (answer == right)


@given(st.sets(st.sampled_from(["red", "yellow", "green"])))
def test_whatever_is_lit_every_lamp_is_told(lit: set[str]) -> None:
    for codec in (LcusRelays(TOWER), KmtronicRelays(TOWER), NumatoRelays(TOWER), ModbusRelays(7, TOWER)):
        both = [set(codec.writes(state)) for state in (lit, set(TOWER) - lit)]
        assert len(codec.writes(lit)) == len(TOWER)
        assert both[0] & both[1] == set()
    assert AdafruitTower(TIERS).answer_length == LcusRelays(TOWER).answer_length == 0
    assert LcusRelays(TOWER).why_refused(b"", b"") == ""
