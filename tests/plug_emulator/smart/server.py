"""The sockets of a newer plug: HTTP, and datagrams by which it is found."""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import socket
from typing import TYPE_CHECKING, Any

from aiohttp import web

from .cipher import SEED_BYTES, Session

if TYPE_CHECKING:
    from .device import EmulatedSmartPlug

DISCOVERY_PORT = 20002
_BROADCAST_ADDRESS = "127.255.255.255"
_DISCOVERY_HEADER = 16
_COOKIE = "TP_SESSIONID"
_SILENT = logging.getLogger("emulated plugs")
_SILENT.disabled = True


class SmartServer:
    """Listens for one plug; sessions are known by their cookie, as the firmware does it."""

    def __init__(self, plug: EmulatedSmartPlug, host: str, port: int) -> None:
        self.host = host
        self.port = port
        self._plug = plug
        self._sessions: dict[str, Session] = {}
        self._datagrams: list[asyncio.DatagramTransport] = []
        self._runner: web.AppRunner | None = None

    async def open(self, *, found_by_udp: bool) -> None:
        """Listen. Port 0 becomes a free one. Raises OSError when the address cannot be used."""
        app = web.Application()
        app.router.add_post("/app/handshake1", self._greet)
        app.router.add_post("/app/handshake2", self._agree)
        app.router.add_post("/app/request", self._answer)
        self._runner = web.AppRunner(
            app,
            access_log=None,
            # Who asks it in another tongue is no trouble of the house.
            logger=_SILENT,
            handler_cancellation=True,
            shutdown_timeout=0.1,
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.host, self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        if found_by_udp:
            own = await self._listen(self.host)
            await self._listen(_BROADCAST_ADDRESS, answers_from=own)

    async def close(self) -> None:
        """Stop listening and break every connection."""
        for transport in self._datagrams:
            transport.close()
        self._datagrams.clear()
        if self._runner:
            await self._runner.cleanup()
            self._runner = None
        await asyncio.sleep(0)

    def forget_sessions(self) -> None:
        """Know no client any longer, as after a restart."""
        self._sessions.clear()

    async def _greet(self, request: web.Request) -> web.Response:
        await self._plug.wait()
        client_seed = await request.read()
        if len(client_seed) != SEED_BYTES:
            return web.Response(status=400)
        seed, cookie = secrets.token_bytes(SEED_BYTES), secrets.token_hex(16).upper()
        session = self._sessions[cookie] = Session(client_seed, seed, self._plug.account)
        response = web.Response(body=seed + session.plug_proof)
        response.headers["Set-Cookie"] = f"{_COOKIE}={cookie};TIMEOUT=86400"
        return response

    async def _agree(self, request: web.Request) -> web.Response:
        await self._plug.wait()
        session = self._sessions.get(request.cookies.get(_COOKIE, ""))
        proof = await request.read()
        self._plug.proofs += 1
        return web.Response(status=200 if session and session.client_proof == proof else 403)

    async def _answer(self, request: web.Request) -> web.Response:
        await self._plug.wait()
        session = self._sessions.get(request.cookies.get(_COOKIE, ""))
        if session is None:
            return web.Response(status=403)
        number = int(request.query["seq"])
        try:
            clear = session.decrypt(await request.read(), number)
        except ValueError:
            return web.Response(status=400)
        body = json.dumps(self._plug.handle(json.loads(clear))).encode()
        return web.Response(body=session.encrypt(body, number))

    async def _listen(
        self, host: str, *, answers_from: asyncio.DatagramTransport | None = None
    ) -> asyncio.DatagramTransport:
        shared = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        # Every plug hears what is sent to all.
        shared.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        shared.bind((host, DISCOVERY_PORT))
        shared.setblocking(False)
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Datagrams(self._plug, answers_from), sock=shared
        )
        self._datagrams.append(transport)
        return transport


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(
        self, plug: EmulatedSmartPlug, answers_from: asyncio.DatagramTransport | None
    ) -> None:
        self._plug = plug
        self._answers_from = answers_from

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if self._answers_from is None:
            assert isinstance(transport, asyncio.DatagramTransport)
            self._answers_from = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if len(data) < _DISCOVERY_HEADER or self._answers_from is None or self._plug.is_silent:
            return
        told: dict[str, Any] = {"result": self._plug.introduction(), "error_code": 0}
        self._answers_from.sendto(bytes(_DISCOVERY_HEADER) + json.dumps(told).encode(), addr)
