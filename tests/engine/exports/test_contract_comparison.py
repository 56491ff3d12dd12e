"""Contracts side by side, checked by a price list that is looked up half-hour by half-hour."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import zipfile
from calendar import monthrange
from datetime import UTC, date, datetime, timedelta

import openpyxl
import pytest

from custom_components.med_exporter.engine.costs.prices import keep_prices
from custom_components.med_exporter.engine.exports.contract_comparison.result import COLOURS
from custom_components.med_exporter.engine.job import GivenTable, Privacy
from custom_components.med_exporter.engine.readings.fields import Kind
from custom_components.med_exporter.engine.rows.tables import Column
from custom_components.med_exporter.engine.tariff.offers import read_offers

from .homes import DEVICES, FRIDGE, HEATER, HOUSE, PARIS, SOLAR, Home, at

PRIVACY = Privacy(hash_device_identifiers=True, key="00" * 16)
START, END = at("2026-02-10"), at("2026-03-05")
BOTH_CLOCK_CHANGES = at("2026-11-15")
CHANGE = date(2026, 7, 15)
OWN = [
    {"valid_from": "2020-01-01", "kind": "flat", "price": 0.21, "standing_charge": 12.5},
    {"valid_from": CHANGE.isoformat(), "kind": "flat", "price": 0.26, "standing_charge": 14,
     "feed_in": 0.1},
]  # fmt: skip
PRICES = {"blue": (0.16, 0.13), "white": (0.19, 0.15), "red": (0.75, 0.16)}
OFFERS = [
    {"kind": "base", "price": 0.2516, "standing_charge": 12.44, "priced_on": "2026-02-01"},
    {
        "kind": "peak_off_peak", "name": "Nights", "peak_price": 0.27, "off_peak_price": 0.2068,
        "off_peak_hours": [{"start": "01:30", "end": "07:30"}, {"start": "12:30", "end": "14:30"}],
        "standing_charge": 12.85,
    },
    {
        "kind": "tempo", "standing_charge": 12.8,
        "prices": {
            colour: {"peak": peak, "off_peak": off} for colour, (peak, off) in PRICES.items()
        },
    },
    {"kind": "sensor_price", "entity_id": "sensor.spot", "factor": 1.1, "fixed": 0.08, "tax": 20},
]  # fmt: skip


def colour_of(day: date) -> str:
    return ("blue", "blue", "white", "red", "blue")[day.toordinal() % 5]


def spot(moment: float) -> float:
    """Change by the quarter-hour, at times below nothing."""
    return (moment // 900 % 7 - 2) / 50


def used(moment: int) -> float:
    return 0.1 + moment // 1800 % 11 / 40


def lived(recorder, end: float) -> Home:
    home = Home(recorder)
    home.uses(FRIDGE, START, end, used)
    home.uses(HEATER, START, end, lambda moment: 0.75 if moment // 3600 % 24 == 11 else 0)
    home.uses(SOLAR, START, end, lambda moment: 0.3 if 8 <= moment // 3600 % 24 <= 15 else 0)
    home.priced("house", OWN)
    shown = {moment: spot(moment) for moment in range(int(START), int(end), 900)}
    with recorder.engine.begin() as connection:
        keep_prices(connection, "sensor.spot", shown)
    return home


@pytest.fixture
def home(recorder):
    return lived(recorder, END)


def made(exports, file_format="json", offers=OFFERS, colours=True, **changes):
    days = [date(2026, 2, 1) + timedelta(days=n) for n in range(320)]
    rows = tuple((day.isoformat(), colour_of(day)) for day in days) if colours else ()
    columns = (Column("date", Kind.TEXT), Column("colour", Kind.TEXT))
    return exports.content(
        **{
            "export_type": "contract_comparison",
            "format": file_format,
            "devices": DEVICES[:3],
            "points": (HOUSE,),
            "start": START,
            "end": END,
            "timezone": "Europe/Paris",
            "fields": (),
            "own": {
                "pdl": None,
                "contracts": [offer.to_dict() for offer in read_offers(offers)],
            },
            "given": (GivenTable(name=COLOURS, columns=columns, rows=rows),),
            **changes,
        }
    )


def plain_price(name: str, moment: int) -> float:
    """Return what a kWh costs in a half-hour by one contract."""
    local = datetime.fromtimestamp(moment, UTC).astimezone(PARIS)
    minute = local.hour * 60 + local.minute
    if name == "own":
        return 0.21 if local.date() < CHANGE else 0.26
    if name == "base":
        return 0.2516
    if name == "Nights":
        return 0.2068 if 90 <= minute < 450 or 750 <= minute < 870 else 0.27
    if name == "sensor_price":
        mean = (spot(moment) + spot(moment + 900)) / 2
        return (mean * 1.1 + 0.08) * 1.2
    day = local.date() if local.hour >= 6 else local.date() - timedelta(days=1)
    return PRICES[colour_of(day)][not 6 <= local.hour < 22]


def plain_months(home: Home, name: str) -> dict[str, list[float]]:
    """Return energy cost, standing charge and feed-in of each month, one half-hour at a time."""
    months: dict[str, list[float]] = {}
    charges = {"base": 12.44, "Nights": 12.85, "tempo": 12.8, "sensor_price": 0}
    day = datetime.fromtimestamp(START, PARIS).date()
    while day < datetime.fromtimestamp(BOTH_CLOCK_CHANGES, PARIS).date():
        charge = (12.5 if day < CHANGE else 14) if name == "own" else charges[name]
        month = months.setdefault(f"{day:%Y-%m}", [0.0, 0.0, 0.0])
        month[1] += charge / monthrange(day.year, day.month)[1]
        day += timedelta(days=1)
    for row in home.half_hours():
        local = datetime.fromtimestamp(row.start_ts, UTC).astimezone(PARIS)
        month = months[f"{local:%Y-%m}"]
        if row.role == "production":
            sold = 0.1 if name == "own" and local.date() >= CHANGE else 0
            month[2] += row.kwh * sold
        else:
            month[0] += row.kwh * plain_price(name, row.start_ts)
    return months


def test_each_month_and_total_is_right_to_the_cent(recorder, exports):
    """Both clock changes, parts of months and a change of contract lie inside."""
    home = lived(recorder, BOTH_CLOCK_CHANGES)
    found = json.loads(made(exports, end=BOTH_CLOCK_CHANGES))
    names = ["own", "base", "Nights", "tempo", "sensor_price"]
    assert {row["contract"] for row in found["contracts"]} == set(names)
    for name in names:
        rows = [row for row in found["contract_months"] if row["contract"] == name]
        expected = plain_months(home, name)
        assert [row["period_start"][:7] for row in rows] == list(expected)
        amounts = ("energy_cost", "standing_charge", "feed_in")
        for row, month in zip(rows, expected.values(), strict=True):
            for amount, value in zip(amounts, month, strict=True):
                assert abs(row[amount] - value) < 0.01
        (total,) = [row for row in found["contracts"] if row["contract"] == name]
        for place, amount in enumerate(amounts):
            exact = sum(month[place] for month in expected.values())
            assert total[amount] == pytest.approx(round(exact, 2), abs=0.001)
            assert total[amount] == pytest.approx(sum(row[amount] for row in rows))
        assert total["total"] == pytest.approx(sum(row["total"] for row in rows))
    totals = [row["total"] for row in found["contracts"]]
    assert totals == sorted(totals)
    assert [row["difference"] for row in found["contracts"]] == pytest.approx(
        [total - totals[0] for total in totals]
    )
    assert found["metadata"]["warnings"] == []


def test_a_tenth_moved_to_the_off_peak_hours(home, exports):
    found = json.loads(made(exports))
    (nights,) = [row for row in found["contracts"] if row["contract"] == "Nights"]
    peak = sum(
        row.kwh
        for row in home.half_hours()
        if row.role == "consumption" and plain_price("Nights", row.start_ts) == 0.27
    )
    assert nights["shift_saving"] == pytest.approx(0.1 * peak * (0.27 - 0.2068), abs=0.006)


def test_a_contract_without_colours_is_last_and_said(home, exports):
    found = json.loads(made(exports, colours=False))
    assert found["contracts"][-1]["contract"] == "tempo"
    assert found["contracts"][-1]["unpriced_kwh"] > 100
    differences = [row["difference"] for row in found["contracts"]]
    assert differences[0] == 0
    assert None not in differences[:-1]
    # What lacks prices is no cheaper for it.
    assert differences[-1] is None
    (warning,) = found["metadata"]["warnings"]
    assert warning["code"] == "UNPRICED_ENERGY"
    assert "tempo" in warning["message"]


def test_a_document_warns_of_a_contract_without_a_name_by_its_kind(home, exports):
    options = exports.options(locale="fr")
    pdf = made(exports, "pdf", colours=False, options=options)
    done = subprocess.run(
        ["pdftotext", "-raw", "-", "-"], input=pdf, capture_output=True, check=True
    )
    warned = " ".join(done.stdout.decode().partition("sans prix connu")[2].split())
    assert re.match(r".{0,60}aucun coût : Tempo \(", warned)


AMOUNTS = ("energy_cost", "standing_charge", "feed_in", "total")


def lines(found, table, name):
    return [[row[one] for one in AMOUNTS] for row in found[table] if row["contract"] == name]


def test_a_month_before_the_contract_costs_what_nobody_knows(home, exports):
    home.priced("house", [{**OWN[0], "valid_from": "2026-03-01"}])
    found = json.loads(made(exports))
    before, since = lines(found, "contract_months", "own")
    assert before == [None] * 4
    assert None not in since
    # What is known is the sum of what is shown.
    assert lines(found, "contracts", "own") == [since]
    with zipfile.ZipFile(io.BytesIO(made(exports, "csv"))) as archive:
        text = archive.read("contract_months.csv").decode()
    first = next(row for row in csv.DictReader(io.StringIO(text)) if row["contract"] == "own")
    assert [first[one] for one in AMOUNTS] == [""] * 4
    book = openpyxl.load_workbook(io.BytesIO(made(exports, "excel")))
    headings, month, *_ = book["Month by month"].iter_rows(values_only=True)
    assert headings[0] == "Month"
    assert month[headings.index("Your contract (€)")] is None


def test_a_contract_of_later_costs_nobody_knows_what(home, exports):
    home.priced("house", [{**OWN[0], "valid_from": "2026-04-01"}])
    found = json.loads(made(exports))
    assert lines(found, "contracts", "own") == [[None] * 4]
    (own,) = [row for row in found["contracts"] if row["contract"] == "own"]
    assert (own["difference"], own["shift_saving"]) == (None, None)
    assert found["contracts"][-1] == own
    for file_format in ("excel", "pdf"):
        made(exports, file_format, include_charts=True)


def test_energy_without_any_price_does_not_cost_nothing(home, exports):
    found = json.loads(made(exports, offers=[*OFFERS[:1], {**OFFERS[3], "entity_id": "sensor.x"}]))
    for energy, standing, _, total in lines(found, "contract_months", "sensor_price"):
        assert (energy, standing, total) == (None, 0, None)
    assert lines(found, "contracts", "sensor_price")[0][::3] == [None, None]


def test_a_time_in_which_nothing_was_used_costs_nothing(recorder, exports):
    home = Home(recorder)
    home.uses(FRIDGE, START, END, lambda moment: 0.0)
    home.priced("house", [{**OWN[0], "valid_from": "2026-04-01"}])
    found = json.loads(made(exports, offers=OFFERS[:1]))
    assert [row[0] for row in lines(found, "contracts", "base")] == [0]
    # It holds at no time of it, and is not the cheapest for that.
    assert lines(found, "contracts", "own") == [[None] * 4]


def test_time_before_the_first_energy_is_not_compared(home, exports):
    found = json.loads(made(exports, start=at("2024-01-01")))
    assert found["contract_months"][0]["period_start"] == "2026-02-10T00:00:00+01:00"
    (warning,) = found["metadata"]["warnings"]
    assert (warning["code"], warning["end"]) == ("BEFORE_ENERGY", "2026-02-09T23:00:00Z")


def test_without_energy_there_is_nothing_to_compare(recorder, exports):
    Home(recorder)
    found = json.loads(made(exports))
    assert (found["contracts"], found["contract_months"]) == ([], [])
    assert [one["code"] for one in found["metadata"]["warnings"]] == ["NO_HALF_HOURS"]


def test_a_csv_has_the_same_rows(home, exports):
    found = json.loads(made(exports))
    with zipfile.ZipFile(io.BytesIO(made(exports, "csv"))) as archive:
        for name in ("contracts", "contract_months"):
            rows = list(csv.DictReader(io.StringIO(archive.read(f"{name}.csv").decode())))
            assert [row["total"] for row in rows] == [str(row["total"]) for row in found[name]]


def test_a_csv_in_words_has_those_of_contracts_and_dates(home, exports):
    unnamed = {key: value for key, value in OFFERS[1].items() if key != "name"}
    offers = [{**unnamed, "priced_on": "2026-08-01"}]
    options = exports.options(locale="fr", machine_names=False)
    with zipfile.ZipFile(io.BytesIO(made(exports, "csv", offers, options=options))) as archive:
        text = archive.read("contracts.csv").decode("utf-8-sig")
    rows = {row["Contrat"]: row for row in csv.DictReader(io.StringIO(text), delimiter=";")}
    assert set(rows) == {"Votre contrat", "Heures pleines / heures creuses"}
    assert rows["Heures pleines / heures creuses"]["Prix au"] == "01/08/2026"


def test_a_workbook_has_a_row_for_each_month(home, exports):
    data = made(exports, "excel", include_charts=True, options=exports.options(locale="fr"))
    book = openpyxl.load_workbook(io.BytesIO(data))
    assert book.sheetnames == ["Résumé", "Graphiques", "Contrats", "Mois par mois"]
    headings = [cell.value for cell in book["Mois par mois"][1]]
    assert [value for value in headings if "Nights" in str(value)] == ["Nights (€)"]
    assert "Votre contrat (€)" in headings
    facts = {row[0].value: row[1].value for row in book["Résumé"].iter_rows(max_col=2)}
    assert facts["Le moins cher"] == "Prix d’un capteur"  # noqa: RUF001


def test_privacy_hides_what_a_contract_is_called_after(home, exports):
    offers = [{**OFFERS[0], "name": "House by the river"}]
    for file_format in ("json", "csv", "excel"):
        data = made(exports, file_format, offers, privacy=PRIVACY)
        if data[:2] == b"PK":
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                data = b"".join(archive.read(name) for name in archive.namelist())
        assert b"House" not in data


@pytest.mark.parametrize(("locale", "money"), [("fr", r"\d,\d\d\s€"), ("en", r"€\d")])
def test_a_document_cuts_no_name_and_writes_money_as_people_do(exports, home, locale, money):
    names = ["Heures pleines / heures creuses", "Fournisseur vert, offre verte à prix fixe"]
    offers = [{**OFFERS[0], "name": name} for name in [*names, "A", "B", "C"]]
    options = exports.options(locale=locale)
    pdf = made(exports, "pdf", offers, options=options, include_charts=True)
    done = subprocess.run(
        ["pdftotext", "-raw", "-", "-"], input=pdf, capture_output=True, check=True
    )
    text = done.stdout.decode()
    assert "…" not in text
    for name in names:
        # In the table of contracts, as a heading of the months, below a bar.
        assert " ".join(text.split()).count(name) >= 3
    assert re.search(money, text)
    assert "EUR" not in text
    assert "EUR" in made(exports, "json", offers, options=options).decode()


@pytest.mark.parametrize("decimals", [0, 1, 6])
def test_money_has_as_many_digits_as_asked_for_and_months_add_up(home, exports, decimals):
    tables = json.loads(made(exports, options=exports.options(decimal_places=decimals)))
    names = ("energy_cost", "standing_charge", "feed_in", "total")
    months = tables["contract_months"]
    for whole in tables["contracts"]:
        its = [month for month in months if month["contract"] == whole["contract"]]
        # Sums of prices of five digits show six.
        assert decimals < 6 or whole["energy_cost"] != round(whole["energy_cost"], 2)
        for name in names:
            parts = [month[name] for month in its if month[name] is not None]
            assert [round(part, decimals) for part in parts] == parts
            assert whole[name] is None or sum(parts) == pytest.approx(whole[name])
