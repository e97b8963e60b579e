"""What can happen to a disk and a file: nothing is raised, it is said once, and little is lost."""

import asyncio
import ctypes
import os
import shutil
import sqlite3
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from queue_alert.app.store import AttemptKnownError, Confirmation, Loaded, Store, records
from queue_alert.app.store import store as store_module
from queue_alert.app.store import writer as writer_module
from queue_alert.app.store.database import (
    MOST_SET_ASIDE,
    StoreTrouble,
    Trouble,
    connect,
    set_aside,
    trouble_of,
)
from queue_alert.core.alerts import AttemptState
from tests.app.store import made
from tests.app.store.conftest import Open, ShortPauses, until
from tests.app.store.test_store import OVERRIDE, SILENCE, column

NOBODY = 65534
GARBAGE = b"This was a store until the card lost its mind. " * 3000


class Disk:
    """A disk that a test fills, or has fail."""

    def __init__(self) -> None:
        self.pages = 100_000
        self.error: sqlite3.Error | None = None
        self.fails_at = "COMMIT"
        self.is_done_first = False
        self.held_up = threading.Event()
        self.held_up.set()
        self.connections: list[sqlite3.Connection] = []

    def connect(self, uri: str) -> sqlite3.Connection:
        connection = sqlite3.connect(uri, uri=True, timeout=0.1, isolation_level=None, factory=OnDisk)
        assert isinstance(connection, OnDisk)
        connection.disk = self
        return connection


class OnDisk(sqlite3.Connection):
    """A connection to a file on such a disk."""

    disk: Disk

    def execute(self, *words: Any) -> sqlite3.Cursor:
        """Do it, or fail as the disk does."""
        disk = self.disk
        text = str(words[0])
        if text.startswith("BEGIN"):
            super().execute(f"PRAGMA max_page_count = {disk.pages}").fetchall()
            disk.held_up.wait(5)
        if disk.error is not None and text.startswith(disk.fails_at):
            if disk.is_done_first:
                super().execute(*words)
            raise disk.error
        return super().execute(*words)


def fails(code: int, text: str) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError(text)
    error.sqlite_errorcode = code
    return error


@pytest.fixture
def disk() -> Disk:
    """A disk that works."""
    return Disk()


@contextmanager
def as_nobody() -> Iterator[None]:
    """Have threads that are begun now be subject to permissions, where the tests run as root."""
    libc = ctypes.CDLL(None)
    before = libc.setfsuid(NOBODY if os.geteuid() == 0 else os.geteuid())
    try:
        yield
    finally:
        libc.setfsuid(before)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that also nobody can reach."""
    made_folder = Path(tempfile.mkdtemp())
    if os.geteuid() == 0:
        os.chown(made_folder, NOBODY, NOBODY)
    yield made_folder
    made_folder.chmod(0o700)
    shutil.rmtree(made_folder)


# ---- full, broken


async def test_a_full_disk_is_said_once_and_what_it_had_no_room_for_is_written_later(
    begin: Open, make: Callable[..., Store], disk: Disk, path: Path
) -> None:
    said: list[str] = []
    store = await begin(connect=disk.connect, report=said.append)
    await store.commit_intent(made.attempt(1))
    disk.pages = 1
    for number in range(200):
        store.note(made.entry(float(number), what="x" * 500))
    store.save_alert(made.alert())
    assert await store.commit_intent(made.attempt(2)) is Confirmation.IN_MEMORY
    await until(lambda: len(said) == 1)
    assert await store.commit_intent(made.attempt(3)) is Confirmation.IN_MEMORY
    assert await store.confirm_acknowledgement(made.acknowledgement()) is Confirmation.IN_MEMORY
    assert store.fault == (
        f"{path}: the disk is full; make room; since 1970-01-01 00:33:20 UTC; in memory only: 204"
    )
    assert store.fault_since == 2000.0
    assert len(await store.history(0.0)) == 200
    # Some attempts later it is still said once only.
    await asyncio.sleep(0.15)
    assert said == [f"{path}: the disk is full; make room"]
    disk.pages = 100_000
    await until(lambda: store.fault == "")
    assert said == [f"{path}: the disk is full; make room", ""]
    assert [store.fault_since, store.unwritten, store.dropped] == [None, 0, 0]
    assert await store.commit_intent(made.attempt(4)) is Confirmation.ON_DISK
    assert len(await store.history(0.0)) == 200
    await store.close()
    loaded = await make().load()
    assert [attempt.key.number for attempt in loaded.attempts] == [1, 2, 3, 4]
    assert (loaded.alerts, loaded.acknowledgements) == ((made.alert(),), (made.acknowledgement(),))


async def test_a_key_is_refused_also_while_the_disk_is_full(begin: Open, disk: Disk) -> None:
    store = await begin(connect=disk.connect)
    disk.error = fails(sqlite3.SQLITE_FULL, "database or disk is full")
    assert await store.commit_intent(made.attempt()) is Confirmation.IN_MEMORY
    with pytest.raises(Exception, match="was made before"):
        await store.commit_intent(made.attempt())


async def test_a_disk_that_fails_after_it_wrote_makes_nothing_twice(
    begin: Open, make: Callable[..., Store], disk: Disk, path: Path
) -> None:
    said: list[str] = []
    store = await begin(connect=disk.connect, report=said.append)
    disk.error, disk.is_done_first = fails(sqlite3.SQLITE_IOERR | 4 << 8, "disk I/O error"), True
    store.note(made.entry())
    assert await store.commit_intent(made.attempt()) is Confirmation.IN_MEMORY
    await store.confirm_acknowledgement(made.acknowledgement())
    await until(lambda: bool(said))
    store.finish_attempt(made.attempt(state=AttemptState.BUSY))
    disk.error = None
    await until(lambda: store.fault == "")
    assert said == [
        f"{path}: the disk cannot be read or written; look at it with dmesg (disk I/O error)",
        "",
    ]
    assert await store.history(0.0) == [made.entry()]
    await store.close()
    assert await make().load() == Loaded(
        attempts=(made.attempt(state=AttemptState.BUSY),), acknowledgements=(made.acknowledgement(),)
    )


async def test_memory_is_bounded_while_the_disk_fails(
    begin: Open, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (records.HISTORY.most, records.ATTEMPTS.most, records.INTERVALS.most) == (10_000, 10_000, 10_000)
    monkeypatch.setattr(records.HISTORY, "most", 700)
    store = await begin(connect=disk.connect)
    disk.error = fails(sqlite3.SQLITE_IOERR, "disk I/O error")
    store.save_alert(made.alert())
    await store.commit_intent(made.attempt())
    await until(lambda: store.fault != "")
    for number in range(750):
        store.note(made.entry(float(number)))
        store.save_alert(made.alert(number))
    await until(lambda: store.fault.endswith("; in memory only: 702; let go: 50"))
    disk.error = None
    await until(lambda: store.fault == "", within=10.0)
    assert [entry.at for entry in await store.history(0.0, most=20_000)] == [
        float(number) for number in range(50, 750)
    ]


async def test_a_disk_that_hangs_keeps_nobody_waiting(begin: Open, disk: Disk, path: Path) -> None:
    said: list[str] = []
    store = await begin(connect=disk.connect, patience_s=0.05, report=said.append)
    disk.held_up.clear()
    assert await store.commit_intent(made.attempt()) is Confirmation.IN_MEMORY
    assert store.fault == f"{path}: the disk has not answered for 0.05 s; in memory only: 1"
    assert await store.commit_intent(made.attempt(2)) is Confirmation.IN_MEMORY
    disk.held_up.set()
    await until(lambda: store.fault == "")
    assert said == [f"{path}: the disk has not answered for 0.05 s", ""]
    assert store.unwritten == 0


async def test_a_disk_that_hangs_at_the_start_keeps_nobody_waiting_either(
    begin: Open, make: Callable[..., Store], monkeypatch: pytest.MonkeyPatch, disk: Disk
) -> None:
    store = await begin()
    store.save_alert(made.alert())
    await store.close()
    monkeypatch.setattr(store_module, "LOAD_S", 0.05)
    hung = threading.Event()

    def connect(uri: str) -> sqlite3.Connection:
        hung.wait(5)
        return disk.connect(uri)

    late: list[Loaded] = []
    said: list[str] = []
    again = make(connect=connect, late=late.append, report=said.append)
    assert (await again.load()).alerts == ()
    assert again.fault.endswith("the disk has not answered for 5 s; in memory only: 0")
    hung.set()
    await until(lambda: said[-1:] == [""])
    assert late == [Loaded(alerts=(made.alert(),))]


async def test_pauses_grow_until_it_is_over_and_a_fault_of_another_kind_is_said(
    begin: Open, disk: Disk, path: Path
) -> None:
    class Counted(ShortPauses):
        asked = 0
        resets = 0

        def next_delay(self) -> float:
            self.asked += 1
            return super().next_delay()

        def reset(self) -> None:
            self.resets += 1

    pauses, said = Counted(), list[str]()
    store = await begin(connect=disk.connect, pauses=pauses, report=said.append)
    disk.error = fails(sqlite3.SQLITE_FULL, "database or disk is full")
    await store.commit_intent(made.attempt())
    await until(lambda: pauses.asked >= 3)
    disk.error = fails(sqlite3.SQLITE_IOERR, "disk I/O error")
    await until(lambda: len(said) == 2)
    assert pauses.resets == 0
    disk.error = None
    await until(lambda: pauses.resets == 1)
    await until(lambda: len(said) == 3)
    assert [words.removeprefix(f"{path}: ")[:20] for words in said] == [
        "the disk is full; ma",
        "the disk cannot be r",
        "",
    ]


async def test_a_fault_of_our_own_is_said_and_logged(
    begin: Open, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, path: Path
) -> None:
    store = await begin()
    broken = True

    def prune(*_words: object) -> int:
        if broken:
            raise RuntimeError("ours")
        return 0

    monkeypatch.setattr(writer_module, "prune", prune)
    store._writer._prune_at = 0.0
    assert await store.commit_intent(made.attempt()) is Confirmation.ON_DISK
    await until(lambda: store.fault != "")
    assert store.fault.startswith(f"{path}: RuntimeError; see the log; since ")
    assert "RuntimeError: ours" in caplog.text
    broken = False
    await until(lambda: store.fault == "")


async def test_a_file_that_cannot_be_read_at_the_start_is_read_late(
    begin: Open, make: Callable[..., Store], disk: Disk
) -> None:
    store = await begin()
    store.save_alert(made.alert())
    await store.close()
    disk.error, disk.fails_at = fails(sqlite3.SQLITE_IOERR, "disk I/O error"), "SELECT record"
    late: list[Loaded] = []
    again = make(connect=disk.connect, late=late.append)
    assert (await again.load()).alerts == ()
    again.save_alert(made.alert(group="support"))
    again.note(made.entry())
    assert await again.history(0.0) == [made.entry()]
    disk.error = None
    await until(lambda: again.fault == "")
    assert late == [Loaded(alerts=(made.alert(),))]
    await again.close()
    assert (await make().load()).alerts == (made.alert(), made.alert(group="support"))


async def test_an_attempt_that_is_not_held_any_more_is_still_refused(
    begin: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records.ATTEMPTS, "held", 3)
    store = await begin()
    for number in range(1, 6):
        await store.commit_intent(made.attempt(number))
    assert len(store._backlog._held["attempts"]) == 3
    for number in range(1, 6):
        with pytest.raises(AttemptKnownError):
            await store.commit_intent(made.attempt(number))


# ---- not allowed, locked


async def test_a_file_that_may_not_be_written_is_still_read(folder: Path, begin: Open) -> None:
    path = folder / "store.db"
    with as_nobody():
        store = await begin(path=path)
    store.save_alert(made.alert())
    await store.commit_intent(made.attempt())
    await store.close()
    allow(folder, may_write=False)
    said: list[str] = []
    with as_nobody():
        again = Store(path, clock=store._writer._clock, pauses=ShortPauses(), report=said.append)
        loaded = await again.load()
    assert (loaded.alerts, loaded.interrupted) == ((made.alert(),), (made.key(),))
    assert await again.commit_intent(made.attempt(2)) is Confirmation.IN_MEMORY
    assert again.fault.startswith(
        f"{path}: it may not be written; look at its owner, and whether the disk is mounted read-only; since "
    )
    allow(folder, may_write=True)
    await until(lambda: again.fault == "")
    assert len(said) == 2
    await again.close()
    states = await asyncio.to_thread(column, path, "SELECT state FROM attempts ORDER BY number")
    assert states == ["unknown", "dialling"]


def close_off(folder: Path) -> None:
    """Leave a folder to nobody, who may not write into it."""
    (folder / "store.db.lock").touch()
    if os.geteuid() == 0:
        for file in folder.iterdir():
            os.chown(file, NOBODY, NOBODY)
    folder.chmod(0o500)


def allow(folder: Path, *, may_write: bool) -> None:
    for file in folder.iterdir():
        file.chmod(0o600 if may_write else 0o400)
    folder.chmod(0o700 if may_write else 0o500)


async def test_a_folder_that_is_not_there_is_waited_for(begin: Open, tmp_path: Path) -> None:
    path = tmp_path / "later" / "store.db"
    late: list[Loaded] = []
    store = await begin(path=path, late=late.append)
    assert store.fault.startswith(
        f"{path}: it cannot be opened; is its folder there, and may this user write to it?; since "
    )
    await store.commit_intent(made.attempt())
    await asyncio.to_thread(path.parent.mkdir)
    await until(lambda: store.fault == "")
    await until(lambda: late == [Loaded()])
    assert await asyncio.to_thread(column, path, "SELECT state FROM attempts") == ["dialling"]


async def test_a_file_that_another_program_holds_is_waited_for(begin: Open, path: Path) -> None:
    store = await begin(connect=Disk().connect)
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    await asyncio.to_thread(other.execute, "BEGIN IMMEDIATE")
    assert await store.commit_intent(made.attempt()) is Confirmation.IN_MEMORY
    await until(lambda: store.fault.startswith(f"{path}: another program holds it locked; since "))
    await asyncio.to_thread(other.execute, "ROLLBACK")
    other.close()
    await until(lambda: store.fault == "")
    assert store.unwritten == 0


async def test_a_second_monitor_has_no_part_in_the_file_until_the_first_ends(
    begin: Open, make: Callable[..., Store], monkeypatch: pytest.MonkeyPatch, path: Path
) -> None:
    monkeypatch.setattr(writer_module, "_OTHERS_END_S", 0.0)
    first = await begin()
    await first.commit_intent(made.attempt(1))
    late: list[Loaded] = []
    second = make(late=late.append)
    words = f"{path}: another Queue Alert that is running has it; stop one, or give each its own"
    assert await second.load() == Loaded(notes=(words,))
    assert second.fault.startswith(f"{words}; since ")
    # Of the same name in both: what is in memory is newer.
    await second.commit_intent(made.attempt(1, at=1700.0))
    await first.commit_intent(made.attempt(2))
    await first.close()
    await until(lambda: late != [])
    assert late[0].interrupted == (made.key(1), made.key(2))
    await until(lambda: second.fault == "")
    rows = "SELECT state || ' ' || at FROM attempts ORDER BY number"
    assert await asyncio.to_thread(column, path, rows) == ["dialling 1700.0", "unknown 1000.0"]


async def test_a_monitor_that_is_about_to_end_is_waited_for_at_the_start(
    begin: Open, make: Callable[..., Store]
) -> None:
    first = await begin()
    first.save_alert(made.alert())
    second = make()
    async with asyncio.TaskGroup() as group:
        load = group.create_task(second.load(), name="load")
        await asyncio.sleep(0.2)
        await first.close()
    assert load.result().alerts == (made.alert(),)


# ---- damaged, deleted, replaced


async def test_a_damaged_file_is_moved_aside_whole_and_a_new_one_begun(
    make: Callable[..., Store], path: Path
) -> None:
    await asyncio.to_thread(path.write_bytes, GARBAGE)
    said: list[str] = []
    store = make(report=said.append)
    loaded = await store.load()
    aside = path.with_name("store.db.damaged-19700101T003320Z")
    words = f"{path}: it is damaged: not a database; it was moved to {aside}, and a new one begun"
    assert loaded == Loaded(notes=(f"{path}: it is damaged: not a database",))
    await until(lambda: said == [words, ""])
    assert await asyncio.to_thread(aside.read_bytes) == GARBAGE
    assert await store.commit_intent(made.attempt()) is Confirmation.ON_DISK


async def test_what_can_be_read_of_a_damaged_file_is_kept(
    begin: Open, make: Callable[..., Store], path: Path
) -> None:
    store = await begin()
    store.save_alert(made.alert())
    store.save_silence(SILENCE)
    await store.commit_intent(made.attempt())
    await store.confirm_acknowledgement(made.acknowledgement())
    for number in range(1000):
        store.note(made.entry(float(number)))
    await store.close()
    # The last pages hold history alone.
    await asyncio.to_thread(spoil, path, -8)
    loaded = await make().load()
    assert loaded.notes[0].startswith(f"{path}: it is damaged (")
    assert (loaded.alerts, loaded.silences) == ((made.alert(),), (SILENCE,))
    assert loaded.interrupted == (made.key(),)
    assert loaded.acknowledgements == (made.acknowledgement(),)


async def test_what_was_saved_of_a_damaged_file_is_in_the_new_one(
    begin: Open, make: Callable[..., Store], path: Path
) -> None:
    store = await begin()
    store.save_alert(made.alert())
    await store.confirm_acknowledgement(made.acknowledgement())
    for number in range(1000):
        store.note(made.entry(float(number)))
    await store.close()
    await asyncio.to_thread(spoil, path, -8)
    again = await begin()
    await again.close()
    assert await make().load() == Loaded(alerts=(made.alert(),), acknowledgements=(made.acknowledgement(),))


async def test_a_file_that_is_damaged_in_use_is_replaced_by_what_is_held(
    begin: Open, make: Callable[..., Store], disk: Disk, path: Path
) -> None:
    said: list[str] = []
    store = await begin(connect=disk.connect, report=said.append)
    store.save_alert(made.alert())
    store.save_override(OVERRIDE)
    await store.commit_intent(made.attempt())
    # In a process of its own: to close a handle here would give up the locks of this one.
    command = f"import pathlib; pathlib.Path({str(path)!r}).write_bytes({GARBAGE[:200]!r} * 200)"
    await asyncio.to_thread(subprocess.run, ["python3", "-c", command], check=True)
    disk.error = fails(sqlite3.SQLITE_CORRUPT, "database disk image is malformed")
    assert await store.commit_intent(made.attempt(2)) is Confirmation.IN_MEMORY
    disk.error = None
    await until(lambda: said[-1:] == [""])
    assert said[0] == f"{path}: it is damaged"
    assert said[1].startswith(f"{path}: it is damaged: not a database; it was moved to {path}.damaged-")
    await store.close()
    loaded = await make().load()
    assert (loaded.alerts, loaded.overrides) == ((made.alert(),), (OVERRIDE,))
    assert loaded.interrupted == (made.key(1), made.key(2))


async def test_a_disk_that_damages_every_file_is_not_filled_with_them(
    make: Callable[..., Store], path: Path
) -> None:
    for number in range(MOST_SET_ASIDE):
        await asyncio.to_thread(path.write_bytes, GARBAGE)
        await asyncio.to_thread(set_aside, path, "damaged", float(number // 2))
    await asyncio.to_thread(path.write_bytes, GARBAGE)
    store = make()
    loaded = await store.load()
    words = (
        f"{path}: it is damaged again, and 10 such files lie beside it; replace the disk, and move them away"
    )
    assert loaded == Loaded(notes=(f"{path}: it is damaged: not a database",))
    await until(lambda: store.fault.startswith(words))
    assert await asyncio.to_thread(path.read_bytes) == GARBAGE
    names = await asyncio.to_thread(lambda: sorted(file.name for file in path.parent.iterdir()))
    assert names[:3] == [
        "store.db",
        "store.db.damaged-19700101T000000Z",
        "store.db.damaged-19700101T000000Z-2",
    ]


async def test_a_file_that_is_deleted_in_use_is_written_anew_with_all_that_was_in_it(
    begin: Open, make: Callable[..., Store], path: Path
) -> None:
    said: list[str] = []
    store = await begin(report=said.append)
    store.note(made.entry())
    await store.commit_intent(made.attempt(1))
    await asyncio.to_thread(path.unlink)
    await store.commit_intent(made.attempt(2))
    await until(lambda: said[-1:] == [""])
    assert said == [f"{path}: it was deleted or replaced while in use, and was written anew", ""]
    assert await store.history(0.0) == [made.entry()]
    await store.close()
    assert len((await make().load()).attempts) == 2
    names = await asyncio.to_thread(lambda: {file.name for file in path.parent.iterdir()})
    assert names == {"store.db", "store.db-wal", "store.db-shm", "store.db.lock"}


async def test_a_file_that_was_put_in_its_place_is_moved_aside(
    begin: Open, make: Callable[..., Store], path: Path
) -> None:
    said: list[str] = []
    store = await begin(report=said.append)
    await store.commit_intent(made.attempt(1))
    other = path.with_name("other")
    await asyncio.to_thread(other.write_bytes, GARBAGE)
    await asyncio.to_thread(other.rename, path)
    await store.commit_intent(made.attempt(2))
    await until(lambda: said[-1:] == [""])
    aside = path.with_name("store.db.replaced-19700101T003320Z")
    assert said[0].endswith(f"written anew; what is in its place is {aside}".replace("is in", "was in"))
    assert await asyncio.to_thread(aside.read_bytes) == GARBAGE
    await store.close()
    assert len((await make().load()).attempts) == 2


async def test_a_folder_that_is_deleted_and_made_again_gets_what_is_held(
    begin: Open, make: Callable[..., Store], tmp_path: Path
) -> None:
    path = tmp_path / "there" / "store.db"
    await asyncio.to_thread(path.parent.mkdir)
    said: list[str] = []
    store = await begin(path=path, report=said.append)
    store.save_alert(made.alert())
    await store.commit_intent(made.attempt(1))
    await asyncio.to_thread(shutil.rmtree, path.parent)
    assert await store.commit_intent(made.attempt(2)) is Confirmation.IN_MEMORY
    await until(lambda: store.fault != "")
    assert "it was deleted or replaced while in use, and could not be written anew" in said[0]
    await asyncio.to_thread(path.parent.mkdir)
    await until(lambda: store.fault == "")
    await store.close()
    loaded = await make(path=path).load()
    assert loaded.alerts == (made.alert(),)
    assert [attempt.key.number for attempt in loaded.attempts] == [1, 2]


async def test_a_damaged_file_in_a_folder_that_may_not_be_written_stays_where_it_is(
    folder: Path, make: Callable[..., Store]
) -> None:
    path = folder / "store.db"
    await asyncio.to_thread(path.write_bytes, GARBAGE)
    await asyncio.to_thread(close_off, folder)
    with as_nobody():
        store = make(path=path)
        await store.load()
    await until(lambda: store.fault.startswith(f"{path}: it may not be written; look at its owner"))
    await store.close()
    assert await asyncio.to_thread(path.read_bytes) == GARBAGE


async def test_another_store_that_was_put_in_its_place_while_it_was_closed_gets_what_is_held(
    begin: Open, make: Callable[..., Store], disk: Disk, path: Path
) -> None:
    older = await begin(path=path.with_name("older.db"))
    older.save_alert(made.alert(1))
    older.save_silence(SILENCE)
    await older.close()
    store = await begin(connect=disk.connect)
    store.save_alert(made.alert(7))
    await store.commit_intent(made.attempt(1, 7))
    disk.error = fails(sqlite3.SQLITE_IOERR, "disk I/O error")
    await store.commit_intent(made.attempt(2, 7))
    await until(lambda: store.fault != "")
    await asyncio.to_thread(older._path.replace, path)
    disk.error = None
    await until(lambda: store.fault == "")
    await store.close()
    loaded = await make().load()
    assert loaded.alerts == (made.alert(7),)
    assert loaded.silences == (SILENCE,)
    assert [attempt.key.number for attempt in loaded.attempts] == [1, 2]


# ---- not ours


async def test_a_file_of_a_newer_version_is_left_as_it_is(make: Callable[..., Store], path: Path) -> None:
    before = await asyncio.to_thread(
        make_file, path, "PRAGMA application_id = 0x51414C54", "PRAGMA user_version = 99"
    )
    store = make()
    words = (
        f"{path} was written by a newer Queue Alert (version 99, this one knows 1) and is left as it is; "
        "install that one again, or name another file at store.path"
    )
    assert await store.load() == Loaded(notes=(words,))
    assert store.fault.startswith(f"{words}; since ")
    assert await store.commit_intent(made.attempt()) is Confirmation.IN_MEMORY
    await store.close()
    assert await asyncio.to_thread(path.read_bytes) == before


async def test_another_programs_file_is_left_as_it_is(make: Callable[..., Store], path: Path) -> None:
    before = await asyncio.to_thread(make_file, path, "CREATE TABLE songs (name)")
    store = make()
    words = f"{path} is another program's database and is left as it is; name another file at store.path"
    assert await store.load() == Loaded(notes=(words,))
    await store.close()
    assert await asyncio.to_thread(path.read_bytes) == before


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (OSError(28, "No space left on device"), Trouble.FULL),
        (OSError(30, "Read-only file system"), Trouble.FORBIDDEN),
        (OSError(5, "Input/output error"), Trouble.BROKEN),
        (fails(sqlite3.SQLITE_READONLY_DBMOVED, "moved"), Trouble.FORBIDDEN),
        (fails(sqlite3.SQLITE_BUSY_SNAPSHOT, "busy"), Trouble.LOCKED),
        (fails(sqlite3.SQLITE_CORRUPT_VTAB, "malformed"), Trouble.DAMAGED),
        (sqlite3.OperationalError("no such table: alerts"), Trouble.BROKEN),
        (StoreTrouble(Trouble.GONE, "gone"), Trouble.GONE),
    ],
)
def test_every_error_has_a_meaning(error: Exception, kind: Trouble) -> None:
    assert trouble_of(error, Path("store.db")).kind is kind


def make_file(path: Path, *statements: str) -> bytes:
    connection = connect(f"{path.as_uri()}?mode=rwc")
    for statement in statements:
        connection.execute(statement)
    connection.close()
    return path.read_bytes()


def spoil(path: Path, page: int) -> None:
    content = bytearray(path.read_bytes())
    at = len(content) + page * 4096
    content[at : at + 4096] = os.urandom(4096)
    path.write_bytes(content)
