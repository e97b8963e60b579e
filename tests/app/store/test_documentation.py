"""What the pages say of the store is what it does."""

import argparse
import re
from pathlib import Path

import pytest

from queue_alert.app.commands import backup as command
from queue_alert.app.store import StoreTable
from queue_alert.app.store.records import KINDS
from queue_alert.app.store.schema import VERSION

DOCS = Path(__file__).parents[3] / "docs"
STORE = DOCS / "reference" / "store.md"
BACKUP = DOCS / "how-to" / "back-up.md"


def test_the_example_is_sound_and_shows_the_defaults(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", STORE.read_text(encoding="utf-8"), re.DOTALL)
    config = tmp_path / "config.toml"
    config.write_text(example, encoding="utf-8")
    assert command.configured(config) == StoreTable()


def test_every_key_and_table_is_described() -> None:
    text = STORE.read_text(encoding="utf-8")
    default = StoreTable()
    rows = [
        f"| `{name}` | `{value}` |" if isinstance(value, int) else f'| `{name}` | `"{value}"` |'
        for name in StoreTable.__struct_fields__
        for value in [getattr(default, name)]
    ]
    assert [row for row in rows if row not in text] == []
    assert [kind.table for kind in KINDS if f"`{kind.table}`" not in text] == []
    assert f"the version of the tables, {VERSION} at present" in text


def test_every_option_of_the_command_is_described() -> None:
    parser = argparse.ArgumentParser()
    command.COMMAND.arguments(parser)
    text = BACKUP.read_text(encoding="utf-8")
    options = [option for action in parser._actions[1:] for option in action.option_strings or ["FILE"]]
    assert [option for option in options if f"`{option}" not in text] == []


@pytest.mark.parametrize("page", [STORE, BACKUP])
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []
