"""What readings cost adds up to what the ledger's energy costs, however the two differ."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from custom_components.med_exporter.engine.costs import reading_costs

from ..exports.homes import FLAT, HOUSE, NIGHT_AND_DAY, PARIS, SOLAR, TIERS, Home, at, device

PLUG = device("Fridge")
ENERGY, POWER = PLUG.entities["energy_total_kwh"], PLUG.entities["power_w"]
DAYS = 3
SPOT = {
    "valid_from": "2020-01-01", "kind": "sensor_price", "entity_id": "sensor.spot", "tax": 20,
}  # fmt: skip
ZONES = [PARIS, ZoneInfo("Asia/Kathmandu"), ZoneInfo("Australia/Lord_Howe")]
BEGINNINGS = ["2026-03-28", "2026-10-24", "2026-01-30", "2026-04-04"]
TEMPO = {
    "valid_from": "2020-01-01", "kind": "tempo",
    "prices": {
        "blue": {"peak": 0.16, "off_peak": 0.13},
        "white": {"peak": 0.19, "off_peak": 0.15},
        "red": {"peak": 0.75, "off_peak": 0.16},
    },
}  # fmt: skip


def cost_rows(exports, plug, start, end, aggregation, zone=PARIS, **changes):
    """Return the readings of a range: when, energy and cost."""
    return exports.rows(
        devices=(plug,), points=(HOUSE,), start=start, end=end, timezone=zone.key,
        aggregation=aggregation, fields=("timestamp", "energy_kwh", "cost"), **changes,
    )  # fmt: skip


def cost(rows):
    return sum(row["cost"] or 0 for row in rows)


def analysis(exports, plug, start, end, zone=PARIS, **changes):
    """Return what a range costs, and what it brings as less than nothing."""
    content = exports.content(
        export_type="cost_analysis", devices=(plug,), points=(HOUSE,), start=start, end=end,
        timezone=zone.key, fields=(), grouping="daily",
        options=exports.options(decimal_places=6), **changes,
    )  # fmt: skip
    rows = json.loads(content)["data"]
    return sum((row["energy_cost"] or 0) - (row["feed_in"] or 0) for row in rows)


def local_days(begin, days=DAYS, zone=PARIS):
    first = datetime.fromtimestamp(begin, zone)
    return [(first + timedelta(n)).timestamp() for n in range(days + 1)]


@given(
    first_day=st.sampled_from(BEGINNINGS),
    zone=st.sampled_from(ZONES),
    plug=st.sampled_from((PLUG, SOLAR)),
    contract=st.sampled_from((FLAT | {"feed_in": 0.07}, NIGHT_AND_DAY, TEMPO, TIERS, SPOT)),
    powers=st.lists(st.sampled_from((0, 0.004, 0.06, 2.3)), min_size=8, max_size=8),
    faults=st.lists(st.sampled_from((0, -0.05, 0.05, 1)), min_size=4, max_size=4),
    every=st.sampled_from((470, 1130)),
    # It comes back in time: a ledger learns only from a plug that does.
    away=st.tuples(st.integers(10, 140), st.sampled_from((0, 6, 90))),
    first=st.integers(0, DAYS - 1),
    length=st.integers(1, DAYS),
)
@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_costs_of_readings_add_up_to_those_of_the_ledger(
    recorder, exports, first_day, zone, plug, contract, powers, faults, every, away, first, length
):
    """A counter in whole watt-hours, read now and then, and a ledger that has other energies."""
    recorder.clear()
    begin = at(first_day, zone)
    days = local_days(begin, zone=zone)
    colours = dict.fromkeys(
        (date.fromisoformat(first_day) + timedelta(n) for n in (-1, 0, 2)), "red"
    )
    home = Home(recorder)

    def kw(moment: float) -> float:
        return powers[int(moment) // 1800 * 5 % len(powers)]

    def ledger(half_hour: int) -> float:
        return kw(half_hour) / 2 * (1 + faults[half_hour // 7200 % len(faults)])

    home.uses(plug, begin - 7200, days[-1] + 7200, ledger)
    recorder.add_prices((begin + n * 1800, (n % 11 - 2) / 20) for n in range(48 * DAYS + 2))
    # Of a day without a colour nothing has a price.
    home.priced("house", [contract], colours, zone)
    total, states, moment = 10.0, [], begin - 3600
    while moment < days[-1] + 3600:
        total += kw(moment) * every / 3600
        moment += every
        states.append((moment, round(total, 3)))
    gone = slice(away[0], away[0] + away[1])
    lost = states[gone]
    states[gone] = [(lost[0][0], "unavailable")] if lost else []
    recorder.add(plug.entities["energy_total_kwh"], states)
    recorder.add(plug.entities["power_w"], [(at, 1000 * kw(at - every)) for at, _ in states])

    start, end = days[first], days[min(first + length, DAYS)]
    told = analysis(exports, plug, start, end, zone)
    for aggregation in ("raw", "hourly", "daily", "monthly"):
        rows = cost_rows(exports, plug, start, end, aggregation, zone)
        assert cost(rows) == pytest.approx(told, abs=1e-5)
    if not lost:
        for row, (midnight, following) in zip(
            cost_rows(exports, plug, start, end, "daily", zone),
            zip(days[first:], days[first + 1 :], strict=False),
            strict=False,
        ):
            of_day = analysis(exports, plug, midnight, following, zone)
            assert (row["cost"] or 0) == pytest.approx(of_day, abs=2e-6)


def test_a_day_counter_in_whole_watt_hours_makes_no_other_money(recorder, exports):
    """The counter has grown by 4.8 Wh a day; the ledger was filled with 4 Wh of each day."""
    days = local_days(at("2026-01-01"), 40)
    states = [(day + hour * 3600, round(1 + n * 0.0048 + hour * 0.0002, 4))
              for n, day in enumerate(days) for hour in range(24)]  # fmt: skip
    recorder.add(ENERGY, states)
    home = Home(recorder)
    home.uses(PLUG, days[0], days[-1], lambda moment: 0.004 if moment % 86400 == 82800 else 0)
    home.priced("house", [FLAT | {"price": 10}])
    told = analysis(exports, PLUG, days[0], days[-1])
    assert told == pytest.approx(40 * 0.04)
    rows = cost_rows(exports, PLUG, days[0], days[-1], "daily")
    assert [row["cost"] for row in rows] == pytest.approx([0.04] * 40)
    assert sum(row["energy_kwh"] for row in rows) == pytest.approx(40 * 0.0048, abs=3e-4)


def test_money_of_energy_that_no_reading_tells_is_in_none(recorder, exports):
    """The plug had counted for three days before its first reading."""
    days = local_days(at("2026-01-01"), 4)
    home = Home(recorder)
    home.uses(PLUG, days[0], days[-1], 0.5)
    home.priced("house", [FLAT])
    noon = days[3] + 12 * 3600
    recorder.add(ENERGY, [(noon + 900 * n, 1 + 0.25 * n) for n in range(48)])
    raw = cost_rows(exports, PLUG, days[0], days[-1], "raw")
    assert cost(raw) == pytest.approx(12 * 0.25, abs=1e-5)
    assert [row["cost"] for row in raw[1:]] == pytest.approx([0.0638] * 47, abs=1e-3)
    # Periods have the energy that only the ledger knows.
    rows = cost_rows(exports, PLUG, days[0], days[-1], "daily")
    assert cost(rows) == pytest.approx(analysis(exports, PLUG, days[0], days[-1]))


def test_of_a_long_day_the_readings_in_memory_are_few(recorder, exports, monkeypatch):
    monkeypatch.setattr(reading_costs, "_MOST_HELD", 8)
    start, end = local_days(at("2026-01-01"), 1)
    home = Home(recorder)
    home.uses(PLUG, start, end, 0.6)
    home.priced("house", [FLAT])
    recorder.add(ENERGY, [(start + 300 * n, 1 + n / 12) for n in range(289)])
    rows = cost_rows(exports, PLUG, start, end, "raw")
    assert cost(rows) == pytest.approx(analysis(exports, PLUG, start, end))
    assert rows[3]["cost"] == pytest.approx(0.25 / 12, abs=1e-5)
