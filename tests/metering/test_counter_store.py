"""The counters of many plugs are kept without holding anybody up, and few bytes at a time."""

from __future__ import annotations

import asyncio
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from custom_components.med_exporter.const import DOMAIN
from custom_components.med_exporter.metering.changes_file import (
    ChangesFile,
    changes_between,
    follow,
)
from custom_components.med_exporter.metering.counter import EnergyCounter
from custom_components.med_exporter.metering.counter_store import CounterStore

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant

KEY = f"{DOMAIN}.counters.home"
NESTED = st.recursive(
    st.none() | st.integers(0, 3) | st.lists(st.integers(0, 2), max_size=2),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


class Counter(EnergyCounter):
    """Counts how often it was described, and notes in which turn of the event loop."""

    turn = 0
    described: list[int]

    def to_dict(self) -> dict[str, Any]:
        self.described.append(Counter.turn)
        return super().to_dict()


def counters_of(*names: str) -> tuple[dict[str, Counter], list[int]]:
    """Return counters, and the list in which they note when they are described."""
    described: list[int] = []
    counters = {name: Counter() for name in names}
    for counter in counters.values():
        counter.described = described
    return counters, described


def changes_in(hass: HomeAssistant) -> Path:
    """Return where the changes are written."""
    return Path(hass.config.path(".storage", f"{KEY}.changes"))


async def test_the_loop_goes_on_while_many_are_described(
    hass: HomeAssistant, hass_storage: dict[str, Any]
) -> None:
    async def count_turns() -> None:
        while True:
            Counter.turn += 1
            await asyncio.sleep(0)

    counters, described = counters_of(*(f"plug_{number}" for number in range(100)))
    counting = asyncio.create_task(count_turns())
    store = CounterStore(hass, "home")
    await store.async_load()
    store.note(counters)
    await store.async_save()
    counting.cancel()
    kept = hass_storage[KEY]["data"]["counters"]
    assert kept == {plug_id: EnergyCounter().to_dict() for plug_id in counters}
    assert max(described.count(turn) for turn in described) <= 10


async def test_only_what_has_changed_is_described_and_written_again(
    hass: HomeAssistant, hass_storage: dict[str, Any]
) -> None:
    counters, described = counters_of("fridge", "washer")
    store = CounterStore(hass, "home")
    await store.async_load()
    store.note(counters)
    await store.async_save()
    before = deepcopy(hass_storage[KEY]["data"])
    counters["washer"].began_value = 7.5
    store.note({"washer": counters["washer"]})
    # Both are told when it is written, once.
    await asyncio.gather(store.async_save(), store.async_save())
    await store.async_save()
    assert len(described) == 3
    assert hass_storage[KEY]["data"] == before
    assert list(ChangesFile(changes_in(hass)).read(before["name"])) == [
        {"washer": {"began_value": 7.5}}
    ]
    found = await CounterStore(hass, "home").async_load()
    assert found == {plug_id: EnergyCounter.to_dict(one) for plug_id, one in counters.items()}


async def test_changes_are_no_longer_than_what_they_follow_for_long(
    hass: HomeAssistant, hass_storage: dict[str, Any]
) -> None:
    counters, _ = counters_of("fridge")
    store = CounterStore(hass, "home")
    await store.async_load()
    names, sizes = set(), []
    for number in range(4000):
        counters["fridge"].began_value = number
        store.note(counters)
        await store.async_save()
        names.add(hass_storage[KEY]["data"]["name"])
        sizes.append(changes_in(hass).stat().st_size if changes_in(hass).exists() else 0)
    assert 2 <= len(names) <= 4
    assert max(sizes) < 80_000
    found = await CounterStore(hass, "home").async_load()
    assert found["fridge"]["began_value"] == 3999


async def test_what_follows_another_file_is_not_taken_for_changes_of_this_one(
    hass: HomeAssistant, hass_storage: dict[str, Any]
) -> None:
    counters, _ = counters_of("fridge")
    first: dict[str, Any] = {}
    for began in (1.0, 2.0):
        store = CounterStore(hass, "home")
        await store.async_load()
        store.note(counters)
        await store.async_save()
        first = first or deepcopy(hass_storage[KEY])
        counters["fridge"].began_value = began
        store.note(counters)
        await store.async_save()
    hass_storage[KEY] = first
    found = await CounterStore(hass, "home").async_load()
    assert found["fridge"]["began_value"] == EnergyCounter().began_value


def test_a_stop_at_any_byte_leaves_what_was_told_before(tmp_path: Path) -> None:
    file = ChangesFile(path := tmp_path / "changes")
    ends = [0]
    for number in range(3):
        file.append("a", [{"plug": {"value": number}}])
        ends.append(path.stat().st_size)
    whole = path.read_bytes()
    for length in range(len(whole) + 1):
        path.write_bytes(whole[:length])
        told = [changes["plug"]["value"] for changes in ChangesFile(path).read("a")]
        assert told == list(range(sum(1 for end in ends[1:] if end <= length)))
    assert list(ChangesFile(path).read("b")) == []


@given(before=st.dictionaries(st.sampled_from("abc"), NESTED), now=NESTED)
def test_what_follows_its_changes_is_what_it_has_become(
    before: dict[str, Any], now: object
) -> None:
    after = {**before, "a": now}
    changes = changes_between(before, after)
    follow(stored := deepcopy(before), changes)
    assert stored == after
    assert bool(changes) is (before != after)
