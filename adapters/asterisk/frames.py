"""The manager interface's frames: cut from bytes, and passed over before anything is decoded.

A frame is a run of ``Name: value`` lines, each ended by CR LF, and one empty line. Its first line says what
it is. On a busy exchange two frames in three are ``VarSet`` and ``Newexten``: the name is looked up as
bytes, and only what somebody wants becomes a :class:`Frame`.

Source: Asterisk 22, main/manager.c (``astman_append``, ``append_event``); recordings in
tests/golden/asterisk.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final, Generic, TypeAlias, TypeVar

from queue_alert.ports import Skipped

__all__ = ["FRAME_LIMIT", "WORD_LIMIT", "Frame", "FrameReader", "UnreadableFrameError", "open_frame"]

FRAME_LIMIT: Final = 65_536
"""Bytes of the longest frame that is read, its closing empty line not counted."""

WORD_LIMIT: Final = 200
"""Characters of the longest identifier that is taken; Asterisk's own limit for a channel's is 149."""

_END: Final = b"\r\n\r\n"
_BANNER: Final = b"Asterisk Call Manager/"
_COUNT_DIGITS: Final = 12
_START: Final = len(b"Event: VarSet")
_VARIABLE_SET: Final = b"Event: VarSet"
_VARIABLE_START: Final = 9
_VARIABLE_KEY: Final = b"\nVariable: "
_NAME: Final = re.compile(rb"[A-Za-z]{1,40}")

Handler = TypeVar("Handler")
RawHandler = TypeVar("RawHandler")


class _Keys(dict[str, str]):
    """What to look for to find a header, made once a name."""

    def __missing__(self, name: str) -> str:
        key = self[name] = f"\r\n{name}: "
        return key


_KEYS: Final = _Keys()


class UnreadableFrameError(ValueError):
    """A frame lacks what its event cannot be understood without.

    Attributes:
        kind: What is wrong with it.
        detail: Event and header, never a value.
    """

    def __init__(self, kind: Skipped, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail


class Frame:
    """One frame that somebody wants; its headers are looked up when they are asked for."""

    __slots__ = ("_data", "_skipped")

    def __init__(self, data: str, skipped: Callable[[Skipped, str], None]) -> None:
        # Every value ends at a CR, the last one too.
        self._data = data + "\r"
        self._skipped = skipped

    @property
    def event(self) -> str:
        """Name of the event, or what an answer says: the value of the first line."""
        return self._data.partition("\r")[0].partition(": ")[2]

    def text(self, name: str) -> str:
        """Return the value of the last header of that name; ``""`` where it is empty or missing.

        The first line has no name here: see :attr:`event`.
        """
        # From the end: what a queue adds to an event stands behind what a channel does.
        _, found, rest = self._data.rpartition(_KEYS[name])
        return rest[: rest.find("\r")] if found else ""

    def word(self, name: str, *others: str) -> str:
        """Return an identifier: the value of ``name`` or else of the first of ``others`` that has one.

        Raises:
            UnreadableFrameError: All are empty or missing, or it is longer than :data:`WORD_LIMIT`.
        """
        value = self.text(name)
        for other in others:
            if value:
                break
            value = self.text(other)
        if not value:
            raise UnreadableFrameError(Skipped.MISSING_FIELD, f"{self.event}: {name}")
        if len(value) > WORD_LIMIT:
            raise UnreadableFrameError(Skipped.BAD_VALUE, f"{self.event}: {name} is too long")
        return value

    def label(self, name: str) -> str:
        """Return a text for people, cut at :data:`WORD_LIMIT` characters."""
        return self.text(name)[:WORD_LIMIT]

    def count(self, name: str) -> int | None:
        """Return a whole number >= 0; ``None`` where it is missing, empty or (this is counted) none."""
        value = self.text(name)
        if not value:
            return None
        if len(value) <= _COUNT_DIGITS and value.isascii() and value.isdecimal():
            return int(value)
        self._skipped(Skipped.BAD_VALUE, f"{self.event}: {name}")
        return None


_Found: TypeAlias = list[tuple[Handler, Frame] | tuple[RawHandler, bytes]]


class FrameReader(Generic[Handler, RawHandler]):
    """Cuts frames from bytes that may be cut anywhere, and finds who wants them.

    Frames longer than :data:`FRAME_LIMIT` are passed over to their end, in bounded memory.

    Args:
        wanted: Who takes an event, by its name; ``VarSet`` only of variables that begin like wanted ones.
        wanted_raw: Who takes an event's bytes as they are, by its name: neither decoded nor looked at.
        replies: Who takes answers, whatever they say.
        ignored: Names of events nobody wants. Any name in neither is counted as unknown.
        variables: Names of the variables whose ``VarSet`` is wanted; nine characters of them are compared.
        skipped: Called for everything that cannot be read.
    """

    def __init__(
        self,
        wanted: Mapping[bytes, Handler],
        *,
        wanted_raw: Mapping[bytes, RawHandler],
        replies: Handler,
        ignored: Iterable[bytes],
        variables: Iterable[bytes],
        skipped: Callable[[Skipped, str], None],
    ) -> None:
        self._wanted = {b"Event: " + name: handler for name, handler in wanted.items()}
        self._wanted_raw = {b"Event: " + name: handler for name, handler in wanted_raw.items()}
        self._ignored = frozenset(b"Event: " + name for name in ignored)
        # Most frames can be told by their first bytes to be nobody's.
        self._dull = frozenset(line[:_START] for line in self._ignored).difference(
            line[:_START] for line in (*self._wanted, *self._wanted_raw)
        )
        # One that names no variable is not passed over: its own beginning stands for the name.
        self._variables = frozenset(name[:_VARIABLE_START] for name in (*variables, _VARIABLE_SET))
        self._replies = replies
        self._skipped = skipped
        self._rest = b""
        self._overlong = False

    def reset(self) -> None:
        """Forget the half frame that a lost connection left behind; it is counted."""
        if self._rest and not self._overlong:
            self._skipped(Skipped.TRUNCATED, "frame cut by the end of the connection")
        self._rest = b""
        self._overlong = False

    def read(self, data: bytes) -> _Found[Handler, RawHandler]:
        """Take bytes and return the wanted frames that end in them, oldest first, each behind its taker."""
        if self._rest:
            data = self._rest + data
        pieces = data.split(_END)
        self._rest = pieces.pop()
        if self._overlong and pieces:
            self._overlong = False
            del pieces[0]
        if len(data) > FRAME_LIMIT:
            pieces = self._without_overlong(pieces)
        found: _Found[Handler, RawHandler] = []
        dull, variables, wanted, ignored = self._dull, self._variables, self._wanted, self._ignored
        wanted_raw = self._wanted_raw
        # A few operations decide about a frame: most go no further than this loop.
        for piece in pieces:
            start = piece[:_START]
            if start == _VARIABLE_SET:
                # Its last lines are Variable and Value; neither has a line break in it.
                if piece.rpartition(_VARIABLE_KEY)[2][:_VARIABLE_START] not in variables:
                    continue
            elif start in dull:
                continue
            first = piece[: piece.find(b"\r")]
            handler = wanted.get(first)
            if handler is not None:
                self._take(handler, piece, found)
            elif (raw_handler := wanted_raw.get(first)) is not None:
                found.append((raw_handler, piece))
            elif first not in ignored:
                self._unusual(piece, found)
        self._bound_rest()
        return found

    def _without_overlong(self, pieces: list[bytes]) -> list[bytes]:
        short = [piece for piece in pieces if len(piece) <= FRAME_LIMIT]
        for _ in range(len(pieces) - len(short)):
            self._skipped(Skipped.TOO_LONG, "frame")
        return short

    def _take(self, handler: Handler, piece: bytes, found: _Found[Handler, RawHandler]) -> None:
        frame = open_frame(piece, self._skipped)
        if frame is not None:
            found.append((handler, frame))

    def _unusual(self, piece: bytes, found: _Found[Handler, RawHandler]) -> None:
        piece = piece.lstrip(b"\r\n")
        if piece.startswith(_BANNER):
            # The banner has no empty line of its own: it is stuck to the first frame of every connection.
            piece = piece.partition(b"\r\n")[2]
        if not piece:
            return
        first = piece.partition(b"\r\n")[0]
        handler = self._wanted.get(first)
        raw_handler = self._wanted_raw.get(first)
        if raw_handler is not None:
            found.append((raw_handler, piece))
            return
        if first.startswith(b"Response: "):
            handler = self._replies
        if handler is not None:
            self._take(handler, piece, found)
        elif not _is_text(piece):
            self._skipped(Skipped.NOT_TEXT, "frame")
        elif not first.startswith(b"Event: "):
            self._skipped(Skipped.MISSING_FIELD, "frame without Event or Response")
        elif first not in self._ignored:
            # Only a plain word is repeated: in a damaged stream anything may stand here, a number too.
            shown = first[7:].decode() if _NAME.fullmatch(first, 7) else "not a name"
            self._skipped(Skipped.UNKNOWN_EVENT, shown)

    def _bound_rest(self) -> None:
        # Up to three bytes of the closing empty line may be in already.
        if self._overlong:
            self._rest = self._rest[-3:]
        elif len(self._rest) > FRAME_LIMIT + 3:
            self._skipped(Skipped.TOO_LONG, "frame")
            self._overlong = True
            self._rest = self._rest[-3:]


def open_frame(piece: bytes, skipped: Callable[[Skipped, str], None]) -> Frame | None:
    """Return a frame's bytes as a frame, what is no text in it replaced; ``None`` if it is a stump."""
    if piece.rfind(b"\nEvent: ") > 0:
        # No event we take has a second one: this is the stump of one with the next stuck to it.
        skipped(Skipped.TRUNCATED, "frame that runs into another")
        return None
    try:
        return Frame(piece.decode(), skipped)
    except UnicodeDecodeError:
        skipped(Skipped.NOT_TEXT, "frame")
        return Frame(piece.decode(errors="replace"), skipped)


def _is_text(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True
