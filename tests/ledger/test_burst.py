"""Sums wait while a whole house brings its past, and for nothing else."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from custom_components.med_exporter.ledger import burst
from custom_components.med_exporter.ledger.burst import Burst

if TYPE_CHECKING:
    import pytest


class Clock:
    """Time that goes on where somebody sleeps."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        self.slept = 0.0
        self.meanwhile = lambda: None
        monkeypatch.setattr(burst.asyncio, "sleep", self.sleep)

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept += seconds
        self.meanwhile()


def come(pasts: Burst, count: int = 1) -> None:
    """Let some pasts come, and be booked at once."""
    for _ in range(count):
        pasts.begin()
        pasts.end()


def test_few_are_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    pasts = Burst(clock := Clock(monkeypatch))
    come(pasts, 10)
    asyncio.run(pasts.async_over())
    assert clock.slept == 0


def test_many_are_waited_for_until_none_comes_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    pasts = Burst(clock := Clock(monkeypatch))
    come(pasts, 11)
    clock.now += 3
    left = [1, 1, 1]
    clock.meanwhile = lambda: left and (left.pop(), come(pasts))
    asyncio.run(pasts.async_over())
    assert (clock.slept, left) == (2 + 3 * 5, [])
    asyncio.run(pasts.async_over())
    assert clock.slept == 2 + 3 * 5


def test_those_that_a_slow_recorder_still_books_are_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pasts = Burst(clock := Clock(monkeypatch))
    for _ in range(11):
        pasts.begin()
    left = [pasts.end] * 11
    clock.meanwhile = lambda: left and clock.now > 200 and left.pop()()
    asyncio.run(pasts.async_over())
    assert left == []
    assert clock.slept >= 100 + 5


def test_it_goes_on_while_more_may_come(monkeypatch: pytest.MonkeyPatch) -> None:
    pasts = Burst(clock := Clock(monkeypatch))
    come(pasts, 10)
    assert not pasts.goes_on
    pasts.begin()
    clock.now += 60
    assert pasts.goes_on
    pasts.end()
    clock.now += 4
    assert pasts.goes_on
    clock.now += 2
    assert not pasts.goes_on


def test_what_comes_for_ever_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    pasts = Burst(clock := Clock(monkeypatch))
    come(pasts, 11)
    clock.meanwhile = lambda: come(pasts)
    asyncio.run(pasts.async_over())
    assert clock.slept == 900
