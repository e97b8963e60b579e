import logging
from collections.abc import Iterator

import pytest

from queue_alert.app.logs import AnomalyLog, SkippedCounter, blot, set_up_logging
from queue_alert.core.effects import Anomaly, ReportAnomaly
from queue_alert.core.units import GroupName
from queue_alert.ports import Skipped


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The root logger, as it was again afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield root
    root.handlers[:] = handlers
    root.setLevel(level)


def records(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    return [(record.levelname, record.getMessage()) for record in caplog.records]


def test_the_first_of_a_kind_is_a_warning_and_all_are_counted(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    skipped = SkippedCounter("pbx")
    skipped(Skipped.TOO_LONG, "Event: Newexten")
    skipped(Skipped.TOO_LONG, "again")
    skipped(Skipped.BAD_VALUE, "Wait: x")
    assert skipped.counts == {"too_long": 2, "bad_value": 1}
    assert records(caplog) == [
        ("WARNING", "feed=pbx skipped=too_long count=1 detail=Event: Newexten"),
        ("DEBUG", "feed=pbx skipped=too_long count=2 detail=again"),
        ("WARNING", "feed=pbx skipped=bad_value count=1 detail=Wait: x"),
    ]


def test_an_anomaly_is_a_warning_once_a_group(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    log = AnomalyLog()
    for group in ("sales", "sales", "support"):
        log.report(
            ReportAnomaly(
                anomaly=Anomaly.UNKNOWN_CONTACT, group=GroupName(group), detail="left before it came"
            )
        )
    text = "anomaly=unknown_contact detail=left before it came"
    assert records(caplog) == [
        ("WARNING", f"group=sales {text}"),
        ("DEBUG", f"group=sales {text}"),
        ("WARNING", f"group=support {text}"),
    ]


def test_numbers_are_blotted_out_and_lines_stay_whole() -> None:
    assert blot("CallerIDNum: +442079460123\r\nChannel: 200") == "CallerIDNum: …  Channel: 200"
    assert len(blot("x" * 1000)) == 200


def test_on_a_terminal_a_line_has_a_time_and_a_level(
    root: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_logging(environ={})
    logging.getLogger("queue_alert.test").info("feed=%s", "pbx")
    logging.getLogger("queue_alert.test").debug("not shown")
    logging.getLogger("websockets.server").info("not shown")
    assert capsys.readouterr().err[8:] == " INFO    queue_alert.test: feed=pbx\n"


def test_journald_gets_a_priority_on_every_line(
    root: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_logging(1, environ={"JOURNAL_STREAM": "8:1"})
    logging.getLogger("queue_alert.test").error("one\ntwo")
    logging.getLogger("queue_alert.test").debug("three")
    assert capsys.readouterr().err == "<3>queue_alert.test: one\n<3>two\n<7>queue_alert.test: three\n"


def test_quiet_means_warnings_only(root: logging.Logger) -> None:
    set_up_logging(-1, environ={})
    assert root.level == logging.WARNING
