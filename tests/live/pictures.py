"""Takes the pictures of the documentation: the page's views, and a bill, from an open demo."""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

from playwright.async_api import async_playwright, expect

from .browsing import ARGUMENTS, CHROMIUM, PHONE, Visitor

if TYPE_CHECKING:
    from playwright.async_api import Browser

    from tests.real_home import RealHome

_FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
_VIEWS = ("overview", "destinations", "files", "schedules", "costs", "history")
_SHOWN = {"overview", "files", "costs"}
_SIZE = {"width": 1100, "height": 720}
_BILL = """async () => {
    const home = document.querySelector("home-assistant").hass;
    const made = await home.callApi("POST", "exports/create", {
        export_type: "cost_analysis", format: "pdf", date_range: "last_month",
        devices: %s, options: { locale: home.language },
    });
    let status = made;
    while (!["completed", "failed"].includes(status.status))
        status = await home.callApi("GET", `exports/${made.export_id}`);
    const answer = await home.fetchWithAuth(status.download_url);
    return Array.from(new Uint8Array(await answer.arrayBuffer()));
}"""


async def _take(address: str, language: str) -> None:
    home = cast("RealHome", SimpleNamespace(url=address))
    _FOLDER.mkdir(exist_ok=True)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        await _views(browser, home, language)
        phone = await Visitor.log_in(browser, home, language=language, dark=True, size=PHONE)
        await _settle(phone)
        await phone.page.screenshot(path=_FOLDER / f"phone-{language}.png")
        await browser.close()


async def _views(browser: Browser, home: RealHome, language: str) -> None:
    visitor = await Visitor.log_in(browser, home, language=language, size=_SIZE)
    for view, name in zip(_VIEWS, await visitor.views(), strict=True):
        if view in _SHOWN:
            await visitor.view(name)
            await _settle(visitor)
            await visitor.page.screenshot(path=_FOLDER / f"{view}-{language}.png")
    plugs = '["Fridge", "Washing machine", "Solar inverter"]'
    _draw_bill(bytes(await visitor.page.evaluate(_BILL % plugs)), language)


async def _settle(visitor: Visitor) -> None:
    """Wait until nothing on the page is on its way any more."""
    await visitor.page.locator("med-exporter-panel main .card").first.wait_for()
    await expect(visitor.page.locator("med-exporter-panel [role=status]")).to_have_count(0)


def _draw_bill(content: bytes, language: str) -> None:
    with tempfile.NamedTemporaryFile(suffix=".pdf") as file:
        file.write(content)
        file.flush()
        command = ["pdftoppm", "-r", "70", "-png", "-singlefile", "-f", "1", file.name]
        subprocess.run([*command, str(_FOLDER / f"bill-{language}")], check=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="scripts/pictures")
    parser.add_argument("address", help="of the open demo")
    parser.add_argument("language", choices=("en", "fr"))
    arguments = parser.parse_args()
    asyncio.run(_take(arguments.address, arguments.language))
