"""What the ledger's tables say of a plug, half-hour by half-hour.

The tables lie in the recorder's database: `med_exporter_half_hours` has the energy of each plug,
`med_exporter_costs` what it cost. Either may be missing; then nothing is known of it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, Double, String, bindparam, column, func, inspect, select, table

if TYPE_CHECKING:
    from sqlalchemy import Select

    from .recorder import Connect

HALF_HOUR = 1800
"""Seconds."""

_WINDOW = 512 * HALF_HOUR
"""Seconds whose half-hours are in memory at a time."""


def _by_half_hour(name: str, second: str) -> Select[tuple[int, float, float | None]]:
    """Query the sums of `kwh` and another column; a plug may have several rows a half-hour."""
    source = table(
        name,
        column("plug_id", String),
        column("start_ts", BigInteger),
        column("kwh", Double),
        column(second, Double),
    )
    columns = source.c
    return (
        select(columns.start_ts, func.sum(columns.kwh), func.sum(columns[second]))
        .where(
            columns.plug_id == bindparam("plug_id"),
            columns.start_ts >= bindparam("low"),
            columns.start_ts < bindparam("high"),
        )
        .group_by(columns.start_ts)
    )


_HALF_HOURS = "med_exporter_half_hours"
_COSTS = "med_exporter_costs"
_QUERIES = {
    _HALF_HOURS: _by_half_hour(_HALF_HOURS, "filled_kwh"),
    _COSTS: _by_half_hour(_COSTS, "cost"),
}


_PRICED = table(_COSTS, column("plug_id", String), column("cost", Double))
_ANY_COST = (
    select(_PRICED.c.cost)
    .where(_PRICED.c.plug_id == bindparam("plug_id"), _PRICED.c.cost.is_not(None))
    .limit(1)
)


def half_hour_of(moment: float) -> int:
    """Return when the half-hour begins in which a moment lies, in UTC seconds."""
    return math.floor(moment / HALF_HOUR) * HALF_HOUR


class _Window:
    """Rows of a table, of which a few days are in memory at a time.

    It is quick where the half-hours that are asked for lie near each other.
    """

    def __init__(self, connect: Connect, name: str, plug_id: str) -> None:
        self._connect = connect
        self._query = _QUERIES[name]
        self._plug_id = plug_id
        self._low = self._high = 0
        self._rows: dict[int, tuple[float, float | None]] = {}

    def at(self, half_hour: int) -> tuple[float, float | None] | None:
        """Return the two sums of a half-hour, None without a row."""
        if not self._low <= half_hour < self._high:
            self._low, self._high = half_hour, half_hour + _WINDOW
            limits = {"plug_id": self._plug_id, "low": self._low, "high": self._high}
            with self._connect() as connection:
                self._rows = {
                    int(start): (float(kwh), None if other is None else float(other))
                    for start, kwh, other in connection.execute(self._query, limits)
                }
        return self._rows.get(half_hour)


@dataclass(frozen=True, slots=True)
class PlugLedger:
    """What is known of one plug; without any table, nothing."""

    _half_hours: _Window | None = None
    _costs: _Window | None = None

    @property
    def has_energy(self) -> bool:
        """Tell whether half-hours can be asked for."""
        return self._half_hours is not None

    @property
    def has_costs(self) -> bool:
        """Tell whether costs can be asked for."""
        return self._costs is not None

    def energy(self, half_hour: int) -> tuple[float, float] | None:
        """Return the kWh of a half-hour and the filled part of it, None when not known."""
        row = None if self._half_hours is None else self._half_hours.at(half_hour)
        return None if row is None else (max(row[0], 0.0), max(row[1] or 0.0, 0.0))

    def is_filled_between(self, since: float, until: float) -> bool:
        """Tell whether a half-hour that lies wholly between two moments has been filled."""
        half_hour = half_hour_of(since + HALF_HOUR - 1e-6)
        while half_hour + HALF_HOUR <= until:
            energy = self.energy(half_hour)
            if energy is not None and energy[1] > 0:
                return True
            half_hour += HALF_HOUR
        return False

    def cost(self, kwh: float, half_hour: int) -> float | None:
        """Return what an energy costs at a half-hour's price, None without one.

        The price is what the plug's energy of the half-hour cost by what it was. No energy costs
        nothing, whatever the price, where anything of the plug has one.
        """
        if self._costs is None:
            return None
        if not kwh:
            return 0.0
        row = self._costs.at(half_hour)
        if row is None or row[1] is None:
            return None
        return kwh * row[1] / row[0] if row[0] > 0 else None


def plug_ledger(connect: Connect, plug_id: str | None, *, costs: bool) -> PlugLedger:
    """Return what the ledger knows of a plug.

    Args:
        connect: opens a connection to the recorder's database; asked for anew for each page.
        plug_id: None for a device that the ledger does not know.
        costs: whether they will be asked for.

    """
    if plug_id is None:
        return PlugLedger()
    with connect() as connection:
        inspector = inspect(connection)
        has_energy = inspector.has_table(_HALF_HOURS)
        has_costs = (
            costs
            and inspector.has_table(_COSTS)
            and connection.execute(_ANY_COST, {"plug_id": plug_id}).first() is not None
        )
    return PlugLedger(
        _Window(connect, _HALF_HOURS, plug_id) if has_energy else None,
        _Window(connect, _COSTS, plug_id) if has_costs else None,
    )
