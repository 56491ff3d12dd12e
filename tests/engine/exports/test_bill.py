"""Costs on pages: one month on one page, as a bill says it."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from datetime import date

import pytest

from custom_components.med_exporter.engine.costs.prices import keep_prices
from custom_components.med_exporter.engine.job import Privacy

from .homes import (
    BARN,
    DEVICES,
    FLAT,
    FRIDGE,
    HEATER,
    HOUSE,
    LATHE,
    NIGHT_AND_DAY,
    SOLAR,
    Home,
    at,
    demo,
)

pytestmark = pytest.mark.skipif(
    shutil.which("pdftotext") is None, reason="pdftotext (poppler) is not installed"
)


@pytest.fixture
def bill(exports):
    def bill(start: str, end: str, locale: str = "en", **more) -> list[str]:
        content = exports.content(
            **{
                "export_type": "cost_analysis", "format": "pdf", "devices": DEVICES[:3],
                "points": (HOUSE,), "start": at(start), "end": at(end),
                "timezone": "Europe/Paris", "fields": (), "include_charts": True,
                "options": exports.options(locale=locale), **more,
            }
        )  # fmt: skip
        done = subprocess.run(
            ["pdftotext", "-layout", "-", "-"], input=content, capture_output=True, check=True
        )
        return done.stdout.decode().split("\f")[:-1]

    return bill


def lines(page: str) -> dict[str, list[str]]:
    """Return what stands in each line behind its first words."""
    found = (re.split(r"\s{2,}", line.strip()) for line in page.splitlines() if line.strip())
    told: dict[str, list[str]] = {}
    for first, *rest in found:
        # The legend of the chart comes last.
        told.setdefault(first, rest)
    return told


def test_a_month_is_one_page(recorder, bill):
    demo(recorder, at("2026-02-01"), at("2026-04-01"))
    (page,) = bill("2026-03-01", "2026-04-01")
    found = lines(page)
    assert "March 2026" in page
    assert found["Metering point"] == ["House"]
    assert found["Its number"] == ["HOUSE-1"]
    assert "Supplier" not in page
    for hidden in ("fridge-id", "192.0.2.10", "50c7bf", "Currency", "Contents"):
        assert hidden not in page
    energy, price, amount = found["Heater"]
    assert float(amount) == pytest.approx(float(energy) * float(price), abs=0.02)
    assert re.fullmatch(r"\d+\.\d{3}", energy)
    assert re.fullmatch(r"\d+\.\d\d", amount)
    parts = [found[name][-1] for name in ("Heater", "Fridge", "Standing charge", "Feed-in, Solar")]
    assert found["Standing charge"] == ["15.50"]
    assert float(found["Total"][-1]) == pytest.approx(sum(map(float, parts)), abs=0.001)
    periods = [float(found[name][-1]) for name in ("day", "night")]
    assert sum(periods) == pytest.approx(sum(map(float, parts[:2])), abs=0.001)


def test_the_periods_of_tempo_come_as_its_calendar_has_them(recorder, bill):
    home = Home(recorder)
    colours = ("red", "white", "blue")
    prices = {colour: {"peak": 0.2, "off_peak": 0.1} for colour in colours}
    days = {date(2026, 3, 1 + n): colours[n % 3] for n in range(21)}
    home.priced(
        "house", [{"valid_from": "2025-01-01", "kind": "tempo", "prices": prices}], colours=days
    )
    home.uses(FRIDGE, at("2026-03-02"), at("2026-03-20"), 0.5)
    (page,) = bill("2026-03-01", "2026-04-01")
    names = [name for name in lines(page) if name.partition(",")[0] in colours]
    hours = ("peak", "off-peak")
    assert names[:6] == [
        f"{colour}, {hour}" for colour in ("blue", "white", "red") for hour in hours
    ]


def test_who_sends_the_bills_is_told(recorder, bill, exports):
    home = Home(recorder)
    suppliers = {"2025-01-01": "Voltaire", "2026-03-11": "Ampère", "2026-04-01": "Ohm"}
    home.priced(
        "house", [{**FLAT, "valid_from": day, "supplier": one} for day, one in suppliers.items()]
    )
    home.uses(FRIDGE, at("2026-03-01"), at("2026-03-21"), 0.5)
    (page,) = bill("2026-03-01", "2026-04-01")
    assert lines(page)["Supplier"] == ["Voltaire, Ampère"]
    privacy = Privacy(hash_device_identifiers=True, key="00" * 32)
    (page,) = bill("2026-03-01", "2026-04-01", privacy=privacy)
    assert "HOUSE-1" not in page
    assert "Supplier" not in page


def test_taxes_in_the_amounts_are_told_behind_the_total(recorder, bill):
    home = Home(recorder)
    before = {**FLAT, "price": 0.24, "standing_charge": 15.5, "vat": 20, "standing_charge_vat": 5.5}
    after = {**before, "valid_from": "2026-03-11", "vat": 10, "standing_charge_vat": 20}
    home.priced("house", [before, after])
    home.uses(FRIDGE, at("2026-03-01"), at("2026-03-21"), 0.5)
    home.uses(SOLAR, at("2026-03-01"), at("2026-03-21"), 1.0)
    (page,) = bill("2026-03-01", "2026-04-01")
    found = lines(page)
    energy = 10 * 48 * 0.5 * 0.24
    taxes = {
        "of which tax at 5.5%": 5 * 5.5 / 105.5,
        "of which tax at 10%": energy * 10 / 110,
        "of which tax at 20%": energy * 20 / 120 + 10.5 * 20 / 120,
    }
    for name, amount in taxes.items():
        assert float(found[name][-1]) == pytest.approx(amount, abs=0.006)
    assert float(found["Total"][-1]) == pytest.approx(2 * energy + 15.5, abs=0.001)
    assert page.index("Total") < page.index("of which tax at 5.5%")
    assert "dont taxes à 5,5 %" in bill("2026-03-01", "2026-04-01", "fr")[0]


def test_what_a_meter_showed_before_and_after_is_told(recorder, bill):
    demo(recorder, at("2026-02-01"), at("2026-04-01"))
    start, end = at("2026-03-01"), at("2026-04-01")

    def shows(device, *hours):
        known = [(edge - 3600, {"state": state, "sum": state}) for edge, state in hours]
        recorder.add_statistics(device.entities["energy_total_kwh"], known, "Wh")

    shows(HEATER, (start, 1_234_500), (end, 1_734_500))
    shows(FRIDGE, (start, 1000), (end - 3600, 2000))
    # It began anew.
    shows(SOLAR, (start, 2000), (end, 1000))
    (page,) = bill("2026-03-01", "2026-04-01")
    found = lines(page)
    assert [one.replace(",", "") for one in found["Heater"][:2]] == ["1234.5", "1734.5"]
    assert [len(found[name]) for name in ("Heater", "Fridge", "Feed-in, Solar")] == [5, 3, 3]
    assert "Reading" in page
    assert "Ancien" in bill("2026-03-01", "2026-04-01", "fr")[0]
    # There are none where one of them is missing for all.
    assert "Reading" not in bill("2026-03-01", "2026-03-31")[0]


def test_meters_of_one_name_are_lines_of_their_own(recorder, bill):
    home = Home(recorder)
    home.priced("house", [FLAT])
    twin = replace(HEATER, device_name=FRIDGE.device_name)
    start, end = at("2026-03-01"), at("2026-03-02")
    for number, one in enumerate((FRIDGE, twin), 1):
        home.uses(one, start, end, number / 48)
        known = [(edge - 3600, {"state": edge - start + number, "sum": 0}) for edge in (start, end)]
        recorder.add_statistics(one.entities["energy_total_kwh"], known, "kWh")
    (page,) = bill("2026-03-01", "2026-03-02", devices=(FRIDGE, twin))
    found = re.findall(r"Fridge +([\d.]+) +[\d,.]+ +([\d.]+) +[\d.]+ +([\d.]+)", page)
    assert found == [("2.0", "2.000", "0.50"), ("1.0", "1.000", "0.25")]


def test_a_price_that_tax_is_put_on_tells_that_tax(recorder, bill):
    home = Home(recorder)
    home.priced(
        "house",
        [
            {
                "valid_from": "2020-01-01",
                "kind": "sensor_price",
                "entity_id": "sensor.spot",
                "tax": 25,
            }
        ],
    )
    quarters = range(int(at("2026-03-01")), int(at("2026-03-02")), 900)
    with recorder.engine.begin() as connection:
        keep_prices(connection, "sensor.spot", dict.fromkeys(quarters, -0.2))
    home.uses(FRIDGE, at("2026-03-01"), at("2026-03-02"), 0.5)
    found = lines(bill("2026-03-01", "2026-03-02")[0])
    assert found["Total"] == ["24.000", "-6.00"]
    assert found["of which tax at 25%"] == ["-1.20"]


def test_what_has_no_price_has_no_total(recorder, bill):
    Home(recorder).uses(FRIDGE, at("2026-03-01"), at("2026-03-02"), 0.5)
    found = lines(bill("2026-03-01", "2026-03-02")[0])
    assert found["Total"] == ["24.000"]


def test_it_is_compared_with_the_month_and_the_year_before(recorder, bill):
    home = Home(recorder)
    home.priced("house", [{"valid_from": "2020-01-01", "kind": "flat", "price": 0.2}])
    for month, after, kwh in (
        ("2025-10-01", "2025-11-01", 0.5), ("2026-09-01", "2026-10-01", 0.25),
        ("2026-10-01", "2026-11-01", 0.75),
    ):  # fmt: skip
        home.uses(FRIDGE, at(month), at(after), kwh)
    (page,) = bill("2026-10-01", "2026-11-01")
    found = lines(page)
    hours = (31 * 24 + 1) * 2
    assert found["September 2026"] == [
        "360.000", "72.00", f"{hours * 0.15 - 72:.2f}", f"{100 * (hours * 0.75 - 360) / 360:.0f}"
    ]  # fmt: skip
    assert found["October 2025"][:2] == [f"{hours * 0.5:.3f}", f"{hours * 0.1:.2f}"]
    assert "By tariff period" not in page


@pytest.mark.parametrize("asked", ["2026-11-18 21:37:12", "2026-11-19 14:00"])
def test_a_month_that_goes_on_is_compared_as_far_as_its_energy_came(recorder, bill, asked):
    """What was used evenly is neither more nor less than before, at whatever hour it is asked."""
    home = Home(recorder)
    home.priced("house", [{**FLAT, "standing_charge": 30}])
    home.uses(FRIDGE, at("2025-10-01"), at("2026-11-18 21:30"), 0.5)
    (page,) = bill("2026-11-01", "2026-12-01", now=at(asked))
    hours = 17 * 24 + 21.5
    cost, standing = hours * 0.25, hours / 24
    name = "1 November 2025, 00:00 (UTC+01:00) to 18 November"
    (compared,) = [told for first, told in lines(page).items() if first.startswith(name)]
    kwh, total, more, share = compared
    assert (float(kwh), float(more), int(share)) == (hours, 0, 0)
    assert float(total) == pytest.approx(cost + standing, abs=0.01)


def test_what_is_not_known_whole_is_not_compared_with(recorder, bill):
    demo(recorder, at("2026-02-10"), at("2026-04-01"))
    assert "February 2026" not in bill("2026-03-01", "2026-04-01")[0]


def test_a_longer_range_has_months_and_days_behind_the_same_page(recorder, bill):
    demo(recorder, at("2026-01-28"), at("2026-04-01"))
    pages = bill("2026-01-28", "2026-04-01", "fr")
    assert "du 28 janvier 2026 au 31 mars 2026" in pages[0]
    text = "\n".join(pages)
    found = lines(text)
    assert found["Total"]
    months = ["janvier 2026 (à partir du 28)", "février 2026", "mars 2026"]
    totals = [float(found[month][-1].replace(",", ".")) for month in months]
    assert sum(totals) == pytest.approx(float(found["Total"][-1].replace(",", ".")), abs=0.001)
    assert "01/01/2026" not in text
    assert {"28/01/2026", "31/03/2026"} <= set(found)


def test_a_year_has_its_days_only_where_they_are_asked_for(recorder, bill):
    demo(recorder, at("2026-02-01"), at("2026-08-01"))
    short, asked = (bill("2026-02-01", "2026-08-01", grouping=one) for one in ("monthly", "daily"))
    assert "Months" in "".join(short)
    assert "Days" not in "".join(short)
    assert len(short) <= 2 < len(asked)
    assert "Days" in "".join(asked)


def test_without_a_contract_there_is_energy_alone(recorder, bill):
    home = Home(recorder)
    home.uses(HEATER, at("2026-03-01"), at("2026-04-01"), 0.1)
    home.uses(SOLAR, at("2026-03-01"), at("2026-04-01"), 0.2)
    found = lines(bill("2026-03-01", "2026-04-01")[0])
    assert found["Heater"] == ["148.600"]


def test_money_is_not_compared_with_a_time_of_which_a_part_had_no_contract(recorder, bill):
    home = Home(recorder)
    home.priced("house", [FLAT | {"valid_from": "2025-10-14", "standing_charge": 15.5}])
    for month, after in (("2025-10-01", "2025-11-01"), ("2026-09-01", "2026-11-01")):
        home.uses(FRIDGE, at(month), at(after), 0.5)
    (page,) = bill("2026-10-01", "2026-11-01")
    found = lines(page)
    assert found["October 2025"] == ["745.000", "0"]
    assert len(found["September 2026"]) == 4


def test_a_metering_point_that_is_new_is_compared_with_nothing(recorder, bill):
    home = Home(recorder)
    home.uses(FRIDGE, at("2025-10-01"), at("2026-11-01"), 0.5)
    home.uses(LATHE, at("2026-08-01"), at("2026-11-01"), 0.5)
    both = {"devices": (FRIDGE, LATHE), "points": (HOUSE, BARN)}
    (page,) = bill("2026-10-01", "2026-11-01", **both)
    assert "September 2026" in page
    assert "October 2025" not in page
    assert "October 2025" in bill("2026-10-01", "2026-11-01")[0]


def test_what_has_no_price_is_called_so_and_not_compared_in_money(recorder, bill):
    home = Home(recorder)
    home.priced("house", [FLAT | {"valid_from": "2026-10-01"}])
    for month, after in (("2025-10-01", "2025-11-01"), ("2026-10-01", "2026-11-01")):
        for device in (FRIDGE, LATHE):
            home.uses(device, at(month), at(after), 0.5)
    (page,) = bill("2026-10-01", "2026-11-01", "fr", devices=(FRIDGE, LATHE), points=(HOUSE, BARN))
    found = lines(page)
    assert found["Sans prix"] == ["745,000"]
    assert found["Prix unique"][0] == "745,000"
    assert ["".join(one.split()) for one in found["octobre 2025"]] == ["1490,000", "0"]
    told = "prix connu dans cette devise n’est comptée dans aucun coût : 745,000 kWh (octobre"  # noqa: RUF001
    assert told in " ".join(page.replace("\xa0", " ").split())


def test_rows_that_were_asked_for_come_behind_the_bill(recorder, bill):
    demo(recorder, at("2026-03-01"), at("2026-04-01"))
    pages = bill("2026-03-01", "2026-03-08", grouping="daily", breakdown_by=("device",))
    text = "\n".join(pages)
    assert text.count("Fridge") == 1 + 7
    assert "2 Mar 2026" in text
    assert NIGHT_AND_DAY["periods"][0]["name"] in text


@pytest.mark.parametrize(
    ("locale", "sentence"),
    [
        ("en", "Nothing was recorded in this period."),
        ("fr", "Rien n’a été consigné pendant cette période."),  # noqa: RUF001
    ],
)
def test_an_empty_audit_log_is_one_sentence(recorder, bill, locale, sentence):
    Home(recorder)
    about = {"export_type": "audit_logs", "devices": (), "points": (), "include_charts": False}
    (page,) = bill("2026-03-01", "2026-04-01", locale, **about)
    _, _, rest = page.partition("2026\n")
    assert sentence in rest
    assert not re.search(r"\b0\b", rest)


def test_patterns_of_use_are_a_picture_and_a_paragraph(recorder, bill):
    demo(recorder, at("2026-03-01"), at("2026-03-15"))
    (page,) = bill(
        "2026-03-01", "2026-03-15",
        export_type="system_report", report_sections=("usage_patterns",), include_charts=False,
    )  # fmt: skip
    words = " ".join(page.split())
    assert "On average" in words
    assert "Production is not counted" in words
    assert "Monday" in words
