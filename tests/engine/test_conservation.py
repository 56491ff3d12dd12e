"""No energy appears or disappears: every view of a range adds up to the counter's growth.

The lives of plugs are generated around clock changes, with outages, restarted and corrected
counters, silences of days, and ranges that cut them anywhere.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from .conftest import FRIDGE, at

CLOCK_CHANGES = [
    ("Europe/Paris", at("2026-03-29 01:00")),
    ("Europe/Paris", at("2026-10-25 01:00")),
    ("America/New_York", at("2026-03-08 07:00")),
    ("America/New_York", at("2026-11-01 06:00")),
    ("Asia/Kolkata", at("2026-10-25 01:00")),
]
DAY = 86400
FIELDS = ("timestamp", "energy_kwh", "cost", "power_w", "energy_total_kwh", "filled")
AGGREGATIONS = ("raw", "hourly", "daily", "weekly", "monthly")

USED = st.tuples(st.just("used"), st.integers(0, 3000))
GAPS = st.one_of(
    st.floats(0.001, 1.5),
    st.floats(1, 120),
    st.floats(600, 2 * 3600),
    st.floats(600, 2 * 3600),
    st.floats(3600, 2 * DAY),
)
HAPPENINGS = st.one_of(
    USED,
    USED,
    USED,
    st.tuples(st.just("outage"), st.sampled_from(["unavailable", "unknown", ""])),
    st.tuples(st.just("restarted"), st.integers(0, 50)),
    st.tuples(st.just("corrected"), st.integers(1, 5)),
    st.tuples(st.just("power"), st.integers(0, 2000)),
)
LIVES = st.lists(st.tuples(GAPS, HAPPENINGS), min_size=12, max_size=60)


def counter_states(life, begin: float) -> tuple[list, list]:
    """Return the states of counter and power that a life writes."""
    moment, counter = begin, 100_000
    energy: list[tuple[float, object]] = []
    power: list[tuple[float, object]] = []
    for gap, (what, size) in life:
        moment = round(moment + gap, 6)
        if what == "power":
            power.append((moment, size))
            continue
        if what == "outage":
            energy.append((moment, size))
            power.append((moment + 0.0001, size))
            continue
        if what == "used":
            counter += size
        elif what == "restarted":
            counter = size
        else:
            counter = max(counter - size, 0)
        energy.append((moment, counter / 1000))
    return energy, power


def growth(before: float, after: float) -> float:
    """Return what a counter has grown by: one that has lost much began again."""
    return after if after < 0.9 * before else after - before


def counted(states: list, start: float, end: float) -> float:
    """Add up a counter's growth in a range, number by number."""
    numbers = [(moment, value) for moment, value in states if isinstance(value, float)]
    return sum(
        growth(before, after)
        for (_, before), (moment, after) in pairwise(numbers)
        if start <= moment < end
    )


def half_hours(energy: list, ledger: tuple) -> list[tuple[int, float, float]]:
    """Return a ledger that is right, wrong, or knows some half-hours only.

    It begins after the first number: what a ledger knows before it is in no raw row.
    """
    kind, random = ledger
    found: dict[int, list[float]] = defaultdict(lambda: [0.0, 0.0])
    if kind == "none" or not energy:
        return []
    numbers = [(moment, value) for moment, value in energy if isinstance(value, float)]
    lost = {after for (_, before), (after, _) in pairwise(energy) if not isinstance(before, float)}
    for (since, before), (moment, value) in pairwise(numbers):
        grown = growth(before, value)
        pieces = range(int(since // 1800), int(moment // 1800) + 1)
        if moment not in lost:
            pieces = pieces[-1:]
        for piece in pieces:
            found[piece][0] += grown / len(pieces)
            found[piece][1] += grown / len(pieces) if moment in lost else 0.0
    if kind == "false":
        for both in found.values():
            both[:] = [random.random() * 3, random.choice([0.0, random.random()])]
    return [
        (piece * 1800, kwh, filled)
        for piece, (kwh, filled) in sorted(found.items())
        if piece * 1800 > numbers[0][0] and (kind != "partly" or random.random() < 0.5)
    ]


def goes_on_over(energy: list, edge: float) -> bool:
    """Tell whether a gap may lie around a moment, which the ledger's knowledge then parts."""
    numbers = [moment for moment, value in energy if isinstance(value, float)]
    lost = {after for (_, before), (after, _) in pairwise(energy) if not isinstance(before, float)}
    return any(
        since <= edge <= moment and (moment in lost or moment - since >= 900)
        for since, moment in pairwise(numbers)
    )


def prices(around: float, ledger: tuple) -> list[tuple[int, float | None]]:
    """Return prices, another one each half-hour, and not always known."""
    kind, random = ledger
    if kind == "none":
        return []
    return [
        (half_hour, random.choice([None, *(0.01 * n for n in range(20))]))
        for half_hour in range(int(around // 1800 * 1800) - 4 * DAY, int(around) + 6 * DAY, 1800)
        if kind != "partly" or random.random() < 0.7
    ]


def total(rows: list[dict], name: str) -> Decimal:
    return sum((Decimal(str(row[name])) for row in rows if row[name] is not None), Decimal(0))


@pytest.mark.parametrize(
    ("zone", "change"), CLOCK_CHANGES, ids=lambda value: value if isinstance(value, str) else ""
)
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=20
)
@given(
    life=LIVES,
    before=st.floats(0, DAY),
    cut=st.tuples(st.floats(-DAY, DAY / 2), st.floats(DAY / 2, 8 * DAY)),
    decimals=st.sampled_from([None, 0, 2, 3, 9]),
    ledger=st.tuples(st.sampled_from(["none", "true", "false", "partly"]), st.randoms()),
)
@example([(1.0, ("used", 0)), (1.0, ("corrected", 3))], 0.0, (0.0, DAY / 2), None, ("none", None))
def test_all_views_add_up_to_the_counters_growth(
    recorder, exports, zone, change, life, before, cut, decimals, ledger
):
    recorder.clear()
    energy, power = counter_states(life, change - before)
    recorder.add(FRIDGE.entities["energy_total_kwh"], energy)
    recorder.add_half_hours(FRIDGE.plug_id, half_hours(energy, ledger))
    recorder.add_prices(prices(change, ledger))
    recorder.add(FRIDGE.entities["power_w"], power)
    start = change + cut[0]
    end = start + cut[1]
    views = {
        aggregation: exports.rows(
            aggregation=aggregation, start=start, end=end, timezone=zone, fields=FIELDS,
            options=exports.options(decimal_places=decimals),
        )
        for aggregation in AGGREGATIONS
    }  # fmt: skip
    unit = 10 ** -(6 if decimals is None else decimals)
    for name in ("energy_kwh", "cost"):
        assert len({total(rows, name) for rows in views.values()}) == 1
    used = float(total(views["raw"], "energy_kwh"))
    if ledger[0] == "none" or not any(goes_on_over(energy, edge) for edge in (start, end)):
        assert abs(used - counted(energy, start, end)) <= 0.5001 * unit + 1e-9

    # Not in sum only: the raw rows of an hour are that hour's row, where no gap is spread.
    if any(row["filled"] for row in views["raw"]):
        return
    hours: dict[str, list[dict]] = defaultdict(list)
    for row in views["raw"]:
        hours[row["timestamp"][:13] + row["timestamp"][19:]].append(row)
    for row in views["hourly"]:
        own = hours[row["timestamp"][:13] + row["timestamp"][19:]]
        assert total([row], "energy_kwh") == total(own, "energy_kwh")


def test_a_range_cut_in_two_is_the_whole(recorder, exports):
    start = at("2026-03-28 00:00")
    recorder.add(
        FRIDGE.entities["energy_total_kwh"], [(start + n * 1111, n * 0.0137) for n in range(300)]
    )
    parts = [start, start + 70_000, start + 150_000.5, start + 3 * DAY]
    whole = total(exports.rows(start=start, end=parts[-1]), "energy_kwh")
    cut = sum(total(exports.rows(start=a, end=b), "energy_kwh") for a, b in pairwise(parts))
    assert float(cut) == pytest.approx(float(whole), abs=1e-6)
    assert whole > 3
