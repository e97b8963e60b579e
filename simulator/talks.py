"""Conversations: from the answer to the end of the work after them."""

from collections.abc import Callable
from functools import partial

from queue_alert.core.events import (
    AgentState,
    ContactAnswered,
    ContactCompleted,
    ContactHeld,
    ContactTransferred,
    ContactUnheld,
    ContactWrapped,
    EndedBy,
    EscalationMode,
    EscalationRequested,
    Outcome,
)
from queue_alert.core.units import Instant, Seconds
from simulator.chances import draw_span
from simulator.floor import Agent, Contact
from simulator.habits import TransferHabit
from simulator.staff import Staff
from simulator.switch import Switch

__all__ = ["Talks"]


class Talks:
    """Lets customers and agents talk.

    Args:
        switch: What all share.
        staff: Who is told of every change of an agent's state.
    """

    def __init__(self, switch: Switch, staff: Staff) -> None:
        self._schedule = switch.schedule
        self._scribe = switch.scribe
        self._staff = staff
        self.passed_on: Callable[[Contact, TransferHabit, Instant], None] = _go_nowhere
        """Called with a contact that is to wait in another group now."""

    def begin(self, contact: Contact, agent: Agent, at: Instant) -> None:
        """Let a customer be connected to an agent, and plan the whole conversation."""
        if contact.leaves is not None:
            contact.leaves.cancel()
        contact.answered_at = at
        contact.is_told = self._scribe.is_on_air
        station = contact.station
        station.line.leave(contact)
        station.tally.count_outcome(Outcome.ANSWERED)
        self._scribe.say(
            ContactAnswered(
                **self._scribe.stamp(at),
                group=station.name,
                contact=contact.id,
                agent=agent.name,
                queue_s=round(at - contact.queued_at, 3),
                ring_s=round(at - contact.rung_at, 3),
            )
        )
        self._staff.set_state(agent, AgentState.TALKING, at)
        self._plan(contact, agent, at)

    def _plan(self, contact: Contact, agent: Agent, at: Instant) -> None:
        plan = contact.plan
        lasts_s = plan.handling_s
        # A customer who is passed on is on hold before that at most, so that two holds never overlap.
        hold_ends_by_s = lasts_s
        if plan.transfer is not None:
            consult_s = plan.consult_share * lasts_s
            lasts_s *= plan.transfer_share
            hold_ends_by_s = lasts_s - consult_s
            if consult_s:
                self._plan_hold(contact, agent, at + hold_ends_by_s, consult_s)
        if plan.hold_after_s is not None and plan.hold_after_s + plan.hold_s <= hold_ends_by_s:
            self._plan_hold(contact, agent, at + plan.hold_after_s, plan.hold_s)
        escalates_after_s = plan.escalation_share * plan.handling_s
        if plan.escalation is not None and escalates_after_s < lasts_s:
            self._schedule.plan(
                at + escalates_after_s, partial(self._escalate, contact, agent, plan.escalation)
            )
        end = self._complete if plan.transfer is None else partial(self._transfer, plan.transfer)
        self._schedule.plan(at + lasts_s, partial(end, contact, agent))

    def _plan_hold(self, contact: Contact, agent: Agent, at: Instant, held_s: Seconds) -> None:
        self._schedule.plan(at, partial(self._hold, contact, agent))
        self._schedule.plan(at + held_s, partial(self._unhold, contact, agent))

    def _hold(self, contact: Contact, agent: Agent, at: Instant) -> None:
        contact.held_at = at
        if contact.is_told:
            self._scribe.say(
                ContactHeld(
                    **self._scribe.stamp(at),
                    group=contact.station.name,
                    contact=contact.id,
                    agent=agent.name,
                )
            )
        self._staff.set_state(agent, AgentState.ON_HOLD, at)

    def _unhold(self, contact: Contact, agent: Agent, at: Instant) -> None:
        contact.held_s = round(contact.held_s + at - contact.held_at, 3)
        if contact.is_told:
            self._scribe.say(
                ContactUnheld(
                    **self._scribe.stamp(at),
                    group=contact.station.name,
                    contact=contact.id,
                    agent=agent.name,
                )
            )
        self._staff.set_state(agent, AgentState.TALKING, at)

    def _escalate(self, contact: Contact, agent: Agent, mode: EscalationMode, at: Instant) -> None:
        if contact.is_told:
            self._scribe.say(
                EscalationRequested(
                    **self._scribe.stamp(at),
                    group=contact.station.name,
                    mode=mode,
                    contact=contact.id,
                    agent=agent.name,
                )
            )

    def _transfer(self, habit: TransferHabit, contact: Contact, agent: Agent, at: Instant) -> None:
        if contact.is_told:
            self._scribe.say(
                ContactTransferred(
                    **self._scribe.stamp(at),
                    group=contact.station.name,
                    contact=contact.id,
                    kind=habit.kind,
                    to=habit.to,
                    agent=agent.name,
                )
            )
        self._complete(contact, agent, at)
        self.passed_on(contact, habit, at)

    def _complete(self, contact: Contact, agent: Agent, at: Instant) -> None:
        if contact.is_told:
            contact.station.tally.count_completed()
            self._scribe.say(
                ContactCompleted(
                    **self._scribe.stamp(at),
                    group=contact.station.name,
                    contact=contact.id,
                    agent=agent.name,
                    talk_s=round(at - contact.answered_at - contact.held_s, 3),
                    held_s=contact.held_s,
                    ended_by=_ended_by(contact),
                )
            )
        scenario = contact.station.scenario
        wrapup_s = scenario.wrapup_s
        if wrapup_s == 0:
            self._staff.release(agent, at)
            return
        if scenario.wrapup_variation is not None:
            wrapup_s = round(draw_span(wrapup_s, scenario.wrapup_variation, agent.random), 3)
        agent.wrapped_at = self._schedule.plan(
            at + wrapup_s, partial(self._wrap, contact, agent, wrapup_s)
        ).at
        self._staff.set_state(agent, AgentState.WRAPUP, at, wrapup_s=wrapup_s)

    def _wrap(self, contact: Contact, agent: Agent, wrapup_s: Seconds, at: Instant) -> None:
        if contact.is_told:
            self._scribe.say(
                ContactWrapped(
                    **self._scribe.stamp(at),
                    group=contact.station.name,
                    contact=contact.id,
                    agent=agent.name,
                    acw_s=wrapup_s,
                )
            )
        self._staff.release(agent, at)


def _ended_by(contact: Contact) -> EndedBy:
    if contact.plan.transfer is not None:
        return EndedBy.TRANSFER
    return EndedBy.CUSTOMER if contact.plan.hangs_up else EndedBy.AGENT


def _go_nowhere(_contact: Contact, _habit: TransferHabit, _at: Instant) -> None:
    """Have no other group to pass a contact on to."""
