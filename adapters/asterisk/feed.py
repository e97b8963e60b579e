"""The feed from an Asterisk: logs in, asks for the queues, listens, notices when nobody answers any more."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Final

import msgspec

from adapters.asterisk.frames import Frame
from adapters.asterisk.session import NotAManagerError, Session
from adapters.asterisk.translation import AsteriskTranslator
from queue_alert.core.events import AcdEvent
from queue_alert.ports import ConfigProblem, DriverError, Duration, FeedContext, FeedDriver
from queue_alert.secrets import read_secret

__all__ = ["DRIVER", "AsteriskFeed", "AsteriskOptions", "check"]

_log = logging.getLogger(__name__)

_BOOT_WAIT_S: Final = 2.0
_RETRY_S: Final = 1.0
_PORTS: Final = range(1, 65_536)
_RHYTHM_S: Final = (1.0, 3600.0)
_TIMEOUT_LIMIT_S: Final = 60.0
_CLASSES: Final = "agent,system,call,dialplan"


class AsteriskOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to reach the manager interface, and as whom."""

    username: str
    """Section of manager.conf: ``[username]``, with ``read = agent,system,call,dialplan``."""
    host: str = "127.0.0.1"
    port: int = 5038
    secret_file: str = ""
    """File whose first line is the secret; without it the environment's ``QUEUE_ALERT_<FEED>_SECRET``."""
    poll: Duration = 30.0
    """Pause between two questions for all queues: what events never tell is put right that often."""
    ping: Duration = 20.0
    """Pause between two signs of life; an idle Asterisk says nothing by itself."""
    connect_timeout: Duration = 10.0
    """Longest wait for the connection, and for any answer."""
    events: str = _CLASSES
    """Classes of events to be sent. Without *dialplan* no outcome but an answer is known; without *call* no
    hold, no transfer, and a caller who hung up is told from one who did not only after a while."""


class AsteriskFeed:
    """A live feed; one object for all its connections, so that events stay numbered."""

    def __init__(self, options: AsteriskOptions, context: FeedContext) -> None:
        self._options = options
        self._context = context
        self._translator = AsteriskTranslator(context.name, context.skipped, replies=self._replied)
        self._session: Session | None = None

    async def run(self, submit: Callable[[AcdEvent], None]) -> None:
        """Stay connected until the connection ends.

        Raises:
            DriverError: It could not be made, or was lost.
        """
        options, context = self._options, self._context
        secret = await asyncio.to_thread(
            read_secret, context.name, file=options.secret_file, base=context.base
        )

        def begin() -> None:
            for event in self._translator.connected(context.clock.now()):
                submit(event)

        def receive(data: bytes) -> None:
            for event in self._translator.receive(data, context.clock.now()):
                submit(event)

        session = Session(begin, receive, secret=secret, tap=context.tap)
        self._session = session
        try:
            await self._connect(session)
            await self._log_in(session, secret)
            await self._stay(session)
        except NotAManagerError as error:
            raise DriverError(
                f"{self._where} is not Asterisk's manager interface; check host and port "
                "(manager.conf: port, 5038 by default)"
            ) from error
        except ConnectionError as error:
            raise DriverError(f"connection to {self._where} was lost ({error})") from error
        finally:
            self._session = None
            if session.is_open:
                session.close()
                for event in self._translator.disconnected(context.clock.now()):
                    submit(event)

    @property
    def _where(self) -> str:
        return f"{self._options.host}:{self._options.port}"

    async def _connect(self, session: Session) -> None:
        options = self._options
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(options.connect_timeout):
                await loop.create_connection(lambda: session, options.host, options.port)
        except TimeoutError as error:
            raise DriverError(
                f"{self._where} does not answer; check host, and the firewall in between"
            ) from error
        except OSError as error:
            raise DriverError(
                f"cannot connect to {self._where} ({error.strerror or error}); is Asterisk running, and has "
                "manager.conf enabled = yes, and bindaddr and port as here?"
            ) from error

    async def _log_in(self, session: Session, secret: str) -> None:
        options = self._options
        try:
            answer = await session.ask(
                "Login",
                within=options.connect_timeout,
                Username=options.username,
                Secret=secret,
                Events=options.events,
            )
        except TimeoutError as error:
            raise DriverError(
                f"{self._where} did not answer the login within {options.connect_timeout:g} s"
            ) from error
        except ValueError as error:
            raise DriverError(f"the login cannot be sent: {error}", recoverable=False) from error
        except ConnectionResetError as error:
            raise DriverError(
                f"{self._where} hung up during the login; check permit and deny of "
                f"[{options.username}] in manager.conf"
            ) from error
        if answer.event != "Success":
            raise DriverError(
                f"{self._where} refused the login ({answer.label('Message')}); check the section "
                f"[{options.username}] of manager.conf: secret against secret_file, permit and deny"
            )
        _log.info("logged in feed=%s host=%s port=%d", self._context.name, options.host, options.port)

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
                f"{self._where} does not let {options.username} see the queues ({message}); "
                f"manager.conf: [{options.username}] needs read = {_CLASSES}"
            )
        # While Asterisk starts or reloads, app_queue may not be there yet.
        _log.debug("queues not told feed=%s answer=%s", self._context.name, message)
        return min(_RETRY_S, options.poll)

    async def _ping(self, session: Session) -> None:
        try:
            await session.ask("Ping", within=self._options.connect_timeout)
        except TimeoutError as error:
            raise self._silent("Ping") from error

    def _silent(self, question: str) -> DriverError:
        return DriverError(
            f"{self._where} has fallen silent: no answer to {question} "
            f"within {self._options.connect_timeout:g} s"
        )

    def _replied(self, frame: Frame) -> None:
        if self._session is not None:
            self._session.take_reply(frame)


def check(options: AsteriskOptions) -> list[ConfigProblem]:
    """Return the mistakes in options that their types allow."""
    problems = [
        ConfigProblem(path=name, message="must be one line without control characters, and not empty")
        for name in ("username", "host", "events")
        if not getattr(options, name).strip() or any(mark in getattr(options, name) for mark in "\r\n\0")
    ]
    if options.port not in _PORTS:
        problems.append(ConfigProblem(path="port", message=f"must be 1 to 65535, got {options.port}"))
    least, most = _RHYTHM_S
    problems += [
        ConfigProblem(path=name, message=f"must be 1 s to 1 h, got {getattr(options, name):g} s")
        for name in ("poll", "ping")
        if not least <= getattr(options, name) <= most
    ]
    if not 0 < options.connect_timeout <= _TIMEOUT_LIMIT_S:
        message = f"must be > 0 s and at most 60 s, got {options.connect_timeout:g} s"
        problems.append(ConfigProblem(path="connect_timeout", message=message))
    return problems + _check_classes(options.events)


def _check_classes(events: str) -> list[ConfigProblem]:
    classes = {name.strip() for name in events.split(",")}
    if classes & {"all", "on"}:
        return []
    if "agent" not in classes:
        return [ConfigProblem(path="events", message=f'must have the class "agent", got "{events}"')]
    if "dialplan" not in classes:
        message = 'without the class "dialplan" every outcome but an answer is "unknown"'
        return [ConfigProblem(path="events", message=message, is_warning=True)]
    return []


DRIVER: Final = FeedDriver(
    summary="Asterisk's app_queue, by the manager interface (AMI)",
    options=AsteriskOptions,
    create=AsteriskFeed,
    check=check,
    translator="asterisk",
)
