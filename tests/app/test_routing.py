from http import HTTPStatus
from typing import Any

import pytest

from queue_alert.app.routing import Answer, Page, Request, Site, json_answer, text_answer


async def _hello(_request: Request) -> Answer:
    return text_answer(HTTPStatus.OK, "hello")


def site(*, is_full: bool = False) -> Site:
    page = Page(path="/hello", summary="says <hello>", answer=_hello)
    return Site([page], hosts={"127.0.0.1", "localhost", "::1"}, is_live_full=lambda: is_full)


def request(target: str = "/", **more: Any) -> Request:
    return Request(**{"method": "GET", "target": target, "hosts": ("127.0.0.1:9469",), **more})


async def status_and_text(request: Request, **more: Any) -> tuple[int, str]:
    answer = await site(**more).answer(request)
    assert isinstance(answer, Answer)
    return answer.status, answer.body.decode()


async def test_a_page_is_answered_whatever_its_query() -> None:
    assert await status_and_text(request("/hello?a=b")) == (200, "hello\n")


async def test_the_index_lists_the_pages() -> None:
    status, text = await status_and_text(request())
    assert status == 200
    assert '<li><a href="/hello">/hello</a> says &lt;hello&gt;</li>' in text


async def test_an_unknown_page_comes_with_the_known_ones() -> None:
    assert await status_and_text(request("/nope")) == (
        404,
        "there is no such page; there are: /, /hello, /live\n",
    )


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
async def test_pages_can_only_be_read(method: str) -> None:
    answer = await site().answer(request(method=method))
    assert answer == text_answer(
        HTTPStatus.METHOD_NOT_ALLOWED, "pages can only be read, with GET", headers={"Allow": "GET, HEAD"}
    )


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:9469", "LOCALHOST:1", "[::1]:9469"])
async def test_the_server_answers_to_its_own_names(host: str) -> None:
    assert (await status_and_text(request(hosts=(host,))))[0] == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:9469", "", "[::2]", "localhost."])
async def test_a_name_that_was_made_to_lead_here_is_refused(host: str) -> None:
    assert await status_and_text(request("/live", hosts=(host,), is_upgrade=True)) == (
        421,
        "this server goes by another name; ask for it as 127.0.0.1 or ::1 or localhost\n",
    )


@pytest.mark.parametrize("hosts", [(), ("127.0.0.1", "127.0.0.1")])
async def test_there_must_be_one_host(hosts: tuple[str, ...]) -> None:
    assert await status_and_text(request(hosts=hosts)) == (400, "one Host header is needed\n")


async def test_a_path_of_any_length_is_not_taken() -> None:
    assert (await status_and_text(request("/" + "a" * 1024)))[0] == 414


@pytest.mark.parametrize("origins", [(), ("http://127.0.0.1:9469",)])
async def test_a_program_and_a_page_of_this_server_may_watch(origins: tuple[str, ...]) -> None:
    assert await site().answer(request("/live", is_upgrade=True, origins=origins)) == "live"


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://127.0.0.1:8080", "http://127.0.0.1", "", "http://["]
)
async def test_a_page_of_another_site_may_not_watch(origin: str) -> None:
    assert await status_and_text(request("/live", is_upgrade=True, origins=(origin,))) == (
        403,
        "a page of another site may not read the live view\n",
    )


async def test_the_live_view_is_a_websocket_only() -> None:
    assert (await status_and_text(request("/live")))[0] == 426


async def test_one_watcher_too_many_is_asked_to_come_back() -> None:
    assert (await status_and_text(request("/live", is_upgrade=True), is_full=True))[0] == 503


def test_json_is_readable() -> None:
    assert json_answer(HTTPStatus.OK, {"a": "ü"}).body == '{\n  "a": "ü"\n}\n'.encode()
