"""What one group holds at this instant: who waits and who is free."""

from collections import OrderedDict
from dataclasses import dataclass, field
from heapq import heappop, heappush
from random import Random

from queue_alert.core.events import AgentSnapshot, AgentState, WaitingContact
from queue_alert.core.units import AgentId, ContactId, Instant, Seconds
from simulator.callers import CallerPlan
from simulator.happenings import Happening

__all__ = ["Agent", "Contact", "Line", "agent_snapshot", "waiting_contact"]


@dataclass(slots=True, eq=False)
class Contact:
    """One caller, from joining to the end of the conversation."""

    id: ContactId
    order: int
    plan: CallerPlan
    queued_at: Instant
    leaves: Happening | None = None
    """The end of the caller's patience, while waiting."""
    ringing: Happening | None = None
    """What the ringing will come to, while an agent's phone rings."""
    agent: "Agent | None" = None
    """Who is rung, or talks to the caller."""
    rung_at: Instant = 0.0
    answered_at: Instant = 0.0
    held_at: Instant = 0.0
    held_s: Seconds = 0.0
    is_told: bool = True
    """False for one who was answered in the warm-up: of a contact nobody saw waiting nothing is told."""


@dataclass(slots=True, eq=False)
class Agent:
    """One agent, with a source of chance of their own."""

    name: AgentId
    random: Random
    state: AgentState = AgentState.AVAILABLE
    reason: str = ""
    wants_break: bool = False
    wrapped_at: Instant = 0.0


@dataclass(slots=True)
class Line:
    """The waiting line of one group and the agents in front of it."""

    agents: tuple[Agent, ...]
    waiting: OrderedDict[ContactId, Contact] = field(default_factory=OrderedDict)
    """All who wait, those too whose agent is being rung, in order of arrival."""
    _free: OrderedDict[AgentId, Agent] = field(default_factory=OrderedDict)
    _unrung: list[tuple[int, Contact]] = field(default_factory=list)

    def join(self, contact: Contact) -> int:
        """Put ``contact`` at the end; return its position, from 1."""
        self.waiting[contact.id] = contact
        self.ring_again(contact)
        return len(self.waiting)

    def leave(self, contact: Contact) -> None:
        """Take ``contact`` out of the line."""
        del self.waiting[contact.id]

    def ring_again(self, contact: Contact) -> None:
        """Let ``contact`` have an agent at the place where it waits."""
        heappush(self._unrung, (contact.order, contact))

    def free(self, agent: Agent) -> None:
        """Let ``agent`` have the next contact, after those who have been free for longer."""
        self._free[agent.name] = agent

    def occupy(self, agent: Agent) -> None:
        """Let ``agent`` have no contact; harmless for one who was not free."""
        self._free.pop(agent.name, None)

    def match(self) -> tuple[Contact, Agent] | None:
        """Take out the first contact that nobody is rung for and the agent free for longest."""
        while self._unrung and self._unrung[0][1].id not in self.waiting:
            heappop(self._unrung)
        if not (self._unrung and self._free):
            return None
        _, contact = heappop(self._unrung)
        _, agent = self._free.popitem(last=False)
        return contact, agent


def waiting_contact(contact: Contact, *, position: int) -> WaitingContact:
    """Return ``contact`` as a snapshot lists it; ``position`` counts from 1."""
    return WaitingContact(
        contact=contact.id, queued_at=contact.queued_at, position=position, caller=contact.plan.number
    )


def agent_snapshot(agent: Agent, now: Instant) -> AgentSnapshot:
    """Return ``agent`` as a snapshot lists them, with what is left of the wrap-up at ``now``."""
    is_wrapping = agent.state is AgentState.WRAPUP
    return AgentSnapshot(
        agent=agent.name,
        state=agent.state,
        reason=agent.reason,
        wrapup_s=max(0.0, round(agent.wrapped_at - now, 3)) if is_wrapping else None,
    )
