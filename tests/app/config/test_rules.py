"""``[rules]``: what is read, and what is said of mistakes."""

import tomllib
from pathlib import Path

import pytest

from queue_alert.app.config import ConfigurationError, build_setup
from queue_alert.core.figures import Figure
from queue_alert.core.rules import Comparison, Condition, Operator, Rule
from queue_alert.core.severity import Severity
from tests.app.fakes import registry

FLOOR = (
    '[feeds.pbx]\ndriver = "script"\nhost = "pbx1"\n[outputs.beacon]\ndriver = "pin"\npin = 17\n'
    "[groups.sales]\n[groups.service]\n"
)


def rules(text: str) -> tuple[Rule, ...]:
    tables = tomllib.loads(FLOOR + text)
    return build_setup(tables, file="config.toml", base=Path(), registry=registry()).policy.rules


def mistakes(text: str) -> list[str]:
    with pytest.raises(ConfigurationError) as told:
        rules(text)
    return [f"{problem.path}: {problem.message}" for problem in told.value.problems]


def test_a_rule_says_all_that_it_can() -> None:
    assert rules(
        """
        [rules.feed-lost]
        when = { feed_age = "30s" }
        severity = "critical"
        [rules.too-many]
        groups = ["sales", "serv*"]
        when.waiting = 5
        when.service_level = { raise_at = "< 80 %", clear_at = ">= 85 %" }
        when.longest_wait = "> 1m30s"
        for = "30s"
        keep_firing_for = "2m"
        inhibited_by = ["feed-lost"]
        text = "Somebody should help out."
        """
    ) == (
        Rule(
            name="feed-lost",  # type: ignore[arg-type]
            conditions=(Condition(figure=Figure.FEED_AGE, raise_at=Comparison(Operator.AT_LEAST, 30.0)),),
            severity=Severity.CRITICAL,
        ),
        Rule(
            name="too-many",  # type: ignore[arg-type]
            groups=("sales", "serv*"),
            conditions=(
                Condition(figure=Figure.WAITING, raise_at=Comparison(Operator.AT_LEAST, 5.0)),
                Condition(
                    figure=Figure.SERVICE_LEVEL,
                    raise_at=Comparison(Operator.LESS_THAN, 0.8),
                    clear_at=Comparison(Operator.AT_LEAST, 0.85),
                ),
                Condition(figure=Figure.LONGEST_WAIT, raise_at=Comparison(Operator.MORE_THAN, 90.0)),
            ),
            for_s=30.0,
            keep_firing_s=120.0,
            inhibited_by=("feed-lost",),  # type: ignore[arg-type]
            text="Somebody should help out.",
        ),
    )


@pytest.mark.parametrize(
    ("when", "comparison"),
    [
        ("agents_available = 0", Comparison(Operator.AT_MOST, 0.0)),
        ('agents_available = "< 2"', Comparison(Operator.LESS_THAN, 2.0)),
        ("abandon_ratio = 0.05", Comparison(Operator.AT_LEAST, 0.05)),
        ('abandon_ratio_today = "5 %"', Comparison(Operator.AT_LEAST, 0.05)),
        ('expected_wait = ">5m"', Comparison(Operator.MORE_THAN, 300.0)),
    ],
)
def test_what_is_bad_when_it_is_low_is_taken_so_unless_a_sign_says_otherwise(
    when: str, comparison: Comparison
) -> None:
    ((condition,),) = (rule.conditions for rule in rules(f"[rules.a]\nwhen = {{ {when} }}\n"))
    assert condition.raise_at == comparison


def test_a_limit_for_clearing_is_met_on_the_other_side() -> None:
    ((condition,),) = (
        rule.conditions for rule in rules("[rules.a]\nwhen.waiting = { raise_at = 5, clear_at = 2 }\n")
    )
    assert condition.clear_at == Comparison(Operator.AT_MOST, 2.0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "[rules.a]\nwhen = { waitng = 5 }\n",
            ['rules.a.when.waitng: is no figure of a group; did you mean "waiting"?'],
        ),
        (
            "[rules.a]\nwhen = { longest_wait = 90 }\n",
            [
                (
                    'rules.a.when.longest_wait: must be a duration such as "90s", or with a sign such as '
                    '"> 90s", got 90'
                )
            ],
        ),
        (
            '[rules.a]\nwhen = { service_level = "120 %" }\n',
            [
                (
                    'rules.a.when.service_level: must be a share such as 0.8 or "80 %", or with a sign such '
                    'as "< 80 %", got "120 %"'
                )
            ],
        ),
        (
            '[rules.a]\nwhen = { waiting = "five" }\n',
            ['rules.a.when.waiting: must be a number such as 5, or with a sign such as "> 5", got "five"'],
        ),
        (
            "[rules.a]\nwhen.waiting = { raise_at = 5, clear_at = 5 }\n",
            ["rules.a.when.waiting.clear_at: must be a limit at which it is not raised, got 5"],
        ),
        (
            '[rules.a]\nwhen.waiting = { raise_at = 5, clear_at = "> 2" }\n',
            [
                (
                    "rules.a.when.waiting.clear_at: must look the other way than raise_at, such as "
                    '"< …", got "> 2"'
                )
            ],
        ),
        (
            "[rules.a]\nwhen.waiting = { clear_at = 5 }\n",
            ["rules.a.when.waiting.raise_at: is missing; write raise_at = <value>"],
        ),
        (
            "[rules.a]\nwhen.waiting = { raise_at = 5, clear_at = [] }\n",
            [
                (
                    "rules.a.when.waiting.clear_at: must be a number such as 5, or with a sign such as "
                    '"< 5", got []'
                )
            ],
        ),
        ("[rules.a]\n", ["rules.a.when: is missing; write when = { … }"]),
        (
            '[rules.a]\nwhen = { waiting = 5 }\nfor = "2d"\nseverity = "bad"\n',
            [
                'rules.a.for: must be 0 s to 86400 s, got "2d"',
                'rules.a.severity: must be "critical" or "warning", got "bad"',
            ],
        ),
        (
            (
                '[rules.a]\nwhen = { waiting = 5 }\ninhibited_by = ["a", "c"]\n'
                "[rules.cc]\nwhen = { waiting = 6 }\n"
            ),
            [
                "rules.a.inhibited_by: a rule cannot explain itself; leave it out",
                'rules.a.inhibited_by: "c" is no rule of [rules]; did you mean "cc"?',
            ],
        ),
        (
            (
                '[rules.a]\nwhen = { waiting = 5 }\ninhibited_by = ["b"]\n'
                '[rules.b]\nwhen = { waiting = 6 }\ninhibited_by = ["a"]\n'
            ),
            [
                (
                    'rules.a.inhibited_by: "b" is explained by this one in turn: neither would ever be told; '
                    "leave one out"
                ),
                (
                    'rules.b.inhibited_by: "a" is explained by this one in turn: neither would ever be told; '
                    "leave one out"
                ),
            ],
        ),
        (
            '[rules.a]\nwhen = { waiting = 5 }\nhours = "offise"\n[hours.office]\nevery_day = "always"\n',
            ['rules.a.hours: "offise" is none of [hours]; did you mean "office"?'],
        ),
        ("rules = 5\n", ["rules: must be a table, got 5"]),
        ("[rules]\na = 5\n", ["rules.a: must be a table, got 5"]),
        (
            '[rules."' + "x" * 101 + '"]\nwhen = { waiting = 5 }\n',
            [f"rules.{'x' * 101}: the name must be 1 to 100 characters long, got 101"],
        ),
    ],
)
def test_what_is_said_of_mistakes(text: str, said: list[str]) -> None:
    if text.startswith("rules"):
        tables = tomllib.loads(text + FLOOR)
        with pytest.raises(ConfigurationError) as told:
            build_setup(tables, file="config.toml", base=Path(), registry=registry())
        assert [f"{problem.path}: {problem.message}" for problem in told.value.problems] == said
    else:
        assert mistakes(text) == said


def test_no_figure_at_all_is_a_mistake_that_names_them() -> None:
    (said,) = mistakes("[rules.a]\nwhen = {}\n")
    assert said.startswith(
        "rules.a.when: must name at least one figure, such as { waiting = 5 }; there are: "
    )
    assert all(figure in said for figure in Figure)


def test_a_pattern_that_names_no_group_is_a_warning() -> None:
    tables = tomllib.loads(FLOOR + '[rules.a]\ngroups = ["sale"]\nwhen = { waiting = 5 }\n')
    setup = build_setup(tables, file="config.toml", base=Path(), registry=registry())
    assert [f"{warning.path}: {warning.message}" for warning in setup.warnings] == [
        'rules.a.groups: "sale" matches no group of [groups]; did you mean "sales"?'
    ]


def test_there_is_a_bound_on_rules() -> None:
    text = "".join(f"[rules.r{number}]\nwhen = {{ waiting = 5 }}\n" for number in range(1_001))
    assert mistakes(text) == ["rules: must hold at most 1000 entries, got 1001"]
