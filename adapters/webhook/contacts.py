"""Contacts of a vendor whose events come in any order, twice, late or never. Pure.

What an event tells of a contact is a *fact* with an instant of its own: it was queued then, answered then. A
fact is told once, whoever tells it first, and what it proves of earlier ones is told with it: who was
answered waits no more, wherever the last word about him put him. Identities are made of the fact, not of
the event, so that the core knows a repeat too.
"""

from collections import deque
from collections.abc import Callable
from typing import Any, Final

from adapters.webhook.outbox import Outbox, Stamp
from adapters.webhook.stays import Record, Stay, find_stay, insert_stay
from queue_alert.core.events import (
    Channel,
    ContactAnswered,
    ContactCompleted,
    ContactDequeued,
    ContactLeft,
    ContactQueued,
    ContactTransferred,
    ContactWrapped,
    EndedBy,
    Outcome,
    Provenance,
    TransferKind,
)
from queue_alert.core.units import AgentId, ContactId, GroupName, Instant, Seconds
from queue_alert.ports import Skipped

__all__ = ["CONTACT_LIMIT", "LATE_S", "ContactBook"]

CONTACT_LIMIT: Final = 20_000
"""How many contacts are remembered; past that the one of which nothing was heard for longest is forgotten."""
LATE_S: Final[Seconds] = 10.0
"""So long a conversation's beginning may come after its end."""

_SETTLE_S: Final[Seconds] = 5.0
_NEVER: Final[Instant] = float("inf")


class ContactBook:
    """Tells every fact once.

    Args:
        outbox: Where events go.
        skipped: Called for a contact whose end never came.
        give_up_s: A contact of which nothing was heard for so long waits no more.
        limit: See :data:`CONTACT_LIMIT`.
    """

    def __init__(
        self,
        outbox: Outbox,
        skipped: Callable[[Skipped, str], None],
        *,
        give_up_s: Seconds,
        limit: int = CONTACT_LIMIT,
    ) -> None:
        self._outbox = outbox
        self._skipped = skipped
        self._give_up_s = give_up_s
        self._limit = limit
        self._records: dict[ContactId, Record] = {}
        self._waiting: dict[ContactId, Instant] = {}
        self._late: deque[tuple[Instant, ContactId, Stay]] = deque()

    def __len__(self) -> int:
        """Return how many contacts are remembered."""
        return len(self._records)

    def group_of(self, contact: ContactId) -> GroupName | None:
        """Return the group in which a contact waits or was served last."""
        record = self._records.get(contact)
        return record.stays[-1].group if record and record.stays else None

    def is_waiting(self, contact: ContactId) -> bool:
        """Return whether a contact waits, as far as anybody has said."""
        return contact in self._waiting

    def was_answered(self, contact: ContactId) -> bool:
        """Return whether a contact is known to have been connected to an agent."""
        record = self._records.get(contact)
        return record is not None and any(stay.answered_at is not None for stay in record.stays)

    def queued(
        self,
        contact: ContactId,
        group: GroupName,
        at: Instant,
        *,
        channel: Channel,
        priority: int = 0,
        caller: str = "",
    ) -> None:
        """Learn that a contact began to wait ``at``."""
        record = self._touch(contact)
        stay = find_stay(record, group, at, began=at)
        if stay is not None and stay.began is not None and not stay.lacks_beginning:
            return
        if stay is not None:
            stay.began = at
            stay.lacks_beginning = False
        else:
            stay = Stay(group, at)
            insert_stay(record, stay)
            self._close_others(contact, record, stay)
            if self._is_past(contact, record, stay):
                return
        self._keep_waiting(contact, record)
        stay.was_queued = True
        self._outbox.add(
            ContactQueued(
                **self._stamp(contact, group, "queued", at),
                group=group,
                contact=contact,
                channel=channel,
                priority=priority,
                caller=caller,
            )
        )

    def answered(
        self,
        contact: ContactId,
        group: GroupName,
        at: Instant,
        *,
        agent: AgentId,
        began: Instant | None = None,
    ) -> None:
        """Learn that a contact was connected to its first agent ``at``; ``began``: since when it waited."""
        record, stay = self._stay(contact, group, at, began)
        if stay.answered_at is not None or not (stay.is_waiting or stay.was_presumed):
            return
        stay.answered_at = stay.ended_at = at
        stay.was_presumed = False
        stay.agent = agent
        self._close_others(contact, record, stay)
        self._keep_waiting(contact, record)
        self._outbox.add(
            ContactAnswered(
                **self._stamp(contact, group, "answered", at),
                group=group,
                contact=contact,
                agent=agent,
                queue_s=stay.queue_s(at),
            )
        )
        if stay.completed_at is not None:
            self._tell_completed(contact, stay)

    def left(
        self,
        contact: ContactId,
        group: GroupName,
        at: Instant,
        *,
        outcome: Outcome,
        began: Instant | None = None,
        is_over: bool = True,
        is_presumed: bool = False,
    ) -> None:
        """Learn that a contact left the queue ``at`` unanswered.

        Args:
            contact: Who.
            group: The queue.
            at: When.
            outcome: Why.
            began: Since when it waited.
            is_over: It waits nowhere else now, so an earlier instant says nothing any more.
            is_presumed: Another event may still tell a better reason.
        """
        record, stay = self._stay(contact, group, at, began)
        if is_over:
            record.over_at = max(at, record.over_at or at)
        if not (stay.is_waiting or (stay.was_presumed and not is_presumed)):
            return
        stay.ended_at = at
        stay.was_presumed = is_presumed
        self._close_others(contact, record, stay)
        self._keep_waiting(contact, record)
        place: Any = {"group": group, "contact": contact}
        if is_presumed:
            stay.lacks_beginning = not stay.was_queued
            stamp = self._stamp(contact, group, "dequeued", at)
            self._outbox.add(ContactDequeued(**stamp, **place, presumed=outcome, settle_s=_SETTLE_S))
        else:
            self._tell_left(contact, stay, outcome, at)

    def completed(
        self,
        contact: ContactId,
        group: GroupName,
        at: Instant,
        *,
        held_s: Seconds | None = None,
        ended_by: EndedBy = EndedBy.UNKNOWN,
        began: Instant | None = None,
        is_over: bool = True,
    ) -> None:
        """Learn that the conversation ended ``at``. Where its beginning is not known, that is waited for.

        Args:
            contact: Who.
            group: The queue he was answered from.
            at: When.
            held_s: Seconds of it that he was on hold.
            ended_by: Who ended it.
            began: Since when he had waited.
            is_over: He waits nowhere else now, so an earlier instant says nothing any more.
        """
        record, stay = self._stay(contact, group, at, began)
        if is_over:
            record.over_at = max(at, record.over_at or at)
        if stay.completed_at is not None or (stay.answered_at is None and not stay.is_waiting):
            return
        stay.completed_at, stay.held_s = at, held_s
        stay.ended_by = EndedBy.TRANSFER if stay.is_transferred else ended_by
        if stay.answered_at is None:
            self._late.append((self._outbox.now + LATE_S, contact, stay))
        else:
            self._tell_completed(contact, stay)

    def wrapped(self, contact: ContactId, group: GroupName, at: Instant, *, acw_s: Seconds | None) -> None:
        """Learn that the work after the conversation ended ``at``; ``None``: it lasted since its end."""
        _record, stay = self._stay(contact, group, at, None)
        if stay.is_wrapped or (acw_s is None and stay.completed_at is None):
            return
        stay.is_wrapped = True
        if acw_s is None:
            acw_s = max(at - (stay.completed_at or at), 0.0)
        if acw_s > 0:
            self._outbox.add(
                ContactWrapped(
                    **self._stamp(contact, group, "wrapped", at),
                    group=group,
                    contact=contact,
                    agent=stay.agent,
                    acw_s=acw_s,
                )
            )

    def transferred(self, contact: ContactId, at: Instant, *, kind: TransferKind, to: str) -> None:
        """Learn that an answered contact was passed on; one nobody knows is passed over."""
        record = self._records.get(contact)
        answered = [one for one in (record.stays if record else ()) if one.answered_at is not None]
        if not answered or answered[-1].is_transferred:
            return
        stay = answered[-1]
        stay.is_transferred = True
        self._outbox.add(
            ContactTransferred(
                **self._stamp(contact, stay.group, "transferred", at),
                group=stay.group,
                contact=contact,
                kind=kind,
                to=to,
                agent=stay.agent,
            )
        )

    def next_at(self) -> Instant:
        """Return when :meth:`advance` next has something to do; infinity if never again."""
        late = self._late[0][0] if self._late else _NEVER
        return min(late, next(iter(self._waiting.values()), _NEVER) + self._give_up_s)

    def advance(self) -> None:
        """Do what is due: end conversations whose beginning never came, and waits whose end never did."""
        now = self._outbox.now
        while self._late and now >= self._late[0][0]:
            _due, contact, stay = self._late.popleft()
            if stay.answered_at is None and stay.is_waiting:
                self._infer_answer(contact, stay)
        while self._waiting:
            contact, heard_at = next(iter(self._waiting.items()))
            if now < heard_at + self._give_up_s:
                break
            self._give_up(contact)

    def _stamp(self, contact: ContactId, group: GroupName, what: str, at: Instant) -> Stamp:
        return self._outbox.stamp(f"{contact}/{group}/{what}", at)

    def _touch(self, contact: ContactId) -> Record:
        record = self._records.pop(contact, None)
        if record is None:
            record = Record()
            if len(self._records) >= self._limit:
                oldest = next(iter(self._records))
                del self._records[oldest]
                self._waiting.pop(oldest, None)
        self._records[contact] = record
        if contact in self._waiting:
            del self._waiting[contact]
            self._waiting[contact] = self._outbox.now
        return record

    def _keep_waiting(self, contact: ContactId, record: Record) -> None:
        self._waiting.pop(contact, None)
        if any(stay.is_waiting for stay in record.stays):
            self._waiting[contact] = self._outbox.now

    def _stay(
        self, contact: ContactId, group: GroupName, at: Instant, began: Instant | None
    ) -> tuple[Record, Stay]:
        """Return the stay that an event is about, a new one where none is known."""
        record = self._touch(contact)
        stay = find_stay(record, group, at, began=began)
        if stay is None:
            stay = Stay(group, began)
            insert_stay(record, stay)
        elif stay.began is None:
            stay.began = began
        return record, stay

    def _close_others(self, contact: ContactId, record: Record, latest: Stay) -> None:
        """End earlier stays that are still open: a contact waits in one queue at a time."""
        at = latest.began if latest.began is not None else latest.ended_at
        for stay in record.stays:
            if stay is latest:
                break
            if stay.is_waiting and stay.completed_at is None and at is not None:
                stay.ended_at = max(at, stay.began or at)
                self._tell_left(contact, stay, Outcome.REROUTED, stay.ended_at)

    def _is_past(self, contact: ContactId, record: Record, stay: Stay) -> bool:
        """Tell of a stay that was over before its beginning was heard of."""
        later = record.stays[record.stays.index(stay) + 1 :]
        until = later[0].began or later[0].ended_at if later else record.over_at
        if until is None or stay.began is None or until < stay.began:
            return False
        stay.ended_at = until
        self._tell_left(contact, stay, Outcome.REROUTED, until)
        return True

    def _tell_left(self, contact: ContactId, stay: Stay, outcome: Outcome, at: Instant) -> None:
        self._outbox.add(
            ContactLeft(
                **self._stamp(contact, stay.group, "left", at),
                group=stay.group,
                contact=contact,
                outcome=outcome,
                queue_s=stay.queue_s(at),
            )
        )

    def _tell_completed(self, contact: ContactId, stay: Stay) -> None:
        at, answered_at = stay.completed_at, stay.answered_at
        if at is None or stay.is_completed:
            return
        stay.is_completed = True
        talk_s = None if answered_at is None else round(max(at - answered_at - (stay.held_s or 0.0), 0.0), 3)
        self._outbox.add(
            ContactCompleted(
                **self._stamp(contact, stay.group, "completed", at),
                group=stay.group,
                contact=contact,
                agent=stay.agent,
                talk_s=talk_s,
                held_s=stay.held_s,
                ended_by=stay.ended_by,
            )
        )

    def _infer_answer(self, contact: ContactId, stay: Stay) -> None:
        at = stay.ended_at = stay.completed_at
        if at is None:
            return
        self._skipped(Skipped.LOST, "the beginning of a conversation")
        self._outbox.add(
            ContactAnswered(
                **self._stamp(contact, stay.group, "answered", at),
                provenance=Provenance.INFERRED,
                group=stay.group,
                contact=contact,
                agent=stay.agent,
                queue_s=stay.queue_s(at),
            )
        )
        self._tell_completed(contact, stay)
        if (record := self._records.get(contact)) is not None:
            self._keep_waiting(contact, record)

    def _give_up(self, contact: ContactId) -> None:
        del self._waiting[contact]
        self._skipped(Skipped.LOST, "the end of a wait")
        for stay in self._records[contact].stays:
            if stay.is_waiting:
                stay.ended_at = self._outbox.now
                self._outbox.add(
                    ContactLeft(
                        **self._stamp(contact, stay.group, "given-up", stay.ended_at),
                        provenance=Provenance.INFERRED,
                        group=stay.group,
                        contact=contact,
                    )
                )
