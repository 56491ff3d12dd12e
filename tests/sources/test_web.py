"""Whatever goes wrong with a request has a name."""

from __future__ import annotations

import gzip
import ssl
import tracemalloc
from datetime import timedelta

import pytest

from custom_components.med_exporter.sources import web
from custom_components.med_exporter.sources.web import SourceError, request_json
from tests.mosquitto import Authority
from tests.real_home.ports import free_port

from ..grid_server import (
    HTML,
    NOT_AN_OBJECT,
    SILENT,
    TRUNCATED,
    Failure,
    GridServer,
    running_grid_server,
)

PATH = "/rte/tempo/2026-01-15/2026-01-16"


def same(answer: object) -> object:
    return answer


async def code_of(session, url: str) -> str:
    with pytest.raises(SourceError) as caught:
        await request_json(session, url, same)
    return caught.value.code


async def test_a_good_answer_is_parsed(session, server: GridServer) -> None:
    assert await request_json(session, server.address + PATH, same) == {}


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (204, "not_expected_server"),
        (400, "not_expected_server"),
        (401, "unauthorized"),
        (403, "forbidden"),
        (404, "not_expected_server"),
        (408, "timed_out"),
        (429, "rate_limited"),
        (500, "server_error"),
        (503, "server_error"),
        (509, "rate_limited"),
    ],
)
async def test_statuses(session, server: GridServer, status, code) -> None:
    server.fail("gateway_tempo", failure=Failure(status=status, body=""))
    assert await code_of(session, server.address + PATH) == code


@pytest.mark.parametrize(
    "failure",
    [
        HTML,
        TRUNCATED,
        Failure(body=""),
        Failure(body='{"2026-01-15": "BL'),
        Failure(body=b"\xff\xfe\x00"),
        Failure(body="[" * 100_000),
    ],
    ids=["html", "cut off", "empty", "half", "not text", "too deep"],
)
async def test_what_is_no_json_comes_from_another_server(session, server, failure) -> None:
    server.fail("gateway_tempo", failure=failure)
    assert await code_of(session, server.address + PATH) == "not_expected_server"


async def test_a_body_without_end_is_not_read_to_its_end(session, server: GridServer) -> None:
    server.fail("gateway_tempo", failure=Failure(body=b'"' + b"x" * 5_000_000 + b'"'))
    assert await code_of(session, server.address + PATH) == "not_expected_server"


async def test_what_unpacks_without_end_is_not_unpacked(session, server: GridServer) -> None:
    bomb = gzip.compress(b"[" + b" " * 200_000_000 + b"]")
    server.fail("gateway_tempo", failure=Failure(body=bomb, headers={"Content-Encoding": "gzip"}))
    tracemalloc.start()
    try:
        assert await code_of(session, server.address + PATH) == "not_expected_server"
        assert tracemalloc.get_traced_memory()[1] < 32 * 1024 * 1024
    finally:
        tracemalloc.stop()


async def test_more_values_than_an_answer_has_are_not_parsed(session, server: GridServer) -> None:
    server.fail("gateway_tempo", failure=Failure(body=b"[" + b"0," * 1_900_000 + b"0]"))
    assert await code_of(session, server.address + PATH) == "not_expected_server"


async def test_any_json_is_handed_on(session, server: GridServer) -> None:
    server.fail("gateway_tempo", failure=NOT_AN_OBJECT)
    assert await request_json(session, server.address + PATH, same) == "BLUE"


async def test_a_silent_server_times_out(session, server: GridServer, monkeypatch) -> None:
    monkeypatch.setattr(web, "TIMEOUT", timedelta(seconds=0.1))
    server.fail("gateway_tempo", failure=SILENT)
    assert await code_of(session, server.address + PATH) == "timed_out"


async def test_nobody_listens(session) -> None:
    assert await code_of(session, f"http://127.0.0.1:{free_port()}/") == "refused"


async def test_a_name_that_does_not_exist(session) -> None:
    assert await code_of(session, "http://tempo.invalid/") == "name_not_resolved"


async def test_a_certificate_of_nobody_trusted(session, tmp_path) -> None:
    certificate, key = Authority(tmp_path).issue()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    async with running_grid_server(context) as server:
        assert await code_of(session, server.address + PATH) == "tls"


async def test_tls_spoken_to_a_server_without(session, server: GridServer) -> None:
    address = server.address.replace("http:", "https:")
    assert await code_of(session, address + PATH) == "tls"


async def test_an_error_tells_how_long_to_wait(session, server: GridServer) -> None:
    failure = Failure(status=429, headers={"Retry-After": "840"})
    server.fail("gateway_tempo", failure=failure)
    with pytest.raises(SourceError) as caught:
        await request_json(session, server.address + PATH, same)
    assert caught.value.retry_after == timedelta(minutes=14)
    assert str(caught.value) == "rate_limited (HTTP 429)"
