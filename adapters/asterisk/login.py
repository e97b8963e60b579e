"""Proving who we are, and what it means when Asterisk does not believe it.

A refused login says ``Authentication failed`` whatever is wrong (no such user, another secret, an address not
permitted, a user without a secret), after a second. So the sentences name everything it can be.

Source: Asterisk 22, main/manager.c (``authenticate``, ``action_challenge``, ``process_message``,
``session_do``).
"""

import hashlib
from typing import Final

from adapters.asterisk.options import AsteriskOptions, Authentication
from adapters.asterisk.session import Session
from queue_alert.ports import DriverError

__all__ = ["challenge_key", "log_in"]

_IN_USE: Final = "Already In Use"
_SHUTTING_DOWN: Final = "shutting down"


def challenge_key(challenge: str, secret: str) -> str | None:
    """Return the answer to a challenge: the MD5 of both in hexadecimal; ``None`` where Python refuses MD5.

    The digest is Asterisk's, not a choice: it guards the secret on the wire, nothing else.
    """
    try:
        digest = hashlib.md5((challenge + secret).encode(), usedforsecurity=False)
    except ValueError:
        return None
    return digest.hexdigest()


async def log_in(session: Session, options: AsteriskOptions, secret: str) -> None:
    """Wait to be greeted, log in, and return once that is accepted.

    Raises:
        DriverError: It was refused, or nobody answered.
    """
    try:
        await session.greeted(within=options.connect_timeout)
    except TimeoutError as error:
        raise DriverError(_unanswered(options)) from error
    except ConnectionResetError as error:
        raise DriverError(_hung_up_first(options)) from error
    try:
        proof = await _proof(session, options, secret)
        answer = await session.ask(
            "Login",
            within=options.connect_timeout,
            Username=options.username,
            **proof,
            Events=options.events,
        )
    except TimeoutError as error:
        raise DriverError(
            f"{options.where} did not answer the login within {options.connect_timeout:g} s"
        ) from error
    except ValueError as error:
        raise DriverError(f"the login cannot be sent: {error}", recoverable=False) from error
    except ConnectionResetError as error:
        raise DriverError(
            f"{options.where} hung up during the login; check permit, deny and acl of [{options.username}] "
            "in manager.conf"
        ) from error
    if answer.event != "Success":
        raise DriverError(_refusal(options, answer.label("Message")))


async def _proof(session: Session, options: AsteriskOptions, secret: str) -> dict[str, str]:
    """Return the headers that prove who we are."""
    if options.authentication is Authentication.PLAIN:
        return {"Secret": secret}
    if any(mark in secret for mark in "\r\n\0"):
        raise ValueError("the value of Secret must be one line without control characters")
    answer = await session.ask("Challenge", within=options.connect_timeout, AuthType="MD5")
    challenge = answer.label("Challenge")
    if answer.event == "Success" and challenge:
        key = challenge_key(challenge, secret)
        if key is not None:
            session.hide(key)
            return {"AuthType": "MD5", "Key": key}
        why = "this Python refuses MD5 (FIPS)"
    else:
        message = answer.label("Message")
        if _SHUTTING_DOWN in message:
            raise DriverError(_refusal(options, message))
        why = f"{options.where} does not offer a challenge by MD5 ({message or 'no challenge'})"
    if options.authentication is Authentication.MD5:
        raise DriverError(
            f'{why}; write authentication = "plain", with tls = true if the network is not your own'
        )
    if not options.is_private:
        raise DriverError(
            f"{why}, and the secret is not sent where it can be read; write tls = true, or "
            'authentication = "plain" to send it all the same'
        )
    return {"Secret": secret}


def _refusal(options: AsteriskOptions, message: str) -> str:
    section = f"[{options.username}]"
    if _IN_USE in message:
        return (
            f"{options.where} has somebody logged in as {options.username} already ({message}); "
            f"manager.conf: a section for this program alone, or allowmultiplelogin = yes in {section}"
        )
    if _SHUTTING_DOWN in message:
        return f"{options.where} is shutting down ({message})"
    return (
        f"{options.where} refused the login ({message}); check manager.conf: is there a section {section}, "
        "is its secret that of secret_file, do its permit, deny and acl allow this machine? Then: manager "
        "reload"
    )


def _unanswered(options: AsteriskOptions) -> str:
    if options.tls:
        return f"{options.where} did not greet within {options.connect_timeout:g} s"
    return (
        f"{options.where} did not greet within {options.connect_timeout:g} s; is that the port of "
        "tlsbindaddr (then tls = true), or not Asterisk's manager interface at all?"
    )


def _hung_up_first(options: AsteriskOptions) -> str:
    return (
        f"{options.where} hung up before greeting; too many connections that have not logged in "
        "(manager.conf: authlimit), or something in between that does not let this machine through"
    )
