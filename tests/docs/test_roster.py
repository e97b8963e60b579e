"""The page about the roster, followed to the letter."""

import argparse
import re
import shlex
from pathlib import Path

import pytest

from queue_alert.app.commands.who import COMMAND
from queue_alert.app.config.roster import ListTable, OverrideTable, RegionTable, RotationTable
from queue_alert.app.config.staff import MethodTable, ModesTable, ModeTable, StaffTable
from queue_alert.core.reach import PassReason, ReachReason
from queue_alert.core.roster import MethodKind

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "roster.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```\n\$ queue-alert who (.*?)\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize(("words", "answer"), EXAMPLES)
def test_an_example_answers_as_the_page_says(
    words: str, answer: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (file,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    path = tmp_path / "config.toml"
    path.write_text(file)
    parser = argparse.ArgumentParser()
    COMMAND.arguments(parser)
    assert COMMAND.run(parser.parse_args(["--config", str(path), *shlex.split(words)])) == 0
    said = capsys.readouterr()
    assert (said.out, said.err) == (answer, "")


def test_there_are_examples() -> None:
    assert len(EXAMPLES) == 2


def test_every_option_is_described() -> None:
    options = {
        name
        for table in (
            StaffTable,
            MethodTable,
            ModeTable,
            ModesTable,
            ListTable,
            RotationTable,
            RegionTable,
            OverrideTable,
        )
        for name in table.__struct_encode_fields__
        if name != "modes"
    }
    assert [name for name in sorted(options) if f"`{name}`" not in PAGE] == []
    parser = argparse.ArgumentParser()
    COMMAND.arguments(parser)
    words = {word for word in parser.format_help().split() if word.startswith("--")}
    own = {word.strip("[],") for word in words} - {"--help", "--config"}
    assert [word for word in sorted(own) if f"`{word}" not in PAGE] == []


def test_every_reason_and_kind_is_described() -> None:
    assert [
        word
        for words in (ReachReason, PassReason, MethodKind)
        for word in words
        if f"`{word}`" not in PAGE and f'`"{word}"`' not in PAGE
    ] == []
