"""The C library's regular expressions, called as Asterisk calls them."""

import ctypes
from typing import Final

_EXTENDED: Final = 1
_NOSUB: Final = 8
_LIBC: Final = ctypes.CDLL(None)


class Expression:
    """An extended POSIX regular expression: ``regcomp(…, REG_EXTENDED | REG_NOSUB)``.

    Source: Asterisk 22, main/manager.c (``manager_add_filter``).
    """

    def __init__(self, pattern: str) -> None:
        self._compiled = ctypes.create_string_buffer(1024)  # a regex_t and room to spare
        assert _LIBC.regcomp(self._compiled, pattern.encode(), _EXTENDED | _NOSUB) == 0

    def matches(self, text: bytes) -> bool:
        """Return whether it is found anywhere in the text."""
        return bool(_LIBC.regexec(self._compiled, text, 0, None, 0) == 0)

    def __del__(self) -> None:
        _LIBC.regfree(self._compiled)
