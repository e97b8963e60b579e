"""The feed from an Asterisk: logs in, asks for the queues, listens, notices when nobody answers any more."""

import asyncio
import contextlib
import logging
import ssl
from collections.abc import Callable
from typing import Final

from adapters.asterisk.event_filter import SESSION_FILTER
from adapters.asterisk.frames import Frame
from adapters.asterisk.login import log_in
from adapters.asterisk.options import CLASSES, AsteriskOptions, check
from adapters.asterisk.session import NotAManagerError, Session
from adapters.asterisk.translation import AsteriskTranslator
from queue_alert.core.events import AcdEvent
from queue_alert.ports import DriverError, FeedContext, FeedDriver
from queue_alert.secrets import read_secret

__all__ = ["DRIVER", "AsteriskFeed", "AsteriskOptions", "check"]

_log = logging.getLogger(__name__)

_BOOT_WAIT_S: Final = 2.0
_RETRY_S: Final = 1.0


class _SilenceError(DriverError):
    """The other side answers no more."""


class AsteriskFeed:
    """A live feed; one object for all its connections, so that events stay numbered."""

    def __init__(self, options: AsteriskOptions, context: FeedContext) -> None:
        self._options = options
        self._context = context
        self._translator = AsteriskTranslator(context.name, context.skipped, replies=self._replied)
        self._session: Session | None = None
        self._has_told_of_filter = False
        self._told_doubt = ""

    async def run(self, submit: Callable[[AcdEvent], None]) -> None:
        """Stay connected until the connection ends.

        Raises:
            DriverError: It could not be made, or was lost.
        """
        options, context = self._options, self._context
        secret = await asyncio.to_thread(
            read_secret, context.name, file=options.secret_file, base=context.base
        )
        tls = await asyncio.to_thread(self._tls) if options.tls else None

        def begin() -> None:
            for event in self._translator.connected(context.clock.now()):
                submit(event)

        def receive(data: bytes) -> None:
            for event in self._translator.receive(data, context.clock.now()):
                submit(event)

        session = Session(begin, receive, secret=secret, tap=context.tap)
        self._session = session
        is_silent = False
        try:
            await self._connect(session, tls)
            await log_in(session, options, secret)
            _log.info("logged in feed=%s at=%s", context.name, options.where)
            await self._ask_for_less(session)
            await self._stay(session)
        except NotAManagerError as error:
            raise DriverError(self._not_a_manager(error)) from error
        except ConnectionError as error:
            raise DriverError(f"connection to {options.where} was lost ({error})") from error
        except _SilenceError:
            is_silent = True
            raise
        finally:
            self._session = None
            if session.is_open:
                session.close(is_silent=is_silent)
                for event in self._translator.disconnected(context.clock.now()):
                    submit(event)

    def _tls(self) -> ssl.SSLContext:
        """Return what to trust; reads files."""
        ca_file = self._options.ca_file
        if not ca_file:
            return ssl.create_default_context()
        path = self._context.base / ca_file
        try:
            return ssl.create_default_context(cafile=path)
        except OSError as error:  # what is no certificate is an ssl.SSLError, and that one of these
            raise DriverError(
                f"ca_file {path} cannot be read ({error.strerror or error}); it must hold the certificate to "
                "trust (PEM) and be readable by the user this runs as"
            ) from error

    def _not_a_manager(self, error: NotAManagerError) -> str:
        where = self._options.where
        if error.speaks_tls:
            return (
                f"{where} expects TLS; write tls = true, or the port of manager.conf's port (5038 by default)"
            )
        return (
            f"{where} is not Asterisk's manager interface; check host and port (manager.conf: port, 5038 by "
            "default)"
        )

    async def _connect(self, session: Session, tls: ssl.SSLContext | None) -> None:
        options = self._options
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(options.connect_timeout):
                await loop.create_connection(
                    lambda: session,
                    options.host,
                    options.effective_port,
                    ssl=tls,
                    server_hostname=(options.tls_name or options.host) if tls else None,
                    ssl_shutdown_timeout=_RETRY_S if tls else None,
                )
        except TimeoutError as error:
            hint = (
                "; is that the port of tlsbindaddr?" if tls else "; check host, and the firewall in between"
            )
            raise DriverError(f"{options.where} does not answer{hint}") from error
        except ssl.SSLCertVerificationError as error:
            raise DriverError(
                f"the certificate of {options.where} is not trusted ({error.verify_message}); put the one "
                "that signed it (manager.conf: tlscertfile, if it signed itself) into ca_file, and its name, "
                "if it is not the host, into tls_name"
            ) from error
        except ssl.SSLError as error:
            raise DriverError(
                f"{options.where} does not speak TLS ({error.reason or error}); manager.conf needs tlsenable "
                "= yes, and port is that of tlsbindaddr (5039 by default)"
            ) from error
        except OSError as error:
            raise DriverError(self._no_connection(error)) from error

    def _no_connection(self, error: OSError) -> str:
        lines = "tlsenable = yes, and tlsbindaddr" if self._options.tls else "bindaddr and port"
        return (
            f"cannot connect to {self._options.where} ({error.strerror or error}); is Asterisk running, and "
            f"has manager.conf enabled = yes, and {lines} as here?"
        )

    async def _ask_for_less(self, session: Session) -> None:
        """Have Asterisk hold back what is not made use of; without that everything still works."""
        options = self._options
        if not options.event_filter:
            return
        try:
            answer = await session.ask(
                "Filter", within=options.connect_timeout, Operation="Add", Filter=SESSION_FILTER
            )
        except TimeoutError as error:
            raise self._silent("Filter") from error
        if answer.event != "Success":
            level = logging.DEBUG if self._has_told_of_filter else logging.INFO
            self._has_told_of_filter = True
            _log.log(
                level,
                "feed=%s filter=refused answer=%s: all events come; to have Asterisk send fewer, put the "
                "eventfilter lines of docs/how-to/connect-asterisk.md into [%s] of manager.conf",
                self._context.name,
                answer.label("Message"),
                options.username,
            )

    async def _stay(self, session: Session) -> None:
        """Ask for the queues and for signs of life, each in its own rhythm, until the connection is lost."""
        options = self._options
        loop = asyncio.get_running_loop()
        # Before it is up, Asterisk may not know the question; but not everybody is told when it is.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_BOOT_WAIT_S):
                await session.booted.wait()
        ping_at = loop.time() + options.ping
        while True:
            session.roused.clear()
            session.check()
            poll_at = loop.time() + await self._ask_for_queues(session)
            self._tell_doubt()
            while not session.roused.is_set() and loop.time() < poll_at:
                if loop.time() >= ping_at:
                    await self._ping(session)
                    ping_at = loop.time() + options.ping
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout_at(min(poll_at, ping_at)):
                        await session.roused.wait()

    async def _ask_for_queues(self, session: Session) -> float:
        """Ask for all queues and return after how many seconds to ask again."""
        options = self._options
        try:
            answer = await session.ask("QueueStatus", within=options.connect_timeout)
        except TimeoutError as error:
            raise self._silent("QueueStatus") from error
        if answer.event == "Success":
            return options.poll
        message = answer.label("Message")
        if "ermission" in message:
            raise DriverError(
                f"{self._options.where} does not let {options.username} see the queues ({message}); "
                f"manager.conf: [{options.username}] needs read = {CLASSES}"
            )
        # While Asterisk starts or reloads, app_queue may not be there yet.
        _log.debug("queues not told feed=%s answer=%s", self._context.name, message)
        return min(_RETRY_S, options.poll)

    def _tell_doubt(self) -> None:
        doubt = self._translator.doubt
        if doubt and doubt != self._told_doubt:
            _log.warning("feed=%s user=%s %s", self._context.name, self._options.username, doubt)
        self._told_doubt = doubt or self._told_doubt

    async def _ping(self, session: Session) -> None:
        try:
            await session.ask("Ping", within=self._options.connect_timeout)
        except TimeoutError as error:
            raise self._silent("Ping") from error

    def _silent(self, question: str) -> DriverError:
        return _SilenceError(
            f"{self._options.where} has fallen silent: no answer to {question} within "
            f"{self._options.connect_timeout:g} s"
        )

    def _replied(self, frame: Frame) -> None:
        if self._session is not None:
            self._session.take_reply(frame)


DRIVER: Final = FeedDriver(
    summary="Asterisk's app_queue, by the manager interface (AMI)",
    options=AsteriskOptions,
    create=AsteriskFeed,
    check=check,
    translator="asterisk",
)
