"""Draw the README's picture of the wallboard: ``make picture``.

A simulated morning is played through the real core to a fixed instant: the picture is the same whoever draws
it.
"""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from dashboards.wallboard.board import draw_board
from dashboards.wallboard.svg import picture
from queue_alert import __version__
from queue_alert.core.monitor import Monitor
from queue_alert.core.policy import FeedPolicy, GroupPolicy, Policy, SignalPolicy, Thresholds
from queue_alert.core.units import FeedName, Instant, SignalName
from queue_alert.core.view import FloorView, OutputView
from simulator.acd import Simulation
from simulator.announcer import Announcer
from simulator.scenario import DEMO

PICTURE = Path(__file__).parent / "wallboard.svg"
ZONE = "Europe/London"
BEGIN = datetime(2026, 9, 14, 10, 0, tzinfo=ZoneInfo(ZONE)).timestamp()
SHOWN = BEGIN + 47 * 60 + 12
WIDTH, HEIGHT = 100, 26
SEED = 4


def floor_at(shown: Instant) -> FloorView:
    """Return the floor as it stands at ``shown``, with its lamps as they are lit in that instant."""
    feed = FeedName("pbx")
    monitor = Monitor(
        Policy(
            default_group=GroupPolicy(
                warning=Thresholds(waiting=3, longest_wait_s=60.0),
                critical=Thresholds(waiting=6, longest_wait_s=120.0),
            ),
            signals=(SignalPolicy(name=SignalName("beacon")), SignalPolicy(name=SignalName("tower"))),
            feeds=(FeedPolicy(name=feed),),
            timezone=ZONE,
        ),
        BEGIN,
    )
    simulation = Simulation(DEMO, seed=SEED, start=BEGIN, source=feed, time_of_day_s=10 * 3600.0)
    announcer = Announcer(simulation)
    events = announcer.begin(BEGIN)
    while True:
        for event in events:
            monitor.advance(event.time)
            monitor.handle(event, event.time)
        if announcer.next_at() > shown:
            break
        events = announcer.advance(announcer.next_at())
    monitor.advance(shown)
    lit = OutputView(name="beacon", driver="gpio-lamp", lamps={"lamp": "#ffb000"})
    tower = OutputView(
        name="tower", driver="gpio-tower", lamps={"red": "off", "yellow": "#ffd000", "green": "off"}
    )
    return msgspec.structs.replace(monitor.view(shown), version=__version__, outputs=(lit, tower))


def drawing() -> str:
    """Return the picture, as SVG."""
    rows = draw_board(floor_at(SHOWN), SHOWN, width=WIDTH, height=HEIGHT, address="ws://127.0.0.1:9469/live")
    return picture(rows, width=WIDTH)


if __name__ == "__main__":
    PICTURE.write_text(drawing(), encoding="utf-8")
