"""The face of the core: agents, feeds, the day, the clock, and what has changed."""

from typing import Any

import msgspec
import pytest

from queue_alert.core.effects import Anomaly, ReportAnomaly, Severity, ShowSignal, SignalLevel
from queue_alert.core.events import (
    AcdEvent,
    AgentRemoved,
    AgentSnapshot,
    AgentState,
    AgentStateChanged,
    ClockStepped,
    ContactAnswered,
    ContactCompleted,
    ContactDequeued,
    ContactLeft,
    ContactQueued,
    ContactRingFailed,
    ContactRung,
    ContactTransferred,
    ContactWrapped,
    FeedState,
    GroupSnapshotTaken,
    Outcome,
    Provenance,
    TransferKind,
    decoder,
)
from queue_alert.core.monitor import Monitor
from queue_alert.core.policy import FeedPolicy, GroupPolicy, Policy, SignalPolicy
from queue_alert.core.units import AgentId, ContactId, FeedName, SignalName
from queue_alert.core.view import AgentView, ExpectedWait, FloorView, GroupView
from tests.core.events_made import (
    PBX,
    SALES,
    START,
    SUPPORT,
    agent,
    answered,
    completed,
    feed_status,
    left,
    queued,
    snapshot,
)

DAY_S = 86_400.0
ALICE = AgentId("Alice")


def monitor(**policy: Any) -> Monitor:
    return Monitor(Policy(groups={SALES: GroupPolicy()}, **policy), START)


def sales(of: Monitor, at: float) -> GroupView:
    return next(group for group in of.view(at).groups if group.name == SALES)


def stepped(delta: float) -> ClockStepped:
    return ClockStepped(id=f"step{delta}", source=FeedName("clock"), time=START, delta_s=delta)


def test_agents_are_counted_by_state_and_listed_with_reason_and_since() -> None:
    floor = monitor()
    floor.handle(agent("Alice", AgentState.AVAILABLE, START), START)
    floor.handle(agent("Bob", AgentState.NOT_READY, START + 1, reason="lunch"), START + 1)
    floor.handle(agent("Bob", AgentState.NOT_READY, START + 9, reason="lunch"), START + 9)
    group = sales(floor, START + 9)
    assert group.agents == {"available": 1, "not_ready": 1}
    assert group.agent_list == (
        AgentView(agent=ALICE, state="available", since=START),
        AgentView(agent=AgentId("Bob"), state="not_ready", reason="lunch", since=START + 1),
    )


def test_wrapping_up_ends_by_itself_at_its_instant() -> None:
    floor = monitor()
    floor.handle(agent("Alice", AgentState.WRAPUP, START, wrapup_s=15.0), START)
    floor.advance(START + 14.9)
    assert sales(floor, START + 14.9).agents == {"wrapup": 1}
    assert floor.next_deadline() == START + 15.0
    floor.advance(START + 15.0)
    assert sales(floor, START + 15.0).agent_list == (
        AgentView(agent=ALICE, state="available", since=START + 15.0),
    )


def test_a_call_during_wrap_up_is_not_ended_by_its_deadline() -> None:
    floor = monitor()
    floor.handle(agent("Alice", AgentState.WRAPUP, START, wrapup_s=15.0), START)
    floor.handle(agent("Alice", AgentState.TALKING, START + 5), START + 5)
    floor.advance(START + 20)
    assert sales(floor, START + 20).agents == {"talking": 1}


def test_an_agent_that_is_removed_or_missing_from_a_snapshot_is_gone() -> None:
    floor = monitor()
    for name in ("Alice", "Bob", "Carol"):
        floor.handle(agent(name, AgentState.AVAILABLE, START), START)
    gone = AgentRemoved(id="r1", source=PBX, time=START, group=SALES, agent=AgentId("Bob"))
    floor.handle(gone, START)
    taken = (AgentSnapshot(agent=ALICE, state=AgentState.TALKING),)
    floor.handle(snapshot({}, START + 1, agents=taken), START + 1)
    assert sales(floor, START + 1).agents == {"talking": 1}
    assert sales(floor, START + 1).agent_corrections == 0
    floor.handle(snapshot({}, START + 2, agents=()), START + 2)
    assert (sales(floor, START + 2).agents, sales(floor, START + 2).agent_corrections) == ({}, 1)


def test_a_snapshot_without_agents_says_nothing_of_them() -> None:
    floor = monitor()
    floor.handle(agent("Alice", AgentState.AVAILABLE, START), START)
    floor.handle(snapshot({}, START + 1), START + 1)
    assert sales(floor, START + 1).agents == {"available": 1}


def test_agents_beyond_the_limit_are_reported() -> None:
    floor = monitor(max_agents_per_group=1)
    floor.handle(agent("Alice", AgentState.AVAILABLE, START), START)
    effects = floor.handle(agent("Bob", AgentState.AVAILABLE, START), START)
    assert effects == [ReportAnomaly(Anomaly.TOO_MANY_AGENTS, SALES, "limit=1")]


def test_transfers_ring_failures_and_wrap_up_are_counted() -> None:
    floor = monitor()
    base: dict[str, Any] = {"source": PBX, "time": START, "group": SALES, "contact": ContactId("a")}
    floor.handle(queued("a", START), START)
    floor.handle(ContactRung(id="1", agent=ALICE, **base), START)
    floor.handle(ContactRingFailed(id="2", agent=ALICE, **base), START)
    floor.handle(answered("a", START + 5), START + 5)
    floor.handle(ContactTransferred(id="3", kind=TransferKind.CONSULT, **base), START + 6)
    floor.handle(completed("a", START + 60, talk_s=50.0, held_s=5.0), START + 60)
    floor.handle(ContactWrapped(id="4", acw_s=20.0, **base), START + 80)
    group = sales(floor, START + 80)
    assert (group.today.ring_failures, group.today.transferred, group.today.average_handling_s) == (
        1,
        1,
        75.0,
    )
    assert group.transferred_total == {"consult": 1}
    assert (sum(group.talk.counts), group.talk.total_s, group.held.total_s) == (1, 50.0, 5.0)


def test_the_expected_wait_names_its_method() -> None:
    floor = monitor()
    floor.handle(queued("a", START), START)
    assert sales(floor, START).expected_wait is None
    floor.handle(answered("a", START + 20), START + 20)
    floor.handle(queued("b", START + 21), START + 21)
    assert sales(floor, START + 21).expected_wait == ExpectedWait("moving_average", 40.0)


def test_the_mitel_method_divides_by_the_agents_who_serve() -> None:
    floor = Monitor(Policy(groups={SALES: GroupPolicy(expected_wait_method="mitel")}), START)
    states = (AgentState.AVAILABLE, AgentState.TALKING, AgentState.NOT_READY, AgentState.OFFLINE)
    for index, state in enumerate(states):
        floor.handle(agent(f"agent{index}", state, START), START)
    floor.handle(queued("a", START), START)
    floor.handle(answered("a", START + 5), START + 5)
    floor.handle(completed("a", START + 105, talk_s=100.0), START + 105)
    assert sales(floor, START + 105).expected_wait == ExpectedWait("mitel", 50.0)


def test_the_daily_reset_begins_today_anew_and_loses_nobody_who_waits() -> None:
    floor = monitor()
    reset = START - START % DAY_S + DAY_S
    floor.handle(queued("a", START), START)
    floor.handle(left("a", START + 9), START + 9)
    floor.handle(queued("b", reset - 30), reset - 30)
    assert floor.next_deadline() == reset
    floor.advance(reset)
    group = sales(floor, reset)
    assert (group.waiting, group.oldest_queued_at) == (1, reset - 30)
    assert (group.today.offered, group.today.abandoned, group.offered_total) == (0, 0, 2)
    assert floor.view(reset).reset_at == reset
    floor.handle(answered("b", reset + 10), reset + 10)
    assert sales(floor, reset + 10).today.outcomes == {"answered": 1}
    assert sales(floor, reset + 10).today.average_speed_of_answer_s == 40.0
    assert floor.next_deadline() == reset + DAY_S


def test_without_a_daily_reset_nothing_is_due_and_today_goes_on() -> None:
    floor = monitor(reset_at_s=None)
    assert floor.next_deadline() is None
    floor.handle(queued("a", START), START)
    floor.advance(START + 3 * DAY_S)
    floor.handle(stepped(DAY_S), START + 4 * DAY_S)
    assert sales(floor, START + 4 * DAY_S).today.offered == 1
    assert floor.next_deadline() is None


@pytest.mark.parametrize("delta", [-7_200.0, 3_600.0, 86_400.0 * 400])
def test_a_step_of_the_clock_moves_ages_along_and_works_the_reset_out_anew(delta: float) -> None:
    floor = monitor(feeds=(FeedPolicy(name=PBX),))
    floor.handle(feed_status(FeedState.LIVE, START), START)
    floor.handle(queued("a", START), START)
    floor.handle(queued("b", START + 1), START + 1)
    floor.handle(left("b", START + 3), START + 3)
    now = START + 10 + delta
    floor.handle(stepped(delta), now)
    view = floor.view(now)
    group = view.groups[0]
    assert now - (group.oldest_queued_at or 0) == 10.0
    assert [(entry.at, entry.waited_s) for entry in group.recently_abandoned] == [(START + 3 + delta, 2.0)]
    assert [feed.name for feed in view.feeds] == [PBX]
    assert view.feeds[0].since == START + delta
    deadline = floor.next_deadline()
    assert deadline is not None
    assert now < deadline <= now + DAY_S
    floor.handle(answered("a", now + 5), now + 5)
    assert sales(floor, now + 5).answered_wait.total_s == 15.0


def test_a_step_that_puts_the_reset_into_the_time_just_gone_begins_a_new_day() -> None:
    floor = monitor()
    reset = START - START % DAY_S + DAY_S
    floor.handle(queued("a", START), START)
    now = reset + 1_800
    floor.handle(stepped(now - (START + 3_600)), now)
    assert (sales(floor, now).today.offered, sales(floor, now).waiting) == (0, 1)
    assert floor.view(now).reset_at == reset


def test_a_step_by_days_of_a_clock_that_was_wrong_at_boot_keeps_what_was_counted_since() -> None:
    floor = monitor()
    floor.handle(queued("a", START), START)
    floor.handle(stepped(DAY_S * 3), START + DAY_S * 3 + 60)
    assert sales(floor, START + DAY_S * 3 + 60).today.offered == 1


def test_a_small_step_does_not_begin_a_new_day() -> None:
    floor = monitor()
    floor.handle(queued("a", START), START)
    floor.handle(stepped(2.0), START + 2)
    assert sales(floor, START + 2).today.offered == 1


def test_a_settling_outcome_survives_a_step_of_the_clock() -> None:
    floor = monitor()
    floor.handle(snapshot({}, START), START)
    floor.handle(queued("a", START), START)
    floor.handle(snapshot({}, START + 1), START + 1)
    floor.handle(stepped(-500.0), START - 499)
    floor.advance(START - 494.5)
    assert sales(floor, START - 494.5).today.outcomes == {}
    floor.advance(START - 494)
    assert sales(floor, START - 494).today.outcomes == {"unknown": 1}


def test_feeds_are_counted_with_their_last_event_and_their_corrections() -> None:
    floor = monitor(feeds=(FeedPolicy(name=PBX),))
    floor.handle(feed_status(FeedState.LIVE, START), START)
    assert floor.view(START).feeds[0].last_event_at is None
    floor.handle(left("never seen", START + 4), START + 4)
    floor.handle(feed_status(FeedState.DOWN, START + 9, "gone"), START + 9)
    feed = floor.view(START + 9).feeds[0]
    assert (feed.state, feed.reason, feed.since) == (FeedState.DOWN, "gone", START + 9)
    assert (feed.last_event_at, feed.events, feed.corrections) == (START + 4, 3, 1)


def test_feeds_beyond_the_limit_are_not_listened_to() -> None:
    floor = monitor()
    for index in range(70):
        event = msgspec.structs.replace(queued(f"c{index}", START), source=FeedName(f"feed{index}"))
        floor.handle(event, START)
    assert (len(floor.view(START).feeds), sales(floor, START).waiting) == (64, 64)


def test_an_event_with_an_old_place_in_the_order_and_a_new_id_is_no_repeat() -> None:
    floor = monitor()
    floor.handle(queued("a", START, seq=500), START)
    floor.handle(queued("b", START, seq=1), START)  # the ACD began to count anew
    assert sales(floor, START).waiting == 2


def test_repeats_are_recognised_over_thousands_of_events() -> None:
    floor = monitor()
    ring = [
        ContactRingFailed(
            id=f"r{n}",
            source=PBX,
            time=START,
            seq=n % 2 * n,
            group=SALES,
            contact=ContactId("a"),
            agent=ALICE,
        )
        for n in range(6_000)
    ]
    for event in ring:
        floor.handle(event, START)
    for event in ring[-1_000:]:
        assert floor.handle(event, START) == []
    assert sales(floor, START).today.ring_failures == 6_000


def test_changes_are_told_once() -> None:
    floor = monitor(signals=(SignalPolicy(name=SignalName("beacon")),))
    first = floor.changes(START)
    assert first is not None
    assert ([group.name for group in first.groups], len(first.signals)) == ([SALES], 1)
    assert floor.changes(START + 1) is None
    floor.handle(queued("a", START + 2, group=SUPPORT), START + 2)
    second = floor.changes(START + 2)
    assert second is not None
    assert [(group.name, group.waiting) for group in second.groups] == [(SUPPORT, 1)]
    assert [signal.level.depth for signal in second.signals] == [1]
    assert [feed.name for feed in second.feeds] == [PBX]
    floor.view(START + 3)
    assert floor.changes(START + 3) is None


def test_a_group_in_which_nothing_happened_is_the_same_object_in_the_next_view() -> None:
    floor = monitor()
    floor.handle(queued("a", START), START)
    first, second = floor.view(START + 1).groups[0], floor.view(START + 50).groups[0]
    assert first is second
    window_s = 1_800.0
    assert floor.view(START + window_s + 61).groups[0].window.offered == 0


def test_a_view_is_json_and_back() -> None:
    floor = monitor(signals=(SignalPolicy(name=SignalName("beacon")),), feeds=(FeedPolicy(name=PBX),))
    floor.handle(queued("a", START, caller="+442079460123"), START)
    floor.handle(left("a", START + 6), START + 6)
    floor.handle(agent("Alice", AgentState.NOT_READY, START, reason="lunch"), START)
    view = floor.view(START + 6)
    encoded = msgspec.json.encode(view)
    assert msgspec.json.decode(encoded, type=FloorView) == view
    assert b"442079460" not in encoded


def test_numbers_are_shown_whole_only_when_asked_for() -> None:
    floor = monitor(show_numbers=True)
    floor.handle(queued("a", START, caller="+442079460123"), START)
    floor.handle(left("a", START + 6), START + 6)
    assert sales(floor, START + 6).recently_abandoned[0].caller == "+442079460123"


def test_every_event_is_json_under_its_published_type() -> None:
    event = decoder().decode(
        b'{"type":"contact.left","id":"1","source":"pbx","time":1.5,"seq":7,"subject":"sales",'
        b'"provenance":"inferred","contact":"c1","outcome":"timeout","a field of tomorrow":true}'
    )
    expected = left("c1", 1.5, Outcome.TIMEOUT, seq=7)
    assert event == msgspec.structs.replace(expected, id="1", provenance=Provenance.INFERRED)
    assert decoder().decode(msgspec.json.encode(event)) == event


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b'{"type":"contact.exploded","id":"1","source":"x","time":1}',
        b'{"type":"contact.left","id":"1","source":"x","time":1,"subject":"g"}',
        b'{"type":"contact.left","id":"1","source":"x","time":"noon","subject":"g","contact":"c"}',
        b'{"type":"contact.left","id":"1","source":"x","time":1,"subject":"g","contact":"c","outcome":"eaten"}',
    ],
)
def test_what_is_no_event_is_refused_with_one_documented_error(line: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decoder().decode(line)


def test_every_kind_of_event_of_a_group_too_many_is_reported_and_harmless() -> None:
    floor = monitor(max_groups=1)
    base: dict[str, Any] = {"source": PBX, "time": START, "group": SUPPORT}
    contact = {**base, "contact": ContactId("a")}
    events: list[AcdEvent] = [
        ContactQueued(id="1", **contact),
        ContactDequeued(id="2", **contact),
        ContactAnswered(id="3", **contact),
        ContactLeft(id="4", **contact),
        ContactCompleted(id="5", **contact),
        ContactWrapped(id="6", **contact),
        ContactRingFailed(id="7", agent=ALICE, **contact),
        ContactTransferred(id="8", **contact),
        AgentStateChanged(id="9", agent=ALICE, state=AgentState.AVAILABLE, **base),
        AgentRemoved(id="10", agent=ALICE, **base),
        GroupSnapshotTaken(id="11", **base),
    ]
    for event in events:
        expected = ReportAnomaly(Anomaly.TOO_MANY_GROUPS, SUPPORT, "limit=1")
        assert floor.handle(event, START) == [expected]
    assert [group.name for group in floor.view(START).groups] == [SALES]


def test_a_conversation_of_unknown_length_is_counted_without_one() -> None:
    floor = monitor()
    floor.handle(queued("a", START), START)
    floor.handle(answered("a", START + 5), START + 5)
    floor.handle(completed("a", START + 60), START + 60)
    group = sales(floor, START + 60)
    assert (group.today.completed, group.today.average_handling_s, sum(group.talk.counts)) == (1, 0.0, 0)


def test_removing_an_agent_nobody_knows_changes_nothing() -> None:
    floor = monitor()
    before = sales(floor, START)
    floor.handle(AgentRemoved(id="1", source=PBX, time=START, group=SALES, agent=ALICE), START)
    assert sales(floor, START) is before


def test_an_agent_who_is_removed_while_wrapping_up_does_not_come_back() -> None:
    floor = monitor()
    floor.handle(agent("Alice", AgentState.WRAPUP, START, wrapup_s=10.0), START)
    floor.handle(AgentRemoved(id="1", source=PBX, time=START, group=SALES, agent=ALICE), START)
    floor.advance(START + 10)
    assert sales(floor, START + 10).agents == {}


def test_a_step_of_the_clock_moves_what_is_known_of_agents_too() -> None:
    floor = monitor()
    floor.handle(agent("Alice", AgentState.WRAPUP, START, wrapup_s=10.0), START)
    floor.handle(answered("never queued", START + 1), START + 1)
    floor.handle(stepped(3_600.0), START + 3_602)
    assert sales(floor, START + 3_602).agent_list[0].since == START + 3_600
    floor.advance(START + 3_609.9)
    assert sales(floor, START + 3_609.9).agents == {"wrapup": 1}
    floor.advance(START + 3_610)
    assert sales(floor, START + 3_610).agents == {"available": 1}


def test_a_step_of_the_clock_without_agents_or_contacts_is_taken() -> None:
    floor = monitor(feeds=(FeedPolicy(name=PBX),))
    floor.handle(stepped(60.0), START + 60)
    assert floor.view(START + 60).feeds[0].since == START + 60


def test_a_feed_that_says_again_how_it_is_keeps_its_since() -> None:
    floor = monitor(feeds=(FeedPolicy(name=PBX),))
    floor.handle(feed_status(FeedState.DOWN, START + 5, "refused"), START + 5)
    feed = floor.view(START + 5).feeds[0]
    assert (feed.state, feed.since, feed.reason) == (FeedState.DOWN, START, "refused")


def test_the_level_of_an_effect_is_what_an_output_is_shown() -> None:
    floor = monitor(signals=(SignalPolicy(name=SignalName("beacon")),))
    (effect,) = floor.handle(queued("a", START), START)
    assert isinstance(effect, ShowSignal)
    assert effect.level == SignalLevel(1, Severity.NORMAL, stale=False)
    assert floor.levels()[0].level == effect.level


@pytest.mark.parametrize("duration", [-5.0, 1e9, float("inf"), float("nan")])
def test_an_absurd_duration_is_reported_and_spoils_no_figure(duration: float) -> None:
    floor = monitor()
    base: dict[str, Any] = {"source": PBX, "time": START, "group": SALES, "contact": ContactId("a")}
    floor.handle(queued("a", START), START)
    floor.handle(answered("a", START + 5), START + 5)
    expected = ReportAnomaly(Anomaly.IMPLAUSIBLE_DURATION, SALES, f"seconds={duration:.0f}")
    assert (
        floor.handle(completed("a", START + 60, talk_s=duration, held_s=duration), START + 60)
        == [expected] * 2
    )
    assert floor.handle(ContactWrapped(id="w", acw_s=duration, **base), START + 70) == [expected]
    effects = floor.handle(answered("never queued", START + 80, queue_s=duration), START + 80)
    assert expected in effects
    group = sales(floor, START + 80)
    assert (group.today.completed, group.today.average_handling_s, group.today.answered) == (1, 0.0, 2)
    assert (group.talk.total_s, group.held.total_s, group.answered_wait.total_s) == (0.0, 0.0, 5.0)


def test_a_feed_without_a_name_is_shown_like_any_other() -> None:
    floor = monitor()
    nameless = msgspec.structs.replace(queued("a", START), source=FeedName(""))
    floor.handle(nameless, START)
    assert [(feed.name, feed.events) for feed in floor.view(START).feeds] == [("", 1)]


def test_a_feed_may_bear_the_name_of_the_clock() -> None:
    floor = monitor()
    floor.handle(stepped(60.0), START + 60)
    status = msgspec.structs.replace(feed_status(FeedState.LIVE, START + 60), source=FeedName("clock"))
    floor.handle(status, START + 60)
    assert [feed.name for feed in floor.view(START + 60).feeds] == ["clock"]
