"""The published description tells of every door, and of nothing else."""

from __future__ import annotations

import json
from http import HTTPStatus

import jsonschema_rs
import pytest

from custom_components.med_exporter.api import views
from custom_components.med_exporter.api.description import openapi
from custom_components.med_exporter.engine.errors import ErrorCode
from custom_components.med_exporter.engine.export_types import EXPORT_TYPES
from scripts.reference.errors import request_codes
from scripts.reference.http import OPENAPI
from tests.test_hostile_requests import COMPARED, EXPORT, SCHEDULE

DESCRIPTION = openapi(views())
OPERATIONS = {
    (method.upper(), path): one
    for path, methods in DESCRIPTION["paths"].items()
    for method, one in methods.items()
}


def validator(name):
    """Return what judges a value by one of the schemas."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": DESCRIPTION["components"]}
    return jsonschema_rs.Draft202012Validator(schema)


def test_every_door_is_described_and_no_other(jobs, hass):
    doors = {
        (route.method, route.resource.canonical)
        for route in hass.http.app.router.routes()
        if route.resource is not None
        and route.resource.canonical.startswith(("/api/exports/", "/api/export/"))
        and route.method != "OPTIONS"
    }
    assert set(OPERATIONS) == doors


async def test_it_is_answered_and_kept_among_the_pages(jobs, hass_client):
    client = await hass_client()
    answer = await client.get("/api/exports/openapi.json")
    assert answer.status == HTTPStatus.OK
    assert await answer.json() == json.loads(OPENAPI.read_text(encoding="utf-8"))


def test_each_code_that_is_described_is_one_of_those_that_exist():
    described = {
        code
        for one in OPERATIONS.values()
        for answer in one["responses"].values()
        for content in answer.get("content", {}).values()
        for code in content.get("schema", {})
        .get("properties", {})
        .get("error_code", {})
        .get("enum", [])
    }
    known = {*request_codes(), *ErrorCode, "NO_ACCOUNT", "SEVERAL_ACCOUNTS"}
    assert described
    assert described <= known


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("ExportRequest", EXPORT),
        ("ComparisonRequest", COMPARED),
        ("ScheduleRequest", SCHEDULE),
        ("ScheduleChange", {"enabled": False, "schedule_id": "x", "next_run": None}),
    ],
)
class TestRequests:
    def test_one_that_is_taken_is_described(self, name, body):
        assert [str(one) for one in validator(name).iter_errors(body)] == []

    def test_one_with_a_name_that_nobody_knows_is_not(self, name, body):
        assert not validator(name).is_valid({**body, "colour": "red"})


@pytest.mark.parametrize("name", EXPORT_TYPES)
def test_a_file_takes_what_its_type_takes(name):
    kind = EXPORT_TYPES[name]
    shape = DESCRIPTION["components"]["schemas"]["ExportRequest"]["discriminator"]["mapping"]
    properties = DESCRIPTION["components"]["schemas"][shape[name].rpartition("/")[2]]["properties"]
    assert kind.options <= set(properties)
    others = frozenset[str]().union(*(one.options for one in EXPORT_TYPES.values()))
    assert not (others - kind.options) & set(properties)
