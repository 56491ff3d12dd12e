"""Privacy and custom fields from a caller's request to the file on disk."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er

import custom_components.med_exporter
from custom_components.med_exporter.engine.formulas import FormulaProblem
from custom_components.med_exporter.engine.readings.fields import FIELDS as READING_FIELDS
from custom_components.med_exporter.errors import InvalidRequest
from custom_components.med_exporter.exports.choosing import chosen_devices
from custom_components.med_exporter.exports.planning import plan_job
from custom_components.med_exporter.exports.request import async_read_request
from custom_components.med_exporter.metering.contracts import only_currency
from tests.file_exports import add_plug, path_of, request, set_up

NAME = "Zorglub's fridge"
ADDRESS = "203.0.113.77"
MAC = "50c7bfaa7701"
ALL = {
    "anonymize_ip_addresses": True,
    "exclude_user_data": True,
    "hash_device_identifiers": True,
    "remove_location_data": True,
}
FIELDS = ["timestamp", "device_id", "device_ip", "device_name", "power_w"]


@pytest.fixture
async def jobs(hass_with_recorder, tmp_path):
    jobs = await set_up(hass_with_recorder, tmp_path)
    yield jobs
    # The test kit closes the recorder before it stops Home Assistant.
    await jobs.async_close()


@pytest.fixture
def plug(jobs, hass):
    plug = add_plug(hass, NAME, ADDRESS, MAC)
    plug.reads(power_w=80, energy_total_kwh=1, is_on="on")
    return plug


async def made(jobs, **changes):
    """Return the file of a request that waits for it."""
    record = await jobs.async_create(request(**changes), user=None, trigger="action")
    record = await jobs.async_wait(record.id, 30)
    assert record.path is not None, record
    return path_of(record)


async def test_a_file_with_privacy_tells_nothing_of_the_home(jobs, plug, hass):
    file = await made(jobs, format="json", fields=FIELDS, devices=[NAME], privacy_options=ALL)
    text = file.read_text() + file.name
    for removed in (NAME, ADDRESS, MAC, plug.device_id, hass.config.time_zone):
        assert removed not in text
    row = json.loads(file.read_text())["data"][0]
    assert row["device_name"] == "device-1"
    assert row["device_ip"].startswith("address-")


async def test_pseudonyms_are_the_same_in_the_next_file(jobs, plug):
    rows = [
        json.loads(
            (await made(jobs, format="json", fields=FIELDS, privacy_options=ALL)).read_text()
        )["data"][0]
        for _ in range(2)
    ]
    assert [rows[0][name] for name in ("device_id", "device_ip")] == [
        rows[1][name] for name in ("device_id", "device_ip")
    ]


async def test_a_formula_is_computed_in_the_file(jobs, plug):
    custom = [{"name": "double", "formula": "power_w * 2", "unit": "W"}]
    file = await made(jobs, format="json", custom_fields=custom)
    assert json.loads(file.read_text())["data"][0]["double"] == 160


async def test_a_formula_is_refused_before_the_job_with_its_place(jobs, plug):
    custom = [{"name": "double", "formula": "power_w * watts", "unit": "W"}]
    with pytest.raises(InvalidRequest) as caught:
        await made(jobs, custom_fields=custom)
    assert caught.value.field == "custom_fields[0].formula"
    assert "character 11" in str(caught.value)


@pytest.mark.parametrize("problem", FormulaProblem)
@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_problem_of_a_formula_has_its_words(problem, language):
    folder = Path(custom_components.med_exporter.__file__).parent / "translations"
    words = json.loads((folder / f"{language}.json").read_text())["exceptions"]
    message = words[f"formula_{problem.name.lower()}"]["message"]
    named = set(re.findall(r"\{(\w+)\}", message))
    assert named == {"field", "position", *re.findall(r"\{(\w+)\}", problem.value)}


async def test_a_page_has_no_columns_that_no_device_can_fill(jobs, plug, hass):
    async def columns(**changes):
        asked = await async_read_request(hass, request(format="pdf", **{"fields": None, **changes}))
        return plan_job(hass, "id", asked, chosen_devices(hass, asked, None), "").fields

    every = {name for name, field in READING_FIELDS.items() if not field.for_programs}
    assert set(await columns()) == every - {"cost"}
    registry = er.async_get(hass)
    for name in ("voltage", "current"):
        registry.async_remove(plug.entities[name])
    assert every - set(await columns()) == {"voltage", "current", "cost"}
    assert await columns(fields=["voltage"]) == ("voltage",)


async def test_a_metering_point_is_whole_where_all_of_it_is_asked_for(jobs, plug, hass):
    """Its bill then has what has left it since; that of a single device has not."""
    (entry,) = hass.config_entries.async_entries("med_exporter")
    other = entry.data["plugs"][MAC] | {"name": "Kettle"}
    plugs = entry.data["plugs"] | {"50c7bfaa7702": other}
    hass.config_entries.async_update_entry(entry, data=entry.data | {"plugs": plugs})
    kettle = {("med_exporter", "50c7bfaa7702")}
    dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id, identifiers=kettle, name="Kettle"
    )

    async def whole(names):
        asked = await async_read_request(hass, request(devices=names))
        return plan_job(hass, "id", asked, chosen_devices(hass, asked, None), "").has_whole_points

    assert await whole("all")
    assert await whole([entry.data["pdl"]])
    assert not await whole([NAME])


class TestCurrencies:
    """A column of money has one currency, whatever the file is about."""

    @pytest.fixture
    def points(self, jobs, hass) -> None:
        for name, mac, currency in (("Fridge", "aa01", "EUR"), ("Lathe", "aa02", "CHF")):
            add_plug(hass, name, ADDRESS, mac)
            entry = next(one for one in hass.config_entries.async_entries() if one.title == name)
            contract = {"valid_from": "2026-01-01", "kind": "flat", "price": 0.25}
            hass.config_entries.async_update_entry(
                entry, options={"contracts": [contract], "currency": currency}
            )

    async def planned(self, hass, **changes):
        asked = await async_read_request(hass, request(**changes))
        return plan_job(hass, "id", asked, chosen_devices(hass, asked, None), "")

    @pytest.mark.parametrize(
        "changes",
        [
            {"fields": ["timestamp", "cost"]},
            {"fields": None},
            {"export_type": "cost_analysis", "fields": None},
        ],
    )
    async def test_devices_with_several_are_refused(self, points, hass, changes):
        with pytest.raises(InvalidRequest) as refused:
            await self.planned(hass, devices=["Fridge", "Lathe"], **changes)
        assert (refused.value.code, refused.value.field) == ("SEVERAL_CURRENCIES", "devices")
        for name, currency in (("Fridge", "EUR"), ("Lathe", "CHF")):
            assert (await self.planned(hass, devices=[name], **changes)).currency == currency

    async def test_without_money_they_may_stand_side_by_side(self, points, hass):
        job = await self.planned(hass, devices="all", fields=["timestamp", "energy_kwh"])
        assert len(job.devices) == 2

    async def test_a_mail_names_no_currency_where_there_are_several(self, points, hass):
        assert only_currency(hass) == ""


async def test_readings_of_a_house_without_devices_are_refused(jobs, hass):
    asked = await async_read_request(hass, request(devices="all"))
    with pytest.raises(InvalidRequest) as refused:
        chosen_devices(hass, asked, None)
    assert (refused.value.code, refused.value.field) == ("UNKNOWN_DEVICE", "devices")
