"""What every test gets: a loop that may not be blocked, and bounded properties."""

import asyncio
import os
import signal
from collections.abc import Iterator

import pytest
from blockbuster import BlockBuster, blockbuster_ctx
from hypothesis import HealthCheck, settings

from devices import pins

# Without a loop set, whoever asks the policy for one gets an error; else a loop would be made that nobody
# closes, and some later test would fail for it.
asyncio.set_event_loop(None)

# A shell that starts this in the background has Ctrl-C ignored, also by all that is started from here.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

for name, examples in (("default", 40), ("long", 3_000)):
    settings.register_profile(
        name, deadline=None, max_examples=examples, suppress_health_check=[HealthCheck.too_slow]
    )
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


@pytest.fixture(autouse=True)
def blockbuster() -> Iterator[BlockBuster]:
    """Fail a test whose own code blocks the event loop."""
    with blockbuster_ctx(["queue_alert", "adapters", "devices", "dashboards", "simulator"]) as guard:
        yield guard


@pytest.fixture(autouse=True)
def lgpio_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a check find lgpio on every machine; a Pi has it, others need not."""
    monkeypatch.setattr(pins, "find_spec", lambda _name: True)
