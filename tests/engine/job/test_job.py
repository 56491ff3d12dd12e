"""A job is complete and free of contradictions, or it does not come to be."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from custom_components.med_exporter.engine.errors import ErrorCode, InvalidJobError
from custom_components.med_exporter.engine.job import Job, JobDevice, Options, is_delimiter

DEVICE = JobDevice(
    device_id="a",
    device_name="A",
    device_ip=None,
    entities={"power_w": "sensor.a"},
    rated_power=5,
    plug_id="50c7bf000001",
)


def a_job(**changes: Any) -> Job:
    values: dict[str, Any] = {
        "export_type": "device_data", "format": "csv", "devices": (DEVICE,), "start": 0.0,
        "end": 10.5, "timezone": "Europe/Paris", "aggregation": "daily",
        "fields": ("timestamp", "power_w"), "metadata": {"title": "x"}, "path": "/tmp/x.csv",
        "options": Options(locale="fr", decimal_places=2, delimiter="\t"),
    }  # fmt: skip
    return Job(**(values | changes))


def test_a_job_survives_json():
    job = a_job()
    assert Job.from_json(json.loads(json.dumps(job.to_json()))) == job


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"export_type": "weather"}, "export_type"),
        ({"format": "xml"}, "format"),
        ({"format": ["csv"]}, "format"),
        ({"devices": ()}, "devices"),
        ({"devices": [DEVICE]}, "devices"),
        ({"start": "yesterday"}, "start"),
        ({"start": float("nan")}, "start"),
        ({"end": True}, "end"),
        ({"end": 0.0}, "end"),
        ({"timezone": "Europe/Atlantis"}, "timezone"),
        ({"timezone": "../../etc/passwd"}, "timezone"),
        ({"timezone": 1}, "timezone"),
        ({"aggregation": "yearly"}, "aggregation"),
        ({"fields": ()}, "fields"),
        ({"fields": ("colour",)}, "fields"),
        ({"fields": ("cost", "cost")}, "fields"),
        ({"metadata": None}, "metadata"),
        ({"path": "out.csv"}, "path"),
        ({"max_records": 0}, "max_records"),
        ({"max_bytes": 1.5}, "max_bytes"),
        ({"options": {}}, "options"),
    ],
)
def test_a_wrong_value_is_refused_at_its_field(change: dict[str, Any], field: str):
    with pytest.raises(InvalidJobError) as refused:
        a_job(**change)
    assert refused.value.field == field
    assert refused.value.code is ErrorCode.INVALID_JOB
    assert field in refused.value.message


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"include_headers": 1}, "include_headers"),
        ({"decimal_places": -1}, "decimal_places"),
        ({"decimal_places": 11}, "decimal_places"),
        ({"decimal_places": True}, "decimal_places"),
        ({"locale": "de"}, "locale"),
        ({"delimiter": ""}, "delimiter"),
        ({"delimiter": "ab"}, "delimiter"),
        ({"delimiter": "5"}, "delimiter"),
        ({"compression": "gzip"}, "compression"),
        ({"chunk_size": 0}, "chunk_size"),
    ],
)
def test_a_wrong_option_is_refused_at_its_field(change: dict[str, Any], field: str):
    with pytest.raises(InvalidJobError) as refused:
        Options(**change)
    assert refused.value.field == field


@pytest.mark.parametrize(
    "change",
    [
        {"device_id": 1},
        {"device_name": None},
        {"device_ip": 7},
        {"rated_power": "much"},
        {"plug_id": 5},
        {"entities": {"cost": "sensor.a"}},
        {"entities": {"energy_kwh": "sensor.a"}},
        {"entities": {"power_w": None}},
    ],
)
def test_a_wrong_device_is_refused(change: dict[str, Any]):
    with pytest.raises(InvalidJobError):
        replace(DEVICE, **change)


@pytest.mark.parametrize("part", [(), ("options",), ("devices", 0)])
@pytest.mark.parametrize("fault", ["missing", "unknown"])
def test_a_missing_or_unknown_key_is_refused(part: tuple, fault: str):
    data = a_job().to_json()
    target = data
    for key in part:
        target = target[key]
    if fault == "missing":
        name, _ = target.popitem()
    else:
        name = "surprise"
        target[name] = 1
    with pytest.raises(InvalidJobError) as refused:
        Job.from_json(data)
    assert refused.value.field == name


@pytest.mark.parametrize("data", [None, [], "job", {}])
def test_something_else_is_no_job(data: object):
    with pytest.raises(InvalidJobError):
        Job.from_json(data)


@pytest.mark.parametrize("text", [",", ";", "\t", "|", ":"])
def test_usual_delimiters_are_taken(text: str):
    assert is_delimiter(text)


@pytest.mark.parametrize("text", ["", "a", "1", '"', "'", "\n", "\r", ".", "-", "+", " ", ",,"])
def test_what_cells_are_made_of_is_no_delimiter(text: str):
    assert not is_delimiter(text)
