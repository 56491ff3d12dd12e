"""Which period a schedule of a file proposes, by the panel's own module in a browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import async_playwright

from custom_components.med_exporter import panel
from tests.live.browsing import ARGUMENTS, CHROMIUM

REQUESTS = Path(panel.__file__).parent / "www" / "requests.js"

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason=f"there is no browser at {CHROMIUM}")


@pytest.fixture
async def module():
    """What evaluates JavaScript in which `requests` is the panel's module."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        page = await browser.new_page()
        await page.route(
            "http://panel.test/**",
            lambda route: route.fulfill(
                body=REQUESTS.read_text(encoding="utf-8")
                if route.request.url.endswith(".js")
                else "<!doctype html>",
                content_type="text/javascript"
                if route.request.url.endswith(".js")
                else "text/html",
            ),
        )
        await page.goto("http://panel.test/")

        async def evaluate(script, given):
            return await page.evaluate(
                f"async (given) => {{ const requests = await import('/requests.js'); {script} }}",
                given,
            )

        yield evaluate
        await browser.close()


async def test_named_days_become_the_preset_most_like_them(module):
    ranges = {
        "a day": ("2026-11-27", "2026-11-27"),
        "a day by its midnights": ("2026-11-27T00:00:00+01:00", "2026-11-28T00:00:00+01:00"),
        "the night of a clock change": ("2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00"),
        "an hour": ("2026-11-27T10:00:00", "2026-11-27T11:00:00"),
        "Monday to Sunday": ("2026-11-16", "2026-11-22"),
        "seven other days": ("2026-11-18", "2026-11-24"),
        "February": ("2026-02-01", "2026-02-28"),
        "October": ("2026-10-01", "2026-10-31"),
        "a month of other days": ("2026-10-15", "2026-11-14"),
        "a year": ("2025-01-01", "2025-12-31"),
        "the last years there are": ("2023-03-04", "2026-11-27"),
        "days the wrong way round": ("2026-11-27", "2026-11-01"),
    }
    found = await module(
        "return Object.fromEntries(Object.entries(given).map("
        "([name, [start, end]]) => [name, requests.presetLike({ start, end })]));",
        ranges,
    )
    assert found == {
        "a day": "yesterday",
        "a day by its midnights": "yesterday",
        "the night of a clock change": "yesterday",
        "an hour": "yesterday",
        "Monday to Sunday": "last_week",
        "seven other days": "last_7_days",
        "February": "last_month",
        "October": "last_month",
        "a month of other days": "last_30_days",
        "a year": "last_year",
        "the last years there are": "last_year",
        "days the wrong way round": "yesterday",
    }


async def test_a_file_is_planned_as_often_as_its_period_ends(module):
    presets = [
        "today", "yesterday", "last_7_days", "this_week", "last_week",
        "last_30_days", "last_month", "last_year",
    ]  # fmt: skip
    found = await module("return given.map(requests.everyOf);", presets)
    assert found == ["day", "day", "week", "week", "week", "month", "month", "month"]
