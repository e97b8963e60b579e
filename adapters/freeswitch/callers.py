"""Callers (FreeSWITCH calls them *members*): who waits where, who is being rung for them, how they leave.

Source: FreeSWITCH 1.10, mod_callcenter.c (``callcenter_function``, ``outbound_agent_thread_run``).
"""

from typing import Final

from adapters.freeswitch.agents import AgentDesk
from adapters.freeswitch.event import SwitchEvent, epoch
from adapters.freeswitch.outbox import Outbox
from adapters.freeswitch.talks import UNPROVED_S, TalkDesk
from adapters.freeswitch.vocabulary import ANSWERED, TRYING, WAITING_STATES, outcome_of, ring_failure
from adapters.freeswitch.waits import RINGS_LIMIT, Wait, WaitBook
from queue_alert.core.events import (
    ContactLeft,
    ContactQueued,
    ContactRingFailed,
    ContactRung,
    WaitingContact,
)
from queue_alert.core.units import AgentId, ContactId, GroupName, Instant, Seconds

__all__ = ["GRACE_S", "CallerDesk", "MemberRow"]

GRACE_S: Final = 5.0
"""A caller is said to have joined a moment before he is in the table: so long a list without him proves
nothing."""

_SAME_WAIT_S: Final = 2.5
_ENDED_KEPT: Final = 1024
_NUMBER_LIMIT: Final = 200
_TERMINATED: Final = "Terminated"

MemberRow = tuple[str, ...]
"""Uuid, cid_number, joined_epoch, state, rejoined_epoch."""


class CallerDesk:
    """Follows every wait.

    Args:
        outbox: Where events go.
        talks: Knows who is being put through.
        agents: Knows what agents do.
    """

    def __init__(self, outbox: Outbox, talks: TalkDesk, agents: AgentDesk) -> None:
        self._outbox = outbox
        self._talks = talks
        self._agents = agents
        self._waits = WaitBook()
        # By FreeSWITCH's order: what is told late of one who is gone must not make a ghost of him.
        self._ended: dict[ContactId, int] = {}

    def waiting(self, group: GroupName) -> int:
        """Return how many wait in a queue by all that was said."""
        return self._waits.count(group)

    def joined(self, event: SwitchEvent) -> GroupName:
        """Take ``member-queue-start`` or ``member-queue-resume`` and return the queue.

        One who resumes abandoned his place a moment ago and gets it back; he did not wait in between.
        """
        group, contact = event.the_group(), event.the_contact()
        talk = self._talks.find(contact)
        if not self._is_late(max(self._ended.get(contact, 0), talk.number if talk else 0)):
            if talk is not None:
                self._talks.close(talk)
            self._waits.put(contact, Wait(group, self._outbox.time))
        self._outbox.add(
            ContactQueued(
                **self._outbox.stamp(),
                group=group,
                contact=contact,
                caller=event.member_number[:_NUMBER_LIMIT],
            )
        )
        return group

    def rung(self, event: SwitchEvent) -> None:
        """Take ``agent-offering``."""
        group, contact, agent = event.the_group(), event.the_contact(), event.the_agent()
        wait = self._waits.find(contact)
        if wait is not None and len(wait.rung_at) < RINGS_LIMIT:
            wait.rung_at[agent] = self._outbox.time
        self._outbox.add(ContactRung(**self._outbox.stamp(), group=group, contact=contact, agent=agent))

    def ring_failed(self, event: SwitchEvent) -> None:
        """Take ``bridge-agent-fail``."""
        group, contact, agent = event.the_group(), event.the_contact(), event.the_agent()
        self._outbox.add(
            ContactRingFailed(
                **self._outbox.stamp(),
                group=group,
                contact=contact,
                agent=agent,
                reason=ring_failure(event),
                ring_s=self._rang_for(contact, agent, event.agent_called, event.agent_aborted),
            )
        )

    def bridge_started(self, event: SwitchEvent) -> None:
        """Take ``bridge-agent-start``: he stops waiting here, not at ``member-queue-end``."""
        event.the_group()
        contact, agent = event.the_contact(), event.the_agent()
        if self._is_late(self._ended.get(contact, 0)):
            return
        ring_s = self._rang_for(contact, agent, event.agent_called, event.agent_answered)
        self._waits.drop(contact)
        self._talks.begun(event, ring_s=ring_s, is_proved=self._agents.is_in_call(agent))

    def bridge_ended(self, event: SwitchEvent) -> bool:
        """Take ``bridge-agent-end``; return whether he may be waiting on, the bridge having failed."""
        event.the_group()
        contact = event.the_contact()
        if event.agent_bridged == "false":
            talk = self._talks.find(contact)
            if talk is not None and not talk.is_answered:
                self._talks.failed(talk)
                return True
            return False
        agent = event.the_agent()
        self._end(contact)
        self._talks.ended(event)
        self._agents.bridge_ended(agent)
        return False

    def left(self, event: SwitchEvent) -> None:
        """Take ``member-queue-end``."""
        group, contact = event.the_group(), event.the_contact()
        talk = self._talks.find(contact)
        if event.cause == _TERMINATED:
            # The conversation's end was told before this. If not, it is told now.
            if talk is not None or self._waits.find(contact) is not None:
                self._end(contact)
                self._talks.ended(event)
            return
        if talk is not None and talk.is_answered:
            return  # put through, and gone before the queue had noticed
        if talk is not None:
            self._talks.close(talk)
        self._end(contact)
        joined_at = epoch(event.member_joined)
        self._outbox.add(
            ContactLeft(
                **self._outbox.stamp(),
                group=group,
                contact=contact,
                outcome=outcome_of(event),
                queue_s=None if joined_at is None else max(self._outbox.time - joined_at, 0.0),
            )
        )

    def listed(self, group: GroupName, rows: list[MemberRow]) -> tuple[WaitingContact, ...]:
        """Take a queue's list of callers, answered ones and all, and return those who wait."""
        now = self._outbox.their_time
        self._talks.listed(
            group,
            {ContactId(row[0]) for row in rows},
            {ContactId(row[0]) for row in rows if row[3] == ANSWERED},
        )
        before = self._waits.of(group)
        found: list[WaitingContact] = []
        for uuid, number, joined, state, rejoined in rows:
            contact = ContactId(uuid)
            if state not in WAITING_STATES or self._is_put_through(contact, state, now):
                continue
            wait = before.pop(contact, None)
            began = epoch(rejoined) or epoch(joined)
            if wait is None or (began is not None and abs(wait.since - began) > _SAME_WAIT_S):
                self._waits.put(contact, Wait(group, now if began is None else began))
            elif began is not None:
                began = wait.since  # the same, and finer
            found.append(
                WaitingContact(
                    contact=contact,
                    queued_at=began,
                    position=len(found) + 1,
                    caller=number[:_NUMBER_LIMIT],
                )
            )
        for contact, wait in before.items():
            if wait.since > now - GRACE_S:
                found.append(WaitingContact(contact=contact, queued_at=wait.since))
            else:
                self._waits.drop(contact)
        return tuple(found)

    def clear(self) -> None:
        """Forget everything."""
        self._waits.clear()
        self._ended.clear()

    def _is_put_through(self, contact: ContactId, state: str, now: Instant) -> bool:
        """Return whether an agent has picked up for one whom a list shows waiting.

        Until the bridge stands he is still called Trying. If he is called Waiting, the bridge has failed.
        """
        talk = self._talks.find(contact)
        if talk is None:
            return False
        if state == TRYING and now < talk.began_at + UNPROVED_S:
            return True
        self._talks.close(talk)
        return False

    def _is_late(self, number: int) -> bool:
        """Return whether the event being read is older than the one of that number."""
        return 0 < self._outbox.number < number

    def _end(self, contact: ContactId) -> None:
        self._waits.drop(contact)
        self._ended.pop(contact, None)
        self._ended[contact] = self._outbox.number
        if len(self._ended) > _ENDED_KEPT:
            del self._ended[next(iter(self._ended))]

    def _rang_for(self, contact: ContactId, agent: AgentId, called: str, ended: str) -> Seconds | None:
        """Return how long an agent was rung: by when it was said, or else by FreeSWITCH's whole seconds."""
        wait = self._waits.find(contact)
        rung_at = wait.rung_at.pop(agent, None) if wait is not None else None
        if rung_at is not None:
            return max(self._outbox.time - rung_at, 0.0)
        called_at, ended_at = epoch(called), epoch(ended)
        return None if called_at is None or ended_at is None else max(ended_at - called_at, 0.0)
