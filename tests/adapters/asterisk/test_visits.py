from adapters.asterisk.visits import VisitBook
from queue_alert.core.units import GroupName

SALES, SUPPORT = GroupName("sales"), GroupName("support")


def test_one_channel_may_be_known_in_several_queues() -> None:
    book = VisitBook()
    first, second = book.open("1.1", SALES), book.open("1.1", SUPPORT)
    assert book.open("1.1", SALES) is first
    assert book.of("1.1") == (first, second)
    assert list(book) == [first, second]
    book.close(first)
    assert (book.find("1.1", SALES), book.find("1.1", SUPPORT)) == (None, second)


def test_closing_what_is_not_there_is_harmless() -> None:
    book = VisitBook()
    visit = book.open("1.1", SALES)
    book.close(visit)
    book.close(visit)
    newer = book.open("1.1", SALES)
    book.close(visit)
    assert book.of("1.1") == (newer,)


def test_only_so_many_channels_are_remembered() -> None:
    book = VisitBook(limit=2)
    for channel in ("1.1", "2.2", "2.2", "3.3"):
        book.open(channel, SALES)
    assert [visit.channel for visit in book] == ["2.2", "3.3"]
