"""The manager interface's actions, as text to be sent.

Source: Asterisk 22, main/manager.c; a header's value ends at its CR LF, so neither may stand in one.
"""

from typing import Final

__all__ = ["SECRET_MARK", "action", "blot_out"]

SECRET_MARK: Final = "********"  # noqa: S105 - it is what hides one
"""What stands in a recording or a log in place of a secret."""


def action(name: str, *, action_id: str, **headers: str) -> str:
    """Return an action ready to be encoded as UTF-8.

    Args:
        name: ``QueueStatus``, ``Ping``.
        action_id: Comes back in every answer to it.
        **headers: Further headers by name.

    Raises:
        ValueError: A name or a value holds CR, LF or NUL, or a name holds a colon: it could forge a header.
    """
    lines = {"Action": name, "ActionID": action_id, **headers}
    for header, value in lines.items():
        if not header or any(mark in header for mark in "\r\n\0: "):
            raise ValueError(f"{header!r} cannot be the name of a header")
        if any(mark in value for mark in "\r\n\0"):
            raise ValueError(f"the value of {header} must be one line without control characters")
    return "".join(f"{header}: {value}\r\n" for header, value in lines.items()) + "\r\n"


def blot_out(text: str, secret: str) -> str:
    """Return ``text`` with every occurrence of ``secret`` (which may be empty) made unreadable."""
    return text.replace(secret, SECRET_MARK) if secret else text
