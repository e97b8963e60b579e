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


def test_what_has_no_number_has_no_place() -> None:
    order = Order()
    assert (order.take(0), order.take(-1), order.last) == (0, 0, 0)


def test_who_counts_anew_without_a_word_stands_above_and_one_is_missing() -> None:
    order = Order()
    order.take(5_000)
    assert (order.take(3), order.take(4), order.missed, order.last_said) == (5_001, 5_002, 1, 4)


def test_a_run_that_begins_below_the_one_before_stands_above_it() -> None:
    order = Order()
    order.take(9)
    order.begin_run()
    assert (order.last_said, order.catch_up(3), order.take(2), order.catch_up(4)) == (0, 0, 10, 2)
    assert (order.last, order.missed) == (12, 2)
