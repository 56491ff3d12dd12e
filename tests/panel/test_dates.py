"""Dates in the panel, by its own module in a browser: as the files of the language write them."""

from __future__ import annotations

from datetime import date
from functools import partial
from pathlib import Path

import pytest
from playwright.async_api import Route, async_playwright

from custom_components.med_exporter import panel
from custom_components.med_exporter.engine.words.dates import DateWords
from tests.live.browsing import ARGUMENTS, CHROMIUM

FORMAT = Path(panel.__file__).parent / "www" / "format.js"
DAYS = ("2026-08-01", "2026-08-21", "2026-09-11", "2026-12-31")
SHOWN = """async ({ language, time_format, days }) => {
    const { Formats } = await import('/format.js');
    const config = { time_zone: 'UTC' };
    const formats = new Formats({ language, locale: { time_format }, config });
    return [
        ...days.map((day) => formats.day(day, { year: 'numeric' })),
        ...days.map((day) => formats.written(`${day}T00:00:00`)),
        formats.time('2026-08-01T13:05:00Z', 'UTC'),
    ];
}"""

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason=f"there is no browser at {CHROMIUM}")


async def shown(language: str, time_format: str = "language") -> list[str]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        page = await browser.new_page()
        script = FORMAT.read_text(encoding="utf-8")
        for address, body, kind in (
            ("http://panel.test/", "<!doctype html>", "text/html"),
            ("http://panel.test/format.js", script, "text/javascript"),
        ):
            await page.route(address, partial(Route.fulfill, body=body, content_type=kind))
        await page.goto("http://panel.test/")
        given = {"language": language, "time_format": time_format, "days": DAYS}
        found: list[str] = await page.evaluate(SHOWN, given)
        await browser.close()
    return [one.replace("\N{NARROW NO-BREAK SPACE}", " ") for one in found]


async def test_a_date_in_english_is_that_of_a_file() -> None:
    in_file = [DateWords("en").short(date.fromisoformat(day)) for day in DAYS]
    *days, time = await shown("en")
    assert days == [*in_file, *in_file]
    assert time == "1 Aug 2026, 13:05"
    assert (await shown("en", "12"))[-1] == "1 Aug 2026, 01:05 pm"


async def test_the_first_of_a_month_in_french_is_that_of_a_file() -> None:
    *days, time = await shown("fr")
    first = DateWords("fr").day(date.fromisoformat(DAYS[0]))
    assert first == days[0] == days[len(DAYS)] == "1er août 2026"
    assert days[1:3] == ["21 août 2026", "11 sept. 2026"]
    assert time.startswith("1er août 2026")
    assert time.endswith("13:05")
