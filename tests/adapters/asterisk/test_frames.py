from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.asterisk.frames import FRAME_LIMIT, Frame, FrameReader, UnreadableFrameError
from queue_alert.ports import Skipped

A = b"Event: Wanted\r\nName: Alice\r\nEmpty: \r\nCause-txt: Normal: Clearing\r\n\r\n"
DULL = b"Event: Ignored\r\nName: Alice\r\n\r\n"


class Reader:
    """A reader and all that it found and passed over."""

    def __init__(self) -> None:
        self.skipped: list[tuple[Skipped, str]] = []
        self.reader = FrameReader(
            {b"Wanted": "wanted", b"VarSet": "variable"},
            wanted_raw={b"Item": "item"},
            replies="reply",
            ignored=[b"Ignored"],
            variables=[b"QUEUESTATUS"],
            skipped=lambda kind, detail: self.skipped.append((kind, detail)),
        )

    def read(self, *pieces: bytes) -> list[tuple[str, str]]:
        return [
            (handler, frame.decode())
            if isinstance(frame, bytes)
            else (handler, frame.text("Name") or frame.text("Value") or frame.event)
            for piece in pieces
            for handler, frame in self.reader.read(piece)
        ]


@pytest.fixture
def reader() -> Reader:
    return Reader()


def frame(data: bytes) -> Frame:
    return Frame(data.decode(), lambda _kind, _detail: None)


# ---- one frame


def test_headers_are_looked_up_by_their_whole_name() -> None:
    one = frame(b"Event: Wanted\r\nDestUniqueid: 2\r\nUniqueid: 1\r\nCause-txt: Normal: Clearing\r\nEmpty: ")
    assert (
        one.event,
        one.text("Uniqueid"),
        one.text("Cause-txt"),
        one.text("Empty"),
        one.text("None"),
    ) == (
        "Wanted",
        "1",
        "Normal: Clearing",
        "",
        "",
    )


def test_the_last_of_two_headers_counts() -> None:
    assert frame(b"Event: Wanted\r\nName: a\r\nName: b").text("Name") == "b"


@given(
    lines=st.lists(
        st.tuples(
            st.sampled_from(["Name", "DestName", "Name2", "Queue"]),
            st.text(st.sampled_from("ab: N\n"), max_size=8),
        ),
        max_size=8,
    )
)
def test_a_header_is_what_reading_every_line_finds(lines: list[tuple[str, str]]) -> None:
    text = "".join(f"\r\n{name}: {value}" for name, value in lines)
    last = dict(lines)
    one = frame(f"Event: Wanted{text}".encode())
    assert {name: one.text(name) for name in last} == last
    assert one.text("Missing") == ""


def test_a_header_without_a_space_is_none() -> None:
    assert frame(b"Event: Wanted\r\nName:Alice\r\nOther").text("Name") == ""


def test_text_is_utf_8() -> None:
    assert frame("Event: Wanted\r\nName: Zoë; 田中".encode()).text("Name") == "Zoë; 田中"


def test_an_identifier_falls_back_to_another() -> None:
    one = frame(b"Event: Wanted\r\nName: \r\nLocation: PJSIP/100")
    assert one.word("Name", "Location") == "PJSIP/100"
    with pytest.raises(UnreadableFrameError, match=r"^Wanted: Name$"):
        one.word("Name", "Interface")


# ---- many


def test_only_wanted_frames_come_through(reader: Reader) -> None:
    assert reader.read(A + DULL + A) == [("wanted", "Alice"), ("wanted", "Alice")]
    assert reader.skipped == []


def test_frames_wanted_raw_come_as_their_bytes_wherever_they_stand(reader: Reader) -> None:
    item = b"Event: Item\r\nName: Bob\r\nActionID: 7"
    banner = b"Asterisk Call Manager/11.0.0\r\n"
    assert reader.read(banner + item + b"\r\n\r\n" + A + item + b"\r\n\r\n") == [
        ("item", item.decode()),
        ("wanted", "Alice"),
        ("item", item.decode()),
    ]
    assert reader.skipped == []


def test_only_wanted_variables_come_through(reader: Reader) -> None:
    other = b"Event: VarSet\r\nVariable: QUEUENAME\r\nValue: sales\r\n\r\n"
    trap = b"Event: VarSet\r\nVariable: NOTE\r\nValue: Variable: QUEUESTATUS\r\n\r\n"
    status = b"Event: VarSet\r\nVariable: QUEUESTATUS\r\nValue: TIMEOUT\r\n\r\n"
    assert reader.read(other + trap + status) == [("variable", "TIMEOUT")]
    assert reader.skipped == []


def test_a_variable_set_that_names_none_comes_through(reader: Reader) -> None:
    assert reader.read(b"Event: VarSet\r\nUniqueid: 1\r\nValue: 7\r\n\r\n") == [("variable", "7")]
    assert reader.skipped == []


def test_answers_come_through(reader: Reader) -> None:
    assert reader.read(b"Response: Error\r\nMessage: no\r\n\r\n") == [("reply", "Error")]


def test_the_banner_is_stuck_to_the_first_frame_of_a_connection(reader: Reader) -> None:
    banner = b"Asterisk Call Manager/11.0.0\r\n"
    assert reader.read(banner, A, banner + b"Response: Success\r\n\r\n", banner + DULL) == [
        ("wanted", "Alice"),
        ("reply", "Success"),
    ]
    assert reader.skipped == []


def test_a_banner_alone_is_no_frame(reader: Reader) -> None:
    assert reader.read(b"Asterisk Call Manager/11.0.0\r\n\r\n", A) == [("wanted", "Alice")]
    assert reader.skipped == []


def test_more_empty_lines_than_one_are_passed_over(reader: Reader) -> None:
    assert reader.read(A + b"\r\n" + A + b"\r\n\r\n\r\n\r\n" + A) == [("wanted", "Alice")] * 3
    assert reader.skipped == []


def test_a_frame_of_one_line_is_read(reader: Reader) -> None:
    assert reader.read(b"Event: Wanted\r\n\r\n") == [("wanted", "Wanted")]


def test_a_frame_may_be_cut_anywhere(reader: Reader) -> None:
    whole = DULL + A
    for at in range(len(whole)):
        assert reader.read(whole[:at], whole[at:]) == [("wanted", "Alice")]


# ---- damage


def test_an_unknown_event_is_counted_by_its_name(reader: Reader) -> None:
    assert reader.read(b"Event: Wantet\r\nName: a\r\n\r\n") == []
    assert reader.skipped == [(Skipped.UNKNOWN_EVENT, "Wantet")]


def test_what_is_no_name_is_not_repeated(reader: Reader) -> None:
    reader.read(b"Event: 15550001\r\n\r\n", b"Event: " + b"x" * 41 + b"\r\n\r\n")
    assert reader.skipped == [(Skipped.UNKNOWN_EVENT, "not a name")] * 2


def test_a_frame_without_an_event_is_counted(reader: Reader) -> None:
    assert reader.read(b"Name: Alice\r\nevent: Wanted\r\n\r\n" + A) == [("wanted", "Alice")]
    assert reader.skipped == [(Skipped.MISSING_FIELD, "frame without Event or Response")]


def test_bytes_that_are_no_text_are_counted(reader: Reader) -> None:
    assert reader.read(b"\xff\xfe\x00\r\n\r\n" + A) == [("wanted", "Alice")]
    assert reader.skipped == [(Skipped.NOT_TEXT, "frame")]


def test_a_value_that_is_no_text_does_not_spoil_its_frame(reader: Reader) -> None:
    assert reader.read(b"Event: Wanted\r\nName: M\xfcller\r\n\r\n") == [("wanted", "M\ufffdller")]
    assert reader.skipped == [(Skipped.NOT_TEXT, "frame")]


def test_a_stump_with_the_next_frame_stuck_to_it_is_neither(reader: Reader) -> None:
    assert reader.read(b"Event: Wanted\r\nQueue: sales\r\n" + A + A) == [("wanted", "Alice")]
    assert reader.skipped == [(Skipped.TRUNCATED, "frame that runs into another")]


def test_the_longest_frame_is_read_and_one_byte_more_is_not(reader: Reader) -> None:
    head = b"Event: Wanted\r\nName: a\r\nNote: "
    longest = head + b"x" * (FRAME_LIMIT - len(head)) + b"\r\n\r\n"
    longer = head + b"x" * (FRAME_LIMIT - len(head) + 1) + b"\r\n\r\n"
    assert reader.read(longest) == [("wanted", "a")]
    assert reader.read(*pieces(longest, 1000)) == [("wanted", "a")]
    assert reader.skipped == []
    assert reader.read(longer, A) == [("wanted", "Alice")]
    assert reader.read(*pieces(longer + A, 1000)) == [("wanted", "Alice")]
    assert reader.read(*pieces(longer + A, FRAME_LIMIT + 20)) == [("wanted", "Alice")]
    assert reader.skipped == [(Skipped.TOO_LONG, "frame")] * 3


def test_a_line_of_ten_megabytes_is_passed_over_in_bounded_memory(reader: Reader) -> None:
    for _ in range(160):
        assert reader.read(b"x" * 65_536) == []
        assert len(reader.reader._rest) <= FRAME_LIMIT + 3
    assert reader.read(b"\r\n\r", b"\n" + A) == [("wanted", "Alice")]
    assert reader.skipped == [(Skipped.TOO_LONG, "frame")]


def test_a_long_frame_that_nobody_wants_is_counted_however_it_is_cut(reader: Reader) -> None:
    data = b"Event: Ignored\r\nNote: " + b"x" * FRAME_LIMIT + b"\r\n\r\n"
    assert reader.read(data, *pieces(data, 4096)) == []
    assert reader.skipped == [(Skipped.TOO_LONG, "frame")] * 2


def test_forgetting_half_a_frame_counts_it_once(reader: Reader) -> None:
    reader.read(A[:20])
    reader.reader.reset()
    reader.reader.reset()
    assert reader.read(A) == [("wanted", "Alice")]
    assert reader.skipped == [(Skipped.TRUNCATED, "frame cut by the end of the connection")]


def test_forgetting_half_of_one_too_long_counts_it_no_second_time(reader: Reader) -> None:
    reader.read(b"x" * (FRAME_LIMIT + 4))
    reader.reader.reset()
    assert reader.read(A) == [("wanted", "Alice")]
    assert reader.skipped == [(Skipped.TOO_LONG, "frame")]


def pieces(data: bytes, length: int) -> Iterator[bytes]:
    return (data[at : at + length] for at in range(0, len(data), length))
