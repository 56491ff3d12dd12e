"""A ledger in Home Assistant with a recorder."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import pytest
from homeassistant.core import callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.recorder import get_instance

from custom_components.med_exporter.const import PlugRole
from custom_components.med_exporter.database.commit import async_commit
from custom_components.med_exporter.engine.energy import to_kwh, to_mwh
from custom_components.med_exporter.engine.ledger import accounts_of, energies_between
from custom_components.med_exporter.engine.times import quarter_of
from custom_components.med_exporter.ledger import (
    SIGNAL_LEDGER_CHANGED,
    CounterStart,
    EnergyPeriod,
    Ledger,
    LedgerChange,
    LedgerPlug,
    Posting,
)
from custom_components.med_exporter.statistics import written_until

from .stories import PARIS

if TYPE_CHECKING:
    from freezegun.api import FrozenDateTimeFactory
    from homeassistant.core import HomeAssistant
    from sqlalchemy import Executable

    from custom_components.med_exporter.ledger import Series

DAY = datetime(2026, 11, 20, tzinfo=PARIS)


def plug(
    number: int = 1, role: PlugRole = PlugRole.CONSUMPTION, point: str = "house"
) -> LedgerPlug:
    return LedgerPlug(
        plug_id=f"50c7bf00000{number}",
        name=f"Plug {number}",
        metering_point=point,
        metering_point_name=point.capitalize(),
        role=role,
    )


class QuarterRow(NamedTuple):
    """What is known of a quarter-hour."""

    plug_id: str
    start_ts: int
    role: str
    kwh: float
    filled_kwh: float


class Books:
    """A ledger with words for what tests do to it."""

    def __init__(self, hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
        self.hass = hass
        self.freezer = freezer
        self.ledger = Ledger(hass)
        self.starts: dict[str, CounterStart] = {}

    async def written_until(self, series: Series) -> datetime:
        """Return the end of the last hour that was ever written."""
        until = await get_instance(self.hass).async_add_executor_job(self._written_until, series)
        return datetime.fromtimestamp(until, UTC)

    def _written_until(self, series: Series) -> int:
        with get_instance(self.hass).engine.connect() as connection:
            return written_until(connection, series.statistic_id)

    async def read(
        self, of: LedgerPlug, kwh: float, at: datetime, *, measured: bool = False, **values: object
    ) -> None:
        """Post a counter's value, as measured in the quarter-hour of the reading or not."""
        start = self.starts.setdefault(of.plug_id, CounterStart(at=at, value_kwh=kwh))
        quarters = {}
        since = at
        if measured:
            quarters = {quarter_of(at.timestamp()): to_mwh(kwh)}
            since = at - timedelta(minutes=15)
        posting = Posting(
            plug=of,
            **{
                "start": start,
                "value_kwh": kwh,
                "at": at,
                "since": since,
                "quarters": quarters,
                **values,
            },
        )
        await self.ledger.post(posting)

    async def close(self, now: datetime) -> None:
        """Let the clock say `now` and write the statistics."""
        self.freezer.move_to(now)
        await self.ledger.async_write_statistics()

    def changes(self) -> list[LedgerChange]:
        """Return a list that grows with each change that is announced."""
        heard: list[LedgerChange] = []

        @callback
        def hear(change: LedgerChange) -> None:
            heard.append(change)

        async_dispatcher_connect(self.hass, SIGNAL_LEDGER_CHANGED, hear)
        return heard

    async def rows(self) -> list[QuarterRow]:
        """Return all quarter-hours that are known, as they stand in the database."""
        await self.committed()

        def read() -> list[QuarterRow]:
            with get_instance(self.hass).engine.connect() as connection:
                return [
                    QuarterRow(one.plug_id, start, one.role, to_kwh(mwh), to_kwh(filled))
                    for one in accounts_of(connection)
                    for start, (mwh, filled) in energies_between(
                        connection, [one], 0, 2**32
                    ).items()
                ]

        return await get_instance(self.hass).async_add_executor_job(read)

    async def execute(self, statement: Executable) -> None:
        """Change the database behind the ledger's back."""
        await self.committed()

        def write() -> None:
            with get_instance(self.hass).engine.begin() as connection:
                connection.execute(statement)

        await get_instance(self.hass).async_add_executor_job(write)

    async def committed(self) -> None:
        await async_commit(self.hass)


@pytest.fixture
async def books(hass_with_recorder: HomeAssistant, freezer) -> Books:
    """A ledger in Paris."""
    await hass_with_recorder.config.async_set_time_zone("Europe/Paris")
    freezer.move_to(DAY)
    return Books(hass_with_recorder, freezer)


def kwh(periods: list[EnergyPeriod]) -> list[float]:
    return [period.kwh for period in periods]
