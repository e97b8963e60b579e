"""What the client itself says: how the feed stands, that it lives, that a group is no more. Pure."""

from collections.abc import Callable

from queue_alert.core.events import (
    FeedHeartbeat,
    FeedState,
    FeedStatusChanged,
    GroupSnapshotTaken,
    Provenance,
)
from queue_alert.core.units import FeedName, GroupName, Instant

__all__ = ["OwnWords"]


class OwnWords:
    """Makes events of our own, with identities that are never used twice.

    Args:
        source: The feed's name.
        clock: Returns our own instant.
    """

    def __init__(self, source: str, clock: Callable[[], Instant]) -> None:
        self._source = FeedName(source)
        self._clock = clock
        self._said = 0

    def status(self, state: FeedState, reason: str = "") -> FeedStatusChanged:
        """Return how the feed stands from now on."""
        return FeedStatusChanged(
            id=self._id("status"), source=self._source, time=self._clock(), state=state, reason=reason
        )

    def heartbeat(self, time: Instant) -> FeedHeartbeat:
        """Return a sign of life; ``time`` is what the ACD's clock showed."""
        return FeedHeartbeat(id=self._id("heartbeat"), source=self._source, time=time)

    def gone(self, group: GroupName, *, seq: int, time: Instant) -> GroupSnapshotTaken:
        """Return the empty snapshot of a group that is no more.

        Args:
            group: Its name.
            seq: The number as of which it is no more.
            time: What the ACD's clock shows.
        """
        return GroupSnapshotTaken(
            id=self._id("gone"),
            source=self._source,
            time=time,
            seq=seq,
            provenance=Provenance.INFERRED,
            group=group,
            agents=(),
        )

    def _id(self, kind: str) -> str:
        self._said += 1
        return f"websocket-{kind}-{self._said}"
