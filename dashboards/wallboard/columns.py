"""The columns of the groups' table: which there are, and what each shows of a row."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from rich.style import Style

from dashboards.wallboard.figures import Row
from dashboards.wallboard.look import FAINT, PLAIN, STRONG, WORDS
from dashboards.wallboard.text import Align, clean, count, duration, percent
from queue_alert.core.units import Instant, Seconds
from queue_alert.core.view import GroupView, ServiceLevelTarget

__all__ = ["EXPECTED_HEAD", "Column", "Legend", "columns_for", "legend_of", "target_name"]

Cell = tuple[str, Style]

EXPECTED_HEAD = ("EXPECTED WAIT", "BY METHOD")
"""Title of the column that says since when a group is stale, where it is."""
_EXPECTED_WIDTH = 22


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column.

    Attributes:
        head: Its title, in two lines.
        width: In cells.
        rank: The lower, the longer it stays when the room gets less.
        cell: Return text and style for a row at an instant.
        in_band: Whether a warning colours it too.
        align: Where title and text stand.
    """

    head: tuple[str, str]
    width: int
    rank: int
    cell: Callable[[Row, Instant], Cell]
    in_band: bool = False
    align: Align = "right"


@dataclass(frozen=True, slots=True, kw_only=True)
class Legend:
    """How the board names its service levels.

    Attributes:
        shared: The one target of all groups, or ``None``: then every group's has a letter.
        letters: Target to its letter, empty with a shared one.
        window_s: Length of the sliding window that all groups share, or 0.
    """

    shared: ServiceLevelTarget | None
    letters: Mapping[ServiceLevelTarget, str]
    window_s: Seconds

    def describe(self) -> str:
        """Return ``a: 80/20 offered  b: 90/10 answered``; empty with a shared target."""
        return "  ".join(f"{letter}: {target_name(target)}" for target, letter in self.letters.items())


def legend_of(groups: Sequence[GroupView]) -> Legend:
    """Return how to name the service levels of ``groups``."""
    targets = dict.fromkeys(group.target for group in groups)
    windows = {group.window_s for group in groups}
    window_s = windows.pop() if len(windows) == 1 else 0.0
    if len(targets) == 1:
        return Legend(shared=next(iter(targets)), letters={}, window_s=window_s)
    letters = {target: chr(ord("a") + index) for index, target in enumerate(list(targets)[:26])}
    return Legend(shared=None, letters=letters, window_s=window_s)


def target_name(target: ServiceLevelTarget) -> str:
    """Return ``80/20 offered``: goal in per cent, threshold in seconds, formula."""
    return f"{target.goal * 100:g}/{target.threshold_s:g} {clean(target.formula, console=True)}"


def columns_for(legend: Legend) -> tuple[Column, ...]:
    """Return every column there is, from left to right."""
    return (
        Column(head=("WAIT-", "ING"), width=5, rank=0, cell=_waiting, in_band=True),
        Column(head=("LONGEST", "WAIT"), width=7, rank=1, cell=_longest, in_band=True),
        Column(head=("", ""), width=8, rank=11, cell=_word, align="left", in_band=True),
        _service_level_column(legend),
        _window_column(legend),
        Column(head=("AVAIL-", "ABLE"), width=6, rank=3, cell=_available),
        Column(head=("TALK-", "ING"), width=5, rank=5, cell=_talking),
        Column(head=("NOT", "READY"), width=5, rank=6, cell=_not_ready),
        Column(head=("OF", "ALL"), width=4, rank=7, cell=_agents),
        Column(head=("ABAN-", "DONED"), width=5, rank=4, cell=_abandoned),
        Column(head=("ANSWERED", "/OFFERED"), width=9, rank=8, cell=_answered),
        Column(head=EXPECTED_HEAD, width=_EXPECTED_WIDTH, rank=10, cell=_expected, align="left"),
        Column(head=("AVERAGE", "ANSWER"), width=8, rank=12, cell=_speed_of_answer),
        Column(head=("AVERAGE", "HANDLING"), width=8, rank=13, cell=_handling),
    )


def _service_level_column(legend: Legend) -> Column:
    if legend.shared is not None:
        goal, _, formula = target_name(legend.shared).partition(" ")
        head = (f"SL {goal}", formula[:16])
    else:
        head = ("SERVICE", "LEVEL")

    def cell(row: Row, _now: Instant) -> Cell:
        return _level(row, row.service_level, legend)

    width = max(8, *map(len, head))
    return Column(head=head, width=width, rank=2, cell=cell)


def _window_column(legend: Legend) -> Column:
    minutes = legend.window_s / 60
    head = ("SL LAST", f"{minutes:g} min") if legend.window_s else ("SL OF", "WINDOW")

    def cell(row: Row, _now: Instant) -> Cell:
        return _level(row, row.service_level_window, legend)

    return Column(head=head, width=max(8, len(head[1])), rank=9, cell=cell)


def _level(row: Row, ratio: float | None, legend: Legend) -> Cell:
    letter = legend.letters.get(row.target, "?") if legend.letters and row.target else ""
    if ratio is None:
        return f"- {letter or ' '}", FAINT
    if row.target is not None and ratio < row.target.goal:
        return f"{percent(ratio)}<{letter or ' '}", STRONG
    return f"{percent(ratio)} {letter or ' '}", PLAIN


def _waiting(row: Row, _now: Instant) -> Cell:
    return count(row.waiting), STRONG if row.waiting else FAINT


def _longest(row: Row, now: Instant) -> Cell:
    if row.oldest_queued_at is None:
        return "-", FAINT
    return duration(now - row.oldest_queued_at), STRONG


def _word(row: Row, _now: Instant) -> Cell:
    return WORDS[row.severity], STRONG


def _number(number: int, *, width: int) -> Cell:
    return count(number, width=width), PLAIN if number else FAINT


def _available(row: Row, _now: Instant) -> Cell:
    if row.waiting and not row.available:
        return "none", STRONG
    return _number(row.available, width=6)


def _talking(row: Row, _now: Instant) -> Cell:
    return _number(row.talking, width=5)


def _not_ready(row: Row, _now: Instant) -> Cell:
    return _number(row.not_ready, width=5)


def _agents(row: Row, _now: Instant) -> Cell:
    return _number(row.agents, width=4)


def _abandoned(row: Row, _now: Instant) -> Cell:
    return _number(row.abandoned, width=5)


def _answered(row: Row, _now: Instant) -> Cell:
    return f"{count(row.answered, width=4)}/{count(row.offered, width=4)}", PLAIN if row.offered else FAINT


def _expected(row: Row, _now: Instant) -> Cell:
    if row.stale_since:
        # What is held is no ground to promise anybody a wait.
        return f"stale since {row.stale_since}"[-_EXPECTED_WIDTH:].lstrip(), PLAIN
    if row.expected_wait is None:
        return "-", FAINT
    method = clean(row.expected_wait.method, console=True).replace("_", " ")
    return f"{duration(row.expected_wait.seconds)} {method}"[:_EXPECTED_WIDTH], PLAIN


def _speed_of_answer(row: Row, _now: Instant) -> Cell:
    return _average(row.average_speed_of_answer_s)


def _handling(row: Row, _now: Instant) -> Cell:
    return _average(row.average_handling_s)


def _average(seconds: Seconds | None) -> Cell:
    return ("-", FAINT) if seconds is None else (duration(seconds), PLAIN)
