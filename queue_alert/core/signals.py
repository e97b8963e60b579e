"""What one output is to say."""

from queue_alert.core.effects import Severity
from queue_alert.core.units import SignalName

__all__ = ["Signal"]


class Signal:
    """One output's depth and severity, kept up to date by :mod:`queue_alert.core.board`.

    A plain class with slots, not a struct: it is written to on every contact that comes or goes.
    """

    __slots__ = ("acknowledged", "depth", "name", "severity", "stale")

    def __init__(self, name: SignalName) -> None:
        self.name = name
        self.depth = 0
        self.severity = Severity.NORMAL
        self.stale = False
        self.acknowledged = False
