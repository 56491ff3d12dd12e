"""What the panel's elements call their own: nothing that a browser's elements have already.

Lit takes an element out of the page by its `remove()`, and a browser reads and sets what it knows.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import async_playwright

from custom_components.med_exporter import panel
from tests.live.browsing import ARGUMENTS, CHROMIUM

WWW = Path(panel.__file__).parent / "www"
MEMBER = re.compile(r"^  (?:static )?(?:async )?(?:get |set )?(\w+)\(.*\{$", re.MULTILINE)
PROPERTY = re.compile(r"^    (\w+): \{ ?(?:state|attribute|type)\b", re.MULTILINE)
TAKEN = """() => {
    const found = new Set();
    for (let kind = HTMLElement.prototype; kind; kind = Object.getPrototypeOf(kind))
        for (const name of Object.getOwnPropertyNames(kind)) found.add(name);
    return [...found];
}"""

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason=f"there is no browser at {CHROMIUM}")


def own_names() -> dict[str, set[str]]:
    """Return what the classes of each script of elements call their methods and properties."""
    found = {}
    for path in WWW.rglob("*.js"):
        script = path.read_text(encoding="utf-8")
        if "vendor" not in path.parts and "Element {" in script:
            found[path.name] = {*MEMBER.findall(script), *PROPERTY.findall(script)}
    return found


async def test_no_element_takes_a_name_that_browsers_have() -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        page = await browser.new_page()
        taken = set(await page.evaluate(TAKEN)) - {"constructor"}
        await browser.close()
    names = own_names()
    assert "render" in names["file.js"]
    assert "busy" in names["file.js"]
    assert {name: both for name in names if (both := sorted(names[name] & taken))} == {}
