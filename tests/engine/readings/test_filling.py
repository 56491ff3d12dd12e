"""What rows cost, and to which hours the energy of a gap goes."""

from __future__ import annotations

from collections import Counter
from itertools import chain, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.med_exporter.engine.readings.filling import spread
from custom_components.med_exporter.engine.run import preview
from custom_components.med_exporter.ledger import spreading
from custom_components.med_exporter.ledger.quarters import account_id, add_quarters
from custom_components.med_exporter.ledger.tables import SCHEMA

from ..conftest import FRIDGE, at

ENERGY = FRIDGE.entities["energy_total_kwh"]
POWER = FRIDGE.entities["power_w"]
PLUG = FRIDGE.plug_id


def day(text: str) -> float:
    return at(f"2026-01-10 {text}")


def by_hour(exports, name: str, **changes) -> dict[str, object]:
    """Return the known values of a field per hour."""
    rows = exports.rows(aggregation="hourly", fields=("timestamp", name), **changes)
    return {row["timestamp"][11:13]: row[name] for row in rows if row[name] is not None}


def gap(recorder, since: str, until: str, kwh: float) -> None:
    """A plug that was not read for a while."""
    recorder.add(
        ENERGY, [(day(since) - 10, 5.0), (day(since), "unavailable"), (day(until), 5.0 + kwh)]
    )


class TestAGap:
    def test_is_one_raw_row_that_is_marked(self, recorder, exports):
        gap(recorder, "10:30", "13:30", 3)
        rows = exports.rows(fields=("energy_kwh", "filled"))
        assert rows == [{"energy_kwh": None, "filled": False}, {"energy_kwh": 3, "filled": True}]

    def test_is_spread_evenly_where_the_ledger_is_silent(self, recorder, exports):
        gap(recorder, "10:30", "13:30", 3)
        assert by_hour(exports, "energy_kwh", end=day("15:00")) == {
            "10": 0.5, "11": 1, "12": 1, "13": 0.5, "14": 0,
        }  # fmt: skip
        assert by_hour(exports, "filled", end=day("15:00")) == {
            "10": True, "11": True, "12": True, "13": True, "14": False,
        }  # fmt: skip

    def test_is_spread_by_the_ledgers_half_hours(self, recorder, exports):
        gap(recorder, "10:00", "13:00", 4)
        kwh = [0, 0.5, 0, 1.5, 2, 0]
        recorder.add_half_hours(PLUG, [(day("10:00") + n * 1800, k, k) for n, k in enumerate(kwh)])
        assert by_hour(exports, "energy_kwh", end=day("13:00:01")) == {
            "10": 0.5, "11": 1.5, "12": 2, "13": 0,
        }  # fmt: skip

    def test_half_hours_that_do_not_fit_are_scaled(self, recorder, exports):
        gap(recorder, "10:00", "12:00", 6)
        recorder.add_half_hours(PLUG, [(day("10:00") + n * 1800, n, n) for n in range(4)])
        assert by_hour(exports, "energy_kwh", end=day("12:00:01")) == {"10": 1, "11": 5, "12": 0}

    def test_what_known_half_hours_leave_goes_to_the_unknown_ones(self, recorder, exports):
        gap(recorder, "10:00", "13:00", 5)
        recorder.add_half_hours(PLUG, [(day("10:00"), 0.5, 0.5), (day("10:30"), 0.5, 0.5)])
        assert by_hour(exports, "energy_kwh", end=day("13:00:01")) == {
            "10": 1, "11": 2, "12": 2, "13": 0,
        }  # fmt: skip

    def test_of_a_quarter_hour_read_in_part_the_filled_energy_counts(self, recorder, exports):
        gap(recorder, "10:50", "11:30", 2.5)
        recorder.add_half_hours(PLUG, [(day("10:30"), 9, 1), (day("11:00"), 2, 2)])
        assert by_hour(exports, "energy_kwh", end=day("12:00")) == {"10": 9, "11": 2}

    def test_rows_of_several_roles_are_one_half_hour(self, recorder, exports):
        gap(recorder, "10:00", "12:00", 4)
        for role in ("consumption", "ignored"):
            recorder.add_half_hours(PLUG, [(day("10:00"), 0.5, 0.5)], role=role)
        recorder.add_half_hours(PLUG, [(day(f"1{n}"), 1, 1) for n in ("0:30", "1:00", "1:30")])
        assert by_hour(exports, "energy_kwh", end=day("12:00:01")) == {"10": 2, "11": 2, "12": 0}

    def test_from_before_the_range_goes_wholly_to_the_part_inside(self, recorder, exports):
        gap(recorder, "08:00", "12:00", 4)
        assert by_hour(exports, "energy_kwh", start=day("10:00"), end=day("12:01")) == {
            "10": 2, "11": 2, "12": 0,
        }  # fmt: skip

    def test_other_fields_that_were_read_in_it_stay(self, recorder, exports):
        gap(recorder, "10:00", "12:00", 4)
        recorder.add(POWER, [(day("10:00"), 100), (day("10:40"), 300), (day("11:00"), 50)])
        assert by_hour(exports, "energy_kwh", end=day("12:01"))["10"] == 2
        assert by_hour(exports, "power_w", end=day("12:00"))["11"] == 50

    def test_a_preview_shows_it_as_the_file_does(self, recorder, exports):
        gap(recorder, "10:00", "15:00", 5)
        recorder.add(POWER, [(day("10:00") + n * 60, n) for n in range(400)])
        job = exports.job(aggregation="hourly")
        for limit in (1, 2, 5, 8):
            shown = preview(job, recorder.connect, limit).rows
            assert shown == exports.rows(aggregation="hourly")[:limit]


class TestCost:
    def test_is_the_energy_at_the_price_of_its_half_hour(self, recorder, exports):
        recorder.add(ENERGY, [(day("09:50"), 1.0), (day("10:10"), 2.0), (day("10:40"), 4.0)])
        recorder.add_half_hours(PLUG, [(day("10:00"), 1, 0), (day("10:30"), 2, 0)])
        recorder.add_prices([(day("10:00"), 0.25), (day("10:30"), 0.4)])
        rows = exports.rows(start=day("10:00"), fields=("cost",))
        assert [row["cost"] for row in rows] == [0.25, 0.8]

    def test_of_a_quarter_hour_with_two_periods_is_that_of_both(self, recorder, exports):
        recorder.add(ENERGY, [(day("09:50"), 1.0), (day("10:10"), 2.0)])
        recorder.add_half_hours(PLUG, [(day("10:00"), 1, 0)])
        periods = [
            {"name": "off-peak", "price": 0.1, "start": "22:00", "end": "10:03"},
            {"name": "peak", "price": 0.3, "start": "10:03", "end": "22:00"},
        ]
        contract = {"valid_from": "2020-01-01", "kind": "time_of_use", "periods": periods}
        recorder.add_tariff("house", [contract], zone="UTC")
        (row,) = exports.rows(start=day("10:00"), fields=("cost",))
        assert row["cost"] == round((3 * 0.1 + 27 * 0.3) / 30, 6)

    def test_where_the_ledger_has_spread_a_day_readings_cost_what_the_day_costs(
        self, recorder, exports
    ):
        """The plug's day counter told 4.8 kWh, spread evenly; all of it was used at noon."""
        recorder.add(ENERGY, [(day("00:00"), 1.0), (day("12:10"), 5.8)])
        recorder.add_half_hours(PLUG, [(day("00:00") + n * 1800, 0.1, 0.1) for n in range(48)])
        periods = [
            {"name": "off-peak", "price": 0.1, "start": "22:00", "end": "06:00"},
            {"name": "peak", "price": 0.3, "start": "06:00", "end": "22:00"},
        ]
        contract = {"valid_from": "2020-01-01", "kind": "time_of_use", "periods": periods}
        recorder.add_tariff("house", [contract], zone="UTC")
        recorder.add(POWER, [(day("00:00") + n * 300, n) for n in range(288)])
        for aggregation in ("raw", "hourly", "daily"):
            rows = exports.rows(start=day("00:00"), fields=("cost",), aggregation=aggregation)
            total = sum(row["cost"] or 0 for row in rows)
            assert total == pytest.approx(16 * 0.1 * 0.1 + 32 * 0.1 * 0.3)

    def test_of_a_producing_plug_is_what_it_brings_and_negative(self, recorder, exports):
        recorder.add(ENERGY, [(day("09:50"), 1.0), (day("10:10"), 3.0)])
        recorder.add_half_hours(PLUG, [(day("10:00"), 2, 0)], role="production")
        contract = {"valid_from": "2020-01-01", "kind": "flat", "price": 0.25, "feed_in": 0.1}
        recorder.add_tariff("house", [contract])
        (row,) = exports.rows(start=day("10:00"), fields=("cost",))
        assert row["cost"] == -0.2

    @pytest.mark.parametrize(("kwh", "price"), [(None, 0.1), (2, None)])
    def test_is_empty_where_no_price_is_known(self, recorder, exports, kwh, price):
        recorder.add(ENERGY, [(day("09:50"), 1.0), (day("10:10"), 2.0)])
        recorder.add_half_hours(PLUG, [] if kwh is None else [(day("10:00"), kwh, 0)])
        recorder.add_prices([(day("10:00"), price)])
        (row,) = exports.rows(start=day("10:00"), fields=("cost",))
        assert row["cost"] is None

    def test_of_another_plug_is_none_of_this_ones(self, recorder, exports):
        recorder.add(ENERGY, [(day("09:50"), 1.0), (day("10:10"), 2.0)])
        recorder.add_prices([(day("10:00"), 1)])
        recorder.add_half_hours("other", [(day("10:00"), 1, 1)])
        (row,) = exports.rows(start=day("10:00"), fields=("cost", "filled"))
        assert row == {"cost": None, "filled": False}

    def test_of_a_gap_is_that_of_its_parts(self, recorder, exports):
        gap(recorder, "10:00", "12:00", 4)
        recorder.add_half_hours(PLUG, [(day("10:00") + n * 1800, 1, 1) for n in range(4)])
        recorder.add_prices([(day("10:30"), 0.5), (day("11:00"), 0.25)])
        raw = exports.rows(fields=("cost",))
        assert [row["cost"] for row in raw] == [None, 0.75]
        assert by_hour(exports, "cost", end=day("12:00:01")) == {"10": 0.5, "11": 0.25, "12": 0}


class Told:
    """A ledger of what a test says."""

    has_energy, has_costs = True, False

    def __init__(self, half_hours: dict[int, tuple[float, float]]) -> None:
        self.energy = half_hours.get


type Gap = tuple[float, float, float]
"""Since and until, in UTC seconds, and the kWh that were used in it."""

DAY, QUARTER = 86400, 900


def ledger_of(gaps: list[Gap]) -> Told:
    """Return a ledger that has spread each gap evenly over its time."""
    filled: Counter[int] = Counter()
    for since, until, kwh in gaps:
        filled.update(spreading.spread(round(kwh * 1e6), [(since, until)]))
    return Told({quarter: (mwh / 1e6, mwh / 1e6) for quarter, mwh in filled.items()})


def by_day(gaps: list[Gap]) -> dict[int, float]:
    """Return the kWh of rows by day."""
    days: Counter[int] = Counter()
    for gap in gaps:
        for start, _, part in spread(ledger_of(gaps), *gap):
            days[int(start // DAY)] += part
    return days


def used_by_day(gaps: list[Gap]) -> dict[int, float]:
    """Return the kWh that were used by day: each gap's evenly."""
    days: Counter[int] = Counter()
    for since, until, kwh in gaps:
        for day in range(int(since // DAY), int(until // DAY) + 1):
            time = min(until, (day + 1) * DAY) - max(since, day * DAY)
            days[day] += kwh * max(time, 0) / (until - since)
    return days


class TestGapsThatMeetInAQuarterHour:
    @pytest.mark.parametrize("back", [1, 120, 489, 800])
    def test_take_no_energy_of_each_other_over_midnight(self, back):
        """A plug of 1 kW that was read for ten seconds between two gaps."""
        first = (12 * 3600 + 208.0, 23 * 3600 + back)
        second = (first[1] + 10.0, DAY + 6 * 3600 + 19.0)
        gaps = [(since, until, (until - since) / 3600) for since, until in (first, second)]
        assert by_day(gaps) == pytest.approx(used_by_day(gaps), abs=1e-5)

    def test_leave_each_day_of_a_file_what_the_ledger_has_of_it(self, recorder, exports):
        """A plug of 1 kW for three days, whose counter is recorded every five minutes."""
        begin = day("00:00")
        gaps = [(begin + a, begin + b) for a, b in ((43_408, 83_289), (83_299, DAY + 21_619))]
        moments = [begin + n * 300.0 for n in range(3 * 288 + 1)]
        seen = [one for one in moments if not any(a < one < b for a, b in gaps)]
        counted = {one: 5 + (one - begin) / 3600 for one in (*seen, *chain(*gaps))}
        lost = [(since + 1, "unavailable") for since, _ in gaps]
        recorder.add(ENERGY, sorted([*counted.items(), *lost]))
        filled = ledger_of([(a, b, (b - a) / 3600) for a, b in gaps]).energy
        with recorder.engine.begin() as connection:
            SCHEMA.create(connection)
            quarters = {
                one: (250_000, round((filled(one) or (0.0, 0.0))[1] * 1e6))
                for one in range(int(begin), int(begin) + 3 * DAY, QUARTER)
            }
            add_quarters(connection, account_id(connection, PLUG, "house", "consumption"), quarters)

        def daily(start: float, end: float) -> list[float]:
            rows = exports.rows(
                aggregation="daily", fields=("energy_kwh",), timezone="UTC", start=start, end=end
            )
            return [row["energy_kwh"] for row in rows]

        # What the reading of a midnight brings is the next day's.
        expected = pytest.approx([24, 24 - 1 / 12, 24], abs=1e-5)
        assert daily(begin, begin + 3 * DAY) == expected
        assert [daily(begin + n * DAY, begin + (n + 1) * DAY)[0] for n in range(3)] == expected
        cuts = (begin, gaps[0][1] - 100, gaps[1][0] + 100, begin + DAY)
        parts = [sum(daily(start, end)) for start, end in pairwise(cuts)]
        assert parts == pytest.approx([(b - a) / 3600 for a, b in pairwise(cuts)], abs=1e-3)

    def test_leave_each_other_theirs_though_the_next_day_used_more(self):
        """The plug's own day counter tells that it used five times as much after midnight."""
        last = DAY - QUARTER
        told = {DAY + n * QUARTER: (0.5, 0.5) for n in range(4)}
        ledger = Told({last - QUARTER: (0.1, 0.1), last: (0.1, 0.1), **told})
        before = [part for *_, part in spread(ledger, last - QUARTER, last + 600.0, 0.1 + 0.2 / 3)]
        assert before == pytest.approx([0.1, 0.2 / 3])
        after = [part for *_, part in spread(ledger, last + 600.0, DAY + 3600.0, 2 + 0.1 / 3)]
        assert after == pytest.approx([0.1 / 3, 0.5, 0.5, 0.5, 0.5])

    @given(
        first=st.floats(0, DAY),
        outages=st.lists(
            st.tuples(
                st.floats(1, 2000),
                st.one_of(st.floats(1, 1000), st.floats(1, 2 * DAY)),
                st.floats(0, 3.6),
            ),
            min_size=2,
            max_size=6,
        ),
    )
    def test_give_each_day_what_the_ledger_does(self, first, outages):
        gaps, moment = [], first
        for pause, length, power in outages:
            since, moment = moment + pause, moment + pause + length
            gaps.append((since, moment, power * length / 3600))
        assert by_day(gaps) == pytest.approx(used_by_day(gaps), abs=1e-3)


@given(
    since=st.floats(0, 20_000),
    length=st.floats(0, 50_000),
    kwh=st.floats(1e-6, 1e4),
    half_hours=st.dictionaries(
        st.integers(0, 40).map(lambda n: n * 1800),
        st.tuples(st.floats(0, 100), st.floats(0, 100)),
    ),
)
def test_parts_add_up_follow_each_other_and_lie_in_one_half_hour(since, length, kwh, half_hours):
    until = since + length
    parts = list(spread(Told(half_hours), since, until, kwh))
    assert sum(part for *_, part in parts) == pytest.approx(kwh)
    assert (parts[0][0], parts[-1][1]) == (since, until)
    assert all(before[1] == after[0] for before, after in pairwise(parts))
    assert all(part >= -1e-9 * kwh for *_, part in parts)
    assert all(end <= start // 1800 * 1800 + 1800 for start, end, _ in parts)
