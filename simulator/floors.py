"""Scenarios by name or from a file."""

import tomllib
from pathlib import Path
from typing import Any

from queue_alert.core.errors import QueueAlertError
from simulator.scenario import SCENARIOS, Scenario
from simulator.tables import convert_table

__all__ = ["ScenarioError", "load_scenario", "read_scenario", "scenario_names"]

_SHIPPED = Path(__file__).parent / "scenarios"
_SUFFIX = ".toml"
_LARGEST = 1_000_000


class ScenarioError(QueueAlertError, ValueError):
    """A scenario cannot be used; one line a mistake."""


def scenario_names() -> list[str]:
    """Return the names of the scenarios that come with the simulator."""
    return sorted({*SCENARIOS, *(path.stem for path in _SHIPPED.glob(f"*{_SUFFIX}"))})


def load_scenario(name: str, *, base: Path = Path()) -> Scenario:
    """Return the scenario of that name, or out of that file.

    Args:
        name: One of :func:`scenario_names`, or a file that ends in ``.toml``.
        base: Where a relative file is looked for.

    Raises:
        ScenarioError: There is none, or it has mistakes.
    """
    if name in SCENARIOS:
        return SCENARIOS[name]
    if name.endswith(_SUFFIX):
        return _read_file(base / name, shown=name)
    if name in scenario_names():
        return _read_file(_SHIPPED / f"{name}{_SUFFIX}", shown=f"{name}{_SUFFIX}")
    raise ScenarioError(
        f'must be one of {", ".join(scenario_names())} or a file that ends in {_SUFFIX}, got "{name}"'
    )


def read_scenario(text: str, *, file: str) -> Scenario:
    """Return the scenario that ``text`` (TOML) describes.

    Args:
        text: The file's content.
        file: What the file is called, for the messages and, without ``.toml``, as the scenario's name.

    Raises:
        ScenarioError: It has mistakes; all of them are told.
    """
    try:
        table: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        raise ScenarioError(f"{file}: is no TOML: {str(exc)[:1].lower()}{str(exc)[1:]}") from exc
    problems: list[str] = []
    scenario = convert_table({"name": Path(file).stem, **table}, Scenario, path="", problems=problems)
    if scenario is None:
        raise ScenarioError("\n".join(f"{file}: {problem}" for problem in problems))
    return scenario


def _read_file(path: Path, *, shown: str) -> Scenario:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as exc:
        raise ScenarioError(f"{shown}: cannot be read: {(exc.strerror or str(exc)).lower()}") from exc
    if len(content) > _LARGEST:
        raise ScenarioError(f"{shown}: must be at most 1 MB, got more")
    try:
        text = content.decode()
    except UnicodeDecodeError as exc:
        raise ScenarioError(f"{shown}: must be UTF-8, got other bytes at {exc.start}") from exc
    return read_scenario(text, file=shown)
