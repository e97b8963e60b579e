import asyncio

import pytest

from queue_alert.app.clock import SteadyClock
from queue_alert.app.conductor import Conductor
from queue_alert.core.effects import AlertMoved, CallPeople, ReportAnomaly, Severity, SignalLevel
from queue_alert.core.events import (
    AcdEvent,
    ContactLeft,
    ContactQueued,
    FeedState,
    FeedStatusChanged,
    Outcome,
)
from queue_alert.core.monitor import Monitor
from queue_alert.core.policy import FeedPolicy, GroupPolicy, Policy, SignalPolicy, Thresholds
from queue_alert.core.units import ContactId, FeedName, GroupName, SignalName

pytestmark = pytest.mark.looptime

START = 1_700_000_000.0
PBX = FeedName("pbx")
POLICY = Policy(
    default_group=GroupPolicy(warning=Thresholds(longest_wait_s=60.0)),
    signals=(SignalPolicy(name=SignalName("beacon")),),
    feeds=(FeedPolicy(name=PBX),),
)
STALE = SignalLevel(stale=True)


class Stage:
    """A conductor and what it did."""

    def __init__(self, policy: Policy = POLICY) -> None:
        self.loop = asyncio.get_running_loop()
        self.wall_step = 0.0
        self.clock = SteadyClock(
            wall=lambda: START + self.loop.time() + self.wall_step, monotonic=self.loop.time
        )
        self.shown: list[tuple[float, str, SignalLevel]] = []
        self.reported: list[tuple[str, str]] = []
        self.changes = 0
        self.moves: list[AlertMoved | CallPeople] = []
        self.conductor = Conductor(
            Monitor(policy, self.clock.now()),
            clock=self.clock,
            show=lambda name, level: self.shown.append((self.loop.time(), name, level)),
            report=self.note_anomaly,
            changed=self.note,
            alerted=self.moves.append,
        )

    def note_anomaly(self, effect: ReportAnomaly, source: str) -> None:
        self.reported.append((effect.anomaly.value, source))

    def note(self) -> None:
        self.changes += 1

    def submit(self, event: AcdEvent) -> None:
        self.conductor.submit(event)

    def live(self) -> None:
        now = self.clock.now()
        self.submit(FeedStatusChanged(id=f"live-{now}", source=PBX, time=now, state=FeedState.LIVE))

    def queued(self, name: str) -> None:
        now = self.clock.now()
        self.submit(
            ContactQueued(
                id=f"q-{name}", source=PBX, time=now, group=GroupName("sales"), contact=ContactId(name)
            )
        )


async def test_every_signal_is_shown_at_the_start() -> None:
    stage = Stage()
    stage.conductor.start()
    assert stage.shown == [(0.0, "beacon", STALE)]


async def test_an_event_lights_the_output_at_once() -> None:
    stage = Stage()
    stage.conductor.start()
    stage.live()
    stage.queued("a")
    assert stage.shown == [
        (0.0, "beacon", STALE),
        (0.0, "beacon", SignalLevel()),
        (0.0, "beacon", SignalLevel(depth=1)),
    ]
    assert stage.changes == 2


async def test_a_threshold_is_crossed_at_its_instant_with_nothing_arriving() -> None:
    stage = Stage()
    stage.live()
    stage.queued("a")
    await asyncio.sleep(100)
    assert stage.shown[-1] == (60.0, "beacon", SignalLevel(depth=1, severity=Severity.WARNING))


async def test_a_timer_whose_reason_went_is_not_heard() -> None:
    stage = Stage()
    stage.live()
    stage.queued("a")
    await asyncio.sleep(30)
    now = stage.clock.now()
    stage.submit(
        ContactLeft(
            id="l",
            source=PBX,
            time=now,
            group=GroupName("sales"),
            contact=ContactId("a"),
            outcome=Outcome.ABANDONED,
        )
    )
    await asyncio.sleep(100)
    assert stage.shown[-1] == (30.0, "beacon", SignalLevel())


async def test_after_a_step_of_the_clock_a_threshold_is_crossed_when_it_would_have_been() -> None:
    stage = Stage()
    stage.live()
    stage.queued("a")
    await asyncio.sleep(20)
    stage.wall_step = 5 * 3600.0
    delta = stage.clock.check_step()
    assert delta == 5 * 3600.0
    stage.conductor.clock_stepped(delta)
    await asyncio.sleep(100)
    assert stage.shown[-1] == (60.0, "beacon", SignalLevel(depth=1, severity=Severity.WARNING))


async def test_an_anomaly_is_reported() -> None:
    stage = Stage(Policy(max_groups=0))
    stage.queued("a")
    assert stage.reported == [("too_many_groups", "pbx")]


async def test_once_stopped_no_timer_is_left() -> None:
    stage = Stage()
    stage.live()
    stage.queued("a")
    stage.conductor.stop()
    await asyncio.sleep(100)
    assert stage.shown[-1] == (0.0, "beacon", SignalLevel(depth=1))


async def test_a_timer_that_wakes_a_hair_early_still_finds_its_deadline_due() -> None:
    stage = Stage()
    stage.live()
    stage.queued("a")
    exact = stage.clock.now
    stage.clock.now = lambda: exact() - 0.001  # type: ignore[method-assign]
    await asyncio.sleep(100)
    assert stage.shown[-1] == (60.0, "beacon", SignalLevel(depth=1, severity=Severity.WARNING))
