"""Read the statistics that Home Assistant has: long-term ones by the hour, and of five minutes."""

from __future__ import annotations

from dataclasses import field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Literal

from homeassistant.components.recorder.db_schema import (
    Statistics,
    StatisticsMeta,
    StatisticsShortTerm,
)
from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.const import UnitOfEnergy
from homeassistant.helpers.recorder import session_scope
from sqlalchemy import func, select

from ..database import async_read_by
from ..engine.energy import to_mwh
from ..engine.lazy_dataclass import dataclass
from ..engine.times import HOUR, hour_of
from .live import Shown
from .planning import hour_energies, sum_row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from homeassistant.core import HomeAssistant

    from ..ledger.hours import HourEnergy
    from .meter import Source

FIVE_MINUTES: Final = 300


@dataclass(slots=True)
class Told:
    """What statistics tell of a meter in a range.

    Attributes:
        hours: what was used, by hour (UTC seconds).
        until: the end of the last row; None where there is none.
        shown: what the entity showed then, where the row says so.
        before: the sum before each hourly row, in mWh by hour.

    """

    hours: dict[int, HourEnergy] = field(default_factory=dict)
    until: int | None = None
    shown: Shown | None = None
    before: dict[int, int] = field(default_factory=dict)


async def async_tell(
    hass: HomeAssistant, sources: Sequence[Source], start: int, end: int, *, detailed: bool
) -> Told:
    """Return what the statistics of a meter tell.

    Args:
        hass: whose statistics.
        sources: the statistics of the meter, one after the other.
        start: the first hour, in UTC seconds.
        end: the end of the last one.
        detailed: whether to read the statistics of five minutes too.

    Raises DatabaseUnavailableError.

    """
    return await async_read_by(hass, lambda: _tell(hass, sources, start, end, detailed=detailed))


async def async_stretch(hass: HomeAssistant, sources: Sequence[Source]) -> tuple[int, int] | None:
    """Return when the first hour of a meter's statistics begins and the last one ends.

    In UTC seconds; of a meter that is new, what rows of five minutes there are; None where there
    are none at all. Raises DatabaseUnavailableError.
    """

    def read() -> tuple[int, int] | None:
        ids = [one.statistic_id for one in sources]
        with session_scope(hass=hass, read_only=True) as session:
            for table, length in ((Statistics, HOUR), (StatisticsShortTerm, FIVE_MINUTES)):
                first, last = session.execute(
                    select(func.min(table.start_ts), func.max(table.start_ts))
                    .join(StatisticsMeta, table.metadata_id == StatisticsMeta.id)
                    .where(StatisticsMeta.statistic_id.in_(ids))
                ).one()
                if first is not None:
                    return hour_of(first), int(last) + length
        return None

    return await async_read_by(hass, read)


def _tell(
    hass: HomeAssistant, sources: Sequence[Source], start: int, end: int, *, detailed: bool
) -> Told:
    told = Told()
    for source in sources:
        since = start if source.start is None else max(start, source.start)
        until = end if source.end is None else min(end, source.end)
        if since >= until:
            continue
        hourly = _rows(hass, source.statistic_id, since, until, "hour")
        fives = _rows(hass, source.statistic_id, since, until, "5minute") if detailed else []
        rows = [sum_row(row["start"], row["sum"], row["change"]) for row in hourly]
        finer = [sum_row(row["start"], row["sum"], row["change"]) for row in fives]
        told.hours.update(hour_energies(rows, finer))
        told.before.update((row.start, row.before) for row in rows)
        ends = [rows[-1].start + HOUR] if rows else []
        ends += [finer[-1].start + FIVE_MINUTES] if finer else []
        if not ends:
            continue
        latest = fives[-1] if finer and max(ends) == ends[-1] else hourly[-1]
        told.until, told.shown = max(ends), _shown_at_end(latest, max(ends))
    return told


def _shown_at_end(row: dict[str, Any], until: int) -> Shown | None:
    """Return what the entity showed at the end of a row."""
    state = row.get("state")
    return None if state is None else Shown(until, to_mwh(state), row.get("last_reset"))


def _rows(
    hass: HomeAssistant, statistic_id: str, start: int, end: int, period: Literal["5minute", "hour"]
) -> list[dict[str, Any]]:
    """Return rows that have a sum, in kWh, whatever the unit of the statistic."""
    found = statistics_during_period(
        hass,
        datetime.fromtimestamp(start, UTC),
        datetime.fromtimestamp(end, UTC),
        {statistic_id},
        period,
        {"energy": UnitOfEnergy.KILO_WATT_HOUR},
        {"sum", "change", "state", "last_reset"},
    )
    rows: list[Any] = found.get(statistic_id, [])
    return [row for row in rows if row.get("sum") is not None and row.get("change") is not None]
