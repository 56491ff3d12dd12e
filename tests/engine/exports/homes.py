"""A home with energies, contracts and costs in the tables of a recorder's database."""

from __future__ import annotations

import math
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

from custom_components.med_exporter.engine.database.audit_tables import audit_table
from custom_components.med_exporter.engine.database.cost_tables import prices_table, tariffs_table
from custom_components.med_exporter.engine.database.history_tables import exports_table
from custom_components.med_exporter.engine.database.own_tables import versions_table
from custom_components.med_exporter.engine.job import JobDevice, MeteringPoint
from custom_components.med_exporter.engine.ledger import quarters_table
from custom_components.med_exporter.engine.tariff import Energy, Known, parse_contracts, price
from custom_components.med_exporter.ledger.tables import SCHEMA
from tests.ledger_rows import HalfHourRow, half_hours, put_half_hours

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import date

    from tests.engine.recorder_database import RecorderDatabase

PARIS = ZoneInfo("Europe/Paris")
HALF_HOUR = 1800
NIGHT_AND_DAY = {
    "valid_from": "2020-01-01",
    "kind": "time_of_use",
    "periods": [
        {"name": "night", "price": 0.12, "start": "22:30", "end": "06:30"},
        {"name": "day", "price": 0.31, "start": "06:30", "end": "22:30"},
    ],
    "standing_charge": 15.5,
    "feed_in": 0.1,
}
TIERS = {
    "valid_from": "2020-01-01",
    "kind": "tiers",
    "tiers": [{"up_to": 30, "price": 0.1}, {"up_to": 60, "price": 0.2}, {"price": 0.4}],
    "standing_charge": 9.25,
}
FLAT = {"valid_from": "2020-01-01", "kind": "flat", "price": 0.25}

HOUSE = MeteringPoint(slug="house", pdl="HOUSE-1", name="House")
BARN = MeteringPoint(slug="barn", pdl="BARN-1", name="Barn")


def device(name: str, point: str | None = "house", role: str = "consumption") -> JobDevice:
    """Return a device whose plug and entities go by its name."""
    key = name.lower().replace(" ", "_")
    return JobDevice(
        device_id=f"{key}-id",
        device_name=name,
        device_ip="192.0.2.10",
        plug_id=key,
        metering_point=point,
        role=role,
        mac="50c7bf000010",
        model="HS110(EU)",
        firmware="1.2.3",
        entities={
            "power_w": f"sensor.{key}_power",
            "energy_total_kwh": f"sensor.{key}_energy",
            "is_on": f"binary_sensor.{key}_relay",
        },
    )


FRIDGE = device("Fridge")
HEATER = device("Heater")
SOLAR = device("Solar", role="production")
LATHE = device("Lathe", "barn")
DEVICES = (FRIDGE, HEATER, SOLAR, LATHE)


def at(text: str, zone: ZoneInfo = PARIS) -> float:
    """Return UTC seconds of a local time."""
    return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()


class Cost(NamedTuple):
    """What one part of a half-hour costs, or brings."""

    start_ts: int
    plug_id: str
    role: str
    period: str
    tier: int
    cost: float


class Home:
    """Fills the tables as the ledger and the costs do.

    Args:
        recorder: an empty database.

    """

    def __init__(self, recorder: RecorderDatabase) -> None:
        self.recorder = recorder
        self._terms: dict[str, Any] = {}
        with recorder.engine.begin() as connection:
            quarters_table.drop(connection, checkfirst=True)
            versions_table.drop(connection, checkfirst=True)
            SCHEMA.create(connection)
            for table in (tariffs_table, prices_table, audit_table, exports_table):
                table.drop(connection, checkfirst=True)
                table.create(connection)

    def uses(
        self, one: JobDevice, start: float, end: float, kwh: float | Callable[[int], float]
    ) -> None:
        """Let a device use, or produce, the same energy in each half-hour, or by a function."""
        rows = [
            HalfHourRow(
                one.plug_id,
                moment,
                one.role,
                one.metering_point,
                round(kwh(moment) if callable(kwh) else kwh, 6),
            )
            for moment in range(math.ceil(start / HALF_HOUR) * HALF_HOUR, int(end), HALF_HOUR)
        ]
        with self.recorder.engine.begin() as connection:
            put_half_hours(connection, rows)

    def priced(
        self,
        slug: str,
        contracts: Iterable[dict[str, Any]],
        colours: dict[date, Any] | None = None,
        zone: ZoneInfo = PARIS,
    ) -> None:
        """Let a metering point have contracts."""
        self._terms[slug] = (list(contracts), colours or {}, zone)
        self.recorder.add_tariff(slug, *self._terms[slug][:2], zone.key)

    def costs(self) -> Iterator[Cost]:
        """Yield what each half-hour costs, one by one, in months that tell what tiers are full."""
        for slug, (contracts, colours, zone) in self._terms.items():
            own = [row for row in self.half_hours() if row.metering_point == slug]
            energies = [
                Energy(row.plug_id, row.role, row.start_ts, HALF_HOUR, [round(row.kwh * 1e6)])
                for row in own
                if row.role != "ignored"
            ]
            edges = sorted({at for row in own for at in (row.start_ts, row.start_ts + HALF_HOUR)})
            found = price(parse_contracts(contracts), zone, Known(colours), energies, edges)
            for part, amount in found.sums.items():
                yield Cost(
                    edges[part.place], part.device, part.role, part.period, part.tier,
                    amount.cost or 0.0,
                )  # fmt: skip

    def insert(self, table: Any, rows: list[dict[str, Any]]) -> None:
        """Insert rows."""
        with self.recorder.engine.begin() as connection:
            for first in range(0, len(rows), 5000):
                connection.execute(table.insert(), rows[first : first + 5000])

    def half_hours(self) -> list[HalfHourRow]:
        """Return all energies."""
        with self.recorder.engine.connect() as connection:
            return half_hours(connection)

    def rows(self, table: Any) -> list[Any]:
        """Return all rows of a table."""
        with self.recorder.engine.connect() as connection:
            return list(connection.execute(table.select()))


def demo(recorder: RecorderDatabase, start: float, end: float) -> Home:
    """Return a home of two metering points, one of them with a time-of-use contract and solar."""
    home = Home(recorder)
    home.uses(FRIDGE, start, end, lambda moment: 0.02 + (moment // 1800 % 7) / 1000)
    home.uses(HEATER, start, end, lambda moment: 0.5 if moment // 3600 % 24 in {5, 6, 18} else 0)
    home.uses(SOLAR, start, end, lambda moment: 0.3 if 8 <= moment // 3600 % 24 <= 15 else 0)
    home.uses(LATHE, start, end, lambda moment: 0.2 if moment // 1800 % 5 == 0 else 0)
    home.priced("house", [NIGHT_AND_DAY])
    home.priced("barn", [TIERS])
    return home
