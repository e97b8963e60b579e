"""One group at work: callers join, phones ring, conversations begin and end."""

from dataclasses import dataclass
from functools import partial
from random import Random

from queue_alert.core.events import (
    AgentState,
    AgentStateChanged,
    ContactAnswered,
    ContactCompleted,
    ContactHeld,
    ContactLeft,
    ContactQueued,
    ContactRingFailed,
    ContactRung,
    ContactUnheld,
    ContactWrapped,
    EndedBy,
    GroupSnapshotTaken,
    Outcome,
    RingFailure,
)
from queue_alert.core.units import ContactId, Instant, Seconds
from simulator.callers import plan_caller
from simulator.floor import Agent, Contact, Line, agent_snapshot, waiting_contact
from simulator.happenings import Schedule
from simulator.profile import next_arrival
from simulator.scenario import BreakHabits, GroupScenario
from simulator.scribe import Scribe
from simulator.tally import Tally

__all__ = ["Group", "Switch"]


@dataclass(slots=True)
class Switch:
    """What all groups of one ACD share.

    Attributes:
        midnight: When the simulated day began.
        seed: Every group and every agent draws from a source of chance of their own, made of this and the
            name, so that a change in one group changes nothing in another.
    """

    schedule: Schedule
    scribe: Scribe
    midnight: Instant
    seed: int
    breaks: BreakHabits
    contacts: int = 0

    def chance(self, *names: str) -> Random:
        """Return the source of chance that belongs to ``names``."""
        return Random("/".join((str(self.seed), *names)))

    def number_contact(self, at: Instant) -> tuple[ContactId, int]:
        """Return the next contact's id, unique in this run, and its rising number."""
        self.contacts += 1
        return ContactId(f"{int(at)}.{self.contacts}"), self.contacts


class Group:
    """The line, the agents and the rules of one group."""

    def __init__(self, scenario: GroupScenario, switch: Switch) -> None:
        self.scenario = scenario
        self.tally = Tally()
        self.line = Line(
            tuple(Agent(name, switch.chance(scenario.name, name)) for name in scenario.agents),
        )
        self._switch = switch
        self._schedule = switch.schedule
        self._scribe = switch.scribe
        self._arrivals = switch.chance(scenario.name, "arrivals")
        self._callers = switch.chance(scenario.name, "callers")

    def open(self, at: Instant) -> None:
        """Begin the day: every agent is available, the first caller is on the way."""
        self._man(at)
        self._plan_arrival(at)

    def restart(self, at: Instant) -> None:
        """Forget without a word whoever waits or talks; every agent is available.

        What was planned for them must have been forgotten before.
        """
        self.tally.restart(forgotten=len(self.line.waiting))
        self.line = Line(self.line.agents)
        for agent in self.line.agents:
            agent.state, agent.reason, agent.wants_break = AgentState.AVAILABLE, "", False
        self._man(at)

    def plan_caller_at(self, at: Instant) -> None:
        """Let one more caller join ``at`` than the arrivals bring."""
        self._schedule.plan(at, self._join)

    def snapshot(self, now: Instant) -> GroupSnapshotTaken:
        """Return all that the ACD knows of this group."""
        return GroupSnapshotTaken(
            **self._scribe.stamp_snapshot(now),
            group=self.scenario.name,
            waiting=tuple(
                waiting_contact(contact, position=position)
                for position, contact in enumerate(self.line.waiting.values(), start=1)
            ),
            agents=tuple(agent_snapshot(agent, now) for agent in self.line.agents),
            counters=self.tally.group_counters(),
        )

    def _man(self, at: Instant) -> None:
        for agent in self.line.agents:
            self.line.free(agent)
            self._plan_break(agent, at)

    def _plan_arrival(self, after: Instant) -> None:
        midnight = self._switch.midnight
        at = next_arrival(self.scenario.arrivals, after=after - midnight, random=self._arrivals)
        if at is not None:
            self._schedule.plan(midnight + at, self._arrive, outlives=True)

    def _arrive(self, at: Instant) -> None:
        self._plan_arrival(at)
        self._join(at)

    def _join(self, at: Instant) -> None:
        contact_id, order = self._switch.number_contact(at)
        contact = Contact(contact_id, order, plan_caller(self.scenario, self._callers), queued_at=at)
        position = self.line.join(contact)
        self.tally.count_offered()
        self._scribe.say(
            ContactQueued(
                **self._scribe.stamp(at),
                group=self.scenario.name,
                contact=contact.id,
                position=position,
                caller=contact.plan.number,
            )
        )
        self._plan_leaving(contact)
        self._distribute(at)

    def _plan_leaving(self, contact: Contact) -> None:
        waits: list[tuple[Seconds, Outcome]] = []
        if contact.plan.patience_s is not None:
            outcome = Outcome.EXIT_KEY if contact.plan.presses_key else Outcome.ABANDONED
            waits.append((contact.plan.patience_s, outcome))
        if self.scenario.max_wait_s is not None:
            waits.append((self.scenario.max_wait_s, Outcome.TIMEOUT))
        if waits:
            wait_s, outcome = min(waits)
            contact.leaves = self._schedule.plan(
                contact.queued_at + wait_s, partial(self._leave, contact, outcome)
            )

    def _leave(self, contact: Contact, outcome: Outcome, at: Instant) -> None:
        agent, ringing = contact.agent, contact.ringing
        if agent is not None and ringing is not None:
            ringing.cancel()
            self._fail_ring(contact, agent, RingFailure.CANCELLED, at)
        self.line.leave(contact)
        self.tally.count_outcome(outcome)
        self._scribe.say(
            ContactLeft(
                **self._scribe.stamp(at),
                group=self.scenario.name,
                contact=contact.id,
                outcome=outcome,
                queue_s=round(at - contact.queued_at, 3),
            )
        )
        if agent is not None:
            self._release(agent, at)

    def _distribute(self, at: Instant) -> None:
        while (pair := self.line.match()) is not None:
            self._ring(*pair, at)

    def _ring(self, contact: Contact, agent: Agent, at: Instant) -> None:
        contact.agent = agent
        contact.rung_at = at
        self._set_state(agent, AgentState.RESERVED, at)
        self._scribe.say(
            ContactRung(
                **self._scribe.stamp(at), group=self.scenario.name, contact=contact.id, agent=agent.name
            )
        )
        is_away = agent.random.random() < self.scenario.no_answer_ratio
        picks_up_s = agent.random.uniform(0.1, 0.6) * self.scenario.ring_s
        contact.ringing = (
            self._schedule.plan(at + self.scenario.ring_s, partial(self._ring_out, contact, agent))
            if is_away
            else self._schedule.plan(at + picks_up_s, partial(self._answer, contact, agent))
        )

    def _ring_out(self, contact: Contact, agent: Agent, at: Instant) -> None:
        self._fail_ring(contact, agent, RingFailure.NO_ANSWER, at)
        self._set_state(agent, AgentState.NOT_READY, at, reason="No answer")
        away_s = agent.random.uniform(0.5, 1.5) * self.scenario.mean_away_s
        self._schedule.plan(at + away_s, partial(self._release, agent))
        self.line.ring_again(contact)
        self._distribute(at)

    def _fail_ring(self, contact: Contact, agent: Agent, reason: RingFailure, at: Instant) -> None:
        contact.ringing = None
        contact.agent = None
        self.tally.count_ring_failure()
        self._scribe.say(
            ContactRingFailed(
                **self._scribe.stamp(at),
                group=self.scenario.name,
                contact=contact.id,
                agent=agent.name,
                reason=reason,
                ring_s=round(at - contact.rung_at, 3),
            )
        )

    def _answer(self, contact: Contact, agent: Agent, at: Instant) -> None:
        if contact.leaves is not None:
            contact.leaves.cancel()
        contact.ringing = None
        contact.answered_at = at
        contact.is_told = self._scribe.is_on_air
        self.line.leave(contact)
        self.tally.count_outcome(Outcome.ANSWERED)
        self._scribe.say(
            ContactAnswered(
                **self._scribe.stamp(at),
                group=self.scenario.name,
                contact=contact.id,
                agent=agent.name,
                queue_s=round(at - contact.queued_at, 3),
                ring_s=round(at - contact.rung_at, 3),
            )
        )
        self._set_state(agent, AgentState.TALKING, at)
        plan = contact.plan
        if plan.hold_after_s is not None:
            hold_at = at + plan.hold_after_s
            self._schedule.plan(hold_at, partial(self._hold, contact, agent))
            self._schedule.plan(hold_at + plan.hold_s, partial(self._unhold, contact, agent))
        self._schedule.plan(at + plan.handling_s, partial(self._complete, contact, agent))

    def _hold(self, contact: Contact, agent: Agent, at: Instant) -> None:
        contact.held_at = at
        if contact.is_told:
            self._scribe.say(
                ContactHeld(
                    **self._scribe.stamp(at), group=self.scenario.name, contact=contact.id, agent=agent.name
                )
            )
        self._set_state(agent, AgentState.ON_HOLD, at)

    def _unhold(self, contact: Contact, agent: Agent, at: Instant) -> None:
        contact.held_s = round(at - contact.held_at, 3)
        if contact.is_told:
            self._scribe.say(
                ContactUnheld(
                    **self._scribe.stamp(at), group=self.scenario.name, contact=contact.id, agent=agent.name
                )
            )
        self._set_state(agent, AgentState.TALKING, at)

    def _complete(self, contact: Contact, agent: Agent, at: Instant) -> None:
        if contact.is_told:
            self.tally.count_completed()
            self._scribe.say(
                ContactCompleted(
                    **self._scribe.stamp(at),
                    group=self.scenario.name,
                    contact=contact.id,
                    agent=agent.name,
                    talk_s=round(at - contact.answered_at - contact.held_s, 3),
                    held_s=contact.held_s,
                    ended_by=EndedBy.CUSTOMER if contact.plan.hangs_up else EndedBy.AGENT,
                )
            )
        wrapup_s = self.scenario.wrapup_s
        if wrapup_s == 0:
            self._release(agent, at)
            return
        agent.wrapped_at = self._schedule.plan(at + wrapup_s, partial(self._wrap, contact, agent)).at
        self._set_state(agent, AgentState.WRAPUP, at, wrapup_s=wrapup_s)

    def _wrap(self, contact: Contact, agent: Agent, at: Instant) -> None:
        if contact.is_told:
            self._scribe.say(
                ContactWrapped(
                    **self._scribe.stamp(at),
                    group=self.scenario.name,
                    contact=contact.id,
                    agent=agent.name,
                    acw_s=self.scenario.wrapup_s,
                )
            )
        self._release(agent, at)

    def _release(self, agent: Agent, at: Instant) -> None:
        if agent.wants_break:
            self._begin_break(agent, at)
            return
        self._set_state(agent, AgentState.AVAILABLE, at)
        self.line.free(agent)
        self._distribute(at)

    def _plan_break(self, agent: Agent, at: Instant) -> None:
        between_s = self._switch.breaks.mean_between_s
        if between_s is not None:
            self._schedule.plan(
                at + agent.random.expovariate(1 / between_s), partial(self._want_break, agent)
            )

    def _want_break(self, agent: Agent, at: Instant) -> None:
        agent.wants_break = True
        if agent.state is AgentState.AVAILABLE:
            self.line.occupy(agent)
            self._begin_break(agent, at)

    def _begin_break(self, agent: Agent, at: Instant) -> None:
        agent.wants_break = False
        chosen = agent.random.choice(self._switch.breaks.reasons)
        self._set_state(agent, AgentState.NOT_READY, at, reason=chosen.reason)
        self._schedule.plan(
            at + agent.random.uniform(0.5, 1.5) * chosen.mean_s, partial(self._end_break, agent)
        )

    def _end_break(self, agent: Agent, at: Instant) -> None:
        self._plan_break(agent, at)
        self._release(agent, at)

    def _set_state(
        self,
        agent: Agent,
        state: AgentState,
        at: Instant,
        *,
        reason: str = "",
        wrapup_s: Seconds | None = None,
    ) -> None:
        agent.state = state
        agent.reason = reason
        self._scribe.say(
            AgentStateChanged(
                **self._scribe.stamp(at),
                group=self.scenario.name,
                agent=agent.name,
                state=state,
                reason=reason,
                wrapup_s=wrapup_s,
            )
        )
