"""An event socket is recorded by the real program, and replayed to the same figures."""

import json
from pathlib import Path

import pytest

from tests.adapters.freeswitch.server import PASSWORD, Line, playing
from tests.adapters.freeswitch.switch import small_switch
from tests.journeys.test_recording_an_asterisk import run

CONFIG = """
timezone = "UTC"
[feeds.pbx]
driver = "freeswitch"
port = {port}
password_file = "password"
"""
QUEUE = "support@default"
ALICE = "1000@default"


@pytest.mark.process
async def test_bytes_and_events_stand_side_by_side_and_replay_to_the_same_figures(tmp_path: Path) -> None:
    switch = small_switch()

    async def busy(line: Line) -> None:
        await line.let_in()
        await line.lists()
        one, two = switch.join(QUEUE, "+15550001"), switch.join(QUEUE, "+15550002")
        switch.join(QUEUE, "+15550003")
        switch.offer(one, ALICE)
        switch.pick_up(one, ALICE)
        switch.bridge(one, ALICE)
        switch.leave(two)
        await line.say(switch.take())
        await line.go_on()

    (tmp_path / "password").write_text(PASSWORD)
    (tmp_path / "password").chmod(0o600)
    async with playing(busy, switch=switch) as port:
        (tmp_path / "config.toml").write_text(CONFIG.format(port=port))
        words = ["record", "pbx", "-c", "config.toml", "-o", "morning", "--seconds", "2"]
        code, out, err = await run(*words, folder=tmp_path)
    assert (code, out) == (0, ""), err
    index = [json.loads(line) for line in (tmp_path / "morning.jsonl").read_text().splitlines()]
    kinds = [line["event"]["type"] for line in index if "event" in line]
    assert kinds[:4] == ["feed.status", "feed.heartbeat", "group.snapshot", "feed.status"]
    assert [kind for kind in kinds[4:] if kind.startswith("contact.")] == [
        "contact.queued",
        "contact.queued",
        "contact.queued",
        "contact.rung",
        "contact.dequeued",
        "contact.answered",
        "contact.left",
    ]
    raw = (tmp_path / "morning.freeswitch").read_bytes()
    assert b"member-queue-start" in raw
    assert PASSWORD not in (tmp_path / "morning.jsonl").read_text() + raw.decode()

    code, out, err = await run("replay", "morning.jsonl", "--json", folder=tmp_path)
    assert code == 0, err
    final = json.loads(out.splitlines()[-1])["groups"][QUEUE]
    assert (final["offered"], final["answered"], final["abandoned"], final["waiting"]) == (3, 1, 1, 1)
