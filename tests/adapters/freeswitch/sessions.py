"""Whole sessions on the event socket, as raw bytes with the time at which each piece was received."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from adapters.freeswitch.translation import FreeSwitchTranslator
from queue_alert.core.events import AcdEvent
from queue_alert.ports import Skipped
from tests.adapters.freeswitch.switch import GOODBYE, GREETING, Switch, small_switch

FOLDER: Final = Path(__file__).parents[2] / "golden" / "freeswitch"
LATENCY_S: Final = 0.01
QUEUE: Final = "support@default"
ALICE: Final = "1000@default"
BOB: Final = "1001@default"


@dataclass
class Session:
    """A session being written."""

    switch: Switch = field(default_factory=small_switch)
    # Each: received at, or "connected", "disconnected".
    steps: list[tuple[float, bytes | str]] = field(default_factory=list)

    def connect(self) -> None:
        """Log in, subscribe, ask for all lists."""
        self.steps.append((self.switch.now, "connected"))
        self.heard(GREETING)
        self.lists()

    def lists(self) -> None:
        """Hear what was said, then the answers of one round."""
        self.heard()
        self.heard(self.switch.round())

    def heard(self, data: bytes = b"") -> None:
        """Note what was received."""
        data = self.switch.take() + data
        if data:
            self.steps.append((round(self.switch.now + LATENCY_S, 6), data))

    def disconnect(self) -> None:
        """Note the end."""
        self.heard()
        self.steps.append((round(self.switch.now + LATENCY_S, 6), "disconnected"))

    def wait(self, seconds: float) -> None:
        """Hear what was said, and let time pass."""
        self.heard()
        self.switch.now = round(self.switch.now + seconds, 6)


def answered(session: Session) -> None:
    """A caller is answered; later he hangs up."""
    switch = session.switch
    switch.agents[ALICE].wrap_up_time = 10
    session.connect()
    session.wait(2.5)
    caller = switch.join(QUEUE)
    session.wait(1.25)
    switch.offer(caller, ALICE)
    session.wait(4.5)
    switch.pick_up(caller, ALICE)
    session.wait(0.125)
    switch.bridge(caller, ALICE)
    session.wait(62.25)
    switch.end(caller, ALICE, by="send_bye")
    session.wait(5.0)
    session.lists()
    session.wait(9.0)
    switch.heartbeat()
    session.lists()


def abandoned(session: Session) -> None:
    """One hangs up while he waits and one while an agent is rung; the first comes back to his place."""
    switch = session.switch
    session.connect()
    session.wait(1.0)
    first = switch.join(QUEUE, "+15550001")
    session.wait(3.0)
    second = switch.join(QUEUE, "+15550002", "Bar|bara")
    session.wait(8.0)
    switch.leave(first, "BREAK_OUT")
    session.wait(2.0)
    switch.offer(second, ALICE)
    session.wait(6.0)
    switch.leave(second, "BREAK_OUT")
    switch.not_answered(second, ALICE, "ORIGINATOR_CANCEL")
    session.wait(10.0)
    switch.resume(first)
    session.wait(10.0)
    session.lists()
    session.wait(1.0)
    switch.leave(first, "BREAK_OUT", hung_up=False)
    session.wait(1.0)


def time_out(session: Session) -> None:
    """A caller has waited for as long as the queue lets him."""
    session.connect()
    caller = session.switch.join(QUEUE)
    session.wait(60.5)
    session.switch.leave(caller, "TIMEOUT", hung_up=False)
    session.wait(1.0)


def exit_key(session: Session) -> None:
    """A caller presses the key that lets him out."""
    session.connect()
    caller = session.switch.join(QUEUE)
    session.wait(12.0)
    session.switch.leave(caller, "EXIT_WITH_KEY", hung_up=False)
    session.wait(1.0)


def no_agent(session: Session) -> None:
    """The last agent goes, and the queue lets its caller go."""
    session.connect()
    caller = session.switch.join(QUEUE)
    session.wait(3.0)
    session.switch.set_status(ALICE, "Logged Out")
    session.wait(30.0)
    session.switch.leave(caller, "NO_AGENT_TIMEOUT", hung_up=False)
    session.wait(1.0)


def rung_twice(session: Session) -> None:
    """One agent is busy, one rejects, then she is rung again and picks up, on demand."""
    session.switch = switch = small_switch(**{"1000": "Available (On Demand)", "1001": "Available"})
    session.connect()
    caller = switch.join(QUEUE)
    for agent, cause, seconds in ((BOB, "USER_BUSY", 0.2), (ALICE, "CALL_REJECTED", 3.5)):
        session.wait(1.0)
        switch.offer(caller, agent)
        session.wait(seconds)
        switch.not_answered(caller, agent, cause)
    session.wait(10.0)
    switch.set_state(ALICE, "Reserved")
    switch.offer(caller, ALICE)
    session.wait(2.0)
    switch.pick_up(caller, ALICE)
    switch.bridge(caller, ALICE)
    session.wait(20.0)
    switch.end(caller, ALICE, by="recv_bye")
    session.wait(1.0)


def agent_break(session: Session) -> None:
    """An agent goes on break, comes back, logs out; the lists say it again."""
    session.connect()
    for status in ("On Break", "Available", "Logged Out"):
        session.wait(30.0)
        session.switch.set_status(ALICE, status)
    session.wait(1.0)
    session.lists()


def hold(session: Session) -> None:
    """An agent holds a caller twice, and passes him on during the second time."""
    switch = session.switch
    session.connect()
    caller = switch.join(QUEUE)
    session.wait(1.0)
    switch.offer(caller, ALICE)
    session.wait(2.0)
    switch.pick_up(caller, ALICE)
    switch.bridge(caller, ALICE)
    session.wait(30.0)
    switch.hold(caller, ALICE)
    session.wait(15.0)
    switch.hold(caller, ALICE, is_hold=False)
    session.wait(5.0)
    switch.hold(caller, ALICE)
    session.wait(4.0)
    switch.end(caller, ALICE, by="recv_bye", disposition="BLIND_TRANSFER")
    session.wait(1.0)


def whisper(session: Session) -> None:
    """An agent hears who calls: one caller hangs up meanwhile; with the other it is the agent who goes."""
    switch = session.switch
    session.connect()
    first = switch.join(QUEUE, "+15550001")
    second = switch.join(QUEUE, "+15550002")
    session.wait(1.0)
    switch.offer(first, ALICE)
    session.wait(3.0)
    switch.pick_up(first, ALICE)
    session.wait(2.0)
    session.lists()
    switch.leave(first, "NONE")
    switch.bridge_fails_gone(first, ALICE)
    session.wait(5.0)
    switch.offer(second, ALICE)
    session.wait(3.0)
    switch.pick_up(second, ALICE)
    session.wait(2.0)
    switch.bridge_fails(second, ALICE)
    session.wait(1.0)
    session.lists()
    session.wait(1.0)


def restart(session: Session) -> None:
    """FreeSWITCH is started anew while one waits and one talks."""
    switch = session.switch
    session.connect()
    talking = switch.join(QUEUE, "+15550001")
    session.wait(1.0)
    switch.offer(talking, ALICE)
    session.wait(2.0)
    switch.pick_up(talking, ALICE)
    switch.bridge(talking, ALICE)
    session.wait(1.0)
    switch.join(QUEUE, "+15550002")
    session.wait(20.0)
    session.heard(GOODBYE)
    session.disconnect()
    switch.restart()
    session.wait(15.0)
    session.connect()
    session.wait(4.0)
    switch.join(QUEUE, "+15550003")
    session.wait(1.0)


SESSIONS: Final[dict[str, Callable[[Session], None]]] = {
    one.__name__: one
    for one in (
        answered,
        abandoned,
        time_out,
        exit_key,
        no_agent,
        rung_twice,
        agent_break,
        hold,
        whisper,
        restart,
    )
}


class Step(msgspec.Struct, omit_defaults=True):
    """A line of the index: a mark, or where a piece of data stands."""

    t: float
    ev: str = ""
    off: int = 0
    len: int = 0


def write(name: str) -> None:
    """Write a session's raw bytes and its index."""
    session = Session()
    SESSIONS[name](session)
    raw, lines = b"", []
    for at, what in session.steps:
        if isinstance(what, str):
            lines.append(msgspec.json.encode(Step(at, ev=what)))
        else:
            lines.append(msgspec.json.encode(Step(at, off=len(raw), len=len(what))))
            raw += what
    (FOLDER / f"{name}.esl").write_bytes(raw)
    (FOLDER / f"{name}.jsonl").write_bytes(b"\n".join(lines) + b"\n")


def read(name: str) -> list[tuple[float, bytes | str]]:
    """Return a session as it was kept."""
    raw = (FOLDER / f"{name}.esl").read_bytes()
    found: list[tuple[float, bytes | str]] = []
    for line in (FOLDER / f"{name}.jsonl").read_bytes().splitlines():
        step = msgspec.json.decode(line, type=Step)
        found.append((step.t, step.ev or raw[step.off : step.off + step.len]))
    return found


def translate(
    steps: list[tuple[float, bytes | str]], *, piece: int = 1_000_000
) -> tuple[list[tuple[float, AcdEvent]], list[tuple[Skipped, str]]]:
    """Return what a translator makes of a session cut further, with when, and what it passed over."""
    skipped: list[tuple[Skipped, str]] = []
    translator = FreeSwitchTranslator("pbx", lambda kind, detail: skipped.append((kind, detail)))
    events: list[tuple[float, AcdEvent]] = []
    for at, what in steps:
        if what == "connected":
            said = translator.connected(at)
        elif isinstance(what, str):
            said = translator.disconnected(at)
        else:
            said = []
            for begin in range(0, len(what), piece):
                said += translator.receive(what[begin : begin + piece], at)
        events += [(at, event) for event in said]
    return events, skipped
