"""Conversations: from the agent's picking up to his being free again, with what was held in between.

``bridge-agent-start`` is said when the agent picks up, before caller and agent are put together: a whisper to
the agent may come first, and the caller may hang up during it, or the bridge may fail. So the caller has
stopped waiting there (for the line), but is *answered* only once something says that the bridge stood: the
agent's state ``In a queue call``, or the conversation's end.

Source: FreeSWITCH 1.10, mod_callcenter.c (``outbound_agent_thread_run``); src/switch_channel.c
(``switch_channel_mark_hold``: the event's channel is that of whoever holds).
"""

from dataclasses import dataclass
from typing import Final

from adapters.freeswitch.event import SwitchEvent, epoch
from adapters.freeswitch.outbox import Outbox
from adapters.freeswitch.vocabulary import ended_by, transfer_of
from queue_alert.core.events import (
    ContactAnswered,
    ContactCompleted,
    ContactDequeued,
    ContactHeld,
    ContactTransferred,
    ContactUnheld,
    EndedBy,
    Outcome,
    Provenance,
)
from queue_alert.core.units import AgentId, ContactId, GroupName, Instant, Seconds

__all__ = ["TALK_LIMIT", "UNPROVED_S", "Talk", "TalkDesk"]

TALK_LIMIT: Final = 20_000
"""How many conversations are remembered; past that the oldest is forgotten."""

UNPROVED_S: Final = 60.0
"""For so long an answer may stay unproved; then it is taken for one."""


@dataclass(slots=True)
class Talk:
    """One conversation.

    Attributes:
        group: The queue.
        contact: The caller.
        channel: His channel.
        agent: Who picked up.
        agent_channel: The agent's channel.
        began_at: When the agent picked up.
        number: That of the event that said so, in FreeSWITCH's order.
        queue_s: Seconds waited by then.
        ring_s: Seconds the agent was rung.
        is_answered: Whether the bridge is known to have stood.
        is_unlisted: Whether the last list of callers did not have it any more.
        held_since: Since when it is on hold.
        held_s: Seconds on hold before that.
    """

    group: GroupName
    contact: ContactId
    channel: str
    agent: AgentId
    agent_channel: str
    began_at: Instant
    number: int
    queue_s: Seconds | None = None
    ring_s: Seconds | None = None
    is_answered: bool = False
    is_unlisted: bool = False
    held_since: Instant | None = None
    held_s: Seconds = 0.0


class TalkDesk:
    """Follows every conversation.

    Args:
        outbox: Where events go.
        limit: See :data:`TALK_LIMIT`.
    """

    def __init__(self, outbox: Outbox, *, limit: int = TALK_LIMIT) -> None:
        self._outbox = outbox
        self._limit = limit
        self._talks: dict[ContactId, Talk] = {}
        self._by_channel: dict[str, Talk] = {}
        self._by_agent: dict[AgentId, Talk] = {}
        self._by_group: dict[GroupName, dict[ContactId, Talk]] = {}

    def find(self, contact: ContactId) -> Talk | None:
        """Return a caller's conversation."""
        return self._talks.get(contact)

    def unproved(self, group: GroupName) -> int:
        """Return how many agents of a queue have picked up for a caller who may still be unanswered."""
        return sum(not talk.is_answered for talk in self._by_group.get(group, {}).values())

    def begun(self, event: SwitchEvent, *, ring_s: Seconds | None, is_proved: bool) -> None:
        """Take ``bridge-agent-start``."""
        joined_at = epoch(event.member_joined)
        talk = Talk(
            group=event.the_group(),
            contact=event.the_contact(),
            channel=event.member_channel,
            agent=event.the_agent(),
            agent_channel=event.agent_channel,
            began_at=self._outbox.time,
            number=self._outbox.number,
            queue_s=None if joined_at is None else max(self._outbox.time - joined_at, 0.0),
            ring_s=ring_s,
        )
        self._open(talk)
        if is_proved:
            self.proved(talk)
        else:
            self._outbox.add(
                ContactDequeued(
                    **self._outbox.stamp(),
                    group=talk.group,
                    contact=talk.contact,
                    presumed=Outcome.ANSWERED,
                    settle_s=UNPROVED_S,
                )
            )

    def agent_in_call(self, agent: AgentId) -> None:
        """Learn that an agent's bridge stands."""
        talk = self._by_agent.get(agent)
        if talk is not None and not talk.is_answered:
            self.proved(talk)

    def proved(self, talk: Talk, provenance: Provenance = Provenance.OBSERVED) -> None:
        """Say that a caller was answered."""
        talk.is_answered = True
        self._outbox.add(
            ContactAnswered(
                **self._outbox.stamp(),
                provenance=provenance,
                group=talk.group,
                contact=talk.contact,
                agent=talk.agent,
                queue_s=talk.queue_s,
                ring_s=talk.ring_s,
            )
        )

    def failed(self, talk: Talk) -> None:
        """Learn that an agent picked up for nothing: the caller waits on, unless he has left.

        He is given up for the moment. If he has left his end is told; if not, the next list has him, and the
        core puts him back to where he stood.
        """
        self.close(talk)
        self._outbox.add(
            ContactDequeued(
                **self._outbox.stamp(),
                group=talk.group,
                contact=talk.contact,
                presumed=Outcome.UNKNOWN,
                settle_s=0.0,
            )
        )

    def ended(self, event: SwitchEvent) -> None:
        """Take the end of a conversation: ``bridge-agent-end``, or what comes in its place."""
        contact = event.the_contact()
        talk = self._talks.get(contact)
        if talk is None:
            self._complete_unseen(event, contact)
            return
        self.close(talk)
        if not talk.is_answered:
            self.proved(talk)
        kind = transfer_of(event)
        if kind is not None:
            self._outbox.add(
                ContactTransferred(
                    **self._outbox.stamp(), group=talk.group, contact=contact, kind=kind, agent=talk.agent
                )
            )
        now = self._outbox.time
        held_s = talk.held_s if talk.held_since is None else talk.held_s + max(now - talk.held_since, 0.0)
        self._outbox.add(
            ContactCompleted(
                **self._outbox.stamp(),
                group=talk.group,
                contact=contact,
                agent=talk.agent,
                talk_s=max(now - talk.began_at - held_s, 0.0),
                held_s=held_s,
                ended_by=ended_by(event),
            )
        )

    def hold_changed(self, event: SwitchEvent, *, is_hold: bool) -> AgentId | None:
        """Take ``CHANNEL_HOLD`` or ``CHANNEL_UNHOLD`` and return the agent, if it is one who did it.

        The channel is that of whoever holds. A caller who puts us on hold is none of our business.
        """
        talk = self._by_channel.get(event.channel)
        if talk is None:
            # The agent's channel may be another than was said (a loopback); its partner is the caller's.
            talk = self._by_channel.get(event.other_channel)
            if talk is None or event.other_channel != talk.channel:
                return None
        elif event.channel == talk.channel:
            return None
        if is_hold is (talk.held_since is not None):
            return None
        kind = ContactHeld if is_hold else ContactUnheld
        if talk.held_since is not None:
            talk.held_s += max(self._outbox.time - talk.held_since, 0.0)
        talk.held_since = self._outbox.time if is_hold else None
        self._outbox.add(
            kind(**self._outbox.stamp(), group=talk.group, contact=talk.contact, agent=talk.agent)
        )
        return talk.agent

    def listed(self, group: GroupName, present: set[ContactId], answered: set[ContactId]) -> None:
        """Take who of a queue's callers is in the list, and who is answered by it.

        A conversation that two lists do not have is over, whatever was lost of its end.
        """
        for talk in list(self._by_group.get(group, {}).values()):
            if talk.contact in answered and not talk.is_answered:
                self.proved(talk, Provenance.SNAPSHOT)
            if talk.contact in present:
                talk.is_unlisted = False
            elif not talk.is_unlisted:
                talk.is_unlisted = True
            else:
                self.close(talk)
                if talk.is_answered:
                    self._outbox.add(
                        ContactCompleted(
                            **self._outbox.stamp(),
                            provenance=Provenance.INFERRED,
                            group=group,
                            contact=talk.contact,
                            agent=talk.agent,
                        )
                    )

    def close(self, talk: Talk) -> None:
        """Forget a conversation."""
        if self._talks.get(talk.contact) is talk:
            del self._talks[talk.contact]
            del self._by_group[talk.group][talk.contact]
            if not self._by_group[talk.group]:
                del self._by_group[talk.group]
        for channel in (talk.channel, talk.agent_channel):
            if self._by_channel.get(channel) is talk:
                del self._by_channel[channel]
        if self._by_agent.get(talk.agent) is talk:
            del self._by_agent[talk.agent]

    def clear(self) -> None:
        """Forget everything."""
        self._talks.clear()
        self._by_channel.clear()
        self._by_agent.clear()
        self._by_group.clear()

    def _open(self, talk: Talk) -> None:
        earlier = self._talks.get(talk.contact)
        if earlier is not None:
            self.close(earlier)
        if len(self._talks) >= self._limit:
            self.close(next(iter(self._talks.values())))
        self._talks[talk.contact] = talk
        self._by_group.setdefault(talk.group, {})[talk.contact] = talk
        self._by_agent[talk.agent] = talk
        for channel in (talk.channel, talk.agent_channel):
            if channel:
                self._by_channel[channel] = talk

    def _complete_unseen(self, event: SwitchEvent, contact: ContactId) -> None:
        """Say the end of a conversation whose beginning was before we came, or was lost."""
        answered_at = epoch(event.agent_answered)
        talk_s = None if answered_at is None else max(self._outbox.time - answered_at, 0.0)
        self._outbox.add(
            ContactCompleted(
                **self._outbox.stamp(),
                group=event.the_group(),
                contact=contact,
                agent=AgentId(event.agent),
                talk_s=talk_s,
                ended_by=EndedBy.UNKNOWN if answered_at is None else ended_by(event),
            )
        )
