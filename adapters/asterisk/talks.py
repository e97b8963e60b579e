"""What is said of conversations, as events: answered, held, passed on, completed.

``Hold`` and the transfers name channels and no queue, so the agent's channel leads back to the contact.
``AgentComplete`` may lack the agent's channel (it is gone already) or, when a Local channel has been
optimised away, name another caller's channel than ``AgentConnect`` did.

Conversations outlive the connection: their ends are told on the next one, or counted (see
:mod:`~adapters.asterisk.unheard`). Whether one of them is over, the lists show: its agent is free, though
nobody saw the agent's channel hang up. Where that was seen, ``AgentComplete`` may still follow.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from adapters.asterisk.frames import Frame
from adapters.asterisk.outbox import Outbox
from adapters.asterisk.tally import Tally
from queue_alert.core.events import (
    ContactAnswered,
    ContactCompleted,
    ContactHeld,
    ContactTransferred,
    ContactUnheld,
    EndedBy,
    Provenance,
    TransferKind,
)
from queue_alert.core.units import AgentId, ContactId, GroupName, Instant, Seconds

__all__ = ["TALK_LIMIT", "TalkDesk"]

TALK_LIMIT: Final = 20_000
"""How many conversations are remembered; past that the oldest is forgotten."""

_SURE_AFTER: Final = 2
"""So many lists in a row must show that a conversation is over."""
_FORGOTTEN_AFTER: Final = 10
"""After so many it is over for good, whether Asterisk has counted it or not; longer than a list that seems
ahead again and again may put off the proof that it was counted."""
_DROPPED_AFTER: Final = 120
_ENDED_LIMIT: Final = 5_000
"""So many conversations that are over are remembered, against events that come late or twice."""
_SWAPPED_WITHIN_S: Final[Seconds] = 60.0
_TOLD_WITHIN_S: Final[Seconds] = 3_600.0
"""For so long ``AgentComplete`` may be waited for after the agent's channel has hung up."""
_SAME_BEGINNING_S: Final[Seconds] = 2.5
"""TalkTime is whole seconds, and an end may be told a moment late."""
_WHOLE_SECOND_S: Final[Seconds] = 1.0

IsFree: TypeAlias = Callable[[GroupName, AgentId], bool]
"""Tells whether an agent does not talk, as the latest list shows."""

_ENDED_BY: Final = {"caller": EndedBy.CUSTOMER, "agent": EndedBy.AGENT, "transfer": EndedBy.TRANSFER}


@dataclass(slots=True, eq=False)
class _Talk:
    group: GroupName
    contact: ContactId
    channel: str
    agent: AgentId
    agent_channel: str
    answered_at: Instant | None = None
    # Whether events of class "call" are seen: without them no hold means nothing.
    sees_calls: bool = False
    held_since: Instant | None = None
    held_s: Seconds = 0.0
    is_carried: bool = False
    # The agent was heard in another conversation.
    is_superseded: bool = False
    agent_left_at: Instant | None = None
    # How many lists in a row have shown that it is over.
    doubts: int = 0
    ended_at: Instant | None = None
    # TalkTime as it was told.
    talk_s: int | None = None

    @property
    def is_surely_over(self) -> bool:
        return self.doubts >= _SURE_AFTER

    def may_have_begun(self, at: Instant | None) -> bool:
        """Whether it began about then; ``None``: nobody says when."""
        if self.answered_at is None:
            return False
        return at is None or abs(at - self.answered_at) <= _SAME_BEGINNING_S


class TalkDesk:
    """Follows every conversation from ``AgentConnect`` to ``AgentComplete``.

    Args:
        outbox: Where events go.
        tally: Told of every end.
        limit: See :data:`TALK_LIMIT`.
    """

    def __init__(self, outbox: Outbox, tally: Tally, *, limit: int = TALK_LIMIT) -> None:
        self._outbox = outbox
        self._tally = tally
        self._limit = limit
        self._by_caller: dict[tuple[GroupName, str], _Talk] = {}
        self._by_agent: dict[str, _Talk] = {}
        self._of_agent: dict[AgentId, _Talk] = {}
        self._ended: dict[tuple[GroupName, str], _Talk] = {}

    def answered(self, frame: Frame, contact: ContactId, agent: AgentId) -> None:
        """Take ``AgentConnect``. HoldTime and RingTime are whole seconds here."""
        talk = _Talk(
            group=GroupName(frame.word("Queue")),
            contact=contact,
            channel=frame.word("Uniqueid"),
            agent=agent,
            agent_channel=frame.label("DestUniqueid"),
            answered_at=self._outbox.now,
        )
        if self._is_open(talk):
            return
        if not self._has_just_ended(talk):
            self._open(talk)
            self._tally.answered(talk.group)
        self._outbox.add(
            ContactAnswered(
                **self._outbox.stamp(),
                group=talk.group,
                contact=contact,
                agent=agent,
                queue_s=frame.count("HoldTime"),
                ring_s=frame.count("RingTime"),
            )
        )

    def completed(self, frame: Frame, agent: AgentId) -> None:
        """Take ``AgentComplete``, which may come seconds after everybody has hung up."""
        group, channel = GroupName(frame.word("Queue")), frame.word("Uniqueid")
        talk_s = frame.count("TalkTime")
        talk = self._find(group, channel, frame.text("DestUniqueid"), agent, talk_s)
        if talk is None:
            talk = _Talk(
                group=group,
                contact=ContactId(channel),
                channel=channel,
                agent=agent,
                agent_channel="",
                answered_at=None if talk_s is None else self._outbox.now - talk_s,
                talk_s=talk_s,
            )
            if self._was_told(talk):
                return
            self._end_of_unknown(talk)
        talk.talk_s = talk_s
        self._end(talk)
        self._tally.completed(group)
        held_s = talk.held_s if talk.held_since is None else talk.held_s + self._outbox.now - talk.held_since
        self._outbox.add(
            ContactCompleted(
                **self._outbox.stamp(),
                group=group,
                contact=talk.contact,
                agent=agent,
                # TalkTime is cut to whole seconds, the time on hold is not.
                talk_s=None if talk_s is None else max(talk_s - held_s, 0.0),
                held_s=held_s if held_s or talk.sees_calls else None,
                ended_by=_ENDED_BY.get(frame.text("Reason"), EndedBy.UNKNOWN),
            )
        )

    def bridged(self, channel: str) -> None:
        """Take ``BridgeEnter``: holds of this agent's channel would be seen."""
        talk = self._by_agent.get(channel)
        if talk is not None:
            talk.sees_calls = True

    def held(self, frame: Frame) -> None:
        """Take ``Hold``, whose channel is that of whoever pressed the key; only an agent's counts."""
        talk = self._by_agent.get(frame.text("Uniqueid"))
        if talk is None or talk.held_since is not None:
            return
        talk.held_since = self._outbox.now
        self._outbox.add(
            ContactHeld(**self._outbox.stamp(), group=talk.group, contact=talk.contact, agent=talk.agent)
        )

    def unheld(self, frame: Frame) -> None:
        """Take ``Unhold``, which also comes without a ``Hold`` when a call is passed on."""
        talk = self._by_agent.get(frame.text("Uniqueid"))
        if talk is None or talk.held_since is None:
            return
        talk.held_s += max(self._outbox.now - talk.held_since, 0.0)
        talk.held_since = None
        self._outbox.add(
            ContactUnheld(**self._outbox.stamp(), group=talk.group, contact=talk.contact, agent=talk.agent)
        )

    def passed_on(self, frame: Frame) -> None:
        """Take ``BlindTransfer`` of an answered contact by its agent."""
        talk = self._by_agent.get(frame.text("TransfererUniqueid"))
        if talk is not None:
            self._transferred(talk, TransferKind.BLIND, frame.label("Extension"))

    def handed_over(self, frame: Frame) -> None:
        """Take ``AttendedTransfer`` of an answered contact by its agent."""
        talk = self._by_agent.get(frame.text("OrigTransfererUniqueid"))
        if talk is not None:
            to = frame.label("TransferTargetCallerIDNum") or frame.label("SecondTransfererExten")
            self._transferred(talk, TransferKind.CONSULT, to)

    def hung_up(self, channel: str) -> None:
        """Take ``Hangup``: of an agent who is free now, but whose conversation need not be over."""
        talk = self._by_agent.get(channel)
        if talk is not None:
            talk.agent_left_at = self._outbox.now

    def carried(self, group: GroupName, agent: AgentId) -> None:
        """Note that an agent was talking when we began to listen."""
        channel = f"?{agent}"
        talk = _Talk(group, ContactId(channel), channel, agent, "", is_carried=True)
        self._by_caller[group, channel] = self._of_agent[agent] = talk

    def review(self, is_free: IsFree) -> None:
        """Look after a list which conversations are over although nobody said so."""
        for talk in tuple(self._by_caller.values()):
            if self._may_go_on(talk) or not (talk.is_superseded or is_free(talk.group, talk.agent)):
                talk.doubts = 0
            else:
                talk.doubts += 1
                if talk.doubts >= _DROPPED_AFTER:
                    self._close(talk)

    def under_way(self, group: GroupName) -> list[_Talk]:
        """Return the conversations that are under way in a queue, or whose end may still be counted."""
        return [
            talk
            for talk in self._by_caller.values()
            if talk.group == group and talk.doubts < _FORGOTTEN_AFTER
        ]

    def end_unheard(self, talk: _Talk) -> None:
        """Let a conversation be over of which no event will tell."""
        self._end(talk)
        if talk.is_carried:
            return
        self._tally.completed(talk.group)
        self._outbox.add(
            ContactCompleted(
                **self._outbox.stamp(),
                provenance=Provenance.INFERRED,
                group=talk.group,
                contact=talk.contact,
                agent=talk.agent,
            )
        )

    def reconnected(self) -> None:
        """Learn that something may not have been heard: of holds nothing is known any more."""
        for talk in self._by_caller.values():
            talk.held_s, talk.held_since, talk.sees_calls = 0.0, None, False

    def _may_go_on(self, talk: _Talk) -> bool:
        left_at = talk.agent_left_at
        return left_at is not None and self._outbox.now - left_at < _TOLD_WITHIN_S

    def _is_open(self, talk: _Talk) -> bool:
        """Return whether the very same conversation has begun already."""
        known = self._by_caller.get((talk.group, talk.channel))
        return known is not None and (known.agent, known.agent_channel) == (talk.agent, talk.agent_channel)

    def _has_just_ended(self, talk: _Talk) -> bool:
        """Return whether the beginning of a conversation comes behind its end."""
        ended = self._ended.get((talk.group, talk.channel))
        return (
            ended is not None
            and ended.agent == talk.agent
            and ended.ended_at is not None
            and self._outbox.now - ended.ended_at < _SWAPPED_WITHIN_S
        )

    def _was_told(self, talk: _Talk) -> bool:
        """Return whether the end of a conversation was told before, or found to be missing."""
        ended = self._ended.get((talk.group, talk.channel))
        if ended is None or ended.ended_at is None or ended.agent != talk.agent:
            return False
        if ended.may_have_begun(talk.answered_at):
            return True
        # A connection that was held up shifts what is reckoned from TalkTime, not TalkTime itself.
        is_soon = self._outbox.now - ended.ended_at < _SWAPPED_WITHIN_S
        return is_soon and talk.talk_s is not None and talk.talk_s == ended.talk_s

    def _end(self, talk: _Talk) -> None:
        self._close(talk)
        talk.ended_at = self._outbox.now
        self._ended.pop((talk.group, talk.channel), None)
        self._ended[talk.group, talk.channel] = talk
        if len(self._ended) > _ENDED_LIMIT:
            del self._ended[next(iter(self._ended))]

    def _end_of_unknown(self, talk: _Talk) -> None:
        """Note the answer of a conversation of which only the end is told, if it was while we listened."""
        earlier = self._of_agent.get(talk.agent)
        if earlier is not None:
            earlier.is_superseded = True
        since, began = self._tally.listed_since(talk.group), talk.answered_at
        was_carried = since is not None and began is not None and began <= since + _WHOLE_SECOND_S
        if was_carried and earlier is not None and earlier.is_carried:
            self._close(earlier)
        if not was_carried:
            self._tally.answered(talk.group)

    def _transferred(self, talk: _Talk, kind: TransferKind, to: str) -> None:
        self._outbox.add(
            ContactTransferred(
                **self._outbox.stamp(),
                group=talk.group,
                contact=talk.contact,
                kind=kind,
                to=to,
                agent=talk.agent,
            )
        )

    def _open(self, talk: _Talk) -> None:
        if len(self._by_caller) >= self._limit:
            self._close(next(iter(self._by_caller.values())))
        earlier = self._by_caller.get((talk.group, talk.channel))
        if earlier is not None:
            self._close(earlier)
        self._by_caller[talk.group, talk.channel] = talk
        former = self._of_agent.get(talk.agent)
        if former is not None:
            former.is_superseded = True
        self._of_agent[talk.agent] = talk
        if talk.agent_channel:
            self._by_agent[talk.agent_channel] = talk

    def _close(self, talk: _Talk) -> None:
        if self._by_caller.get((talk.group, talk.channel)) is talk:
            del self._by_caller[talk.group, talk.channel]
        if self._by_agent.get(talk.agent_channel) is talk:
            del self._by_agent[talk.agent_channel]
        if self._of_agent.get(talk.agent) is talk:
            del self._of_agent[talk.agent]

    def _find(
        self, group: GroupName, channel: str, agent_channel: str, agent: AgentId, talk_s: int | None
    ) -> _Talk | None:
        talk = self._by_caller.get((group, channel)) or self._by_agent.get(agent_channel)
        if talk is not None and talk.group == group:
            return talk
        began = None if talk_s is None else self._outbox.now - talk_s
        talks = [
            one
            for one in self._by_caller.values()
            if one.group == group and one.agent == agent and one.may_have_begun(began)
        ]
        return talks[0] if len(talks) == 1 else None
