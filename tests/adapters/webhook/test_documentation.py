"""What the pages say is what the program does."""

import asyncio
import contextlib
import os
import re
import tomllib
from pathlib import Path

import pytest

from adapters.webhook.options import WebhookOptions
from queue_alert.app.config.load import build_setup
from queue_alert.app.registry import Registry
from queue_alert.core.events import (
    ContactLeft,
    ContactQueued,
    FeedHeartbeat,
    FeedStatusChanged,
    GroupSnapshotTaken,
)
from tests.adapters.webhook.posts import TOKEN, Recorder, listening

DOCS = Path(__file__).parents[3] / "docs"
REFERENCE = DOCS / "reference" / "feed-webhook.md"
PAGES = [REFERENCE, DOCS / "how-to" / "connect-twilio.md", DOCS / "how-to" / "connect-amazon-connect.md"]
OUTPUT = {"outputs": {"screen": {"driver": "virtual"}}, "timezone": "UTC"}


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_configuration_is_sound(page: Path) -> None:
    (example,) = blocks(page, "toml")
    setup = build_setup(
        {**tomllib.loads(example), **OUTPUT}, file="config.toml", base=Path(), registry=Registry()
    )
    assert setup.warnings == ()
    assert [feed.driver_name for feed in setup.feeds] == ["webhook"]


def test_every_option_is_described_with_its_default() -> None:
    text = REFERENCE.read_text(encoding="utf-8").partition("## Options")[2]
    assert [name for name in WebhookOptions.__struct_fields__ if f"`{name}`" not in text] == []
    plain = {"listen": '"127.0.0.1:9470"', "max_body": "1048576", "max_events": "1000", "max_age": '"5m"',
             "max_rate": "100", "max_connections": "32", "request_timeout": '"10s"', "silence": '"30m"',
             "give_up": '"24h"', "path": '"/events"', "token_header": '"Authorization"'}  # fmt: skip
    assert [name for name, value in plain.items() if f"| `{name}` | `{value}` |" not in text] == []
    defaults = WebhookOptions()
    assert (defaults.max_age, defaults.request_timeout, defaults.silence, defaults.give_up) == (
        300,
        10,
        1800,
        86400,
    )


@pytest.mark.process
async def test_the_examples_post_what_they_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUEUE_ALERT_HOOK_TOKEN", TOKEN)
    monkeypatch.setenv("QUEUE_ALERT_HOOK_SECRET", "shared secret")
    recorder = Recorder()
    said = []
    async with listening(recorder) as url:
        for script in blocks(REFERENCE, "bash"):
            shell = await asyncio.create_subprocess_exec(
                "bash", "-euo", "pipefail", "-c", script,
                env={**os.environ, "URL": url, "TOKEN": TOKEN, "SECRET": "shared secret"},
                stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            )  # fmt: skip
            try:
                async with asyncio.timeout(10):
                    out, _ = await shell.communicate()
            finally:
                with contextlib.suppress(ProcessLookupError):
                    shell.kill()
            assert shell.returncode == 0, out
            said.append(out)
    kinds = [type(event) for event in recorder.events if not isinstance(event, FeedStatusChanged)]
    assert kinds == [ContactQueued, GroupSnapshotTaken, GroupSnapshotTaken, FeedHeartbeat, ContactLeft]
    assert said == [b'{"taken":1,"refused":0,"wants":"group.snapshot"}', b"", b"", b""]
    assert recorder.states() == ["syncing", "live", "down"]
    assert recorder.skipped == []
