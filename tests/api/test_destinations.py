"""The HTTP API of destinations, against a real broker."""

from __future__ import annotations

import json

import pytest
from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState

from custom_components.med_exporter.flows.destination_change import MASK
from custom_components.med_exporter.pushes.entry import destinations
from custom_components.med_exporter.pushes.runner import DATA_PUSHES
from custom_components.med_exporter.vault import async_get_vault
from tests.mqtt_destinations import add_mqtt

CONFIGS = "/api/export/configs"
LOGS = "/api/export/logs"
PASSWORD = "planted-secret"


@pytest.fixture
def broker(mosquitto):
    return mosquitto(users={"med": PASSWORD})


@pytest.fixture
async def entry(jobs, hass, broker):
    return await add_mqtt(hass, broker.port, username="med", password=PASSWORD)


async def shown(client, name="mqtt"):
    response = await client.get(f"{CONFIGS}/{name}")
    assert response.status == 200, await response.text()
    return await response.json()


async def change(client, body, name="mqtt"):
    return await client.put(f"{CONFIGS}/{name}", json=body)


async def refused(response, status, code, field=None):
    answer = await response.json()
    assert (response.status, answer["error_code"], answer["field"]) == (status, code, field)
    assert " " in answer["message"], "not translated"
    assert "{" not in answer["message"], "not filled in"
    return answer


class TestConfigs:
    async def test_without_destinations_the_list_is_empty(self, client):
        assert await (await client.get(CONFIGS)).json() == {"configs": []}

    async def test_shows_every_destination(self, client, entry, broker):
        answer = await (await client.get(CONFIGS)).json()
        (config,) = answer["configs"]
        assert config == {
            "id": entry.data["id"],
            "name": "MQTT 127.0.0.1",
            "type": "mqtt",
            "enabled": True,
            "last_export_at": None,
            "config": {
                **{k: v for k, v in entry.data.items() if k not in {"id", "type", "password"}},
                "password": MASK,
            },
        }

    async def test_shows_one_by_type_and_by_id(self, client, entry):
        assert await shown(client) == await shown(client, entry.data["id"])

    async def test_never_shows_a_secret(self, client, entry):
        text = json.dumps(await shown(client))
        assert PASSWORD not in text
        assert entry.data["password"] not in text

    async def test_a_type_without_destination_is_not_found(self, client):
        response = await client.get(f"{CONFIGS}/jeedom")
        await refused(response, 404, "DESTINATION_NOT_FOUND", "destination")

    async def test_a_type_with_several_lists_them(self, client, hass, entry, broker):
        other = await add_mqtt(
            hass, broker.port, topic_prefix="other", username="med", password=PASSWORD
        )
        answer = await refused(
            await client.get(f"{CONFIGS}/mqtt"), 409, "AMBIGUOUS_DESTINATION", "destination"
        )
        assert entry.data["id"] in answer["message"]
        assert other.data["id"] in answer["message"]

    async def test_shows_one_that_is_disabled(self, client, hass, entry):
        await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
        assert (await shown(client))["enabled"] is False

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("get", CONFIGS),
            ("get", f"{CONFIGS}/mqtt"),
            ("put", f"{CONFIGS}/mqtt"),
            ("post", f"{CONFIGS}/mqtt/test"),
            ("post", "/api/export/mqtt/run"),
            ("get", LOGS),
        ],
    )
    async def test_is_for_administrators(self, entry, log_in, anonymous, method, path):
        user = await log_in()
        await refused(await getattr(user, method)(path), 403, "NOT_ALLOWED")
        assert (await getattr(anonymous, method)(path)).status == 401


class TestPut:
    async def test_changes_what_it_names_and_nothing_else(self, client, hass, entry):
        before = await shown(client)
        response = await change(client, {"config": {"interval": 15}})
        after = await response.json()
        assert after["config"].pop("interval") == 15
        before["config"].pop("interval")
        assert after == before

    async def test_what_was_shown_can_be_sent_back(self, client, hass, entry):
        data = dict(entry.data)
        before = await shown(client)
        response = await change(client, before)
        assert (response.status, await response.json()) == (200, before)
        assert dict(entry.data) == data

    async def test_a_masked_secret_stays(self, client, hass, entry):
        await change(client, {"config": {"password": MASK, "topic_prefix": "elsewhere"}})
        await hass.async_block_till_done()
        assert entry.data["topic_prefix"] == "elsewhere"
        vault = await async_get_vault(hass)
        assert vault.decrypt(entry.data["password"]) == PASSWORD

    async def test_enabled_is_the_switch_of_automatic_export(self, client, hass, entry):
        answer = await (await change(client, {"enabled": False})).json()
        assert answer["enabled"] is False
        assert destinations(hass)[0].enabled is False
        assert entry.state is ConfigEntryState.LOADED

    async def test_a_name_is_the_entrys_title(self, client, entry):
        await change(client, {"name": "Living room broker"})
        assert entry.title == "Living room broker"

    async def test_a_null_takes_a_value_away(self, client, hass, entry, mosquitto):
        free = mosquitto()
        body = {"broker": f"mqtt://127.0.0.1:{free.port}", "username": None, "password": None}
        response = await change(client, {"config": body})
        assert response.status == 200, await response.text()
        assert "username" not in entry.data
        assert "password" not in entry.data

    @pytest.mark.parametrize(
        ("body", "code", "field"),
        [
            ([], "INVALID_REQUEST", "body"),
            ({"colour": 1}, "INVALID_REQUEST", "colour"),
            ({"enabled": "yes"}, "INVALID_REQUEST", "enabled"),
            ({"name": " "}, "INVALID_VALUE", "name"),
            ({"id": "other"}, "READ_ONLY", "id"),
            ({"type": "jeedom"}, "READ_ONLY", "type"),
            ({"config": 1}, "INVALID_REQUEST", "config"),
            ({"config": {"colour": 1}}, "INVALID_REQUEST", "config.colour"),
            ({"config": {"interval": 7}}, "INVALID_VALUE", "config.interval"),
            ({"config": {"interval": True}}, "INVALID_VALUE", "config.interval"),
            ({"config": {"interval": None}}, "INVALID_REQUEST", "config.interval"),
            ({"config": {"retain": "yes"}}, "INVALID_REQUEST", "config.retain"),
            ({"config": {"data": ["weather"]}}, "INVALID_VALUE", "config.data"),
            ({"config": {"data": []}}, "NO_DATA", "config.data"),
            ({"config": {"broker": "http://x"}}, "URL_SCHEME", "config.broker"),
            ({"config": {"broker": "mqtt://:1883"}}, "URL_HOST", "config.broker"),
            ({"config": {"broker": "mqtt://x/path"}}, "URL_PATH", "config.broker"),
            ({"config": {"broker": "mqtt://a..b"}}, "URL_HOST_NAME", "config.broker"),
            ({"config": {"broker": 5}}, "INVALID_REQUEST", "config.broker"),
            ({"config": {"broker": "mqtt://127.0.0.1:1"}}, "REFUSED_LOOPBACK", "config.broker"),
            ({"config": {"password": "wrong"}}, "WRONG_CREDENTIALS", "config.password"),
        ],
    )
    async def test_a_mistake_is_told_at_its_field_and_nothing_changes(
        self, client, entry, body, code, field
    ):
        data, title = dict(entry.data), entry.title
        await refused(await change(client, body), 400, code, field)
        assert (dict(entry.data), entry.title) == (data, title)

    async def test_one_bad_part_changes_nothing_of_the_rest(self, client, entry):
        body = {"name": "New", "enabled": False, "config": {"interval": 7}}
        await refused(await change(client, body), 400, "INVALID_VALUE", "config.interval")
        assert (await shown(client))["enabled"] is True
        assert entry.title != "New"

    async def test_makes_no_new_destination(self, client):
        await refused(await change(client, {}), 404, "DESTINATION_NOT_FOUND", "destination")


class TestTest:
    async def test_a_connection_that_works(self, client, entry):
        response = await client.post(f"{CONFIGS}/mqtt/test")
        answer = await response.json()
        assert (response.status, answer["success"], answer["error_code"]) == (200, True, None)
        assert answer["message"]

    async def test_a_mistake_is_named(self, client, entry, broker):
        broker.kill()
        answer = await (await client.post(f"{CONFIGS}/mqtt/test")).json()
        assert (answer["success"], answer["error_code"]) == (False, "REFUSED")
        assert "127.0.0.1" in answer["message"]

    async def test_one_that_is_not_loaded_can_be_tested(self, client, hass, entry):
        await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
        answer = await (await client.post(f"{CONFIGS}/mqtt/test")).json()
        assert answer["success"] is True


class TestRunAndLogs:
    async def test_a_run_is_accepted_and_stands_in_the_log(self, client, hass, entry):
        response = await client.post("/api/export/mqtt/run", json={})
        started = await response.json()
        assert response.status == 202
        assert (started["status"], started["trigger"]) == ("running", "http")
        assert started["export_config_id"] == entry.data["id"]

        await hass.async_block_till_done(wait_background_tasks=True)
        (log,) = (await (await client.get(LOGS)).json())["logs"]
        assert log["status"] != "running"
        assert log["id"] == started["id"]
        assert log["completed_at"] is not None
        assert (await shown(client))["last_export_at"] == log["completed_at"]

    async def test_a_run_needs_no_body(self, client, entry):
        assert (await client.post("/api/export/mqtt/run")).status == 202

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"data": ["weather"]}, "data"),
            ({"data": "tempo"}, "data"),
            ({"pdl": ["nowhere"]}, "pdl"),
            ({"start": "yesterday"}, "start"),
            ({"start": "2026-02-02", "end": "2026-02-01"}, "start"),
            ({"until": 1}, "until"),
        ],
    )
    async def test_a_mistake_starts_nothing(self, client, entry, body, field):
        response = await client.post("/api/export/mqtt/run", json=body)
        answer = await response.json()
        assert (response.status, answer["field"]) == (400, field), answer
        assert (await (await client.get(LOGS)).json())["total"] == 0

    async def test_one_that_is_disabled_does_not_run(self, client, hass, entry):
        await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
        response = await client.post("/api/export/mqtt/run")
        await refused(response, 409, "DESTINATION_NOT_LOADED", "destination")

    async def test_the_log_has_pages_and_filters(self, client, hass, entry):
        pushes = hass.data[DATA_PUSHES]
        for _ in range(3):
            await pushes.async_run(destinations(hass)[0], trigger="action")
        page = await (await client.get(f"{LOGS}?limit=2&offset=2")).json()
        assert (len(page["logs"]), page["total"], page["limit"], page["offset"]) == (1, 3, 2, 2)
        for query, total in (
            ("destination=mqtt", 3),
            (f"destination={entry.data['id']}", 3),
            ("destination=jeedom", 0),
            ("status=success", 3),
            ("status=error", 0),
        ):
            assert (await (await client.get(f"{LOGS}?{query}")).json())["total"] == total, query

    async def test_a_destination_that_nobody_knows_is_named(self, client, entry):
        response = await client.get(f"{LOGS}?destination=brocker")
        await refused(response, 404, "DESTINATION_NOT_FOUND", "destination")

    @pytest.mark.parametrize(
        ("query", "field"), [("limit=0", "limit"), ("offset=-1", "offset"), ("status=x", "status")]
    )
    async def test_a_mistake_in_the_query_is_named(self, client, query, field):
        answer = await (await client.get(f"{LOGS}?{query}")).json()
        assert answer["field"] == field
