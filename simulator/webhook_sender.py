"""A simulated floor that posts what it says, as CloudEvents, to whoever listens for them.

It knows nothing of the listener but its URL: it says all snapshots at the start, every 30 s and after any
post that failed, and a heartbeat when it has said nothing for a while.
"""

import asyncio
import contextlib
import hashlib
import hmac
import logging
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from enum import Enum
from importlib import import_module
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import urlsplit

import msgspec

from queue_alert.core.events import FeedEvent, FeedHeartbeat, GroupSnapshotTaken
from queue_alert.core.units import Instant, Seconds
from queue_alert.ports import Clock
from simulator.exchange import Exchange
from simulator.secret import simulated_secret

if TYPE_CHECKING:
    import aiohttp

__all__ = ["BUFFERED", "HEARTBEAT_S", "WebhookSender", "cloud_event"]

_log = logging.getLogger(__name__)

BUFFERED: Final = 10_000
"""How many events wait for a listener that does not answer; past that the oldest are dropped, and the
snapshots after the next post that succeeds put things right."""
HEARTBEAT_S: Final[Seconds] = 15.0
"""It is never silent for longer."""

_BATCH: Final = 200
_TIMEOUT_S: Final[Seconds] = 5.0
_PAUSES_S: Final = (0.2, 0.5, 1.0, 2.0, 5.0)
_CONTENT_TYPE: Final = "application/cloudevents-batch+json"
_SIGNATURE_HEADER: Final = "X-Queue-Alert-Signature"
_ENVELOPE: Final = frozenset({"type", "id", "source", "time", "seq", "subject"})
_MADE_ANEW: Final = frozenset({"group.snapshot", "feed.synced", "feed.heartbeat"})
_TAKEN: Final = frozenset({200, 201, 202, 204, 409})  # 409: taken before, its answer was lost
_TRIED_AGAIN: Final = frozenset({401, 404, 408, 410, 425, 429})


class _Outcome(Enum):
    TAKEN = 1
    AGAIN = 2
    NEVER = 3


def cloud_event(event: FeedEvent, *, run: str) -> dict[str, Any]:
    """Return an event as a CloudEvent in the JSON format.

    Args:
        event: What the exchange says.
        run: Which life of the exchange it is of.
    """
    plain: dict[str, Any] = msgspec.to_builtins(event)
    envelope = {
        "specversion": "1.0",
        "id": event.id,
        "source": event.source,
        "type": plain["type"],
        "time": datetime.fromtimestamp(event.time, UTC).isoformat(timespec="microseconds"),
        "sequence": str(event.seq),
        "run": run,
    }
    if "subject" in plain:
        envelope["subject"] = plain["subject"]
    return {**envelope, "data": {key: value for key, value in plain.items() if key not in _ENVELOPE}}


class WebhookSender:
    """Posts what an exchange says; a listener of it and an async context manager.

    Args:
        exchange: Who speaks; somebody else turns its clock.
        clock: The steady line.
        url: Where to post.
        token: Shown as ``Authorization: Bearer …``; "": not shown.
        secret: Signs every post; "": none is signed.
        batch_s: What happens within so long is posted together.
        snapshot_every_s: How often all is said again.
        heartbeat_s: It is never silent for longer.
    """

    def __init__(
        self,
        exchange: Exchange,
        clock: Clock,
        *,
        url: str,
        token: str = "",
        secret: str = "",
        batch_s: Seconds = 0.05,
        snapshot_every_s: Seconds = 30.0,
        heartbeat_s: Seconds = HEARTBEAT_S,
    ) -> None:
        self._exchange = exchange
        self._clock = clock
        self._url = url
        self._token = token
        self._secret = secret
        self._batch_s = batch_s
        self._snapshot_every_s = snapshot_every_s
        self._heartbeat_s = heartbeat_s
        self._waiting: deque[dict[str, Any]] = deque(maxlen=BUFFERED)
        self._roused = asyncio.Event()
        self._wants_snapshot = True
        self._snapshot_at: Instant = float("-inf")
        self._is_cut_off = False
        self._is_failing = False
        self._said = 0
        self._stop: Callable[[], None] = _nothing
        self._task: asyncio.Task[None] | None = None

    @classmethod
    def at(cls, exchange: Exchange, clock: Clock, address: str) -> Self:
        """Return a sender that posts to ``address``; its token is in the environment.

        Raises:
            ValueError: It is no URL that can be posted to.
        """
        try:
            parts = urlsplit(address)
            is_sound = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        except ValueError:
            is_sound = False
        if not is_sound or any(mark.isspace() for mark in address):
            raise ValueError(f'must be a URL such as "http://127.0.0.1:9470/events", got "{address}"')
        return cls(exchange, clock, url=address, token=simulated_secret())

    @property
    def where(self) -> str:
        """Where it posts to, without user and password."""
        parts = urlsplit(self._url)
        return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()

    async def __aenter__(self) -> Self:
        """Begin to listen and to post."""
        self._stop = self._exchange.listen(self)
        self._task = asyncio.create_task(self._run(), name=f"webhook sender {self.where}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop; what was not posted is dropped."""
        self._stop()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def happened(self, events: Sequence[FeedEvent], now: Instant) -> None:  # noqa: ARG002 - as a listener is told
        """Keep events to be posted soon."""
        if len(self._waiting) + len(events) > BUFFERED:
            self._wants_snapshot = True
        run = self._exchange.run
        self._waiting.extend(cloud_event(event, run=run) for event in events)
        self._roused.set()

    def cut_off(self, now: Instant) -> None:  # noqa: ARG002 - as a listener is told
        """Break the connection; all is said again afterwards."""
        self._is_cut_off = self._wants_snapshot = True
        self._roused.set()

    async def _run(self) -> None:
        # aiohttp costs memory and time: only who posts pays for it, and not on the loop.
        await asyncio.to_thread(import_module, "aiohttp")
        import aiohttp

        failures = 0
        while True:
            async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_TIMEOUT_S)) as session:
                self._is_cut_off = False
                while not self._is_cut_off:
                    if await self._round(session):
                        failures = 0
                        await self._next_round()
                    else:
                        await asyncio.sleep(_PAUSES_S[min(failures, len(_PAUSES_S) - 1)])
                        failures += 1

    async def _round(self, session: "aiohttp.ClientSession") -> bool:
        """Post what there is to say; return whether it was taken."""
        batch = self._next_batch()
        outcome = await self._post(session, batch)
        if outcome is _Outcome.TAKEN:
            return True
        if outcome is _Outcome.AGAIN:
            # Events are posted again, in their order; snapshots are made anew.
            again = [one for one in batch if one["type"] not in _MADE_ANEW]
            if len(self._waiting) + len(again) <= BUFFERED:
                self._waiting.extendleft(reversed(again))
        self._wants_snapshot = True
        return False

    def _next_batch(self) -> list[dict[str, Any]]:
        now = self._clock.now()
        run = self._exchange.run
        if self._wants_snapshot or now >= self._snapshot_at:
            # What is due is said before them.
            self._exchange.advance(now)
            if len(self._waiting) <= _BATCH:
                snapshots = self._exchange.snapshot(now)
                self._wants_snapshot = False
                self._snapshot_at = now + self._snapshot_every_s
                events = list(self._waiting)
                self._waiting.clear()
                return events + self._snapshots(snapshots, run, now)
        if self._waiting:
            return [self._waiting.popleft() for _ in range(min(len(self._waiting), _BATCH))]
        return [cloud_event(self._heartbeat(now), run=run)]

    def _snapshots(
        self, snapshots: Sequence[GroupSnapshotTaken], run: str, now: Instant
    ) -> list[dict[str, Any]]:
        said = [cloud_event(snapshot, run=run) for snapshot in snapshots]
        heartbeat = cloud_event(self._heartbeat(now), run=run)
        # As of the latest event; where a snapshot uses up a number of its own, as of that.
        latest = max((self._exchange.seq, *(snapshot.seq for snapshot in snapshots)))
        synced = {"type": "feed.synced", "data": {"groups": len(said)}, "sequence": str(latest)}
        return [*said, {**heartbeat, **synced, "id": f"{heartbeat['id']}-synced"}]

    def _heartbeat(self, now: Instant) -> FeedHeartbeat:
        self._said += 1
        return FeedHeartbeat(
            id=f"heartbeat-{self._exchange.run}-{self._said}-{now:.3f}",
            source=self._exchange.source,
            time=self._exchange.clock(now),
            seq=self._exchange.seq,
        )

    async def _next_round(self) -> None:
        """Wait until there is something to say."""
        if len(self._waiting) >= _BATCH:
            return
        if self._wants_snapshot:
            # A listener that always wants them gets them once a second.
            said_at = self._snapshot_at - self._snapshot_every_s
            await asyncio.sleep(min(max(said_at + 1.0 - self._clock.now(), self._batch_s), 1.0))
            return
        until_snapshot = max(self._snapshot_at - self._clock.now(), 0.0)
        self._roused.clear()
        if not self._waiting:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(self._heartbeat_s, until_snapshot)):
                    await self._roused.wait()
        await asyncio.sleep(self._batch_s)

    async def _post(self, session: "aiohttp.ClientSession", batch: list[dict[str, Any]]) -> "_Outcome":
        import aiohttp

        body = msgspec.json.encode(batch)
        try:
            async with session.post(
                self._url, data=body, headers=self._headers(body), allow_redirects=False
            ) as answer:
                text = await answer.content.read(65_536)
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            self._failed(error.__class__.__name__)
            return _Outcome.AGAIN
        if status in _TAKEN:
            if self._is_failing:
                _log.info("taken again url=%s", self.where)
                self._is_failing = False
            self._wants_snapshot = self._wants_snapshot or b'"wants"' in text
            return _Outcome.TAKEN
        self._failed(f"HTTP {status}")
        # What can never be taken is not posted for ever.
        is_passing = status in _TRIED_AGAIN or status >= 500  # noqa: PLR2004 - the server's own faults
        return _Outcome.AGAIN if is_passing else _Outcome.NEVER

    def _headers(self, body: bytes) -> dict[str, str]:
        headers = {"Content-Type": _CONTENT_TYPE}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        if self._secret:
            at = int(self._clock.now())
            digest = hmac.new(self._secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
            headers[_SIGNATURE_HEADER] = f"t={at},v1={digest}"
        return headers

    def _failed(self, reason: str) -> None:
        level = logging.DEBUG if self._is_failing else logging.WARNING
        _log.log(level, "not taken url=%s reason=%s", self.where, reason)
        self._is_failing = True


def _nothing() -> None:
    """Listen no more, where nobody listened."""
