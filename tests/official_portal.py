"""A server on loopback that has the regulator's tables as the French open-data portal has them.

The address of a resource leads to the file, whose lines are those of the regulator in 2026: a
semicolon between cells, a comma in numbers, the day first in dates, no end for what still holds.
"""

from __future__ import annotations

from collections import Counter
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from aiohttp import web
from aiohttp.test_utils import TestServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

BASE = (
    "DATE_DEBUT;DATE_FIN;P_SOUSCRITE;PART_FIXE_HT;PART_FIXE_TTC;PART_VARIABLE_HT;PART_VARIABLE_TTC\r\n"
    "23/07/2012;31/07/2013;6;65,64;82,98;0,0828;0,1263\r\n"
    "01/08/2025;31/01/2026;6;135,2;186,12;0,1327;0,1952\r\n"
    "01/02/2026;;6;141,6;188,2;0,1308;0,19398\r\n"
    "01/02/2026;;9;176,16;235,9;0,1297;0,19266\r\n"
)
PEAK_OFF_PEAK = (
    "DATE_DEBUT;DATE_FIN;P_SOUSCRITE;PART_FIXE_HT;PART_FIXE_TTC;PART_VARIABLE_HC_HT;"
    "PART_VARIABLE_HC_TTC;PART_VARIABLE_HP_HT;PART_VARIABLE_HP_TTC\r\n"
    "01/02/2026;;6;143,2;190,8;0,1014;0,1579;0,1412;0,2065\r\n"
)
TEMPO = (
    "DATE_DEBUT;DATE_FIN;P_SOUSCRITE;PART_FIXE_HT;PART_FIXE_TTC;"
    "PART_VARIABLE_HCBleu_HT;PART_VARIABLE_HCBleu_TTC;PART_VARIABLE_HPBleu_HT;"
    "PART_VARIABLE_HPBleu_TTC;PART_VARIABLE_HCBlanc_HT;PART_VARIABLE_HCBlanc_TTC;"
    "PART_VARIABLE_HPBlanc_HT;PART_VARIABLE_HPBlanc_TTC;PART_VARIABLE_HCRouge_HT;"
    "PART_VARIABLE_HCRouge_TTC;PART_VARIABLE_HPRouge_HT;PART_VARIABLE_HPRouge_TTC\r\n"
    "01/02/2026;;6;140,1;187,2;0,08;0,1325;0,1;0,1612;0,09;0,1499;0,12;0,1871;0,1;0,1575;0,5;0,706\r\n"
)
FILES = {
    "c13d05e5-9e55-4d03-bf7e-042a2ade7e49": BASE,
    "f7303b3a-93c7-4242-813d-84919034c416": PEAK_OFF_PEAK,
    "0c3d1d36-c412-4620-8566-e5cbb4fa2b5a": TEMPO,
}


class OfficialPortal:
    """What the portal answers, and what it was asked."""

    def __init__(self) -> None:
        self.address = ""
        self.files = dict(FILES)
        self.leads_to: str | None = None
        self.status = 200
        self.asked: Counter[str] = Counter()
        self.headers: dict[str, str] = {}

    def application(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/api/1/datasets/r/{resource}", self._resource)
        app.router.add_get("/files/{resource}.csv", self._file)
        return app

    async def _resource(self, request: web.Request) -> web.Response:
        resource = request.match_info["resource"]
        self.asked[resource] += 1
        self.headers = dict(request.headers)
        if self.status != 200:
            return web.Response(status=self.status)
        raise web.HTTPFound(self.leads_to or f"/files/{resource}.csv")

    async def _file(self, request: web.Request) -> web.Response:
        body = self.files[request.match_info["resource"]].encode()
        return web.Response(body=body, content_type="application/octet-stream")


@asynccontextmanager
async def running_portal() -> AsyncIterator[OfficialPortal]:
    """Run the portal on a free port."""
    portal = OfficialPortal()
    async with TestServer(portal.application()) as server:
        portal.address = str(server.make_url("")).rstrip("/")
        yield portal
