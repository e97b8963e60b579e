"""What one group holds at this instant: who waits and who is free."""

from bisect import bisect_left, insort
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from random import Random

from queue_alert.core.events import AgentSnapshot, AgentState, Channel, WaitingContact
from queue_alert.core.units import AgentId, ContactId, GroupName, Instant, Seconds
from simulator.callers import CallerPlan
from simulator.habits import Shift
from simulator.happenings import Happening
from simulator.scenario import GroupScenario
from simulator.tally import Tally

__all__ = ["Agent", "Contact", "Line", "Station", "agent_snapshot", "waiting_contact"]


@dataclass(slots=True, eq=False)
class Contact:
    """One customer's visit to one group, from joining to the end of the conversation."""

    id: ContactId
    order: int
    plan: CallerPlan
    station: "Station"
    queued_at: Instant
    channel: Channel = Channel.VOICE
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

    @property
    def place(self) -> tuple[int, int]:
        """What its place in the line is by: the higher priority first, then who came first."""
        return -self.plan.priority, self.order


@dataclass(slots=True, eq=False)
class Agent:
    """One agent, with a source of chance of their own."""

    name: AgentId
    random: Random
    levels: dict[GroupName, int]
    """The groups they serve and how well, 1 is best; the first one is home."""
    shift: Shift | None = None
    state: AgentState = AgentState.AVAILABLE
    reason: str = ""
    is_on_shift: bool = True
    wants_break: bool = False
    break_due: Happening | None = None
    """When they will want a break."""
    returns: Happening | None = None
    """When they will come back from where they are."""
    wrapped_at: Instant = 0.0


@dataclass(slots=True)
class Line:
    """The waiting line of one group and the agents in front of it."""

    agents: tuple[Agent, ...]
    waiting: dict[ContactId, Contact] = field(default_factory=dict)
    """All who wait, those too whose agent is being rung."""
    _places: list[tuple[int, int, ContactId]] = field(default_factory=list)
    _free: OrderedDict[AgentId, Agent] = field(default_factory=OrderedDict)
    _unrung: list[tuple[tuple[int, int], Contact]] = field(default_factory=list)

    def join(self, contact: Contact) -> int:
        """Put ``contact`` at its place; return its position, from 1."""
        self.waiting[contact.id] = contact
        entry = (*contact.place, contact.id)
        insort(self._places, entry)
        self.ring_again(contact)
        return bisect_left(self._places, entry) + 1

    def leave(self, contact: Contact) -> None:
        """Take ``contact`` out of the line."""
        del self.waiting[contact.id]
        del self._places[bisect_left(self._places, (*contact.place, contact.id))]

    def in_order(self) -> Iterable[Contact]:
        """Return all who wait, by position."""
        return (self.waiting[contact] for _, _, contact in self._places)

    def ring_again(self, contact: Contact) -> None:
        """Let ``contact`` have an agent at the place where it waits."""
        heappush(self._unrung, (contact.place, contact))

    def free(self, agent: Agent) -> None:
        """Let ``agent`` have the next contact, after those who have been free for longer."""
        self._free[agent.name] = agent

    def occupy(self, agent: Agent) -> None:
        """Let ``agent`` have no contact; harmless for one who was not free."""
        self._free.pop(agent.name, None)

    def next_unrung(self) -> Contact | None:
        """Return the first contact that nobody is rung for."""
        while self._unrung:
            contact = self._unrung[0][1]
            if self.waiting.get(contact.id) is contact:
                return contact
            heappop(self._unrung)
        return None

    def take_unrung(self) -> Contact:
        """Take out what :meth:`next_unrung` returned: somebody will be rung for it."""
        return heappop(self._unrung)[1]

    def best_free(self, group: GroupName) -> Agent | None:
        """Return the most skilled free agent, and of those as skilled the one free for longest."""
        return min(self._free.values(), key=lambda agent: agent.levels[group], default=None)


@dataclass(slots=True, eq=False)
class Station:
    """One group: its rules, its line, its count."""

    scenario: GroupScenario
    line: Line
    tally: Tally = field(default_factory=Tally)

    @property
    def name(self) -> GroupName:
        """The group's name."""
        return self.scenario.name


def waiting_contact(contact: Contact, *, position: int) -> WaitingContact:
    """Return ``contact`` as a snapshot lists it; ``position`` counts from 1."""
    return WaitingContact(
        contact=contact.id,
        queued_at=contact.queued_at,
        channel=contact.channel,
        position=position,
        priority=contact.plan.priority,
        caller=contact.plan.number,
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
