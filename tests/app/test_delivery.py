"""Telling people: on the disk first, asked for again right before, once, and not too often."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from msgspec.structs import replace

from queue_alert.app import delivery as module
from queue_alert.app.callouts import LogCallout, RecordingCallout
from queue_alert.app.delivery import Delivery
from queue_alert.app.store import AttemptKnownError, Confirmation
from queue_alert.core.alerts import (
    Alert,
    AlertId,
    Attempt,
    AttemptKey,
    AttemptState,
    PersonName,
    RuleName,
)
from queue_alert.core.effects import CallPeople
from queue_alert.core.escalation import begin
from queue_alert.core.profiles import Profile, Step
from queue_alert.core.roster import ContactMethod, MethodKind, Person, Roster
from queue_alert.core.severity import Severity
from queue_alert.core.transitions import fire, new_alert
from queue_alert.core.units import GroupName
from queue_alert.ports import Call, DriverError, Outcome
from tests.devices.helpers import LoopClock

pytestmark = pytest.mark.looptime

ANNA = PersonName("anna")
ROSTER = Roster(
    people={
        ANNA: Person(
            name=ANNA,
            methods=(
                ContactMethod(name="phone", kind=MethodKind.SIP, address="sip:201"),
                ContactMethod(name="email", kind=MethodKind.EMAIL, address="anna@example.org"),
            ),
        )
    }
)
PROFILE = Profile(name="p", steps=(Step(targets=(), timeout_s=60.0),))


def key(rule: str = "crowd", method: str = "phone", step: int = 0, generation: int = 1) -> AttemptKey:
    return AttemptKey(
        alert=AlertId(RuleName(rule), GroupName("sales")),
        generation=generation,
        cycle=0,
        step=step,
        person=ANNA,
        method=method,
    )


class Desk:
    """A delivery, what it was told and what it did, in order."""

    def __init__(self) -> None:
        self.clock = LoopClock()
        self.callout = RecordingCallout()
        self.done: list[str] = []
        self.attempts: dict[AttemptKey, Attempt] = {}
        self.alerts: dict[str, Alert] = {}
        self.suppressed_by = ""
        self.acknowledged: list[tuple[AlertId, str]] = []
        self.disk_s = 0.0
        self.delivery = Delivery(
            ROSTER,
            self,
            self,
            clock=self.clock,
            find=lambda which: (self.alerts.get(which.rule), self.suppressed_by),
            acknowledged=lambda alert, person: self.acknowledged.append((alert.id, person)),
        )
        for rule in ("crowd", "other", "third"):
            self.fire(rule)

    def fire(self, rule: str) -> None:
        which = AlertId(RuleName(rule), GroupName("sales"))
        fresh = new_alert(which, Severity.CRITICAL, self.clock.now())
        self.alerts[rule] = begin(fire(fresh, self.clock.now(), reason="waiting 6 >= 5"), PROFILE)

    async def make(self, call: Call) -> Outcome:
        self.done.append(f"call {call.key.alert.rule} {call.key.method}")
        return await self.callout.make(call)

    async def commit_intent(self, attempt: Attempt) -> Confirmation:
        await asyncio.sleep(self.disk_s)
        if attempt.key in self.attempts:
            raise AttemptKnownError(attempt.key)
        self.attempts[attempt.key] = attempt
        self.done.append(f"commit {attempt.key.alert.rule} {attempt.key.method}")
        return Confirmation.ON_DISK

    def finish_attempt(self, attempt: Attempt) -> None:
        self.attempts[attempt.key] = attempt

    def told(self, *keys: AttemptKey) -> None:
        self.delivery.tell(CallPeople(self.alerts["crowd"], keys))

    def states(self) -> dict[str, tuple[str, str]]:
        return {
            f"{each.alert.rule} {each.method}": (attempt.state.value, attempt.detail)
            for each, attempt in self.attempts.items()
        }


@asynccontextmanager
async def working() -> AsyncIterator[Desk]:
    desk = Desk()
    task = asyncio.create_task(desk.delivery.run(), name="delivery")
    yield desk
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_it_is_on_the_disk_before_it_is_made_and_its_outcome_after() -> None:
    async with working() as desk:
        desk.told(key())
        await asyncio.sleep(1)
        assert desk.done == ["commit crowd phone", "call crowd phone"]
        assert desk.states() == {"crowd phone": ("delivered", "")}
        (call,) = desk.callout.calls
        assert (call.method.address, call.lines) == (
            "sip:201",
            ("critical in sales: crowd, waiting 6 >= 5",),
        )


async def test_what_there_is_a_record_of_is_not_made_again() -> None:
    async with working() as desk:
        desk.attempts[key()] = Attempt(key=key(), state=AttemptState.UNKNOWN, at=0.0)
        desk.told(key())
        await asyncio.sleep(1)
        assert desk.done == []
        assert desk.states() == {"crowd phone": ("unknown", "")}


async def test_what_somebody_took_on_while_the_disk_was_busy_is_not_made() -> None:
    async with working() as desk:
        desk.disk_s = 5.0
        desk.told(key())
        await asyncio.sleep(1)
        desk.alerts["crowd"] = replace(desk.alerts["crowd"], generation=2)
        await asyncio.sleep(10)
        assert desk.callout.calls == []
        assert desk.states() == {"crowd phone": ("skipped", "other generation")}


async def test_what_is_suppressed_when_its_turn_comes_is_skipped_and_that_is_written_down() -> None:
    async with working() as desk:
        desk.suppressed_by = "rule cause explains it"
        desk.told(key())
        await asyncio.sleep(1)
        assert (desk.done, desk.states()) == ([], {"crowd phone": ("skipped", "suppressed")})


async def test_what_comes_for_one_person_meanwhile_is_one_call_and_none_is_dropped() -> None:
    async with working() as desk:
        desk.told(key())
        await asyncio.sleep(1)
        desk.told(key("other"))
        await asyncio.sleep(10)
        desk.told(key("third"))
        await asyncio.sleep(40)
        assert desk.done == ["commit crowd phone", "call crowd phone"]
        await asyncio.sleep(20)
        assert desk.done[2:] == ["commit other phone", "call other phone"]
        assert [line.split(":")[1] for line in desk.callout.calls[1].lines] == [
            " other, waiting 6 >= 5",
            " third, waiting 6 >= 5",
        ]
        assert desk.states()["third phone"] == ("skipped", f"told with {key('other')}")


async def test_what_disturbs_nobody_is_not_limited() -> None:
    async with working() as desk:
        desk.told(key(), key("crowd", "email"), key("other", "email"))
        await asyncio.sleep(1)
        assert sorted(one for one in desk.done if one.startswith("call")) == [
            "call crowd email",
            "call crowd phone",
            "call other email",
        ]


async def test_calls_of_before_a_restart_count() -> None:
    desk = Desk()
    before = Attempt(key=key(step=3), state=AttemptState.UNKNOWN, at=desk.clock.now() - 30.0)
    skipped = replace(before, key=key(step=4), state=AttemptState.SKIPPED, at=desk.clock.now() - 1.0)
    desk.delivery.restore([skipped, before])
    task = asyncio.create_task(desk.delivery.run(), name="delivery")
    desk.told(key())
    await asyncio.sleep(25)
    assert desk.done == []
    await asyncio.sleep(10)
    assert desk.done == ["commit crowd phone", "call crowd phone"]
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_who_presses_the_key_has_it_in_hand_if_it_is_still_the_same_firing() -> None:
    async with working() as desk:
        desk.callout.outcome = Outcome(state=AttemptState.ACKNOWLEDGED, detail="key 1")
        desk.told(key())
        await asyncio.sleep(1)
        assert desk.acknowledged == [(key().alert, "anna")]
        assert desk.states() == {"crowd phone": ("acknowledged", "key 1")}


class Broken:
    """A line that is dead, or never ends."""

    def __init__(self, fault: Exception | None) -> None:
        self.fault = fault

    async def make(self, _call: Call) -> Outcome:
        if self.fault is not None:
            raise self.fault
        await asyncio.Event().wait()
        raise AssertionError


@pytest.mark.parametrize(
    ("fault", "detail"),
    [(DriverError("no line"), "no line"), (None, "not over after 300 s")],
)
async def test_a_call_that_cannot_be_made_or_never_ends_has_failed(
    fault: Exception | None, detail: str
) -> None:
    desk = Desk()
    desk.delivery._callout = Broken(fault)
    task = asyncio.create_task(desk.delivery.run(), name="delivery")
    desk.told(key())
    await asyncio.sleep(400)
    assert desk.states() == {"crowd phone": ("failed", detail)}
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_whom_the_configuration_does_not_know_any_more_cannot_be_told() -> None:
    async with working() as desk:
        desk.told(key(method="fax"))
        await asyncio.sleep(1)
        assert desk.states() == {
            "crowd fax": ("failed", "the person or the method is not in the configuration any more")
        }


async def test_there_is_a_bound_on_what_waits(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "_MOST_WAITING", 1)
    desk = Desk()
    desk.told(key(), key("other"))
    assert [record.levelname for record in caplog.records] == ["ERROR"]


async def test_the_log_says_who_would_be_called_with_the_address_masked(
    caplog: pytest.LogCaptureFixture,
) -> None:
    method = ContactMethod(name="mobile", kind=MethodKind.PHONE, address="+447700900123")
    outcome = await LogCallout().make(Call(key=key(), method=method, lines=("critical in sales: crowd",)))
    assert outcome == Outcome(state=AttemptState.DELIVERED, detail="written into the log")
    (record,) = caplog.records
    assert "person=anna method=mobile" in record.message
    assert "7700900" not in record.message
