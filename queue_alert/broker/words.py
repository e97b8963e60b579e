"""What is said to a broker, and what goes wrong with it."""

from dataclasses import dataclass
from typing import Final

import aiomqtt
from paho.mqtt.reasoncodes import ReasonCode

__all__ = ["IN_FLIGHT", "BrokerError", "Outgoing", "PublishRefusedError", "is_unheard", "refusal"]

IN_FLIGHT: Final = 100
"""How many messages are under way to the broker at most, not acknowledged yet."""

_FAILURE: Final = 0x80
_NO_MATCHING_SUBSCRIBERS: Final = 0x10

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
        expires_s: Who has not been told it by then need not be any more; 0: always.
    """

    topic: str
    payload: bytes
    retain: bool = False
    run: str = ""
    expires_s: int = 0


def refusal(code: ReasonCode) -> str:
    """Return the broker's word for why it refused, "" if it did not."""
    return str(code) if code.value >= _FAILURE else ""


def is_unheard(code: ReasonCode) -> bool:
    """Return whether the broker says that nobody was there to hear a publication.

    Source: MQTT 5.0, 3.4.2.1; a broker may say so, and need not.
    """
    return code.value == _NO_MATCHING_SUBSCRIBERS
