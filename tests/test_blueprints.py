"""The blueprints are such as Home Assistant takes, and automations made from them run."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from homeassistant.components.automation.config import AUTOMATION_BLUEPRINT_SCHEMA
from homeassistant.components.blueprint.models import Blueprint
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from homeassistant.util import yaml as yaml_util
from pytest_homeassistant_custom_component.common import async_fire_time_changed, async_mock_service

from custom_components.med_exporter.database.commit import async_commit
from custom_components.med_exporter.exports.jobs import DATA_JOBS
from tests.file_exports import add_plug, set_up
from tests.pushing import House
from tests.shelf import Shelf, refuse
from tests.test_device_trigger import installation_device, push

FOLDER = Path(__file__).parent.parent / "blueprints" / "automation" / "med_exporter"
BLUEPRINTS = sorted(FOLDER.glob("*.yaml"))
TELL = [{"action": "test.tell", "data": {"title": "{{ title }}", "message": "{{ message }}"}}]


@pytest.fixture
async def automate(hass):
    """Return a function that makes an automation from a blueprint."""

    async def automate(name, **inputs):
        target = Path(hass.config.path("blueprints", "automation", "med_exporter", f"{name}.yaml"))
        target.parent.mkdir(parents=True)
        shutil.copy(FOLDER / f"{name}.yaml", target)
        use = {"path": f"med_exporter/{name}.yaml", "input": inputs}
        config = {"id": name, "alias": name, "use_blueprint": use}
        assert await async_setup_component(hass, "automation", {"automation": [config]})
        await hass.async_block_till_done()
        state = hass.states.get(f"automation.{name}")
        assert state is not None
        assert state.state == "on"

    yield automate
    await hass.services.async_call("automation", "turn_off", {"entity_id": "all"}, blocking=True)


@pytest.fixture
def told(hass):
    return async_mock_service(hass, "test", "tell")


def texts(told):
    return [(call.data["title"], call.data["message"]) for call in told]


@pytest.mark.parametrize("path", BLUEPRINTS, ids=lambda path: path.stem)
class TestEach:
    def test_it_is_valid(self, path):
        blueprint = Blueprint(
            yaml_util.load_yaml_dict(path),
            expected_domain="automation",
            path=path.name,
            schema=AUTOMATION_BLUEPRINT_SCHEMA,
        )
        assert blueprint.validate() is None

    def test_it_tells_where_it_comes_from(self, path):
        source = yaml_util.load_yaml_dict(path)["blueprint"]["source_url"]
        assert source.endswith(f"/blueprints/automation/med_exporter/{path.name}")

    def test_it_can_be_imported_from_the_documentation(self, path):
        page = (FOLDER.parents[2] / "docs" / "automations.md").read_text(encoding="utf-8")
        assert f"%2Fblueprints%2Fautomation%2Fmed_exporter%2F{path.name}" in page


class TestFailures:
    @pytest.fixture
    async def house(self, hass_with_recorder, freezer, monkeypatch, tmp_path):
        hass_with_recorder.config.config_dir = str(tmp_path)
        house = House(hass_with_recorder, freezer, monkeypatch)
        await house.set_up()
        house.add_point("house")
        house.add_grid().signal(dt_util.now().date(), 1)
        yield house
        await house.hass.data[DATA_JOBS].async_close()

    @pytest.mark.parametrize(
        ("language", "title", "message"),
        [
            ("en", "Destination down", "Shelf has been down since 2026-11-20 12:00."),
            ("fr", "Destination hors service", "Shelf ne répond plus depuis 2026-11-20 12:00."),
        ],
    )
    async def test_a_destination_that_is_down_for_an_hour_is_told_once(
        self, house, hass, automate, told, language, title, message
    ):
        shelf = Shelf()
        shelf.fails = refuse()
        runtime = await house.add_destination(shelf)
        device = installation_device(hass)
        await automate("tell_about_failures", exporter=device, tell=TELL, language=language)
        for _ in range(4):
            await push(house, runtime)
            house.freezer.tick(timedelta(minutes=19))
            async_fire_time_changed(hass, dt_util.utcnow())
            await hass.async_block_till_done()
        await push(house, runtime)
        assert texts(told) == [(title, message)]

    @pytest.mark.parametrize(
        ("language", "title", "message"),
        [("en", "Export failed", "Shelf: "), ("fr", "Export en échec", "Shelf : ")],
    )
    async def test_a_run_that_fails_in_part_is_told(
        self, house, hass, automate, told, language, title, message
    ):
        shelf = Shelf()
        shelf.fails = refuse("too_large")
        runtime = await house.add_destination(shelf)
        device = installation_device(hass)
        await automate("tell_about_failures", exporter=device, tell=TELL, language=language)
        record = await house.push(runtime)
        assert texts(told) == [(title, f"{message}{record.error_message}")]

    async def test_what_succeeds_is_not_told(self, house, hass, automate, told):
        runtime = await house.add_destination(Shelf())
        device = installation_device(hass)
        await automate("tell_about_failures", exporter=device, tell=TELL)
        await push(house, runtime)
        assert told == []


class TestMonthlyReport:
    @pytest.fixture
    async def hass(self, hass_with_recorder, freezer, tmp_path):
        await hass_with_recorder.config.async_set_time_zone("Europe/Paris")
        freezer.move_to(datetime(2026, 10, 31, 5, 59, tzinfo=UTC))
        jobs = await set_up(hass_with_recorder, tmp_path)
        yield hass_with_recorder
        await jobs.async_close()

    async def pass_to(self, hass, freezer, moment):
        freezer.move_to(moment)
        async_fire_time_changed(hass, moment)
        await hass.async_block_till_done()

    @pytest.mark.parametrize(("file_format", "language"), [("csv", "en"), ("json", "fr")])
    async def test_the_report_of_the_last_month_is_sent_on_the_first(
        self, hass, freezer, automate, told, file_format, language
    ):
        fridge = add_plug(hass, "Fridge", "192.168.1.100")
        add_plug(hass, "Lamp", "192.168.1.101", mac="aabbccddee02")
        fridge.reads(energy_total_kwh=1.5, power_w=100)
        await async_commit(hass)
        send = [
            {
                "action": "test.tell",
                "data": {name: f"{{{{ {name} }}}}" for name in ("title", "message", "path")},
            }
        ]
        await automate(
            "monthly_report",
            time="07:00:00",
            report="device_data",
            format=file_format,
            language=language,
            devices=[fridge.device_id],
            send=send,
        )
        await self.pass_to(hass, freezer, datetime(2026, 10, 31, 6, 0, 1, tzinfo=UTC))
        assert told == []
        await self.pass_to(hass, freezer, datetime(2026, 11, 1, 6, 0, 1, tzinfo=UTC))
        (call,) = told
        title = {"en": "Readings: October 2026", "fr": "Relevés : octobre 2026"}[language]
        assert call.data["title"] == title
        assert "/api/exports/download/" in call.data["message"]
        file = Path(call.data["path"])
        assert file.suffix == f".{file_format}"
        written = await hass.async_add_executor_job(file.read_text)
        assert "Fridge" in written
        assert "Lamp" not in written
        assert "2026-10-31" in written

    async def test_it_is_what_the_month_cost_as_a_pdf_unless_told_otherwise(
        self, hass, freezer, automate, told
    ):
        add_plug(hass, "Fridge", "192.168.1.100").reads(energy_total_kwh=1.5, power_w=100)
        await async_commit(hass)
        tell = [{"action": "test.tell", "data": {"title": "{{ title }}", "message": "{{ path }}"}}]
        await automate("monthly_report", language="fr", send=tell)
        await self.pass_to(hass, freezer, datetime(2026, 11, 1, 6, 0, 1, tzinfo=UTC))
        ((title, path),) = texts(told)
        assert title == "Coûts : octobre 2026"
        written = await hass.async_add_executor_job(Path(path).read_bytes)
        assert written.startswith(b"%PDF")

    async def test_a_report_that_cannot_be_made_is_told(self, hass, freezer, automate, told):
        add_plug(hass, "Fridge", "192.168.1.100")
        await automate("monthly_report", devices=["gone"], send=TELL)
        await self.pass_to(hass, freezer, datetime(2026, 11, 1, 6, 0, 1, tzinfo=UTC))
        assert texts(told) == [
            ("Costs: October 2026", "The report could not be made. Home Assistant’s log tells why.")  # noqa: RUF001
        ]
