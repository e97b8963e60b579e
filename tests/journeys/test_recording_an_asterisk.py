"""A manager connection is recorded by the real program, and replayed to the same figures."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

from tests.adapters.asterisk.manager import SECRET, Line, playing

CONFIG = """
timezone = "UTC"
[feeds.pbx]
driver = "asterisk"
port = {port}
username = "queuealert"
secret_file = "secret"
"""


def said(event: str, **headers: str) -> bytes:
    lines = [f"Event: {event}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


async def busy(line: Line) -> None:
    await line.let_in()
    await line.list_queue(await line.asked())
    one = {"Uniqueid": "1.1", "Queue": "sales", "CallerIDNum": "15550001"}
    two = {"Uniqueid": "1.2", "Queue": "sales", "CallerIDNum": "15550002"}
    await line.say(said("QueueCallerJoin", **one, Position="1", Count="1"))
    await line.say(said("QueueCallerJoin", **two, Position="2", Count="2"))
    await line.say(said("QueueCallerLeave", **one, Position="1", Count="1"))
    await line.say(
        said("AgentConnect", **one, MemberName="Alice", Interface="PJSIP/100", HoldTime="0", RingTime="0")
    )
    await line.until_gone()


async def run(*words: str, folder: Path) -> tuple[int | None, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "queue_alert",
        *words,
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


@pytest.mark.process
async def test_bytes_and_events_stand_side_by_side_and_replay_to_the_same_figures(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SECRET)
    (tmp_path / "secret").chmod(0o600)
    async with playing(busy) as port:
        (tmp_path / "config.toml").write_text(CONFIG.format(port=port))
        words = ["record", "pbx", "-c", "config.toml", "-o", "morning", "--seconds", "2"]
        code, out, err = await run(*words, folder=tmp_path)
    assert (code, out) == (0, "")
    assert "bytes in" in err
    index = [json.loads(line) for line in (tmp_path / "morning.jsonl").read_text().splitlines()]
    kinds = [line["event"]["type"] for line in index if "event" in line]
    assert kinds[:3] == ["feed.status", "group.snapshot", "feed.status"]
    assert kinds[3:7] == ["contact.queued", "contact.queued", "contact.dequeued", "contact.answered"]
    raw = (tmp_path / "morning.asterisk").read_bytes()
    assert b"QueueCallerJoin" in raw
    assert SECRET not in (tmp_path / "morning.jsonl").read_text() + raw.decode()

    code, out, _ = await run("replay", "morning.jsonl", "--json", folder=tmp_path)
    assert code == 0
    final = json.loads(out.splitlines()[-1])["groups"]["sales"]
    assert (final["offered"], final["answered"], final["waiting"]) == (2, 1, 1)
