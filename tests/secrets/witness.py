"""A Home Assistant all of whose answers are kept, and servers that repeat what they get."""

from __future__ import annotations

import asyncio
import json
from base64 import b64decode
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import ClientSession, WSMsgType, web
from aiohttp.test_utils import TestServer

from tests.real_home import FlowError, RealHome, RequestError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


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
