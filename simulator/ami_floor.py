"""What an Asterisk would hold in memory of a floor: its queues, members and channels.

Events say what happens, but an Asterisk says with each how many wait, at which place, on which channel. So
all that is kept here, made of the events and put right by every snapshot.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar
from zlib import crc32

from queue_alert.core.events import AgentSnapshot, AgentState, GroupSnapshotTaken
from queue_alert.core.units import AgentId, ContactId, GroupName, Instant
from simulator.ami_words import Channel

__all__ = ["SERVICE_LEVEL_S", "AmiFloor", "Call", "Counts", "Leg", "Member", "Queue", "device_status"]

SERVICE_LEVEL_S: Final = 20
"""Answered within so many seconds, a call is in the service level of ``QueueParams``."""

_LIMIT: Final = 20_000
_FIRST_EXTENSION: Final = 6001
_FIRST_PHONE: Final = 100
# Legs of agents share the callers' kind of number, but from far above.
_FIRST_LEG: Final = 1_000_000

_STATUS: Final = {
    AgentState.OFFLINE: 5,
    AgentState.AVAILABLE: 1,
    AgentState.RESERVED: 6,
    AgentState.TALKING: 2,
    AgentState.ON_HOLD: 8,
    AgentState.WRAPUP: 1,  # Asterisk leaves such an agent alone and tells nobody
    AgentState.NOT_READY: 1,
}

Key = TypeVar("Key")
Value = TypeVar("Value")


def device_status(state: AgentState) -> int:
    """Return the device state (0 to 8) of the phone of an agent in ``state``.

    Source: Asterisk 22, include/asterisk/devicestate.h (``enum ast_device_state``).
    """
    return _STATUS[state]


@dataclass(slots=True, kw_only=True)
class Leg:
    """An agent's phone, rung for a caller.

    Attributes:
        agent: Whose it is.
        channel: Its own, another one each time it rings.
        rung_at: When it began to ring.
    """

    agent: AgentId
    channel: Channel
    rung_at: Instant


@dataclass(slots=True, kw_only=True)
class Call:
    """A caller, from joining a queue to the end of the conversation.

    Attributes:
        contact: Also the ``Uniqueid`` of ``channel``.
        channel: The caller's.
        joined_at: When the wait began.
        position: Place in the line, from 1, as it was last.
        original_position: That on joining.
        priority: A larger number waits further in front.
        hold_s: Whole seconds waited, once the wait is over.
        legs: Whose phones ring for it, or have answered.
        answered_at: When the conversation began.
        bridge: Where both legs meet then; "" before.
        has_left: Whether its leaving the line was said.
    """

    contact: ContactId
    channel: Channel
    joined_at: Instant
    position: int = 1
    original_position: int = 1
    priority: int = 0
    hold_s: int = 0
    legs: dict[AgentId, Leg] = field(default_factory=dict)
    answered_at: Instant = 0.0
    bridge: str = ""
    has_left: bool = False


@dataclass(slots=True, kw_only=True)
class Member:
    """An agent in one queue.

    Attributes:
        name: The agent's.
        interface: The phone, ``PJSIP/100``.
        login_at: Since when the queue has the agent.
        membership: ``static`` for who was there from the start, else ``dynamic``.
        status: Device state of the phone, 0 to 8.
        is_paused: Whether the queue passes the agent over.
        reason: Why.
        is_in_call: Whether the agent talks to a caller of this queue.
        calls_taken: Conversations that have ended.
        last_call: Epoch second at which the latest did; 0: none.
        last_pause: Epoch second at which the latest pause began; 0: none.
        wrapup_s: Whole seconds the agent is left alone after a conversation, as far as is known.
    """

    name: AgentId
    interface: str
    login_at: Instant
    membership: str = "static"
    status: int = 1
    is_paused: bool = False
    reason: str = ""
    is_in_call: bool = False
    calls_taken: int = 0
    last_call: int = 0
    last_pause: int = 0
    wrapup_s: int = 0

    def set(self, state: AgentState, reason: str) -> None:
        """Take over a neutral state."""
        self.status = device_status(state)
        self.is_paused = state is AgentState.NOT_READY
        self.reason = reason if self.is_paused else ""


@dataclass(slots=True)
class Counts:
    """What ``QueueParams`` counts."""

    completed: int = 0
    completed_in_time: int = 0
    abandoned: int = 0
    """All who left unanswered but by a key of theirs: Asterisk makes no difference."""
    abandoned_in_time: int = 0
    given_up: int = 0
    """Those of ``abandoned`` who truly hung up."""
    hold_s: int = 0
    """Moving average of the waits of answered callers."""
    talk_s: int = 0
    """Moving average of the conversations."""

    def average_hold(self, hold_s: int) -> None:
        """Take one more answered caller's wait into the average."""
        self.hold_s = _average(self.hold_s, hold_s)

    def average_talk(self, talk_s: int) -> None:
        """Take one more conversation into the average."""
        self.talk_s = _average(self.talk_s, talk_s)


@dataclass(slots=True)
class Queue:
    """One group as Asterisk's app_queue sees it.

    Attributes:
        name: The group's.
        extension: The extension that leads into it.
        waiting: The line, the first at its head.
        talks: Conversations under way.
        unlisted: Who waits nowhere but of whom something may yet be said: gone by a snapshot, say.
        members: The agents.
        messages: How many are new in its mailbox, and how many old.
    """

    name: GroupName
    extension: str
    waiting: dict[ContactId, Call] = field(default_factory=dict)
    talks: dict[ContactId, Call] = field(default_factory=dict)
    unlisted: dict[ContactId, Call] = field(default_factory=dict)
    members: dict[AgentId, Member] = field(default_factory=dict)
    messages: tuple[int, int] = (0, 0)
    counts: Counts = field(default_factory=Counts)

    def join(self, call: Call, position: int | None) -> None:
        """Put ``call`` into the line at ``position`` (from 1), or at its end."""
        self.unlisted.pop(call.contact, None)
        line = [other for other in self.waiting.values() if other.contact != call.contact]
        line.insert(len(line) if position is None else max(position - 1, 0), call)
        self.line_up(line[-_LIMIT:])
        call.original_position = call.position

    def line_up(self, line: Iterable[Call]) -> None:
        """Let these wait, in this order."""
        self.waiting = {call.contact: call for call in line}
        for position, call in enumerate(self.waiting.values(), start=1):
            call.position = position

    def leave(self, contact: ContactId) -> Call | None:
        """Take a call out of the line and return it; ``None`` if nobody knows it."""
        call = self.waiting.pop(contact, None)
        if call is None:
            return self.unlisted.pop(contact, None)
        self.line_up(self.waiting.values())
        return call

    def set_aside(self, call: Call) -> None:
        """Keep a call that waits nowhere: more may be said of it."""
        self.unlisted[call.contact] = call
        _bound(self.unlisted)

    def talk(self, call: Call) -> None:
        """Let a conversation begin."""
        self.talks[call.contact] = call
        _bound(self.talks)


class AmiFloor:
    """All queues, and the numbers of channels and phones.

    Args:
        groups: Names of the groups, in their order.
        now: When it begins, by the exchange's clock.
    """

    def __init__(self, groups: Sequence[GroupName], now: Instant) -> None:
        self.queues: dict[GroupName, Queue] = {}
        self._started_at = now
        self._phones: dict[AgentId, str] = {}
        self._next_phone = _FIRST_PHONE
        self._legs = _FIRST_LEG
        for group in groups:
            self.queue(group)

    def queue(self, group: GroupName) -> Queue:
        """Return the queue of ``group``, a new one if there is none."""
        queue = self.queues.get(group)
        if queue is None:
            queue = self.queues[group] = Queue(group, str(_FIRST_EXTENSION + len(self.queues)))
            _bound(self.queues)
        return queue

    def call(self, queue: Queue, contact: ContactId, joined_at: Instant, caller: str = "") -> Call:
        """Return a new call to ``queue``; it waits nowhere yet."""
        channel = Channel(
            name=f"PJSIP/trunk-{_number(contact):08x}",
            uniqueid=contact,
            linkedid=contact,
            number=caller,
            context="from-trunk",
            extension=queue.extension,
            priority=3,
        )
        return Call(contact=contact, channel=channel, joined_at=joined_at)

    def leg(self, call: Call, agent: AgentId, rung_at: Instant) -> Leg:
        """Ring an agent's phone for ``call``."""
        phone = self.phone(agent)
        self._legs += 1
        channel = Channel(
            name=f"PJSIP/{phone}-{self._legs:08x}",
            uniqueid=f"{int(rung_at)}.{self._legs}",
            linkedid=call.channel.uniqueid,
            number=phone,
            caller=agent,
            context="internal",
            extension=call.channel.extension,
            state=0,
            connected=(call.channel.number, call.channel.caller),
        )
        leg = call.legs[agent] = Leg(agent=agent, channel=channel, rung_at=rung_at)
        return leg

    def phone(self, agent: AgentId) -> str:
        """Return the number of an agent's phone, the same in all queues."""
        phone = self._phones.get(agent)
        if phone is None:
            phone = self._phones[agent] = str(self._next_phone)
            self._next_phone += 1
            _bound(self._phones)
        return phone

    def member(self, queue: Queue, agent: AgentId, login_at: Instant) -> Member:
        """Let an agent serve ``queue``."""
        member = Member(name=agent, interface=f"PJSIP/{self.phone(agent)}", login_at=login_at)
        queue.members[agent] = member
        _bound(queue.members)
        return member

    def take(self, snapshots: Iterable[GroupSnapshotTaken]) -> None:
        """Make the queues what snapshots say; nobody is told of it."""
        for snapshot in snapshots:
            queue = self.queue(snapshot.group)
            self._take_line(queue, snapshot)
            if snapshot.agents is not None:
                self._take_members(queue, snapshot.agents)
            counters, counts = snapshot.counters, queue.counts
            if counters is None:
                continue
            if counters.completed is not None:
                counts.completed = counters.completed
            if counters.lost is not None:
                counts.abandoned = counters.lost
            elif counters.abandoned is not None:
                counts.abandoned += counters.abandoned - counts.given_up
                counts.given_up = counters.abandoned

    def restart(self, now: Instant) -> None:
        """Forget all calls and counts, as an Asterisk that was started anew."""
        self._started_at = now
        for group, queue in self.queues.items():
            anew = self.queues[group] = Queue(group, queue.extension, messages=queue.messages)
            for agent, member in queue.members.items():
                self.member(anew, agent, now).wrapup_s = member.wrapup_s

    def _take_line(self, queue: Queue, snapshot: GroupSnapshotTaken) -> None:
        line: list[Call] = []
        for waiting in snapshot.waiting:
            joined_at = snapshot.time if waiting.queued_at is None else waiting.queued_at
            call = queue.waiting.pop(waiting.contact, None) or queue.unlisted.pop(waiting.contact, None)
            if call is None:
                call = self.call(queue, waiting.contact, joined_at, waiting.caller)
                call.original_position = waiting.position or len(line) + 1
            call.priority = waiting.priority
            line.append(call)
        for call in queue.waiting.values():
            queue.set_aside(call)
        queue.line_up(line)

    def _take_members(self, queue: Queue, agents: Iterable[AgentSnapshot]) -> None:
        before, queue.members = queue.members, {}
        for agent in agents:
            known = before.get(agent.agent)
            if known is None:
                known = self.member(queue, agent.agent, self._started_at)
            queue.members[agent.agent] = known
            known.set(agent.state, agent.reason)
            known.is_in_call = agent.state in {AgentState.TALKING, AgentState.ON_HOLD}


def _average(old: int, new: int) -> int:
    # Source: Asterisk 22, apps/app_queue.c (recalc_holdtime); the first one counts whole (calm).
    return (3 * old + new) >> 2 if old else new


def _bound(table: dict[Key, Value]) -> None:
    if len(table) > _LIMIT:
        del table[next(iter(table))]


def _number(contact: ContactId) -> int:
    # A contact that comes back has the same channel, without anybody having to remember it.
    end = contact.rpartition(".")[2]
    return int(end) & 0xFFFFFFFF if end.isascii() and end.isdecimal() else crc32(contact.encode())
