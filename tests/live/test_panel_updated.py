"""A page that is open while the integration is updated is given the new modules beside its own."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.live.browsing import CHROMIUM, real_browser
from tests.pages import ROOT

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

WWW = ROOT / "custom_components/med_exporter/panel/www"

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"there is no browser at {CHROMIUM}"),
]


@asynccontextmanager
async def served() -> AsyncGenerator[TestServer]:
    """The page's files at two addresses, as before and after an update."""

    async def empty(_: web.Request) -> web.Response:
        page = '<!doctype html><link rel="icon" href="data:,">'
        return web.Response(text=page, content_type="text/html")

    app = web.Application()
    app.router.add_get("/", empty)
    for version in ("before", "after"):
        app.router.add_static(f"/{version}", WWW)
    async with TestServer(app) as server:
        yield server


async def test_its_new_modules_are_loaded_without_a_complaint(tmp_path) -> None:
    async with served() as server, real_browser(tmp_path) as browser:
        page = await browser.new_page()
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console", lambda said: complaints.append(said.text) if said.type == "error" else None
        )
        await page.goto(str(server.make_url("/")))
        for version in ("before", "after"):
            await page.evaluate(f"import('/{version}/panel.js').then(() => true)")
        kept = await page.evaluate("Boolean(customElements.get('med-exporter-panel'))")
        assert (kept, complaints) == (True, [])
