"""All that a board shows at one instant."""

from dataclasses import dataclass
from fnmatch import fnmatchcase

from dashboards.wallboard.text import day_clock
from queue_alert.core.events import FeedState
from queue_alert.core.units import Instant
from queue_alert.core.view import FeedView, FloorView, GroupView

__all__ = ["Scene"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What is known and when.

    Attributes:
        view: The floor as last heard of; ``None`` before the first word from the monitor.
        now: The monitor's instant.
        gone_since: Since when the monitor has not answered; ``None`` while it does.
        address: Whom we ask, for whoever has to look why it does not answer.
        notice: Last warning of this program; "" most of the time.
        turns: How often the page has been turned.
        shows_help: Whether the keys are explained instead.
    """

    view: FloorView | None
    now: Instant
    gone_since: Instant | None = None
    address: str = ""
    notice: str = ""
    turns: int = 0
    shows_help: bool = False

    @property
    def timezone(self) -> str:
        """The floor's time zone; UTC while it is not known."""
        return self.view.timezone if self.view else "UTC"

    @property
    def figures_at(self) -> Instant:
        """The instant that ages are reckoned to: they stand still while the monitor is gone."""
        return self.now if self.gone_since is None else self.gone_since

    @property
    def doubtful_feeds(self) -> tuple[FeedView, ...]:
        """The feeds that are not live."""
        feeds = self.view.feeds if self.view else ()
        return tuple(feed for feed in feeds if feed.state is not FeedState.LIVE)

    @property
    def is_held(self) -> bool:
        """Whether any figures are held, not known: the monitor is gone or a feed is not live."""
        return self.gone_since is not None or bool(self.doubtful_feeds)

    def is_group_held(self, group: GroupView) -> bool:
        """Return whether a group's figures are held: the monitor is gone or a feed of its is not live."""
        return self.gone_since is not None or group.stale

    def stale_since(self, group: GroupView) -> str:
        """Return since when a feed of the group has not been live, by the floor's clock; "" if unknown."""
        if not group.stale:
            return ""
        since = [
            feed.held_since
            for feed in self.doubtful_feeds
            if feed.held_since is not None
            and any(fnmatchcase(group.name, pattern) for pattern in feed.groups)
        ]
        return day_clock(min(since), self.now, self.timezone) if since else ""
