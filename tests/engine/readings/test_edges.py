"""A gap that goes on over an edge of the range: each range has what was used inside it."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

from ..exports.homes import FLAT, HOUSE, Home, at, device

PLUG = device("Fridge")
ENERGY, POWER = PLUG.entities["energy_total_kwh"], PLUG.entities["power_w"]
BEGIN, LOST, BACK, END = (
    at(moment)
    for moment in ("2026-10-31 12:00", "2026-10-31 22:00", "2026-11-02 03:00", "2026-11-03")
)
EDGES = [BEGIN, at("2026-11-01"), at("2026-11-01 07:00"), at("2026-11-02"), END]
USED = 0.4
"""kW, steadily."""


@pytest.fixture
def home(recorder) -> Home:
    """A heater that nobody saw from one evening to the morning after the next."""
    made = Home(recorder)
    made.priced("house", [FLAT])
    step = 300
    states = [
        (moment, round(10 + USED * (moment - BEGIN) / 3600, 3))
        for moment in range(int(BEGIN - 3600), int(END) + 3600, step)
        if not LOST < moment < BACK
    ]
    recorder.add(ENERGY, sorted([*states, (LOST + 1, "unavailable")]))
    return made


def known_by_the_ledger(home, first: float = BEGIN - 3600, last: float = END + 3600) -> None:
    recorder = home.recorder
    halves = range(int(first), int(last), 1800)
    recorder.add_half_hours(
        PLUG.plug_id,
        [(one, USED / 2, USED / 2 if LOST <= one < BACK else 0) for one in halves],
    )


def rows_of(exports, start, end, aggregation):
    return exports.rows(
        devices=(PLUG,), points=(HOUSE,), start=start, end=end, timezone="Europe/Paris",
        aggregation=aggregation, fields=("timestamp", "energy_kwh", "cost", "filled"),
    )  # fmt: skip


def bill(exports, start, end):
    content = exports.content(
        export_type="cost_analysis", devices=(PLUG,), points=(HOUSE,), start=start, end=end,
        timezone="Europe/Paris", fields=(), grouping="monthly",
        options=exports.options(decimal_places=6),
    )  # fmt: skip
    rows = json.loads(content)["data"]
    return [sum(row[name] or 0 for row in rows) for name in ("energy_kwh", "energy_cost")]


@pytest.mark.parametrize("aggregation", ["raw", "hourly", "daily"])
@pytest.mark.parametrize(("start", "end"), [*pairwise(EDGES), (BEGIN, END)])
def test_readings_have_what_is_billed(home, exports, aggregation, start, end):
    known_by_the_ledger(home)
    rows = rows_of(exports, start, end, aggregation)
    kwh = sum(row["energy_kwh"] or 0 for row in rows)
    # The reading after an edge brings what was used in the minutes before it.
    assert kwh == pytest.approx(USED * (end - start) / 3600, abs=0.035)
    assert [kwh, sum(row["cost"] or 0 for row in rows)] == [
        pytest.approx(billed, abs=0.035) for billed in bill(exports, start, end)
    ]


def test_ranges_that_follow_each_other_add_up_to_the_counter(home, exports):
    known_by_the_ledger(home)
    parts = [
        row["energy_kwh"] or 0
        for start, end in pairwise(EDGES)
        for row in rows_of(exports, start, end, "raw")
    ]
    assert sum(parts) == pytest.approx(USED * (END - BEGIN) / 3600, abs=2e-3)


def test_what_is_left_of_a_gap_is_a_filled_row_before_the_end(home, exports):
    known_by_the_ledger(home)
    *_, last = rows_of(exports, BEGIN, EDGES[1], "raw")
    assert last["timestamp"] == "2026-10-31T23:59:59+01:00"
    assert last["filled"] is True
    assert last["energy_kwh"] == pytest.approx(USED * (EDGES[1] - LOST) / 3600, abs=USED / 4)


def test_what_nobody_knows_to_lie_before_an_edge_stays_with_its_reading(home, exports):
    known_by_the_ledger(home, last=LOST)
    before, after = (
        sum(row["energy_kwh"] or 0 for row in rows_of(exports, *span, "raw"))
        for span in ((BEGIN, EDGES[1]), (EDGES[1], END))
    )
    assert before == pytest.approx(USED * (LOST - BEGIN) / 3600, abs=0.035)
    assert before + after == pytest.approx(USED * (END - BEGIN) / 3600, abs=2e-3)


def test_an_hour_before_the_oldest_state_is_known_from_statistics(home, exports, recorder):
    """A range that ends in the hour in which the recorder's states begin has its part of it."""
    recorder.clear()
    known_by_the_ledger(home)
    hour = at("2026-11-01 10:00")
    oldest = hour + 2400
    recorder.add(ENERGY, [(oldest + n * 300, round(5 + USED * n / 12, 3)) for n in range(60)])
    first = 5 - USED * (oldest - hour) / 3600
    recorder.add_statistics(
        ENERGY,
        [
            (hour - (n + 1) * 3600, {"state": first - n * USED, "sum": first - n * USED})
            for n in range(8, -1, -1)
        ],
    )
    edges = [hour - 4 * 3600, hour + 900, hour + 1800, hour + 3600]
    parts = [
        sum(row["energy_kwh"] or 0 for row in rows_of(exports, start, end, "raw"))
        for start, end in pairwise(edges)
    ]
    expected = [USED * (end - start) / 3600 for start, end in pairwise(edges)]
    assert parts == pytest.approx(expected, abs=0.035)
    assert sum(parts) == pytest.approx(USED * (edges[-1] - edges[0]) / 3600, abs=0.034)
