"""Parts of one connection's work, of which the first to end ends the others."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from queue_alert.broker.words import BrokerError

__all__ = ["first_of"]


async def first_of(*parts: Coroutine[Any, Any, None]) -> None:
    """Run the parts together until one of them ends or fails; the others are cancelled.

    Raises:
        BaseException: What the first of them raised; one that is no :data:`BrokerError` comes first.
    """
    errors: list[Exception] = []
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(_end(part, errors), name=f"mqtt {getattr(part, '__name__', 'part')}")
                for part in parts
            ]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()
    finally:
        for part in parts:
            part.close()
    for error in sorted(errors, key=lambda error: isinstance(error, BrokerError)):
        raise error


async def _end(part: Coroutine[Any, Any, None], errors: list[Exception]) -> None:
    try:
        await part
    except Exception as error:  # noqa: BLE001 - raised again by whoever started it, without a group around it
        errors.append(error)
