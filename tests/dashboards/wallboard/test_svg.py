import xml.etree.ElementTree as ET

from rich.style import Style
from rich.text import Text

from dashboards.wallboard.board import draw_board
from dashboards.wallboard.svg import picture
from tests.dashboards.wallboard.floors import NOW, busy_floor

SVG = "{http://www.w3.org/2000/svg}"


def test_words_stand_at_their_own_cells() -> None:
    row = Text("  a<b  予約 ", end="")
    document = ET.fromstring(picture([row], width=12))  # noqa: S314  # our own
    words = [(element.get("x"), element.text) for element in document.iter(f"{SVG}text")]
    assert words == [("32", "a<b"), ("82", "予約")]


def test_blocks_are_drawn_in_their_colour() -> None:
    row = Text(end="").append("██", Style(color="#ff2200")).append("▄", Style(dim=True, bgcolor="red"))
    boxes = [
        (element.get("x"), element.get("y"), element.get("width"), element.get("height"), element.get("fill"))
        for element in ET.fromstring(picture([row], width=3)).iter(f"{SVG}rect")  # noqa: S314  # our own
    ]
    assert boxes[1:] == [
        ("12", "12", "20", "21", "#ff2200"),
        ("32", "12", "10", "21", "#be1e1e"),
        ("32", "22.5", "10", "10.5", "#cb8588"),
    ]


def test_whole_board_is_a_document_without_anything_from_the_network() -> None:
    text = picture(draw_board(busy_floor(), NOW, width=80, height=24), width=80)
    assert ET.fromstring(text).get("viewBox") == "0 0 824 528"  # noqa: S314  # our own
    assert text.count("http") == 1
