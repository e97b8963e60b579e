"""``queue-alert test-rules``: stories of a floor against the real rules."""

from pathlib import Path

import pytest

from queue_alert.app.cli import main

CONFIG = """
[feeds.acd]
driver = "simulator"
[outputs.lamp]
driver = "virtual"
[groups.sales]
[groups.service]
[rules.crowd]
when = { waiting = 2 }
for = "30s"
[rules.nobody]
when = { agents_available = 0, longest_wait = "10s" }
[rules.lost]
when = { feed_age = "20s" }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "config.toml").write_text(CONFIG)
    return tmp_path


def ran(folder: Path, text: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str], list[str]]:
    """Run a file of tests and return the exit code and what was said, the folder left out."""
    file = folder / "t.toml"
    file.write_text(text)
    code = main(["test-rules", str(file)])
    said = capsys.readouterr()
    return (
        code,
        said.out.replace(f"{folder}/", "").splitlines(),
        said.err.replace(f"{folder}/", "").splitlines(),
    )


WELL = """
config = "config.toml"
[[tests]]
name = "two who wait for half a minute"
steps = [
  { at = "0s", agents = { ann = "available", ben = "available" } },
  { at = "1s", join = ["a", "b"] },
  { at = "40s", acknowledge = ["sales"] },
  { at = "45s", answer = { a = "ann" } },
  { at = "50s", complete = ["a"], abandon = ["b"] },
]
expect = [
  { at = "30s" },
  { at = "31s", firing = ["crowd"] },
  { at = "41s", acknowledged = ["crowd/sales"] },
  { at = "46s" },
]
[[tests]]
name = "nobody is there, and then the feed is lost"
group = "service"
steps = [
  { at = "0s", join = ["a"], group = "service" },
  { at = "15s", feed = "down" },
]
expect = [
  { at = "10s", firing = ["nobody"] },
  { at = "35s", firing = ["nobody", "lost", "lost/sales"] },
]
"""


def test_what_is_as_expected_is_well(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ran(folder, WELL, capsys) == (
        0,
        [
            "ok      t.toml: two who wait for half a minute",
            "ok      t.toml: nobody is there, and then the feed is lost",
            "2 of 2 tests as expected",
        ],
        [],
    )


def test_what_is_not_is_told_with_its_instant(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = WELL.replace(
        '{ at = "31s", firing = ["crowd"] }', '{ at = "31s" }, { at = "1m", firing = ["lost"] }'
    )
    code, out, err = ran(folder, text, capsys)
    assert (code, out[:3], out[-1], err) == (
        1,
        [
            "FAILED  t.toml: two who wait for half a minute",
            "        at 31s: expected nothing; fires crowd/sales",
            "        at 1m: expected lost/sales; fires nothing",
        ],
        "1 of 2 tests as expected",
        [],
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ["t.toml: tests: must hold at least one test; write [[tests]]"]),
        (
            '[[tests]]\nname = "a"\nsteps = []\nexpect = [{ at = "1s" }]\n',
            ['t.toml: config: is missing; write config = "config.toml", the file whose rules are tested'],
        ),
        (
            'config = "gone.toml"\n[[tests]]\nname = "a"\nsteps = []\nexpect = [{ at = "1s" }]\n',
            ["gone.toml: there is no such file; name one with --config"],
        ),
        (
            'config = "config.toml"\n[[tests]]\nname = "a"\nsteps = [{ at = "1s", jion = [] }]\nexpect=[]\n',
            [
                't.toml: tests[0].steps[0].jion: is not an option; did you mean "join"?',
                "t.toml: tests[0].expect: must hold 1 to 10000 entries, got 0",
            ],
        ),
    ],
)
def test_a_mistake_in_the_file_is_told(
    text: str, said: list[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ran(folder, text, capsys) == (2, [], said)


def test_there_is_a_bound_on_tests(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = '[[tests]]\nname = "a"\nsteps = []\nexpect = [{ at = "1s" }]\n'
    code, _out, err = ran(folder, 'config = "config.toml"\n' + one * 1_001, capsys)
    assert (code, err) == (2, ["t.toml: tests: must hold at most 1000 tests, got 1001"])
