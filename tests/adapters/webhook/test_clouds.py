"""What Twilio and Amazon Connect post: golden files, any order, twice, and not at all."""

from collections.abc import Iterable
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.webhook import connect as connect_module
from adapters.webhook.contacts import LATE_S, ContactBook
from adapters.webhook.desk import Kind
from adapters.webhook.outbox import Outbox
from adapters.webhook.workers import WorkerDesk
from queue_alert.core.events import (
    AcdEvent,
    AgentState,
    AgentStateChanged,
    Channel,
    ContactAnswered,
    ContactCompleted,
    ContactLeft,
    ContactQueued,
    Outcome,
    Provenance,
)
from queue_alert.core.monitor import Monitor
from queue_alert.core.policy import FeedPolicy, Policy
from queue_alert.core.units import AgentId, ContactId, FeedName, GroupName
from queue_alert.ports import Skipped
from tests.adapters.webhook.clouds import BEGAN, FOLDER, Cloud, posted

KINDS = [Kind.TWILIO, Kind.AMAZON_CONNECT]
SALES = GroupName("Sales")


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_posted_becomes_what_is_written_down(kind: Kind) -> None:
    cloud = Cloud(kind)
    lines = [msgspec.json.encode(event) for event in cloud.said(*posted(kind))]
    assert lines == (FOLDER / f"{kind}.jsonl").read_bytes().splitlines()
    assert cloud.skipped == []


# ---- any order


def figures(kind: Kind, events: Iterable[Any]) -> dict[str, Any]:
    """Return who waits and what was counted once all have come, one a post, and time has settled."""
    cloud = Cloud(kind)
    monitor = Monitor(Policy(feeds=(FeedPolicy(name=FeedName("cloud")),)), BEGAN)
    for event in events:
        for ours in cloud.post(event).events:
            monitor.handle(ours, cloud.now)
        cloud.now += 0.01
    for _ in range(30):
        for ours in cloud.later(1.0):
            monitor.handle(ours, cloud.now)
        monitor.advance(cloud.now)
    return {
        group.name: {
            "waiting": group.waiting,
            "since": group.oldest_queued_at,
            "offered": group.offered_total,
            "left": group.left_total,
            "answered after": round(group.answered_wait.total_s, 3),
            "abandoned after": round(group.abandoned_wait.total_s, 3),
        }
        for group in monitor.view(cloud.now).groups
    }


TRUTH = {
    Kind.TWILIO: {
        "Sales": {
            "waiting": 1,
            "since": BEGAN + 95,
            "offered": 4,
            "left": {"answered": 1, "abandoned": 1, "rerouted": 1},
            "answered after": 20.0,
            "abandoned after": 30.0,
        },
        "Overflow": {
            "waiting": 0,
            "since": None,
            "offered": 1,
            "left": {"timeout": 1},
            "answered after": 0.0,
            "abandoned after": 0.0,
        },
    },
    Kind.AMAZON_CONNECT: {
        "Sales": {
            "waiting": 0,
            "since": None,
            "offered": 3,
            "left": {"answered": 1, "abandoned": 1, "rerouted": 1},
            "answered after": 20.3,
            "abandoned after": 40.0,
        },
        "Overflow": {
            "waiting": 1,
            "since": BEGAN + 80.5,
            "offered": 2,
            "left": {"answered": 1},
            "answered after": 10.0,
            "abandoned after": 0.0,
        },
    },
}


@pytest.mark.parametrize("kind", KINDS)
def test_in_their_order_they_make_the_truth(kind: Kind) -> None:
    assert figures(kind, posted(kind)) == TRUTH[kind]


@pytest.mark.parametrize("kind", KINDS)
@given(seed=st.integers(0, 2**32))
def test_in_any_order_and_twice_they_make_the_same_floor(kind: Kind, seed: int) -> None:
    random = Random(seed)
    events = [event for event in posted(kind) for _ in range(random.choice((1, 1, 2)))]
    random.shuffle(events)
    assert figures(kind, events) == TRUTH[kind]


@pytest.mark.parametrize("kind", KINDS)
@given(seed=st.integers(0, 2**32))
def test_whichever_is_lost_nobody_is_left_waiting_who_is_known_to_be_gone(kind: Kind, seed: int) -> None:
    random = Random(seed)
    events = posted(kind)
    ends = {"task.canceled", "task.completed", "DISCONNECTED"}
    kept = [one for one in events if random.random() < 0.5 or _what(one) in ends]
    random.shuffle(kept)
    made = figures(kind, kept)
    assert sum(group["waiting"] for group in made.values()) <= 1


def _what(event: dict[str, Any]) -> str:
    detail = event.get("detail") or {}
    return str(detail.get("eventType") or event.get("type", "").removeprefix("com.twilio.taskrouter."))


# ---- what comes late or never


def twilio(number: int, **payload: Any) -> dict[str, Any]:
    """Return the event of the golden file at a place, with another payload."""
    event = posted(Kind.TWILIO)[number]
    event["data"]["payload"] |= payload
    return event


ENTERED, CREATED, ACCEPTED, CANCELED, WRAPUP, COMPLETED = 1, 4, 9, 11, 17, 19


def test_the_end_of_a_conversation_waits_a_while_for_its_beginning() -> None:
    cloud = Cloud(Kind.TWILIO)
    kinds = [type(event).__name__ for event in cloud.said(twilio(ENTERED), twilio(WRAPUP))]
    assert kinds == ["ContactQueued", "AgentStateChanged"]
    (answered, completed) = cloud.said(twilio(ACCEPTED))
    assert isinstance(answered, ContactAnswered)
    assert isinstance(completed, ContactCompleted)
    assert (answered.queue_s, completed.talk_s) == (20.0, 60.0)
    assert cloud.later(LATE_S) == []


def test_where_the_beginning_never_comes_the_answer_is_inferred() -> None:
    cloud = Cloud(Kind.TWILIO)
    cloud.said(twilio(ENTERED), twilio(WRAPUP))
    assert cloud.later(LATE_S - 1) == []
    assert cloud.desk.next_at() == cloud.now + 1
    (answered, completed) = cloud.later(1)
    assert isinstance(answered, ContactAnswered)
    assert isinstance(completed, ContactCompleted)
    assert (answered.provenance, answered.queue_s, completed.talk_s) == (Provenance.INFERRED, 80.0, None)
    assert cloud.skipped == [(Skipped.LOST, "the beginning of a conversation")]
    assert [one for one in cloud.said(twilio(ACCEPTED)) if not isinstance(one, AgentStateChanged)] == []


def test_a_wait_of_which_nothing_is_heard_any_more_is_given_up() -> None:
    cloud = Cloud(Kind.TWILIO, give_up_s=3600.0)
    cloud.said(twilio(ENTERED))
    cloud.later(1800)
    cloud.said(twilio(CREATED))
    assert cloud.later(3599) == []
    (left,) = cloud.later(1)
    assert isinstance(left, ContactLeft)
    assert (left.outcome, left.provenance) == (Outcome.UNKNOWN, Provenance.INFERRED)
    assert cloud.skipped == [(Skipped.LOST, "the end of a wait")]
    first = {
        "task_sid": "WT00000000000000000000000000000001",
        "task_queue_entered_date": "2026-01-05T10:30:01.200Z",
    }
    assert cloud.said(twilio(CANCELED, **first)) == []


def test_a_reservation_tells_of_a_wait_whose_beginning_was_lost() -> None:
    (queued, *_rest) = Cloud(Kind.TWILIO).said(twilio(CREATED))
    assert isinstance(queued, ContactQueued)
    assert (queued.time, queued.group) == (BEGAN + 1.2, SALES)


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [
        ("hangup", Outcome.ABANDONED),
        ("Customer left the chat", Outcome.ABANDONED),
        ("Workflow timeout", Outcome.TIMEOUT),
        ("redirected", Outcome.REROUTED),
        ("because", Outcome.UNKNOWN),
        ("", Outcome.UNKNOWN),
    ],
)
def test_why_a_task_was_cancelled_is_read_from_words(reason: str, outcome: Outcome) -> None:
    (left,) = Cloud(Kind.TWILIO).said(twilio(CANCELED, task_canceled_reason=reason))
    assert isinstance(left, ContactLeft)
    assert left.outcome is outcome


def test_a_task_that_is_cancelled_while_it_is_served_is_completed() -> None:
    cloud = Cloud(Kind.TWILIO)
    cloud.said(twilio(ENTERED), twilio(ACCEPTED))
    later = {"timestamp": "2026-01-05T10:31:00Z", "task_sid": "WT00000000000000000000000000000001"}
    (completed,) = cloud.said(twilio(CANCELED, **later, task_queue_entered_date="2026-01-05T10:30:01.2Z"))
    assert isinstance(completed, ContactCompleted)
    assert completed.talk_s == 38.8


def test_a_task_that_is_deleted_was_withdrawn_and_one_in_no_queue_is_none_of_ours() -> None:
    event = twilio(CANCELED)
    event["type"] = "com.twilio.taskrouter.task.deleted"
    (left,) = Cloud(Kind.TWILIO).said(event)
    assert isinstance(left, ContactLeft)
    assert left.outcome is Outcome.WITHDRAWN
    for place in (CANCELED, 20):
        event = twilio(place)
        for key in ("task_queue_name", "task_queue_sid"):
            del event["data"]["payload"][key]
        assert Cloud(Kind.TWILIO).said(event) == []


def test_the_caller_is_in_the_attributes_whoever_wrote_them() -> None:
    for attributes, caller in (
        ('{"caller": "+441632960009"}', "+441632960009"),
        ('{"from": 5}', ""),
        ("[1]", ""),
        ("{", ""),
        ("[" * 60_000, ""),
        ("x" * 70_000, ""),
        (None, ""),
    ):
        (queued,) = Cloud(Kind.TWILIO).said(twilio(ENTERED, task_attributes=attributes))
        assert isinstance(queued, ContactQueued)
        assert queued.caller == caller


@pytest.mark.parametrize(
    ("event", "refused"),
    [
        ({**twilio(ENTERED), "data": {}}, (Skipped.MISSING_FIELD, "data.payload is missing")),
        (twilio(ENTERED, task_sid=None), (Skipped.MISSING_FIELD, "task_sid is missing")),
        (twilio(ENTERED, task_sid="x" * 201), (Skipped.TOO_LONG, "task_sid has more than 200 characters")),
        (
            twilio(ENTERED, timestamp="2026-01-05T05:00:00Z"),
            (Skipped.TOO_OLD, "the event is older than 5 h"),
        ),
        (
            {**twilio(ENTERED), "type": "com.twilio.studio.flow.step.ended"},
            (Skipped.UNKNOWN_EVENT, "type is none that this kind of feed takes"),
        ),
    ],
)
def test_what_twilio_cannot_mean_is_refused(event: Any, refused: tuple[Skipped, str]) -> None:
    cloud = Cloud(Kind.TWILIO)
    assert cloud.said(event) == []
    assert cloud.skipped == [refused]


def connect(number: int, **detail: Any) -> dict[str, Any]:
    event = posted(Kind.AMAZON_CONNECT)[number]
    event["detail"] |= detail
    return event


def test_what_connect_cannot_mean_is_refused() -> None:
    cloud = Cloud(Kind.AMAZON_CONNECT)
    for event in (
        {"detail-type": "Something Else"},
        {"detail-type": "Amazon Connect Contact Event"},
        {**connect(1), "time": "2026-01-04T09:00:00Z"},
        5,
        {**connect(1), "detail": "text"},
    ):
        assert cloud.said(event) == []
    assert cloud.skipped == [
        (Skipped.UNKNOWN_EVENT, "detail-type is none of Amazon Connect's contact events"),
        (Skipped.MISSING_FIELD, "eventType is missing"),
        (Skipped.TOO_OLD, "the event is older than 25 h"),
        (Skipped.UNKNOWN_EVENT, "detail-type is none of Amazon Connect's contact events"),
        (Skipped.MISSING_FIELD, "eventType is missing"),
    ]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"detail-type": ', "the body is no JSON"),
        (b'{"a":' + b"[" * 100_000, "the JSON is nested too deeply"),
    ],
)
def test_what_is_no_json_is_refused(body: bytes, reason: str) -> None:
    cloud = Cloud(Kind.AMAZON_CONNECT)
    receipt = cloud.desk.take({"content-type": "application/json"}, body, cloud.now)
    assert receipt.refused == [(0, reason)]


def test_no_more_passed_on_contacts_and_agents_are_remembered_than_the_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connect_module, "PASSED_LIMIT", 3)
    monkeypatch.setattr(connect_module, "AGENT_LIMIT", 3)
    cloud = Cloud(Kind.AMAZON_CONNECT)
    for number in range(9):
        cloud.said(connect(9, previousContactId=f"c-{number}"))
        cloud.said({**posted(Kind.AMAZON_CONNECT)[-6], "AgentARN": f"agent/{number}"})
    translator = cloud.desk._connect
    assert translator is not None
    assert (len(translator._passed_on), len(translator._agents)) == (3, 3)


def test_an_agents_older_word_changes_nothing() -> None:
    cloud = Cloud(Kind.AMAZON_CONNECT)
    login, logout, stale = (posted(Kind.AMAZON_CONNECT)[place] for place in (-6, -1, -2))
    assert len(cloud.said(login)) == 2
    assert len(cloud.said(logout)) == 2
    assert cloud.said(stale) == []


def test_the_new_name_of_the_product_is_understood_too() -> None:
    event = {**connect(1), "detail-type": "Connect Customer Contact Event"}
    assert len(Cloud(Kind.AMAZON_CONNECT).said(event)) == 1


@pytest.mark.parametrize(
    ("detail", "channel"),
    [
        ({"channel": "CHAT"}, Channel.CHAT),
        ({"channel": "Email"}, Channel.EMAIL),
        ({"channel": "TASK"}, Channel.EMAIL),
        ({"channel": None}, Channel.VOICE),
        ({"initiationMethod": "CALLBACK"}, Channel.CALLBACK),
    ],
)
def test_connects_channels(detail: dict[str, Any], channel: Channel) -> None:
    (queued,) = Cloud(Kind.AMAZON_CONNECT).said(connect(1, **detail))
    assert isinstance(queued, ContactQueued)
    assert queued.channel is channel


def test_a_queue_without_a_name_is_called_by_its_id() -> None:
    event = connect(1)
    event["detail"]["queueInfo"]["queueArn"] = "arn:aws:connect:…:instance/i/queue/q-9"
    (queued,) = Cloud(Kind.AMAZON_CONNECT).said(event)
    assert isinstance(queued, ContactQueued)
    assert queued.group == "q-9"


def test_work_after_a_conversation_may_be_told_by_its_ends_alone() -> None:
    event = connect(14)
    del event["detail"]["agentInfo"]["afterContactWorkDuration"]
    wrapped = Cloud(Kind.AMAZON_CONNECT).said(event)[-1]
    assert msgspec.to_builtins(wrapped)["acw_s"] == 30.0


@pytest.mark.parametrize(
    ("change", "state", "reason"),
    [
        ({"Contacts": [{"State": "CONNECTED_ONHOLD"}, {"State": "ENDED"}]}, AgentState.ON_HOLD, ""),
        ({"Contacts": [{"State": "INCOMING"}]}, AgentState.RESERVED, ""),
        ({"Contacts": [{"State": "ENDED"}]}, AgentState.WRAPUP, ""),
        ({"Contacts": [{"State": "MISSED"}, 4]}, AgentState.AVAILABLE, ""),
        ({"Contacts": None, "AgentStatus": {"Name": "Offline"}}, AgentState.OFFLINE, ""),
        ({"AgentStatus": {"Name": "Available"}}, AgentState.AVAILABLE, ""),
        ({"AgentStatus": {"Name": "Tea", "Type": "CUSTOM"}}, AgentState.NOT_READY, "Tea"),
    ],
)
def test_an_agents_state_is_that_of_his_contacts_or_else_his_own(
    change: dict[str, Any], state: AgentState, reason: str
) -> None:
    event = posted(Kind.AMAZON_CONNECT)[-6]
    event["CurrentAgentSnapshot"] |= change
    first = Cloud(Kind.AMAZON_CONNECT).said(event)[0]
    assert isinstance(first, AgentStateChanged)
    assert (first.agent, first.state, first.reason) == ("alice", state, reason)


# ---- bounded


def nothing(_kind: Skipped, _detail: str) -> None:
    pass


def test_no_more_contacts_are_remembered_than_the_limit() -> None:
    outbox = Outbox(FeedName("cloud"))
    book = ContactBook(outbox, nothing, give_up_s=60.0, limit=3)
    for number in range(9):
        book.queued(ContactId(str(number)), SALES, 100.0 + number, channel=Channel.VOICE)
    assert (len(book), book.is_waiting(ContactId("8")), book.is_waiting(ContactId("0"))) == (3, True, False)
    for number in range(100):  # one contact, in one queue after another
        book.queued(ContactId("8"), GroupName(f"g{number}"), 200.0 + 10 * number, channel=Channel.VOICE)
    assert len(book) == 3


def test_no_more_workers_and_reservations_are_remembered_than_the_limit() -> None:
    outbox = Outbox(FeedName("cloud"))
    desk = WorkerDesk(outbox, limit=2)
    for number in range(5):
        desk.reservation(AgentId(f"a{number}"), SALES, "r", "created", 1.0)
    assert len(desk) == 2
    for number in range(500):
        desk.reservation(AgentId("a4"), GroupName(f"g{number}"), f"r{number}", "accepted", 2.0)
    assert len(desk._workers[AgentId("a4")].stages) <= 65
    assert len(desk._workers[AgentId("a4")].groups) == 200
    assert len(outbox.take()) > 0


def test_an_older_activity_changes_nothing() -> None:
    outbox = Outbox(FeedName("cloud"))
    desk = WorkerDesk(outbox)
    desk.active(AgentId("a"), "Break", is_available=False, at=10.0)
    desk.active(AgentId("a"), "Available", is_available=None, at=5.0)
    desk.reservation(AgentId("a"), SALES, "r", "rejected", 11.0)
    desk.active(AgentId("a"), "Offline", is_available=None, at=12.0)
    desk.active(AgentId("a"), "idle", is_available=None, at=13.0)
    states = [event.state for event in outbox.take() if isinstance(event, AgentStateChanged)]
    assert states == [AgentState.NOT_READY, AgentState.OFFLINE, AgentState.AVAILABLE]


def test_long_names_make_identities_of_bounded_length_that_still_differ() -> None:
    outbox = Outbox(FeedName("cloud"))
    ids = {outbox.stamp("x" * 300 + end, 1.0)["id"] for end in "ab"}
    assert [len(one) for one in ids] == [193, 193]


# ---- fuzz

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(max_size=8) | st.floats(),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=8), part, max_size=3),
    max_leaves=5,
)


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_no_values_make_it_stumble(kind: Kind, data: st.DataObject) -> None:
    event = data.draw(st.sampled_from(posted(kind)))
    places: list[dict[str, Any]] = [event]
    for place in places:
        places += [value for value in place.values() if isinstance(value, dict)]
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.sampled_from(places))
        place[data.draw(st.sampled_from(sorted(place)))] = data.draw(VALUES)
    cloud = Cloud(kind)
    try:
        msgspec.json.encode(event)
    except (OverflowError, ValueError):
        return
    receipt = cloud.post(event)
    assert receipt.taken + len(receipt.refused) == 1
    assert all(_is_sound(made) for made in receipt.events)


def _is_sound(event: AcdEvent) -> bool:
    # What comes from outside must fit where it is kept: a recording, the live view.
    return len(event.id) <= 200 and bool(msgspec.json.encode(event))
