from queue_alert.protocol.order import Order


def test_at_the_beginning_nothing_is_missing_whatever_the_number() -> None:
    order = Order()
    assert (order.stand_at(100), order.last_said, order.missed) == (100, 100, 0)
    assert (order.take(101), order.missed) == (101, 0)


def test_a_run_that_has_said_nothing_yet_stands_above_the_run_before() -> None:
    order = Order()
    assert [order.take(seq) for seq in (1, 2, 3)] == [1, 2, 3]
    order.begin_run()
    assert (order.stand_at(0), order.last_said, order.missed) == (4, 0, 0)
    assert [order.take(seq) for seq in (1, 2)] == [5, 6]
    assert (order.last_said, order.missed) == (2, 0)


def test_an_acd_that_has_never_said_anything_stands_at_nothing() -> None:
    order = Order()
    assert (order.stand_at(0), order.take(1), order.missed) == (0, 1, 0)


def test_to_stand_further_on_means_that_events_were_missed() -> None:
    order = Order()
    order.take(1)
    assert (order.stand_at(4), order.last_said, order.missed) == (4, 4, 3)


def test_to_stand_further_back_changes_nothing() -> None:
    order = Order()
    order.take(9)
    assert (order.stand_at(7), order.last, order.missed) == (7, 9, 0)
