"""Outputs one after the other without an engine: can they be opened, and are they dark."""

import asyncio
import http.client
import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Final

import msgspec

from queue_alert.app.config.places import ListenAddress
from queue_alert.app.config.setup import OutputPlan
from queue_alert.core.errors import QueueAlertError
from queue_alert.core.units import Seconds
from queue_alert.ports import Clock, Output, OutputContext, SelfHealingOutput

__all__ = ["Probe", "faults_of_running_monitor", "probe_outputs"]

_logger = logging.getLogger(__name__)

_ANSWER_TIMEOUT_S: Final[Seconds] = 1.0
_MAX_ANSWER_BYTES: Final = 1 << 20
_OFF: Final = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What became of one output: opened, made dark, closed.

    Attributes:
        name: Its name in the configuration.
        lamps: Names of its lamps, the most severe first; empty where it could not even be made.
        fault: What went wrong and what to do, "" if nothing did.
    """

    name: str
    lamps: tuple[str, ...]
    fault: str


def probe_outputs(
    plans: Sequence[OutputPlan], clock: Clock, *, base: Path, timeout_s: Seconds
) -> list[Probe]:
    """Open every output, make it dark and close it, all at once; one that fails or hangs stops no other.

    Args:
        plans: What is configured.
        clock: The steady line.
        base: Folder that relative paths in the configuration start from.
        timeout_s: How long all of it may take; an output that is not done by then has failed.

    Returns:
        One for each plan, in the same order.
    """
    ends_at = monotonic() + timeout_s
    probes: dict[str, Probe] = {}

    def work(plan: OutputPlan) -> None:
        context = OutputContext(name=plan.name, clock=clock, base=base)
        probes[plan.name] = _probe(plan, context, ends_at)

    # Daemons, because a device that hangs must not keep the process: a pool's threads would.
    threads = [
        threading.Thread(target=work, args=(plan,), name=f"probe-{plan.name}", daemon=True) for plan in plans
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(ends_at - monotonic(), 0.0) + _GRACE_S)
    late = f"does not answer within {timeout_s:g} s; is it plugged in, and is its address right?"
    return [probes.get(plan.name) or Probe(name=plan.name, lamps=(), fault=late) for plan in plans]


_LOOK_EVERY_S: Final[Seconds] = 0.02
_GRACE_S: Final[Seconds] = 0.2
"""For an output that noticed in time that the time is over."""


def _probe(plan: OutputPlan, context: OutputContext, ends_at: float) -> Probe:
    lamps: tuple[str, ...] = ()
    try:
        output = plan.driver.create(plan.options, context)
        lamps = tuple(output.lamps)
        if isinstance(output, SelfHealingOutput):
            # Some have a thread of their own, some live on a loop: each gets one here.
            fault = asyncio.run(_settled(output, ends_at))
        else:
            fault = ""
            _darken(output)
    except QueueAlertError as error:
        fault = str(error)
    except Exception:  # what is one output's bug must leave no other lit
        _logger.exception("output broke output=%s", plan.name)
        fault = "the driver broke; see the log"
    return Probe(name=plan.name, lamps=lamps, fault=fault.removeprefix(f"outputs.{plan.name}: "))


def _darken(output: Output) -> None:
    try:
        output.open()
        output.write(dict.fromkeys(output.lamps, _OFF))
    finally:
        output.close()


async def _settled(output: SelfHealingOutput, ends_at: float) -> str:
    """Make an output dark and return its fault, "" if there is none."""
    try:
        output.open()
        output.write(dict.fromkeys(output.lamps, _OFF))
        while (fault := output.settled()) is None:
            if monotonic() >= ends_at:
                return "does not answer in time; is it plugged in, and is its address right?"
            await asyncio.sleep(_LOOK_EVERY_S)
        return fault
    finally:
        output.close()
        if others := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(others, timeout=max(ends_at - monotonic(), 0.0))


class _OutputHealth(msgspec.Struct):
    fault: str


class _Health(msgspec.Struct):
    """What is read of ``/healthz``."""

    version: str
    uptime_s: float
    outputs: dict[str, _OutputHealth]


def faults_of_running_monitor(listen: ListenAddress | None) -> dict[str, str]:
    """Return the outputs that a running monitor holds, each with its fault ("" while it works).

    Args:
        listen: Where the monitor of this configuration serves its pages; ``None``: nowhere.

    Returns:
        Nothing where none runs, or none that can be asked.
    """
    if listen is None or listen.port == 0:
        return {}
    connection = http.client.HTTPConnection(listen.host, listen.port, timeout=_ANSWER_TIMEOUT_S)
    try:
        connection.request("GET", "/healthz")
        health = msgspec.json.decode(connection.getresponse().read(_MAX_ANSWER_BYTES), type=_Health)
    except (OSError, http.client.HTTPException, msgspec.MsgspecError, ValueError):
        return {}  # nobody, or somebody else
    finally:
        connection.close()
    return {name: output.fault for name, output in health.outputs.items()}
