"""The how-to page says what the adapter does."""

import re
import tomllib
from pathlib import Path

import msgspec
import pytest

from adapters.asterisk import feed, login, options, snapshot
from adapters.asterisk.event_filter import configuration_lines
from adapters.asterisk.options import AsteriskOptions
from queue_alert.app.config.load import build_setup
from queue_alert.app.registry import Registry

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "how-to" / "connect-asterisk.md").read_text(encoding="utf-8")
TUTORIAL = (DOCS / "tutorial" / "first-lamp.md").read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.mark.parametrize(("block", "where"), list(enumerate(["192.0.2.10:5038", "192.0.2.10:5039"])))
def test_the_configurations_are_sound(block: int, where: str) -> None:
    example = blocks(PAGE, "toml")[block]
    setup = build_setup(tomllib.loads(example), file="config.toml", base=Path(), registry=Registry())
    assert [problem.path for problem in setup.warnings] == ["outputs"]  # it shows the feed alone
    (found,) = re.findall(r"\[feeds.pbx\]\n(.*)", example, re.DOTALL)
    assert msgspec.convert(_options(found), AsteriskOptions).where == where


def _options(text: str) -> dict[str, object]:
    return {name: value for name, value in tomllib.loads(text).items() if name != "driver"}


def test_the_filters_are_those_that_are_asked_for() -> None:
    new, old = (block.strip().splitlines() for block in blocks(PAGE, "ini")[1:3])
    assert tuple(new) == configuration_lines(has_criteria=True)
    assert tuple(old) == configuration_lines(has_criteria=False)


def test_every_sentence_of_the_table_is_one_of_the_adapters() -> None:
    table = PAGE.partition("## If nothing comes in")[2].partition("\n## ")[0]
    said = [part for row in re.findall(r"^\| `([^`]+)`", table, re.MULTILINE) for part in row.split(" … ")]
    sources = (
        Path(str(module.__file__)).read_text(encoding="utf-8") for module in (feed, login, options, snapshot)
    )  # A sentence may run over several literals, and what stands in brackets is Asterisk's.
    text = re.sub(r'"\s*f?"', "", "".join(sources))
    text = re.sub(r"\{[^}]*\}", "…", text)
    missing = [part for part in said if re.sub(r" ?\(.*\)$", "", part).strip() not in text]
    assert missing == []


def test_every_option_is_named() -> None:
    assert [
        name for name in AsteriskOptions.__struct_fields__ if f"`{name}`" not in PAGE and name not in PAGE
    ] == []


def test_the_tutorial_names_this_page() -> None:
    assert "(../how-to/connect-asterisk.md)" in TUTORIAL
