"""What is said of conversations, as events: answered, held, passed on, completed.

``Hold`` and the transfers name channels and no queue, so the agent's channel leads back to the contact.
``AgentComplete`` may lack the agent's channel (it is gone already) or, when a Local channel has been
optimised away, name another caller's channel than ``AgentConnect`` did.
"""

from dataclasses import dataclass
from typing import Final

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
    TransferKind,
)
from queue_alert.core.units import AgentId, ContactId, GroupName, Instant, Seconds

__all__ = ["TALK_LIMIT", "TalkDesk"]

TALK_LIMIT: Final = 20_000
"""How many conversations are remembered; past that the oldest is forgotten."""

_ENDED_BY: Final = {"caller": EndedBy.CUSTOMER, "agent": EndedBy.AGENT, "transfer": EndedBy.TRANSFER}


@dataclass(slots=True)
class _Talk:
    group: GroupName
    contact: ContactId
    channel: str
    agent: AgentId
    agent_channel: str
    # Whether events of class "call" are seen: without them no hold means nothing.
    sees_calls: bool = False
    held_since: Instant | None = None
    held_s: Seconds = 0.0


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

    def answered(self, frame: Frame, contact: ContactId, agent: AgentId) -> None:
        """Take ``AgentConnect``. HoldTime and RingTime are whole seconds here."""
        talk = _Talk(
            group=GroupName(frame.word("Queue")),
            contact=contact,
            channel=frame.word("Uniqueid"),
            agent=agent,
            agent_channel=frame.label("DestUniqueid"),
        )
        self._open(talk)
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
        talk = self._find(group, channel, frame.text("DestUniqueid"), agent)
        if talk is None:
            talk = _Talk(
                group=group, contact=ContactId(channel), channel=channel, agent=agent, agent_channel=""
            )
        self._close(talk)
        self._tally.completed(group)
        held_s = talk.held_s if talk.held_since is None else talk.held_s + self._outbox.now - talk.held_since
        talk_s = frame.count("TalkTime")
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

    def under_way(self, group: GroupName) -> int:
        """Return how many conversations are under way in a queue."""
        return sum(talk.group == group for talk in self._by_caller.values())

    def clear(self) -> None:
        """Forget everything."""
        self._by_caller.clear()
        self._by_agent.clear()

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
        if talk.agent_channel:
            self._by_agent[talk.agent_channel] = talk

    def _close(self, talk: _Talk) -> None:
        if self._by_caller.get((talk.group, talk.channel)) is talk:
            del self._by_caller[talk.group, talk.channel]
        if self._by_agent.get(talk.agent_channel) is talk:
            del self._by_agent[talk.agent_channel]

    def _find(self, group: GroupName, channel: str, agent_channel: str, agent: AgentId) -> _Talk | None:
        talk = self._by_caller.get((group, channel)) or self._by_agent.get(agent_channel)
        if talk is not None and talk.group == group:
            return talk
        talks = [one for one in self._by_caller.values() if one.group == group and one.agent == agent]
        return talks[0] if len(talks) == 1 else None
