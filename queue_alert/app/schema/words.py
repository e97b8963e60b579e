"""What the types' own source says of them and of their fields."""

import ast
import inspect
import textwrap
from collections.abc import Mapping
from functools import cache
from itertools import pairwise
from typing import Any, Final

import msgspec

__all__ = ["described", "field_words", "type_words"]

_SHARED: Final = {
    "type": "Which kind this is.",
    "source": "Who speaks; an adapter puts its feed's own name here.",
    "provenance": "How the ACD came to know it.",
    "subject": "The group's name.",
    "contact": "The contact's id, unique within `source`; a transferred call is the same contact.",
    "agent": "The agent's name or number, as it is to be shown.",
    "channel": "How the customer reached the group.",
    "position": "Place in the line, the next to be served is 1.",
    "priority": "A larger number is served earlier.",
    "reason": "Why, in the ACD's words.",
    "caller": "Number or address of the customer; masked wherever people or machines read it.",
    "outcome": "Why it stopped waiting.",
    "queue_s": "How long it waited, in seconds, by the ACD's count.",
    "state": "What the agent is doing, as far as this group is concerned.",
    "time": "The ACD's clock now.",
    "group": "The group's name.",
    "ring_s": "How long the phone rang, in seconds.",
    "held_s": "How long the customer was on hold, in seconds.",
    "acw_s": "How long that took, in seconds.",
    "ended_by": "Who hung up.",
}
"""Words for fields that several types have and that mean the same in each."""


def described(components: Mapping[str, Any], kinds: tuple[type[msgspec.Struct], ...]) -> dict[str, Any]:
    """Return schemas by name, sorted, with the words of every type and every field added."""
    by_name = {kind.__name__: kind for kind in kinds}
    found = {}
    for name, schema in sorted(components.items()):
        kind = by_name.get(name)
        found[name] = dict(schema)
        if kind is None:
            continue
        found[name]["description"] = type_words(kind)
        words = field_words(kind)
        found[name]["properties"] = {
            field: _with_words(shape, words.get(field, "")) for field, shape in schema["properties"].items()
        }
    return found


def type_words(kind: type) -> str:
    """Return what a type's docstring says, in plain Markdown."""
    return _plain(inspect.getdoc(kind) or "")


@cache
def field_words(kind: type[msgspec.Struct]) -> dict[str, str]:
    """Return what stands below each field in the type's source, by the name it has in JSON."""
    names = dict(zip(kind.__struct_fields__, kind.__struct_encode_fields__, strict=True))
    found = {name: _SHARED[name] for name in ("type", *names.values()) if name in _SHARED}
    for base in reversed(kind.__mro__):
        if not issubclass(base, msgspec.Struct) or base is msgspec.Struct:
            continue
        (tree,) = ast.parse(textwrap.dedent(inspect.getsource(base))).body
        statements = tree.body if isinstance(tree, ast.ClassDef) else []
        for field, below in pairwise(statements):
            match field, below:
                case (
                    ast.AnnAssign(target=ast.Name(id=name)),
                    ast.Expr(value=ast.Constant(value=str() as text)),
                ):
                    found[names[name]] = _plain(" ".join(text.split()))
                case _:
                    pass
    return found


def _plain(text: str) -> str:
    # Roles of the docstrings' own language mean nothing to a stranger.
    for role in (":class:`", ":mod:`", ":data:`"):
        text = text.replace(role, "`")
    return text.replace("~queue_alert.core.events.", "").replace("``", "`").replace("`None`", "`null`")


def _with_words(shape: Mapping[str, Any], words: str) -> dict[str, Any]:
    if not words:
        return dict(shape)
    # Beside a $ref older validators pass over everything else.
    return {"allOf": [shape], "description": words} if "$ref" in shape else {**shape, "description": words}
