"""The parts of a job survive JSON, and contradictions are refused at their name."""

from __future__ import annotations

import json
from typing import Any

import pytest

from custom_components.med_exporter.engine.errors import InvalidJobError
from custom_components.med_exporter.engine.fields import Kind
from custom_components.med_exporter.engine.job import (
    CustomField,
    Filters,
    GivenTable,
    Job,
    MeteringPoint,
    Privacy,
    TimeOfDay,
)
from custom_components.med_exporter.engine.tables import Column, Holds

from .test_job import a_job

KEY = "00" * 16


def test_a_job_with_everything_survives_json():
    job = a_job(
        fields=("timestamp", "power_w", "x"),
        custom_fields=(CustomField(name="x", formula="power_w", unit="W"),),
        aggregation_functions={"power_w": "max"},
        filters=Filters(
            min_power=1, device_states=("on",), exclude_outliers=True, days_of_week=(1, 7),
            time_of_day=TimeOfDay(start="22:00", end="06:00"),
        ),
        breakdown_by=("device",),
        event_types=("login_success",),
        severity_levels=("error",),
        users=("abc",),
        privacy=Privacy(exclude_user_data=True, key=KEY),
        points=(MeteringPoint(slug="house", pdl="HOUSE", name="House"),),
        given=(
            GivenTable(
                name="plugs",
                columns=(Column("ip", Kind.TEXT, holds=Holds.ADDRESS), Column("n", Kind.NUMBER)),
                rows=(("192.0.2.1", 1), (None, 2.5)),
            ),
        ),
    )  # fmt: skip
    assert Job.from_json(json.loads(json.dumps(job.to_json()))) == job


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"custom_fields": (CustomField(name="x", formula="1"),)}, "fields"),
        (
            {"custom_fields": (CustomField(name="cost", formula="1"),)},
            "custom_fields",
        ),
        ({"aggregation_functions": {"device_name": "max"}}, "aggregation_functions"),
        ({"aggregation_functions": {"power_w": "any"}}, "aggregation_functions.power_w"),
        (
            {"aggregation": "raw", "aggregation_functions": {"power_w": "max"}},
            "aggregation_functions",
        ),
        ({"grouping": "yearly"}, "grouping"),
        ({"breakdown_by": ("device", "device")}, "breakdown_by"),
        ({"report_sections": ("weather",)}, "report_sections"),
        ({"include_charts": 1}, "include_charts"),
        ({"filters": None}, "filters"),
        ({"privacy": {}}, "privacy"),
        ({"max_pdf_rows": 0}, "max_pdf_rows"),
    ],
)
def test_a_wrong_part_is_refused_at_its_field(change: dict[str, Any], field: str):
    with pytest.raises(InvalidJobError) as refused:
        a_job(**change)
    assert refused.value.field == field


@pytest.mark.parametrize(
    "make",
    [
        lambda: Filters(min_power=2, max_power=1),
        lambda: Filters(device_states=("maybe",)),
        lambda: Filters(days_of_week=(8,)),
        lambda: TimeOfDay(start="06:00", end="06:00"),
        lambda: TimeOfDay(start="6", end="07:00"),
        lambda: Privacy(exclude_user_data=True),
        lambda: Privacy(key="no hex"),
        lambda: CustomField(name="", formula="1"),
        lambda: GivenTable(name="x", columns=(), rows=((1,),)),
    ],
)
def test_a_contradiction_is_refused(make):
    with pytest.raises(InvalidJobError):
        make()
