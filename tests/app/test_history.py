"""``queue-alert history``: read out of a real store."""

import asyncio
import time
from pathlib import Path

import pytest

from queue_alert.app.cli import main
from queue_alert.app.store import HistoryEntry, Store
from queue_alert.core.alerts import AlertId, RuleName
from queue_alert.core.units import GroupName
from tests.app.fakes import FixedClock

CONFIG = """
timezone = "UTC"
[feeds.acd]
driver = "simulator"
[outputs.lamp]
driver = "virtual"
"""
CROWD = AlertId(RuleName("crowd"), GroupName("sales"))
OTHER = AlertId(RuleName("other"), GroupName("sales"))


def write(path: Path, *entries: HistoryEntry) -> None:
    async def keep() -> None:
        store = Store(path, clock=FixedClock(time.time()))
        await store.load()
        for entry in entries:
            store.note(entry)
        await store.close()

    asyncio.run(keep())


def asked(folder: Path, *words: str, config: str = CONFIG + '[store]\npath = "store.db"\n') -> int:
    file = folder / "config.toml"
    file.write_text(config)
    return main(["history", "--config", str(file), *words])


def test_what_happened_is_told_the_oldest_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    now = time.time()
    write(
        tmp_path / "store.db",
        HistoryEntry(at=now - 90_000, alert=CROWD, generation=1, what="fired", words="waiting 9 >= 5"),
        HistoryEntry(at=now - 60, alert=CROWD, generation=2, what="fired", words="waiting 6 >= 5"),
        HistoryEntry(at=now - 50, alert=OTHER, generation=1, what="fired"),
        HistoryEntry(at=now - 40, alert=CROWD, generation=2, what="acknowledged", by="anna"),
    )
    assert asked(tmp_path, "crowd") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line[21:] for line in lines] == [
        "crowd/sales #2  fired  waiting 6 >= 5",
        "crowd/sales #2  acknowledged  by anna",
    ]
    assert asked(tmp_path, "--since", "2d") == 0
    assert len(capsys.readouterr().out.splitlines()) == 4
    assert asked(tmp_path, "nothing") == 0
    assert capsys.readouterr().out == "nothing has happened in the last 24h\n"


def test_what_cannot_be_read_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert asked(tmp_path, config=CONFIG) == 1
    assert capsys.readouterr().err.endswith("config.toml has no [store]: nothing is kept\n")
    assert asked(tmp_path) == 1
    assert "store.db cannot be read: " in capsys.readouterr().err
    (tmp_path / "store.db").write_bytes(b"no database" * 1_000)
    assert asked(tmp_path) == 1
    assert "store.db cannot be read: " in capsys.readouterr().err


def test_a_span_that_is_none_is_wrong_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert asked(tmp_path, "--since", "yesterday") == 2
    assert capsys.readouterr().err == (
        'queue-alert history: --since must be a span such as "2h", got "yesterday"\n'
    )
