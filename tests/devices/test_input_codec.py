"""What an input device says, byte for byte."""

import itertools
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.input_codec import EVENT, KEY_BITS_SIZE, InputDecoder, KeyMoved, keys_in, packed
from devices.input_keys import KEYS, NAMES

ENTER_DOWN = bytes.fromhex(
    # A keypad's Enter goes down, as x86-64 and aarch64 write it: scan code, key, end of the report.
    "15cd5b6700000000 40e2010000000000 0400 0400 58000700"
    "15cd5b6700000000 40e2010000000000 0100 6000 01000000"
    "15cd5b6700000000 40e2010000000000 0000 0000 00000000"
)


def event(kind: int, code: int, value: int) -> bytes:
    return EVENT.pack(1_700_000_000, 5, kind, code, value)


DROPPED = event(0, 3, 0)


def test_an_event_is_as_long_as_the_kernel_makes_it() -> None:
    assert EVENT.size == 2 * struct.calcsize("l") + 8


def test_a_key_goes_down_repeats_and_goes_up() -> None:
    decoder = InputDecoder()
    assert decoder.receive(ENTER_DOWN) == ([KeyMoved("KEY_KPENTER", is_down=True)], False)
    told = event(1, 96, 2) + event(1, 96, 0)
    assert decoder.receive(told) == (
        [KeyMoved("KEY_KPENTER", is_down=True), KeyMoved("KEY_KPENTER", is_down=False)],
        False,
    )


def test_what_is_no_key_or_has_no_name_is_passed_over() -> None:
    told = event(2, 0, 5) + event(4, 4, 458_840) + event(1, 0x2FE, 1) + event(17, 0, 1) + event(0, 0, 0)
    assert InputDecoder().receive(told) == ([], False)


def test_after_dropped_events_what_was_read_with_them_is_older_than_the_answer_to_come() -> None:
    told = event(1, 2, 1) + DROPPED + event(1, 3, 1) + event(0, 0, 0)
    assert InputDecoder().receive(told) == ([KeyMoved("KEY_1", is_down=True)], True)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("KEY_ESC", 1),
        ("KEY_1", 2),
        ("KEY_0", 11),
        ("KEY_ENTER", 28),
        ("KEY_A", 30),
        ("KEY_M", 50),
        ("KEY_KPASTERISK", 55),
        ("KEY_SPACE", 57),
        ("KEY_F1", 59),
        ("KEY_KP7", 71),
        ("KEY_KP0", 82),
        ("KEY_KPDOT", 83),
        ("KEY_F12", 88),
        ("KEY_KPENTER", 96),
        ("KEY_KPSLASH", 98),
        ("KEY_DELETE", 111),
        ("KEY_KPCOMMA", 121),
        ("KEY_PLAYPAUSE", 164),
        ("KEY_F13", 183),
        ("KEY_F24", 194),
        ("BTN_TRIGGER", 288),
        ("BTN_START", 315),
        ("KEY_BLUE", 401),
        ("KEY_NUMERIC_POUND", 523),
    ],
)
def test_keys_have_the_numbers_that_linux_gives_them(name: str, code: int) -> None:
    assert (KEYS[name], NAMES[code]) == (code, name)


def test_no_two_keys_have_one_number() -> None:
    assert len(NAMES) == len(KEYS)
    assert max(NAMES) < KEY_BITS_SIZE * 8


def test_a_bitmap_holds_the_keys_that_are_down() -> None:
    bitmap = bytearray(KEY_BITS_SIZE)
    bitmap[0] = 0b100  # KEY_1 is bit 2
    bitmap[12] = 0b1  # KEY_KPENTER is bit 96
    assert keys_in(bytes(bitmap)) == {"KEY_1", "KEY_KPENTER"}
    assert packed(["KEY_1", "KEY_KPENTER"]) == bytes(bitmap)
    assert keys_in(b"") == frozenset()


@given(st.sets(st.sampled_from(sorted(KEYS))))
def test_any_keys_survive_the_bitmap(names: set[str]) -> None:
    assert keys_in(packed(names)) == names


@given(st.binary(max_size=200))
def test_any_bytes_are_a_bitmap(data: bytes) -> None:
    assert keys_in(data) <= set(KEYS)


@given(st.binary(max_size=400), st.lists(st.integers(0, 400), max_size=6))
def test_any_bytes_cut_anywhere_say_the_same_and_raise_nothing(data: bytes, cuts: list[int]) -> None:
    whole = InputDecoder().receive(data)
    decoder = InputDecoder()
    moved: list[KeyMoved] = []
    for begin, end in itertools.pairwise([0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]):
        keys, is_incomplete = decoder.receive(data[begin:end])
        assert len(decoder._rest) < EVENT.size
        moved += keys
        if is_incomplete:
            break
    else:
        assert not whole[1]
    assert moved == whole[0]


@given(
    st.lists(st.tuples(st.sampled_from(sorted(KEYS)), st.integers(0, 2)), max_size=30), st.integers(0, 720)
)
def test_keys_cut_anywhere_are_all_taken(presses: list[tuple[str, int]], cut: int) -> None:
    told = b"".join(event(1, KEYS[name], value) + event(0, 0, 0) for name, value in presses)
    decoder = InputDecoder()
    first, _ = decoder.receive(told[:cut])
    second, _ = decoder.receive(told[cut:])
    assert first + second == [KeyMoved(name, value != 0) for name, value in presses]
