"""Jeedom: an equipment per metering point, with a historised command per data type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..base import PERIODS, RUNNING, DestinationError, Intake, Outcome
from ..stretches import stretches
from .equipment import JeedomEquipments
from .probe import Probe, Scope, async_test_jeedom
from .series import JeedomSeries, is_purged
from .time_zone import JeedomTimeZone

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Callable, Collection, Mapping, Sequence

    from ...const import DataType
    from ..measurements import Measurement, PointName
    from .rpc import JeedomRpc
    from .time_zone import Memory


_INTAKE: Final = Intake(
    closed=PERIODS,
    current=RUNNING,
)


class JeedomDestination:
    """A Jeedom that takes measurements.

    `names`, `home` and `parent` as of JeedomEquipments; `memory` keeps its time zone; `scope` is
    what the connection test looks at.
    """

    def __init__(
        self,
        rpc: JeedomRpc,
        plugin: str,
        names: Mapping[DataType, str],
        *,
        home: str,
        parent: str | None = None,
        memory: Memory | None = None,
        scope: Scope | None = None,
    ) -> None:
        self._rpc = rpc
        self._plugin = plugin
        self._parent = parent
        self._equipments = JeedomEquipments(rpc, plugin, names, home=home, parent=parent)
        self._zone = JeedomTimeZone(rpc, self._equipments, memory)
        self._scope = scope or Scope()

    @property
    def intake(self) -> Intake:
        """Return what goes to Jeedom."""
        return _INTAKE

    async def async_start(self) -> None:
        """Do nothing: each question is a connection of its own."""

    async def async_close(self) -> None:
        """Do nothing."""

    async def async_test(self) -> str | None:
        """Try the address, the key, the plugin, and what there is of each metering point."""
        await async_test_jeedom(
            self._rpc,
            self._plugin,
            self._parent,
            probe=Probe(self._equipments, self._zone, self._scope),
        )
        return None

    async def async_reach(self) -> None:
        """Make sure that Jeedom answers to the key, and look at its time zone anew."""
        await self._rpc.time_zone()
        self._zone.look_again()

    async def async_missing(self, witnesses: Sequence[Measurement]) -> Collection[Measurement]:
        """Look for the periods in the history of their commands. Raises DestinationError."""
        lost: list[Measurement] = []
        for stretch in stretches(witnesses):
            point = stretch[0].point
            assert point is not None  # the intake asks for a value per metering point
            command = await self._equipments.known(point, stretch[0].data_type)
            if command is None:
                lost += stretch
                continue
            try:
                clock = await self._zone.clock(point)
            except DestinationError as err:
                if err.code != "TIME_ZONE_UNKNOWN":
                    raise
                # Whoever sends to disabled equipment will hear of it.
                continue
            kept = [one for one in stretch if not is_purged(command, one)]
            if not kept:
                continue
            stamps = {clock.stamp(one.start): one for one in kept}
            found = await command.history(min(stamps), max(stamps))
            lost += [
                one
                for stamp, one in stamps.items()
                if stamp not in found and clock.is_certain_of(one.start)
            ]
        return lost

    async def async_rename(self, before: PointName, now: PointName) -> bool:
        """Give the equipment the logical id that follows from the new one: its history stays."""
        return await self._equipments.rename(before, now)

    async def async_push(
        self,
        pages: AsyncIterable[Sequence[Measurement]],
        settle: Callable[[Measurement, Outcome], None],
    ) -> None:
        """Write closed periods into the history, oldest first, and the current value last.

        What the history has already is not sent. Raises DestinationError.
        """
        series: JeedomSeries | None = None
        async for page in pages:
            if series is None:
                series = await self._series(page[0], settle)
            for measurement in page:
                await series.take(measurement)
        if series is not None:
            await series.finish()

    async def _series(
        self, first: Measurement, settle: Callable[[Measurement, Outcome], None]
    ) -> JeedomSeries:
        assert first.point is not None  # the intake asks for a value per metering point
        command = await self._equipments.command(
            first.point, first.data_type, historised=first.data_type in _INTAKE.closed
        )
        return JeedomSeries(
            command, await self._zone.clock(first.point), self._zone.unknown, settle
        )
