"""What an Asterisk says of what happens: neutral events to frames.

Its traps are kept, for a reader has to know them: ``QueueCallerLeave`` comes before ``AgentConnect`` and
whatever the reason; ``QueueCallerAbandon`` also comes for a time-out and has no reason; an exit by key has
no event of its own; a ring that the caller cut short has none either; nobody is told of the end of a
wrap-up.

Left out on purpose are the frames of a channel's life that no queue needs (``Newchannel``, ``Newstate``,
``Newexten``, ``DialBegin``, ``MusicOnHoldStart``, ``BridgeCreate``, …) and the variables that are set only if
the configuration asks for them (``setqueuevar``, ``setinterfacevar``).

Source: Asterisk 22, apps/app_queue.c; the recordings in tests/golden/asterisk.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

from queue_alert.core.events import (
    AgentRemoved,
    AgentState,
    AgentStateChanged,
    ContactAnswered,
    ContactCompleted,
    ContactDequeued,
    ContactHeld,
    ContactLeft,
    ContactQueued,
    ContactRingFailed,
    ContactRung,
    ContactTransferred,
    ContactUnheld,
    EndedBy,
    FeedEvent,
    GroupSnapshotTaken,
    MessageHandled,
    MessageLeft,
    Outcome,
    RingFailure,
    TransferKind,
)
from queue_alert.core.units import AgentId, ContactId, GroupName, Instant, Seconds
from simulator.ami_floor import SERVICE_LEVEL_S, AmiFloor, Call, Leg, Queue
from simulator.ami_members import MemberTeller
from simulator.ami_transfers import attended_transfer, blind_transfer, bridge_headers
from simulator.ami_words import Channel, Frame, Headers

__all__ = ["AmiTeller"]

_ENDED_BY: Final = {EndedBy.AGENT: "agent", EndedBy.TRANSFER: "transfer"}
_LATELY_LIMIT: Final = 1_000
_CAUSES: Final = {0: "Unknown", 16: "Normal Clearing", 26: "Answered elsewhere"}
_STATUS: Final = {
    Outcome.TIMEOUT: "TIMEOUT",
    Outcome.REROUTED: "TIMEOUT",  # the dialplan sends on whom it gets back
    Outcome.NO_AGENTS: "LEAVEEMPTY",
    Outcome.WITHDRAWN: "WITHDRAW",
    Outcome.UNKNOWN: "CONTINUE",
    Outcome.ANSWERED: "CONTINUE",
}
_ABANDON: Final = frozenset(
    {Outcome.ABANDONED, Outcome.TIMEOUT, Outcome.REROUTED, Outcome.NO_AGENTS, Outcome.WITHDRAWN}
)


class AmiTeller:
    """Turns events into frames and keeps the floor in step with what it says.

    Args:
        floor: What the Asterisk holds in memory.
    """

    def __init__(self, floor: AmiFloor) -> None:
        self._floor = floor
        self._said: list[Frame] = []
        self._completed_lately: dict[str, list[Frame]] = {}
        self._at: Instant = 0.0
        self._members = desk = MemberTeller(floor, self._say)
        self._handlers: dict[type[FeedEvent], Callable[[Any], None]] = {
            ContactQueued: self._queued,
            ContactRung: self._rung,
            ContactRingFailed: self._ring_failed,
            ContactDequeued: self._dequeued,
            ContactAnswered: self._answered,
            ContactLeft: self._left,
            ContactHeld: self._held,
            ContactUnheld: self._unheld,
            ContactTransferred: self._transferred,
            ContactCompleted: self._completed,
            AgentStateChanged: desk.changed,
            AgentRemoved: desk.removed,
            GroupSnapshotTaken: self._snapshot_taken,
            MessageLeft: desk.message_left,
            MessageHandled: desk.message_handled,
        }

    def tell(self, events: Sequence[FeedEvent]) -> list[Frame]:
        """Return what is said of ``events``, oldest first; of some nothing is.

        Events of one instant belong into one call: how long a wrap-up is comes after the conversation before
        it has ended, but must be said first.
        """
        for event, wrapup_s in _with_wrapups(events):
            handler = self._handlers.get(type(event))
            if handler is not None:
                self._at = event.time
                if wrapup_s is not None and isinstance(event, ContactCompleted):
                    self._members.learn_wrapup(self._floor.queue(event.group), event.agent, wrapup_s)
                handler(event)
        said, self._said = self._said, []
        return said

    # ---- callers

    def _queued(self, event: ContactQueued) -> None:
        queue = self._floor.queue(event.group)
        call = queue.waiting.get(event.contact)
        if call is None:
            joined_at = event.time if event.queued_at is None else event.queued_at
            call = self._floor.call(queue, event.contact, joined_at, event.caller)
            queue.join(call, event.position)
        call.priority = event.priority
        self._variable(call, "QUEUEWAIT", "")
        self._variable(call, "QUEUEWAIT_MS", "")
        count = (("Count", str(len(queue.waiting))),)
        self._of_call("QueueCallerJoin", "agent", queue, call, (("Position", str(call.position)), *count))

    def _dequeued(self, event: ContactDequeued) -> None:
        queue = self._floor.queue(event.group)
        call = queue.leave(event.contact)
        if call is None:
            return
        if not call.has_left:
            self._say_leave(queue, call)
        queue.set_aside(call)

    def _left(self, event: ContactLeft) -> None:
        queue = self._floor.queue(event.group)
        call = queue.leave(event.contact)
        if call is None:
            return  # Asterisk says nothing of whom it does not know
        for leg in call.legs.values():
            self._hang_up(leg.channel, 0)
        call.legs.clear()
        if not call.has_left:
            self._say_end(queue, call, event.outcome)
        if event.outcome in _STATUS:
            self._variable(call, "QUEUESTATUS", _STATUS[event.outcome])
        if event.outcome is Outcome.ABANDONED:
            self._hang_up(call.channel, 0)

    def _say_end(self, queue: Queue, call: Call, outcome: Outcome) -> None:
        # A key is taken, and a caller's hanging up noticed, while Asterisk still waits with him.
        if outcome not in _STATUS:
            self._say_wait(call)
        if outcome in _ABANDON:
            self._abandon(queue, call, outcome)
        if outcome in _STATUS:
            self._say_wait(call)
        self._say_leave(queue, call)

    def _abandon(self, queue: Queue, call: Call, outcome: Outcome) -> None:
        counts = queue.counts
        counts.abandoned += 1
        counts.given_up += outcome is Outcome.ABANDONED
        hold_s = self._hold(call)
        counts.abandoned_in_time += hold_s <= SERVICE_LEVEL_S
        self._variable(call, "ABANDONED", "TRUE")
        self._of_call(
            "QueueCallerAbandon",
            "agent",
            queue,
            call,
            (
                ("Position", str(call.position)),
                ("OriginalPosition", str(call.original_position)),
                ("HoldTime", str(hold_s)),
            ),
        )

    def _say_wait(self, call: Call) -> None:
        hold_s = self._hold(call)
        self._variable(call, "QUEUEWAIT", str(hold_s))
        self._variable(call, "QUEUEWAIT_MS", str(hold_s * 1000))

    def _say_leave(self, queue: Queue, call: Call) -> None:
        count = (("Count", str(len(queue.waiting))),)
        self._of_call("QueueCallerLeave", "agent", queue, call, (("Position", str(call.position)), *count))
        call.has_left = True
        self._variable(call, "QUEUEPOSITION", str(call.position))

    def _hold(self, call: Call) -> int:
        # Asterisk takes differences of whole seconds, so it may be one more than the wait, or one less.
        return max(int(self._at) - int(call.joined_at), 0)

    # ---- agents who are rung, and who talk

    def _rung(self, event: ContactRung) -> None:
        queue = self._floor.queue(event.group)
        call = self._known(queue, event.contact)
        leg = self._floor.leg(call, event.agent, event.time)
        self._of_leg("AgentCalled", queue, call, leg, ())
        leg.channel.state = 5
        call.channel.connected = (leg.channel.number, leg.channel.caller)

    def _ring_failed(self, event: ContactRingFailed) -> None:
        queue = self._floor.queue(event.group)
        call = self._known(queue, event.contact)
        leg = call.legs.get(event.agent) or self._floor.leg(call, event.agent, event.time)
        if event.reason is not RingFailure.CANCELLED:
            ring_s = event.time - leg.rung_at if event.ring_s is None else event.ring_s
            # Nought is what a busy phone gives.
            ring_ms = 0 if event.reason is RingFailure.BUSY else max(round(ring_s * 1000), 1)
            self._of_leg("AgentRingNoAnswer", queue, call, leg, (("RingTime", str(ring_ms)),))
        self._hang_up(leg.channel, 0)
        call.legs.pop(event.agent, None)

    def _answered(self, event: ContactAnswered) -> None:
        queue = self._floor.queue(event.group)
        if event.contact in queue.talks:
            return  # said twice
        call = queue.leave(event.contact)
        if call is None:
            call = self._floor.call(queue, event.contact, event.time - (event.queue_s or 0.0))
        others, leg = call.legs, call.legs.pop(event.agent, None)
        call.legs = {}
        if leg is None:
            leg = self._floor.leg(call, event.agent, event.time - (event.ring_s or 0.0))
        for other in others.values():
            self._hang_up(other.channel, 26)
        call.legs = {event.agent: leg}
        leg.channel.state = 6
        call.channel.connected = (leg.channel.number, leg.channel.caller)
        if not call.has_left:
            self._say_leave(queue, call)
        self._say_wait(call)
        self._begin_talk(queue, call, leg)
        times = (("HoldTime", str(call.hold_s)), ("RingTime", str(int(event.time) - int(leg.rung_at))))
        self._of_leg("AgentConnect", queue, call, leg, times)
        for count, channel in enumerate((leg.channel, call.channel), start=1):
            self._say("BridgeEnter", "call", (*bridge_headers(call.bridge, count), *channel.headers()))

    def _begin_talk(self, queue: Queue, call: Call, leg: Leg) -> None:
        call.hold_s = self._hold(call)
        queue.counts.average_hold(call.hold_s)
        call.answered_at = self._at
        call.bridge = f"simulated-{leg.channel.uniqueid}"
        queue.talk(call)
        self._members.began_talk(queue, leg.agent)

    def _held(self, event: ContactHeld) -> None:
        leg = self._talking(event)
        if leg is not None:
            self._say("Hold", "call", (*leg.channel.headers(), ("MusicClass", "default")))

    def _unheld(self, event: ContactUnheld) -> None:
        leg = self._talking(event)
        if leg is not None:
            self._say("Unhold", "call", leg.channel.headers())

    def _transferred(self, event: ContactTransferred) -> None:
        leg = self._talking(event)
        if leg is None:
            return
        call = self._floor.queue(event.group).talks[event.contact]
        if event.kind is TransferKind.BLIND:
            self._say("BlindTransfer", "call", blind_transfer(call, leg, event.to))
        elif event.kind is TransferKind.CONSULT:
            self._say("AttendedTransfer", "call", attended_transfer(call, leg, event.to))

    def _completed(self, event: ContactCompleted) -> None:
        if event.id in self._completed_lately:
            # What comes twice on a wire is the same to the byte.
            self._said += self._completed_lately[event.id]
            return
        begun = len(self._said)
        self._say_completed(event)
        self._completed_lately[event.id] = self._said[begun:]
        if len(self._completed_lately) > _LATELY_LIMIT:
            del self._completed_lately[next(iter(self._completed_lately))]

    def _say_completed(self, event: ContactCompleted) -> None:
        queue = self._floor.queue(event.group)
        call = queue.talks.pop(event.contact, None)
        talk_s = int((event.talk_s or 0.0) + (event.held_s or 0.0))
        leg = None
        if call is None:
            # It began before anybody listened: Asterisk, too, may not know the agent's channel any more.
            call = self._floor.call(queue, event.contact, event.time - talk_s)
        else:
            leg = next(iter(call.legs.values()))
            talk_s = int(event.time) - int(call.answered_at)
        agent = event.agent or (leg.agent if leg else AgentId("unknown"))
        self._count_completed(queue, call, agent, talk_s)
        ended_by = _ENDED_BY.get(event.ended_by, "caller")
        times = (("HoldTime", str(call.hold_s)), ("TalkTime", str(talk_s)), ("Reason", ended_by))
        if leg is None:
            member = (("Interface", f"PJSIP/{self._floor.phone(agent)}"), ("MemberName", agent))
            self._of_call("AgentComplete", "agent", queue, call, (*member, *times))
        else:
            self._of_leg("AgentComplete", queue, call, leg, times)
            for count, channel in enumerate((leg.channel, call.channel), start=1):
                self._say(
                    "BridgeLeave", "call", (*bridge_headers(call.bridge, 2 - count), *channel.headers())
                )
            self._hang_up(leg.channel, 16)
        if event.ended_by is not EndedBy.TRANSFER:
            self._variable(call, "QUEUESTATUS", "CONTINUE")
            self._hang_up(call.channel, 16)

    def _count_completed(self, queue: Queue, call: Call, agent: AgentId, talk_s: int) -> None:
        counts = queue.counts
        counts.completed += 1
        counts.completed_in_time += call.hold_s <= SERVICE_LEVEL_S
        counts.average_talk(talk_s)
        self._members.ended_talk(queue, agent, self._at)

    def _known(self, queue: Queue, contact: ContactId) -> Call:
        call = queue.waiting.get(contact) or queue.unlisted.get(contact)
        if call is None:
            call = self._floor.call(queue, contact, self._at)
            queue.set_aside(call)
        return call

    def _talking(self, event: ContactHeld | ContactUnheld | ContactTransferred) -> Leg | None:
        call = self._floor.queue(event.group).talks.get(event.contact)
        return None if call is None else next(iter(call.legs.values()))

    def _snapshot_taken(self, event: GroupSnapshotTaken) -> None:
        self._floor.take((event,))

    # ---- frames

    def _say(self, event: str, kind: str, headers: Headers) -> None:
        self._said.append(Frame(event=event, kind=kind, headers=headers, at=self._at))

    def _of_call(self, event: str, kind: str, queue: Queue, call: Call, more: Headers) -> None:
        self._say(event, kind, (*call.channel.headers(), ("Queue", queue.name), *more))

    def _of_leg(self, event: str, queue: Queue, call: Call, leg: Leg, more: Headers) -> None:
        member = (("Interface", f"PJSIP/{leg.channel.number}"), ("MemberName", leg.agent))
        headers = (*call.channel.headers(), *leg.channel.headers("Dest"), ("Queue", queue.name))
        self._say(event, "agent", (*headers, *member, *more))

    def _variable(self, call: Call, name: str, value: str) -> None:
        self._say("VarSet", "dialplan", (*call.channel.headers(), ("Variable", name), ("Value", value)))

    def _hang_up(self, channel: Channel, cause: int) -> None:
        self._say(
            "Hangup", "call", (*channel.headers(), ("Cause", str(cause)), ("Cause-txt", _CAUSES[cause]))
        )


def _with_wrapups(events: Sequence[FeedEvent]) -> list[tuple[FeedEvent, Seconds | None]]:
    """Return each event, and with the end of a conversation the length of the wrap-up that follows it."""
    found: list[tuple[FeedEvent, Seconds | None]] = []
    following: dict[tuple[GroupName, AgentId], Seconds | None] = {}
    for event in reversed(events):
        wrapup_s = None
        if isinstance(event, AgentStateChanged):
            is_free = event.state in {AgentState.AVAILABLE, AgentState.RESERVED}
            following[event.group, event.agent] = 0.0 if is_free else event.wrapup_s
        elif isinstance(event, ContactCompleted):
            wrapup_s = following.get((event.group, event.agent))
        found.append((event, wrapup_s))
    return found[::-1]
