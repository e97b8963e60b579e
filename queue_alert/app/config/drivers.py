"""``[feeds]``, ``[outputs]``, ``[publishers]`` and ``[patterns]``: drivers by name, options, claims."""

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, TypeAlias, TypeVar

import msgspec

from queue_alert.app.config.convert import Invalid, convert_sound_part, convert_table
from queue_alert.app.config.groups import name_mistake
from queue_alert.app.config.problems import did_you_mean, found, joined
from queue_alert.app.config.schema import FeedTable, OutputTable, PublisherTable
from queue_alert.app.config.setup import FeedSetup, OutputPlan, PublisherSetup
from queue_alert.app.registry import ENGINES, FEEDS, OUTPUTS, PUBLISHERS, BrokenDriverError, Registry
from queue_alert.core.events import OUR_OWN
from queue_alert.core.policy import SignalPolicy
from queue_alert.core.units import Seconds, SignalName
from queue_alert.ports import (
    ButtonDriver,
    ConfigProblem,
    FeedDriver,
    MissingExtraError,
    OutputDriver,
    PublisherDriver,
)

__all__ = [
    "Driver",
    "DriverTables",
    "check_claims",
    "missing_extra",
    "named_tables",
    "read_engines",
    "read_feeds",
    "read_outputs",
    "read_publishers",
]

Driver: TypeAlias = FeedDriver | OutputDriver | PublisherDriver | ButtonDriver
"""What a table's ``driver`` may name."""

D = TypeVar("D", FeedDriver, OutputDriver, PublisherDriver, ButtonDriver)
S = TypeVar("S", bound=msgspec.Struct)

_MAX_FEEDS: Final = 64
_MAX_OUTPUTS: Final = 256
_MAX_PUBLISHERS: Final = 64


class DriverTables:
    """Reads tables whose ``driver`` says what else may stand in them.

    Args:
        registry: The installed drivers.
        problems: Every mistake is added here.
    """

    def __init__(self, registry: Registry, problems: list[ConfigProblem]) -> None:
        self._registry = registry
        self._problems = problems

    def driver(self, table: Any, *, path: str, group: str, expected: type[D]) -> tuple[str, D] | None:
        """Return the table's driver by name and itself, or ``None`` after saying why there is none."""
        name = table.get("driver") if isinstance(table, dict) else None
        known = self._registry.names(group)
        if not isinstance(table, dict):
            self.add(path, f"must be a table, got {found(table)}")
        elif name is None:
            self.add(f"{path}.driver", f"is missing; write one of: {', '.join(known)}")
        elif not isinstance(name, str) or name not in known:
            hint = did_you_mean(name, known) if isinstance(name, str) else ""
            self.add(f"{path}.driver", f"must be one of: {', '.join(known)}, got {found(name)}{hint}")
        else:
            try:
                driver = self._registry.load(group, name, expected)
            except BrokenDriverError as error:
                self.add(f"{path}.driver", str(error))
                return None
            if mistake := missing_extra(f'driver "{name}"', driver):
                self.add(path, mistake)
            return name, driver
        return None

    def own(self, table: Mapping[str, Any], struct: type[S], path: str) -> S | Invalid:
        """Return what a table says beside its driver's options, checked."""
        own = {key: value for key, value in table.items() if key in struct.__struct_fields__}
        return convert_table(own, struct, path=path, problems=self._problems)

    def options(
        self, table: Mapping[str, Any], driver: Driver, path: str, *, but: type[msgspec.Struct]
    ) -> Any:
        """Return a driver's checked options: all of the table without ``but``; or an :class:`Invalid`."""
        beside = ("driver", *but.__struct_fields__)
        table = {key: value for key, value in table.items() if key not in beside}
        options = convert_table(table, driver.options, path=path, problems=self._problems, beside=beside)
        if isinstance(options, Invalid):
            self._check_sound_part(table, driver, path)
            return options
        further = driver.check(options)
        self.add_below(path, further)
        return options if all(problem.is_warning for problem in further) else Invalid()

    def _check_sound_part(self, table: Mapping[str, Any], driver: Driver, path: str) -> None:
        part = convert_sound_part(table, driver.options)
        if part is not None:
            options, mistaken = part
            further = driver.check(options)
            self.add_below(path, [one for one in further if one.path.partition(".")[0] not in mistaken])

    def add(self, path: str, message: str, *, is_warning: bool = False) -> None:
        """Add a problem."""
        self._problems.append(ConfigProblem(path=path, message=message, is_warning=is_warning))

    def add_below(self, path: str, problems: list[ConfigProblem]) -> None:
        """Add problems whose paths are relative to ``path``."""
        for problem in problems:
            full = f"{path}.{problem.path}" if path and problem.path else path or problem.path
            self.add(full, problem.message, is_warning=problem.is_warning)


def read_feeds(
    tables: Any, *, taken: dict[str, str], registry: Registry, problems: list[ConfigProblem]
) -> tuple[FeedSetup, ...]:
    """Return the feeds of ``[feeds]``; none at all is a mistake.

    Args:
        tables: The table ``[feeds]``.
        taken: What is occupied already and by whom; what the feeds occupy is added.
        registry: The installed drivers.
        problems: Every mistake is added here.
    """
    reader = DriverTables(registry, problems)
    feeds: list[FeedSetup] = []
    if not tables:
        reader.add("feeds", 'must hold at least one feed; write [feeds.pbx] with driver = "…"')
    for name, table in named_tables(tables, "feeds", _MAX_FEEDS, reader):
        path = joined("feeds", name)
        if name == OUR_OWN:
            reader.add(path, "this name stands for what we say ourselves; choose another")
        known = reader.driver(table, path=path, group=FEEDS, expected=FeedDriver)
        if known is None:
            continue
        driver_name, driver = known
        own = reader.own(table, FeedTable, path)
        options = reader.options(table, driver, path, but=FeedTable)
        if isinstance(options, Invalid) or isinstance(own, Invalid):
            continue
        check_claims(driver.claims(options), path, taken, reader)
        feeds.append(
            FeedSetup(
                name=name,
                driver_name=driver_name,
                driver=driver,
                options=options,
                groups=own.groups,
                stale_after_s=_stale_after(own, driver),
            )
        )
    return tuple(feeds)


def _stale_after(own: FeedTable, driver: FeedDriver) -> Seconds | None:
    if own.stale_after is None:
        return driver.stale_after_s
    return None if own.stale_after == "off" else own.stale_after


def read_outputs(
    tables: Any, *, base: Path, taken: dict[str, str], registry: Registry, problems: list[ConfigProblem]
) -> tuple[tuple[OutputPlan, ...], tuple[SignalPolicy, ...]]:
    """Return the outputs of ``[outputs]`` and which groups each speaks for.

    Args:
        tables: The table ``[outputs]``.
        base: Folder that relative paths start from.
        taken: What is occupied already and by whom; what the outputs occupy is added.
        registry: The installed drivers.
        problems: Every mistake is added here.
    """
    reader = DriverTables(registry, problems)
    outputs: list[OutputPlan] = []
    signals: list[SignalPolicy] = []
    shared: dict[str, tuple[str, str]] = {}
    if not tables:
        reader.add("outputs", "there is no output: nothing will light up", is_warning=True)
    for name, table in named_tables(tables, "outputs", _MAX_OUTPUTS, reader):
        path = joined("outputs", name)
        known = reader.driver(table, path=path, group=OUTPUTS, expected=OutputDriver)
        if known is None:
            continue
        driver_name, driver = known
        own = reader.own(table, OutputTable, path)
        options = reader.options(table, driver, path, but=OutputTable)
        if isinstance(options, Invalid) or isinstance(own, Invalid):
            continue
        further = driver.check_place(options, name, base)
        reader.add_below(path, further)
        if not all(problem.is_warning for problem in further):
            continue
        check_claims(driver.claims(options), path, taken, reader)
        _check_shares(driver.shares(options), path, shared, reader)
        outputs.append(OutputPlan(name=name, driver_name=driver_name, driver=driver, options=options))
        signals.append(SignalPolicy(name=SignalName(name), groups=own.groups))
    return tuple(outputs), tuple(signals)


def read_publishers(
    tables: Any, *, registry: Registry, problems: list[ConfigProblem]
) -> tuple[PublisherSetup, ...]:
    """Return the publishers of ``[publishers]``; there need be none."""
    reader = DriverTables(registry, problems)
    publishers: list[PublisherSetup] = []
    for name, table in named_tables(tables, "publishers", _MAX_PUBLISHERS, reader):
        path = joined("publishers", name)
        known = reader.driver(table, path=path, group=PUBLISHERS, expected=PublisherDriver)
        if known is None:
            continue
        driver_name, driver = known
        options = reader.options(table, driver, path, but=PublisherTable)
        if not isinstance(options, Invalid):
            publishers.append(
                PublisherSetup(name=name, driver_name=driver_name, driver=driver, options=options)
            )
    return tuple(publishers)


def read_engines(
    table: Any, outputs: tuple[OutputPlan, ...], *, registry: Registry, problems: list[ConfigProblem]
) -> dict[str, Any]:
    """Return the options of every engine the outputs need, from ``[patterns]``."""
    reader = DriverTables(registry, problems)
    engine_options: dict[str, Any] = {}
    if not isinstance(table, dict):
        reader.add("patterns", f"must be a table, got {found(table)}")
        return engine_options
    needed = sorted({output.driver.engine for output in outputs}) or list(registry.names(ENGINES)[:1])
    for name in needed:
        engine = registry.load_any(ENGINES, name)
        options = convert_table(table, engine.options, path="patterns", problems=problems)
        if isinstance(options, Invalid):
            continue
        own = [(plan.name, plan.driver, plan.options) for plan in outputs if plan.driver.engine == name]
        reader.add_below("", engine.check(own, options))
        engine_options[name] = options
    return engine_options


def missing_extra(who: str, driver: Driver) -> str:
    """Return the sentence about an optional package that is not installed, or ``""``.

    Args:
        who: What needs it, such as ``driver "gpio-lamp"``.
        driver: The driver.
    """
    for package in driver.packages:
        if find_spec(package.partition(".")[0]) is None:
            return str(MissingExtraError(who, package=package, extra=driver.extra))
    return ""


def named_tables(tables: Any, path: str, most: int, reader: DriverTables) -> list[tuple[str, Any]]:
    """Return the tables below ``path`` by name, at most ``most``, after saying what is wrong with them."""
    if not isinstance(tables, dict):
        reader.add(path, f"must be a table, got {found(tables)}")
        return []
    if len(tables) > most:
        reader.add(path, f"must hold at most {most} entries, got {len(tables)}")
    items = list(tables.items())[:most]
    for name, _table in items:
        if mistake := name_mistake(name):
            reader.add(joined(path, name), mistake)
    return items


def check_claims(claims: tuple[str, ...], path: str, taken: dict[str, str], reader: DriverTables) -> None:
    """Take note that ``path`` occupies ``claims``, and say which of them are taken already."""
    for claim in claims:
        if claim in taken:
            reader.add(path, f"{claim} is already used by {taken[claim]}; choose another")
        else:
            taken[claim] = path


def _check_shares(
    shares: tuple[str, str] | None, path: str, shared: dict[str, tuple[str, str]], reader: DriverTables
) -> None:
    """Say where ``path`` treats what it shares in another way than whoever was there first."""
    if shares is not None:
        what, how = shares
        first, first_how = shared.setdefault(what, (path, how))
        if how != first_how:
            message = f"shares {what} with {first} and must do so alike; here: {how}; there: {first_how}"
            reader.add(path, message)
