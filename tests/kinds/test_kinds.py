"""A format or an export type is a folder and a line: nothing else of the house has to know it."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest
from homeassistant.core import Context
from homeassistant.exceptions import ServiceValidationError

from custom_components.med_exporter.const import DOMAIN
from custom_components.med_exporter.engine import exports, writers
from custom_components.med_exporter.engine.export_types import EXPORT_TYPES
from custom_components.med_exporter.engine.fields import Kind
from custom_components.med_exporter.engine.formats import FORMATS
from custom_components.med_exporter.engine.job import GivenTable
from custom_components.med_exporter.engine.tables import Column
from custom_components.med_exporter.exports import worker
from custom_components.med_exporter.inventory import GIVEN
from tests.api.test_exports import completed
from tests.file_exports import add_plug, add_user, path_of, request, set_up

HERE = Path(__file__).parent
ENGINE = Path(worker.__file__).parents[1] / "engine"
ANSWER = {"export_type": "toy_answer", "format": "json", "date_range": "today", "how_often": 2}


@pytest.fixture
async def client(hass_with_recorder, tmp_path, hass_client):
    jobs = await set_up(hass_with_recorder, tmp_path / "config")
    add_plug(hass_with_recorder, "Fridge", "192.168.1.100").reads(power_w=80)
    yield await hass_client()
    await jobs.async_close()


@pytest.fixture
def engine(tmp_path, monkeypatch):
    """Return the engine's own folder, to which a test adds, as the one that processes start."""
    copy = tmp_path / "engine"
    shutil.copytree(ENGINE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(worker, "_ENGINE", copy / "__main__.py")
    return copy


def add(kind, package, engine, monkeypatch):
    """Put a folder beside those of a package, for this process and for the engine's."""
    room = package.__name__.rpartition(".")[2]
    shutil.copytree(HERE / room / kind, engine / room / kind)
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(HERE / room)])
    return import_module(f"{package.__name__}.{kind}")


@pytest.fixture
def toy_format(engine, monkeypatch):
    module = add("toy", writers, engine, monkeypatch)
    with (engine / "formats.py").open("a") as file:
        file.write("\nfrom .writers import toy\nFORMATS['toy'] = toy.FORMAT\n")
    monkeypatch.setitem(FORMATS, "toy", module.FORMAT)


@pytest.fixture
def toy_type(engine, monkeypatch):
    module = add("toy_answer", exports, engine, monkeypatch)
    with (engine / "export_types.py").open("a") as file:
        file.write("\nfrom .exports import toy_answer as toy\n")
        file.write("EXPORT_TYPES['toy_answer'] = toy.EXPORT_TYPE\n")
    monkeypatch.setitem(EXPORT_TYPES, "toy_answer", module.EXPORT_TYPE)

    async def who_asks(hass, request, user):
        columns = (Column("who", Kind.TEXT),)
        name = "nobody" if user is None else "somebody"
        return (GivenTable(name="who", columns=columns, rows=((name,),)),)

    monkeypatch.setitem(GIVEN, "toy_answer", who_asks)


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


def words_in(pdf):
    shown = subprocess.run(["pdftotext", pdf, "-"], capture_output=True, text=True, check=True)
    return shown.stdout


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
    text = words_in(path_of(answer))
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
