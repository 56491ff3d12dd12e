"""A server on loopback that speaks as RTE and the public Tempo servers document it.

One server stands for all of them, since their paths differ. It answers from a calendar of its own,
counts what it is asked, and can be made to fail per service.
"""

from __future__ import annotations

import asyncio
from base64 import b64decode
from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from aiohttp import web
from aiohttp.test_utils import TestServer

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator

PARIS = ZoneInfo("Europe/Paris")
CLIENT_ID = "0b3e2b7c-0d2e-4a57-9d1e-6f0b9a1c2d3e"
CLIENT_SECRET = "7d1c9f0a-5b6e-4c3d-8a2b-1e0f9d8c7b6a"

type Service = Literal[
    "token", "rte_tempo", "rte_ecowatt", "services_rte", "couleur_tempo", "gateway_tempo",
    "gateway_ecowatt", "forecast",
]  # fmt: skip
TEMPO_SERVICES: tuple[Service, ...] = (
    "rte_tempo", "services_rte", "couleur_tempo", "gateway_tempo",
)  # fmt: skip

_CODES = {"BLUE": 1, "WHITE": 2, "RED": 3}


@dataclass(kw_only=True)
class Failure:
    """How a service fails: a status, a body as it stands, a cut in the middle, or silence."""

    status: int = 200
    body: str | bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    truncated: bool = False
    silent: bool = False


HTML = Failure(body="<!DOCTYPE html><html><body>Maintenance</body></html>")
WRONG_JSON = Failure(body='{"error": "none of what you expect"}')
NOT_AN_OBJECT = Failure(body='"BLUE"')
TRUNCATED = Failure(truncated=True)
SILENT = Failure(silent=True)
FAILURES = {
    "403": Failure(status=403),
    "429": Failure(status=429),
    "500": Failure(status=500),
    "509": Failure(status=509),
    "html": HTML,
    "cut off": TRUNCATED,
    "wrong json": WRONG_JSON,
    "not an object": NOT_AN_OBJECT,
    "silent": SILENT,
}


class GridServer:
    """The servers' state: the colours by day, the signals, what fails, and what was asked."""

    def __init__(self) -> None:
        self.colours: dict[date, str] = {}
        # What one service says instead of the calendar; None is an entry without a value.
        self.odd: dict[tuple[Service, date], str | int | None] = {}
        self.signals: list[dict[str, object]] = []
        self.forecast: list[object] = []
        self.forecasts_asked = 0
        self.gateway_signals: dict[str, object] = {}
        self.failures: dict[Service, Failure] = {}
        self.asked: Counter[Service] = Counter()
        self.queries: list[tuple[Service, str]] = []
        self.user_agents: dict[Service, str] = {}
        self.expires_in: object = 7200
        self.tokens: set[str] = set()
        self.address = ""
        self._released = asyncio.Event()

    def fill(self, start: date, end: date, colour: str = "BLUE") -> None:
        """Give every day of a range, both ends included, the same colour."""
        for offset in range((end - start).days + 1):
            self.colours[start + timedelta(days=offset)] = colour

    def fail(self, *services: Service, failure: Failure) -> None:
        for service in services:
            self.failures[service] = failure

    def release(self) -> None:
        """Let go of what hangs in silence."""
        self._released.set()

    def application(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/token/oauth/", self._token)
        app.router.add_get(
            "/open_api/tempo_like_supply_contract/v1/tempo_like_calendars", self._rte_tempo
        )
        app.router.add_get("/open_api/ecowatt/v5/signals", self._rte_ecowatt)
        app.router.add_get("/cms/open_data/v1/tempo", self._services_rte)
        app.router.add_get("/api/joursTempo", self._couleur_tempo)
        app.router.add_get("/rte/tempo/{start}/{end}", self._gateway_tempo)
        app.router.add_get("/rte/ecowatt/{start}/{end}", self._gateway_ecowatt)
        app.router.add_get("/assets/tempo_days_lite.json", self._forecast)
        return app

    async def _forecast(self, request: web.Request) -> web.StreamResponse:
        # Counted apart: it is asked for by the clock, whatever is announced.
        self.forecasts_asked += 1
        return await self._answer("forecast", request, self.forecast)

    async def _answer(
        self, service: Service, request: web.Request, payload: object
    ) -> web.StreamResponse:
        failure = self.failures.get(service)
        if failure is None:
            return web.json_response(payload)
        if failure.silent:
            await self._released.wait()
        if failure.truncated:
            whole = web.json_response(payload).body
            assert isinstance(whole, bytes)
            response = web.StreamResponse(headers={"Content-Type": "application/json"})
            response.content_length = len(whole)
            await response.prepare(request)
            await response.write(whole[: len(whole) // 2])
            assert request.transport is not None
            request.transport.close()
            return response
        if failure.body is None:
            return web.json_response(
                {"error": "ERROR", "error_description": "Error code unknown"},
                status=failure.status,
                headers=failure.headers,
            )
        body = failure.body.encode() if isinstance(failure.body, str) else failure.body
        return web.Response(body=body, status=failure.status, headers=failure.headers)

    def _note(self, service: Service, request: web.Request) -> None:
        self.asked[service] += 1
        self.queries.append((service, request.path_qs))
        self.user_agents[service] = request.headers.get("User-Agent", "")

    def _said(self, service: Service, day: date) -> str | int | None:
        return self.odd.get((service, day), self.colours.get(day))

    def _days(self, service: Service) -> set[date]:
        return set(self.colours) | {day for name, day in self.odd if name == service}

    async def _token(self, request: web.Request) -> web.StreamResponse:
        self._note("token", request)
        login = request.headers.get("Authorization", "").removeprefix("Basic ")
        if b64decode(login).decode() != f"{CLIENT_ID}:{CLIENT_SECRET}":
            return web.json_response({"error": "invalid_client"}, status=401)
        token = f"token-{self.asked['token']}"
        if "token" not in self.failures:
            self.tokens.add(token)
        return await self._answer(
            "token",
            request,
            {"access_token": token, "token_type": "Bearer", "expires_in": self.expires_in},
        )

    def _knows(self, request: web.Request) -> bool:
        return request.headers.get("Authorization", "").removeprefix("Bearer ") in self.tokens

    async def _rte_tempo(self, request: web.Request) -> web.StreamResponse:
        self._note("rte_tempo", request)
        if not self._knows(request):
            return web.Response(status=401)
        start = datetime.fromisoformat(request.query["start_date"])
        end = datetime.fromisoformat(request.query["end_date"])
        for moment in (start, end):
            # RTE takes midnights with the offset that Paris has then.
            if moment != moment.astimezone(PARIS).replace(hour=0, minute=0):
                return web.json_response({"error": "TMPLIKSUPCON_TMPLIKCAL_F04"}, status=400)
        if (end.date() - start.date()).days > 366:
            return web.json_response({"error": "TMPLIKSUPCON_TMPLIKCAL_F03"}, status=400)
        values = []
        for day in sorted(self._days("rte_tempo"), reverse=True):
            if not start.date() <= day < end.date():
                continue
            entry = {
                "start_date": datetime(day.year, day.month, day.day, tzinfo=PARIS).isoformat(),
                "end_date": datetime.combine(
                    day + timedelta(days=1), datetime.min.time(), PARIS
                ).isoformat(),
                "value": self._said("rte_tempo", day),
                "updated_date": "2026-01-14T10:20:00+01:00",
            }
            if entry["value"] is None:
                del entry["value"]
            values.append(entry)
        return await self._answer(
            "rte_tempo",
            request,
            {
                "tempo_like_calendars": {
                    "start_date": start.isoformat(),
                    "end_date": end.isoformat(),
                    "values": values,
                }
            },
        )

    async def _rte_ecowatt(self, request: web.Request) -> web.StreamResponse:
        self._note("rte_ecowatt", request)
        if not self._knows(request):
            return web.Response(status=401)
        return await self._answer("rte_ecowatt", request, {"signals": self.signals})

    async def _services_rte(self, request: web.Request) -> web.StreamResponse:
        self._note("services_rte", request)
        if not self.user_agents["services_rte"].startswith("Mozilla/5.0"):
            return web.Response(status=403, text="<html>Access denied</html>")
        first, last = (int(year) for year in request.query["season"].split("-"))
        values: dict[str, object] = {}
        for day in sorted(self._days("services_rte")):
            if date(first, 9, 1) <= day <= date(last, 8, 31):
                values[day.isoformat()] = self._said("services_rte", day)
                values[f"{day.isoformat()}-fallback"] = "false"
        return await self._answer("services_rte", request, {"values": values})

    async def _couleur_tempo(self, request: web.Request) -> web.StreamResponse:
        self._note("couleur_tempo", request)
        if len(request.path_qs) > 4000:
            return web.Response(status=414)
        days = [date.fromisoformat(text) for text in request.query.getall("dateJour[]")]
        return await self._answer(
            "couleur_tempo",
            request,
            [
                {
                    "dateJour": day.isoformat(),
                    "codeJour": said if isinstance(said, int) else _CODES.get(str(said), 0),
                    "periode": "2025-2026",
                }
                for day in days
                for said in [self._said("couleur_tempo", day)]
            ],
        )

    async def _gateway_tempo(self, request: web.Request) -> web.StreamResponse:
        self._note("gateway_tempo", request)
        start, end = (date.fromisoformat(request.match_info[k]) for k in ("start", "end"))
        return await self._answer(
            "gateway_tempo",
            request,
            {
                day.isoformat(): self._said("gateway_tempo", day)
                for day in sorted(self._days("gateway_tempo"))
                if start <= day < end
            },
        )

    async def _gateway_ecowatt(self, request: web.Request) -> web.StreamResponse:
        self._note("gateway_ecowatt", request)
        start, end = request.match_info["start"], request.match_info["end"]
        return await self._answer(
            "gateway_ecowatt",
            request,
            {day: signal for day, signal in self.gateway_signals.items() if start <= day < end},
        )


@asynccontextmanager
async def running_grid_server(tls: ssl.SSLContext | None = None) -> AsyncIterator[GridServer]:
    """Run a server; its `address` is the base address of each service."""
    grid = GridServer()
    server = TestServer(grid.application(), scheme="http" if tls is None else "https")
    await server.start_server(ssl=tls)
    grid.address = f"{'http' if tls is None else 'https'}://127.0.0.1:{server.port}"
    try:
        yield grid
    finally:
        grid.release()
        await server.close()


def rte_signal(day: date, level: object = 1, message: str = "Pas d'alerte.") -> dict[str, object]:
    """Return a day as RTE's EcoWatt API words it; the hours before 06:00 are low-carbon."""
    return {
        "GenerationFichier": datetime(day.year, day.month, day.day, 0, 0, tzinfo=PARIS).isoformat(),
        "jour": datetime(day.year, day.month, day.day, tzinfo=PARIS).isoformat(),
        "dvalue": level,
        "message": message,
        "values": [{"pas": hour, "hvalue": 0 if hour < 6 else 1} for hour in range(24)],
    }


def gateway_signal(
    day: date, level: object = 1, message: str = "Pas d'alerte."
) -> dict[str, object]:
    """Return a day as a MyElectricalData gateway words it."""
    return {
        "value": level,
        "message": message,
        "detail": {
            f"{day.isoformat()} {hour:02}:00:00": 0 if hour < 6 else 1 for hour in range(24)
        },
    }
