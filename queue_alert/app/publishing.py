"""What publishers are told, and who keeps them running."""

import asyncio
import contextlib
import random
from collections.abc import Callable, Sequence
from functools import partial
from glob import escape
from typing import Final

from queue_alert.app.config import Setup
from queue_alert.app.own_words import OwnWords
from queue_alert.app.supervisor import Supervisor
from queue_alert.core.events import AcdEvent
from queue_alert.core.units import GroupName, Seconds
from queue_alert.core.view import GroupView
from queue_alert.ports import Clock, Publisher, PublisherContext

__all__ = ["PublisherSide", "PublisherSupervisor", "StateChanges"]

_SHORTEST_PAUSE_S: Final[Seconds] = 0.1
_LONGEST_PAUSE_S: Final[Seconds] = 5.0


class StateChanges:
    """The groups for one publisher (:class:`~queue_alert.ports.StateSource`): the newest of each, no queue.

    A change costs nothing but a flag where it happens. Which groups it concerned is found by comparing, when
    the publisher asks: so nothing is missed that time alone has changed, and nothing is said twice.

    Args:
        groups: Returns all groups as they stand now, an unchanged one as the same object as before.
    """

    def __init__(self, groups: Callable[[], Sequence[GroupView]]) -> None:
        self._groups = groups
        self._told: dict[GroupName, GroupView] = {}
        self._looked_at = -_SHORTEST_PAUSE_S
        self._wake = asyncio.Event()

    def note_change(self) -> None:
        """Take note that something may have changed."""
        self._wake.set()

    def groups(self) -> Sequence[GroupView]:
        """Return all groups as they stand now; :meth:`changed` begins anew from here."""
        self._told.clear()
        return self._look()

    async def changed(self) -> Sequence[GroupView]:
        """Wait until something has changed, and return the groups that did, each once and as it is now.

        At most ten times a second; what a sliding window changes without an event comes within 5 s. May be
        cancelled without losing anything.
        """
        loop = asyncio.get_running_loop()
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(self._looked_at + _LONGEST_PAUSE_S):
                    await self._wake.wait()
            await asyncio.sleep(max(self._looked_at + _SHORTEST_PAUSE_S - loop.time(), 0.0))
            if changed := self._look():
                return changed

    def _look(self) -> list[GroupView]:
        self._wake.clear()
        self._looked_at = asyncio.get_running_loop().time()
        told = self._told
        changed = []
        for group in self._groups():
            before = told.get(group.name)
            if group is not before:
                told[group.name] = group
                if group != before:
                    changed.append(group)
        return changed


class PublisherSupervisor:
    """Runs one publisher for as long as the process lives; see :mod:`queue_alert.app.supervisor`.

    It is up from when it asks for changes, having said all groups, until its connection ends.

    Args:
        name: The publisher's name in the configuration.
        publisher: The publisher.
        source: What it is told; its own.
        words: Says what it is answered.
        say: Called with whether it is up and, where it is not, why.
        clock: The steady line.
        randomness: For the jitter of the pauses.
    """

    def __init__(
        self,
        name: str,
        *,
        publisher: Publisher,
        source: StateChanges,
        words: OwnWords,
        say: Callable[[bool, str], None],
        clock: Clock,
        randomness: random.Random,
    ) -> None:
        self._source = source
        self._words = words
        self._say = say
        self._supervisor = Supervisor(
            "publisher",
            name,
            up="up",
            connect=lambda: publisher.run(self),
            say_down=lambda reason: say(False, reason),  # noqa: FBT003 (the one thing it says)
            ended="it has ended by itself",
            clock=clock,
            randomness=randomness,
        )

    async def run(self) -> None:
        """Run the publisher until it has ended for good or cannot be helped."""
        await self._supervisor.run()

    def groups(self) -> Sequence[GroupView]:
        """Return all groups, as :class:`StateChanges` does."""
        return self._source.groups()

    async def changed(self) -> Sequence[GroupView]:
        """Take the publisher for connected, and return what has changed as :class:`StateChanges` does."""
        self._supervisor.note_up()
        self._say(True, "")  # noqa: FBT003 (the one thing it says)
        return await self._source.changed()

    def acknowledge(self, group: GroupName) -> None:
        """Say that somebody has seen, at the other program, how bad it is in a group."""
        # A name is no pattern, whatever signs are in it.
        self._words.acknowledge((escape(group),))

    def call_emergency(self, group: GroupName) -> None:
        """Say that somebody called an emergency at the other program."""
        self._words.call_emergency(group)


class PublisherSide:
    """All publishers of a configuration, each with its own source.

    Making one touches no network.

    Args:
        setup: The configuration.
        clock: The steady line.
        randomness: For the jitter of pauses.
    """

    def __init__(self, setup: Setup, *, clock: Clock, randomness: random.Random) -> None:
        self._clock = clock
        self._randomness = randomness
        self._sources: list[StateChanges] = []
        self._publishers: dict[str, Publisher] = {
            plan.name: plan.driver.create(
                plan.options, PublisherContext(name=plan.name, clock=clock, base=setup.base)
            )
            for plan in setup.publishers
        }

    def listen_to(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Return what to call instead of ``changed``, so that publishers hear of it too."""
        if not self._publishers:
            return changed

        def changed_for_all() -> None:
            changed()
            for source in self._sources:
                source.note_change()

        return changed_for_all

    def start(
        self,
        tasks: asyncio.TaskGroup,
        *,
        groups: Callable[[], Sequence[GroupView]],
        submit: Callable[[AcdEvent], None],
        say: Callable[[str, bool, str], None],
    ) -> list[asyncio.Task[None]]:
        """Start every publisher under its supervisor and return the tasks.

        Args:
            tasks: Where they run.
            groups: Returns all groups as they stand.
            submit: Takes what they are answered to the core.
            say: Called with a publisher's name, whether it is up and, where it is not, why.
        """
        started = []
        for name, publisher in self._publishers.items():
            words = OwnWords(f"publisher {name}", submit, self._clock)
            supervisor = self._supervisor(publisher, groups, words, name, say)
            started.append(tasks.create_task(supervisor.run(), name=f"publisher-{name}"))
        return started

    def _supervisor(
        self,
        publisher: Publisher,
        groups: Callable[[], Sequence[GroupView]],
        words: OwnWords,
        name: str,
        say: Callable[[str, bool, str], None],
    ) -> PublisherSupervisor:
        source = StateChanges(groups)
        self._sources.append(source)
        return PublisherSupervisor(
            name,
            publisher=publisher,
            source=source,
            words=words,
            say=partial(say, name),
            clock=self._clock,
            randomness=self._randomness,
        )
