"""What no decoder can read is refused by every door, and nothing else is lost by it."""

import pytest

from adapters.mqtt.messages import Reader, UnreadableMessageError
from adapters.webhook.cloudevents import RefusedError
from adapters.webhook.desk import Desk, DeskOptions
from adapters.websocket.reading import UnreadableError, read
from queue_alert.core.events import UNREADABLE, decoder, feed_decoder
from queue_alert.core.units import FeedName
from queue_alert.protocol.topics import events_topic

DEEP = b'{"type":"contact.queued","data":' + b"[" * 100_000
NOT_UTF_8 = b'{"type":"\xff"}'
NOT_EVEN_JSON = b"\x00\x01"
BYTES = [DEEP, NOT_UTF_8, NOT_EVEN_JSON, b"[" * 100_000, b""]


@pytest.mark.parametrize("data", BYTES, ids=["deep", "not UTF-8", "no JSON", "deep list", "nothing"])
def test_the_decoders_raise_what_they_say_they_do(data: bytes) -> None:
    for made in (decoder(), feed_decoder()):
        with pytest.raises(UNREADABLE):
            made.decode(data)


@pytest.mark.parametrize("data", BYTES, ids=["deep", "not UTF-8", "no JSON", "deep list", "nothing"])
def test_every_door_refuses_it(data: bytes) -> None:
    with pytest.raises(UnreadableMessageError):
        Reader("site", max_payload=1_000_000).read(events_topic("site", "sales"), data)
    with pytest.raises(UnreadableError):
        read(data.decode("latin-1"))
    for kind in ("application/cloudevents+json", "application/cloudevents-batch+json", "application/json"):
        desk = Desk(FeedName("acd"), lambda _kind, _detail: None, DeskOptions())
        try:
            receipt = desk.take({"content-type": kind}, data, 1_800_000_000.0)
        except RefusedError:
            continue
        assert receipt.taken == 0
