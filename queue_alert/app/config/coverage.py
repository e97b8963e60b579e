"""Which groups are spoken of: patterns that name none, groups and lamps that no feed speaks of."""

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import Final

from queue_alert.app.config.problems import did_you_mean, found, joined
from queue_alert.core.policy import FeedPolicy, SignalPolicy
from queue_alert.core.units import GroupName
from queue_alert.ports import ConfigProblem

__all__ = ["coverage_mistakes", "pattern_mistakes"]

_PATTERN_SIGNS: Final = frozenset("*?[")


def pattern_mistakes(
    path: str, patterns: Iterable[str], known_groups: tuple[GroupName, ...]
) -> Iterator[ConfigProblem]:
    """Yield a warning for every pattern that matches none of the groups.

    Args:
        path: Of the feed's or the output's table.
        patterns: Its ``groups``.
        known_groups: Names in ``[groups]``; empty where only the feed knows them: then nothing is judged.
    """
    for pattern in patterns if known_groups else ():
        if any(fnmatchcase(group, pattern) for group in known_groups):
            continue
        hint = "" if _is_pattern(pattern) else did_you_mean(pattern, known_groups)
        message = f"{found(pattern)} matches no group of [groups]{hint}"
        yield ConfigProblem(path=f"{path}.groups", message=message, is_warning=True)


def coverage_mistakes(
    feeds: tuple[FeedPolicy, ...],
    signals: Iterable[SignalPolicy],
    known_groups: tuple[GroupName, ...],
) -> Iterator[ConfigProblem]:
    """Yield what is wrong between the feeds' groups and those who rely on them.

    A lamp for which no feed speaks would be dark whatever happens, and a dark lamp says that nobody waits.

    Args:
        feeds: All of them.
        signals: Which groups each output speaks for.
        known_groups: Names in ``[groups]``.
    """
    spoken_of = [pattern for feed in feeds for pattern in feed.groups]
    for group in known_groups:
        if not _can_name_one_group([group], spoken_of):
            yield ConfigProblem(
                path=joined("groups", group),
                message="no feed may speak of this group: nothing will ever be counted in it",
                is_warning=True,
            )
    for signal in signals:
        silent = [pattern for pattern in signal.groups if not _can_name_one_group([pattern], spoken_of)]
        is_dark = len(silent) == len(signal.groups)
        for pattern in silent:
            message = f"no feed may speak of {found(pattern)}"
            if is_dark:
                message += ": its lamps would be dark whatever happens; see groups of the feeds"
            path = f"{joined('outputs', signal.name)}.groups"
            yield ConfigProblem(path=path, message=message, is_warning=not is_dark)


def _can_name_one_group(ours: Iterable[str], theirs: Iterable[str]) -> bool:
    """Return whether some group could be named by both; in doubt, as of two patterns, it could."""
    return any(
        fnmatchcase(mine, other) or fnmatchcase(other, mine) or (_is_pattern(mine) and _is_pattern(other))
        for mine in ours
        for other in theirs
    )


def _is_pattern(name: str) -> bool:
    return not _PATTERN_SIGNS.isdisjoint(name)
