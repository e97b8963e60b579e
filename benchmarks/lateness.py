"""How late the lamp is while a large floor is drawn and scraped.

The monitor follows 1,000 groups in which something happens all the time, a wallboard draws them, and somebody
scrapes every second. Every lamp lights up and goes out on a grid of a quarter of a second
(docs/reference/lamp-patterns.md); how long after such an instant it was written to is the lateness. The
same is measured of a process that does nothing but wait, at the same time: so late is the machine itself.
"""

import json
import random
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import msgspec

from benchmarks.programs import free_port, monitor, page, wallboard
from benchmarks.traffic import START

__all__ = ["lateness_s"]

_GRID_S = 0.25
_GROUPS = 1_000
_EVENTS_PER_S = 200
_SETTLE_S = 6.0

_CONFIG = """
timezone = "UTC"
[http]
listen = "127.0.0.1:{port}"
[feeds.floor]
driver = "recording"
path = "{recording}"
[outputs.lamp]
driver = "recording"
path = "{timeline}"
[outputs.tower]
driver = "recording"
kind = "tower"
path = "{timeline}.tower"
"""


_CONTROL = f"""
import time
while True:
    time.sleep({_GRID_S} - time.time() % {_GRID_S})
    print(time.time() % {_GRID_S}, flush=True)
"""


def lateness_s(seconds: float = 60.0) -> tuple[list[float], list[float]]:
    """Return the lateness of every change of the lamp over that many seconds, and the machine's own."""
    with tempfile.TemporaryDirectory() as folder:
        port, home = free_port(), Path(folder)
        recording, timeline, config = home / "floor.jsonl", home / "lamp.jsonl", home / "config.toml"
        _record(recording, seconds + 2 * _SETTLE_S)
        config.write_text(_CONFIG.format(port=port, recording=recording, timeline=timeline))
        stop = threading.Event()
        with monitor(config, port), wallboard(port, columns=200, rows=60):
            stop.wait(_SETTLE_S)
            scraper = threading.Thread(target=_scrape, args=(port, stop))
            control = subprocess.Popen([sys.executable, "-c", _CONTROL], stdout=subprocess.PIPE, text=True)
            scraper.start()
            stop.wait(seconds)
            stop.set()
            scraper.join()
            control.terminate()
            machine = [float(line) for line in control.communicate()[0].splitlines()]
        lines = [json.loads(line) for line in timeline.read_text().splitlines()]
    begin = lines[0]["at"] + _SETTLE_S
    # The last change is the darkness at the end, which waits for nothing.
    return [line["at"] % _GRID_S for line in lines[:-1] if line["at"] >= begin], machine


def _scrape(port: int, stop: threading.Event) -> None:
    while not stop.wait(1.0):
        page(port, "/metrics")


def _record(path: Path, seconds: float) -> None:
    """Write a floor of 1,000 groups on which contacts come and are answered all the time."""
    chance = random.Random(2)
    header = {"format": "queue-alert-recording", "version": 1, "translator": "", "started_at": START}
    waiting: list[tuple[str, str]] = []
    with path.open("wb") as file:
        file.write(msgspec.json.encode(header) + b"\n")
        for number in range(int(seconds * _EVENTS_PER_S)):
            at = number / _EVENTS_PER_S
            group, contact, kind = f"group-{number % _GROUPS:04d}", f"c{number}", "contact.queued"
            if len(waiting) > 40 or (waiting and chance.random() < 0.4):
                group, contact = waiting.pop(0)
                kind = "contact.answered"
            else:
                waiting.append((group, contact))
            event = {
                "type": kind,
                "id": str(number),
                "source": "floor",
                "time": START + at,
                "seq": number + 1,
                "subject": group,
                "contact": contact,
            }
            file.write(msgspec.json.encode({"t": at, "wall": START + at, "event": event}) + b"\n")
