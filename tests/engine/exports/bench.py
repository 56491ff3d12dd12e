"""Measure a comparison: `python -m tests.engine.exports.bench [years]`, one metering point's past.

The ledger has its 400 days by quarter-hour, the long-term statistics have what is older by hour;
five contracts are compared: the point's own, base, peak and off-peak, Tempo, and a price that
changes by the quarter-hour.
"""

from __future__ import annotations

import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from custom_components.med_exporter.engine.costs.prices import keep_prices
from custom_components.med_exporter.engine.exports.contract_comparison.result import (
    COLOURS,
    compared,
)
from custom_components.med_exporter.engine.job import GivenTable
from custom_components.med_exporter.engine.readings.fields import Kind
from custom_components.med_exporter.engine.rows.tables import Column
from custom_components.med_exporter.engine.tariff.offers import read_offers

from ..conftest import Exports
from ..recorder_database import RecorderDatabase
from .homes import FRIDGE, HOUSE, PARIS, Home
from .test_contract_comparison import OFFERS, OWN, colour_of, used

_DAYS_KEPT = 400
END = datetime(2026, 11, 1, tzinfo=PARIS)


def measure(folder: Path, years: int) -> float:
    """Return how many seconds the comparison took, once its past is there."""
    recorder = RecorderDatabase.in_folder(folder)
    home = Home(recorder)
    start, end = END.replace(year=END.year - years).timestamp(), END.timestamp()
    ledger = (END - timedelta(days=_DAYS_KEPT)).astimezone(UTC).timestamp()
    home.uses(FRIDGE, ledger, end, used)
    kwh, hours = 0.0, []
    for hour in range(int(start), int(ledger), 3600):
        kwh += used(hour) + used(hour + 1800)
        hours.append((hour, {"sum": kwh}))
    recorder.add_statistics("med_exporter:consumption_house", hours, "kWh")
    quarters = range(int(start), int(end), 900)
    with recorder.engine.begin() as connection:
        prices = {quarter: 0.1 + quarter // 900 % 96 / 500 for quarter in quarters}
        keep_prices(connection, "sensor.spot", prices)
    home.priced("house", OWN)
    first = date(END.year - years, 1, 1)
    days = [first + timedelta(days=number) for number in range(366 * (years + 1))]
    colours = tuple((day.isoformat(), colour_of(day)) for day in days)
    columns = (Column("date", Kind.TEXT), Column("colour", Kind.TEXT))
    job = Exports(recorder, folder / "files").job(
        export_type="contract_comparison",
        points=(HOUSE,),
        start=start,
        end=end,
        timezone="Europe/Paris",
        own={"pdl": None, "contracts": [offer.to_dict() for offer in read_offers(OFFERS)]},
        given=(GivenTable(name=COLOURS, columns=columns, rows=colours),),
    )
    begun = time.perf_counter()
    with recorder.engine.connect() as connection:
        found = compared(job, connection, end)
    took = time.perf_counter() - begun
    recorder.close()
    assert len(found.lines) == 5
    assert not any(one.unpriced_kwh for one in found.lines)
    return took


if __name__ == "__main__":
    asked = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    with tempfile.TemporaryDirectory() as name:
        seconds = measure(Path(name), asked)
    sys.stdout.write(f"{asked} years under five contracts  {seconds:8.2f} s\n")
