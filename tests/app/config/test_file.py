import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_alert.app.config.file import parse_toml, read_tables
from queue_alert.app.config.problems import ConfigurationError

NAME = Path("config.toml")


def text_of(content: bytes) -> str:
    with pytest.raises(ConfigurationError) as caught:
        parse_toml(content, NAME)
    return str(caught.value)


def test_tables_are_read_also_behind_a_byte_order_mark() -> None:
    assert parse_toml(b"\xef\xbb\xbfa = 1\n", NAME) == {"a": 1}


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"a 1\n", "config.toml: line 1, column 3: is no TOML: expected '=' after a key in a key/value pair"),
        (b"[a]\n[a]\n", "config.toml: line 2, column 3: is no TOML: cannot declare ('a',) twice"),
        (b'a = "', "config.toml: end of document: is no TOML: unterminated string"),
        (b"a = 1\nb = '\xff'\n", "config.toml: line 2: must be UTF-8 text; save the file in that encoding"),
        (b"a = " + b"[" * 5000, "config.toml: is nested too deeply"),
    ],
)
def test_what_is_no_toml_is_named_with_its_line(content: bytes, text: str) -> None:
    assert text_of(content) == text


def test_a_number_too_long_to_convert_is_a_mistake_too() -> None:
    assert text_of(b"a = " + b"9" * 5000).startswith("config.toml: is no TOML: exceeds the limit")


def test_a_missing_file_is_said_so(tmp_path: Path) -> None:
    path = tmp_path / "none.toml"
    with pytest.raises(ConfigurationError) as caught:
        read_tables(path)
    assert str(caught.value) == f"{path}: there is no such file; name one with --config"


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_tables(tmp_path)
    assert str(caught.value) == f"{tmp_path}: is a folder, not a file"


def test_a_file_that_cannot_be_opened_is_said_so(tmp_path: Path) -> None:
    path = tmp_path / "loop.toml"
    path.symlink_to(path)
    with pytest.raises(ConfigurationError) as caught:
        read_tables(path)
    assert str(caught.value) == f"{path}: cannot be read: too many levels of symbolic links"


def test_a_file_of_more_than_a_mebibyte_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "large.toml"
    path.write_bytes(b"#" * (1024 * 1024 + 1))
    with pytest.raises(ConfigurationError) as caught:
        read_tables(path)
    assert str(caught.value) == f"{path}: must be at most 1 MiB large"


@given(st.binary(max_size=200))
def test_any_bytes_are_tables_or_a_configuration_error(content: bytes) -> None:
    with contextlib.suppress(ConfigurationError):
        assert isinstance(parse_toml(content, NAME), dict)
