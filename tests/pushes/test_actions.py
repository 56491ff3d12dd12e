from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace
from unittest.mock import patch

import pytest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import Context
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.med_exporter.const import DOMAIN, DataType
from custom_components.med_exporter.destinations.base import DestinationError, Outcome
from custom_components.med_exporter.destinations.mqtt.destination import INTAKE
from custom_components.med_exporter.destinations.mqtt.kind import MQTT
from custom_components.med_exporter.pushes import runner as push_module
from custom_components.med_exporter.pushes.runner import DATA_PUSHES
from custom_components.med_exporter.pushes.runtime import DestinationRuntime
from tests.file_exports import add_user, set_up


class Shelf:
    """A destination that keeps what it gets, or refuses it."""

    def __init__(self):
        self.intake = INTAKE
        self.kept = []
        self.refusal = None
        self.outcome = Outcome.STORED
        self.opened = asyncio.Event()
        self.opened.set()

    async def async_close(self):
        pass

    async def async_test(self):
        if self.refusal:
            raise self.refusal

    async def async_reach(self):
        if self.refusal:
            raise self.refusal

    async def async_missing(self, witnesses):
        return ()

    async def async_push(self, pages, settle):
        await self.opened.wait()
        if self.refusal:
            raise self.refusal
        async for page in pages:
            for measurement in page:
                self.kept.append(measurement)
                settle(measurement, self.outcome)


class House:
    """A metering point that has used 12.345 kWh today."""

    pdl = "house"
    slug = "house"
    name = "House"

    def __init__(self):
        self.entry = MockConfigEntry(domain=DOMAIN, title="House", data={"type": "kasa"})

    def current(self, data_type):
        if data_type is not DataType.CONSUMPTION_DAILY:
            return None
        return SimpleNamespace(
            value_kwh=12.345, date="2026-11-21", timestamp=datetime.now(UTC), last_period=None
        )


def add_destination(hass, name, public_id):
    entry = MockConfigEntry(
        domain=DOMAIN,
        title=name,
        data={
            "type": "mqtt",
            "id": public_id,
            "data": ["consumption_daily", "consumption_monthly"],
            "interval": 60,
        },
    )
    entry.add_to_hass(hass)
    shelf = Shelf()
    pushes = hass.data[DATA_PUSHES]
    entry.runtime_data = DestinationRuntime(hass, entry, MQTT, shelf, pushes, pushes.history)
    entry.mock_state(hass, ConfigEntryState.LOADED)
    return shelf


@pytest.fixture
async def broker(hass_with_recorder, tmp_path):
    hass = hass_with_recorder
    await set_up(hass, tmp_path)
    with patch.object(push_module, "metering_points", lambda _: [House()]):
        yield add_destination(hass, "Broker", "id-1")
        await hass.data[DATA_PUSHES].async_close()


@pytest.fixture
def call(broker, hass):
    async def call(action, user=None, **data):
        context = Context(user_id=None if user is None else user.id)
        return await hass.services.async_call(
            DOMAIN, action, data, blocking=True, return_response=True, context=context
        )

    return call


class TestRunPush:
    @pytest.mark.parametrize("name", ["broker", "id-1", "mqtt"])
    async def test_that_waits_returns_the_log_entry_of_a_finished_run(self, call, broker, name):
        answer = await call("run_push", destination=name, wait=True)
        assert answer["status"] == "success"
        assert answer["records_exported"] == len(broker.kept) == 1
        assert answer["destination_name"] == "Broker"
        assert answer["trigger"] == "action"
        assert answer["completed_at"].endswith("Z")

    async def test_that_does_not_wait_returns_a_running_one(self, call, broker):
        broker.opened.clear()
        answer = await call("run_push", destination="Broker")
        assert (answer["status"], answer["completed_at"]) == ("running", None)
        with pytest.raises(ServiceValidationError) as error:
            await call("run_push", destination="Broker")
        assert error.value.translation_key == "already_running"
        broker.opened.set()

    async def test_can_be_narrowed_down(self, call, broker):
        await call("run_push", destination="Broker", data="consumption_monthly", wait=True)
        assert broker.kept == []
        with pytest.raises(ServiceValidationError) as error:
            await call("run_push", destination="Broker", pdl="elsewhere")
        assert error.value.field == "pdl"
        with pytest.raises(ServiceValidationError) as error:
            await call("run_push", destination="Broker", data="production_daily")
        assert error.value.field == "data"

    @pytest.mark.parametrize(
        ("field", "asked"),
        [
            ("start", {"start": "yesterday"}),
            ("end", {"end": "2026-11-31"}),
            ("start", {"start": "2026-11-20", "end": "2026-11-19"}),
            ("end", {"end": 5}),
        ],
    )
    async def test_a_range_that_is_none_is_refused_at_its_field(self, call, field, asked):
        with pytest.raises(ServiceValidationError) as error:
            await call("run_push", destination="Broker", **asked)
        assert (error.value.code, error.value.field) == ("INVALID_DATE_RANGE", field)

    @pytest.mark.parametrize(
        ("field", "asked"),
        [
            ("data", {"data": []}),
            ("data", {"data": ["gas"]}),
            ("data", {"data": ["tempo", "tempo"]}),
            ("data", {"data": [5]}),
            ("pdl", {"pdl": []}),
            ("pdl", {"pdl": ["house", "house"]}),
        ],
    )
    async def test_what_is_no_selection_is_refused_alike_at_every_door(
        self, call, hass_client, field, asked
    ):
        client = await hass_client()
        response = await client.post("/api/export/mqtt/run", json=asked)
        answer = await response.json()
        assert (response.status, answer["field"]) == (400, field)
        with pytest.raises(ServiceValidationError) as error:
            await call("run_push", destination="Broker", **asked)
        assert (error.value.code, error.value.field) == (answer["error_code"], field)
        assert str(error.value) == answer["message"]

    async def test_a_range_of_the_past_has_no_current_values(self, call, broker):
        await call(
            "run_push", destination="Broker", start="2020-01-01", end="2020-01-02", wait=True
        )
        assert broker.kept == []
        await call("run_push", destination="Broker", start="2020-01-01", wait=True)
        assert len(broker.kept) == 1

    async def test_that_waits_for_a_failing_run_fails(self, call, broker):
        broker.refusal = DestinationError("refused", host="broker")
        with pytest.raises(HomeAssistantError) as error:
            await call("run_push", destination="Broker", wait=True)
        assert error.value.code == "REFUSED"
        # Its own words, which each reads in his language; the log has the English ones.
        assert error.value.translation_key == "destination_refused"
        assert error.value.translation_placeholders == {"host": "broker"}
        assert str(error.value).startswith("broker ")

    async def test_an_unexpected_error_is_no_name_of_an_exception(self, call, broker):
        broker.refusal = KeyError("inside")
        with pytest.raises(HomeAssistantError) as error:
            await call("run_push", destination="Broker", wait=True)
        assert error.value.translation_key == "push_internal_error"
        assert "KeyError" not in str(error.value)

    async def test_needs_a_destination_that_is_there(self, call):
        with pytest.raises(ServiceValidationError) as error:
            await call("run_push", destination="Elsewhere")
        assert error.value.translation_key == "destination_not_found"

    async def test_lists_the_ids_of_destinations_of_one_name(self, call, hass):
        add_destination(hass, "Broker", "id-2")
        with pytest.raises(ServiceValidationError) as error:
            await call("run_push", destination="mqtt")
        assert "id-1, id-2" in str(error.value)


class TestTestDestination:
    async def test_tells_of_success(self, call):
        answer = await call("test_destination", destination="Broker")
        assert (answer["success"], answer["error_code"]) == (True, None)
        assert " " in answer["message"]

    async def test_tells_what_is_wrong(self, call, broker):
        broker.refusal = DestinationError("refused", host="broker.example")
        answer = await call("test_destination", destination="Broker")
        assert (answer["success"], answer["error_code"]) == (False, "REFUSED")
        assert "broker.example" in answer["message"]


class TestPushLog:
    async def test_lists_runs_newest_first(self, call, broker):
        first = await call("run_push", destination="Broker", wait=True)
        second = await call("run_push", destination="Broker", wait=True)
        log = await call("list_push_log", destination="Broker")
        assert [entry["id"] for entry in log["logs"]] == [second["id"], first["id"]]
        assert (log["total"], log["limit"], log["offset"]) == (2, 50, 0)

    async def test_names_what_a_destination_cannot_take_though_the_run_succeeds(self, call, broker):
        broker.outcome = Outcome.NOT_CORRECTABLE
        pushed = await call("run_push", destination="Broker", wait=True)
        (logged,) = (await call("list_push_log"))["logs"]
        for told in (pushed, logged):
            assert told["status"] == "success"
            (warning,) = told["warnings"]
            assert (warning["code"], warning["count"]) == ("NOT_CORRECTABLE", 1)
            assert (warning["data"], warning["pdl"]) == ("consumption_daily", "house")
            assert "cannot overwrite it" in warning["message"]
            assert not {"key", "placeholders"} & warning.keys()

    async def test_can_be_narrowed_down(self, call, broker):
        await call("run_push", destination="Broker", wait=True)
        for name, count in (("mqtt", 1), ("id-1", 1), ("jeedom", 0)):
            assert (await call("list_push_log", destination=name))["total"] == count
        for status, count in (("success", 1), ("error", 0), ("running", 0)):
            assert (await call("list_push_log", status=status))["total"] == count

    async def test_names_a_destination_that_nobody_knows(self, call, broker):
        with pytest.raises(ServiceValidationError) as error:
            await call("list_push_log", destination="Brocker")
        assert error.value.translation_key == "destination_not_found"
        assert error.value.translation_placeholders["name"] == "Brocker"

    async def test_still_knows_one_that_is_gone(self, call, hass, broker):
        await call("run_push", destination="Broker", wait=True)
        (entry,) = [one for one in hass.config_entries.async_entries() if one.title == "Broker"]
        await hass.config_entries.async_remove(entry.entry_id)
        await hass.async_block_till_done()
        assert (await call("list_push_log", destination="id-1"))["total"] == 1

    @pytest.mark.parametrize("limit", [True, "\uff11\uff12", "1_0", "nan", 1.5, "true", [1]])
    async def test_refuses_what_is_no_number(self, call, limit):
        with pytest.raises(ServiceValidationError) as error:
            await call("list_push_log", limit=limit)
        assert error.value.translation_placeholders["field"] == "limit"


@pytest.mark.parametrize(
    ("action", "data"),
    [
        ("run_push", {"destination": "Broker"}),
        ("test_destination", {"destination": "Broker"}),
        ("list_push_log", {}),
    ],
)
async def test_pushing_is_for_administrators(call, hass, broker, action, data):
    with pytest.raises(ServiceValidationError) as error:
        await call(action, user=add_user(hass), **data)
    assert error.value.translation_key == "not_allowed"
    await call(action, user=add_user(hass, is_admin=True), **data)
