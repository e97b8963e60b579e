"""What survives the program: alerts, attempts, acknowledgements and figures, in one SQLite file."""

from queue_alert.app.store.options import StoreTable
from queue_alert.app.store.records import (
    Acknowledgement,
    HistoryEntry,
    IntervalFigures,
    Loaded,
    Override,
    PersonMode,
    Setting,
    Silence,
)
from queue_alert.app.store.store import AttemptKnownError, Confirmation, Store

__all__ = [
    "Acknowledgement",
    "AttemptKnownError",
    "Confirmation",
    "HistoryEntry",
    "IntervalFigures",
    "Loaded",
    "Override",
    "PersonMode",
    "Setting",
    "Silence",
    "Store",
    "StoreTable",
]
