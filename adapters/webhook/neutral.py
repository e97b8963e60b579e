"""CloudEvents that carry the neutral feed, to our events. Pure.

=================================  ==================================================================
CloudEvents                        :mod:`queue_alert.core.events`
=================================  ==================================================================
``id``                             ``id``; at most 200 characters
``source``                         whom the feed listens to; our ``source`` is the feed's own name
``type``                           ``type``: ``contact.queued``, ``group.snapshot``, ``feed.heartbeat`` …
``time`` (RFC 3339)                ``time``; where it is missing, when the post was received
``subject``                        ``subject``: the group
``sequence`` (extension)           ``seq``; of a snapshot or a heartbeat that of the latest event before
``run`` (extension)                another one: the ACD was started anew
``data``                           all other fields, under the names they have there
=================================  ==================================================================

Instants within ``data`` (``queued_at``) are seconds since 1970, or RFC 3339 too. One type is ours alone:
``feed.synced`` with ``data`` ``{"groups": 3}`` ends a set of so many snapshots. If all of them have come, a
group that got none is no more.
"""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from adapters.webhook.cloudevents import CloudEvent, RefusedError, without_values
from adapters.webhook.health import Health
from adapters.webhook.moments import instant_of
from queue_alert.core.deadlines import NEVER
from queue_alert.core.events import AcdEvent, FeedEvent, FeedHeartbeat, GroupSnapshotTaken, Provenance
from queue_alert.core.units import FeedName, GroupName, Instant, Seconds
from queue_alert.ports import Skipped
from queue_alert.protocol.order import Order

__all__ = ["LONGEST_TEXT", "SYNCED", "TAKEN_OVER_AFTER_S", "NeutralDesk"]

SYNCED: Final = "feed.synced"
LONGEST_TEXT: Final = 200
"""No id, name, number or reason may have more characters."""

TAKEN_OVER_AFTER_S: Final[Seconds] = 300.0
"""A source that is silent for so long has lost its feed to the next one that speaks."""

_RUNS_KEPT: Final = 16
_GROUP_LIMIT: Final = 5_000
_LARGEST: Final = 2.0**53
_TYPES: Final = frozenset(str(kind.__struct_config__.tag) for kind in FeedEvent.__args__)


class NeutralDesk:
    """Follows one source: its order, its runs, its groups.

    Args:
        name: The feed's name.
        health: Told of what says how far the feed can be believed.
        skipped: Called for what was lost.
        source: Whom to listen to; "" for whoever speaks first.
    """

    def __init__(
        self,
        name: FeedName,
        health: Health,
        skipped: Callable[[Skipped, str], None],
        *,
        source: str = "",
    ) -> None:
        self._name = name
        self._health = health
        self._skipped = skipped
        self._source = source
        self._may_change = not source
        self._heard_at: Instant = -NEVER
        self._order = Order()
        self._run = ""
        self._former: list[str] = []
        self._groups: set[GroupName] = set()
        self._listed: set[GroupName] = set()
        self._is_synced = False

    def take(self, event: CloudEvent, now: Instant) -> list[AcdEvent]:
        """Return our events.

        Raises:
            RefusedError: It is none of ours, or of another source.
        """
        if event.type != SYNCED and event.type not in _TYPES:
            raise RefusedError(Skipped.UNKNOWN_EVENT, "type is none of the neutral feed's")
        made = None if event.type == SYNCED else _made(event, self._name, now)
        said = self._enter_source(event.source, now) + self._enter_run(event.run, now)
        if made is None:
            return said + self._synced(event, now)
        if isinstance(made, FeedHeartbeat):
            self._note_missed(self._order.catch_up(event.sequence), now)
        elif isinstance(made, GroupSnapshotTaken):
            made = self._listed_group(made, event.sequence)
        else:
            missed = self._order.missed
            made = msgspec.structs.replace(made, seq=self._order.take(event.sequence))
            self._note_missed(self._order.missed - missed, now)
            self._know(made.group)
        return [*said, made]

    def finish(self, now: Instant) -> list[AcdEvent]:
        """Return what follows from a whole post: after snapshots the feed is believed."""
        was_synced, self._is_synced = self._is_synced, False
        return self._health.synced(now) if was_synced else []

    def _enter_source(self, source: str, now: Instant) -> list[AcdEvent]:
        said: list[AcdEvent] = []
        if source != self._source:
            if self._source and not (self._may_change and now >= self._heard_at + TAKEN_OVER_AFTER_S):
                raise RefusedError(
                    Skipped.OTHER_SOURCE, "source is another than this feed listens to; give it its own feed"
                )
            if self._heard_at != -NEVER:
                self._order.begin_run()
                said = self._health.restarted(now)
            self._source, self._run, self._former = source, "", []
        self._heard_at = now
        return said

    def _enter_run(self, run: str, now: Instant) -> list[AcdEvent]:
        if not run or run == self._run:
            return []
        if run in self._former:
            raise RefusedError(Skipped.TOO_OLD, "run is one that is over")
        is_restart = bool(self._run)
        if is_restart:
            self._former = [*self._former, self._run][-_RUNS_KEPT:]
            self._order.begin_run()
        self._run = run
        return self._health.restarted(now) if is_restart else []

    def _listed_group(self, snapshot: GroupSnapshotTaken, sequence: int) -> GroupSnapshotTaken:
        missed, latest = self._order.missed, self._order.last
        seq = self._order.take(sequence)
        self._count_missed(self._order.missed - missed)
        self._know(snapshot.group)
        self._listed.add(snapshot.group)
        # One that comes late, after what happened since, mends nothing.
        self._is_synced = self._is_synced or not seq or seq >= latest
        # Without a number of its own it is as of all that was heard: with 0 the core would take it for older
        # than every snapshot before.
        return msgspec.structs.replace(snapshot, seq=seq or latest)

    def _synced(self, event: CloudEvent, now: Instant) -> list[AcdEvent]:
        missed = self._order.catch_up(event.sequence)
        self._count_missed(missed)
        said: list[AcdEvent] = []
        groups = event.data.get("groups") if isinstance(event.data, dict) else None
        if groups == len(self._listed):
            gone = sorted(self._groups - self._listed)
            said += [self._emptied(event, group, number, now) for number, group in enumerate(gone)]
            self._groups = self._listed
            self._is_synced = True
        elif groups is not None:
            # Some never came. To take their groups for gone would empty them.
            self._health.lost(now)
        self._listed = set()
        return said

    def _emptied(self, event: CloudEvent, group: GroupName, number: int, now: Instant) -> GroupSnapshotTaken:
        return GroupSnapshotTaken(
            id=f"{event.id[:LONGEST_TEXT]}/{number}",
            source=self._name,
            time=now if event.time is None else event.time,
            seq=self._order.last,
            provenance=Provenance.INFERRED,
            group=group,
            agents=(),
        )

    def _know(self, group: GroupName) -> None:
        if len(self._groups) < _GROUP_LIMIT:
            self._groups.add(group)

    def _note_missed(self, missed: int, now: Instant) -> None:
        if missed:
            self._count_missed(missed)
            self._health.lost(now)

    def _count_missed(self, missed: int) -> None:
        if missed:
            self._skipped(Skipped.LOST, f"events={missed}")


def _made(event: CloudEvent, name: FeedName, now: Instant) -> FeedEvent:
    if not isinstance(event.data, dict):
        raise RefusedError(Skipped.BAD_VALUE, "data must be a JSON object")
    data = {key: _in_seconds(key, value) for key, value in event.data.items()}
    envelope: dict[str, Any] = {
        "type": event.type,
        "id": event.id,
        "source": name,
        "time": now if event.time is None else event.time,
        "seq": 0,
    }
    if event.subject:
        envelope["subject"] = event.subject
    try:
        made: FeedEvent = msgspec.convert({**data, **envelope}, FeedEvent)
    except msgspec.ValidationError as error:
        raise RefusedError(Skipped.BAD_VALUE, f"{event.type}: {without_values(error)}") from error
    _check(made)
    return made


def _in_seconds(key: str, value: Any) -> Any:
    """Return ``value`` with RFC 3339 instants as seconds, also within lists of waiting contacts."""
    if key == "queued_at" and isinstance(value, str):
        at = instant_of(value)
        if at is None:
            raise RefusedError(Skipped.BAD_VALUE, "queued_at must be seconds since 1970 or as in RFC 3339")
        return at
    if key == "waiting" and isinstance(value, list):
        return [
            {name: _in_seconds(name, part) for name, part in entry.items()}
            if isinstance(entry, dict)
            else entry
            for entry in value
        ]
    return value


def _check(made: msgspec.Struct) -> None:
    """Refuse what types allow and nothing can mean: texts without end or without content, endless numbers."""
    for field in msgspec.structs.fields(made):
        value = getattr(made, field.name)
        if isinstance(value, str):
            if len(value) > LONGEST_TEXT:
                raise RefusedError(
                    Skipped.TOO_LONG, f"{field.encode_name} has more than {LONGEST_TEXT} characters"
                )
            if not value and field.required:
                raise RefusedError(Skipped.MISSING_FIELD, f"{field.encode_name} is empty")
        elif isinstance(value, int | float):
            if not abs(value) <= _LARGEST:
                raise RefusedError(Skipped.BAD_VALUE, f"{field.encode_name} is beyond 2**53")
        elif isinstance(value, tuple):
            for part in value:
                _check(part)
        elif isinstance(value, msgspec.Struct):
            _check(value)
