"""A command in Jeedom: the events it is given, its value, its history."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from ..base import DestinationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .rpc import JeedomRpc

# PHP writes 14 significant digits where its settings do not say otherwise.
_PRECISION: Final = 1e-12
# A year of half-hours takes Jeedom some time.
_HISTORY_TIMEOUT: Final = 60


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
        self._decimals = int(rounding) if rounding.isdecimal() else None
        self._calculation = str(settings.get("calculValueOffset") or "").strip()
        self._low = _number(settings.get("minValue"))
        self._high = _number(settings.get("maxValue"))

    def keeps(self, found: float, value: float) -> bool:
        """Return whether Jeedom's value is the one it was told, as it was told to round it."""
        if self._decimals is not None and abs(found - value) <= 0.5000001 * 10**-self._decimals:
            return True
        return math.isclose(found, value, rel_tol=_PRECISION, abs_tol=_PRECISION)

    def takes(self, value: float) -> bool:
        """Return whether the command's own settings leave a value as it is.

        One that Jeedom would change is not to be told: nothing can be removed from its history.
        """
        return (
            self._calculation in {"", "#value#"}
            and (self._low is None or value >= self._low)
            and (self._high is None or value <= self._high)
        )

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

    def not_kept(self, value: float, stamp: str) -> DestinationError:
        """Return the error for a value that Jeedom took and does not have."""
        return DestinationError(
            "value_not_kept",
            host=self._rpc.host,
            name=self.equipment,
            command=self.name,
            value=f"{value:g}",
            time=stamp,
        )


def _number(value: object) -> float | None:
    try:
        number = float(str(value))
    except ValueError:
        return None
    return number if math.isfinite(number) else None
