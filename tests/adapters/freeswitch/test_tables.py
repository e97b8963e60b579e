"""The tables of ``callcenter_config``."""

import pytest

from adapters.freeswitch.event import UnreadableError
from adapters.freeswitch.tables import read_table
from queue_alert.ports import Skipped

TEXT = "name|contact|status|state\nalice|user/1|Available|Waiting\nbob|(null)|On Break|Idle\n+OK\n"


def test_columns_are_found_by_name_and_missing_ones_are_empty() -> None:
    rows = read_table(TEXT, what="agents", wanted=("status", "name"), optional=("wrap_up_time", "contact"))
    assert rows == [("Available", "alice", "", "user/1"), ("On Break", "bob", "", "")]


def test_a_table_without_rows_has_no_header() -> None:
    assert read_table("+OK\n", what="agents", wanted=("name",)) == []


def test_bars_within_a_free_column_move_no_other() -> None:
    text = "name|contact|status\nalice|user/1|user/2,user/3|Available\n+OK\n"
    assert read_table(text, what="agents", wanted=("name", "status"), free=("contact",)) == [
        ("alice", "Available")
    ]


def test_bars_within_two_free_columns_move_no_other() -> None:
    text = "uuid|cid_number|cid_name|state\nu1|+1555|Ada||Lovelace|x|Waiting\n+OK\n"
    rows = read_table(
        text, what="members", wanted=("uuid", "cid_number", "state"), free=("cid_number", "cid_name")
    )
    assert rows == [("u1", "+1555", "Waiting")]


@pytest.mark.parametrize(
    ("text", "kind", "detail"),
    [
        ("", Skipped.TRUNCATED, "agents: no +OK at the end"),
        ("-ERR Invalid!\n", Skipped.TRUNCATED, "agents: no +OK at the end"),
        (TEXT[:-4], Skipped.TRUNCATED, "agents: no +OK at the end"),
        ("who|status|state\n+OK\n", Skipped.MISSING_FIELD, "agents: name"),
        ("name|status\nalice\n+OK\n", Skipped.TRUNCATED, "agents: a row does not fit its header"),
        ("name|status\nalice|a|b\n+OK\n", Skipped.TRUNCATED, "agents: a row does not fit its header"),
    ],
)
def test_a_table_that_is_none_is_refused(text: str, kind: Skipped, detail: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        read_table(text, what="agents", wanted=("name",))
    assert (caught.value.kind, caught.value.detail) == (kind, detail)
