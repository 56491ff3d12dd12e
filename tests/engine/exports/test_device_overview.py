"""Totals that equal the sums of the rows, and charts of where and when energy went."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from custom_components.med_exporter.engine.exports.device_data import content as device_data
from custom_components.med_exporter.engine.exports.device_data.overview import overview
from custom_components.med_exporter.engine.output import spool_path
from custom_components.med_exporter.engine.readings.fields import Kind
from custom_components.med_exporter.engine.recorder.states import Recorder
from custom_components.med_exporter.engine.rows.content import ChartKind, Content
from custom_components.med_exporter.engine.rows.spool import Spool
from custom_components.med_exporter.engine.rows.tables import Column

from ..conftest import FRIDGE, WASHER, at
from . import homes

START = at("2026-01-05 00:00")  # a Monday
HOUR = 3600


@pytest.fixture
def states(recorder):
    for device, step in ((FRIDGE, 0.1), (WASHER, 0.3)):
        recorder.add(
            device.entities["energy_total_kwh"],
            [(START + HOUR * hour, step * hour) for hour in range(49)],
        )


def content(exports, recorder, **changes) -> tuple[Content, list[list[object]]]:
    values = {
        "format": "pdf", "devices": (FRIDGE, WASHER), "start": START, "end": START + 48 * HOUR,
        "fields": ("timestamp", "energy_kwh"), "include_charts": True,
    }  # fmt: skip
    job = exports.job(**values | changes)
    path = spool_path(str(exports.folder / "x"))
    with Spool(job, job.end, path) as spool:
        made = device_data.content(job, Recorder(recorder.connect), spool, job.end, lambda _: None)
        columns = [[], *([] for _ in job.fields[1:])]
        for table in made.tables:
            for chunk in table.chunks:
                for column, values in zip(columns, chunk, strict=True):
                    column.extend(values)
    return made, columns


def figures(made: Content) -> dict[str, object]:
    return {figure.name: figure.value for figure in made.figures}


def chart(made: Content, kind: ChartKind):
    return next(chart for chart in made.charts if chart.kind is kind)


@pytest.mark.parametrize("aggregation", ["raw", "hourly", "daily", "weekly", "monthly"])
def test_the_total_is_the_sum_of_the_rows(states, exports, recorder, aggregation):
    made, columns = content(exports, recorder, aggregation=aggregation)
    rows = sum(value for value in columns[1] if value is not None)
    assert figures(made)["total_energy"] == pytest.approx(rows, abs=1e-9)
    assert figures(made)["devices"] == "Fridge\u200e, Washing machine"


def test_on_a_page_many_small_devices_add_up_to_what_they_cost_together(exports, recorder):
    """Each costs 0.4 cents, which is nothing to the cent; ten of them cost 4."""
    plugs = [homes.device(f"Plug {number}") for number in range(10)]
    home = homes.Home(recorder)
    for plug in plugs:
        recorder.add(plug.entities["energy_total_kwh"], [(START - 60, 1), (START + 600, 1.016)])
        home.uses(plug, START, START + 1800, 0.016)
    home.priced("house", [homes.FLAT])
    made, (_, costs) = content(
        exports, recorder, devices=tuple(plugs), fields=("timestamp", "cost"), aggregation="daily"
    )
    assert figures(made)["energy_cost"] == 0.04
    assert sum(costs) == pytest.approx(0.04, abs=1e-9)
    assert set(costs) == {0.0, 0.01}


def test_what_feeding_in_brings_is_less_than_nothing_in_rows_and_a_figure(exports, recorder):
    solar = homes.SOLAR
    recorder.add(solar.entities["energy_total_kwh"], [(START - 60, 1), (START + 600, 3)])
    home = homes.Home(recorder)
    home.uses(solar, START, START + 1800, 2)
    home.priced("house", [homes.FLAT | {"feed_in": 0.1, "standing_charge": 31}])
    made, (_, costs) = content(
        exports, recorder, devices=(solar,), fields=("timestamp", "cost"), aggregation="daily"
    )
    assert (costs, figures(made)["feed_in"]) == ([-0.2, 0], 0.2)
    assert {"energy_cost", "total_cost"}.isdisjoint(figures(made))


def test_days_and_devices_add_up_to_the_total(states, exports, recorder):
    made, _ = content(exports, recorder)
    total = figures(made)["total_energy"]
    days = chart(made, ChartKind.STACKED_BAR)
    assert days.categories == ["5", "6"]
    assert sum(v for s in days.series for v in s.values if v is not None) == pytest.approx(total)
    shares = chart(made, ChartKind.PIE)
    assert shares.categories == ["Washing machine", "Fridge"]
    assert sum(shares.series[0].values) == pytest.approx(total)


def test_the_week_shows_what_an_hour_uses_on_average(states, exports, recorder):
    made, _ = content(exports, recorder, end=START + 14 * 24 * HOUR)
    week = chart(made, ChartKind.HEAT_MAP)
    assert week.series[0].name == "Monday"
    # Two Mondays passed, and one of them had readings.
    assert week.series[0].values[5] == pytest.approx(0.4 / 2)
    assert week.series[2].values[5] is None


def test_coarse_rows_tell_nothing_of_hours(states, exports, recorder):
    made, _ = content(exports, recorder, aggregation="monthly", end=START + 40 * 24 * HOUR)
    assert [chart.kind for chart in made.charts] == [ChartKind.STACKED_BAR, ChartKind.PIE]
    assert made.charts[0].categories == ["January 2026 (from day 5)", "February 2026"]


@pytest.mark.parametrize(("hours", "aggregation"), [(2, "raw"), (24, "daily"), (48, "monthly")])
def test_nothing_is_drawn_of_a_single_bar_or_a_part_of_a_day(
    states, exports, recorder, hours, aggregation
):
    made, _ = content(exports, recorder, aggregation=aggregation, end=START + hours * HOUR)
    assert [chart.kind for chart in made.charts] == [ChartKind.PIE]


def test_titles_follow_the_language(states, exports, recorder):
    made, _ = content(exports, recorder, options=exports.options(locale="fr"))
    assert [chart.title for chart in made.charts] == [
        "Énergie par jour",
        "Part de chaque appareil",
        "Énergie moyenne par jour de la semaine et par heure",
    ]
    assert made.charts[0].categories == ["5", "6"]


def test_without_being_asked_there_are_no_charts(states, exports, recorder):
    made, _ = content(exports, recorder, include_charts=False)
    assert made.charts == []
    assert "total_energy" in figures(made)


def test_what_is_produced_has_a_total_of_its_own(states, exports, recorder):
    solar = replace(FRIDGE, role="production")
    both, _ = content(exports, recorder)
    apart, _ = content(exports, recorder, devices=(solar, WASHER))
    assert "total_production" not in figures(both)
    assert figures(apart)["total_energy"] + figures(apart)["total_production"] == pytest.approx(
        figures(both)["total_energy"], abs=1e-9
    )
    alone, _ = content(exports, recorder, devices=(solar,))
    assert "total_energy" not in figures(alone)


def test_charts_show_production_apart(states, exports, recorder):
    solar = replace(FRIDGE, role="production")
    made, _ = content(exports, recorder, devices=(solar, WASHER), aggregation="hourly")
    used, produced, week = made.charts
    assert [series.name for series in used.series] == ["Washing machine"]
    assert produced.title == "Energy by day: production"
    assert [series.name for series in produced.series] == ["Fridge"]
    known = [v for series in week.series for v in series.values if v is not None]
    assert known == pytest.approx([0.3] * 47)


def test_what_another_device_measures_too_is_beside_the_total(states, exports, recorder):
    within = replace(FRIDGE, role="ignored")
    made, _ = content(exports, recorder, devices=(within, WASHER))
    alone, _ = content(exports, recorder, devices=(WASHER,))
    assert figures(made)["total_energy"] == figures(alone)["total_energy"]
    used, beside = made.charts[:2]
    assert [series.name for series in used.series] == ["Washing machine"]
    assert beside.title == "Energy by day: not in the total"
    by_itself, _ = content(exports, recorder, devices=(within,))
    assert figures(by_itself)["total_energy"] > 0


def test_a_pattern_leaves_out_energy_whose_hour_is_an_estimate(exports):
    job = exports.job(
        format="pdf", start=START, end=START + 24 * HOUR, aggregation="hourly",
        fields=("timestamp", "energy_kwh"), include_charts=True,
    )  # fmt: skip
    rows = [(START, 0, 0.1, 0), (START + HOUR, 0, 7.0, 1), (START + 2 * HOUR, 0, 0.2, 0)]
    pieces = [list(zip(*rows, strict=True))]
    spool = SimpleNamespace(values=lambda _: pieces)
    columns = [Column("energy_kwh", Kind.AMOUNT, 3)]
    # One device has no shares, and one day no other weekdays.
    _, (week,) = overview(job, spool, columns, {"energy_kwh": {0: 7.3}}, job.end)
    (monday,) = week.series
    assert monday.values[:3] == [0.1, None, 0.2]


def test_a_format_without_a_place_for_charts_gets_the_totals_alone(states, exports, recorder):
    made, _ = content(exports, recorder, format="csv", include_charts=False)
    assert "total_energy" in figures(made)
    assert made.charts == []


def test_energy_that_is_not_summed_has_no_total(states, exports, recorder):
    made, _ = content(
        exports, recorder, aggregation="daily", aggregation_functions={"energy_kwh": "max"}
    )
    assert set(figures(made)) == {"devices"}
    assert made.charts == []


def test_the_smallest_of_many_devices_share_a_colour(states, exports, recorder):
    many = (FRIDGE, WASHER) * 10
    made, _ = content(exports, recorder, devices=many)
    names = chart(made, ChartKind.PIE).categories
    assert len(names) == 12
    assert names[-1] == "others"
