"""Our counts held against the ACD's own: what no event told is found by the difference.

A snapshot may carry what the ACD has counted. From one snapshot to the next both must have grown alike. Where
they have not, ours are put right and every contact concerned is a correction. Waits of contacts that nobody
told us of are not known; only their number is.
"""

from collections.abc import Callable
from typing import Protocol

import msgspec

from queue_alert.core.events import GroupCounters, Outcome

__all__ = ["Counts", "Ledger", "OwnCounts", "adjust_flow_outs", "counts_of"]

_FLOW_OUTS = ("rerouted", "timeout", "exit_key", "no_agents", "withdrawn", "callback")
_RECENT_LISTS = 3
_LATE_LISTS = 20


class OwnCounts(Protocol):
    """Where our counts are kept, by field: ``offered``, ``completed``, ``carried``, or an outcome.

    ``carried`` are completed conversations that were under way when we began to listen.
    """

    def count_of(self, field: str) -> int:
        """Return a count as it stands."""

    def lost(self) -> int:
        """Return all that left without an answer, but for those who left by a key."""

    def adjust(self, field: str, delta: int) -> None:
        """Put a count right."""


class Counts(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What was counted at one instant."""

    offered: int
    answered: int
    abandoned: int
    rerouted: int
    unknown: int
    """With those whose outcome will be unknown unless an event still tells it."""
    completed: int
    lost: int
    """Left without an answer, but for those who left by a key."""


class Ledger:
    """One feed's counts in one group since they were first told.

    Args:
        theirs: What the ACD has counted.
        ours: What we have counted by then.

    Attributes:
        is_whole: Whether the ACD tells all outcomes, not conversations and losses alone.
        unended: By how many more answers than ends of conversations the last balance put ours right; only
            where it is not :attr:`is_whole`.
    """

    __slots__ = (
        "_agreed",
        "_agreed_at",
        "_before",
        "_ended",
        "_latest",
        "_losses_until",
        "_ours",
        "_recent_answers",
        "_recent_losses",
        "_recent_until",
        "_theirs",
        "is_whole",
        "unended",
    )

    def __init__(self, theirs: GroupCounters, ours: Counts) -> None:
        self.unended = 0
        self.is_whole = not (theirs.offered is None or theirs.answered is None or theirs.abandoned is None)
        self._theirs = self._latest = theirs
        self._ours = ours
        self._before: dict[str, int] = {}
        """Differences seen at the snapshot before, where one alone proves nothing."""
        self._ended = -1
        """Conversations that had ended when answers were last looked for."""
        self._agreed: GroupCounters | None = None
        self._agreed_at = (0, 0, 0)
        """Ours, when theirs were found to agree with them in everything."""
        self._recent_answers = 0
        """Answers found lately, each taken for a contact that nobody told us of."""
        self._recent_until = 0
        self._recent_losses = 0
        """Losses found lately, each counted as one more contact whose end is unknown."""
        self._losses_until = 0

    def begins_anew(self, theirs: GroupCounters) -> bool:
        """Return whether the ACD has begun to count anew: a count has fallen, or is not told any more."""
        latest, self._latest = self._latest, theirs
        if theirs is latest:
            return False
        for name in GroupCounters.__struct_fields__:
            before, now = getattr(latest, name), getattr(theirs, name)
            if (before is None) is not (now is None) or (before is not None and now < before):
                return True
        return False

    def balance(self, theirs: GroupCounters, own: OwnCounts, pending: Callable[[], int]) -> int:
        """Put our counts right and return how many contacts that concerned.

        Args:
            theirs: What the ACD has counted by now.
            own: Where our counts are.
            pending: Counts the contacts of ours that have left and whose outcome is still open; called only
                where that matters.
        """
        if not self.is_whole:
            return self._balance_coarsely(theirs, own, pending)
        ours = counts_of(own, pending())
        offered = self._excess("offered", theirs, ours)
        answered = self._excess("answered", theirs, ours)
        abandoned = self._excess("abandoned", theirs, ours)
        rerouted = self._excess("rerouted", theirs, ours)
        completed = self._excess("completed", theirs, ours)
        # An ACD knows every outcome; and whoever neither waits nor was answered nor left has been told wrong.
        unknown = self._ours.unknown - ours.unknown
        _adjust(own, "offered", offered)
        _adjust(own, "answered", answered)
        _adjust(own, "abandoned", abandoned)
        adjust_flow_outs(own.count_of, own.adjust, rerouted)
        _adjust(own, "unknown", unknown)
        _adjust(own, "completed", completed)
        outcomes = (answered, abandoned, rerouted, unknown)
        return max(
            abs(offered),
            abs(completed),
            sum(count for count in outcomes if count > 0),
            -sum(count for count in outcomes if count < 0),
        )

    def _balance_coarsely(self, theirs: GroupCounters, own: OwnCounts, pending: Callable[[], int]) -> int:
        """Put right what an ACD tells that counts conversations and losses alone.

        Its list may be ahead of its events by a moment, so only what is found twice in a row is believed.
        """
        ended, gone, connected = own.count_of("completed"), own.lost(), own.count_of("answered")
        if theirs is self._agreed and (ended, gone, connected) == self._agreed_at:
            return 0
        lost = completed = answered = 0
        if theirs.completed is not None and self._theirs.completed is not None:
            grown = ended - self._ours.completed
            completed = self._twice("completed", theirs.completed - self._theirs.completed - grown)
        if theirs.answered is not None and self._theirs.answered is not None:
            grown = connected - self._ours.answered
            answered = self._twice("answered", theirs.answered - self._theirs.answered - grown)
        if theirs.lost is not None and self._theirs.lost is not None:
            lost = theirs.lost - self._theirs.lost - (gone - self._ours.lost)
        if lost > 0:
            # Who has just left may be one of the lost, or not.
            lost = max(lost - pending(), 0)
        deficit = -lost
        lost = self._twice("lost", lost)
        if not (answered or completed or lost or deficit or self._recent_answers) and ended == self._ended:
            if not any(self._before.values()):
                self._agreed, self._agreed_at = theirs, (ended, gone, connected)
            return 0
        _adjust(own, "completed", completed)
        self._ended = ended + completed
        unanswered = answered
        if theirs.answered is None:
            # A conversation that ended unseen may be one under way; once they are over, too, it shows.
            heard = own.count_of("completed") - own.count_of("carried")
            unanswered = max(heard - connected, 0)
        _adjust(own, "answered", unanswered)
        self.unended = unanswered - completed if theirs.answered is None else 0
        explained = self._explain(deficit, lost, unanswered, own.count_of("unknown"))
        _adjust(own, "unknown", max(lost, 0) - explained)
        _adjust(own, "offered", unanswered + max(lost, 0) - explained)
        return max(abs(completed), abs(unanswered) + max(lost, 0))

    def _explain(self, deficit: int, lost: int, unanswered: int, unknown: int) -> int:
        """Return how many whose end is unknown are those who were answered unseen.

        Who ended in a way not known and is not among their lost was answered, or left by a key. He was
        offered all the same, and only an answer not known of before explains him: one found now, or lately,
        before his end was settled.

        Args:
            deficit: How many ended unknown here and are not among their lost.
            lost: What of that is proved (< 0), or how many further losses are.
            unanswered: Answers found now.
            unknown: All whose end is unknown.
        """
        explained = max(min(deficit, unanswered, unknown), 0)
        late = max(min(-lost - explained, self._recent_answers, unknown - explained), 0)
        if unanswered > explained:
            self._recent_answers, self._recent_until = unanswered - explained, _RECENT_LISTS
        else:
            self._recent_until -= 1
            self._recent_answers = self._recent_answers - late if self._recent_until > 0 else 0
        again = self._told_late(-lost - explained - late, unknown - explained - late)
        if lost > 0:
            self._recent_losses, self._losses_until = self._recent_losses + lost, _LATE_LISTS
        if lost < 0:
            self._before["lost"] += lost + explained + late + again
        return explained + late + again

    def _told_late(self, deficit: int, unknown: int) -> int:
        """Return how many losses found lately were told afterwards, so that they are counted twice."""
        self._losses_until -= 1
        if self._losses_until <= 0:
            self._recent_losses = 0
        again = max(min(deficit, self._recent_losses, unknown), 0)
        self._recent_losses -= again
        return again

    def _twice(self, name: str, excess: int) -> int:
        before = self._before.get(name, 0)
        if not (before or excess):
            return 0
        if before > 0 < excess:
            proved = min(before, excess)
        elif before < 0 > excess:
            proved = max(before, excess)
        else:
            proved = 0
        self._before[name] = excess - proved
        return proved

    def _excess(self, name: str, theirs: GroupCounters, ours: Counts) -> int:
        """Return by how much their count has grown more than ours."""
        begun, now = getattr(self._theirs, name), getattr(theirs, name)
        if begun is None or now is None:
            return 0
        grown: int = (now - begun) - (getattr(ours, name) - getattr(self._ours, name))
        return grown


def counts_of(own: OwnCounts, pending: int) -> Counts:
    """Return our counts as they stand, the ``pending`` ones among the unknown."""
    flow_outs = {name: own.count_of(name) for name in _FLOW_OUTS}
    return Counts(
        offered=own.count_of("offered"),
        answered=own.count_of(Outcome.ANSWERED),
        abandoned=own.count_of(Outcome.ABANDONED),
        rerouted=sum(flow_outs.values()),
        unknown=own.count_of(Outcome.UNKNOWN) + pending,
        completed=own.count_of("completed"),
        lost=own.lost() + pending,
    )


def _adjust(own: OwnCounts, field: str, delta: int) -> None:
    if delta:
        own.adjust(field, delta)


def adjust_flow_outs(count_of: Callable[[str], int], adjust: Callable[[str, int], None], delta: int) -> None:
    """Take back whichever flow-outs there are; further ones are rerouted for a reason not known."""
    if delta > 0:
        adjust("rerouted", delta)
    for field in _FLOW_OUTS:
        taken = min(-delta, max(count_of(field), 0))
        if taken > 0:
            adjust(field, -taken)
            delta += taken
