import json
import signal
import subprocess
import time
from pathlib import Path

import pytest

from queue_alert.app.cli import main
from queue_alert.app.recorder import Recorder
from queue_alert.core.events import AcdEvent, FeedState, FeedStatusChanged
from queue_alert.core.units import FeedName
from tests.app.fakes import FixedClock
from tests.app.test_cli import CONFIG, program


class Lines:
    """A writer that keeps what it is given."""

    def __init__(self) -> None:
        self.kept: list[tuple[object, ...]] = []

    def connected(self, at: float) -> None:
        self.kept.append(("connected", at))

    def disconnected(self, at: float) -> None:
        self.kept.append(("disconnected", at))

    def received(self, at: float, data: bytes) -> None:
        self.kept.append(("received", at, data))

    def sent(self, at: float, text: str) -> None:
        self.kept.append(("sent", at, text))

    def event(self, at: float, event: AcdEvent) -> None:
        self.kept.append(("event", at, event))


EVENT = FeedStatusChanged(id="a", source=FeedName("pbx"), time=1000.0, state=FeedState.LIVE)


def test_the_wire_is_kept_with_its_times_and_what_was_made_of_it_beside_it() -> None:
    clock, lines = FixedClock(1000.0), Lines()
    recorder = Recorder(lines, clock=clock, started_at=1000.0)  # type: ignore[arg-type]
    recorder.connected()
    clock.time = 1001.5
    recorder.sent("Action: Login")
    recorder.received(b"Response: Success")
    recorder.submit(EVENT)
    clock.time = 999.0
    recorder.disconnected()
    assert lines.kept == [
        ("connected", 0.0),
        ("sent", 1.5, "Action: Login"),
        ("received", 1.5, b"Response: Success"),
        ("event", 1.5, EVENT),
        ("disconnected", 0.0),
    ]
    assert recorder.describe() == "1 event, 17 bytes in 1 read"


def test_a_feed_of_events_has_no_bytes_beside_them() -> None:
    clock, lines = FixedClock(1002.0), Lines()
    recorder = Recorder(lines, clock=clock, started_at=1000.0)  # type: ignore[arg-type]
    recorder.submit(EVENT)
    assert lines.kept == [("event", 2.0, EVENT)]
    assert recorder.describe() == "1 event"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration with a simulated floor."""
    path = tmp_path / "config.toml"
    path.write_text(CONFIG.replace('"simulator"', '"simulator"\nspeed = 200.0'), encoding="utf-8")
    return path


def test_a_feed_that_is_not_configured_is_one_sentence(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["record", "pbx", "-c", str(config), "-o", "x.jsonl"]) == 1
    assert capsys.readouterr().err == 'queue-alert: the configuration has no feed "pbx"; it has: floor\n'


@pytest.mark.process
def test_what_was_recorded_for_a_while_can_be_replayed(config: Path, tmp_path: Path) -> None:
    target = tmp_path / "floor.jsonl"
    words = ["record", "floor", "-c", str(config), "-o", str(target), "--seconds", "1.5"]
    done = subprocess.run(program(*words), capture_output=True, text=True, timeout=20, check=False)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.splitlines()[-1].startswith(f"{target}: ")
    assert done.stderr.splitlines()[-1].endswith(" events")
    replayed = subprocess.run(
        program("replay", str(target), "--json"), capture_output=True, text=True, timeout=20, check=True
    )
    final = json.loads(replayed.stdout.splitlines()[-1])
    assert final["final"] is True
    assert {"sales", "support"} <= set(final["groups"])


@pytest.mark.process
def test_ctrl_c_ends_a_recording_that_is_whole(config: Path, tmp_path: Path) -> None:
    target = tmp_path / "floor.jsonl"
    with subprocess.Popen(
        program("record", "floor", "-c", str(config), "-o", str(target)), stderr=subprocess.PIPE, text=True
    ) as process:
        _await_file(target)
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()
    for line in target.read_text(encoding="utf-8").splitlines():
        json.loads(line)


def _await_file(path: Path) -> None:
    for _ in range(200):
        if path.exists():
            return
        time.sleep(0.05)
    raise AssertionError(path)


def test_an_existing_file_is_not_overwritten(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "floor.jsonl"
    target.write_text("kept", encoding="utf-8")
    assert main(["record", "floor", "-c", str(config), "-o", str(target)]) == 1
    assert target.read_text(encoding="utf-8") == "kept"
    assert str(target) in capsys.readouterr().err
