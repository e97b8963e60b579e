"""Stores that are closed whatever happens."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from blockbuster import BlockBuster

from queue_alert.app.store import Store
from tests.app.fakes import FixedClock


class ShortPauses:
    """Pauses between attempts that a test need not wait for."""

    def next_delay(self) -> float:
        return 0.02

    def reset(self) -> None:
        """Do nothing."""


async def until(condition: Callable[[], bool], within: float = 3.0) -> None:
    """Wait for something that threads do."""
    async with asyncio.timeout(within):
        while not condition():  # noqa: ASYNC110 (a thread sets it, which knows no event of the loop)
            await asyncio.sleep(0.01)


Open: TypeAlias = Callable[..., Awaitable[Store]]


@pytest.fixture(autouse=True)
def coverage_may_wait_for_itself(blockbuster: BlockBuster) -> None:
    """Let the lock be that coverage takes in the middle of our code, where another thread is measured too."""
    blockbuster.functions["threading.Lock.acquire"].can_block_in("coverage/collector.py", "lock_data")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the store is."""
    return tmp_path / "store.db"


@pytest.fixture
async def make(path: Path) -> AsyncIterator[Callable[..., Store]]:
    """Make a store that is not begun yet."""
    made: list[Store] = []

    def make(**more: Any) -> Store:
        usual: dict[str, Any] = {"path": path, "clock": FixedClock(2000.0), "pauses": ShortPauses()}
        store = Store(**(usual | more))
        made.append(store)
        return store

    yield make
    for store in made:
        await store.close()


@pytest.fixture
def begin(make: Callable[..., Store]) -> Open:
    """Make a store and begin it."""

    async def begin(**more: Any) -> Store:
        store = make(**more)
        await store.load()
        return store

    return begin
