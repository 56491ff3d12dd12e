"""Schedules over HTTP and by action: for administrators, in the document's shapes."""

from __future__ import annotations

import pytest
from homeassistant.core import Context
from homeassistant.exceptions import ServiceValidationError

from custom_components.med_exporter.const import DOMAIN
from custom_components.med_exporter.schedules.scheduler import DATA_SCHEDULES
from tests.file_exports import add_user, request
from tests.mail_server import add_account, mail_server
from tests.scheduling import MONTHLY

SCHEDULE = "/api/exports/schedule"
SCHEDULES = "/api/exports/schedules"
QUIET = {**MONTHLY, "delivery": None, "export_config": request(date_range="today")}


async def created(client, **changes):
    response = await client.post(SCHEDULE, json={**QUIET, **changes})
    assert response.status == 201, await response.text()
    return await response.json()


class TestHttp:
    async def test_the_documents_example_works_as_written(self, client, hass):
        response = await client.post(SCHEDULE, json=MONTHLY)
        assert (response.status, (await response.json())["field"]) == (400, "delivery.account")
        with mail_server() as server:
            account = await add_account(hass, server)
            response = await client.post(SCHEDULE, json=MONTHLY)
        answer = await response.json()
        assert response.status == 201
        assert answer["schedule_id"]
        assert answer["next_run"].endswith("Z")
        assert answer["enabled"] is True
        assert answer["export_config"] == MONTHLY["export_config"]
        assert answer["delivery"] == {**MONTHLY["delivery"], "account": account.entry_id}
        listed = await (await client.get(SCHEDULES)).json()
        assert listed == {"schedules": [answer]}

    async def test_one_is_shown_changed_and_deleted(self, client):
        schedule = await created(client)
        url = f"{SCHEDULES}/{schedule['schedule_id']}"
        assert await (await client.get(url)).json() == schedule
        response = await client.put(url, json={"schedule": "0 6 * * *", "enabled": False})
        changed = await response.json()
        assert response.status == 200
        assert (changed["schedule"], changed["enabled"]) == ("0 6 * * *", False)
        assert (changed["next_run"], changed["name"]) == (None, QUIET["name"])
        assert (await client.delete(url)).status == 204
        for response in (await client.get(url), await client.delete(url)):
            assert response.status == 404
            assert (await response.json())["error_code"] == "SCHEDULE_NOT_FOUND"

    async def test_what_is_shown_can_be_sent_back(self, client):
        schedule = await created(client)
        url = f"{SCHEDULES}/{schedule['schedule_id']}"
        assert await (await client.put(url, json=schedule)).json() == schedule
        for other in ("another", {}, [schedule["schedule_id"]]):
            response = await client.put(url, json={**schedule, "schedule_id": other})
            assert (response.status, (await response.json())["field"]) == (400, "schedule_id")

    async def test_a_run_is_started(self, client, jobs):
        schedule = await created(client)
        response = await client.post(f"{SCHEDULES}/{schedule['schedule_id']}/run")
        answer = await response.json()
        assert (response.status, answer["trigger"]) == (202, "schedule")
        record = await jobs.async_wait(answer["export_id"], 30)
        assert (record.status, record.user_id) == ("completed", None)

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"schedule": "monthly"}, "schedule"),
            ({"export_config": {"format": "csv"}}, "export_config.export_type"),
            ({"export_config": request(devices=["nobody"])}, "export_config.devices"),
            ({"export_config": request(date_range="last_century")}, "export_config.date_range"),
            ({"export_config": []}, "export_config"),
            ({"delivery": {"method": "email", "recipients": ["a"]}}, "delivery.account"),
            ({"delivery": "email"}, "delivery"),
        ],
    )
    async def test_a_mistake_is_named_at_its_field(self, client, changes, field):
        response = await client.post(SCHEDULE, json={**QUIET, **changes})
        answer = await response.json()
        assert (response.status, answer["field"]) == (400, field), answer
        assert (await (await client.get(SCHEDULES)).json())["schedules"] == []

    async def test_only_administrators_may(self, client, log_in, anonymous):
        url = f"{SCHEDULES}/{(await created(client))['schedule_id']}"
        user = await log_in()
        for method, path in (
            ("POST", SCHEDULE), ("GET", SCHEDULES), ("GET", url), ("PUT", url), ("DELETE", url),
            ("POST", f"{url}/run"),
        ):  # fmt: skip
            assert (await user.request(method, path, json={})).status == 403
            assert (await anonymous.request(method, path, json={})).status == 401


class TestActions:
    @pytest.fixture
    def call(self, fridge, hass):
        async def call(action, user=None, **data):
            context = Context(user_id=None if user is None else user.id)
            return await hass.services.async_call(
                DOMAIN, action, data, blocking=True, return_response=True, context=context
            )

        return call

    async def test_make_change_list_run_and_delete(self, call, jobs):
        schedule = await call("create_schedule", **{**QUIET, "delivery": {"method": "none"}})
        schedule_id = schedule["schedule_id"]
        changed = await call("update_schedule", schedule_id=schedule_id, name="Renamed")
        assert changed == {**schedule, "name": "Renamed"}
        assert (await call("list_schedules"))["schedules"] == [changed]
        run = await call("run_schedule", schedule_id=schedule_id)
        assert (await jobs.async_wait(run["export_id"], 30)).status == "completed"
        await call("delete_schedule", schedule_id=schedule_id)
        assert (await call("list_schedules"))["schedules"] == []

    async def test_are_refused_to_all_but_administrators(self, call, hass):
        schedule = await call("create_schedule", **QUIET)
        user = add_user(hass)
        for action, data in (
            ("create_schedule", QUIET),
            ("update_schedule", {"schedule_id": schedule["schedule_id"], "name": "x"}),
            ("delete_schedule", {"schedule_id": schedule["schedule_id"]}),
            ("run_schedule", {"schedule_id": schedule["schedule_id"]}),
            ("list_schedules", {}),
            # The right is judged first.
            ("create_schedule", {"colour": "red"}),
            ("update_schedule", {}),
            ("delete_schedule", {"schedule_id": 1}),
            ("run_schedule", {"schedule_id": "unknown", "colour": "red"}),
            ("list_schedules", {"colour": "red"}),
        ):
            with pytest.raises(ServiceValidationError, match="not allowed"):
                await call(action, user, **data)
        assert len(hass.data[DATA_SCHEDULES].schedules()) == 1
