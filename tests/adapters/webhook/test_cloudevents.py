import contextlib
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.webhook.cloudevents import (
    CloudEvent,
    RefusedError,
    media_type,
    read_binary,
    read_cloud_event,
    split_body,
)
from queue_alert.ports import Skipped

WHOLE: dict[str, Any] = {
    "specversion": "1.0",
    "id": "17",
    "source": "https://acd.example/floor",
    "type": "contact.queued",
    "time": "2026-01-05T10:30:00.25Z",
    "subject": "sales",
    "datacontenttype": "application/json",
    "sequence": "42",
    "run": "r1",
    "traceparent": "passed over",
    "data": {"contact": "c-1"},
}
READ = CloudEvent(
    id="17",
    source="https://acd.example/floor",
    type="contact.queued",
    time=1767609000.25,
    subject="sales",
    sequence=42,
    run="r1",
    data={"contact": "c-1"},
)


def refusal(body: bytes) -> tuple[Skipped, str]:
    with pytest.raises(RefusedError) as caught:
        read_cloud_event(body)
    return caught.value.kind, caught.value.reason


def test_a_structured_event_is_read() -> None:
    assert read_cloud_event(msgspec.json.encode(WHOLE)) == READ


def test_a_binary_event_is_read_from_its_headers() -> None:
    headers = {
        "content-type": "application/json",
        "ce-specversion": "1.0",
        "ce-id": "17",
        "ce-source": "https://acd.example/floor",
        "ce-type": "contact.queued",
        "ce-time": "2026-01-05T10:30:00.25Z",
        "ce-subject": "s%61les",
        "ce-sequence": "42",
        "ce-run": "r1",
    }
    assert read_binary(headers, b'{"contact": "c-1"}') == READ
    assert read_binary(headers, b" ").data == {}


def test_what_is_not_said_is_empty() -> None:
    event = read_cloud_event(b'{"specversion":"1.0","id":"1","source":"a","type":"feed.heartbeat"}')
    assert event == CloudEvent(
        id="1", source="a", type="feed.heartbeat", time=None, subject="", sequence=0, run="", data={}
    )
    null = read_cloud_event(
        b'{"specversion":"1.0","id":"1","source":"a","type":"t","time":null,"subject":null,"sequence":7,'
        b'"data":null}'
    )
    assert (null.time, null.subject, null.sequence, null.data) == (None, "", 7, {})


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"specversion": "0.3"}, (Skipped.BAD_VALUE, "specversion must be 1.0")),
        ({"specversion": ""}, (Skipped.MISSING_FIELD, "specversion is missing")),
        ({"id": ""}, (Skipped.MISSING_FIELD, "id is missing or empty")),
        ({"source": ""}, (Skipped.MISSING_FIELD, "source is missing or empty")),
        ({"type": ""}, (Skipped.MISSING_FIELD, "type is missing or empty")),
        ({"id": "x" * 1025}, (Skipped.TOO_LONG, "id has more than 1024 characters")),
        (
            {"time": "yesterday"},
            (Skipped.BAD_VALUE, "time must be as in RFC 3339: 2026-01-05T10:30:00.250Z"),
        ),
        ({"sequence": "-1"}, (Skipped.BAD_VALUE, "sequence must be a whole number from 0 to 2**53")),
        ({"sequence": "9" * 16}, (Skipped.BAD_VALUE, "sequence must be a whole number from 0 to 2**53")),
        ({"sequence": "9" * 99}, (Skipped.BAD_VALUE, "sequence must be a whole number from 0 to 2**53")),
        ({"data_base64": "YQ=="}, (Skipped.BAD_VALUE, "data must be JSON, got data_base64")),
        (
            {"subject": 4},
            (
                Skipped.BAD_VALUE,
                "no CloudEvent in JSON: Expected `str | null`, got `int` - at `$.subject`",
            ),
        ),
    ],
)
def test_what_is_no_cloud_event_is_refused_with_a_sentence(
    change: dict[str, Any], expected: tuple[Skipped, str]
) -> None:
    assert refusal(msgspec.json.encode({**WHOLE, **change})) == expected


def test_what_is_no_json_is_refused() -> None:
    assert refusal(b'{"specversion"') == (Skipped.NOT_TEXT, "the body is no JSON")
    assert refusal(b"\xff\xfe") == (Skipped.NOT_TEXT, "the body is no JSON")
    deep = b'{"specversion":"1.0","id":"1","source":"a","type":"t","data":' + b"[" * 100_000
    assert refusal(deep) == (Skipped.TOO_LONG, "the JSON is nested too deeply")


def test_a_body_is_one_event_or_a_list_of_them() -> None:
    assert split_body(b' {"a": 1} ', limit=1) == [b' {"a": 1} ']
    assert split_body(b'\n[{"a": 1}, 2 ,"x"]', limit=3) == [b'{"a": 1}', b"2", b'"x"']
    assert split_body(b"[]", limit=1) == []


@pytest.mark.parametrize(
    ("body", "kind", "reason"),
    [
        (b"", Skipped.NOT_TEXT, "the body must be a JSON object or a list of JSON objects"),
        (b'"text"', Skipped.NOT_TEXT, "the body must be a JSON object or a list of JSON objects"),
        (b"[1, 2", Skipped.NOT_TEXT, "the body is no JSON"),
        (b"[1,2,3,4]", Skipped.TOO_LONG, "the list may hold 3 events, got 4"),
        (b"[" * 100_000, Skipped.TOO_LONG, "the JSON is nested too deeply"),
    ],
)
def test_any_other_body_is_refused(body: bytes, kind: Skipped, reason: str) -> None:
    with pytest.raises(RefusedError) as caught:
        split_body(body, limit=3)
    assert (caught.value.kind, caught.value.reason) == (kind, reason)


def test_the_media_type_is_told_without_its_parameters() -> None:
    assert media_type(" Application/CloudEvents+JSON ; charset=UTF-8") == "application/cloudevents+json"
    assert media_type("") == ""


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=5), part, max_size=3),
    max_leaves=8,
)


@given(st.binary(max_size=200))
def test_no_bytes_make_it_stumble(body: bytes) -> None:
    for read in (lambda: split_body(body, limit=5), lambda: read_cloud_event(body)):
        with contextlib.suppress(RefusedError):
            read()


@given(st.dictionaries(st.sampled_from([*WHOLE, "data_base64"]), JSON))
def test_no_values_make_it_stumble(change: dict[str, Any]) -> None:
    try:
        body = msgspec.json.encode({**WHOLE, **change})
    except OverflowError:
        return
    with contextlib.suppress(RefusedError):
        read_cloud_event(body)


@given(
    st.dictionaries(st.sampled_from(["ce-id", "ce-time", "ce-sequence", "ce-x", "content-type"]), st.text())
)
def test_no_headers_make_it_stumble(headers: dict[str, str]) -> None:
    with contextlib.suppress(RefusedError):
        read_binary({"ce-specversion": "1.0", "ce-type": "t", "ce-source": "s", **headers}, b"{}")
