"""The outputs and the engines that play them."""

from collections.abc import Container
from typing import Any

from queue_alert.app.config import Setup
from queue_alert.app.registry import ENGINES, Registry
from queue_alert.core.effects import SignalLevel
from queue_alert.core.units import Seconds
from queue_alert.ports import (
    Clock,
    LampObserver,
    Output,
    OutputContext,
    OutputEngine,
    OutputSetup,
)

__all__ = ["OutputSide"]


class OutputSide:
    """All outputs of a configuration, or some of them, each with its engine.

    Making one loads every driver and touches no device.

    Args:
        setup: A checked configuration.
        registry: The installed drivers.
        clock: The steady line.
        names: The outputs that are meant; all by default.

    Attributes:
        outputs: The outputs by name.
        engines: The engines by entry-point name; none before :meth:`start`.

    Raises:
        QueueAlertError: A driver cannot be had.
    """

    def __init__(
        self, setup: Setup, registry: Registry, clock: Clock, *, names: Container[str] | None = None
    ) -> None:
        self._clock = clock
        self._timezone = setup.policy.timezone
        self._engine_options = setup.engine_options
        self._setups: dict[str, list[OutputSetup]] = {}
        self._classes: dict[str, Any] = {}
        self._engine_of: dict[str, str] = {}
        self.outputs: dict[str, Output] = {}
        for plan in setup.outputs:
            if names is not None and plan.name not in names:
                continue
            name = plan.driver.engine
            context = OutputContext(name=plan.name, clock=clock, base=setup.base)
            output = self.outputs[plan.name] = plan.driver.create(plan.options, context)
            self._classes[name] = registry.load_any(ENGINES, name)
            self._engine_of[plan.name] = name
            self._setups.setdefault(name, []).append(
                OutputSetup(name=plan.name, driver=plan.driver, options=plan.options, output=output)
            )
        self.engines: dict[str, OutputEngine] = {}

    def start(self, observer: LampObserver) -> None:
        """Make the engines; they do nothing until they are run."""
        for name, setups in self._setups.items():
            self.engines[name] = self._classes[name](
                setups, self._engine_options[name], self._clock, observer, timezone=self._timezone
            )

    def show(self, output: str, level: SignalLevel) -> None:
        """Hand a level to the output's engine."""
        self.engines[self._engine_of[output]].show(output, level)

    def test(self, output: str) -> Seconds:
        """Have every lamp of an output lit in turn; return how long that takes."""
        return self.engines[self._engine_of[output]].test(output)

    def test_all(self) -> None:
        """Have every lamp of every output lit in turn."""
        for output in self._engine_of:
            self.test(output)

    def close(self) -> None:
        """Make everything dark."""
        for engine in self.engines.values():
            engine.close()
