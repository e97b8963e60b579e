import enum
from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_alert.app.config.convert import Invalid, convert_table
from queue_alert.ports import ConfigProblem, Duration


class Colour(enum.StrEnum):
    RED = "red"
    BLUE = "blue"


class Inner(msgspec.Struct, frozen=True, kw_only=True):
    depth: Annotated[int, msgspec.Meta(ge=1)] = 1


class Even(msgspec.Struct, frozen=True, kw_only=True):
    number: int = 0

    def __post_init__(self) -> None:
        if self.number % 2:
            raise ValueError(f"number must be even, got {self.number}")


class Everything(msgspec.Struct, frozen=True, kw_only=True):
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=5)] = "a"
    code: Annotated[str, msgspec.Meta(pattern="^[a-z]+$")] = "a"
    yes: bool = False
    whole: Annotated[int, msgspec.Meta(ge=1, le=40)] = 1
    number: Annotated[float, msgspec.Meta(gt=0, lt=1)] = 0.5
    step: Annotated[int, msgspec.Meta(multiple_of=5)] = 5
    pause: Annotated[Duration, msgspec.Meta(gt=0)] = 1.0
    maybe: Duration | None = None
    limit: Literal["off"] | Annotated[int, msgspec.Meta(ge=1)] = "off"
    colour: Colour = Colour.RED
    word: Literal["one", "two"] = "one"
    names: tuple[str, ...] = ()
    pair: tuple[int, int] = (1, 2)
    unique: frozenset[int] = frozenset()
    few: Annotated[list[int], msgspec.Meta(min_length=1, max_length=2)] = []
    table: dict[str, int] = {}
    inner: Inner = Inner()
    even: Even = Even()
    anything: Any = None


class Needs(msgspec.Struct, frozen=True, kw_only=True):
    host: str
    wait: Duration
    colour: Colour
    port: int


def problems_of(table: dict[str, Any], struct: type[msgspec.Struct] = Everything) -> list[str]:
    problems: list[ConfigProblem] = []
    assert isinstance(convert_table(table, struct, path="x", problems=problems), Invalid)
    return [f"{problem.path}: {problem.message}" for problem in problems]


def test_all_kinds_of_values_are_converted() -> None:
    problems: list[ConfigProblem] = []
    table = {
        "text": "abc",
        "yes": True,
        "whole": 40,
        "number": 0.25,
        "pause": "1h30m",
        "maybe": "250ms",
        "limit": 3,
        "colour": "blue",
        "word": "two",
        "names": ["a", "b"],
        "pair": [3, 4],
        "unique": [1, 1],
        "few": [1],
        "table": {"a": 1},
        "inner": {"depth": 2},
        "even": {"number": 4},
        "anything": [1],
    }
    assert convert_table(table, Everything, path="", problems=problems) == Everything(
        text="abc",
        yes=True,
        whole=40,
        number=0.25,
        pause=5400.0,
        maybe=0.25,
        limit=3,
        colour=Colour.BLUE,
        word="two",
        names=("a", "b"),
        pair=(3, 4),
        unique=frozenset({1}),
        few=[1],
        table={"a": 1},
        inner=Inner(depth=2),
        even=Even(number=4),
        anything=[1],
    )
    assert problems == []


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"text": 5}, 'x.text: must be text, got 5 (write "5")'),
        ({"text": ""}, 'x.text: must not be empty, got ""'),
        ({"text": "abcdef"}, "x.text: must be 1 to 5 characters long, got 6"),
        ({"code": "A1"}, 'x.code: must match ^[a-z]+$, got "A1"'),
        ({"yes": "yes"}, 'x.yes: must be true or false, got "yes" (write true)'),
        ({"yes": 0}, "x.yes: must be true or false, got 0"),
        ({"whole": 41}, "x.whole: must be 1 to 40, got 41"),
        ({"whole": 1.5}, "x.whole: must be a whole number, got 1.5"),
        ({"whole": "17"}, 'x.whole: must be a whole number, got "17" (write 17 without quotes)'),
        ({"whole": True}, "x.whole: must be a whole number, got true"),
        ({"number": 1}, "x.number: must be < 1, got 1"),
        ({"number": float("nan")}, "x.number: must be a number, got nan"),
        ({"number": 10**400}, f"x.number: must be a number, got 1{'0' * 58}…"),
        ({"step": 7}, "x.step: must be a multiple of 5, got 7"),
        ({"pause": "-5s"}, 'x.pause: must be > 0 s, got "-5s"'),
        ({"pause": 90}, 'x.pause: must have a unit, got 90 (write "1m30s")'),
        ({"pause": 0.25}, 'x.pause: must have a unit, got 0.25 (write "250ms")'),
        ({"pause": "soon"}, 'x.pause: must be a duration such as "90s", "2m" or "1h30m", got "soon"'),
        ({"maybe": []}, 'x.maybe: must be a duration such as "90s", "2m" or "1h30m", got []'),
        ({"limit": 0}, "x.limit: must be >= 1, got 0"),
        ({"limit": "of"}, 'x.limit: must be "off" or whole number, got "of"'),
        ({"colour": "bleu"}, 'x.colour: must be "red" or "blue", got "bleu"; did you mean "blue"?'),
        ({"word": "three"}, 'x.word: must be "one" or "two", got "three"'),
        ({"names": "a"}, 'x.names: must be a list of text, got "a" (write ["a"])'),
        ({"names": [1]}, 'x.names[0]: must be text, got 1 (write "1")'),
        ({"names": {}}, "x.names: must be a list of text, got a table"),
        ({"pair": [1]}, "x.pair: must be a list of 2 values, got [1]"),
        ({"pair": [1, "a"]}, 'x.pair[1]: must be a whole number, got "a"'),
        ({"few": []}, "x.few: must hold 1 to 2 entries, got 0"),
        ({"table": 1}, "x.table: must be a table, got 1"),
        ({"table": {"a b": "c"}}, 'x.table."a b": must be a whole number, got "c"'),
        ({"inner": {"depth": 0}}, "x.inner.depth: must be >= 1, got 0"),
        ({"inner": []}, "x.inner: must be a table, got []"),
        ({"even": {"number": 3}}, "x.even: number must be even, got 3"),
        ({"txet": "a"}, 'x.txet: is not an option; did you mean "text"?'),
    ],
)
def test_a_mistake_says_what_to_write(table: dict[str, Any], message: str) -> None:
    assert problems_of(table) == [message]


def test_every_mistake_is_found_in_the_order_of_the_file() -> None:
    assert problems_of({"whole": 0, "zzz": 1, "inner": {"depth": 0, "width": 1}}) == [
        "x.whole: must be 1 to 40, got 0",
        f"x.zzz: is not an option; known are: {', '.join(Everything.__struct_fields__)}",
        "x.inner.depth: must be >= 1, got 0",
        "x.inner.width: is not an option; known are: depth",
    ]


def test_missing_options_come_with_an_example() -> None:
    assert problems_of({}, Needs) == [
        'x.host: is missing; write host = "…"',
        'x.wait: is missing; write wait = "90s"',
        'x.colour: is missing; write colour = "red"',
        "x.port: is missing; write port = <whole number>",
    ]


def test_a_type_no_file_can_express_is_the_drivers_fault() -> None:
    class Odd(msgspec.Struct):
        raw: bytes = b""

    with pytest.raises(TypeError, match=r"^raw: no configuration can express BytesType"):
        convert_table({"raw": "a"}, Odd, path="", problems=[])


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(Everything.__struct_fields__), json_like, max_size=5))
def test_any_table_is_converted_or_has_a_problem(table: dict[str, Any]) -> None:
    problems: list[ConfigProblem] = []
    converted = convert_table(table, Everything, path="", problems=problems)
    assert isinstance(converted, Invalid) == bool(problems)
