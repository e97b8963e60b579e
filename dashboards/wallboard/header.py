"""The rows that say how far the figures can be believed: header, feeds, banner and footer."""

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text

from dashboards.wallboard.columns import Legend
from dashboards.wallboard.line import Parts, line, spread
from dashboards.wallboard.look import (
    ALARM,
    FAINT,
    FEED_MARKS,
    FEED_STYLES,
    LOUD,
    PLAIN,
    STRONG,
    WARNING,
    Look,
)
from dashboards.wallboard.pages import Page
from dashboards.wallboard.scene import Scene
from dashboards.wallboard.text import clock, day_clock, percent
from queue_alert.core.events import FeedState
from queue_alert.core.view import FeedView

__all__ = ["banner", "feeds_row", "footer", "header"]

_BADNESS = {FeedState.DOWN: 0, FeedState.STALE: 1, FeedState.SYNCING: 2, FeedState.LIVE: 3}


def header(scene: Scene, page: Page, width: int) -> Text:
    """Return the top row: whether all is live, the page and the clock."""
    said, style = _standing(scene)
    start: Parts = [(" QUEUE ALERT  ", STRONG), (said, STRONG)]
    end: Parts = []
    if page.pages > 1:
        end.append((f" page {page.number}/{page.pages} ", PLAIN))
    end.append((f"  {clock(scene.now, scene.timezone)} ", STRONG))
    return spread(start, end, width, base=style)


def _standing(scene: Scene) -> tuple[str, Style]:
    if scene.gone_since is not None:
        return ("!! NO MONITOR" if scene.view is None else "!! MONITOR GONE - figures held"), ALARM
    if scene.view is None:
        return ".. CONNECTING", WARNING
    if not scene.view.feeds:
        return "! NO FEED - nothing is known", WARNING
    states = {feed.state for feed in scene.doubtful_feeds}
    if FeedState.DOWN in states:
        return "!! FEED DOWN - figures held", ALARM
    if FeedState.STALE in states:
        return "! FEED STALE - figures held", WARNING
    if FeedState.SYNCING in states:
        return ".. FEED SYNCING - figures held", WARNING
    return "ok live", LOUD


def feeds_row(scene: Scene, look: Look, width: int) -> Text:
    """Return every feed with sign, state and since when, the worst first; what has no room is counted."""
    feeds = scene.view.feeds if scene.view else ()
    items = [
        # Where there are several, room goes to those that are not live.
        _feed(feed, scene, look, is_brief=len(feeds) > 1 and feed.state is FeedState.LIVE)
        for feed in sorted(feeds, key=lambda feed: _BADNESS[feed.state])
    ]
    parts: Parts = [(" ", PLAIN)]
    room = width - 1
    for index, item in enumerate(items):
        length = sum(cell_len(text) for text, _ in item) + 3
        hidden = len(items) - index
        if length > room - (10 if hidden > 1 else 0) and index > 0:
            parts.append((f"+{hidden} more", STRONG))
            break
        parts += [*item, ("   ", PLAIN)]
        room -= length
    if not items:
        parts.append(("no feed is known yet", FAINT))
    return line(parts, width)


def _feed(feed: FeedView, scene: Scene, look: Look, *, is_brief: bool) -> Parts:
    since = day_clock(feed.since, scene.now, scene.timezone)
    if scene.gone_since is not None:
        # The monitor's word of a feed is worth nothing while the monitor is gone.
        return [(f" ?  {look.words(feed.name)} was {feed.state.value}", FAINT)]
    parts: Parts = [
        (f" {FEED_MARKS[feed.state].strip()} ", FEED_STYLES[feed.state]),
        (f" {look.words(feed.name)} {feed.state.value}", STRONG),
        ("" if is_brief else f" since {since}", PLAIN),
    ]
    if feed.lag_s is not None and feed.lag_s >= 1:
        parts.append((f" lag {feed.lag_s:.0f} s", PLAIN))
    return parts


def banner(scene: Scene, legend: Legend | None, look: Look, width: int) -> Text:
    """Return what must be said most: monitor gone, feed not live, lamp in fault; else what figures mean."""
    if scene.gone_since is not None:
        since = day_clock(scene.gone_since, scene.now, scene.timezone)
        return _loud(
            f"!! monitor gone since {since}, trying again   {look.words(scene.address)}", ALARM, look, width
        )
    for feed in sorted(scene.doubtful_feeds, key=lambda feed: _BADNESS[feed.state]):
        since = day_clock(feed.since, scene.now, scene.timezone)
        reason = f": {look.words(feed.reason)}" if feed.reason else ""
        mark = FEED_MARKS[feed.state].strip()
        text = f"{mark} {look.words(feed.name)} is {feed.state.value} since {since}{reason}"
        return _loud(text, ALARM if feed.state is FeedState.DOWN else WARNING, look, width)
    for output in scene.view.outputs if scene.view else ():
        if output.fault:
            text = f"!! {look.words(output.name)} cannot be lit: {look.words(output.fault)}"
            return _loud(text, ALARM, look, width)
    return line([(look.cell(_meaning(scene, legend), width), FAINT)], width)


def _loud(text: str, style: Style, look: Look, width: int) -> Text:
    return line([(look.cell(f" {text}", width), PLAIN)], width, base=style)


def _meaning(scene: Scene, legend: Legend | None) -> str:
    if scene.view is None or legend is None:
        return ""
    since = day_clock(scene.view.reset_at, scene.now, scene.timezone)
    if legend.shared is not None:
        return f" today since {since}   SL of today, < is below the goal of {percent(legend.shared.goal)}"
    return f" {legend.describe()}   SL of today, < below goal   today since {since}"


def footer(scene: Scene, look: Look, width: int) -> Text:
    """Return the last row: this program's last warning, else the keys."""
    if scene.notice:
        return _loud(f"! {scene.notice}", WARNING, look, width)
    version = look.words(scene.view.version) if scene.view else ""
    end: Parts = [(f"{look.words(scene.address)}  {version} ", FAINT)] if version or scene.address else []
    keys: Parts = [(" q quit   n next page   ? help ", FAINT)]
    taken = sum(cell_len(text) for text, _ in (*keys, *end))
    return spread(keys, end if taken < width else [], width)
