"""What the page says is what the program does."""

import re
import tomllib
from pathlib import Path

import pytest

from adapters.freeswitch.feed import FreeSwitchOptions
from adapters.freeswitch.vocabulary import AVAILABLE, IDLE, IN_CALL, LOGGED_OUT, ON_BREAK, RINGING
from queue_alert.app.config.load import build_setup
from queue_alert.app.registry import Registry

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "connect-freeswitch.md"
TEXT = PAGE.read_text(encoding="utf-8")


def test_the_examples_are_a_sound_configuration() -> None:
    example = "\n".join(re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL))
    setup = build_setup(tomllib.loads(example), file="config.toml", base=Path(), registry=Registry())
    assert [problem.path for problem in setup.warnings] == ["outputs"]  # nothing will light up
    assert [(plan.name, plan.options) for plan in setup.feeds] == [
        ("pbx", FreeSwitchOptions(password_file="freeswitch.password"))  # noqa: S106 - a name
    ]


@pytest.mark.parametrize("name", FreeSwitchOptions.__struct_fields__)
def test_every_option_is_described(name: str) -> None:
    assert f"| `{name}` |" in TEXT


def test_every_word_for_an_agent_is_described() -> None:
    words = {*AVAILABLE, LOGGED_OUT, ON_BREAK, IN_CALL, IDLE, *RINGING}
    assert {word for word in words if word not in TEXT} == set()
