"""Who may post. Pure.

Any one of the ways that are configured will do. What is wrong and what is missing get the same answer, and
everything secret is compared in constant time.
"""

import hmac
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from adapters.webhook.signature import (
    SIGNATURE_HEADER,
    SeenSignatures,
    is_from_twilio,
    read_signature,
)
from queue_alert.core.units import Instant, Seconds

__all__ = ["Credentials", "Gate", "Verdict"]

_OURS: Final = SIGNATURE_HEADER.lower()
_TWILIOS: Final = "x-twilio-signature"
_AUTHORIZATION: Final = "authorization"


class Verdict(StrEnum):
    """What becomes of a post."""

    ALLOWED = "allowed"
    UNDECIDED = "undecided"
    """Only the body can tell."""
    NOT_ALLOWED = "not_allowed"
    EXPIRED = "expired"
    REPLAYED = "replayed"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Credentials:
    """What a sender may show. An empty one is not configured.

    Attributes:
        token: In ``Authorization: Bearer …``, or bare in the header ``token_header``.
        token_header: Lower case.
        secret: Of our own signature.
        username: Of HTTP Basic, with ``password``.
        password: Of HTTP Basic.
        auth_token: Of the Twilio account whose signature is good, with ``public_url``.
        public_url: Where Twilio posts to, without a query.
        is_open: Everybody may post.
        max_age_s: So far may the time of a signature be from now, before or after.
    """

    token: str = ""
    token_header: str = _AUTHORIZATION
    secret: str = ""
    username: str = ""
    password: str = ""
    auth_token: str = ""
    public_url: str = ""
    is_open: bool = False
    max_age_s: Seconds = 300.0

    @property
    def are_any(self) -> bool:
        """Whether there is a way to be let in."""
        return self.is_open or any((self.token, self.secret, self.password, self.auth_token))


class Gate:
    """Lets posts in.

    Args:
        credentials: What a sender may show.
        seen: The signatures that were used already.
    """

    def __init__(self, credentials: Credentials, seen: SeenSignatures) -> None:
        self._credentials = credentials
        self._seen = seen
        self._used: tuple[str, Instant] | None = None

    def judge_head(self, headers: Mapping[str, str]) -> Verdict:
        """Judge a post before its body is read; ``headers`` by name in lower case.

        A header that came twice must not be among them as if it had come once.
        """
        known = self._credentials
        if known.is_open or self._has_token(headers) | self._has_password(headers):
            return Verdict.ALLOWED
        is_signed = (known.secret and headers.get(_OURS)) or (known.auth_token and headers.get(_TWILIOS))
        return Verdict.UNDECIDED if is_signed else Verdict.NOT_ALLOWED

    def judge(self, headers: Mapping[str, str], query: str, body: bytes, now: Instant) -> Verdict:
        """Judge a post by its body; one that is let in by our signature must be told of by :meth:`used`."""
        known = self._credentials
        self._used = None
        if known.auth_token and is_from_twilio(
            known.auth_token, known.public_url, query, body, headers.get(_TWILIOS, "")
        ):
            return Verdict.ALLOWED
        signature = read_signature(headers.get(_OURS, "")) if known.secret else None
        digest = signature.fits(known.secret, body) if signature else ""
        if signature is None or not digest:
            return Verdict.NOT_ALLOWED
        if abs(now - signature.at) > known.max_age_s or signature.at <= self._seen.good_after:
            return Verdict.EXPIRED
        if digest in self._seen:
            return Verdict.REPLAYED
        self._used = digest, signature.at
        return Verdict.ALLOWED

    def used(self, now: Instant) -> None:
        """Remember the signature that :meth:`judge` has just allowed: its post was taken."""
        if self._used is not None:
            digest, at = self._used
            self._seen.add(digest, at, until=now - self._credentials.max_age_s)
            self._used = None

    def _has_token(self, headers: Mapping[str, str]) -> bool:
        known = self._credentials
        if not known.token:
            return False
        shown = headers.get(known.token_header, "")
        if known.token_header == _AUTHORIZATION:
            scheme, _, shown = shown.partition(" ")
            shown = shown.strip() if scheme.lower() == "bearer" else ""
        return _is_same(known.token, shown)

    def _has_password(self, headers: Mapping[str, str]) -> bool:
        known = self._credentials
        if not known.password:
            return False
        scheme, _, shown = headers.get(_AUTHORIZATION, "").partition(" ")
        wanted = b64encode(f"{known.username}:{known.password}".encode()).decode()
        return _is_same(wanted, shown.strip() if scheme.lower() == "basic" else "")


def _is_same(wanted: str, shown: str) -> bool:
    return hmac.compare_digest(wanted.encode(), shown.encode(errors="surrogateescape"))
