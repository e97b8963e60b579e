"""One loop that is closed at the end, for the plug-in that would otherwise make one and lose it."""

import asyncio
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True, scope="session")
def current_loop() -> Iterator[None]:
    """Set a current event loop: pytest-asyncio asks for it, and asking creates one that nobody closes."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield
    asyncio.set_event_loop(None)
    loop.close()
