"""The alerts that fire, above the lamps: what, where, since when, why, and who has it in hand."""

from rich.text import Text

from dashboards.wallboard.line import Parts, line
from dashboards.wallboard.look import HEADING, MARKS, PLAIN, SEVERITY_STYLES, STRONG, Look
from dashboards.wallboard.scene import Scene
from dashboards.wallboard.text import day_clock
from queue_alert.core.view import AlertView

__all__ = ["alert_rows"]

_MOST_ROWS = 3
_TITLE = " ALERTS "
_ACKNOWLEDGED = "acknowledged"


def alert_rows(scene: Scene, look: Look, width: int) -> list[Text]:
    """Return a row an alert, at most three; the last one says how many more there are."""
    alerts = scene.view.alerts if scene.view else ()
    if not alerts:
        return []
    shown = alerts if len(alerts) <= _MOST_ROWS else alerts[: _MOST_ROWS - 1]
    rows: list[Parts] = [_parts(alert, scene, look) for alert in shown]
    if len(shown) < len(alerts):
        rows.append([(f"   and {len(alerts) - len(shown)} more", STRONG)])
    titles = [_TITLE, *[" " * len(_TITLE)] * (len(rows) - 1)]
    return [line([(title, HEADING), *parts], width) for title, parts in zip(titles, rows, strict=True)]


def _parts(alert: AlertView, scene: Scene, look: Look) -> Parts:
    is_seen = alert.state == _ACKNOWLEDGED
    style = PLAIN if is_seen else SEVERITY_STYLES[alert.severity]
    since = day_clock(alert.fired_at, scene.now, scene.timezone)
    parts: Parts = [
        (f"{MARKS[alert.severity]} ", style),
        (f"{look.words(alert.rule)} ", STRONG),
        (f"{look.words(alert.group)} since {since}: {look.words(alert.reason)}", PLAIN),
    ]
    if is_seen:
        parts.append((f" (seen by {look.words(alert.acknowledged_by)})", PLAIN))
    elif alert.is_exhausted:
        parts.append((" NOBODY HAS IT IN HAND", STRONG))
    elif alert.told:
        parts.append((f" (told {', '.join(look.words(person) for person in alert.told)})", PLAIN))
    if alert.suppressed_by:
        parts.append((f" ({look.words(alert.suppressed_by)})", PLAIN))
    return parts
