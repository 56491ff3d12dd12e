"""Which contract holds on a day, and what is owed besides energy."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .contracts import FLAT, owed, tariff

DAY = timedelta(days=1)


def standing(valid_from: str, amount: float) -> dict:
    return {**FLAT, "valid_from": valid_from, "standing_charge": amount}


class TestContractOn:
    two = tariff(standing("2025-02-01", 10), standing("2026-08-01", 20))

    @pytest.mark.parametrize(
        ("day", "amount"),
        [
            (date(2025, 2, 1), 10),
            (date(2026, 7, 31), 10),
            (date(2026, 8, 1), 20),
            (date(2040, 1, 1), 20),
        ],
    )
    def test_from_its_date_until_the_next_ones(self, day, amount):
        assert self.two.contract_on(day).standing_charge == amount

    def test_none_before_the_first(self):
        assert self.two.contract_on(date(2025, 1, 31)) is None


class TestStandingCharge:
    @pytest.mark.parametrize("month", range(1, 13))
    def test_a_whole_month_is_owed_whole(self, month):
        one = tariff(standing("2020-01-01", 12.6))
        end = date(2026 + month // 12, month % 12 + 1, 1)
        assert owed(one, date(2026, month, 1), end) == pytest.approx(12.6, abs=1e-12)

    @pytest.mark.parametrize(("month", "days"), [(1, 31), (2, 28), (4, 30)])
    def test_a_day_bears_its_share_of_its_month(self, month, days):
        one = tariff(standing("2020-01-01", 30))
        day = date(2026, month, 5)
        assert owed(one, day, day + DAY) == pytest.approx(30 / days)

    def test_a_leap_year_has_a_day_more(self):
        one = tariff(standing("2020-01-01", 29))
        assert owed(one, date(2028, 2, 1), date(2028, 2, 2)) == pytest.approx(1)

    def test_a_day_with_23_or_25_hours_is_a_day(self):
        one = tariff(standing("2020-01-01", 31))
        for day in (date(2026, 3, 29), date(2026, 10, 25)):
            assert owed(one, day, day + DAY) == pytest.approx(1)

    def test_a_range_over_months_takes_each_ones_share(self):
        one = tariff(standing("2020-01-01", 30))
        expected = 30 * 11 / 31 + 30 + 30 * 2 / 31
        assert owed(one, date(2026, 1, 21), date(2026, 3, 3)) == pytest.approx(expected)

    def test_a_change_of_contract_inside_the_month(self):
        two = tariff(standing("2020-01-01", 30), standing("2026-04-11", 60))
        expected = 30 * 10 / 30 + 60 * 20 / 30
        assert owed(two, date(2026, 4, 1), date(2026, 5, 1)) == pytest.approx(expected)

    def test_days_before_the_first_contract_owe_nothing(self):
        one = tariff(standing("2026-04-16", 30))
        assert owed(one, date(2026, 4, 1), date(2026, 5, 1)) == pytest.approx(15)
        assert owed(one, date(2026, 3, 1), date(2026, 4, 1)) == 0

    def test_an_empty_range_owes_nothing(self):
        one = tariff(standing("2020-01-01", 30))
        assert owed(one, date(2026, 4, 1), date(2026, 4, 1)) == 0

    def test_no_tariff_owes_nothing(self):
        assert owed(tariff(), date(2026, 4, 1), date(2026, 5, 1)) == 0

    @settings(deadline=None)
    @given(
        st.dates(date(2025, 1, 1), date(2027, 1, 1)),
        st.integers(0, 500),
        st.lists(
            st.tuples(st.dates(date(2025, 1, 1), date(2027, 1, 1)), st.integers(0, 50)),
            max_size=4,
            unique_by=lambda item: item[0],
        ),
    )
    def test_the_days_of_a_range_add_up_to_it(self, start, length, amounts):
        some = tariff(*(standing(day.isoformat(), amount) for day, amount in amounts))
        days = [start + n * DAY for n in range(length)]
        whole = owed(some, start, start + length * DAY)
        assert whole == pytest.approx(sum(owed(some, d, d + DAY) for d in days))
