"""A command in Jeedom: the events it is given, its value, its history."""

from __future__ import annotations

import math
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from ..base import DestinationError
from .calculation import calculated

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from .rpc import JeedomRpc

# PHP writes 14 significant digits where its settings do not say otherwise.
_PRECISION: Final = 1e-12
# A year of half-hours takes Jeedom some time.
_HISTORY_TIMEOUT: Final = 60
# Bytes of a year of half-hours in Jeedom's words.
_HISTORY_SIZE: Final = 2 * 1024 * 1024
# In days, rather too few: what is about to be deleted is not sent.
_LENGTHS: Final = {"day": 1, "week": 7, "month": 28, "year": 365}
_PURGE: Final = re.compile(r"-\s*(?P<number>\d{1,4})\s*(?P<unit>day|week|month|year)s?")
_LATEST: Final = "9999-12-31 23:59:59"


class JeedomCommand:
    """A numeric command that is told values; times are stamps of a JeedomClock."""

    def __init__(self, rpc: JeedomRpc, equipment: str, found: Mapping[str, Any]) -> None:
        self._rpc = rpc
        self._id = found["id"]
        self.equipment = equipment
        self.name = str(found.get("name"))
        configuration = found.get("configuration")
        settings = configuration if isinstance(configuration, dict) else {}
        rounding = str(settings.get("historizeRound"))
        self._decimals = int(rounding) if rounding.isdecimal() and len(rounding) < 3 else None
        self._calculation = str(settings.get("calculValueOffset") or "").strip()
        self._low = _number(settings.get("minValue"))
        self._high = _number(settings.get("maxValue"))
        self.kept_for = _kept_for(str(settings.get("historyPurge") or ""))
        """How long values stay in its history, by its own settings; None for ever."""
        self._denied = str(settings.get("denyValues") or "").split(";")

    def keeps(self, found: float, value: float) -> bool:
        """Return whether Jeedom's value is the one it was told, as it was told to round it."""
        if self._decimals is not None and abs(found - value) <= 0.5000001 * 10**-self._decimals:
            return True
        return math.isclose(found, value, rel_tol=_PRECISION, abs_tol=_PRECISION)

    def refusal(self, value: float) -> DestinationError | None:
        """Return why the command's own settings would not leave a value as it is, if so.

        One that Jeedom would change is not to be told: nothing can be removed from its history.
        """
        result = calculated(self._calculation, value)
        if result is None or not math.isclose(result, value, rel_tol=_PRECISION):
            return self._not_kept(value, "calculation", formula=self._calculation)
        if (self._low is not None and value < self._low) or (
            self._high is not None and value > self._high
        ):
            low = "-∞" if self._low is None else f"{self._low:g}"
            high = "∞" if self._high is None else f"{self._high:g}"
            return self._not_kept(value, "limits", low=low, high=high)
        if any(_number(denied) == value for denied in self._denied):
            return self._not_kept(value, "denied")
        return None

    async def tell(self, value: float, stamp: str) -> None:
        """Give the command a value of a time, which becomes its current value."""
        await self._rpc.call("cmd::event", id=self._id, value=value, datetime=stamp)

    async def tell_now(self, value: float) -> None:
        """Give the command a value that Jeedom itself stamps with its local time."""
        await self._rpc.call("cmd::event", id=self._id, value=value)

    async def state(self) -> tuple[float | None, str]:
        """Return the current value and the stamp it was given with."""
        result = await self._rpc.call("cmd::execCmd", id=self._id)
        if not isinstance(result, dict):
            return None, ""
        return _number(result.get("value")), str(result.get("collectDate") or "")

    async def history(self, start: str, end: str) -> dict[str, list[float]]:
        """Return the values by stamp from `start` to `end`, both included.

        More than one value stands at a stamp after a correction of what Jeedom has moved to its
        archive, until its next night.
        """
        rows = await self._rpc.rows(
            "cmd::getHistory",
            seconds=_HISTORY_TIMEOUT,
            size=_HISTORY_SIZE,
            id=self._id,
            startTime=start,
            endTime=end,
        )
        found: dict[str, list[float]] = {}
        for row in rows:
            stamp, value = str(row.get("datetime") or ""), _number(row.get("value"))
            if value is not None and start <= stamp <= end:
                found.setdefault(stamp, []).append(value)
        return found

    async def extremes(self, since: datetime) -> tuple[float, ...]:
        """Return the least and the most that stands in the history since some time, if any."""
        # A day more than any zone may be off.
        start = (since - timedelta(days=1)).strftime("%Y-%m-%d %H:%M:%S")
        found = await self.history(start, _LATEST)
        every = [value for values in found.values() for value in values]
        return (min(every), max(every)) if every else ()

    def not_kept(self, value: float, stamp: str) -> DestinationError:
        """Return the error for a value that Jeedom took and does not have."""
        return self._not_kept(value, None, time=stamp)

    def _not_kept(self, value: float, variant: str | None, **placeholders: str) -> DestinationError:
        return DestinationError(
            "value_not_kept",
            variant=variant,
            host=self._rpc.host,
            name=self.equipment,
            command=self.name,
            value=f"{value:g}",
            **placeholders,
        )


def _kept_for(told: str) -> timedelta | None:
    found = _PURGE.fullmatch(told.strip().casefold())
    return None if found is None else int(found["number"]) * timedelta(_LENGTHS[found["unit"]])


def _number(value: object) -> float | None:
    try:
        number = float(str(value))
    except ValueError:
        return None
    return number if math.isfinite(number) else None
