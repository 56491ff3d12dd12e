from __future__ import annotations

import asyncio
import json
import re
from unittest.mock import patch

import pytest

from custom_components.med_exporter.database.commit import async_commit
from custom_components.med_exporter.exports import runner as runner_module
from custom_components.med_exporter.exports.jobs import JobManager
from custom_components.med_exporter.exports.worker import async_run_job
from custom_components.med_exporter.settings import Settings
from tests.file_exports import request

CREATE = "/api/exports/create"
TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")


@pytest.fixture
def held():
    """Hold every export as soon as its engine is about to start, until the event is set."""
    released = asyncio.Event()

    async def hold(hass, job, on_progress):
        await released.wait()
        return await async_run_job(hass, job, on_progress)

    with patch.object(runner_module, "async_run_job", hold):
        yield released


@pytest.mark.parametrize("path", ["history?offset=0&colour=red", "formats?colour=red"])
async def test_a_parameter_that_would_be_ignored_is_refused(client, path):
    await refused(await client.get(f"/api/exports/{path}"), 400, "INVALID_REQUEST", "colour")


async def test_a_parameter_is_judged_before_it_is_needed(client):
    export_id = await complete(client)
    answer = await client.get(f"/api/exports/{export_id}?wait=never")
    await refused(answer, 400, "INVALID_VALUE", "wait")


@pytest.mark.parametrize("name", ["export_type", "preset", "aggregation"])
async def test_an_empty_choice_is_none_of_those_there_are(client, name):
    answer = await client.get(f"/api/exports/preview?{name}=")
    assert answer.status == 400
    # The query has no object around its dates.
    assert (await answer.json())["field"] in {name, "start"}


async def created(client, **changes):
    response = await client.post(CREATE, json=request(**changes))
    assert response.status == 202, await response.text()
    return (await response.json())["export_id"]


async def complete(client, **changes):
    return (await completed(client, await created(client, **changes)))["export_id"]


async def completed(client, export_id):
    """Ask until the export has ended; each answer is held until there is something to say."""
    status = {"status": "queued"}
    while status["status"] in ("queued", "running"):
        status = await (await client.get(f"/api/exports/{export_id}")).json()
    assert status["status"] == "completed", status
    return status


async def refused(response, status, code, field=None):
    answer = await response.json()
    assert response.status == status
    assert (answer["error_code"], answer["field"]) == (code, field)
    assert answer["detail"]
    assert answer["message"]
    assert " " in answer["message"], "not translated"
    return answer


class TestCreate:
    async def test_queues_an_export(self, client):
        response = await client.post(CREATE, json=request())
        answer = await response.json()
        assert response.status == 202
        assert answer["status"] == "queued"
        assert TIME.fullmatch(answer["created_at"])
        assert TIME.fullmatch(answer["estimated_completion"])
        assert answer["download_url"] == f"/api/exports/download/{answer['export_id']}"

    async def test_answers_200_when_it_was_waited_for(self, client):
        body = request(performance_options={"background_processing": False})
        response = await client.post(CREATE, json=body)
        assert response.status == 200
        assert (await response.json())["status"] == "completed"

    async def test_answers_200_when_the_file_is_there_already(self, client):
        body = request(date_range="yesterday", performance_options={"cache_results": True})
        first = await complete(client, **body)
        response = await client.post(CREATE, json=body)
        answer = await response.json()
        assert (response.status, answer["status"]) == (200, "completed")
        assert answer["export_id"] == first

    @pytest.mark.parametrize(
        ("body", "code", "field"),
        [
            (b"", "INVALID_JSON", None),
            (b"{", "INVALID_JSON", None),
            (b'{"a": NaN}', "INVALID_JSON", None),
            (b"\xff\xfe", "INVALID_JSON", None),
            (b"[" * 100_000, "INVALID_JSON", None),
            (b"[]", "INVALID_REQUEST", "body"),
            (b"null", "INVALID_REQUEST", "body"),
        ],
    )
    async def test_refuses_what_is_no_request(self, client, body, code, field):
        await refused(await client.post(CREATE, data=body), 400, code, field)

    @pytest.mark.parametrize(
        ("changes", "code", "field"),
        [
            (
                {"date_range": {"start": "2024-02-01", "end": "2024-01-01"}},
                "INVALID_DATE_RANGE",
                "date_range.start",
            ),
            ({"devices": ["10.0.0.1"]}, "UNKNOWN_DEVICE", "devices"),
            ({"fields": ["colour"]}, "UNKNOWN_FIELD", "fields"),
            ({"format": "xml"}, "INVALID_VALUE", "format"),
            ({"aggregation": "yearly"}, "INVALID_VALUE", "aggregation"),
            ({"filters": {"min_power": "1"}}, "INVALID_REQUEST", "filters.min_power"),
        ],
    )
    async def test_names_the_field_at_fault_and_creates_nothing(self, client, changes, code, field):
        await refused(await client.post(CREATE, json=request(**changes)), 400, code, field)
        history = await (await client.get("/api/exports/history")).json()
        assert history["total"] == 0

    async def test_words_an_invalid_range_as_documented(self, client):
        body = request(date_range={"start": "2024-02-01", "end": "2024-01-01"})
        answer = await (await client.post(CREATE, json=body)).json()
        assert answer["detail"] == "Invalid date range"
        assert answer["message"] == "Start date must be before end date"

    async def test_refuses_a_body_over_a_megabyte(self, client):
        body = json.dumps(request(devices=["x" * 1024 * 1024]))
        await refused(await client.post(CREATE, data=body), 413, "BODY_TOO_LARGE")

    async def test_refuses_more_than_may_wait(self, client, held):
        for _ in range(Settings().max_concurrent_exports + Settings().max_waiting_exports):
            await created(client)
        await refused(await client.post(CREATE, json=request()), 429, "TOO_MANY_EXPORTS")
        held.set()

    async def test_needs_a_login(self, anonymous):
        assert (await anonymous.post(CREATE, json=request())).status == 401

    async def test_gives_a_user_readable_devices_only(self, log_in, fridge):
        stranger = await log_in()
        body = request(devices=["Fridge"])
        await refused(await stranger.post(CREATE, json=body), 400, "UNKNOWN_DEVICE", "devices")
        reader = await log_in(*fridge.entities.values())
        await complete(reader, devices=["Fridge"])


class TestStatus:
    async def test_tells_everything_of_a_complete_export(self, client):
        export_id = await complete(client)
        status = await (await client.get(f"/api/exports/{export_id}")).json()
        assert status["export_id"] == export_id
        assert status["progress"] == 100
        assert status["record_count"] == 1
        assert status["file_size"] > 0
        for name in ("created_at", "started_at", "completed_at", "expires_at"):
            assert TIME.fullmatch(status[name]), name
        assert status["download_url"] == f"/api/exports/download/{export_id}"
        assert status["file_name"].endswith(".csv")
        assert "estimated_completion" not in status

    async def test_is_held_until_the_export_ends(self, client, held):
        export_id = await created(client)
        waits = asyncio.Event()

        async def wait(jobs, export_id, seconds):
            waits.set()
            return await async_wait(jobs, export_id, seconds * 10)

        async_wait = JobManager.async_wait
        with patch.object(JobManager, "async_wait", wait):
            asking = asyncio.create_task(client.get(f"/api/exports/{export_id}"))
            async with asyncio.timeout(10):
                await waits.wait()
        assert not asking.done()
        held.set()
        assert (await (await asking).json())["status"] == "completed"

    async def test_is_held_for_a_while_only(self, client, held):
        export_id = await created(client)
        with patch("custom_components.med_exporter.api.exports._HOLD_SECONDS", 0.05):
            status = await (await client.get(f"/api/exports/{export_id}")).json()
        assert status["status"] == "running"
        assert TIME.fullmatch(status["estimated_completion"])
        held.set()

    async def test_is_answered_at_once_on_wish(self, client, held):
        export_id = await created(client)
        async with asyncio.timeout(2):
            response = await client.get(f"/api/exports/{export_id}?wait=0")
        assert (await response.json())["status"] == "running"
        await refused(
            await client.get(f"/api/exports/{export_id}?wait=no"), 400, "INVALID_VALUE", "wait"
        )
        held.set()

    @pytest.mark.parametrize("export_id", ["export_12345", "00000000-0000-0000-0000-000000000000"])
    async def test_of_an_unknown_export_is_not_found(self, client, export_id):
        response = await client.get(f"/api/exports/{export_id}")
        answer = await refused(response, 404, "EXPORT_NOT_FOUND")
        assert answer["detail"] == "Export not found"
        assert export_id in answer["message"]

    async def test_of_another_users_export_is_not_found(self, client, log_in, fridge):
        export_id = await complete(client)
        other = await log_in(*fridge.entities.values())
        await refused(await other.get(f"/api/exports/{export_id}"), 404, "EXPORT_NOT_FOUND")

    async def test_needs_a_login(self, anonymous):
        assert (await anonymous.get("/api/exports/export_12345")).status == 401


class TestCancelAndDelete:
    async def test_cancel_ends_an_export(self, client, held):
        export_id = await created(client)
        response = await client.post(f"/api/exports/{export_id}/cancel")
        assert (response.status, (await response.json())["status"]) == (200, "cancelled")
        again = await client.post(f"/api/exports/{export_id}/cancel")
        await refused(again, 409, "EXPORT_FINISHED")

    async def test_delete_forgets_an_export(self, client):
        export_id = await complete(client)
        response = await client.delete(f"/api/exports/{export_id}")
        assert (response.status, await response.text()) == (204, "")
        await refused(await client.get(f"/api/exports/{export_id}"), 404, "EXPORT_NOT_FOUND")

    async def test_both_are_for_the_owner(self, client, log_in, fridge):
        export_id = await complete(client)
        other = await log_in(*fridge.entities.values())
        await refused(await other.delete(f"/api/exports/{export_id}"), 404, "EXPORT_NOT_FOUND")
        response = await other.post(f"/api/exports/{export_id}/cancel")
        await refused(response, 404, "EXPORT_NOT_FOUND")


class TestHistory:
    async def test_pages_through_exports_newest_first(self, client):
        ids = [await complete(client) for _ in range(3)]
        page = await (await client.get("/api/exports/history?limit=2&offset=0")).json()
        assert [export["export_id"] for export in page["exports"]] == ids[:0:-1]
        assert (page["total"], page["page"], page["per_page"]) == (3, 1, 2)
        page = await (await client.get("/api/exports/history?limit=2&offset=2")).json()
        assert [export["export_id"] for export in page["exports"]] == ids[:1]
        assert page["page"] == 2

    async def test_shows_what_is_documented(self, client):
        await complete(client)
        (export,) = (await (await client.get("/api/exports/history")).json())["exports"]
        documented = {
            "export_id",
            "export_type",
            "format",
            "status",
            "created_at",
            "file_size",
            "record_count",
        }
        assert documented <= set(export)
        assert "path" not in export

    async def test_is_the_callers_own(self, client, log_in, fridge):
        await complete(client)
        other = await log_in(*fridge.entities.values())
        own = await complete(other)
        page = await (await other.get("/api/exports/history")).json()
        assert [export["export_id"] for export in page["exports"]] == [own]
        assert (await (await client.get("/api/exports/history")).json())["total"] == 2

    @pytest.mark.parametrize(
        ("query", "field", "code"),
        [
            ("limit=101", "limit", "INVALID_VALUE"),
            ("limit=0", "limit", "INVALID_VALUE"),
            ("limit=ten", "limit", "INVALID_REQUEST"),
            ("offset=-1", "offset", "INVALID_REQUEST"),
        ],
    )
    async def test_refuses_numbers_out_of_bounds(self, client, query, field, code):
        await refused(await client.get(f"/api/exports/history?{query}"), 400, code, field)


class TestStatistics:
    STATS = "/api/exports/stats"

    async def test_an_empty_history(self, client):
        assert await (await client.get(self.STATS)).json() == {
            "total_exports": 0,
            "exports_this_month": 0,
            "total_data_exported": "0 B",
            "most_popular_format": None,
            "export_types": {},
            "formats": {},
        }

    async def test_adds_up_all_exports(self, client, hass):
        for file_format in ("csv", "json", "json"):
            await complete(client, format=file_format)
        await async_commit(hass)
        history = await (await client.get("/api/exports/history")).json()
        size = sum(export["file_size"] for export in history["exports"])
        answer = await (await client.get(self.STATS)).json()
        assert answer == {
            "total_exports": 3,
            "exports_this_month": 3,
            "total_data_exported": f"{size} B" if size < 1024 else f"{size / 1024:.1f} KB",
            "most_popular_format": "json",
            "export_types": {"device_data": 3},
            "formats": {"json": 2, "csv": 1},
        }

    async def test_a_user_sees_the_sum_of_own_exports(self, client, hass, log_in):
        await complete(client)
        await async_commit(hass)
        user = await log_in()
        answer = await (await user.get(self.STATS)).json()
        assert answer["total_exports"] == 0
