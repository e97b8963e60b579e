"""From messages to events in one order, and when they are believed."""

from adapters.mqtt import intake as intake_module
from queue_alert.core.units import GroupName
from queue_alert.ports import Skipped
from tests.adapters.mqtt.line import Line

MISSED = "syncing: events were missed; waiting for the publisher's next snapshots"
UNSAID = "syncing: the publisher has not said all its snapshots yet"
OFFLINE = "down: the publisher of acd/berlin/status is offline: the ACD is not connected to the broker"
KEPT = "down: the broker has kept acd/berlin/status, but its publisher is not heard any more"


def live(seq: int = 10, *groups: str) -> Line:
    """Return a line that is live, all groups' snapshots taken at ``seq``; none named: sales and service."""
    line = Line()
    line.connect()
    line.status(seq=seq, groups=groups or ("sales", "service"))
    for group in groups or ("sales", "service"):
        said = line.snapshot(seq, group)
    assert said[-1] == "live"
    return line


def test_what_the_broker_has_kept_makes_nothing_live() -> None:
    line = Line()
    assert line.connect() == ["syncing"]
    assert line.status(retained=True, seq=10, groups=("sales",)) == []
    assert line.snapshot(10, retained=True) == ["10 snapshot sales"]
    assert line.status(seq=10, groups=("sales",), time=999.0) == ["heartbeat 999", "live"]


def test_every_group_must_have_a_snapshot() -> None:
    line = Line()
    line.connect()
    assert line.status(seq=10, groups=("sales", "service"))[1:] == [MISSED]
    assert line.snapshot(10) == ["10 snapshot sales"]
    assert line.snapshot(10, "service") == ["10 snapshot service", "live"]


def test_a_publisher_still_saying_its_snapshots_is_waited_for() -> None:
    line = live()
    assert line.status(seq=10, synced=False, groups=("sales", "service"))[1:] == [UNSAID]
    assert line.status(seq=10, groups=("sales", "service"))[1:] == ["live"]


def test_without_a_list_of_groups_the_status_after_the_subscription_counts() -> None:
    line = Line()
    line.intake.connected(1000.0)
    assert line.status(seq=10)[1:] == [UNSAID]
    assert line.snapshot(10, retained=True) == ["10 snapshot sales"]
    assert [event.state for event in line.intake.subscribed(1000.0)] == ["syncing"]  # type: ignore[union-attr]
    assert line.status(seq=10)[1:] == ["live"]


def test_a_hole_is_counted_and_nothing_is_believed_until_all_snapshots_lie_behind_it() -> None:
    line = live()
    assert line.event(11) == ["11 c11"]
    assert line.event(14) == ["14 c14", MISSED]
    assert line.snapshot(14) == ["14 snapshot sales"]
    assert line.event(15) == ["15 c15"]
    assert line.snapshot(15, "service") == ["15 snapshot service", "live"]
    assert line.skipped == [(Skipped.LOST, "2 events never came")]


def test_a_loss_at_the_end_is_found_by_the_status() -> None:
    line = live()
    assert line.status(seq=12, groups=("sales", "service"))[1:] == [MISSED]
    assert line.skipped == [(Skipped.LOST, "2 events never came")]
    line.snapshot(12)
    assert line.snapshot(12, "service")[-1] == "live"


def test_a_loss_is_found_by_a_snapshot_too() -> None:
    line = live()
    assert line.snapshot(13) == ["13 snapshot sales", MISSED]
    assert line.snapshot(13, "service") == ["13 snapshot service", "live"]


def test_a_snapshot_behind_later_events_puts_no_counts_right_and_so_heals_nothing() -> None:
    line = live()
    line.event(14)
    line.event(15)
    assert line.snapshot(14) == ["14 snapshot sales"]
    assert line.snapshot(14, "service") == ["14 snapshot service"]
    line.snapshot(15)
    assert line.snapshot(15, "service")[-1] == "live"


def test_repeats_and_late_ones_are_left_to_the_core() -> None:
    line = live()
    assert [line.event(seq)[0] for seq in (11, 12, 11, 12, 13)] == [
        "11 c11",
        "12 c12",
        "11 c11",
        "12 c12",
        "13 c13",
    ]
    assert line.skipped == []


def test_what_is_further_behind_than_the_core_remembers_is_passed_over() -> None:
    line = live(5000)
    assert line.event(3000) == []
    assert line.skipped == [(Skipped.TOO_OLD, "event far behind others of its run")]


def test_a_restart_of_the_acd_goes_on_with_higher_numbers() -> None:
    line = live(500)
    line.event(501)
    assert line.status(run="r2", seq=0, synced=False, groups=("sales", "service"))[1:] == [UNSAID]
    assert line.snapshot(0, run="r2") == ["502 snapshot sales"]
    assert line.event(1, run="r2") == ["503 c1"]
    assert line.snapshot(1, "service", run="r2") == ["503 snapshot service"]
    assert line.status(run="r2", seq=1, groups=("sales", "service"))[1:] == ["live"]
    assert line.event(2, run="r2") == ["504 c2"]
    assert line.skipped == []


def test_what_is_left_of_an_earlier_run_is_passed_over() -> None:
    line = live(500)
    line.status(run="r2", seq=0, groups=("sales", "service"))
    assert line.event(502, run="r1") == []
    assert line.snapshot(500, run="r1", retained=True) == []
    assert line.status(run="r1", seq=500, retained=True) == []
    assert [kind for kind, _ in line.skipped] == [Skipped.TOO_OLD] * 3


def test_events_without_a_run_belong_to_the_present_one() -> None:
    line = live()
    assert line.event(11, run=None) == ["11 c11"]


def test_what_waited_for_us_in_the_broker_names_its_run_before_any_status_does() -> None:
    line = Line()
    line.intake.connected(1000.0)
    assert line.event(7, run="r1") == ["7 c7"]
    assert line.event(8, run="r1") == ["8 c8"]
    line.status(seq=8, groups=("sales",))
    assert line.snapshot(8, run="r1") == ["8 snapshot sales"]
    line.intake.subscribed(1000.0)
    assert line.skipped == []


def test_what_was_kept_of_a_group_of_another_run_is_not_taken_before_the_status() -> None:
    line = Line()
    line.connect()
    assert line.snapshot(7, run="r0", retained=True) == []


def test_a_snapshot_older_than_the_present_run_is_passed_over() -> None:
    line = live(500)
    line.status(run="r2", seq=100, groups=("sales", "service"))
    assert line.snapshot(98, run="r2", retained=True) == []
    assert line.skipped == [(Skipped.TOO_OLD, "snapshot from before the publisher's status")]


def test_a_publisher_that_counts_far_behind_what_was_taken_begins_anew() -> None:
    line = live(10)
    line.event(9_000)
    line.skipped.clear()
    assert line.status(seq=20, groups=("sales", "service"))[1:] == []
    line.snapshot(20)
    assert line.snapshot(20, "service") == ["9001 snapshot service", "live"]
    assert line.event(21) == ["9002 c21"]


def test_a_feed_without_an_order_is_taken_as_it_comes() -> None:
    line = live(0)
    assert line.event(0) == ["0 c0"]
    assert line.snapshot(0) == ["0 snapshot sales"]
    assert line.status(seq=0, run="r2", groups=("sales", "service"))[1:] == []
    assert line.skipped == []


def test_a_publisher_that_goes_offline_is_down_and_no_late_message_brings_it_back() -> None:
    line = live()
    assert line.status(online=False) == [OFFLINE]
    assert line.event(11) == ["11 c11"]
    assert line.status(online=False) == []
    assert line.status(seq=11, groups=("sales", "service"))[1:] == ["live"]


def test_a_publisher_known_to_be_offline_is_down_at_once() -> None:
    line = Line()
    line.connect()
    assert line.status(online=False, retained=True) == [OFFLINE]


def test_a_status_that_is_cleared_is_a_publisher_taken_away() -> None:
    assert live().say("acd/berlin/status", b"") == [OFFLINE]


def test_nobody_at_all_is_told_after_a_while() -> None:
    line = Line()
    line.connect()
    line.now += intake_module.NOBODY_AFTER_S - 0.1
    assert line.check() == []
    line.now += 0.2
    (said,) = line.check()
    assert said.startswith("down: nobody has said acd/berlin/status; ")
    assert line.check() == []


def test_a_publisher_that_is_kept_but_silent_is_told_after_a_few_of_its_heartbeats() -> None:
    line = Line()
    line.connect()
    line.status(retained=True, seq=10, groups=(), heartbeat_s=10.0)
    line.now += 24.9
    assert line.check() == []
    line.now += 0.2
    assert line.check() == [KEPT]
    assert line.status(seq=10, groups=())[1:] == ["live"]
    assert line.check() == []


def test_a_group_whose_snapshot_is_cleared_is_empty_once() -> None:
    line = live()
    line.event(11)
    assert line.say("acd/berlin/sales/snapshot", b"") == ["11 snapshot sales"]
    assert line.say("acd/berlin/sales/snapshot", b"") == []


def test_groups_that_are_listed_no_more_are_empty() -> None:
    line = live()
    assert line.status(seq=10, groups=("sales",))[:-1] == ["10 snapshot service"]


def test_who_is_not_the_publisher_is_passed_over() -> None:
    line = live()
    assert line.event(11, source="somebody") == []
    assert line.skipped == [(Skipped.OTHER_SOURCE, "source is not that of the publisher's status")]


def test_a_connection_anew_waits_for_the_publishers_word_and_goes_on_where_it_was() -> None:
    line = live()
    assert line.connect() == ["syncing"]
    assert line.event(11) == ["11 c11"]
    assert line.status(seq=11, retained=True, groups=("sales", "service")) == []
    assert line.status(seq=11, groups=("sales", "service"))[1:] == ["live"]


def test_more_groups_than_can_be_kept_are_handed_on_and_not_kept() -> None:
    line = live()
    line.intake._snapshots.update({GroupName(f"g{number}"): 10 for number in range(50_000)})
    assert line.snapshot(10, "one more") == ["10 snapshot one more"]
    assert "one more" not in line.intake._snapshots
