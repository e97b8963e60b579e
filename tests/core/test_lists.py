"""Lists of lists: loops, depth and levels."""

from hypothesis import given
from hypothesis import strategies as st

from queue_alert.core.lists import MOST_DEPTH, ContactList, is_too_deep, level_count, loops

NAMES = ["a", "b", "c", "d", "e"]
SOME_LISTS = st.dictionaries(
    st.sampled_from(NAMES),
    st.lists(st.lists(st.sampled_from([*NAMES, "anna"]), max_size=3), max_size=3),
)


def lists(levels: dict[str, list[list[str]]]) -> dict[str, ContactList]:
    return {
        name: ContactList(name=name, levels=tuple(tuple(level) for level in of))
        for name, of in levels.items()
    }


def test_a_loop_is_named_once_as_short_as_it_is() -> None:
    made = lists(
        {
            "night": [["anna"], ["day"], ["weekend"]],
            "day": [["weekend"], ["night"]],
            "weekend": [["night", "nobody"]],
            "self": [["self"]],
            "fine": [["night"]],
        }
    )
    assert loops(made) == [("night", "day", "night"), ("weekend", "night", "weekend"), ("self", "self")]


@given(levels=SOME_LISTS)
def test_what_is_found_in_a_loop_is_what_can_reach_itself(levels: dict[str, list[list[str]]]) -> None:
    made = lists(levels)
    reach = {name: {entry for level in of for entry in level} & made.keys() for name, of in levels.items()}
    for _ in NAMES:
        reach = {name: to.union(*(reach[each] for each in to)) for name, to in reach.items()}
    found = loops(made)
    assert {name for loop in found for name in loop} == {name for name, to in reach.items() if name in to}
    assert all(loop[0] == loop[-1] and len(set(loop)) == len(loop) - 1 for loop in found)
    assert all(is_too_deep(made, name) for loop in found for name in loop)


def test_a_chain_of_lists_may_be_twenty_deep() -> None:
    chain = lists({str(number): [[str(number + 1)]] for number in range(MOST_DEPTH + 1)})
    assert [is_too_deep(chain, str(number)) for number in (0, 1, 20, 21)] == [True, False, False, False]


def test_the_levels_of_a_list_in_a_level_count_as_that_many() -> None:
    made = lists({"three": [["anna"], ["two", "ben"], []], "two": [["anna"], ["none"]], "none": []})
    assert [level_count(made, name) for name in ("three", "two", "none")] == [4, 2, 0]


def test_levels_that_double_with_every_list_are_counted_at_once() -> None:
    made = lists({str(number): [[str(number + 1)], [str(number + 1)]] for number in range(19)})
    assert level_count(made, "0") == 2**19
