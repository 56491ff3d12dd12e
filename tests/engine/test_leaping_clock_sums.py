"""However a clock leaps, and whoever is away meanwhile: a day's file has what was used in it.

A plug uses 1 kW. It is read each minute, by a clock that is off for a while, once or twice; nobody
reads it during outages, which the ledger fills. The ledger knows the days before it joined, too.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from custom_components.med_exporter.engine.times import HOUR, UTC_DAY, quarter_of
from custom_components.med_exporter.ledger.quarters import account_id, add_quarters
from custom_components.med_exporter.ledger.tables import SCHEMA

from .conftest import FRIDGE, at

if TYPE_CHECKING:
    from .conftest import Exports
    from .recorder_database import RecorderDatabase

START = int(at("2026-01-10 00:00"))
ENERGY = FRIDGE.entities["energy_total_kwh"]
MINUTE = 60
MWH = 1_000_000 // 60
"""Of a minute, which is what a reading brings."""
NEAR = 0.019
"""kWh: a reading, and what rounding leaves in a day."""


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
]  # fmt: skip


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


def of_day(exports: Exports, aggregation: str, days: int = 1) -> float:
    made = json.loads(
        exports.content(
            fields=("timestamp", "energy_kwh"), aggregation=aggregation,
            end=START + days * UTC_DAY,
        )
    )  # fmt: skip
    return sum(row["energy_kwh"] or 0 for row in made["data"])


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


@pytest.mark.parametrize("away", [30 * 60, 5 * 1440])
def test_a_plug_that_nobody_reads_soon_after_it_joined(
    recorder: RecorderDatabase, exports: Exports, away: int
) -> None:
    live(recorder, 364, [Stretch(0, 4), Stretch(None, away), Stretch(0, 9000)])
    for days in (1, 2, 7):
        assert of_day(exports, "daily", days) == pytest.approx(24 * days, abs=NEAR * days)
