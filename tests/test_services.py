from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from unittest.mock import patch

import pytest
import yaml
from homeassistant.core import Context
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from yarl import URL

from custom_components.med_exporter.const import DOMAIN
from custom_components.med_exporter.engine.errors import ErrorCode, ExportError
from custom_components.med_exporter.engine.job import AGGREGATIONS, LOCALES
from custom_components.med_exporter.engine.readings.fields import FIELDS
from custom_components.med_exporter.exports import runner as runner_module
from custom_components.med_exporter.exports.action_fields import request_fields
from custom_components.med_exporter.exports.date_range import PRESETS
from tests.file_exports import add_user, path_of

ROOT = Path(__file__).parent.parent / "custom_components" / "med_exporter"
DECLARED = yaml.safe_load((ROOT / "services.yaml").read_text())


def declared_fields(action):
    """Return an action's fields, those in sections too."""
    fields = {}
    for name, field in (DECLARED[action] or {}).get("fields", {}).items():
        fields |= field.get("fields", {name: field})
    return fields


def declared_sections(action):
    fields = (DECLARED[action] or {}).get("fields", {})
    return {name: one for name, one in fields.items() if "fields" in one}


@pytest.fixture
def call(fridge, hass):
    async def call(action, user=None, **data):
        context = Context(user_id=None if user is None else user.id)
        return await hass.services.async_call(
            DOMAIN, action, data, blocking=True, return_response=True, context=context
        )

    return call


async def exported(call, **data):
    return await call(
        "create_export",
        **{"export_type": "device_data", "format": "csv", "preset": "today", **data},
    )


class TestCreateExport:
    async def test_templates_write_numbers_and_lists_as_texts(self, call):
        answer = await exported(
            call,
            devices="Fridge",
            fields="timestamp, power_w",
            min_power="0.5",
            decimal_places="1",
            compression="off",
            device_states="on, off",
            days_of_week="1,2,3,4,5,6,7",
            time_of_day_start=6 * 60,
            time_of_day_end="05:59:00",
        )
        assert path_of(answer).read_text(encoding="utf-8-sig").startswith("timestamp,power_w\n")

    async def test_returns_the_file_and_a_link_when_it_waits(self, call, hass_client_no_auth):
        answer = await exported(call)
        assert answer["status"] == "completed"
        assert answer["record_count"] == 1
        assert answer["file_size"] == path_of(answer).stat().st_size
        client = await hass_client_no_auth()
        response = await client.get(URL(answer["download_link"]).relative())
        assert await response.read() == path_of(answer).read_bytes()

    async def test_returns_the_id_at_once_when_it_does_not(self, call, jobs):
        answer = await exported(call, wait=False)
        assert answer["status"] == "queued"
        assert "path" not in answer
        await jobs.async_wait(answer["export_id"])

    async def test_takes_every_field(self, call, fridge):
        answer = await call(
            "create_export",
            export_type="device_data",
            format="csv",
            start="2026-01-01",
            end="2026-01-31",
            devices=[fridge.device_id],
            fields=["timestamp", "energy_kwh"],
            aggregation="daily",
            timezone="Europe/Paris",
            decimal_places=3.0,
            locale="fr",
            delimiter="|",
            include_headers=False,
            compression=True,
            chunk_size=100,
        )
        assert answer["file_name"].startswith("device_data_2026-01-01_2026-01-31_")
        assert answer["file_name"].endswith(".csv.gz")

    async def test_takes_dates_as_yaml_reads_them(self, call):
        answer = await call(
            "create_export",
            export_type="device_data",
            format="json",
            start=date(2026, 1, 1),
            end=date(2026, 1, 2),
            wait=True,
        )
        assert "_2026-01-01_2026-01-02_" in answer["file_name"]

    @pytest.mark.parametrize("end", ["2026-01-02 00:00:00", datetime(2026, 1, 2)])  # noqa: DTZ001
    async def test_a_last_day_from_a_picker_of_times_is_not_dropped(self, call, end):
        days = {"start": "2026-01-01 00:00:00", "end": end}
        answer = await call(
            "create_export", export_type="device_data", format="csv", wait=True, **days
        )
        assert "_2026-01-01_2026-01-02_" in answer["file_name"]

    async def test_takes_one_device_as_a_text(self, call):
        assert (await exported(call, devices="Fridge"))["record_count"] == 1

    @pytest.mark.parametrize(
        ("data", "key", "field"),
        [
            ({"preset": "last_decade"}, "not_one_of", "preset"),
            ({"start": "2026-01-01"}, "range_and_preset", "preset"),
            ({"preset": None, "start": "2026-02-01", "end": "2026-01-01"}, None, "start"),
            ({"preset": None, "start": "2026-02-01"}, "required", "end"),
            ({"preset": None, "date_range": "today"}, "unknown_field", "date_range"),
            ({"devices": ["Oven"]}, "unknown_device", "devices"),
            ({"fields": ["colour"]}, "not_one_of", "fields"),
            ({"timezone": "Mars"}, "unknown_time_zone", "timezone"),
            ({"format": "json", "delimiter": ";"}, "not_applicable", "delimiter"),
        ],
    )
    async def test_names_the_mistake_with_its_own_fields(self, call, data, key, field):
        merged = {"preset": "today", **data}
        merged = {name: value for name, value in merged.items() if value is not None}
        with pytest.raises(ServiceValidationError) as error:
            await call("create_export", **{"export_type": "device_data", "format": "csv"} | merged)
        assert error.value.translation_domain == DOMAIN
        assert error.value.field == field
        assert error.value.translation_placeholders["field"] == field
        if key:
            assert error.value.translation_key == key

    async def test_that_waits_for_a_failing_export_fails(self, call):
        failure = ExportError(ErrorCode.DISK_FULL, "No space left")
        with (
            patch.object(runner_module, "async_run_job", side_effect=failure),
            pytest.raises(HomeAssistantError) as error,
        ):
            await exported(call)
        assert not isinstance(error.value, ServiceValidationError)
        assert error.value.translation_key == "file_disk_full"
        assert "No space left" in str(error.value)


class TestOtherActions:
    async def test_an_export_can_be_looked_up_listed_and_deleted(self, call):
        made = await exported(call)
        found = await call("get_export", export_id=made["export_id"])
        assert found["path"] == made["path"]
        listed = await call("list_exports")
        assert [one["export_id"] for one in listed["exports"]] == [made["export_id"]]
        await call("delete_export", export_id=made["export_id"])
        assert (await call("list_exports"))["total"] == 0
        assert not path_of(made).exists()

    async def test_what_does_not_exist_is_a_mistake_of_the_caller(self, call):
        for action in ("get_export", "delete_export", "cancel_export"):
            with pytest.raises(ServiceValidationError) as error:
                await call(action, export_id="export_12345")
            assert error.value.translation_key == "export_not_found"

    async def test_a_finished_export_cannot_be_cancelled(self, call):
        made = await exported(call)
        with pytest.raises(ServiceValidationError) as error:
            await call("cancel_export", export_id=made["export_id"])
        assert error.value.translation_key == "export_finished"

    async def test_devices_and_metrics_are_listed(self, call, fridge):
        (device,) = (await call("list_devices"))["devices"]
        assert device["device_id"] == fridge.device_id
        metrics = (await call("list_metrics"))["metrics"]
        assert "energy_kwh" in [metric["field"] for metric in metrics]


class TestRights:
    async def test_a_user_has_readable_devices_and_own_exports(self, call, hass, fridge):
        automated = await exported(call)
        reader = add_user(hass, *fridge.entities.values())
        own = await exported(call, user=reader)
        assert (await call("list_exports", user=reader))["total"] == 1
        assert (await call("list_exports"))["total"] == 2
        with pytest.raises(ServiceValidationError):
            await call("get_export", user=reader, export_id=automated["export_id"])
        await call("delete_export", user=reader, export_id=own["export_id"])

    async def test_a_user_who_may_read_nothing_exports_nothing(self, call, hass):
        stranger = add_user(hass)
        assert await call("list_devices", user=stranger) == {"devices": []}
        with pytest.raises(ServiceValidationError) as error:
            await exported(call, user=stranger)
        assert error.value.translation_key == "no_device"

    @pytest.mark.parametrize(
        "wrong", [{}, {"format": "xml"}, {"users": ["a name to be tried"]}, {"colour": "red"}]
    )
    @pytest.mark.parametrize("export_type", ["audit_logs", "configuration"])
    @pytest.mark.parametrize("action", ["create_export", "preview_export"])
    async def test_the_right_is_judged_before_the_request(
        self, call, hass, action, export_type, wrong
    ):
        with pytest.raises(ServiceValidationError) as error:
            await call(action, user=add_user(hass), export_type=export_type, **wrong)
        assert error.value.translation_key == "not_allowed"

    @pytest.mark.parametrize(
        ("action", "data", "key"),
        [
            ("create_export", {"export_type": "device_data", "colour": 1}, "unknown_field"),
            ("create_export", {"export_type": "device_data", "filters": {}}, "unknown_field"),
            ("preview_export", {"colour": 1}, "unknown_field"),
            ("delete_schedule", {}, "required"),
            ("run_schedule", {"schedule_id": 1}, "not_a_text"),
            ("list_schedules", {"colour": 1}, "unknown_field"),
            ("list_devices", {"colour": 1}, "unknown_field"),
            ("get_export", {}, "required"),
            ("get_export", {"export_id": None}, "required"),
            ("cancel_export", {"export_id": ["a"]}, "value_not_taken"),
            ("list_exports", {"limit": "3,5"}, "value_not_taken"),
            ("list_push_log", {"status": "xxx"}, "not_one_of"),
            ("list_push_log", {"offset": -1}, "value_not_taken"),
            ("run_push", {"data": ["tempo"]}, "required"),
            ("run_push", {"destination": "mqtt", "wait": "perhaps"}, "value_not_taken"),
            ("test_destination", {"destination": {}}, "value_not_taken"),
            ("remove_all_data", {"confirm": "perhaps"}, "value_not_taken"),
        ],
    )
    async def test_a_field_that_is_wrong_is_named_in_words(self, call, action, data, key):
        with pytest.raises(ServiceValidationError) as error:
            await call(action, **data)
        assert error.value.translation_key == key
        field = error.value.translation_placeholders["field"]
        assert field in data or key == "required"


class TestDeclarations:
    def test_every_registered_action_is_declared(self, jobs, hass):
        assert set(hass.services.async_services_for_domain(DOMAIN)) == set(DECLARED)

    def test_a_request_has_all_its_fields(self):
        assert set(declared_fields("create_export")) == {*request_fields(), "wait"}

    def test_what_few_people_ask_for_is_folded_away(self):
        sections = declared_sections("create_export")
        assert all(one["collapsed"] for one in sections.values())
        assert set(DECLARED["create_export"]["fields"]) - set(sections) == {
            "export_type", "format", "preset", "start", "end", "devices", "wait",
        }  # fmt: skip

    @pytest.mark.parametrize("action", ["create_export", "preview_export", "run_push"])
    def test_days_are_picked_as_days(self, action):
        fields = declared_fields(action)
        assert [list(fields[name]["selector"]) for name in ("start", "end")] == [["date"], ["date"]]

    @pytest.mark.parametrize("action", DECLARED)
    def test_every_field_has_a_selector_and_words(self, action):
        for language in ("en", "fr"):
            path = ROOT / "translations" / f"{language}.json"
            worded = json.loads(path.read_text())["services"][action]
            assert worded["name"]
            assert worded["description"]
            fields = declared_fields(action)
            assert set(worded.get("fields", {})) == set(fields)
            sections = worded.get("sections", {})
            assert set(sections) == set(declared_sections(action))
            assert all(one["name"] and one["description"] for one in sections.values())
            for name, field in fields.items():
                assert field["selector"]
                assert worded["fields"][name]["name"]
                assert worded["fields"][name]["description"]

    @pytest.mark.parametrize("action", DECLARED)
    def test_every_action_has_an_icon(self, action):
        icons = json.loads((ROOT / "icons.json").read_text())["services"]
        assert icons[action]["service"].startswith("mdi:")

    @pytest.mark.parametrize(
        ("field", "known"),
        [
            ("preset", PRESETS),
            ("fields", FIELDS),
            ("aggregation", AGGREGATIONS),
            ("locale", LOCALES),
        ],
    )
    def test_selectors_offer_what_the_engine_can(self, field, known):
        selector = declared_fields("create_export")[field]["selector"]["select"]
        assert selector["options"] == list(known)
        for language in ("en", "fr"):
            path = ROOT / "translations" / f"{language}.json"
            worded = json.loads(path.read_text())["selector"][selector["translation_key"]]
            assert set(worded["options"]) == set(known)
