"""What an acknowledgement and an emergency change, and what they never do."""

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from queue_alert.core.effects import Severity, ShowSignal, SignalLevel
from queue_alert.core.events import (
    OUR_OWN,
    AlertAcknowledged,
    ClockStepped,
    ContactLeft,
    ContactQueued,
    EscalationMode,
    EscalationRequested,
    FeedState,
    FeedStatusChanged,
    Outcome,
)
from queue_alert.core.monitor import Monitor
from queue_alert.core.policy import FeedPolicy, GroupPolicy, Policy, SignalPolicy, Thresholds
from queue_alert.core.units import ContactId, FeedName, GroupName, SignalName

PBX = FeedName("pbx")
SALES, SUPPORT = GroupName("sales"), GroupName("support")
JUDGED = GroupPolicy(warning=Thresholds(waiting=2), critical=Thresholds(waiting=4))
START = 1_700_000_000.0


@dataclass
class Room:
    """A monitor with a lamp for all groups, and short words for what happens."""

    now: float = START
    numbers: int = 0
    waiting: dict[GroupName, list[ContactId]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        policy = Policy(
            groups={SALES: JUDGED, SUPPORT: JUDGED},
            signals=(SignalPolicy(name=SignalName("beacon")),),
            feeds=(FeedPolicy(name=PBX),),
        )
        self.monitor = Monitor(policy, self.now)
        self.shown: list[ShowSignal] = []
        self.feed(FeedState.LIVE)

    def take(self, event: object) -> None:
        effects = self.monitor.handle(event, self.now)  # type: ignore[arg-type]
        self.shown = [effect for effect in effects if isinstance(effect, ShowSignal)]

    def stamp(self, source: FeedName = PBX) -> dict[str, object]:
        self.numbers += 1
        self.now += 1.0
        return {"id": f"{self.numbers}", "source": source, "time": self.now}

    def feed(self, state: FeedState) -> None:
        self.take(FeedStatusChanged(**self.stamp(), state=state))  # type: ignore[arg-type]

    def come(self, group: GroupName = SALES, times: int = 1) -> None:
        for _ in range(times):
            stamp = self.stamp()
            contact = ContactId(f"c{self.numbers}")
            self.waiting.setdefault(group, []).append(contact)
            self.take(ContactQueued(**stamp, group=group, contact=contact))  # type: ignore[arg-type]

    def go(self, group: GroupName = SALES, times: int = 1) -> None:
        for _ in range(times):
            if line := self.waiting.get(group):
                self.take(
                    ContactLeft(
                        **self.stamp(),  # type: ignore[arg-type]
                        group=group,
                        contact=line.pop(),
                        outcome=Outcome.ABANDONED,
                    )
                )

    def see(self, *groups: str) -> None:
        self.take(AlertAcknowledged(**self.stamp(OUR_OWN), groups=groups or ("*",)))  # type: ignore[arg-type]

    def call(self, group: GroupName = SALES, *, source: FeedName = OUR_OWN) -> None:
        mode = EscalationMode.EMERGENCY
        self.take(EscalationRequested(**self.stamp(source), group=group, mode=mode))  # type: ignore[arg-type]

    @property
    def level(self) -> SignalLevel:
        return self.monitor.levels()[0].level


def test_what_was_seen_is_said_on_without_urgency_until_it_is_normal_again() -> None:
    room = Room()
    room.come(times=2)
    assert room.level == SignalLevel(2, Severity.WARNING)
    room.see()
    assert [effect.level for effect in room.shown] == [SignalLevel(2, Severity.WARNING, acknowledged=True)]
    room.come()
    assert room.level == SignalLevel(3, Severity.WARNING, acknowledged=True)
    room.go(times=2)
    assert room.level == SignalLevel(1)
    room.come()
    assert room.level == SignalLevel(2, Severity.WARNING)


def test_worse_than_what_was_seen_is_news_and_better_is_not() -> None:
    room = Room()
    room.come(times=2)
    room.see()
    room.come(times=2)
    assert room.level == SignalLevel(4, Severity.CRITICAL)
    room.see()
    assert room.level == SignalLevel(4, Severity.CRITICAL, acknowledged=True)
    room.go()
    assert room.level == SignalLevel(3, Severity.WARNING, acknowledged=True)


def test_only_the_groups_that_are_named_were_seen_and_a_lamp_calms_down_when_all_that_bad_were() -> None:
    room = Room()
    room.come(SALES, times=4)
    room.come(SUPPORT, times=4)
    room.see("sal*")
    assert room.level == SignalLevel(8, Severity.CRITICAL)
    seen = {group.name: group.acknowledged for group in room.monitor.view(room.now).groups}
    assert seen == {"sales": True, "support": False}
    room.go(SUPPORT)
    assert room.level == SignalLevel(7, Severity.CRITICAL, acknowledged=True)


def test_where_nothing_is_bad_there_is_nothing_to_see() -> None:
    room = Room()
    room.come()
    room.see()
    assert room.shown == []
    room.come()
    assert room.level == SignalLevel(2, Severity.WARNING)


def test_a_lost_feed_is_not_acknowledged_away() -> None:
    room = Room()
    room.come(times=2)
    room.feed(FeedState.DOWN)
    room.see()
    assert room.level == SignalLevel(2, Severity.WARNING, stale=True, acknowledged=True)
    assert [feed.name for feed in room.monitor.view(room.now).feeds] == ["pbx"]


def test_an_emergency_is_critical_though_nobody_waits_until_it_is_acknowledged() -> None:
    room = Room()
    room.call()
    began = room.now
    assert room.level == SignalLevel(0, Severity.CRITICAL)
    room.come(times=2)
    room.go(times=2)
    room.call()
    assert room.level == SignalLevel(0, Severity.CRITICAL)
    (sales,) = [group for group in room.monitor.view(room.now).groups if group.name == SALES]
    assert (sales.emergencies, sales.emergency_since, sales.acknowledged) == (2, began, False)
    room.see("sales")
    assert room.level == SignalLevel()


def test_an_emergency_is_news_though_what_is_bad_was_seen_and_what_is_left_of_it_is_seen_with_it() -> None:
    room = Room()
    room.come(times=4)
    room.see()
    room.call()
    assert room.level == SignalLevel(4, Severity.CRITICAL)
    room.see()
    assert room.level == SignalLevel(4, Severity.CRITICAL, acknowledged=True)


def test_an_emergency_at_the_acd_is_its_supervisors() -> None:
    room = Room()
    room.call(source=PBX)
    assert room.level == SignalLevel()


def test_an_emergency_outlasts_a_step_of_the_clock() -> None:
    room = Room()
    room.call()
    began = room.now
    room.now += 3_600.0
    room.take(ClockStepped(**room.stamp(FeedName("clock")), delta_s=3_600.0))  # type: ignore[arg-type]
    (sales,) = [group for group in room.monitor.view(room.now).groups if group.name == SALES]
    assert (sales.emergencies, sales.emergency_since) == (1, began + 3_600.0)


STEPS = st.sampled_from(["come", "go", "see", "call"])


@given(st.lists(st.tuples(STEPS, st.sampled_from([SALES, SUPPORT])), max_size=40))
def test_the_lamp_says_what_a_slow_model_says(steps: list[tuple[str, GroupName]]) -> None:
    room = Room()
    seen = dict.fromkeys((SALES, SUPPORT), Severity.NORMAL)
    calls = dict.fromkeys((SALES, SUPPORT), 0)

    def severity(group: GroupName) -> Severity:
        count = len(room.waiting.get(group, ()))
        if calls[group] or count >= 4:
            return Severity.CRITICAL
        return Severity.WARNING if count >= 2 else Severity.NORMAL

    for step, group in steps:
        match step:
            case "come":
                room.come(group)
            case "go":
                room.go(group)
            case "see":
                room.see(group)
                if severity(group):
                    calls[group] = 0
                    seen[group] = severity(group)
            case _:
                room.call(group)
                calls[group] += 1
                seen[group] = Severity.NORMAL
        for one in seen:
            if severity(one) is Severity.NORMAL:
                seen[one] = Severity.NORMAL
        worst = max(map(severity, seen))
        is_seen = worst > Severity.NORMAL and all(
            seen[one] >= worst for one in seen if severity(one) is worst
        )
        depth = sum(map(len, room.waiting.values()))
        assert room.level == SignalLevel(depth, worst, acknowledged=is_seen)
