"""The neutral feed as CloudEvents, through the desk: order, runs, snapshots, and how far it is believed."""

from typing import Any

import msgspec
import pytest

from adapters.webhook.desk import Desk, DeskOptions, Kind, Receipt
from adapters.webhook.health import MENDED_WITHIN_S
from queue_alert.core.events import (
    AcdEvent,
    ContactLeft,
    ContactQueued,
    FeedHeartbeat,
    FeedState,
    FeedStatusChanged,
    GroupSnapshotTaken,
    Outcome,
    Provenance,
    WaitingContact,
)
from queue_alert.core.monitor import Monitor
from queue_alert.core.policy import FeedPolicy, Policy
from queue_alert.core.units import ContactId, FeedName, GroupName
from queue_alert.ports import Skipped
from tests.adapters.webhook.posts import cloud_event

NOW = 1_767_609_000.0
HOOK = FeedName("hook")
SALES = GroupName("sales")


class Counter:
    """A desk that is posted to."""

    def __init__(self, **options: Any) -> None:
        self.now = NOW
        self.skipped: list[tuple[Skipped, str]] = []
        self.desk = Desk(
            HOOK, lambda kind, detail: self.skipped.append((kind, detail)), DeskOptions(**options)
        )
        self.desk.begin(self.now)

    def post(self, *events: Any) -> Receipt:
        headers = {"content-type": "application/cloudevents-batch+json"}
        return self.desk.take(headers, msgspec.json.encode(events), self.now)

    def said(self, *events: Any) -> list[AcdEvent]:
        return self.post(*events).events

    def states(self, *events: Any) -> list[str]:
        return [event.state for event in self.said(*events) if isinstance(event, FeedStatusChanged)]

    def later(self, seconds: float) -> list[str]:
        self.now += seconds
        return [event.state for event in self.desk.advance(self.now) if isinstance(event, FeedStatusChanged)]


def snapshot(sequence: int = 0, **more: Any) -> dict[str, Any]:
    return cloud_event("group.snapshot", sequence=sequence, waiting=[], **more)


def queued(sequence: int = 0, contact: str = "c", **more: Any) -> dict[str, Any]:
    return cloud_event("contact.queued", sequence=sequence, contact=contact, **more)


def seqs(events: list[AcdEvent]) -> list[int]:
    return [event.seq for event in events if not isinstance(event, FeedStatusChanged)]


# ---- the mapping


def test_every_attribute_finds_its_place() -> None:
    counter = Counter()
    event = queued(7, "c-1", id="e-1", time="2026-01-05T10:29:58.5Z", queued_at="2026-01-05T10:29:50Z",
                   caller="+441632960001", priority=2, position=3)  # fmt: skip
    assert counter.said(event) == [
        ContactQueued(
            id="e-1",
            source=HOOK,
            time=NOW - 1.5,
            seq=7,
            group=SALES,
            contact=ContactId("c-1"),
            caller="+441632960001",
            priority=2,
            position=3,
            queued_at=NOW - 10,
        )
    ]


def test_a_snapshots_instants_may_be_seconds_or_rfc_3339() -> None:
    waiting = [{"contact": "a", "queued_at": 12.5}, {"contact": "b", "queued_at": "2026-01-05T10:29:50Z"}]
    events = Counter().said(cloud_event("group.snapshot", sequence=3, waiting=waiting))
    assert events == [
        GroupSnapshotTaken(
            id="group.snapshot-3",
            source=HOOK,
            time=NOW,
            seq=3,
            group=SALES,
            waiting=(
                WaitingContact(contact=ContactId("a"), queued_at=12.5),
                WaitingContact(contact=ContactId("b"), queued_at=NOW - 10),
            ),
        ),
        FeedStatusChanged(id=f"door-{NOW:.6f}-2", source=HOOK, time=NOW, state=FeedState.LIVE, reason=""),
    ]


def test_data_cannot_name_another_source_order_or_time() -> None:
    event = queued(1, source="acd", time="2026-01-05T10:30:00Z")
    event["data"] |= {"id": "x", "source": "y", "time": 1, "seq": 99, "type": "contact.left", "subject": "z"}
    (made,) = Counter().said(event)
    assert (made.id, made.source, made.time, made.seq) == ("contact.queued-1", HOOK, NOW, 1)
    assert isinstance(made, ContactQueued)
    assert made.group == SALES


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (cloud_event("feed.status", state="live"), "type is none of the neutral feed's"),
        (cloud_event("clock.stepped", delta_s=5), "type is none of the neutral feed's"),
        (cloud_event("contact.danced"), "type is none of the neutral feed's"),
        ({**queued(), "data": [1]}, "data must be a JSON object"),
        (queued(contact=""), "contact is empty"),
        (queued(contact="x" * 201), "contact has more than 200 characters"),
        (queued(id="x" * 201), "id has more than 200 characters"),
        (queued(priority=2**54), "priority is beyond 2**53"),
        (queued(queued_at="soon"), "queued_at must be seconds since 1970 or as in RFC 3339"),
        (
            cloud_event("contact.left", contact="c", outcome="+441632960001"),
            "contact.left: Invalid enum value '…' - at `$.outcome`",
        ),
        (
            cloud_event("group.snapshot", waiting=[{"contact": "y" * 300}]),
            "contact has more than 200 characters",
        ),
        (
            cloud_event("group.snapshot", waiting=["c"]),
            "group.snapshot: Expected `object`, got `str` - at `$.waiting[0]`",
        ),
        (
            cloud_event("group.snapshot", counters={"offered": 10**18}),
            "offered is beyond 2**53",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_and_no_value_is_repeated(event: Any, reason: str) -> None:
    counter = Counter()
    receipt = counter.post(event)
    assert (receipt.events, receipt.taken, receipt.refused) == ([], 0, [(0, reason)])
    assert [detail for _kind, detail in counter.skipped] == [reason]


def test_of_a_list_the_good_ones_are_taken() -> None:
    counter = Counter()
    receipt = counter.post(queued(1, "a"), "nonsense", queued(2, "b"))
    assert receipt.taken == 2
    assert receipt.refused == [(1, "no CloudEvent in JSON: Expected `object`, got `str`")]
    assert seqs(receipt.events) == [1, 2]


# ---- believed or not


def test_nothing_is_believed_before_a_snapshot_and_one_is_asked_for() -> None:
    counter = Counter()
    assert counter.post(queued(1)).wants_snapshot
    assert counter.states(queued(2)) == []
    receipt = counter.post(snapshot(2), snapshot(2, id="another"))
    assert not receipt.wants_snapshot
    assert [type(event).__name__ for event in receipt.events] == [
        "GroupSnapshotTaken",
        "GroupSnapshotTaken",
        "FeedStatusChanged",
    ]
    assert counter.states(queued(3)) == []


def test_a_sender_without_snapshots_is_believed_from_its_first_post_on() -> None:
    counter = Counter(snapshots=False)
    assert counter.states(queued(1)) == ["live"]
    receipt = counter.post(queued(9))
    assert (receipt.wants_snapshot, counter.later(60)) == (False, [])
    assert counter.skipped == [(Skipped.LOST, "events=7")]


def test_a_hole_is_told_and_mended_by_a_snapshot() -> None:
    counter = Counter()
    counter.post(snapshot(1))
    receipt = counter.post(queued(5))
    assert (receipt.wants_snapshot, counter.skipped) == (True, [(Skipped.LOST, "events=3")])
    assert counter.later(MENDED_WITHIN_S - 1) == []
    assert not counter.post(snapshot(5)).wants_snapshot
    assert counter.later(60) == []


def test_a_hole_that_nothing_mends_ends_the_belief() -> None:
    counter = Counter()
    counter.post(snapshot(1))
    counter.post(queued(5))
    assert counter.later(MENDED_WITHIN_S) == ["syncing"]
    assert counter.states(queued(6)) == []
    assert counter.states(snapshot(6)) == ["live"]


def test_a_hole_at_the_end_of_a_run_of_events_is_noticed_by_the_heartbeat() -> None:
    counter = Counter()
    counter.post(snapshot(1))
    receipt = counter.post(cloud_event("feed.heartbeat", sequence=3))
    assert receipt.events == [FeedHeartbeat(id="feed.heartbeat-3", source=HOOK, time=NOW)]
    assert (receipt.wants_snapshot, counter.skipped) == (True, [(Skipped.LOST, "events=2")])


def test_a_snapshot_that_comes_late_mends_nothing() -> None:
    counter = Counter()
    counter.post(snapshot(1))
    counter.post(queued(5))
    assert counter.post(snapshot(2)).wants_snapshot


def test_a_snapshot_without_a_number_is_as_of_all_that_was_heard() -> None:
    counter = Counter()
    assert seqs(counter.said(queued(4), snapshot())) == [4, 4]


def test_numbers_rise_over_a_restart_and_all_begins_anew() -> None:
    counter = Counter()
    counter.post(snapshot(900, run="1"))
    assert counter.states(queued(1, run="2")) == ["syncing"]
    receipt = counter.post(snapshot(1, run="2"), queued(2, run="2"))
    assert seqs(receipt.events) == [901, 902]
    assert [event.state for event in receipt.events if isinstance(event, FeedStatusChanged)] == ["live"]
    assert counter.post(queued(901, run="1")).refused == [(0, "run is one that is over")]


def test_another_source_is_refused_until_the_first_has_long_been_silent() -> None:
    counter = Counter()
    counter.post(snapshot(5))
    refused = [(0, "source is another than this feed listens to; give it its own feed")]
    assert counter.post(queued(1, source="other")).refused == refused
    counter.now += 300
    assert counter.states(queued(1, source="other")) == ["syncing"]
    assert counter.post(queued(6)).refused == refused


def test_a_source_that_is_configured_is_never_changed() -> None:
    counter = Counter(source="acd")
    assert counter.post(queued(1, source="other")).taken == 0
    assert counter.post(queued(1)).taken == 1
    counter.now += 3000
    assert counter.post(queued(1, source="other")).taken == 0


def synced(groups: int | None, sequence: int = 0) -> dict[str, Any]:
    return cloud_event("feed.synced", sequence=sequence, **({} if groups is None else {"groups": groups}))


def of_group(event: dict[str, Any], group: str) -> dict[str, Any]:
    return {**event, "id": f"{event['id']}-{group}", "subject": group}


def test_a_group_without_a_snapshot_in_a_whole_set_is_no_more() -> None:
    counter = Counter()
    counter.post(snapshot(1), of_group(snapshot(1), "gone"), synced(2, 1))
    assert counter.said(of_group(queued(2), "gone"), snapshot(2), synced(1, 2))[-1] == GroupSnapshotTaken(
        id="feed.synced-2/0",
        source=HOOK,
        time=NOW,
        seq=2,
        provenance=Provenance.INFERRED,
        group=GroupName("gone"),
        agents=(),
    )
    assert counter.said(snapshot(2), synced(1, 2))[1:] == []


def test_a_set_of_snapshots_that_is_not_whole_empties_no_group() -> None:
    counter = Counter()
    counter.post(snapshot(1), of_group(snapshot(1), "b"), synced(2, 1))
    receipt = counter.post(snapshot(1), {"broken": 1}, synced(2, 1))
    assert seqs(receipt.events) == [1]
    assert counter.post(synced(2)).wants_snapshot
    assert counter.said(snapshot(1), synced(None, 1))[1:] == []


# ---- the clouds' belief


def test_a_cloud_is_believed_from_its_first_post_on_and_says_so_again_and_again() -> None:
    counter = Counter(kind=Kind.TWILIO, silence_s=100.0)
    (live,) = counter.said()
    assert live == FeedStatusChanged(
        id=f"door-{NOW:.6f}-2",
        source=HOOK,
        time=NOW,
        state=FeedState.LIVE,
        reason="who has waited since before the first post is not known",
    )
    assert counter.desk.next_at() == NOW + 20
    assert [counter.later(20) for _ in range(5)] == [["live"]] * 4 + [["stale"]]
    assert (counter.later(500), counter.states()) == ([], ["live"])


def test_a_clock_that_is_set_back_does_not_keep_silence_from_being_noticed() -> None:
    counter = Counter(kind=Kind.TWILIO, silence_s=100.0)
    counter.said()
    counter.now -= 3600
    assert [counter.later(20) for _ in range(6)] == [[], *[["live"]] * 4, ["stale"]]


def test_helpers_may_say_heartbeats_and_snapshots_to_a_clouds_feed() -> None:
    counter = Counter(kind=Kind.AMAZON_CONNECT)
    assert counter.states(cloud_event("feed.heartbeat")) == ["live"]
    (taken,) = counter.said(snapshot())
    assert isinstance(taken, GroupSnapshotTaken)
    assert counter.post(queued()).refused == [(0, "type is none that this kind of feed takes")]


def test_a_rule_that_posts_every_minute_shows_that_the_road_is_open() -> None:
    counter = Counter(kind=Kind.AMAZON_CONNECT)
    receipt = counter.post({"detail-type": "Scheduled Event", "source": "aws.events", "detail": {}})
    assert (receipt.taken, receipt.refused) == (1, [])


def feed_state(counter: Counter, monitor: Monitor) -> str:
    return monitor.view(counter.now).feeds[0].state


def test_the_core_misses_a_neutral_senders_heartbeats_and_is_told_of_a_clouds_silence() -> None:
    for kind, states in ((Kind.NEUTRAL, "live stale stale"), (Kind.TWILIO, "live live stale")):
        counter = Counter(kind=kind, silence_s=100.0)
        monitor = Monitor(Policy(feeds=(FeedPolicy(name=HOOK, stale_after_s=60.0),), reset_at_s=None), NOW)
        for event in counter.said(snapshot(1)):
            monitor.handle(event, counter.now)
        seen = [feed_state(counter, monitor)]
        for _ in range(2):
            for _ in range(70):
                counter.now += 1
                for event in counter.desk.advance(counter.now):
                    monitor.handle(event, counter.now)
                monitor.advance(counter.now)
            seen.append(feed_state(counter, monitor))
        assert " ".join(seen) == states


def test_a_hole_while_nothing_is_believed_anyway_changes_nothing() -> None:
    counter = Counter()
    counter.post(queued(1), queued(5))
    assert counter.later(60) == []


def test_a_sender_without_snapshots_may_start_anew_too() -> None:
    counter = Counter(snapshots=False)
    counter.post(queued(900, run="1"))
    assert seqs(counter.said(queued(1, run="2"))) == [901]


def test_the_end_is_told() -> None:
    (down,) = Counter().desk.end(NOW)
    assert isinstance(down, FeedStatusChanged)
    assert (down.state, down.reason) == ("down", "no longer listening")


def test_a_left_event_is_made_whole() -> None:
    event = cloud_event("contact.left", sequence=2, contact="c", outcome="abandoned", queue_s=7)
    assert Counter().said(event) == [
        ContactLeft(
            id="contact.left-2",
            source=HOOK,
            time=NOW,
            seq=2,
            group=SALES,
            contact=ContactId("c"),
            outcome=Outcome.ABANDONED,
            queue_s=7.0,
        )
    ]
