"""The websocket commands behind the panel: the same checks and rights as all doors."""

from __future__ import annotations

import json

import pytest

from custom_components.med_exporter.database.commit import async_commit
from tests.file_exports import request
from tests.mqtt_destinations import add_mqtt

pytestmark = pytest.mark.engine_in_thread

LAST_DAY = {"export_type": "device_data", "format": "csv", "date_range": "today"}
ADMINISTRATORS_ONLY = [
    ("destinations/list", {}),
    ("destinations/run", {"destination": "mqtt"}),
    ("destinations/test", {"destination": "mqtt"}),
    ("destinations/change", {"destination": "mqtt", "enabled": False}),
    ("costs/correct", {"meter": 5}),
    ("schedules/list", {}),
    ("schedules/choices", {}),
    ("schedules/create", {"name": 5}),
    ("schedules/update", {"schedule_id": "x"}),
    ("schedules/delete", {"schedule_id": "x"}),
    ("schedules/run", {"schedule_id": "x"}),
]


async def made(caller, **changes):
    """Make a file and return it, complete."""
    await caller.follow("files")
    file = await caller.get("files/create", request={**LAST_DAY, **changes})
    shown = await caller.shown(
        until=lambda shown: any(
            one["export_id"] == file["export_id"] and one["status"] == "completed"
            for one in shown["files"]
        )
    )
    return next(one for one in shown["files"] if one["export_id"] == file["export_id"])


class TestRights:
    @pytest.mark.parametrize(("command", "fields"), ADMINISTRATORS_ONLY)
    async def test_what_is_for_administrators_is_refused_before_it_is_read(
        self, log_in, fridge, command, fields
    ):
        user = await log_in(*fridge.entities.values())
        assert await user.refused(command, **fields, nonsense=1) == ("NOT_ALLOWED", None)

    @pytest.mark.parametrize("feed", ["destinations", "schedules"])
    async def test_a_feed_for_administrators_is_refused(self, log_in, feed):
        assert await (await log_in()).refused(f"{feed}/subscribe") == ("NOT_ALLOWED", None)

    async def test_a_user_is_offered_his_devices_and_types(
        self, log_in, administrator, fridge, oven
    ):
        user = await log_in(*fridge.entities.values())
        his, all_ = await user.get("files/choices"), await administrator.get("files/choices")
        assert [one["device_name"] for one in his["devices"]] == ["Fridge"]
        assert [one["device_name"] for one in all_["devices"]] == ["Fridge", "Oven"]
        only = {one["id"] for one in all_["types"]} - {one["id"] for one in his["types"]}
        assert only == {"audit_logs", "configuration"}

    async def test_a_type_for_administrators_is_refused(self, log_in, fridge):
        user = await log_in(*fridge.entities.values())
        asked = {"export_type": "configuration", "format": "nonsense"}
        expected = ("NOT_ALLOWED", "export_type")
        assert await user.refused("files/create", request=asked) == expected
        assert await user.refused("files/preview", request=asked) == expected

    async def test_another_users_file_does_not_exist(self, log_in, administrator, fridge):
        file = await made(administrator)
        user = await log_in(*fridge.entities.values())
        for command in ("link", "again", "cancel", "delete"):
            answer = await user.refused(f"files/{command}", export_id=file["export_id"])
            assert answer == ("EXPORT_NOT_FOUND", None)
        assert (await user.get("files/list"))["total"] == 0
        assert (await user.get("history/list"))["entries"] == []
        assert (await user.get("history/list", kind="push"))["entries"] == []

    async def test_administrators_see_who_made_what(self, log_in, administrator, fridge, hass):
        file = await made(await log_in(*fridge.entities.values()))
        (entry,) = (await administrator.get("history/list"))["entries"]
        assert (entry["id"], entry["kind"], entry["trigger"]) == (
            file["export_id"],
            "file",
            "panel",
        )
        assert entry["user"]


class TestRequests:
    @pytest.mark.parametrize(
        ("command", "fields", "refused"),
        [
            ("files/create", {}, ("INVALID_REQUEST", "request")),
            ("files/create", {"request": 5}, ("INVALID_REQUEST", "body")),
            ("files/create", {"request": request(format="x")}, ("INVALID_VALUE", "format")),
            ("files/create", {"request": LAST_DAY, "x": 1}, ("INVALID_REQUEST", "x")),
            ("files/list", {"limit": 0}, ("INVALID_VALUE", "limit")),
            ("files/list", {"limit": "5"}, ("INVALID_REQUEST", "limit")),
            ("files/link", {"export_id": 5}, ("INVALID_REQUEST", "export_id")),
            ("files/link", {"export_id": "x", "days": 8}, ("INVALID_VALUE", "days")),
            ("files/cancel", {"export_id": "x"}, ("EXPORT_NOT_FOUND", None)),
            ("files/preview", {"request": {}, "limit": 0}, ("INVALID_VALUE", "limit")),
            ("files/preview", {"request": request(format="x")}, ("INVALID_VALUE", "format")),
            ("files/formula", {}, ("INVALID_REQUEST", "formula")),
            ("files/formula", {"formula": "1", "x": 1}, ("INVALID_REQUEST", "x")),
            ("history/list", {"status": "x"}, ("INVALID_VALUE", "status")),
            ("history/subscribe", {"kind": "x"}, ("INVALID_VALUE", "kind")),
            ("schedules/create", {"schedule": "0 7 * * *"}, ("INVALID_REQUEST", "name")),
            ("schedules/run", {"schedule_id": "x"}, ("SCHEDULE_NOT_FOUND", None)),
            ("destinations/run", {"destination": "x"}, ("DESTINATION_NOT_FOUND", "destination")),
            ("destinations/run", {}, ("INVALID_REQUEST", "destination")),
            ("overview", {"x": 1}, ("INVALID_REQUEST", "x")),
        ],
    )
    async def test_a_mistake_names_its_field(self, administrator, command, fields, refused):
        assert await administrator.refused(command, **fields) == refused


class TestFiles:
    async def test_one_is_made_downloaded_by_its_link_and_deleted(self, administrator, anonymous):
        file = await made(administrator)
        assert (file["progress"], file["request"]) == (100, LAST_DAY)
        link = (await administrator.get("files/link", export_id=file["export_id"]))["link"]
        path = link[link.index("/api/") :]
        assert (await anonymous.get(path)).status == 200
        await administrator.get("files/delete", export_id=file["export_id"])
        shown = await administrator.shown(until=lambda shown: not shown["files"])
        assert shown["total"] == 0
        assert (await anonymous.get(path)).status == 404

    async def test_one_is_made_again(self, administrator):
        first = await made(administrator, format="json")
        again = await administrator.get("files/again", export_id=first["export_id"])
        assert again["export_id"] != first["export_id"]
        assert again["request"] == first["request"]

    async def test_rows_are_shown_before(self, administrator, hass):
        await async_commit(hass)
        shown = await administrator.get("files/preview", request=request())
        assert {row["device_name"] for row in shown["preview"]} == {"Fridge"}
        hidden = request(
            privacy_options={"hash_device_identifiers": True},
            custom_fields=[{"name": "double", "formula": "power_w * 2"}],
        )
        (row,) = (await administrator.get("files/preview", request=hidden))["preview"]
        assert (row["device_name"], row["double"]) == ("device-1", 160)
        nothing = request(filters={"min_power": 1000})
        assert (await administrator.get("files/preview", request=nothing))["preview"] == []

    async def test_a_formula_is_checked_with_the_place_of_its_mistake(self, administrator):
        good = await administrator.get("files/formula", formula="power_w / 2")
        assert good == {"error": None, "position": None}
        bad = await administrator.get("files/formula", formula="power_w + colour")
        assert bad["position"] == 11
        assert bad["error"]["translation_key"] == "formula_unknown_field"
        assert "colour" in bad["error"]["message"]


class TestSchedules:
    async def test_one_is_made_paused_run_and_deleted(self, administrator):
        assert await administrator.follow("schedules") == {"schedules": []}
        asked = {"name": "Daily", "schedule": "0 7 * * *", "export_config": LAST_DAY}
        schedule = await administrator.get("schedules/create", **asked)
        name = {"schedule_id": schedule["schedule_id"]}
        paused = await administrator.get("schedules/update", **name, enabled=False)
        assert paused["next_run"] is None
        run = await administrator.get("schedules/run", **name)
        shown = await administrator.shown(
            until=lambda shown: (
                shown["schedules"] and shown["schedules"][0]["last_export_id"] == run["export_id"]
            )
        )
        assert shown["schedules"][0]["enabled"] is False
        await administrator.get("schedules/delete", **name)
        await administrator.shown(until=lambda shown: not shown["schedules"])


class TestDestinations:
    @pytest.fixture
    def broker(self, mosquitto):
        return mosquitto()

    @pytest.fixture
    async def entry(self, jobs, hass, broker):
        return await add_mqtt(hass, broker.port)

    async def test_one_is_followed_tested_run_and_switched_off(self, entry, administrator):
        name = {"destination": entry.data["id"]}
        (shown,) = (await administrator.follow("destinations"))["destinations"]
        assert (shown["id"], shown["loaded"], shown["enabled"]) == (name["destination"], True, True)
        assert (shown["type"], shown["model"]) == ("mqtt", "MQTT")
        assert (await administrator.get("destinations/test", **name))["success"] is True
        run = await administrator.get("destinations/run", **name)
        assert run["trigger"] == "panel"
        await administrator.shown(
            until=lambda shown: shown["destinations"][0]["last_success"] is not None
        )
        await administrator.get("destinations/change", **name, enabled=False)
        await administrator.shown(until=lambda shown: shown["destinations"][0]["enabled"] is False)
        page = await administrator.get("history/list", kind="push", **name)
        assert [one["id"] for one in page["entries"]] == [run["id"]]

    async def test_nothing_shown_holds_a_secret(self, jobs, hass, mosquitto, administrator):
        broker = mosquitto(users={"med": "planted-secret"})
        await add_mqtt(hass, broker.port, username="med", password="planted-secret")
        shown = await administrator.get("destinations/list")
        assert "planted-secret" not in json.dumps(shown)


class TestOverview:
    async def test_what_does_not_answer_is_shown_to_whoever_may_read_it(
        self, log_in, administrator, fridge, oven, hass
    ):
        user = await log_in(*fridge.entities.values())
        oven.reads(power_w="unavailable")
        expected = {"kind": "device", "name": "Oven", "device_id": oven.device_id}
        assert (await administrator.get("overview"))["attention"] == [expected]
        assert await user.get("overview") == {"points": [], "attention": [], "tempo": None}
        fridge.reads(power_w="unavailable")
        assert [one["name"] for one in (await user.get("overview"))["attention"]] == ["Fridge"]
