"""The files of a metering point's energy counters, and what brings older ones forward."""

from __future__ import annotations

import asyncio
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from homeassistant.core import CoreState
from homeassistant.helpers.json import json_bytes
from homeassistant.util.json import json_loads
from homeassistant.util.ulid import ulid_now

from ..const import LOGGER
from ..engine.evidence import Evidence, Reading, to_mwh
from ..formats import VersionedStore, async_load_for_entry
from ..sources.plug import PlugCounters
from .changes_file import ChangesFile, changes_between, follow

if TYPE_CHECKING:
    from collections.abc import Mapping

    from homeassistant.core import HomeAssistant

    from ..formats import Step
    from .changes_file import Change
    from .counter import EnergyCounter

# How many counters are described before the event loop goes on with other things.
_AT_ONCE: Final = 10
# How many bytes of changes may stand beside the file, and how many more for each counter in it:
# about twice as much as there is in the file.
_CHANGES: Final = 65_536
_CHANGES_OF_EACH: Final = 5_000


class CounterStore:
    """Keeps a metering point's counters, by plug id, on disk; who asks meanwhile shares a write.

    All of them are in a file of Home Assistant's storage. What has changed since is appended to
    another beside it, until that is so long that all is written anew.
    """

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        self._hass = hass
        self._store = VersionedStore(hass, f"counters.{entry_id}", STEPS, is_large=True)
        self._changes = ChangesFile(Path(f"{self._store.path}.changes"))
        self._name = ""
        self._follows = False
        self._changed: dict[str, EnergyCounter] = {}
        self._described: dict[str, Any] = {}
        self._writing = asyncio.Lock()

    async def async_load(self) -> dict[str, Any]:
        """Return the counters as they were described last.

        Raises ConfigEntryError where a newer version has stored them.
        """
        stored = await async_load_for_entry(self._store)
        if stored is None:
            return {}
        self._name, counters = stored["name"], stored["counters"]
        for changes in await self._hass.async_add_executor_job(self._made_since):
            follow(counters, changes)
        found: dict[str, Any] = counters
        return found

    def note(self, counters: Mapping[str, EnergyCounter]) -> None:
        """Note that counters, by plug id, have changed; only those that were noted are kept."""
        self._changed.update(counters)

    async def async_save(self) -> None:
        """Write what has changed, unless it is written; the loop goes on meanwhile."""
        async with self._writing:
            if not self._changed:
                return
            changes: list[Change] = []
            while self._changed:
                for _ in range(min(_AT_ONCE, len(self._changed))):
                    plug_id, counter = self._changed.popitem()
                    # As it will be read, and nothing that the counter still changes.
                    now = {plug_id: json_loads(json_bytes(counter.to_dict()))}
                    changes += changes_between(self._described, now)
                    self._described |= now
                await asyncio.sleep(0)
            await self._async_write(changes)

    async def async_remove(self) -> None:
        """Forget the counters."""
        await self._store.async_remove()
        await self._hass.async_add_executor_job(self._changes.remove)

    async def _async_write(self, changes: list[Change]) -> None:
        # As Home Assistant stops, it writes whole files last of all.
        is_stopping = self._hass.state is CoreState.stopping
        most = _CHANGES + _CHANGES_OF_EACH * len(self._described)
        if self._follows and (is_stopping or self._changes.size < most):
            try:
                await self._hass.async_add_executor_job(self._changes.append, self._name, changes)
            except OSError as err:
                LOGGER.error("What has been counted could not be kept: %s", err)
                self._follows = False
            return
        # Of its own for ever: an older file that is put back has other changes, or none.
        self._name = ulid_now()
        self._changes.size = 0
        await self._store.async_save({"name": self._name, "counters": dict(self._described)})
        self._follows = not is_stopping

    def _made_since(self) -> list[list[Change]]:
        return list(self._changes.read(self._name))


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


def _with_name(stored: dict[str, Any]) -> dict[str, Any]:
    """Return a file as it is kept since changes to it stand in another."""
    return {"name": "", "counters": stored}


STEPS: Final = (
    _of_each(_with_evidence),
    _of_each(_with_claims),
    _of_each(_with_marks),
    _with_name,
)
