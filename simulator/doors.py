"""The protocols a simulated ACD speaks: which there are, and where they are spoken."""

import ipaddress
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol, Self
from urllib.parse import urlsplit

from queue_alert.core.errors import QueueAlertError
from queue_alert.ports import Clock
from simulator.exchange import Exchange

__all__ = ["DOORS", "Door", "DoorError", "DoorKind", "Place", "open_door", "read_place"]


class DoorError(QueueAlertError):
    """A protocol cannot be spoken; says why and what to do."""


class Door(Protocol):
    """A server (or a sender) of one protocol, while it is entered."""

    where: str
    """Where clients find it, or whom it sends to; known once it is entered."""

    async def __aenter__(self) -> Self:
        """Begin to listen, or to send.

        Raises:
            OSError: The address cannot be had.
            QueueAlertError: Something else is in the way.
        """

    async def __aexit__(self, *error: object) -> bool | None:
        """Say good-bye to whoever is connected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorKind:
    """One protocol.

    Attributes:
        door: ``module:Class``, loaded when it is needed; ``Class.at(exchange, clock, address)`` gives a
            :class:`Door` that is not entered yet, and raises a ``ValueError`` for an address it cannot use.
        address: Where, unless somebody says otherwise.
        summary: One line for the help.
    """

    door: str
    address: str
    summary: str


DOORS: dict[str, DoorKind] = {
    "ami": DoorKind(
        door="simulator.ami_server:AmiServer",
        address="127.0.0.1:5038",
        summary="a server of Asterisk's manager interface",
    ),
    "websocket": DoorKind(
        door="simulator.websocket_server:WebSocketServer",
        address="127.0.0.1:9471",
        summary="a server of the neutral feed over a WebSocket",
    ),
    "mqtt": DoorKind(
        door="simulator.mqtt_server:MqttServer",
        address="127.0.0.1:1883/demo",
        summary="tells the neutral feed to a broker",
    ),
    "webhook": DoorKind(
        door="simulator.webhook_sender:WebhookSender",
        address="http://127.0.0.1:9470/events",
        summary="posts events to a webhook feed",
    ),
}
"""All protocols by name."""


@dataclass(frozen=True, slots=True)
class Place:
    """A protocol and an address."""

    kind: str
    address: str


def read_place(text: str) -> Place:
    """Return what ``ami`` or ``ami=127.0.0.1:5039`` means.

    Raises:
        ValueError: There is no such protocol, or the address is empty.
    """
    name, sign, address = text.partition("=")
    kind = DOORS.get(name)
    if kind is None:
        raise ValueError(f'must be one of {", ".join(DOORS)}, or one with "=ADDRESS", got "{text}"')
    if sign and not address:
        raise ValueError(f'must have an address after "=", such as "{name}={kind.address}", got "{text}"')
    return Place(name, address or kind.address)


def open_door(place: Place, exchange: Exchange, clock: Clock, *, expose: bool) -> Any:
    """Return a door that is not entered yet.

    Args:
        place: Which protocol, and where.
        exchange: What is told.
        clock: The steady line.
        expose: Whether other machines may be spoken to.

    Raises:
        DoorError: The protocol's packages are missing, the address is none, or it is another machine's.
    """
    if not expose and not _is_loopback(place.address):
        raise DoorError(
            f"{place.kind}: {place.address} is not on this machine alone, and a simulated telephone system "
            "keeps no secrets; write --expose if you mean it"
        )
    module, _, name = DOORS[place.kind].door.partition(":")
    try:
        door = getattr(import_module(module), name)
    except ImportError as exc:
        raise DoorError(f'{place.kind}: cannot be served: {exc}; pip install "queue-alert[all]"') from exc
    try:
        return door.at(exchange, clock, place.address)
    except ValueError as exc:
        raise DoorError(f"{place.kind}: {exc}") from exc


def _is_loopback(address: str) -> bool:
    try:
        host = urlsplit(address if "//" in address else f"//{address}").hostname
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False
