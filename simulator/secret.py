"""What clients of a simulated ACD must show, or what it shows itself: from the environment, one for all."""

import os
from typing import Final

__all__ = ["SECRET_VARIABLE", "simulated_secret"]

SECRET_VARIABLE: Final = "QUEUE_ALERT_SIMULATOR_SECRET"  # noqa: S105 - its name, not its value


def simulated_secret(default: str = "") -> str:
    """Return the secret or token, ``default`` where there is none in the environment."""
    return os.environ.get(SECRET_VARIABLE) or default
