"""Who shows what was read is told a few at a time, and nobody for nothing."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import TYPE_CHECKING

from custom_components.med_exporter.metering.audience import Audience

if TYPE_CHECKING:
    import pytest


class Listener:
    """Counts how often it was told."""

    def __init__(self) -> None:
        self.told = 0

    def __call__(self) -> None:
        self.told += 1


def join(audience: Audience, subject: str | None, count: int = 1) -> list[Listener]:
    listeners = [Listener() for _ in range(count)]
    for listener in listeners:
        audience.join(listener, subject)
    return listeners


async def test_a_plug_s_entities_are_told_of_no_other_plug() -> None:
    audience = Audience(asyncio.get_running_loop())
    (fridge,), (washer,) = join(audience, "fridge"), join(audience, "washer")
    audience.tell(["fridge"])
    assert (fridge.told, washer.told) == (1, 0)
    audience.tell_all()
    assert (fridge.told, washer.told) == (2, 1)


async def test_thousands_are_told_with_pauses_and_each_once() -> None:
    audience = Audience(asyncio.get_running_loop())
    many = join(audience, "strip", 1000)
    join(audience, "fridge")
    audience.tell_all()
    told = [sum(one.told for one in many)]
    while told[-1] < 1000:
        # Those who still wait are not told twice.
        audience.tell(["fridge"])
        await asyncio.sleep(0)
        told.append(sum(one.told for one in many))
    assert max(after - before for before, after in pairwise([0, *told])) <= 50
    assert {one.told for one in many} == {1}


async def test_who_leaves_while_waiting_is_not_told() -> None:
    audience = Audience(asyncio.get_running_loop())
    join(audience, "strip", 500)
    last = Listener()
    leave = audience.join(last, "strip")
    audience.tell_all()
    leave()
    for _ in range(30):
        await asyncio.sleep(0)
    assert last.told == 0


async def test_sums_are_shown_at_once_and_then_once_for_all_that_follows() -> None:
    audience = Audience(asyncio.get_running_loop())
    for number in range(50):
        join(audience, f"plug {number}")
    (total,) = join(audience, None)
    for _ in range(50):
        audience.tell_soon()
    assert total.told == 1
    await asyncio.sleep(0.3)
    assert total.told == 2


async def test_one_that_fails_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    audience = Audience(asyncio.get_running_loop())

    def fail() -> None:
        raise ValueError("no number")

    audience.join(fail, "fridge")
    (other,) = join(audience, "fridge")
    audience.tell(["fridge"])
    assert other.told == 1
    assert "no number" in caplog.text


async def test_nothing_is_told_after_the_end() -> None:
    audience = Audience(asyncio.get_running_loop())
    many = join(audience, "strip", 500)
    audience.tell_all()
    audience.close()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not many[-1].told


async def test_those_who_take_long_are_told_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = asyncio.get_running_loop()
    audience, now, told = Audience(loop), 1000.0, []
    for number in range(4):

        def show(number: int = number) -> None:
            nonlocal now
            now += 0.01
            told.append(number)

        audience.join(show, None)
    with monkeypatch.context() as patch:
        patch.setattr(loop, "time", lambda: now)
        audience.tell((None,))
        assert told == [0]
    for _ in range(4):
        await asyncio.sleep(0)
    assert told == [0, 1, 2, 3]
