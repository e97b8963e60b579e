"""Finds the format of a recording."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from queue_alert.app.registry import RECORDINGS, TRANSLATORS, Registry
from queue_alert.core.errors import QueueAlertError
from queue_alert.core.units import Instant, Seconds
from queue_alert.ports import RecordingFormat

__all__ = ["Recording", "open_recording"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A recording that can be read.

    Attributes:
        path: The file.
        format: What reads it.
        translator: Entry-point name of what understands it; "" where its events are neutral.
        started_at: When it began.
        duration_s: How long it is, in seconds.
        size: Bytes of its data.
        is_timed: Whether the times of its pieces are known.
    """

    path: Path
    format: RecordingFormat
    translator: str
    started_at: Instant
    duration_s: Seconds
    size: int
    is_timed: bool


def open_recording(path: Path, *, registry: Registry) -> Recording:
    """Return the recording at ``path``, by the first format that knows it.

    Raises:
        QueueAlertError: No format knows it, or nothing installed understands what it was recorded from.
    """
    refusals: list[QueueAlertError] = []
    for name in registry.names(RECORDINGS):
        form: RecordingFormat = registry.load_any(RECORDINGS, name)
        try:
            known = form.describe(path)
        except QueueAlertError as refusal:
            refusals.append(refusal)
        else:
            return _recording(path, form, known, registry)
    if refusals:
        raise refusals[0]
    raise QueueAlertError(f"{path}: no recording format is installed")


def _recording(path: Path, form: RecordingFormat, known: Mapping[str, Any], registry: Registry) -> Recording:
    translator = str(known.get("translator", ""))
    if translator and translator not in registry.names(TRANSLATORS):
        raise QueueAlertError(
            f'{path}: was recorded from "{translator}", and no translator of it is installed'
        )
    return Recording(
        path=path,
        format=form,
        translator=translator,
        started_at=float(known.get("started_at") or 0.0),
        duration_s=float(known.get("duration_s") or 0.0),
        size=int(known.get("size") or 0),
        is_timed=bool(known.get("timed", True)),
    )
