"""What is posted, to our events: the right translation for each, and what became of each. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Any, Final

import msgspec

from adapters.webhook.cloudevents import (
    BATCH,
    STRUCTURED,
    CloudEvent,
    RefusedError,
    media_type,
    read_binary,
    read_cloud_event,
    split_body,
)
from adapters.webhook.connect import ConnectTranslator
from adapters.webhook.fields import mapping, text
from adapters.webhook.health import Health
from adapters.webhook.neutral import SYNCED, NeutralDesk
from adapters.webhook.twilio import PREFIX, TwilioTranslator
from queue_alert.core.deadlines import NEVER
from queue_alert.core.events import UNREADABLE, AcdEvent
from queue_alert.core.units import FeedName, Instant, Seconds
from queue_alert.ports import Skipped

__all__ = ["Desk", "DeskOptions", "Kind", "Receipt"]

_JSON: Final = "application/json"
_FROM_HELPERS: Final = frozenset({"group.snapshot", "feed.heartbeat", SYNCED})


class Kind(StrEnum):
    """Who posts."""

    NEUTRAL = "neutral"
    TWILIO = "twilio"
    AMAZON_CONNECT = "amazon-connect"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskOptions:
    """How posts are read.

    Attributes:
        kind: Who posts.
        source: Whom a neutral feed listens to; "": whoever speaks first.
        snapshots: Whether a neutral sender says snapshots, so that nothing is believed before the first.
        silence_s: So long a cloud may be silent.
        give_up_s: A cloud's contact of which nothing was heard for so long waits no more.
        names: What queues and agents are called, by id.
        max_events: How many events one post may hold.
    """

    kind: Kind = Kind.NEUTRAL
    source: str = ""
    snapshots: bool = True
    silence_s: Seconds = 1800.0
    give_up_s: Seconds = 86_400.0
    names: Mapping[str, str] = field(default_factory=dict)
    max_events: int = 1000


@dataclass(slots=True)
class Receipt:
    """What became of one post.

    Attributes:
        events: Ours, oldest first.
        taken: How many of its events were taken, also those that told nothing new.
        refused: Which ones were not, by their place from 0, and why.
        wants_snapshot: Whether all snapshots should be said now.
    """

    events: list[AcdEvent] = field(default_factory=list)
    taken: int = 0
    refused: list[tuple[int, str]] = field(default_factory=list)
    wants_snapshot: bool = False


class Desk:
    """Takes posts for one feed; one for its whole life, for what is known of contacts outlives a restart.

    Args:
        name: The feed's name.
        skipped: Called for everything passed over.
        options: How posts are read.
    """

    def __init__(self, name: FeedName, skipped: Callable[[Skipped, str], None], options: DeskOptions) -> None:
        self._options = options
        self._skipped = skipped
        is_neutral = options.kind is Kind.NEUTRAL
        self._health = Health(
            name,
            needs_snapshot=is_neutral and options.snapshots,
            silence_s=None if is_neutral else options.silence_s,
            note="" if is_neutral else "who has waited since before the first post is not known",
        )
        self._neutral = NeutralDesk(name, self._health, skipped, source=options.source)
        self._twilio = (
            TwilioTranslator(name, skipped, give_up_s=options.give_up_s)
            if options.kind is Kind.TWILIO
            else None
        )
        self._connect = (
            ConnectTranslator(name, skipped, give_up_s=options.give_up_s, names=options.names)
            if options.kind is Kind.AMAZON_CONNECT
            else None
        )

    def accepts(self, headers: Mapping[str, str]) -> bool:
        """Return whether a body of this type can be read; ``headers`` by name in lower case.

        The clouds post lists of CloudEvents, or what is none at all, as plain JSON.
        """
        kind = media_type(headers.get("content-type", ""))
        is_lenient = self._options.kind is not Kind.NEUTRAL
        return kind in {STRUCTURED, BATCH} or (kind == _JSON and (is_lenient or "ce-specversion" in headers))

    def begin(self, now: Instant) -> list[AcdEvent]:
        """Say that posts are waited for."""
        return self._health.begin(now)

    def end(self, now: Instant) -> list[AcdEvent]:
        """Say that nothing can be posted any more."""
        return self._health.end(now)

    def take(self, headers: Mapping[str, str], body: bytes, now: Instant) -> Receipt:
        """Read one post of somebody who may post. A bad event in it is refused and counted, the others taken.

        Raises:
            RefusedError: Nothing in it can be read.
        """
        receipt = Receipt()
        is_binary = "ce-specversion" in headers and media_type(headers.get("content-type", "")) == _JSON
        events: list[Callable[[Instant], list[AcdEvent]]] = (
            [partial(self._take_binary, headers, body)]
            if is_binary
            else [partial(self._take_one, text) for text in split_body(body, limit=self._options.max_events)]
        )
        receipt.events += self._health.heard(now)
        self._take_all(events, receipt, now)
        receipt.events += self._neutral.finish(now)
        receipt.wants_snapshot = self._health.wants_snapshot
        return receipt

    def next_at(self) -> Instant:
        """Return when :meth:`advance` next has something to say; infinity for never."""
        return min(self._health.next_at(), *(one.next_at() for one in self._translators), NEVER)

    def advance(self, now: Instant) -> list[AcdEvent]:
        """Return what time alone has brought about."""
        said = self._health.advance(now)
        for translator in self._translators:
            said += translator.advance(now)
        return said

    @property
    def _translators(self) -> Sequence[TwilioTranslator | ConnectTranslator]:
        return [one for one in (self._twilio, self._connect) if one is not None]

    def _take_all(
        self, events: Sequence[Callable[[Instant], list[AcdEvent]]], receipt: Receipt, now: Instant
    ) -> None:
        for place, take in enumerate(events):
            try:
                receipt.events += take(now)
            except RefusedError as error:
                self._skipped(error.kind, error.reason)
                receipt.refused.append((place, error.reason))
            else:
                receipt.taken += 1

    def _take_binary(self, headers: Mapping[str, str], body: bytes, now: Instant) -> list[AcdEvent]:
        return self._cloud_event(read_binary(headers, body), now)

    def _take_one(self, text: bytes, now: Instant) -> list[AcdEvent]:
        if self._connect is not None:
            event = _object(text)
            if "specversion" not in event:
                return self._from_event_bridge(self._connect, event, now)
        return self._cloud_event(read_cloud_event(text), now)

    def _cloud_event(self, event: CloudEvent, now: Instant) -> list[AcdEvent]:
        if self._twilio is not None and event.type.startswith(PREFIX):
            return self._twilio.translate(event, now)
        if self._options.kind is not Kind.NEUTRAL and event.type not in _FROM_HELPERS:
            raise RefusedError(Skipped.UNKNOWN_EVENT, "type is none that this kind of feed takes")
        said = self._neutral.take(event, now)
        # A helper's clock is not that of the cloud whose events are told by it.
        return said if self._options.kind is Kind.NEUTRAL or event.type != "feed.heartbeat" else []

    def _from_event_bridge(
        self, connect: ConnectTranslator, event: Mapping[str, Any], now: Instant
    ) -> list[AcdEvent]:
        if text(event, "source") == "aws.events" and text(event, "detail-type") == "Scheduled Event":
            return []  # a rule that posts every minute, to show that the road is open: it was heard
        return connect.translate(event, now)


def _object(text: bytes) -> Mapping[str, Any]:
    try:
        return mapping(msgspec.json.decode(text))
    except RecursionError as error:
        raise RefusedError(Skipped.TOO_LONG, "the JSON is nested too deeply") from error
    except UNREADABLE as error:
        raise RefusedError(Skipped.NOT_TEXT, "the body is no JSON") from error
