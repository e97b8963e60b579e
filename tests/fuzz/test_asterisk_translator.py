"""Whatever comes down the line: nothing raises, nothing after the damage is lost, every damage is counted."""

from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from adapters.asterisk.frames import FRAME_LIMIT
from adapters.asterisk.translation import AsteriskTranslator
from queue_alert.core.events import AcdEvent, ContactQueued, GroupSnapshotTaken
from queue_alert.ports import Skipped

CAPTURES = Path(__file__).parents[1] / "golden" / "asterisk"
FRAMES = [
    frame + b"\r\n\r\n"
    for name in ("abandon", "hold_transfer", "surgery")
    for frame in (CAPTURES / f"{name}.ami").read_bytes().split(b"\r\n\r\n")
    if frame.startswith(
        (b"Event: Queue", b"Event: Agent", b"Event: Hangup", b"Event: Hold", b"Event: Bridge")
    )
    or b"Variable: QUEUESTATUS" in frame
    or b"Transfer\r\n" in frame
]
LAST = b"\r\n\r\nEvent: QueueCallerJoin\r\nQueue: last\r\nUniqueid: last\r\n\r\n"

MUTATION = st.tuples(
    st.sampled_from(["replace", "insert", "delete", "repeat"]),
    st.floats(0, 1, exclude_max=True),
    st.binary(max_size=40)
    | st.sampled_from([b"\r\n", b"\r\n\r\n", b": ", b"\0", b"Event: ", b"-1", b"9" * 20]),
)


class Heard:
    """A translator and all that it said and passed over."""

    def __init__(self) -> None:
        self.skipped: list[tuple[Skipped, str]] = []
        self.events: list[AcdEvent] = []
        self.translator = AsteriskTranslator("pbx", lambda kind, detail: self.skipped.append((kind, detail)))

    def hear(self, data: bytes, *, piece: int = 4096) -> None:
        for at in range(0, len(data), piece):
            self.events += self.translator.receive(data[at : at + piece], 1000.0)

    def joined(self) -> list[str]:
        return [event.contact for event in self.events if isinstance(event, ContactQueued)]


def mutated(data: bytes, mutations: list[tuple[str, float, bytes]]) -> bytes:
    for what, place, junk in mutations:
        at = int(place * len(data))
        if what == "replace":
            data = data[:at] + junk + data[at + len(junk) :]
        elif what == "insert":
            data = data[:at] + junk + data[at:]
        elif what == "delete":
            data = data[:at] + data[at + 3 * len(junk) :]
        else:
            data = data[:at] + data[max(at - 500, 0) :]
    return data


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_any_bytes_at_all(pieces: list[bytes]) -> None:
    heard = Heard()
    for piece in pieces:
        heard.hear(piece)
    heard.hear(LAST)
    assert heard.joined()[-1:] == ["last"]


@given(st.lists(st.sampled_from(FRAMES), max_size=40), st.lists(MUTATION, max_size=12), st.integers(1, 3000))
def test_a_damaged_stream_recovers(
    frames: list[bytes], mutations: list[tuple[str, float, bytes]], piece: int
) -> None:
    data = mutated(b"".join(frames), mutations)
    heard = Heard()
    heard.events += heard.translator.connected(1000.0)
    heard.hear(data, piece=piece)
    heard.hear(LAST)
    assert heard.joined()[-1:] == ["last"]
    heard.events += heard.translator.disconnected(1000.0)
    told = [event for event in heard.events if not isinstance(event, GroupSnapshotTaken)]
    assert [event.seq for event in told] == list(range(1, len(told) + 1))
    # To ask for a list uses up no number: it has that of the event before.
    assert [event.seq for event in heard.events] == sorted(event.seq for event in heard.events)
    whole = Heard()
    whole.events += whole.translator.connected(1000.0)
    whole.hear(data + LAST, piece=len(data) + len(LAST))
    whole.events += whole.translator.disconnected(1000.0)
    assert whole.events == heard.events
    assert sorted(whole.skipped) == sorted(heard.skipped)


@given(st.permutations(FRAMES[:120]))
def test_any_order_of_real_frames(frames: list[bytes]) -> None:
    heard = Heard()
    heard.hear(b"".join(frames))
    heard.translator.disconnected(1000.0)
    allowed = {"QueueStatusComplete: the list is not whole"}
    assert {detail for _, detail in heard.skipped} <= allowed


DAMAGE = {
    "binary": b"\xff\xfe\x00\x80junk\r\n\r\n",
    "no event": b"Queue: sales\r\nUniqueid: x\r\n\r\n",
    "unknown": b"Event: QueueCallerJoim\r\nQueue: sales\r\nUniqueid: x\r\n\r\n",
    "stump": b"Event: QueueCallerJoin\r\nQueue: sales\r\nUniq\r\n\r\n",
    "no colon": b"Event: QueueCallerJoin\r\nQueue sales\r\nUniqueid: x\r\n\r\n",
    "empty value": b"Event: QueueCallerJoin\r\nQueue: \r\nUniqueid: x\r\n\r\n",
    "glued": b"Event: QueueCallerJoin\r\nQueue: sales\r\nEvent: QueueCallerJoin\r\nUniqueid: x\r\n\r\n",
    "endless": b"Event: QueueCallerJoin\r\nQueue: " + b"x" * FRAME_LIMIT + b"\r\n\r\n",
    "long word": b"Event: QueueCallerJoin\r\nQueue: sales\r\nUniqueid: " + b"x" * 300 + b"\r\n\r\n",
}


@given(st.lists(st.sampled_from([None, *DAMAGE]), max_size=25), st.integers(50, 70_000))
@example([*DAMAGE], 70_000)
def test_every_damage_is_counted_and_no_other_frame_is_lost(damages: list[str | None], piece: int) -> None:
    data = b""
    expected = []
    for number, damage in enumerate(damages):
        if damage is None:
            data += f"Event: QueueCallerJoin\r\nQueue: sales\r\nUniqueid: {number}\r\n\r\n".encode()
            expected.append(str(number))
        else:
            data += DAMAGE[damage]
    heard = Heard()
    heard.hear(data, piece=piece)
    assert heard.joined() == expected
    assert len(heard.skipped) == sum(damage is not None for damage in damages)


def test_a_line_of_ten_megabytes_costs_one_frame() -> None:
    heard = Heard()
    heard.hear(b"Event: QueueCallerJoin\r\nQueue: " + b"x" * 10_000_000 + LAST, piece=65_536)
    assert heard.joined() == ["last"]
    assert heard.skipped == [(Skipped.TOO_LONG, "frame")]


@given(st.text(max_size=60), st.text(max_size=60))
def test_a_counted_detail_never_holds_a_value(queue: str, channel: str) -> None:
    heard = Heard()
    lines = (
        f"Event: QueueCallerJoin\r\nQueue: {queue}\r\nUniqueid: {channel}\r\nPosition: 15550001\u0663\r\n\r\n"
    )
    heard.hear(lines.encode("utf-8", "surrogatepass"))
    assert [detail for _, detail in heard.skipped if "15550001" in detail] == []
