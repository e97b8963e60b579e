"""What we say ourselves comes in at the same door, and is nobody's feed."""

import pytest

from queue_alert.core.events import (
    OUR_OWN,
    AlertAcknowledged,
    EscalationMode,
    EscalationRequested,
    Event,
    FeedHeartbeat,
    GroupSnapshotTaken,
    decoder,
    feed_decoder,
)
from queue_alert.core.monitor import Monitor
from queue_alert.core.policy import FeedPolicy, Policy
from queue_alert.core.units import FeedName, GroupName

START = 1_700_000_000.0
ACKNOWLEDGED = AlertAcknowledged(id="desk-1-1", source=OUR_OWN, time=START, by="button desk")
EMERGENCY = EscalationRequested(
    id="desk-1-2", source=OUR_OWN, time=START, group=GroupName("sales"), mode=EscalationMode.EMERGENCY
)


@pytest.mark.parametrize("event", [ACKNOWLEDGED, EMERGENCY])
def test_what_a_button_says_makes_no_feed(event: Event) -> None:
    monitor = Monitor(Policy(feeds=(FeedPolicy(name=FeedName("pbx")),)), START)
    for _ in range(2):
        monitor.handle(event, START)  # type: ignore[arg-type]
    assert [feed.name for feed in monitor.view(START).feeds] == ["pbx"]
    monitor.handle(FeedHeartbeat(id="1", source=FeedName("pbx"), time=START), START)
    assert [feed.name for feed in monitor.view(START).feeds] == ["pbx"]


def test_whoever_borrows_our_name_does_no_harm() -> None:
    """A recording may name its feed as it likes."""
    monitor = Monitor(Policy(), START)
    monitor.handle(GroupSnapshotTaken(id="1", source=OUR_OWN, time=START, group=GroupName("sales")), START)
    monitor.handle(ACKNOWLEDGED, START)
    assert [group.name for group in monitor.view(START).groups] == ["sales"]


def test_nobody_outside_can_acknowledge_through_a_feed() -> None:
    text = b'{"type":"alert.acknowledged","id":"1","source":"queue-alert","time":1700000000.0}'
    assert decoder().decode(text) == AlertAcknowledged(id="1", source=OUR_OWN, time=START)
    with pytest.raises(ValueError, match=r"alert\.acknowledged"):
        feed_decoder().decode(text)
