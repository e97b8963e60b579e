"""Where a connection to a feed's server stands, what moves it on, and what the server is allowed. Pure."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import msgspec

from queue_alert.core.errors import QueueAlertError
from queue_alert.core.units import Seconds

__all__ = ["TRANSITIONS", "Limits", "SessionError", "State", "Word"]


class State(StrEnum):
    """How far a connection has come."""

    GREETING = "greeting"
    """Connected; the server has not said hello."""
    SYNCING = "syncing"
    """Start or a request was said; the server has not said ``synced`` yet."""
    LIVE = "live"
    """All is known."""
    TORN = "torn"
    """Something is missing; snapshots will be asked for as soon as the last request is long enough ago."""


class Word(StrEnum):
    """What moves a connection on."""

    HELLO = "hello"
    WHOLE = "whole"
    """``synced``, and nothing is missing."""
    INCOMPLETE = "incomplete"
    """``synced``, and something is missing."""
    HOLE = "hole"
    """Something is missing while all was known."""
    ASKED = "asked"
    """Snapshots were asked for."""


TRANSITIONS: Final[Mapping[tuple[State, Word], State]] = {
    (State.GREETING, Word.HELLO): State.SYNCING,
    (State.SYNCING, Word.WHOLE): State.LIVE,
    (State.SYNCING, Word.INCOMPLETE): State.TORN,
    (State.LIVE, Word.HOLE): State.TORN,
    (State.TORN, Word.ASKED): State.SYNCING,
}
"""Every move there is; whatever else a server says is refused or changes nothing."""


class SessionError(QueueAlertError):
    """A server does not keep to the subprotocol; the connection is of no use any more."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What a server is allowed."""

    hello_within_s: Seconds = 10.0
    """From the connection to its ``hello``."""
    synced_within_s: Seconds = 30.0
    """From ``start`` or a request to ``synced``."""
    groups: int = 1_000
    """How many it may speak of."""
