"""Why a server could not be reached or let us go, as a sentence that says what to change."""

import socket
import ssl
from typing import Final

from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidStatus,
    NegotiationError,
)

from queue_alert.protocol.feed_socket import SUBPROTOCOL

__all__ = ["NOT_SPOKEN", "shown", "why_closed", "why_not_connected"]

NOT_SPOKEN: Final = f"does not speak {SUBPROTOCOL}"
_LONGEST_REASON: Final = 120
_LEFT: Final = {
    1002: "does not keep to the rules of WebSocket; is a proxy in between?",
    1007: "said text that is not UTF-8; the ACD must say JSON",
    1009: "said a message of more than {max_message} bytes; raise max_message, or have the ACD say less",
    1011: "did not answer a ping; is it still there?",
}
_CLOSED: Final = {
    1000: "has ended the feed",
    1001: "is going away",
    1008: "did not accept what we said",
    1011: "had an error of its own",
    1012: "is starting anew",
    1013: "has too many clients, or we were too slow; it asks to try again later",
}
_REFUSED: Final = {
    404: "has no feed there (HTTP 404); check the path in url",
    426: "speaks another version of WebSocket (HTTP 426)",
    503: "is not ready or has too many clients (HTTP 503)",
}
_NOT_ALLOWED: Final = frozenset({401, 403})
_REDIRECTS: Final = range(300, 400)


def why_not_connected(error: Exception, *, has_token: bool, is_secure: bool, within_s: float) -> str:
    """Return what to say after the address: ``does not answer within 10 s; …``.

    Args:
        error: What came out of the attempt.
        has_token: Whether a token was sent.
        is_secure: Whether TLS was spoken.
        within_s: How long was waited.
    """
    if isinstance(error, InvalidStatus):
        return _why_status(error, has_token=has_token)
    if isinstance(error, NegotiationError):
        return f"{NOT_SPOKEN} ({shown(str(error))}); check the path in url, and the ACD's version"
    if isinstance(error, InvalidHandshake):
        return f"is no WebSocket server ({shown(str(error))}); check host and port in url"
    if isinstance(error, TimeoutError):
        return f"does not answer within {within_s:g} s; check the host in url, and the firewall in between"
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"has a certificate that is not trusted ({error.verify_message}); name it or its authority's in "
            "ca_file, and write the host in url as the certificate has it"
        )
    if isinstance(error, ssl.SSLError):
        return f"does not speak TLS ({error.reason or 'handshake failed'}); is it ws:// rather than wss://?"
    if isinstance(error, socket.gaierror):
        return "is a host that nobody knows; check the host in url, and the name server"
    if isinstance(error, ConnectionRefusedError):
        return "refused the connection; is the ACD running, and are host and port in url right?"
    if isinstance(error, ConnectionResetError) and is_secure:
        return "hung up when TLS was spoken; is it ws:// rather than wss://?"
    detail = (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
    return f"cannot be reached ({shown(detail)}); is the ACD running, and are host and port in url right?"


def why_closed(error: ConnectionClosed, *, max_message: int) -> str:
    """Return what to say after the address of a connection that was lost.

    Args:
        error: How it ended.
        max_message: Largest message in bytes that is taken.
    """
    ours, theirs = error.sent, error.rcvd
    if ours is not None and not (theirs is not None and error.rcvd_then_sent):
        return _LEFT.get(ours.code, f"was left ({ours.code})").format(max_message=max_message)
    if theirs is None:
        return "was lost without a word"
    said = f"; it said: {shown(theirs.reason)}" if theirs.reason else ""
    return f"{_CLOSED.get(theirs.code, 'closed the connection')} ({theirs.code}){said}"


def shown(text: str) -> str:
    """Return foreign text fit for a log: one line, printable, short."""
    return "".join(mark if mark.isprintable() else "?" for mark in text)[:_LONGEST_REASON]


def _why_status(error: InvalidStatus, *, has_token: bool) -> str:
    code = error.response.status_code
    if code in _NOT_ALLOWED:
        todo = "refused the token" if has_token else "wants a token"
        return f"{todo} (HTTP {code}); check token_file against what the ACD expects"
    if code in _REDIRECTS:
        where = shown(error.response.headers.get("Location", ""))
        return f"points elsewhere (HTTP {code}); write its new address in url: {where}"
    return _REFUSED.get(code, f"answered HTTP {code} instead of a feed; check the path in url")
