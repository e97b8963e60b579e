"""Any lamp that is switched by HTTP: requests out of the configuration, for each lamp one on, one off.

Good for Shelly, Tasmota, Philips Hue and whatever else takes a request. Secrets come from a file or from the
environment and go into headers only; addresses may end up in logs of ours and of others.
"""

import base64
import re
import ssl
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from devices.addresses import TIMEOUT_S, check_host, check_span
from devices.http_codec import Origin, split
from devices.http_link import HttpLink
from devices.http_template import (
    RequestOptions,
    check_headers,
    check_request,
    holes,
    needs_secret,
    values_of,
)
from devices.kinds import OFF, Kind
from devices.steadying import MOST_HOLD_S, TICK_S, Steadied
from devices.tcp import Deadline
from devices.worker import WorkerOutput
from queue_alert.core.units import Seconds
from queue_alert.ports import ConfigProblem, DriverError, Duration, OutputContext, OutputDriver
from queue_alert.secrets import read_secret

__all__ = ["DRIVER", "HttpLamp", "HttpOptions", "LampRequests"]

LAST_WORD_S: Final[Seconds] = 0.8
"""So long a lamp may take to become dark in the end; the program waits for a second at most."""

_KEEPALIVE_S: Final = (0.5, 3600.0)
_PERCENT: Final = (1, 100)
_SAFE: Final = re.compile(r"[ -~]+")
_LONGEST_CLAIM: Final = 200


class LampRequests(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What lights a lamp, and what makes it dark."""

    on: RequestOptions
    off: RequestOptions


class HttpOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of a lamp that is switched by HTTP."""

    requests: dict[str, LampRequests]
    """By lamp: ``lamp``; ``red``, ``yellow``, ``green``; ``red``, ``green``; ``rgb``; or ``buzzer``."""
    headers: dict[str, str] = {}
    """Sent with all requests; the secret goes in as ``{{secret}}`` or ``{{secret_base64}}``."""
    secret_file: str = ""
    """File whose first line is the secret; without it the environment's ``QUEUE_ALERT_<NAME>_SECRET``."""
    brightness: int = 100
    """Percent, 1 to 100: what ``{{brightness}}`` and ``{{percent}}`` become for the brightest colour."""
    timeout: Duration = 2.0
    """Longest wait for one change, all its requests together: 0.1 s to 2.5 s."""
    keepalive: Duration = 1.0
    """The present state is said again after so long: a lamp that was gone is noticed, and put right."""
    hold: Duration = 0.0
    """Darks up to this long are left out, so that the lamp is steady: ``"2500ms"``; 0: only if it is slow."""
    ca_file: str = ""
    """Certificate (PEM) of who has signed the device's, or its own; "": whom the system trusts."""
    server_name: str = ""
    """Name that the device's certificate bears; "": the host of the address."""

    @property
    def lamps(self) -> tuple[str, ...]:
        """Names of its lamps, the most severe first."""
        kind = _kind_of(self)
        return tuple(self.requests) if kind is None else kind.lamps


def _kind_of(options: HttpOptions) -> Kind | None:
    return next((kind for kind in Kind if set(kind.lamps) == options.requests.keys()), None)


class HttpLamp:
    """Sends the requests of whichever lamps have changed; all of them when the same is said again.

    Args:
        name: The output's name.
        options: The requests.
        base: Folder that relative paths start from.
    """

    def __init__(self, name: str, options: HttpOptions, base: Path) -> None:
        self._name = name
        self._options = options
        self._base = base
        self._links: dict[Origin, HttpLink] = {}
        self._told: dict[str, str] = {}
        self._secrets: dict[str, str] = {}

    def open(self) -> None:
        """Read the secret, connect, and make every lamp dark.

        Raises:
            DriverError: It is not there, or refuses, or there is no secret.
        """
        self._told = {}
        self._secrets = _secrets_of(self._name, self._options, self._base)
        self.show(dict.fromkeys(self._options.lamps, OFF))

    def show(self, lamps: Mapping[str, str]) -> None:
        """Send what has changed, what is lit first: a tower that changes its tier is never dark.

        Raises:
            DriverError: A lamp is gone, or refuses.
        """
        self._tell(lamps, Deadline(self._options.timeout))

    def close(self) -> None:
        """Make dark what is lit, if everything was well until now, and hang up."""
        lit = {lamp: OFF for lamp, shown in self._told.items() if shown != OFF}
        with suppress(DriverError):
            if lit:
                self._tell(lit, Deadline(min(self._options.timeout, LAST_WORD_S)))
        self._told = {}
        for link in self._links.values():
            link.close()
        self._links = {}

    def _tell(self, lamps: Mapping[str, str], deadline: Deadline) -> None:
        told, self._told = self._told, {}  # of a lamp that fails nothing is known any more
        changed = {lamp: shown for lamp, shown in lamps.items() if told.get(lamp) != shown} or lamps
        for lamp, shown in sorted(changed.items(), key=lambda item: item[1] == OFF):
            self._ask(lamp, shown, deadline)
        self._told = {**told, **lamps}

    def _ask(self, lamp: str, shown: str, deadline: Deadline) -> None:
        requests, brightness = self._options.requests[lamp], self._options.brightness
        options, colour = (requests.off, {}) if shown == OFF else (requests.on, values_of(shown, brightness))
        origin, _ = split(options.url)
        request = holes(options, self._options.headers, {**colour, **self._secrets})
        reply = self._link(origin).ask(request, options.status, deadline)
        if options.reply.encode() not in reply.body:
            raise DriverError(
                f'{origin.where} answers without "{options.reply}"; it has not done what it was asked for'
            )

    def _link(self, origin: Origin) -> HttpLink:
        if origin not in self._links:
            tls = partial(_tls, self._base, self._options.ca_file)
            self._links[origin] = HttpLink(origin, tls=tls, server_name=self._options.server_name)
        return self._links[origin]


def _secrets_of(name: str, options: HttpOptions, base: Path) -> dict[str, str]:
    """Return what the holes for secrets are filled with.

    Raises:
        DriverError: There is none, or it cannot go into a header; it is not repeated.
    """
    if not needs_secret(options.headers):
        return {}
    secret = read_secret(name, file=options.secret_file, base=base, table="outputs")
    if not _SAFE.fullmatch(secret):
        raise DriverError(
            "the secret must be printable ASCII characters to go into a header", recoverable=False
        )
    return {"secret": secret, "secret_base64": base64.b64encode(secret.encode()).decode()}


def _tls(base: Path, ca_file: str) -> ssl.SSLContext:
    """Return how to speak TLS.

    Raises:
        DriverError: The certificate cannot be read.
    """
    try:
        return ssl.create_default_context(cafile=str(base / ca_file) if ca_file else None)
    except OSError as error:
        raise DriverError(
            f"ca_file {base / ca_file} cannot be read ({error.__class__.__name__}); "
            "it must be a certificate in PEM"
        ) from error


def _check(options: HttpOptions) -> list[ConfigProblem]:
    problems = [
        problem
        for lamp, requests in options.requests.items()
        for state, request in (("on", requests.on), ("off", requests.off))
        for problem in check_request(request, f"requests.{lamp}.{state}", has_colour=state == "on")
    ]
    if _kind_of(options) is None:
        sets = "; ".join(", ".join(kind.lamps) for kind in Kind)
        message = (
            f"must be of one of these sets of lamps: {sets}; got {', '.join(options.requests) or 'none'}"
        )
        problems.append(ConfigProblem(path="requests", message=message))
    problems += check_headers(options.headers, "headers")
    if options.secret_file and not needs_secret(options.headers):
        message = "is of no use: no header holds {{secret}} or {{secret_base64}}"
        problems.append(ConfigProblem(path="secret_file", message=message))
    if not _PERCENT[0] <= options.brightness <= _PERCENT[1]:
        message = f"must be 1 to 100, got {options.brightness}"
        problems.append(ConfigProblem(path="brightness", message=message))
    if options.server_name:
        problems += check_host(options.server_name, "server_name")
    return [
        *problems,
        *check_span("timeout", options.timeout, *TIMEOUT_S),
        *check_span("keepalive", options.keepalive, *_KEEPALIVE_S),
        *check_span("hold", options.hold, 0.0, MOST_HOLD_S),
        *_check_clear(options),
    ]


def _check_clear(options: HttpOptions) -> list[ConfigProblem]:
    """Warn of a secret that anybody in the network can read."""
    urls = [request.url for both in options.requests.values() for request in (both.on, both.off)]
    if needs_secret(options.headers) and any(url.startswith("http://") for url in urls):
        message = "the secret goes through the network in the clear; take https where the device has it"
        return [ConfigProblem(path="headers", message=message, is_warning=True)]
    return []


def _check_place(options: HttpOptions, name: str, base: Path) -> list[ConfigProblem]:
    """Return what is wrong with the files that are named, and with the secret."""
    problems = []
    try:
        _secrets_of(name, options, base)
    except DriverError as error:
        path = "secret_file" if options.secret_file else "headers"
        problems.append(ConfigProblem(path=path, message=error.reason))
    if options.ca_file:
        try:
            _tls(base, options.ca_file)
        except DriverError as error:
            problems.append(ConfigProblem(path="ca_file", message=error.reason))
    return problems


def _claims(options: HttpOptions) -> tuple[str, ...]:
    lit = (requests.on for requests in options.requests.values())
    return tuple(dict.fromkeys(f"{on.method} {on.url} {on.body}".rstrip()[:_LONGEST_CLAIM] for on in lit))


def _create(options: HttpOptions, context: OutputContext) -> WorkerOutput:
    lamp = Steadied(
        context.name,
        HttpLamp(context.name, options, context.base),
        keepalive_s=options.keepalive,
        hold_s=options.hold,
    )
    return WorkerOutput(context.name, options.lamps, lamp, keepalive_s=min(options.keepalive, TICK_S))


DRIVER: Final = OutputDriver(
    summary="any lamp that is switched by HTTP: Shelly, Tasmota, Philips Hue",
    options=HttpOptions,
    create=_create,
    check=_check,
    check_place=_check_place,
    claims=_claims,
)
