"""The periods of a contract hold each hour of a week exactly once."""

from __future__ import annotations

import pytest

from custom_components.med_exporter.engine.tariff import TariffError as Refused
from custom_components.med_exporter.engine.tariff import parse_contracts

from .contracts import FLAT, NIGHT_AND_DAY
from .plain import changed, period, refusal


class TestPeriods:
    def refusal(self, *periods: object) -> tuple[str, str]:
        return refusal(changed(NIGHT_AND_DAY, periods=list(periods)))

    def test_at_least_one(self):
        assert self.refusal() == ("contracts[0].periods", "empty")

    def test_a_list(self):
        assert refusal(changed(NIGHT_AND_DAY, periods={})) == ("contracts[0].periods", "not_a_list")

    def test_each_an_object(self):
        assert self.refusal(7) == ("contracts[0].periods[0]", "not_an_object")

    @pytest.mark.parametrize("key", ["name", "price", "start", "end"])
    def test_required(self, key):
        without = period("all", "00:00", "00:00")
        del without[key]
        assert self.refusal(without) == (f"contracts[0].periods[0].{key}", "required")

    def test_unknown_key(self):
        assert self.refusal(period("all", "00:00", "00:00", colour="red")) == (
            "contracts[0].periods[0].colour",
            "unknown_key",
        )

    @pytest.mark.parametrize(
        ("name", "code"), [("", "empty"), ("  ", "empty"), ("x" * 65, "too_long"), (5, "not_text")]
    )
    def test_name(self, name, code):
        assert self.refusal(period(name, "00:00", "00:00")) == (
            "contracts[0].periods[0].name",
            code,
        )

    @pytest.mark.parametrize("key", ["start", "end"])
    @pytest.mark.parametrize("text", ["24:00", "6:00", "06:60", "06:00:00", "0600", "", " 06:00"])
    def test_times(self, key, text):
        wrong = {**period("all", "00:00", "00:00"), key: text}
        assert self.refusal(wrong) == (f"contracts[0].periods[0].{key}", "invalid_time")

    @pytest.mark.parametrize(
        ("days", "field", "code"),
        [
            ([], "days", "empty"),
            ("mon", "days", "not_a_list"),
            (["mon", "lundi"], "days[1]", "unknown_day"),
            ([1], "days[0]", "unknown_day"),
            ([["mon"]], "days[0]", "unknown_day"),
            (["mon", "tue", "mon"], "days[2]", "duplicate_day"),
        ],
    )
    def test_days(self, days, field, code):
        assert self.refusal(period("all", "00:00", "00:00", days=days)) == (
            f"contracts[0].periods[0].{field}",
            code,
        )

    def test_one_name_has_one_price(self):
        assert self.refusal(
            period("low", "00:00", "06:00", price=0.1),
            period("high", "06:00", "12:00"),
            period("low", "12:00", "00:00", price=0.11),
        ) == ("contracts[0].periods[2].price", "price_differs")

    def test_one_name_may_hold_several_hours(self):
        low = [("23:00", "05:00"), ("12:30", "14:30")]
        high = [("05:00", "12:30"), ("14:30", "23:00")]
        periods = [period("low", *hours) for hours in low] + [period("high", *h) for h in high]
        assert parse_contracts([changed(NIGHT_AND_DAY, periods=periods)])


class TestTheWeekIsHeldExactlyOnce:
    def flaw(self, *periods: dict) -> tuple[str, str, dict[str, str]]:
        with pytest.raises(Refused) as caught:
            parse_contracts(
                [FLAT, changed(NIGHT_AND_DAY, valid_from="2026-01-01", periods=periods)]
            )
        return caught.value.field, caught.value.code, caught.value.details

    def test_a_gap_in_every_day_is_named(self):
        assert self.flaw(period("night", "22:00", "06:00"), period("day", "07:00", "22:00")) == (
            "contracts[1].periods",
            "gap",
            {"from_day": "mon", "from": "06:00", "to_day": "mon", "to": "07:00"},
        )

    def test_a_gap_of_a_minute_is_a_gap(self):
        assert self.flaw(period("night", "22:00", "06:00"), period("day", "06:00", "21:59")) == (
            "contracts[1].periods",
            "gap",
            {"from_day": "mon", "from": "21:59", "to_day": "mon", "to": "22:00"},
        )

    def test_a_forgotten_weekend_is_named_as_one_gap_over_the_end_of_the_week(self):
        weekdays = ["tue", "wed", "thu", "fri"]
        assert self.flaw(period("all", "00:00", "00:00", days=weekdays)) == (
            "contracts[1].periods",
            "gap",
            {"from_day": "sat", "from": "00:00", "to_day": "tue", "to": "00:00"},
        )

    def test_overlapping_hours_are_named_with_the_other_period(self):
        assert self.flaw(period("night", "22:00", "06:30"), period("day", "06:00", "22:00")) == (
            "contracts[1].periods[1].start",
            "overlap",
            {
                "other": "night",
                "from_day": "mon",
                "from": "06:00",
                "to_day": "mon",
                "to": "06:30",
            },
        )

    def test_hours_entered_twice_overlap(self):
        field, code, details = self.flaw(*[period("all", "00:00", "00:00")] * 2)
        assert (field, code) == ("contracts[1].periods[1].start", "overlap")
        assert (details["from"], details["to_day"], details["to"]) == ("00:00", "tue", "00:00")

    def test_sunday_night_that_runs_into_a_held_monday_overlaps(self):
        field, code, details = self.flaw(
            period("week", "00:00", "00:00", days=["mon", "tue", "wed", "thu", "fri", "sat"]),
            period("sunday", "00:00", "22:00", days=["sun"]),
            period("sunday night", "22:00", "06:00", days=["sun"]),
        )
        assert (field, code) == ("contracts[1].periods[2].start", "overlap")
        assert details == {
            "other": "week",
            "from_day": "mon",
            "from": "00:00",
            "to_day": "mon",
            "to": "06:00",
        }

    def test_hours_over_midnight_belong_to_the_day_on_which_they_start(self):
        """A weekend of whole days leaves Monday's early hours to nobody; six to six does not."""
        weekdays, weekend = ["mon", "tue", "wed", "thu", "fri"], ["sat", "sun"]
        nights = period("night", "22:00", "06:00", days=weekdays)
        days = period("day", "06:00", "22:00", days=weekdays)
        assert self.flaw(nights, days, period("weekend", "00:00", "00:00", days=weekend))[1:] == (
            "gap",
            {"from_day": "mon", "from": "00:00", "to_day": "mon", "to": "06:00"},
        )
        from_six = period("weekend", "06:00", "06:00", days=weekend)
        assert parse_contracts([changed(NIGHT_AND_DAY, periods=[nights, days, from_six])])

    def test_the_hours_before_midnight_and_after_it_may_be_entered_apart(self):
        weekdays, weekend = ["mon", "tue", "wed", "thu", "fri"], ["sat", "sun"]
        periods = [
            period("night", "00:00", "06:00", days=weekdays),
            period("day", "06:00", "22:00", days=weekdays),
            period("night", "22:00", "00:00", days=weekdays),
            period("weekend", "00:00", "00:00", days=weekend),
        ]
        assert parse_contracts([changed(NIGHT_AND_DAY, periods=periods)])
