"""The feed ``webhook``: listens on an address of its own for events that are posted to it."""

import asyncio
import logging
import ssl
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Final

from adapters.webhook.desk import Desk, DeskOptions, Kind
from adapters.webhook.gate import Credentials, Gate
from adapters.webhook.options import WebhookOptions, check, claims, read_address
from adapters.webhook.reception import Reception
from adapters.webhook.signature import SeenSignatures
from queue_alert.core.events import AcdEvent
from queue_alert.core.units import FeedName, Seconds
from queue_alert.ports import DriverError, FeedContext, FeedDriver
from queue_alert.secrets import read_secret, variable_name

if TYPE_CHECKING:
    from adapters.webhook.door import Door

__all__ = ["DRIVER", "STALE_AFTER_S", "WebhookFeed"]

_log = logging.getLogger(__name__)

STALE_AFTER_S: Final[Seconds] = 60.0
"""Senders of the neutral feed say a heartbeat every 15 s; a cloud's silence is watched by its own option."""

_LOOKS_EVERY_S: Final[Seconds] = 1.0
_KINDS: Final = ("token", "secret", "password", "auth_token")


class WebhookFeed:
    """One address that is posted to; one object for all its life, so that what is known stays known."""

    def __init__(self, options: WebhookOptions, context: FeedContext) -> None:
        self._options = options
        self._context = context
        self._desk = Desk(
            FeedName(context.name),
            context.skipped,
            DeskOptions(
                kind=Kind(options.kind),
                source=options.source,
                snapshots=options.snapshots,
                silence_s=options.silence,
                give_up_s=options.give_up,
                names=options.names,
                max_events=options.max_events,
            ),
        )
        self._seen = SeenSignatures()
        self.address: tuple[str, int] | None = None
        """Where it listens, once it does."""

    async def run(self, submit: Callable[[AcdEvent], None]) -> None:
        """Listen until cancelled.

        Raises:
            DriverError: The address cannot be had, or what is needed to let anybody in is missing.
        """
        options, context = self._options, self._context
        credentials, tls = await asyncio.to_thread(self._prepare)
        from adapters.webhook.door import Door, DoorLimits

        reception = Reception(
            self._desk,
            Gate(credentials, self._seen),
            context.skipped,
            path=options.path,
            max_body=options.max_body,
            max_rate=options.max_rate,
        )
        limits = DoorLimits(connections=options.max_connections, timeout_s=options.request_timeout)
        door = Door(reception, context.clock, submit, limits)
        try:
            await self._open(door, tls)
            for event in self._desk.begin(context.clock.now()):
                submit(event)
            await self._stay(door, submit)
        finally:
            was_open, self.address = self.address is not None, None
            await door.close()
            if was_open:
                for event in self._desk.end(context.clock.now()):
                    submit(event)

    async def _open(self, door: "Door", tls: ssl.SSLContext | None) -> None:
        host, port = self._wanted_address()
        try:
            self.address = await door.open(host, port, tls)
        except OSError as error:
            raise DriverError(
                f"cannot listen on {self._options.listen} ({error.strerror or error}); another program may "
                "have that port, or this machine has no such address: choose another in listen"
            ) from error
        _log.info("listening feed=%s address=%s:%d", self._context.name, *self.address)

    def _wanted_address(self) -> tuple[str, int]:
        address = read_address(self._options.listen)
        if address is None:  # port 0, which no configuration may name: any free one
            return self._options.listen.rpartition(":")[0], 0
        return address

    async def _stay(self, door: "Door", submit: Callable[[AcdEvent], None]) -> None:
        """Say what time alone brings about, until cancelled or until one of our own mistakes ends it."""
        clock = self._context.clock
        while True:
            for event in self._desk.advance(clock.now()):
                submit(event)
            await asyncio.wait([door.fault], timeout=_LOOKS_EVERY_S)
            if door.fault.done():
                door.fault.result()

    def _prepare(self) -> tuple[Credentials, ssl.SSLContext | None]:
        # aiohttp costs 12 MB and 0.4 s: who has no such feed does not pay for it, and no lamp waits for it.
        import_module("adapters.webhook.door")
        return self._read_credentials(), self._read_certificate()

    def _read_credentials(self) -> Credentials:
        options, name, base = self._options, self._context.name, self._context.base
        if options.open:
            return Credentials(is_open=True)
        secrets = {
            kind: read_secret(
                name, file=getattr(options, f"{kind}_file"), base=base, kind=kind, is_needed=False
            )
            for kind in _KINDS
        }
        credentials = Credentials(
            token=secrets["token"],
            token_header=options.token_header.lower(),
            secret=secrets["secret"],
            username=options.username,
            password=secrets["password"] if options.username else "",
            auth_token=secrets["auth_token"] if options.public_url else "",
            public_url=options.public_url,
            max_age_s=options.max_age,
        )
        if not credentials.are_any:
            raise DriverError(
                f'nobody could post: write token_file = "…" or secret_file = "…" in [feeds.{name}], or set '
                f"{variable_name(name, 'token')} or {variable_name(name, 'secret')}; open = true lets in "
                "everybody on this machine",
                recoverable=False,
            )
        return credentials

    def _read_certificate(self) -> ssl.SSLContext | None:
        options, base = self._options, self._context.base
        if not options.certificate_file:
            return None
        certificate, key = base / options.certificate_file, base / options.key_file
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            # Without a passphrase to give it must not ask for one on the terminal.
            context.load_cert_chain(certificate, key, password="")
        except (OSError, ValueError) as error:
            raise DriverError(
                f"certificate_file {certificate} and key_file {key} cannot be used "
                f"({error.__class__.__name__}); they must be PEM, belong together, have no passphrase and be "
                "readable by the user this runs as"
            ) from error
        return context


DRIVER: Final = FeedDriver(
    summary="events posted over HTTP: CloudEvents, Twilio's Event Streams, Amazon Connect by EventBridge",
    options=WebhookOptions,
    create=WebhookFeed,
    check=check,
    packages=("aiohttp",),
    extra="webhook",
    claims=claims,
    stale_after_s=STALE_AFTER_S,
)
