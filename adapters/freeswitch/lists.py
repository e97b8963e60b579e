"""The lists asked for, in the order in which they are asked, put together to one snapshot a queue.

A round is: the queues, the agents, the tiers, then the callers of each queue. An answer does not say what
was asked, and an empty list is nothing but ``+OK``, so the order is all there is; it is followed from what is
received alone, and so in a recording too. An answer of digits only is FreeSWITCH's clock and may come any
time.

Callers are asked for queue by queue: FreeSWITCH 1.4 answers with nothing if none is named.

Source: FreeSWITCH 1.4 to 1.10, mod_callcenter.c (``cc_config_api_function``); mod_dptools.c
(``strmicroepoch_api_function``).
"""

from collections import deque
from collections.abc import Callable
from typing import Final

from adapters.freeswitch.agents import AgentDesk, AgentRow
from adapters.freeswitch.callers import CallerDesk
from adapters.freeswitch.event import WORD_LIMIT, UnreadableError, whole_number
from adapters.freeswitch.outbox import Outbox
from adapters.freeswitch.tables import is_refusal, read_table
from queue_alert.core.events import (
    FeedHeartbeat,
    FeedState,
    FeedStatusChanged,
    GroupCounters,
    GroupSnapshotTaken,
    Provenance,
)
from queue_alert.core.units import GroupName
from queue_alert.ports import Skipped

__all__ = ["CLOCK", "QUEUES", "QUEUE_LIMIT", "ListDesk"]

CLOCK: Final = "strmicroepoch"
"""The question for FreeSWITCH's clock, and the sign of life."""

QUEUES: Final = "callcenter_config queue list"
"""The question that begins a round."""

QUEUE_LIMIT: Final = 2_000
"""How many queues there may be; a longer list is refused."""

_AGENTS: Final = "callcenter_config agent list"
_TIERS: Final = "callcenter_config tier list"
_MEMBERS: Final = "callcenter_config queue list members"
_QUEUES_BEGIN: Final = "name|strategy|"
_UNASKABLE: Final = frozenset("\\'\r\n\0|")


class ListDesk:
    """Follows the round and says what the lists show.

    Args:
        outbox: Where events go.
        agents: Takes the lists of agents and tiers.
        callers: Takes the lists of callers.
        skipped: Called for what cannot be read.

    Attributes:
        rounds: How many rounds came to their end.
    """

    def __init__(
        self,
        outbox: Outbox,
        agents: AgentDesk,
        callers: CallerDesk,
        skipped: Callable[[Skipped, str], None],
    ) -> None:
        self.rounds = 0
        self._outbox = outbox
        self._agents = agents
        self._callers = callers
        self._skipped = skipped
        self._known: dict[GroupName, None] = {}
        # What is still to be answered in this round: a question, and the queue it is about.
        self._open: deque[tuple[str, GroupName | None]] = deque()
        self._queues: dict[GroupName, GroupCounters | None] = {}
        self._agent_rows: list[AgentRow] = []

    @property
    def question(self) -> str | None:
        """What to ask next in the round under way, or ``None`` where there is none."""
        if not self._open:
            return None
        question, queue = self._open[0]
        if queue is None:
            return question
        return f"{question} '{queue}'" if " " in queue else f"{question} {queue}"

    def know(self, group: GroupName) -> None:
        """Remember a queue, so that it is emptied once the list no longer has it."""
        if group not in self._known and len(self._known) >= 2 * QUEUE_LIMIT:
            del self._known[next(iter(self._known))]
        self._known[group] = None

    def answered(self, body: bytes) -> None:
        """Take an answer.

        Raises:
            UnreadableError: It breaks the round off: nothing more is said of it.
        """
        text = body.decode(errors="replace")
        micros = whole_number(text.strip())
        if micros is not None:
            self._outbox.clock_told(micros)
            self._outbox.add(FeedHeartbeat(**self._outbox.own_stamp()))
            return
        self._outbox.at_a_list()
        try:
            self._take(text)
        except UnreadableError:
            self._open.clear()
            self._agents.say_anew()
            raise

    def clear(self) -> None:
        """Forget the round under way, not the queues."""
        self._open.clear()
        self._agent_rows = []

    def _take(self, text: str) -> None:
        if text.startswith(_QUEUES_BEGIN):
            self._begin(text)
            return
        if not self._open:
            return  # of no question of ours
        question, queue = self._open[0]
        if is_refusal(text):
            raise UnreadableError(Skipped.BAD_VALUE, f"{question}: refused")
        if queue is not None:
            self._say(queue, text)
        elif question == _AGENTS:
            self._agent_rows = read_table(
                text,
                what=question,
                wanted=("name", "status", "state"),
                optional=("wrap_up_time", "last_bridge_end"),
                free=("contact",),
            )
        else:
            self._agents.listed(self._agent_rows, read_table(text, what=question, wanted=("queue", "agent")))
            self._agent_rows = []
        self._open.popleft()
        if not self._open:
            self._finish()

    def _begin(self, text: str) -> None:
        self._open.clear()
        rows = read_table(
            text, what=QUEUES, wanted=("name",), optional=("calls_answered",), free=("moh_sound",)
        )
        if len(rows) > QUEUE_LIMIT:
            raise UnreadableError(Skipped.TOO_LONG, f"{QUEUES}: more than {QUEUE_LIMIT}")
        self._queues = {}
        for name, answered in rows:
            if not name or len(name) > WORD_LIMIT or _UNASKABLE.intersection(name):
                raise UnreadableError(Skipped.BAD_VALUE, f"{QUEUES}: name")
            count = whole_number(answered)
            self._queues[GroupName(name)] = None if count is None else GroupCounters(answered=count)
        self._open.extend(((_AGENTS, None), (_TIERS, None)))
        self._open.extend((_MEMBERS, name) for name in self._queues)

    def _say(self, queue: GroupName, text: str) -> None:
        rows = read_table(
            text,
            what=_MEMBERS,
            wanted=("uuid", "cid_number", "joined_epoch", "state"),
            optional=("rejoined_epoch",),
            free=("cid_number", "cid_name"),
        )
        self.know(queue)
        self._outbox.add(
            GroupSnapshotTaken(
                **self._outbox.list_stamp(),
                provenance=Provenance.SNAPSHOT,
                group=queue,
                waiting=self._callers.listed(queue, rows),
                agents=self._agents.snapshot(queue),
                counters=self._queues[queue],
            )
        )

    def _finish(self) -> None:
        for queue in [known for known in self._known if known not in self._queues]:
            del self._known[queue]
            self._outbox.add(
                GroupSnapshotTaken(
                    **self._outbox.list_stamp(), provenance=Provenance.SNAPSHOT, group=queue, agents=()
                )
            )
        self.rounds += 1
        self._outbox.add(FeedStatusChanged(**self._outbox.own_stamp(), state=FeedState.LIVE))
