"""A link made by options: secrets, TLS, and errors as sentences."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import aiomqtt
from paho.mqtt.reasoncodes import ReasonCode

from queue_alert.broker.link import Link
from queue_alert.broker.tls import TlsContext, tls_context
from queue_alert.broker.words import BrokerError, PublishRefusedError
from queue_alert.broker_options import BrokerOptions, client_id_of, port_of, where
from queue_alert.ports import DriverError
from queue_alert.secrets import read_secret

__all__ = ["linked"]

_BAD_LOGIN: Final = {0x86, 0x87, 0x8C}
_BAD_VERSION: Final = {0x01, 0x84}
_BUSY: Final = {0x88, 0x89, 0x97, 0x9F}
_TAKEN_OVER: Final = 0x8E
_CLOSED: Final = 0x80
"""What paho makes of a connection that just ended."""


@asynccontextmanager
async def linked(
    options: BrokerOptions,
    *,
    name: str,
    table: str,
    base: Path,
    part: str = "",
    will: aiomqtt.Will | None = None,
    take: Callable[[aiomqtt.Message], None] | None = None,
    session_expiry_s: int = 0,
    receive_at_most: int = 20,
    longest_packet: int = 65_536,
) -> AsyncIterator[Link]:
    """Connect, and be connected for as long as the body runs.

    Args:
        options: How to reach the broker.
        name: Of the feed, publisher or output in the configuration.
        table: Where that stands: ``feeds``, ``publishers``, ``outputs``.
        base: Folder that relative paths start from.
        part: Tells several connections of one of them apart; ends the client id.
        will: What the broker is to say when we are gone.
        take: Handler of every message.
        session_expiry_s: See :class:`~queue_alert.broker.Link`.
        receive_at_most: Ditto.
        longest_packet: Ditto.

    Raises:
        DriverError: It could not be made, was lost, or the broker has refused something.
        Exception: What the handler raised.
    """
    password = None
    if options.username:
        password = await asyncio.to_thread(
            read_secret, name, file=options.password_file, base=base, kind="password", table=table
        )
    link = Link(
        host=options.host,
        port=port_of(options),
        client_id=client_id_of(options, table, name, part),
        keepalive_s=round(options.keepalive),
        timeout_s=options.connect_timeout,
        username=options.username or None,
        password=password,
        tls=await asyncio.to_thread(_tls, options, base) if options.tls else None,
        will=will,
        take=take,
        session_expiry_s=session_expiry_s,
        receive_at_most=receive_at_most,
        longest_packet=longest_packet,
    )
    try:
        await link.__aenter__()
    except BrokerError as error:
        raise _not_connected(options, link, error) from error
    try:
        yield link
    except BrokerError as error:
        if link.raised is not None:
            # Our own mistake, not the broker's; it must not look like a lost connection.
            raise link.raised from error
        raise _lost(options, client_id_of(options, table, name, part), error) from error
    finally:
        await link.__aexit__(None, None, None)


def _tls(options: BrokerOptions, base: Path) -> TlsContext:
    files = {
        name: base / getattr(options, name) if getattr(options, name) else None
        for name in ("ca_file", "cert_file", "key_file")
    }
    try:
        return tls_context(ca=files["ca_file"], certificate=files["cert_file"], key=files["key_file"])
    except OSError as error:
        named = ", ".join(f"{name} {path}" for name, path in files.items() if path is not None)
        reason = _reason(error) if isinstance(error, ssl.SSLError) else error.strerror
        raise DriverError(
            f"TLS cannot be set up ({reason}); check {named}: PEM files, readable by the user this runs as"
        ) from error


def _not_connected(options: BrokerOptions, link: Link, error: BrokerError) -> DriverError:
    there = where(options)
    fault = link.connect_fault
    if isinstance(fault, ssl.SSLCertVerificationError):
        return DriverError(
            f"the certificate of {there} is not trusted ({fault.verify_message}); check ca_file, and that "
            "host is the name in the broker's certificate"
        )
    if isinstance(fault, ssl.SSLError):
        return DriverError(
            f"TLS with {there} failed ({_reason(fault)}); check that this is the broker's "
            "port for TLS, and whether it wants a certificate (cert_file)"
        )
    if isinstance(fault, TimeoutError):
        return DriverError(f"{there} does not answer; check host, and the firewall in between")
    if fault is not None:
        return DriverError(
            f"cannot connect to {there} ({fault.strerror or fault}); is the broker running, and has it a "
            "listener there?"
        )
    return _refused(options, error)


def _reason(error: ssl.SSLError) -> str:
    return error.reason.lower().replace("_", " ") if error.reason else str(error.strerror)


def _refused(options: BrokerOptions, error: BrokerError) -> DriverError:
    there = where(options)
    code = _code(error)
    if code in _BAD_LOGIN:
        who = f"username {options.username}" if options.username else "a client without a username"
        return DriverError(
            f"{there} refused the login of {who} ({_word(error)}); check username and password_file against "
            "the broker's password file"
        )
    if code in _BAD_VERSION:
        return DriverError(f"{there} does not speak MQTT 5; mosquitto does from 1.6 on")
    if code in _BUSY:
        return DriverError(f"{there} takes nobody at present ({_word(error)})")
    if code is not None:
        return DriverError(f"{there} refused the connection ({_word(error)})")
    if "hung up" in str(error):
        return DriverError(
            f"{there} hung up before it answered; check that this is the port of a broker that speaks MQTT "
            "5, " + ("and for TLS" if options.tls else "and not the one for TLS")
        )
    return DriverError(f"{there} did not answer the connection within {options.connect_timeout:g} s")


def _lost(options: BrokerOptions, client_id: str, error: BrokerError) -> DriverError:
    there = where(options)
    if isinstance(error, PublishRefusedError):
        return DriverError(
            f"{there} does not let us publish {error.topic} ({error.reason}); check the broker's ACL"
        )
    cause = error.__cause__ if isinstance(error.__cause__, BrokerError) else error
    if _code(cause) == _TAKEN_OVER:
        return DriverError(
            f"{there} was told that another client is {client_id}, and threw us out; give one of the two a "
            "client_id of its own"
        )
    word = "closed by the other side" if _code(cause) == _CLOSED else _word(cause)
    return DriverError(f"connection to {there} was lost ({word})")


def _code(error: BaseException) -> int | None:
    if not isinstance(error, aiomqtt.MqttCodeError):
        return None
    return error.rc.value if isinstance(error.rc, ReasonCode) else None


def _word(error: BaseException) -> str:
    if isinstance(error, aiomqtt.MqttCodeError) and isinstance(error.rc, ReasonCode):
        return str(error.rc)
    return str(error)
