"""The page behind ``?``: the keys and the signs."""

from rich.text import Text

from dashboards.wallboard.line import line
from dashboards.wallboard.look import CRITICAL, FAINT, GOOD, HEADING, PLAIN, STRONG, WARNING, Look

__all__ = ["help_rows"]


def help_rows(width: int, look: Look) -> list[Text]:
    """Return the rows of the help page."""
    rule = look.rule * max(width - 2, 0)
    rows = [
        [("", PLAIN)],
        [(" KEYS", HEADING)],
        [("   q  Ctrl-C   ", STRONG), ("quit", PLAIN)],
        [("   n  space    ", STRONG), ("next page; pages turn by themselves every 10 s", PLAIN)],
        [("   ?           ", STRONG), ("this page, and back", PLAIN)],
        [(f" {rule}", FAINT)],
        [(" SIGNS", HEADING)],
        [("   !  ", WARNING), ("  warning: a threshold of the group is met", PLAIN)],
        [("   !! ", CRITICAL), ("  critical; the worst groups are on every page", PLAIN)],
        [("   <  ", STRONG), ("  service level below its goal", PLAIN)],
        [("   ok ", GOOD), ("  a feed that is live; .. syncing  ! stale  !! down", PLAIN)],
        [
            ("   ██", STRONG),
            (" RED* a lamp that is lit;  ", PLAIN),
            ("▄▄", FAINT),
            (" red one that is dark", PLAIN),
        ],
        [("   ?   ", STRONG), (" held: a feed of the group is not live, or the monitor is gone;", PLAIN)],
        [("", PLAIN), ("        figures are what was last known, not what is", PLAIN)],
        [(f" {rule}", FAINT)],
        [(" WORDS", HEADING)],
        [("   talking     ", STRONG), ("being rung, talking or holding a customer", PLAIN)],
        [("   not ready   ", STRONG), ("not ready, or finishing a call (wrap-up)", PLAIN)],
        [("   80/20       ", STRONG), ("goal 80 % answered within 20 s, by the formula named", PLAIN)],
    ]
    return [line(parts, width) for parts in rows]
