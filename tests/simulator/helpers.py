"""Small floors to simulate, and a slow, obvious reading of what they say."""

from dataclasses import dataclass, field

from queue_alert.core.events import (
    AcdEvent,
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
    FeedStatusChanged,
    GroupSnapshotTaken,
    Outcome,
)
from queue_alert.core.units import AgentId, ContactId, GroupName, Instant
from simulator.profile import HourlyProfile
from simulator.scenario import BreakHabits, GroupScenario, PauseReason, Scenario

START: Instant = 1_800_000_000.0


def all_day(per_hour: float) -> HourlyProfile:
    return HourlyProfile((per_hour,) * 24)


def agents(count: int) -> tuple[AgentId, ...]:
    return tuple(AgentId(f"Agent {number}") for number in range(1, count + 1))


NOTHING_GOES_RIGHT = Scenario(
    name="nothing-goes-right",
    summary="every kind of ending, often",
    breaks=BreakHabits(mean_between_s=300.0, reasons=(PauseReason("Tea", 60.0), PauseReason("Müsli", 30.0))),
    warm_up_s=600.0,
    groups=(
        GroupScenario(
            name=GroupName("crowded"),
            arrivals=all_day(400.0),
            agents=agents(4),
            mean_handling_s=40.0,
            mean_patience_s=30.0,
            max_wait_s=60.0,
            wrapup_s=5.0,
            no_answer_ratio=0.3,
            mean_away_s=20.0,
            exit_key_ratio=0.3,
            hold_ratio=0.5,
            waiting_at_start=5,
        ),
        GroupScenario(
            name=GroupName("patient"),
            arrivals=all_day(60.0),
            agents=(AgentId("Zoë"),),
            mean_handling_s=45.0,
        ),
        GroupScenario(
            name=GroupName("deserted"), arrivals=all_day(30.0), mean_handling_s=60.0, max_wait_s=90.0
        ),
        GroupScenario(
            name=GroupName("silent"),
            arrivals=all_day(0.0),
            agents=(AgentId("Nobody's"),),
            mean_handling_s=60.0,
        ),
    ),
)


@dataclass(slots=True)
class Reader:
    """Believes a feed word for word and objects to whatever cannot be."""

    waiting: dict[GroupName, list[ContactId]] = field(default_factory=dict)
    ringing: dict[AgentId, ContactId] = field(default_factory=dict)
    talking: dict[AgentId, ContactId] = field(default_factory=dict)
    wrapping: dict[AgentId, ContactId] = field(default_factory=dict)
    states: dict[AgentId, AgentState] = field(default_factory=dict)
    queued_at: dict[ContactId, Instant] = field(default_factory=dict)
    ended: dict[ContactId, Outcome] = field(default_factory=dict)
    completed: set[ContactId] = field(default_factory=set)
    held: set[ContactId] = field(default_factory=set)
    ring_failures: int = 0
    last_time: Instant = 0.0
    last_seq: int = 0
    ids: set[str] = field(default_factory=set)

    def begin(self, snapshots: list[GroupSnapshotTaken]) -> None:
        """Take what was there at the start; conversations begun before it stay unknown."""
        for snapshot in snapshots:
            self.read(snapshot)
            self.waiting[snapshot.group] = [contact.contact for contact in snapshot.waiting]
            for contact in snapshot.waiting:
                assert contact.queued_at is not None
                self.queued_at[contact.contact] = contact.queued_at
            self.states |= {agent.agent: agent.state for agent in snapshot.agents or ()}

    def read(self, event: AcdEvent) -> None:
        assert event.id not in self.ids
        # To ask for a snapshot uses up no number.
        assert event.seq == self.last_seq + (not isinstance(event, GroupSnapshotTaken))
        assert event.time >= self.last_time
        self.ids.add(event.id)
        self.last_seq = event.seq
        self.last_time = event.time
        match event:
            case ContactQueued():
                assert event.contact not in self.queued_at
                line = self.waiting[event.group]
                assert event.contact not in line
                assert event.position is not None
                assert 1 <= event.position <= len(line) + 1
                line.insert(event.position - 1, event.contact)
                self.queued_at[event.contact] = event.time
            case ContactRung():
                assert event.contact in self.waiting[event.group]
                assert self.states[event.agent] is AgentState.RESERVED
                assert event.agent not in self.ringing
                assert event.contact not in self.ringing.values()
                self.ringing[event.agent] = event.contact
            case ContactRingFailed():
                self.ring_failures += 1
                # A phone that rang already at the start was not read of; so below, for an answer.
                assert self.ringing.pop(event.agent, event.contact) == event.contact
            case ContactAnswered() | ContactLeft():
                self._end_wait(event)
            case ContactHeld():
                self.held.add(event.contact)
            case ContactUnheld():
                self.held.discard(event.contact)
            case ContactCompleted():
                self._complete(event)
            case ContactWrapped():
                assert self.wrapping.pop(event.agent) == event.contact
            case AgentStateChanged():
                self.states[event.agent] = event.state
            case GroupSnapshotTaken() | FeedStatusChanged():
                pass
            case _:
                raise AssertionError(f"the simulation never says this: {event}")

    def agree_with(self, snapshot: GroupSnapshotTaken) -> None:
        """Object to a snapshot that says anything else than the events said."""
        line = self.waiting[snapshot.group]
        assert [contact.contact for contact in snapshot.waiting] == line
        assert [contact.queued_at for contact in snapshot.waiting] == [self.queued_at[name] for name in line]
        for agent in snapshot.agents or ():
            assert agent.state is self.states[agent.agent]

    def _end_wait(self, event: ContactAnswered | ContactLeft) -> None:
        self.waiting[event.group].remove(event.contact)
        assert event.contact not in self.ended
        assert event.queue_s == round(event.time - self.queued_at[event.contact], 3)
        if isinstance(event, ContactLeft):
            assert event.contact not in self.ringing.values()
            self.ended[event.contact] = event.outcome
            return
        self.ended[event.contact] = Outcome.ANSWERED
        assert self.ringing.pop(event.agent, event.contact) == event.contact
        assert event.agent not in self.talking
        self.talking[event.agent] = event.contact

    def _complete(self, event: ContactCompleted) -> None:
        assert event.contact not in self.held
        assert event.talk_s is not None
        assert event.talk_s >= 0
        assert self.ended[event.contact] is Outcome.ANSWERED
        assert self.talking.pop(event.agent) == event.contact
        assert event.contact not in self.completed
        self.completed.add(event.contact)
        self.wrapping[event.agent] = event.contact
