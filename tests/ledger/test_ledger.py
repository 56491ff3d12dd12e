"""The ledger in Home Assistant: booked in its tables, written to long-term statistics."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import freezegun.api
import pytest
from homeassistant.components.recorder import DOMAIN as RECORDER_DOMAIN
from homeassistant.components.recorder.statistics import (
    get_metadata,
    statistics_during_period,
)
from homeassistant.const import CONF_TYPE
from homeassistant.helpers.recorder import get_instance
from pytest_homeassistant_custom_component.common import MockConfigEntry
from sqlalchemy import select, update

from custom_components.med_exporter.const import CONF_PDL, CONF_PLUGS, DOMAIN, PlugRole
from custom_components.med_exporter.database import queue_in_turn, queue_work
from custom_components.med_exporter.database.commit import async_commit
from custom_components.med_exporter.engine.energy import HourKwh
from custom_components.med_exporter.engine.ledger import accounts_of, quarters_table
from custom_components.med_exporter.ledger import (
    CounterStart,
    LedgerChange,
    PlugHistory,
    PlugSeries,
    PointSeries,
    Posting,
    booking_queue,
)
from custom_components.med_exporter.ledger.books import write_history
from custom_components.med_exporter.ledger.receipts import RECEIPTS_SCHEMA
from custom_components.med_exporter.statistics import writer as writer_module
from custom_components.med_exporter.statistics.tables import sums_table

from .conftest import DAY, Books, kwh, plug
from .stories import PARIS

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

HOUSE = PointSeries("house", PlugRole.CONSUMPTION)
ONE = PlugSeries(plug().plug_id)


def at(hour: float, day: datetime = DAY) -> datetime:
    return day.astimezone(UTC) + timedelta(hours=hour)


async def stored(books: Books, statistic_id: str) -> list[tuple[datetime, float]]:
    """Return hours and sums as Home Assistant's own function reads them."""
    rows = await get_instance(books.hass).async_add_executor_job(
        lambda: statistics_during_period(
            books.hass, DAY - timedelta(days=800), None, {statistic_id}, "hour", None, {"sum"}
        )
    )
    return [
        (datetime.fromtimestamp(row["start"], UTC), row["sum"])
        for row in rows.get(statistic_id, [])
    ]


class TestBooking:
    async def test_measured_energy_stands_in_its_half_hour(self, books: Books) -> None:
        await books.read(plug(), 5.0, at(10.1))
        await books.read(plug(), 5.2, at(10.4), measured=True)
        await books.read(plug(), 5.5, at(10.6), measured=True)
        half_hours = await books.ledger.async_half_hours(ONE, at(0), at(24))
        assert [(p.start, p.kwh, p.filled_kwh) for p in half_hours] == [
            (at(10), 0.2, 0.0),
            (at(10.5), 0.3, 0.0),
        ]

    async def test_energy_that_nobody_saw_is_spread_and_known_as_filled(self, books: Books) -> None:
        await books.read(plug(), 5.0, at(10))
        await books.read(plug(), 6.0, at(12))
        half_hours = await books.ledger.async_half_hours(ONE, at(0), at(24))
        assert [(p.kwh, p.filled_kwh) for p in half_hours] == [(0.25, 0.25)] * 4 + [(0.0, 0.0)]

    async def test_the_same_posting_again_changes_nothing(self, books: Books) -> None:
        await books.read(plug(), 5.0, at(10))
        await books.read(plug(), 6.0, at(12))
        rows = await books.rows()
        await books.read(plug(), 6.0, at(12))
        assert await books.rows() == rows

    async def test_metering_points_and_roles_are_sums_of_their_own(self, books: Books) -> None:
        solar = PlugRole.PRODUCTION
        plugs = [
            plug(1),
            plug(2),
            plug(3, point="garage"),
            plug(4, solar),
            plug(5, solar, "garage"),
        ]
        for number, one in enumerate(plugs):
            await books.read(one, 1.0, at(10))
            await books.read(one, 1.0 + 10**number, at(11.2), measured=True)
        sums = {
            (point, role): sum(
                kwh(await books.ledger.async_half_hours(PointSeries(point, role), at(0), at(24)))
            )
            for point in ("house", "garage")
            for role in (PlugRole.CONSUMPTION, solar)
        }
        assert list(sums.values()) == [11.0, 1000.0, 100.0, 10000.0]

    async def test_a_half_hour_is_closed_when_the_plug_was_read_after_it(
        self, books: Books
    ) -> None:
        await books.read(plug(), 1.0, at(10))
        await books.read(plug(), 2.0, at(11.2))
        books.freezer.move_to(at(11.9))
        half_hours = await books.ledger.async_half_hours(ONE, at(0), at(24))
        assert [p.closed for p in half_hours] == [True, True, False]

    async def test_a_role_counts_from_when_it_was_given(self, books: Books) -> None:
        await books.read(plug(), 5.0, at(10))
        await books.read(plug(), 6.0, at(11.25), measured=True)
        await books.read(plug(role=PlugRole.PRODUCTION), 8.0, at(11.4), measured=True)
        await books.read(plug(role=PlugRole.IGNORED), 11.0, at(12.1), measured=True)
        await books.close(at(14))
        production = PointSeries("house", PlugRole.PRODUCTION)
        assert sum(kwh(await books.ledger.async_hours(HOUSE, at(0), at(24)))) == 1.0
        assert sum(kwh(await books.ledger.async_hours(production, at(0), at(24)))) == 2.0
        assert await stored(books, "med_exporter:ignored_house") == []
        assert sum(p.kwh for p in await books.ledger.async_half_hours(ONE, at(0), at(24))) == 6.0

    async def test_a_counter_that_is_new_adds_only_what_it_counts(self, books: Books) -> None:
        await books.read(plug(), 5.0, at(10))
        await books.read(plug(), 6.0, at(11), measured=True)
        await books.ledger.backfill(PlugHistory(plug=plug()))
        books.starts[plug().plug_id] = CounterStart(at=at(13), value_kwh=400.0, today_kwh=7.5)
        await books.read(plug(), 400.5, at(13.2), measured=True)
        half_hours = await books.ledger.async_half_hours(ONE, at(0), at(24))
        # The plug had counted 7.5 kWh today; what is not booked yet was used between 11 and 13.
        assert sum(kwh(half_hours)) == 8.0
        assert [p.filled_kwh for p in half_hours if p.filled_kwh] == [1.625] * 4
        assert await books.ledger.async_without_history([plug().plug_id]) == {plug().plug_id}
        await books.read(plug(), 401.0, at(13.4), measured=True)
        assert sum(kwh(await books.ledger.async_half_hours(ONE, at(0), at(24)))) == 8.5


class TestSetUp:
    async def test_the_plugs_own_statistics_fill_what_lies_before(self, books: Books) -> None:
        books.starts[plug().plug_id] = CounterStart(at=at(10), value_kwh=3.0, today_kwh=2.0)
        await books.read(plug(), 3.0, at(10))
        history = PlugHistory(
            plug=plug(),
            day_kwh={date(2026, 11, 18): 4.8, date(2026, 11, 19): 9.6, date(2026, 11, 20): 2.0},
            month_kwh={date(2026, 11, 1): 33.4, date(2026, 10, 1): 31.0},
        )
        await books.ledger.backfill(history)
        rows = await books.rows()
        await books.ledger.backfill(history)
        assert await books.rows() == rows
        await books.read(plug(), 3.0, at(11.01))
        await books.close(at(11.2))
        days = await books.ledger.async_days(ONE, DAY - timedelta(days=60), at(24))
        by_day = {p.start.date(): p.kwh for p in days}
        assert by_day[date(2026, 11, 20)] == 2.0
        assert by_day[date(2026, 11, 19)] == 9.6
        assert by_day[date(2026, 11, 18)] == 4.8
        # 17 days share what the month has beyond the days that are known.
        assert by_day[date(2026, 11, 3)] == pytest.approx(1.0, abs=1e-5)
        # October has a day of 25 hours, which uses more than the others.
        assert by_day[date(2026, 10, 25)] == pytest.approx(31 * 25 / 745, abs=1e-5)
        months = await books.ledger.async_months(ONE, DAY - timedelta(days=60), at(24))
        assert [(p.start.month, p.kwh) for p in months] == [(10, 31.0), (11, 33.4)]
        assert months[0].filled_kwh == 31.0

    async def test_the_day_on_which_it_began_is_in_the_month_that_it_tells(
        self, books: Books
    ) -> None:
        """A firmware may tell months and no days: what is booked of that day is not shared out."""
        books.starts[plug().plug_id] = CounterStart(at=at(10), value_kwh=3.0, today_kwh=2.0)
        await books.read(plug(), 3.0, at(10))
        months = {date(2026, 11, 1): 21.0}
        await books.ledger.backfill(PlugHistory(plug=plug(), month_kwh=months))
        days = await books.ledger.async_days(ONE, DAY - timedelta(days=60), at(24))
        by_day = {p.start.date(): p.kwh for p in days}
        assert by_day.pop(date(2026, 11, 20)) == 2.0
        assert by_day == {date(2026, 11, day): pytest.approx(1.0, abs=1e-5) for day in range(1, 20)}

    async def test_a_past_comes_to_the_same_in_parts_of_a_few_months(self, books: Books) -> None:
        day, hour = date(2026, 11, 20), datetime(2026, 11, 20, tzinfo=UTC)
        told = {
            "hour_kwh": {hour - timedelta(hours=n): HourKwh(n % 7 / 10) for n in range(1, 2000, 3)},
            "day_kwh": {day - timedelta(days=n): 2.0 + n % 5 for n in range(1, 250, 2)},
            "month_kwh": {date(2025 + n // 12, n % 12 + 1, 1): 200.0 for n in range(23)},
        }
        whole = PlugHistory(plug=plug(1), **told)
        parts = PlugHistory(plug=plug(2), **told).parts(PARIS)
        assert [part.is_all for part in parts] == [False] * (len(parts) - 1) + [True]
        assert all(len({*part.month_kwh}) <= 6 for part in parts)
        assert len(parts) > 3
        assert sum(len(part.hour_kwh) + len(part.day_kwh) for part in parts) == 667 + 125
        for number in (1, 2):
            await books.read(plug(number), 3.0, at(10))

        def book(connection: Connection) -> list[list[Any]]:
            for one in (whole, *parts):
                write_history(connection, one, {}, PARIS)
                # As where the plug is asked again after a stop in between.
                write_history(connection, one, {}, PARIS)
            columns = quarters_table.c
            of_day = select(columns.day, columns.energy, columns.filled, columns.joined)
            of_day = of_day.order_by(columns.day)
            return [
                [tuple(row) for row in connection.execute(of_day.where(columns.account_id == one))]
                for (one, *_) in accounts_of(connection)
            ]

        first, second = await queue_work(books.hass, RECEIPTS_SCHEMA, book)
        assert len(first) > 390
        assert first == second
        assert await books.ledger.async_without_history([plug(2).plug_id]) == set()

    async def test_it_is_booked_a_part_at_a_time(self, books: Books) -> None:
        await books.read(plug(), 3.0, at(10))
        days = {date(2026, 11, 19) - timedelta(days=n): 4.8 for n in range(365)}
        booked: list[int] = []

        def write(connection: Connection, history: PlugHistory, *rest: Any) -> bool:
            booked.append(len(history.day_kwh))
            return write_history(connection, history, *rest)

        with patch.object(booking_queue, "write_history", write):
            await books.ledger.backfill(PlugHistory(plug=plug(), day_kwh=days))
        assert sum(booked) == 365
        assert max(booked) <= 184

    async def test_what_many_bring_one_after_the_other_is_booked_together(
        self, books: Books, freezer: freezegun.api.FrozenDateTimeFactory
    ) -> None:
        # With each part the recorder commits, and all pages that it has a share in are written.
        parts = 0

        def count(hass, schema, *rest):
            nonlocal parts
            parts += schema is RECEIPTS_SCHEMA
            return queue_in_turn(hass, schema, *rest)

        plugs = [replace(plug(), plug_id=f"50c7bf{number:06x}") for number in range(60)]
        days = {date(2026, 11, 19) - timedelta(days=n): 4.8 for n in range(30)}
        with patch.object(booking_queue, "queue_in_turn", count):
            waiting = []
            for one in plugs:
                start = CounterStart(at=at(10), value_kwh=3.0)
                books.ledger.post(
                    Posting(plug=one, start=start, value_kwh=3.0, at=at(10), since=at(10))
                )
                waiting.append(books.ledger.backfill(PlugHistory(plug=one, day_kwh=days)))
                await async_commit(books.hass)
            while not all(one.done() for one in waiting):
                freezer.tick(1)
                await async_commit(books.hass)
        assert parts < len(plugs)
        assert {row.plug_id for row in await books.rows()} == {one.plug_id for one in plugs}

    async def test_it_is_done_once(self, books: Books) -> None:
        ids = [plug(1).plug_id, plug(2).plug_id]
        assert await books.ledger.async_without_history(ids) == set(ids)
        await books.read(plug(1), 3.0, at(10))
        await books.ledger.backfill(PlugHistory(plug=plug(1)))
        assert await books.ledger.async_without_history(ids) == {ids[1]}
        rows = await books.rows()
        more = PlugHistory(plug=plug(1), day_kwh={date(2026, 11, 18): 4.8})
        await books.ledger.backfill(more)
        assert await books.rows() == rows

    async def test_nothing_is_filled_further_back_than_400_days(self, books: Books) -> None:
        await books.read(plug(), 3.0, at(10))
        months = {date(2024 + n // 12, n % 12 + 1, 1): 30.0 for n in range(30)}
        await books.ledger.backfill(PlugHistory(plug=plug(), month_kwh=months))
        first = (await books.rows())[0]
        assert datetime.fromtimestamp(first[1], PARIS).date() == date(2025, 10, 17)


class TestStatistics:
    async def test_sums_go_on_over_closed_hours_only(self, books: Books) -> None:
        await books.read(plug(), 5.0, at(10))
        for half in range(1, 7):
            await books.read(plug(), 5.0 + half, at(10 + half / 2 - 0.01), measured=True)
        await books.close(at(12.99))
        assert await stored(books, ONE.statistic_id) == [(at(10), 2.0), (at(11), 4.0)]
        await books.read(plug(), 12.0, at(13.01), measured=True)
        await books.close(at(13.1))
        assert await stored(books, ONE.statistic_id) == [
            (at(10), 2.0),
            (at(11), 4.0),
            (at(12), 6.0),
        ]
        assert await books.written_until(ONE) == at(13)

    async def test_an_hour_without_energy_is_written_too(self, books: Books) -> None:
        await books.read(plug(), 5.0, at(10))
        await books.read(plug(), 5.0, at(12.1))
        await books.close(at(12.2))
        assert await stored(books, ONE.statistic_id) == [(at(10), 0.0), (at(11), 0.0)]

    async def test_the_metadata_is_that_of_energy(self, books: Books) -> None:
        await books.read(plug(), 5.0, at(10))
        await books.read(plug(), 6.0, at(11.1))
        await books.close(at(11.5))
        found = await get_instance(books.hass).async_add_executor_job(
            lambda: get_metadata(books.hass, statistic_source="med_exporter")
        )
        metadata = found[HOUSE.statistic_id][1]
        assert metadata["has_sum"]
        assert metadata["unit_of_measurement"] == "kWh"
        assert metadata["name"] == "House consumption"
        assert found[ONE.statistic_id][1]["name"] == "Plug 1"

    async def test_a_second_run_writes_nothing(self, books: Books) -> None:
        await books.read(plug(), 5.0, at(10))
        await books.read(plug(), 6.0, at(12.1))
        await books.close(at(12.5))
        before = await stored(books, HOUSE.statistic_id)
        with patch.object(writer_module, "async_add_external_statistics") as write:
            await books.close(at(12.6))
        assert not write.called
        assert await stored(books, HOUSE.statistic_id) == before

    async def test_a_late_plug_rewrites_the_hours_and_it_is_announced(self, books: Books) -> None:
        heard = books.changes()
        await books.read(plug(1), 1.0, at(8))
        await books.read(plug(2), 1.0, at(8))
        for hour in (9, 10, 11, 12):
            await books.read(plug(1), 1.0 + hour - 8, at(hour + 0.001), measured=True)
            await books.close(at(hour + 0.5))
        assert not heard
        before = await stored(books, HOUSE.statistic_id)
        await books.read(plug(2), 5.0, at(12.4))
        await books.read(plug(1), 6.0, at(13.001), measured=True)
        await books.read(plug(2), 5.0, at(13.001))
        await books.close(at(13.2))
        assert heard == [LedgerChange(HOUSE, int(at(8).timestamp()))]
        after = await stored(books, HOUSE.statistic_id)
        assert len(after) == len(before) + 1
        assert after[-1][1] == pytest.approx(4.0 + 4.0)
        hours = await books.ledger.async_hours(HOUSE, at(0), at(24))
        assert sum(p.filled_kwh for p in hours) == pytest.approx(4.0)
        await books.close(at(13.3))
        assert len(heard) == 1

    async def test_a_plug_about_to_report_is_waited_for(self, books: Books) -> None:
        plugs = {plug(number).plug_id: {} for number in (1, 2)}
        data = {CONF_TYPE: "kasa", CONF_PDL: "house", CONF_PLUGS: plugs}
        MockConfigEntry(domain=DOMAIN, data=data).add_to_hass(books.hass)
        for number in (1, 2):
            await books.read(plug(number), 1.0, at(8))
            await books.read(plug(number), 2.0, at(8.9), measured=True)
        await books.read(plug(1), 2.5, at(9.001), measured=True)
        await books.close(at(9.01))
        assert await stored(books, HOUSE.statistic_id) == []
        await books.close(at(9.2))
        assert await stored(books, HOUSE.statistic_id) == [(at(8), 2.0)]

    async def test_deleted_statistics_come_back_whole(self, books: Books) -> None:
        await books.read(plug(), 1.0, at(8))
        await books.read(plug(), 5.0, at(12.01))
        await books.close(at(12.2))
        before = await stored(books, ONE.statistic_id)
        get_instance(books.hass).async_clear_statistics([ONE.statistic_id])
        await books.read(plug(), 5.0, at(13.01))
        await books.close(at(13.2))
        assert await stored(books, ONE.statistic_id) == [*before, (at(12), 4.0)]

    async def test_all_of_it_survives_purge(self, books: Books) -> None:
        await books.read(plug(), 1.0, at(8))
        await books.read(plug(), 5.0, at(12.01))
        await books.close(at(12.2))
        before = await stored(books, ONE.statistic_id), await books.rows()
        await books.hass.services.async_call(
            RECORDER_DOMAIN, "purge", {"keep_days": 0, "repack": True}, blocking=True
        )
        await books.committed()
        assert (await stored(books, ONE.statistic_id), await books.rows()) == before


class TestReads:
    @pytest.mark.parametrize(
        ("day", "hours"),
        [(datetime(2026, 3, 29, tzinfo=PARIS), 23), (datetime(2026, 10, 25, tzinfo=PARIS), 25)],
    )
    async def test_days_at_clock_changes(self, books: Books, day: datetime, hours: int) -> None:
        end = (day + timedelta(days=1)).astimezone(UTC)
        await books.read(plug(), 0.0, at(-5, day))
        await books.read(plug(), float(hours + 10), end + timedelta(hours=5))
        await books.close(end + timedelta(hours=6))
        days = await books.ledger.async_days(ONE, day - timedelta(days=2), day + timedelta(days=2))
        assert kwh(days) == [5.0, float(hours), 5.0]
        assert [p.end - p.start for p in days]
        assert [p.closed for p in days] == [True, True, False]
        assert len(await books.ledger.async_hours(ONE, day, end)) == hours
        months = await books.ledger.async_months(ONE, day.replace(day=1), end)
        assert kwh(months) == [hours + 10.0]

    async def test_a_range_takes_what_begins_in_it(self, books: Books) -> None:
        await books.read(plug(), 0.0, at(0))
        await books.read(plug(), 48.0, at(48))
        await books.close(at(48.5))
        for start, end, count in ((0, 48, 2), (1, 48, 1), (0, 24, 1), (0, 24.1, 2), (1, 24, 0)):
            days = await books.ledger.async_days(ONE, at(start), at(end))
            assert len(days) == count, (start, end)
        assert kwh(await books.ledger.async_hours(ONE, at(0.5), at(3))) == [1.0, 1.0]
        assert len(await books.ledger.async_half_hours(ONE, at(0.5), at(3))) == 5

    async def test_times_without_a_zone_are_refused(self, books: Books) -> None:
        with pytest.raises(ValueError, match="time zone"):
            await books.ledger.async_days(ONE, datetime(2026, 1, 1), at(0))  # noqa: DTZ001

    async def test_nothing_booked_reads_as_nothing(self, books: Books) -> None:
        assert await books.ledger.async_days(ONE, at(0), at(24)) == []
        assert await books.ledger.async_half_hours(HOUSE, at(0), at(24)) == []
        assert await books.ledger.async_stretches([ONE]) == {}
        assert await books.ledger.async_posted_until([plug().plug_id]) == {}


class TestRetention:
    async def test_quarter_hours_go_after_400_days_and_hours_stay(self, books: Books) -> None:
        await books.read(plug(), 0.0, at(0))
        await books.read(plug(), 24.0, at(24))
        await books.close(at(25))
        assert await books.ledger.async_purge() == 0
        books.freezer.move_to(DAY + timedelta(days=400, hours=12))
        # The day of UTC that the local day begins in.
        assert await books.ledger.async_purge() == 1
        days = await books.ledger.async_days(ONE, at(0), at(24))
        assert kwh(days) == [24.0]

    async def test_a_clock_that_is_a_year_ahead_does_not_empty_it(self, books: Books) -> None:
        for day in range(20):
            await books.read(plug(), 24.0 * day, at(24 * day))
        await books.close(at(24 * 19 + 1))
        before = len(await books.rows())
        books.freezer.move_to(DAY + timedelta(days=800))
        await books.ledger.async_purge()
        assert before - 8 * 96 <= len(await books.rows()) < before

    async def test_quarter_hours_stay_until_their_hours_are_written(self, books: Books) -> None:
        await books.read(plug(), 0.0, at(0))
        await books.read(plug(), 24.0, at(24))
        books.freezer.move_to(DAY + timedelta(days=500))
        assert await books.ledger.async_purge() == 0


async def test_a_year_of_days_of_ten_plugs_reads_in_well_under_a_second(books: Books) -> None:
    start = DAY - timedelta(days=366)
    for number in range(10):
        await books.read(plug(number), 0.0, start)
        await books.read(plug(number), 3660.0, DAY + timedelta(minutes=1))
    # The plugs' own statistics are not needed here, and writing ten years of them takes a minute.
    await books.execute(
        update(sums_table)
        .where(sums_table.c.statistic_id.contains(":energy_"))
        .values(dirty_from_ts=int(DAY.timestamp()))
    )
    await books.close(DAY + timedelta(hours=1))
    begun = freezegun.api.real_perf_counter()
    days = await books.ledger.async_days(HOUSE, start, DAY)
    seconds = freezegun.api.real_perf_counter() - begun
    assert len(days) == 366
    assert sum(kwh(days)) == pytest.approx(36600, rel=1e-4)
    assert seconds < 1
