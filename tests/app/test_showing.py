import os
import pty
import re
import select
import subprocess
from pathlib import Path

import pytest

from queue_alert.app.config import ListenAddress
from queue_alert.app.recordings import open_recording
from queue_alert.app.registry import Registry
from queue_alert.app.showing import recording_setup
from tests.app.test_cli import program

GOLDEN = Path(__file__).parent.parent / "golden" / "asterisk"
ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")


def test_a_recordings_setup_lights_nothing_real_and_keeps_the_groups(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(
        '[groups.sales]\nwindow = "5m"\n'
        '[feeds.pbx]\ndriver = "asterisk"\nusername = "monitor"\n'
        '[outputs.beacon]\ndriver = "gpio-lamp"\npin = 17\n',
        encoding="utf-8",
    )
    registry = Registry()
    recording = open_recording(GOLDEN / "calm.ami", registry=registry)
    setup = recording_setup(recording, config=config, speed=10.0, registry=registry)
    assert [(feed.driver_name, feed.options.speed) for feed in setup.feeds] == [("recording", 10.0)]
    assert [plan.driver_name for plan in setup.outputs] == ["virtual"]
    assert {name: policy.window_s for name, policy in setup.policy.groups.items()} == {"sales": 300.0}
    assert setup.listen == ListenAddress("127.0.0.1", 0)


def test_what_is_known_of_a_recording_is_read_first() -> None:
    recording = open_recording(GOLDEN / "calm.ami", registry=Registry())
    assert (recording.translator, recording.is_timed) == ("asterisk", True)
    assert recording.size == (GOLDEN / "calm.ami").stat().st_size
    assert recording.duration_s > 10


def on_a_terminal(words: list[str], *, until: bytes, keys: bytes) -> tuple[int, bytes]:
    """Run a program on a terminal, press ``keys`` once it has shown ``until``; return exit code and text."""
    terminal, inner = pty.openpty()
    environ = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "30"}
    with subprocess.Popen(
        words, stdin=inner, stdout=inner, stderr=inner, start_new_session=True, env=environ
    ) as process:
        os.close(inner)
        shown, has_pressed = b"", False
        while (piece := _read(terminal)) is not None:
            shown += piece
            if not has_pressed and until in ESCAPES.sub(b"", shown):
                os.write(terminal, keys)
                has_pressed = True
        os.close(terminal)
        return process.wait(10), shown


def _read(terminal: int) -> bytes | None:
    """Return what came within 15 s, or ``None`` when the other end was closed or nothing came."""
    if not select.select([terminal], [], [], 15)[0]:
        return None
    try:
        return os.read(terminal, 65_536)
    except OSError:
        return None


@pytest.mark.process
def test_on_a_terminal_a_recording_is_shown_on_the_wallboard() -> None:
    words = program("replay", str(GOLDEN / "calm.ami"), "--speed", "20")
    code, shown = on_a_terminal(words, until=b"billing", keys=b"q")
    assert code == 0, shown
    assert b"Traceback" not in shown


@pytest.mark.process
def test_the_demonstration_is_shown_on_the_wallboard() -> None:
    code, shown = on_a_terminal(program("demo", "--speed", "10"), until=b"billing", keys=b"q")
    assert code == 0, shown
    assert b"Traceback" not in shown
