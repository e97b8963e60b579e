"""Tables of a scenario file to checked structs: every mistake at once, each a sentence with its path."""

import difflib
import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec
from msgspec import inspect as shapes

from queue_alert.core.units import Seconds
from simulator.faults import Fault
from simulator.profile import HourlyProfile, office_hours
from simulator.reading import read_duration, read_time_of_day

__all__ = ["Key", "convert_table", "keys", "read_fault"]

_Struct = TypeVar("_Struct", bound=msgspec.Struct)
_MOST_ITEMS = 10_000
_MOST_FOUND = 60
_HOURS = 24
_FIELD_FIRST = re.compile(r"(?P<field>\w+)(?P<rest>(?:\.[^:]+|\[\d+\])?): (?P<message>.+)", re.DOTALL)


class Key(msgspec.Struct, frozen=True):
    """One key of a table.

    Attributes:
        name: As it is written in the file.
        field: The struct's field.
        shape: Its type.
        is_required: Whether it may not be left out.
        default: What it is when left out.
    """

    name: str
    field: str
    shape: Any
    is_required: bool
    default: Any


class _MistakenError(Exception):
    """A value cannot be used; why is in the list of problems."""


def keys(struct: type[msgspec.Struct]) -> list[Key]:
    """Return the keys of a table that becomes ``struct``; a duration's key has no ``_s``."""
    shape = shapes.type_info(struct)
    assert isinstance(shape, shapes.StructType)  # noqa: S101 - for mypy: a struct's shape is one
    found = []
    for field in shape.fields:
        name = field.name.removesuffix("_s") if _unit(field.type) else field.name
        found.append(Key(name, field.name, field.type, field.required, field.default))
    return found


def convert_table(
    table: Mapping[str, Any], struct: type[_Struct], *, path: str, problems: list[str]
) -> _Struct | None:
    """Return ``struct`` made from ``table``, or ``None`` where there was a mistake.

    Args:
        table: As TOML gave it.
        struct: What it must become.
        path: Where the table stands, dotted; "" for the whole file.
        problems: Every mistake is added here: ``groups.sales.ring: must be > 0 s, got "0s"``.
    """
    try:
        result: _Struct = _Converter(problems).struct(table, struct, path)
    except _MistakenError:
        return None
    return result


def read_fault(text: str) -> Fault:
    """Return what ``drop=0.01``, ``restart=10m`` or ``delay=0.05,mean=3s,begins=1m,ends=2m`` means.

    The first value is a share, how often on average, or by how much a clock is ahead; the others are keys of
    the table ``[[faults]]``.

    Raises:
        ValueError: It is none of these.
    """
    first, *others = text.split(",")
    kind, sign, value = first.partition("=")
    main = _MAIN_KEYS.get(kind)
    if main is None:
        raise ValueError(f'must be one of {", ".join(_MAIN_KEYS)} with "=" and a value, got "{text}"')
    table: dict[str, Any] = {"kind": kind}
    if sign:
        table[main] = _number_or_text(value)
    for other in others:
        key, _, value = other.partition("=")
        table[key] = _number_or_text(value)
    problems: list[str] = []
    fault = convert_table(table, Fault, path="", problems=problems)
    if fault is None:
        raise ValueError(f'{"; ".join(problems)}, in "{text}"')
    return fault


_MAIN_KEYS = {
    "drop": "ratio",
    "duplicate": "ratio",
    "reorder": "ratio",
    "delay": "ratio",
    "disconnect": "every",
    "restart": "every",
    "skew": "offset",
}


def _number_or_text(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


class _Converter:
    """Walks along the types. Each method returns the value or tells what is wrong and raises."""

    def __init__(self, problems: list[str]) -> None:
        self._problems = problems

    def struct(self, table: Any, struct: type[_Struct], path: str) -> _Struct:
        if not isinstance(table, Mapping):
            raise self._mistake(path, f"must be a table, got {_found(table)}")
        known = {key.name: key for key in keys(struct)}
        values: dict[str, Any] = {}
        is_sound = True
        for name, value in table.items():
            where = _joined(path, name)
            if name not in known:
                close = difflib.get_close_matches(name, known, n=1)
                hint = f'; did you mean "{close[0]}"?' if close else f"; known are {', '.join(known)}"
                self._problems.append(f"{where}: is no key of a scenario{hint}")
                is_sound = False
                continue
            try:
                values[known[name].field] = self.value(value, known[name].shape, where)
            except _MistakenError:
                is_sound = False
        for name, key in known.items():
            if key.is_required and name not in table:
                self._problems.append(f"{_joined(path, name)}: is missing")
                is_sound = False
        if not is_sound:
            raise _MistakenError
        try:
            return struct(**values)
        except ValueError as exc:
            where, message = _place(str(exc), path, known)
            raise self._mistake(where, message) from exc

    def value(self, value: Any, shape: Any, path: str) -> Any:
        unit = _unit(shape)
        if unit:
            return self._time(value, unit, path)
        match _without_none(shape):
            case shapes.StructType(cls=cls):
                return self._profile(value, path) if cls is HourlyProfile else self.struct(value, cls, path)
            case shapes.VarTupleType(item_type=item):
                return self._items(value, item, path)
            case shapes.TupleType(item_types=items):
                if not isinstance(value, list) or len(value) != len(items):
                    raise self._mistake(path, f"must be a list of {len(items)} numbers, got {_found(value)}")
                return tuple(
                    self.value(part, item, f"{path}[{number}]")
                    for number, (part, item) in enumerate(zip(value, items, strict=True))
                )
            case shapes.DictType(value_type=item):
                if not isinstance(value, Mapping):
                    raise self._mistake(path, f"must be a table, got {_found(value)}")
                return {name: self.value(part, item, _joined(path, name)) for name, part in value.items()}
            case plain:
                return self._plain(value, plain, path)

    def _items(self, value: Any, item: Any, path: str) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise self._mistake(path, f"must be a list, got {_found(value)}")
        if len(value) > _MOST_ITEMS:
            raise self._mistake(path, f"must have at most {_MOST_ITEMS} entries, got {len(value)}")
        made = []
        for number, part in enumerate(value):
            name = part.get("name") if isinstance(part, Mapping) else None
            where = _joined(path, name) if isinstance(name, str) and name else f"{path}[{number}]"
            try:
                made.append(self.value(part, item, where))
            except _MistakenError:
                continue
        if len(made) < len(value):
            raise _MistakenError
        return tuple(made)

    def _time(self, value: Any, unit: str, path: str) -> Seconds:
        read: Callable[[str], Seconds] = read_duration if unit == "duration" else read_time_of_day
        example = '"90s"' if unit == "duration" else '"10:30"'
        if not isinstance(value, str):
            raise self._mistake(path, f"must be a {unit} such as {example}, in quotes, got {_found(value)}")
        is_negative = unit == "duration" and value.startswith("-")
        if unit == "duration" and value.removeprefix("-").replace(".", "", 1).isdigit():
            raise self._mistake(path, f'must have a unit, such as "{value}s", got "{value}"')
        try:
            return -read(value[1:]) if is_negative else read(value)
        except ValueError as exc:
            raise self._mistake(path, str(exc)) from exc

    def _profile(self, value: Any, path: str) -> HourlyProfile:
        """Take arrivals: one number, 24 of them, or the busiest hour of an office day."""
        try:
            if _is_number(value):
                return HourlyProfile((float(value),) * _HOURS)
            if isinstance(value, list) and all(_is_number(rate) for rate in value):
                return HourlyProfile(tuple(float(rate) for rate in value))
            if isinstance(value, Mapping) and list(value) == ["busiest_hour"]:
                rate = value["busiest_hour"]
                if _is_number(rate):
                    return office_hours(float(rate))
        except ValueError as exc:
            where, _, message = str(exc).removeprefix("per_hour").partition(": ")
            raise self._mistake(path + (where if isinstance(value, list) else ""), message) from exc
        raise self._mistake(
            path, f"must be a number an hour, a list of 24, or {{ busiest_hour = 60 }}, got {_found(value)}"
        )

    def _plain(self, value: Any, shape: Any, path: str) -> Any:
        match shape:
            case shapes.EnumType(cls=cls):
                words = [member.value for member in cls]
                if value not in words:
                    raise self._mistake(path, f"must be one of {', '.join(words)}, got {_found(value)}")
                return cls(value)
            case shapes.StrType() if isinstance(value, str):
                return value
            case shapes.IntType() if isinstance(value, int) and not isinstance(value, bool):
                return value
            case shapes.FloatType() if _is_number(value):
                return float(value)
        raise self._mistake(path, f"must be {_KINDS[type(shape)]}, got {_found(value)}")

    def _mistake(self, path: str, message: str) -> _MistakenError:
        self._problems.append(f"{path}: {message}" if path else message)
        return _MistakenError()


_KINDS: dict[type, str] = {
    shapes.StrType: "a text in quotes",
    shapes.IntType: "a whole number",
    shapes.FloatType: "a number",
}


def _unit(shape: Any) -> str:
    """Return ``"duration"`` or ``"time of day"`` where a field is one, else ""."""
    shape = _without_none(shape)
    extra = shape.extra if isinstance(shape, shapes.Metadata) else None
    return str(extra["unit"]) if extra and "unit" in extra else ""


def _without_none(shape: Any) -> Any:
    if isinstance(shape, shapes.UnionType):
        (shape,) = (part for part in shape.types if not isinstance(part, shapes.NoneType))
    return shape


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _place(message: str, path: str, known: Mapping[str, Key]) -> tuple[str, str]:
    """Return where a struct's own objection belongs, and what it says."""
    match = _FIELD_FIRST.fullmatch(message)
    for key in known.values():
        if match is not None and match["field"] == key.field:
            return _joined(path, key.name) + match["rest"], match["message"]
    return path, message


def _joined(path: str, key: str) -> str:
    name = key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else json.dumps(key[:_MOST_FOUND], ensure_ascii=False)
    return f"{path}.{name}" if path else name


def _found(value: Any) -> str:
    """Return what was found as TOML would write it, shortened."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "a table"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _MOST_FOUND else text[: _MOST_FOUND - 1] + "…"
