"""Which post gets which answer. Pure: independent of the server that carries them.

======  ==========================================================================================
answer  when
======  ==========================================================================================
204     every event was taken
202     some were; the body says which were not, and whether snapshots are wanted
400     none was: no JSON, or nothing that can be read; not to be sent again
401     not allowed: nothing was shown, or something wrong
404     another path
405     another method than POST
409     this very post was taken before; not to be sent again
410     its signature is too old, or too far ahead: sign anew, or set the clock
413     the body, or the list in it, is too long; not to be sent again as it is
415     no media type that is read here, or a compressed body
429     too many posts: later
======  ==========================================================================================
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from adapters.webhook.cloudevents import RefusedError
from adapters.webhook.desk import Desk
from adapters.webhook.gate import Gate, Verdict
from queue_alert.core.events import AcdEvent
from queue_alert.core.units import Instant
from queue_alert.ports import Skipped

__all__ = ["TOLD_AT_MOST", "Answer", "Head", "Reception"]

TOLD_AT_MOST: Final = 10
"""So many refused events are told of, each with its reason."""

_MEDIA_TYPES: Final = "application/cloudevents+json or application/cloudevents-batch+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A request but for its body.

    Attributes:
        method: ``POST``.
        path: Without the query.
        query: As received, without the question mark.
        headers: By name in lower case; one that came twice has both values, parted by a comma.
        length: ``Content-Length``; ``None`` where the body comes in chunks.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    length: int | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered: the status, a JSON document (``None``: nothing), further headers."""

    status: HTTPStatus
    document: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Reception:
    """Answers posts.

    Args:
        desk: Reads them.
        gate: Says who may post.
        skipped: Called for everything refused.
        path: Where to post.
        max_body: The longest body in bytes.
        max_rate: How many posts are taken in one second.
    """

    def __init__(
        self,
        desk: Desk,
        gate: Gate,
        skipped: Callable[[Skipped, str], None],
        *,
        path: str,
        max_body: int,
        max_rate: int,
    ) -> None:
        self._desk = desk
        self._gate = gate
        self._skipped = skipped
        self._path = path
        self.max_body = max_body
        self._max_rate = max_rate
        self._second = 0
        self._posts = 0

    def judge(self, head: Head) -> Answer | None:
        """Return the answer to a request that is refused unread, ``None`` where the body is to be read."""
        if head.path != self._path:
            return self._refuse(HTTPStatus.NOT_FOUND, Skipped.WRONG_TOPIC, "nothing is taken at this path")
        if head.method != "POST":
            return self._refuse(
                HTTPStatus.METHOD_NOT_ALLOWED, Skipped.WRONG_TOPIC, "events are posted", {"Allow": "POST"}
            )
        if self._gate.judge_head(head.headers) is Verdict.NOT_ALLOWED:
            return self._not_allowed()
        if head.headers.get("content-encoding", "identity").lower() != "identity":
            return self._refuse(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                Skipped.NOT_TEXT,
                "the body must not be compressed",
                {"Accept-Encoding": "identity"},
            )
        if head.length is not None and head.length > self.max_body:
            return self.too_long()
        if not self._desk.accepts(head.headers):
            return self._refuse(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE, Skipped.NOT_TEXT, f"Content-Type must be {_MEDIA_TYPES}"
            )
        return None

    def receive(self, head: Head, body: bytes, now: Instant, submit: Callable[[AcdEvent], None]) -> Answer:
        """Take a post that :meth:`judge` let pass: hand over its events, then answer."""
        verdict = self._gate.judge_head(head.headers)
        if verdict is Verdict.UNDECIDED:
            verdict = self._gate.judge(head.headers, head.query, body, now)
        if verdict is Verdict.EXPIRED:
            return self._refuse(HTTPStatus.GONE, Skipped.TOO_OLD, "the signature is too old or too far ahead")
        if verdict is Verdict.REPLAYED:
            return self._refuse(HTTPStatus.CONFLICT, Skipped.TOO_OLD, "this very post was taken before")
        if verdict is not Verdict.ALLOWED:
            return self._not_allowed()
        if self._is_too_fast(now):
            return self._refuse(
                HTTPStatus.TOO_MANY_REQUESTS,
                Skipped.TOO_LONG,
                f"only {self._max_rate} posts a second are taken",
                {"Retry-After": "1"},
            )
        try:
            receipt = self._desk.take(head.headers, body, now)
        except RefusedError as error:
            self._gate.used(now)
            is_long = error.kind is Skipped.TOO_LONG
            status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE if is_long else HTTPStatus.BAD_REQUEST
            return self._refuse(status, error.kind, error.reason)
        for event in receipt.events:
            submit(event)
        self._gate.used(now)
        if not receipt.refused and not receipt.wants_snapshot:
            return Answer(HTTPStatus.NO_CONTENT)
        document: dict[str, Any] = {"taken": receipt.taken, "refused": len(receipt.refused)}
        if receipt.refused:
            document["reasons"] = [
                {"event": place, "reason": reason} for place, reason in receipt.refused[:TOLD_AT_MOST]
            ]
        if receipt.wants_snapshot:
            document["wants"] = "group.snapshot"
        is_taken = receipt.taken > 0 or not receipt.refused
        return Answer(HTTPStatus.ACCEPTED if is_taken else HTTPStatus.BAD_REQUEST, document)

    def too_long(self) -> Answer:
        """Return the answer to a body that is, or turned out to be, too long."""
        return self._refuse(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            Skipped.TOO_LONG,
            f"the body may have {self.max_body} bytes; post fewer events at a time",
            {"Connection": "close"},
        )

    def too_slow(self) -> Answer:
        """Return the answer to a body that did not come in time."""
        return self._refuse(
            HTTPStatus.REQUEST_TIMEOUT,
            Skipped.TRUNCATED,
            "the body did not come in time",
            {"Connection": "close"},
        )

    def unreadable(self) -> Answer:
        """Return the answer to what is no HTTP."""
        return self._refuse(HTTPStatus.BAD_REQUEST, Skipped.TRUNCATED, "this is no HTTP request")

    def _not_allowed(self) -> Answer:
        return self._refuse(
            HTTPStatus.UNAUTHORIZED,
            Skipped.NOT_ALLOWED,
            "a token, a password or a signature is missing or wrong",
            {"WWW-Authenticate": 'Bearer realm="queue-alert"'},
        )

    def _is_too_fast(self, now: Instant) -> bool:
        second = int(now)
        if second != self._second:
            self._second, self._posts = second, 0
        self._posts += 1
        return self._posts > self._max_rate

    def _refuse(
        self, status: HTTPStatus, kind: Skipped, reason: str, headers: Mapping[str, str] | None = None
    ) -> Answer:
        self._skipped(kind, reason)
        return Answer(status, {"reason": reason}, headers or {})
