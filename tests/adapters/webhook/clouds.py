"""What the clouds post, from the golden files, and a desk that reads it."""

from pathlib import Path
from typing import Any

import msgspec

from adapters.webhook.desk import Desk, DeskOptions, Kind, Receipt
from queue_alert.core.events import AcdEvent, FeedStatusChanged
from queue_alert.core.units import FeedName, Instant
from queue_alert.ports import Skipped

FOLDER = Path(__file__).parents[2] / "golden" / "webhook"
BEGAN: Instant = 1_767_609_000.0
"""Second 0 of the files' times."""
NAMES = {"aaaaaaaa-0000-4000-8000-000000000001": "Sales", "aaaaaaaa-0000-4000-8000-000000000002": "Overflow"}


def posted(kind: Kind) -> list[dict[str, Any]]:
    """Return the events that a cloud posts, in the order in which it lists them."""
    events: list[dict[str, Any]] = msgspec.json.decode((FOLDER / f"{kind}.json").read_bytes())
    return events


class Cloud:
    """A desk that a cloud posts to.

    Attributes:
        now: When the next post comes.
        skipped: What was passed over.
    """

    def __init__(self, kind: Kind, *, give_up_s: float = 3600.0) -> None:
        self.now: Instant = BEGAN + 400.0
        self.skipped: list[tuple[Skipped, str]] = []
        options = DeskOptions(kind=kind, give_up_s=give_up_s, names=NAMES)
        self.desk = Desk(FeedName("cloud"), lambda kind, detail: self.skipped.append((kind, detail)), options)
        self.desk.begin(self.now)

    def post(self, *events: Any) -> Receipt:
        """Post events, in one list."""
        return self.desk.take({"content-type": "application/json"}, msgspec.json.encode(events), self.now)

    def said(self, *events: Any) -> list[AcdEvent]:
        """Return what a post makes of the floor; how far the feed is believed left out."""
        return [event for event in self.post(*events).events if not isinstance(event, FeedStatusChanged)]

    def later(self, seconds: float) -> list[AcdEvent]:
        """Let time pass."""
        self.now += seconds
        said = self.desk.advance(self.now)
        return [event for event in said if not isinstance(event, FeedStatusChanged)]
