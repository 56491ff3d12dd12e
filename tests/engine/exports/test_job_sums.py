"""What a metering point cost is the same in all files, whatever has left it or moved meanwhile."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from custom_components.med_exporter.engine.database.cost_tables import tariffs_table
from custom_components.med_exporter.engine.job import Options, Privacy
from custom_components.med_exporter.engine.tariff.offers import read_offers

from .homes import BARN, FLAT, FRIDGE, HEATER, HOUSE, LATHE, NIGHT_AND_DAY, Home, at

START, LEFT, END = at("2026-03-01"), at("2026-03-11"), at("2026-04-01")
WHOLE_HOUSE = replace(HOUSE, plugs=("fridge",))
WHOLE_BARN = replace(BARN, plugs=("lathe", "heater"))
AT_BARN = replace(HEATER, metering_point="barn")
OWN = {"pdl": None, "contracts": [one.to_dict() for one in read_offers([{
    "kind": "base", "price": 0.2,
}])]}  # fmt: skip
MONEY = ("energy_cost", "standing_charge", "feed_in")


@pytest.fixture
def home(recorder) -> Home:
    """A house that the heater left for the barn, and a lathe that a kiln stood beside."""
    home = Home(recorder)
    home.uses(FRIDGE, START, END, 0.05)
    home.uses(HEATER, START, LEFT, 0.7)
    home.uses(AT_BARN, LEFT, END, 0.3)
    home.uses(LATHE, START, END, 0.11)
    home.uses(replace(LATHE, plug_id="kiln"), START, LEFT, 1.3)
    home.priced("house", [NIGHT_AND_DAY])
    home.priced("barn", [FLAT])
    recorder.add_statistics("med_exporter:energy_kiln", [], name="Kiln")
    return home


@pytest.fixture
def told(home, exports):
    """Return the content of a JSON file about March."""

    def tell(export_type: str, devices, points, **changes) -> dict:
        values = {
            "devices": devices, "points": points, "start": START, "end": END,
            "timezone": "Europe/Paris", "fields": (), "export_type": export_type,
        }  # fmt: skip
        return json.loads(exports.content(**values | changes))

    return tell


def total(rows: list[dict]) -> list[float]:
    return [pytest.approx(sum(row[name] or 0 for row in rows), abs=1e-9) for name in MONEY]


@pytest.mark.parametrize(
    ("point", "devices"), [(WHOLE_HOUSE, (FRIDGE,)), (WHOLE_BARN, (LATHE, AT_BARN))]
)
def test_a_bill_a_report_and_a_comparison_are_of_one_metering_point(told, point, devices) -> None:
    (own,) = [
        row
        for row in told("contract_comparison", devices, (point,), own=OWN)["contracts"]
        if row["contract"] == "own"
    ]
    analysis = told("cost_analysis", devices, (point,), grouping="weekly")
    assert [own[name] for name in MONEY] == total(analysis["data"])
    sections = ("cost_breakdown",)
    report = told("system_report", devices, (point,), report_sections=sections)
    assert [own[name] for name in MONEY] == total(report["data"])
    used = told("system_report", devices, (point,), report_sections=("energy_consumption",))
    (whole,) = [row["energy_kwh"] for row in used["data"] if row["device"] is None]
    assert whole == pytest.approx(sum(row["energy_kwh"] or 0 for row in analysis["data"]))


@pytest.mark.parametrize("end", ["2026-03-20T10:07", "2026-03-20T10:22:30"])
def test_a_quarter_hour_that_is_under_way_is_paid_whole(told, end) -> None:
    until = {"end": at(end)}
    analysis = told("cost_analysis", (FRIDGE,), (WHOLE_HOUSE,), grouping="daily", **until)["data"]
    sections = ("energy_consumption", "cost_breakdown")
    report = told("system_report", (FRIDGE,), (WHOLE_HOUSE,), report_sections=sections, **until)
    compared = told("contract_comparison", (FRIDGE,), (WHOLE_HOUSE,), own=OWN, **until)
    (own,) = [row for row in compared["contracts"] if row["contract"] == "own"]
    (used,) = [row["energy_kwh"] for row in report["energy_consumption"] if row["device"] is None]
    months = [row for row in compared["contract_months"] if row["contract"] == "own"]
    for rows in (analysis, months):
        assert sum(row["energy_kwh"] or 0 for row in rows) == pytest.approx(used)
    assert [own[name] for name in MONEY] == total(analysis) == total(report["cost_breakdown"])


def test_what_has_left_is_told_by_its_name(told) -> None:
    found = told("cost_analysis", (LATHE, AT_BARN), (WHOLE_BARN,), breakdown_by=("device",))
    kwh = {row["device"]: row["energy_kwh"] for row in found["data"] if row["energy_kwh"]}
    assert kwh["Kiln"] == pytest.approx(10 * 48 * 1.3)
    # Its ten days in the house are the house's, and that is said.
    assert kwh["Heater"] == pytest.approx((21 * 48 - 2) * 0.3)
    (warning,) = [
        one for one in found["metadata"]["warnings"] if one["code"] == "COUNTED_ELSEWHERE"
    ]
    assert (warning["about"], warning["count"]) == ("Heater", 1)
    assert warning["kwh"] == pytest.approx(10 * 48 * 0.7)


def test_both_metering_points_together_have_all_energy_once(told) -> None:
    devices = (FRIDGE, LATHE, AT_BARN)
    found = told("cost_analysis", devices, (WHOLE_HOUSE, WHOLE_BARN), grouping="monthly")
    apart = [
        row["total"]
        for point, own in ((WHOLE_HOUSE, (FRIDGE,)), (WHOLE_BARN, (LATHE, AT_BARN)))
        for row in told("cost_analysis", own, (point,), grouping="monthly")["data"]
    ]
    assert sum(row["total"] for row in found["data"]) == pytest.approx(sum(apart), abs=0.011)
    assert not [one for one in found["metadata"]["warnings"] if one["code"] == "COUNTED_ELSEWHERE"]


def test_a_few_devices_are_told_by_themselves_wherever_they_counted(told) -> None:
    found = told("cost_analysis", (AT_BARN,), (WHOLE_BARN,), breakdown_by=("device",))
    kwh = {row["device"]: row["energy_kwh"] for row in found["data"] if row["energy_kwh"]}
    assert kwh == {"Heater": pytest.approx(10 * 48 * 0.7 + (21 * 48 - 2) * 0.3)}


def test_the_name_of_what_has_left_is_kept_as_the_others_are(told) -> None:
    privacy = Privacy(hash_device_identifiers=True, key="00" * 16)
    found = told(
        "cost_analysis", (LATHE, AT_BARN), (WHOLE_BARN,), breakdown_by=("device",), privacy=privacy
    )
    assert {row["device"] for row in found["data"]} == {
        "device-1", "device-2", "device-3",
    }  # fmt: skip
    assert "kiln" not in json.dumps(found).lower()


def test_habits_are_those_of_all_that_has_counted_for_a_metering_point(told) -> None:
    """Weeks before a plug was exchanged are not told as if only the others had been there."""
    devices = (LATHE, AT_BARN)
    habits = told(
        "system_report", devices, (WHOLE_BARN,), report_sections=("usage_patterns",),
        options=Options(decimal_places=6),
    )  # fmt: skip
    (all_hours,) = [row for row in habits["data"] if row["weekday"] is None]
    analysis = told("cost_analysis", devices, (WHOLE_BARN,), grouping="monthly")
    used = sum(row["energy_kwh"] or 0 for row in analysis["data"])
    assert all_hours["average_kwh"] * 743 == pytest.approx(used, abs=1e-3)


@pytest.mark.parametrize("aggregation", ["raw", "daily"])
def test_no_amount_is_called_by_another_currency(home, told, recorder, aggregation) -> None:
    """The heater counted for a house with francs before it came to the barn with euros."""
    with recorder.engine.begin() as connection:
        connection.execute(
            tariffs_table.update()
            .where(tariffs_table.c.metering_point == "house")
            .values(currency="CHF")
        )
    in_euros = pytest.approx((21 * 48 - 2) * 0.3 * FLAT["price"])
    analysis = told("cost_analysis", (AT_BARN,), (BARN,), grouping="daily")
    assert sum(row["energy_cost"] or 0 for row in analysis["data"]) == in_euros
    (warning,) = [
        one for one in analysis["metadata"]["warnings"] if one["code"] == "UNPRICED_ENERGY"
    ]
    assert warning["kwh"] == pytest.approx(10 * 48 * 0.7)
    report = told("system_report", (AT_BARN,), (BARN,), report_sections=("cost_breakdown",))
    assert sum(row["energy_cost"] or 0 for row in report["data"]) == in_euros
    # One number each hour.
    kwh = [0.7 * 2 if n < 240 else 0.3 * 2 for n in range(743)]
    states = [(START, 5.0)]
    for hour, used in enumerate(kwh, 1):
        states.append((START + hour * 3600 - 1, round(states[-1][1] + used, 3)))
    recorder.add(AT_BARN.entities["energy_total_kwh"], states)
    rows = told(
        "device_data", (AT_BARN,), (BARN,), aggregation=aggregation,
        fields=("timestamp", "energy_kwh", "cost"),
    )  # fmt: skip
    assert sum(row["energy_kwh"] or 0 for row in rows["data"]) == pytest.approx(sum(kwh))
    assert sum(row["cost"] or 0 for row in rows["data"]) == in_euros
