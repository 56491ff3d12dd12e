"""What the ledger and the costs say of one plug, quarter-hour by quarter-hour.

Energy is what was counted: what users have corrected is told apart, as it is in no reading.
The ledger's tables lie in the recorder's database. They may be missing; then nothing is known.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from ..energy import to_kwh
from ..lazy_dataclass import dataclass
from ..ledger import Account, accounts_of, corrections_between, energies_between, is_readable
from ..times import (
    HOUR,
    QUARTER,
    UTC_DAY,
    boundaries,
    ceil_to,
    day_of,
    floor_to,
    hour_of,
    quarter_of,
)
from .costing import billed, slot_costs, zone_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from zoneinfo import ZoneInfo

    from sqlalchemy import Connection

    from ..database.connections import Connect

    type _Values = dict[int, tuple[float, float | None]]
    type _Read = Callable[[Connection, int, int], _Values]

_NOTICED_KWH = 0.002
"""What a counter that is recorded shows of a quarter-hour by a new state."""

_WINDOW = 2 * UTC_DAY
"""Seconds of which all is in memory at a time, of each plug whose raw rows are made."""

_BILLED = 31 * UTC_DAY
"""Seconds of which the money of days is worked out together."""


class _Window:
    """Values by the moment at which they begin, of which a few days are in memory at a time.

    It is quick where the moments that are asked for lie near each other.
    """

    def __init__(self, connect: Connect, read: _Read) -> None:
        self._connect = connect
        self._read = read
        self._low = self._high = 0
        self._values: _Values = {}

    def at(self, moment: int) -> tuple[float, float | None] | None:
        """Return the two values of a moment, None where there are none."""
        if not self._low <= moment < self._high:
            self._low = floor_to(moment, UTC_DAY)
            self._high = self._low + _WINDOW
            with self._connect() as connection:
                self._values = self._read(connection, self._low, self._high)
        return self._values.get(moment)


class _Bill:
    """The money of a plug; that of some days that follow is worked out together."""

    def __init__(
        self, connect: Connect, plug_id: str, zone: ZoneInfo, currency: str | None
    ) -> None:
        self._connect = connect
        self._plug_id = plug_id
        self._currency = currency
        self._zone = zone
        self._known: dict[tuple[float, float], float] = {}

    def between(self, start: float, end: float) -> float:
        """Return what the energy of a range cost."""
        if (start, end) not in self._known:
            days = self.midnights(start, max(end, start + _BILLED))
            edges = sorted({start, end, *days})
            money = billed(self._connect, self._plug_id, edges, currency=self._currency)
            self._known = dict(zip(pairwise(edges), money, strict=True))
            self._known[start, end] = sum(money[: edges.index(end)])
        return self._known[start, end]

    def midnights(self, start: float, end: float) -> list[float]:
        """Return the local midnights in a range, ascending."""
        if start >= end:
            return []
        return [edge for edge in boundaries("daily", start, end, self._zone) if start <= edge < end]


@dataclass(frozen=True, slots=True)
class PlugLedger:
    """What is known of one plug; without any table, nothing."""

    _quarters: _Window | None = None
    _costs: _Window | None = None
    _evened: _Window | None = None
    _corrections: Callable[[float, float], dict[int, float]] | None = None
    _bill: _Bill | None = None

    @property
    def has_energy(self) -> bool:
        """Tell whether quarter-hours can be asked for."""
        return self._quarters is not None

    @property
    def has_costs(self) -> bool:
        """Tell whether costs can be asked for."""
        return self._costs is not None

    def energy(self, quarter: int) -> tuple[float, float] | None:
        """Return the kWh of a quarter-hour and the filled part of it, None when not known."""
        row = None if self._quarters is None else self._quarters.at(quarter)
        return None if row is None else (row[0], row[1] or 0.0)

    def corrections(self, start: float, end: float) -> dict[int, float]:
        """Return the kWh that a user has added, by quarter-hour in [start, end), ascending."""
        return {} if self._corrections is None else self._corrections(start, end)

    def is_filled_between(self, since: float, until: float) -> bool:
        """Tell whether a quarter-hour that lies wholly between two moments has been filled."""
        first = ceil_to(since - 1e-6, QUARTER)
        for quarter in range(first, quarter_of(until), QUARTER):
            energy = self.energy(quarter)
            if energy is not None and energy[1] > 0:
                return True
        return False

    def has_counted_between(self, since: float, until: float) -> bool:
        """Tell whether energy was counted in a full hour that lies between two moments."""
        first, last = ceil_to(since, HOUR), hour_of(until)
        return any(
            energy[0] - energy[1] > _NOTICED_KWH
            for quarter in range(first, last, QUARTER)
            if (energy := self.energy(quarter)) is not None
        )

    def cost(self, kwh: float, moment: float, *, is_timed: bool = False) -> float | None:
        """Return what an energy costs at the price of a moment, None without one.

        The price is what the plug's energy of the quarter-hour cost by what it was; what a plug
        produces costs less than nothing. No energy costs nothing, whatever the price, where
        anything of the plug has one.

        Args:
            kwh: the energy.
            moment: when it was used, in UTC seconds.
            is_timed: whether the energy was measured then, by a reading, and not spread by the
                ledger. Where the ledger has spread it, the price is that of all that was spread
                together: so the costs of readings add up to those of the ledger, which is the
                one that is billed.

        """
        if self._costs is None or self._evened is None:
            return None
        if not kwh:
            return 0.0
        prices, quarter = (self._evened if is_timed else self._costs), quarter_of(moment)
        if (row := prices.at(quarter)) is None:
            return None
        if not row[0]:
            # Nothing was used by the ledger, which counts a moment earlier or later.
            beside = (prices.at(quarter + seconds) for seconds in (-QUARTER, QUARTER))
            row = next((one for one in beside if one is not None and one[0]), (1.0, row[1]))
        return None if row[1] is None else kwh * row[1] / row[0]

    def billed(self, start: float, end: float) -> float:
        """Return what the plug's energy of a range cost, as far as it has a price.

        What it produced brings money, which is less than nothing.

        Args:
            start: UTC seconds, included.
            end: UTC seconds, not included.

        """
        return 0.0 if self._bill is None or start >= end else self._bill.between(start, end)

    def midnights(self, start: float, end: float) -> list[float]:
        """Return the local midnights in a range, ascending, by the zone of the contracts."""
        return [] if self._bill is None else self._bill.midnights(start, end)


def plug_ledger(
    connect: Connect, plug_id: str | None, *, costs: bool, currency: str | None = None
) -> PlugLedger:
    """Return what the ledger knows of a plug.

    Args:
        connect: opens a connection to the recorder's database; asked for anew for each page.
        plug_id: None for a device that the ledger does not know.
        costs: whether they will be asked for.
        currency: of the costs; None for whichever it is.

    """
    if plug_id is None:
        return PlugLedger()
    with connect() as connection:
        has_energy = is_readable(connection)
        accounts = accounts_of(connection, plug_ids=[plug_id]) if has_energy else []
        zone = zone_of(connection, plug_id) if costs else None
    energies = _reader(plug_id, accounts)

    def read_corrections(start: float, end: float) -> dict[int, float]:
        with connect() as connection:
            found = corrections_between(connection, plug_id, start, end)
        return {quarter: to_kwh(mwh) for quarter, mwh in found.items()}

    if zone is None:
        return PlugLedger(
            _Window(connect, energies) if has_energy else None,
            _corrections=read_corrections if has_energy else None,
        )

    def priced(connection: Connection, low: int, high: int) -> _Values:
        return slot_costs(connection, plug_id, low, high, QUARTER, currency=currency)

    def evened(connection: Connection, low: int, high: int) -> _Values:
        # What was spread together may begin before, and end after.
        low, high = low - UTC_DAY, high + UTC_DAY
        slots = priced(connection, low, high)
        spread, cut = (
            {
                start
                for start, (_, filled) in energies_between(
                    connection, accounts, low, high, cut=of_hours
                ).items()
                if filled
            }
            for of_hours in (False, True)
        )
        by_hour = _evened(slots, cut - spread, hour_of)
        return _evened(by_hour, spread, lambda start: day_of(start, zone))

    return PlugLedger(
        _Window(connect, energies) if has_energy else None,
        _Window(connect, priced),
        _Window(connect, evened),
        read_corrections if has_energy else None,
        _Bill(connect, plug_id, zone, currency),
    )


def _evened(slots: _Values, spread: set[int], within: Callable[[int], object]) -> _Values:
    """Return quarter-hours, those that were spread together within a period at one price."""
    runs: list[list[int]] = []
    for start in sorted(spread & slots.keys()):
        last = runs[-1][-1] if runs else None
        if last is None or last != start - QUARTER or within(last) != within(start):
            runs.append([])
        runs[-1].append(start)
    evened = dict(slots)
    for run in runs:
        priced = [slots[start] for start in run if slots[start][1] is not None]
        kwh = sum(one for one, _ in priced)
        money = sum(cost for _, cost in priced if cost is not None)
        if kwh > 0:
            evened.update(
                (start, (slots[start][0], slots[start][0] * money / kwh))
                for start in run
                if slots[start][1] is not None
            )
    return evened


def _reader(plug_id: str, accounts: list[Account]) -> _Read:
    """Return what reads quarter-hours as they were counted, without what users have corrected."""

    def read(connection: Connection, low: int, high: int) -> _Values:
        found = energies_between(connection, accounts, low, high, cut=False)
        added = corrections_between(connection, plug_id, low, high)
        return {
            start: _kwh(mwh - added.get(start, 0), mwh, filled)
            for start, (mwh, filled) in found.items()
        }

    return read


def _kwh(counted: int, mwh: int, filled: int) -> tuple[float, float]:
    if counted != mwh:
        filled = filled * counted // mwh if mwh else counted
    return to_kwh(counted), to_kwh(filled)
