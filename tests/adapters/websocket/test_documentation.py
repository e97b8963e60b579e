"""What the pages say is what the program does."""

import asyncio
import json
import re
import sys
import tomllib
from pathlib import Path

import msgspec
import pytest

from adapters.websocket.options import WebSocketOptions
from queue_alert.app.config import build_setup
from queue_alert.app.registry import Registry
from queue_alert.core.events import ContactQueued, GroupSnapshotTaken
from queue_alert.protocol.feed_socket import (
    Heartbeat,
    Hello,
    SnapshotRequest,
    Start,
    Synced,
    client_decoder,
    server_decoder,
)
from tests.adapters.websocket.helpers import Bench
from tests.adapters.websocket.live import Listening

DOCS = Path(__file__).parents[3] / "docs"
REFERENCE = DOCS / "reference" / "feed-websocket.md"
HOW_TO = DOCS / "how-to" / "connect-websocket.md"
ANOTHER = DOCS / "how-to" / "connect-another-acd.md"
TINY = DOCS / "examples" / "tiny_acd.py"


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


def test_every_message_in_the_reference_is_one() -> None:
    kinds = []
    for text in blocks(REFERENCE, "json"):
        is_clients = json.loads(text)["type"] in {"start", "snapshot.request"}
        word = (client_decoder() if is_clients else server_decoder()).decode(text)
        kinds.append(type(word))
        assert set(json.loads(text)) == set(json.loads(msgspec.json.encode(word)))
    assert kinds == [
        Hello,
        Start,
        Start,
        Synced,
        GroupSnapshotTaken,
        Synced,
        ContactQueued,
        Heartbeat,
        SnapshotRequest,
    ]


def test_the_messages_in_the_reference_are_a_conversation() -> None:
    hello, start, _, _, snapshot, synced, queued, heartbeat, _ = blocks(REFERENCE, "json")
    bench = Bench()
    said = bench.hear(hello, snapshot, synced, queued, heartbeat)
    assert [word for word in said if isinstance(word, str)] == ["syncing", "live"]
    assert (bench.skipped, bench.sent) == ([], [client_decoder().decode(start)])


def test_every_option_is_described_with_its_default() -> None:
    text = HOW_TO.read_text(encoding="utf-8")
    assert [name for name in WebSocketOptions.__struct_fields__ if f"| `{name}` |" not in text] == []
    options = WebSocketOptions(url="")
    assert f'| `ping` | `"{options.ping:g}s"`' in text
    assert f"| `max_message` | `{options.max_message}`" in text


@pytest.mark.parametrize("page", [HOW_TO, ANOTHER], ids=lambda page: page.stem)
def test_the_examples_are_sound_configurations(page: Path) -> None:
    (example,) = blocks(page, "toml")
    setup = build_setup(tomllib.loads(example), file="config.toml", base=Path(), registry=Registry())
    assert setup.warnings == ()
    assert [feed.driver_name for feed in setup.feeds] == ["websocket"]


@pytest.mark.parametrize("page", [REFERENCE, HOW_TO, ANOTHER], ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if "://" not in link and not (page.parent / link).exists()] == []


@pytest.mark.process
async def test_the_tiny_acd_is_one() -> None:
    lines = await asyncio.to_thread(TINY.read_text, encoding="utf-8")
    assert len(lines.splitlines()) < 120
    assert "queue_alert" not in lines
    acd = await asyncio.create_subprocess_exec(
        sys.executable, str(TINY), "0", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    assert acd.stdout is not None
    try:
        async with asyncio.timeout(10):
            url = (await acd.stdout.readline()).decode().strip()
        listening = Listening(url)
        async with listening.running() as connection:
            await listening.until(lambda: len(listening.contacts) >= 3)
            acd.terminate()
            assert "was lost without a word" in str(await connection)
    finally:
        if acd.returncode is None:
            acd.kill()
        _, errors = await acd.communicate()
    assert listening.skipped == []
    assert listening.states == ["syncing", "live"]
    assert [said["subject"] for said in listening.said if isinstance(said, dict)][:2] == ["sales", "support"]
    assert errors == b""
