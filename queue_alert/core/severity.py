"""How bad something is."""

from enum import IntEnum

__all__ = ["Severity"]


class Severity(IntEnum):
    """How bad it is; a larger number is worse."""

    NORMAL = 0
    WARNING = 1
    CRITICAL = 2
