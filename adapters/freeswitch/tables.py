"""The tables that ``callcenter_config … list`` answers with.

The first line names the columns, a bar parts them, ``+OK`` is the last line; a table without rows has no
first line either. Columns come and go with the version, so they are found by name. A bar within a value is
not escaped: an agent's ``contact`` may name several phones that way, and a caller his own name.

Source: FreeSWITCH 1.4 to 1.10, mod_callcenter.c (``list_result_callback``, ``cc_config_api_function``).
"""

from collections.abc import Sequence
from typing import Final

from adapters.freeswitch.event import UnreadableError
from queue_alert.ports import Skipped

__all__ = ["is_refusal", "read_table"]

_OK: Final = "+OK"
_NULL: Final = "(null)"


def is_refusal(text: str) -> bool:
    """Return whether an answer is no table: an error, or the usage."""
    return text.startswith("-")


def read_table(
    text: str, *, what: str, wanted: Sequence[str], optional: Sequence[str] = (), free: Sequence[str] = ()
) -> list[tuple[str, ...]]:
    """Return the wanted cells of every row, in the table's order; those of ``optional`` behind the others.

    Args:
        text: The whole answer.
        what: What it is, for an error.
        wanted: Columns that must be there.
        optional: Columns that may be missing; their cells are "" then.
        free: Neighbouring columns, in the table's order, that may hold bars of their own. What is between the
            first and the last bar that is certain is theirs; the first of them gets the first piece.

    Raises:
        UnreadableError: It is cut short, or a wanted column is missing, or a row has too few cells or,
            without ``free``, too many.
    """
    *lines, last = text.strip("\n").split("\n")
    if last.strip() != _OK:
        raise UnreadableError(Skipped.TRUNCATED, f"{what}: no +OK at the end")
    if not lines:
        return []
    header = lines[0].split("|")
    missing = [name for name in wanted if name not in header]
    if missing:
        raise UnreadableError(Skipped.MISSING_FIELD, f"{what}: {missing[0]}")
    places = [header.index(name) if name in header else -1 for name in (*wanted, *optional)]
    # From here on cells are counted from the end.
    turning = next((header.index(name) for name in reversed(free) if name in header), len(header))
    from_left = [place if place < turning or place < 0 else place - len(header) for place in places]
    rows = []
    for line in lines[1:]:
        cells = line.split("|")
        if len(cells) < len(header) or (len(cells) > len(header) and not free):
            raise UnreadableError(Skipped.TRUNCATED, f"{what}: a row does not fit its header")
        rows.append(
            tuple("" if place < 0 else _plain(cells[at]) for place, at in zip(places, from_left, strict=True))
        )
    return rows


def _plain(cell: str) -> str:
    return "" if cell == _NULL else cell
