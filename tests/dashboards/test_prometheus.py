"""The exposition, parsed back and compared whole with the view."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families

from dashboards.prometheus import CONTENT_TYPE, ROUTE, FloorCollector, registry, render
from dashboards.prometheus_families import FAMILIES, Kind
from queue_alert.core.effects import Anomaly
from queue_alert.core.events import FeedState, Outcome
from queue_alert.core.units import FeedName, GroupName
from queue_alert.core.view import ButtonView, FeedView, FloorView, Histogram, PublisherView
from queue_alert.ports import Skipped
from tests.dashboards.wallboard.floors import NOW, busy_floor, feed, group

DOCUMENTATION = Path(__file__).parents[2] / "docs" / "reference" / "metrics.md"
ODD = 'he said "7\\8"\n次 {x="y"}'


def floor() -> FloorView:
    one = replace(
        group(ODD, waiting=3, longest_s=12.5),
        offered_total=12,
        left_total={"answered": 7, "abandoned": 2},
        transferred_total={"blind": 2, "consult": 1},
        answered_wait=Histogram((5.0, 20.0, 60.0), (4, 2, 1, 0), 61.25),
        abandoned_wait=Histogram((5.0, 20.0, 60.0), (1, 0, 0, 1), 95.0),
        talk=Histogram((30.0,), (3, 4), 1234.5),
        held=Histogram((30.0,), (0, 0), 0.0),
    )
    other = replace(group("quiet"), transferred_total={"blind": 1})
    feeds = (
        replace(feed(), corrections=4, anomalies={"unknown_contact": 2, "made_up": 1}),
        FeedView(name=FeedName("second"), state=FeedState.STALE, since=NOW),
    )
    publishers = (PublisherView(name="hub", driver="mqtt", is_up=True),)
    buttons = (ButtonView(name="desk", driver="gpio-button", is_up=True),)
    return replace(busy_floor(), groups=(one, other), feeds=feeds, publishers=publishers, buttons=buttons)


def families(view: FloorView) -> dict[str, Metric]:
    return {metric.name: metric for metric in text_string_to_metric_families(render(view).decode())}


def samples(view: FloorView, family: str) -> dict[tuple[str, ...], float]:
    found = families(view)[family].samples
    return {
        (sample.name, *(f"{k}={v}" for k, v in sorted(sample.labels.items()))): sample.value
        for sample in found
    }


def test_text_equals_prometheus_clients_own_byte_for_byte() -> None:
    assert render(floor()) == generate_latest(registry(floor()))


@given(
    name=st.text(st.characters(exclude_categories=["Cs"])), count=st.integers(0, 2**53), at=st.floats(0, 1e12)
)
def test_any_name_and_figure_is_written_as_prometheus_client_does(name: str, count: int, at: float) -> None:
    view = floor()
    odd = replace(view.groups[0], name=GroupName(name), offered_total=count, oldest_queued_at=at)
    view = replace(view, groups=(odd,))
    assert render(view) == generate_latest(registry(view))


def test_all_families_are_there_with_their_types() -> None:
    kinds = {name: metric.type for name, metric in families(floor()).items()}
    assert kinds == {family.name.removesuffix("_total"): family.kind.value for family in FAMILIES}


def test_waiting_names_the_group_whatever_it_is_called() -> None:
    assert samples(floor(), "acd_contacts_waiting") == {
        ("acd_contacts_waiting", f"group={ODD}"): 3.0,
        ("acd_contacts_waiting", "group=quiet"): 0.0,
    }


def test_oldest_is_absent_where_nobody_waits() -> None:
    assert samples(floor(), "acd_oldest_queued_timestamp_seconds") == {
        ("acd_oldest_queued_timestamp_seconds", f"group={ODD}"): NOW - 12.5
    }


def test_queue_wait_is_cumulative_with_the_edges_as_they_are() -> None:
    name = "acd_queue_wait_seconds"
    found = {key: value for key, value in samples(floor(), name).items() if f"group={ODD}" in key}

    def counted(outcome: str, values: list[float], total: float) -> dict[tuple[str, ...], float]:
        edges = ["5.0", "20.0", "60.0", "+Inf"]
        labels = (f"group={ODD}",)
        buckets: dict[tuple[str, ...], float] = {
            (f"{name}_bucket", *labels, f"le={edge}", f"outcome={outcome}"): value
            for edge, value in zip(edges, values, strict=True)
        }
        own = (*labels, f"outcome={outcome}")
        return {**buckets, (f"{name}_count", *own): values[-1], (f"{name}_sum", *own): total}

    assert found == {**counted("answered", [4, 6, 7, 7], 61.25), **counted("abandoned", [1, 1, 1, 2], 95.0)}


def test_every_outcome_is_counted_from_zero() -> None:
    found = {
        key[2]: value for key, value in samples(floor(), "acd_contacts_left").items() if f"group={ODD}" in key
    }
    expected = {f"outcome={outcome}": 0.0 for outcome in Outcome}
    assert found == {**expected, "outcome=answered": 7.0, "outcome=abandoned": 2.0}


def test_agents_are_given_in_every_state() -> None:
    found = samples(replace(busy_floor(), groups=busy_floor().groups[1:2]), "acd_agents")
    counts = {key[2].removeprefix("state="): value for key, value in found.items()}
    assert counts == {
        "offline": 0,
        "available": 0,
        "reserved": 0,
        "talking": 2,
        "on_hold": 0,
        "wrapup": 1,
        "not_ready": 1,
    }


def test_transfers_are_added_up_over_groups() -> None:
    assert samples(floor(), "acd_transfers") == {
        ("acd_transfers_total", "kind=blind"): 3.0,
        ("acd_transfers_total", "kind=consult"): 1.0,
        ("acd_transfers_total", "kind=conference"): 0.0,
    }


def test_feed_is_up_only_while_live() -> None:
    assert samples(floor(), "acd_feed_up") == {
        ("acd_feed_up", "feed=pbx1"): 1.0,
        ("acd_feed_up", "feed=second"): 0.0,
    }
    assert samples(floor(), "acd_feed_last_event_timestamp_seconds") == {
        ("acd_feed_last_event_timestamp_seconds", "feed=pbx1"): NOW - 1
    }


def test_a_feeds_state_is_one_of_four_and_has_a_since() -> None:
    name = "acd_feed_state"
    assert samples(floor(), name) == {
        (name, f"feed={feed}", f"state={state}"): float(
            (feed, state) in {("pbx1", "live"), ("second", "stale")}
        )
        for feed in ("pbx1", "second")
        for state in FeedState
    }
    since = "acd_feed_state_timestamp_seconds"
    assert samples(floor(), since) == {(since, "feed=pbx1"): NOW - 3600, (since, "feed=second"): NOW}


def test_lag_and_clock_offset_are_absent_while_not_known() -> None:
    first, second = floor().feeds
    view = replace(floor(), feeds=(replace(first, lag_s=4.25, clock_offset_s=-3.5), second))
    for name, value in (("acd_feed_lag_seconds", 4.25), ("acd_feed_clock_offset_seconds", -3.5)):
        assert samples(view, name) == {(name, "feed=pbx1"): value}


def test_a_stale_group_is_told_from_one_that_is_known() -> None:
    one, other = floor().groups
    name = "acd_group_stale"
    assert samples(replace(floor(), groups=(one, replace(other, stale=True))), name) == {
        (name, f"group={ODD}"): 0.0,
        (name, "group=quiet"): 1.0,
    }


def test_a_publisher_is_up_or_not() -> None:
    up, down = (PublisherView(name=name, driver="mqtt", is_up=name == "a") for name in ("a", "b"))
    name = "acd_publisher_up"
    assert samples(replace(floor(), publishers=(up, down)), name) == {
        (name, "publisher=a"): 1.0,
        (name, "publisher=b"): 0.0,
    }


def test_a_button_can_be_relied_on_or_not() -> None:
    up, dead = (ButtonView(name=name, driver="gpio-button", is_up=name == "a") for name in ("a", "b"))
    name = "acd_button_up"
    assert samples(replace(floor(), buttons=(up, dead)), name) == {
        (name, "button=a"): 1.0,
        (name, "button=b"): 0.0,
    }


def test_anomalies_are_counted_from_zero_and_new_kinds_too() -> None:
    found = samples(floor(), "acd_feed_anomalies")
    kinds = {key[2].removeprefix("kind=") for key in found if key[1] == "feed=pbx1"}
    assert kinds == {*map(str, Anomaly), *map(str, Skipped), "made_up"}
    assert found["acd_feed_anomalies_total", "feed=pbx1", "kind=unknown_contact"] == 2.0


def test_service_level_names_formula_and_period_and_leaves_out_the_unknown() -> None:
    view = replace(floor(), groups=(replace(group("g", level=0.5), today=group("g", level=None).today),))
    name = "acd_service_level_ratio"
    assert samples(view, name) == {
        (name, "formula=offered", "group=g", "period=window"): 0.5,
        (name, "formula=answered", "group=g", "period=window"): 0.5,
    }


def test_output_in_fault_is_down() -> None:
    view = floor()
    view = replace(view, outputs=(replace(view.outputs[0], fault="unplugged"), view.outputs[1]))
    assert samples(view, "acd_output_up") == {
        ("acd_output_up", "output=beacon"): 0.0,
        ("acd_output_up", "output=tower"): 1.0,
    }


def test_build_and_expected_wait_are_named() -> None:
    assert samples(floor(), "acd_build_info") == {("acd_build_info", "version=0.1.0"): 1.0}
    name = "acd_expected_wait_seconds"
    assert samples(floor(), name) == {(name, f"group={ODD}", "method=moving_average"): 75.0}


def test_names_keep_the_rules_of_promtool() -> None:
    """Source: https://prometheus.io/docs/practices/naming/ and promtool check metrics."""
    for family in FAMILIES:
        assert re.fullmatch(r"acd_[a-z][a-z_]*[a-z]", family.name)
        assert family.name.endswith("_total") == (family.kind is Kind.COUNTER)
        assert not re.search(
            r"_(count|sum|bucket|milliseconds|minutes|percent|counter|gauge|histogram)$", family.name
        )
        assert family.kind is not Kind.HISTOGRAM or family.name.endswith("_seconds")
        assert family.documentation.endswith(".")
        assert list(family.labels) == sorted(family.labels)
        assert not {"caller", "contact", "agent", "le"} & set(family.labels)


def test_names_are_taken_once() -> None:
    own = CollectorRegistry()
    own.register(FloorCollector(floor()))
    with pytest.raises(ValueError, match="Duplicated timeseries"):
        own.register(FloorCollector(floor()))


def test_half_a_surrogate_pair_does_not_break_the_scrape() -> None:
    assert b'group="a?"' in render(replace(floor(), groups=(group("a\ud800"),)))


def test_route_says_what_it_is() -> None:
    assert (ROUTE.path, ROUTE.content_type) == ("/metrics", "text/plain; version=0.0.4; charset=utf-8")
    assert ROUTE.content_type == CONTENT_TYPE
    assert ROUTE.render(floor()) == render(floor())


def test_every_metric_is_documented_with_type_and_labels() -> None:
    documented = DOCUMENTATION.read_text(encoding="utf-8")
    for family in FAMILIES:
        labels = ", ".join(f"`{label}`" for label in family.labels) or "\u2013"
        assert f"| `{family.name}` | {family.kind} | {labels} |" in documented
