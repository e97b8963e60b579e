"""Reads the file: bytes to tables, with a sentence for everything that can be wrong about a file."""

import re
import tomllib
from pathlib import Path
from typing import Any, Final

from queue_alert.app.config.problems import ConfigurationError
from queue_alert.ports import ConfigProblem

__all__ = ["MAX_FILE_BYTES", "parse_toml", "read_tables"]

MAX_FILE_BYTES: Final = 1024 * 1024

_WHERE: Final = re.compile(r"(?P<what>.*) \(at (?P<where>line \d+, column \d+|end of document)\)", re.DOTALL)


def read_tables(path: Path) -> dict[str, Any]:
    """Return the tables of the file at ``path``.

    Raises:
        ConfigurationError: It is missing, unreadable, larger than 1 MiB, not UTF-8 or not TOML.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError as exc:
        raise _broken(path, "", "there is no such file; name one with --config") from exc
    except IsADirectoryError as exc:
        raise _broken(path, "", "is a folder, not a file") from exc
    except OSError as exc:
        raise _broken(path, "", f"cannot be read: {(exc.strerror or str(exc)).lower()}") from exc
    if len(content) > MAX_FILE_BYTES:
        raise _broken(path, "", "must be at most 1 MiB large")
    return parse_toml(content, path)


def parse_toml(content: bytes, path: Path) -> dict[str, Any]:
    """Return the tables that ``content`` holds; ``path`` is for the words of the error only.

    Raises:
        ConfigurationError: It is not UTF-8 or not TOML.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = content.count(b"\n", 0, exc.start) + 1
        raise _broken(path, f"line {line}", "must be UTF-8 text; save the file in that encoding") from exc
    try:
        return tomllib.loads(text)
    except RecursionError as exc:
        raise _broken(path, "", "is nested too deeply") from exc
    except ValueError as exc:  # TOMLDecodeError is one, a number of 5,000 digits is another
        match = _WHERE.fullmatch(str(exc))
        where, what = (match["where"], match["what"]) if match else ("", str(exc))
        raise _broken(path, where, f"is no TOML: {what[:1].lower()}{what[1:]}") from exc


def _broken(path: Path, where: str, message: str) -> ConfigurationError:
    return ConfigurationError(str(path), [ConfigProblem(path=where, message=message)])
