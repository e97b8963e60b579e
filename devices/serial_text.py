"""Bytes as they are written in a configuration: pure."""

from typing import Final

__all__ = ["LONGEST", "BadBytesError", "read_bytes"]

LONGEST: Final = 256
"""So many bytes one command may have."""

_TEXT: Final = "text:"
_ESCAPES: Final = {"r": "\r", "n": "\n", "t": "\t", "0": "\0", "\\": "\\"}


class BadBytesError(ValueError):
    """They cannot be read; the text says why."""


def read_bytes(text: str) -> bytes:
    r"""Return the bytes that a configuration writes as ``"A0 01 01 A2"`` or as ``"text:relay on 1\r"``.

    Text may have the escapes ``\r``, ``\n``, ``\t``, ``\0`` and ``\\``, and else ASCII only.

    Raises:
        BadBytesError: It is neither, is empty, or has more than 256 bytes.
    """
    data = _read_text(text[len(_TEXT) :]) if text.startswith(_TEXT) else _read_hex(text)
    if not 0 < len(data) <= LONGEST:
        raise BadBytesError(f"must be 1 to {LONGEST} bytes, got {len(data)}")
    return data


def _read_hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise BadBytesError(
            f'must be bytes such as "A0 01 01 A2", or begin with "text:", got "{text[:40]}"'
        ) from error


def _read_text(text: str) -> bytes:
    parts: list[str] = []
    letters = iter(text)
    for letter in letters:
        if letter != "\\":
            parts.append(letter)
            continue
        escape = next(letters, "")
        if escape not in _ESCAPES:
            raise BadBytesError(f'may have the escapes \\r, \\n, \\t, \\0 and \\\\, got "\\{escape}"')
        parts.append(_ESCAPES[escape])
    try:
        return "".join(parts).encode("ascii")
    except UnicodeEncodeError as error:
        raise BadBytesError(f'must be ASCII, got "{text[error.start]}"') from error
