"""A server on loopback that answers as a Jeedom 4.5 does, traps included, and keeps state.

Errors come with status 200; empty results are the word "ok"; ids are strings at creation and
integers later; empty maps are lists; names lose characters, and two equipments under one parent
cannot share one; a save with some commands deletes the others; events to disabled equipment, and of
values out of range, are acknowledged and dropped. A plugin's key is born disabled when it is first
shown, and enabled when someone asks for a plugin whose key was never shown. Jeedom's own key opens
every plugin whose interface is enabled. Asked as a plugin, it tells that plugin's settings, among
which there is no time zone; an equipment's last communication is in Jeedom's local time. Its clock
may be wrong; `datetime` tells what it takes for the time of UTC.
"""

from __future__ import annotations

import asyncio
import json
import re
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from ssl import SSLError
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.util import dt as dt_util

from tests.metering_points import answer, start_flow
from tests.real_home.ports import free_port

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator

    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant

PATH = "/core/api/jeeApi.php"
CORE_KEY = "coreKeyAAAAAAAAAAAAAAAAAAAAAAAAAA"
VIRTUAL_KEY = "virtualKeyBBBBBBBBBBBBBBBBBBBBBBB"
OTHER_KEY = "otherPluginKeyCCCCCCCCCCCCCCCCCCC"

_FORMAT = "%Y-%m-%d %H:%M:%S"
_STRIPPED = str.maketrans("", "", "&#][%\\/'\"*")


class RpcError(Exception):
    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class Cut(Exception):  # noqa: N818
    """The server dies instead of answering."""


@dataclass
class Key:
    value: str
    enabled: bool = True
    restricted: bool = False


@dataclass
class Jeedom:
    """Everything a Jeedom remembers, and how it is to behave."""

    zone: str = "Europe/Paris"
    # How far its clock is ahead of the truth.
    ahead: timedelta = timedelta()
    keys: dict[str, Key] = field(
        default_factory=lambda: {
            "core": Key(CORE_KEY),
            "virtual": Key(VIRTUAL_KEY),
            "other": Key(OTHER_KEY),
        }
    )
    active: list[str] = field(default_factory=lambda: ["virtual", "other"])
    equipment: dict[int, dict[str, Any]] = field(default_factory=dict)
    commands: dict[int, dict[str, Any]] = field(default_factory=dict)
    history: dict[int, dict[str, str]] = field(default_factory=dict)
    state: dict[int, tuple[str, str]] = field(default_factory=dict)
    objects: list[dict[str, Any]] = field(
        default_factory=lambda: [
            {"id": 7, "name": "House", "isVisible": "1"},
            {"id": 8, "name": "Garden", "isVisible": "1"},
        ]
    )
    # What follows is about the test, not about Jeedom.
    calls: list[str] = field(default_factory=list)
    events: list[tuple[int, str, float]] = field(default_factory=list)
    status: int = 200
    body: str | None = None
    unknown_methods: set[str] = field(default_factory=set)
    dies_after: int | None = None
    dies_before_storing: bool = False
    address: str = ""
    answering: int = 0
    most_at_once: int = 0
    hangs: bool = False
    released: asyncio.Event = field(default_factory=asyncio.Event)
    _last_id: int = 0

    @property
    def url(self) -> str:
        return self.address

    def find(self, pdl: str) -> dict[str, Any]:
        (found,) = [one for one in self.equipment.values() if one["logicalId"] == f"med_{pdl}"]
        return found

    def command(self, pdl: str, data_type: str) -> dict[str, Any]:
        equipment = self.find(pdl)
        (found,) = [
            one
            for one in self.commands.values()
            if one["eqLogic_id"] == equipment["id"] and one["logicalId"] == data_type
        ]
        return found

    def values(self, pdl: str, data_type: str) -> dict[str, float]:
        """Return a command's history by stamp."""
        rows = self.history.get(self.command(pdl, data_type)["id"], {})
        return {stamp: float(rows[stamp]) for stamp in sorted(rows)}

    def current(self, pdl: str, data_type: str) -> tuple[float, str]:
        value, stamp = self.state[self.command(pdl, data_type)["id"]]
        return float(value), stamp

    def revive(self) -> None:
        self.dies_after = None

    def application(self) -> web.Application:
        app = web.Application()
        app.router.add_post(PATH, self._answer)
        app.router.add_post(f"/jeedom{PATH}", self._answer)
        return app

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if self.hangs:
            await self.released.wait()
        if self.status != 200 or self.body is not None:
            return web.Response(status=self.status, text=self.body or "")
        answer: dict[str, Any] = {"jsonrpc": "2.0", "id": None}
        self.answering += 1
        self.most_at_once = max(self.most_at_once, self.answering)
        # Others come meanwhile, if there are any.
        await asyncio.sleep(0)
        self.answering -= 1
        try:
            result = self._handle(await request.read(), answer)
            answer["result"] = "ok" if result in ([], {}, None, False) else result
        except RpcError as err:
            answer["error"] = {"code": err.code, "message": str(err)}
        except Cut:
            assert request.transport is not None
            request.transport.abort()
            raise web.HTTPServiceUnavailable from None
        return web.json_response(answer)

    def _handle(self, body: bytes, answer: dict[str, Any]) -> Any:
        try:
            question = json.loads(body)
        except ValueError:
            question = None
        # No batches.
        if not isinstance(question, dict):
            raise RpcError(1, "Requête invalide")
        answer["id"] = question.get("id")
        return self._call(question["method"], question.get("params") or {})

    def _call(self, method: str, params: dict[str, Any]) -> Any:
        self.calls.append(method)
        if self.dies_after is not None:
            if self.dies_after <= 0:
                raise Cut
            self.dies_after -= 1
        is_last = self.dies_after == 0
        if is_last and self.dies_before_storing:
            raise Cut
        result = self._result(method, params)
        if is_last:
            raise Cut
        return result

    def _result(self, method: str, params: dict[str, Any]) -> Any:
        if method == "ping":
            return "pong"
        if not params.get("apikey"):
            raise RpcError(1, "Aucune clé API")
        plugin = params.get("plugin") or "core"
        key = self.keys.setdefault(plugin, Key(f"key made for {plugin}"))
        if not key.enabled:
            raise RpcError(1, "Vous n'êtes pas autorisé à effectuer cette action")
        if params["apikey"] not in (key.value, self.keys["core"].value):
            raise RpcError(2, f"Clé API invalide : {params['apikey']}")
        if key.restricted and params["apikey"] == key.value:
            raise RpcError(500, "Méthode non autorisée")
        handler = getattr(self, "_rpc_" + method.replace("::", "_"), None)
        if method in self.unknown_methods:
            handler = None
        if handler is None:
            raise RpcError(500, f"Aucune méthode correspondante : {method}")
        return handler(params)

    def _rpc_version(self, params: dict[str, Any]) -> str:
        return "4.5.3"

    def _rpc_plugin_listPlugin(self, params: dict[str, Any]) -> Any:  # noqa: N802
        return [{"id": one, "name": one.title()} for one in self.active]

    def _rpc_config_byKey(self, params: dict[str, Any]) -> Any:  # noqa: N802
        if params.get("plugin") or params["key"] != "timezone":
            return None
        return self.zone

    def _rpc_datetime(self, params: dict[str, Any]) -> float:
        return (dt_util.utcnow() + self.ahead).timestamp()

    def _rpc_object_all(self, params: dict[str, Any]) -> Any:
        return self.objects

    def _rpc_eqLogic_byType(self, params: dict[str, Any]) -> Any:  # noqa: N802
        return [
            _shown(one) for one in self.equipment.values() if one["eqType_name"] == params["type"]
        ]

    def _rpc_eqLogic_save(self, params: dict[str, Any]) -> Any:  # noqa: N802
        if params.get("eqType_name") not in self.active:
            raise RpcError(-32000, "Type incorrect (classe commande inexistante)")
        equipment = self._existing(self.equipment, params, 602)
        names = (
            "eqType_name", "name", "logicalId", "isEnable", "isVisible", "category", "object_id",
            "configuration",
        )  # fmt: skip
        equipment |= {name: params[name] for name in names if name in params}
        equipment["name"] = equipment["name"].translate(_STRIPPED)
        for other in self.equipment.values():
            if other is not equipment and _place(other) == _place(equipment):
                del self.equipment[equipment["id"]]
                raise RpcError(-32000, "[MySQL] Duplicate entry for key 'unique'")
        if "cmd" in params:
            kept = set()
            for given in params["cmd"]:
                one = {"eqType_name": params["eqType_name"], "eqLogic_id": equipment["id"], **given}
                kept.add(self._save_command(one)["id"])
            for number, command in list(self.commands.items()):
                if command["eqLogic_id"] == equipment["id"] and number not in kept:
                    del self.commands[number]
        return {**_shown(equipment), "id": str(equipment["id"])}

    def _rpc_cmd_save(self, params: dict[str, Any]) -> Any:
        command = self._save_command(params)
        return {**_shown(command), "id": str(command["id"])}

    def _save_command(self, params: dict[str, Any]) -> dict[str, Any]:
        if int(params["eqLogic_id"]) not in self.equipment:
            raise RpcError(-32000, "Équipement introuvable")
        command = self._existing(self.commands, params, 702)
        names = (
            "name", "logicalId", "type", "subType", "unite", "isHistorized", "isVisible",
            "configuration",
        )  # fmt: skip
        command |= {name: params[name] for name in names if name in params}
        command["eqLogic_id"] = int(params["eqLogic_id"])
        command["name"] = command["name"].translate(_STRIPPED)
        return command

    def _existing(
        self, store: dict[int, dict[str, Any]], params: dict[str, Any], code: int
    ) -> dict[str, Any]:
        if "id" in params:
            if int(params["id"]) not in store:
                raise RpcError(code, "Introuvable")
            return store[int(params["id"])]
        self._last_id += 1
        return store.setdefault(self._last_id, {"id": self._last_id})

    def _rpc_cmd_byEqLogicId(self, params: dict[str, Any]) -> Any:  # noqa: N802
        number = int(params["eqLogic_id"])
        return [_shown(one) for one in self.commands.values() if one["eqLogic_id"] == number]

    def _known(self, params: dict[str, Any]) -> dict[str, Any]:
        if int(params["id"]) not in self.commands:
            raise RpcError(702, f"Commande introuvable : {params['id']}")
        return self.commands[int(params["id"])]

    def _rpc_cmd_execCmd(self, params: dict[str, Any]) -> Any:  # noqa: N802
        value, stamp = self.state.get(self._known(params)["id"], ("", ""))
        return {"value": float(value) if value else "", "collectDate": stamp}

    def _rpc_cmd_getHistory(self, params: dict[str, Any]) -> Any:  # noqa: N802
        command = self._known(params)
        rows = self.history.get(command["id"], {})
        return [
            {"cmd_id": command["id"], "value": rows[stamp], "datetime": stamp}
            for stamp in sorted(rows)
            if params["startTime"] <= stamp <= params["endTime"]
        ]

    def _rpc_cmd_event(self, params: dict[str, Any]) -> Any:
        command = self._known(params)
        itself = dt_util.utcnow() + self.ahead
        now = itself.astimezone(ZoneInfo(self.zone)).strftime(_FORMAT)
        stamp = params.get("datetime") or now
        if not re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", stamp):
            raise RpcError(-32000, f"[MySQL] Incorrect datetime value: '{stamp}'")
        if str(self.equipment[command["eqLogic_id"]]["isEnable"]) != "1":
            return None
        self.equipment[command["eqLogic_id"]]["status"] = {"lastCommunication": now}
        value = 0.0
        with suppress(TypeError, ValueError):
            value = float(params["value"])
        configuration = command.get("configuration") or {}
        if calculation := str(configuration.get("calculValueOffset") or "").strip():
            # As Jeedom does, which evaluates what stands there.
            value = float(eval(calculation.replace("#value#", str(value)), {"min": min}))
        if not (
            float(configuration.get("minValue") or value)
            <= value
            <= float(configuration.get("maxValue") or value)
        ):
            return None
        if value in [
            float(one) for one in str(configuration.get("denyValues", "")).split(";") if one
        ]:
            return None
        if "historizeRound" in configuration:
            value = round(value, int(configuration["historizeRound"]))
        # PHP's own precision.
        text = f"{value:.14g}"
        self.state[command["id"]] = (text, stamp)
        if command["logicalId"] != "clock":
            self.events.append((command["id"], stamp, value))
        if str(command.get("isHistorized")) == "1":
            self.history.setdefault(command["id"], {})[stamp] = text
        return None


def _place(equipment: dict[str, Any]) -> tuple[object, object]:
    return equipment.get("object_id"), equipment["name"].casefold()


def _shown(thing: dict[str, Any]) -> dict[str, Any]:
    return {name: [] if value == {} else value for name, value in thing.items()}


def _let_clients_hang_up() -> None:
    """Take it as no failure of the test that a client does not trust the certificate."""
    loop = asyncio.get_running_loop()
    report = loop.get_exception_handler()

    def handle(where: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if isinstance(context.get("exception"), ConnectionResetError | SSLError):
            return
        if report is None:
            where.default_exception_handler(context)
        else:
            report(where, context)

    loop.set_exception_handler(handle)


@asynccontextmanager
async def running_jeedom(
    jeedom: Jeedom | None = None, *, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Jeedom]:
    """Run a Jeedom; one that ran before goes on at its address with what it remembers."""
    jeedom = jeedom or Jeedom()
    scheme = "http" if tls is None else "https"
    port = int(jeedom.address.rpartition(":")[2]) if jeedom.address else free_port()
    server = TestServer(jeedom.application(), scheme=scheme, port=port)
    await server.start_server(ssl=tls, access_log=None)
    jeedom.address = f"{scheme}://127.0.0.1:{port}"
    if tls is not None:
        _let_clients_hang_up()
    try:
        yield jeedom
    finally:
        jeedom.released.set()
        await server.close()


@pytest.fixture
async def jeedom() -> AsyncIterator[Jeedom]:
    """A Jeedom whose plugin `virtual` is active and its key enabled."""
    async with running_jeedom() as running:
        yield running


def jeedom_input(url: str, **changes: Any) -> dict[str, Any]:
    """Return what a user fills in; a change to None leaves the field out."""
    values = {
        "url": url,
        "api_key": VIRTUAL_KEY,
        "plugin": "virtual",
        "verify_ssl": True,
        "interval": "60",
        "data": ["consumption_daily", "consumption_monthly", "production_daily", "tempo"],
        **changes,
    }
    return {key: value for key, value in values.items() if value is not None}


async def add_jeedom(hass: HomeAssistant, url: str, **changes: Any) -> ConfigEntry:
    """Set up a destination."""
    flow = await start_flow(hass, "jeedom")
    result = await answer(hass, flow, jeedom_input(url, **changes))
    assert result["type"] is FlowResultType.CREATE_ENTRY, result.get("errors")
    await hass.async_block_till_done()
    return result["result"]
