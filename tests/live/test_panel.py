"""The panel in a real browser, before a real Home Assistant."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import async_playwright, expect

from tests.live.conftest import home_with_history, today

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
PATIENCE = 60_000
# The whole of last month, whatever day it is.
DAYS = 63

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"there is no browser at {CHROMIUM}"),
]


@pytest.fixture
async def browser():
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        await browser.close()


async def logged_in(browser, home):
    """Return a page at the panel, and what its console complains of."""
    page = await browser.new_page(accept_downloads=True)
    page.set_default_timeout(PATIENCE)
    complaints = []
    page.on(
        "console",
        lambda message: complaints.append(message.text) if message.type == "error" else None,
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(f"{home.url}/export")
    await page.locator("input[name=username]").fill("demo")
    await page.locator("input[name=password]").fill("demo")
    await page.keyboard.press("Enter")
    await page.locator("med-exporter-panel nav").wait_for()
    return page, complaints


async def test_a_file_of_last_month_is_two_clicks_away(tmp_path, browser):
    async with home_with_history(tmp_path / "home", DAYS) as (home, _):
        page, complaints = await logged_in(browser, home)
        await page.get_by_role("button", name="Last month as a file").first.click()
        button = page.get_by_role("button", name="Download")
        async with page.expect_download(timeout=PATIENCE) as downloading:
            await button.click()
        path = tmp_path / "file.csv"
        await (await downloading.value).save_as(path)
        rows = path.read_text(encoding="utf-8").splitlines()
        assert rows[0].startswith("timestamp,")
        first = today().replace(day=1)
        assert len(rows) == 1 + (first - timedelta(days=1)).day

        for view in ("Overview", "Destinations", "Files", "Schedules", "History"):
            await page.get_by_role("link", name=view, exact=True).last.click()
            await expect(page.locator("med-exporter-panel main .card").first).to_be_visible()
        await expect(page.locator("med-history tbody tr")).to_have_count(1)
        assert complaints == []
