"""Below the groups: the lamps as they are lit, the callers who gave up, the agents."""

import heapq
from collections.abc import Iterable, Sequence
from itertools import chain

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text

from dashboards.wallboard.figures import distinct_agents
from dashboards.wallboard.line import Parts, blank, line
from dashboards.wallboard.look import ALARM, FAINT, HEADING, PLAIN, STRONG, Look
from dashboards.wallboard.scene import Scene
from dashboards.wallboard.text import day_clock, duration, fit
from queue_alert.core.effects import SignalLevel
from queue_alert.core.events import AgentState
from queue_alert.core.units import GroupName, Instant
from queue_alert.core.view import AbandonedContact, AgentView, GroupView, OutputView

__all__ = ["abandoned_panel", "agents_panel", "lamp_rows"]

_OFF = "off"
_MOST_LAMP_ROWS = 3
_TRAILING = 3
_CALLER_WIDTH, _CALL_WIDTH = 14, 46
_AGENT_WIDTH = 38
_STATE_ORDER = (
    AgentState.NOT_READY,
    AgentState.AVAILABLE,
    AgentState.RESERVED,
    AgentState.TALKING,
    AgentState.ON_HOLD,
    AgentState.WRAPUP,
)
_STATE_RANK = {state.value: rank for rank, state in enumerate(_STATE_ORDER)}


def lamp_rows(scene: Scene, look: Look, width: int, *, lamp_width: int = 2) -> list[Text]:
    """Return the outputs as rows of drawn lamps, at most three.

    A lit lamp is a block in its colour, its name in capitals with a ``*``; a dark one is low and faint. While
    the monitor is gone nobody knows: then the lamps are said to be held.
    """
    view = scene.view
    if view is None or not view.outputs:
        return []
    levels = {signal.name: signal.level for signal in view.signals}
    title = " LAMPS " if scene.gone_since is None else " LAMPS (held) "
    rows: list[Parts] = []
    left = 0
    for output in view.outputs:
        level = next((levels[name] for name in levels if name == output.name), None)
        item = _lamps(output, level, look, lamp_width)
        length = sum(cell_len(text) for text, _ in item)
        if length - _TRAILING > left or not rows:
            if len(rows) == _MOST_LAMP_ROWS:
                break
            rows.append([(title if not rows else " " * len(title), HEADING)])
            left = width - len(title)
        rows[-1] += item
        left -= length
    return [line(parts, width) for parts in rows]


def _lamps(output: OutputView, level: SignalLevel | None, look: Look, lamp_width: int) -> Parts:
    parts: Parts = [(f" {look.words(output.name)} ", STRONG)]
    if output.fault:
        return [*parts, (" !! FAULT ", ALARM), ("   ", PLAIN)]
    for lamp, shown in output.lamps.items():
        if shown == _OFF:
            parts += [("▄" * lamp_width, FAINT), (f" {look.words(lamp)}    ", FAINT)]
        else:
            parts += [("█" * lamp_width, _colour(shown)), (f" {look.words(lamp.upper())}*   ", STRONG)]
    return [*parts, (_said(level), PLAIN), ("   ", PLAIN)]


def _colour(shown: str) -> Style:
    try:
        return Style.parse(shown)
    except Exception:  # noqa: BLE001  # rich raises several kinds for what is no colour; the lamp is lit all the same
        return STRONG


def _said(level: SignalLevel | None) -> str:
    if level is None:
        return ""
    if level.stale:
        return "(stale)     "
    return f"({level.depth} waiting)"


def abandoned_panel(
    groups: Sequence[GroupView], scene: Scene, look: Look, width: int, rows: int
) -> list[Text]:
    """Return the callers who gave up, newest first, a title above; exactly ``rows`` rows."""
    if rows <= 0:
        return []
    across = max(1, (width - 1) // _CALL_WIDTH)
    room = (rows - 1) * across
    newest = heapq.nlargest(room, _abandoned(groups), key=lambda item: item[1].at)
    title = " ABANDONED LATELY" if newest else " ABANDONED LATELY: nobody"
    shown = [_call(group, contact, scene, look, (width - 1) // across) for group, contact in newest]
    return _panel(title, shown, width, rows, across)


def _abandoned(groups: Iterable[GroupView]) -> Iterable[tuple[GroupName, AbandonedContact]]:
    return ((group.name, contact) for group in groups for contact in group.recently_abandoned)


def _call(group: GroupName, contact: AbandonedContact, scene: Scene, look: Look, width: int) -> Parts:
    at = day_clock(contact.at, scene.now, scene.timezone)[-8:]
    caller = look.cell(contact.caller or "no number", _CALLER_WIDTH)
    start = f" {at} after {fit(duration(contact.waited_s), 7)} "
    name = look.cell(group, max(width - len(start) - _CALLER_WIDTH - 2, 0))
    return [(start, PLAIN), (caller, STRONG), (f" {name} ", PLAIN)]


def agents_panel(
    groups: Sequence[GroupView], look: Look, width: int, rows: int, *, now: Instant
) -> list[Text]:
    """Return the agents, not ready first, the longest first, with state and since when; ``rows`` rows."""
    if rows <= 0:
        return []
    agents = [agent for agent in distinct_agents(groups).values() if agent.state != AgentState.OFFLINE]
    agents.sort(key=lambda agent: (_STATE_RANK.get(agent.state, len(_STATE_RANK)), agent.since))
    across = max(1, (width - 1) // _AGENT_WIDTH)
    room = (rows - 1) * across
    title = " AGENTS" if len(agents) <= room else f" AGENTS  the first {room} of {len(agents)}"
    each = (width - 1) // across
    # Down the columns, as names are read.
    shown = [_agent(agent, look, each, now) for agent in agents[:room]]
    deep = max(rows - 1, 1)
    by_row = [
        shown[row + column * deep] if row + column * deep < len(shown) else []
        for row in range(deep)
        for column in range(across)
    ]
    padded = [item or [(" " * each, PLAIN)] for item in by_row]
    return _panel(title, padded, width, rows, across)


def _agent(agent: AgentView, look: Look, width: int, now: Instant) -> Parts:
    minutes = int(max(now - agent.since, 0) // 60)
    long = f"{minutes} min" if minutes < 600 else f"{minutes // 60} h"  # noqa: PLR2004
    state = look.words(agent.state.replace("_", " "))
    if agent.reason and agent.state == AgentState.NOT_READY:
        state = look.words(agent.reason)
    mark, style = _agent_look(agent.state)
    name_width = max(width - 24, 6)
    return [
        (f" {mark} ", style),
        (look.cell(agent.agent, name_width), PLAIN),
        (" " + look.cell(state, 11), style),
        (fit(long, width - name_width - 15, align="right"), PLAIN),
    ]


def _agent_look(state: str) -> tuple[str, Style]:
    match state:
        case AgentState.NOT_READY | AgentState.WRAPUP:
            return "-", Style(color="yellow")
        case AgentState.AVAILABLE:
            return "+", Style(color="bright_cyan")
        case _:
            return " ", PLAIN


def _panel(title: str, items: Sequence[Parts], width: int, rows: int, across: int) -> list[Text]:
    beside = (items[start : start + across] for start in range(0, len(items), across))
    lines = [
        line([(title, HEADING)], width),
        *(line([(" ", PLAIN), *chain.from_iterable(some)], width) for some in beside),
    ][:rows]
    return lines + [blank(width) for _ in range(rows - len(lines))]
