"""The floor in Prometheus' text format, rendered from a frozen view.

:class:`FloorCollector` gives the metrics of :mod:`dashboards.prometheus_families` out twice: by ``collect()``
in prometheus-client's data model, for any registry, and by ``exposition()`` as text. The text is written here
because prometheus-client needs 0.6 s for 1,000 groups (86,000 samples) and keeps the interpreter busy for as
long; this takes a fifth of that and pauses in between, and the tests hold the two equal byte for byte.

Source: Prometheus text exposition format 0.0.4, https://prometheus.io/docs/instrumenting/exposition_formats/
"""

import time
from collections.abc import Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from dashboards.prometheus_families import FAMILIES, Family, Kind
from queue_alert.core.view import FloorView, Histogram
from queue_alert.ports import Route

__all__ = ["CONTENT_TYPE", "ROUTE", "FloorCollector", "registry", "render"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_LINES_AT_A_TIME = 500
_BREATH_S = 0.0002
"""A pause this short hands the interpreter to the event loop; without one it waits for the 5 ms switch."""


class FloorCollector(Collector):
    """One frozen view as a collector."""

    def __init__(self, view: FloorView) -> None:
        self._view = view

    def collect(self) -> Iterator[Metric]:
        """Yield every family in prometheus-client's data model."""
        for family in FAMILIES:
            yield _metric(family, self._view)

    def describe(self) -> Iterator[Metric]:
        """Yield the families without samples, so that a registry finds a name taken twice."""
        for family in FAMILIES:
            yield _metric(family, FloorView(at=0.0))

    def exposition(self) -> bytes:
        """Return the text format, equal to prometheus-client's own ``generate_latest``."""
        return b"".join(_written(self._view))


def registry(view: FloorView) -> CollectorRegistry:
    """Return a registry of its own that holds ``view`` and nothing else."""
    own = CollectorRegistry(auto_describe=False)
    own.register(FloorCollector(view))
    return own


def render(view: FloorView) -> bytes:
    """Return ``view`` in the text format, version 0.0.4.

    Pure, and meant for a worker thread: it lets go of the interpreter every few milliseconds.
    """
    return FloorCollector(view).exposition()


def _metric(family: Family, view: FloorView) -> Metric:
    match family.kind:
        case Kind.HISTOGRAM:
            histogram = HistogramMetricFamily(family.name, family.documentation, labels=family.labels)
            for labels, value in family.rows(view):
                if isinstance(value, Histogram):
                    histogram.add_metric(labels, list(_cumulative(value)), value.total_s)
            return histogram
        case Kind.COUNTER:
            simple: CounterMetricFamily | GaugeMetricFamily = CounterMetricFamily(
                family.name, family.documentation, labels=family.labels
            )
        case Kind.GAUGE:
            simple = GaugeMetricFamily(family.name, family.documentation, labels=family.labels)
    for labels, value in family.rows(view):
        if not isinstance(value, Histogram):
            simple.add_metric(labels, value)
    return simple


def _cumulative(histogram: Histogram) -> Iterator[tuple[str, float]]:
    edges = [*map(_go_number, histogram.edges), "+Inf"]
    return zip(edges, accumulate(histogram.counts), strict=True)


class _Escaped(dict[str, str]):
    """Label values as they are written; every group's name comes up eighty times."""

    def __missing__(self, value: str) -> str:
        text = value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
        self[value] = text
        return text


class _Numbers(dict[float, str]):
    """Numbers as Go writes them; most are small counts that come again and again."""

    def __missing__(self, value: float) -> str:
        text = _go_number(value)
        self[value] = text
        return text


def _go_number(value: float) -> str:
    return str(floatToGoString(value))  # type: ignore[no-untyped-call]  # prometheus-client left it untyped


def _written(view: FloorView) -> Iterator[bytes]:
    escaped, numbers = _Escaped(), _Numbers()
    for family in FAMILIES:
        lines = [f"# HELP {family.name} {family.documentation}\n# TYPE {family.name} {family.kind}\n"]
        for labels, value in family.rows(view):
            pairs = [f'{name}="{escaped[text]}"' for name, text in zip(family.labels, labels, strict=True)]
            if isinstance(value, Histogram):
                _write_histogram(lines, family, pairs, value, numbers)
            else:
                braced = f"{{{','.join(pairs)}}}" if pairs else ""
                lines.append(f"{family.name}{braced} {numbers[value]}\n")
            if len(lines) >= _LINES_AT_A_TIME:
                yield _text(lines)
        yield _text(lines)


def _write_histogram(
    lines: list[str], family: Family, pairs: list[str], histogram: Histogram, numbers: _Numbers
) -> None:
    # Labels are written in the order of their names, as prometheus-client does; ``le`` stands among them.
    before = sum(name < "le" for name in family.labels)
    head = family.name + "_bucket{" + "".join(f"{pair}," for pair in pairs[:before]) + 'le="'
    tail = "".join(f",{pair}" for pair in pairs[before:])
    seen = 0
    for edge, count in zip((*histogram.edges, float("inf")), histogram.counts, strict=True):
        seen += count
        lines.append(f'{head}{numbers[edge]}"{tail}}} {numbers[seen]}\n')
    braced = ",".join(pairs)
    lines.append(f"{family.name}_count{{{braced}}} {numbers[seen]}\n")
    lines.append(f"{family.name}_sum{{{braced}}} {numbers[histogram.total_s]}\n")


def _text(lines: list[str]) -> bytes:
    # A name from a feed may hold half a surrogate pair; a scrape must not fail for it.
    text = "".join(lines).encode("utf-8", "replace")
    lines.clear()
    time.sleep(_BREATH_S)
    return text


ROUTE = Route(
    path="/metrics",
    summary="figures for Prometheus",
    content_type=CONTENT_TYPE,
    render=render,
)
