"""Export type cost_analysis: what stands in the rows, checked against sums over the tables."""

from __future__ import annotations

import json
from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise, product
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from custom_components.med_exporter.engine.errors import ErrorCode, ExportError
from custom_components.med_exporter.engine.times import utc_text
from tests.ledger_rows import HalfHourRow, put_half_hours

from .homes import (
    BARN,
    DEVICES,
    FLAT,
    FRIDGE,
    HEATER,
    HOUSE,
    LATHE,
    NIGHT_AND_DAY,
    PARIS,
    SOLAR,
    TIERS,
    Home,
    at,
    demo,
)

START, END = at("2026-02-01"), at("2026-04-15")
MONEY = ("energy_cost", "standing_charge", "feed_in", "total")
SPLITS = ("device", "time_of_use", "rate_tier")
BREAKDOWNS = [
    tuple(name for name, wanted in zip(SPLITS, choice, strict=True) if wanted)
    for choice in product((True, False), repeat=3)
]


@pytest.fixture
def home(recorder):
    return demo(recorder, START, END)


@pytest.fixture
def analysis(exports):
    """Return what makes the JSON of a cost analysis."""

    def make(now: float = 4e9, **changes):
        values = {
            "export_type": "cost_analysis",
            "devices": DEVICES,
            "points": (HOUSE, BARN),
            "start": START,
            "end": END,
            "timezone": "Europe/Paris",
            "fields": (),
            "grouping": "monthly",
        } | changes
        return json.loads(exports.content(now, **values))

    return make


def total(rows, name):
    return round(sum(row[name] or 0 for row in rows), 6)


def local_day(moment: float) -> str:
    return datetime.fromtimestamp(moment, PARIS).date().isoformat()


def charges_by_day(contract: dict, start: float, end: float) -> dict[str, float]:
    """Share a contract's standing charge among whole local days, by the calendar alone."""
    charges = {}
    day = datetime.fromtimestamp(start, PARIS).date()
    while day < datetime.fromtimestamp(end, PARIS).date():
        charges[day.isoformat()] = contract["standing_charge"] / monthrange(day.year, day.month)[1]
        day += timedelta(days=1)
    return charges


def test_columns_in_their_order(home, analysis):
    (row, *_) = analysis(breakdown_by=("rate_tier", "device", "time_of_use"))["data"]
    assert list(row) == [
        "period_start", "period_end", "device", "time_of_use", "rate_tier", "energy_kwh",
        "energy_cost", "standing_charge", "feed_in", "total", "currency",
    ]  # fmt: skip
    (row, *_) = analysis()["data"]
    assert list(row) == [
        "period_start", "period_end", "energy_kwh", *MONEY, "currency"
    ]  # fmt: skip


def test_days_are_what_a_plain_sum_over_the_tables_gives(home, analysis, exports):
    """29 March 2026 has 23 hours."""
    energy, cost, feed_in = {}, {}, {}
    for row in home.half_hours():
        if row.role == "consumption":
            day = local_day(row.start_ts)
            energy[day] = energy.get(day, 0) + row.kwh
    for row in home.costs():
        day, sums = local_day(row.start_ts), cost if row.role == "consumption" else feed_in
        sums[day] = sums.get(day, 0) + row.cost
    house, barn = (charges_by_day(one, START, END) for one in (NIGHT_AND_DAY, TIERS))
    rows = analysis(grouping="daily", options=exports.options(decimal_places=6))["data"]
    assert [row["period_start"][:10] for row in rows] == sorted(energy)
    for row in rows:
        day = row["period_start"][:10]
        expected = {
            "energy_kwh": energy[day],
            "energy_cost": cost[day],
            "standing_charge": house[day] + barn[day],
            "feed_in": feed_in[day],
        }
        assert {name: row[name] for name in expected} == pytest.approx(expected, abs=2e-6)
        assert row["total"] == pytest.approx(
            row["energy_cost"] + row["standing_charge"] - row["feed_in"], abs=1e-9
        )


def test_a_months_standing_charge_is_that_of_the_contract(home, analysis):
    rows = analysis()["data"]
    assert [row["standing_charge"] for row in rows] == [24.75, 24.75, pytest.approx(11.55)]


@pytest.mark.parametrize("grouping", ["hourly", "daily", "weekly", "monthly"])
def test_periods_touch_each_other_and_end_with_the_range(home, analysis, grouping):
    rows = analysis(grouping=grouping, start=at("2026-03-27 10:30"), end=at("2026-04-02"))["data"]
    assert rows[0]["period_start"] == "2026-03-27T10:30:00+01:00"
    assert rows[-1]["period_end"] == "2026-04-02T00:00:00+02:00"
    assert all(one["period_end"] == following["period_start"] for one, following in pairwise(rows))


@pytest.mark.parametrize("breakdown", BREAKDOWNS, ids="-".join)
def test_any_breakdown_adds_up_to_the_same(home, analysis, breakdown):
    whole = analysis()["data"]
    split = analysis(breakdown_by=breakdown)["data"]
    for name in ("energy_kwh", *MONEY):
        assert total(split, name) == total(whole, name)


def test_the_standing_charge_has_a_row_of_its_own_under_the_metering_point(home, analysis):
    rows = analysis(breakdown_by=("device",), start=at("2026-03-01"), end=at("2026-04-01"))["data"]
    assert [(row["device"], row["standing_charge"]) for row in rows] == [
        ("Fridge", None), ("Heater", None), ("Solar", None), ("Lathe", None),
        ("House", 15.5), ("Barn", 9.25),
    ]  # fmt: skip
    assert rows[4]["energy_kwh"] is None
    assert rows[4]["total"] == 15.5


def test_production_brings_its_feed_in_and_is_no_consumption(home, analysis):
    (row,) = analysis(devices=(SOLAR,), points=(), start=at("2026-03-01"), end=at("2026-03-02"))[
        "data"
    ]
    assert (row["energy_kwh"], row["energy_cost"]) == (None, None)
    assert row["feed_in"] == pytest.approx(16 * 0.3 * 0.1)
    assert row["total"] == -row["feed_in"]


def test_tiers_and_tariff_periods_are_told_apart(home, analysis):
    rows = analysis(breakdown_by=("time_of_use", "rate_tier"), end=at("2026-03-01"))["data"]
    assert {(row["time_of_use"], row["rate_tier"]) for row in rows} == {
        (None, None), ("day", None), ("night", None), (None, 1), (None, 2)
    }  # fmt: skip
    (second,) = [row for row in rows if row["rate_tier"] == 2]
    assert second["energy_cost"] == pytest.approx(second["energy_kwh"] * 0.2, abs=0.01)


def test_energy_without_a_price_has_no_cost_and_is_counted(recorder, analysis):
    home = Home(recorder)
    home.uses(FRIDGE, START, START + 7200, 0.1)
    home.priced("house", [{**FLAT, "valid_from": "2030-01-01"}])
    found = analysis(devices=(FRIDGE,), end=START + 7200, grouping="hourly")
    assert [(row["energy_kwh"], row["energy_cost"], row["total"]) for row in found["data"]] == [
        (0.2, None, None), (0.2, None, None)
    ]  # fmt: skip
    (warning,) = found["metadata"]["warnings"]
    assert (warning["code"], warning["count"]) == ("UNPRICED_ENERGY", 1)
    assert "0.400 kWh" in warning["message"]


def test_what_no_contract_prices_is_parted_by_the_days_of_the_file(recorder, analysis):
    """Not by those of UTC."""
    Home(recorder).uses(FRIDGE, START, START + 1800, 0.1)
    found = analysis(devices=(FRIDGE,), end=START + 86400)
    (warning,) = [w for w in found["metadata"]["warnings"] if w["code"] == "UNPRICED_ENERGY"]
    assert (warning["start"], warning["end"]) == ("2026-01-31T23:00:00Z", "2026-02-01T23:00:00Z")


def test_rows_of_tempo_are_in_the_order_of_its_calendar(recorder, analysis):
    home = Home(recorder)
    home.uses(FRIDGE, START, START + 3 * 86400, 0.1)
    prices = {colour: {"peak": 0.2, "off_peak": 0.1} for colour in ("blue", "white", "red")}
    day = local_day(START)
    colours = {
        date.fromisoformat(day) + timedelta(n): colour
        for n, colour in enumerate(("red", "white", "blue"), -1)
    }
    home.priced("house", [{"valid_from": "2020-01-01", "kind": "tempo", "prices": prices}], colours)
    rows = analysis(
        devices=(FRIDGE,), end=START + 2 * 86400, grouping="monthly",
        breakdown_by=("time_of_use",),
    )["data"]  # fmt: skip
    assert [row["time_of_use"] for row in rows] == [
        "blue_peak", "blue_off_peak", "white_peak", "white_off_peak", "red_off_peak"
    ]  # fmt: skip


def test_each_stretch_without_a_price_is_named(recorder, analysis):
    home = Home(recorder)
    home.uses(FRIDGE, START, START + 5 * 1800, 0.1)
    recorder.add_prices([(START, 0.3), (START + 2 * 1800, 0.5), (START + 3 * 1800, -0.1)])
    found = analysis(devices=(FRIDGE,), end=START + 5 * 1800)
    assert [(row["energy_kwh"], row["energy_cost"]) for row in found["data"]] == [(0.5, 0.07)]
    (warning,) = found["metadata"]["warnings"]
    assert (warning["code"], warning["count"]) == ("UNPRICED_ENERGY", 2)
    assert (warning["start"], warning["end"]) == ("2026-01-31T23:30:00Z", "2026-02-01T01:30:00Z")
    assert "0.200 kWh in 2026-01-31T23:30:00Z/2026-02-01T00:00:00Z, " in warning["message"]


def test_months_of_tiers_begin_before_the_range(recorder, analysis):
    """The first 30 kWh are used up when the range begins."""
    home = Home(recorder)
    home.uses(FRIDGE, START, START + 31 * 1800, 1.0)
    home.priced("house", [TIERS])
    (row,) = analysis(devices=(FRIDGE,), start=START + 29 * 1800, end=START + 31 * 1800)["data"]
    assert row["energy_cost"] == pytest.approx(0.3)


def test_no_energy_costs_nothing_where_there_are_prices(recorder, analysis):
    home = Home(recorder)
    home.uses(FRIDGE, START, START + 3600, 0.1)
    home.uses(FRIDGE, START + 3600, START + 7200, 0.0)
    home.priced("house", [FLAT])
    rows = analysis(devices=(FRIDGE,), end=START + 7200, grouping="hourly")["data"]
    assert [(row["energy_kwh"], row["energy_cost"]) for row in rows] == [(0.2, 0.05), (0, 0)]


def test_what_the_ledger_does_not_reach_is_said(home, analysis):
    found = analysis(start=at("2025-01-01"), end=at("2026-02-02"))
    (warning,) = found["metadata"]["warnings"]
    assert (warning["code"], warning["count"]) == ("BEFORE_LEDGER", 4)
    assert warning["end"] == "2026-01-31T23:00:00Z"


def test_half_hours_that_nobody_knows_are_counted(recorder, analysis):
    home = Home(recorder)
    home.uses(FRIDGE, START, START + 3600, 0.1)
    home.uses(FRIDGE, START + 9000, START + 10800, 0.1)
    home.priced("house", [FLAT])
    found = analysis(devices=(FRIDGE, HEATER), end=START + 10800)
    warnings = {one["code"]: one["count"] for one in found["metadata"]["warnings"]}
    assert warnings == {"NO_HALF_HOURS": 1, "MISSING_HALF_HOURS": 3}


def test_without_any_table_there_are_no_rows(recorder, analysis):
    found = analysis()
    assert found["data"] == []
    assert [one["code"] for one in found["metadata"]["warnings"]] == ["NO_HALF_HOURS"]


def test_standing_charges_count_until_now(home, analysis):
    (row,) = analysis(
        now=at("2026-03-11"), start=at("2026-03-01"), end=at("2026-04-01"), points=(HOUSE,)
    )["data"]
    assert row["standing_charge"] == pytest.approx(15.5 * 10 / 31)
    assert row["period_end"] == "2026-03-11T00:00:00+01:00"


def test_a_range_in_the_future_is_empty(home, analysis):
    assert analysis(now=at("2026-01-01"))["data"] == []


def test_the_time_zone_of_the_export_decides_what_a_day_is(home, analysis):
    tokyo = ZoneInfo("Asia/Tokyo")
    rows = analysis(
        timezone="Asia/Tokyo",
        start=at("2026-03-01", tokyo),
        end=at("2026-03-03", tokyo),
        grouping="daily",
        devices=(HEATER,),
    )["data"]
    assert [row["period_start"] for row in rows] == [
        "2026-03-01T00:00:00+09:00", "2026-03-02T00:00:00+09:00"
    ]  # fmt: skip


def test_too_many_rows_fail(home, exports, analysis):
    with pytest.raises(ExportError) as caught:
        analysis(grouping="daily", breakdown_by=("device",), max_records=100)
    assert caught.value.code is ErrorCode.TOO_MANY_RECORDS
    assert exports.left() == []


@given(
    energies=st.lists(
        st.tuples(
            st.integers(0, 3),
            st.integers(0, 400),
            st.floats(0, 5).map(lambda kwh: round(kwh, 6)),
        ),
        max_size=30,
        unique_by=lambda item: item[:2],
    ),
    grouping=st.sampled_from(("hourly", "daily", "weekly", "monthly")),
    decimals=st.integers(0, 6),
    contracts=st.tuples(*[st.sampled_from((NIGHT_AND_DAY, TIERS, FLAT))] * 2),
)
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_no_breakdown_changes_a_sum(
    recorder, exports, analysis, energies, grouping, decimals, contracts
):
    home = Home(recorder)
    for number, place, kwh in energies:
        start = START + 1800 * place
        home.uses(DEVICES[number], start, start + 1800, kwh)
    for slug, contract in zip(("house", "barn"), contracts, strict=True):
        home.priced(slug, [contract])
    options = exports.options(decimal_places=decimals)
    sums = set()
    for breakdown in BREAKDOWNS:
        rows = analysis(
            breakdown_by=breakdown, grouping=grouping, options=options, end=START + 1800 * 401
        )["data"]
        sums.add(tuple(total(rows, name) for name in ("energy_kwh", *MONEY)))
    assert len(sums) == 1
    used = sum(kwh for number, _, kwh in energies if DEVICES[number] is not SOLAR)
    assert sums.pop()[0] == pytest.approx(used, abs=0.5 * 10**-decimals + 1e-6)


def test_the_lathe_alone_pays_for_the_barn(home, analysis):
    rows = analysis(devices=(LATHE,), points=(BARN,), end=at("2026-03-01"))["data"]
    costs = sum(
        row.cost
        for row in home.costs()
        if row.plug_id == "lathe" and row.start_ts < at("2026-03-01")
    )
    assert [row["energy_cost"] for row in rows] == [pytest.approx(costs, abs=0.005)]
    assert datetime.fromisoformat(rows[0]["period_end"]).astimezone(UTC).day == 28


def test_energy_whose_time_is_an_estimate_is_named_with_its_amount(recorder, analysis):
    start = int(START)
    rows = [
        HalfHourRow("fridge", start + n * 1800, "consumption", "house", 0.5, filled)
        for n, filled in enumerate((0.0, 0.5, 0.25, 0.0))
    ]
    with recorder.engine.begin() as connection:
        put_half_hours(connection, rows)
    (warning,) = [
        one
        for one in analysis(devices=(FRIDGE,), end=START + 7200, grouping="hourly")["metadata"][
            "warnings"
        ]
        if one["code"] == "ESTIMATED"
    ]
    assert warning["message"].endswith(": 0.750 kWh")
    assert warning["count"] == 1
    assert warning["start"] <= utc_text(start + 1800) < warning["end"]
