"""The file's tables as structs, with their defaults and limits. Durations are in seconds once read."""

from typing import Annotated, Any, Literal

import msgspec

from queue_alert.app.config.setup import ButtonAction
from queue_alert.app.store.options import StoreTable
from queue_alert.ports import Duration

__all__ = [
    "ButtonTable",
    "ConfigFile",
    "FeedTable",
    "GroupTable",
    "HttpTable",
    "KeyTable",
    "OutputTable",
    "PublisherTable",
    "ServiceLevelTable",
    "ThresholdsTable",
]

_Positive = Annotated[Duration, msgspec.Meta(gt=0, le=86_400)]
_Patterns = Annotated[
    tuple[Annotated[str, msgspec.Meta(min_length=1, max_length=100)], ...], msgspec.Meta(min_length=1)
]
_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
_DAY_S = 86_400


class ServiceLevelTable(msgspec.Struct, frozen=True, kw_only=True):
    """``service_level``: which share must be answered how soon, and how the share is worked out."""

    goal: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.8
    within: _Positive = 20.0
    formula: Literal["answered", "asterisk2", "offered", "late_abandons"] = "offered"


class ThresholdsTable(msgspec.Struct, frozen=True, kw_only=True):
    """``warning`` and ``critical``: met or exceeded raises; ``"off"`` never does."""

    waiting: Literal["off"] | Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = "off"
    longest_wait: Literal["off"] | _Positive = "off"


class GroupTable(msgspec.Struct, frozen=True, kw_only=True):
    """``[groups.NAME]`` and ``[group_defaults]``."""

    service_level: ServiceLevelTable = ServiceLevelTable()
    short_abandon: Annotated[Duration, msgspec.Meta(ge=0, le=_DAY_S)] = 5.0
    window: Annotated[Duration, msgspec.Meta(ge=60, le=_DAY_S)] = 1800.0
    expected_wait: Literal["moving_average", "mitel"] = "moving_average"
    warning: ThresholdsTable = ThresholdsTable()
    critical: ThresholdsTable = ThresholdsTable()


class HttpTable(msgspec.Struct, frozen=True, kw_only=True):
    """``[http]``: where pages and the live view are served."""

    listen: str = "127.0.0.1:9469"


class FeedTable(msgspec.Struct, frozen=True, kw_only=True):
    """What every ``[feeds.NAME]`` may say beside ``driver`` and its driver's own options."""

    groups: _Patterns = ("*",)
    """Which groups it may speak of; what it says of others is passed over."""
    stale_after: Literal["off"] | Annotated[Duration, msgspec.Meta(ge=1, le=_DAY_S)] | None = None
    """Silent for so long it counts as stale; left out: as its driver has it."""


class OutputTable(msgspec.Struct, frozen=True, kw_only=True):
    """What every ``[outputs.NAME]`` may say beside ``driver`` and its driver's own options."""

    groups: _Patterns = ("*",)
    """Which groups it speaks for."""


class KeyTable(msgspec.Struct, frozen=True, kw_only=True):
    """One key of a ``[buttons.NAME]`` that says more than its action."""

    action: ButtonAction
    groups: _Patterns | None = None
    """As the button's, for this key alone."""
    group: _Name | None = None
    """As the button's, for this key alone."""


class ButtonTable(msgspec.Struct, frozen=True, kw_only=True):
    """What every ``[buttons.NAME]`` may say beside ``driver`` and its driver's own options."""

    action: ButtonAction | None = None
    """What its key does, where it has only one."""
    keys: dict[str, ButtonAction | KeyTable] = {}
    """What its keys do, by their names, where it may have several."""
    groups: _Patterns = ("*",)
    """Which groups an acknowledgement is for."""
    group: _Name | None = None
    """Whose emergency it is."""
    hold: Annotated[Duration, msgspec.Meta(ge=0, le=60)] = 0.0
    """So long a key must be held for an emergency."""
    debounce: Annotated[Duration, msgspec.Meta(ge=0, le=1)] | None = None
    """A move counts once it has lasted so long; left out: as its driver has it."""
    stuck_after: Annotated[Duration, msgspec.Meta(ge=2, le=_DAY_S)] = 20.0
    """A key that is down for so long is stuck."""


class PublisherTable(msgspec.Struct, frozen=True, kw_only=True):
    """What every ``[publishers.NAME]`` may say beside ``driver`` and its driver's own options: nothing."""


class ConfigFile(msgspec.Struct, frozen=True, kw_only=True):
    """The whole file. Tables whose keys depend on other things are checked apart."""

    timezone: Annotated[str, msgspec.Meta(min_length=1, max_length=100)] | None = None
    daily_reset: str = "00:00"
    show_numbers: bool = False
    http: HttpTable = HttpTable()
    patterns: dict[str, Any] = {}
    group_defaults: GroupTable = GroupTable()
    groups: dict[str, GroupTable] = {}
    store: StoreTable | None = None
    hours: dict[str, dict[str, Any]] = {}
    rules: dict[str, dict[str, Any]] = {}
    profiles: dict[str, dict[str, Any]] = {}
    staff: dict[str, dict[str, Any]] = {}
    lists: dict[str, dict[str, Any]] = {}
    rotations: dict[str, dict[str, Any]] = {}
    regions: dict[str, dict[str, Any]] = {}
    overrides: tuple[dict[str, Any], ...] = ()
    feeds: dict[str, dict[str, Any]] = {}
    outputs: dict[str, dict[str, Any]] = {}
    buttons: dict[str, dict[str, Any]] = {}
    publishers: dict[str, dict[str, Any]] = {}
