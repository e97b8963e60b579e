"""A feed that listens, and ways to post to it."""

import asyncio
import contextlib
import io
import time
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from adapters.webhook.feed import WebhookFeed
from adapters.webhook.options import WebhookOptions
from queue_alert.core.events import AcdEvent, FeedStatusChanged
from queue_alert.core.units import Instant
from queue_alert.ports import FeedContext, Skipped

TOKEN = "a-token-of-some-length"  # noqa: S105 - nothing secret
BEARER = {"Authorization": f"Bearer {TOKEN}"}
STRUCTURED = {"Content-Type": "application/cloudevents+json"}
BATCH = {"Content-Type": "application/cloudevents-batch+json"}
SOON_S = 5.0


class Recorder:
    """What a feed said, with a clock that can be set."""

    def __init__(self) -> None:
        self.at: Instant | None = None
        self.events: list[AcdEvent] = []
        self.skipped: list[tuple[Skipped, str]] = []
        self.on_event: Callable[[AcdEvent], None] = lambda _event: None
        self._changed = asyncio.Event()

    def now(self) -> Instant:
        return time.time() if self.at is None else self.at

    def submit(self, event: AcdEvent) -> None:
        self.events.append(event)
        self._changed.set()
        self.on_event(event)

    def skip(self, kind: Skipped, detail: str) -> None:
        self.skipped.append((kind, detail))

    def states(self) -> list[str]:
        return [event.state.value for event in self.events if isinstance(event, FeedStatusChanged)]

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for what the feed's events bring about."""
        async with asyncio.timeout(SOON_S):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    def feed(self, *, base: Path = Path(), **options: Any) -> WebhookFeed:
        return WebhookFeed(
            WebhookOptions(**{"listen": "127.0.0.1:0", **options}),
            FeedContext(
                name="hook",
                clock=self,
                skipped=self.skip,
                translator=_never,
                recording=_never,
                base=base,
            ),
        )


@contextlib.asynccontextmanager
async def listening(
    recorder: Recorder, *, base: Path = Path(), scheme: str = "http", **options: Any
) -> AsyncIterator[str]:
    """Run a feed and give the URL to post to; a mistake of the feed's comes out."""
    feed = recorder.feed(base=base, **options)
    task = asyncio.create_task(feed.run(recorder.submit))
    try:
        waiting = asyncio.create_task(recorder.until(lambda: recorder.states() != []))
        await asyncio.wait([task, waiting], return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if task.done():
            task.result()
        assert feed.address is not None
        yield f"{scheme}://127.0.0.1:{feed.address[1]}{options.get('path', '/events')}"
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def post(url: str, body: Any, headers: Mapping[str, str] | None = None, **more: Any) -> tuple[int, Any]:
    """Post bytes, or something that becomes JSON; return the status and what was said."""
    data = io.BytesIO(body) if isinstance(body, bytes) else io.BytesIO(msgspec.json.encode(body))
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, data=data, headers={**STRUCTURED, **BEARER, **(headers or {})}, **more) as answer,
    ):
        text = await answer.read()
        return answer.status, msgspec.json.decode(text) if text else None


def cloud_event(kind: str, *, sequence: int = 0, **data: Any) -> dict[str, Any]:
    """Return a CloudEvent of the source ``acd`` about the group ``sales``."""
    return {
        "specversion": "1.0",
        "id": str(data.pop("id", f"{kind}-{sequence}")),
        "source": str(data.pop("source", "acd")),
        "type": kind,
        "subject": "sales",
        **({"run": data.pop("run")} if "run" in data else {}),
        **({"time": data.pop("time")} if "time" in data else {}),
        **({"sequence": str(sequence)} if sequence else {}),
        "data": data,
    }


def _never(name: str) -> Any:
    raise AssertionError(name)
