"""Hours of silence, in simulated time."""

import asyncio
from collections import Counter

import pytest

from adapters.asterisk.session import Session
from queue_alert.core.events import FeedHeartbeat
from queue_alert.ports import DriverError
from tests.adapters.asterisk.manager import BANNER, BOOTED, SECRET, Recorder
from tests.adapters.asterisk.test_session import Wire

pytestmark = pytest.mark.looptime


class Pbx(Wire):
    """An Asterisk on the other end of no wire: it answers, and says nothing by itself."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.asked: Counter[str] = Counter()
        self.is_mute = False
        self._session = session

    def write(self, data: bytes | bytearray | memoryview) -> None:
        action, action_id = (line.split(": ")[1] for line in bytes(data).decode().split("\r\n")[:2])
        self.asked[action] += 1
        answer = f"Response: Success\r\nActionID: {action_id}\r\n"
        if action == "Ping":
            answer += "Ping: Pong\r\nTimestamp: 5.0\r\n"
        answer += "\r\n"
        if action == "QueueStatus":
            answer += f"Event: QueueParams\r\nQueue: sales\r\nActionID: {action_id}\r\n\r\n"
            answer += f"Event: QueueStatusComplete\r\nActionID: {action_id}\r\nListItems: 1\r\n\r\n"
        if not self.is_mute:
            asyncio.get_running_loop().call_soon(self._session.data_received, answer.encode())

    def abort(self) -> None:
        self.is_closed = True


async def test_an_hour_of_silence_is_no_loss_and_half_a_minute_without_an_answer_is_one() -> None:
    recorder = Recorder()
    feed = recorder.feed(5038)

    def receive(data: bytes) -> None:
        for event in feed._translator.receive(data, 1000.0):
            recorder.submit(event)

    session = Session(lambda: None, receive, secret=SECRET, tap=None)
    pbx = Pbx(session)
    feed._session = session
    session.connection_made(pbx)
    session.data_received(BANNER + BOOTED)
    loop = asyncio.get_running_loop()
    staying = asyncio.ensure_future(feed._stay(session))
    await asyncio.sleep(3605.0)
    assert pbx.asked == {"QueueStatus": 121, "Ping": 180}
    assert sum(isinstance(event, FeedHeartbeat) for event in recorder.events) == 180
    assert recorder.states() == ["live"] * 121
    pbx.is_mute, muted_at = True, loop.time()
    with pytest.raises(DriverError, match=r"has fallen silent: no answer to (Ping|QueueStatus) within 10 s"):
        await staying
    assert loop.time() - muted_at <= 30.0


def test_letting_go_of_who_is_silent_sends_nothing() -> None:
    session = Session(lambda: None, lambda _data: None, secret="", tap=None)
    pbx = Pbx(session)
    session.connection_made(pbx)
    session.close(is_silent=True)
    assert (pbx.asked, pbx.is_closed) == ({}, True)
