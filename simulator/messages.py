"""Messages that customers leave: nobody waits on a line, but somebody must answer."""

from functools import partial

from queue_alert.core.events import Channel, MessageHandled, MessageLeft
from queue_alert.core.units import AgentId, ContactId, Instant
from simulator.arrivals import Arrivals
from simulator.callers import fictional_address, fictional_number
from simulator.chances import draw_span
from simulator.floor import Station
from simulator.habits import MessageHabits
from simulator.profile import next_arrival
from simulator.switch import Switch

__all__ = ["Mailbox"]


class Mailbox:
    """One kind of message of one group.

    Whoever deals with one does so beside the calls: it takes no time that a call would need. A message
    outlives a restart of the ACD, which keeps them on disk.
    """

    def __init__(self, station: Station, habits: MessageHabits, number: int, switch: Switch) -> None:
        self._station = station
        self._habits = habits
        self._switch = switch
        self._chance = switch.chance(station.name, f"messages {number}")
        arrivals = switch.chance(station.name, f"messages {number}", "arrivals")
        self._arrivals = Arrivals(
            switch.schedule,
            switch.midnight,
            lambda after: next_arrival(habits.arrivals, after=after, random=arrivals),
            self._leave,
        )

    def open(self, at: Instant) -> None:
        """Let the first message be on its way."""
        self._arrivals.begin(at)

    def _leave(self, at: Instant) -> None:
        habits, chance, scribe = self._habits, self._chance, self._switch.scribe
        contact, _ = self._switch.number_contact(at)
        is_urgent = chance.random() < habits.urgent_ratio
        caller = (
            fictional_number(chance) if habits.channel is Channel.VOICEMAIL else fictional_address(chance)
        )
        title = chance.choice(habits.titles) if habits.titles else ""
        scribe.say(
            MessageLeft(
                **scribe.stamp(at),
                group=self._station.name,
                contact=contact,
                channel=habits.channel,
                priority=habits.priority,
                urgent=is_urgent,
                caller=caller,
                title=title,
            )
        )
        # What was left before anybody listened was dealt with before anybody listened.
        if habits.mean_handled_after_s is not None and scribe.is_on_air:
            after_s = draw_span(habits.mean_handled_after_s, None, chance)
            self._switch.schedule.plan(at + after_s, partial(self._handle, contact), outlives=True)

    def _handle(self, contact: ContactId, at: Instant) -> None:
        present = [agent.name for agent in self._station.line.agents if agent.is_on_shift]
        agent = self._chance.choice(present) if present else AgentId("")
        scribe = self._switch.scribe
        scribe.say(MessageHandled(**scribe.stamp(at), group=self._station.name, contact=contact, agent=agent))
