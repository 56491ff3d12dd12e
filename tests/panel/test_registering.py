"""The page in the sidebar."""

from __future__ import annotations

import os

from homeassistant.components.frontend import DATA_PANELS
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.med_exporter import panel
from custom_components.med_exporter.const import DOMAIN
from tests.file_exports import set_up


async def test_it_is_for_everyone_and_its_files_are_served(
    hass_with_recorder, tmp_path, hass_client_no_auth
):
    hass = hass_with_recorder
    assert await async_setup_component(hass, "frontend", {})
    jobs = await set_up(hass, tmp_path)
    shown = hass.data[DATA_PANELS]["export"]
    assert (shown.component_name, shown.require_admin) == ("custom", False)
    address = shown.config["_panel_custom"]["module_url"]
    client = await hass_client_no_auth()
    for name in ("panel.js", "vendor/lit.js", "words/fr.json", "views/files.js"):
        response = await client.get(address.replace("panel.js", name))
        assert response.status == 200
        assert "max-age" in response.headers["Cache-Control"]
    await jobs.async_close()


async def test_it_goes_with_the_last_entry_and_comes_back_with_the_next(
    hass_with_recorder, tmp_path
):
    hass = hass_with_recorder
    assert await async_setup_component(hass, "frontend", {})
    jobs = await set_up(hass, tmp_path)
    for _ in range(2):
        entry = MockConfigEntry(domain=DOMAIN, data={"type": "installation"})
        entry.add_to_hass(hass)
        assert await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done()
        assert "export" in hass.data[DATA_PANELS]
        await hass.config_entries.async_remove(entry.entry_id)
        await hass.async_block_till_done()
        assert "export" not in hass.data[DATA_PANELS]
    await jobs.async_close()


async def test_a_house_without_a_frontend_has_none(hass_with_recorder, tmp_path):
    jobs = await set_up(hass_with_recorder, tmp_path)
    assert "export" not in hass_with_recorder.data.get(DATA_PANELS, {})
    await jobs.async_close()


def test_the_address_changes_with_every_file_that_is_written(monkeypatch, tmp_path):
    (tmp_path / "views").mkdir()
    for name in ("panel.js", "views/files.js"):
        (tmp_path / name).write_text("export {};", encoding="utf-8")
    monkeypatch.setattr(panel, "_FOLDER", tmp_path)
    before = panel._digest()
    assert panel._digest() == before

    # An update of the same length, and an older version again.
    at = (tmp_path / "views/files.js").stat().st_mtime_ns
    os.utime(tmp_path / "views/files.js", ns=(at, at + 1))
    assert panel._digest() != before
    os.utime(tmp_path / "views/files.js", ns=(at, at))
    (tmp_path / "panel.js").write_text("export { };", encoding="utf-8")
    assert panel._digest() != before
