"""The live view: the floor as it stands, then every change, to everyone who watches.

Knows nothing of sockets: a watcher is something that asks for the next text.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

import msgspec

from queue_alert.core.monitor import Monitor
from queue_alert.core.units import Seconds
from queue_alert.core.view import (
    ButtonView,
    FeedView,
    FloorView,
    LampsChanged,
    LiveMessage,
    OutputView,
    PublisherView,
    ViewChanged,
)
from queue_alert.ports import Clock

__all__ = ["MAX_WATCHERS", "LiveView", "TooManyWatchersError", "Watcher"]

MAX_WATCHERS: Final = 32
"""How many may watch at once."""

_SHORTEST_PAUSE_S: Final[Seconds] = 0.2
_LONGEST_PAUSE_S: Final[Seconds] = 5.0
_MAX_WAITING: Final = 64


class TooManyWatchersError(RuntimeError):
    """As many watch as may."""


class Watcher:
    """One who watches. Holds at most 64 messages; when full, it drops them all for a whole floor.

    Args:
        floor: Returns the whole floor as a message.
    """

    def __init__(self, floor: Callable[[], str]) -> None:
        self._floor = floor
        self._messages: deque[str] = deque()
        self._needs_floor = True
        self._wake = asyncio.Event()
        self._wake.set()
        self._is_closed = False

    def put(self, message: str) -> None:
        """Queue a message; it is dropped where the whole floor is about to be sent anyway."""
        if self._needs_floor:
            return
        if len(self._messages) >= _MAX_WAITING:
            self._messages.clear()
            self._needs_floor = True
        else:
            self._messages.append(message)
        self._wake.set()

    def close(self) -> None:
        """Make :meth:`next_message` return ``None``, also one that waits already."""
        self._is_closed = True
        self._wake.set()

    async def next_message(self) -> str | None:
        """Wait for the next message and return it: the whole floor first; ``None`` when closed."""
        await self._wake.wait()
        if self._is_closed:
            return None
        if self._needs_floor:
            self._needs_floor = False
            message = self._floor()
        else:
            message = self._messages.popleft()
        if not self._messages and not self._needs_floor:
            self._wake.clear()
        return message


class LiveView:
    """What the world may see of the floor.

    Must be made and called on the event loop's thread.

    Args:
        monitor: The core.
        clock: The steady line.
        version: The program's version.
        outputs: Name and driver of every output.
        publishers: Name and driver of every publisher.
        buttons: Name and driver of every button.
        skipped: Every feed's counts of what it passed over.
    """

    def __init__(
        self,
        monitor: Monitor,
        *,
        clock: Clock,
        version: str = "",
        outputs: Mapping[str, str],
        publishers: Mapping[str, str],
        skipped: Mapping[str, Mapping[str, int]],
        buttons: Mapping[str, str] | None = None,
    ) -> None:
        self._monitor = monitor
        self._clock = clock
        self._version = version
        self._outputs = {name: OutputView(name=name, driver=driver) for name, driver in outputs.items()}
        self._changed_outputs: set[str] = set()
        self._publishers = {
            name: PublisherView(name=name, driver=driver, since=clock.now())
            for name, driver in publishers.items()
        }
        self._changed_publishers: set[str] = set()
        self._buttons = {
            name: ButtonView(name=name, driver=driver, since=clock.now())
            for name, driver in (buttons or {}).items()
        }
        self._changed_buttons: set[str] = set()
        self._store_fault = ""
        self._has_store_news = False
        self._skipped = skipped
        self._encoder = msgspec.json.Encoder()
        self._watchers: set[Watcher] = set()
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._last_flush = self._loop.time() - _SHORTEST_PAUSE_S

    @property
    def is_full(self) -> bool:
        """Whether as many watch as may."""
        return len(self._watchers) >= MAX_WATCHERS

    def view(self) -> FloorView:
        """Return everything as it stands now, frozen."""
        view = self._monitor.view(self._clock.now())
        return msgspec.structs.replace(
            view,
            version=self._version,
            feeds=self._with_skipped(view.feeds),
            outputs=tuple(self._outputs.values()),
            publishers=tuple(self._publishers.values()),
            buttons=tuple(self._buttons.values()),
            store_fault=self._store_fault,
        )

    @contextmanager
    def watch(self) -> Iterator[Watcher]:
        """Let one more watch, for the length of the context.

        Raises:
            TooManyWatchersError: 32 watch already.
        """
        if self.is_full:
            raise TooManyWatchersError(f"{MAX_WATCHERS} watch already")
        watcher = Watcher(lambda: self._encode(self.view()))
        self._watchers.add(watcher)
        self._flush_by(self._loop.time() + _LONGEST_PAUSE_S)
        try:
            yield watcher
        finally:
            self._watchers.discard(watcher)
            watcher.close()

    def note_change(self) -> None:
        """Take note that something may have changed; it is sent soon, at most five times a second."""
        if self._watchers:
            self._flush_by(max(self._loop.time(), self._last_flush + _SHORTEST_PAUSE_S))

    def note_lamps(self, output: str, lamps: Mapping[str, str], fault: str) -> None:
        """Take note of what an output shows now and of its fault ("" if none); lamps are sent at once."""
        before = self._outputs[output]
        now = OutputView(name=output, driver=before.driver, lamps=dict(lamps), fault=fault)
        self._outputs[output] = now
        if now.fault != before.fault:
            self._changed_outputs.add(output)
            self.note_change()
        if self._watchers and now.lamps != before.lamps:
            self._send(LampsChanged(at=self._clock.now(), output=output, lamps=now.lamps))

    def note_publisher(self, name: str, is_up: bool, reason: str) -> None:  # noqa: FBT001 (what is noted)
        """Take note of whether a publisher is up and, where it is not, why."""
        before = self._publishers[name]
        if (before.is_up, before.reason) == (is_up, reason):
            return
        since = before.since if before.is_up is is_up else self._clock.now()
        self._publishers[name] = msgspec.structs.replace(before, is_up=is_up, since=since, reason=reason)
        self._changed_publishers.add(name)
        self.note_change()

    def note_button(self, name: str, is_up: bool, reason: str) -> None:  # noqa: FBT001 (what is noted)
        """Take note of whether a button can be relied on and, where it cannot, why."""
        before = self._buttons[name]
        if (before.is_up, before.reason) == (is_up, reason):
            return
        since = before.since if before.is_up is is_up else self._clock.now()
        self._buttons[name] = msgspec.structs.replace(before, is_up=is_up, since=since, reason=reason)
        self._changed_buttons.add(name)
        self.note_change()

    def note_store(self, fault: str) -> None:
        """Take note of what is wrong with the store, "" if nothing is."""
        self._store_fault = fault
        self._has_store_news = True
        self.note_change()

    def clock_stepped(self, delta_s: Seconds) -> None:
        """Move what was noted with its instant, because the clock has just been moved by ``delta_s``."""
        for name, view in self._publishers.items():
            self._publishers[name] = msgspec.structs.replace(view, since=view.since + delta_s)
            self._changed_publishers.add(name)
        for name, button in self._buttons.items():
            self._buttons[name] = msgspec.structs.replace(button, since=button.since + delta_s)
            self._changed_buttons.add(name)

    def _flush_by(self, when: float) -> None:
        if self._timer is not None:
            if self._timer.when() <= when:
                return
            self._timer.cancel()
        self._timer = self._loop.call_at(when, self._flush)

    def _flush(self) -> None:
        self._timer = None
        if not self._watchers:
            return
        self._last_flush = self._loop.time()
        changes = self._monitor.changes(self._clock.now())
        outputs = tuple(self._outputs[name] for name in sorted(self._changed_outputs))
        publishers = tuple(self._publishers[name] for name in sorted(self._changed_publishers))
        self._changed_outputs.clear()
        self._changed_publishers.clear()
        buttons = tuple(self._buttons[name] for name in sorted(self._changed_buttons))
        self._changed_buttons.clear()
        store_fault = self._store_fault if self._has_store_news else None
        self._has_store_news = False
        if changes is not None or outputs or publishers or buttons or store_fault is not None:
            whole = ViewChanged(at=self._clock.now()) if changes is None else changes
            feeds = self._with_skipped(whole.feeds)
            self._send(
                msgspec.structs.replace(
                    whole,
                    feeds=feeds,
                    outputs=outputs,
                    publishers=publishers,
                    buttons=buttons,
                    store_fault=store_fault,
                )
            )
        # Figures over a sliding window change without an event.
        self._flush_by(self._last_flush + _LONGEST_PAUSE_S)

    def _with_skipped(self, feeds: tuple[FeedView, ...]) -> tuple[FeedView, ...]:
        return tuple(
            msgspec.structs.replace(feed, anomalies={**feed.anomalies, **counts})
            if (counts := self._skipped.get(feed.name))
            else feed
            for feed in feeds
        )

    def _send(self, message: LiveMessage) -> None:
        text = self._encode(message)
        for watcher in self._watchers:
            watcher.put(text)

    def _encode(self, message: LiveMessage) -> str:
        return self._encoder.encode(message).decode()
