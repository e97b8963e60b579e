"""What becomes of alerts outside the core: they are said in the log, kept, and people are told."""

import logging
from collections.abc import Callable
from glob import escape
from pathlib import Path

from queue_alert.app.callouts import LogCallout
from queue_alert.app.config import Setup
from queue_alert.app.delivery import Delivery
from queue_alert.app.logs import log_alert
from queue_alert.app.store import HistoryEntry, Store
from queue_alert.core.alerts import Alert, Move, PersonName
from queue_alert.core.effects import AlertMoved, CallPeople
from queue_alert.core.events import OUR_OWN, AcdEvent, AlertAcknowledged
from queue_alert.core.monitor import Monitor
from queue_alert.ports import Callout, Clock

__all__ = ["Alerting"]

_logger = logging.getLogger(__name__)


class Alerting:
    """Keeps alerts and has people told.

    Args:
        setup: The configuration.
        monitor: The core.
        clock: The steady line.
        submit: Takes events to the core.
        say: Called with what is wrong with the store, and "" when that is over.
        callout: Reaches people; left out: the log.
    """

    def __init__(
        self,
        setup: Setup,
        monitor: Monitor,
        *,
        clock: Clock,
        submit: Callable[[AcdEvent], None],
        say: Callable[[str], None],
        callout: Callout | None = None,
    ) -> None:
        self._monitor = monitor
        self._clock = clock
        self._submit = submit
        self._store = _store(setup, clock, say)
        self._calls = 0
        self._delivery = Delivery(
            setup.policy.roster,
            callout or LogCallout(),
            self._store,
            clock=clock,
            find=lambda which: monitor.find_alert(which, clock.now()),
            acknowledged=self._acknowledged,
        )

    async def load(self) -> None:
        """Go on where the program ended; to be called before the first event."""
        if self._store is None:
            return
        loaded = await self._store.load()
        for note in loaded.notes:
            _logger.warning("store note=%s", note)
        self._monitor.restore(loaded.alerts)
        self._delivery.restore(loaded.attempts)
        if loaded.alerts:
            _logger.info("store=%s alerts=%d", "read", len(loaded.alerts))

    def take(self, effect: AlertMoved | CallPeople) -> None:
        """Take what happened to an alert; never blocks."""
        log_alert(effect)
        if self._store is not None:
            self._store.save_alert(effect.alert)
            self._store.note(_entry(effect, self._clock.now()))
        if isinstance(effect, CallPeople):
            self._delivery.tell(effect)

    async def run(self) -> None:
        """Tell people, until cancelled."""
        await self._delivery.run()

    async def close(self) -> None:
        """Write down what is not written yet; a second at most."""
        if self._store is not None:
            await self._store.close()

    def _acknowledged(self, alert: Alert, person: PersonName) -> None:
        self._calls += 1
        now = self._clock.now()
        self._submit(
            AlertAcknowledged(
                id=f"call-{now:.6f}-{self._calls}",
                source=OUR_OWN,
                time=now,
                groups=(escape(alert.id.group),),
                by=person,
                rule=alert.id.rule,
                generation=alert.generation,
            )
        )


def _store(setup: Setup, clock: Clock, say: Callable[[str], None]) -> Store | None:
    if setup.store is None:
        return None
    path: Path = setup.store.file(setup.base)
    return Store(path, clock=clock, table=setup.store, report=say)


def _entry(effect: AlertMoved | CallPeople, now: float) -> HistoryEntry:
    alert = effect.alert
    if isinstance(effect, CallPeople):
        people = ", ".join(f"{key.person} by {key.method}" for key in effect.attempts)
        words, what = "; ".join((people, *effect.notes)), "tell"
    else:
        words, what = alert.reason if effect.move is Move.FIRED else "", effect.move.value
    return HistoryEntry(
        at=alert.state_since if what == Move.FIRED.value else now,
        alert=alert.id,
        generation=alert.generation,
        what=what,
        words=words,
        by=alert.acknowledged_by if what == Move.ACKNOWLEDGED.value else "",
    )
