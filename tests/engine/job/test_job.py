"""A job reaches the engine as it was planned."""

from __future__ import annotations

import json
from typing import Any

import pytest

from custom_components.med_exporter.engine.codec import from_json, to_json
from custom_components.med_exporter.engine.job import (
    CustomField,
    Filters,
    GivenTable,
    Job,
    JobDevice,
    MeteringPoint,
    Options,
    Privacy,
    Request,
    TimeOfDay,
    is_delimiter,
)
from custom_components.med_exporter.engine.readings.fields import Kind
from custom_components.med_exporter.engine.rows.tables import Column, Holds

DEVICE = JobDevice(
    device_id="a",
    device_name="A",
    device_ip=None,
    entities={"power_w": "sensor.a"},
    rated_power=5,
    plug_id="50c7bf000001",
)
LITTLE: dict[str, Any] = {
    "export_type": "device_data", "format": "csv", "start": 0.0, "end": 10.5,
    "timezone": "Europe/Paris",
}  # fmt: skip
EVERYTHING: dict[str, Any] = {
    "aggregation": "daily",
    "fields": ("timestamp", "power_w", "x"),
    "device_names": ("A", "192.0.2.1"),
    "custom_fields": (CustomField(name="x", formula="power_w", unit="W"),),
    "aggregation_functions": {"power_w": "max"},
    "filters": Filters(
        min_power=1, device_states=("on",), exclude_outliers=True, days_of_week=(1, 7),
        time_of_day=TimeOfDay(start="22:00", end="06:00"),
    ),
    "breakdown_by": ("device",),
    "event_types": ("login_success",),
    "severity_levels": ("error",),
    "users": ("abc",),
    "own": {"contracts": [{"price": 0.2}, None]},
    "options": Options(locale="fr", decimal_places=2, delimiter="\t"),
    "privacy": Privacy(exclude_user_data=True, key="00" * 16),
}  # fmt: skip
TABLE = GivenTable(
    name="plugs",
    columns=(Column("ip", Kind.TEXT, holds=Holds.ADDRESS), Column("n", Kind.NUMBER)),
    rows=(("192.0.2.1", 1), (None, 2.5)),
)
POINT = MeteringPoint(slug="house", pdl="HOUSE", name="House")


def through_a_pipe(job: Job) -> Job:
    return from_json(Job, json.loads(json.dumps(to_json(job))))


@pytest.mark.parametrize("asked", [LITTLE, LITTLE | EVERYTHING])
def test_a_job_is_its_request_and_what_the_house_knows_and_survives_json(asked):
    request = Request(**asked)
    job = Job.of(
        request, devices=(DEVICE,), points=(POINT,), given=(TABLE,), metadata={"a": [1, {"b": 2}]}
    )
    assert through_a_pipe(job) == job
    for name, value in asked.items():
        assert getattr(job, name) == value
    assert job.zone().key == "Europe/Paris"


@pytest.mark.parametrize("data", [None, [], "job", {}, {"export_type": "device_data"}])
def test_something_else_is_no_job(data: object):
    with pytest.raises(ValueError, match="Job"):
        from_json(Job, data)


def test_a_value_of_another_type_is_named():
    data = to_json(Job.of(Request(**LITTLE), devices=(DEVICE,))) | {"start": "yesterday"}
    with pytest.raises(ValueError, match=r"Job\.start"):
        from_json(Job, data)


@pytest.mark.parametrize("text", [",", ";", "\t", "|", ":"])
def test_usual_delimiters_are_taken(text: str):
    assert is_delimiter(text)


@pytest.mark.parametrize("text", ["", "a", "1", '"', "'", "\n", "\r", ".", "-", "+", " ", ",,"])
def test_what_cells_are_made_of_is_no_delimiter(text: str):
    assert not is_delimiter(text)
