import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_alert.protocol.topics import (
    events_filter,
    events_topic,
    group_of_topic,
    snapshot_topic,
    snapshots_filter,
    state_status_topic,
    state_topic,
    status_topic,
)


def test_topics_are_those_that_are_promised() -> None:
    assert [
        events_topic("berlin", "sales"),
        events_filter("berlin"),
        snapshot_topic("berlin", "a/b+c#d%"),
        snapshots_filter("berlin"),
        status_topic("berlin"),
        state_topic("berlin", "Störung"),
        state_status_topic("berlin"),
    ] == [
        "acd/berlin/sales/events",
        "acd/berlin/+/events",
        "acd/berlin/a%2Fb%2Bc%23d%25/snapshot",
        "acd/berlin/+/snapshot",
        "acd/berlin/status",
        "queue-alert/berlin/Störung/state",
        "queue-alert/berlin/status",
    ]


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200))
def test_every_group_has_a_topic_that_leads_back_to_it(group: str) -> None:
    topic = events_topic("berlin", group)
    # What a broker may close the connection for (MQTT 5.0, 1.5.4).
    assert not any(
        ord(mark) < 0x20 or 0x7F <= ord(mark) < 0xA0 or ord(mark) & 0xFFFE == 0xFFFE for mark in topic
    )
    assert topic.count("/") == 3
    assert not set("+#") & set(topic)
    if len(topic) <= 1024:
        assert group_of_topic(topic, "berlin", "events") == group


def test_a_group_of_half_a_character_has_a_topic_too() -> None:
    assert snapshot_topic("berlin", "\ud800") == "acd/berlin/%ED%A0%80/snapshot"


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "acd/berlin/events",
        "acd/berlin//events",
        "acd/berlin/a/b/events",
        "acd/paris/a/events",
        "a" * 2000,
    ],
)
def test_another_topic_has_no_group(topic: str) -> None:
    assert group_of_topic(topic, "berlin", "events") is None
