import msgspec
import pytest

from adapters.mqtt.messages import GroupGone, Reader, UnreadableMessageError
from queue_alert.core.events import ContactQueued, GroupSnapshotTaken
from queue_alert.core.units import ContactId, FeedName, GroupName
from queue_alert.ports import Skipped
from queue_alert.protocol.topics import PublisherStatus

EVENTS, SNAPSHOT, STATUS = "acd/berlin/sales/events", "acd/berlin/sales/snapshot", "acd/berlin/status"
QUEUED = (
    b'{"type":"contact.queued","id":"1","source":"acd","time":1.5,"seq":3,"subject":"sales","contact":"c"}'
)
TAKEN = b'{"type":"group.snapshot","id":"1","source":"acd","time":1.5,"subject":"sales"}'
HEARTBEAT = b'{"type":"feed.heartbeat","id":"1","source":"acd","time":1.5}'
LONG = b"x" * 201


def read(topic: str, payload: bytes) -> object:
    return Reader("berlin", max_payload=2_000).read(topic, payload)


def refusal(topic: str, payload: bytes) -> tuple[Skipped, str]:
    with pytest.raises(UnreadableMessageError) as caught:
        read(topic, payload)
    return caught.value.kind, caught.value.detail


def test_each_topic_has_its_own_words() -> None:
    assert read(EVENTS, QUEUED) == ContactQueued(
        id="1",
        source=FeedName("acd"),
        time=1.5,
        seq=3,
        group=GroupName("sales"),
        contact=ContactId("c"),
    )
    assert read(SNAPSHOT, TAKEN) == GroupSnapshotTaken(
        id="1", source=FeedName("acd"), time=1.5, group=GroupName("sales")
    )
    assert read(SNAPSHOT, b"") == GroupGone(GroupName("sales"))
    assert read(STATUS, b'{"online":true,"run":"r","groups":["sales"]}') == PublisherStatus(
        online=True, run="r", groups=(GroupName("sales"),)
    )
    assert read(STATUS, b"") == PublisherStatus(online=False)


@pytest.mark.parametrize(
    ("topic", "payload", "kind", "detail"),
    [
        (EVENTS, b"", Skipped.NOT_TEXT, "event: not JSON"),
        (EVENTS, b"\xff\xfe", Skipped.NOT_TEXT, "event: not JSON"),
        (EVENTS, b"[]", Skipped.BAD_VALUE, "event"),
        (EVENTS, b"{}", Skipped.MISSING_FIELD, "event: Object missing required field `type`"),
        (EVENTS, b'{"type":"hello"}', Skipped.UNKNOWN_EVENT, "event: type"),
        (EVENTS, b'{"type":"feed.status"}', Skipped.UNKNOWN_EVENT, "event: type"),
        (EVENTS, b'{"type":"contact.queued","x":' + b"[" * 1_900, Skipped.NOT_TEXT, "event: not JSON"),
        (EVENTS, b" " * 2_001, Skipped.TOO_LONG, "payload of more than 2000 bytes"),
        (EVENTS, TAKEN, Skipped.WRONG_TOPIC, "group.snapshot on a topic for events"),
        (EVENTS, HEARTBEAT, Skipped.WRONG_TOPIC, "feed.heartbeat on a topic for events"),
        (SNAPSHOT, QUEUED, Skipped.WRONG_TOPIC, "contact.queued on a topic for snapshots"),
        (
            "acd/berlin/other/events",
            QUEUED,
            Skipped.WRONG_TOPIC,
            "contact.queued: subject is not the topic's group",
        ),
        ("acd/berlin/sales/other", QUEUED, Skipped.WRONG_TOPIC, "topic of no kind that is known"),
        (EVENTS, QUEUED.replace(b'"seq":3', b'"seq":-3'), Skipped.BAD_VALUE, "contact.queued: seq"),
        (
            EVENTS,
            QUEUED.replace(b'"c"', b'"' + LONG + b'"'),
            Skipped.BAD_VALUE,
            "contact.queued: contact is too long",
        ),
        (
            SNAPSHOT,
            TAKEN.replace(b"}", b',"waiting":[{"contact":"' + LONG + b'"}]}'),
            Skipped.BAD_VALUE,
            "group.snapshot: an id is too long",
        ),
        (STATUS, b"online", Skipped.NOT_TEXT, "status: not JSON"),
        (STATUS, b'{"online":1}', Skipped.BAD_VALUE, "status"),
        (STATUS, b'{"online":true,"seq":-1}', Skipped.BAD_VALUE, "status: seq or heartbeat_s"),
        (STATUS, b'{"online":true,"heartbeat_s":0}', Skipped.BAD_VALUE, "status: seq or heartbeat_s"),
        (
            STATUS,
            b'{"online":true,"run":"' + LONG + b'"}',
            Skipped.BAD_VALUE,
            "status: longer than 200 characters",
        ),
    ],
)
def test_what_cannot_be_taken_is_told_by_kind(topic: str, payload: bytes, kind: Skipped, detail: str) -> None:
    assert refusal(topic, payload) == (kind, detail)


def test_a_depth_that_no_reader_survives_is_refused() -> None:
    reader = Reader("berlin", max_payload=1_000_000)
    with pytest.raises(UnreadableMessageError) as caught:
        reader.read(EVENTS, b'{"type":"contact.queued","x":' + b"[" * 200_000)
    assert caught.value.kind is Skipped.NOT_TEXT


def test_more_groups_than_can_be_kept_are_refused() -> None:
    status = PublisherStatus(online=True, groups=tuple(GroupName(str(number)) for number in range(50_001)))
    with pytest.raises(UnreadableMessageError) as caught:
        Reader("berlin", max_payload=1_000_000).read(STATUS, msgspec.json.encode(status))
    assert caught.value.kind is Skipped.TOO_LONG
