import re
from pathlib import Path

from adapters.recording.format import RECORDING
from queue_alert.ports import RecordedEvent, RecordedItem, Skipped

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "recording-format.md"


def test_the_example_in_the_documentation_is_a_recording(tmp_path: Path) -> None:
    header, whole = re.findall(r"```json\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert whole.splitlines()[0] == header.strip().replace('"asterisk"', '""')
    (tmp_path / "x.jsonl").write_text(whole)
    skipped: list[tuple[Skipped, str]] = []
    items: list[RecordedItem] = list(
        RECORDING.read(tmp_path / "x", lambda kind, detail: skipped.append((kind, detail)))
    )
    assert [item.at for item in items if isinstance(item, RecordedEvent)] == [0.0, 2.5, 9.0]
    assert skipped == []
