"""Where the manager user's secret comes from: a file, or the environment; never the configuration."""

import os
import re
from pathlib import Path

from queue_alert.ports import DriverError

__all__ = ["read_secret", "variable_name"]


def variable_name(feed: str) -> str:
    """Return the environment variable of a feed's secret: ``QUEUE_ALERT_PBX_2_SECRET`` for ``pbx-2``."""
    return f"QUEUE_ALERT_{re.sub('[^A-Z0-9]', '_', feed.upper())}_SECRET"


def read_secret(feed: str, *, file: str, base: Path) -> str:
    """Return the secret: the first line of ``file`` (relative to ``base``), or the environment's where "".

    Raises:
        DriverError: There is none.
    """
    if not file:
        variable = variable_name(feed)
        secret = os.environ.get(variable, "")
        if not secret:
            raise DriverError(
                f'no secret: write secret_file = "…" in [feeds.{feed}], or set {variable}', recoverable=False
            )
        return secret
    path = base / file
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DriverError(
            f"secret_file {path} cannot be read ({error.__class__.__name__}); "
            "it must hold the secret and be readable by the user this runs as"
        ) from error
    if not lines or not lines[0]:
        raise DriverError(f"secret_file {path} is empty; write the secret into its first line")
    return lines[0]
