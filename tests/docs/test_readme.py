"""What the README and the pages around it promise to somebody who follows them to the letter."""

import re
import runpy
import tomllib
from pathlib import Path

import pytest

from queue_alert.app.cli import command_names, main
from queue_alert.app.config import build_setup
from queue_alert.app.registry import Registry

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"\]\(([^)#]+?)(?:#[^)]*)?\)")


def readme() -> str:
    return (ROOT / "README.md").read_text(encoding="utf-8")


def configurations() -> tuple[str, str]:
    first, second = re.findall(r"```toml\n(.*?)```", readme(), re.DOTALL)
    return first, second


def test_the_first_configuration_is_found_to_be_fine(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "config.toml"
    path.write_text(configurations()[0])
    assert main(["check", "--config", str(path)]) == 0
    said = capsys.readouterr()
    assert said.out == f"{path}: fine: 1 feed, 1 output, 1 group\n"
    assert said.err == ""


def test_the_tables_for_a_real_asterisk_replace_those_of_the_first_configuration() -> None:
    first, second = (tomllib.loads(text) for text in configurations())
    setup = build_setup({**first, **second}, file="config.toml", base=Path(), registry=Registry())
    assert [feed.driver_name for feed in setup.feeds] == ["asterisk"]
    assert [plan.driver_name for plan in setup.outputs] == ["gpio-lamp"]
    assert setup.warnings == ()


def test_the_commands_it_names_exist() -> None:
    named = set(re.findall(r"queue-alert (\w+)", readme()))
    assert named - set(command_names(Registry())) == set()
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"`?make (\w+)`?", readme())) - targets == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_between_the_pages_leads_somewhere(page: Path) -> None:
    links = [link for link in LINK.findall(page.read_text(encoding="utf-8")) if "://" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_picture_is_what_the_program_draws_today() -> None:
    drawn = runpy.run_path(str(ROOT / "docs" / "picture.py"))["drawing"]()
    assert drawn == (ROOT / "docs" / "wallboard.svg").read_text(encoding="utf-8"), (
        "draw it anew: make picture"
    )
