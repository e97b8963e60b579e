"""Whatever has happened to a recording's index: no byte of the raw data is lost, and nothing raises."""

import json
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from adapters.recording.format import RECORDING
from queue_alert.core.errors import QueueAlertError
from queue_alert.ports import RecordedData, RecordedItem, Skipped

RAW = bytes(range(256)) * 4
HEADER = b'{"format":"queue-alert-recording","version":1,"translator":"asterisk","started_at":1.0}\n'

NUMBER = st.integers(-(10**20), 10**20) | st.integers(0, 1100)
LINE = st.one_of(
    st.fixed_dictionaries({"t": st.floats(-1, 100), "off": NUMBER, "len": NUMBER}).map(json.dumps),
    st.fixed_dictionaries({"t": st.floats(-1, 100), "ev": st.sampled_from(["connected", "x"])}).map(
        json.dumps
    ),
    st.fixed_dictionaries({"t": st.floats(-1, 100), "event": st.dictionaries(st.text(), st.integers())}).map(
        json.dumps
    ),
    st.text(st.characters(codec="utf-8"), max_size=40),
)


def read(folder: Path) -> tuple[list[RecordedItem], list[tuple[Skipped, str]]]:
    skipped: list[tuple[Skipped, str]] = []
    items = list(RECORDING.read(folder / "x", lambda kind, detail: skipped.append((kind, detail))))
    return items, skipped


@given(st.lists(LINE, max_size=30), st.binary(max_size=30))
def test_every_byte_comes_once_and_in_order(lines: list[str], tail: bytes) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "x.asterisk").write_bytes(RAW)
        (folder / "x.jsonl").write_bytes(HEADER + "\n".join(lines).encode() + b"\n" + tail)
        items, _ = read(folder)
        assert RECORDING.describe(folder / "x")["duration_s"] >= 0.0
    assert b"".join(item.data for item in items if isinstance(item, RecordedData)) == RAW
    times = [item.at for item in items]
    assert times == sorted(times)


@given(st.binary(max_size=200))
def test_a_file_of_anything_is_read_or_refused(index: bytes) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "x.jsonl").write_bytes(index)
        with suppress(QueueAlertError):
            read(folder)


@given(st.integers(0, 2000))
def test_a_recording_cut_anywhere_reads_up_to_there(length: int) -> None:
    lines = [json.dumps({"t": float(at), "off": at * 16, "len": 16}) for at in range(64)]
    index = HEADER + "\n".join(lines).encode()
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "x.asterisk").write_bytes(RAW)
        (folder / "x.jsonl").write_bytes(index[: len(HEADER) + length])
        items, skipped = read(folder)
    assert b"".join(item.data for item in items if isinstance(item, RecordedData)) == RAW
    assert {kind for kind, _ in skipped} <= {Skipped.TRUNCATED}
