"""A program that writes into a store and is killed: not a test, but what the tests of kill -9 kill.

It reads orders from standard input, one a line: ``FOLDER LIFE ROUNDS KIND VALUE``. For each it forks a
process that lives one life on the store in the folder: it begins, then in each round saves an alert, commits
an intent, says so, keeps what became of it, confirms an acknowledgement, says so. It is killed before the
statement of SQLite number VALUE (KIND ``statement``), after VALUE seconds (``seconds``), or not (``never``).
What it said is in ``FOLDER/said``. The answer to each order is a line: ``killed``, or ``ended`` and the exit
code where it came to its own end.
"""

import asyncio
import os
import signal
import sqlite3
import sys
import time
from pathlib import Path
from typing import Any

from queue_alert.app.clock import SteadyClock
from queue_alert.app.store import Store
from queue_alert.core.alerts import AttemptState
from tests.app.store import made


class DoomedConnection(sqlite3.Connection):
    """A connection whose process dies before a certain statement."""

    statements_left = 0

    def execute(self, *words: Any) -> sqlite3.Cursor:
        """Die, or do it."""
        DoomedConnection.statements_left -= 1
        if DoomedConnection.statements_left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().execute(*words)


def connect(uri: str) -> sqlite3.Connection:
    return sqlite3.connect(uri, uri=True, isolation_level=None, factory=DoomedConnection)


async def live(folder: Path, life: int, rounds: int) -> None:
    store = Store(folder / "store.db", clock=SteadyClock(), connect=connect)
    await store.load()
    say("loaded")
    for number in range(1, rounds + 1):
        store.save_alert(made.alert(generation=life, reason=str(number)))
        say(f"intent {number} {await store.commit_intent(made.attempt(number, life))}")
        store.finish_attempt(made.attempt(number, life, state=AttemptState.BUSY))
        store.note(made.entry(float(number)))
        done = await store.confirm_acknowledgement(made.acknowledgement(f"ann{number}", life))
        say(f"acknowledgement {number} {done}")
    await store.close()
    say("closed")


def say(text: str) -> None:
    """Say it in one write, so that it is there whole once it was said."""
    os.write(1, f"{text}\n".encode())


def obey(order: str) -> None:
    """Have one life lived, and say how it ended."""
    folder, life, rounds, kind, value = order.split()
    child = os.fork()
    if child == 0:
        os.dup2(os.open(Path(folder) / "said", os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), 1)
        DoomedConnection.statements_left = int(value) if kind == "statement" else 0
        asyncio.run(live(Path(folder), int(life), int(rounds)))
        os._exit(0)
    if kind == "seconds":
        time.sleep(float(value))
        os.kill(child, signal.SIGKILL)
    _pid, status = os.waitpid(child, 0)
    say("killed" if os.WIFSIGNALED(status) else f"ended {os.waitstatus_to_exitcode(status)}")


if __name__ == "__main__":
    for line in sys.stdin:
        obey(line)
