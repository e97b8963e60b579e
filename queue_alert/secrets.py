"""Where a driver's secret comes from: a file, or the environment; never the configuration."""

import os
import re
from pathlib import Path

from queue_alert.ports import DriverError

__all__ = ["read_secret", "variable_name"]

_LONGEST = 4096


def variable_name(driver: str, kind: str = "secret") -> str:
    """Return the environment variable of a secret: ``QUEUE_ALERT_PBX_2_SECRET`` for the feed ``pbx-2``.

    Args:
        driver: Name of the feed, output or publisher in the configuration.
        kind: ``secret``, ``password``, ``token``.
    """
    return f"QUEUE_ALERT_{re.sub('[^A-Z0-9]', '_', driver.upper())}_{kind.upper()}"


def read_secret(
    driver: str, *, file: str, base: Path, kind: str = "secret", table: str = "feeds", is_needed: bool = True
) -> str:
    """Return a secret: the first line of ``file``, or the environment's where no file is named.

    Args:
        driver: Name of the feed, output or publisher in the configuration.
        file: The file, relative to ``base``; "" for the environment.
        base: Folder that relative paths start from.
        kind: ``secret``, ``password``, ``token``: the option is called ``<kind>_file``.
        table: The table of the configuration the driver stands in, for the message.
        is_needed: Whether having none is a mistake; if not, none is "".

    Raises:
        DriverError: There is none, or the file cannot be read.
    """
    option = f"{kind}_file"
    if not file:
        variable = variable_name(driver, kind)
        secret = os.environ.get(variable, "")
        if not secret and is_needed:
            raise DriverError(
                f'no {kind}: write {option} = "…" in [{table}.{driver}], or set {variable}', recoverable=False
            )
        return secret
    path = base / file
    try:
        with path.open(encoding="utf-8") as lines:
            secret = lines.readline(_LONGEST + 1).rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise DriverError(
            f"{option} {path} cannot be read ({error.__class__.__name__}); "
            f"it must hold the {kind} and be readable by the user this runs as"
        ) from error
    if not secret:
        raise DriverError(f"{option} {path} is empty; write the {kind} into its first line")
    if len(secret) > _LONGEST:
        raise DriverError(f"{option} {path}: the first line is longer than {_LONGEST} characters")
    return secret
