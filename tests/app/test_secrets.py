from pathlib import Path

import pytest

from queue_alert.ports import DriverError
from queue_alert.secrets import read_secret, variable_name


def test_the_first_line_of_the_file_is_the_secret(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("  s3 cret\nsecond line\n")
    assert read_secret("pbx", file="secret", base=tmp_path) == "  s3 cret"


def test_without_a_file_the_environment_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert variable_name("pbx-2.main") == "QUEUE_ALERT_PBX_2_MAIN_SECRET"
    monkeypatch.setenv("QUEUE_ALERT_PBX_SECRET", "from outside")
    assert read_secret("pbx", file="", base=Path()) == "from outside"


def test_without_either_the_error_says_what_to_write(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QUEUE_ALERT_PBX_SECRET", raising=False)
    with pytest.raises(DriverError) as caught:
        read_secret("pbx", file="", base=Path())
    assert (str(caught.value), caught.value.recoverable) == (
        'no secret: write secret_file = "…" in [feeds.pbx], or set QUEUE_ALERT_PBX_SECRET',
        False,
    )


def test_a_file_that_cannot_be_read_is_named_and_tried_again(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    for name, message in (
        ("missing", f"secret_file {tmp_path}/missing cannot be read (FileNotFoundError); it must hold the "),
        ("binary", f"secret_file {tmp_path}/binary cannot be read (UnicodeDecodeError); it must hold the "),
        ("empty", f"secret_file {tmp_path}/empty is empty; write the secret into its first line"),
    ):
        with pytest.raises(DriverError) as caught:
            read_secret("pbx", file=name, base=tmp_path)
        assert str(caught.value).startswith(message)
        assert caught.value.recoverable
