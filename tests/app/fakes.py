"""Drivers, engines and pages for the shell's tests, found by entry point as real ones are."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import EntryPoint
from typing import Annotated, Any, ClassVar, Literal

import msgspec

from queue_alert.app.registry import Registry
from queue_alert.core.effects import SignalLevel
from queue_alert.core.events import AcdEvent, FeedState, FeedStatusChanged
from queue_alert.core.units import FeedName, Instant
from queue_alert.core.view import FloorView, GroupView
from queue_alert.ports import (
    ButtonContext,
    ButtonDriver,
    Clock,
    ConfigProblem,
    DriverError,
    Duration,
    FeedContext,
    FeedDriver,
    LampObserver,
    OutputContext,
    OutputDriver,
    OutputSetup,
    PublisherContext,
    PublisherDriver,
    Route,
    StateSource,
)

MODULE = "tests.app.fakes"


class FixedClock:
    """A clock that is set by hand."""

    def __init__(self, now: Instant = 1000.0) -> None:
        self.time = now

    def now(self) -> Instant:
        return self.time


class Randomness:
    """Chance that always takes the upper end."""

    def uniform(self, low: float, high: float) -> float:
        return high


# ---- feeds


class ScriptOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Options of the fake feed."""

    host: Annotated[str, msgspec.Meta(min_length=1)]
    port: Annotated[int, msgspec.Meta(ge=1, le=65_535)] = 5038
    timeout: Annotated[Duration, msgspec.Meta(gt=0)] = 10.0
    mode: Literal["plain", "tls"] = "plain"


class ScriptedFeed:
    """A feed that does what its script says, one entry a connection; then it waits for ever."""

    scripts: ClassVar[dict[str, list[Callable[["ScriptedFeed"], None]]]] = {}
    made: ClassVar[dict[str, "ScriptedFeed"]] = {}

    def __init__(self, options: Any, context: FeedContext) -> None:
        self.context = context
        self.runs = 0
        self.submit: Callable[[AcdEvent], None] = lambda _event: None
        ScriptedFeed.made[context.name] = self

    async def run(self, submit: Callable[[AcdEvent], None]) -> None:
        self.submit = submit
        self.runs += 1
        script = ScriptedFeed.scripts.get(self.context.name, [])
        if self.runs <= len(script):
            script[self.runs - 1](self)
        else:
            await asyncio.Event().wait()

    def say(self, state: FeedState) -> None:
        """Announce a state."""
        now = self.context.clock.now()
        name = FeedName(self.context.name)
        self.submit(
            FeedStatusChanged(id=f"{state.value}-{self.runs}-{now}", source=name, time=now, state=state)
        )


def _check_script(options: ScriptOptions) -> list[ConfigProblem]:
    if options.host == "nowhere":
        return [ConfigProblem(path="host", message="must be somewhere")]
    return []


FEED = FeedDriver(
    summary="does what a script says", options=ScriptOptions, create=ScriptedFeed, check=_check_script
)
NEEDY_FEED = FeedDriver(
    summary="needs what nobody has",
    options=ScriptOptions,
    create=ScriptedFeed,
    packages=("package_nobody_has",),
    extra="needy",
)
LISTENING_FEED = FeedDriver(
    summary="listens on a port, and is to be heard every minute",
    options=ScriptOptions,
    create=ScriptedFeed,
    claims=lambda options: (f"tcp {options.host}:{options.port}",),
    stale_after_s=60.0,
)
PIN_FEED = FeedDriver(
    summary="hangs on a pin",
    options=ScriptOptions,
    create=ScriptedFeed,
    claims=lambda _options: ("gpio17",),
)


# ---- outputs


class PinOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Options of the fake output."""

    pin: Annotated[int, msgspec.Meta(ge=0, le=27)]
    colours: tuple[str, ...] = ("red",)


class PinOutput:
    """An output that remembers what it was told."""

    def __init__(self, options: Any, context: OutputContext) -> None:
        self.name = context.name
        self.lamps: Sequence[str] = ("lamp",)

    def open(self) -> None:
        """Do nothing."""

    def write(self, lamps: Mapping[str, str]) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


PIN = OutputDriver(
    summary="a pin",
    options=PinOptions,
    create=PinOutput,
    claims=lambda options: (f"gpio{options.pin}",),
    engine="levels",
)


class EngineOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Options of the fake engine."""

    pause: Annotated[Duration, msgspec.Meta(gt=0)] = 1.5


class LevelEngine:
    """An engine that remembers the levels it was shown and lights a lamp for every depth above 0."""

    options: ClassVar[type[msgspec.Struct]] = EngineOptions
    made: ClassVar[list["LevelEngine"]] = []

    def __init__(
        self,
        outputs: Sequence[OutputSetup],
        options: Any,
        clock: Clock,
        observer: LampObserver,
        *,
        timezone: str,
    ) -> None:
        self.timezone = timezone
        self.outputs = [setup.name for setup in outputs]
        self.clock = clock
        self.observer = observer
        self.shown: list[tuple[Instant, str, SignalLevel]] = []
        self.log: list[str] = []
        LevelEngine.made.append(self)

    @classmethod
    def check(cls, outputs: Sequence[tuple[str, OutputDriver, Any]], options: Any) -> list[ConfigProblem]:
        if options.pause > 60:
            return [
                ConfigProblem(path="patterns.pause", message="is longer than anybody waits", is_warning=True)
            ]
        return []

    def show(self, output: str, level: SignalLevel) -> None:
        self.shown.append((self.clock.now(), output, level))
        self.observer(output, {"lamp": "#ff0000" if level.depth else "off"}, "")

    def test(self, output: str) -> float:
        self.log.append(f"test {output}")
        self.observer(output, {"lamp": "#00ff00"}, "")
        return 1.5

    async def run(self) -> None:
        self.log.append("run")
        try:
            await asyncio.Event().wait()
        finally:
            self.log.append("dark")

    def close(self) -> None:
        self.log.append("close")


# ---- publishers


class HubOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Options of the fake publisher."""

    topic: str = "floor"


class HubPublisher:
    """A publisher that keeps what it would have said; its ``fault`` is raised instead of connecting."""

    made: ClassVar[dict[str, "HubPublisher"]] = {}

    def __init__(self, options: Any, context: PublisherContext) -> None:
        self.options = options
        self.context = context
        self.fault: Exception | None = None
        self.said: list[tuple[Instant, dict[str, int]]] = []
        self._lost = asyncio.Event()
        HubPublisher.made[context.name] = self

    async def run(self, source: StateSource) -> None:
        self._fail()
        self._lost.clear()
        async with asyncio.TaskGroup() as group:
            publishing = group.create_task(self._publish(source), name="publish")
            await self._lost.wait()
            publishing.cancel()
        self._fail()

    def lose(self, fault: Exception) -> None:
        """End the connection, and make none until ``fault`` is taken away."""
        self.fault = fault
        self._lost.set()

    def _fail(self) -> None:
        if self.fault is not None:
            raise self.fault

    async def _publish(self, source: StateSource) -> None:
        self._say(source.groups())
        while True:
            self._say(await source.changed())

    def _say(self, groups: Sequence[GroupView]) -> None:
        waiting = {str(group.name): group.waiting for group in groups}
        self.said.append((self.context.clock.now(), waiting))


def _check_hub(options: HubOptions) -> list[ConfigProblem]:
    if "#" in options.topic:
        return [ConfigProblem(path="topic", message=f'must not hold "#", got "{options.topic}"')]
    return []


HUB = PublisherDriver(summary="tells nobody", options=HubOptions, create=HubPublisher, check=_check_hub)


# ---- buttons


class ScriptedButton:
    """A button whose keys a test moves; its ``fault`` is raised instead of opening it."""

    made: ClassVar[dict[str, "ScriptedButton"]] = {}
    keys: ClassVar[tuple[str, ...]] = ("KEY_1", "KEY_2", "KEY_3")

    def __init__(self, _options: Any, context: ButtonContext) -> None:
        self.context = context
        self.fault: Exception | None = None
        self.runs = 0
        self.down: set[str] = set()
        self.missing: set[str] = set()
        self._moved: Callable[[str, bool], None] = lambda _name, _is_down: None
        self._lost = asyncio.Event()
        ScriptedButton.made[context.name] = self

    async def run(self, moved: Callable[[str, bool], None]) -> None:
        self.runs += 1
        if self.fault is not None:
            raise self.fault
        self._lost.clear()
        self._moved = moved
        for key in ("button", *self.keys):
            if key not in self.missing:
                moved(key, key in self.down)
        await self._lost.wait()
        if self.fault is not None:
            raise self.fault

    def move(self, key: str, *, is_down: bool) -> None:
        """Press or release a key."""
        (self.down.add if is_down else self.down.discard)(key)
        self._moved(key, is_down)

    def lose(self, fault: Exception) -> None:
        """Lose the device until ``fault`` is taken away."""
        self.fault = fault
        self._lost.set()


BUTTON = ButtonDriver(
    summary="has one key",
    options=PinOptions,
    create=ScriptedButton,
    claims=lambda options: (f"gpio{options.pin}",),
)
PAD = ButtonDriver(
    summary="has three keys that do not bounce",
    options=ScriptOptions,
    create=ScriptedButton,
    keys=ScriptedButton.keys,
    debounce_s=0.0,
    check=_check_script,
    check_place=lambda options, _name, _base: (
        [ConfigProblem(path="host", message="is not there", is_warning=options.host != "never")]
        if options.host in {"later", "never"}
        else []
    ),
)


# ---- pages


def _render(view: FloorView) -> bytes:
    return f"groups {len(view.groups)}\n".encode()


ROUTE = Route(path="/count", summary="counts groups", content_type="text/plain", render=_render)


def points(**more: str) -> dict[str, list[EntryPoint]]:
    """Return the fakes' entry points by group; ``more`` adds feeds, ``name="module:object"``."""
    feeds = {"script": f"{MODULE}:FEED", "needy": f"{MODULE}:NEEDY_FEED", **more}
    groups = {
        "queue_alert.feeds": feeds,
        "queue_alert.outputs": {"pin": f"{MODULE}:PIN"},
        "queue_alert.engines": {"levels": f"{MODULE}:LevelEngine"},
        "queue_alert.buttons": {"push": f"{MODULE}:BUTTON", "pad": f"{MODULE}:PAD"},
        "queue_alert.publishers": {"hub": f"{MODULE}:HUB"},
        "queue_alert.routes": {"count": f"{MODULE}:ROUTE"},
    }
    return {
        group: [EntryPoint(name=name, value=value, group=group) for name, value in entries.items()]
        for group, entries in groups.items()
    }


def registry(**more: str) -> Registry:
    """Return a registry of the fakes."""
    known = points(**more)
    return Registry(lambda group: known.get(group, []))


def lost(reason: str = "the line was cut", *, recoverable: bool = True) -> Callable[[ScriptedFeed], None]:
    """Return a script's entry that fails at once."""

    def fail(_feed: ScriptedFeed) -> None:
        raise DriverError(reason, recoverable=recoverable)

    return fail
