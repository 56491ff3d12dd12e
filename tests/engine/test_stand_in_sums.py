"""Whatever the recorder has kept of a counter, and for how long: a day has what was counted.

A plug is read each minute, but for outages, which the ledger fills. Its entity is disabled and
enabled, and its states are purged, at any minutes: the sum of a day is the ledger's.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from custom_components.med_exporter.engine.energy import to_mwh
from custom_components.med_exporter.engine.times import HOUR, QUARTER, UTC_DAY, quarter_of
from custom_components.med_exporter.ledger.quarters import account_id, add_quarters
from custom_components.med_exporter.ledger.spreading import spread
from custom_components.med_exporter.ledger.tables import SCHEMA

from .conftest import FRIDGE, at

if TYPE_CHECKING:
    from .recorder_database import RecorderDatabase

START = int(at("2026-01-10 00:00"))
ENERGY = FRIDGE.entities["energy_total_kwh"]
POWER = FRIDGE.entities["power_w"]
DAY = 1440
# A plug answers in whole watt-hours, a few of which lie beside an edge.
NEAR = 0.01
# Of seven hundred lives, those in which an estimate once stood beside a number, and some others.
SEEDS = (47, 114, 290, 303, 304, 541, 548, 553, 629, 636, *range(15))


@dataclass
class Life:
    """Two days of a plug, by minutes of the second one."""

    joined: int
    outages: list[tuple[int, int]]
    hidden: list[tuple[int, int]]
    purged: int | None
    watts: dict[int, float]
    states: list[tuple[float, float | str]] = field(default_factory=list)
    powers: list[tuple[float, float]] = field(default_factory=list)
    quarters: dict[int, tuple[int, int]] = field(default_factory=dict)

    def live(self) -> None:
        """Let it be read, booked and recorded."""
        used, last, read_at, shown = 0.0, 0.0, None, None
        before = quarter_of(self._moment(self.joined))
        for number in range(1, 40):
            self._book(before - number * QUARTER, 50_000, is_filled=True)
        for minute in range(self.joined, DAY):
            moment = self._moment(minute)
            used += self.watts[minute] / 60_000
            is_recorded = not _within(minute, self.hidden)
            if _within(minute, self.outages):
                if shown is not None and is_recorded:
                    self.states.append((moment, "unavailable"))
                shown = None
                continue
            value = round(used, 3)
            if read_at is not None:
                growth = to_mwh(value) - to_mwh(last)
                if minute - read_at == 1:
                    self._book(quarter_of(moment), growth)
                else:
                    gap = (self._moment(read_at), moment)
                    for quarter, mwh in spread(growth, [gap]).items():
                        self._book(quarter, mwh, is_filled=True)
            last, read_at = value, minute
            if is_recorded and value != shown:
                self.states.append((moment, value))
                shown = value
            elif not is_recorded and shown is not None:
                self.states.append((moment, ""))
                shown = None
            self.powers.append((moment, self.watts[minute]))

    def hours(self) -> list[tuple[float, dict[str, float]]]:
        """Return what Home Assistant's statistics make of the states."""
        found, total, value, is_known = [], 0.0, None, False
        for hour in range(START - 2 * UTC_DAY, START + UTC_DAY, HOUR):
            was_known = is_known
            for moment, state in self.states:
                if hour <= moment < hour + HOUR:
                    is_known = isinstance(state, float)
                    if isinstance(state, float):
                        total += 0.0 if value is None else state - value
                        value, was_known = state, True
            if was_known and value is not None:
                found.append((hour, {"state": value, "sum": total}))
        return found

    def keep(self, recorder: RecorderDatabase) -> None:
        """Write what the ledger and the recorder have of it."""
        with recorder.engine.begin() as connection:
            SCHEMA.create(connection)
            account = account_id(connection, str(FRIDGE.plug_id), "house", "consumption")
            add_quarters(connection, account, self.quarters)
        kept = float("-inf")
        if self.purged is not None:
            recorder.add_statistics(ENERGY, self.hours(), "kWh")
            kept = self._moment(self.purged)
        recorder.add(ENERGY, [one for one in self.states if one[0] >= kept])
        recorder.add(POWER, [one for one in self.powers if one[0] >= kept])

    def kwh(self) -> float:
        """Return what the ledger has of the day."""
        return sum(mwh for at, (mwh, _) in self.quarters.items() if at >= START) / 1e6

    def _book(self, quarter: int, mwh: int, *, is_filled: bool = False) -> None:
        all_of_it, filled = self.quarters.get(quarter, (0, 0))
        self.quarters[quarter] = (all_of_it + mwh, filled + mwh * is_filled)

    @staticmethod
    def _moment(minute: int) -> float:
        return START + minute * 60 + 5


def _within(minute: int, stretches: list[tuple[int, int]]) -> bool:
    return any(first <= minute < last for first, last in stretches)


def _life(seed: int) -> Life:
    """Make one up. What nobody sees at midnight belongs to the reading that comes after it."""
    chance = random.Random(seed)

    def stretches(most: int) -> list[tuple[int, int]]:
        found = []
        for _ in range(chance.randrange(most)):
            first = chance.randrange(-300, DAY - 30)
            found.append((first, min(DAY - 3, first + chance.randrange(3, 500))))
        return [(first, last) for first, last in found if first > 5 or last < -5]

    joined = chance.choice([chance.randrange(900), -600, -1500])
    outages, hidden = stretches(4), stretches(3)
    if chance.random() < 0.4:
        # It is disabled for good.
        hidden.append((chance.randrange(DAY), DAY))
    if chance.random() < 0.4:
        hidden.append((-2 * DAY, chance.randrange(DAY)))
    watts, level = {}, 0.0
    for minute in range(-1600, DAY):
        if not minute % 20:
            level = chance.choice([0.0, 0.0, 100.0, 1000.0, 3000.0])
        watts[minute] = level
    purged = chance.choice([None, chance.randrange(DAY), 2 * DAY])
    return Life(joined, outages, hidden, purged, watts)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_sum_of_a_day_is_what_was_counted(recorder, exports, seed: int) -> None:
    life = _life(seed)
    life.live()
    life.keep(recorder)
    is_disabled = _within(DAY - 1, life.hidden)
    device = replace(FRIDGE, not_recorded=("energy_total_kwh",) if is_disabled else ())
    made = json.loads(
        exports.content(devices=(device,), fields=("timestamp", "energy_kwh"), aggregation="daily")
    )
    energy = sum(row["energy_kwh"] or 0 for row in made["data"])
    assert energy == pytest.approx(life.kwh(), abs=NEAR)
