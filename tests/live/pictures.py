"""Takes the pictures of the documentation: the page's views, and documents, from an open demo."""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

from playwright.async_api import async_playwright, expect

from scripts.demo_home.household import PDL as DEMO_PDL

from .browsing import ARGUMENTS, CHROMIUM, PHONE, Visitor

if TYPE_CHECKING:
    from playwright.async_api import Browser

    from tests.real_home import RealHome

_FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
_VIEWS = ("overview", "destinations", "files", "schedules", "costs", "history")
_SHOWN = {"overview", "files", "costs"}
_SIZE = {"width": 1100, "height": 720}
_PLUGS = ["Fridge", "Washing machine", "Solar inverter"]
_CHARTS = {"devices": _PLUGS, "include_charts": True}
_DOCUMENTS = {
    "bill": (1, {"export_type": "cost_analysis", "devices": _PLUGS}),
    "readings": (1, {"export_type": "device_data", "aggregation": "daily", **_CHARTS}),
    "report": (2, {"export_type": "system_report", **_CHARTS}),
    "comparison": (
        1,
        {
            "export_type": "contract_comparison",
            "pdl": DEMO_PDL,
            "contracts": [
                {"kind": "base", "price": 0.2, "standing_charge": 13},
                {
                    "kind": "peak_off_peak",
                    "peak_price": 0.21,
                    "off_peak_price": 0.16,
                    "standing_charge": 13,
                    "off_peak_hours": [{"start": "22:30", "end": "06:30"}],
                },
            ],
        },
    ),
}
"""By name: which page is shown of which file of the last month."""
_MAKE = """async (asked) => {
    const home = document.querySelector("home-assistant").hass;
    const made = await home.callApi("POST", "exports/create", {
        ...asked, format: "pdf", date_range: "last_month", options: { locale: home.language },
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
    for name, (page, asked) in _DOCUMENTS.items():
        content = bytes(await visitor.page.evaluate(_MAKE, asked))
        _draw(content, page, _FOLDER / f"{name}-{language}")


async def _settle(visitor: Visitor) -> None:
    """Wait until nothing on the page is on its way any more."""
    await visitor.page.locator("med-exporter-panel main .card").first.wait_for()
    await expect(visitor.page.locator("med-exporter-panel [role=status]")).to_have_count(0)


def _draw(content: bytes, page: int, picture: Path) -> None:
    with tempfile.NamedTemporaryFile(suffix=".pdf") as file:
        file.write(content)
        file.flush()
        command = ["pdftoppm", "-r", "70", "-png", "-singlefile", "-f", str(page), file.name]
        subprocess.run([*command, str(picture)], check=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="scripts/pictures")
    parser.add_argument("address", help="of the open demo")
    parser.add_argument("language", choices=("en", "fr"))
    arguments = parser.parse_args()
    asyncio.run(_take(arguments.address, arguments.language))
