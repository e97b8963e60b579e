"""``[publishers]``: like feeds and outputs, but there need be none."""

import pytest

from queue_alert.app.commands.check import _counts
from tests.app.config.test_load import FEED_TABLE, OUTPUT_TABLE, build, mistakes
from tests.app.fakes import HUB, HubOptions

BEFORE = FEED_TABLE + OUTPUT_TABLE


def test_a_publisher_is_read_with_its_drivers_options() -> None:
    setup = build(f'{BEFORE}[publishers.wall]\ndriver = "hub"\ntopic = "t"')
    assert [(plan.name, plan.driver_name, plan.driver, plan.options) for plan in setup.publishers] == [
        ("wall", "hub", HUB, HubOptions(topic="t"))
    ]
    assert setup.warnings == ()


def test_there_need_be_none() -> None:
    assert build(BEFORE).publishers == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[publishers.wall]", ".wall.driver: is missing; write one of: hub"),
        (
            '[publishers.wall]\ndriver = "hubb"',
            '.wall.driver: must be one of: hub, got "hubb"; did you mean "hub"?',
        ),
        (
            '[publishers.wall]\ndriver = "hub"\ntopc = "x"',
            '.wall.topc: is not an option; did you mean "topic"?',
        ),
        ('[publishers.wall]\ndriver = "hub"\ntopic = "#"', '.wall.topic: must not hold "#", got "#"'),
        ('[publishers.""]\ndriver = "hub"', '."": the name must be 1 to 100 characters long, got 0'),
        ("[publishers]\nwall = 1", ".wall: must be a table, got 1"),
        ("[[publishers]]", ": must be a table, got [a table]"),
    ],
)
def test_a_mistake_is_named_with_its_place(text: str, message: str) -> None:
    assert mistakes(f"{BEFORE}{text}") == [f"config.toml: publishers{message}"]


def test_check_counts_them_where_there_are_any() -> None:
    one = '[publishers.wall]\ndriver = "hub"\n'
    two = one + one.replace("wall", "web")
    assert [_counts(build(BEFORE + text)) for text in ("", one, two)] == [
        "1 feed, 1 output, 0 groups",
        "1 feed, 1 output, 0 groups, 1 publisher",
        "1 feed, 1 output, 0 groups, 2 publishers",
    ]


def test_too_many_are_refused() -> None:
    many = "".join(f'[publishers.p{number}]\ndriver = "hub"\n' for number in range(65))
    assert mistakes(BEFORE + many) == ["config.toml: publishers: must hold at most 64 entries, got 65"]
