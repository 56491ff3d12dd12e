"""The connection test names each mistake; answers are understood however PHP words them."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import ClientSession, TCPConnector, ThreadedResolver, web
from aiohttp.test_utils import TestServer
from hypothesis import given
from hypothesis import strategies as st

from custom_components.med_exporter.destinations.base import DestinationError
from custom_components.med_exporter.destinations.jeedom import rpc as jeedom_rpc
from custom_components.med_exporter.destinations.jeedom.destination import async_test_jeedom
from custom_components.med_exporter.destinations.jeedom.rpc import JeedomRpc, base_url
from tests.jeedom_server import CORE_KEY, OTHER_KEY, VIRTUAL_KEY, Jeedom, jeedom, running_jeedom
from tests.mosquitto import Authority, free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from homeassistant.core import HomeAssistant

__all__ = ["jeedom"]


@pytest.fixture(autouse=True)
def home_assistant(hass: HomeAssistant) -> None:
    """Error messages are translated by a Home Assistant."""


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    async with ClientSession(connector=TCPConnector(resolver=ThreadedResolver())) as made:
        yield made


async def code_of(
    session: ClientSession, url: str, key: str = VIRTUAL_KEY, plugin: str = "virtual"
) -> str | None:
    """Return the code and field of the mistake; no text of it may hold the key."""
    try:
        await async_test_jeedom(JeedomRpc(session, url, key, plugin), plugin)
    except DestinationError as err:
        assert key not in f"{err!r} {err} {err.translation_placeholders}"  # noqa: PT017
        return f"{err.code} {err.field}"
    return None


async def key_of(session: ClientSession, url: str, key: str = VIRTUAL_KEY) -> str:
    """Return which text tells the mistake."""
    with pytest.raises(DestinationError) as caught:
        await async_test_jeedom(JeedomRpc(session, url, key, "virtual"), "virtual")
    return caught.value.key


async def test_a_connection_that_works(jeedom: Jeedom, session: ClientSession) -> None:
    assert await code_of(session, jeedom.url) is None
    assert await code_of(session, jeedom.url, CORE_KEY) is None
    assert not jeedom.equipment


async def test_a_key_is_born_disabled(jeedom: Jeedom, session: ClientSession) -> None:
    jeedom.keys["virtual"].enabled = False
    assert await code_of(session, jeedom.url) == "API_DISABLED api_key"
    # Nobody can tell it from a key that is mistyped.
    assert await key_of(session, jeedom.url) == "destination_api_disabled_or_wrong_key"
    assert await key_of(session, jeedom.url, "mistyped") == (
        "destination_api_disabled_or_wrong_key"
    )
    jeedom.keys["core"].enabled = False
    assert await key_of(session, jeedom.url) == "destination_api_disabled"


async def test_a_wrong_key(jeedom: Jeedom, session: ClientSession) -> None:
    assert await code_of(session, jeedom.url, "no such key") == "WRONG_API_KEY api_key"
    assert await code_of(session, jeedom.url, OTHER_KEY) == "WRONG_API_KEY api_key"


async def test_a_restricted_key(jeedom: Jeedom, session: ClientSession) -> None:
    jeedom.keys["virtual"].restricted = True
    assert await code_of(session, jeedom.url) == "OTHER_PLUGINS_KEY api_key"


async def test_a_plugin_that_is_not_active(jeedom: Jeedom, session: ClientSession) -> None:
    jeedom.active = ["other"]
    assert await code_of(session, jeedom.url) == "PLUGIN_NOT_ACTIVE plugin"
    # An empty list arrives as a word.
    jeedom.active = []
    assert await code_of(session, jeedom.url) == "PLUGIN_NOT_ACTIVE plugin"


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (404, "<html>Not found</html>", "NOT_EXPECTED_SERVER url"),
        (200, "<html>A router</html>", "NOT_EXPECTED_SERVER url"),
        (200, "", "NOT_EXPECTED_SERVER url"),
        (200, "[]", "NOT_EXPECTED_SERVER url"),
        (200, '{"result": "hello"}', "NOT_EXPECTED_SERVER url"),
        (200, '{"jsonrpc": "2.0"}', "NOT_EXPECTED_SERVER url"),
        (302, "", "NOT_EXPECTED_SERVER url"),
        (401, "Unauthorized", "NOT_EXPECTED_SERVER url"),
        (503, "Maintenance", "SERVER_ERROR url"),
    ],
)
async def test_another_server(
    jeedom: Jeedom, session: ClientSession, status: int, body: str, code: str
) -> None:
    jeedom.status, jeedom.body = status, body
    assert await code_of(session, jeedom.url) == code


async def test_nobody_answers(
    jeedom: Jeedom, session: ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await code_of(session, f"http://127.0.0.1:{free_port()}") == "REFUSED url"
    assert await code_of(session, "http://no-such-host.invalid") == "NAME_NOT_RESOLVED url"
    jeedom.hangs = True
    monkeypatch.setattr(jeedom_rpc, "TIMEOUT", 0.2)
    assert await code_of(session, jeedom.url) == "TIMED_OUT url"


async def test_an_untrusted_certificate(session: ClientSession, tmp_path: Path) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*Authority(tmp_path).issue())
    async with running_jeedom(tls=context) as jeedom:
        assert await code_of(session, jeedom.url) == "TLS_CERTIFICATE url"
        assert await code_of(session, jeedom.url.replace("https", "http")) == (
            "NOT_EXPECTED_SERVER url"
        )


async def test_an_address_with_a_path(jeedom: Jeedom, session: ClientSession) -> None:
    for typed in ("/", "/jeedom", "/jeedom/core/api/jeeApi.php"):
        assert await code_of(session, jeedom.url + typed) is None


@pytest.mark.parametrize(
    "typed",
    [
        "http://jeedom.local",
        "http://jeedom.local/",
        "http://jeedom.local/core/api/jeeApi.php",
        "http://jeedom.local/core/api/jeeapi.php/",
        "http://jeedom.local/core/api/jeeApi.php?apikey=secret&type=cmd&id=1",
        "http://jeedom.local/index.php?v=d&p=dashboard#top",
    ],
)
def test_what_people_paste(typed: str) -> None:
    assert base_url(typed) == "http://jeedom.local"


@given(st.text())
def test_no_query_stays_whatever_is_typed(typed: str) -> None:
    assert "?" not in base_url(typed)
    assert base_url(f"{typed}?apikey=secret") == base_url(typed)


async def asked(session: ClientSession, answer: dict[str, Any]) -> JeedomRpc:
    """Return a client of a server that has one answer."""

    async def say(request: web.Request) -> web.Response:
        number = (await request.json())["id"]
        return web.json_response({"jsonrpc": "2.0", "id": number} | answer)

    app = web.Application()
    app.router.add_post("/core/api/jeeApi.php", say)
    server = TestServer(app)
    await server.start_server()
    return JeedomRpc(session, str(server.make_url("")), VIRTUAL_KEY, "virtual")


@pytest.mark.parametrize(
    ("result", "rows"),
    [
        ("ok", []),
        ([], []),
        (None, []),
        (False, []),
        ("", []),
        ([{"id": "1"}], [{"id": "1"}]),
        # PHP makes a map of a list with gaps.
        ({"0": {"id": 1}, "2": {"id": 2}}, [{"id": 1}, {"id": 2}]),
    ],
)
async def test_lists_however_php_words_them(
    session: ClientSession, result: object, rows: list[dict[str, object]]
) -> None:
    rpc = await asked(session, {"result": result})
    assert await rpc.rows("eqLogic::byType", type="virtual") == rows


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ({"code": 1, "message": "x"}, "API_DISABLED"),
        ({"code": "2", "message": "x"}, "WRONG_API_KEY"),
        ({"code": 500, "message": "x"}, "OTHER_PLUGINS_KEY"),
        ({"code": -32000, "message": f"Bad value, key {VIRTUAL_KEY}"}, "JEEDOM_ERROR"),
        ({"message": None}, "JEEDOM_ERROR"),
        ("out of order", "JEEDOM_ERROR"),
    ],
)
async def test_errors_in_an_answer_of_status_200(
    session: ClientSession, error: object, code: str
) -> None:
    rpc = await asked(session, {"error": error})
    with pytest.raises(DestinationError) as caught:
        await rpc.call("cmd::event")
    assert caught.value.code == code
    assert VIRTUAL_KEY not in str(caught.value.translation_placeholders)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ({"code": -32000, "message": "No such command"}, "No such command"),
        ({"code": -32000, "message": None}, "code -32000"),
        ({"code": -32000, "message": " "}, "code -32000"),
        ({"code": -32000}, "code -32000"),
        ({"data": "SQLSTATE[HY000]"}, '{"data": "SQLSTATE[HY000]"}'),
    ],
)
async def test_an_error_without_words_is_told_by_what_it_has(
    session: ClientSession, error: object, reason: str
) -> None:
    rpc = await asked(session, {"error": error})
    with pytest.raises(DestinationError) as caught:
        await rpc.call("cmd::event")
    assert caught.value.translation_placeholders["reason"] == reason


async def test_what_json_cannot_say_is_not_sent(jeedom: Jeedom, session: ClientSession) -> None:
    rpc = JeedomRpc(session, jeedom.url, VIRTUAL_KEY, "virtual")
    with pytest.raises(ValueError, match="JSON"):
        await rpc.call("cmd::event", id=1, value=float("nan"))
    assert jeedom.calls == []


@pytest.mark.parametrize(
    "body",
    [
        "null",
        "7",
        "[]",
        '"pong"',
        "[" * 100_000,
        '{"result": NaN}',
        '{"id": 99, "result": "pong"}',
        '{"jsonrpc": "2.0"}',
        '{"id": 1, "result": {"deep": ' + "[" * 100_000,
    ],
)
async def test_answers_to_another_question_are_those_of_another_server(
    jeedom: Jeedom, session: ClientSession, body: str
) -> None:
    jeedom.body = body
    assert await key_of(session, jeedom.url) == "destination_not_expected_server_jeedom"


@pytest.mark.parametrize("number", ["before", None])
async def test_an_answer_belongs_to_its_own_question(session: ClientSession, number: Any) -> None:
    """A proxy that mixes answers up, or gives one again, passes for nothing."""
    numbers: list[int] = []

    async def say(request: web.Request) -> web.Response:
        numbers.append((await request.json())["id"])
        told = numbers[-2] if number == "before" and len(numbers) > 1 else numbers[-1]
        told = None if number is None and len(numbers) > 1 else told
        return web.json_response({"jsonrpc": "2.0", "id": told, "result": "ok"})

    app = web.Application()
    app.router.add_post("/core/api/jeeApi.php", say)
    async with TestServer(app) as server:
        rpc = JeedomRpc(session, str(server.make_url("")), CORE_KEY, "virtual")
        await rpc.call("cmd::event", id=1, value=1)
        with pytest.raises(DestinationError) as caught:
            await rpc.call("cmd::event", id=1, value=2)
    assert caught.value.code == "NOT_EXPECTED_SERVER"


@pytest.mark.parametrize(
    "rows", [7, 1.5, True, "words", [1], [[]], [None], {"a": 1}, [{"id": []}], [{"name": {}}]]
)
async def test_rows_of_another_form_are_those_of_another_server(
    jeedom: Jeedom, session: ClientSession, rows: object
) -> None:
    jeedom.objects = rows  # type: ignore[assignment]  # that is the point
    assert await key_of(session, jeedom.url) == "destination_not_expected_server_jeedom"
