"""An ACD that is not there, with the truth about itself: for publishers that need one."""

import random
from collections.abc import Callable, Sequence
from typing import Any

from queue_alert.core.events import (
    ContactAnswered,
    ContactCompleted,
    ContactLeft,
    ContactQueued,
    FeedEvent,
    GroupCounters,
    GroupSnapshotTaken,
    Outcome,
    WaitingContact,
)
from queue_alert.core.units import AgentId, ContactId, FeedName, GroupName, Instant
from simulator.exchange import Listener

GROUPS = (GroupName("sales"), GroupName("service/vip"), GroupName("Störung"))


class FakeAcd:
    """Has the public face of :class:`simulator.exchange.Exchange`; things happen when :meth:`happen` says so.

    Attributes:
        waiting: Who truly waits, by group, in order of arrival.
        counts: What has truly been counted, by group.
    """

    def __init__(self, *, seed: int = 1, source: str = "acd") -> None:
        self.source = FeedName(source)
        self.groups: tuple[GroupName, ...] = GROUPS
        self.seq = 0
        self.waiting: dict[GroupName, dict[ContactId, Instant]] = {name: {} for name in GROUPS}
        self.counts = {name: dict.fromkeys(GroupCounters.__struct_fields__[:5], 0) for name in GROUPS}
        self._talking: list[tuple[GroupName, ContactId]] = []
        self._runs = 1
        self._contacts = 0
        self._chance = random.Random(seed)
        self._listeners: list[Listener] = []

    @property
    def run(self) -> str:
        return f"run-{self._runs}"

    def clock(self, now: Instant) -> Instant:
        return now

    def listen(self, listener: Listener) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def advance(self, now: Instant) -> None:
        """Let nothing happen: that is what ``happen`` is for."""

    def happen(self, count: int, now: Instant) -> list[FeedEvent]:
        """Let so many things happen at ``now``, and tell everybody."""
        events = [self._next(now) for _ in range(count)]
        for listener in tuple(self._listeners):
            listener.happened(events, now)
        return events

    def snapshot(self, now: Instant) -> list[GroupSnapshotTaken]:
        return [
            GroupSnapshotTaken(
                id=f"{self.run}-s{self.seq}-{name}-{now}",
                source=self.source,
                time=now,
                seq=self.seq,
                group=name,
                waiting=tuple(
                    WaitingContact(contact=contact, queued_at=at)
                    for contact, at in self.waiting[name].items()
                ),
                agents=(),
                counters=GroupCounters(**self.counts[name]),
            )
            for name in self.groups
        ]

    def restart(self, now: Instant) -> None:
        """Start anew: whoever waits or talks is gone without a word, and all counts begin anew."""
        self._runs += 1
        self.seq = 0
        self._talking.clear()
        for name in self.groups:
            self.waiting[name].clear()
            self.counts[name] = dict.fromkeys(self.counts[name], 0)
        self.cut(now)

    def cut(self, now: Instant) -> None:
        """Cut everybody off."""
        for listener in tuple(self._listeners):
            listener.cut_off(now)

    def _next(self, now: Instant) -> FeedEvent:
        self.seq += 1
        group = self._chance.choice(self.groups)
        what = self._chance.random()
        line = self.waiting[group]
        envelope: dict[str, Any] = {
            "id": f"{self.run}-{self.seq}",
            "source": self.source,
            "time": now,
            "seq": self.seq,
        }
        if self._talking and what < 0.25:
            group, contact = self._talking.pop(self._chance.randrange(len(self._talking)))
            self.counts[group]["completed"] += 1
            return ContactCompleted(**envelope, group=group, contact=contact, talk_s=1.0)
        if not line or what < 0.55:
            self._contacts += 1
            contact = ContactId(f"c{self._contacts}")
            line[contact] = now
            self.counts[group]["offered"] += 1
            return ContactQueued(**envelope, group=group, contact=contact)
        contact = self._chance.choice(list(line))
        del line[contact]
        if what < 0.8:
            self.counts[group]["answered"] += 1
            self._talking.append((group, contact))
            return ContactAnswered(**envelope, group=group, contact=contact, agent=AgentId("anna"))
        if what < 0.95:
            self.counts[group]["abandoned"] += 1
            return ContactLeft(**envelope, group=group, contact=contact, outcome=Outcome.ABANDONED)
        self.counts[group]["rerouted"] += 1
        return ContactLeft(**envelope, group=group, contact=contact, outcome=Outcome.TIMEOUT)


def names(events: Sequence[FeedEvent]) -> list[str]:
    """Return the types of events, for comparison."""
    return [str(event.__struct_config__.tag) for event in events]
