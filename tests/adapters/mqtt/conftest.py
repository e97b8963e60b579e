"""A broker for a test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.services.mosquitto import Mosquitto, mosquitto


@pytest_asyncio.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Mosquitto]:
    """A broker that asks for nothing."""
    folder = tmp_path / "mosquitto"
    folder.mkdir()
    async with mosquitto(folder, persistent=True) as running:
        yield running
