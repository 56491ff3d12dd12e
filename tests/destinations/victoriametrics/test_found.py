"""What a server shows, compared with what it should hold."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from hypothesis import given
from hypothesis import strategies as st

from custom_components.med_exporter.const import DataType
from custom_components.med_exporter.destinations.measurements import Energy, Grain, PointName
from custom_components.med_exporter.destinations.victoriametrics.found import Found, Reading
from custom_components.med_exporter.destinations.victoriametrics.rows import (
    Row,
    Rows,
    line_of,
    rows_of,
)

MIDNIGHT = datetime(2026, 3, 29, tzinfo=UTC)
PERIOD = {
    "point": PointName(pdl="Mon_PDL-1", slug="mon_pdl_1", name="House"),
    "grain": Grain.DAILY,
    "start": MIDNIGHT,
    "end": MIDNIGHT + timedelta(days=1),
    "closed": True,
    "timestamp": MIDNIGHT,
}


class TestReading:
    """What a server shows, compared with what it should hold."""

    LABELS: ClassVar = {"__name__": "m", "pdl": "a"}

    def found(self, rows: list[Row], *values: float | None, **labels: str) -> Found:
        reading = Reading(Rows.of(rows))
        stamps = [1000] * len(values)
        reading.add({"metric": {**self.LABELS, **labels}, "timestamps": stamps, "values": values})
        return reading.at([frozenset(self.LABELS.items())])

    def row(self, value: float) -> Row:
        return Row(Energy(**PERIOD, data_type=DataType.CONSUMPTION_DAILY, kwh=1), 1000, value)

    def test_the_same_value_agrees_however_often_it_is_there(self) -> None:
        row = self.row(5.25)
        assert self.found([row], 5.25).agrees(row)
        assert self.found([row], 5.25, 5.25).agrees(row)

    def test_another_value_does_not_agree(self) -> None:
        row = self.row(5.25)
        assert self.found([row], 5.26).has(row)
        assert not self.found([row], 5.26).agrees(row)
        assert not self.found([row], 5.25, 5.26).agrees(row)

    def test_a_series_with_a_further_label_is_another_one(self) -> None:
        row = self.row(5.25)
        assert not self.found([row], 5.25, site="elsewhere").has(row)

    def test_several_series_can_be_read_as_one(self) -> None:
        rows = [self.row(5.25)]
        reading = Reading(Rows.of(rows))
        for labels in ({}, {"tenant": "home"}):
            metric = {**self.LABELS, **labels}
            reading.add({"metric": metric, "timestamps": [1000, 2000], "values": [5.25, 7]})
        assert len(reading.places()) == 2
        assert reading.at(reading.places()).count(rows[0]) == 2

    def test_what_is_no_number_is_nothing(self) -> None:
        row = self.row(5.25)
        assert not self.found([row], None).has(row)

    def test_a_part_of_the_rows_is_lacked_and_another_differs(self) -> None:
        rows = Rows.of([self.row(5.25)._replace(stamp=stamp) for stamp in range(1, 6)])
        reading = Reading(rows)
        reading.add(json.loads(line_of(self.LABELS, [(1, 5.25), (3, 7.0), (4, 5.25)])))
        found = reading.at(reading.places())
        assert found.lacks(rows).stamps == [2, 5]
        assert found.differs(rows) == {2, 3, 5}
        assert found.newest_of(rows) == rows[3]
        assert list(rows.since(3)) == list(rows[2:])
        assert rows.but(2).stamps == [1, 3, 4, 5]
        assert rows.but(5).stamps == [1, 2, 3, 4]

    @given(st.floats(0, 1e7))
    def test_a_number_that_went_through_json_agrees(self, kwh: float) -> None:
        energy = Energy(**PERIOD, data_type=DataType.CONSUMPTION_DAILY, kwh=kwh)
        row = rows_of([energy])[0]
        reading = Reading(Rows.of([row]))
        reading.add(json.loads(line_of(self.LABELS, [(row.stamp, row.value)])))
        assert reading.at(reading.places()).agrees(row)
