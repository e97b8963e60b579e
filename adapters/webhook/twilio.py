"""Twilio TaskRouter's events, as Event Streams posts them, to ours. Pure.

Its words stop here: a *task* is a contact, a *task queue* a group, a *worker* an agent.

They come at least once, in any order (a recorded run lists ``task-queue.entered`` before ``task.created``),
and are tried again for four hours. Every event tells all that is known of its task, so one may tell what
another did not.

Source: Twilio, Event Streams, Event Types, TaskRouter, schema TaskRouter.WDSEvent/4; Event delivery retries
and event duplication; TaskRouter, Events reference.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from adapters.webhook.cloudevents import CloudEvent, RefusedError
from adapters.webhook.contacts import ContactBook
from adapters.webhook.fields import LONGEST_NAME, mapping, moment, name, number, text
from adapters.webhook.outbox import Outbox
from adapters.webhook.workers import WorkerDesk
from queue_alert.core.events import (
    UNREADABLE,
    AcdEvent,
    Channel,
    ContactRingFailed,
    ContactRung,
    Outcome,
    RingFailure,
    TransferKind,
)
from queue_alert.core.units import AgentId, ContactId, FeedName, GroupName, Instant, Seconds
from queue_alert.ports import Skipped

__all__ = ["OLDEST_S", "PREFIX", "TwilioTranslator"]

PREFIX: Final = "com.twilio.taskrouter."
"""What the types of its events begin with."""
OLDEST_S: Final[Seconds] = 5 * 3600.0
"""An event is delivered within four hours or never; an older one was sent again by somebody else."""

_CHANNELS: Final = {
    "voice": Channel.VOICE,
    "default": Channel.VOICE,
    "video": Channel.VOICE,
    "chat": Channel.CHAT,
    "sms": Channel.CHAT,
    "web": Channel.CHAT,
    "email": Channel.EMAIL,
    "callback": Channel.CALLBACK,
    "voicemail": Channel.VOICEMAIL,
}
_RING_FAILURES: Final = {
    "rejected": RingFailure.REJECTED,
    "timeout": RingFailure.TIMEOUT,
    "canceled": RingFailure.CANCELLED,
    "rescinded": RingFailure.CANCELLED,
    "failed": RingFailure.NO_ANSWER,
}
_WAITING: Final = frozenset({"created", "rejected", "timeout"})
_ATTRIBUTES_LIMIT: Final = 65_536


class TwilioTranslator:
    """Translates one event after another, whatever their order.

    Args:
        source: The feed's name.
        skipped: Called for what never came.
        give_up_s: A task of which nothing was heard for so long waits no more.
    """

    def __init__(
        self, source: FeedName, skipped: Callable[[Skipped, str], None], *, give_up_s: Seconds
    ) -> None:
        self._outbox = Outbox(source)
        self._contacts = ContactBook(self._outbox, skipped, give_up_s=give_up_s)
        self._workers = WorkerDesk(self._outbox)

    def translate(self, event: CloudEvent, now: Instant) -> list[AcdEvent]:
        """Return our events; none where it tells nothing new, or nothing of waiting and answering.

        Raises:
            RefusedError: It lacks what its type must have, or is too old.
        """
        self._outbox.now = now
        payload = mapping(mapping(event.data).get("payload"))
        if not payload:
            raise RefusedError(Skipped.MISSING_FIELD, "data.payload is missing")
        at = moment(payload, "timestamp") or moment(mapping(event.data), "timestamp") or event.time or now
        if at < now - OLDEST_S:
            raise RefusedError(Skipped.TOO_OLD, f"the event is older than {OLDEST_S / 3600:g} h")
        subject, _, what = event.type.removeprefix(PREFIX).partition(".")
        if subject == "task-queue":
            self._task_queue(what, payload, at)
        elif subject == "reservation":
            self._reservation(what, payload, at)
        elif subject == "task":
            self._task(what, payload, at)
        elif subject == "worker":
            self._worker(what, payload, at)
        return self._outbox.take()

    def advance(self, now: Instant) -> list[AcdEvent]:
        """Return what time alone has brought about."""
        self._outbox.now = now
        self._contacts.advance()
        return self._outbox.take()

    def next_at(self) -> Instant:
        """Return when :meth:`advance` next has something to do; infinity if never again."""
        return self._contacts.next_at()

    def _task_queue(self, what: str, payload: Mapping[str, Any], at: Instant) -> None:
        if what not in {"entered", "moved"}:
            return
        contact, group = _contact(payload), _group(payload)
        began = moment(payload, "task_queue_entered_date") or at
        before = text(payload, "previous_task_queue_name")
        if what == "moved" and before and before != group:
            self._contacts.left(contact, GroupName(before), began, outcome=Outcome.REROUTED, is_over=False)
        self._queued(payload, contact, group, began)

    def _reservation(self, what: str, payload: Mapping[str, Any], at: Instant) -> None:
        contact, group = _contact(payload), _group(payload)
        agent = AgentId(name(payload, "worker_name", "worker_sid"))
        reservation = name(payload, "reservation_sid", "resource_sid")
        began = moment(payload, "task_queue_entered_date")
        if what in _WAITING and began is not None:
            self._queued(payload, contact, group, began)  # whose entering was not told
        is_news = self._workers.reservation(agent, group, reservation, what, at)
        if what == "created" and is_news:
            stamp = self._outbox.stamp(f"{reservation}/created", at)
            self._outbox.add(ContactRung(**stamp, group=group, contact=contact, agent=agent))
        elif what in _RING_FAILURES and is_news:
            stamp = self._outbox.stamp(f"{reservation}/failed", at)
            reason = _RING_FAILURES[what]
            self._outbox.add(
                ContactRingFailed(**stamp, group=group, contact=contact, agent=agent, reason=reason)
            )
        elif what == "accepted":
            self._contacts.answered(contact, group, at, agent=agent, began=began)
        elif what == "wrapup":
            self._contacts.completed(contact, group, at, began=began, is_over=False)
        elif what == "completed":
            self._contacts.completed(contact, group, at, began=began, is_over=False)
            self._contacts.wrapped(contact, group, at, acw_s=None)

    def _task(self, what: str, payload: Mapping[str, Any], at: Instant) -> None:
        if what in {"canceled", "deleted", "system-deleted"}:
            group = self._group_of(payload)
            if group is None:
                return  # it never entered a queue
            outcome = _outcome(payload) if what == "canceled" else Outcome.WITHDRAWN
            began = moment(payload, "task_queue_entered_date")
            contact = _contact(payload)
            if self._contacts.was_answered(contact) and not self._contacts.is_waiting(contact):
                self._contacts.completed(contact, group, at, began=began)
            else:
                self._contacts.left(contact, group, at, outcome=outcome, began=began)
        elif what in {"wrapup", "completed"}:
            group = self._group_of(payload)
            if group is None:
                return
            began = moment(payload, "task_queue_entered_date")
            self._contacts.completed(_contact(payload), group, at, began=began, is_over=what == "completed")
            if what == "completed":
                self._contacts.wrapped(_contact(payload), group, at, acw_s=None)
        elif what == "transfer-completed":
            kind = TransferKind.BLIND if text(payload, "transfer_mode") == "COLD" else TransferKind.CONSULT
            self._contacts.transferred(_contact(payload), at, kind=kind, to=text(payload, "transfer_to"))

    def _worker(self, what: str, payload: Mapping[str, Any], at: Instant) -> None:
        if what == "deleted":
            self._workers.removed(AgentId(name(payload, "worker_name", "worker_sid")), at)
        elif what == "activity.update":
            available = payload.get("worker_available")
            self._workers.active(
                AgentId(name(payload, "worker_name", "worker_sid")),
                text(payload, "worker_activity_name"),
                is_available=available if isinstance(available, bool) else None,
                at=at,
            )

    def _queued(
        self, payload: Mapping[str, Any], contact: ContactId, group: GroupName, began: Instant
    ) -> None:
        self._contacts.queued(
            contact,
            group,
            began,
            channel=_CHANNELS.get(text(payload, "task_channel_unique_name").casefold(), Channel.VOICE),
            priority=number(payload, "task_priority"),
            caller=_caller(payload),
        )

    def _group_of(self, payload: Mapping[str, Any]) -> GroupName | None:
        """Return the queue that an event names, or else the one where its task was last."""
        try:
            return _group(payload)
        except RefusedError:
            return self._contacts.group_of(_contact(payload))


def _contact(payload: Mapping[str, Any]) -> ContactId:
    return ContactId(name(payload, "task_sid"))


def _group(payload: Mapping[str, Any]) -> GroupName:
    return GroupName(name(payload, "task_queue_name", "task_queue_sid"))


def _outcome(payload: Mapping[str, Any]) -> Outcome:
    """Return why a task was cancelled: whoever cancels it says so in words of his own."""
    reason = (text(payload, "task_canceled_reason") or text(payload, "reason")).casefold()
    if any(word in reason for word in ("hangup", "hung up", "hang up", "customer", "caller", "abandon")):
        return Outcome.ABANDONED
    if any(word in reason for word in ("timeout", "timed out", "ttl")):
        return Outcome.TIMEOUT
    return Outcome.REROUTED if "redirect" in reason else Outcome.UNKNOWN


def _caller(payload: Mapping[str, Any]) -> str:
    attributes = payload.get("task_attributes")
    if not isinstance(attributes, str) or len(attributes) > _ATTRIBUTES_LIMIT:
        return ""
    try:
        read = mapping(msgspec.json.decode(attributes))
    except UNREADABLE:
        return ""
    return next((found for key in ("from", "caller") if (found := text(read, key))), "")[:LONGEST_NAME]
