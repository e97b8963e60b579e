"""Who is rung for whom, and what becomes of it."""

from functools import partial

from queue_alert.core.events import AgentState, ContactRingFailed, ContactRung, RingFailure
from queue_alert.core.units import Instant
from simulator.floor import Agent, Contact, Station
from simulator.staff import Staff
from simulator.switch import Switch
from simulator.talks import Talks

__all__ = ["Ringing"]


class Ringing:
    """Brings waiting contacts and free agents together.

    A contact gets the most skilled free agent, and of those the one free for longest. An agent who becomes
    free gets, of all the groups served, the contact of the highest priority; of these that of the group they
    are best at; of these the one that came first. So nobody ever waits whom a free agent could be rung for.
    """

    def __init__(self, switch: Switch, staff: Staff, talks: Talks) -> None:
        self._switch = switch
        self._schedule = switch.schedule
        self._scribe = switch.scribe
        self._staff = staff
        self._talks = talks

    def serve_line(self, station: Station, at: Instant) -> None:
        """Ring free agents for whoever waits in one group."""
        line = station.line
        while line.next_unrung() is not None and (agent := line.best_free(station.name)) is not None:
            self._ring(line.take_unrung(), agent, at)

    def serve_agent(self, agent: Agent, at: Instant) -> None:
        """Ring an agent who has just become free for the contact whose turn it is, if there is any."""
        stations = self._switch.stations
        candidates = []
        for group, level in agent.levels.items():
            contact = stations[group].line.next_unrung()
            if contact is not None:
                candidates.append((-contact.plan.priority, level, contact.order, group))
        if candidates:
            *_, group = min(candidates)
            self._ring(stations[group].line.take_unrung(), agent, at)

    def cancel(self, contact: Contact, at: Instant) -> Agent | None:
        """Stop ringing for a contact that goes; return who was rung, still to be released."""
        agent, ringing = contact.agent, contact.ringing
        if agent is not None and ringing is not None:
            ringing.cancel()
            self._fail(contact, agent, RingFailure.CANCELLED, at)
        return agent

    def _ring(self, contact: Contact, agent: Agent, at: Instant) -> None:
        scenario = contact.station.scenario
        self._staff.occupy(agent)
        contact.agent = agent
        contact.rung_at = at
        self._staff.set_state(agent, AgentState.RESERVED, at)
        self._scribe.say(
            ContactRung(**self._scribe.stamp(at), group=scenario.name, contact=contact.id, agent=agent.name)
        )
        is_away = agent.random.random() < scenario.no_answer_ratio
        picks_up_s = agent.random.uniform(*scenario.answers_after) * scenario.ring_s
        contact.ringing = (
            self._schedule.plan(at + scenario.ring_s, partial(self._ring_out, contact, agent))
            if is_away
            else self._schedule.plan(at + picks_up_s, partial(self._answer, contact, agent))
        )

    def _answer(self, contact: Contact, agent: Agent, at: Instant) -> None:
        contact.ringing = None
        self._talks.begin(contact, agent, at)

    def _ring_out(self, contact: Contact, agent: Agent, at: Instant) -> None:
        self._fail(contact, agent, RingFailure.NO_ANSWER, at)
        away_s = agent.random.uniform(0.5, 1.5) * contact.station.scenario.mean_away_s
        if agent.is_on_shift:
            self._staff.send_away(agent, "No answer", away_s, at)
        else:
            self._staff.release(agent, at)
        contact.station.line.ring_again(contact)
        self.serve_line(contact.station, at)

    def _fail(self, contact: Contact, agent: Agent, reason: RingFailure, at: Instant) -> None:
        contact.ringing = None
        contact.agent = None
        contact.station.tally.count_ring_failure()
        self._scribe.say(
            ContactRingFailed(
                **self._scribe.stamp(at),
                group=contact.station.name,
                contact=contact.id,
                agent=agent.name,
                reason=reason,
                ring_s=round(at - contact.rung_at, 3),
            )
        )
