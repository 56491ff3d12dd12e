"""When in a month, a day or an hour its energy was used is an estimate where that is told."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import UTC, date, datetime, timedelta

import pytest

from custom_components.med_exporter.const import PlugRole
from custom_components.med_exporter.engine.energy import HourKwh
from custom_components.med_exporter.engine.job import Options
from custom_components.med_exporter.engine.tariff.offers import read_offers
from custom_components.med_exporter.ledger import CounterStart, LedgerPlug, PlugHistory, Posting
from custom_components.med_exporter.ledger.books import write_history, write_posting
from custom_components.med_exporter.ledger.receipts import RECEIPTS_SCHEMA

from .homes import FLAT, FRIDGE, HOUSE, NIGHT_AND_DAY, PARIS, TIERS, Home, at

JOINED = datetime(2026, 11, 20, 10, 10, tzinfo=PARIS)
PLUG = LedgerPlug(
    plug_id=FRIDGE.plug_id,
    name="Fridge",
    metering_point="house",
    metering_point_name="House",
    role=PlugRole.CONSUMPTION,
)
DAYS = {date(2026, 11, day): 2.4 for day in range(10, 20)}
MIDNIGHT = datetime(2026, 11, 17, 23, tzinfo=UTC)
HOURS = {MIDNIGHT + timedelta(hours=hour): HourKwh(0.1) for hour in range(24)}
OCTOBER = ("2026-10-01", "2026-11-01")
TWO_DAYS = ("2026-11-11", "2026-11-13")
DAY_OF_HOURS = ("2026-11-18", "2026-11-19")


@pytest.fixture
def joined(recorder) -> Home:
    """A plug that was added now, and told a month, ten days, and the hours of one of them."""
    home = Home(recorder)
    recorder.add_statistics("sensor.other", [])
    start = CounterStart(at=JOINED, value_kwh=0.0, today_kwh=1.0)
    history = PlugHistory(
        plug=PLUG, hour_kwh=HOURS, day_kwh=DAYS, month_kwh={date(2026, 10, 1): 31.0}
    )
    with recorder.engine.begin() as connection:
        posting = Posting(plug=PLUG, start=start, value_kwh=0.0, at=JOINED, since=JOINED)
        RECEIPTS_SCHEMA.create(connection)
        write_posting(connection, posting, {}, PARIS)
        write_history(connection, history, {}, PARIS)
    return home


def request(stretch, export_type="cost_analysis", **changes) -> dict:
    return {
        "export_type": export_type,
        "format": "json",
        "devices": (FRIDGE,),
        "points": (HOUSE,),
        "start": at(stretch[0]),
        "end": at(stretch[1]),
        "timezone": "Europe/Paris",
        "fields": (),
        **changes,
    }


def estimates(exports, stretch, *, code="ESTIMATED", **changes) -> list[tuple]:
    content = exports.content(4e9, **request(stretch, **changes))
    warnings = json.loads(content)["metadata"]["warnings"]
    return [
        (
            float(one["message"].split(": ")[1].removesuffix(" kWh")),
            datetime.fromisoformat(one["start"]).timestamp(),
            datetime.fromisoformat(one["end"]).timestamp(),
        )
        for one in warnings
        if one["code"] == code
    ]


def whole(kwh: float, stretch: tuple[str, str]) -> list[tuple]:
    return [(pytest.approx(kwh), at(stretch[0]), at(stretch[1]))]


@pytest.mark.parametrize(
    ("contract", "stretch", "grouping", "kwh"),
    [
        (FLAT, OCTOBER, "monthly", 0),
        (TIERS, OCTOBER, "monthly", 0),
        (NIGHT_AND_DAY, OCTOBER, "monthly", 31.0),
        (FLAT, OCTOBER, "daily", 31.0),
        (FLAT, TWO_DAYS, "daily", 0),
        (TIERS, TWO_DAYS, "daily", 0),
        (NIGHT_AND_DAY, TWO_DAYS, "daily", 4.8),
        (FLAT, TWO_DAYS, "hourly", 4.8),
        (FLAT, DAY_OF_HOURS, "hourly", 0),
    ],
)
def test_what_was_told_as_a_whole_is_one_where_it_is_split(
    joined, exports, contract, stretch, grouping, kwh
) -> None:
    joined.priced("house", [contract])
    found = estimates(exports, stretch, grouping=grouping)
    assert found == (whole(kwh, stretch) if kwh else [])


def test_a_new_price_splits_what_lies_around_it(joined, exports) -> None:
    dearer = FLAT | {"valid_from": "2026-10-20", "price": 0.3}
    joined.priced("house", [FLAT, dearer])
    assert estimates(exports, OCTOBER, grouping="monthly") == whole(31.0, OCTOBER)


def test_a_range_that_cuts_a_month_has_its_part_of_the_estimate(joined, exports) -> None:
    joined.priced("house", [FLAT])
    ((kwh, start, end),) = estimates(exports, ("2026-10-20", "2026-11-01"), grouping="monthly")
    assert (start, end) == (at("2026-10-20"), at("2026-11-01"))
    assert kwh == pytest.approx(31 * (12 * 24 + 1) / 745, abs=1e-3)


def test_hours_that_a_plug_told_are_split_by_prices_that_change_within_them(
    joined, exports
) -> None:
    joined.priced("house", [NIGHT_AND_DAY])
    # Prices change at 06:30 and at 22:30.
    found = estimates(exports, DAY_OF_HOURS, grouping="daily")
    assert found == whole(0.2, ("2026-11-18T06:00", "2026-11-18T23:00"))


def test_other_reports_that_split_it_say_so_too(joined, exports) -> None:
    joined.priced("house", [FLAT])
    report = {"export_type": "system_report", "report_sections": ("cost_breakdown",)}
    assert estimates(exports, OCTOBER, **report) == []
    days = {"export_type": "system_report", "report_sections": ("energy_consumption",)}
    assert estimates(exports, OCTOBER, **days) == whole(31.0, OCTOBER)
    assert estimates(exports, TWO_DAYS, **days) == []
    flat = {"kind": "base", "price": 0.25}
    nights = {
        "kind": "peak_off_peak", "peak_price": 0.27, "off_peak_price": 0.2,
        "off_peak_hours": [{"start": "22:00", "end": "06:00"}],
    }  # fmt: skip
    for offers, expected in (([flat], []), ([nights], whole(31.0, OCTOBER))):
        own = {"pdl": None, "contracts": [one.to_dict() for one in read_offers(offers)]}
        compared = {"export_type": "contract_comparison", "own": own}
        assert estimates(exports, OCTOBER, **compared) == expected
    joined.priced("house", [NIGHT_AND_DAY])
    assert estimates(exports, OCTOBER, **report) == whole(31.0, OCTOBER)


USAGE = {"export_type": "system_report", "report_sections": ("usage_patterns",)}


def test_habits_are_told_without_estimates_and_with_how_much_they_leave_out(
    joined, exports
) -> None:
    assert estimates(exports, OCTOBER, **USAGE, code="ESTIMATES_LEFT_OUT") == whole(31.0, OCTOBER)
    # Hours that the plug told are no estimate to habits.
    assert estimates(exports, DAY_OF_HOURS, **USAGE, code="ESTIMATES_LEFT_OUT") == []


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is not installed")
@pytest.mark.parametrize(
    ("locale", "told"),
    [
        ("en", "is estimated, tells nothing of habits; it is left out: 31.000 kWh"),
        ("fr", "est estimée, ne dit rien des habitudes ; elle est écartée : 31,000 kWh"),
    ],
)
def test_pages_of_habits_that_have_nothing_but_estimates_say_why(
    joined, exports, locale, told
) -> None:
    asked = request(OCTOBER, **USAGE, format="pdf", options=Options(locale=locale))
    text = subprocess.run(
        ["pdftotext", "-raw", "-", "-"],
        input=exports.content(4e9, **asked), capture_output=True, check=True,
    ).stdout.decode()  # fmt: skip
    assert told in " ".join(text.split())


def test_the_parts_of_a_whole_that_do_not_touch_are_one_too(recorder, exports) -> None:
    """Of a day that a plug told as a whole, the morning had been measured before."""
    home = Home(recorder)
    recorder.add_statistics("sensor.other", [])
    morning, noon = (datetime(2026, 11, 19, hour, tzinfo=PARIS) for hour in (8, 12))
    quarters = {int(morning.timestamp()) + 900 * n: 100_000 for n in range(16)}
    first = CounterStart(at=morning, value_kwh=0.0)
    again = CounterStart(at=JOINED, value_kwh=0.0, today_kwh=1.0)
    with recorder.engine.begin() as connection:
        RECEIPTS_SCHEMA.create(connection)
        for posting in (
            Posting(
                plug=PLUG, start=first, value_kwh=1.6, at=noon, since=morning, quarters=quarters
            ),
            Posting(plug=PLUG, start=again, value_kwh=0.0, at=JOINED, since=JOINED),
        ):
            write_posting(connection, posting, {}, PARIS)
        history = PlugHistory(plug=PLUG, day_kwh={date(2026, 11, 19): 2.4})
        write_history(connection, history, {}, PARIS)
    home.priced("house", [FLAT])
    day = ("2026-11-19", "2026-11-20")
    assert estimates(exports, day, grouping="daily") == []
    ((kwh, start, end),) = estimates(exports, ("2026-11-19T10:00", day[1]), grouping="daily")
    # The quarter-hour of the last reading is known, too.
    assert (start, end) == (at("2026-11-19T12:15"), at(day[1]))
    assert kwh == pytest.approx(0.8 * 11.75 / 19.75, abs=1e-3)
    assert estimates(exports, day, grouping="hourly") == whole(0.8, day)


QUARTER = timedelta(minutes=15)
DAY_BEFORE = ("2026-11-17", "2026-11-19")


@pytest.mark.parametrize("towards", [QUARTER, -QUARTER])
@pytest.mark.parametrize(("grouping", "wholes"), [("daily", 1), ("hourly", 3)])
def test_hours_that_a_plug_has_cut_elsewhere_are_known_with_their_neighbours(
    recorder, exports, towards: timedelta, grouping: str, wholes: int
) -> None:
    """Of three hours that the plug cut beside those of the house, one lies on both days."""
    home = Home(recorder)
    recorder.add_statistics("sensor.other", [])
    midnight = datetime(2026, 11, 18, tzinfo=PARIS).astimezone(UTC)
    over = midnight - timedelta(hours=1) if towards > timedelta() else midnight
    cut = [over + timedelta(hours=n) for n in (-5, 0, 5)]
    nothing = {midnight + timedelta(hours=n): HourKwh(0.0) for n in range(-24, 24)}
    history = PlugHistory(
        plug=PLUG,
        hour_kwh=nothing | {hour: HourKwh(0.1, hour + towards) for hour in cut},
        day_kwh={date(2026, 11, 17): 0.2, date(2026, 11, 18): 0.1},
    )
    with recorder.engine.begin() as connection:
        start = CounterStart(at=JOINED, value_kwh=0.0, today_kwh=1.0)
        posting = Posting(plug=PLUG, start=start, value_kwh=0.0, at=JOINED, since=JOINED)
        RECEIPTS_SCHEMA.create(connection)
        write_posting(connection, posting, {}, PARIS)
        write_history(connection, history, {}, PARIS)
    home.priced("house", [FLAT])
    ((kwh, start, end),) = estimates(exports, DAY_BEFORE, grouping=grouping)
    # Three quarters of an hour's energy stand on its own side of the edge, and are known with the
    # quarter-hour on the other.
    assert kwh == pytest.approx(wholes * 0.075)
    assert end - start == (wholes - 1) * 5 * 3600 + 2700
