"""What is said to a broker, and what goes wrong with it."""

from dataclasses import dataclass
from typing import Final

import aiomqtt

__all__ = ["IN_FLIGHT", "BrokerError", "Outgoing", "PublishRefusedError"]

IN_FLIGHT: Final = 100
"""How many messages are under way to the broker at most, not acknowledged yet."""

BrokerError = aiomqtt.MqttError
"""The root of what :class:`Link` raises when the connection fails or is lost."""


class PublishRefusedError(BrokerError):
    """The broker has taken a publication and not let it pass.

    Attributes:
        topic: Where it was to go.
        reason: The broker's word for why.
    """

    def __init__(self, topic: str, reason: str) -> None:
        super().__init__(f"{topic}: {reason}")
        self.topic = topic
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to publish.

    Attributes:
        topic: Where to.
        payload: What it says.
        retain: Whether the broker is to keep it for who comes later.
        run: The ACD's run it was said in; "": no matter.
    """

    topic: str
    payload: bytes
    retain: bool = False
    run: str = ""
