"""Secrets that were entered are nowhere: not on disk, not in the log, not in any answer."""

from __future__ import annotations

import asyncio
import html
import json
import logging
import sqlite3
import stat
from base64 import b64decode, b64encode, urlsafe_b64encode
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

import pytest
from aiohttp import ClientSession, WSMsgType, web
from aiohttp.test_utils import TestServer
from cryptography.fernet import Fernet

from custom_components.med_exporter.sources.connection import Connection, KasaError
from custom_components.med_exporter.sources.kasa import KasaHost
from tests import grid_server
from tests.grid_entries import at, fill
from tests.grid_server import Failure, running_grid_server
from tests.jeedom_server import Key, jeedom_input, running_jeedom
from tests.live.conftest import until
from tests.metering_points import PARIS, PDL
from tests.mqtt_destinations import mqtt_input
from tests.plug_emulator import EmulatedPlug
from tests.real_home import FlowError, RealHome, RequestError
from tests.victoriametrics import victoriametrics_input

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable
    from pathlib import Path

    from tests.mosquitto import Mosquitto
    from tests.plug_emulator import PlugNetwork
    from tests.victoriametrics import VmAuth

# Each with what is written otherwise in an address, in JSON, in HTML or in a shell.
PLUG_PASSWORD = 'pl&g/p4ss"w<ö>rd+1'
CLIENT_SECRET = 'cl1ent/s3cret+~"&x'
MQTT_PASSWORD = 'mq/tt"p4ss+w&rd<1>'
VM_PASSWORD = 'vm:p4ss/w"ord+é&2'
API_KEY = "jeed/Om+apiKey&Zz09xYq"
TOKEN = "eyJhbGciOi.l0ng-l1ved+acc3ss/t0ken.sig_nature"
WRONG = 'wr0ng/s3cret+"&<9>'
IN_ADDRESS = "p4ssInTheAddre55"
HASH = "aGFzaC1vZi1jcmVkZW50aWFscw"
SECRETS = (
    PLUG_PASSWORD,
    CLIENT_SECRET,
    MQTT_PASSWORD,
    VM_PASSWORD,
    API_KEY,
    TOKEN,
    WRONG,
    IN_ADDRESS,
)
LOGINS = (
    f"{grid_server.CLIENT_ID}:{CLIENT_SECRET}",
    f"{grid_server.CLIENT_ID}:{WRONG}",
    f"med:{VM_PASSWORD}",
    f"med:{WRONG}",
)
VERBOSE = dict.fromkeys(
    (
        "aiohttp",
        "aiosmtplib",
        "asyncio",
        "custom_components",
        "homeassistant",
        "kasa",
        "mqtt",
        "paho",
        "urllib3",
    ),
    "debug",
)


def forms(secret: str) -> set[str]:
    """Return the ways in which programs write a text."""
    encoded = secret.encode()
    plain = {
        secret,
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
        html.escape(secret),
        repr(secret)[1:-1],
        repr(encoded)[2:-1],
    }
    escaped = {
        json.dumps(one, ensure_ascii=is_ascii)[1:-1] for one in plain for is_ascii in (True, False)
    }
    coded = {coding(encoded).decode().rstrip("=") for coding in (b64encode, urlsafe_b64encode)}
    return plain | escaped | {one.replace("/", "\\/") for one in escaped} | coded


FORMS = {form for secret in (*SECRETS, *LOGINS) for form in forms(secret)}


def found_in(content: str | bytes) -> set[str]:
    """Return the secrets that a content has, in any form."""
    if isinstance(content, bytes):
        return {form for form in FORMS if form.encode() in content}
    return {form for form in FORMS if form in content}


class Witness(RealHome):
    """A Home Assistant all of whose answers are kept."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, log_levels=VERBOSE)
        self.heard: list[str] = []

    async def request(self, method: str, path: str, **options: Any) -> Any:
        try:
            answer = await super().request(method, path, **options)
        except RequestError as err:
            self.heard.append(f"{method} {path} {err.answer!r}")
            raise
        text = answer.decode(errors="replace") if isinstance(answer, bytes) else json.dumps(answer)
        self.heard.append(f"{method} {path} {text}")
        return answer

    async def command(self, kind: str, **fields: Any) -> Any:
        try:
            answer = await super().command(kind, **fields)
        except RequestError as err:
            self.heard.append(f"{kind} {err.answer!r}")
            raise
        self.heard.append(f"{kind} {json.dumps(answer)}")
        return answer

    async def add(self, kind: str, user_input: dict[str, Any], *more: dict[str, Any]) -> str:
        """Set up an entry, and return its id."""
        entry = await self.flow("med_exporter", {"next_step_id": kind}, user_input, *more)
        return entry["entry_id"]

    async def refused(self, kind: str, user_input: dict[str, Any]) -> dict[str, str]:
        """Submit a form that shows errors, and return them."""
        with pytest.raises(FlowError) as raised:
            await self.add(kind, user_input)
        return raised.value.result["errors"]

    @asynccontextmanager
    async def following(self) -> AsyncIterator[None]:
        """Keep every event, from entering to leaving the context."""

        async def follow(socket: Any) -> None:
            async for message in socket:
                self.heard.append(f"event {message.data}")

        async with (
            ClientSession() as session,
            session.ws_connect(f"{self.url}/api/websocket", max_msg_size=0) as socket,
        ):
            await socket.receive()
            await socket.send_json({"type": "auth", "access_token": self.token})
            await socket.receive()
            await socket.send_json({"id": 1, "type": "subscribe_events"})
            task = asyncio.create_task(follow(socket))
            try:
                yield
            finally:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task


class Mirror:
    """Stands before a server; while it is `odd`, it throws everything that it got back.

    As a Home Assistant it lets anybody in, and takes what a connection test writes;
    whatever else it is told, it refuses.
    """

    def __init__(self, target: str | None = None) -> None:
        self.target = target
        self.odd = target is None
        self.status = 400
        self.address = ""
        self.said: list[str] = []
        self._stored: dict[str, list[Any]] = {}

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        if self.target and not self.odd:
            headers = {
                name: value
                for name, value in request.headers.items()
                if name in {"Authorization", "Content-Type"}
            }
            async with (
                ClientSession() as session,
                session.request(
                    request.method, self.target + request.path_qs, data=body, headers=headers
                ) as answer,
            ):
                return web.Response(status=answer.status, body=await answer.read())
        if not self.odd and request.path.startswith("/api/states/"):
            return web.json_response({})
        login = request.headers.get("Authorization", "")
        with suppress(ValueError):
            login += f" {_decoded(login)}"
        text = f"{request.method} {request.path_qs} {login} {body.decode(errors='replace')}"
        self.said.append(text)
        if request.headers.get("Content-Type") == "application/json" and body[:1] == b"{":
            question = json.loads(body)
            if question.get("method") == "ping":
                return web.json_response({"jsonrpc": "2.0", "result": "pong"})
            return web.json_response({"error": {"code": -32000, "message": text}})
        return web.Response(status=self.status, text=text, content_type="text/plain")

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        if not socket.can_prepare(request):
            return web.Response(status=400)
        await socket.prepare(request)
        await socket.send_json({"type": "auth_required"})
        login = ""
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                break
            question = json.loads(message.data)
            if question["type"] == "auth":
                login = message.data
                await socket.send_json({"type": "auth_ok"})
                continue
            known = {
                "auth/current_user": {"id": "0" * 32, "is_admin": True},
                "get_config": {"version": "2026.10.0", "components": ["recorder"]},
                "config/entity_registry/get_entries": {},
                "config/device_registry/list": [],
                "recorder/statistics_during_period": self._stored,
                "recorder/import_statistics": None,
                "recorder/clear_statistics": None,
            }
            if question["type"] == "recorder/import_statistics" and ":test_" in message.data:
                rows = [
                    one | {"start": datetime.fromisoformat(one["start"]).timestamp() * 1000}
                    for one in question["stats"]
                ]
                self._stored[question["metadata"]["statistic_id"]] = rows
            answer: dict[str, Any] = {"id": question["id"], "type": "result", "success": False}
            is_known = question["type"] in known and (
                "recorder" not in question["type"] or ":test_" in message.data
            )
            if is_known and not self.odd:
                answer |= {"success": True, "result": known[question["type"]]}
            else:
                self.said.append(login)
                answer["error"] = {"code": login, "message": f"{login} {message.data}"}
            await socket.send_json(answer)
        return socket

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Mirror]:
        app = web.Application()
        app.router.add_get("/api/websocket", self._socket)
        app.router.add_route("*", "/{path:.*}", self._answer)
        server = TestServer(app)
        await server.start_server(access_log=None)
        self.address = f"http://127.0.0.1:{server.port}"
        try:
            yield self
        finally:
            await server.close()


def _decoded(login: str) -> str:
    return b64decode(login.removeprefix("Basic "), validate=True).decode()


def home_assistant_input(url: str, token: str = TOKEN) -> dict[str, Any]:
    return {
        "url": url,
        "token": token,
        "verify_ssl": True,
        "interval": "60",
        "data": ["consumption_daily", "tempo"],
    }


async def run(home: Witness, kind: str) -> dict[str, Any]:
    """Push the last days, sent before or not, and return the log entry of the run's end."""
    start = (datetime.now(PARIS) - timedelta(days=3)).date().isoformat()
    started = await home.post(f"/api/export/{kind}/run", {"start": start})

    async def ended() -> dict[str, Any] | None:
        logs = (await home.get("/api/export/logs", limit="100"))["logs"]
        (entry,) = [one for one in logs if one["id"] == started["id"]]
        return None if entry["status"] == "running" else entry

    return await until(ended, 90)


def files_below(folder: Path) -> Iterable[tuple[str, bytes]]:
    """Give the name and the bytes of each file; links lead to this checkout."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not any(one.is_symlink() for one in (path, *path.parents)):
            yield str(path.relative_to(folder)), path.read_bytes()


def history_of(database: Path) -> str:
    with closing(sqlite3.connect(database)) as connection:
        return repr(connection.execute("SELECT * FROM med_exporter_exports").fetchall())


async def ask_everything(home: Witness, entries: dict[str, str]) -> None:
    """Open every door that tells something; the witness keeps the answers."""
    await home.states()
    await home.get("/api/export/configs")
    await home.get("/api/export/logs", limit="100")
    for kind in DESTINATIONS:
        await home.get(f"/api/export/configs/{kind}")
        await home.post(f"/api/export/configs/{kind}/test")
        await home.call_action("med_exporter.test_destination", {"destination": kind})
    await home.call_action("med_exporter.list_push_log", {})
    await home.call_action("med_exporter.list_devices", {})
    for entry_id in entries.values():
        await home.get(f"/api/diagnostics/config_entry/{entry_id}")
    await home.command("repairs/list_issues")
    await home.command("persistent_notification/get")
    await home.command("config_entries/get", domain="med_exporter")
    await home.command("config_entries/flow/progress")
    await home.get("/api/logbook")
    for handler in entries.values():
        # The forms that change an entry show what is set.
        form = await home.post(
            "/api/config/config_entries/flow",
            {"handler": "med_exporter", "entry_id": handler, "show_advanced_options": True},
        )
        await home.delete(f"/api/config/config_entries/flow/{form['flow_id']}")
    for one in await home.command("config_entries/flow/progress"):
        if one["handler"] == "med_exporter":
            await home.get(f"/api/config/config_entries/flow/{one['flow_id']}")


async def export_configuration(home: Witness) -> None:
    """Write all settings to a file, and download it."""
    created = await home.post(
        "/api/exports/create", {"export_type": "configuration", "format": "json"}
    )

    async def completed() -> bool:
        status = await home.get(f"/api/exports/{created['export_id']}")
        assert status["status"] not in {"failed", "cancelled"}, status
        return status["status"] == "completed"

    await until(completed, 60)
    await home.request("GET", created["download_url"])


DESTINATIONS = ("home_assistant", "mqtt", "victoriametrics", "jeedom")
SECRET_FIELDS = ("password", "token", "api_key", "client_secret", "credentials_hash")


def stored_secrets(folder: Path) -> dict[str, list[str]]:
    """Return what stands in the secret fields of the stored config entries, by type."""
    store = json.loads((folder / ".storage" / "core.config_entries").read_text())
    return {
        entry["data"]["type"]: [
            entry["data"][field] for field in SECRET_FIELDS if entry["data"].get(field)
        ]
        for entry in store["data"]["entries"]
        if entry["domain"] == "med_exporter"
    }


@pytest.mark.live
async def test_what_was_entered_is_nowhere_and_is_asked_for_again_when_the_key_is_lost(
    tmp_path: Path,
    mosquitto: Callable[..., Mosquitto],
    victoriametrics: Callable[..., Any],
    vmauth: Callable[..., VmAuth],
    plug_network: PlugNetwork,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(grid_server, "CLIENT_SECRET", CLIENT_SECRET)
    plug = EmulatedPlug(
        mac="50:C7:BF:00:03:01",
        alias="Plug",
        load=100.0,
        timezone=PARIS,
        installed_at=datetime.now(PARIS) - timedelta(days=5),
    )
    await plug_network.start(plug)
    broker = mosquitto(users={"med": MQTT_PASSWORD})
    guard = vmauth(victoriametrics(), password=VM_PASSWORD)
    async with (
        running_grid_server() as grid,
        running_jeedom() as jeedom,
        Mirror().running() as echo,
        Mirror(guard.url).running() as metrics,
        Mirror("").running() as remote,
        Witness(tmp_path / "home") as home,
    ):
        fill(grid)
        jeedom.keys["virtual"] = Key(API_KEY)
        await home.onboard()
        async with home.following():
            await refuse_everything(home, grid, broker, guard, jeedom, echo)
            entries = {
                "kasa": await home.add(
                    "kasa",
                    {
                        "name": "House",
                        "pdl": PDL,
                        "hosts": [plug.address],
                        "username": "me@example.com",
                        "password": PLUG_PASSWORD,
                    },
                    {"Plug": "consumption"},
                ),
                "grid": await home.add(
                    "grid",
                    {
                        "client_id": grid_server.CLIENT_ID,
                        "client_secret": CLIENT_SECRET,
                        **at(grid),
                    },
                ),
                "home_assistant": await home.add(
                    "home_assistant", home_assistant_input(remote.address)
                ),
                "mqtt": await home.add(
                    "mqtt", mqtt_input(broker.port, username="med", password=MQTT_PASSWORD)
                ),
                "victoriametrics": await home.add(
                    "victoriametrics",
                    victoriametrics_input(
                        metrics.address, username="med", password=VM_PASSWORD, data=["tempo"]
                    ),
                ),
                "jeedom": await home.add("jeedom", jeedom_input(jeedom.url, api_key=API_KEY)),
            }
            for kind in ("mqtt", "victoriametrics", "jeedom"):
                entry = await run(home, kind)
                assert entry["status"] == "success", entry
            # This one knows no statistics.
            assert (await run(home, "home_assistant"))["status"] == "error"
            await ask_everything(home, entries)
            await export_configuration(home)
            key = (home.folder / ".storage" / "med_exporter.key").read_bytes()

            await break_everything(home, broker, metrics, remote, jeedom)
            for kind in DESTINATIONS:
                assert (await run(home, kind))["status"] == "error", kind
            for status in (401, 500):
                metrics.status = status
                assert (await run(home, "victoriametrics"))["status"] == "error"
            jeedom.keys["virtual"] = Key("anotherKey")
            jeedom.body = None
            assert (await run(home, "jeedom"))["error_code"] == "WRONG_API_KEY"
            grid.fail("token", failure=Failure(status=400, body=f"Basic {CLIENT_SECRET}"))
            await ask_everything(home, entries)
            assert echo.said
            assert metrics.said
            assert remote.said
        await home.restart()
        await ask_everything(home, entries)
        await home.stop()

        heard = [(one, found_in(one)) for one in home.heard]
        # An address that is refused for the password in it is given back to be mended.
        assert not [
            one
            for one, found in heard
            if found - {IN_ADDRESS} or (found and '"step_id"' not in one)
        ]
        assert not found_in(history_of(home.database))
        leaks = {name: found_in(content) for name, content in files_below(home.folder)}
        assert not {name: found for name, found in leaks.items() if found}
        logged = home.log_file.read_text(errors="replace")
        # The log was as talkative as it can be.
        for name in ("custom_components.med_exporter", "kasa", "homeassistant.core"):
            assert f"[{name}" in logged, name

        key_file = home.folder / ".storage" / "med_exporter.key"
        assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
        assert key_file.read_bytes() == key, "made twice"
        secrets = stored_secrets(home.folder)
        decrypted = [Fernet(key).decrypt(one).decode() for kind in secrets for one in secrets[kind]]
        assert sorted(decrypted) == sorted(
            [CLIENT_SECRET, MQTT_PASSWORD, VM_PASSWORD, API_KEY, TOKEN]
        )

        await lose_the_key(home, entries, jeedom)


async def refuse_everything(
    home: Witness, grid: Any, broker: Any, guard: Any, jeedom: Any, echo: Mirror
) -> None:
    """Submit wrong secrets, and right ones to a server that repeats what it gets."""
    account = {"client_id": grid_server.CLIENT_ID, **at(grid)}
    assert await home.refused("grid", {**account, "client_secret": WRONG})
    grid.fail("token", failure=Failure(status=400, body=f'{{"error": "{CLIENT_SECRET}"}}'))
    assert await home.refused("grid", {**account, "client_secret": CLIENT_SECRET})
    grid.failures.clear()
    login = {"username": "med", "password": WRONG}
    assert await home.refused("mqtt", mqtt_input(broker.port, **login))
    assert await home.refused("victoriametrics", victoriametrics_input(guard.url, **login))
    assert await home.refused("jeedom", jeedom_input(jeedom.url, api_key=WRONG))
    login["password"] = VM_PASSWORD
    assert await home.refused("victoriametrics", victoriametrics_input(echo.address, **login))
    assert await home.refused("jeedom", jeedom_input(echo.address, api_key=API_KEY))
    assert await home.refused("home_assistant", home_assistant_input(echo.address))
    for kind, user_input in {
        "victoriametrics": victoriametrics_input(f"http://med:{IN_ADDRESS}@127.0.0.1:1"),
        "jeedom": jeedom_input(f"http://med:{IN_ADDRESS}@127.0.0.1:1", api_key=API_KEY),
        "home_assistant": home_assistant_input(f"http://med:{IN_ADDRESS}@127.0.0.1:1"),
        "mqtt": mqtt_input(1, broker=f"mqtt://med:{IN_ADDRESS}@127.0.0.1"),
    }.items():
        assert await home.refused(kind, user_input), kind
    # One that nobody listens for.
    assert await home.refused("home_assistant", home_assistant_input("http://127.0.0.1:1"))
    assert await home.refused(
        "kasa",
        {
            "name": "House",
            "pdl": PDL,
            "hosts": ["127.0.0.1:1"],
            "username": "me@example.com",
            "password": PLUG_PASSWORD,
        },
    )


async def break_everything(
    home: Witness, broker: Mosquitto, metrics: Mirror, remote: Mirror, jeedom: Any
) -> None:
    """Let every server refuse what it took before, and repeat it; doors refuse it as well."""
    for kind, config in {
        "mqtt": {"password": WRONG},
        "victoriametrics": {"password": WRONG},
        "jeedom": {"api_key": WRONG},
        "home_assistant": {"url": "http://127.0.0.1:1", "token": WRONG},
    }.items():
        with pytest.raises(RequestError):
            await home.request("PUT", f"/api/export/configs/{kind}", json={"config": config})
    broker.kill()
    broker.users["med"] = "another"
    broker.start()
    metrics.odd = remote.odd = True
    jeedom.body = json.dumps(
        {"error": {"code": -32000, "message": f"{API_KEY} {quote(API_KEY, safe='')} refused"}}
    )


async def lose_the_key(home: Witness, entries: dict[str, str], jeedom: Any) -> None:
    """Start without the key: what has secrets asks for them, the rest goes on."""
    key_file = home.folder / ".storage" / "med_exporter.key"
    key_file.unlink()
    before = len(home.complaints())
    await home.start()
    await home.wait_until_running()

    async def asked() -> set[str]:
        flows = await home.command("config_entries/flow/progress")
        return {
            one["context"]["entry_id"]
            for one in flows
            if one["handler"] == "med_exporter" and one["context"]["source"] == "reauth"
        }

    with_secrets = {entries[kind] for kind in ("grid", *DESTINATIONS)}
    assert await until(lambda: _equals(asked, with_secrets))
    states = {
        one["entry_id"]: one["state"]
        for one in await home.command("config_entries/get", domain="med_exporter")
    }
    assert states[entries["kasa"]] == "loaded"
    assert all(states[entries[kind]] == "setup_error" for kind in DESTINATIONS)
    for kind in DESTINATIONS:
        answer = await home.post(f"/api/export/configs/{kind}/test")
        assert answer["error_code"] == "SECRET_LOST", kind
    assert (await home.states())[f"sensor.med_{PDL}_consumption_daily"]["state"] != "unavailable"

    jeedom.keys["virtual"] = Key(API_KEY)
    (flow,) = [
        one
        for one in await home.command("config_entries/flow/progress")
        if one["context"].get("entry_id") == entries["jeedom"]
    ]
    result = await home.post(
        f"/api/config/config_entries/flow/{flow['flow_id']}", {"api_key": API_KEY}
    )
    assert result["reason"] == "reauth_successful"

    async def is_loaded() -> bool:
        known = await home.command("config_entries/get", domain="med_exporter")
        return (entries["jeedom"], "loaded") in {(one["entry_id"], one["state"]) for one in known}

    await until(is_loaded)
    assert (await run(home, "jeedom"))["status"] == "success"
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert not [one for one in home.complaints()[before:] if "Traceback" in one.text]
    assert not [one for one in home.heard if found_in(one) - {IN_ADDRESS}]


async def _equals(ask: Callable[[], Any], expected: set[str]) -> bool:
    return await ask() == expected


def no_session() -> ClientSession:
    raise AssertionError("older plugs are not asked over HTTP")


@pytest.mark.usefixtures("brief_waits")
async def test_the_hash_of_a_plugs_credentials_is_not_logged(
    plug_network: PlugNetwork, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    plug = EmulatedPlug(mac="50:C7:BF:00:03:01", alias="Plug", load=100.0)
    await plug_network.start(plug)
    first = KasaHost(Connection(host=plug.address), no_session)
    await first.connect()
    await first.close()
    connection = replace(first.connection, credentials_hash=HASH)
    host = KasaHost(connection, no_session)
    await host.poll(datetime.now(UTC).date())
    await plug.cut_off()
    with pytest.raises(KasaError) as raised:
        await host.poll(datetime.now(UTC).date())
    await host.close()
    assert HASH not in str(raised.value)
    assert plug.address.partition(":")[0] in caplog.text
    assert HASH not in caplog.text
    assert HASH not in f"{connection!r} {host!r}"
