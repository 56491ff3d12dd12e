"""How many hours a transaction has follows how long the recorder's thread takes for them."""

from __future__ import annotations

from itertools import pairwise

import pytest

from custom_components.med_exporter.database import held as held_module
from custom_components.med_exporter.statistics.pace import Pace


class Machine:
    """A thread that takes as long as a test says, in seconds of processor and by the clock."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.computed = self.passed = 0.0
        monkeypatch.setattr(held_module, "thread_time", lambda: self.computed)
        monkeypatch.setattr(held_module, "monotonic", lambda: self.passed)
        self.pace = Pace()

    def write(self, microseconds: float, others: float = 0.0, hours: int | None = None) -> float:
        """Write a part whose hours take so long each; return how long the thread was held."""
        hours = self.pace.hours if hours is None else hours
        self.pace.begin()
        before = self.passed
        self.computed += hours * microseconds / 1e6
        self.passed += hours * microseconds / 1e6 + others
        self.pace.end(hours)
        return self.passed - before


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch)


@pytest.mark.parametrize("microseconds", [7, 30, 60])
def test_a_part_takes_no_longer_than_it_may_and_not_much_less(
    machine: Machine, microseconds: float
) -> None:
    held = [machine.write(microseconds) for _ in range(10)]
    assert max(held) < 1
    assert 0.35 < held[-1] < 0.45


def test_a_part_is_no_longer_than_what_fits_in_memory(machine: Machine) -> None:
    for _ in range(20):
        machine.write(0.1)
    assert machine.pace.hours <= 100_000


def test_a_disk_that_others_keep_busy_makes_parts_smaller_for_a_while(machine: Machine) -> None:
    for _ in range(10):
        machine.write(7)
    usual = machine.pace.hours
    machine.write(7, others=5)
    assert usual / 3 < machine.pace.hours < usual / 1.5
    held = [machine.write(7) for _ in range(6)]
    assert machine.pace.hours == pytest.approx(usual, rel=0.1)
    # Not by leaps: what was too much a while ago may be so again.
    assert all(after < 1.3 * before for before, after in pairwise(held))


def test_a_part_that_had_little_to_write_tells_nothing_of_a_large_one(machine: Machine) -> None:
    for _ in range(10):
        machine.write(7)
    usual = machine.pace.hours
    for hours in (0, 10, usual // 10):
        machine.write(7, hours=hours)
    assert machine.pace.hours == usual


def test_little_that_took_long_makes_parts_smaller(machine: Machine) -> None:
    for _ in range(10):
        machine.write(7)
    before = machine.pace.hours
    machine.write(700, hours=before // 3)
    assert machine.pace.hours == before // 2


def test_a_part_is_worth_what_it_writes_however_busy_the_machine_is(machine: Machine) -> None:
    # A small one rewrites the same pages as a large one.
    for _ in range(20):
        machine.write(7, others=10)
    assert machine.pace.hours >= 5_000


def test_a_part_has_taken_long_where_either_clock_says_so(machine: Machine) -> None:
    machine.pace.begin()
    assert not machine.pace.took_long
    machine.computed += 0.5
    assert machine.pace.took_long
    machine.pace.begin()
    machine.passed += 0.8
    assert machine.pace.took_long


def test_the_more_sums_there_are_the_fewer_hours_of_each_go_ahead_together(
    machine: Machine,
) -> None:
    stretches = [machine.pace.stretch(sums, 1000) for sums in (1, 10, 100, 1000, 10_000)]
    assert stretches == sorted(stretches, reverse=True)
    assert stretches[0] <= 1000
    # What is less is no past, and left to Home Assistant's import, hour by hour.
    assert stretches[-1] > 100


def test_the_larger_the_parts_are_the_longer_are_the_stretches(machine: Machine) -> None:
    before = machine.pace.stretch(500, 1000)
    for _ in range(10):
        machine.write(7)
    assert machine.pace.stretch(500, 1000) > before
