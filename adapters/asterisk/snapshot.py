"""Lists asked for by ``QueueStatus``, put together to one snapshot a queue.

A list is ``QueueParams``, then its ``QueueMember`` and ``QueueEntry``, for every queue, ended by
``QueueStatusComplete``; the ActionID tells several lists apart. Nothing is said before the list is whole:
half a list would empty the queues that it does not name.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from adapters.asterisk.agents import AgentDesk, AgentReport, read_report
from adapters.asterisk.callers import CallerDesk, known_caller
from adapters.asterisk.frames import Frame, UnreadableFrameError, open_frame
from adapters.asterisk.outbox import Outbox
from adapters.asterisk.talks import TalkDesk
from adapters.asterisk.tally import RawCounts, Tally
from queue_alert.core.events import (
    AgentSnapshot,
    FeedState,
    FeedStatusChanged,
    GroupCounters,
    GroupSnapshotTaken,
    Provenance,
    WaitingContact,
)
from queue_alert.core.units import AgentId, ContactId, GroupName
from queue_alert.ports import Skipped

__all__ = ["ITEM_LIMIT", "LIST_LIMIT", "SIZE_LIMIT", "ListDesk"]

LIST_LIMIT: Final = 8
"""How many lists may be under way at a time; past that the oldest is dropped."""

ITEM_LIMIT: Final = 100_000
"""How many items one list may have; a longer one is dropped."""

SIZE_LIMIT: Final = 32_000_000
"""How many bytes one list may have; a larger one is dropped."""

_KNOWN_LIMIT: Final = 5_000
_REPORT_LIMIT: Final = 10_000
_ENTRY: Final = b"Event: QueueEntry"
_MEMBER: Final = b"Event: QueueMember"
_MARK: Final = b"\r\nActionID: "

_DEAF: Final = (
    "callers wait whose joining is not told, so they are seen only when asked for; manager.conf: this user's "
    "read lacks agent, or an eventfilter or disabledevents holds QueueCallerJoin back"
)
_BLIND: Final = (
    "why callers leave is not told, so outcomes are unknown; manager.conf: this user's read lacks dialplan, "
    "or an eventfilter or disabledevents holds VarSet back"
)
_PROOF: Final = 2

_Item: TypeAlias = tuple[GroupName, AgentReport | RawCounts | None]
"""What an item says that may be the same in the next list: a queue's counts, or an agent's state in it."""


@dataclass(slots=True)
class _Group:
    waiting: list[WaitingContact] = field(default_factory=list)
    agents: list[AgentSnapshot] = field(default_factory=list)
    counts: RawCounts | None = None


@dataclass(slots=True)
class _List:
    """The items of a list under way, unread: they are read when it is whole, and only those that are new."""

    items: list[bytes] = field(default_factory=list)
    size: int = 0


class ListDesk:
    """Collects lists and says what they show.

    Args:
        outbox: Where events go.
        callers: Knows the contacts behind the channels.
        agents: Knows the states of the agents.
        talks: Knows the conversations under way.
        tally: Knows what the events told.
        skipped: Called for items that cannot be read.
    """

    def __init__(
        self,
        outbox: Outbox,
        callers: CallerDesk,
        agents: AgentDesk,
        *,
        talks: TalkDesk,
        tally: Tally,
        skipped: Callable[[Skipped, str], None],
    ) -> None:
        self._outbox = outbox
        self._callers = callers
        self._agents = agents
        self._talks = talks
        self._tally = tally
        self._skipped = skipped
        self._lists: dict[bytes, _List] = {}
        self._known: dict[GroupName, None] = {}
        # Most agents have done nothing since the list before: their items are the same to the byte.
        self._read_before: dict[bytes, _Item] = {}
        self._listed: set[tuple[GroupName, ContactId]] | None = None
        self._unannounced = 0

    @property
    def doubt(self) -> str:
        """What seems to be held back from us, as a sentence; ``""``: nothing."""
        if self._unannounced >= _PROOF:
            return _DEAF
        return _BLIND if self._callers.lacks_variables else ""

    def know(self, group: GroupName) -> None:
        """Remember a queue, so that it is emptied once a list no longer has it."""
        if group not in self._known and len(self._known) >= _KNOWN_LIMIT:
            del self._known[next(iter(self._known))]
        self._known[group] = None

    def item(self, piece: bytes) -> None:
        """Take ``QueueParams``, ``QueueMember`` or ``QueueEntry``.

        Raises:
            UnreadableFrameError: The list is longer than one is taken to be.
        """
        body, mark, action = piece.rpartition(_MARK)
        if not mark or b"\r" in action:
            # The ActionID is not the last header, or there is none.
            body, action = piece, piece.partition(_MARK)[2].partition(b"\r")[0]
        items = self._lists.get(action)
        if items is None:
            if len(self._lists) >= LIST_LIMIT:
                del self._lists[next(iter(self._lists))]
            items = self._lists[action] = _List()
        items.items.append(body)
        items.size += len(body)
        if len(items.items) > ITEM_LIMIT or items.size > SIZE_LIMIT:
            del self._lists[action]
            raise UnreadableFrameError(Skipped.TOO_LONG, "a list of queues is too long")

    def completed(self, frame: Frame) -> None:
        """Take ``QueueStatusComplete``: say what the list shows, and that the feed is live.

        Raises:
            UnreadableFrameError: Something of the list is missing; nothing is said.
        """
        items = self._lists.pop(frame.text("ActionID").encode(), None) or _List()
        told = frame.count("ListItems")
        groups = self._groups(items)
        if groups is None or told not in {None, len(items.items)}:
            # The agents on it were taken for told.
            self._agents.clear()
            raise UnreadableFrameError(Skipped.TRUNCATED, f"{frame.event}: the list is not whole")
        self._callers.count_unexplained()
        self._talks.review(self._agents.is_free)
        for name, group in groups.items():
            self.know(name)
            if self._tally.listed(name, self._outbox.now):
                for agent in group.agents:
                    if not self._agents.is_free(name, agent.agent):
                        self._talks.carried(name, agent.agent)
            counters = group.counts and self._tally.counters(name, group.counts, self._talks)
            self._say(name, group, counters)
        if groups:
            for name in [known for known in self._known if known not in groups]:
                del self._known[name]
                self._say(name, _Group())
        self._look_for_the_unannounced(groups)
        self._outbox.add(FeedStatusChanged(**self._outbox.stamp(), state=FeedState.LIVE, reason=self.doubt))

    def clear(self) -> None:
        """Forget the lists under way, not the queues."""
        self._lists.clear()
        self._listed = None
        self._unannounced = 0
        self._read_before.clear()

    def _look_for_the_unannounced(self, groups: Mapping[GroupName, _Group]) -> None:
        """Note whether a list has callers that the one before had not, and nobody was ever seen joining.

        One such list proves nothing: it may be ahead of the events.
        """
        if self._callers.has_seen_joins:
            self._unannounced = 0
            return
        listed = {(name, entry.contact) for name, group in groups.items() for entry in group.waiting}
        if self._listed is not None and not listed <= self._listed:
            self._unannounced += 1
        self._listed = listed

    def _groups(self, items: _List) -> dict[GroupName, _Group] | None:
        """Return what a list shows of each queue; ``None`` if any item cannot be read."""
        groups: dict[GroupName, _Group] = {}
        before = self._read_before
        now: dict[bytes, _Item] = {}
        is_whole = True
        for body in items.items:
            known = before.get(body)
            if known is None:
                try:
                    known = self._read(body, groups)
                except UnreadableFrameError as error:
                    self._skipped(error.kind, error.detail)
                    is_whole = False
                    continue
            if len(now) < _REPORT_LIMIT and not body.startswith(_ENTRY):
                now[body] = known
            name, report = known
            group = groups.get(name)
            if group is None:
                group = groups[name] = _Group()
            if isinstance(report, tuple):
                group.counts = report
            elif report is not None:
                group.agents.append(self._agents.listed(name, report))
        self._read_before = now
        return groups if is_whole else None

    def _read(self, body: bytes, groups: dict[GroupName, _Group]) -> _Item:
        """Read an item; one who waits goes straight to the queue.

        Raises:
            UnreadableFrameError: It lacks something.
        """
        frame = open_frame(body, self._skipped)
        if frame is None:
            raise UnreadableFrameError(Skipped.MISSING_FIELD, "list item")
        name = GroupName(frame.word("Queue"))
        if body.startswith(_ENTRY):
            # Its Wait is whole seconds until now, its Priority the queue's own.
            wait_s = frame.count("Wait")
            waiting = WaitingContact(
                contact=self._callers.listed(frame.word("Uniqueid"), name),
                queued_at=None if wait_s is None else self._outbox.now - wait_s,
                position=frame.count("Position"),
                priority=frame.count("Priority") or 0,
                caller=known_caller(frame),
            )
            groups.setdefault(name, _Group()).waiting.append(waiting)
        elif body.startswith(_MEMBER):
            # It has other headers than an event for the same things.
            return name, read_report(frame, AgentId(frame.word("Name", "Location")))
        else:
            completed, abandoned = frame.count("Completed"), frame.count("Abandoned")
            if completed is not None and abandoned is not None:
                return name, (completed, abandoned)
        return name, None

    def _say(self, name: GroupName, group: _Group, counters: GroupCounters | None = None) -> None:
        self._outbox.add(
            GroupSnapshotTaken(
                **self._outbox.snapshot_stamp(),
                provenance=Provenance.SNAPSHOT,
                group=name,
                waiting=tuple(group.waiting),
                agents=tuple(group.agents),
                counters=counters,
            )
        )
