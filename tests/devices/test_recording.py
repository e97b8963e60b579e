"""The output that remembers."""

import logging
import threading
from pathlib import Path
from typing import Final

import msgspec
import pytest

from devices import recording
from devices.recording import DRIVER, RecordingOptions, RecordingOutput, Shown
from queue_alert.ports import ConfigProblem, DriverError, OutputContext
from tests.devices.helpers import EPOCH, FakeClock

OFF: Final = {"lamp": "off"}
ON: Final = {"lamp": "#ffb000"}


def lines_of(path: Path) -> list[object]:
    return [msgspec.json.decode(line) for line in path.read_bytes().splitlines()]


def test_the_timeline_keeps_what_was_shown_and_when() -> None:
    clock = FakeClock()
    output = RecordingOutput(clock)
    output.open()
    clock.instant += 1.0
    output.write(ON)
    clock.instant += 0.25
    output.close()
    assert output.timeline == [Shown(EPOCH, OFF), Shown(EPOCH + 1.0, ON), Shown(EPOCH + 1.25, OFF)]


def test_the_timeline_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "TIMELINE_LIMIT", 3)
    output = RecordingOutput(FakeClock())
    output.open()
    for _ in range(5):
        output.write(ON)
    assert output.timeline == [Shown(EPOCH, ON)] * 3


@pytest.mark.parametrize("is_recoverable", [True, False])
def test_it_fails_when_told_to_until_it_is_healed(is_recoverable: bool) -> None:
    output = RecordingOutput(FakeClock())
    output.open()
    output.fail("pin 17 burnt", recoverable=is_recoverable)
    with pytest.raises(DriverError, match="pin 17 burnt") as caught:
        output.write(ON)
    assert caught.value.recoverable is is_recoverable
    output.close()
    with pytest.raises(DriverError, match="pin 17 burnt"):
        output.open()
    output.heal()
    output.open()
    output.write(ON)
    assert [shown.lamps for shown in output.timeline] == [OFF, OFF, OFF, ON]


def test_a_file_gets_a_line_for_every_change(tmp_path: Path) -> None:
    path = tmp_path / "lamp.jsonl"
    options = RecordingOptions(path=str(path))
    output = DRIVER.create(options, OutputContext(name="log", clock=FakeClock()))
    assert isinstance(output, RecordingOutput)
    output.open()
    output.write(ON)
    output.flush()
    assert lines_of(path) == [{"at": EPOCH, "lamps": OFF}, {"at": EPOCH, "lamps": ON}]
    output.close()


def test_a_file_is_closed_dark_and_appended_to_later(tmp_path: Path) -> None:
    path = tmp_path / "lamp.jsonl"
    for _ in range(2):
        output = RecordingOutput(FakeClock(), path=path)
        output.open()
        file = output._file
        assert file is not None
        output.close()
        file.flush()
    assert lines_of(path) == [{"at": EPOCH, "lamps": OFF}] * 4


def test_flushing_without_a_file_does_nothing() -> None:
    RecordingOutput(FakeClock()).flush()


def test_a_full_file_is_left_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "lamp.jsonl"
    output = RecordingOutput(FakeClock(), path=path, most_lines=2)
    output.open()
    file = output._file
    assert file is not None
    for _ in range(4):
        output.write(ON)
    output.close()
    file.flush()
    assert len(lines_of(path)) == 2
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [
        (logging.WARNING, f"lamp recording is full path={path}")
    ]


def test_a_file_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    output = RecordingOutput(FakeClock(), path=tmp_path / "missing" / "lamp.jsonl")
    with pytest.raises(
        DriverError, match=r"lamp\.jsonl: cannot be written \(No such file or directory\)"
    ) as caught:
        output.open()
    assert not caught.value.recoverable


def test_a_disk_that_fails_later_is_a_fault_of_the_output() -> None:
    output = RecordingOutput(FakeClock(), path=Path("/dev/full"))
    output.open()
    file = output._file
    assert file is not None
    with pytest.raises(OSError, match="No space left"):
        file.flush()
    with pytest.raises(DriverError, match=r"/dev/full: cannot be written \(\[Errno 28\]"):
        output.write(ON)
    output.close()


def test_a_disk_that_is_too_slow_is_a_fault_of_the_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "_MAX_BACKLOG", 3)
    output = RecordingOutput(FakeClock(), path=tmp_path / "lamp.jsonl")
    output.open()
    output.flush()
    file = output._file
    assert file is not None
    disk = threading.Event()
    file._worker.submit(disk.wait)
    for _ in range(3):
        output.write(ON)
    with pytest.raises(DriverError, match="3 lines wait to be written; the disk is too slow"):
        output.write(ON)
    output.close()
    disk.set()


def test_a_limit_of_lines_must_be_positive() -> None:
    assert DRIVER.check(RecordingOptions(most_lines=0)) == [
        ConfigProblem(path="most_lines", message="must be > 0, got 0")
    ]
