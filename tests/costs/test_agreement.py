"""Whatever tells what a range cost says the same, to the cent: files, sensors, statistics, answers.

Energies, roles, contracts and ranges are generated; clock changes and ends of months lie inside.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from custom_components.med_exporter.const import PlugRole
from custom_components.med_exporter.costs.reading import read_costs, read_running
from custom_components.med_exporter.costs.statistics import running_sums
from custom_components.med_exporter.engine.costs.prices import keep_prices
from custom_components.med_exporter.engine.exports.contract_comparison.result import COLOURS
from custom_components.med_exporter.engine.job import GivenTable
from custom_components.med_exporter.engine.readings.fields import Kind
from custom_components.med_exporter.engine.rows.tables import Column
from custom_components.med_exporter.engine.tariff.offers import read_offers
from custom_components.med_exporter.ledger import PointSeries
from tests.engine.conftest import Exports
from tests.engine.exports.homes import (
    FLAT,
    FRIDGE,
    HEATER,
    HOUSE,
    NIGHT_AND_DAY,
    PARIS,
    SOLAR,
    TIERS,
    Home,
    at,
)
from tests.engine.recorder_database import RecorderDatabase

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DEVICES = tuple(replace(one, not_recorded=tuple(one.entities)) for one in (FRIDGE, HEATER, SOLAR))
TEMPO = {
    "valid_from": "2020-01-01", "kind": "tempo", "standing_charge": 12.8, "feed_in": 0.13,
    "prices": {
        "blue": {"peak": 0.16, "off_peak": 0.13},
        "white": {"peak": 0.19, "off_peak": 0.15},
        "red": {"peak": 0.75, "off_peak": 0.16},
    },
}  # fmt: skip
SPOT = {
    "valid_from": "2020-01-01", "kind": "sensor_price", "entity_id": "sensor.spot",
    "factor": 1.1, "fixed": 0.08, "tax": 20, "feed_in": 0.05,
}  # fmt: skip
CONTRACTS = {
    "flat": [FLAT | {"feed_in": 0.1, "standing_charge": 7}],
    "nights": [NIGHT_AND_DAY],
    "tiers": [TIERS | {"feed_in": 0.2}],
    "tempo": [TEMPO],
    "spot": [SPOT],
    "changed": [
        TIERS,
        NIGHT_AND_DAY | {"valid_from": "2026-04-02"},
        FLAT | {"valid_from": "2026-10-26"},
    ],
}
BEGINNINGS = [at("2026-03-25"), at("2026-10-22"), at("2026-01-29")]
DAYS = 12
QUARTERS = DAYS * 96


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[RecorderDatabase]:
    database = RecorderDatabase.in_folder(tmp_path)
    yield database
    database.close()


@pytest.fixture
def exports(recorder: RecorderDatabase, tmp_path: Path) -> Exports:
    return Exports(recorder, tmp_path / "exports")


class House:
    """A house with generated energies and contracts, and all that tells of its costs in a range."""

    def __init__(self, recorder, exports, begin, used, contracts) -> None:
        recorder.clear()
        self._exports, self._begin = exports, begin
        self._recorder, self._contracts = recorder, contracts
        home = Home(recorder)
        recorder.add_statistics("sensor.other", [])
        days = [datetime.fromtimestamp(begin, PARIS).date() + timedelta(n) for n in range(-1, DAYS)]
        self._colours = {day: ("blue", "white", "red")[day.day % 3] for day in days}
        # Standing charges before the first energy are in no comparison.
        home.uses(FRIDGE, begin, begin + 1800, 0.0)
        for number, place, kwh in used:
            start = begin + place * 1800
            home.uses(DEVICES[number], start, start + 1800, kwh)
        home.priced("house", contracts, self._colours)
        shown = {int(begin) + n * 900: (n % 23 - 3) / 50 for n in range(QUARTERS + 192)}
        with recorder.engine.begin() as connection:
            keep_prices(connection, "sensor.spot", shown)

    def _content(self, start: float, end: float, **changes) -> dict:
        values = {
            "devices": DEVICES, "points": (HOUSE,), "start": start, "end": end,
            "timezone": "Europe/Paris", "fields": (),
        }  # fmt: skip
        return json.loads(self._exports.content(**values | changes))

    def analysis(self, start: float, end: float, **changes) -> tuple[float, float, float]:
        rows = self._content(start, end, export_type="cost_analysis", **changes)["data"]
        return tuple(
            sum(row[name] or 0 for row in rows)
            for name in ("energy_cost", "standing_charge", "feed_in")
        )

    def report(self, start: float, end: float) -> tuple[float, float, float]:
        sections = ("cost_breakdown",)
        report = self._content(start, end, export_type="system_report", report_sections=sections)
        return tuple(
            sum(row[name] or 0 for row in report["data"])
            for name in ("energy_cost", "standing_charge", "feed_in")
        )

    def comparison(self, start: float, end: float) -> tuple[float, float, float]:
        columns = (Column("date", Kind.TEXT), Column("colour", Kind.TEXT))
        rows = tuple((day.isoformat(), colour) for day, colour in self._colours.items())
        offers = read_offers([{"kind": "base", "price": 0.2}])
        own = {"pdl": None, "contracts": [offer.to_dict() for offer in offers]}
        found = self._content(
            start, end, export_type="contract_comparison", own=own,
            given=(GivenTable(name=COLOURS, columns=columns, rows=rows),),
        )  # fmt: skip
        mine = [row for row in found["contracts"] if row["contract"] == "own"]
        return tuple(mine[0][name] for name in ("energy_cost", "standing_charge", "feed_in"))

    def readings(self, start: float, end: float, aggregation: str) -> tuple[float, float]:
        """Return what devices cost, and what they brought: negative costs."""
        fields = ("timestamp", "energy_kwh", "cost")
        costs = []
        for devices in (DEVICES[:2], DEVICES[2:]):
            found = self._content(
                start, end, export_type="device_data", fields=fields,
                aggregation=aggregation, devices=devices,
            )  # fmt: skip
            costs.append(sum(row["cost"] or 0 for row in found["data"]))
        return costs[0], -costs[1]

    def figures(self, start: float, end: float) -> tuple[float, float]:
        """Return what a file of readings says that its devices cost, and what they brought."""
        job = self._exports.job(
            devices=DEVICES, points=(HOUSE,), start=start, end=end, timezone="Europe/Paris",
            fields=("timestamp", "cost"), aggregation="daily",
        )  # fmt: skip
        figures = self._exports.run(job).figures
        return figures.get("energy_cost", 0.0), figures.get("feed_in", 0.0)

    def answers(self, start: float, end: float, aggregation: str) -> tuple[float, float]:
        """Return what the integration itself tells other rooms."""
        with self._recorder.connect() as connection:
            return tuple(
                sum(
                    one.cost or 0.0
                    for one in read_costs(
                        connection, PointSeries("house", role), (start, end), PARIS, aggregation, ()
                    )
                )
                for role in (PlugRole.CONSUMPTION, PlugRole.PRODUCTION)
            )

    def statistics(self, start: float, end: float) -> float:
        with self._recorder.connect() as connection:
            running = running_sums(connection, lambda _: None)["house"]
            hours = running.hours(connection, int(start), int(end))
        return sum(hours.values()) / running.parts_per_unit

    def sensors(self, now: float) -> dict[str, float]:
        with self._recorder.connect() as connection:
            running = read_running(connection, "house", now)
        assert sum(one.cost or 0 for one in running.plugs_today.values()) == pytest.approx(
            running.today.cost or 0, abs=1e-6
        )
        return {
            name: getattr(running, name).cost or 0.0
            for name in ("today", "yesterday", "month", "last_month")
        }


@example(begin=BEGINNINGS[0], used=[(0, 429, 7.26038)], contracts="changed", first=5, length=4)
@given(
    begin=st.sampled_from(BEGINNINGS),
    used=st.lists(
        st.tuples(
            st.sampled_from((0, 1, 2)),
            st.integers(0, 2 * 24 * DAYS - 1),
            st.floats(0, 30).map(lambda kwh: round(kwh, 6)),
        ),
        min_size=1,
        max_size=25,
        unique_by=lambda item: item[:2],
    ),
    contracts=st.sampled_from(sorted(CONTRACTS)),
    first=st.integers(0, DAYS - 1),
    length=st.integers(1, DAYS),
)
@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_all_say_the_same_of_the_same_range(
    recorder, exports, begin, used, contracts, first, length
) -> None:
    house = House(recorder, exports, begin, used, CONTRACTS[contracts])
    local = datetime.fromtimestamp(begin, PARIS)
    start = (local + timedelta(days=first)).timestamp()
    end = (local + timedelta(days=min(first + length, DAYS))).timestamp()

    told = house.analysis(start, end, grouping="daily")
    # Cents are the same ones; what is not rounded yet is that many.
    exact, cent = {"abs": 1e-9}, {"abs": 0.0051}
    assert house.analysis(start, end, grouping="hourly") == pytest.approx(told, **cent)
    for grouping in ("weekly", "monthly"):
        assert house.analysis(start, end, grouping=grouping) == pytest.approx(told, **exact)
    split = ("device", "time_of_use", "rate_tier")
    assert house.analysis(start, end, breakdown_by=split) == pytest.approx(told, **exact)
    assert house.report(start, end) == pytest.approx(told, **exact)
    assert house.comparison(start, end) == pytest.approx(told, **exact)
    energy = (told[0], told[2])
    assert house.figures(start, end) == pytest.approx(energy, **exact)
    for aggregation in ("hourly", "daily", "monthly"):
        assert house.readings(start, end, aggregation) == pytest.approx(energy, **cent)
    for aggregation in ("half_hourly", "hourly", "daily"):
        assert house.answers(start, end, aggregation) == pytest.approx(energy, **cent)
    assert house.statistics(start, end) == pytest.approx(told[0], **cent)

    # All that the range has was used until then; a sensor tells nothing of a half-hour to come.
    now = end - 1
    midnight = datetime.fromtimestamp(now, PARIS).replace(hour=0, minute=0)
    month = midnight.replace(day=1)
    stretches = {
        "today": (midnight.timestamp(), end),
        "yesterday": ((midnight - timedelta(days=1)).timestamp(), midnight.timestamp()),
        "month": (month.timestamp(), end),
        "last_month": ((month - timedelta(days=1)).replace(day=1).timestamp(), month.timestamp()),
    }
    shown = house.sensors(now)
    assert shown == pytest.approx(
        {
            name: house.analysis(*stretch, grouping="monthly")[0]
            for name, stretch in stretches.items()
        },
        abs=0.0051,
    )
