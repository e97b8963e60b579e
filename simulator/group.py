"""One group's door: who comes, who waits for how long, and who leaves without an answer."""

from functools import partial
from random import Random

from queue_alert.core.events import (
    AgentSnapshot,
    Channel,
    ContactLeft,
    ContactQueued,
    GroupSnapshotTaken,
    Outcome,
)
from queue_alert.core.units import ContactId, Instant, Seconds
from simulator.arrivals import Arrivals, next_in_burst
from simulator.callers import CallerPlan, Callers
from simulator.floor import Contact, Line, Station, agent_snapshot, waiting_contact
from simulator.habits import Burst
from simulator.profile import next_arrival
from simulator.ringing import Ringing
from simulator.staff import Staff
from simulator.switch import Switch

__all__ = ["Group"]


class Group:
    """Lets callers join and leave the line of one station."""

    def __init__(self, station: Station, switch: Switch, staff: Staff, ringing: Ringing) -> None:
        self.station = station
        self._switch = switch
        self._schedule = switch.schedule
        self._scribe = switch.scribe
        self._staff = staff
        self._ringing = ringing
        self._regulars = self._callers()
        self._passed_on = self._callers("passed on")
        self._called_back = self._callers("called back")
        self._arrivals = self._plan_arrivals()

    def open(self, at: Instant) -> None:
        """Begin the day: the agents whose home this is are at work, the first caller is on the way."""
        for agent in self.station.line.agents:
            if self.station.name == next(iter(agent.levels)):
                self._staff.begin(agent, at)
        for arrivals in self._arrivals:
            arrivals.begin(at)

    def restart(self) -> None:
        """Forget without a word whoever waits or talks; every agent is available, or at home.

        What was planned for them must have been forgotten before; :meth:`reopen` comes after it.
        """
        station = self.station
        station.tally.restart(forgotten=len(station.line.waiting))
        station.line = Line(station.line.agents)

    def reopen(self, at: Instant) -> None:
        """Let the agents whose home this is begin anew."""
        for agent in self.station.line.agents:
            if self.station.name == next(iter(agent.levels)):
                self._staff.restart(agent, at)

    def plan_caller_at(self, at: Instant) -> None:
        """Let one more caller join ``at`` than the arrivals bring."""
        self._schedule.plan(at, partial(self._come, self._regulars))

    def receive(self, contact: Contact, *, priority: int, at: Instant) -> None:
        """Let a contact of another group wait here now; it keeps its id."""
        plan = self._passed_on.next_passed_on(contact.plan.number, priority)
        self._switch.contacts += 1
        self._join(contact.id, self._switch.contacts, plan, contact.channel, at)

    def snapshot(self, now: Instant) -> GroupSnapshotTaken:
        """Return all that the ACD knows of this group."""
        station = self.station
        return GroupSnapshotTaken(
            **self._scribe.stamp_snapshot(now),
            group=station.name,
            waiting=tuple(
                waiting_contact(contact, position=position)
                for position, contact in enumerate(station.line.in_order(), start=1)
            ),
            agents=self.snapshot_agents(now),
            counters=station.tally.group_counters(),
        )

    def snapshot_agents(self, now: Instant) -> tuple[AgentSnapshot, ...]:
        """Return what the agents do."""
        return tuple(agent_snapshot(agent, now) for agent in self.station.line.agents)

    def _callers(self, *kind: str) -> Callers:
        name = self.station.name
        return Callers(self.station.scenario, lambda habit: self._switch.chance(name, *kind, habit))

    def _plan_arrivals(self) -> list[Arrivals]:
        scenario, midnight = self.station.scenario, self._switch.midnight
        usual = self._switch.chance(scenario.name, "arrivals")
        planned = [
            Arrivals(
                self._schedule,
                midnight,
                lambda after: next_arrival(scenario.arrivals, after=after, random=usual),
                partial(self._come, self._regulars),
            )
        ]
        for number, burst in enumerate(scenario.bursts):
            name = f"burst {number}"
            chance = self._switch.chance(scenario.name, name, "arrivals")
            planned.append(
                Arrivals(
                    self._schedule,
                    midnight,
                    partial(self._next_in_burst, burst, chance),
                    partial(self._come, self._callers(name)),
                )
            )
        return planned

    def _next_in_burst(self, burst: Burst, chance: Random, after: Seconds) -> Seconds | None:
        return next_in_burst(burst, self.station.scenario.arrivals, after=after, random=chance)

    def _come(self, callers: Callers, at: Instant) -> None:
        contact_id, order = self._switch.number_contact(at)
        self._join(contact_id, order, callers.next(), Channel.VOICE, at)

    def _come_back(self, number: str, at: Instant) -> None:
        habits = self.station.scenario.callbacks
        contact_id, order = self._switch.number_contact(at)
        plan = self._called_back.next_called_back(number, habits.priority if habits else 0)
        self._join(contact_id, order, plan, Channel.CALLBACK, at)

    def _join(
        self, contact_id: ContactId, order: int, plan: CallerPlan, channel: Channel, at: Instant
    ) -> None:
        station = self.station
        contact = Contact(contact_id, order, plan, station, queued_at=at, channel=channel)
        position = station.line.join(contact)
        station.tally.count_offered()
        self._scribe.say(
            ContactQueued(
                **self._scribe.stamp(at),
                group=station.name,
                contact=contact.id,
                channel=channel,
                position=position,
                priority=plan.priority,
                caller=plan.number,
            )
        )
        self._plan_leaving(contact)
        self._ringing.serve_line(station, at)

    def _plan_leaving(self, contact: Contact) -> None:
        plan, scenario = contact.plan, self.station.scenario
        waits: list[tuple[Seconds, Outcome]] = []
        if plan.patience_s is not None:
            waits.append((plan.patience_s, Outcome.EXIT_KEY if plan.presses_key else Outcome.ABANDONED))
        if contact.channel is not Channel.CALLBACK:
            if scenario.max_wait_s is not None:
                waits.append((scenario.max_wait_s, Outcome.TIMEOUT))
            if scenario.callbacks is not None and plan.called_back_after_s is not None:
                waits.append((scenario.callbacks.offered_after_s, Outcome.CALLBACK))
        if waits:
            wait_s, outcome = min(waits)
            contact.leaves = self._schedule.plan(
                contact.queued_at + wait_s, partial(self._leave, contact, outcome)
            )

    def _leave(self, contact: Contact, outcome: Outcome, at: Instant) -> None:
        agent = self._ringing.cancel(contact, at)
        station = self.station
        station.line.leave(contact)
        station.tally.count_outcome(outcome)
        self._scribe.say(
            ContactLeft(
                **self._scribe.stamp(at),
                group=station.name,
                contact=contact.id,
                outcome=outcome,
                queue_s=round(at - contact.queued_at, 3),
            )
        )
        if outcome is Outcome.CALLBACK:
            delay_s = contact.plan.called_back_after_s or 0.0
            self._schedule.plan(at + delay_s, partial(self._come_back, contact.plan.number))
        if agent is not None:
            self._staff.release(agent, at)
