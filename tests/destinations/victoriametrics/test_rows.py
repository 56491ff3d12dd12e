"""How a measurement becomes a sample: metric, labels, number and millisecond."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from custom_components.med_exporter.const import DataType
from custom_components.med_exporter.destinations.measurements import (
    Cost,
    EcoWattLevel,
    Energy,
    Grain,
    PointName,
    TempoDay,
)
from custom_components.med_exporter.destinations.victoriametrics.rows import (
    Row,
    labels_of,
    line_of,
    rows_of,
    selector_of,
)
from custom_components.med_exporter.sources.tempo_calendar import PARIS, TempoColour

POINT = PointName(pdl="Mon_PDL-1", slug="mon_pdl_1", name="House")
MIDNIGHT = datetime(2026, 3, 29, tzinfo=PARIS)
READ_AT = datetime(2026, 3, 29, 9, 30, 1, 250000, tzinfo=UTC)
PERIOD = {
    "point": POINT,
    "grain": Grain.DAILY,
    "start": MIDNIGHT,
    "end": MIDNIGHT + timedelta(days=1),
    "closed": True,
    "timestamp": READ_AT,
}


@pytest.mark.parametrize(
    ("data_type", "metric", "kind"),
    [
        (DataType.CONSUMPTION_DAILY, "myelectricaldata_consumption_wh", "daily"),
        (DataType.CONSUMPTION_MONTHLY, "myelectricaldata_consumption_wh", "monthly"),
        (DataType.CONSUMPTION_DETAILED, "myelectricaldata_consumption_wh", "detailed"),
        (DataType.PRODUCTION_DAILY, "myelectricaldata_production_wh", "daily"),
    ],
)
def test_energy_is_in_watt_hours_and_stamped_with_the_start(data_type, metric, kind) -> None:
    energy = Energy(**PERIOD, data_type=data_type, kwh=12.345)

    assert labels_of(energy, {}) == {"__name__": metric, "pdl": "Mon_PDL-1", "type": kind}
    assert rows_of([energy])[0] == Row(energy, 1774738800000, 12345.0)


@pytest.mark.parametrize(
    ("colour", "number"),
    [(TempoColour.BLUE, 1), (TempoColour.WHITE, 2), (TempoColour.RED, 3)],
)
def test_a_tempo_day_is_stamped_with_local_midnight(colour, number) -> None:
    day = TempoDay(**PERIOD, data_type=DataType.TEMPO, colour=colour)

    assert labels_of(day, {}) == {"__name__": "myelectricaldata_tempo_color", "pdl": "Mon_PDL-1"}
    assert rows_of([day])[0] == Row(day, 1774738800000, number)


def test_a_level_of_ecowatt_is_stamped_with_when_it_was_read() -> None:
    level = EcoWattLevel(**{**PERIOD, "closed": False}, data_type=DataType.ECOWATT, level=2)

    assert labels_of(level, {"site": "a"}) == {
        "__name__": "myelectricaldata_ecowatt_level",
        "site": "a",
        "pdl": "Mon_PDL-1",
    }
    assert rows_of([level])[0] == Row(level, 1774776601250, 2)


def test_a_cost_has_no_metric() -> None:
    cost = Cost(**PERIOD, data_type=DataType.CONSUMPTION_DAILY, amount=1.0, currency="EUR")
    with pytest.raises(TypeError):
        rows_of([cost])[0]


def test_a_line_is_json_for_the_import() -> None:
    line = line_of({"__name__": "m", "site": 'a "b"'}, [(1000, 1.5), (2000, 2)])

    assert line.endswith(b"}\n")
    assert json.loads(line) == {
        "metric": {"__name__": "m", "site": 'a "b"'},
        "values": [1.5, 2],
        "timestamps": [1000, 2000],
    }


def test_a_selector_names_every_label() -> None:
    assert selector_of({"__name__": "m", "site": 'a"\\\n'}) == r'{__name__="m",site="a\"\\\n"}'
