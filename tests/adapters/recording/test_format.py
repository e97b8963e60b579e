import json
import stat
from collections.abc import Iterator
from io import FileIO
from pathlib import Path

import pytest

from adapters.recording import index, reader
from adapters.recording import writer as writer_module
from adapters.recording.format import RECORDING
from adapters.recording.reader import CHUNK
from queue_alert.core.errors import QueueAlertError
from queue_alert.core.events import AcdEvent, ContactQueued, FeedState, FeedStatusChanged
from queue_alert.core.units import ContactId, FeedName, GroupName
from queue_alert.ports import RecordedData, RecordedEvent, RecordedItem, RecordedMark, Skipped
from tests.adapters.asterisk.captures import FOLDER, NAMES, steps

BAD_PLACE = (Skipped.BAD_VALUE, "place in the raw bytes")
EVENT = ContactQueued(
    id="1",
    source=FeedName("sim"),
    time=1_700_000_005.0,
    group=GroupName("sales"),
    contact=ContactId("c1"),
    queued_at=1_700_000_004.0,
)


def read(path: Path) -> tuple[list[RecordedItem], list[tuple[Skipped, str]]]:
    """Return all items and all that was passed over."""
    skipped: list[tuple[Skipped, str]] = []
    items = list(RECORDING.read(path, lambda kind, detail: skipped.append((kind, detail))))
    return items, skipped


def write(folder: Path, lines: list[dict[str, object] | str], data: bytes | None = b"0123456789") -> Path:
    """Write a recording by hand, without a header."""
    if data is not None:
        (folder / "x.ami").write_bytes(data)
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    (folder / "x.jsonl").write_text(text + "\n")
    return folder / "x.jsonl"


def place(t: float, off: int, length: int) -> dict[str, object]:
    return {"t": t, "wall": 1_700_000_000.0 + t, "off": off, "len": length}


START: dict[str, object] = {"t": 0.0, "wall": 1_700_000_000.0, "ev": "connected", "off": 0}


# ---- recordings there already are


@pytest.mark.parametrize("name", NAMES)
def test_captures_are_read_as_they_are(name: str) -> None:
    expected: list[RecordedItem] = [
        RecordedMark(step.at, step.mark) if step.mark else RecordedData(step.at, step.data)
        for step in steps(name)
    ]
    assert read(FOLDER / f"{name}.jsonl") == (expected, [])
    assert read(FOLDER / f"{name}.ami") == (expected, [])
    assert read(FOLDER / name) == (expected, [])


def test_a_capture_is_described() -> None:
    about = RECORDING.describe(FOLDER / "calm.ami")
    assert about == {
        "translator": "asterisk",
        "started_at": pytest.approx(1795297500.5, abs=1.0),
        "duration_s": 64.785008,
        "size": 616_951,
        "timed": True,
    }


def test_raw_bytes_alone_come_all_at_once(tmp_path: Path) -> None:
    data = bytes(range(256)) * 600
    (tmp_path / "x.ami").write_bytes(data)
    items, skipped = read(tmp_path / "x.ami")
    assert items == [
        RecordedMark(0.0, "connected"),
        RecordedData(0.0, data[:CHUNK]),
        RecordedData(0.0, data[CHUNK : 2 * CHUNK]),
        RecordedData(0.0, data[2 * CHUNK :]),
        RecordedMark(0.0, "disconnected"),
    ]
    assert skipped == []
    assert RECORDING.describe(tmp_path / "x.ami") == {
        "translator": "asterisk",
        "started_at": 0.0,
        "duration_s": 0.0,
        "size": len(data),
        "timed": False,
    }


def test_raw_bytes_of_another_translator_are_named_by_their_suffix(tmp_path: Path) -> None:
    (tmp_path / "x.freeswitch").write_bytes(b"")
    assert RECORDING.describe(tmp_path / "x.freeswitch")["translator"] == "freeswitch"


# ---- what is written


def test_what_is_written_is_read(tmp_path: Path) -> None:
    with RECORDING.writer(tmp_path / "x", translator="asterisk", started_at=1_700_000_000.0) as writer:
        writer.connected(0.0)
        writer.sent(0.1, "Action: Ping\r\n\r\n")
        writer.received(0.25, b"abc")
        writer.received(1.0, b"defg")
        writer.event(1.0, EVENT)
        writer.disconnected(2.5)
    expected: list[RecordedItem] = [
        RecordedMark(0.0, "connected"),
        RecordedData(0.25, b"abc"),
        RecordedData(1.0, b"defg"),
        RecordedEvent(1.0, EVENT),
        RecordedMark(2.5, "disconnected"),
    ]
    for name in ("x", "x.jsonl", "x.asterisk"):
        assert read(tmp_path / name) == (expected, [])
        assert RECORDING.describe(tmp_path / name) == {
            "translator": "asterisk",
            "started_at": 1_700_000_000.0,
            "duration_s": 2.5,
            "size": 7,
            "timed": True,
        }
    assert (tmp_path / "x.asterisk").read_bytes() == b"abcdefg"
    assert (tmp_path / "x.jsonl").read_text().splitlines()[:4] == [
        '{"format":"queue-alert-recording","version":1,"translator":"asterisk","started_at":1700000000.0}',
        '{"t":0.0,"wall":1700000000.0,"ev":"connected","off":0}',
        '{"t":0.1,"wall":1700000000.1,"sent":"Action: Ping\\r\\n\\r\\n"}',
        '{"t":0.25,"wall":1700000000.25,"off":0,"len":3}',
    ]


def test_neutral_events_stand_one_a_line_beside_their_receipt_time(tmp_path: Path) -> None:
    events: list[AcdEvent] = [
        FeedStatusChanged(id="0", source=FeedName("sim"), time=1_700_000_000.0, state=FeedState.LIVE),
        EVENT,
    ]
    with RECORDING.writer(tmp_path / "x.jsonl", translator="", started_at=1_700_000_000.0) as writer:
        for at, event in enumerate(events):
            writer.event(float(at), event)
    assert read(tmp_path / "x.jsonl") == ([RecordedEvent(0.0, events[0]), RecordedEvent(1.0, events[1])], [])
    assert (tmp_path / "x.jsonl").read_text().splitlines()[2] == (
        '{"t":1.0,"wall":1700000001.0,"event":{"type":"contact.queued","id":"1","source":"sim",'
        '"time":1700000005.0,"subject":"sales","contact":"c1","queued_at":1700000004.0}}'
    )
    assert RECORDING.describe(tmp_path / "x") == {
        "translator": "",
        "started_at": 1_700_000_000.0,
        "duration_s": 1.0,
        "size": 0,
        "timed": True,
    }


def test_every_line_is_on_disk_when_the_call_returns(tmp_path: Path) -> None:
    with RECORDING.writer(tmp_path / "x", translator="asterisk", started_at=0.0) as writer:
        writer.received(1.0, b"abc")
        assert read(tmp_path / "x") == ([RecordedData(1.0, b"abc")], [])


def test_recordings_are_nothing_for_strangers(tmp_path: Path) -> None:
    with RECORDING.writer(tmp_path / "x", translator="asterisk", started_at=0.0):
        pass
    for name in ("x.jsonl", "x.asterisk"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) & 0o007 == 0


def test_a_recording_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "x.asterisk").touch()
    with pytest.raises(
        QueueAlertError, match=r"x\.asterisk exists already; choose another name for the recording$"
    ):
        RECORDING.writer(tmp_path / "x.ami", translator="asterisk", started_at=0.0)


def test_a_recording_that_appears_meanwhile_is_not_overwritten_either(tmp_path: Path) -> None:
    writer = RECORDING.writer(tmp_path / "x", translator="asterisk", started_at=0.0)
    (tmp_path / "x.asterisk").write_bytes(b"theirs")
    with pytest.raises(QueueAlertError, match=r"x\.asterisk cannot be written: File exists$"), writer:
        pass
    assert (tmp_path / "x.asterisk").read_bytes() == b"theirs"


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(QueueAlertError, match=r"^there is no folder .*/nowhere to write a recording in$"):
        RECORDING.writer(tmp_path / "nowhere" / "x", translator="", started_at=0.0)


def test_a_recording_of_neutral_events_has_no_place_for_raw_bytes(tmp_path: Path) -> None:
    with (
        RECORDING.writer(tmp_path / "x", translator="", started_at=0.0) as writer,
        pytest.raises(QueueAlertError, match=r"has no place for raw bytes$"),
    ):
        writer.received(0.0, b"abc")


def test_a_closed_recording_takes_nothing(tmp_path: Path) -> None:
    with RECORDING.writer(tmp_path / "x", translator="", started_at=0.0) as writer:
        pass
    with pytest.raises(QueueAlertError, match=r"is not open$"):
        writer.connected(0.0)


def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "_create", lambda _path: FileIO("/dev/full", "wb"))
    with pytest.raises(QueueAlertError, match=r"x\.jsonl cannot be written: No space left on device$"):
        RECORDING.writer(tmp_path / "x", translator="", started_at=0.0).__enter__()


# ---- what is damaged


def test_a_line_cut_by_a_power_failure_ends_the_recording(tmp_path: Path) -> None:
    path = write(tmp_path, [START, place(1.0, 0, 4)])
    path.write_text(path.read_text() + '{"t": 2.0, "wall": 17000')
    items, skipped = read(path)
    assert items == [
        RecordedMark(0.0, "connected"),
        RecordedData(1.0, b"0123"),
        RecordedData(1.0, b"456789"),
    ]
    assert skipped == [
        (Skipped.TRUNCATED, "line of the index"),
        (Skipped.TRUNCATED, "raw bytes without a line in the index"),
    ]
    assert RECORDING.describe(path)["duration_s"] == 1.0


def test_a_damaged_line_costs_its_time_and_no_bytes(tmp_path: Path) -> None:
    path = write(tmp_path, [START, place(1.0, 0, 2), "{nonsense", place(3.0, 5, 5)])
    items, skipped = read(path)
    assert items[1:] == [RecordedData(1.0, b"01"), RecordedData(3.0, b"23456789")]
    assert skipped == [(Skipped.BAD_VALUE, "line of the index"), BAD_PLACE]


@pytest.mark.parametrize(
    "absurd",
    [
        place(2.0, -1, 5),
        place(2.0, 5, -1),
        place(2.0, 5, 10**18),
        place(2.0, 10**18, 5),
        place(2.0, 0, 5),
        {"t": 2.0, "len": 5},
    ],
)
def test_an_absurd_place_is_counted_and_passed_over(tmp_path: Path, absurd: dict[str, object]) -> None:
    path = write(tmp_path, [START, place(1.0, 0, 5), absurd, place(3.0, 5, 5)])
    items, skipped = read(path)
    assert items[1:] == [RecordedData(1.0, b"01234"), RecordedData(3.0, b"56789")]
    assert skipped == [BAD_PLACE]


def test_places_that_overlap_give_every_byte_once(tmp_path: Path) -> None:
    path = write(tmp_path, [START, place(1.0, 0, 5), place(2.0, 3, 7)])
    items, skipped = read(path)
    assert items[1:] == [RecordedData(1.0, b"01234"), RecordedData(2.0, b"56789")]
    assert skipped == [BAD_PLACE]


@pytest.mark.parametrize("at", [-1.0, 0.5, 1e300])
def test_an_absurd_time_is_taken_for_that_of_the_line_before(tmp_path: Path, at: float) -> None:
    path = write(tmp_path, [START, place(1.0, 0, 5), {**place(1.0, 5, 5), "t": at}])
    items, skipped = read(path)
    assert items[1:] == [RecordedData(1.0, b"01234"), RecordedData(1.0, b"56789")]
    assert skipped == [(Skipped.BAD_VALUE, "time of a line of the index")]


def test_the_duration_is_that_of_the_last_line_with_a_time(tmp_path: Path) -> None:
    path = write(tmp_path, [START, place(1.0, 0, 10), {**place(1.0, 0, 0), "t": 1e300}, "{nonsense"])
    assert RECORDING.describe(path)["duration_s"] == 1.0
    (tmp_path / "y.jsonl").write_text('{"format":"queue-alert-recording","version":1}\n')
    assert RECORDING.describe(tmp_path / "y")["duration_s"] == 0.0


def test_unknown_marks_and_events_are_counted(tmp_path: Path) -> None:
    lines: list[dict[str, object] | str] = [
        START,
        {"t": 1.0, "ev": "paused"},
        {"t": 1.0, "event": {"type": "contact.eaten"}},
        {"t": 1.0, "event": 7},
        {"t": 1.0, "something": "new"},
        "",
    ]
    assert read(write(tmp_path, lines, data=None)) == (
        [RecordedMark(0.0, "connected")],
        [
            (Skipped.BAD_VALUE, "mark of the index"),
            (Skipped.BAD_VALUE, "event of the index"),
            (Skipped.BAD_VALUE, "event of the index"),
        ],
    )


def test_places_without_raw_bytes_are_counted(tmp_path: Path) -> None:
    assert read(write(tmp_path, [START, place(1.0, 0, 5)], data=None)) == (
        [RecordedMark(0.0, "connected")],
        [BAD_PLACE],
    )


def test_a_line_without_end_is_passed_over_in_bounded_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "LINE_LIMIT", 100)
    path = write(tmp_path, [START, '{"t": 1, "sent": "' + "x" * 950 + '"}', place(2.0, 0, 10)])
    items, skipped = read(path)
    assert items[1:] == [RecordedData(2.0, b"0123456789")]
    assert skipped == [(Skipped.TOO_LONG, "line of the index")]


def test_raw_bytes_that_shrink_while_read_are_counted(tmp_path: Path) -> None:
    path = write(tmp_path, [START, place(1.0, 0, 5), place(2.0, 5, 300_000)], data=b"x" * 300_005)
    skipped: list[tuple[Skipped, str]] = []
    items: Iterator[RecordedItem] = RECORDING.read(path, lambda kind, detail: skipped.append((kind, detail)))
    assert [next(items), next(items)] == [RecordedMark(0.0, "connected"), RecordedData(1.0, b"xxxxx")]
    (tmp_path / "x.ami").write_bytes(b"")
    assert sum(len(item.data) for item in items if isinstance(item, RecordedData)) < 300_000
    assert (Skipped.TRUNCATED, "raw bytes") in skipped


# ---- what is none


def test_a_missing_recording_is_named(tmp_path: Path) -> None:
    for name, message in (
        ("x.jsonl", "there is no recording .*/x.jsonl$"),
        ("x.ami", "there is no recording .*/x.ami: neither x.ami.jsonl nor raw bytes$"),
        ("x", "there is no recording .*/x: neither x.jsonl nor raw bytes$"),
    ):
        for use in (RECORDING.describe, lambda path: RECORDING.read(path, lambda _kind, _detail: None)):
            with pytest.raises(QueueAlertError, match=message):
                use(tmp_path / name)


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    for text in ("", "hello\n", '{"a": 1}\n', "[1, 2]\n", "\x00\x01"):
        (tmp_path / "x.jsonl").write_text(text)
        with pytest.raises(QueueAlertError, match=r"x.jsonl is not a recording: its first line is"):
            RECORDING.describe(tmp_path / "x.jsonl")


def test_a_recording_of_a_later_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text('{"format": "queue-alert-recording", "version": 2}\n')
    with pytest.raises(QueueAlertError) as caught:
        RECORDING.describe(tmp_path / "x.jsonl")
    assert str(caught.value) == (
        f"{tmp_path}/x.jsonl is queue-alert-recording version 2; "
        f"this program reads queue-alert-recording version {index.VERSION}"
    )


def test_a_recording_without_its_raw_bytes_is_refused(tmp_path: Path) -> None:
    with RECORDING.writer(tmp_path / "x", translator="asterisk", started_at=0.0):
        pass
    (tmp_path / "x.asterisk").unlink()
    with pytest.raises(QueueAlertError, match=r"x\.jsonl lacks its raw bytes, x\.asterisk$"):
        RECORDING.describe(tmp_path / "x")


def test_a_folder_is_no_recording(tmp_path: Path) -> None:
    (tmp_path / "x.ami").mkdir()
    with pytest.raises(QueueAlertError, match=r"there is no recording"):
        RECORDING.describe(tmp_path / "x.ami")


def test_files_that_may_not_be_read_are_told(tmp_path: Path) -> None:
    path = write(tmp_path, [START])
    (tmp_path / "x.ami").unlink()
    items = RECORDING.read(path, lambda _kind, _detail: None)
    path.unlink()
    with pytest.raises(QueueAlertError, match=r"x\.jsonl cannot be read: No such file or directory$"):
        next(items)


def test_a_name_that_no_system_takes_is_told(tmp_path: Path) -> None:
    with pytest.raises(QueueAlertError, match=r"xxx\.jsonl cannot be read: File name too long$"):
        RECORDING.describe(tmp_path / ("x" * 300 + ".jsonl"))
