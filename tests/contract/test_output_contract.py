"""What every output we ship does alike, whatever it is made of."""

from collections.abc import Iterator

import pytest

from queue_alert.ports import DriverError, Output, SelfHealingOutput
from tests.contract.cases import CASES, Case
from tests.contract.on_a_loop import Broker
from tests.devices.servers import until

COLOUR = "#ff0000"
"""On an RGB light it is the red pin alone."""


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    broker = Broker(tmp_path_factory.mktemp("broker"))
    yield broker
    broker.stop()


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Iterator[Case]:
    case: Case = request.param(request)
    yield case
    case.end()


@pytest.fixture
def output(case: Case) -> Output:
    return case.create()


def assert_shows(case: Case, output: Output, *lit: str) -> None:
    expected = {lamp: lamp in lit for lamp in output.lamps}
    if isinstance(output, SelfHealingOutput):
        until(lambda: case.look(output) == expected)  # it shows it a moment later
    seen = case.look(output)
    assert seen is None or seen == expected


def all_off(output: Output) -> dict[str, str]:
    return dict.fromkeys(output.lamps, "off")


def all_on(output: Output) -> dict[str, str]:
    return dict.fromkeys(output.lamps, COLOUR)


def test_its_lamps_are_named_before_it_is_opened_and_as_its_options_say(case: Case, output: Output) -> None:
    assert tuple(output.lamps) == case.options.lamps
    assert len(set(output.lamps)) == len(output.lamps) > 0


def test_it_is_dark_when_opened(case: Case, output: Output) -> None:
    output.open()
    assert_shows(case, output)


def test_each_lamp_shows_what_is_written(case: Case, output: Output) -> None:
    output.open()
    for lamp in output.lamps:
        output.write({**all_off(output), lamp: COLOUR})
        assert_shows(case, output, lamp)
    output.write(all_on(output))
    assert_shows(case, output, *output.lamps)
    output.write(all_off(output))
    assert_shows(case, output)


def test_writing_the_same_twice_changes_nothing(case: Case, output: Output) -> None:
    output.open()
    for _ in range(2):
        output.write(all_on(output))
        assert_shows(case, output, *output.lamps)


def test_it_is_dark_after_it_was_closed(case: Case, output: Output) -> None:
    output.open()
    output.write(all_on(output))
    output.close()
    assert_shows(case, output)


def test_closing_twice_or_before_opening_is_fine(output: Output) -> None:
    output.close()
    output.open()
    output.close()
    output.close()


def test_opening_twice_keeps_what_is_shown(case: Case, output: Output) -> None:
    output.open()
    output.write(all_on(output))
    output.open()
    assert_shows(case, output, *output.lamps)


def test_it_can_be_opened_again_and_is_dark_then(case: Case, output: Output) -> None:
    output.open()
    output.write(all_on(output))
    output.close()
    output.open()
    assert_shows(case, output)
    output.write(all_on(output))
    assert_shows(case, output, *output.lamps)


def test_writing_before_opening_and_after_closing_is_refused(output: Output) -> None:
    for _ in range(2):
        with pytest.raises(DriverError, match=r"outputs\.beacon: is not open"):
            output.write(all_off(output))
        output.open()
        output.close()


def test_an_unknown_lamp_is_refused_and_nothing_changes(case: Case, output: Output) -> None:
    output.open()
    output.write(all_on(output))
    with pytest.raises(DriverError, match=r"outputs\.beacon: must be given the lamps .*, got .*violet"):
        output.write({**all_off(output), "violet": "off"})
    assert_shows(case, output, *output.lamps)


def test_a_missing_lamp_is_refused(output: Output) -> None:
    output.open()
    with pytest.raises(DriverError, match=r"must be given the lamps .*, got none"):
        output.write({})


@pytest.mark.parametrize("shown", ["on", "", "red", "#ff00", "#gg0000", "#ff00001"])
def test_what_is_neither_off_nor_a_colour_is_refused(output: Output, shown: str) -> None:
    output.open()
    with pytest.raises(DriverError, match='must show "off" or a colour "#rrggbb", got "'):
        output.write({**all_off(output), output.lamps[0]: shown})


def test_making_one_claims_nothing(case: Case, output: Output) -> None:
    other = case.create()
    other.open()
    other.close()
    output.open()
    assert_shows(case, output)


def test_its_driver_finds_no_mistake_and_says_what_it_occupies(case: Case) -> None:
    assert [problem for problem in case.driver.check(case.options) if not problem.is_warning] == []
    assert len(set(case.driver.claims(case.options))) == len(case.driver.claims(case.options))
    assert case.driver.engine == "lamps"
    assert case.driver.summary
