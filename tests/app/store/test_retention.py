from collections.abc import Callable
from pathlib import Path

import msgspec

from queue_alert.app.store import Loaded, Store, StoreTable
from queue_alert.app.store.options import DAY_S
from queue_alert.app.store.retention import MOST_PRUNED
from queue_alert.core.alerts import AlertState, AttemptState
from tests.app.fakes import FixedClock
from tests.app.store import made
from tests.app.store.conftest import Open, until
from tests.app.store.test_store import OVERRIDE, SILENCE

TABLE = StoreTable(keep_history_days=10, keep_attempts_days=20, keep_intervals_days=30, keep_ended_days=5)
NOW = 100 * DAY_S


async def prune(store: Store) -> None:
    """Have it prune, which it does once a minute."""
    store._writer._prune_at = 0.0
    await store.flush()
    await until(lambda: store._writer._prune_at > 0.0)
    # Answered by the turn after the one that prunes.
    await store.flush()


async def test_what_was_kept_for_long_enough_goes(begin: Open, make: Callable[..., Store]) -> None:
    store = await begin(clock=FixedClock(NOW), table=TABLE)
    for days in (9, 11):
        store.note(made.entry(NOW - days * DAY_S))
    for days in (29, 31):
        store.save_interval(made.figures(NOW - days * DAY_S))
    for number, days in ((1, 19), (2, 21)):
        at = NOW - days * DAY_S
        await store.commit_intent(made.attempt(number, at=at))
        store.finish_attempt(made.attempt(number, at=at, state=AttemptState.BUSY))
        await store.confirm_acknowledgement(made.acknowledgement(at=at))
    for days in (4, 6):
        store.save_silence(msgspec.structs.replace(SILENCE, id=f"{days}", until=NOW - days * DAY_S))
        store.save_override(msgspec.structs.replace(OVERRIDE, id=f"{days}", ends=NOW - days * DAY_S))
    await prune(store)
    assert [entry.at for entry in await store.history(0.0)] == [NOW - 9 * DAY_S]
    assert [figures.begins for figures in await store.intervals(0.0)] == [NOW - 29 * DAY_S]
    held = {kind: list(names) for kind, names in store._backlog._held.items()}
    assert (held["silences"], held["overrides"]) == ([("silences", "4")], [("overrides", "4")])
    await store.close()
    loaded = await make().load()
    assert [attempt.key.number for attempt in loaded.attempts] == [1]
    assert [ack.at for ack in loaded.acknowledgements] == [NOW - 19 * DAY_S]
    assert ([s.id for s in loaded.silences], [o.id for o in loaded.overrides]) == (["4"], ["4"])


async def test_an_alert_that_is_not_over_keeps_what_was_tried(
    begin: Open, make: Callable[..., Store]
) -> None:
    store = await begin(clock=FixedClock(NOW), table=TABLE)
    store.save_alert(made.alert(2))
    for generation in (1, 2):
        await store.commit_intent(made.attempt(1, generation))
        await store.confirm_acknowledgement(made.acknowledgement(generation=generation))
    await prune(store)
    store.save_alert(msgspec.structs.replace(made.alert(2), state=AlertState.RESOLVED))
    await store.close()
    again = make(clock=FixedClock(NOW), table=TABLE)
    loaded = await again.load()
    assert [attempt.key.generation for attempt in loaded.attempts] == [2]
    assert [ack.generation for ack in loaded.acknowledgements] == [2]
    await prune(again)
    await again.close()
    assert (await make().load()).attempts == ()


async def test_it_goes_a_little_at_a_time(begin: Open) -> None:
    store = await begin(clock=FixedClock(NOW), table=TABLE)
    for number in range(MOST_PRUNED + 7):
        store.note(made.entry(float(number)))
    await store.flush()
    await prune(store)
    assert [entry.at for entry in await store.history(0.0)] == [float(MOST_PRUNED + n) for n in range(7)]
    await prune(store)
    assert await store.history(0.0) == []


async def test_a_silence_that_has_ended_is_not_pruned_before_its_time(
    begin: Open, make: Callable[..., Store]
) -> None:
    store = await begin(clock=FixedClock(SILENCE.until + DAY_S), table=TABLE)
    store.save_silence(SILENCE)
    await prune(store)
    await store.close()
    assert await make().load() == Loaded(silences=(SILENCE,))


def test_a_relative_path_starts_from_the_configurations_folder() -> None:
    assert StoreTable(path="store.db").file(Path("/etc/queue-alert")) == Path("/etc/queue-alert/store.db")
    assert StoreTable().file(Path("/etc/queue-alert")) == Path("/var/lib/queue-alert/store.db")
