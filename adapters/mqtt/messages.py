"""What an MQTT message says: topic and payload to a word of the feed; and our own state. Pure."""

from typing import Final, TypeAlias, TypeVar

import msgspec

from queue_alert.core.events import (
    UNREADABLE,
    Event,
    FeedEvent,
    FeedHeartbeat,
    GroupSnapshotTaken,
    feed_decoder,
)
from queue_alert.core.units import GroupName, Instant
from queue_alert.core.view import GroupView
from queue_alert.ports import Skipped
from queue_alert.protocol.topics import GroupState, PublisherStatus, group_of_topic, status_topic

__all__ = ["GroupGone", "Reader", "Said", "UnreadableMessageError", "group_state"]

_LONGEST_NAME: Final = 200
_HIGHEST_SEQ: Final = 2**53
_MOST_GROUPS: Final = 50_000
_HEARTBEAT_S: Final = (0.05, 3600.0)
"""What msgspec raises for bytes that are no message: also for deep nesting, and for a tag that is no text."""
_NAMES: Final = ("id", "group", "contact", "agent", "supervisor", "owner")


class UnreadableMessageError(ValueError):
    """A message cannot be taken.

    Attributes:
        kind: What is wrong with it.
        detail: Where, in few words; nothing that a customer or agent could be known by.
    """

    def __init__(self, kind: Skipped, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail


class GroupGone(msgspec.Struct, frozen=True):
    """A group's retained snapshot was cleared: the group is no more."""

    group: GroupName


_Spoken = TypeVar("_Spoken", bound=Event)

Said: TypeAlias = PublisherStatus | GroupGone | FeedEvent
"""A word of the feed; a snapshot is a ``GroupSnapshotTaken``."""


class Reader:
    """Reads the messages of one site.

    Args:
        site: Whose messages they are.
        max_payload: Bytes; a longer payload is refused unread.
    """

    def __init__(self, site: str, *, max_payload: int) -> None:
        self._site = site
        self._max_payload = max_payload
        self._status_topic = status_topic(site)
        self._event = feed_decoder()
        self._status = msgspec.json.Decoder(PublisherStatus)

    def read(self, topic: str, payload: bytes) -> Said:
        """Return what a message says.

        Raises:
            UnreadableMessageError: It says nothing that we could take; nothing else for any bytes.
        """
        if len(payload) > self._max_payload:
            raise UnreadableMessageError(Skipped.TOO_LONG, f"payload of more than {self._max_payload} bytes")
        if topic == self._status_topic:
            return self._read_status(payload)
        group = group_of_topic(topic, self._site, "events")
        if group is not None:
            return self._read_event(group, payload)
        group = group_of_topic(topic, self._site, "snapshot")
        if group is not None:
            return self._read_snapshot(group, payload)
        raise UnreadableMessageError(Skipped.WRONG_TOPIC, "topic of no kind that is known")

    def _read_status(self, payload: bytes) -> PublisherStatus:
        if not payload:
            # Whoever clears the retained status takes the publisher away.
            return PublisherStatus(online=False)
        try:
            status = self._status.decode(payload)
        except UNREADABLE as error:
            raise _unreadable(error, "status") from error
        least, most = _HEARTBEAT_S
        if not (0 <= status.seq <= _HIGHEST_SEQ and least <= status.heartbeat_s <= most):
            raise UnreadableMessageError(Skipped.BAD_VALUE, "status: seq or heartbeat_s")
        names = (status.source, status.run, *(status.groups or ()))
        if len(names) > _MOST_GROUPS:
            raise UnreadableMessageError(Skipped.TOO_LONG, f"status: more than {_MOST_GROUPS} groups")
        if any(len(name) > _LONGEST_NAME for name in names):
            raise UnreadableMessageError(Skipped.BAD_VALUE, f"status: longer than {_LONGEST_NAME} characters")
        return status

    def _read_event(self, group: GroupName, payload: bytes) -> FeedEvent:
        event = self._decode(payload)
        if isinstance(event, GroupSnapshotTaken | FeedHeartbeat):
            raise UnreadableMessageError(Skipped.WRONG_TOPIC, f"{_type(event)} on a topic for events")
        return _checked(event, group)

    def _read_snapshot(self, group: GroupName, payload: bytes) -> GroupGone | GroupSnapshotTaken:
        if not payload:
            return GroupGone(group)
        event = self._decode(payload)
        if not isinstance(event, GroupSnapshotTaken):
            raise UnreadableMessageError(Skipped.WRONG_TOPIC, f"{_type(event)} on a topic for snapshots")
        return _checked(event, group)

    def _decode(self, payload: bytes) -> FeedEvent:
        try:
            return self._event.decode(payload)
        except UNREADABLE as error:
            raise _unreadable(error, "event") from error


def group_state(view: GroupView, at: Instant) -> GroupState:
    """Return what other programs are told of a group that stood like ``view`` at ``at``."""
    return GroupState(
        group=view.name,
        at=at,
        waiting=view.waiting,
        oldest_queued_at=view.oldest_queued_at,
        severity=view.severity.name.lower(),
        stale=view.stale,
        agents=dict(view.agents),
        service_level=view.window.service_level.get(view.target.formula),
        offered_today=view.today.offered,
        answered_today=view.today.answered,
        abandoned_today=view.today.abandoned,
        acknowledged=view.acknowledged,
        emergencies=view.emergencies,
    )


def _type(event: Event) -> str:
    return str(event.__struct_config__.tag)


def _unreadable(error: Exception, what: str) -> UnreadableMessageError:
    if isinstance(error, msgspec.ValidationError):
        text = str(error)
        if "Invalid value" in text and "$.type" in text:
            return UnreadableMessageError(Skipped.UNKNOWN_EVENT, f"{what}: type")
        if "missing required field" in text:
            return UnreadableMessageError(Skipped.MISSING_FIELD, f"{what}: {text[-60:]}")
        return UnreadableMessageError(Skipped.BAD_VALUE, what)
    return UnreadableMessageError(Skipped.NOT_TEXT, f"{what}: not JSON")


def _checked(event: _Spoken, group: GroupName) -> _Spoken:
    """Return the event if it is of this group and nothing in it is out of bounds."""
    if getattr(event, "group", None) != group:
        raise UnreadableMessageError(Skipped.WRONG_TOPIC, f"{_type(event)}: subject is not the topic's group")
    if not 0 <= event.seq <= _HIGHEST_SEQ:
        raise UnreadableMessageError(Skipped.BAD_VALUE, f"{_type(event)}: seq")
    for name in _NAMES:
        if len(getattr(event, name, "")) > _LONGEST_NAME:
            raise UnreadableMessageError(Skipped.BAD_VALUE, f"{_type(event)}: {name} is too long")
    if isinstance(event, GroupSnapshotTaken):
        ids: list[str] = [entry.contact for entry in event.waiting]
        ids += [entry.agent for entry in event.agents or ()]
        if any(len(one) > _LONGEST_NAME for one in ids):
            raise UnreadableMessageError(Skipped.BAD_VALUE, f"{_type(event)}: an id is too long")
    return event
