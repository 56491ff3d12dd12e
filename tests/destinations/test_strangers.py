"""What answers at an address is no server of the kind, or one in disguise: the error says so."""

from __future__ import annotations

import asyncio
import json
import ssl
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import ClientSession, TCPConnector, ThreadedResolver

from custom_components.med_exporter.const import DataType
from custom_components.med_exporter.destinations import influxdb
from custom_components.med_exporter.destinations.base import DestinationError
from custom_components.med_exporter.destinations.home_assistant.api import Remote
from custom_components.med_exporter.destinations.home_assistant.destination import (
    HomeAssistantDestination,
)
from custom_components.med_exporter.destinations.influxdb.destination import InfluxDestination
from custom_components.med_exporter.destinations.influxdb.server import InfluxDb
from custom_components.med_exporter.destinations.jeedom.destination import JeedomDestination
from custom_components.med_exporter.destinations.jeedom.rpc import JeedomRpc
from custom_components.med_exporter.destinations.mqtt import opening
from custom_components.med_exporter.destinations.mqtt.broker import Broker
from custom_components.med_exporter.destinations.mqtt.opening import async_open
from custom_components.med_exporter.destinations.mqtt.probe import async_test_broker
from custom_components.med_exporter.destinations.victoriametrics.destination import (
    VictoriaMetricsDestination,
)
from custom_components.med_exporter.destinations.victoriametrics.server import VictoriaMetrics
from custom_components.med_exporter.destinations.web import request
from tests.mqtt_destinations import PUBLISHING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    from homeassistant.core import HomeAssistant

    from custom_components.med_exporter.destinations.base import Destination
    from tests.mosquitto import Authority

    type Speech = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

WORDS = Path(influxdb.__path__[0]).parents[1] / "translations"
HTTP = ("victoriametrics", "influxdb 1", "influxdb 2", "influxdb 3", "jeedom", "home_assistant")
DATABASES = HTTP[:4]


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    connector = TCPConnector(resolver=ThreadedResolver(), limit=0)
    async with ClientSession(connector=connector) as made:
        yield made


async def ssh(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-OpenSSH_9.6\r\n")
    await reader.readline()
    writer.write(b"Invalid SSH identification string.\r\n")


async def smtp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 mail.example ESMTP\r\n")
    while await reader.read(4096):
        writer.write(b"500 5.5.2 Error: bad syntax\r\n")


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while said := await reader.read(4096):
        writer.write(said)


def web_page(status: str, body: bytes = b"<!doctype html><title>Log in</title>") -> Speech:
    """Answer all with the same."""

    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readuntil(b"\r\n\r\n"):
            head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
            writer.write(head.encode() + body)
            await writer.drain()
            writer.write_eof()
            await reader.read()
            return

    return say


async def running(speech: Speech, certificate: tuple[Path, Path] | None = None) -> asyncio.Server:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            await speech(reader, writer)
            await writer.drain()
        writer.transport.abort()

    context = None
    if certificate is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*certificate)
    return await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)


def port_of(server: asyncio.Server) -> int:
    return int(server.sockets[0].getsockname()[1])


def databases(session: ClientSession, port: int) -> dict[str, Destination]:
    """Return a destination of each kind of database, at a port."""
    url = f"http://127.0.0.1:{port}"
    made: dict[str, Destination] = {
        "victoriametrics": VictoriaMetricsDestination(
            VictoriaMetrics(session, url, is_known=False), {}
        )
    }
    for version in (1, 2, 3):
        server = InfluxDb(
            session=session, url=url, version=version, database="med", organisation="home",
            token="t0ken" if version > 1 else None, is_known=False,
        )  # fmt: skip
        made[f"influxdb {version}"] = InfluxDestination(server, {})
    return made


def trials_of(hass: HomeAssistant, session: ClientSession, port: int) -> dict[str, Awaitable[Any]]:
    """Return the connection tests of all kinds, at a port."""
    url = f"http://127.0.0.1:{port}"
    names = {data_type: data_type.value for data_type in DataType}
    remote = HomeAssistantDestination(hass, Remote(url=url, token="t0ken"))
    rpc = JeedomRpc(session, url, "k3y", "virtual")
    trials = {
        "jeedom": JeedomDestination(rpc, "virtual", names, home="home").async_test(),
        "home_assistant": remote.async_test(),
        "mqtt": async_test_broker(Broker(host="127.0.0.1", port=port), PUBLISHING, None),
    }
    for kind, made in databases(session, port).items():
        trials[kind] = made.async_test()
    return trials


async def error_of(work: Awaitable[Any]) -> str:
    with pytest.raises(DestinationError) as raised:
        await work
    return raised.value.key.removeprefix("destination_")


OTHERS = {"jeedom": "not_expected_server_jeedom",
          "home_assistant": "not_expected_server_home_assistant",
          "mqtt": "not_expected_server_mqtt"}  # fmt: skip
NOT_EXPECTED = dict.fromkeys(DATABASES, "not_expected_server") | OTHERS
# A web server waits for the end of what a broker is told.
OF_THE_WEB = {kind: key for kind, key in NOT_EXPECTED.items() if kind != "mqtt"}
GO = b"Client sent an HTTP request to an HTTPS server.\n"
NGINX = b"<html><title>400 The plain HTTP request was sent to HTTPS port</title></html>"


@pytest.mark.parametrize(
    ("speech", "expected"),
    [
        (ssh, NOT_EXPECTED),
        (smtp, NOT_EXPECTED),
        (echo, NOT_EXPECTED),
        (web_page("200 OK"), OF_THE_WEB),
        (web_page("200 OK", b""), OF_THE_WEB),
        (web_page("400 Bad Request"), OF_THE_WEB),
        (web_page("400 Bad Request", GO), dict.fromkeys(DATABASES, "not_expected_server_https")),
        (web_page("400 Bad Request", NGINX), dict.fromkeys(DATABASES, "not_expected_server_https")),
        (
            web_page("407 Proxy Authentication Required"),
            dict.fromkeys(HTTP, "not_expected_server_network"),
        ),
        (
            web_page("511 Network Authentication Required"),
            dict.fromkeys(HTTP, "not_expected_server_network"),
        ),
        (
            web_page("504 Gateway Timeout"),
            dict.fromkeys(HTTP, "server_error") | {"jeedom": "server_error_jeedom"},
        ),
    ],
    ids=[
        "SSH", "SMTP", "a printer that echoes", "a captive portal",
        "a web server that says nothing", "a page that refuses",
        "TLS only, Go", "TLS only, nginx", "a proxy with a login", "a network with a login",
        "a proxy that reaches nobody",
    ],
)  # fmt: skip
async def test_another_service_is_named_as_such_by_the_connection_test(
    hass: HomeAssistant, session: ClientSession, speech: Speech, expected: dict[str, str]
) -> None:
    server = await running(speech)
    trials = trials_of(hass, session, port_of(server))
    for kind in trials.keys() - expected.keys():
        trials.pop(kind).close()  # type: ignore[attr-defined]
    told = await asyncio.gather(*map(error_of, trials.values()))
    server.close()
    assert dict(zip(trials, told, strict=True)) == expected
    assert_said_in_both_languages(told)


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        ("418 I'm a Teapot", b"", ("418", "I'm a Teapot")),
        ("499 Nginx", b" \n", ("499", "Bad Request")),
        ("400 Bad Request", b"no such series.\n", ("400", "no such series")),
    ],
)
async def test_a_refusal_has_the_servers_status_and_its_words_or_else_those_of_the_status(
    session: ClientSession, status: str, body: bytes, expected: tuple[str, str]
) -> None:
    server = await running(web_page(status, body))
    for made in databases(session, port_of(server)).values():
        with pytest.raises(DestinationError) as raised:
            await made.async_reach()
        assert raised.value.code == "BAD_REQUEST"
        told = raised.value.translation_placeholders
        assert (told["status"], told["reason"]) == expected
        for language in ("en", "fr"):
            words = json.loads((WORDS / f"{language}.json").read_text())["exceptions"]
            assert "400" not in words[raised.value.translation_key]["message"]
    server.close()


@pytest.mark.parametrize("status", ["200 OK", "204 No Content"])
async def test_a_web_server_that_says_nothing_is_no_database_that_was_reached(
    session: ClientSession, status: str
) -> None:
    server = await running(web_page(status, b""))
    for made in databases(session, port_of(server)).values():
        assert await error_of(made.async_reach()) == "not_expected_server"
    server.close()


async def patient_web_server(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Wait for a whole request, as those do that are written in Go."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


@pytest.mark.parametrize("is_encrypted", [False, True])
async def test_a_web_server_that_waits_for_the_end_of_a_line_is_named_as_one(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, is_encrypted: bool
) -> None:
    monkeypatch.setattr(opening, "TIMEOUT", 0.5)
    monkeypatch.setattr(opening, "_NEWER_VERSION_TIMEOUT", 0.5)
    told = []
    for speech in (patient_web_server, never):
        server = await running(speech, authority.issue() if is_encrypted else None)
        broker = Broker(
            host="127.0.0.1", port=port_of(server), tls=is_encrypted, ca_certificate=authority.pem
        )
        told.append(await error_of(async_test_broker(broker, PUBLISHING, None)))
        server.close()
    assert told == ["not_expected_server_web", "timed_out"]
    assert_said_in_both_languages(told)


def assert_said_in_both_languages(keys: list[str]) -> None:
    for language in ("en", "fr"):
        words = json.loads((WORDS / f"{language}.json").read_text())
        for key in keys:
            assert words["exceptions"][f"destination_{key}"]["message"]
            assert words["config"]["error"][f"destination_{key}"]


def certificates(authority: Authority) -> Iterator[tuple[str, tuple[Path, Path]]]:
    """Yield what is wrong with a certificate, and its files."""
    yield "expired", authority.issue(begins=-3)
    yield "not_yet_valid", authority.issue(begins=1)
    yield "other_name", authority.issue("192.0.2.1")
    yield "other_name", authority.issue("other.example")
    yield "self_signed", authority.issue(by_itself=True)


async def test_what_is_wrong_with_a_certificate_is_named(
    session: ClientSession, authority: Authority
) -> None:
    trusting = ssl.create_default_context(cadata=authority.pem)
    for wrong, files in certificates(authority):
        server = await running(echo, files)
        port = port_of(server)

        async def ask(url: str = f"https://127.0.0.1:{port}/") -> None:
            async with request(session, "GET", url, ssl=trusting):
                pass

        broker = Broker(host="127.0.0.1", port=port, tls=True, ca_certificate=authority.pem)
        of_mqtt = async_open(broker, PUBLISHING, identifier="med")
        told = [await error_of(ask()), await error_of(of_mqtt)]
        server.close()
        expected = f"tls_certificate_{wrong}"
        mqtt = f"{expected}_mqtt" if wrong == "self_signed" else expected
        assert told == [expected, mqtt]
        assert_said_in_both_languages(told)
