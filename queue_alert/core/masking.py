"""Callers' numbers as other people may see them."""

import re

__all__ = ["mask"]

_NUMBER = re.compile(r"[+(]?\d[\d\s().-]*")
_KEPT_DIGITS = 3
_PLAIN_WORDS = frozenset({"", "anonymous", "unknown", "private", "restricted", "unavailable"})


def mask(caller: str) -> str:
    """Return ``caller`` with all hidden but what helps to recognise a caller again.

    A number keeps its last three digits (``+442079460123`` becomes ``*********123``), one of three digits
    or fewer none; an address keeps its first letter and its domain (``b***@example.com``); other names keep
    their first letter. Words such as ``anonymous`` say nothing of anybody and stay.
    """
    if caller.lower() in _PLAIN_WORDS:
        return caller
    if _NUMBER.fullmatch(caller):
        digits = re.sub(r"\D", "", caller)
        hidden = len(digits) - _KEPT_DIGITS
        return "*" * hidden + digits[hidden:] if hidden > 0 else "*" * len(digits)
    local, at, domain = caller.rpartition("@")
    return f"{local[:1]}***@{domain}" if at else f"{caller[:1]}***"
