"""Tells people: each attempt is on the disk before it is made, asked for again right before, and made once.

Calls for one person are limited, and what waits for one goes into one call. What was under way when the
program died is *unknown* and is not made again; the next step covers it.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Final, Protocol

from msgspec.structs import replace

from queue_alert.app.store import AttemptKnownError, Confirmation
from queue_alert.core.alerts import Alert, AlertId, Attempt, AttemptKey, AttemptState, PersonName
from queue_alert.core.dialling import WhyNot, why_not_dial
from queue_alert.core.effects import CallPeople
from queue_alert.core.roster import ContactMethod, MethodKind, Roster
from queue_alert.core.throttle import Bundle, Throttle
from queue_alert.core.units import Seconds
from queue_alert.ports import Call, Callout, Clock, DriverError, Outcome

__all__ = ["Delivery", "Keeper"]

_logger = logging.getLogger(__name__)

LONGEST_CALL_S: Final[Seconds] = 300.0
"""A call that lasts longer is given up."""

_MOST_WAITING: Final = 10_000
_CALLS: Final = frozenset({MethodKind.PHONE, MethodKind.SIP, MethodKind.PAGER})
"""What disturbs people, and so is limited."""


class Keeper(Protocol):
    """Where attempts are written down."""

    async def commit_intent(self, attempt: Attempt) -> Confirmation:
        """Keep that somebody is about to be reached; on the disk when this returns, if it can be written.

        Raises:
            AttemptKnownError: There is a record of it: nobody may be dialled.
        """

    def finish_attempt(self, attempt: Attempt) -> None:
        """Keep what became of an attempt."""


class Delivery:
    """Makes the attempts of all escalations.

    Args:
        roster: Whom to reach how.
        callout: Reaches people.
        keeper: Where attempts are written down; ``None``: nowhere.
        clock: The steady line.
        find: Returns an alert as it stands and what it is suppressed by ("": nothing).
        acknowledged: Called with an alert and the person who pressed the key.
    """

    def __init__(
        self,
        roster: Roster,
        callout: Callout,
        keeper: Keeper | None,
        *,
        clock: Clock,
        find: Callable[[AlertId], tuple[Alert | None, str]],
        acknowledged: Callable[[Alert, PersonName], None],
    ) -> None:
        self._roster = roster
        self._callout = callout
        self._keeper = keeper
        self._clock = clock
        self._find = find
        self._acknowledged = acknowledged
        self._throttle = Throttle()
        self._waiting: dict[AttemptKey, None] = {}
        self._news = asyncio.Event()

    def restore(self, attempts: Iterable[Attempt]) -> None:
        """Remember who was called before a restart, oldest first."""
        for attempt in sorted(attempts, key=lambda attempt: attempt.at):
            if attempt.state is not AttemptState.SKIPPED and self._is_call(attempt.key):
                self._throttle.called(attempt.key.person, attempt.at)

    def tell(self, effect: CallPeople) -> None:
        """Make these attempts as soon as the limits allow."""
        for key in effect.attempts:
            if len(self._waiting) >= _MOST_WAITING:
                _logger.error("attempt=%s dropped=true reason=too many wait", key)
            else:
                self._waiting[key] = None
        self._news.set()

    async def run(self) -> None:
        """Make what is to be made, until cancelled."""
        async with asyncio.TaskGroup() as calls:
            while True:
                self._news.clear()
                until = self._start(calls)
                delay_s = None if until is None else max(until - self._clock.now(), 0.0)
                try:
                    async with asyncio.timeout(delay_s):
                        await self._news.wait()
                except TimeoutError:
                    continue

    def _start(self, calls: asyncio.TaskGroup) -> float | None:
        """Start what may be made now; return when the next may be, ``None``: nothing waits."""
        now = self._clock.now()
        limited = [key for key in self._waiting if self._is_call(key)]
        plan = self._throttle.plan(limited, now)
        bundles = [*plan.now, *(Bundle((key,)) for key in self._waiting if not self._is_call(key))]
        for bundle in bundles:
            for key in bundle.keys:
                del self._waiting[key]
            if alive := [key for key in bundle.keys if self._is_still_to_be_made(key)]:
                if self._is_call(alive[0]):
                    self._throttle.called(alive[0].person, now)
                calls.create_task(self._make(alive), name=f"call-{alive[0].person}")
        return min((waiting.until for waiting in plan.later), default=None)

    async def _make(self, keys: list[AttemptKey]) -> None:
        lead, *others = keys
        method = self._method(lead)
        if method is None:
            words = "the person or the method is not in the configuration any more"
            self._finish(Attempt(key=lead, state=AttemptState.FAILED, at=self._clock.now()), words)
            return
        attempt = Attempt(key=lead, state=AttemptState.DIALLING, at=self._clock.now())
        if self._keeper is not None:
            try:
                await self._keeper.commit_intent(attempt)
            except AttemptKnownError:
                _logger.warning("attempt=%s dropped=true reason=there is a record of it already", lead)
                return
        # Somebody may have taken it on while the disk was busy.
        if not self._is_still_to_be_made(lead):
            return
        for other in others:
            self._finish(Attempt(key=other, state=AttemptState.SKIPPED, at=attempt.at), f"told with {lead}")
        outcome = await self._outcome(Call(key=lead, method=method, lines=self._lines(keys)))
        self._finish(replace(attempt, state=outcome.state), outcome.detail)
        alert, _ = self._find(lead.alert)
        if outcome.state is AttemptState.ACKNOWLEDGED and alert and alert.generation == lead.generation:
            self._acknowledged(alert, lead.person)

    async def _outcome(self, call: Call) -> Outcome:
        try:
            async with asyncio.timeout(LONGEST_CALL_S):
                return await self._callout.make(call)
        except DriverError as error:
            return Outcome(state=AttemptState.FAILED, detail=error.reason)
        except TimeoutError:
            return Outcome(state=AttemptState.FAILED, detail=f"not over after {LONGEST_CALL_S:g} s")

    def _is_still_to_be_made(self, key: AttemptKey) -> bool:
        """Return whether an attempt is to be made as it stands now; if not, write down why not."""
        alert, suppressed_by = self._find(key.alert)
        why = why_not_dial(alert, key, self._clock.now(), suppressed_by=suppressed_by)
        if why is not None:
            self._finish(Attempt(key=key, state=AttemptState.SKIPPED, at=self._clock.now()), _words(why))
        return why is None

    def _finish(self, attempt: Attempt, detail: str) -> None:
        ended = replace(attempt, ended_at=self._clock.now(), detail=detail)
        _logger.info("attempt=%s state=%s detail=%s", ended.key, ended.state.value, detail)
        if self._keeper is not None:
            self._keeper.finish_attempt(ended)

    def _lines(self, keys: list[AttemptKey]) -> tuple[str, ...]:
        lines = []
        for which in dict.fromkeys(key.alert for key in keys):
            alert, _ = self._find(which)
            reason = alert.reason if alert else ""
            severity = alert.severity.name.lower() if alert else ""
            lines.append(f"{severity} in {which.group}: {which.rule}, {reason}")
        return tuple(lines)

    def _is_call(self, key: AttemptKey) -> bool:
        method = self._method(key)
        return method is not None and method.kind in _CALLS

    def _method(self, key: AttemptKey) -> ContactMethod | None:
        person = self._roster.people.get(key.person)
        methods = person.methods if person else ()
        return next((method for method in methods if method.name == key.method), None)


def _words(why: WhyNot) -> str:
    return why.value.replace("_", " ")
