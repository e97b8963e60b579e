"""The neutral feed's events as a page for people."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from queue_alert.app.schema.kinds import EVENTS, PARTS
from queue_alert.app.schema.words import field_words, type_words
from queue_alert.core import events
from queue_alert.core.events import Event

__all__ = ["event_page"]

_TYPES: Final = {
    "boolean": "true or false",
    "integer": "whole number",
    "null": "null",
    "number": "number",
    "string": "text",
}


def event_page() -> str:
    """Return a page in Markdown that lists every event with its fields."""
    lines = [
        "# The events of the neutral feed",
        "",
        "<!-- Made by `make schema` from the types; a change here is lost. -->",
        "",
        "One JSON object an event. Every event has the envelope's fields; unknown fields are passed over.",
        "Instants are seconds since 1970-01-01T00:00:00Z, durations are seconds. The same as",
        "[JSON Schema](schema/feed.schema.json) and, with the ways it travels, as",
        "[AsyncAPI](schema/feed.asyncapi.json); `queue-alert schema` prints both.",
        "",
        "## The envelope",
        "",
        *_table(Event),
    ]
    for kind in EVENTS:
        lines += ["", f"## `{kind.__struct_config__.tag}`", "", type_words(kind), ""]
        lines += _table(kind, without=Event)
    for part in PARTS:
        lines += ["", f"## {part.__name__}", "", type_words(part), "", *_table(part)]
    return "\n".join(lines) + "\n"


def _table(kind: type[msgspec.Struct], *, without: type[msgspec.Struct] | None = None) -> list[str]:
    """Return the fields of a struct as a table, those of another left out."""
    schema = msgspec.json.schema_components([kind])[1][kind.__name__]
    passed = {"type", *without.__struct_fields__} if without is not None else set()
    words = field_words(kind)
    rows = [
        f"| `{name}` | {_what(name, shape)} | {_need(name, shape, schema)} | {words.get(name, '')} |"
        for name, shape in schema["properties"].items()
        if name not in passed
    ]
    if not rows:
        return ["No fields of its own."]
    return ["| field | what it is | default | |", "|---|---|---|---|", *rows]


def _what(name: str, shape: Mapping[str, Any]) -> str:
    return "text" if name == "type" else _shape_words(shape)


def _need(name: str, shape: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    if name == "type" or name in schema.get("required", ()):
        return "must be there"
    default = shape.get("default")
    return "" if default is None else f"`{msgspec.json.encode(default).decode()}`"


def _shape_words(shape: Mapping[str, Any]) -> str:
    if "anyOf" in shape:
        return " or ".join(dict.fromkeys(_shape_words(part) for part in shape["anyOf"]))
    if "$ref" in shape:
        return _reference_words(shape["$ref"].rsplit("/", 1)[-1])
    if shape["type"] == "array":
        return f"list of {_shape_words(shape['items'])}" if "items" in shape else "list"
    return _TYPES[shape["type"]]


def _reference_words(name: str) -> str:
    kind = getattr(events, name)
    if issubclass(kind, msgspec.Struct):
        return f"[{name}](#{name.lower()})"
    return ", ".join(f"`{member.value}`" for member in kind)
