"""What Asterisk would hold back, by its own regular expressions and in every recording."""

import re
from collections.abc import Callable

import pytest

from adapters.asterisk.actions import action
from adapters.asterisk.event_filter import SESSION_FILTER, configuration_lines
from adapters.asterisk.translation import AsteriskTranslator
from adapters.asterisk.vocabulary import IGNORED, VARIABLES, WANTED
from tests.adapters.asterisk.captures import NAMES, Step, steps, translate
from tests.adapters.asterisk.posix import Expression


def is_answer(frame: bytes) -> bool:
    """Return whether a frame is no event to Asterisk: an answer, an item of one, a login's FullyBooted."""
    name = frame.partition(b"\r\n")[0]
    return not name.startswith(b"Event: ") or b"\r\nPrivilege: " not in frame or b"\r\nUptime: " in frame


def by_criteria(frame: bytes) -> bool:
    """Return whether the lines with match criteria let a frame pass, read as Asterisk reads them."""
    headers = [line.split(": ", 1) for line in frame.decode(errors="replace").split("\r\n")]
    for line in configuration_lines(has_criteria=True):
        criteria, _, value = line.partition(" =")
        name = re.findall(r"name\((\w+)\)", criteria)[0]
        if headers[0] != ["Event", name]:
            continue
        if "header(Variable),method(exact)" not in criteria or ["Variable", value.strip()] in headers:
            return True
    return False


def filtered(recording: list[Step], is_wanted: Callable[[bytes], bool]) -> tuple[list[Step], int, int]:
    """Return what passes a filter, and the bytes of events before and after."""
    found, rest, before, after = [], b"", 0, 0
    for step in recording:
        if step.mark:
            found.append(step)
            rest = b""
            continue
        *whole, rest = (rest + step.data).split(b"\r\n\r\n")
        kept = []
        for frame in whole:
            event = frame.removeprefix(b"Asterisk Call Manager/11.0.0\r\n")
            before += len(frame) + 4
            if is_answer(event) or is_wanted(event):
                kept.append(frame)
                after += len(frame) + 4
        found.append(Step(step.at, data=b"".join(frame + b"\r\n\r\n" for frame in kept)))
    return found, before, after


@pytest.mark.parametrize("name", NAMES)
def test_a_filtered_recording_gives_the_same_events(name: str) -> None:
    expression = Expression(SESSION_FILTER)
    recording, before, after = filtered(steps(name), expression.matches)
    assert translate(recording) == translate(steps(name))
    assert translate(filtered(steps(name), by_criteria)[0]) == translate(steps(name))
    assert after < before * (0.6 if name != "agentonly" else 1.01)


def test_a_filter_saves_two_bytes_in_three_over_all_recordings() -> None:
    sizes = [
        filtered(steps(name), Expression(SESSION_FILTER).matches)[1:] for name in NAMES if name != "agentonly"
    ]
    before, after = (sum(column) for column in zip(*sizes, strict=True))
    assert 0.25 < after / before < 0.33


def test_all_that_is_made_use_of_passes_and_nothing_else() -> None:
    translator = AsteriskTranslator("pbx", lambda _kind, _detail: None)
    handled = {name.decode() for name in translator._handlers()}
    assert handled - {"VarSet", "QueueStatusComplete"} == set(WANTED)
    expression = Expression(SESSION_FILTER)
    rest = b"\r\nPrivilege: agent,all\r\nVariable: QUEUESTATUS2\r\nValue: Event: Hangup\r\n"
    assert [name for name in WANTED if not expression.matches(b"Event: " + name.encode() + rest)] == []
    assert [name for name in IGNORED if expression.matches(b"Event: " + name + rest)] == []
    assert not expression.matches(b"Event: VarSet" + rest)
    assert [name for name in WANTED if expression.matches(b"Event: " + name.encode() + b"X" + rest)] == []
    for name in VARIABLES:
        body = f"Event: VarSet\r\nChannel: a\r\nVariable: {name}\r\nValue: \r\n\r\n"
        assert expression.matches(body.encode())


def test_asterisk_takes_no_line_longer_than_1023_bytes() -> None:
    text = action("Filter", action_id="qa-1", Operation="Add", Filter=SESSION_FILTER)
    assert max(len(line) for line in text.split("\r\n")) <= 1023


def test_the_lines_for_an_old_asterisk_hold_the_same_filter() -> None:
    assert configuration_lines(has_criteria=False) == (f"eventfilter = {SESSION_FILTER}",)
