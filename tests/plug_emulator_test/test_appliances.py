"""The appliances of the demo."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plug_emulator import Fridge, Load, SolarInverter, WashingMachine
from tests.plug_emulator_test.devices import PARIS

APPLIANCES = (Fridge(), WashingMachine(), SolarInverter())


def kwh(load: Load, day: date, days: int = 1) -> float:
    start = datetime(day.year, day.month, day.day, tzinfo=PARIS)
    end = datetime.combine(day + timedelta(days=days), start.time(), PARIS)
    return load.energy(start, end) / 1000


@pytest.mark.parametrize("load", APPLIANCES, ids=lambda load: type(load).__name__)
@given(moments=st.lists(st.integers(0, 364 * 86400), min_size=3, max_size=3))
def test_energy_is_additive_and_never_negative(load: Load, moments: list[int]) -> None:
    first, middle, last = sorted(
        datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=moment) for moment in moments
    )
    parts = load.energy(first, middle), load.energy(middle, last)
    assert min(parts) >= 0
    assert sum(parts) == pytest.approx(load.energy(first, last), abs=1e-6)


@pytest.mark.parametrize("load", APPLIANCES, ids=lambda load: type(load).__name__)
@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 6, 13), date(2026, 10, 25)])
def test_energy_is_the_integral_of_the_power(load: Load, day: date) -> None:
    start = datetime(day.year, day.month, day.day, tzinfo=PARIS).astimezone(UTC)
    moments = [start + timedelta(seconds=10 * n) for n in range(25 * 360 + 1)]
    summed = sum(load.power(moment) for moment in moments[:-1]) * 10 / 3600
    exact = load.energy(moments[0], moments[-1])
    assert summed == pytest.approx(exact, rel=0.02)


@pytest.mark.parametrize("kind", [Fridge, WashingMachine, SolarInverter])
def test_is_the_same_on_every_run(kind: type[Fridge]) -> None:
    assert kwh(kind(), date(2026, 2, 1), 60) == kwh(kind(), date(2026, 2, 1), 60)


def test_history_written_earlier_stays_true() -> None:
    day = date(2026, 5, 2)
    assert [round(kwh(load, day, 7), 3) for load in APPLIANCES] == [5.936, 3.11, 45.393]


def test_fridge() -> None:
    fridge = Fridge()
    winter, summer = (
        kwh(fridge, date(2026, 1, 15), 7) / 7,
        kwh(fridge, date(2026, 7, 15), 7) / 7,
    )
    assert 0.5 < winter < 0.75 < summer < 1.1
    assert all(0.4 < kwh(fridge, date(2026, 1, 1) + timedelta(n)) < 1.2 for n in range(365))


def test_washing_machine_runs_four_times_a_week() -> None:
    machine = WashingMachine()
    for week in range(52):
        monday = date(2026, 1, 5) + timedelta(weeks=week)
        used = [kwh(machine, monday + timedelta(n)) for n in range(7)]
        runs = [day for day in used if day > 0.1]
        assert len(runs) == 4
        assert all(0.4 < run < 1.5 for run in runs)


def test_washing_machine_heats_longer_in_winter() -> None:
    machine = WashingMachine()
    assert kwh(machine, date(2026, 1, 5), 56) > kwh(machine, date(2026, 7, 6), 56)


def test_solar_inverter_follows_sun_and_sky() -> None:
    sun = SolarInverter()
    assert kwh(sun, date(2026, 6, 1), 30) > 3 * kwh(sun, date(2026, 12, 1), 30)
    days = sorted((date(2026, 6, 1) + timedelta(n) for n in range(30)), key=sun.clearness)
    assert kwh(sun, days[-1]) > 2 * kwh(sun, days[0])
    assert sun.power(datetime(2026, 6, 15, 1, tzinfo=PARIS)) == 0
    assert 0 < sun.power(datetime(2026, 6, 15, 14, tzinfo=PARIS)) <= 1600
    early = sun.energy(
        datetime(2026, 12, 15, tzinfo=PARIS), datetime(2026, 12, 15, 8, tzinfo=PARIS)
    )
    assert early == 0
