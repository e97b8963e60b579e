"""The real program: started, signalled, looked at from outside."""

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from tests.app.test_cli import program

pytestmark = pytest.mark.process

CONFIG = """
timezone = "UTC"
[http]
listen = "127.0.0.1:0"
[feeds.floor]
driver = "{feed}"
{options}
[outputs.lamp]
driver = "recording"
path = "{lamps}"
"""

# The signal comes while the loop is free; then a driver blocks it.
STUCK = """
import asyncio, sys, time
from queue_alert.app.process import run_until_signal

class Stuck:
    def stop(self):
        pass

    def darken(self):
        print("dark", flush=True)

    async def run(self, ready):
        ready(0)
        await asyncio.sleep(1)
        time.sleep(60)

sys.exit(run_until_signal(Stuck(), lambda port: print("ready", flush=True)))
"""

QUICK = """
import gc, sys
from queue_alert.app.process import run_until_signal

class Quick:
    async def run(self, ready):
        ready(0)

sys.exit(run_until_signal(Quick(), lambda port: print(gc.get_freeze_count() > 10_000, flush=True)))
"""

LISTENING = re.compile(r"http=listening url=(http://\S+/)\n")


class Program:
    """A running monitor."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.log = ""
        assert process.stderr is not None
        while (found := LISTENING.search(self.log)) is None:
            line = process.stderr.readline()
            assert line, self.log
            self.log += line
        self.url = found[1]

    def get(self, path: str) -> tuple[int, bytes]:
        try:
            with urlopen(self.url + path, timeout=5) as answer:  # noqa: S310 (our own server)
                return answer.status, answer.read()
        except HTTPError as error:
            with error:
                return error.code, error.read()

    def await_health(self, status: int) -> dict[str, object]:
        """Ask for the health until it is as said; the feed connects when it does."""
        for _ in range(200):
            found, body = self.get("healthz")
            if found == status:
                health: dict[str, object] = json.loads(body)
                return health
            time.sleep(0.05)
        raise AssertionError(body)

    def end(self, number: signal.Signals) -> tuple[int, float]:
        """Send a signal; return exit code and how long the end took."""
        assert self.process.stderr is not None
        began = time.monotonic()
        self.process.send_signal(number)
        code = self.process.wait(10)
        took = time.monotonic() - began
        self.log += self.process.stderr.read()
        return code, took


@contextmanager
def monitor(folder: Path, *, feed: str = "simulator", options: str = "") -> Iterator[Program]:
    path = folder / "config.toml"
    path.write_text(CONFIG.format(feed=feed, options=options, lamps=folder / "lamps.jsonl"), encoding="utf-8")
    with subprocess.Popen(program("run", "-c", str(path)), stderr=subprocess.PIPE, text=True) as process:
        try:
            yield Program(process)
        finally:
            process.kill()


def lamps(folder: Path) -> list[dict[str, str]]:
    lines = (folder / "lamps.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["lamps"] for line in lines]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_well_and_dark_within_two_seconds(tmp_path: Path, number: signal.Signals) -> None:
    with monitor(tmp_path) as running:
        running.await_health(200)
        code, took = running.end(number)
    assert code == 0
    assert took < 5.0
    assert f"signal={number.name} stopping=true" in running.log
    assert "Traceback" not in running.log
    assert lamps(tmp_path)[-1] == {"lamp": "off"}


def test_pages_are_served_by_the_real_program(tmp_path: Path) -> None:
    with monitor(tmp_path) as running:
        assert running.await_health(200)["problems"] == []
        status, body = running.get("metrics")
        assert status == 200
        assert b"acd_contacts_waiting{" in body
        assert running.get("nope")[0] == 404


def test_a_feed_that_cannot_connect_leaves_the_rest_alive(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("x", encoding="utf-8")
    secret.chmod(0o600)
    options = f'host = "127.0.0.1"\nport = 1\nusername = "monitor"\nsecret_file = "{secret}"'
    with monitor(tmp_path, feed="asterisk", options=options) as running:
        health = running.await_health(503)
        assert health["status"] == "degraded"
        assert running.get("metrics")[0] == 200
        assert running.end(signal.SIGTERM)[0] == 0
    assert "Traceback" not in running.log


def test_a_port_that_is_taken_is_one_sentence(tmp_path: Path) -> None:
    with monitor(tmp_path) as running:
        port = running.url.rstrip("/").rpartition(":")[2]
        other = tmp_path / "other.toml"
        text = (tmp_path / "config.toml").read_text(encoding="utf-8")
        other.write_text(text.replace("127.0.0.1:0", f"127.0.0.1:{port}"), encoding="utf-8")
        done = subprocess.run(
            program("run", "-c", str(other)), capture_output=True, text=True, timeout=20, check=False
        )
    assert done.returncode == 1
    assert done.stderr == (
        f"queue-alert: http.listen: cannot listen on 127.0.0.1:{port}: address already in use; "
        "is another monitor running? choose another port\n"
    )


def test_the_collector_is_spared_what_was_there_at_the_start() -> None:
    done = subprocess.run([sys.executable, "-c", QUICK], check=True, capture_output=True, text=True)
    assert done.stdout == "True\n"


def test_a_driver_that_hangs_does_not_keep_it_alive_nor_the_lamps_lit() -> None:
    with subprocess.Popen([sys.executable, "-c", STUCK], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        code = process.wait(10)
        assert process.stdout.read() == "dark\n"
    assert code == 1
