"""Looks for other people's packages where ours should be: ``devices`` is a name that others use too."""

from collections.abc import Callable, Mapping, Sequence
from importlib.machinery import ModuleSpec
from importlib.metadata import packages_distributions
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import queue_alert

__all__ = ["OUR_PACKAGES", "installation_mistakes"]

OUR_PACKAGES: Final = ("adapters", "devices", "dashboards", "simulator")
"""Top-level packages that come with ``queue_alert``."""

_OURS: Final = "queue-alert"


def installation_mistakes(
    *,
    owners: Callable[[], Mapping[str, Sequence[str]]] = packages_distributions,
    find: Callable[[str], ModuleSpec | None] = find_spec,
) -> list[str]:
    """Return a sentence for every package of ours that somebody else's stands in for.

    Args:
        owners: Returns which distributions bring which top-level package.
        find: Returns where a top-level package would be imported from.
    """
    home = Path(queue_alert.__file__).resolve().parent.parent
    mistakes = []
    brought_by = owners()
    for name in ("queue_alert", *OUR_PACKAGES):
        others = sorted(set(brought_by.get(name, ())) - {_OURS})
        if others:
            mistakes.append(
                f'the package "{name}" is also brought by {", ".join(others)}; '
                "install queue-alert into an environment of its own"
            )
        place = _place(find(name))
        if place is None:
            mistakes.append(f'the package "{name}" is missing; install queue-alert anew')
        elif place.parent != home:
            mistakes.append(
                f'"{name}" would be imported from {place}, not from {home}; '
                "start from another folder, or take that one out of PYTHONPATH"
            )
    return mistakes


def _place(spec: ModuleSpec | None) -> Path | None:
    if spec is None:
        return None
    if spec.submodule_search_locations:
        return Path(next(iter(spec.submodule_search_locations))).resolve()
    return Path(spec.origin).resolve() if spec.origin else None
