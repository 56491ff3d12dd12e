"""How a measurement becomes a line of line protocol."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.med_exporter.const import DataType
from custom_components.med_exporter.destinations.influxdb.lines import (
    Point,
    Series,
    is_tag,
    is_tag_name,
    point_of,
    series_of,
)
from custom_components.med_exporter.destinations.measurements import (
    EcoWattLevel,
    Energy,
    Grain,
    PointName,
    TempoDay,
)
from custom_components.med_exporter.destinations.victoriametrics.rows import labels_of
from custom_components.med_exporter.sources.tempo_calendar import PARIS, TempoColour
from tests.influxdb import parsed_line

MIDNIGHT = datetime(2026, 3, 29, tzinfo=PARIS)
PERIOD: dict[str, Any] = {
    "point": PointName(pdl="Mon_PDL-1", slug="mon_pdl_1", name="House"),
    "grain": Grain.DAILY,
    "start": MIDNIGHT,
    "end": MIDNIGHT + timedelta(days=1),
    "closed": True,
    "timestamp": MIDNIGHT + timedelta(hours=30),
}
ENERGY = [one for one in DataType if one not in {DataType.TEMPO, DataType.ECOWATT}]


@pytest.mark.parametrize("data_type", ENERGY)
def test_energy_is_in_watt_hours_at_its_periods_start(data_type: DataType) -> None:
    energy = Energy(**PERIOD, data_type=data_type, kwh=12.345)
    assert point_of(energy) == Point(1774738800, 12345.0)


def test_colours_and_levels_are_numbers_at_the_days_start() -> None:
    red = TempoDay(**PERIOD, data_type=DataType.TEMPO, colour=TempoColour.RED)
    level = EcoWattLevel(**PERIOD, data_type=DataType.ECOWATT, level=2)
    assert [point_of(red), point_of(level)] == [Point(1774738800, 3.0), Point(1774738800, 2.0)]


@pytest.mark.parametrize("data_type", list(DataType))
def test_names_and_tags_are_those_of_victoriametrics(data_type: DataType) -> None:
    if data_type is DataType.TEMPO:
        one: Any = TempoDay(**PERIOD, data_type=data_type, colour=TempoColour.RED)
    elif data_type is DataType.ECOWATT:
        one = EcoWattLevel(**PERIOD, data_type=data_type, level=2)
    else:
        one = Energy(**PERIOD, data_type=data_type, kwh=1)
    series = series_of(one, {"site": "a"})
    labels = labels_of(one, {"site": "a"})
    assert f"{series.measurement}_{series.field}" == labels.pop("__name__")
    assert series.tags == labels


def test_a_whole_number_is_a_float_all_the_same() -> None:
    assert Series("m", "wh", {"a": "b"}).line(5, 3) == b"m,a=b wh=3.0 5\n"


@given(
    st.dictionaries(
        st.from_regex(r"[a-z][a-z0-9_]{0,5}", fullmatch=True),
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).filter(is_tag),
        max_size=4,
    ),
    st.floats(0, 1e9),
)
def test_whatever_is_a_tag_is_read_as_it_was(tags: dict[str, str], value: float) -> None:
    line = Series("my measure", "wh", tags).line(5, value).decode()
    assert parsed_line(line.removesuffix("\n")) == ("my measure", tags, {"wh": value}, 5)


@pytest.mark.parametrize("text", ["\n", "a\r", "a\tb", "\\", "a\\", "a\\ b", "a\\,b", "a\\\\b"])
def test_what_line_protocol_cannot_say_is_no_tag(text: str) -> None:
    assert not is_tag(text)


@pytest.mark.parametrize("name", ["time", "wh", "_x", "color", "level", "total", "test"])
def test_names_of_columns_are_not_for_tags(name: str) -> None:
    assert not is_tag_name(name)
    assert is_tag_name(f"my_{name}")
