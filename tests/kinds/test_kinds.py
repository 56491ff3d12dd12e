"""A format or an export type is a folder and a line: nothing else of the house has to know it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from homeassistant.core import Context
from homeassistant.exceptions import ServiceValidationError

from custom_components.med_exporter.api import views
from custom_components.med_exporter.api.description import openapi
from custom_components.med_exporter.const import DOMAIN
from custom_components.med_exporter.engine.export_types import EXPORT_TYPES
from custom_components.med_exporter.engine.formats import FORMATS
from tests.api.test_exports import completed
from tests.file_exports import add_plug, add_user, path_of, request

from .printed import words_in

ANSWER = {"export_type": "toy_answer", "format": "json", "date_range": "today", "how_often": 2}


@pytest.fixture
async def client(jobs, hass, hass_client):
    add_plug(hass, "Fridge", "192.168.1.100").reads(power_w=80)
    return await hass_client()


async def finished(client, body):
    """Create an export and return its status once it is complete."""
    created = await client.post("/api/exports/create", json=body)
    assert created.status == 202, await created.text()
    return await completed(client, (await created.json())["export_id"])


async def refused(client, body):
    answer = await client.post("/api/exports/create", json=body)
    assert answer.status == 400
    told = await answer.json()
    return told["error_code"], told["field"]


async def call(hass, user=None, **data):
    return await hass.services.async_call(
        DOMAIN, "create_export", {**data, "wait": True}, blocking=True, return_response=True,
        context=Context(user_id=None if user is None else user.id),
    )  # fmt: skip


async def statistics(client):
    return await (await client.get("/api/exports/stats")).json()


async def test_a_format_is_a_folder_and_a_line(client, toy_format, hass, monkeypatch):
    shown = (await (await client.get("/api/exports/formats")).json())["formats"][-1]
    assert shown == {
        "id": "toy", "name": "Toy", "description": "Lines with bars",
        "extension": ".toy", "mime_type": "text/x-toy",
    }  # fmt: skip
    asked = request(format="toy", fields=["device_name", "power_w"])

    status = await finished(client, {**asked, "options": {"locale": "fr"}})
    assert status["file_name"].endswith(".toy")
    file = await client.get(status["download_url"])
    assert file.headers["Content-Type"] == "text/x-toy; charset=utf-8"
    assert await file.text() == "device_name|power_w in fr\nFridge|80.0\n"
    assert (await statistics(client))["formats"] == {"toy": 1}

    for changes, mistake in (
        ({"options": {"delimiter": "|"}}, "options.delimiter"),
        ({"include_charts": True}, "include_charts"),
    ):
        assert await refused(client, {**asked, **changes}) == ("NOT_APPLICABLE", mistake)

    answer = await call(
        hass, export_type="device_data", format="toy", preset="today", compression=True
    )
    assert path_of(answer).name.endswith(".toy.gz")

    monkeypatch.delitem(FORMATS, "toy")
    assert await refused(client, asked) == ("INVALID_VALUE", "format")
    # What it has made is still there to be fetched and removed.
    assert (await client.get(status["download_url"])).status == 200
    assert (await client.delete(f"/api/exports/{status['export_id']}")).status == 204
    assert (await client.get(f"/api/exports/{status['export_id']}")).status == 404


async def test_an_export_type_is_a_folder_and_a_line(client, toy_type, hass, monkeypatch):
    status = await finished(client, ANSWER)
    assert (status["export_type"], status["record_count"]) == ("toy_answer", 2)
    assert status["file_name"].startswith("toy_answer_")
    file = await (await client.get(status["download_url"])).json()
    assert file["data"] == [{"answer": 42, "asked_by": "somebody"}] * 2
    assert {"start", "end"} <= set(file["metadata"])
    assert (await statistics(client))["export_types"] == {"toy_answer": 1}
    request_ = openapi(views())["components"]["schemas"]["ToyAnswerRequest"]["properties"]
    assert request_["how_often"]["anyOf"][0] == {"type": "integer", "minimum": 1, "maximum": 9}

    for changes, mistake in (
        ({"how_often": 10}, ("INVALID_VALUE", "how_often")),
        ({"how_often": "twice"}, ("INVALID_REQUEST", "how_often")),
        ({"devices": "all"}, ("NOT_APPLICABLE", "devices")),
        ({"date_range": None}, ("INVALID_REQUEST", "date_range")),
    ):
        assert await refused(client, {**ANSWER, **changes}) == mistake
    assert await refused(client, request(how_often=1)) == ("NOT_APPLICABLE", "how_often")

    flat = {"export_type": "toy_answer", "preset": "today", "how_often": 3}
    answer = await call(hass, format="csv", **flat)
    assert path_of(answer).read_text() == "answer,asked_by\n" + "42,nobody\n" * 3
    with pytest.raises(ServiceValidationError) as wrong:
        await call(hass, format="csv", **{**flat, "how_often": 0})
    assert wrong.value.translation_placeholders["field"] == "how_often"
    answer = await call(hass, format="pdf", locale="fr", **flat)
    text = words_in(path_of(answer).read_bytes())
    assert "Réponse" in text
    assert "Solution" in text

    monkeypatch.delitem(EXPORT_TYPES, "toy_answer")
    assert await refused(client, ANSWER) == ("INVALID_VALUE", "export_type")
    assert (await client.get(status["download_url"])).status == 200
    assert (await client.delete(f"/api/exports/{status['export_id']}")).status == 204


async def test_an_export_type_for_administrators_is_one_word_in_its_record(
    client, toy_type, hass, monkeypatch
):
    user = add_user(hass)
    assert (await call(hass, user, export_type="toy_answer", format="csv", preset="today"))["path"]
    for_administrators = replace(EXPORT_TYPES["toy_answer"], administrators_only=True)
    monkeypatch.setitem(EXPORT_TYPES, "toy_answer", for_administrators)
    with pytest.raises(ServiceValidationError) as refused_:
        await call(hass, user, export_type="toy_answer", format="csv", how_often="?")
    assert refused_.value.translation_key == "not_allowed"
