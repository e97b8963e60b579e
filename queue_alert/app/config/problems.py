"""Mistakes in a configuration: their paths, their words and the error that carries all of them."""

import difflib
import json
import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from queue_alert.core.errors import QueueAlertError
from queue_alert.ports import ConfigProblem

__all__ = ["ConfigurationError", "did_you_mean", "found", "joined", "problem_lines"]

_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")
_MAX_FOUND: Final = 60


class ConfigurationError(QueueAlertError, ValueError):
    """The configuration cannot be used.

    Attributes:
        file: The file as it was named.
        problems: Every mistake and every warning, in the order they were found.
    """

    def __init__(self, file: str, problems: Sequence[ConfigProblem]) -> None:
        super().__init__("\n".join(problem_lines(file, problems)))
        self.file = file
        self.problems = tuple(problems)


def problem_lines(file: str, problems: Iterable[ConfigProblem]) -> list[str]:
    """Return one line a problem: ``config.toml: groups.sales.window: must be > 0 s, got "-5s"``."""
    lines = []
    for problem in problems:
        parts = [file, problem.path, ("warning: " if problem.is_warning else "") + problem.message]
        lines.append(": ".join(part for part in parts if part))
    return lines


def joined(path: str, key: str) -> str:
    """Return the dotted path of ``key`` below ``path``; a key TOML would quote is quoted."""
    name = key if _BARE_KEY.fullmatch(key) else json.dumps(key[:_MAX_FOUND], ensure_ascii=False)
    return f"{path}.{name}" if path else name


def found(value: Any) -> str:
    """Return ``value`` as TOML would write it, shortened to 60 characters."""
    if isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, str):
        text = json.dumps(value, ensure_ascii=False)
    elif isinstance(value, dict):
        text = "a table"
    elif isinstance(value, list):
        text = "[" + ", ".join(found(item) for item in value[:5]) + (", …]" if len(value) > 5 else "]")  # noqa: PLR2004 (a few show what it is)
    else:
        text = str(value)
    return text if len(text) <= _MAX_FOUND else text[: _MAX_FOUND - 1] + "…"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``; did you mean "x"?`` where one of ``known`` is close to ``word``, else ``""``."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.65)
    return f'; did you mean "{close[0]}"?' if close else ""
