"""What Asterisk is asked to send, so that a busy exchange does not send what is passed over here.

A filter that includes turns the default round: once there is one, an event is sent only if some filter
includes it. Answers and the items of lists are no events and pass by every filter.

The action ``Filter`` takes a regular expression in every Asterisk since 10, also in those that know the newer
match criteria (18.26, 20.11, 21.6, 22.1 and later; their predecessors would take such a filter for an empty
expression, which matches everything). It is extended POSIX, without ``REG_NEWLINE``: ``.`` matches a line's
end, and ``^`` only the beginning of the event, so that an event nobody wants is given up within its first
bytes.

Source: Asterisk 13 and 22, main/manager.c (``manager_add_filter``, ``should_send_event``).
"""

from typing import Final

from adapters.asterisk.vocabulary import VARIABLES, WANTED

__all__ = ["SESSION_FILTER", "configuration_lines"]

_LINE_END: Final = "[[:cntrl:]]"

SESSION_FILTER: Final = (
    f"^Event: (({'|'.join(WANTED)}){_LINE_END}"
    f"|VarSet{_LINE_END}.*Variable: ({'|'.join(VARIABLES)}){_LINE_END})"
)
"""Value of the header ``Filter``. One for all: were there two and the second refused, what it includes
would be held back. Asterisk takes no line longer than 1023 bytes."""


def configuration_lines(*, has_criteria: bool) -> tuple[str, ...]:
    """Return the lines for a user's section in manager.conf that do the same as :data:`SESSION_FILTER`.

    Args:
        has_criteria: Whether that Asterisk knows match criteria: 18.26, 20.11, 21.6, 22.1 and later do.
    """
    if not has_criteria:
        return (f"eventfilter = {SESSION_FILTER}",)
    return (
        *(f"eventfilter(action(include),name({name})) =" for name in WANTED),
        *(
            f"eventfilter(action(include),name(VarSet),header(Variable),method(exact)) = {name}"
            for name in VARIABLES
        ),
    )
