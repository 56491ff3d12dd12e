"""The virtual equipment of a metering point in Jeedom, and its commands, one per data type."""

from __future__ import annotations

import asyncio
import re
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from ...const import DataType
from ..base import DestinationError
from .command import JeedomCommand

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..measurements import PointName
    from .rpc import JeedomRpc

_UNITS: Final = {DataType.TEMPO: "", DataType.ECOWATT: ""}
_ENERGY_UNIT: Final = "kWh"
# Jeedom takes these out of names, since its formulas use them.
_NOT_IN_NAMES: Final = re.compile(r"[&#\]\[%\\/'\"*]")
_LONGEST_NAME: Final = 100
_MOST_NAMES: Final = 20
_CLOCK: Final = "clock"
_CLOCK_NAME: Final = "MED Exporter"
# By which one Home Assistant knows its own equipment from that of another.
_OWNER: Final = "medExporterHome"
# PHP has no one way to say no.
_NO: Final = frozenset({"", "0", "false", "none"})


class JeedomEquipments:
    """The equipment of all metering points in one Jeedom, made where it is missing.

    Equipment and commands are known by their logical ids, `med_{pdl}` and the data type, so the
    user may rename and move them.

    Args:
        rpc: the Jeedom.
        plugin: whose equipment it is.
        names: of new commands.
        home: tells this Home Assistant from others.
        parent: the name of the object under which new equipment stands; the first one of Jeedom
            if None, since equipment under none is on no dashboard.

    """

    def __init__(
        self,
        rpc: JeedomRpc,
        plugin: str,
        names: Mapping[DataType, str],
        *,
        home: str,
        parent: str | None = None,
    ) -> None:
        self._rpc = rpc
        self._plugin = plugin
        self._names = names
        self._home = home
        self._parent = parent
        self._lock = asyncio.Lock()
        # Each time another number, so that an old one is not taken for the answer.
        self._told = time.time_ns() % 1_000_000

    async def command(
        self, point: PointName, data_type: DataType, *, historised: bool
    ) -> JeedomCommand:
        """Return the command for a data type of a metering point.

        Raises:
            DestinationError: `EQUIPMENT_OF_ANOTHER_HOME` where another Home Assistant has made the
                equipment for a metering point of the same id; `EQUIPMENT_DISABLED`, since Jeedom
                acknowledges and drops events of disabled equipment; `COMMAND_NOT_HISTORISED`
                where history is asked for and the user has turned it off; otherwise as
                `JeedomRpc.call`.

        """
        # Two series of a new metering point must not each make its equipment.
        async with self._lock:
            equipment = await self._find_equipment(point)
            if equipment is None:
                await self._make(point, data_type)
                equipment = await self._find_equipment(point)
            if equipment is None:
                raise self._not_made(_logical_id(point))
            self._check(equipment, point)
            found = await self._command(equipment, data_type)
        return self._checked(equipment, found, historised=historised)

    async def existing(
        self, point: PointName, historised: Mapping[DataType, bool]
    ) -> dict[DataType, JeedomCommand]:
        """Return what there is already of the commands of some data types, and make nothing.

        `historised` as of `command`, by data type. Raises DestinationError as `command`.
        """
        equipment = await self._find_equipment(point)
        if equipment is None:
            return {}
        self._check(equipment, point)
        commands = await self._commands(equipment)
        return {
            data_type: self._checked(equipment, commands[data_type], historised=wanted)
            for data_type, wanted in historised.items()
            if data_type in commands
        }

    async def known(self, point: PointName, data_type: DataType) -> JeedomCommand | None:
        """Return the command for a data type of a metering point, None where there is none.

        Raises DestinationError as `JeedomRpc.call`.
        """
        equipment = await self._find_equipment(point)
        if equipment is None:
            return None
        found = (await self._commands(equipment)).get(data_type)
        if found is None:
            return None
        return JeedomCommand(self._rpc, str(equipment.get("name")), found)

    async def rename(self, before: PointName, now: PointName) -> bool:
        """Let the equipment of one metering point be that of another id of it.

        Returns False where there is one of that id already: Jeedom merges no histories, and its
        interface removes nothing. Raises DestinationError as `JeedomRpc.call`.
        """
        async with self._lock:
            equipment = await self._find_equipment(before)
            if equipment is None or _owner(equipment) not in {None, self._home}:
                return True
            if await self._find_equipment(now) is not None:
                return False
            commands = await self._rpc.rows("cmd::byEqLogicId", eqLogic_id=equipment["id"])
            await self._rpc.call(
                "eqLogic::save",
                id=equipment["id"],
                eqType_name=self._plugin,
                logicalId=_logical_id(now),
                # Those that are not named might be taken for gone.
                cmd=[{"id": one["id"]} for one in commands],
            )
            return await self._find_equipment(now) is not None

    async def local_time(self, point: PointName) -> datetime | None:
        """Return what time it is in Jeedom, as a naive local time; None where it does not tell.

        A hidden command without history is told something new: Jeedom notes when. What it has
        noted before says nothing, as where the equipment is disabled.
        """
        async with self._lock:
            equipment = await self._find_equipment(point)
            if equipment is None or not _is_on(equipment.get("isEnable")):
                return None
            commands = await self._commands(equipment)
            if _CLOCK not in commands:
                await self._rpc.call(
                    "cmd::save",
                    eqType_name=self._plugin,
                    eqLogic_id=equipment["id"],
                    name=_CLOCK_NAME,
                    logicalId=_CLOCK,
                    type="info",
                    subType="numeric",
                    isVisible=0,
                    isHistorized=0,
                )
                commands = await self._commands(equipment)
            if _CLOCK not in commands:
                raise self._not_made(_CLOCK)
            command = JeedomCommand(self._rpc, str(equipment.get("name")), commands[_CLOCK])
            self._told += 1
            await command.tell_now(self._told)
            value, collected = await command.state()
        try:
            return datetime.fromisoformat(collected) if value == self._told else None
        except ValueError:
            return None

    async def own_commands(self) -> list[JeedomCommand]:
        """Return the commands with values of all equipment of this home.

        Raises DestinationError as `JeedomRpc.call`.
        """
        found: list[JeedomCommand] = []
        for equipment in await self._rpc.rows("eqLogic::byType", type=self._plugin):
            if _owner(equipment) == self._home:
                commands = await self._commands(equipment)
                found += [
                    JeedomCommand(self._rpc, str(equipment.get("name")), one)
                    for logical_id, one in commands.items()
                    if logical_id in set(DataType)
                ]
        return found

    def _check(self, equipment: Mapping[str, Any], point: PointName) -> None:
        """Refuse equipment that takes nothing of this home."""
        if _owner(equipment) not in {None, self._home}:
            raise DestinationError(
                "equipment_of_another_home",
                host=self._rpc.host,
                name=equipment.get("name"),
                pdl=point.pdl,
            )
        if not _is_on(equipment.get("isEnable")):
            raise DestinationError(
                "equipment_disabled", host=self._rpc.host, name=equipment.get("name")
            )

    def _checked(
        self, equipment: Mapping[str, Any], found: Mapping[str, Any], *, historised: bool
    ) -> JeedomCommand:
        """Return a command, unless it keeps nothing of what it is to keep."""
        if historised and not _is_on(found.get("isHistorized")):
            raise DestinationError(
                "command_not_historised",
                host=self._rpc.host,
                name=equipment.get("name"),
                command=found.get("name"),
            )
        return JeedomCommand(self._rpc, str(equipment.get("name")), found)

    async def _find_equipment(self, point: PointName) -> dict[str, Any] | None:
        every = await self._rpc.rows("eqLogic::byType", type=self._plugin)
        found = [one for one in every if one.get("logicalId") == _logical_id(point)]
        return next(iter(_oldest_first(found)), None)

    async def _make(self, point: PointName, data_type: DataType) -> None:
        """Make the equipment, under a name that is free: Jeedom wants one per parent."""
        place: dict[str, Any] = {}
        if (parent := await parent_id(self._rpc, self._parent)) is not None:
            place["object_id"] = parent
        name, pdl = _name(point.name), _name(point.pdl)
        for wanted in (name or pdl, f"{name} {pdl}".strip()):
            try:
                await self._rpc.call(
                    "eqLogic::save",
                    eqType_name=self._plugin,
                    name=wanted[:_LONGEST_NAME],
                    logicalId=_logical_id(point),
                    isEnable=1,
                    isVisible=1,
                    category={"energy": "1"},
                    configuration={_OWNER: self._home},
                    cmd=[self._new_command(data_type, set())],
                    **place,
                )
            except DestinationError as err:
                if err.code != "JEEDOM_ERROR" or wanted != (name or pdl):
                    raise
            else:
                return

    async def _command(self, equipment: dict[str, Any], data_type: DataType) -> dict[str, Any]:
        commands = await self._commands(equipment)
        if data_type not in commands:
            # Saving the equipment with some of its commands would delete the others.
            await self._rpc.call(
                "cmd::save",
                eqType_name=self._plugin,
                eqLogic_id=equipment["id"],
                **self._new_command(
                    data_type, {str(one.get("name")).casefold() for one in commands.values()}
                ),
            )
            commands = await self._commands(equipment)
        if data_type not in commands:
            raise self._not_made(data_type)
        return commands[data_type]

    async def _commands(self, equipment: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """Return the commands by logical id; those without one, the user's own, by their id."""
        found = await self._rpc.rows("cmd::byEqLogicId", eqLogic_id=equipment["id"])
        commands: dict[str, dict[str, Any]] = {}
        for one in _oldest_first(found):
            commands.setdefault(one.get("logicalId") or f"id {one['id']}", one)
        return commands

    def _new_command(self, data_type: DataType, taken: set[str]) -> dict[str, Any]:
        name = first = _name(self._names.get(data_type, data_type)) or data_type.value
        number = 2
        while name.casefold() in taken:
            name, number = f"{first} {number}", number + 1
        return {
            "name": name,
            "logicalId": data_type.value,
            "type": "info",
            "subType": "numeric",
            "unite": _UNITS.get(data_type, _ENERGY_UNIT),
            "isVisible": 1,
            "isHistorized": 1,
            "configuration": {"historizeMode": "none"},
        }

    def _not_made(self, logical_id: str) -> DestinationError:
        return DestinationError("equipment_not_made", host=self._rpc.host, name=logical_id)


async def parent_id(rpc: JeedomRpc, name: str | None) -> object:
    """Return the id of the object of this name, of the first one if None; None without objects.

    Raises DestinationError `UNKNOWN_PARENT` at the field `parent`, which lists the names.
    """
    objects = [one for one in await rpc.rows("object::all") if one.get("id") is not None]
    if name is None:
        return objects[0]["id"] if objects else None
    for one in objects:
        if str(one.get("name")).casefold() == name.casefold():
            return one["id"]
    known = ", ".join(str(one.get("name")) for one in objects[:_MOST_NAMES])
    raise DestinationError("unknown_parent", field="parent", host=rpc.host, name=name, known=known)


def _oldest_first(found: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return things of Jeedom by their ids: what a user copies there keeps the logical id."""
    by_id = [(str(one["id"]), one) for one in found if one.get("id") is not None]
    return [one for _, one in sorted(by_id, key=lambda each: (len(each[0]), each[0]))]


def _owner(equipment: Mapping[str, Any]) -> object:
    configuration = equipment.get("configuration")
    return configuration.get(_OWNER) if isinstance(configuration, dict) else None


def _logical_id(point: PointName) -> str:
    return f"med_{point.pdl}"


def _name(text: str) -> str:
    return " ".join(_NOT_IN_NAMES.sub("", text).split())[:_LONGEST_NAME]


def _is_on(value: object) -> bool:
    return str(value).casefold() not in _NO
