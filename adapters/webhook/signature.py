"""Signatures of posts: ours (HMAC-SHA256 over time and body) and Twilio's. Pure.

Ours is the header ``X-Queue-Alert-Signature: t=<seconds since 1970>,v1=<hex>``; the signed text is the digits
of ``t``, a full stop, and the body as it is sent. While a secret is changed there may be several ``v1``.

Source: RFC 2104; Twilio, "Webhooks security", "Validate that webhooks come from Twilio" (a JSON body is bound
to the URL by its parameter ``bodySHA256``), and twilio-node, src/webhooks/webhooks.ts (with and without the
standard port, "since signature generation on the back end is inconsistent").
"""

import hashlib
import hmac
import re
from base64 import b64encode
from heapq import heappop, heappush
from typing import Final
from urllib.parse import urlsplit

from queue_alert.core.units import Instant

__all__ = [
    "SEEN_LIMIT",
    "SIGNATURE_HEADER",
    "SeenSignatures",
    "Signature",
    "is_from_twilio",
    "read_signature",
    "sign",
    "twilio_signature",
]

SIGNATURE_HEADER: Final = "X-Queue-Alert-Signature"
SEEN_LIMIT: Final = 20_000
"""How many signatures are remembered at most."""

_TIME: Final = re.compile(r"\d{1,15}", re.ASCII)
_DIGEST: Final = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)
_MOST_DIGESTS: Final = 4
_LONGEST_HEADER: Final = 1024
_STANDARD_PORTS: Final = {"https": 443, "http": 80}


class Signature:
    """What a header claims: when it was made, and what for.

    Attributes:
        at: When it says it was made.
    """

    def __init__(self, at: Instant, digests: tuple[str, ...]) -> None:
        self.at = at
        self._digests = digests

    def fits(self, secret: str, body: bytes) -> str:
        """Return the digest if it was made with ``secret`` for ``body``, else ""."""
        wanted = _digest(secret, body, int(self.at))
        # No early end: how long it takes is to tell nothing.
        matches = [hmac.compare_digest(wanted, digest) for digest in self._digests]
        return wanted if any(matches) else ""


class SeenSignatures:
    """Remembers signatures for as long as they would be good, so that none is good twice.

    When there are too many, those with the earliest times are forgotten, and from then on nothing that
    claims to be as old as they are is good.
    """

    def __init__(self, *, limit: int = SEEN_LIMIT) -> None:
        self._limit = limit
        self._seen: set[str] = set()
        self._by_time: list[tuple[Instant, str]] = []
        self.good_after: Instant = float("-inf")
        """Nothing is good that claims this time or an earlier one."""

    def __len__(self) -> int:
        """Return how many are remembered."""
        return len(self._seen)

    def __contains__(self, digest: str) -> bool:
        """Return whether a signature was used before."""
        return digest in self._seen

    def add(self, digest: str, at: Instant, *, until: Instant) -> None:
        """Remember a signature made ``at``, and forget those made before ``until``."""
        while self._by_time and self._by_time[0][0] < until:
            self._seen.discard(heappop(self._by_time)[1])
        if digest in self._seen:
            return
        self._seen.add(digest)
        heappush(self._by_time, (at, digest))
        while len(self._seen) > self._limit:
            self.good_after, oldest = heappop(self._by_time)
            self._seen.discard(oldest)


def sign(secret: str, body: bytes, at: Instant) -> str:
    """Return the value of the header :data:`SIGNATURE_HEADER` for ``body``, sent ``at``."""
    return f"t={int(at)},v1={_digest(secret, body, int(at))}"


def read_signature(header: str) -> Signature | None:
    """Return what a header claims; ``None`` where it is no signature of this kind."""
    if len(header) > _LONGEST_HEADER:
        return None
    at: str | None = None
    digests: list[str] = []
    for part in header.split(","):
        key, _, value = part.strip().partition("=")
        if key == "t" and at is None and _TIME.fullmatch(value):
            at = value
        elif key == "v1" and _DIGEST.fullmatch(value):
            digests.append(value.lower())
    if at is None or not 0 < len(digests) <= _MOST_DIGESTS:
        return None
    return Signature(float(at), tuple(digests))


def twilio_signature(auth_token: str, url: str) -> str:
    """Return what Twilio sends as ``X-Twilio-Signature`` for a JSON body posted to ``url``."""
    return b64encode(hmac.new(auth_token.encode(), _bytes(url), hashlib.sha1).digest()).decode()


def is_from_twilio(auth_token: str, public_url: str, query: str, body: bytes, header: str) -> bool:
    """Return whether Twilio signed this post.

    Args:
        auth_token: The account's.
        public_url: Where Twilio posts to, without a query.
        query: The query as received, without the question mark.
        body: As received.
        header: ``X-Twilio-Signature``.
    """
    named = [part.partition("=")[2] for part in query.split("&") if part.startswith("bodySHA256=")]
    claimed = named[0].lower() if len(named) == 1 else ""
    is_body = hmac.compare_digest(_bytes(claimed), hashlib.sha256(body).hexdigest().encode())
    matches = [
        hmac.compare_digest(twilio_signature(auth_token, f"{url}?{query}").encode(), _bytes(header))
        for url in _with_and_without_port(public_url)
    ]
    return is_body and any(matches)


def _digest(secret: str, body: bytes, at: int) -> str:
    return hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()


def _bytes(text: str) -> bytes:
    # What is no UTF-8 comes as lone surrogates.
    return text.encode(errors="surrogateescape")


def _with_and_without_port(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    port = parts.port or _STANDARD_PORTS.get(parts.scheme, 0)
    with_port = parts._replace(netloc=f"{host}:{port}").geturl()
    return with_port, parts._replace(netloc=host).geturl()
