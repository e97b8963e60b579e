"""The floor as the live view tells it, kept whole by applying what changed.

Pure: a message and the time of its receipt in, a new :class:`Floor` out.
"""

from dataclasses import dataclass
from typing import TypeVar, assert_never

from msgspec.structs import replace

from queue_alert.core.errors import QueueAlertError
from queue_alert.core.units import Instant, Seconds
from queue_alert.core.view import (
    ButtonView,
    FeedView,
    FloorView,
    GroupView,
    LampsChanged,
    LiveMessage,
    OutputView,
    PublisherView,
    SignalView,
    ViewChanged,
)

__all__ = ["Floor", "LiveViewError", "apply"]

_MOST_NAMES = 10_000
"""Bound on groups, feeds, signals, outputs, publishers and buttons: twice what the monitor takes."""

Named = TypeVar("Named", GroupView, FeedView, SignalView, OutputView, PublisherView, ButtonView)


class LiveViewError(QueueAlertError, ValueError):
    """The other side does not speak the live view; its text says what was wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """The last known floor and how far this machine's steady clock is off the monitor's.

    Attributes:
        view: The floor, whole.
        offset: Monitor's instant minus local steady time, as of the last message.
    """

    view: FloorView
    offset: Seconds

    def now(self, local: Seconds) -> Instant:
        """Return the monitor's instant at ``local`` steady time."""
        return local + self.offset


def apply(floor: Floor | None, message: LiveMessage, received_at: Seconds) -> Floor:
    """Return the floor after ``message``.

    Args:
        floor: Before it; ``None`` at the beginning of a connection.
        message: What came.
        received_at: When it came, by the local steady clock.

    Raises:
        LiveViewError: A change came before the floor, or names without bound.
    """
    offset = message.at - received_at
    if isinstance(message, FloorView):
        return Floor(view=message, offset=offset)
    if floor is None:
        raise LiveViewError("the first message was not the floor; is this a monitor's live view?")
    match message:
        case ViewChanged():
            return Floor(view=_changed(floor.view, message), offset=offset)
        case LampsChanged():
            return Floor(view=_lit(floor.view, message), offset=offset)
        case _ as unreachable:
            assert_never(unreachable)


def _changed(view: FloorView, change: ViewChanged) -> FloorView:
    return replace(
        view,
        at=change.at,
        groups=_merged(view.groups, change.groups),
        feeds=_merged(view.feeds, change.feeds),
        signals=_merged(view.signals, change.signals),
        alerts=view.alerts if change.alerts is None else change.alerts,
        outputs=_merged(view.outputs, change.outputs),
        publishers=_merged(view.publishers, change.publishers),
        buttons=_merged(view.buttons, change.buttons),
        store_fault=view.store_fault if change.store_fault is None else change.store_fault,
        reset_at=view.reset_at if change.reset_at is None else change.reset_at,
    )


def _lit(view: FloorView, change: LampsChanged) -> FloorView:
    outputs = tuple(
        replace(output, lamps=change.lamps) if output.name == change.output else output
        for output in view.outputs
    )
    return replace(view, at=change.at, outputs=outputs)


def _merged(old: tuple[Named, ...], new: tuple[Named, ...]) -> tuple[Named, ...]:
    if not new:
        return old
    by_name: dict[str, Named] = {item.name: item for item in old}
    by_name.update((item.name, item) for item in new)
    if len(by_name) > _MOST_NAMES:
        raise LiveViewError(f"the live view named more than {_MOST_NAMES} things; is this a monitor?")
    return tuple(by_name.values())
