"""The file of a metering point's energy counters, and what brings older ones forward."""

from __future__ import annotations

import asyncio
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from ..engine.evidence import Evidence, Reading, to_mwh
from ..formats import VersionedStore
from ..sources.plug import PlugCounters

if TYPE_CHECKING:
    from collections.abc import Mapping

    from homeassistant.core import HomeAssistant

    from ..formats import Step
    from .counter import EnergyCounter

# How many counters are described before the event loop goes on with other things.
_AT_ONCE: Final = 10


def counter_store(hass: HomeAssistant, entry_id: str) -> VersionedStore:
    """Return the store of a metering point's energy counters, by plug id."""
    return VersionedStore(hass, f"counters.{entry_id}", STEPS, is_large=True)


class CounterSaver:
    """Writes what has changed of a metering point's counters; who asks meanwhile shares a write."""

    def __init__(self, store: VersionedStore) -> None:
        self._store = store
        self._changed: dict[str, EnergyCounter] = {}
        self._described: dict[str, dict[str, Any]] = {}
        self._writing = asyncio.Lock()

    def note(self, counters: Mapping[str, EnergyCounter]) -> None:
        """Note that counters, by plug id, have changed; the file has only those that were noted."""
        self._changed.update(counters)

    async def async_save(self) -> None:
        """Write the file, unless all that has changed is in it; the loop goes on meanwhile."""
        async with self._writing:
            if not self._changed:
                return
            while self._changed:
                for _ in range(min(_AT_ONCE, len(self._changed))):
                    plug_id, counter = self._changed.popitem()
                    self._described[plug_id] = counter.to_dict()
                await asyncio.sleep(0)
            await self._store.async_save(dict(self._described))


def _of_each(step: Step) -> Step:
    """Return what brings all counters of a file forward as `step` does each."""
    return lambda stored: {plug_id: step(counter) for plug_id, counter in stored.items()}


def _with_evidence(old: dict[str, Any]) -> dict[str, Any]:
    """Return a counter as it is kept since readings are weighed."""
    seen = PlugCounters(**old["seen"])
    seen_at = None if old["seen_at"] is None else datetime.fromisoformat(old["seen_at"])
    evidence = Evidence()
    if seen_at is not None:
        evidence = Evidence.resumed(
            to_mwh(old["value"]),
            Reading(
                at=seen_at,
                total=seen.total,
                day=seen.today,
                month=seen.month,
                month_before=seen.month_before,
                dated=None if seen.month_before is None else seen_at.date(),
            ),
        )
    return {
        **{key: value for key, value in old.items() if key not in ("seen", "seen_at")},
        "read_at": old["seen_at"],
        "evidence": evidence.to_dict(),
    }


def _with_claims(counter: dict[str, Any]) -> dict[str, Any]:
    """Return a counter as it is kept since each reading is a claim that others support."""
    evidence: dict[str, Any] = counter["evidence"]
    if "clock_month" not in evidence:
        return counter
    new = Evidence(energy=evidence["energy"]).to_dict()
    for name in ("total", "month", "day"):
        old = evidence[name]
        new[name] |= {key: old[key] for key in ("shown", "level", "grain", "age", "sure_for")}
        new[name] |= {"claim": old["level"], "still": old["age"], "is_young": old["agreed"] < 2}
    kept = {key: evidence[key] for key in ("told_at", "refused", "refusals")}
    return {**counter, "evidence": {**new, **kept}}


def _with_marks(counter: dict[str, Any]) -> dict[str, Any]:
    """Return a counter as it is kept since days and months are marked by their date."""
    old = dict(counter)
    starts, last = (old.pop("day_start"), old.pop("month_start")), old.pop("last_day")
    last_month, day = old.pop("last_month"), old.pop("day")
    days, months = dict[str, float](), dict[str, float]()
    if day is not None:
        today = date.fromisoformat(day)
        first = today.replace(day=1)
        for marks, begin, start, before in (
            (days, today, starts[0], last),
            (months, first, starts[1], last_month),
        ):
            if before is not None:
                ended = begin - timedelta(days=1)
                marks[str(ended if marks is days else ended.replace(day=1))] = start - before
            marks[str(begin)] = start
    return {**old, "marks": {"day": day, "days": days, "months": months}}


STEPS: Final = (_of_each(_with_evidence), _of_each(_with_claims), _of_each(_with_marks))
