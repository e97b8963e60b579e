"""Logging to stderr, in the shape journald likes, and counting what a feed passed over."""

import logging
import os
import re
import sys
from collections.abc import Mapping
from typing import Final

from queue_alert.core.alerts import Move
from queue_alert.core.effects import AlertMoved, Anomaly, CallPeople, ReportAnomaly
from queue_alert.ports import Skipped

__all__ = ["AnomalyLog", "SkippedCounter", "blot", "log_alert", "set_up_logging"]

_logger = logging.getLogger(__name__)

_MAX_DETAIL: Final = 200
_MAX_REMEMBERED: Final = 10_000
_NUMBER: Final = re.compile(r"\+?\d{5,}")

# journald reads a syslog priority in angle brackets at the start of a line. Source: sd-daemon(3).
_PRIORITIES: Final = {
    logging.DEBUG: 7,
    logging.INFO: 6,
    logging.WARNING: 4,
    logging.ERROR: 3,
    logging.CRITICAL: 2,
}


def set_up_logging(verbosity: int = 0, *, environ: Mapping[str, str] = os.environ) -> None:
    """Send log records to stderr.

    Args:
        verbosity: -1 warnings and worse only, 0 what an operator wants to know, 1 everything of ours.
        environ: Where ``JOURNAL_STREAM`` tells that stderr goes to journald, which adds the time itself.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JournalFormatter() if "JOURNAL_STREAM" in environ else _terminal_formatter())
    level = logging.WARNING if verbosity < 0 else logging.DEBUG if verbosity > 0 else logging.INFO
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # Their INFO is one line for every scrape and every wallboard.
    logging.getLogger("websockets").setLevel(logging.WARNING)
    logging.getLogger("asyncio").setLevel(logging.WARNING)


def blot(detail: str) -> str:
    """Return ``detail`` fit for a log: one line, at most 200 characters, no run of five digits or more.

    A feed's raw words may hold a caller's number; five digits or more are taken for one.
    """
    flat = "".join(char if char.isprintable() else " " for char in detail[:_MAX_DETAIL])
    return _NUMBER.sub("…", flat)


class SkippedCounter:
    """Counts what one feed passed over, and says each kind once in the log; counts what did not fit, too.

    Args:
        feed: The feed's name.
    """

    def __init__(self, feed: str) -> None:
        self._feed = feed
        self.counts: dict[str, int] = {}
        """How often, by :class:`~queue_alert.ports.Skipped` and kind of anomaly."""

    def __call__(self, kind: Skipped, detail: str) -> None:
        """Count one; the first of a kind is a WARNING, the others are DEBUG."""
        count = self.count(kind)
        level = logging.WARNING if count == 1 else logging.DEBUG
        if _logger.isEnabledFor(level):
            _logger.log(
                level,
                "feed=%s skipped=%s count=%d detail=%s",
                self._feed,
                kind.value,
                count,
                blot(detail),
            )

    def count(self, kind: Skipped | Anomaly) -> int:
        """Count one without a word and return how many there are now."""
        count = self.counts.get(kind, 0) + 1
        self.counts[kind.value] = count
        return count


class AnomalyLog:
    """Says every kind of anomaly once a group in the log."""

    def __init__(self) -> None:
        self._said: set[tuple[str, str]] = set()

    def report(self, effect: ReportAnomaly) -> None:
        """Log it as a WARNING the first time for its group, then as DEBUG."""
        key = (effect.anomaly.value, effect.group)
        is_new = key not in self._said and len(self._said) < _MAX_REMEMBERED
        if is_new:
            self._said.add(key)
        level = logging.WARNING if is_new else logging.DEBUG
        if _logger.isEnabledFor(level):
            _logger.log(
                level,
                "group=%s anomaly=%s detail=%s",
                effect.group,
                effect.anomaly.value,
                blot(effect.detail),
            )


class _JournalFormatter(logging.Formatter):
    """``<4>logger: message``; journald splits lines, so every line carries the priority."""

    def format(self, record: logging.LogRecord) -> str:
        text = f"{record.name}: {super().format(record)}"
        prefix = f"<{_PRIORITIES.get(record.levelno, 6)}>"
        return "\n".join(prefix + line for line in text.split("\n"))


def _terminal_formatter() -> logging.Formatter:
    return logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s", datefmt="%H:%M:%S")


def log_alert(effect: AlertMoved | CallPeople) -> None:
    """Write down what has happened to an alert, or whom it is for; what is only pending is no news."""
    alert = effect.alert
    words = [f"alert={alert.id}", f"generation={alert.generation}"]
    if isinstance(effect, CallPeople):
        people = ", ".join(f"{key.person} by {key.method}" for key in effect.attempts)
        _logger.warning("%s", " ".join([*words, f"tell={people}"]))
        return
    move = effect.move
    words.append(f"move={move.value}")
    if move is Move.FIRED:
        words += [f"severity={alert.severity.name.lower()}", f"reason={alert.reason}"]
    if move is Move.ACKNOWLEDGED:
        words.append(f"by={alert.acknowledged_by}")
    _logger.log(_MOVES.get(move, logging.DEBUG), "%s", " ".join(words))


_MOVES: Final = {
    Move.FIRED: logging.WARNING,
    Move.EXPIRED: logging.WARNING,
    Move.ACKNOWLEDGED: logging.INFO,
    Move.RESOLVED: logging.INFO,
}
