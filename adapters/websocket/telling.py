"""One telling of how things are, from ``start`` or a request to ``synced``: is it the whole truth? Pure."""

from queue_alert.core.units import GroupName
from queue_alert.protocol.feed_socket import Synced

__all__ = ["Telling"]


class Telling:
    """What has been told since it was asked for.

    Numbers are those of the core's order.

    Args:
        missed: How many events were missing when it was asked for.
        known: The latest number when it was asked for; whatever is older is no answer.
        may_resume: Missed events instead of snapshots are an answer too.

    Attributes:
        covered: What lies at or before this number is in the snapshots; 0: none has come.
        listed: The groups that got a snapshot.
    """

    def __init__(self, missed: int = 0, known: int = 0, *, may_resume: bool = False) -> None:
        self.covered = 0
        self.listed: set[GroupName] = set()
        self._may_resume = may_resume
        self._known = known
        self._missed_when_asked = missed
        self._missed_when_listed = missed
        self._snapshots = 0
        self._refused = 0
        self._is_late = False
        self._touched: dict[GroupName, int] = {}

    @property
    def has_begun(self) -> bool:
        """Whether a snapshot has come."""
        return self._snapshots > 0

    def touch(self, group: GroupName, number: int) -> None:
        """Note that something happened in a group."""
        # What has no number lies where it is said: after the first snapshot, once that has come.
        self._touched[group] = number or self.covered + self.has_begun

    def is_too_late(self, group: GroupName, number: int) -> bool:
        """Return whether a snapshot is older than what is known of its group, and note it."""
        late = number < max(self._known, self.covered, self._touched.get(group, 0))
        self._is_late |= late
        return late

    def begin(self, number: int, missed: int) -> None:
        """Take the first snapshot's number: what was missing until then is in the snapshots."""
        self.covered = number
        self._missed_when_listed = missed

    def add(self, group: GroupName, *, is_taken: bool) -> None:
        """Take note of a snapshot."""
        self._snapshots += 1
        if is_taken:
            self.listed.add(group)
        else:
            self._refused += 1

    def why_incomplete(self, synced: Synced, missed: int) -> str:
        """Return why not all is known now that all has been told, or ""."""
        if synced.resumed:
            if not self._may_resume:
                return "the server went on where nothing had begun"
            return "" if missed == self._missed_when_asked else "events were lost on the way"
        if self.has_begun and missed != self._missed_when_listed:
            return "events were lost between the snapshots"
        if self._is_late:
            return "a snapshot was older than what had been told before"
        listed = len(self.listed) + self._refused
        if synced.groups is not None and synced.groups != listed:
            return f"{listed} snapshots came of {synced.groups}"
        if any(number > self.covered and group not in self.listed for group, number in self._touched.items()):
            return "something happened in a group of which no snapshot came"
        return ""
