"""Hours from Home Assistant's long-term statistics, for what the recorder has purged.

Statistics have no state of a relay. Power, voltage and current of an hour are averages, the
counter is its last value, and the energy is the growth of the sum, which Home Assistant keeps by
the same rule for restarted counters as `readings.py`. The hour in which the first kept state lies
is not taken: the first kept number of the counter carries what was used since the hour before, so
that nothing is lost or doubled at the seam.
"""

from __future__ import annotations

import math
from dataclasses import field
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, Integer, bindparam, func, select

from ..database.own_tables import exists
from ..database.recorder_tables import HOURS, HOURS_META
from ..lazy_dataclass import dataclass
from ..readings.fields import ENTITY_FIELDS
from ..readings.reading import FROM_STATISTICS
from ..times import HOUR, hour_of
from .units import factor

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..database.connections import Connect
    from ..job import JobDevice
    from ..readings.reading import Reading

_ENERGY = ENTITY_FIELDS.index("energy_total_kwh")
_WINDOW = 1024 * HOUR
"""Seconds whose hours are in memory at a time."""

_COLUMNS = tuple(HOURS.c)
_IN_WINDOW = (
    select(*_COLUMNS)
    .where(
        HOURS.c.metadata_id.in_(bindparam("ids", expanding=True, type_=BigInteger)),
        HOURS.c.start_ts >= bindparam("low"),
        HOURS.c.start_ts < bindparam("high"),
    )
    .order_by(HOURS.c.start_ts)
)
_LAST_BEFORE = (
    select(*_COLUMNS)
    .where(HOURS.c.metadata_id == bindparam("id"), HOURS.c.start_ts < bindparam("high"))
    .order_by(HOURS.c.start_ts.desc())
    .limit(1)
)
_FIRST = (
    select(HOURS.c.start_ts)
    .where(HOURS.c.metadata_id == bindparam("id"), HOURS.c.start_ts >= bindparam("low"))
    .order_by(HOURS.c.start_ts)
    .limit(bindparam("size", type_=Integer))
)


@dataclass(slots=True)
class Hour:
    """What statistics say of one entity's hour, which begins at `start` (UTC seconds)."""

    start: float
    mean: float | None
    low: float | None
    high: float | None
    state: float | None
    sum: float | None

    @property
    def end(self) -> float:
        """Return when it is over."""
        return self.start + HOUR

    @property
    def level(self) -> float | None:
        """Return the value at the end of the hour where it is certain: it did not change."""
        return self.mean if self.low == self.high else None


@dataclass(slots=True)
class Coverage:
    """What of a device's range came from statistics; it fills as readings are taken.

    Attributes:
        kept: UTC seconds of the oldest state that the recorder has of the device, None without any.
        start: UTC seconds at which the first hour from statistics begins, None without any.
        end: when the last one ends.
        hours: how many there were.
        missing: hours between them of which statistics know nothing.
        missing_start: when the first of those begins.
        missing_end: when the last of those ends.
        told_from: UTC seconds from which on rows of the ledger stand in, None without any.
        counter_begins: when the first hour in the range begins that the counter was ever known
            of, None where it was known before, or in no hour.
        is_doubtful: whether a wrong clock has dated states of the range, or beside it.

    """

    kept: float | None = None
    start: float | None = None
    end: float | None = None
    hours: int = 0
    missing: int = 0
    missing_start: float | None = None
    missing_end: float | None = None
    told_from: float | None = None
    counter_begins: float | None = None
    is_doubtful: bool = False

    @property
    def known_from(self) -> float | None:
        """Return from when on anything is known, None when nothing is."""
        known = self.kept if self.start is None else self.start
        return min((one for one in (known, self.told_from) if one is not None), default=None)

    def add(self, begin: float, end: float, known_until: float | None) -> None:
        """Count an hour, where `known_until` is the end of the one before."""
        self.start = begin if self.start is None else self.start
        self.end = end
        self.hours += 1
        if known_until is not None and begin - known_until >= HOUR:
            self.missing += round((begin - known_until) / HOUR)
            self.missing_end = begin
            if self.missing_start is None:
                self.missing_start = known_until


_COUNT = select(func.count()).where(
    HOURS.c.metadata_id == bindparam("id"),
    HOURS.c.start_ts >= bindparam("low"),
    HOURS.c.start_ts < bindparam("high"),
)


@dataclass(slots=True)
class Statistics:
    """The hours of one device's entities.

    Attributes:
        ids: slot of an entity (its place in `ENTITY_FIELDS`) → its id in the statistics.
        factors: slot → what makes the values those of the field's own unit.

    """

    _connect: Connect
    ids: dict[int, int] = field(default_factory=dict)
    factors: dict[int, float] = field(default_factory=dict)

    @classmethod
    def of_device(cls, connect: Connect, device: JobDevice) -> Statistics:
        """Find the statistics of a device; where there are no tables, it has none."""
        ids = [
            (slot, device.entities[name], device.hours.get(name))
            for slot, name in enumerate(ENTITY_FIELDS)
            if name in device.entities
        ]
        wanted = {one for _, *both in ids for one in both if one is not None}
        with connect() as connection:
            if not exists(connection, HOURS):
                return cls(connect)
            query = select(HOURS_META).where(HOURS_META.c.statistic_id.in_(list(wanted)))
            found = {row.statistic_id: row for row in connection.execute(query)}
        rows = {
            slot: row
            for slot, own, other in ids
            if (row := found.get(own) or found.get(other)) is not None
        }
        return cls(
            connect,
            {slot: row.id for slot, row in rows.items()},
            {
                slot: factor(ENTITY_FIELDS[slot], row.unit_of_measurement)
                for slot, row in rows.items()
            },
        )

    def last_before(self, slot: int, moment: float) -> Hour | None:
        """Return the last hour of an entity that was over at a moment."""
        if slot not in self.ids:
            return None
        with self._connect() as connection:
            row = connection.execute(
                _LAST_BEFORE, {"id": self.ids[slot], "high": moment - HOUR + 1e-6}
            ).first()
        return None if row is None else self._hour(slot, row[1:])

    def last(self) -> list[float]:
        """Return when the last hour of each entity ends that has any."""
        found = (self.last_before(slot, math.inf) for slot in self.ids)
        return [hour.end for hour in found if hour is not None]

    def count(self, start: float, end: float) -> int:
        """Return how many hours begin in a range, of the entity with the most."""
        with self._connect() as connection:
            found = [
                connection.execute(_COUNT, {"id": number, "low": start, "high": end}).scalar_one()
                for number in self.ids.values()
            ]
        return max(found, default=0)

    def hours(self, start: float, end: float) -> Iterator[tuple[float, dict[int, Hour]]]:
        """Yield the hours that begin in a range, oldest first, with what is known per slot."""
        if not self.ids:
            return
        slots = {number: slot for slot, number in self.ids.items()}
        low = self.first(start, end)
        while low is not None and low < end:
            high = min(low + _WINDOW, end)
            with self._connect() as connection:
                rows = connection.execute(
                    _IN_WINDOW, {"ids": list(slots), "low": low, "high": high}
                ).fetchall()
            found: dict[float, dict[int, Hour]] = {}
            for number, *values in rows:
                slot = slots[number]
                found.setdefault(values[0], {})[slot] = self._hour(slot, values)
            yield from found.items()
            low = self.first(high, end)

    def first(self, low: float, end: float) -> float | None:
        """Return when the first hour begins that any entity has from a moment on."""
        with self._connect() as connection:
            found = [
                connection.execute(_FIRST, {"id": number, "low": low, "size": 1}).scalar()
                for number in self.ids.values()
            ]
        return min((start for start in found if start is not None and start < end), default=None)

    def _hour(self, slot: int, values: Sequence[float | None]) -> Hour:
        by = self.factors.get(slot, 1)
        start, *measured = values
        assert start is not None
        if by == 1:
            return Hour(start, *measured)
        return Hour(start, *(None if value is None else value * by for value in measured))


def hourly_readings(
    statistics: Statistics, start: float, end: float, coverage: Coverage
) -> Iterator[Reading]:
    """Yield a reading for each hour of a range that statistics know, oldest first.

    An hour that lies partly in the range gives the part of its energy that lies in it by time.
    After hours without statistics, the energy of all of them is in the first one after, as that of
    a gap, which may begin before the range.

    Args:
        statistics: of the device.
        start: UTC seconds, included.
        end: UTC seconds, not included.
        coverage: told of each hour.

    """
    if start >= end:
        return
    before: Hour | None = None
    known_until: float | None = None
    asked = False
    for begin, hour in statistics.hours(hour_of(start), end):
        moment, until = max(begin, start), min(begin + HOUR, end)
        coverage.add(moment, until, known_until)
        known_until = begin + HOUR
        counter = hour.get(_ENERGY)
        kwh = total = filled_from = None
        if counter is not None:
            if not asked:
                asked, before = True, statistics.last_before(_ENERGY, begin)
                coverage.counter_begins = moment if before is None else None
            total = counter.state
            if counter.sum is not None:
                kwh = counter.sum - (0.0 if before is None else before.sum or 0.0)
                if before is not None and before.end < begin:
                    filled_from = before.end
                else:
                    kwh *= (until - moment) / HOUR
            before = counter
        power, voltage, current = (
            None if (known := hour.get(slot)) is None else known.mean for slot in range(3)
        )
        yield (
            moment, until, FROM_STATISTICS, power, voltage, current, total, kwh, None,
            filled_from if kwh else None, None,
        )  # fmt: skip
