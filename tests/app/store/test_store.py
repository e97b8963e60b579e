import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from queue_alert.app.store import (
    AttemptKnownError,
    Confirmation,
    HistoryEntry,
    Loaded,
    Override,
    PersonMode,
    Setting,
    Silence,
    Store,
)
from queue_alert.core.alerts import Attempt, AttemptState, PersonName, RuleName
from queue_alert.core.units import GroupName
from tests.app.store import made
from tests.app.store.conftest import Open, until

SILENCE = Silence(id="s1", until=5000.0, groups=("sales",), reason="works", author="bob", since=1000.0)
MODE = PersonMode(person=PersonName("ann"), mode="out-of-office", since=1000.0, by="ann")
OVERRIDE = Override(
    id="o1", person=PersonName("bob"), covers=PersonName("ann"), starts=1000.0, ends=9000.0, author="ann"
)
SETTING = Setting(name="sounder", value="off")


async def test_a_new_file_holds_nothing_and_only_its_owner_may_read_it(make: Callable[..., Store]) -> None:
    store = make()
    assert await store.load() == Loaded()
    assert store.fault == ""
    assert store.fault_since is None
    modes = await asyncio.to_thread(
        lambda: {file.name: file.stat().st_mode & 0o777 for file in store._path.parent.iterdir()}
    )
    assert modes == dict.fromkeys(("store.db", "store.db-wal", "store.db-shm", "store.db.lock"), 0o600)


async def test_what_was_kept_is_there_again(begin: Open, make: Callable[..., Store]) -> None:
    store = await begin()
    store.save_alert(made.alert())
    store.save_silence(SILENCE)
    store.save_mode(MODE)
    store.save_override(OVERRIDE)
    store.save_setting(SETTING)
    assert await store.commit_intent(made.attempt()) is Confirmation.ON_DISK
    store.finish_attempt(made.attempt(state=AttemptState.ACKNOWLEDGED))
    assert await store.confirm_acknowledgement(made.acknowledgement()) is Confirmation.ON_DISK
    await store.close()
    assert await make().load() == Loaded(
        alerts=(made.alert(),),
        attempts=(made.attempt(state=AttemptState.ACKNOWLEDGED),),
        acknowledgements=(made.acknowledgement(),),
        silences=(SILENCE,),
        modes=(MODE,),
        overrides=(OVERRIDE,),
        settings=(SETTING,),
    )


async def test_the_newest_of_a_name_counts(begin: Open, make: Callable[..., Store]) -> None:
    store = await begin()
    store.save_alert(made.alert(1))
    await store.flush()
    store.save_alert(made.alert(2))
    store.save_alert(made.alert(3))
    store.save_alert(made.alert(group="support"))
    await store.close()
    loaded = await make().load()
    assert loaded.alerts == (made.alert(3), made.alert(group="support"))


async def test_what_was_removed_is_gone(begin: Open, make: Callable[..., Store]) -> None:
    store = await begin()
    store.save_silence(SILENCE)
    store.save_mode(MODE)
    store.save_override(OVERRIDE)
    store.save_setting(SETTING)
    await store.flush()
    store.remove_silence("s1")
    store.remove_mode(PersonName("ann"))
    store.remove_override("o1")
    store.remove_setting("sounder")
    await store.close()
    assert await make().load() == Loaded()


async def test_a_key_is_never_used_twice(begin: Open, make: Callable[..., Store]) -> None:
    store = await begin()
    await store.commit_intent(made.attempt())
    store.finish_attempt(made.attempt(state=AttemptState.BUSY))
    with pytest.raises(AttemptKnownError) as refused:
        await store.commit_intent(made.attempt(at=1500.0))
    assert str(refused.value) == (
        "the attempt long-wait/sales#1/0.0/ann/phone/1 was made before, and is not made again"
    )
    await store.close()
    again = make()
    assert (await again.load()).attempts == (made.attempt(state=AttemptState.BUSY),)
    with pytest.raises(AttemptKnownError):
        await again.commit_intent(made.attempt(at=1500.0))


async def test_a_key_that_only_the_file_knows_is_refused_too(begin: Open, make: Callable[..., Store]) -> None:
    store = await begin()
    await store.commit_intent(made.attempt())
    # As if it were not among the newest few thousand that are held in memory.
    store._backlog._held["attempts"].clear()
    for _ in range(2):
        with pytest.raises(AttemptKnownError):
            await store.commit_intent(made.attempt(at=1500.0))
    assert await store.commit_intent(made.attempt(2)) is Confirmation.ON_DISK
    await store.close()
    loaded = await make().load()
    assert [attempt.at for attempt in loaded.attempts] == [1000.0, 1000.0]


async def test_names_that_read_alike_are_two(begin: Open) -> None:
    store = await begin()
    await store.commit_intent(made.attempt(group="sales/north"))
    one = made.attempt(group="north")
    other = type(one)(
        key=type(one.key)(
            alert=type(one.key.alert)(rule=RuleName("long-wait/sales"), group=GroupName("north")),
            generation=1,
            cycle=0,
            step=0,
            person=PersonName("ann"),
            method="phone",
        ),
        state=one.state,
        at=one.at,
    )
    assert str(other.key) == str(made.key(group="sales/north"))
    assert await store.commit_intent(other) is Confirmation.ON_DISK


async def test_what_was_under_way_is_unknown_and_so_it_is_on_the_disk(
    begin: Open, make: Callable[..., Store], path: Path
) -> None:
    store = await begin()
    await store.commit_intent(made.attempt(1))
    await store.commit_intent(made.attempt(2))
    store.finish_attempt(made.attempt(2, state=AttemptState.DELIVERED))
    await store.close()
    again = make()
    loaded = await again.load()
    unknown = Attempt(
        key=made.key(1),
        state=AttemptState.UNKNOWN,
        at=1000.0,
        ended_at=2000.0,
        detail="the program ended during it",
    )
    assert loaded == Loaded(
        attempts=(unknown, made.attempt(2, state=AttemptState.DELIVERED)), interrupted=(made.key(1),)
    )
    states = await asyncio.to_thread(column, path, "SELECT state FROM attempts ORDER BY number")
    assert states == ["unknown", "delivered"]


async def test_a_second_acknowledgement_is_kept_beside_the_first(
    begin: Open, make: Callable[..., Store]
) -> None:
    store = await begin()
    await store.confirm_acknowledgement(made.acknowledgement("ann"))
    await store.confirm_acknowledgement(made.acknowledgement("bob"))
    await store.confirm_acknowledgement(made.acknowledgement("bob"))
    await store.close()
    assert [ack.by for ack in (await make().load()).acknowledgements] == ["ann", "bob", "bob"]


async def test_an_intent_takes_all_that_was_saved_before_with_it(begin: Open, path: Path) -> None:
    store = await begin()
    store.save_alert(made.alert())
    store.note(made.entry())
    await store.commit_intent(made.attempt())
    assert store.unwritten == 0
    assert await asyncio.to_thread(column, path, "SELECT count(*) FROM history") == [1]


async def test_what_is_not_urgent_is_written_within_a_second(begin: Open, path: Path) -> None:
    store = await begin()
    store.save_alert(made.alert())
    assert store.unwritten == 1
    await until(lambda: not store.unwritten)
    assert await asyncio.to_thread(column, path, "SELECT generation FROM alerts") == [1]


async def test_a_hundred_writes_are_not_waited_with(begin: Open) -> None:
    store = await begin()
    for at in range(100):
        store.note(made.entry(float(at)))
    await until(lambda: not store.unwritten, within=0.9)


async def test_a_busy_floor_is_committed_once_a_second_all_the_same(begin: Open) -> None:
    commits = 0

    def connect(uri: str) -> sqlite3.Connection:
        def count(text: str) -> None:
            nonlocal commits
            commits += text == "COMMIT"

        connection = sqlite3.connect(uri, uri=True, isolation_level=None)
        connection.set_trace_callback(count)
        return connection

    store = await begin(connect=connect)
    commits = 0
    await store.commit_intent(made.attempt())
    for number in range(60):
        store.note(made.entry(float(number)))
        await asyncio.sleep(0.02)
    await store.flush()
    # The intent, what was gathered in a second, what came after it.
    assert commits <= 4


async def test_history_is_asked_for_by_time_and_number(begin: Open) -> None:
    store = await begin()
    for at in (1.0, 2.0, 2.0, 3.0):
        store.note(made.entry(at, what=f"at {at}"))
    store.note(made.entry(2.0, what="later"))
    assert await store.history(2.0) == [
        made.entry(2.0, "at 2.0"),
        made.entry(2.0, "at 2.0"),
        made.entry(2.0, "later"),
        made.entry(3.0, "at 3.0"),
    ]
    assert await store.history(0.0, most=1) == [made.entry(3.0, "at 3.0")]


async def test_an_intervals_figures_are_replaced_and_come_in_order(begin: Open) -> None:
    store = await begin()
    store.save_interval(made.figures(1800.0))
    store.save_interval(made.figures(900.0))
    store.save_interval(made.figures(900.0, group="north"))
    await store.flush()
    store.save_interval(made.figures(900.0, offered=7.0))
    store.save_interval(made.figures(0.0))
    assert await store.intervals(900.0) == [
        made.figures(900.0, group="north"),
        made.figures(900.0, offered=7.0),
        made.figures(1800.0),
    ]


async def test_intents_are_synchronised_and_the_rest_is_not(begin: Open) -> None:
    said: list[str] = []

    def connect(uri: str) -> sqlite3.Connection:
        connection = sqlite3.connect(uri, uri=True, isolation_level=None)
        connection.set_trace_callback(said.append)
        return connection

    store = await begin(connect=connect)
    said.clear()
    for at in range(100):
        store.note(made.entry(float(at)))
    await until(lambda: not store.unwritten)
    await store.commit_intent(made.attempt())
    await store.confirm_acknowledgement(made.acknowledgement())
    await store.flush()
    modes = [word.rpartition(" ")[2] for word in said if word.startswith("PRAGMA synchronous")]
    assert modes == ["NORMAL", "FULL", "FULL", "FULL"]
    # With nothing to write, SQLite would not synchronise what was committed before.
    assert said[-2:] == ["PRAGMA user_version = 1", "COMMIT"]


async def test_a_record_that_cannot_be_written_keeps_no_other_from_the_disk(
    begin: Open, make: Callable[..., Store]
) -> None:
    store = await begin()
    store.note(HistoryEntry(at=1.0, alert=made.ALERT, generation=1, what="half a \ud83d"))
    store.note(HistoryEntry(at=1.0, alert=made.ALERT, generation=2**70, what="too often"))
    store.save_alert(made.alert())
    assert await store.commit_intent(made.attempt()) is Confirmation.ON_DISK
    assert (store.fault, store.dropped, store.unwritten) == ("", 2, 0)
    await store.close()
    assert (await make().load()).alerts == (made.alert(),)


async def test_an_intent_that_cannot_be_written_is_not_called_written(begin: Open) -> None:
    store = await begin()
    unfit = made.attempt(generation=2**70)
    assert await store.commit_intent(unfit) is Confirmation.IN_MEMORY


async def test_a_record_that_is_not_understood_is_passed_over_and_said(
    begin: Open, make: Callable[..., Store], path: Path
) -> None:
    store = await begin()
    store.save_alert(made.alert())
    store.save_alert(made.alert(group="support"))
    await store.close()
    await asyncio.to_thread(column, path, "UPDATE alerts SET record = '{}' WHERE \"group\" = 'sales'")
    loaded = await make().load()
    assert loaded == Loaded(
        alerts=(made.alert(group="support"),), notes=("alerts: 1 could not be understood and passed over",)
    )


async def test_before_it_has_begun_and_after_its_end_all_is_in_memory(make: Callable[..., Store]) -> None:
    store = make()
    assert await store.commit_intent(made.attempt()) is Confirmation.IN_MEMORY
    await store.load()
    await store.close()
    assert await store.commit_intent(made.attempt(2)) is Confirmation.IN_MEMORY
    await store.close()


def column(path: Path, query: str) -> list[object]:
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        return [row[0] for row in connection.execute(query)]
    finally:
        connection.close()
