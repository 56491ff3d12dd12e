"""What scripts/check_sums reads of a recorder's database. Shares no code with the integration."""

from __future__ import annotations

import json
import struct
from collections import defaultdict
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    import sqlite3
    from zoneinfo import ZoneInfo

QUARTER: Final = 900
HOUR: Final = 3600
DAY: Final = 86_400
MWH: Final = 1_000_000
_QUARTERS_A_DAY: Final = DAY // QUARTER
_UNKNOWN: Final = -(2**31)
_UNITS: Final = {
    "mWh": 1e-6, "Wh": 1e-3, "kWh": 1.0, "MWh": 1e3, "GWh": 1e6, "TWh": 1e9,
    "J": 1 / 3.6e6, "kJ": 1 / 3.6e3, "MJ": 1 / 3.6, "GJ": 1e3 / 3.6,
    "cal": 4.184 / 3.6e6, "kcal": 4.184 / 3.6e3, "Mcal": 4.184 / 3.6, "Gcal": 4184 / 3.6,
}  # fmt: skip


class Quarter(NamedTuple):
    """A quarter-hour of the ledger that is known; energies in mWh."""

    plug: str
    start: int
    role: str
    point: str
    mwh: int
    filled: int


class Books:
    """What the database holds, read in one transaction."""

    def __init__(self, connection: sqlite3.Connection, zone: ZoneInfo) -> None:
        self.zone = zone
        self._connection = connection
        self.quarters = sorted(
            Quarter(plug, day * DAY + place * QUARTER, role, point, mwh, part)
            for plug, role, point, day, energy, filled in connection.execute(
                "SELECT plug_id, role, metering_point, day, energy, filled"
                " FROM med_exporter_quarters JOIN med_exporter_accounts ON id = account_id"
            )
            for place, (mwh, part) in enumerate(_parts(energy, filled))
            if mwh != _UNKNOWN
        )
        self.posted: dict[str, float] = dict(
            connection.execute("SELECT plug_id, posted_ts FROM med_exporter_ledger")
        )
        self.now = max(self.posted.values(), default=0.0)
        self.statistics = self._sums("statistics")
        self.short_term = self._sums("statistics_short_term")
        self._periods: dict[tuple[float, str], str] = {}

    def counted(self, plug: str) -> dict[int, tuple[int, int]]:
        """Return what a plug counted, and how much of it was filled, in mWh by quarter-hour.

        What users have put right is taken out.
        """
        found: dict[int, tuple[int, int]] = {}
        for row in self.quarters:
            if row.plug == plug:
                mwh, filled = found.get(row.start, (0, 0))
                found[row.start] = (mwh + row.mwh, filled + row.filled)
        for day, deltas in self._connection.execute(
            "SELECT day, deltas FROM med_exporter_corrections WHERE plug_id = ?", (plug,)
        ):
            for place, delta in enumerate(_numbers(deltas)):
                start = day * DAY + place * QUARTER
                if delta and start in found:
                    # Nobody knows any more how much of it was filled.
                    found[start] = (found[start][0] - delta, 1)
        return found

    def _sums(self, table: str) -> defaultdict[str, list[tuple[int, float]]]:
        found: defaultdict[str, list[tuple[int, float]]] = defaultdict(list)
        for name, unit, start, total in self._connection.execute(
            "SELECT statistic_id, unit_of_measurement, start_ts, sum"
            f" FROM {table} JOIN statistics_meta ON statistics_meta.id = metadata_id"
            " WHERE sum IS NOT NULL ORDER BY start_ts"
        ):
            found[name].append((int(start), total * _UNITS.get(unit, 1.0)))
        return found

    def states(self, entity_id: str) -> list[tuple[float, int | None]]:
        """Return when an energy sensor had which value in mWh; None while it had none.

        They come as they were written, whatever clock has dated them.
        """
        values: list[tuple[float, int | None]] = []
        for state, at, attributes in self._connection.execute(
            "SELECT state, last_updated_ts, shared_attrs FROM states"
            " JOIN states_meta USING (metadata_id) LEFT JOIN state_attributes USING (attributes_id)"
            " WHERE states_meta.entity_id = ? ORDER BY state_id",
            (entity_id,),
        ):
            unit = json.loads(attributes or "{}").get("unit_of_measurement", "kWh")
            try:
                values.append((at, round(float(state) * _UNITS[unit] * MWH)))
            except (ValueError, TypeError):
                # An entity that was renamed leaves no state at all behind.
                values.append((at, None))
        return values

    def stops(self) -> list[float]:
        """Return when the recorder stopped; of one that was killed, when it ran again."""
        ends = self._connection.execute("SELECT end FROM recorder_runs WHERE end IS NOT NULL")
        return sorted(_utc(end) for (end,) in ends)

    def local(self, moment: float) -> datetime:
        """Return the local time of a moment."""
        return datetime.fromtimestamp(moment, UTC).astimezone(self.zone)

    def midnight(self, day: date) -> float:
        """Return the moment at which a local day begins."""
        return datetime.combine(day, time(), self.zone).timestamp()

    def period(self, moment: float, length: str) -> str:
        """Return the name of the hour, day or month that a moment lies in."""
        if (name := self._periods.get((moment, length))) is None:
            if length == "hour":
                name = datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:00Z")
            else:
                name = self.local(moment).strftime("%Y-%m" if length == "month" else "%Y-%m-%d")
            self._periods[moment, length] = name
        return name


def _parts(energy: bytes, filled: bytes | None) -> list[tuple[int, int]]:
    """Return the mWh of a day's quarter-hours, and how many of these were filled."""
    wholes = _numbers(energy)
    if filled is None:
        return [(whole, 0) for whole in wholes]
    # No bytes at all: everything was filled; a single one: everything was cut from its hour.
    parts = [_UNKNOWN] * _QUARTERS_A_DAY
    if len(filled) >= 4 * _QUARTERS_A_DAY:
        parts = _numbers(filled)
    elif len(filled) > 1:
        # Few are told, each with its place.
        parts = [0] * _QUARTERS_A_DAY
        for place, part in struct.iter_unpack("<Bi", filled):
            parts[place] = part
    pairs = zip(wholes, parts, strict=True)
    return [(whole, whole if part == _UNKNOWN != whole else part) for whole, part in pairs]


def _numbers(data: bytes) -> list[int]:
    width = len(data) // _QUARTERS_A_DAY
    if width not in (4, 8) or len(data) % _QUARTERS_A_DAY:
        raise ValueError(f"{len(data)} bytes are no day of quarter-hours")
    return [
        int.from_bytes(data[place : place + width], "little", signed=True)
        for place in range(0, len(data), width)
    ]


def _utc(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
