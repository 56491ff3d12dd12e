from __future__ import annotations

import asyncio
import csv
import gzip
import io
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import pytest
from homeassistant.helpers import device_registry as dr
from homeassistant.util import dt as dt_util
from yarl import URL

from custom_components.med_exporter.exports import runner as runner_module
from custom_components.med_exporter.exports.links import DEFAULT_LIFETIME

from .test_exports import complete, created, refused


def url(export_id):
    return f"/api/exports/download/{export_id}"


def signed(jobs, export_id, lifetime=DEFAULT_LIFETIME):
    """Return a signed link as a path on the server under test."""
    return URL(jobs.links.link(export_id, lifetime)).relative()


async def test_a_csv_arrives_as_utf8_under_its_name(client, jobs, fridge):
    export_id = await complete(client)
    response = await client.get(url(export_id))
    assert response.status == 200
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    record = await jobs.async_get(export_id, user=None)
    name = Path(record.path).name
    assert response.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    rows = list(csv.DictReader(io.StringIO(await response.text())))
    assert rows[0]["device_name"] == "Fridge"


async def test_json_arrives_as_json(client):
    response = await client.get(url(await complete(client, format="json")))
    assert response.headers["Content-Type"] == "application/json"
    answer = await response.json()
    assert len(answer["data"]) == 1
    assert answer["metadata"]["timezone"]


async def test_a_compressed_file_arrives_as_it_is(client):
    export_id = await complete(client, performance_options={"compression": True})
    response = await client.get(url(export_id))
    assert response.headers["Content-Type"] == "application/gzip"
    assert "Content-Encoding" not in response.headers
    assert gzip.decompress(await response.read()).startswith(b"timestamp,")


async def test_a_part_can_be_asked_for(client):
    export_id = await complete(client)
    whole = await (await client.get(url(export_id))).read()
    response = await client.get(url(export_id), headers={"Range": "bytes=10-19"})
    assert response.status == 206
    assert await response.read() == whole[10:20]
    beyond = await client.get(url(export_id), headers={"Range": f"bytes={len(whole)}-"})
    assert beyond.status == 416


@pytest.mark.parametrize(
    "asked",
    ["bytes=5-2", "bytes=0-1,3-4", "bytes=-0", "bytes=", "bytes=x", "lines=0-3", "bytes=1-\u0663"],
)
async def test_what_asks_for_no_one_part_gets_the_whole(client, asked):
    export_id = await complete(client)
    whole = await (await client.get(url(export_id))).read()
    response = await client.get(url(export_id), headers={"Range": asked})
    assert (response.status, await response.read()) == (200, whole)


async def test_a_part_of_another_file_is_not_sent_as_one_of_this(client):
    export_id = await complete(client)
    first = await client.get(url(export_id))
    whole, part = await first.read(), {"Range": "bytes=10-19"}
    for known in (first.headers["ETag"], first.headers["Last-Modified"]):
        response = await client.get(url(export_id), headers={**part, "If-Range": known})
        assert (response.status, await response.read()) == (206, whole[10:20])
    tomorrow = "Fri, 27 Nov 2099 10:00:00 GMT"
    for other in ('"another"', f"W/{first.headers['ETag']}", tomorrow, "nonsense"):
        response = await client.get(url(export_id), headers={**part, "If-Range": other})
        assert (response.status, await response.read()) == (200, whole)


async def test_an_unchanged_file_is_not_sent_again(client):
    export_id = await complete(client)
    tag = (await client.get(url(export_id))).headers["ETag"]
    response = await client.get(url(export_id), headers={"If-None-Match": tag})
    assert response.status == 304


async def test_downloads_are_counted_from_the_files_beginning(client, jobs):
    export_id = await complete(client)
    tag = (await client.get(url(export_id))).headers["ETag"]
    await client.get(url(export_id), headers={"Range": "bytes=0-4"})
    await client.get(url(export_id), headers={"Range": "bytes=5-"})
    await client.get(url(export_id), headers={"If-None-Match": tag})
    assert (await jobs.async_get(export_id, user=None)).downloads == 2


async def test_of_an_unfinished_export_is_a_conflict(client):
    released = asyncio.Event()
    with patch.object(runner_module, "async_run_job", lambda *_: released.wait()):
        export_id = await created(client)
        await refused(await client.get(url(export_id)), 409, "EXPORT_NOT_READY")
        await client.post(f"/api/exports/{export_id}/cancel")
    await refused(await client.get(url(export_id)), 409, "EXPORT_NOT_READY")


async def test_of_an_expired_export_is_gone_while_its_status_still_answers(client, jobs):
    export_id = await complete(client)
    record = await jobs.async_get(export_id, user=None)
    with patch.object(dt_util, "utcnow", return_value=record.expires_at):
        answer = await refused(await client.get(url(export_id)), 410, "EXPORT_EXPIRED")
        assert answer["detail"] == "Export expired"
        assert answer["message"] == "Export file has expired and is no longer available"
        status = await (await client.get(f"/api/exports/{export_id}")).json()
    assert status["status"] == "expired"


class TestWithoutLogin:
    async def test_a_signed_link_opens_its_file(self, client, anonymous, jobs):
        export_id = await complete(client)
        response = await anonymous.get(signed(jobs, export_id))
        assert response.status == 200
        assert (await response.text()).startswith("timestamp,")

    async def test_a_signed_link_opens_no_other_file(self, client, anonymous, jobs):
        first, second = await complete(client), await complete(client)
        link = str(signed(jobs, first)).replace(first, second)
        assert (await anonymous.get(link)).status == 401

    @pytest.mark.parametrize("query", ["", "?expires=9999999999&signature=00", "?signature=x"])
    async def test_anything_else_is_turned_away(self, client, anonymous, query):
        export_id = await complete(client)
        assert (await anonymous.get(url(export_id) + query)).status == 401

    async def test_a_link_dies_with_its_time(self, client, anonymous, jobs):
        link = signed(jobs, await complete(client), timedelta(seconds=-1))
        # Not as an attack, which Home Assistant counts.
        await refused(await anonymous.get(link), 410, "EXPORT_EXPIRED")
        assert (await anonymous.get(f"{link}0")).status == 401

    async def test_what_a_link_leads_to_is_told_without_the_file(self, client, anonymous, jobs):
        export_id = await complete(client)
        link = signed(jobs, export_id)
        told = await anonymous.head(link)
        assert (told.status, await told.read()) == (200, b"")
        assert (await jobs.async_get(export_id, user=None)).downloads == 0
        whole = await anonymous.get(link)
        for name in ("Content-Length", "Content-Type", "Content-Disposition", "ETag"):
            assert told.headers[name] == whole.headers[name]

    async def test_a_link_dies_with_its_file(self, client, anonymous, jobs):
        export_id = await complete(client)
        link = signed(jobs, export_id)
        await client.delete(f"/api/exports/{export_id}")
        await refused(await anonymous.get(link), 404, "EXPORT_NOT_FOUND")


async def test_another_users_file_is_not_found(client, log_in, fridge):
    export_id = await complete(client)
    other = await log_in(*fridge.entities.values())
    await refused(await other.get(url(export_id)), 404, "EXPORT_NOT_FOUND")


async def test_a_link_of_another_user_does_not_make_up_for_a_missing_right(
    client, log_in, fridge, jobs
):
    """Whoever is logged in is judged by that login, as links are for those who are not."""
    export_id = await complete(client)
    other = await log_in(*fridge.entities.values())
    await refused(await other.get(signed(jobs, export_id)), 404, "EXPORT_NOT_FOUND")


async def test_names_with_quotes_arrive_whole_and_on_one_line(client, hass, fridge):
    name = 'Fridge, "old"\nکچن'
    dr.async_get(hass).async_update_device(fridge.device_id, name_by_user=name)
    export_id = await complete(client)
    text = await (await client.get(url(export_id))).text()
    assert next(csv.DictReader(io.StringIO(text, newline="")))["device_name"] == name.replace(
        "\n", " "
    )
