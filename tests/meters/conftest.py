"""A home whose energy Home Assistant measures: its statistics, as others import them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from homeassistant.components.recorder.db_schema import (
    Statistics,
    StatisticsMeta,
    StatisticsShortTerm,
)
from homeassistant.components.recorder.models import StatisticMeanType
from homeassistant.components.recorder.statistics import (
    async_add_external_statistics,
    async_import_statistics,
    statistics_during_period,
)
from homeassistant.core import callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.recorder import get_instance
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry
from sqlalchemy import insert, select

from custom_components.med_exporter.const import DOMAIN, PlugRole
from custom_components.med_exporter.database import queue_work
from custom_components.med_exporter.database.commit import async_commit
from custom_components.med_exporter.engine.energy import to_mwh
from custom_components.med_exporter.ledger import (
    DATA_LEDGER,
    SIGNAL_LEDGER_CHANGED,
    LedgerChange,
    PlugSeries,
    PointSeries,
)
from custom_components.med_exporter.meters.meter import meter_id_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from homeassistant.config_entries import ConfigEntry

    from tests.pushing import House


HOUR = timedelta(hours=1)


class Home:
    """A home, and words for what tests do to it."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.hass = house.hass

    async def import_hours(
        self,
        statistic_id: str,
        start: datetime,
        sums: Iterable[float],
        unit: str = "kWh",
        *,
        every: timedelta = HOUR,
        name: str | None = None,
    ) -> None:
        """Import hourly statistics, as integrations of energy suppliers do, or shorter ones."""
        metadata: dict[str, Any] = {
            "source": statistic_id.split(":", maxsplit=1)[0] if ":" in statistic_id else "recorder",
            "statistic_id": statistic_id,
            "name": name,
            "has_sum": True,
            "mean_type": StatisticMeanType.NONE,
            "unit_of_measurement": unit,
        }
        if hasattr(StatisticsMeta, "unit_class"):
            metadata["unit_class"] = "energy"
        rows = [
            {"start": start + every * number, "state": total, "sum": total}
            for number, total in enumerate(sums)
        ]
        if every != HOUR:
            # Only the recorder makes these itself.
            get_instance(self.hass).async_import_statistics(metadata, rows, StatisticsShortTerm)  # type: ignore[arg-type]
            await self.committed()
            return
        add = async_add_external_statistics if ":" in statistic_id else async_import_statistics
        for first in range(0, len(rows), 5000):
            add(self.hass, metadata, rows[first : first + 5000])  # type: ignore[arg-type]
        await self.committed()

    async def have_years(self, statistic_id: str, start: datetime, sums: Sequence[float]) -> None:
        """Let there be hourly statistics as after years, at once: an import takes minutes."""
        await self.import_hours(statistic_id, start, sums[:1])
        first = start.timestamp()

        def fill() -> None:
            of = select(StatisticsMeta.id).where(StatisticsMeta.statistic_id == statistic_id)
            with get_instance(self.hass).engine.begin() as connection:
                metadata_id = connection.execute(of).scalar()
                rows = [
                    {
                        "metadata_id": metadata_id,
                        "start_ts": first + 3600 * number,
                        "state": total,
                        "sum": total,
                    }
                    for number, total in enumerate(sums)
                    if number
                ]
                connection.execute(insert(Statistics), rows)

        await get_instance(self.hass).async_add_executor_job(fill)

    async def add(self, pdl: str = "house", **meters: tuple[str, PlugRole]) -> ConfigEntry:
        """Set up a metering point: the statistic and the role of each meter by its name."""
        entry = MockConfigEntry(
            domain=DOMAIN,
            title=pdl.capitalize(),
            data={
                "type": "meters",
                "name": pdl.capitalize(),
                "pdl": pdl,
                "plugs": {
                    meter_id_of(self.hass, statistic_id): {
                        "name": name.capitalize(),
                        "role": role.value,
                        "rated_power": None,
                        "statistic_id": statistic_id,
                        "registry_id": self.registry_id(statistic_id),
                        "former": [],
                        "entities": {}
                        if ":" in statistic_id
                        else {"energy_total_kwh": statistic_id},
                    }
                    for name, (statistic_id, role) in meters.items()
                },
            },
        )
        entry.add_to_hass(self.hass)
        assert await self.hass.config_entries.async_setup(entry.entry_id)
        await self.settle()
        return entry

    def registry_id(self, entity_id: str) -> str | None:
        registered = er.async_get(self.hass).async_get(entity_id)
        return None if registered is None else registered.id

    def issues(self) -> dict[str, dict[str, str]]:
        """Return what repair issues say of meters, with what they name."""
        return {
            issue.translation_key: issue.translation_placeholders
            for issue in ir.async_get(self.hass).issues.values()
            if issue.domain == DOMAIN
        }

    async def look(self, entry: ConfigEntry, *, whole: bool = False) -> None:
        await entry.runtime_data.coordinator.async_look(whole=whole)
        await self.hass.data[DATA_LEDGER].async_write_statistics()
        await self.settle()

    async def settle(self) -> None:
        await self.hass.async_block_till_done(wait_background_tasks=True)
        await self.committed()

    async def committed(self) -> None:
        """Wait until the recorder has done all that is queued, also what it has begun with."""
        await queue_work(self.hass, None, lambda _: None)
        await async_commit(self.hass)

    async def dashboard(
        self, statistic_ids: Sequence[str], start: datetime, end: datetime
    ) -> dict[datetime, int]:
        """Return what the Energy dashboard shows of some statistics together, in mWh by hour."""
        found = await get_instance(self.hass).async_add_executor_job(
            lambda: statistics_during_period(
                self.hass, start, end, set(statistic_ids), "hour", {"energy": "kWh"}, {"change"}
            )
        )
        hours: dict[datetime, int] = {}
        for rows in found.values():
            for row in rows:
                at = dt_util.utc_from_timestamp(row["start"])
                hours[at] = hours.get(at, 0) + round(row["change"] * 1_000_000)
        return hours

    async def ledger(
        self, series: PlugSeries | PointSeries, start: datetime, end: datetime
    ) -> dict[datetime, int]:
        """Return what the ledger has, in mWh by hour."""
        periods = await self.hass.data[DATA_LEDGER].async_hours(series, start, end)
        return {dt_util.as_utc(one.start): to_mwh(one.kwh) for one in periods}

    def changes(self) -> list[LedgerChange]:
        """Return a list that grows with each change that the ledger announces."""
        heard: list[LedgerChange] = []

        @callback
        def hear(change: LedgerChange) -> None:
            heard.append(change)

        async_dispatcher_connect(self.hass, SIGNAL_LEDGER_CHANGED, hear)
        return heard

    def meter(self, statistic_id: str) -> PlugSeries:
        return PlugSeries(meter_id_of(self.hass, statistic_id))


@pytest.fixture
async def home(paper_house: House) -> Home:
    """A home without metering points, at noon in Paris on 20 November 2026."""
    return Home(paper_house)


def assert_same(mine: dict[datetime, int], theirs: dict[datetime, int], off: int = 1) -> None:
    """Hold that hours agree, but for a rounding (mWh); an hour left out has nothing."""
    for hour in mine.keys() | theirs.keys():
        assert abs(mine.get(hour, 0) - theirs.get(hour, 0)) <= off, hour
