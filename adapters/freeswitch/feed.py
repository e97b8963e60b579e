"""The feed from a FreeSWITCH: subscribes, asks for the lists, listens, notices when nobody answers."""

import asyncio
import contextlib
import ipaddress
import logging
import os
from collections.abc import Callable
from typing import Final

import msgspec

from adapters.freeswitch.frames import Frame
from adapters.freeswitch.lists import CLOCK, QUEUES
from adapters.freeswitch.session import (
    SECRET_MARK,
    DamagedStreamError,
    NotAnEventSocketError,
    Session,
    TurnedAwayError,
)
from adapters.freeswitch.translation import EVENTS, FreeSwitchTranslator
from queue_alert.core.events import AcdEvent
from queue_alert.core.units import Seconds
from queue_alert.ports import ConfigProblem, DriverError, Duration, FeedContext, FeedDriver
from queue_alert.secrets import read_secret

__all__ = ["DRIVER", "FreeSwitchFeed", "FreeSwitchOptions", "check"]

_log = logging.getLogger(__name__)

_SHORTEST_POLL_S: Final = 1.0
_REST_SHARE: Final = 10
_STALE_AFTER_S: Final = 60.0
_PORTS: Final = range(1, 65_536)
_RHYTHM_S: Final = {"poll": (1.0, 3600.0), "ping": (1.0, 30.0)}
_TIMEOUT_LIMIT_S: Final = 60.0
_SHOWN: Final = 100


class FreeSwitchOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to reach the event socket."""

    host: str = "127.0.0.1"
    port: int = 8021
    password_file: str = ""
    """File whose first line is the password; without it the environment's ``QUEUE_ALERT_<FEED>_PASSWORD``."""
    poll: Duration = 30.0
    """Pause between two questions for all lists: what events never tell is put right that often."""
    ping: Duration = 20.0
    """Pause between two signs of life, 1 to 30 s; FreeSWITCH's clock is read with each."""
    connect_timeout: Duration = 10.0
    """Longest wait for the connection, and for any answer."""


class FreeSwitchFeed:
    """A live feed; one object for all its connections, so that FreeSWITCH's order goes on over them."""

    def __init__(self, options: FreeSwitchOptions, context: FeedContext) -> None:
        self._options = options
        self._context = context
        self._translator = FreeSwitchTranslator(
            context.name, context.skipped, replies=self._replied, wanted=self._lists_wanted
        )
        self._session: Session | None = None

    async def run(self, submit: Callable[[AcdEvent], None]) -> None:
        """Stay connected until the connection ends.

        Raises:
            DriverError: It could not be made, or was lost.
        """
        context, translator = self._context, self._translator
        password = await asyncio.to_thread(
            read_secret,
            context.name,
            file=self._options.password_file,
            base=context.base,
            kind="password",
        )

        def begin() -> None:
            for event in translator.connected(context.clock.now()):
                submit(event)

        def receive(data: bytes) -> bool:
            for event in translator.receive(data, context.clock.now()):
                submit(event)
            return not translator.is_damaged

        session = Session(begin, receive, tap=context.tap)
        self._session = session
        try:
            await self._connect(session)
            await self._log_in(session, password)
            await self._stay(session)
        except TurnedAwayError as error:
            raise DriverError(
                f"{self._where} does not let this machine in; event_socket.conf.xml: name a list that allows "
                "it in apply-inbound-acl (without one only loopback.auto is let in), then reload "
                "mod_event_socket"
            ) from error
        except NotAnEventSocketError as error:
            raise DriverError(
                f"{self._where} is not FreeSWITCH's event socket; check host and port "
                "(event_socket.conf.xml: listen-port, 8021 by default)"
            ) from error
        except DamagedStreamError as error:
            raise DriverError(
                f"{self._where} said what cannot be read; as it may have been events, all is asked for anew"
            ) from error
        except ConnectionError as error:
            raise DriverError(f"connection to {self._where} was lost ({error})") from error
        finally:
            self._session = None
            if session.is_open:
                session.close()
                for event in translator.disconnected(context.clock.now()):
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
                f"cannot connect to {self._where} ({_why(error)}); is FreeSWITCH running, with "
                "mod_event_socket, and are listen-ip and listen-port of event_socket.conf.xml as here?"
            ) from error

    async def _log_in(self, session: Session, password: str) -> None:
        options = self._options
        try:
            async with asyncio.timeout(options.connect_timeout):
                await session.greeted.wait()
            session.check()
            answer = await session.ask(
                f"auth {password}", within=options.connect_timeout, shown=f"auth {SECRET_MARK}"
            )
        except TimeoutError as error:
            raise DriverError(
                f"{self._where} did not ask for the password or take it within {options.connect_timeout:g} s"
            ) from error
        except ValueError as error:
            raise DriverError(
                "the password cannot be sent: it must be one line without control characters",
                recoverable=False,
            ) from error
        if not answer.reply.startswith("+OK"):
            raise DriverError(
                f"{self._where} refused the password; check password of event_socket.conf.xml "
                "against password_file"
            )
        answer = await self._ask(session, f"event json {EVENTS}")
        if not answer.reply.startswith("+OK"):
            raise DriverError(f"{self._where} does not let us have its events ({answer.reply[:_SHOWN]})")
        _log.info("logged in feed=%s host=%s port=%d", self._context.name, options.host, options.port)

    async def _stay(self, session: Session) -> None:
        """Ask for the lists and for signs of life, each in its own rhythm, until the connection is lost."""
        options = self._options
        loop = asyncio.get_running_loop()
        while True:
            session.roused.clear()
            session.check()
            begun_at = loop.time()
            await self._ask_for_lists(session)
            now = loop.time()
            # However often we are roused, FreeSWITCH must not be kept busy with lists.
            soon_at = now + max(_SHORTEST_POLL_S, _REST_SHARE * (now - begun_at))
            poll_at, ping_at = max(now + options.poll, soon_at), now + options.ping
            while loop.time() < (soon_at if session.roused.is_set() else poll_at):
                session.check()
                if loop.time() >= ping_at:
                    await self._ask(session, f"api {CLOCK}")
                    ping_at = loop.time() + options.ping
                if session.roused.is_set():
                    await asyncio.sleep(max(min(soon_at, ping_at) - loop.time(), 0.0))
                    continue
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout_at(min(poll_at, ping_at)):
                        await session.roused.wait()

    async def _ask_for_lists(self, session: Session) -> None:
        lists = self._translator.lists
        await self._ask(session, f"api {CLOCK}")
        rounds = lists.rounds
        answer = await self._ask(session, f"api {QUEUES}")
        if answer.body.startswith(b"-"):
            said = answer.body.decode(errors="replace").strip()[:_SHOWN]
            raise DriverError(
                f"{self._where} knows no callcenter_config ({said}); modules.conf.xml needs "
                '<load module="mod_callcenter"/>, and now: load mod_callcenter'
            )
        while (question := lists.question) is not None:
            await self._ask(session, f"api {question}")
        if lists.rounds == rounds:
            raise DriverError(
                f"{self._where} answered {QUEUES} and what follows with lists that cannot be read; "
                "what was wrong is counted and logged"
            )

    async def _ask(self, session: Session, command: str) -> Frame:
        within: Seconds = self._options.connect_timeout
        try:
            return await session.ask(command, within=within)
        except TimeoutError as error:
            raise DriverError(
                f"{self._where} has fallen silent: no answer to {command.partition(' ')[2]} "
                f"within {within:g} s"
            ) from error

    def _replied(self, frame: Frame) -> None:
        if self._session is not None:
            self._session.take_reply(frame)

    def _lists_wanted(self) -> None:
        if self._session is not None:
            self._session.roused.set()


def check(options: FreeSwitchOptions) -> list[ConfigProblem]:
    """Return the mistakes in options that their types allow."""
    problems = []
    if not options.host.strip() or any(mark in options.host for mark in "\r\n\0"):
        message = "must be one line without control characters, and not empty"
        problems.append(ConfigProblem(path="host", message=message))
    elif not _is_loopback(options.host):
        problems.append(
            ConfigProblem(
                path="host",
                message="the password and every caller's number travel in clear; let it be a network of "
                f"your own, a VPN, or a tunnel to 127.0.0.1, got {options.host}",
                is_warning=True,
            )
        )
    if options.port not in _PORTS:
        problems.append(ConfigProblem(path="port", message=f"must be 1 to 65535, got {options.port}"))
    for name, (least, most) in _RHYTHM_S.items():
        value = getattr(options, name)
        if not least <= value <= most:
            message = f"must be {least:g} s to {most:g} s, got {value:g} s"
            problems.append(ConfigProblem(path=name, message=message))
    if not 0 < options.connect_timeout <= _TIMEOUT_LIMIT_S:
        message = f"must be > 0 s and at most 60 s, got {options.connect_timeout:g} s"
        problems.append(ConfigProblem(path="connect_timeout", message=message))
    return problems


def _why(error: OSError) -> str:
    """Return the system's own words, where asyncio has put its own in their place."""
    return os.strerror(error.errno) if error.errno is not None and error.errno > 0 else str(error)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


DRIVER: Final = FeedDriver(
    summary="FreeSWITCH's mod_callcenter, by the event socket (ESL)",
    options=FreeSwitchOptions,
    create=FreeSwitchFeed,
    check=check,
    translator="freeswitch",
    stale_after_s=_STALE_AFTER_S,
)
