"""A small, obvious ACD: its floor is the truth, and it speaks the feed's subprotocol as one should."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from queue_alert.core.events import (
    AgentSnapshot,
    AgentState,
    AgentStateChanged,
    ContactAnswered,
    ContactLeft,
    ContactQueued,
    FeedEvent,
    GroupSnapshotTaken,
    Outcome,
    WaitingContact,
)
from queue_alert.core.units import AgentId, ContactId, FeedName, GroupName
from queue_alert.protocol.feed_socket import Heartbeat, Hello, SnapshotRequest, Start, Synced

START = 1_800_000_000.0
SALES, SUPPORT = GroupName("sales"), GroupName("support")
SOURCE = FeedName("acd-1")
HELLO = '{"type":"hello","source":"acd-1","run":"r1","seq":0,"time":1800000000.0,"heartbeat_s":15.0}'


def say(word: Any) -> str:
    """Return a message as text."""
    return msgspec.json.encode(word).decode()


@dataclass
class TrueAcd:
    """Groups, who waits in them and what their agents do; every change is an event with the next number."""

    log_kept: int = 1_000
    run: int = 1
    seq: int = 0
    now: float = START
    waiting: dict[GroupName, dict[ContactId, float]] = field(default_factory=lambda: {SALES: {}, SUPPORT: {}})
    agents: dict[GroupName, dict[AgentId, AgentState]] = field(
        default_factory=lambda: {SALES: {}, SUPPORT: {}}
    )
    log: list[FeedEvent] = field(default_factory=list)

    def queue(self, group: GroupName, contact: str, caller: str = "") -> FeedEvent:
        name = ContactId(contact)
        self.waiting.setdefault(group, {})[name] = self.now
        self.agents.setdefault(group, {})
        return self._say(ContactQueued, group=group, contact=name, caller=caller)

    def answer(self, group: GroupName, contact: str) -> FeedEvent:
        del self.waiting[group][ContactId(contact)]
        return self._say(ContactAnswered, group=group, contact=ContactId(contact))

    def leave(self, group: GroupName, contact: str) -> FeedEvent:
        del self.waiting[group][ContactId(contact)]
        return self._say(ContactLeft, group=group, contact=ContactId(contact), outcome=Outcome.ABANDONED)

    def agent(self, group: GroupName, agent: str, state: AgentState) -> FeedEvent:
        self.agents[group][AgentId(agent)] = state
        return self._say(AgentStateChanged, group=group, agent=AgentId(agent), state=state)

    def restart(self) -> None:
        self.run += 1
        self.seq = 0
        self.log.clear()
        for group in self.waiting:
            self.waiting[group] = {}
            self.agents[group] = {}

    # What it says

    def hello(self) -> str:
        return say(Hello(source=SOURCE, run=f"r{self.run}", seq=self.seq, time=self.now))

    def heartbeat(self) -> str:
        return say(Heartbeat(time=self.now, seq=self.seq))

    def snapshots(self) -> list[str]:
        return [
            *(say(self.snapshot(group)) for group in self.waiting),
            say(Synced(seq=self.seq, groups=len(self.waiting))),
        ]

    def snapshot(self, group: GroupName) -> GroupSnapshotTaken:
        return GroupSnapshotTaken(
            id=f"s{self.run}-{self.seq}-{group}",
            source=SOURCE,
            time=self.now,
            seq=self.seq,
            group=group,
            waiting=tuple(
                WaitingContact(contact=contact, queued_at=at) for contact, at in self.waiting[group].items()
            ),
            agents=tuple(
                AgentSnapshot(agent=agent, state=state) for agent, state in self.agents[group].items()
            ),
        )

    def replies(self, word: Start | SnapshotRequest) -> list[str]:
        if isinstance(word, Start) and word.run == f"r{self.run}" and 0 < word.after <= self.seq:
            first = self.log[0].seq if self.log else self.seq + 1
            if word.after >= first - 1:
                missed = [event for event in self.log if event.seq > word.after]
                return [*map(say, missed), say(Synced(seq=self.seq, resumed=True))]
        return self.snapshots()

    def _say(self, make: Callable[..., FeedEvent], **fields: Any) -> FeedEvent:
        self.seq += 1
        event = make(id=f"{self.run}-{self.seq}", source=SOURCE, time=self.now, seq=self.seq, **fields)
        self.log.append(event)
        del self.log[: -self.log_kept]
        return event
