"""The counters of many plugs are written without holding anybody up."""

from __future__ import annotations

import asyncio
from typing import Any

from custom_components.med_exporter.metering.counter import EnergyCounter
from custom_components.med_exporter.metering.counter_store import CounterSaver


class Store:
    """Keeps what is written, and takes a while."""

    def __init__(self) -> None:
        self.written: list[dict[str, Any]] = []

    async def async_save(self, data: dict[str, Any]) -> None:
        await asyncio.sleep(0)
        self.written.append(data)


class Counter(EnergyCounter):
    """Counts how often it was described, and notes in which turn of the event loop."""

    turn = 0

    def to_dict(self) -> dict[str, Any]:
        self.described.append(Counter.turn)
        return super().to_dict()


async def test_the_loop_goes_on_while_many_are_described() -> None:
    async def count_turns() -> None:
        while True:
            Counter.turn += 1
            await asyncio.sleep(0)

    described: list[int] = []
    counters = {f"plug_{number}": Counter() for number in range(100)}
    for counter in counters.values():
        counter.described = described
    counting = asyncio.create_task(count_turns())
    saver = CounterSaver(store := Store())
    saver.note(counters)
    await saver.async_save()
    counting.cancel()
    assert store.written == [{plug_id: EnergyCounter().to_dict() for plug_id in counters}]
    assert max(described.count(turn) for turn in described) <= 10


async def test_only_what_has_changed_is_described_again_and_all_is_written() -> None:
    described: list[int] = []
    counters = {name: Counter() for name in ("fridge", "washer")}
    for counter in counters.values():
        counter.described = described
    saver = CounterSaver(store := Store())
    saver.note(counters)
    await saver.async_save()
    saver.note({"washer": counters["washer"]})
    # Both are told when it is written, once.
    await asyncio.gather(saver.async_save(), saver.async_save())
    await saver.async_save()
    assert len(described) == 3
    assert [set(one) for one in store.written] == [{"fridge", "washer"}] * 2
