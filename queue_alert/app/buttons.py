"""The buttons: kept running, their keys watched, what is pressed done."""

import asyncio
import logging
import random
from collections.abc import Callable
from functools import partial
from typing import assert_never

from queue_alert.app.button_press import NEVER, KeyNews, KeyWatch
from queue_alert.app.config import Setup
from queue_alert.app.config.setup import ButtonAction, ButtonPlan, KeyPlan
from queue_alert.app.own_words import OwnWords
from queue_alert.app.supervisor import Supervisor
from queue_alert.core.events import AcdEvent
from queue_alert.core.units import GroupName
from queue_alert.ports import Button, ButtonContext, Clock

__all__ = ["ButtonSide", "ButtonSupervisor"]

_logger = logging.getLogger(__name__)


class ButtonSupervisor:
    """Runs one button for as long as the process lives and watches its keys; see :mod:`~.supervisor`.

    The button is up while its device is there, has all the keys that something hangs on, and none of these is
    stuck. Whenever its device was lost nothing is known of its keys: one that is down when it comes back is
    not pressed.

    Args:
        plan: The button as configured.
        button: The button.
        act: Called with a key's name and what it does when it was pressed.
        say: Called with whether the button is up and, where it is not, why.
        clock: The steady line.
        randomness: For the jitter of the pauses.
    """

    def __init__(
        self,
        plan: ButtonPlan,
        *,
        button: Button,
        act: Callable[[str, KeyPlan], None],
        say: Callable[[bool, str], None],
        clock: Clock,
        randomness: random.Random,
    ) -> None:
        self._plan = plan
        self._button = button
        self._act = act
        self._say = say
        self._watches = {
            name: KeyWatch(debounce_s=plan.debounce_s, hold_s=key.hold_s, stuck_after_s=plan.stuck_after_s)
            for name, key in plan.keys.items()
        }
        self._opening: asyncio.Handle | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._has_said_missing = False
        self._supervisor = Supervisor(
            "button",
            plan.name,
            up="up",
            connect=self._connect,
            say_down=lambda reason: say(False, reason),  # noqa: FBT003 (the one thing it says)
            ended="it has ended by itself",
            clock=clock,
            randomness=randomness,
        )

    async def run(self) -> None:
        """Run the button until it cannot be helped."""
        await self._supervisor.run()

    async def _connect(self) -> None:
        try:
            await self._button.run(self._moved)
        finally:
            if self._opening is not None:
                self._opening.cancel()
                self._opening = None
            self._disarm()
            for watch in self._watches.values():
                watch.forget()

    def _moved(self, name: str, is_down: bool) -> None:  # noqa: FBT001 (what the port says)
        loop = asyncio.get_running_loop()
        if self._opening is None:
            # The device says all its keys at once; then it is known which are missing.
            self._opening = loop.call_soon(self._opened)
        if (watch := self._watches.get(name)) is not None:
            # The loop's time, not the clock's: a step of the clock must press nothing.
            self._take(name, watch.moved(loop.time(), is_down=is_down))
            self._arm()

    def _opened(self) -> None:
        self._supervisor.note_up()
        if (missing := self._missing()) and not self._has_said_missing:
            self._has_said_missing = True
            _logger.warning("button=%s state=down missing_keys=%s", self._plan.name, ",".join(missing))
        self._say_whether_up()

    def _take(self, name: str, news: list[KeyNews]) -> None:
        for one in news:
            match one:
                case KeyNews.PRESSED:
                    key = self._plan.keys[name]
                    _logger.info("button=%s key=%s action=%s", self._plan.name, name, key.action.value)
                    self._act(name, key)
                case KeyNews.STUCK:
                    _logger.warning(
                        "button=%s key=%s state=stuck down_s=%.0f",
                        self._plan.name,
                        name,
                        self._plan.stuck_after_s,
                    )
                    self._say_whether_up()
                case KeyNews.FREED:
                    _logger.info("button=%s key=%s state=up recovered=true", self._plan.name, name)
                    self._say_whether_up()
                case _:
                    assert_never(one)

    def _say_whether_up(self) -> None:
        reasons = [f"there is no key {name}" for name in self._missing()]
        reasons += [
            f"key {name} is stuck: it is down, and nobody can press it"
            for name, watch in self._watches.items()
            if watch.is_stuck
        ]
        self._say(not reasons, "; ".join(reasons))

    def _missing(self) -> list[str]:
        return [name for name, watch in self._watches.items() if not watch.is_known]

    def _arm(self) -> None:
        self._disarm()
        at = min(watch.next_at() for watch in self._watches.values())
        if at < NEVER:
            self._timer = asyncio.get_running_loop().call_at(at, self._on_timer, at)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _on_timer(self, at: float) -> None:
        self._timer = None
        # A loop may wake a hair early; without max() nothing would be due yet and the timer would spin.
        now = max(at, asyncio.get_running_loop().time())
        for name, watch in self._watches.items():
            self._take(name, watch.advance(now))
        self._arm()


class ButtonSide:
    """All buttons of a configuration, and what becomes of a press.

    Making one loads every driver and touches no device.

    Args:
        setup: A checked configuration.
        clock: The steady line.
        randomness: For the jitter of pauses.

    Raises:
        QueueAlertError: A driver cannot be had.
    """

    def __init__(self, setup: Setup, *, clock: Clock, randomness: random.Random) -> None:
        self._clock = clock
        self._randomness = randomness
        self._buttons: list[tuple[ButtonPlan, Button]] = [
            (
                plan,
                plan.driver.create(plan.options, ButtonContext(name=plan.name, clock=clock, base=setup.base)),
            )
            for plan in setup.buttons
        ]

    def start(
        self,
        tasks: asyncio.TaskGroup,
        *,
        submit: Callable[[AcdEvent], None],
        test_lamps: Callable[[], None],
        say: Callable[[str, bool, str], None],
    ) -> list[asyncio.Task[None]]:
        """Start every button under its supervisor and return the tasks.

        Args:
            tasks: Where they run.
            submit: Takes what the buttons say to the core.
            test_lamps: Has all lamps lit in turn.
            say: Called with a button's name, whether it is up and, where it is not, why.
        """
        started = []
        for plan, button in self._buttons:
            supervisor = ButtonSupervisor(
                plan,
                button=button,
                act=partial(self._act, OwnWords(f"button {plan.name}", submit, self._clock), test_lamps),
                say=partial(say, plan.name),
                clock=self._clock,
                randomness=self._randomness,
            )
            started.append(tasks.create_task(supervisor.run(), name=f"button-{plan.name}"))
        return started

    def _act(self, words: OwnWords, test_lamps: Callable[[], None], _name: str, key: KeyPlan) -> None:
        match key.action:
            case ButtonAction.ACKNOWLEDGE:
                words.acknowledge(key.groups)
            case ButtonAction.EMERGENCY:
                words.call_emergency(key.group or GroupName(""))
            case ButtonAction.LAMP_TEST:
                test_lamps()
            case _:
                assert_never(key.action)
