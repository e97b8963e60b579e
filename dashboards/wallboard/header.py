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
    HELD_MARK,
    LOUD,
    PLAIN,
    STRONG,
    WARNING,
    Look,
)
from dashboards.wallboard.pages import Page
from dashboards.wallboard.scene import Scene
from dashboards.wallboard.text import clock, day_clock, how_long, percent
from queue_alert.core.events import FeedState
from queue_alert.core.units import Seconds
from queue_alert.core.view import FeedView, FloorView

__all__ = ["banner", "feed_ages", "feeds_rows", "footer", "header"]

_BADNESS = {FeedState.DOWN: 0, FeedState.STALE: 1, FeedState.SYNCING: 2, FeedState.LIVE: 3}
_TITLE = " QUEUE ALERT  "
_LONGEST_NAME, _STATE_WIDTH = 16, 7
_LAG_SHOWN_S: Seconds = 1.0
_CLOCKS_APART_S: Seconds = 2.0
"""Clocks that differ by less are as good as equal."""


def header(scene: Scene, page: Page, width: int) -> Text:
    """Return the top row: whether all is live, the page and the clock."""
    said, style = _standing(scene)
    end: Parts = []
    if page.pages > 1:
        end.append((f" page {page.number}/{page.pages} ", PLAIN))
    end.append((f"  {clock(scene.now, scene.timezone)} ", STRONG))
    taken = len(said) + sum(len(text) for text, _ in end)
    # Where room is short, what is said goes before who says it.
    title = _TITLE if len(_TITLE) + taken <= width else " "
    return spread([(title, STRONG), (said, STRONG)], end, width, base=style)


def _standing(scene: Scene) -> tuple[str, Style]:
    if scene.gone_since is not None:
        return ("!! NO MONITOR" if scene.view is None else "!! MONITOR GONE - figures held"), ALARM
    if scene.view is None:
        return ".. CONNECTING", WARNING
    if not scene.view.feeds:
        return "! NO FEED - nothing is known", WARNING
    for state in (FeedState.DOWN, FeedState.STALE, FeedState.SYNCING):
        number = sum(feed.state is state for feed in scene.doubtful_feeds)
        if number:
            who = "FEED" if number == 1 else f"{number} FEEDS"
            said = f"{FEED_MARKS[state].strip()} {who} {state.value.upper()} - {_held(scene.view)}"
            return said, ALARM if state is FeedState.DOWN else WARNING
    return "ok live", LOUD


def _held(view: FloorView) -> str:
    held, groups = sum(group.stale for group in view.groups), len(view.groups)
    return "figures held" if held == groups else f"{held} of {groups} groups held"


def feeds_rows(scene: Scene, look: Look, width: int, rows: int) -> list[Text]:
    """Return every feed with sign, state, how long and since when, the worst first.

    Args:
        scene: What is known.
        look: What the terminal can draw.
        width: In cells.
        rows: As many as there are feeds, or one for all of them: what has no room there is counted.
    """
    feeds = sorted(scene.view.feeds if scene.view else (), key=lambda feed: _BADNESS[feed.state])
    if not feeds:
        return [line([("  no feed is known yet", FAINT)], width)]
    if len(feeds) > rows:
        return [_all_in_one(feeds, scene, look, width)]
    return [_feed_row(feed, scene, look, width, name_width=_name_width(feeds, look)) for feed in feeds]


def feed_ages(scene: Scene) -> tuple[str, ...]:
    """Return how long every feed has been as it is, in the words that :func:`feeds_rows` uses."""
    feeds = scene.view.feeds if scene.view else ()
    return tuple(how_long(scene.now - feed.since) for feed in feeds)


def _name_width(feeds: list[FeedView], look: Look) -> int:
    return min(max(cell_len(look.words(feed.name)) for feed in feeds), _LONGEST_NAME)


def _feed_row(feed: FeedView, scene: Scene, look: Look, width: int, *, name_width: int) -> Text:
    if scene.gone_since is not None:
        return line([(" ", PLAIN), *_feed_of_the_gone(feed, look)], width)
    feeds = scene.view.feeds if scene.view else ()
    since = day_clock(feed.since, scene.now, scene.timezone)
    facts = [f"since {since}, for {how_long(scene.now - feed.since)}"]
    facts += _facts(feed)
    if feed.reason and len(feeds) > 1:  # that of an only feed stands in the banner
        facts.append(look.words(feed.reason))
    parts: Parts = [
        (" ", PLAIN),
        (f" {FEED_MARKS[feed.state].strip():2} ", FEED_STYLES[feed.state]),
        (f" {look.cell(feed.name, name_width)} {feed.state.value:{_STATE_WIDTH}} ", STRONG),
    ]
    room = width - sum(cell_len(text) for text, _ in parts)
    return line([*parts, (look.cell("   ".join(facts), max(room, 0)), PLAIN)], width)


def _facts(feed: FeedView) -> list[str]:
    facts = []
    if feed.lag_s is not None and feed.lag_s >= _LAG_SHOWN_S:
        facts.append(f"lag {how_long(feed.lag_s)}")
    offset = feed.clock_offset_s
    if offset is not None and abs(offset) >= _CLOCKS_APART_S:
        facts.append(f"its clock {how_long(abs(offset))} {'behind' if offset > 0 else 'ahead'}")
    if feed.corrections:
        facts.append(f"{feed.corrections} corrections" if feed.corrections > 1 else "1 correction")
    return facts


def _all_in_one(feeds: list[FeedView], scene: Scene, look: Look, width: int) -> Text:
    # Room goes to those that are not live.
    items = [_brief(feed, scene, look) for feed in feeds]
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
    return line(parts, width)


def _brief(feed: FeedView, scene: Scene, look: Look) -> Parts:
    if scene.gone_since is not None:
        return _feed_of_the_gone(feed, look)
    since = "" if feed.state is FeedState.LIVE else day_clock(feed.since, scene.now, scene.timezone)
    facts = _facts(feed) if feed.state is FeedState.LIVE else []
    return [
        (f" {FEED_MARKS[feed.state].strip()} ", FEED_STYLES[feed.state]),
        (f" {look.words(feed.name)} {feed.state.value}", STRONG),
        (f" since {since}" if since else "", PLAIN),
        ("".join(f" {fact}" for fact in facts), PLAIN),
    ]


def _feed_of_the_gone(feed: FeedView, look: Look) -> Parts:
    # The monitor's word of a feed is worth nothing while the monitor is gone.
    return [(f" {HELD_MARK}  {look.words(feed.name)} was {feed.state.value}", FAINT)]


def banner(scene: Scene, legend: Legend | None, look: Look, width: int) -> Text:
    """Return what must be said most: who is gone, not live, in fault or not up; else what figures mean."""
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
    if scene.view and scene.view.store_fault:
        text = f"!! alerts are in memory only: {look.words(scene.view.store_fault)}"
        return _loud(text, ALARM, look, width)
    for button in scene.view.buttons if scene.view else ():
        if not button.is_up:
            since = day_clock(button.since, scene.now, scene.timezone)
            reason = f": {look.words(button.reason)}" if button.reason else ""
            text = f"! button {look.words(button.name)} is dead since {since}{reason}"
            return _loud(text, WARNING, look, width)
    for publisher in scene.view.publishers if scene.view else ():
        if not publisher.is_up:
            since = day_clock(publisher.since, scene.now, scene.timezone)
            reason = f": {look.words(publisher.reason)}" if publisher.reason else ""
            text = f"! publisher {look.words(publisher.name)} is down since {since}{reason}"
            return _loud(text, WARNING, look, width)
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
