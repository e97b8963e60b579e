"""One session of the manager interface: bytes in, actions done, bytes out. Pure.

Source: Asterisk 22, main/manager.c (``get_input``, ``process_message``, ``action_login``,
``action_challenge``, ``action_events``, ``action_filter``, ``action_ping``); the recordings in
tests/golden/asterisk.
"""

import hashlib
import hmac
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol

from queue_alert.core.units import Instant, Seconds
from simulator.ami_filters import CLASSES, Filters, read_classes
from simulator.ami_words import Frame, Headers, encode

__all__ = ["BANNER", "LOGIN_WITHIN_S", "Account", "ManagerSession", "Office", "Said"]

BANNER: Final = b"Asterisk Call Manager/11.0.0\r\n"

LOGIN_WITHIN_S: Final[Seconds] = 30.0
"""Who has not logged in after so long is closed."""

_LINE_LIMIT: Final = 1024
_HEADER_LIMIT: Final = 128
_REFUSAL_S: Final = 1.0
_BEFORE_LOGIN: Final = frozenset({"login", "logoff", "challenge"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Who may log in: a section of manager.conf.

    Attributes:
        username: The section's name.
        secret: Never empty.
        read: Classes of events it may see.
        write: Classes of actions it may use.
        refusal_s: How long a wrong secret waits for its answer.
        is_timed: Whether events carry their time (``timestampevents``).
    """

    username: str
    secret: str
    read: frozenset[str] = CLASSES
    write: frozenset[str] = CLASSES
    refusal_s: Seconds = _REFUSAL_S
    is_timed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Something to be sent.

    Attributes:
        data: The bytes.
        after_s: So many seconds later.
        is_last: Whether the connection is closed behind it.
    """

    data: bytes
    after_s: Seconds = 0.0
    is_last: bool = False


class Office(Protocol):
    """Who knows what a session is asked for."""

    @property
    def is_booted(self) -> bool:
        """Whether all modules are there; if not, nobody knows a question for queues."""

    @property
    def started_at(self) -> Instant:
        """When the exchange was started, by its own clock."""

    def now(self) -> Instant:
        """Return the present by the exchange's clock."""

    def queue_status(self, queue: str, member: str) -> list[Headers]:
        """Return the items for all queues, or for one; "" is all."""

    def queue_summary(self, queue: str) -> list[Headers]:
        """Return one item for each queue, or for one."""

    def calls(self) -> int:
        """Return how many calls there are."""


class _Message:
    """An action's headers, looked up as Asterisk does: the first of a name counts, in any case."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._headers: dict[str, str] = {}
        for line in lines:
            name, _, value = line.partition(":")
            self._headers.setdefault(name.strip().lower(), value.strip())

    def __getitem__(self, name: str) -> str:
        return self._headers.get(name.lower(), "")

    @property
    def mark(self) -> Headers:
        """Its ActionID, if there is one, as the answer repeats it."""
        return (("ActionID", self["ActionID"]),) if self["ActionID"] else ()


class ManagerSession:
    """What is known of one client.

    Args:
        account: The only one there is.
        office: Whom its questions go to.
        challenge: Returns another text that nobody can guess every time.

    Attributes:
        is_logged_in: Whether it has proved who it is.
    """

    def __init__(self, account: Account, office: Office, *, challenge: Callable[[], str]) -> None:
        self.is_logged_in = False
        self._account = account
        self._office = office
        self._new_challenge = challenge
        self._challenge = ""
        self._classes: frozenset[str] = frozenset()
        self._filters = Filters()
        self._rest = b""
        self._read = 0
        self._lines: list[str] = []
        self._is_overfull = False
        self._is_passing_over = False
        self._is_over = False
        # Authority (any of these classes; none: everybody), what it does, and whether it needs app_queue.
        self._actions: dict[str, tuple[str, frozenset[str], str, Callable[[_Message], Said]]] = {
            name.lower(): (name, frozenset(classes), summary, act)
            for name, classes, summary, act in (
                ("Challenge", (), "Generate Challenge for MD5 Auth.", self._challenge_client),
                (
                    "CoreStatus",
                    ("system", "reporting"),
                    "Show PBX core status variables.",
                    self._core_status,
                ),
                ("Events", (), "Control Event Flow.", self._set_events),
                (
                    "Filter",
                    ("system",),
                    "Dynamically add filters for the current manager session.",
                    self._filter,
                ),
                ("ListCommands", (), "List available manager commands.", self._list_commands),
                ("Login", (), "Login Manager.", self._log_in),
                ("Logoff", (), "Logoff Manager.", self._log_off),
                ("Ping", (), "Keepalive command.", self._ping),
                ("QueueStatus", (), "Show queue status.", self._queue_status),
                ("QueueSummary", (), "Show queue summary.", self._queue_summary),
            )
        }

    def take(self, data: bytes) -> None:
        """Keep what was received; :meth:`answer` works it off."""
        if not self._is_over:
            self._rest = self._rest[self._read :] + data
            self._read = 0

    def answer(self) -> Said | None:
        """Do the next action and return what is said to it; ``None`` until more is received."""
        while not self._is_over:
            begin, end = self._read, self._rest.find(b"\n", self._read)
            is_overlong = (len(self._rest) if end < 0 else end) - begin > _LINE_LIMIT
            if end < 0 and not is_overlong and not self._is_passing_over:
                return None
            was_passing_over, self._is_passing_over = self._is_passing_over, end < 0
            self._read = len(self._rest) if end < 0 else end + 1
            if is_overlong and not was_passing_over:
                self._forget_lines()
                return _error(_Message(()), "Failed to parse message: line too long")
            if self._is_passing_over:
                return None
            if was_passing_over:
                continue
            text = self._rest[begin:end].removesuffix(b"\r").decode(errors="replace")
            if text:
                self._keep(text)
            elif self._lines:
                said = self._act()
                self._is_over = said.is_last
                return said
        return None

    def hear(self, frame: Frame) -> bytes:
        """Return an event as this client gets it; nothing if it is not meant for it."""
        if not self.is_logged_in or frame.kind not in self._classes:
            return b""
        data = frame.encode(is_timed=self._account.is_timed)
        return data if self._filters.let_through(data) else b""

    def _keep(self, line: str) -> None:
        if len(self._lines) >= _HEADER_LIMIT:
            self._is_overfull = True
        else:
            self._lines.append(line)

    def _forget_lines(self) -> None:
        self._lines = []
        self._is_overfull = False

    def _act(self) -> Said:
        message, is_overfull = _Message(self._lines), self._is_overfull
        self._forget_lines()
        if is_overfull:
            return _error(message, "Too many lines in message or allocation failure")
        name = message["Action"]
        if not name:
            return _error(message, "Missing action in request")
        if not self.is_logged_in and name.lower() not in _BEFORE_LOGIN:
            return _error(message, "Permission denied")
        known = self._actions.get(name.lower())
        if known is None or (name.lower().startswith("queue") and not self._office.is_booted):
            hint = "Use Action: ListCommands to show available commands."
            return _error(message, f"Invalid/unknown command: {name}. {hint}")
        _, authority, _, act = known
        if authority and not authority & self._account.write:
            return _error(message, "Permission denied")
        return act(message)

    # ---- who it is

    def _challenge_client(self, message: _Message) -> Said:
        if message["AuthType"].upper() != "MD5":
            return _error(message, "Must specify AuthType")
        self._challenge = self._challenge or self._new_challenge()
        return _success(message, (("Challenge", self._challenge),))

    def _log_in(self, message: _Message) -> Said:
        if self.is_logged_in:
            return _success(message, (("Message", "Already authenticated"),))
        if not self._is_right(message):
            refusal = _error(message, "Authentication failed").data
            return Said(data=refusal, after_s=self._account.refusal_s, is_last=True)
        self.is_logged_in = True
        classes = read_classes(message["Events"])
        self._classes = self._account.read if classes is None else self._account.read & classes
        said = _success(message, (("Message", "Authentication accepted"),)).data
        if self._office.is_booted and "system" in self._classes:
            up_s = str(max(int(self._office.now() - self._office.started_at), 0))
            booted = (("Event", "FullyBooted"), ("Privilege", "system,all"), ("Uptime", up_s))
            said += encode((*booted, ("LastReload", up_s), ("Status", "Fully Booted")))
        return Said(data=said)

    def _is_right(self, message: _Message) -> bool:
        account = self._account
        if not _same(message["Username"], account.username):
            return False
        if message["AuthType"].upper() == "MD5":
            if not (self._challenge and message["Key"]):
                return False
            digest = hashlib.md5((self._challenge + account.secret).encode(), usedforsecurity=False)
            return _same(message["Key"].lower(), digest.hexdigest())
        return not message["AuthType"] and _same(message["Secret"], account.secret)

    def _log_off(self, message: _Message) -> Said:
        headers = (("Response", "Goodbye"), *message.mark, ("Message", "Thanks for all the fish."))
        return Said(data=encode(headers), is_last=True)

    # ---- what it hears

    def _set_events(self, message: _Message) -> Said:
        classes = read_classes(message["EventMask"])
        if classes is None:
            return _error(message, "Invalid event mask")
        self._classes = self._account.read & classes
        return _success(message, (("Events", "On" if classes else "Off"),))

    def _filter(self, message: _Message) -> Said:
        if message["Operation"].lower() != "add":
            return _error(message, "Unknown operation")
        wrong = self._filters.add(message["Filter"])
        return _error(message, wrong) if wrong else _success(message, (("Message", "Added Filter"),))

    # ---- what it asks

    def _ping(self, message: _Message) -> Said:
        return _success(message, (("Ping", "Pong"), ("Timestamp", f"{self._office.now():.6f}")))

    def _core_status(self, message: _Message) -> Said:
        started = datetime.fromtimestamp(self._office.started_at, UTC)
        date, clock = f"{started:%Y-%m-%d}", f"{started:%H:%M:%S}"
        return _success(
            message,
            (
                ("CoreStartupDate", date),
                ("CoreStartupTime", clock),
                ("CoreReloadDate", date),
                ("CoreReloadTime", clock),
                ("CoreCurrentCalls", str(self._office.calls())),
            ),
        )

    def _list_commands(self, message: _Message) -> Said:
        commands = tuple(
            (name, f"{summary} (Priv: {','.join(sorted(classes)) or '<none>'})")
            for name, classes, summary, _ in self._actions.values()
            if not classes or classes & self._account.write
        )
        return _success(message, commands)

    def _queue_status(self, message: _Message) -> Said:
        items = self._office.queue_status(message["Queue"], message["Member"])
        return _listing(message, "Queue status will follow", items, "QueueStatusComplete")

    def _queue_summary(self, message: _Message) -> Said:
        items = self._office.queue_summary(message["Queue"])
        return _listing(message, "Queue summary will follow", items, "QueueSummaryComplete")


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(errors="replace"), other.encode(errors="replace"))


def _success(message: _Message, headers: Headers) -> Said:
    return Said(data=encode((("Response", "Success"), *message.mark, *headers)))


def _error(message: _Message, text: str) -> Said:
    return Said(data=encode((("Response", "Error"), *message.mark, ("Message", text))))


def _listing(message: _Message, text: str, items: list[Headers], end: str) -> Said:
    head = _success(message, (("EventList", "start"), ("Message", text))).data
    body = b"".join(encode((*item, *message.mark)) for item in items)
    count = (("EventList", "Complete"), ("ListItems", str(len(items))))
    return Said(data=head + body + encode((("Event", end), *message.mark, *count)))
