import pytest

from adapters.asterisk.actions import action, blot_out


def test_an_action_is_its_headers_and_an_empty_line() -> None:
    assert action("QueueStatus", action_id="qa-1", Queue="sales") == (
        "Action: QueueStatus\r\nActionID: qa-1\r\nQueue: sales\r\n\r\n"
    )


@pytest.mark.parametrize("value", ["a\r\nAction: Originate", "a\n", "\r", "a\0"])
def test_a_value_cannot_forge_a_header(value: str) -> None:
    with pytest.raises(
        ValueError, match=r"^the value of Secret must be one line without control characters$"
    ):
        action("Login", action_id="qa-1", Secret=value)
    with pytest.raises(ValueError, match=r"^the value of Action must be"):
        action(value, action_id="qa-1")
    with pytest.raises(ValueError, match=r"^the value of ActionID must be"):
        action("Ping", action_id=value)


@pytest.mark.parametrize("name", ["", "A:B", "A B", "A\r\nB"])
def test_a_name_cannot_forge_a_header(name: str) -> None:
    with pytest.raises(ValueError, match=r"cannot be the name of a header$"):
        action("Ping", action_id="qa-1", **{name: "x"})


def test_a_secret_is_blotted_out_wherever_it_stands() -> None:
    assert blot_out("Secret: s3\r\nNote: s3", "s3") == "Secret: ********\r\nNote: ********"
    assert blot_out("Secret: ", "") == "Secret: "
