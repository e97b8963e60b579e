"""Lists asked for by ``QueueStatus``, put together to one snapshot a queue.

A list is ``QueueParams``, then its ``QueueMember`` and ``QueueEntry``, for every queue, ended by
``QueueStatusComplete``; the ActionID tells several lists apart. Nothing is said before the list is whole:
half a list would empty the queues that it does not name.
"""

from dataclasses import dataclass, field
from typing import Final

from adapters.asterisk.agents import AgentDesk, AgentReport, read_report
from adapters.asterisk.callers import CallerDesk, known_caller
from adapters.asterisk.frames import Frame, UnreadableFrameError
from adapters.asterisk.outbox import Outbox
from queue_alert.core.events import (
    AgentSnapshot,
    FeedState,
    FeedStatusChanged,
    GroupSnapshotTaken,
    Provenance,
    WaitingContact,
)
from queue_alert.core.units import AgentId, GroupName
from queue_alert.ports import Skipped

__all__ = ["ITEM_LIMIT", "LIST_LIMIT", "ListDesk"]

LIST_LIMIT: Final = 8
"""How many lists may be under way at a time; past that the oldest is dropped."""

ITEM_LIMIT: Final = 200_000
"""How many items one list may have; a longer one is dropped."""

_KNOWN_LIMIT: Final = 5_000
_REPORT_LIMIT: Final = 10_000


@dataclass(slots=True)
class _Group:
    waiting: list[WaitingContact] = field(default_factory=list)
    agents: list[AgentSnapshot] = field(default_factory=list)


@dataclass(slots=True)
class _List:
    groups: dict[GroupName, _Group] = field(default_factory=dict)
    reports: dict[str, tuple[GroupName, AgentReport]] = field(default_factory=dict)
    items: int = 0
    unread: int = 0

    def group(self, name: GroupName) -> _Group:
        group = self.groups.get(name)
        if group is None:
            group = self.groups[name] = _Group()
        return group


class ListDesk:
    """Collects lists and says what they show.

    Args:
        outbox: Where events go.
        callers: Knows the contacts behind the channels.
        agents: Knows the states of the agents.
    """

    def __init__(self, outbox: Outbox, callers: CallerDesk, agents: AgentDesk) -> None:
        self._outbox = outbox
        self._callers = callers
        self._agents = agents
        self._lists: dict[str, _List] = {}
        self._known: dict[GroupName, None] = {}
        # Most agents have done nothing since the list before: their items are the same to the byte.
        self._reports: dict[str, tuple[GroupName, AgentReport]] = {}

    def know(self, group: GroupName) -> None:
        """Remember a queue, so that it is emptied once a list no longer has it."""
        if group not in self._known and len(self._known) >= _KNOWN_LIMIT:
            del self._known[next(iter(self._known))]
        self._known[group] = None

    def group(self, frame: Frame) -> None:
        """Take ``QueueParams``."""
        items, _ = self._begin(frame)
        items.group(GroupName(frame.word("Queue")))
        items.unread -= 1

    def agent(self, frame: Frame) -> None:
        """Take ``QueueMember``, which has other headers than an event for the same things."""
        items, item = self._begin(frame)
        known = self._reports.get(item)
        if known is None:
            name = AgentId(frame.word("Name", "Location"))
            known = GroupName(frame.word("Queue")), read_report(frame, name)
        if len(items.reports) < _REPORT_LIMIT:
            items.reports[item] = known
        group, report = known
        items.group(group).agents.append(self._agents.listed(group, report))
        items.unread -= 1

    def waiting(self, frame: Frame) -> None:
        """Take ``QueueEntry``; its Wait is whole seconds until now, its Priority the queue's own."""
        items, _ = self._begin(frame)
        group = GroupName(frame.word("Queue"))
        wait_s = frame.count("Wait")
        items.group(group).waiting.append(
            WaitingContact(
                contact=self._callers.listed(frame.word("Uniqueid"), group),
                queued_at=None if wait_s is None else self._outbox.now - wait_s,
                position=frame.count("Position"),
                priority=frame.count("Priority") or 0,
                caller=known_caller(frame),
            )
        )
        items.unread -= 1

    def completed(self, frame: Frame) -> None:
        """Take ``QueueStatusComplete``: say what the list shows, and that the feed is live.

        Raises:
            UnreadableFrameError: Something of the list is missing; nothing is said.
        """
        items = self._lists.pop(frame.text("ActionID"), None) or _List()
        told = frame.count("ListItems")
        if items.unread or told not in {None, items.items}:
            # The agents on it were taken for told.
            self._agents.clear()
            raise UnreadableFrameError(Skipped.TRUNCATED, f"{frame.event}: the list is not whole")
        for name, group in items.groups.items():
            self.know(name)
            self._say(name, group)
        if items.groups:
            for name in [known for known in self._known if known not in items.groups]:
                del self._known[name]
                self._say(name, _Group())
        self._reports = items.reports
        self._outbox.add(FeedStatusChanged(**self._outbox.stamp(), state=FeedState.LIVE))

    def clear(self) -> None:
        """Forget the lists under way, not the queues."""
        self._lists.clear()
        self._reports.clear()

    def _begin(self, frame: Frame) -> tuple[_List, str]:
        item, action = frame.split("ActionID")
        items = self._lists.get(action)
        if items is None:
            if len(self._lists) >= LIST_LIMIT:
                del self._lists[next(iter(self._lists))]
                self._agents.clear()
            items = self._lists[action] = _List()
        items.items += 1
        # Taken back once the item has been read: one that cannot be spoils the list.
        items.unread += 1
        if items.items > ITEM_LIMIT:
            raise UnreadableFrameError(Skipped.TOO_LONG, "a list of queues is too long")
        return items, item

    def _say(self, name: GroupName, group: _Group) -> None:
        self._outbox.add(
            GroupSnapshotTaken(
                **self._outbox.stamp(),
                provenance=Provenance.SNAPSHOT,
                group=name,
                waiting=tuple(group.waiting),
                agents=tuple(group.agents),
            )
        )
