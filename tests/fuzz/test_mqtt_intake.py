"""Whatever a broker brings: nothing raises, the truth is found again, ``live`` is never said too early."""

from typing import Final

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from adapters.mqtt.intake import Intake
from queue_alert.core.events import AcdEvent, FeedState
from queue_alert.core.monitor import Monitor
from queue_alert.core.policy import FeedPolicy, Policy
from queue_alert.core.units import FeedName, GroupName, Instant
from queue_alert.protocol.topics import (
    PublisherStatus,
    events_topic,
    snapshot_topic,
    status_topic,
)
from tests.adapters.mqtt.acd import FakeAcd

NAME: Final = FeedName("floor")
_encode = msgspec.json.encode

TOPIC = st.sampled_from(
    ["acd/b/sales/events", "acd/b/sales/snapshot", "acd/b/status", "acd/b/%/events", "acd/b//snapshot", "x"]
) | st.text(max_size=30)
OBJECT = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["contact.queued", "group.snapshot", "feed.heartbeat", "agent.state", "x"]),
        "id": st.text(max_size=5) | st.integers(),
        "source": st.sampled_from(["acd", "other"]),
        "time": st.floats(allow_nan=False, allow_infinity=False) | st.none(),
        "seq": st.integers(-(2**60), 2**60),
        "subject": st.sampled_from(["sales", "x"]),
        "contact": st.text(max_size=250),
        "waiting": st.lists(st.dictionaries(st.sampled_from(["contact", "queued_at"]), st.text(max_size=3))),
        "online": st.booleans(),
        "synced": st.booleans(),
        "run": st.sampled_from(["", "r1", "r2"]),
        "heartbeat_s": st.floats(allow_nan=False, allow_infinity=False),
        "groups": st.lists(st.sampled_from(["sales", "x"]), max_size=3) | st.none(),
    },
).map(_encode)
MESSAGE = st.tuples(
    TOPIC, st.binary(max_size=60) | OBJECT, st.booleans(), st.sampled_from([None, "", "r1", "r2"])
)


@given(st.lists(MESSAGE, max_size=40))
def test_nothing_that_is_said_makes_it_raise(messages: list[tuple[str, bytes, bool, str | None]]) -> None:
    monitor = _monitor()
    intake = Intake(NAME, site="b", max_payload=1_000, skipped=lambda _kind, _detail: None)
    now = 1_000.0
    events = intake.connected(now)
    for number, (topic, payload, retained, run) in enumerate(messages):
        now += 1.0
        events += intake.take(topic, payload, now, retained=retained, run=run)
        events += intake.check(now)
        if number == 3:
            events += intake.subscribed(now)
    for event in events:
        assert event.source == NAME
        monitor.handle(event, now)


@given(st.binary(min_size=1, max_size=200), st.integers(0, 400))
def test_a_word_that_is_cut_or_damaged_is_taken_or_counted(damage: bytes, at: int) -> None:
    acd = FakeAcd()
    (event,) = acd.happen(1, 1_000.0)
    payload = _encode(event)
    skipped: list[str] = []
    intake = Intake(NAME, site="b", max_payload=1_000, skipped=lambda kind, _detail: skipped.append(kind))
    group = getattr(event, "group", "")
    said = intake.take(events_topic("b", group), payload[:at] + damage + payload[at + 1 :], 1_000.0)
    assert len(said) + len(skipped) >= 1


class Path:
    """A way from a publisher to a monitor, on which messages are lost, said twice and late."""

    def __init__(self) -> None:
        self.acd = FakeAcd()
        self.now: Instant = 1_000.0
        self.monitor = _monitor()
        self.intake = Intake(NAME, site="b", max_payload=100_000, skipped=lambda _kind, _detail: None)
        self._submit(self.intake.connected(self.now))
        self._submit(self.intake.subscribed(self.now))

    def say_all(self, lose: frozenset[int] = frozenset()) -> None:
        """Say every group's snapshot, and the status; of these some are lost."""
        messages = [
            (snapshot_topic("b", one.group), _encode(one), self.acd.run)
            for one in self.acd.snapshot(self.now)
        ]
        status = PublisherStatus(
            online=True,
            source="acd",
            run=self.acd.run,
            seq=self.acd.seq,
            time=self.now,
            synced=True,
            groups=self.acd.groups,
        )
        self._pass([*messages, (status_topic("b"), _encode(status), None)], lose)

    def happen(self, count: int, lose: frozenset[int], *, twice: bool, swapped: bool) -> None:
        """Let things happen; the messages at the places in ``lose`` never come."""
        events = self.acd.happen(count, self.now)
        messages: list[tuple[str, bytes, str | None]] = [
            (events_topic("b", getattr(event, "group", "")), _encode(event), self.acd.run) for event in events
        ]
        if twice:
            messages += messages
        if swapped:
            # A broker keeps the order within a topic; between topics it may not.
            messages.sort(key=lambda message: message[0])
        self._pass(messages, lose)

    def restart(self) -> None:
        self.acd.restart(self.now)
        status = PublisherStatus(online=True, source="acd", run=self.acd.run, groups=self.acd.groups)
        self._pass([(status_topic("b"), _encode(status), None)], frozenset())

    def figures(self) -> tuple[dict[GroupName, dict[str, int]], dict[GroupName, int]]:
        groups = self.monitor.view(self.now).groups
        counted = {
            group.name: {
                "offered": group.today.offered,
                "answered": group.today.answered,
                "abandoned": group.today.abandoned,
                "rerouted": group.today.rerouted,
                "completed": group.today.completed,
            }
            for group in groups
        }
        return counted, {group.name: group.waiting for group in groups}

    def truth(self) -> tuple[dict[GroupName, dict[str, int]], dict[GroupName, int]]:
        return dict(self.acd.counts), {name: len(line) for name, line in self.acd.waiting.items()}

    @property
    def is_live(self) -> bool:
        """Whether the monitor believes the feed."""
        return self.monitor.view(self.now).feeds[0].state is FeedState.LIVE

    def _pass(self, messages: list[tuple[str, bytes, str | None]], lose: frozenset[int]) -> None:
        for place, (topic, payload, run) in enumerate(messages):
            if place not in lose:
                self._submit(self.intake.take(topic, payload, self.now, run=run))

    def _submit(self, events: list[AcdEvent]) -> None:
        for event in events:
            self.monitor.handle(event, self.now)
        self.now += 0.01
        self.monitor.advance(self.now)


LOST = st.frozensets(st.integers(0, 12), max_size=6)
HAPPEN = st.tuples(st.integers(1, 10), LOST, st.booleans(), st.booleans())


@given(st.lists(HAPPEN | LOST, max_size=25))
def test_whatever_is_lost_who_waits_and_every_count_is_true_while_the_feed_is_live(
    steps: list[tuple[int, frozenset[int], bool, bool] | frozenset[int]],
) -> None:
    path = Path()
    path.say_all()
    for step in steps:
        if isinstance(step, frozenset):
            path.say_all(step)
        else:
            count, lose, twice, swapped = step
            path.happen(count, lose, twice=twice, swapped=swapped)
        is_known = path.intake._order.last_said == path.acd.seq
        if path.is_live and is_known:
            (counts, waiting), (true_counts, truly_waiting) = path.figures(), path.truth()
            assert waiting == truly_waiting
            assert counts == true_counts
    path.say_all()
    assert path.is_live
    assert path.figures() == path.truth()


@given(st.lists(HAPPEN, max_size=5), st.lists(HAPPEN, max_size=5))
def test_after_a_restart_of_the_acd_who_waits_is_true_again(
    before: list[tuple[int, frozenset[int], bool, bool]], after: list[tuple[int, frozenset[int], bool, bool]]
) -> None:
    path = Path()
    path.say_all()
    for steps in (before, after):
        for count, lose, twice, swapped in steps:
            path.happen(count, lose, twice=twice, swapped=swapped)
        if steps is before:
            path.restart()
    path.say_all()
    assert path.is_live
    assert path.figures()[1] == path.truth()[1]


def _monitor() -> Monitor:
    return Monitor(Policy(feeds=(FeedPolicy(name=NAME),), settle_s=0.005, reset_at_s=None), 1_000.0)
