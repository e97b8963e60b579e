"""A feed may be held to the groups it is configured for; what it says of others is counted, not taken."""

import msgspec

from queue_alert.core.effects import Anomaly, ReportAnomaly, ShowSignal, SignalLevel
from queue_alert.core.events import AcdEvent, FeedState
from queue_alert.core.monitor import Monitor
from queue_alert.core.policy import FeedPolicy, Policy, SignalPolicy
from queue_alert.core.units import FeedName, GroupName, Instant, SignalName
from queue_alert.core.view import SignalView
from tests.core.events_made import PBX, SALES, START, SUPPORT, feed_status, queued, snapshot

SOUTH = FeedName("south")
BEACON = SignalName("beacon")


def monitor(*feeds: FeedPolicy) -> Monitor:
    floor = Monitor(Policy(signals=(SignalPolicy(name=BEACON),), feeds=feeds), START)
    for feed in feeds:
        floor.handle(said_by(feed.name, feed_status(FeedState.LIVE, START)), START)
    return floor


def said_by(feed: FeedName, event: AcdEvent) -> AcdEvent:
    return msgspec.structs.replace(event, source=feed)


def waiting(floor: Monitor, now: Instant) -> dict[str, int]:
    return {group.name: group.waiting for group in floor.view(now).groups}


def refused(group: str, event: AcdEvent, feed: FeedName = PBX) -> ReportAnomaly:
    return ReportAnomaly(Anomaly.OTHER_GROUP, GroupName(group), f"feed={feed} event={event.id}")


def test_a_group_that_is_not_the_feeds_is_neither_made_nor_counted() -> None:
    floor = monitor(FeedPolicy(name=PBX, groups=("sales", "support-*")))
    other = queued("c1", START + 1, group="billing")
    assert floor.handle(other, START + 1) == [refused("billing", other)]
    assert floor.handle(queued("c2", START + 2, group="support-2"), START + 2) == [
        ShowSignal(BEACON, 1, floor.levels()[0].level.severity, stale=False)
    ]
    assert waiting(floor, START + 2) == {"support-2": 1}


def test_what_is_refused_is_a_sign_of_life_all_the_same() -> None:
    floor = monitor(FeedPolicy(name=PBX, groups=("sales",), stale_after_s=60.0))
    floor.handle(queued("c1", START + 59, group="billing"), START + 59)
    assert floor.next_deadline() == START + 60
    floor.advance(START + 60)
    (feed,) = floor.view(START + 60).feeds
    assert (feed.state, feed.events, feed.last_event_at) == (FeedState.LIVE, 2, START + 59)
    floor.advance(START + 119)
    assert floor.view(START + 119).feeds[0].state is FeedState.STALE


def test_another_feeds_group_stays_as_that_feed_says() -> None:
    floor = monitor(FeedPolicy(name=PBX, groups=("sales",)), FeedPolicy(name=SOUTH, groups=("support",)))
    floor.handle(said_by(SOUTH, queued("c1", START + 1, group=SUPPORT)), START + 1)
    empty = snapshot({}, START + 2, group=SUPPORT)
    assert floor.handle(empty, START + 2) == [refused(SUPPORT, empty)]
    assert waiting(floor, START + 2) == {SUPPORT: 1}


def test_feeds_may_share_a_group_and_its_contacts_are_told_apart() -> None:
    floor = monitor(
        FeedPolicy(name=PBX, groups=("sales", "support")), FeedPolicy(name=SOUTH, groups=("sales",))
    )
    for feed in (PBX, SOUTH):
        floor.handle(said_by(feed, queued("c1", START + 1, group=SALES)), START + 1)
    assert waiting(floor, START + 1) == {SALES: 2}
    assert floor.levels() == (SignalView(BEACON, SignalLevel(2)),)


def test_names_without_end_are_not_remembered_without_end() -> None:
    floor = monitor(FeedPolicy(name=PBX, groups=("sales",)))
    for number in range(10_050):
        floor.handle(queued(f"c{number}", START + 1, group=f"g{number}"), START + 1)
    assert len(floor._feeds[PBX]._speaks_of or ()) == 50
    assert waiting(floor, START + 1) == {}
