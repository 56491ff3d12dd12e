"""The periods of a contract by time of use are entered one by one, and changed."""

from __future__ import annotations

import pytest
from homeassistant.data_entry_flow import FlowResultType

from custom_components.med_exporter.engine.tariff import parse_contracts
from tests.options import choose, fill_in

from .contract_forms import (
    DAY,
    EVERY_DAY,
    NIGHT,
    WEEKEND,
    WORKDAYS,
    assert_refused,
    assert_saved,
    begin,
    begin_change,
    said,
    store,
    suggested,
    time_of_use,
)

pytestmark = pytest.mark.usefixtures("brief_waits")


class TestTimeOfUse:
    async def add(self, hass, flow, period):
        if flow["type"] is FlowResultType.MENU:
            flow = await choose(hass, flow, "add_period")
        assert flow["step_id"] == "period"
        return await fill_in(hass, flow, period)

    async def test_period_by_period(self, hass, entry):
        flow = await self.add(hass, await begin(hass, entry, "time_of_use"), NIGHT)
        assert flow["menu_options"] == ["add_period", "rest", "change_period", "save_contract"]
        assert said(flow, "periods") == (
            "- Night: 22:00-06:00, every day, 0.1 €/kWh\n\n"
            "Without a price so far: 06:00-22:00, every day"
        )
        flow = await choose(hass, flow, "add_period")
        assert suggested(flow) == {"start": "06:00", "end": "22:00", "days": EVERY_DAY}
        flow = await fill_in(hass, flow, DAY)
        assert flow["menu_options"] == ["change_period", "save_contract"]
        flow = await choose(hass, flow, "save_contract")
        contract = time_of_use(
            ("Night", 0.1, "22:00", "06:00", EVERY_DAY), ("Day", 0.3, "06:00", "22:00", EVERY_DAY)
        )
        assert_saved(entry, flow, contract)

    async def test_the_remaining_hours_fill_themselves(self, hass, entry):
        flow = await begin(hass, entry, "time_of_use")
        flow = await self.add(hass, flow, {**NIGHT, "days": WORKDAYS})
        flow = await choose(hass, flow, "rest")
        assert said(flow, "hours") == (
            "Without a price so far: 00:00-22:00, Monday; 06:00-22:00, Tuesday-Friday; "
            "06:00-00:00, Saturday; all day, Sunday"
        )
        flow = await fill_in(hass, flow, {"name": "Day", "price": 0.3})
        assert "- Day: remaining hours, 0.3 €/kWh" in flow["description_placeholders"]["periods"]
        flow = await choose(hass, flow, "save_contract")
        contract = time_of_use(
            ("Night", 0.1, "22:00", "06:00", WORKDAYS),
            ("Day", 0.3, "00:00", "22:00", ["mon"]),
            ("Day", 0.3, "06:00", "22:00", ["tue", "wed", "thu", "fri"]),
            ("Day", 0.3, "06:00", "00:00", ["sat"]),
            ("Day", 0.3, "00:00", "00:00", ["sun"]),
        )
        assert_saved(entry, flow, contract)

    @pytest.mark.parametrize(
        ("changed", "errors"),
        [
            ({"name": " "}, {"name": "tariff_empty"}),
            ({"name": "x" * 65}, {"name": "tariff_too_long"}),
            ({"price": -0.1}, {"price": "tariff_negative"}),
            ({"days": []}, {"days": "tariff_empty"}),
            ({"start": "05:00:00"}, {"start": "tariff_overlap"}),
            ({"name": "Night"}, {"price": "tariff_price_differs"}),
        ],
    )
    async def test_mistakes_of_a_period(self, hass, entry, changed, errors):
        flow = await self.add(hass, await begin(hass, entry, "time_of_use"), NIGHT)
        flow = await self.add(hass, flow, {**DAY, **changed})
        assert_refused(flow, "period", errors)
        assert suggested(flow) == {**DAY, **changed}
        flow = await self.add(hass, flow, DAY)
        flow = await choose(hass, flow, "save_contract")
        assert flow["type"] is FlowResultType.CREATE_ENTRY

    async def test_an_overlap_says_with_what_and_when(self, hass, entry):
        weekend = {**NIGHT, "name": "Weekend", "days": WEEKEND, "start": "06:00", "end": "06:00"}
        flow = await self.add(hass, await begin(hass, entry, "time_of_use"), weekend)
        flow = await self.add(hass, flow, {**NIGHT, "days": ["fri"], "end": "07:30:00"})
        assert_refused(flow, "period", {"start": "tariff_overlap"})
        named = flow["description_placeholders"]
        assert named["other"] == "Weekend"
        assert (named["from_day"], named["from_time"]) == ("Saturday", "06:00")
        assert (named["to_day"], named["to_time"]) == ("Saturday", "07:30")

    async def test_a_gap_is_named_where_it_can_be_filled(self, hass, entry):
        flow = await self.add(hass, await begin(hass, entry, "time_of_use"), NIGHT)
        flow = await self.add(hass, flow, {**DAY, "days": WORKDAYS})
        flow = await choose(hass, flow, "save_contract")
        assert_refused(flow, "period", {"start": "tariff_gap"})
        assert suggested(flow) == {"start": "06:00", "end": "22:00", "days": WEEKEND}
        named = flow["description_placeholders"]
        assert (named["from_day"], named["from_time"]) == ("Saturday", "06:00")
        assert (named["to_day"], named["to_time"]) == ("Saturday", "22:00")
        flow = await self.add(hass, flow, {**DAY, "days": WEEKEND})
        flow = await choose(hass, flow, "save_contract")
        assert flow["type"] is FlowResultType.CREATE_ENTRY
        assert len(entry.options["contracts"][0]["periods"]) == 3

    async def test_hours_that_leave_none_for_the_remaining_ones(self, hass, entry):
        flow = await self.add(hass, await begin(hass, entry, "time_of_use"), NIGHT)
        flow = await choose(hass, flow, "rest")
        flow = await fill_in(hass, flow, {"name": "Rest", "price": 0.3})
        flow = await self.add(hass, flow, DAY)
        assert_refused(flow, "period", {"end": "no_hours_left"})
        assert flow["description_placeholders"]["name"] == "Rest"
        flow = await self.add(hass, flow, {**DAY, "name": "Rest", "end": "12:00:00", "price": 0.4})
        assert_refused(flow, "period", {"price": "tariff_price_differs"})
        flow = await self.add(hass, flow, {**DAY, "end": "12:00:00"})
        flow = await choose(hass, flow, "save_contract")
        contract = time_of_use(
            ("Night", 0.1, "22:00", "06:00", EVERY_DAY),
            ("Day", 0.3, "06:00", "12:00", EVERY_DAY),
            ("Rest", 0.3, "12:00", "22:00", EVERY_DAY),
        )
        assert_saved(entry, flow, contract)

    @pytest.mark.parametrize(
        ("rest", "errors"),
        [
            ({"name": "", "price": 0.3}, {"name": "tariff_empty"}),
            ({"name": "Day", "price": -1}, {"price": "tariff_negative"}),
            ({"name": "Night", "price": 0.3}, {"price": "tariff_price_differs"}),
        ],
    )
    async def test_mistakes_of_the_remaining_hours(self, hass, entry, rest, errors):
        flow = await self.add(hass, await begin(hass, entry, "time_of_use"), NIGHT)
        flow = await fill_in(hass, await choose(hass, flow, "rest"), rest)
        assert_refused(flow, "rest", errors)
        assert suggested(flow) == rest


class TestChangedPeriods:
    CONTRACT = time_of_use(
        ("Night", 0.1, "22:00", "06:00", EVERY_DAY),
        ("Noon", 0.2, "12:00", "14:00", WORKDAYS),
        ("Night", 0.1, "14:00", "16:00", WEEKEND),
        ("Day", 0.3, "06:00", "12:00", WORKDAYS),
        ("Day", 0.3, "14:00", "22:00", WORKDAYS),
        ("Day", 0.3, "06:00", "14:00", WEEKEND),
        ("Day", 0.3, "16:00", "22:00", WEEKEND),
    )

    @pytest.fixture
    async def flow(self, hass, entry):
        """The options flow of a contract whose `Day` is what the others leave."""
        store(hass, entry, self.CONTRACT)
        return await begin_change(hass, entry)

    def names(self, entry):
        periods = entry.options["contracts"][0]["periods"]
        assert parse_contracts(entry.options["contracts"])
        return {period["name"]: period["price"] for period in periods}

    async def test_saved_as_it_is_it_stays_the_same(self, hass, entry, flow):
        assert flow["step_id"] == "time_of_use"
        assert_saved(entry, await choose(hass, flow, "save_contract"), self.CONTRACT)

    async def test_the_remaining_hours_follow(self, hass, entry, flow):
        flow = await choose(hass, flow, "change_period")
        flow = await fill_in(hass, flow, {"period": "0"})
        assert suggested(flow) == self.CONTRACT["periods"][0]
        flow = await fill_in(hass, flow, {**suggested(flow), "end": "07:00:00"})
        await choose(hass, flow, "save_contract")
        periods = entry.options["contracts"][0]["periods"]
        assert [period["end"] for period in periods if period["start"] == "22:00"] == ["07:00"]
        assert {period["name"] for period in periods if period["start"] == "07:00"} == {"Day"}

    async def test_a_price_changes_for_all_hours_of_its_name(self, hass, entry, flow):
        flow = await choose(hass, flow, "change_period")
        flow = await fill_in(hass, flow, {"period": "2"})
        flow = await fill_in(hass, flow, {**suggested(flow), "price": 0.15})
        await choose(hass, flow, "save_contract")
        assert self.names(entry) == {"Night": 0.15, "Noon": 0.2, "Day": 0.3}

    async def test_the_price_of_the_remaining_hours_changes(self, hass, entry, flow):
        flow = await choose(hass, flow, "change_period")
        flow = await fill_in(hass, flow, {"period": "rest"})
        assert suggested(flow) == {"name": "Day", "price": 0.3}
        flow = await fill_in(hass, flow, {"name": "Peak", "price": 0.4})
        await choose(hass, flow, "save_contract")
        assert self.names(entry) == {"Night": 0.1, "Noon": 0.2, "Peak": 0.4}

    async def test_a_period_is_removed(self, hass, entry, flow):
        flow = await choose(hass, flow, "change_period")
        flow = await fill_in(hass, flow, {"period": "1", "remove": True})
        await choose(hass, flow, "save_contract")
        assert self.names(entry) == {"Night": 0.1, "Day": 0.3}

    async def test_without_the_remaining_hours_there_is_a_gap(self, hass, entry, flow):
        flow = await choose(hass, flow, "change_period")
        flow = await fill_in(hass, flow, {"period": "rest", "remove": True})
        assert "rest" in flow["menu_options"]
        flow = await choose(hass, flow, "save_contract")
        assert_refused(flow, "period", {"start": "tariff_gap"})
        assert entry.options["contracts"] == [self.CONTRACT]

    async def test_an_overlap_is_named_at_the_period_that_was_changed(self, hass, entry, flow):
        flow = await choose(hass, flow, "change_period")
        flow = await fill_in(hass, flow, {"period": "0"})
        changed = {**suggested(flow), "end": "13:00"}
        flow = await fill_in(hass, flow, changed)
        assert_refused(flow, "period", {"start": "tariff_overlap"})
        assert flow["description_placeholders"]["other"] == "Noon"
        assert suggested(flow) == changed
