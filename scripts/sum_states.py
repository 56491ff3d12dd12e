"""Compares the ledger with what Home Assistant's recorder itself has kept of a plug's sensors.

Shares no code with the integration.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from scripts.sum_books import HOUR, MWH, QUARTER
from scripts.sum_dates import misdated

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from scripts.sum_books import Books
    from scripts.sum_table import Table

# Counters show whole watt-hours, and growth is the difference of two.
COUNTER_MWH: Final = 2_000
# A state is written a moment after its reading.
DELAY: Final = 2


class Sensor:
    """What the recorder has kept of a sensor: when it had which value in mWh."""

    def __init__(self, books: Books, entity_id: str) -> None:
        self.entity_id = entity_id
        states = books.states(entity_id)
        wrong = misdated([at for at, _ in states])
        self._misdated = [states[place][0] for place in wrong]
        right = [place for place in range(len(states)) if place not in wrong]
        self._moments = [states[place][0] for place in right]
        self._values = [states[place][1] for place in right]
        # After the last, and before the first.
        self._places = [*right, len(states), -1]
        self._stops = books.stops()

    def before(self, moment: float) -> int | None:
        """Return the value before a moment; None where nobody knows what the counter did then."""
        index = bisect_left(self._moments, moment) - 1
        if index < 0:
            return None
        value, until = self._values[index], moment
        if index + 1 < len(self._moments):
            until = self._moments[index + 1]
            if value == self._values[index + 1]:
                return value
        stop = bisect_right(self._stops, self._moments[index])
        has_stopped = stop < len(self._stops) and self._stops[stop] < until
        return None if has_stopped or self._lacks_some(moment) else value

    def was_misdated(self, start: float, end: float) -> bool:
        """Return whether a wrong clock has dated anything in that time, or of its ends."""
        is_dated_so = any(start - HOUR <= at < end + HOUR for at in self._misdated)
        return is_dated_so or self._lacks_some(start) or self._lacks_some(end)

    def _lacks_some(self, moment: float) -> bool:
        """Return whether states that tell no time were written between those around a moment."""
        index = bisect_left(self._moments, moment)
        before, after = (self._places[place] for place in (index - 1, index))
        return after - before > 1

    def doubt(self, moment: float) -> int:
        """Return the mWh that may have been used before a moment and were written after it.

        That is what the next state has more, however late a busy machine has read it.
        """
        before, following = self.before(moment), bisect_left(self._moments, moment)
        written = bisect_right(self._moments, moment + DELAY) - 1
        index = max(following, written)
        after = self._values[index] if index < len(self._values) else None
        return 0 if before is None or after is None else abs(after - before)


def check_sensors(table: Table, books: Books, plug: str, entities: Mapping[str, str]) -> None:
    """Compare a plug's quarter-hours with all that the recorder has of its sensors."""
    counted = books.counted(plug)
    if (entity_id := entities.get(f"{plug}_energy")) is not None:
        sensor = Sensor(books, entity_id)
        _check_days(table, books, plug, sensor)
        _check_quarters(table, books, counted, sensor)
        _check_own(table, books, counted, sensor)
    if (entity_id := entities.get(f"{plug}_energy_today")) is not None:
        _check_today(table, books, counted, Sensor(books, entity_id))


def _check_days(table: Table, books: Books, plug: str, sensor: Sensor) -> None:
    """Compare local days and months with the growth of the counter."""
    days = _by_day(books, books.counted(plug))
    posted = books.posted.get(plug, 0.0)
    months: defaultdict[str, list[tuple[int, int, int]]] = defaultdict(list)
    for day in sorted(days):
        start, end = books.midnight(day), books.midnight(day + timedelta(days=1))
        end = min(end, posted + DELAY)
        begin_value, end_value = sensor.before(start), sensor.before(end)
        if begin_value is None or end_value is None:
            continue
        most = COUNTER_MWH + sensor.doubt(start) + sensor.doubt(end)
        growth = end_value - begin_value
        months[f"{day:%Y-%m}"].append((days[day], growth, most))
        what = "quarter-hours by day = growth of its states"
        _compare(table, sensor.entity_id, what, str(day), days[day], growth, most)
    for month, parts in months.items():
        one, other, most = (sum(part[side] for part in parts) for side in (0, 1, 2))
        what = "quarter-hours by month = growth of its states"
        _compare(table, sensor.entity_id, what, month, one, other, most)


def _check_quarters(
    table: Table, books: Books, counted: Mapping[int, tuple[int, int]], sensor: Sensor
) -> None:
    """Compare quarter-hours that were measured with the growth of the counter in them."""
    what = "quarter-hours = growth of its states"
    for start in _measured(counted):
        end = start + QUARTER
        before, after = sensor.before(start), sensor.before(end)
        if before is None or after is None or end > books.now:
            continue
        most = COUNTER_MWH + sensor.doubt(start) + sensor.doubt(end)
        when = books.local(start).isoformat()
        _compare(table, sensor.entity_id, what, when, counted[start][0], after - before, most)


def _check_own(
    table: Table, books: Books, counted: Mapping[int, tuple[int, int]], sensor: Sensor
) -> None:
    """Compare quarter-hours and hours with the recorder's own statistics of the sensor."""
    measured = set(_measured(counted))
    for name, rows, length in (
        ("5 minutes", books.short_term[sensor.entity_id], QUARTER),
        ("the hour", books.statistics[sensor.entity_id], HOUR),
    ):
        # Sums by the end of what they are of.
        sums = {start + (HOUR if length == HOUR else 300): total for start, total in rows}
        what = f"quarter-hours = its statistics by {name}"
        for end in sorted(sums):
            start = end - length
            if end % length or start not in sums:
                continue
            quarters = range(start, end, QUARTER)
            # What the recorder has computed by a wrong clock, it computes no more.
            if not measured.issuperset(quarters) or sensor.was_misdated(start, end):
                continue
            one = sum(counted[quarter][0] for quarter in quarters)
            other = round((sums[end] - sums[start]) * MWH)
            most = COUNTER_MWH + sensor.doubt(start) + sensor.doubt(end)
            when = books.local(start).isoformat()
            _compare(table, sensor.entity_id, what, when, one, other, most)


def _check_today(
    table: Table, books: Books, counted: Mapping[int, tuple[int, int]], sensor: Sensor
) -> None:
    """Compare whole days, read until their end, with what the plug had counted on them."""
    days = _by_day(books, counted)
    measured = set(_measured(counted))
    what = "quarter-hours by day = its energy today"
    for day, mwh in sorted(days.items()):
        end = int(books.midnight(day + timedelta(days=1)))
        shown = sensor.before(end)
        is_read = {end - QUARTER, end} <= measured
        if shown is None or not is_read:
            continue
        # The last state may be from just before a reading at midnight.
        most = COUNTER_MWH + counted[end][0] + counted[end - QUARTER][0]
        _compare(table, sensor.entity_id, what, str(day), mwh, shown, most)


def _measured(counted: Mapping[int, tuple[int, int]]) -> list[int]:
    """Return the quarter-hours of which nothing was filled, and nothing before them."""
    return [
        start
        for before, start in pairwise(sorted(counted))
        if before == start - QUARTER and not counted[before][1] and not counted[start][1]
    ]


def _by_day(books: Books, counted: Mapping[int, tuple[int, int]]) -> dict[date, int]:
    days: defaultdict[date, int] = defaultdict(int)
    for start, (mwh, _) in counted.items():
        days[books.local(start).date()] += mwh
    return days


def _compare(
    table: Table, series: str, what: str, when: str, one: int, other: int, most: int
) -> None:
    table.compare(series, what, when, one / MWH, other / MWH, most / MWH, "kWh")
