"""A lost or silent feed shows on lamp, wallboard and metrics at its instant, and nothing is cleared."""

import asyncio
from collections.abc import Iterator

import pytest

from dashboards.wallboard.ansi import plain
from dashboards.wallboard.board import draw_board
from queue_alert.core.events import FeedState
from tests.journeys.floor import BEGIN, Exchange, Floor, running

pytestmark = pytest.mark.looptime

ONE = """
timezone = "UTC"
[http]
listen = "off"
[group_defaults]
critical = { waiting = 2 }
[feeds.pbx]
driver = "exchange"
stale_after = "30s"
[outputs.beacon]
driver = "recording"
"""

TWO = """
timezone = "UTC"
[http]
listen = "off"
[group_defaults]
critical = { waiting = 3 }
[feeds.north]
driver = "exchange"
groups = ["sales", "front desk"]
[feeds.south]
driver = "exchange"
groups = ["support-*", "front desk"]
[outputs.north]
driver = "recording"
groups = ["sales"]
[outputs.south]
driver = "recording"
groups = ["support-1"]
[outputs.shared]
driver = "recording"
groups = ["front desk"]
[outputs.both]
driver = "recording"
"""


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    yield
    Exchange.made.clear()


@pytest.fixture
def one() -> Floor:
    """A monitor of one exchange, made off the loop as in life."""
    return Floor(ONE)


@pytest.fixture
def two() -> Floor:
    """A monitor of two exchanges that share a group."""
    return Floor(TWO)


def edges(floor: Floor, output: str, begin: float, end: float) -> list[tuple[float, bool]]:
    """Return when a lamp went on and off, in seconds after :data:`BEGIN`."""
    shown = [(entry.at - BEGIN, entry.lamps["lamp"] != "off") for entry in floor.output(output).timeline]
    return [(round(at, 3), is_lit) for at, is_lit in shown if begin <= at < end]


def board(floor: Floor) -> list[str]:
    view = floor.view()
    return [plain(row) for row in draw_board(view, view.at, width=80, height=24)]


async def test_a_feed_that_falls_silent_is_stale_everywhere_at_its_instant_and_nothing_is_cleared(
    one: Floor,
) -> None:
    async with running(one):
        pbx = Exchange.made["pbx"]
        await asyncio.sleep(12)
        pbx.join("sales", "1")
        pbx.join("sales", "2")
        await asyncio.sleep(4.5)
        pbx.be_silent()  # the last heartbeat was at 15 s
        await asyncio.sleep(28)
        assert (one.feed("pbx").state, one.levels()) == (FeedState.LIVE, {"beacon": (2, 2, False)})
        await asyncio.sleep(1)
        silent = one.feed("pbx")
        assert (silent.state, silent.since - BEGIN) == (FeedState.STALE, 45.0)
        assert silent.reason == "nothing heard for 30 s"
        assert one.levels() == {"beacon": (2, 2, True)}
        assert (one.group("sales").stale, one.group("sales").waiting) == (True, 2)
        assert one.metric("acd_feed_up") == {"pbx": 0}
        assert one.metric("acd_feed_state") == {
            "pbx syncing": 0,
            "pbx live": 0,
            "pbx stale": 1,
            "pbx down": 0,
        }
        assert one.metric("acd_group_stale") == {"sales": 1}
        assert one.metric("acd_group_severity") == {"sales": 2}
        assert one.metric("acd_contacts_waiting") == {"sales": 2}
        await asyncio.sleep(7.5)
        shown = board(one)
    assert shown[0].startswith(" QUEUE ALERT  ! FEED STALE - figures held")
    assert shown[1] == "  !   pbx stale   since 22:14:05, for 8 s"
    assert shown[2] == " ! pbx is stale since 22:14:05: nothing heard for 30 s"
    assert shown[5].startswith("!!?sales")
    # Critical is two flashes a second; from the beat of its loss on it is a second lit, a second dark.
    assert edges(one, "beacon", 44.0, 45.0) == [(44.0, True), (44.25, False), (44.5, True), (44.75, False)]
    assert edges(one, "beacon", 45.0, 51.0) == [
        (45.0, True),
        (46.0, False),
        (47.0, True),
        (48.0, False),
        (49.0, True),
        (50.0, False),
    ]


async def test_a_feed_that_speaks_again_is_live_with_what_it_had_kept_back(one: Floor) -> None:
    async with running(one):
        pbx = Exchange.made["pbx"]
        await asyncio.sleep(1)
        pbx.join("sales", "1")
        pbx.join("sales", "2")
        pbx.be_silent()
        await asyncio.sleep(60)
        pbx.answer("sales", "1")
        pbx.join("sales", "3")
        pbx.answer("sales", "2")
        assert one.levels() == {"beacon": (2, 2, True)}
        pbx.speak_again()
        assert one.levels() == {"beacon": (1, 0, False)}
        assert one.metric("acd_feed_up") == {"pbx": 1}
        group = one.group("sales")
        assert (group.stale, group.offered_total, group.left_total, group.corrections) == (
            False,
            3,
            {"answered": 2},
            0,
        )


async def test_a_line_that_is_cut_is_down_at_once_and_its_return_puts_the_figures_right(one: Floor) -> None:
    async with running(one):
        pbx = Exchange.made["pbx"]
        await asyncio.sleep(10)
        for caller in ("1", "2", "3"):
            pbx.join("sales", caller)
        await asyncio.sleep(0.1)
        pbx.cut("connection reset")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        down = one.feed("pbx")
        assert (down.state, down.reason, down.held_since) == (FeedState.DOWN, "connection reset", down.since)
        assert one.levels() == {"beacon": (3, 2, True)}
        pbx.answer("sales", "1")
        pbx.answer("sales", "2")
        await asyncio.sleep(300)
        assert one.levels() == {"beacon": (3, 2, True)}
        assert one.feed("pbx").held_since == down.since
        pbx.fault = ""
        await asyncio.sleep(40)
        assert one.levels() == {"beacon": (1, 0, False)}
        assert (one.feed("pbx").state, one.feed("pbx").held_since) == (FeedState.LIVE, None)
        assert one.metric("acd_feed_corrections_total") == {"pbx": 2}
        assert one.group("sales").stale is False


async def test_before_a_feed_was_ever_live_its_lamp_is_stale_and_never_dark(one: Floor) -> None:
    Exchange.made["pbx"].fault = "connection refused"
    async with running(one):
        await asyncio.sleep(10)
        assert one.levels() == {"beacon": (0, 0, True)}
    seen = edges(one, "beacon", 1.0, 9.0)
    assert [at for at, _is_lit in seen] == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]
    assert [is_lit for _at, is_lit in seen] == [not seen[0][1], seen[0][1]][::-1] * 4


async def test_two_exchanges_of_one_floor_number_their_calls_alike_and_add_up(two: Floor) -> None:
    async with running(two):
        north, south = Exchange.made["north"], Exchange.made["south"]
        await asyncio.sleep(1)
        for exchange, own in ((north, "sales"), (south, "support-1")):
            exchange.join(own, "1")
            exchange.join("front desk", "2")
            exchange.join("front desk", "3")
        assert two.levels() == {
            "north": (1, 0, False),
            "south": (1, 0, False),
            "shared": (4, 2, False),
            "both": (6, 2, False),
        }
        north.answer("front desk", "2")
        assert two.group("front desk").waiting == 3
        assert two.metric("acd_contacts_offered_total") == {"sales": 1, "front desk": 4, "support-1": 1}
        south.answer("front desk", "2")
        south.answer("front desk", "3")
        assert two.levels()["shared"] == (1, 0, False)


async def test_one_exchange_that_dies_makes_its_own_groups_lamps_stale_and_no_others(two: Floor) -> None:
    async with running(two):
        north, south = Exchange.made["north"], Exchange.made["south"]
        await asyncio.sleep(1)
        for exchange, own in ((north, "sales"), (south, "support-1")):
            exchange.join(own, "1")
            exchange.join("front desk", "2")
            exchange.join("front desk", "3")
        await asyncio.sleep(10)
        south.cut("no route to host")
        await asyncio.sleep(10)
        north.join("sales", "7")
        north.join("front desk", "8")
        assert two.levels() == {
            "north": (2, 0, False),
            "south": (1, 0, True),
            "shared": (5, 2, True),
            "both": (8, 2, True),
        }
        assert two.metric("acd_feed_up") == {"north": 1, "south": 0}
        assert two.metric("acd_group_stale") == {"sales": 0, "front desk": 1, "support-1": 1}
        shown = board(two)
        assert shown[0].startswith(" QUEUE ALERT  !! FEED DOWN - 2 of 3 groups held")
        assert shown[1].startswith("  !!  south down    since 22:13:31, for 10 s   no route to host")
        assert shown[2].startswith("  ok  north live    since 22:13:20, for 21 s")
        assert [row[:3] for row in shown[6:10]] == ["   ", "!!?", "?  ", "?  "]
        await asyncio.sleep(20)
        # The lamp of the feed that lives goes on counting, those of the other do not go dark.
        assert len(edges(two, "north", 30.0, 40.0)) > 8
        assert edges(two, "south", 32.0, 36.0) == [(32.0, False), (33.0, True), (34.0, False), (35.0, True)]
        south.waiting["front desk"].pop("2")
        south.fault = ""
        await asyncio.sleep(40)
        assert two.levels() == {
            "north": (2, 0, False),
            "south": (1, 0, False),
            "shared": (4, 2, False),
            "both": (7, 2, False),
        }
        assert two.group("front desk").corrections == 1


async def test_what_an_exchange_says_of_the_others_groups_is_not_believed(two: Floor) -> None:
    async with running(two):
        await asyncio.sleep(1)
        Exchange.made["south"].join("sales", "1")
        assert two.levels()["north"] == (0, 0, False)
        assert [group.name for group in two.view().groups] == []
        assert two.runtime._skipped["south"].counts == {"other_group": 1}
