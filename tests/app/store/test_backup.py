import argparse
import asyncio
import itertools
import os
import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import pytest

from queue_alert.app.commands import backup as command
from queue_alert.app.store import Store
from queue_alert.app.store import backup as backup_module
from queue_alert.app.store.backup import back_up
from queue_alert.core.alerts import Attempt
from queue_alert.core.errors import QueueAlertError
from tests.app.store import made
from tests.app.store.conftest import Open, until
from tests.app.store.test_store import column
from tests.app.store.test_trouble import make_file, spoil


def run(*words: str) -> int:
    parser = argparse.ArgumentParser(prog="queue-alert backup")
    command.COMMAND.arguments(parser)
    return command.COMMAND.run(parser.parse_args(words))


def nobody_looks(_ratio: float) -> None:
    """Take no notice."""


@pytest.fixture
async def filled(begin: Open) -> Store:
    """A store in use that something is in."""
    store = await begin()
    store.save_alert(made.alert())
    for number in range(1000):
        store.note(made.entry(float(number)))
    await store.commit_intent(made.attempt())
    await store.flush()
    return store


async def test_a_live_store_is_copied_whole(
    filled: Store, make: Callable[..., Store], path: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.db"
    ratios: list[float] = []
    size = await asyncio.to_thread(back_up, path, copy, progress=ratios.append)
    names = {file.name for file in await asyncio.to_thread(lambda: list(tmp_path.glob("copy*")))}
    assert names == {"copy.db"}
    found = await asyncio.to_thread(copy.stat)
    assert (found.st_size, found.st_mode & 0o777, found.st_nlink) == (size, 0o600, 1)
    assert ratios == sorted(ratios)
    assert ratios[-1] == 1.0
    assert await filled.commit_intent(made.attempt(2)) == "on-disk"
    loaded = await make(path=copy).load()
    assert (loaded.alerts, loaded.interrupted) == ((made.alert(),), (made.key(1),))


async def test_what_is_written_meanwhile_does_not_tear_the_copy(
    filled: Store, path: Path, tmp_path: Path
) -> None:
    """Each copy holds attempts from 1 to some number, with no hole, however busy the store is."""
    numbers = itertools.count(2)
    is_over = threading.Event()

    async def write() -> None:
        while not is_over.is_set():
            for _ in range(200):
                filled.note(made.entry())
            await filled.commit_intent(made.attempt(next(numbers)))

    async with asyncio.TaskGroup() as group:
        group.create_task(write(), name="write")
        for copy in range(5):
            before = next(numbers)
            await filled.commit_intent(made.attempt(before))
            target = tmp_path / f"{copy}.db"
            await asyncio.to_thread(back_up, path, target, progress=nobody_looks)
            rows = await asyncio.to_thread(column, target, "SELECT record FROM attempts")
            kept = {msgspec.json.decode(str(row), type=Attempt).key.number for row in rows}
            assert before in kept
            # Numbers are drawn by two, so that the last of the copy may stand alone.
            assert set(range(1, max(kept) - 1)) <= kept
        is_over.set()


async def test_the_copy_of_a_store_that_nobody_has_open(filled: Store, path: Path, tmp_path: Path) -> None:
    await filled.close()
    copy = tmp_path / "copy.db"
    await asyncio.to_thread(back_up, path, copy, progress=nobody_looks)
    assert await asyncio.to_thread(column, copy, "SELECT count(*) FROM history") == [1000]


async def test_a_file_that_exists_is_not_overwritten(filled: Store, path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    await asyncio.to_thread(copy.write_bytes, b"older")
    with pytest.raises(QueueAlertError) as refused:
        await asyncio.to_thread(back_up, path, copy, progress=nobody_looks)
    assert (
        str(refused.value) == f"{copy}: exists, and is not overwritten; choose another name or move it away"
    )
    assert await asyncio.to_thread(copy.read_bytes) == b"older"


async def test_a_file_that_comes_meanwhile_is_not_overwritten_either(
    filled: Store, path: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.db"

    def come(_ratio: float) -> None:
        copy.write_bytes(b"came")

    with pytest.raises(QueueAlertError, match="exists, and is not overwritten"):
        await asyncio.to_thread(back_up, path, copy, progress=come)
    assert await asyncio.to_thread(copy.read_bytes) == b"came"
    assert not (await asyncio.to_thread(lambda: list(tmp_path.glob("*.part*"))))


async def test_a_stick_without_links_gets_the_copy_too(
    filled: Store, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_words: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    copy = tmp_path / "copy.db"
    await asyncio.to_thread(back_up, path, copy, progress=nobody_looks)
    assert await asyncio.to_thread(column, copy, "SELECT count(*) FROM history") == [1000]


async def test_a_damaged_store_gives_no_copy(filled: Store, path: Path, tmp_path: Path) -> None:
    await filled.close()
    await asyncio.to_thread(spoil, path, -8)
    with pytest.raises(QueueAlertError, match="is damaged"):
        await asyncio.to_thread(back_up, path, tmp_path / "copy.db", progress=nobody_looks)
    assert not (await asyncio.to_thread(lambda: list(tmp_path.glob("copy*"))))


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("gone/copy.db", "gone/copy.db.part: cannot be made: no such file or directory"),
        ("copy.db", "copy.db.part: cannot be made: file exists"),
    ],
)
async def test_where_it_cannot_be_written_is_said(
    filled: Store, path: Path, tmp_path: Path, target: str, words: str
) -> None:
    part = tmp_path / "copy.db.part"
    await asyncio.to_thread(part.write_bytes, b"another copy is under way")
    with pytest.raises(QueueAlertError) as failed:
        await asyncio.to_thread(back_up, path, tmp_path / target, progress=nobody_looks)
    assert str(failed.value) == f"{tmp_path}/{words}"
    assert await asyncio.to_thread(part.read_bytes) == b"another copy is under way"


def test_a_full_disk_leaves_no_half_copy(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_file(path, "PRAGMA application_id = 0x51414C54", "CREATE TABLE t (x)", "INSERT INTO t VALUES (1)")

    def connect(uri: str) -> sqlite3.Connection:
        connection = sqlite3.connect(uri, uri=True, isolation_level=None)
        if uri.endswith("mode=rw"):
            connection.execute("PRAGMA max_page_count = 1").fetchall()
        return connection

    monkeypatch.setattr(backup_module, "connect", connect)
    with pytest.raises(QueueAlertError, match="the disk is full"):
        back_up(path, tmp_path / "copy.db", progress=nobody_looks)
    assert list(tmp_path.glob("copy*")) == []


def test_what_is_no_store_is_said(path: Path, tmp_path: Path) -> None:
    with pytest.raises(QueueAlertError, match="there is no store; name it with --store"):
        back_up(path, tmp_path / "copy.db", progress=nobody_looks)
    make_file(path, "CREATE TABLE songs (name)")
    with pytest.raises(QueueAlertError, match="is not a store of Queue Alert"):
        back_up(path, tmp_path / "copy.db", progress=nobody_looks)
    path.write_bytes(b"x" * 5000)
    with pytest.raises(QueueAlertError, match="is damaged: not a database"):
        back_up(path, tmp_path / "copy.db", progress=nobody_looks)


# ---- the command


def config(tmp_path: Path, text: str) -> str:
    file = tmp_path / "config.toml"
    file.write_text(text, encoding="utf-8")
    return str(file)


async def test_the_command_finds_the_store_by_the_configuration(
    filled: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await until(lambda: filled.unwritten == 0)
    file = await asyncio.to_thread(config, tmp_path, '[store]\npath = "store.db"\n[feeds.none]\n')
    copy = tmp_path / "copy.db"
    assert await asyncio.to_thread(run, str(copy), "--config", file) == 0
    size = (await asyncio.to_thread(copy.stat)).st_size
    assert capsys.readouterr() == ("", f"{copy}: {size:,} bytes, whole\n")


async def test_the_command_takes_a_store_by_name_too(filled: Store, path: Path, tmp_path: Path) -> None:
    assert await asyncio.to_thread(run, str(tmp_path / "copy.db"), "--store", str(path)) == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[store]\nkeep_history_days = 0", "store.keep_history_days: must be"),
        ("store = 1", "store: must be"),
    ],
)
def test_a_mistake_in_the_configuration_is_said(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        run(str(tmp_path / "copy.db"), "-c", config(tmp_path, text))


def test_progress_is_said_where_somebody_looks(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def tell(ratios: Sequence[float]) -> str:
        progress = command._Progress()
        for ratio in ratios:
            progress.show(ratio)
        progress.wipe()
        return capsys.readouterr().err

    assert tell([0.5, 1.0]) == ""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert tell([0.5, 0.501, 1.0]) == "\r50% \r100% \r     \r"


def test_its_help_teaches() -> None:
    text = command.COMMAND.description
    for words in ("queue-alert backup /media/stick/store.db", "systemctl stop queue-alert", "mv store.db*"):
        assert words in text
