"""A table of the file to a checked struct, every mistake at once.

``msgspec.convert`` stops at the first mistake and speaks of JSON; this walks the struct's fields, converts
each by itself and speaks of what to write in the file.
"""

import re
import sys
from collections.abc import Mapping
from functools import cache
from typing import Any, Final, TypeVar

import msgspec
from msgspec import inspect as shapes

from queue_alert.app.config import words
from queue_alert.app.config.durations import format_duration, parse_duration
from queue_alert.app.config.problems import did_you_mean, found, joined
from queue_alert.ports import ConfigProblem

__all__ = ["Invalid", "convert_sound_part", "convert_table"]

S = TypeVar("S", bound=msgspec.Struct)

_MAX_ITEMS: Final = 10_000
_HUGE: Final = sys.float_info.max
_STAND_IN: Final = "unknown"


class Invalid:
    """Stands for a value that could not be converted; its problem is in the list."""


_INVALID: Final = Invalid()


def convert_table(
    table: Mapping[str, Any],
    struct: type[S],
    *,
    path: str,
    problems: list[ConfigProblem],
    beside: tuple[str, ...] = (),
) -> S | Invalid:
    """Return ``struct`` made from ``table``.

    Args:
        table: As TOML gave it.
        struct: What it must become. Nested structs, lists, tuples, dictionaries with text keys, enums,
            literals, unions of these, bounds of ``msgspec.Meta`` and :data:`~queue_alert.ports.Duration`
            are understood; a ``ValueError`` of its ``__post_init__`` is a mistake of the whole table.
        path: Where the table stands, dotted.
        problems: Every mistake is added here, in the file's order.
        beside: Keys that may stand in the file's table too and were taken out of ``table``; they are named
            to whoever mistyped one.

    Returns:
        The struct, or an :class:`Invalid` where there was a mistake.

    Raises:
        TypeError: The struct holds a type that no configuration can express.
    """
    shape = _shape(struct)
    if not isinstance(shape, shapes.StructType):
        raise TypeError(f"{struct!r} is no struct")
    result: S | Invalid = _Converter(problems).struct(dict(table), shape, path, beside)
    return result


def convert_sound_part(table: Mapping[str, Any], struct: type[S]) -> tuple[S, frozenset[str]] | None:
    """Return ``struct`` made from the sound keys of ``table``, and the names of those that are not sound.

    For a table with mistakes, whose other keys are to be checked against each other all the same: every
    mistake is told at once. What is mistaken has its default, or, a text that is missing, a stand-in.

    Returns:
        ``None`` where nothing can stand in.

    Raises:
        TypeError: As :func:`convert_table`.
    """
    shape = _shape(struct)
    if not isinstance(shape, shapes.StructType):
        raise TypeError(f"{struct!r} is no struct")
    values: dict[str, Any] = {}
    mistaken: set[str] = set()
    for field in shape.fields:
        name = field.encode_name
        problems: list[ConfigProblem] = []
        if name in table:
            value = _Converter(problems).value(table[name], field.type, name)
            if not problems:
                values[field.name] = value
                continue
        elif not field.required:
            continue
        mistaken.add(name)
        if field.required:
            if not isinstance(field.type, shapes.StrType):
                return None
            values[field.name] = _STAND_IN
    try:
        return struct(**values), frozenset(mistaken)
    except ValueError:
        return None


class _Converter:
    """Converts values by their type's shape; a method returns the value or ``_INVALID``."""

    def __init__(self, problems: list[ConfigProblem]) -> None:
        self._problems = problems

    def value(self, value: Any, shape: shapes.Type, path: str) -> Any:
        match shape:
            case shapes.Metadata():
                is_duration = words.is_duration(shape)
                return (
                    self._duration(value, shape, path) if is_duration else self.value(value, shape.type, path)
                )
            case shapes.StructType():
                return self.struct(value, shape, path)
            case shapes.DictType():
                return self._dict(value, shape, path)
            case shapes.ListType() | shapes.VarTupleType() | shapes.SetType() | shapes.FrozenSetType():
                return self._list(value, shape, path)
            case shapes.TupleType():
                return self._tuple(value, shape, path)
            case shapes.UnionType():
                return self._union(value, shape, path)
            case shapes.LiteralType() | shapes.EnumType():
                return self._choice(value, shape, path)
            case shapes.StrType():
                return self._text(value, shape, path)
            case shapes.BoolType():
                return value if isinstance(value, bool) else self._wrong_type(value, shape, path)
            case shapes.IntType() | shapes.FloatType():
                return self._number(value, shape, path)
            case shapes.AnyType():
                return value
            case _:
                raise TypeError(f"{path}: no configuration can express {shape!r}")

    def struct(self, table: Any, shape: shapes.StructType, path: str, beside: tuple[str, ...] = ()) -> Any:
        if not isinstance(table, dict):
            return self._wrong_type(table, shape, path)
        fields = {field.encode_name: field for field in shape.fields}
        values: dict[str, Any] = {}
        mistakes_before = len(self._problems)
        for key, value in table.items():
            if key in fields:
                values[fields[key].name] = self.value(value, fields[key].type, joined(path, key))
            else:
                known = [*beside, *fields]
                hint = did_you_mean(key, known) or f"; known are: {', '.join(known) or 'none'}"
                self._add(joined(path, key), f"is not an option{hint}")
        for name, field in fields.items():
            if field.required and name not in table:
                self._add(joined(path, name), f"is missing; write {name} = {words.example(field.type)}")
        if len(self._problems) > mistakes_before:
            return _INVALID
        try:
            return shape.cls(**values)
        except ValueError as error:  # from the struct's own __post_init__
            return self._add(path, str(error))

    def _dict(self, value: Any, shape: shapes.DictType, path: str) -> Any:
        if not isinstance(value, dict):
            return self._wrong_type(value, shape, path)
        if len(value) > _MAX_ITEMS:
            return self._add(path, f"must hold at most {_MAX_ITEMS} entries, got {len(value)}")
        items = {key: self.value(item, shape.value_type, joined(path, key)) for key, item in value.items()}
        return _INVALID if any(isinstance(item, Invalid) for item in items.values()) else items

    def _list(self, value: Any, shape: words.ListShape, path: str) -> Any:
        if not isinstance(value, list):
            hint = "" if isinstance(value, dict) else f" (write [{found(value)}])"
            return self._add(path, f"must be a {words.describe_type(shape)}, got {found(value)}{hint}")
        low, high = shape.min_length or 0, _MAX_ITEMS if shape.max_length is None else shape.max_length
        if not low <= len(value) <= high:
            return self._add(path, f"must hold {words.describe_span(low, high)} entries, got {len(value)}")
        items = [self.value(item, shape.item_type, f"{path}[{at}]") for at, item in enumerate(value)]
        if any(isinstance(item, Invalid) for item in items):
            return _INVALID
        match shape:
            case shapes.VarTupleType():
                return tuple(items)
            case shapes.SetType():
                return set(items)
            case shapes.FrozenSetType():
                return frozenset(items)
            case _:
                return items

    def _tuple(self, value: Any, shape: shapes.TupleType, path: str) -> Any:
        if not isinstance(value, list) or len(value) != len(shape.item_types):
            return self._wrong_type(value, shape, path)
        items = tuple(
            self.value(item, item_shape, f"{path}[{at}]")
            for at, (item, item_shape) in enumerate(zip(value, shape.item_types, strict=True))
        )
        return _INVALID if any(isinstance(item, Invalid) for item in items) else items

    def _union(self, value: Any, shape: shapes.UnionType, path: str) -> Any:
        parts = [part for part in shape.types if not words.is_absent(part)]
        if len(parts) == 1:
            return self.value(value, parts[0], path)
        near: list[list[ConfigProblem]] = []
        for part in parts:
            attempt: list[ConfigProblem] = []
            converted = _Converter(attempt).value(value, part, path)
            if not isinstance(converted, Invalid):
                return converted
            if words.is_kind(value, part):
                near.append(attempt)
        if len(near) != 1:
            return self._wrong_type(value, shape, path)
        self._problems += near[0]
        return _INVALID

    def _choice(self, value: Any, shape: shapes.LiteralType | shapes.EnumType, path: str) -> Any:
        choices = words.choices_of(shape)
        if isinstance(value, (str, int)) and not isinstance(value, bool) and value in choices:
            return shape.cls(value) if isinstance(shape, shapes.EnumType) else value
        hint = did_you_mean(str(value), [str(choice) for choice in choices])
        return self._add(path, f"must be {words.describe_type(shape)}, got {found(value)}{hint}")

    def _text(self, value: Any, shape: shapes.StrType, path: str) -> Any:
        if not isinstance(value, str):
            return self._wrong_type(value, shape, path)
        low, high = shape.min_length or 0, shape.max_length
        if not value and low:
            return self._add(path, 'must not be empty, got ""')
        if len(value) < low or (high is not None and len(value) > high):
            return self._add(
                path, f"must be {words.describe_span(low, high)} characters long, got {len(value)}"
            )
        if shape.pattern is not None and re.search(shape.pattern, value) is None:
            return self._add(path, f"must match {shape.pattern}, got {found(value)}")
        return value

    def _number(self, value: Any, shape: words.NumberShape, path: str) -> Any:
        if not _is_number(value) or (isinstance(shape, shapes.IntType) and not isinstance(value, int)):
            return self._wrong_type(value, shape, path)
        if not words.is_within(value, shape):
            return self._add(
                path, f"must be {words.describe_bounds(shape, value, _plain)}, got {found(value)}"
            )
        return float(value) if isinstance(shape, shapes.FloatType) else value

    def _duration(self, value: Any, shape: shapes.Metadata, path: str) -> Any:
        number: Any = words.amount_of(shape)
        if _is_number(value):
            return self._add(path, f'must have a unit, got {found(value)} (write "{format_duration(value)}")')
        seconds = parse_duration(value) if isinstance(value, str) else None
        if seconds is None:
            return self._add(path, f'must be a duration such as "90s", "2m" or "1h30m", got {found(value)}')
        if not words.is_within(seconds, number):
            return self._add(
                path, f"must be {words.describe_bounds(number, seconds, _seconds)}, got {found(value)}"
            )
        return seconds

    def _wrong_type(self, value: Any, shape: shapes.Type, path: str) -> Invalid:
        name = words.describe_type(shape)
        article = "" if name.startswith(("text", "true", '"')) else "a "
        return self._add(
            path, f"must be {article}{name}, got {found(value)}{words.hint_quotes(shape, value)}"
        )

    def _add(self, path: str, message: str) -> Invalid:
        self._problems.append(ConfigProblem(path=path, message=message))
        return _INVALID


@cache
def _shape(struct: type[msgspec.Struct]) -> shapes.Type:
    # Working it out takes a hundred times as long as converting a small table.
    return shapes.type_info(struct)


def _is_number(value: Any) -> bool:
    # A whole number beyond the floats' range is as useless here as an infinity.
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= _HUGE


def _plain(number: float) -> str:
    return str(int(number)) if number == int(number) else str(number)


def _seconds(number: float) -> str:
    return f"{number:g} s"
