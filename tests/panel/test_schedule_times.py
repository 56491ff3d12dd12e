"""On which clock a schedule's card tells its times, by the panel's own modules in a browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import async_playwright

from custom_components.med_exporter import panel
from tests.live.browsing import ARGUMENTS, CHROMIUM

WWW = Path(panel.__file__).parent / "www"

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason=f"there is no browser at {CHROMIUM}")

SHOW = """async ({ locale, schedule }) => {
    const { Formats } = await import("/format.js");
    await import("/parts/schedule.js");
    const hass = { language: "en", config: { time_zone: "Europe/Paris" }, locale };
    const words = { of: (key, given) => given?.time ?? key, option: (_, one) => one };
    const card = document.createElement("med-schedule");
    card.house = { hass, words, formats: new Formats(hass) };
    card.schedule = {
        name: "Yesterday", schedule, enabled: true, export_config: {},
        delivery: { method: "none" },
        next_run: "2026-11-29T06:00:00Z", last_run: "2026-07-28T05:00:00Z",
    };
    document.body.append(card);
    await card.updateComplete;
    const told = [...card.shadowRoot.querySelectorAll("dd")].map((one) => one.innerText);
    const [, when, , next, last] = told;
    return [when, next, last].map((one) => one.replaceAll("\\u202f", " "));
}"""


async def times_of(browser_zone: str, setting: str, cron: str = "0 7 * * *") -> list[str]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        page = await browser.new_page(timezone_id=browser_zone)

        async def serve(route) -> None:
            path = route.request.url.removeprefix("http://panel.test/")
            if path:
                body = (WWW / path).read_text(encoding="utf-8")
                await route.fulfill(body=body, content_type="text/javascript")
            else:
                await route.fulfill(body="<!doctype html>", content_type="text/html")

        await page.route("http://panel.test/**", serve)
        await page.goto("http://panel.test/")
        given = {"locale": {"time_zone": setting}, "schedule": cron}
        told = await page.evaluate(SHOW, given)
        await browser.close()
        return told


@pytest.mark.parametrize("setting", ["local", "server"])
async def test_all_times_of_a_schedule_are_the_houses_and_say_so_elsewhere(setting) -> None:
    assert await times_of("UTC", setting) == [
        "07:00 (Europe/Paris)",
        "29 Nov 2026, 07:00 (Europe/Paris)",
        "28 Jul 2026, 07:00 (Europe/Paris)",
    ]


async def test_an_experts_expression_says_whose_clock_it_is_for() -> None:
    when, *_ = await times_of("America/New_York", "local", "*/20 7 * * *")
    assert when == "*/20 7 * * * (Europe/Paris)"


async def test_at_home_no_zone_is_named() -> None:
    assert await times_of("Europe/Paris", "local") == [
        "07:00",
        "29 Nov 2026, 07:00",
        "28 Jul 2026, 07:00",
    ]
