"""The published schema: fresh, sound, and true of what our own decoder takes and refuses."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_alert.app.cli import main
from queue_alert.app.schema import asyncapi_document, event_page, event_schema
from queue_alert.app.schema.kinds import ALL, EVENTS
from queue_alert.core.events import feed_decoder

DOCS = Path(__file__).parents[2] / "docs" / "reference"
SCHEMA = event_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
PLAIN = {
    "id": "1",
    "source": "acd",
    "time": 1_800_000_000.0,
    "subject": "sales",
    "contact": "c1",
    "agent": "Ann",
}
PLAIN |= {"state": "available"}


def references(document: Any) -> set[str]:
    """Return every reference in a document."""
    if isinstance(document, dict):
        own = {document["$ref"]} if isinstance(document.get("$ref"), str) else set()
        return own.union(*map(references, document.values()))
    if isinstance(document, list):
        return set().union(*map(references, document))
    return set()


def resolved(document: Any, reference: str) -> Any:
    """Return what a reference points at; ``KeyError`` if at nothing."""
    for step in reference.removeprefix("#/").split("/"):
        document = document[step]
    return document


@pytest.mark.parametrize(
    ("form", "file"),
    [
        ("jsonschema", "schema/feed.schema.json"),
        ("asyncapi", "schema/feed.asyncapi.json"),
        ("events", "events.md"),
    ],
)
def test_what_is_published_is_what_the_types_say(
    form: str, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["schema", form]) == 0
    said = capsys.readouterr().out
    assert said == (DOCS / file).read_text(encoding="utf-8"), "run make schema"


def test_the_schema_is_a_sound_one_and_every_event_has_its_place_in_it() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert [entry["$ref"].rsplit("/", 1)[1] for entry in SCHEMA["oneOf"]] == [
        kind.__name__ for kind in EVENTS
    ]


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__struct_config__.tag)
def test_every_kind_of_event_fits_the_schema(kind: type[msgspec.Struct]) -> None:
    event = PLAIN | {"type": kind.__struct_config__.tag}
    VALIDATOR.validate(event)
    decoded = feed_decoder().decode(json.dumps(event))
    assert isinstance(decoded, kind)
    VALIDATOR.validate(msgspec.to_builtins(decoded))


@given(
    st.sampled_from([str(kind.__struct_config__.tag) for kind in EVENTS] + ["feed.status", "clock.stepped"]),
    st.dictionaries(
        st.sampled_from([*PLAIN, "outcome", "queue_s", "position", "waiting", "agents", "counters", "mode"]),
        st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3) | st.sampled_from([[], {}]),
        max_size=3,
    ),
)
def test_the_schema_takes_and_refuses_what_the_decoder_takes_and_refuses(
    tag: str, changes: dict[str, Any]
) -> None:
    event = PLAIN | changes | {"type": tag}
    try:
        feed_decoder().decode(json.dumps(event))
    except msgspec.DecodeError:
        assert not VALIDATOR.is_valid(event)
    else:
        assert VALIDATOR.is_valid(event)


def test_the_asyncapi_documents_references_lead_somewhere() -> None:
    document = asyncapi_document()
    assert document["asyncapi"] == "3.0.0"
    found = references(document)
    assert [reference for reference in sorted(found) if not resolved(document, reference)] == []
    named = {name for channel in document["channels"].values() for name in channel["messages"]}
    assert named == set(document["components"]["messages"])


def test_every_type_and_field_that_is_published_has_words() -> None:
    schemas = asyncapi_document()["components"]["schemas"]
    assert [kind.__name__ for kind in ALL if not schemas[kind.__name__].get("description")] == []
    silent = [
        f"{kind.__name__}.{name}"
        for kind in ALL
        for name, shape in schemas[kind.__name__]["properties"].items()
        if "description" not in shape
    ]
    assert silent == []


def test_the_page_lists_every_event() -> None:
    page = event_page()
    assert [kind for kind in EVENTS if f"## `{kind.__struct_config__.tag}`" not in page] == []
