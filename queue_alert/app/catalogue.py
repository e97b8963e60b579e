"""Describes the installed drivers: their options in words, and what they still need."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import inspect as shapes

from queue_alert.app.config.drivers import missing_extra
from queue_alert.app.config.durations import format_duration
from queue_alert.app.config.problems import found
from queue_alert.app.config.schema import ButtonTable, FeedTable, OutputTable, PublisherTable
from queue_alert.app.config.words import describe_type, example, is_duration
from queue_alert.app.registry import BUTTONS, FEEDS, OUTPUTS, PUBLISHERS, ROUTES, BrokenDriverError, Registry
from queue_alert.ports import ButtonDriver, FeedDriver, OutputDriver, PublisherDriver, Route

__all__ = ["describe_drivers"]

_KINDS: Final[Mapping[str, tuple[str, type]]] = {
    "feed": (FEEDS, FeedDriver),
    "output": (OUTPUTS, OutputDriver),
    "button": (BUTTONS, ButtonDriver),
    "publisher": (PUBLISHERS, PublisherDriver),
    "page": (ROUTES, Route),
}
_COMMON: Final[Mapping[str, type[msgspec.Struct]]] = {
    "feed": FeedTable,
    "output": OutputTable,
    "button": ButtonTable,
    "publisher": PublisherTable,
}


def describe_drivers(registry: Registry) -> list[dict[str, Any]]:
    """Return a description of every feed, output, button, publisher and page, in JSON's types.

    Each has ``kind``, ``name``, ``summary``, ``installed`` (whether it can be used), ``problem`` (why not,
    and what to do; ``""`` if it can), ``options`` of its own and ``common``, those that every one of its kind
    has. Each option has ``name``, ``type``, ``required``, ``default`` (as the configuration would have it,
    ``""`` if there is none) and ``example``.
    """
    drivers = []
    for kind, (group, expected) in _KINDS.items():
        for name in registry.names(group):
            try:
                driver: Any = registry.load(group, name, expected)
            except BrokenDriverError as error:
                drivers.append(_described(kind, name, problem=str(error)))
                continue
            if isinstance(driver, Route):
                drivers.append(_described(kind, name, summary=f"{driver.path}: {driver.summary}"))
            else:
                drivers.append(
                    _described(
                        kind,
                        name,
                        summary=driver.summary,
                        problem=missing_extra(f'driver "{name}"', driver),
                        options=_options(driver.options),
                        common=_common(kind, driver),
                    )
                )
    return drivers


def _described(
    kind: str,
    name: str,
    *,
    summary: str = "",
    problem: str = "",
    options: list[dict[str, Any]] | None = None,
    common: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    return {
        "kind": kind,
        "name": name,
        "summary": summary,
        "installed": not problem,
        "problem": problem,
        "options": options or [],
        "common": common or [],
    }


def _common(kind: str, driver: Any) -> list[dict[str, Any]]:
    options = _options(_COMMON[kind])
    for option in options:
        if option["name"] == "stale_after":
            # Left out, it is as the driver has it.
            limit = driver.stale_after_s
            option["default"] = option["example"] = (
                '"off"' if limit is None else f'"{format_duration(limit)}"'
            )
        elif option["name"] == "debounce":
            option["default"] = option["example"] = f'"{format_duration(driver.debounce_s)}"'
    return options


def _options(struct: type[msgspec.Struct]) -> list[dict[str, Any]]:
    shape = shapes.type_info(struct)
    fields = shape.fields if isinstance(shape, shapes.StructType) else ()
    return [_option(field) for field in fields]


def _option(field: shapes.Field) -> dict[str, Any]:
    default = _default(field)
    return {
        "name": field.encode_name,
        "type": describe_type(field.type),
        "required": field.required,
        "default": default,
        "example": default if default not in {"", "none"} else example(field.type),
    }


def _default(field: shapes.Field) -> str:
    if field.required:
        return ""
    value = field.default
    if value is msgspec.NODEFAULT:
        value = field.default_factory() if field.default_factory is not msgspec.NODEFAULT else None
    return _written(value, field.type)


def _written(value: Any, shape: shapes.Type) -> str:
    if value is None:
        return "none"
    if isinstance(value, float) and _has_duration(shape):
        return f'"{format_duration(value)}"'
    if isinstance(value, msgspec.Struct):
        fields = shapes.type_info(type(value))
        inner = (
            {field.encode_name: field for field in fields.fields}
            if isinstance(fields, shapes.StructType)
            else {}
        )
        items = ((name, _written(getattr(value, field.name), field.type)) for name, field in inner.items())
        return "{ " + ", ".join(f"{name} = {text}" for name, text in items) + " }"
    if isinstance(value, tuple | list | set | frozenset):
        return "[" + ", ".join(_written(item, shape) for item in value) + "]"
    if isinstance(value, dict):
        if not value:
            return "{}"
        return "{ " + ", ".join(f"{key} = {_written(item, shape)}" for key, item in value.items()) + " }"
    return found(value.value if hasattr(value, "value") else value)


def _has_duration(shape: shapes.Type) -> bool:
    match shape:
        case shapes.Metadata():
            return is_duration(shape) or _has_duration(shape.type)
        case shapes.UnionType():
            return any(_has_duration(part) for part in shape.types)
        case shapes.ListType() | shapes.VarTupleType() | shapes.SetType() | shapes.FrozenSetType():
            return _has_duration(shape.item_type)
        case shapes.DictType():
            return _has_duration(shape.value_type)
        case shapes.TupleType():
            return any(_has_duration(part) for part in shape.item_types)
        case _:
            return False
