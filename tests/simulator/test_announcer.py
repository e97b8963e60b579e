"""What the simulated feed says, and in which order."""

from queue_alert.core.events import AcdEvent, FeedState, FeedStatusChanged, GroupSnapshotTaken
from simulator.acd import Simulation
from simulator.announcer import Announcer
from simulator.scenario import DEMO
from tests.simulator.helpers import START, Reader


def announcer(*, every_s: float = 30.0) -> Announcer:
    return Announcer(Simulation(DEMO, seed=3, start=START), snapshot_every_s=every_s)


def said_in(feed: Announcer, seconds: float) -> list[AcdEvent]:
    return [*feed.begin(START), *feed.advance(START + seconds)]


def test_it_begins_with_syncing_then_every_group_then_live() -> None:
    begun = announcer().begin(START)
    assert [event.state for event in begun if isinstance(event, FeedStatusChanged)] == [
        FeedState.SYNCING,
        FeedState.LIVE,
    ]
    snapshots = begun[1:-1]
    assert [event.group for event in snapshots if isinstance(event, GroupSnapshotTaken)] == [
        group.name for group in DEMO.groups
    ]
    assert [event.seq for event in begun] == [1, 1, 1, 1, 1, 1, 2]
    assert {event.time for event in begun} == {START}


def test_every_group_is_told_anew_every_thirty_seconds() -> None:
    said = said_in(announcer(), 95.0)
    times = [event.time - START for event in said if isinstance(event, GroupSnapshotTaken)]
    assert times == [at for at in (0.0, 30.0, 60.0, 90.0) for _ in DEMO.groups]


def test_every_snapshot_agrees_with_the_events_before_it() -> None:
    """Also where many snapshots are due at once because nobody asked for a while."""
    for feed in (announcer(), announcer(every_s=7.0)):
        said = said_in(feed, 1_200.0)
        reader = Reader()
        reader.read(said[0])
        reader.begin([event for event in said[1:6] if isinstance(event, GroupSnapshotTaken)])
        for event in said[6:]:
            reader.read(event)
            if isinstance(event, GroupSnapshotTaken):
                reader.agree_with(event)
        assert len(reader.ended) > 50


def test_one_step_and_many_say_the_same() -> None:
    stepwise = announcer()
    said = stepwise.begin(START)
    while (at := stepwise.next_at()) <= START + 300:
        said += stepwise.advance(at)
    assert said == said_in(announcer(), 300.0)


def test_beginning_again_later_tells_what_happened_meanwhile_and_then_what_is() -> None:
    feed = announcer()
    first = feed.begin(START)
    again = feed.begin(START + 10.0)
    states = [event.state for event in again if isinstance(event, FeedStatusChanged)]
    assert states == [FeedState.SYNCING, FeedState.LIVE]
    reader = Reader(last_seq=1)
    reader.begin([event for event in first if isinstance(event, GroupSnapshotTaken)])
    reader.last_seq = 2
    for event in again:
        reader.read(event)
        if isinstance(event, GroupSnapshotTaken):
            reader.agree_with(event)
    assert again[-1].time == START + 10.0
    later = feed.advance(START + 40.0)
    assert {event.time for event in later if isinstance(event, GroupSnapshotTaken)} == {START + 40.0}
