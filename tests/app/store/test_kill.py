"""``kill -9`` at every statement that the store gives to SQLite, and at random instants.

What a process wrote survives its death, if not the machine's: that what was confirmed is synchronised is the
business of ``test_store``. ``STORE_KILLS=500`` makes the long version.
"""

import os
import random
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from queue_alert.app.store import Acknowledgement
from queue_alert.core.alerts import Alert, Attempt, AttemptState
from tests.app.store import made

KILLS = int(os.environ.get("STORE_KILLS", "0"))
ROUNDS = 3


class Victims:
    """The program that is killed, time and again."""

    def __init__(self, program: subprocess.Popen[str]) -> None:
        self._program = program
        self.kills = 0

    def live(self, folder: Path, life: int, rounds: int, kind: str, value: float) -> str:
        """Have one life lived and return how it ended."""
        assert self._program.stdin is not None
        assert self._program.stdout is not None
        self._program.stdin.write(f"{folder} {life} {rounds} {kind} {value}\n")
        self._program.stdin.flush()
        end = self._program.stdout.readline().strip()
        self.kills += end == "killed"
        return end


@pytest.fixture
def victims() -> Iterator[Victims]:
    """Start the program."""
    root = Path(__file__).parents[3]
    with subprocess.Popen(
        [sys.executable, "-m", "tests.app.store.writing"],
        cwd=root,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as program:
        yield Victims(program)
        assert program.stdin is not None
        program.stdin.close()
        assert program.wait(10) == 0


@pytest.mark.process
@pytest.mark.timeout(0)
def test_killed_at_every_statement_from_a_new_file_on(victims: Victims, tmp_path: Path) -> None:
    step = 1 if KILLS else 5
    first = random.randint(1, step)
    for statement in range(first, 1000, step):
        folder = tmp_path / str(statement)
        folder.mkdir()
        end = victims.live(folder, 1, ROUNDS, "statement", statement)
        check(folder, 1, ROUNDS)
        # And whatever it left, the next one begins on it, and its first words are still true.
        assert victims.live(folder, 2, 1, "never", 0) == "ended 0"
        check(folder, 2, 1)
        if end == "ended 0":
            break
    assert end == "ended 0"
    assert victims.kills >= 50 // step
    print(f"survived {victims.kills} kills at statements, each on a new file")  # noqa: T201 (shown by pytest -s)


@pytest.mark.process
@pytest.mark.timeout(0)
def test_killed_at_every_statement_of_one_file(victims: Victims, tmp_path: Path) -> None:
    step = 1 if KILLS else 5
    life = 0
    for statement in range(random.randint(1, step), 1000, step):
        life += 1
        end = victims.live(tmp_path, life, ROUNDS, "statement", statement)
        check(tmp_path, life, ROUNDS)
        if end == "ended 0":
            break
    assert end == "ended 0"
    assert victims.kills >= 30 // step
    print(f"survived {victims.kills} kills at statements of one file")  # noqa: T201 (shown by pytest -s)


@pytest.mark.process
@pytest.mark.timeout(0)
def test_killed_at_random_instants(victims: Victims, tmp_path: Path) -> None:
    chance = random.Random()
    lives = KILLS or 10
    for life in range(1, lives + 1):
        victims.live(tmp_path, life, 1000, "seconds", chance.uniform(0.0, 0.25))
        check(tmp_path, life, 1000)
    assert victims.kills == lives
    print(f"survived {victims.kills} kills at random instants")  # noqa: T201 (shown by pytest -s)


def check(folder: Path, life: int, rounds: int) -> None:
    """Hold the file against what the process said it had confirmed before it died."""
    said_file = folder / "said"
    said = said_file.read_text(encoding="utf-8").splitlines() if said_file.exists() else []
    said_file.unlink(missing_ok=True)
    assert not [line for line in said if line.endswith("in-memory")]
    numbers = {kind: [int(line.split()[1]) for line in said if line.startswith(kind)] for kind in ("i", "a")}
    path = folder / "store.db"
    if not path.exists():
        assert said == []
        return
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        if connection.execute("PRAGMA user_version").fetchone() == (0,):
            assert connection.execute("SELECT * FROM sqlite_schema").fetchall() == []
            assert said == []
            return
        _check_attempts(connection, life, rounds, numbers["i"], is_loaded="loaded" in said)
        rows = connection.execute("SELECT record FROM acknowledgements WHERE generation = ?", (life,))
        kept = [msgspec.json.decode(row[0], type=Acknowledgement) for row in rows.fetchall()]
        possible = [made.acknowledgement(f"ann{number}", life) for number in range(1, rounds + 1)]
        # As many as were confirmed, or the one more that was under way: each whole, none twice.
        assert sorted(kept, key=possible.index) == possible[: len(kept)]
        assert len(kept) - len(numbers["a"]) in {0, 1}
    finally:
        connection.close()


def _check_attempts(
    connection: sqlite3.Connection, life: int, rounds: int, confirmed: list[int], *, is_loaded: bool
) -> None:
    rows = connection.execute("SELECT record FROM attempts ORDER BY generation, number").fetchall()
    every = [msgspec.json.decode(row[0], type=Attempt) for row in rows]
    assert len({attempt.key for attempt in every}) == len(every)
    if is_loaded:
        earlier = [attempt for attempt in every if attempt.key.generation < life]
        assert AttemptState.DIALLING not in {attempt.state for attempt in earlier}
    kept = [attempt for attempt in every if attempt.key.generation == life]
    for number, attempt in enumerate(kept, 1):
        assert attempt in {
            made.attempt(number, life),
            made.attempt(number, life, state=AttemptState.BUSY),
        }
    assert confirmed == list(range(1, len(confirmed) + 1))
    assert len(kept) - len(confirmed) in {0, 1}
    assert len(kept) <= rounds
    if kept:
        (row,) = connection.execute("SELECT record FROM alerts").fetchall()
        alert = msgspec.json.decode(row[0], type=Alert)
        assert (alert.generation, int(alert.reason) - len(kept) in {0, 1}) == (life, True)
