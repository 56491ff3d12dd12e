"""The connection test of a Jeedom: what a run does, with what is there already."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from homeassistant.util import dt as dt_util

from ...const import DataType
from ...engine.lazy_dataclass import dataclass
from ..base import DestinationError
from .equipment import parent_id

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from ..measurements import PointName
    from .command import JeedomCommand
    from .equipment import JeedomEquipments
    from .rpc import JeedomRpc
    from .time_zone import JeedomTimeZone

# What a run may send of each: a day without energy, every colour, every level.
_CERTAIN: Final = {DataType.TEMPO: (1.0, 3.0), DataType.ECOWATT: (1.0, 3.0)}
_NO_ENERGY: Final = (0.0,)
_BACKFILL: Final = timedelta(days=365)


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """What is looked at: the equipment of some metering points, the commands of some data types."""

    points: Callable[[], Collection[PointName]] = tuple
    data: Collection[DataType] = frozenset(DataType)


@dataclass(frozen=True, slots=True)
class Probe:
    """A look at what is there already."""

    equipments: JeedomEquipments
    zone: JeedomTimeZone
    scope: Scope

    async def run(self) -> bool:
        """Look at each command, and give it its own value once more.

        Nothing can be removed from Jeedom, so nothing is made; a value replaces another one of the
        same second. Returns whether there was anything to look at. Raises DestinationError as a
        run would.
        """
        historised = {one: one is not DataType.ECOWATT for one in self.scope.data}
        is_anything_there = False
        for point in self.scope.points():
            commands = await self.equipments.existing(point, historised)
            if not commands:
                continue
            if not is_anything_there:
                await self._check_clock(point)
            is_anything_there = True
            for data_type, command in commands.items():
                await self._check_command(data_type, command)
        return is_anything_there

    async def _check_clock(self, point: PointName) -> None:
        self.zone.look_again()
        clock = await self.zone.clock(point)
        if not clock.is_certain_of(dt_util.utcnow() - _BACKFILL):
            raise self.zone.unknown()

    async def _check_command(self, data_type: DataType, command: JeedomCommand) -> None:
        value, stamp = await command.state()
        values = [*_CERTAIN.get(data_type, _NO_ENERGY)]
        if data_type not in _CERTAIN:
            values += await command.extremes(dt_util.utcnow() - _BACKFILL)
        if value is not None:
            values.append(value)
        for one in values:
            if (refusal := command.refusal(one)) is not None:
                raise refusal
        if value is None or not stamp:
            return
        await command.tell(value, stamp)
        found, _ = await command.state()
        if found is None or not command.keeps(found, value):
            raise command.not_kept(value, stamp)


async def async_test_jeedom(
    rpc: JeedomRpc, plugin: str, parent: str | None = None, *, probe: Probe | None = None
) -> None:
    """Try the address, the key and its rights, the plugin, the parent object, and the equipment.

    Raises DestinationError with the mistake.
    """
    await rpc.ping()
    active = await rpc.rows("plugin::listPlugin", activateOnly=1)
    if plugin not in {one.get("id") for one in active}:
        raise DestinationError("plugin_not_active", field="plugin", host=rpc.host, plugin=plugin)
    await rpc.rows("eqLogic::byType", type=plugin)
    await parent_id(rpc, parent)
    if probe is None or not await probe.run():
        # There is nothing yet to write to, and what was made could not be taken away again.
        await rpc.check_right("eqLogic::save", eqType_name="")
        await rpc.check_right("cmd::event", id=0, value=0)
