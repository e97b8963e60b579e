"""What a checked configuration comes to: what the runtime is built from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from queue_alert.app.config.places import ListenAddress
from queue_alert.app.store.options import StoreTable
from queue_alert.core.policy import Policy
from queue_alert.core.units import GroupName, Seconds
from queue_alert.ports import ButtonDriver, ConfigProblem, FeedDriver, OutputDriver, PublisherDriver

__all__ = ["ButtonAction", "ButtonPlan", "FeedSetup", "KeyPlan", "OutputPlan", "PublisherSetup", "Setup"]


class ButtonAction(StrEnum):
    """What pressing a key does."""

    ACKNOWLEDGE = "acknowledge"
    LAMP_TEST = "lamp-test"
    EMERGENCY = "emergency"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSetup:
    """A configured feed.

    Attributes:
        name: Its name in the configuration.
        driver_name: Its driver's entry-point name.
        driver: Its driver.
        options: Its driver's options, checked.
        groups: Names or patterns of the groups that it may speak of.
        stale_after_s: Silent for so long it counts as stale; ``None``: never.
    """

    name: str
    driver_name: str
    driver: FeedDriver
    options: Any
    groups: tuple[str, ...] = ("*",)
    stale_after_s: Seconds | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputPlan:
    """A configured output: its name, its driver by name and itself, its checked options."""

    name: str
    driver_name: str
    driver: OutputDriver
    options: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPlan:
    """What one key does.

    Attributes:
        action: What it does.
        groups: Names or patterns of the groups that its acknowledgement is for.
        group: The group whose emergency it is; ``None`` where it is for something else.
        hold_s: Held for so long it counts as pressed.
    """

    action: ButtonAction
    groups: tuple[str, ...] = ("*",)
    group: GroupName | None = None
    hold_s: Seconds = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ButtonPlan:
    """A configured button.

    Attributes:
        name: Its name in the configuration.
        driver_name: Its driver's entry-point name.
        driver: Its driver.
        options: Its driver's options, checked.
        keys: What its keys do, by their names; at least one.
        debounce_s: A move counts once it has lasted so long.
        stuck_after_s: A key that is down for so long is stuck.
    """

    name: str
    driver_name: str
    driver: ButtonDriver
    options: Any
    keys: Mapping[str, KeyPlan]
    debounce_s: Seconds = 0.03
    stuck_after_s: Seconds = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PublisherSetup:
    """A configured publisher: its name, its driver by name and itself, its checked options."""

    name: str
    driver_name: str
    driver: PublisherDriver
    options: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """A configuration that can be started.

    Attributes:
        base: Folder that relative paths in the configuration start from.
        policy: What the core is told.
        feeds: At least one.
        outputs: May be empty.
        publishers: May be empty.
        buttons: May be empty.
        store: Where alerts are kept; ``None``: in memory only.
        engine_options: Options of every engine the outputs need, by the engine's entry-point name.
        listen: Where to serve pages and the live view; ``None`` serves nothing.
        warnings: What is odd but does not stop it.
    """

    base: Path
    policy: Policy
    feeds: tuple[FeedSetup, ...]
    outputs: tuple[OutputPlan, ...] = ()
    publishers: tuple[PublisherSetup, ...] = ()
    buttons: tuple[ButtonPlan, ...] = ()
    store: StoreTable | None = None
    engine_options: dict[str, Any] = field(default_factory=dict)
    listen: ListenAddress | None = None
    warnings: tuple[ConfigProblem, ...] = ()
