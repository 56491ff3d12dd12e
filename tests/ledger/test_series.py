"""What a metering point's entry stores is how the ledger knows its plugs."""

from __future__ import annotations

from custom_components.med_exporter.const import PlugRole
from custom_components.med_exporter.ledger import LedgerPlug, PlugSeries, PointSeries


def test_a_plug_is_booked_to_its_own_series_and_to_that_of_its_role() -> None:
    data = {"pdl": "Flat-2", "plugs": {"a1": {"name": "Panels", "role": "production"}}}
    plug = LedgerPlug.of("a1", data, "My flat")
    assert (plug.name, plug.metering_point_name) == ("Panels", "My flat")
    assert plug.series == (PlugSeries("a1"), PointSeries("flat_2", PlugRole.PRODUCTION))
    assert [one.statistic_id for one in plug.series] == [
        "med_exporter:energy_a1",
        "med_exporter:production_flat_2",
    ]


def test_one_that_is_ignored_counts_for_itself_alone() -> None:
    data = {"pdl": "flat", "plugs": {"a1": {"name": "Spare", "role": "ignored"}}}
    assert LedgerPlug.of("a1", data, "Flat").series == (PlugSeries("a1"),)
