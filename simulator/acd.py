"""The ACD that is not there: pure, with time as a parameter and chance from a seed."""

from queue_alert.core.events import AgentSnapshot, FeedEvent, GroupSnapshotTaken
from queue_alert.core.units import AgentId, ContactId, FeedName, GroupName, Instant, Seconds
from simulator.floor import Agent, Contact, Line, Station
from simulator.group import Group
from simulator.habits import TransferHabit
from simulator.happenings import Schedule
from simulator.messages import Mailbox
from simulator.ringing import Ringing
from simulator.scenario import Scenario
from simulator.scribe import Scribe, Stamp
from simulator.staff import Staff
from simulator.switch import Switch
from simulator.talks import Talks
from simulator.tally import Counters, Tally

__all__ = ["Simulation"]

_SOURCE = FeedName("simulator")
_EARLIEST_S: Seconds = 40.0


class Simulation:
    """A floor at work from ``start`` on, for as long as it is advanced.

    Before the start it has been at work for ``scenario.warm_up_s``, unheard: conversations are under way and
    callers wait. What the monitor must know of that is in the first :meth:`snapshot`. Of conversations that
    were under way only the agents' states are told, for nobody ever heard of those contacts.
    """

    def __init__(
        self,
        scenario: Scenario,
        *,
        seed: int,
        start: Instant,
        source: FeedName = _SOURCE,
        time_of_day_s: Seconds | None = None,
    ) -> None:
        """Warm the floor up.

        Args:
            scenario: The floor.
            seed: The same scenario, seed, start and time of day give the same events.
            start: The first event lies after this; rounded to the millisecond.
            source: Which feed the events say they come from.
            time_of_day_s: The simulated time of day at ``start``, in seconds after midnight, 0 to 86,399;
                ``None``: the scenario's. It is not that of ``start``, so that a floor shown at night is busy.
        """
        self._start = round(start, 3)
        since_midnight = scenario.time_of_day_s if time_of_day_s is None else time_of_day_s
        self._now = self._start
        self._schedule = Schedule()
        self._scribe = Scribe(source, run=f"{int(self._start)}")
        switch = Switch(
            schedule=self._schedule,
            scribe=self._scribe,
            midnight=self._start - since_midnight,
            seed=seed,
        )
        self._groups = self._build(scenario, switch)
        self._mailboxes = [
            Mailbox(station, habits, number, switch)
            for station in switch.stations.values()
            for number, habits in enumerate(station.scenario.messages)
        ]
        self._warm_up(scenario, switch)

    @property
    def groups(self) -> tuple[GroupName, ...]:
        """The groups' names, in the scenario's order."""
        return tuple(self._groups)

    @property
    def seq(self) -> int:
        """That of the latest event said, 0 before the first."""
        return self._scribe.seq

    @property
    def start(self) -> Instant:
        """When it began."""
        return self._start

    def next_at(self) -> Instant:
        """Return when :meth:`advance` next has something to do; infinity if never again."""
        at = self._schedule.next_at()
        return float("inf") if at is None else at

    def advance(self, now: Instant) -> list[FeedEvent]:
        """Let happen all that is due at or before ``now`` and return what the ACD says of it, oldest first.

        The steps do not matter: many small ones give the same events as a large one. A ``now`` that lies
        before an earlier one changes nothing.
        """
        self._now = max(self._now, now)
        self._schedule.run_until(self._now)
        return self._scribe.take()

    def snapshot(self, now: Instant) -> list[GroupSnapshotTaken]:
        """Return all that the ACD knows at ``now``, one snapshot a group.

        Raises:
            ValueError: If something is due at or before ``now`` that :meth:`advance` was not called for.
        """
        if self.next_at() <= now:
            raise ValueError(f"snapshot at {now}: advance first, something is due at {self.next_at()}")
        return [group.snapshot(now) for group in self._groups.values()]

    def stamp(self, at: Instant) -> Stamp:
        """Return the envelope for an event of the feed's own, so that ``seq`` rises through all of them."""
        return self._scribe.stamp(at)

    def restart(self, now: Instant) -> None:
        """Start the ACD anew: whoever waits or talks is gone without a word, and agents are available.

        What is due at or before ``now`` happens first and is said by the next :meth:`advance`. Numbers go on
        where they were, for ``seq`` rises for ever. The ACD's own counters begin anew at 0; those of the
        truth go on (see :class:`~simulator.tally.Counters`).
        """
        self._now = max(self._now, now)
        self._schedule.run_until(self._now)
        self._schedule.forget()
        for group in self._groups.values():
            group.restart()
        for group in self._groups.values():
            group.reopen(self._now)

    def waiting(self, group: GroupName) -> tuple[ContactId, ...]:
        """Return who truly waits in ``group``, the first in line first.

        Raises:
            KeyError: The scenario has no such group.
        """
        return tuple(contact.id for contact in self._groups[group].station.line.in_order())

    def counters(self, group: GroupName) -> Counters:
        """Return the true figures of ``group`` since the start.

        Raises:
            KeyError: The scenario has no such group.
        """
        return self._groups[group].station.tally.counters()

    def agents(self, group: GroupName) -> tuple[AgentSnapshot, ...]:
        """Return what the agents of ``group`` truly do.

        Raises:
            KeyError: The scenario has no such group.
        """
        return self._groups[group].snapshot_agents(self._now)

    def _build(self, scenario: Scenario, switch: Switch) -> dict[GroupName, Group]:
        agents = _agents(scenario, switch)
        for group in scenario.groups:
            serving = tuple(agent for agent in agents if group.name in agent.levels)
            switch.stations[group.name] = Station(group, Line(serving))
        staff = Staff(switch, scenario.breaks)
        talks = Talks(switch, staff)
        ringing = Ringing(switch, staff, talks)
        staff.freed = ringing.serve_agent
        talks.passed_on = self._pass_on
        return {name: Group(station, switch, staff, ringing) for name, station in switch.stations.items()}

    def _pass_on(self, contact: Contact, habit: TransferHabit, at: Instant) -> None:
        self._groups[habit.to].receive(contact, priority=habit.priority, at=at)

    def _warm_up(self, scenario: Scenario, switch: Switch) -> None:
        begin = self._start - scenario.warm_up_s
        for group in self._groups.values():
            group.open(begin)
            station = group.station
            early = switch.chance(station.name, "waiting at start")
            for _ in range(station.scenario.waiting_at_start):
                group.plan_caller_at(self._start - early.uniform(1.0, _EARLIEST_S))
        for mailbox in self._mailboxes:
            mailbox.open(begin)
        self._schedule.run_until(self._start)
        for group in self._groups.values():
            group.station.tally = Tally(offered=len(group.station.line.waiting))
        self._scribe.go_on_air()


def _agents(scenario: Scenario, switch: Switch) -> list[Agent]:
    """Return everybody who answers, those of the groups first."""
    shifts = {shift.name: shift for shift in scenario.shifts}
    agents = [
        Agent(name, switch.chance(group.name, name), {group.name: 1}, shifts.get(group.shift))
        for group in scenario.groups
        for name in group.agents
    ]
    for skilled in scenario.agents:
        home = next(iter(skilled.skills))
        agents.append(
            Agent(
                AgentId(skilled.name),
                switch.chance(home, skilled.name),
                dict(skilled.skills),
                shifts.get(skilled.shift),
            )
        )
    return agents
