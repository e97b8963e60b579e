"""Measure everything that is promised and say whether it holds: ``make bench``.

``python -m benchmarks.neutral`` and ``python -m benchmarks.ami`` give the absolute times, by pyperf.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from rich.console import Console
from rich.table import Table

from benchmarks import ami, neutral, rules
from benchmarks.beat import errors_of_every_change
from benchmarks.burst import burst
from benchmarks.footprint import footprints
from benchmarks.lateness import lateness_s
from benchmarks.light import bare_and_lamp_s
from benchmarks.memory import bytes_per_waiting_contact
from benchmarks.pairs import median_ratio


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure and what it is held to."""

    what: str
    measured: float
    limit: float
    unit: str
    at_least: bool = False

    @property
    def holds(self) -> bool:
        """Whether the promise is kept."""
        return self.measured >= self.limit if self.at_least else self.measured <= self.limit


def main() -> int:
    """Measure, print a table, and return 1 if a promise is not kept."""
    console = Console(stderr=True)
    figures = []
    for figure in _measure():
        figures.append(figure)
        console.print(f"{figure.what}: {figure.measured:.3g} {figure.unit}")
    table = Table("promise", "measured", "limit", "", title="what is promised")
    for figure in figures:
        bound = ">=" if figure.at_least else "<="
        table.add_row(
            figure.what,
            f"{figure.measured:.3g} {figure.unit}",
            f"{bound} {figure.limit:g} {figure.unit}",
            "holds" if figure.holds else "BROKEN",
        )
    Console(width=110).print(table)
    return 0 if all(figure.holds for figure in figures) else 1


def _measure() -> Iterator[Figure]:
    yield Figure(
        "a neutral event, decoded and handled, against decoding and one dict update",
        median_ratio(neutral.whole, neutral.bare),
        3.0,
        "times",
    )
    yield Figure(
        "the calm recording of a manager connection, bytes to floor: faster than panoramisk parsing it",
        median_ratio(ami.panoramisk, ami.whole),
        6.0,
        "times",
        at_least=True,
    )
    yield Figure(
        "an event with five rules on every group: of 1,000 groups against 10",
        median_ratio(partial(rules.of_groups, 1_000), partial(rules.of_groups, 10)),
        1.3,
        "times",
    )
    yield Figure("a waiting contact", bytes_per_waiting_contact(), 400.0, "bytes")
    (monitor_mb, monitor_share), (board_mb, board_share) = footprints()
    yield Figure("resident memory of the monitor with AMI, GPIO and metrics", monitor_mb, 44.0, "MB")
    yield Figure("resident memory of the wallboard", board_mb, 40.0, "MB")
    yield Figure("processor time of the idle monitor", monitor_share * 100, 0.5, "% of a core")
    yield Figure("processor time of the idle wallboard", board_share * 100, 0.5, "% of a core")
    errors = errors_of_every_change(20.0)
    p50, p99, most = (errors.at_percentile(percent) * 1000 for percent in (50, 99, 100))
    yield Figure(
        f"error of {len(errors.seconds)} changes of flashing lamps in 20 s on the real clock, at the 99th "
        f"percentile (50th: {p50:.2f} ms, largest: {most:.2f} ms)",
        p99,
        10.0,
        "ms",
    )
    yield Figure("by how much the error grows over these 20 s", errors.drift_s * 1000, 1.0, "ms")
    # What else the machine does is not the lamp's fault: of three spans the calmest counts.
    spans = [lateness_s(30.0) for _ in range(3)]
    late, machine = min(spans, key=lambda span: _percentile_99(span[1]))
    yield Figure(
        "lateness of the lamp at the 99th percentile while 1,000 groups are drawn and scraped: the calmest "
        f"of three spans of 30 s (a process that only waits: {_percentile_99(machine) * 1000:.1f} ms)",
        _percentile_99(late) * 1000,
        10.0,
        "ms",
    )
    bare, lamp = bare_and_lamp_s()
    yield Figure(
        "a contact published at a broker to its lamp, at the 99th percentile, against a bare callback "
        f"({_percentile_99(lamp) * 1000:.1f} and {_percentile_99(bare) * 1000:.1f} ms)",
        _percentile_99(lamp) / _percentile_99(bare),
        3.0,
        "times",
    )
    found = burst()
    what = f"a burst of 50,000 events through a broker ({found.seconds:.0f} s)"
    yield Figure(f"{what}: from its end until the lamp is right", found.right_after_s, 1.0, "s")
    yield Figure(f"{what}: growth of the monitor", found.grown_mb, 20.0, "MB")


def _percentile_99(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.99)]


if __name__ == "__main__":
    sys.exit(main())
