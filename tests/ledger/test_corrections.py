"""Energy that a user puts right: in the ledger, in statistics, and exactly."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.med_exporter.const import PlugRole
from custom_components.med_exporter.engine.energy import HourKwh
from custom_components.med_exporter.ledger import PlugSeries, PointSeries
from custom_components.med_exporter.ledger.corrections import (
    Correction,
    CorrectionError,
    Operation,
    _Cell,
    _changed,
)
from custom_components.med_exporter.ledger.hours import HourEnergy, MeterHours
from custom_components.med_exporter.ledger.retracting import Retraction

from .conftest import DAY, kwh, plug

if TYPE_CHECKING:
    from .conftest import Books

FRIDGE = plug()
POINT = PointSeries("house", PlugRole.CONSUMPTION)
HOUR = timedelta(hours=1)


def put(start: datetime, end: datetime, operation: str, value: float = 0.0) -> Correction:
    return Correction(
        plug=FRIDGE,
        start=int(start.timestamp()),
        end=int(end.timestamp()),
        operation=Operation(operation),
        value=value,
    )


@pytest.fixture
async def day(books: Books) -> Books:
    """A day of which the hours have 1, 2, 3 … 6 kWh."""
    total = 0.0
    await books.read(FRIDGE, total, DAY)
    for hour in range(6):
        total += hour + 1
        await books.read(FRIDGE, total, DAY + (hour + 1) * HOUR)
    await books.close(DAY + 7 * HOUR)
    return books


async def test_a_range_is_set_and_keeps_its_shape(day: Books) -> None:
    heard = day.changes()
    done = await day.ledger.async_correct(put(DAY + 2 * HOUR, DAY + 4 * HOUR, "set", 3.5))
    assert (done.before, done.after) == (7_000_000, 3_500_000)
    for series in (POINT, PlugSeries(FRIDGE.plug_id)):
        hours = await day.ledger.async_hours(series, DAY, DAY + 6 * HOUR)
        assert kwh(hours) == [1, 2, 1.5, 2, 5, 6]
    assert {(change.series, change.first_ts) for change in heard} == {
        (series, int((DAY + 2 * HOUR).timestamp()))
        for series in (POINT, PlugSeries(FRIDGE.plug_id))
    }


async def test_a_range_is_scaled_and_set_back_to_the_milliwatt_hour(day: Books) -> None:
    before = await day.rows()
    done = await day.ledger.async_correct(put(DAY, DAY + 3 * HOUR, "scale", 0.5))
    assert done.after == 3_000_000
    back = await day.ledger.async_correct(put(DAY, DAY + 3 * HOUR, "set", done.before / 1e6))
    assert (back.before, back.after) == (3_000_000, 6_000_000)
    assert await day.rows() == before


@pytest.mark.parametrize(("operation", "value"), [("remove", 0), ("scale", 0), ("set", 0)])
async def test_what_is_removed_is_known_to_be_nothing_and_comes_back_as_it_was(
    day: Books, operation: str, value: float
) -> None:
    # An hour that was measured, and two of which only the sum is known.
    hours = {DAY + (8 + n) * HOUR: HourKwh(0.25) for n in range(2)}
    await day.read(FRIDGE, 21.5, DAY + 10 * HOUR, hour_kwh=hours)
    await day.close(DAY + 11 * HOUR)
    stretch = (POINT, DAY, DAY + 10 * HOUR)
    before, rows = await day.ledger.async_half_hours(*stretch), await day.rows()
    done = await day.ledger.async_correct(put(DAY, DAY + 9 * HOUR, operation, value))
    assert done.after == 0
    assert kwh(await day.ledger.async_hours(POINT, DAY, DAY + 9 * HOUR)) == [0] * 9
    await day.ledger.async_correct(put(DAY, DAY + 9 * HOUR, "set", done.before / 1e6))
    assert await day.ledger.async_half_hours(*stretch) == before
    assert await day.rows() == rows
    # What was put back is forgotten: it does not come back a second time.
    await day.ledger.async_correct(put(DAY + HOUR, DAY + 9 * HOUR, "remove"))
    await day.ledger.async_correct(put(DAY, DAY + HOUR, "remove"))
    await day.ledger.async_correct(put(DAY, DAY + 9 * HOUR, "set", 2 * done.before / 1e6))
    doubled = await day.ledger.async_half_hours(*stretch)
    assert kwh(doubled)[:18] == [2 * one.kwh for one in before[:18]]


async def test_energy_is_set_evenly_where_nothing_ever_was(day: Books) -> None:
    await day.ledger.async_correct(put(DAY + 6 * HOUR, DAY + 7 * HOUR, "set", 1))
    (hour,) = await day.ledger.async_hours(POINT, DAY + 6 * HOUR, DAY + 7 * HOUR)
    assert (hour.kwh, hour.filled_kwh) == (1, 1)


async def test_energy_can_be_set_where_nothing_is_known(day: Books) -> None:
    earlier = DAY - 48 * HOUR
    await day.ledger.async_correct(put(earlier, earlier + HOUR, "set", 2))
    assert kwh(await day.ledger.async_hours(POINT, earlier, earlier + HOUR)) == [2]
    assert kwh(await day.ledger.async_hours(POINT, DAY, DAY + HOUR)) == [1]


async def test_what_a_plug_brings_later_adds_to_a_correction(day: Books) -> None:
    await day.ledger.async_correct(put(DAY, DAY + 6 * HOUR, "set", 2))
    await day.read(FRIDGE, 25, DAY + 8 * HOUR)
    await day.close(DAY + 9 * HOUR)
    assert kwh(await day.ledger.async_days(POINT, DAY, DAY + HOUR)) == [6]


async def test_hours_older_than_quarter_hours_are_corrected_in_the_statistics(day: Books) -> None:
    later = DAY + timedelta(days=402)
    day.freezer.move_to(later)
    await day.ledger.async_purge()
    await day.read(FRIDGE, 21, later)
    await day.read(FRIDGE, 22, later + HOUR)
    await day.close(later + 2 * HOUR)
    await day.ledger.async_purge()
    # A meter of which all quarter-hours are kept is nothing to the fridge.
    meter, early = plug(2, point="yard"), int((DAY - 48 * HOUR).timestamp())
    hours = {early: HourEnergy(5)}
    await day.ledger.tell(MeterHours(plug=meter, start=early, end=early + 3600, hours=hours))
    heard = day.changes()
    done = await day.ledger.async_correct(put(DAY + HOUR, DAY + 3 * HOUR, "set", 50))
    assert (done.before, done.after) == (5_000_000, 50_000_000)
    for series in (POINT, PlugSeries(FRIDGE.plug_id)):
        assert kwh(await day.ledger.async_hours(series, DAY, DAY + 6 * HOUR)) == [
            1, 20, 30, 4, 5, 6,
        ]  # fmt: skip
        assert kwh(await day.ledger.async_hours(series, later, later + HOUR)) == [1]
        assert series in {change.series for change in heard}
    back = await day.ledger.async_correct(put(DAY + HOUR, DAY + 3 * HOUR, "set", 5))
    assert back.after == 5_000_000
    assert kwh(await day.ledger.async_hours(POINT, DAY, DAY + 3 * HOUR)) == [1, 2, 3]
    for operation, value in (("remove", 0), ("set", 5)):
        await day.ledger.async_correct(put(DAY + HOUR, DAY + 3 * HOUR, operation, value))
    assert kwh(await day.ledger.async_hours(POINT, DAY, DAY + 3 * HOUR)) == [1, 2, 3]
    with pytest.raises(CorrectionError, match="not_full_hours"):
        await day.ledger.async_correct(put(DAY + timedelta(minutes=15), DAY + 2 * HOUR, "remove"))
    with pytest.raises(CorrectionError, match="nothing_kept"):
        await day.ledger.async_correct(put(DAY - 9 * HOUR, DAY - 8 * HOUR, "set", 1))


@given(st.lists(st.integers(0, 10**7), min_size=1, max_size=60), st.integers(0, 10**9))
def test_parts_add_up_and_none_is_negative(energies: list[int], after: int) -> None:
    cells = [_Cell(1, place * 900, mwh, mwh // 2) for place, mwh in enumerate(energies)]
    changed = [new for _, new in _changed(cells, sum(energies), after)]
    assert sum(cell.mwh for cell in changed) == after
    assert all(0 <= cell.filled <= cell.mwh for cell in changed)


async def test_corrections_that_overlap_are_taken_back_one_after_the_other(day: Books) -> None:
    before = await day.rows()
    first = await day.ledger.async_correct(put(DAY, DAY + 4 * HOUR, "scale", 0.5))
    second = await day.ledger.async_correct(put(DAY + 2 * HOUR, DAY + 6 * HOUR, "set", 40))
    assert kwh(await day.ledger.async_days(POINT, DAY, DAY + HOUR)) == [1.5 + 40]
    back = put(DAY + 2 * HOUR, DAY + 6 * HOUR, "set", second.before / 1e6)
    await day.ledger.async_correct(back)
    await day.ledger.async_correct(put(DAY, DAY + 4 * HOUR, "set", first.before / 1e6))
    after = {row.start_ts: row.kwh for row in await day.rows()}
    assert after == pytest.approx({row.start_ts: row.kwh for row in before}, abs=2e-6)


@pytest.mark.parametrize("seed", range(8))
async def test_any_corrections_in_a_row_are_taken_back_to_what_stood_before(
    day: Books, seed: int
) -> None:
    """Over each other, with what is removed set again in part; each to the milliwatt-hour."""
    chance = Random(seed)
    before, undos = await day.rows(), []
    for _ in range(8):
        first, last = sorted(chance.sample(range(24), 2))
        start, end = (DAY + timedelta(minutes=15 * place) for place in (first, last))
        operation = chance.choice(("set", "scale", "remove"))
        value = 0 if operation == "remove" else chance.choice((0, 0.125, 0.3, 3, 7.5))
        done = await day.ledger.async_correct(put(start, end, operation, value))
        undos.append(put(start, end, "set", done.before / 1e6))
    assert await day.rows() != before
    for undo in reversed(undos):
        await day.ledger.async_correct(undo)
    assert await day.rows() == before


async def test_what_has_come_since_stays_when_a_correction_is_taken_back(day: Books) -> None:
    done = await day.ledger.async_correct(put(DAY, DAY + 6 * HOUR, "scale", 0.5))
    await day.ledger.async_correct(put(DAY, DAY + HOUR, "set", 9))
    await day.ledger.async_correct(put(DAY, DAY + 6 * HOUR, "set", done.before / 1e6))
    assert kwh(await day.ledger.async_days(POINT, DAY, DAY + HOUR)) == [done.before / 1e6]


@pytest.mark.parametrize("later", [timedelta(), HOUR])
async def test_readings_that_are_dated_anew_leave_a_correction_as_it_was(
    books: Books, later: timedelta
) -> None:
    """A spike was put right, and then the time of its reading."""
    at = DAY + timedelta(hours=3)
    await books.read(FRIDGE, 1, DAY, ticks=0.0)
    await books.read(FRIDGE, 2, at, since=at, quarters=quarter(at, 1), ticks=100.0)
    await books.close(DAY + 9 * HOUR)
    done = await books.ledger.async_correct(put(at, at + HOUR, "set", 0.3))
    assert done.before == 1_000_000
    books.ledger.retract(Retraction(plug=FRIDGE, since=50.0))
    moved = at + later
    await books.read(FRIDGE, 2, moved, since=moved, quarters=quarter(moved, 1), ticks=100.0)
    await books.close(DAY + 10 * HOUR)
    assert kwh(await books.ledger.async_days(POINT, DAY, DAY + HOUR)) == [pytest.approx(0.3)]
    # It has gone along with the energy.
    rows = {row.start_ts: row.kwh for row in await books.rows() if row.kwh}
    assert rows == {int(moved.timestamp()): pytest.approx(0.3)}
    # Taken back, the energy is where it was used.
    await books.ledger.async_correct(put(at, at + 2 * HOUR, "set", 1))
    assert kwh(await books.ledger.async_days(POINT, DAY, DAY + HOUR)) == [1]


@pytest.mark.parametrize(
    ("operation", "value", "left"), [("set", 6, 6), ("scale", 0.5, 1.5), ("remove", 0, 0)]
)
@pytest.mark.parametrize("shift", [timedelta(minutes=-40), timedelta(days=10)])
async def test_a_correction_moves_with_energy_whose_postings_are_cut_anew(
    books: Books, operation: str, value: float, left: float, shift: timedelta
) -> None:
    """The clock was wrong by `shift`; what one posting brought by it, two bring now."""
    await books.read(FRIDGE, 1, DAY, ticks=0.0)
    wrong = DAY + timedelta(hours=3) + shift
    for number in (1, 2):
        at = wrong + number * timedelta(minutes=15)
        await books.read(
            FRIDGE, 1 + 1.5 * number, at, since=at - timedelta(minutes=15),
            quarters=quarter(at, 1.5), ticks=900.0 * number,
        )  # fmt: skip
    await books.close(max(wrong, DAY) + 3 * HOUR)
    day = wrong.replace(hour=0, minute=0)
    await books.ledger.async_correct(put(day, day + 24 * HOUR, operation, value))
    before = await books.ledger.async_days(POINT, DAY - 20 * HOUR, DAY + 30 * 24 * HOUR)
    assert sum(kwh(before)) == pytest.approx(left)
    books.ledger.retract(Retraction(plug=FRIDGE, since=50.0))
    right = DAY + timedelta(hours=5)
    for number in range(1, 5):
        at = right + number * timedelta(minutes=5)
        await books.read(
            FRIDGE, 1 + 0.75 * number, at, since=at - timedelta(minutes=5),
            quarters=quarter(at, 0.75), ticks=450.0 * number,
        )  # fmt: skip
    await books.close(DAY + 40 * 24 * HOUR)
    rows = [row for row in await books.rows() if row.kwh]
    assert sum(row.kwh for row in rows) == pytest.approx(left, abs=1e-5)
    assert all(row.kwh > 0 and 0 <= row.filled_kwh <= row.kwh for row in rows)
    assert all(right.timestamp() <= row.start_ts < right.timestamp() + 1800 for row in rows)
    assert max(row.start_ts for row in await books.rows()) < right.timestamp() + 1800
    # What comes later is no concern of it, and the correction can be taken back.
    at = right + HOUR
    await books.read(
        FRIDGE, 5.0, at, since=at - timedelta(minutes=5), quarters=quarter(at, 1), ticks=5000.0
    )
    # Of the corrected energy, all is there again as it was counted.
    await books.ledger.async_correct(put(right, right + timedelta(minutes=30), "set", 3))
    found = {row.start_ts - int(right.timestamp()): row.kwh for row in await books.rows()}
    assert {start: one for start, one in found.items() if one} == {
        0: pytest.approx(1.5, abs=1e-5), 900: pytest.approx(1.5, abs=1e-5), 3600: 1.0,
    }  # fmt: skip


async def test_a_day_on_which_a_plug_moved_is_corrected_at_both_places(books: Books) -> None:
    await books.read(FRIDGE, 0, DAY)
    for hour in range(1, 7):
        where = FRIDGE if hour <= 2 else plug(point="barn")
        await books.read(where, float(hour), DAY + hour * HOUR)
    await books.close(DAY + 7 * HOUR)
    barn = PointSeries("barn", PlugRole.CONSUMPTION)
    whole = [await books.ledger.async_days(one, DAY, DAY + HOUR) for one in (POINT, barn)]
    moved = Correction(
        plug=plug(point="barn"), start=int(DAY.timestamp()),
        end=int((DAY + 6 * HOUR).timestamp()), operation=Operation.SCALE, value=0.5,
    )  # fmt: skip
    done = await books.ledger.async_correct(moved)
    assert (done.before, done.after) == (6_000_000, 3_000_000)
    for series, before in zip((POINT, barn), whole, strict=True):
        halved = await books.ledger.async_days(series, DAY, DAY + HOUR)
        assert kwh(halved) == [pytest.approx(one / 2, abs=2e-6) for one in kwh(before)]


def quarter(at: datetime, energy: float) -> dict[int, int]:
    return {int(at.timestamp()) // 900 * 900: round(energy * 1e6)}
