"""What a power cut may leave: the journal as it was at a confirmation, and some of what came after."""

import asyncio
import os
import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from queue_alert.app.store import Confirmation, Store
from tests.app.store import made
from tests.app.store.conftest import Open


def copy(folder: Path, target: Path) -> None:
    """Copy a live file and its journal, in a process of its own: it would give up the locks of this one."""
    target.mkdir()
    names = [str(folder / name) for name in ("store.db", "store.db-wal")]
    subprocess.run(["cp", *names, str(target)], check=True)


def tear(before: Path, after: Path, target: Path, chance: random.Random) -> Path:
    """Make what a power cut might leave: the later journal cut off anywhere, its end as noise or zeros."""
    shutil.copytree(before, target)
    first, later = ((folder / "store.db-wal").read_bytes() for folder in (before, after))
    assert later.startswith(first)
    cut = chance.randint(len(first), len(later))
    noise = chance.choice((b"", bytes(4096), chance.randbytes(4096)))
    (target / "store.db-wal").write_bytes(later[:cut] + noise)
    return target / "store.db"


async def test_a_torn_journal_holds_all_that_was_confirmed(
    begin: Open, make: Callable[..., Store], tmp_path: Path
) -> None:
    seed = int.from_bytes(os.urandom(4), "big")
    chance = random.Random(seed)
    before, after = tmp_path / "before", tmp_path / "after"
    store = await begin()
    for number in range(1, 6):
        store.save_alert(made.alert(reason=str(number)))
        assert await store.commit_intent(made.attempt(number)) is Confirmation.ON_DISK
        assert await store.confirm_acknowledgement(made.acknowledgement()) is Confirmation.ON_DISK
    await asyncio.to_thread(copy, tmp_path, before)
    for number in range(6, 10):
        store.save_alert(made.alert(reason=str(number)))
        await store.commit_intent(made.attempt(number))
    await asyncio.to_thread(copy, tmp_path, after)
    for number in range(20):
        path = await asyncio.to_thread(tear, before, after, tmp_path / f"torn{number}", chance)
        torn = make(path=path)
        loaded = await torn.load()
        await torn.close()
        tried = [attempt.key.number for attempt in loaded.attempts]
        assert tried == list(range(1, len(tried) + 1)), seed
        assert len(tried) >= 5, seed
        assert [alert.reason for alert in loaded.alerts] == [str(len(tried))], seed
        assert (len(loaded.acknowledgements), loaded.notes) == (5, ()), seed
