"""A real browser before a real Home Assistant: who looks, in which look, and what is wrong then."""

from __future__ import annotations

import asyncio
import re
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.async_api import async_playwright

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from playwright.async_api import Browser, Locator, Page, WebSocketRoute

    from tests.real_home import RealHome

CHROMIUM = Path("/usr/bin/chromium")
# It runs as root, without a screen and without any network but loopback.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--headless=new",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 30_000
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
_AXE = Path(find_spec("axe_playwright_python").origin).parent / "axe.min.js"

# What the panel shows, as a screen reader and an eye find it.
_PANEL = """document.querySelector("home-assistant").shadowRoot
    .querySelector("home-assistant-main").shadowRoot.querySelector("med-exporter-panel")"""
# Home Assistant's own frame is its own business.
_SERIOUS = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations
    .filter((one) => ["serious", "critical"].includes(one.impact))
    .flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.target.join(" ")}`))
    .filter((one) => one.includes("med-exporter-panel"))"""
_CLIPPED = f"(() => {{ const panel = {_PANEL}; return panel.scrollWidth - panel.clientWidth; }})()"
_HEIGHT = f"{_PANEL}.scrollHeight"
_UNTRANSLATED = re.compile(r"(?<![\w./@-])[a-z]+(?:_[a-z]+)*\.[a-z]+(?:_[a-z]+)+(?![\w.])")


@asynccontextmanager
async def real_browser(pictures: Path) -> AsyncGenerator[Browser]:
    """Chromium, as Debian has it; a picture is kept of what it shows as something fails."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        try:
            yield browser
        except BaseException:
            for number, context in enumerate(browser.contexts):
                await context.pages[0].screenshot(path=pictures / f"failed-{number}.png")
            raise
        await browser.close()


@dataclass
class Visitor:
    """Somebody at the panel; `complaints` is what the browser's console has said of errors."""

    home: RealHome
    page: Page
    complaints: list[str] = field(default_factory=list)
    clicks: int = 0

    @classmethod
    async def log_in(
        cls,
        browser: Browser,
        home: RealHome,
        user: str = "demo",
        *,
        language: str = "en",
        dark: bool = False,
        size: dict[str, int] | None = None,
        between: Callable[[WebSocketRoute], None] | None = None,
    ) -> Visitor:
        """Open the panel as a user whose password is his name.

        `between` gets the page's websocket, where something is to stand before the house.
        """
        context = await browser.new_context(
            accept_downloads=True,
            color_scheme="dark" if dark else "light",
            locale=language,
            viewport=size or DESKTOP,
        )
        await context.add_init_script(
            f"localStorage.setItem('selectedLanguage', JSON.stringify('{language}'))"
        )
        page = await context.new_page()
        if between is not None:
            await page.route_web_socket(re.compile("/api/websocket"), between)
        page.set_default_timeout(PATIENCE)
        visitor = cls(home, page)
        page.on("console", visitor._heard)
        page.on("pageerror", lambda error: visitor.complaints.append(str(error)))
        await page.goto(f"{home.url}/export")
        await page.locator("input[name=username]").fill(user)
        await page.locator("input[name=password]").fill(user)
        await page.keyboard.press("Enter")
        await page.locator("med-exporter-panel nav").wait_for()
        return visitor

    def _heard(self, message) -> None:
        where = message.location["url"]
        # Without a network, Home Assistant's own dialogs look for pictures of brands in vain.
        is_ours = where.startswith(self.home.url) and "export" in where
        if message.type == "error" and (is_ours or "Failed to load" not in message.text):
            self.complaints.append(f"{message.text} ({where})")

    async def click(self, target: str | Locator, role: str = "button") -> None:
        """Click what is called so, or what is found already; each click counts."""
        if isinstance(target, str):
            target = self.page.get_by_role(role, name=target, exact=True).last
        self.clicks += 1
        await target.click()

    async def choose(self, name: str, option: str) -> None:
        """Choose an option of a list by its words or its value."""
        await self.page.get_by_role("combobox", name=name, exact=True).select_option(option)

    async def view(self, name: str) -> None:
        """Go to a view by its tab, and wait until it shows something."""
        tab = self.page.locator("med-exporter-panel nav").get_by_role("link", name=name, exact=True)
        await self.click(tab)
        await self.page.locator("med-exporter-panel main .card").first.wait_for()

    async def views(self) -> list[str]:
        """Return what the tabs are called."""
        return await self.page.locator("med-exporter-panel nav a").all_inner_texts()

    async def download(self, name: str = "Download") -> bytes:
        """Click a button and return the file that comes."""
        async with self.page.expect_download(timeout=PATIENCE) as coming:
            await self.click(self.page.get_by_role("button", name=name, exact=True).first)
        path = await (await coming.value).path()
        return await asyncio.to_thread(Path(path).read_bytes)

    async def flaws(self) -> list[str]:
        """Return what keeps people out of this view: for axe, for the eye, in its words."""
        await self.page.add_script_tag(path=str(_AXE))
        found = await self.page.evaluate(_SERIOUS)
        if (beyond := await self.page.evaluate(_CLIPPED)) > 0:
            found.append(f"{beyond} pixels too wide")
        text = await self.page.locator("med-exporter-panel main").inner_text()
        found += [f"untranslated: {one}" for one in _UNTRANSLATED.findall(text)]
        return found

    async def picture(self, path: Path) -> None:
        """Keep a picture of the whole view."""
        size = self.page.viewport_size
        assert size is not None
        height = await self.page.evaluate(_HEIGHT)
        whole = {**size, "height": min(max(height + 60, size["height"]), 6000)}
        await self.page.set_viewport_size(whole)
        await self.page.screenshot(path=path)
        await self.page.set_viewport_size(size)
