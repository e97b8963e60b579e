"""A recording played through the core in simulated time: the same floor, as fast as it can be worked out."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import msgspec

from queue_alert.app.logs import SkippedCounter
from queue_alert.app.recordings import Recording
from queue_alert.app.registry import TRANSLATORS, Registry
from queue_alert.core.effects import Effect
from queue_alert.core.events import AcdEvent
from queue_alert.core.monitor import Monitor
from queue_alert.core.policy import Policy
from queue_alert.core.units import Instant, Seconds
from queue_alert.core.view import FloorView, GroupView
from queue_alert.ports import RecordedData, RecordedEvent, RecordedItem, Translator

__all__ = ["SETTLE_S", "FigureLine", "Replay", "replay_policy", "translator_of"]

SETTLE_S: Final[Seconds] = 60.0
"""How long after the last item the replay goes on, so that every outcome is decided."""

_CONNECTED: Final = "connected"


class FigureLine(msgspec.Struct, frozen=True, kw_only=True):
    """One group's figures, whenever they have changed; one line of ``queue-alert replay --json``."""

    t: Seconds
    """Since the recording began, rounded to a microsecond."""
    group: str
    waiting: int
    oldest_wait_s: Seconds
    """How long the longest-waiting contact has waited; 0.0 where nobody waits."""
    offered: int
    answered: int
    abandoned: int
    rerouted: int


def translator_of(recording: Recording, registry: Registry) -> Translator | None:
    """Return what understands a recording's bytes; ``None`` where its events are neutral."""
    if not recording.translator:
        return None
    translator: Translator = registry.load_any(TRANSLATORS, recording.translator)(
        "recording", SkippedCounter("recording")
    )
    return translator


def replay_policy(policy: Policy) -> Policy:
    """Return ``policy`` without a daily reset, feeds and signals: for a recording, however long."""
    return msgspec.structs.replace(policy, reset_at_s=None, feeds=(), signals=())


class Replay:
    """Plays the items of one recording, in their order.

    Args:
        policy: How to count; see :func:`replay_policy`.
        translator: What understands the recording's bytes; ``None`` where its events are neutral.
        started_at: When the recording began.
        heard: Called with every effect, and when it was.
    """

    def __init__(
        self,
        policy: Policy,
        *,
        translator: Translator | None,
        started_at: Instant,
        heard: Callable[[Effect, Instant], None] | None = None,
    ) -> None:
        self._heard = heard
        self._monitor = Monitor(policy, started_at)
        self._translator = translator
        self._started_at = started_at
        self._now = started_at
        self._said: dict[str, tuple[object, ...]] = {}

    def play(self, item: RecordedItem) -> Iterator[FigureLine]:
        """Take one item; yield a line for every event (and deadline) after which a group's figures differ."""
        now = max(self._now, self._started_at + item.at)
        yield from self._pass_time(now)
        for event in self._events(item, now):
            self._hear(self._monitor.handle(event, now))
            yield from self._changed(now)

    def finish(self) -> Iterator[FigureLine]:
        """Let a minute pass, so that every outcome is decided; yield lines as :meth:`play` does."""
        yield from self._pass_time(self._now + SETTLE_S)

    def view(self) -> FloorView:
        """Return the floor as it stands."""
        return self._monitor.view(self._now)

    def final(self) -> dict[str, Any]:
        """Return the last line of ``queue-alert replay --json``: every group's figures and outcomes."""
        return {"final": True, "groups": {group.name: self._summary(group) for group in self.view().groups}}

    def _events(self, item: RecordedItem, now: Instant) -> list[AcdEvent]:
        if self._translator is None:
            return [item.event] if isinstance(item, RecordedEvent) else []
        if isinstance(item, RecordedEvent):
            return []  # what was made of the bytes then; it is made anew
        if isinstance(item, RecordedData):
            return self._translator.receive(item.data, now)
        return (
            self._translator.connected(now) if item.kind == _CONNECTED else self._translator.disconnected(now)
        )

    def _pass_time(self, now: Instant) -> Iterator[FigureLine]:
        while (deadline := self._monitor.next_deadline()) is not None and deadline <= now:
            self._now = max(self._now, deadline)
            self._hear(self._monitor.advance(self._now))
            yield from self._changed(self._now)
        self._now = now
        self._hear(self._monitor.advance(now))
        yield from self._changed(now)

    def _hear(self, effects: Iterable[Effect]) -> None:
        if self._heard is not None:
            for effect in effects:
                self._heard(effect, self._now)

    def _changed(self, now: Instant) -> Iterator[FigureLine]:
        changes = self._monitor.changes(now)
        for group in changes.groups if changes is not None else ():
            figures = (group.oldest_queued_at, *self._counts(group).values())
            if self._said.get(group.name) != figures:
                self._said[group.name] = figures
                yield FigureLine(
                    t=round(now - self._started_at, 6),
                    group=group.name,
                    oldest_wait_s=self._oldest_wait(group, now),
                    **self._counts(group),
                )

    def _summary(self, group: GroupView) -> dict[str, Any]:
        today = group.today
        return {
            **self._counts(group),
            "oldest_wait_s": self._oldest_wait(group, self._now),
            "outcomes": today.outcomes,
            "service_level": today.service_level,
            "asa_s": today.average_speed_of_answer_s,
            "corrections": group.corrections,
        }

    @staticmethod
    def _counts(group: GroupView) -> dict[str, int]:
        today = group.today
        return {
            "waiting": group.waiting,
            "offered": today.offered,
            "answered": today.answered,
            "abandoned": today.abandoned,
            "rerouted": today.rerouted,
        }

    @staticmethod
    def _oldest_wait(group: GroupView, now: Instant) -> Seconds:
        return 0.0 if group.oldest_queued_at is None else round(max(0.0, now - group.oldest_queued_at), 6)
