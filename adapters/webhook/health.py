"""How far a feed can be believed to which nobody stays connected. Pure.

Nobody connects and nobody takes leave: there are only posts, and the time between them.

* Until the first post the feed is *syncing*.
* A sender that says snapshots is believed from the first one on; any other from its first post on.
* A hole in the order is mended by the next snapshot. Where none comes in time, the feed is *syncing* again.
* Where silence is no sign of anything wrong for a while (a cloud that posts nothing at night), that is said
  again and again; after :attr:`Health.silence_s` the feed is *stale*.
"""

from typing import Final

from queue_alert.core.deadlines import NEVER
from queue_alert.core.events import AcdEvent, FeedState, FeedStatusChanged
from queue_alert.core.units import FeedName, Instant, Seconds

__all__ = ["MENDED_WITHIN_S", "REPEATED_EVERY_S", "Health"]

MENDED_WITHIN_S: Final[Seconds] = 10.0
"""So long after a hole was found a snapshot may take."""
REPEATED_EVERY_S: Final[Seconds] = 20.0
"""So often a feed that may be silent is said to be live; well below what the core takes for silence."""


class Health:
    """Says the states of one feed.

    Args:
        source: The feed's name.
        needs_snapshot: Whether nothing is believed before a snapshot.
        silence_s: So long the sender may be silent; ``None``: the core watches that by itself.
        note: What is to be said beside *live*: what is not known though it is live.

    Attributes:
        wants_snapshot: Whether the sender should say all snapshots now.
    """

    def __init__(
        self, source: FeedName, *, needs_snapshot: bool, silence_s: Seconds | None, note: str = ""
    ) -> None:
        self._source = source
        self._needs_snapshot = needs_snapshot
        self._silence_s = silence_s
        self._note = note
        self._state = FeedState.SYNCING
        self._said = 0
        self._heard_at: Instant = -NEVER
        self._repeat_at = NEVER
        self._mend_by = NEVER
        self.wants_snapshot = needs_snapshot

    def begin(self, now: Instant) -> list[AcdEvent]:
        """Say that posts are waited for; nothing that was known before counts any more."""
        self._repeat_at = self._mend_by = NEVER
        self.wants_snapshot = self._needs_snapshot
        return [self._say(FeedState.SYNCING, "nothing has been posted yet", now)]

    def end(self, now: Instant) -> list[AcdEvent]:
        """Say that nothing can be posted any more."""
        self._repeat_at = self._mend_by = NEVER
        return [self._say(FeedState.DOWN, "no longer listening", now)]

    def heard(self, now: Instant) -> list[AcdEvent]:
        """Take a post of somebody who may post."""
        self._heard_at = now
        if self._state is FeedState.LIVE or self.wants_snapshot:
            return []
        return [self._live(now)]

    def synced(self, now: Instant) -> list[AcdEvent]:
        """Take a snapshot: what was missed before it does not matter any more."""
        self.wants_snapshot = False
        self._mend_by = NEVER
        return [] if self._state is FeedState.LIVE else [self._live(now)]

    def lost(self, now: Instant) -> None:
        """Learn that events were missed; the sender is given a while to say a snapshot."""
        if self._needs_snapshot:
            self.wants_snapshot = True
            if self._state is FeedState.LIVE:
                self._mend_by = min(self._mend_by, now + MENDED_WITHIN_S)

    def restarted(self, now: Instant) -> list[AcdEvent]:
        """Learn that the ACD was started anew: what is known of it is of its former life."""
        if not self._needs_snapshot:
            return []
        self.wants_snapshot = True
        self._mend_by = self._repeat_at = NEVER
        return [self._say(FeedState.SYNCING, "the ACD was started anew; its snapshot is waited for", now)]

    def next_at(self) -> Instant:
        """Return when :meth:`advance` next has something to say; infinity for never."""
        return min(self._mend_by, self._repeat_at)

    def advance(self, now: Instant) -> list[AcdEvent]:
        """Say what time alone has brought about."""
        # Our clock may have been set back.
        self._heard_at = min(self._heard_at, now)
        if self._repeat_at != NEVER:
            self._repeat_at = min(self._repeat_at, now + REPEATED_EVERY_S)
        if self._mend_by != NEVER:
            self._mend_by = min(self._mend_by, now + MENDED_WITHIN_S)
        if now >= self._mend_by:
            self._mend_by = self._repeat_at = NEVER
            return [self._say(FeedState.SYNCING, "events were lost; a snapshot is waited for", now)]
        if now < self._repeat_at:
            return []
        silence_s = self._silence_s or 0.0
        if now >= self._heard_at + silence_s:
            self._repeat_at = NEVER
            return [self._say(FeedState.STALE, f"nothing was posted for {silence_s:g} s", now)]
        return [self._live(now)]

    def _live(self, now: Instant) -> FeedStatusChanged:
        if self._silence_s is not None:
            self._repeat_at = min(now + REPEATED_EVERY_S, max(self._heard_at + self._silence_s, now))
        return self._say(FeedState.LIVE, self._note, now)

    def _say(self, state: FeedState, reason: str, now: Instant) -> FeedStatusChanged:
        self._state = state
        self._said += 1
        return FeedStatusChanged(
            id=f"door-{now:.6f}-{self._said}", source=self._source, time=now, state=state, reason=reason
        )
