"""The time zone of a Jeedom: told by itself, or found by its clock, and kept."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol

from homeassistant.util import dt as dt_util

from ..base import DestinationError
from .clock import JeedomClock
from .zones import Shown, agree_since, differences, zones_like

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import tzinfo

    from ..measurements import PointName
    from .equipment import JeedomEquipments
    from .rpc import JeedomRpc

# Most Jeedoms run in France, and many were never told a zone.
_LIKELY: Final = ("Europe/Paris", "UTC")
_MOST_NAMES: Final = 3
# Nobody has values of a time before.
_OLDEST: Final = timedelta(days=3 * 366)
_MOST_SHOWN: Final = 6


class Memory(Protocol):
    """Where a destination keeps a few words over restarts."""

    def load(self) -> Mapping[str, Any]:
        """Return what was kept; nothing if there is none."""

    def save(self, kept: dict[str, Any]) -> None:
        """Keep this from now on."""


class Forgetful:
    """A memory that lasts as long as the destination."""

    def __init__(self) -> None:
        self._kept: dict[str, Any] = {}

    def load(self) -> Mapping[str, Any]:
        """Return what was kept."""
        return self._kept

    def save(self, kept: dict[str, Any]) -> None:
        """Keep this."""
        self._kept = kept


class JeedomTimeZone:
    """Finds out in which zone the times of a Jeedom are, once for each run.

    Jeedom tells its zone to its own key only. A plugin's key learns from the clock how far Jeedom
    is ahead of UTC now: the zone of this installation is taken where its clocks show that too,
    otherwise what all zones agree on that do. What was found is kept, and every further look at
    the clock must fit it; where it does not, another zone is taken only if no value lies at a time
    that would then be another one, since nothing can be removed from Jeedom's history.
    """

    def __init__(
        self, rpc: JeedomRpc, equipments: JeedomEquipments, memory: Memory | None = None
    ) -> None:
        self._rpc = rpc
        self._equipments = equipments
        self._memory = memory or Forgetful()
        self._clock: JeedomClock | None = None

    def look_again(self) -> None:
        """Look at the clock once more when it is asked for next."""
        self._clock = None

    async def clock(self, point: PointName) -> JeedomClock:
        """Return Jeedom's clock; asked by the equipment of a metering point.

        Raises:
            DestinationError: `TIME_ZONE_UNKNOWN` where nothing tells it; `TIME_ZONE_CHANGED` where
                values lie in the history at times of another zone; otherwise as `JeedomRpc.call`.

        """
        if self._clock is None:
            self._clock = await self._find(point)
        return self._clock

    def unknown(self) -> DestinationError:
        """Return the error for times of which nobody knows what Jeedom's clock showed."""
        return DestinationError("time_zone_unknown", field="api_key", host=self._rpc.host)

    async def _find(self, point: PointName) -> JeedomClock:
        kept = await self._kept_zone()
        if (told := await self._rpc.time_zone()) is not None:
            zone = await dt_util.async_get_time_zone(told)
            if zone is not None:
                await self._keep(told, zone, kept, [], is_sure=True)
                return JeedomClock(zone)
        now = await self._shown(point)
        before = self._shown_before()
        if now is None:
            if kept is None:
                raise self.unknown()
            return JeedomClock(kept, await self._certain_since(before))
        if kept is not None and now.fits(kept):
            shown = _with_another(before, now, kept)
            self._save(self._memory.load()["zone"], shown, is_sure=self._is_sure)
            return JeedomClock(kept, await self._certain_since(shown))
        own = dt_util.get_default_time_zone()
        if now.fits(own) and all(one.fits(own) for one in before):
            await self._keep(str(own), own, kept, _with_another(before, now, own), is_sure=True)
            return JeedomClock(own)
        shown = [*before, await self._in_thread(now.settled)]
        names = await self._in_thread(zones_like, shown)
        name = next((one for one in (*_LIKELY, *names) if one in names), None)
        zone = None if name is None else await dt_util.async_get_time_zone(name)
        if name is None or zone is None:
            raise self.unknown()
        await self._keep(name, zone, kept, shown[-_MOST_SHOWN:], is_sure=False)
        return JeedomClock(zone, await self._certain_since(shown))

    async def _shown(self, point: PointName) -> Shown | None:
        """Look at Jeedom's clock."""
        local = await self._equipments.local_time(point)
        if local is None:
            return None
        itself = await self._rpc.moment()
        now = dt_util.utcnow()
        ahead = local.replace(tzinfo=UTC) - (itself or now)
        return Shown(now, ahead, is_exact=itself is not None)

    async def _kept_zone(self) -> tzinfo | None:
        name = self._memory.load().get("zone")
        return await dt_util.async_get_time_zone(name) if isinstance(name, str) else None

    def _shown_before(self) -> list[Shown]:
        return [
            Shown(datetime.fromtimestamp(at, UTC), timedelta(seconds=ahead), is_exact=True)
            for at, ahead in self._memory.load().get("shown", ())
        ]

    @property
    def _is_sure(self) -> bool:
        """Return whether the zone was told, or is that of this house."""
        return bool(self._memory.load().get("sure"))

    async def _certain_since(self, shown: list[Shown]) -> datetime | None:
        """Return from when on all zones agree that fit, where another one might be it."""
        if self._is_sure:
            return None
        names = await self._in_thread(zones_like, shown)
        return await self._in_thread(agree_since, names, dt_util.utcnow())

    async def _keep(
        self,
        name: str,
        zone: tzinfo,
        kept: tzinfo | None,
        shown: list[Shown],
        *,
        is_sure: bool,
    ) -> None:
        """Take a zone from now on. Raises DestinationError where values lie by another one."""
        if kept is not None and str(kept) != name:
            await self._look_at_stamps(kept, zone, name)
        self._save(name, shown, is_sure=is_sure)

    def _save(self, name: str, shown: list[Shown], *, is_sure: bool) -> None:
        told = [[int(one.at.timestamp()), int(one.ahead.total_seconds())] for one in shown]
        wanted = {"zone": name, "shown": told, "sure": is_sure}
        if dict(self._memory.load()) != wanted:
            self._memory.save(wanted)

    async def _look_at_stamps(self, before: tzinfo, after: tzinfo, name: str) -> None:
        now = dt_util.utcnow()
        stretches = await self._in_thread(
            lambda: list(differences(before, after, now - _OLDEST, now))
        )
        if not stretches:
            return
        clock = JeedomClock(before)
        for command in await self._equipments.own_commands():
            for start, end in stretches:
                if await command.history(clock.stamp(start), clock.stamp(end)):
                    raise DestinationError(
                        "time_zone_changed",
                        host=self._rpc.host,
                        zone=name,
                        before=str(before),
                        name=command.equipment,
                        command=command.name,
                    )

    @staticmethod
    async def _in_thread[**P, T](
        function: Callable[P, T], *arguments: P.args, **named: P.kwargs
    ) -> T:
        """Run what reads zones from disk, or counts through years of hours."""
        return await asyncio.get_running_loop().run_in_executor(
            None, partial(function, *arguments, **named)
        )


def _with_another(before: list[Shown], now: Shown, zone: tzinfo) -> list[Shown]:
    """Return what the clock has shown, with what it shows now if it never showed that."""
    ahead = now.at.astimezone(zone).utcoffset() or timedelta()
    if any(one.ahead == ahead for one in before):
        return before
    return [*before, Shown(now.at.replace(microsecond=0), ahead, is_exact=True)][-_MOST_SHOWN:]
