"""However a clock leaps, and whoever is away meanwhile: a day's file has what was used in it.

A plug uses 1 kW. It is read each minute, by a clock that is off for a while, once or more often;
nobody reads it during outages, which the ledger fills. The ledger knows the days before it joined,
too.
"""

from __future__ import annotations

import json
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from custom_components.med_exporter.engine.times import HOUR, UTC_DAY, quarter_of
from custom_components.med_exporter.ledger.quarters import account_id, add_quarters
from custom_components.med_exporter.ledger.tables import SCHEMA

from .conftest import FRIDGE, Exports, at
from .recorder_database import RecorderDatabase

START = int(at("2026-01-10 00:00"))
ENERGY = FRIDGE.entities["energy_total_kwh"]
MINUTE = 60
MWH = 1_000_000 // 60
"""Of a minute, which is what a reading brings."""
NEAR = 0.019
"""kWh: a reading, and what rounding leaves in a day."""
UNNOTICED = 0.12
"""kWh: what a clock brings that is wrong for the last minutes of a day, and of the one before."""


@dataclass(frozen=True)
class Stretch:
    """Minutes for which a clock is off by some seconds; None while nobody reads the plug."""

    off: int | None
    minutes: int


LIVES = [
    # Whenever a quarter-hour ends, nobody has read it by a right clock for a while.
    (542, [
        Stretch(0, 5), Stretch(365 * UTC_DAY, 10), Stretch(0, 1), Stretch(-365 * UTC_DAY, 17),
        Stretch(0, 9), Stretch(None, 1180), Stretch(0, 60),
    ]),
    (364, [Stretch(0, 20), Stretch(7 * HOUR, 5), Stretch(0, 900), Stretch(None, 700),
           Stretch(0, 60)]),
    (364, [Stretch(0, 20), Stretch(-35 * UTC_DAY, 30), Stretch(0, 30), Stretch(None, 60),
           Stretch(0, 1400)]),
    # A clock that is behind shows the range's first midnight, or is wrong at its last one.
    (364, [Stretch(0, 20), Stretch(-7 * HOUR, 80), Stretch(0, 1000)]),
    (240, [Stretch(0, 1180), Stretch(-26 * HOUR, 44), Stretch(0, 60)]),
    # What it shows lies too far away to be seen beside the range.
    (212, [Stretch(0, 1175), Stretch(35 * UTC_DAY, 81), Stretch(0, 60)]),
    # Wrong twice by the same amount.
    (378, [Stretch(0, 40), Stretch(-7 * HOUR, 40), Stretch(0, 60), Stretch(-7 * HOUR, 53),
           Stretch(0, 1000)]),
    (378, [Stretch(0, 640), Stretch(7 * HOUR, 40), Stretch(0, 20), Stretch(7 * HOUR, 53),
           Stretch(0, 1000)]),
    # From one wrong clock to another, with a reboot between.
    (550, [Stretch(0, 37), Stretch(35 * UTC_DAY, 47), Stretch(-35 * UTC_DAY, 33),
           Stretch(0, 1000)]),
    (263, [Stretch(0, 77), Stretch(35 * UTC_DAY, 20), Stretch(None, 69), Stretch(-26 * HOUR, 3),
           Stretch(0, 1300)]),
]  # fmt: skip

AWAY_FOR_OVER_A_DAY = [
    (300, [Stretch(0, 10), Stretch(7 * HOUR, 58), Stretch(0, 6), Stretch(None, 2662),
           Stretch(0, 1600)]),
    (372, [Stretch(0, 80), Stretch(7 * HOUR, 250), Stretch(0, 4), Stretch(None, 2362),
           Stretch(0, 1500)]),
    (533, [Stretch(0, 12), Stretch(26 * HOUR, 6), Stretch(0, 11), Stretch(None, 2350),
           Stretch(0, 1700)]),
]  # fmt: skip
"""After a clock that was ahead."""

WRONG = st.tuples(
    st.sampled_from([2 * HOUR, 7 * HOUR, 26 * HOUR, 35 * UTC_DAY, 365 * UTC_DAY]),
    st.sampled_from([1, -1]),
).map(lambda one: one[0] * one[1])


@st.composite
def lives(draw: st.DrawFn) -> tuple[int, list[Stretch]]:
    """Return in which minute of the day a plug joins, and what happens from then on.

    Whatever wrong clocks show, whenever, one after the other or by the same amount again. Each is
    for half an hour, of which the ledger knows a whole quarter-hour. Before an outage a right clock
    has written again after one that was ahead: else nothing of what is written contradicts that.
    """
    happened = [Stretch(0, draw(st.integers(3, 1300)))]
    for off in draw(st.lists(WRONG, min_size=1, max_size=4)):
        happened.append(Stretch(off, draw(st.integers(30, 90))))
        is_away = draw(st.booleans())
        if (is_away and off > 0) or draw(st.booleans()):
            happened.append(Stretch(0, draw(st.integers(1, 90))))
        if is_away:
            happened.append(Stretch(None, draw(st.integers(5, 4300))))
    return draw(st.integers(0, 600)), [*happened, Stretch(0, 60)]


def live(recorder: RecorderDatabase, joined: int, happened: list[Stretch]) -> None:
    """Write what the recorder and the ledger have of a plug's life."""
    quarters: defaultdict[int, tuple[int, int]] = defaultdict(lambda: (0, 0))
    states: list[tuple[float, float]] = []

    def book(minute: int, *, is_filled: bool) -> None:
        quarter = quarter_of(START + minute * MINUTE)
        mwh, filled = quarters[quarter]
        quarters[quarter] = (mwh + MWH, filled + MWH * is_filled)

    for minute in range(-1440, joined):
        book(minute, is_filled=False)
    minute = joined
    for one in happened:
        for _ in range(one.minutes):
            if one.off is not None:
                kwh = 500 + (minute + 1440) * MWH / 1e6
                states.append((START + minute * MINUTE + 7 + one.off, round(kwh, 6)))
            book(minute, is_filled=one.off is None)
            minute += 1
    recorder.add(ENERGY, states)
    with recorder.engine.begin() as connection:
        SCHEMA.create(connection)
        account = account_id(connection, str(FRIDGE.plug_id), "house", "consumption")
        add_quarters(connection, account, dict(quarters))


def of_day(exports: Exports, aggregation: str, days: int = 1, first: int = 0) -> float:
    """Return the kWh in the file of some days, the first of which is so many after the start."""
    return sum(energies(exports, aggregation, days, first))


def energies(exports: Exports, aggregation: str, days: int = 1, first: int = 0) -> list[float]:
    made = json.loads(
        exports.content(
            fields=("timestamp", "energy_kwh"), aggregation=aggregation,
            start=START + first * UTC_DAY, end=START + (first + days) * UTC_DAY,
        )
    )  # fmt: skip
    return [row["energy_kwh"] or 0.0 for row in made["data"]]


@pytest.mark.parametrize("aggregation", ["hourly", "daily"])
@pytest.mark.parametrize(("joined", "happened"), LIVES)
def test_a_day_has_what_was_used_in_it(
    recorder: RecorderDatabase,
    exports: Exports,
    joined: int,
    happened: list[Stretch],
    aggregation: str,
) -> None:
    live(recorder, joined, happened)
    assert of_day(exports, aggregation) == pytest.approx(24, abs=NEAR)


@pytest.mark.parametrize("aggregation", ["hourly", "daily"])
@pytest.mark.parametrize(("joined", "happened"), AWAY_FOR_OVER_A_DAY)
def test_each_day_of_an_outage_has_what_was_used_in_it(
    recorder: RecorderDatabase,
    exports: Exports,
    joined: int,
    happened: list[Stretch],
    aggregation: str,
) -> None:
    live(recorder, joined, happened)
    for day in range(3):
        assert of_day(exports, aggregation, first=day) == pytest.approx(24, abs=NEAR), day
    assert of_day(exports, aggregation, 3) == pytest.approx(72, abs=3 * NEAR)


@settings(
    max_examples=15, deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
@given(lives())
# Behind across midnight, and so little that all of it lies near.
@example(
    (87, [
        Stretch(0, 3), Stretch(-2 * HOUR, 2), Stretch(None, 5), Stretch(-2 * HOUR, 24),
        Stretch(0, 60),
    ])
)  # fmt: skip
@example((248, [Stretch(0, 1181), Stretch(2 * HOUR, 11), Stretch(0, 62)]))
def test_however_its_clock_leaps_each_day_has_what_was_used_in_it(
    life: tuple[int, list[Stretch]],
) -> None:
    joined, happened = life
    days = (joined + sum(one.minutes for one in happened)) // 1440
    with tempfile.TemporaryDirectory() as folder:
        recorder = RecorderDatabase.in_folder(Path(folder))
        # To the end of the day, and some hours more.
        live(recorder, joined, [*happened, Stretch(0, 1440 + 260)])
        exports = Exports(recorder, Path(folder) / "exports")
        for day in range(days + 1):
            assert of_day(exports, "daily", first=day) == pytest.approx(24, abs=UNNOTICED), day
        for day in range(1, days + 1):
            # Raw rows tell of no time before there was a reading.
            assert of_day(exports, "raw", first=day) == pytest.approx(24, abs=UNNOTICED), day
        recorder.close()


def test_a_row_beside_the_readings_has_what_is_misdated(
    recorder: RecorderDatabase, exports: Exports
) -> None:
    """What its clock was wrong for, and nothing else."""
    live(recorder, 0, [Stretch(0, 1500), Stretch(-26 * HOUR, 30), Stretch(0, 1700)])
    rows = energies(exports, "raw", first=1)
    assert sum(rows) == pytest.approx(24, abs=NEAR)
    assert len(rows) == pytest.approx(1440 - 30, abs=3)


@pytest.mark.parametrize("away", [6, 50, 3000])
def test_raw_rows_of_a_plug_of_a_right_clock_are_its_readings(
    recorder: RecorderDatabase, exports: Exports, away: int
) -> None:
    live(recorder, 0, [Stretch(0, 300), Stretch(None, away), Stretch(0, 3000)])
    assert len(energies(exports, "raw", 2)) == pytest.approx(2 * 1440 - min(away, 2580), abs=2)


@pytest.mark.parametrize("away", [30 * 60, 5 * 1440])
def test_a_plug_that_nobody_reads_soon_after_it_joined(
    recorder: RecorderDatabase, exports: Exports, away: int
) -> None:
    live(recorder, 364, [Stretch(0, 4), Stretch(None, away), Stretch(0, 9000)])
    for days in (1, 2, 7):
        assert of_day(exports, "daily", days) == pytest.approx(24 * days, abs=NEAR * days)
