"""Requests with holes for colours: what is filled in, and what can be wrong with one before it is sent.

A hole is ``{{name}}``, which no JSON can hold by itself: after ``{`` comes a quotation mark there, or ``}``.
"""

import re
from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from devices.http_codec import Request, check_header, check_url, split
from queue_alert.ports import ConfigProblem

__all__ = [
    "RequestOptions",
    "check_headers",
    "check_request",
    "filled",
    "holes",
    "names_of",
    "needs_secret",
    "values_of",
]

_HOLE: Final = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_COLOUR: Final = ("red", "green", "blue", "hex", "x", "y", "brightness", "percent")
_SECRET: Final = ("secret", "secret_base64")
_SAMPLE: Final = "#ffb000"
_STATUS: Final = range(200, 300)
_LONGEST_BODY: Final = 10_000
_FULL: Final = 255


class RequestOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One request."""

    url: str
    """Whole address: ``"http://192.168.1.40/relay/0?turn=on"``."""
    method: Literal["GET", "POST", "PUT", "PATCH"] = "GET"
    """What is asked for."""
    body: str = ""
    """What is sent along."""
    content_type: str = "application/json"
    """What the body is; what is said to be JSON must be JSON."""
    status: tuple[int, ...] = (200,)
    """Which answers mean that it was done, 200 to 299."""
    reply: str = ""
    """Text that the answer must hold; "": any."""


def names_of(text: str) -> tuple[str, ...]:
    """Return the names of the holes in ``text``, in order."""
    return tuple(_HOLE.findall(text))


def filled(text: str, values: Mapping[str, str]) -> str:
    """Return ``text`` with its holes filled; every one has a value."""
    return _HOLE.sub(lambda hole: values[hole[1]], text)


def values_of(shown: str, brightness: int) -> dict[str, str]:
    """Return what the holes of a request for a colour are filled with.

    Args:
        shown: ``"#rrggbb"``.
        brightness: Percent of the full one, 1 to 100.

    Returns:
        ``red``, ``green``, ``blue`` (0 to 255), ``hex`` (six digits), ``x`` and ``y`` (CIE 1931),
        ``brightness`` (1 to 255), ``percent`` (1 to 100).

    Source: IEC 61966-2-1 (sRGB to CIE XYZ, D65).
    """
    channels = [int(shown[at : at + 2], 16) for at in (1, 3, 5)]
    share = max(channels) / _FULL * brightness / 100
    x, y = _chromaticity(channels)
    return {
        **{name: str(channel) for name, channel in zip(_COLOUR, channels, strict=False)},
        "hex": shown[1:].lower(),
        "x": f"{x:.4f}",
        "y": f"{y:.4f}",
        "brightness": str(max(round(share * _FULL), 1)),
        "percent": str(max(round(share * 100), 1)),
    }


_TO_XYZ: Final = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
_WHITE: Final = (0.3127, 0.3290)


def _chromaticity(channels: list[int]) -> tuple[float, float]:
    linear = [_linear(channel / _FULL) for channel in channels]
    xyz = [sum(factor * part for factor, part in zip(row, linear, strict=True)) for row in _TO_XYZ]
    total = sum(xyz)
    return (xyz[0] / total, xyz[1] / total) if total else _WHITE


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4  # noqa: PLR2004 - the standard's


def holes(options: RequestOptions, headers: Mapping[str, str], values: Mapping[str, str]) -> Request:
    """Return the request with every hole filled.

    Args:
        options: The request.
        headers: Headers of all requests.
        values: See :func:`values_of`; and the secret.
    """
    _origin, target = split(filled(options.url, values))
    kind = {"Content-Type": options.content_type} if options.body else {}
    sent = {name: filled(value, values) for name, value in headers.items()}
    return Request(options.method, target, {**kind, **sent}, filled(options.body, values).encode())


def check_request(options: RequestOptions, path: str, *, has_colour: bool) -> list[ConfigProblem]:
    """Return the mistakes in a request.

    Args:
        options: The request.
        path: Where it stands.
        has_colour: Whether there is a colour to be filled in: not where a lamp is switched off.
    """
    known = _COLOUR if has_colour else ()
    problems = [
        *_check_names(options.url, f"{path}.url", known),
        *_check_names(options.body, f"{path}.body", known),
    ]
    if not problems:
        values = values_of(_SAMPLE, 100)
        problems = [
            *check_url(filled(options.url, values), f"{path}.url"),
            *_check_place(options.url, f"{path}.url"),
            *_check_body(options, filled(options.body, values), path),
        ]
    problems += check_header("Content-Type", options.content_type, f"{path}.content_type")
    problems += [
        ConfigProblem(path=f"{path}.status", message=f"must be 200 to 299, got {status}")
        for status in options.status
        if status not in _STATUS
    ]
    if not options.status:
        problems.append(ConfigProblem(path=f"{path}.status", message="must hold at least one, such as 200"))
    return problems


def _check_names(text: str, path: str, known: tuple[str, ...]) -> list[ConfigProblem]:
    """Return a problem for every hole that nothing is known to go into."""
    problems = []
    for name in dict.fromkeys(names_of(text)):
        if name in known:
            continue
        if name in _SECRET:
            message = "{{" + name + "}} may stand in headers only: addresses and bodies end up in logs"
        elif known:
            message = "{{" + name + "}} is unknown; known are: " + ", ".join(known)
        else:
            message = "{{" + name + "}} has no value where a lamp is switched off"
        problems.append(ConfigProblem(path=path, message=message))
    if "{{" in _HOLE.sub("", text):
        problems.append(ConfigProblem(path=path, message="{{ must be followed by a name and }}"))
    return problems


def check_headers(headers: Mapping[str, str], path: str) -> list[ConfigProblem]:
    """Return the mistakes in the headers of all requests."""
    problems: list[ConfigProblem] = []
    for name, value in headers.items():
        problems += check_header(name, value, f"{path}.{name}")
        if name.lower() == "content-type":
            problems.append(
                ConfigProblem(path=f"{path}.{name}", message="is set by content_type of each request")
            )
        problems += _check_names(value, f"{path}.{name}", _SECRET)
    return problems


def needs_secret(headers: Mapping[str, str]) -> bool:
    """Return whether any header holds a secret."""
    return any(name in _SECRET for value in headers.values() for name in names_of(value))


def _check_place(url: str, path: str) -> list[ConfigProblem]:
    # One lamp is one device: a colour that chose the host would connect anew for each flash.
    start = re.match(r"[^/]*//[^/?#]*", url)
    if start is not None and "{{" in start[0]:
        return [ConfigProblem(path=path, message="must not have {{…}} before the path")]
    return []


def _check_body(options: RequestOptions, body: str, path: str) -> list[ConfigProblem]:
    if not body:
        return []
    if options.method == "GET":
        return [ConfigProblem(path=f"{path}.body", message='a GET has none; write method = "POST" or "PUT"')]
    if len(body) > _LONGEST_BODY:
        message = f"must be at most {_LONGEST_BODY} characters, got {len(body)}"
        return [ConfigProblem(path=f"{path}.body", message=message)]
    if not re.search(r"[/+]json\b", options.content_type):
        return []
    try:
        msgspec.json.decode(body)
    except msgspec.DecodeError as error:
        message = f"must be JSON as content_type says; {str(error)[:120]}"
        return [ConfigProblem(path=f"{path}.body", message=message)]
    return []
