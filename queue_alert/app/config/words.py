"""Types in the words of messages and tables: ``whole number``, ``duration``, ``0 to 1``."""

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from msgspec import inspect as shapes

from queue_alert.app.config.problems import found

__all__ = [
    "ListShape",
    "NumberShape",
    "amount_of",
    "choices_of",
    "describe_bounds",
    "describe_span",
    "describe_type",
    "example",
    "hint_quotes",
    "is_absent",
    "is_duration",
    "is_kind",
    "is_within",
]

ListShape: TypeAlias = shapes.ListType | shapes.VarTupleType | shapes.SetType | shapes.FrozenSetType
NumberShape: TypeAlias = shapes.IntType | shapes.FloatType


def describe_type(shape: shapes.Type) -> str:
    """Return what a value of this type is called: ``text``, ``list of text``, ``"red" or "green"``."""
    match shape:
        case shapes.Metadata():
            return "duration" if is_duration(shape) else describe_type(shape.type)
        case shapes.StrType():
            return "text"
        case shapes.BoolType():
            return "true or false"
        case shapes.IntType():
            return "whole number"
        case shapes.FloatType():
            return "number"
        case shapes.LiteralType() | shapes.EnumType():
            return _either([found(value) for value in choices_of(shape)])
        case shapes.UnionType():
            return _either([describe_type(part) for part in shape.types if not is_absent(part)])
        case shapes.ListType() | shapes.VarTupleType() | shapes.SetType() | shapes.FrozenSetType():
            return f"list of {describe_type(shape.item_type)}"
        case shapes.TupleType():
            return f"list of {len(shape.item_types)} values"
        case shapes.StructType() | shapes.DictType():
            return "table"
        case _:
            return "value"


def describe_bounds(shape: NumberShape, value: float, write: Callable[[float], str]) -> str:
    """Return the limits that ``value`` breaks, each written by ``write``: ``> 0 s``; a closed range whole."""
    if shape.ge is not None and shape.le is not None and not shape.ge <= value <= shape.le:
        return f"{write(shape.ge)} to {write(shape.le)}"
    if shape.gt is not None and not value > shape.gt:
        return f"> {write(shape.gt)}"
    if shape.ge is not None and not value >= shape.ge:
        return f">= {write(shape.ge)}"
    if shape.lt is not None and not value < shape.lt:
        return f"< {write(shape.lt)}"
    if shape.le is not None and not value <= shape.le:
        return f"<= {write(shape.le)}"
    return f"a multiple of {write(shape.multiple_of or 0)}"


def describe_span(low: int, high: int | None) -> str:
    """Return ``at least 2``, ``at most 5`` or ``2 to 5``; both ends count."""
    if high is None:
        return f"at least {low}"
    return f"{low} to {high}" if low else f"at most {high}"


def example(shape: shapes.Type) -> str:
    """Return what to write for a missing option of this type."""
    match shape:
        case shapes.Metadata():
            return '"90s"' if is_duration(shape) else example(shape.type)
        case shapes.StrType():
            return '"…"'
        case shapes.LiteralType() | shapes.EnumType():
            return found(choices_of(shape)[0])
        case shapes.ListType() | shapes.VarTupleType() | shapes.SetType() | shapes.FrozenSetType():
            return f"[{example(shape.item_type)}]"
        case shapes.StructType() | shapes.DictType():
            return "{ … }"
        case _:
            return f"<{describe_type(shape)}>"


def hint_quotes(shape: shapes.Type, value: Any) -> str:
    """Return a hint where ``value`` is only quoted, or only not quoted, by mistake; else ``""``."""
    if isinstance(value, str) and isinstance(shape, (shapes.IntType, shapes.FloatType)):
        try:
            is_number = math.isfinite(float(value))
        except ValueError:
            is_number = False
        return f" (write {value.strip()} without quotes)" if is_number else ""
    if isinstance(value, str) and isinstance(shape, shapes.BoolType):
        word = value.strip().lower()
        if word in {"true", "yes", "on", "1"}:
            return " (write true)"
        return " (write false)" if word in {"false", "no", "off", "0"} else ""
    if isinstance(value, (bool, int, float)) and isinstance(shape, shapes.StrType):
        return f' (write "{found(value)}")'
    return ""


def is_duration(shape: shapes.Metadata) -> bool:
    """Tell whether the type is :data:`~queue_alert.ports.Duration`, with or without bounds."""
    is_number = isinstance(amount_of(shape), (shapes.FloatType, shapes.IntType))
    return is_number and (shape.extra or {}).get("unit") == "seconds"


def amount_of(shape: shapes.Type) -> shapes.Type:
    """Return the type inside all metadata."""
    while isinstance(shape, shapes.Metadata):
        shape = shape.type
    return shape


def is_absent(shape: shapes.Type) -> bool:
    """Tell whether the type stands for a key that was left out: TOML has no null."""
    return isinstance(shape, shapes.NoneType)


def is_kind(value: Any, shape: shapes.Type) -> bool:
    """Tell whether ``value`` is of the kind of ``shape``: only its amount or its parts can be wrong."""
    match shape:
        case shapes.Metadata():
            return isinstance(value, str) if is_duration(shape) else is_kind(value, shape.type)
        case shapes.StructType() | shapes.DictType():
            return isinstance(value, dict)
        case shapes.ListType() | shapes.VarTupleType() | shapes.SetType() | shapes.FrozenSetType():
            return isinstance(value, list)
        case shapes.IntType() | shapes.FloatType():
            return isinstance(value, (int, float)) and not isinstance(value, bool)
        case shapes.StrType():
            return isinstance(value, str)
        case _:
            return False


def choices_of(shape: shapes.LiteralType | shapes.EnumType) -> Sequence[Any]:
    """Return the values that an enumeration allows, in its order."""
    return (
        [choice.value for choice in shape.cls] if isinstance(shape, shapes.EnumType) else list(shape.values)
    )


def is_within(value: float, shape: NumberShape) -> bool:
    """Tell whether a number keeps its type's limits."""
    return (
        (shape.gt is None or value > shape.gt)
        and (shape.ge is None or value >= shape.ge)
        and (shape.lt is None or value < shape.lt)
        and (shape.le is None or value <= shape.le)
        and (shape.multiple_of is None or abs(math.remainder(value, shape.multiple_of)) <= 1e-9)  # noqa: PLR2004 (a rounding error)
    )


def _either(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " or " + names[-1]
