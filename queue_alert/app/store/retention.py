"""Removes what has been kept for long enough, a little at a time."""

import sqlite3
from typing import Final

from queue_alert.app.store.options import DAY_S, StoreTable
from queue_alert.core.units import Instant

__all__ = ["MOST_PRUNED", "prune"]

MOST_PRUNED: Final = 500
"""So many rows of a table at most go at a time, so that an intent to dial never waits for long."""

_LIVE: Final = """
    AND NOT EXISTS (
        SELECT 1 FROM alerts WHERE alerts.rule = kept.rule AND alerts."group" = kept."group"
        AND alerts.generation = kept.generation AND alerts.state IN ('firing', 'acknowledged')
    )
"""
"""An alert that is not over keeps what was tried: nobody is to be called a second time."""


def prune(connection: sqlite3.Connection, table: StoreTable, now: Instant) -> int:
    """Remove some of what is older than it is kept, and return how much; to be called again.

    Args:
        connection: In a transaction.
        table: For how long what is kept.
        now: The present instant.

    Raises:
        sqlite3.Error: It could not be done.
    """
    removed = 0
    for name, column, days, more in (
        ("history", "at", table.keep_history_days, ""),
        ("attempts", "at", table.keep_attempts_days, _LIVE),
        ("acknowledgements", "at", table.keep_attempts_days, _LIVE),
        ("intervals", "begins", table.keep_intervals_days, ""),
        ("silences", "until", table.keep_ended_days, ""),
        ("overrides", "until", table.keep_ended_days, ""),
    ):
        removed += connection.execute(
            f"""
            DELETE FROM {name} WHERE rowid IN (
                SELECT rowid FROM {name} AS kept WHERE {column} < ? {more} ORDER BY {column} LIMIT ?
            )
            """,  # noqa: S608 (constants)
            (now - days * DAY_S, MOST_PRUNED),
        ).rowcount
    return removed
