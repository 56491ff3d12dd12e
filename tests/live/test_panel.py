"""The panel in a real browser, before a real Home Assistant: what people come for, by clicks.

Pictures of all views are kept in the folder that `PANEL_PICTURES` names, else in the test's own.
"""

from __future__ import annotations

import os
import time
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from tests.grid_entries import at, fill
from tests.grid_server import running_grid_server
from tests.live.browsing import CHROMIUM, PHONE, Visitor, real_browser
from tests.live.conftest import home_with_history, today, until
from tests.mail_server import mail_server

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from email.message import EmailMessage

    from playwright.async_api import Browser

    from tests.mail_server import MailServer
    from tests.mosquitto import Mosquitto
    from tests.real_home import RealHome

# The whole of last month, whatever day it is.
expect.set_options(timeout=15_000)
DAYS = 63
LAST_MONTH = today().replace(day=1) - timedelta(days=1)

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"there is no browser at {CHROMIUM}"),
]


@asynccontextmanager
async def furnished_home(folder: Path) -> AsyncGenerator[RealHome]:
    """A home with two months behind it, a contract, and a user who is no administrator."""
    async with home_with_history(folder, DAYS) as (home, _):
        entries = await home.command("config_entries/get", domain="med_exporter")
        point = next(entry for entry in entries if entry["title"] == "House")
        since = (today() - timedelta(days=DAYS)).isoformat()
        await home.options_flow(
            point["entry_id"], {"next_step_id": "contracts"}, {"next_step_id": "add_contract"},
            {"valid_from": since, "kind": "flat", "standing_charge": 15.5, "feed_in": 0.04},
            {"price": 0.2516},
        )  # fmt: skip
        made = await home.command("config/auth/create", name="Camille", group_ids=["system-users"])
        await home.command(
            "config/auth_provider/homeassistant/create",
            user_id=made["user"]["id"], username="camille", password="camille",
        )  # fmt: skip
        yield home


async def test_what_people_come_for(tmp_path, mosquitto) -> None:
    pictures = Path(os.environ.get("PANEL_PICTURES", tmp_path / "pictures"))
    pictures.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240  # nothing else runs yet
    async with furnished_home(tmp_path / "home") as home, real_browser(pictures) as browser:
        demo = await Visitor.log_in(browser, home)
        await the_page_is_there_within_a_second(demo)
        await last_month_is_two_clicks_away(demo)
        broker = mosquitto()
        await a_destination_is_added_tested_and_sent_to(demo, broker)
        await last_nights_export_failed(demo, broker)
        with mail_server() as mail:
            await home.flow("med_exporter", {"next_step_id": "email"}, mail.form())
            await last_months_cost_twice_and_then_by_mail(demo, mail)
        await a_formula_is_checked_and_previewed(demo)
        await contracts_are_compared(demo)
        await a_stretch_is_told_by_the_days_of_the_house(demo)
        await colours_are_told_ahead(demo, pictures)
        await a_spike_is_put_right(demo)
        assert demo.complaints == []
        await a_plain_user_takes_a_file_along(browser, home)
        await every_view_is_well(browser, home, pictures)
        await the_page_goes_with_the_last_entry(demo)


async def the_page_is_there_within_a_second(demo: Visitor) -> None:
    """From Home Assistant's own page, which is there already, to the first picture."""
    await demo.page.goto(f"{demo.home.url}/profile/general")
    item = demo.page.locator("ha-sidebar").get_by_text("MED Exporter")
    await item.wait_for()
    begun = time.perf_counter()
    await item.click()
    await demo.page.locator("med-exporter-panel main .card").first.wait_for()
    assert time.perf_counter() - begun < 1


async def last_month_is_two_clicks_away(demo: Visitor) -> None:
    demo.clicks = 0
    begun = time.perf_counter()
    await demo.click("Last month as a file")
    made = demo.page.locator("med-overview med-file").get_by_role("button", name="Download")
    await expect(made).to_be_in_viewport()
    assert time.perf_counter() - begun < 5
    rows = (await demo.download()).decode().splitlines()
    assert rows[0].startswith("timestamp,")
    assert len(rows) == 1 + LAST_MONTH.day
    assert demo.clicks == 2


async def a_destination_is_added_tested_and_sent_to(demo: Visitor, broker: Mosquitto) -> None:
    page = demo.page
    await demo.view("Destinations")
    await demo.click("Add a destination", role="link")
    # From here to the end it is Home Assistant's own dialog.
    await demo.click("OK")
    await demo.click(page.get_by_text("MQTT", exact=False).first)
    address = page.locator("dialog-data-entry-flow").get_by_role("textbox", name="Broker")
    await address.fill(f"mqtt://127.0.0.1:{broker.port}")
    await demo.click("Submit")

    async def added() -> bool:
        entries = await demo.home.command("config_entries/get", domain="med_exporter")
        return any(entry["title"].startswith("MQTT") for entry in entries)

    await until(added)
    await page.goto(f"{demo.home.url}/export/destinations")
    card = page.locator("med-destination")
    await demo.click("Test the connection")
    await expect(card.get_by_text("The connection works")).to_be_visible()
    await demo.click("Export now")
    await expect(card.locator(".tag")).to_have_text("Success")
    await demo.view("History")
    row = page.locator("med-history tbody tr", has_text="push").first
    await expect(row).to_contain_text("Done")


async def last_nights_export_failed(demo: Visitor, broker: Mosquitto) -> None:
    """Why it did, and what to do, is found where one looks first."""
    page = demo.page
    broker.stop()
    await demo.view("Destinations")
    await demo.click("Export now")
    await expect(page.locator("med-destination .tag")).to_have_text("Error")
    await demo.view("Overview")
    await expect(page.locator("med-attention")).to_contain_text("failed")
    await demo.view("History")
    row = page.locator("med-history tbody tr").first
    await expect(row).to_contain_text("Failed")
    await expect(row).to_contain_text("refuses the connection")
    await expect(row).to_contain_text("Nothing is lost")
    broker.start()
    await demo.click(row.get_by_role("link", name="See the destination"))
    await demo.click("Export now")
    await expect(page.locator("med-destination .tag")).to_have_text("Success")


async def last_months_cost_twice_and_then_by_mail(demo: Visitor, mail: MailServer) -> None:
    page = demo.page
    await demo.view("Files")
    await demo.choose("Content", "Cost analysis")
    await demo.choose("Format", "PDF")
    newest = page.locator("med-file").first
    count = await page.locator("med-file").count()
    await demo.click("Make the file")
    await expect(page.locator("med-file")).to_have_count(count + 1)
    await expect(newest.locator(".tag")).to_have_text("Done")
    first = await demo.download()
    await demo.click(newest.get_by_role("button", name="Make again"))
    await expect(page.locator("med-file")).to_have_count(count + 2)
    await expect(newest.locator(".tag")).to_have_text("Done")
    second = await demo.download()
    assert first[:4] == second[:4] == b"%PDF"
    await demo.click(newest.get_by_role("button", name="As a schedule"))
    form = page.locator("med-schedule-form")
    await form.get_by_label("Name", exact=True).fill("Cost of the month")
    await demo.choose("Delivery", "Mail")
    await form.get_by_label("Recipients").fill("camille@example.org")
    await demo.click(form.get_by_role("button", name="Save"))
    card = page.locator("med-schedule")
    await expect(card).to_contain_text("Every month on day 1")
    await demo.click(card.get_by_role("button", name="Run now"))
    await expect(card).to_contain_text("Started")

    async def arrived() -> list[EmailMessage]:
        return mail.inbox

    (message,) = await until(arrived)
    (attached,) = message.iter_attachments()
    assert attached.get_content()[:4] == b"%PDF"


async def a_formula_is_checked_and_previewed(demo: Visitor) -> None:
    page = demo.page
    await demo.view("Files")
    await demo.click(page.locator("summary", has_text="What is in it"))
    await demo.click("Add a computed column")
    formula = page.locator("med-formula")
    await formula.get_by_label("Name", exact=True).fill("double")
    await formula.get_by_label("Formula", exact=True).fill("power_w * colour")
    await expect(formula).to_contain_text("'colour' is not a field")
    await expect(formula.locator("mark")).to_have_text("c")
    await formula.get_by_label("Formula", exact=True).fill("power_w * 2")
    await expect(formula).to_contain_text("The formula is fine.")
    heads = page.locator("med-preview th")
    await expect(heads.filter(has_text="double")).to_have_count(1)
    assert (await heads.all_inner_texts())[:2] == ["Timestamp", "Device name"]
    preview = page.locator("med-preview")
    await preview.evaluate(
        """(one) => {
          const [start, end] = ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"];
          const told = { code: "PREVIEW_SHORTENED", start, end, count: 1 };
          one.shown = { ...one.shown, warnings: [told] };
        }"""
    )
    await expect(preview).to_contain_text("these rows are provisional")
    await expect(preview.locator("table.provisional")).to_have_count(1)
    await demo.click(page.locator("summary", has_text="Only some readings"))
    await page.get_by_label("Minimum power").fill("100000")
    await expect(page.locator("med-preview")).to_contain_text("No reading in this period is left")


async def a_spike_is_put_right(demo: Visitor) -> None:
    page = demo.page
    await demo.view("Costs")
    await expect(page.locator("med-costs")).to_contain_text("One price at all times")
    await demo.click(page.locator("summary", has_text="Put wrong energy right"))
    form = page.locator("med-correction")
    day = (today() - timedelta(days=3)).isoformat()
    await form.get_by_label("From", exact=True).fill(f"{day}T00:00")
    await form.get_by_label("Until", exact=True).fill(f"{day}T12:00")
    await demo.choose("What", "remove")
    await form.get_by_label("Why", exact=True).fill("It was a spike")
    await demo.click(form.get_by_role("button", name="Put right").first)
    await demo.click(form.locator("dialog").get_by_role("button", name="Put right"))
    await expect(form).to_contain_text("became 0.00 kWh")
    await demo.click(form.get_by_role("button", name="Undo"))
    await expect(form).not_to_contain_text("became 0.00 kWh")


async def a_stretch_is_told_by_the_days_of_the_house(demo: Visitor) -> None:
    told = await demo.page.evaluate(
        """async () => {
            const found = performance.getEntriesByType("resource").map((one) => one.name);
            const { Formats } = await import(found.find((one) => one.includes("/format.js")));
            const house = { language: "en", config: { time_zone: "Europe/Paris" } };
            const formats = new Formats({ ...house, locale: { time_zone: "server" } });
            const [start, end] = ["2026-09-30T22:00:00Z", "2026-10-31T23:00:00Z"];
            const noon = end.replace("23", "12");
            return [formats.edge(start), formats.edge(end, true), formats.edge(noon)];
        }"""
    )
    assert told == ["1 Oct 2026", "31 Oct 2026", "31 Oct 2026, 13:00"]


async def contracts_are_compared(demo: Visitor) -> None:
    page = demo.page
    await demo.view("Costs")
    await demo.click(page.locator("summary", has_text="Compare contracts"))
    form = page.locator("med-comparison")
    await form.get_by_label("Price per kWh").fill("0.2")
    await demo.click(form.get_by_role("button", name="Compare", exact=True))
    await expect(form).to_contain_text("The cheapest would have been “Base”")
    await expect(form.locator("table").first.locator("tbody tr")).to_have_count(2)
    await demo.click("As a PDF file")
    await expect(page.locator("med-file").first).to_contain_text("Contract comparison")


async def colours_are_told_ahead(demo: Visitor, pictures: Path) -> None:
    async with running_grid_server() as server:
        day = fill(server)
        server.forecast = [
            {"date": str(day + timedelta(days=2)), "couleur": "rouge", "probability": 0.85}
        ]
        await demo.home.flow("med_exporter", {"next_step_id": "grid"}, at(server))
        await demo.view("Overview")
        overview = demo.page.locator("med-overview")
        # It is looked at again after half a minute.
        await expect(overview).to_contain_text("85%", timeout=45_000)
        await expect(overview.locator(".forecast")).to_contain_text("Red")
        await demo.picture(pictures / "tempo.png")


async def a_plain_user_takes_a_file_along(browser: Browser, home: RealHome) -> None:
    """On a phone, in French, in the dark; and what he has no right to is not there."""
    camille = await Visitor.log_in(browser, home, "camille", language="fr", dark=True, size=PHONE)
    assert await camille.views() == ["Aperçu", "Fichiers", "Coûts", "Historique"]
    await camille.view("Fichiers")
    await expect(camille.page.locator("med-file")).to_have_count(0)
    await camille.click("Créer le fichier")
    rows = (await camille.download("Télécharger")).decode().splitlines()
    assert len(rows) == 1 + LAST_MONTH.day
    await camille.view("Historique")
    await expect(camille.page.locator("med-history tbody tr")).to_have_count(1)
    await camille.page.goto(f"{home.url}/export/destinations")
    await expect(camille.page.locator("med-overview")).to_be_visible()
    assert camille.complaints == []
    await camille.page.context.close()


async def every_view_is_well(browser: Browser, home: RealHome, pictures: Path) -> None:
    """Both languages, themes and widths: nothing serious for axe, clipped or untranslated."""
    for language, dark, size in (("en", False, None), ("fr", True, PHONE)):
        look = f"{language}-{'dark' if dark else 'light'}-{'phone' if size else 'desktop'}"
        await home.command("frontend/set_user_data", key="language", value={"language": language})
        visitor = await Visitor.log_in(browser, home, language=language, dark=dark, size=size)
        for place, name in enumerate(await visitor.views()):
            await visitor.view(name)
            await expect(visitor.page.locator("med-exporter-panel [role=status]")).to_have_count(0)
            for summary in await visitor.page.locator("med-exporter-panel summary").all():
                if not await summary.evaluate("(one) => one.parentElement.open"):
                    await summary.click()
            await visitor.picture(pictures / f"{look}-{place}.png")
            assert await visitor.flaws() == [], (look, name)
        assert visitor.complaints == []
        await visitor.page.context.close()


async def the_page_goes_with_the_last_entry(demo: Visitor) -> None:
    await demo.home.call_action("med_exporter.remove_all_data", {"confirm": True})
    await expect(demo.page.locator("ha-sidebar").get_by_text("MED Exporter")).to_have_count(0)
