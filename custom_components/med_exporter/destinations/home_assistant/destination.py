"""Another Home Assistant: states for what is now, long-term statistics for closed hours."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Final

from homeassistant.const import CONF_TOKEN, CONF_URL, CONF_VERIFY_SSL, UnitOfEnergy

from ...const import DOMAIN, DataType, PlugRole
from ...engine.times import HOUR
from ...entries.finding import metering_point_slugs
from ...texts import async_options
from ..base import RUNNING, Corrections, DestinationError, Intake
from ..measurements import Cost, Grain
from ..stretches import stretches
from .api import Remote, RemoteConnection
from .connections import Connections, check_owners
from .hourly_push import HourlyPush
from .probe import async_probe
from .rows import holds
from .states import STATE_KEYS, CurrentStates, entity_id_of
from .statistics import RemoteStatistics

if TYPE_CHECKING:
    from collections.abc import (
        AsyncIterable,
        Callable,
        Collection,
        Mapping,
        Sequence,
    )

    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant

    from ..base import Outcome
    from ..measurements import Measurement, PointName

# Each series has a connection for itself, and mostly waits there for an answer, or for a recorder.
_AT_ONCE: Final = 4
_INTAKE: Final = Intake(
    closed={
        DataType.CONSUMPTION_DAILY: Grain.HOURLY,
        # Statistics know nothing shorter than an hour: these are the same hours.
        DataType.CONSUMPTION_DETAILED: Grain.HOURLY,
        DataType.PRODUCTION_DAILY: Grain.HOURLY,
    },
    current=RUNNING,
    costs=True,
    corrections=Corrections.ONWARDS,
    at_once=_AT_ONCE,
)
_ROLES: Final = {
    DataType.CONSUMPTION_DAILY: PlugRole.CONSUMPTION,
    DataType.CONSUMPTION_DETAILED: PlugRole.CONSUMPTION,
    DataType.PRODUCTION_DAILY: PlugRole.PRODUCTION,
}
_COST: Final = "cost"
_KINDS: Final = (PlugRole.CONSUMPTION.value, PlugRole.PRODUCTION.value, _COST)
"""What comes before `_{slug}` in the ids of statistics."""
_RECORDER: Final = "recorder"


def remote_of(settings: Mapping[str, Any]) -> Remote:
    """Return the Home Assistant that settings in clear name."""
    return Remote(
        url=settings[CONF_URL],
        token=settings[CONF_TOKEN],
        verify_ssl=settings.get(CONF_VERIFY_SSL, True),
    )


async def async_create_home_assistant(
    hass: HomeAssistant, entry: ConfigEntry, settings: Mapping[str, Any]
) -> HomeAssistantDestination:
    """Make the destination of a config entry and its settings in clear."""
    return HomeAssistantDestination(hass, remote_of(settings))


async def async_test_settings(hass: HomeAssistant, settings: Mapping[str, Any]) -> None:
    """Test settings in clear: `async_test_home_assistant`."""
    await async_test_home_assistant(hass, remote_of(settings))


async def async_test_home_assistant(hass: HomeAssistant, remote: Remote) -> None:
    """Connect, log in, write and read back as a push does, and take that away again.

    Raises DestinationError with the mistake: as `RemoteConnection.open`, or `OWN_INSTANCE` where
    the other one has the same entities by itself, or `NO_RECORDER`, or as `async_probe`.
    """
    connection = await RemoteConnection.open(hass, remote)
    try:
        await check_owners(connection, metering_point_slugs(hass))
        _check_recorder(connection)
        await async_probe(connection)
    finally:
        await connection.close()


class HomeAssistantDestination:
    """Another Home Assistant that takes measurements."""

    def __init__(self, hass: HomeAssistant, remote: Remote) -> None:
        self._hass = hass
        self._connections = Connections(hass, remote, _AT_ONCE)
        # Two data types go to the same statistic.
        self._writing: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    @property
    def intake(self) -> Intake:
        """Return what goes there: everything that is now, and closed hours."""
        return _INTAKE

    async def async_start(self) -> None:
        """Do nothing: a connection is opened when there is something to send."""

    async def async_close(self) -> None:
        """Hang up."""
        await self._connections.close()

    async def async_test(self) -> str | None:
        """Try a connection of its own. Raises DestinationError."""
        await async_test_home_assistant(self._hass, self._connections.remote)
        return None

    async def async_reach(self) -> None:
        """Connect and log in, or be answered over the connection. Raises DestinationError."""
        async with self._connections.one():
            pass

    async def async_missing(self, witnesses: Sequence[Measurement]) -> Collection[Measurement]:
        """Look for the hours and their values in its statistics. Raises DestinationError."""
        async with self._connections.one() as connection:
            if _RECORDER not in connection.components:
                return ()
            missing: list[Measurement] = []
            for stretch in stretches(witnesses):
                missing += await self._missing(connection, stretch)
            return missing

    async def async_rename(self, before: PointName, now: PointName) -> bool:
        """Take away statistics and states of the other id; what it has by itself is left alone.

        Raises DestinationError.
        """
        if before.slug == now.slug:
            return True
        async with self._connections.one() as connection:
            try:
                await check_owners(connection, {before.slug})
            except DestinationError as err:
                if err.code != "OWN_INSTANCE":
                    raise
                return False
            if _RECORDER in connection.components:
                ids = [f"{DOMAIN}:{kind}_{before.slug}" for kind in _KINDS]
                await connection.command("recorder/clear_statistics", statistic_ids=ids)
            for key in STATE_KEYS:
                await connection.delete_state(entity_id_of(before.slug, key))
        return True

    async def async_push(
        self,
        pages: AsyncIterable[Sequence[Measurement]],
        settle: Callable[[Measurement, Outcome], None],
    ) -> None:
        """Send closed hours to statistics and current values to states. Raises DestinationError.

        An hour is settled once it is read back.
        """
        async with self._connections.one() as connection:
            await self._push(connection, pages, settle)

    async def _missing(
        self, connection: RemoteConnection, hours: Sequence[Measurement]
    ) -> list[Measurement]:
        statistics = await self._statistics(connection, hours[0])
        first, last = (int(hours[at].start.timestamp()) for at in (0, -1))
        there = {row.start: row for row in await statistics.read(first, last + HOUR)}
        return [one for one in hours if not holds(there.get(int(one.start.timestamp())), one)]

    async def _push(
        self,
        connection: RemoteConnection,
        pages: AsyncIterable[Sequence[Measurement]],
        settle: Callable[[Measurement, Outcome], None],
    ) -> None:
        hours: HourlyPush | None = None
        states = CurrentStates(self._hass, connection, settle)
        async with AsyncExitStack() as writing:
            async for page in pages:
                for measurement in page:
                    if not measurement.closed:
                        if hours is not None:
                            await hours.finish()
                            await writing.aclose()
                            hours = None
                        await states.add(measurement)
                        continue
                    if hours is None:
                        _check_recorder(connection)
                        statistics = await self._statistics(connection, measurement)
                        await writing.enter_async_context(self._writing[statistics.id])
                        hours = HourlyPush(statistics, settle)
                    await hours.add(measurement)
            if hours is not None:
                await hours.finish()
        await states.finish()

    async def _statistics(
        self, connection: RemoteConnection, measurement: Measurement
    ) -> RemoteStatistics:
        """Return the statistic that a closed hour belongs to, with its name in words."""
        point = measurement.point
        assert point is not None
        if isinstance(measurement, Cost):
            selector, kind, unit = "cost_statistic", _COST, measurement.currency
        else:
            selector, kind = "role", _ROLES[measurement.data_type].value
            unit = UnitOfEnergy.KILO_WATT_HOUR.value
        word = (await async_options(self._hass, selector)).get(kind, kind)
        return RemoteStatistics(
            connection,
            f"{DOMAIN}:{kind}_{point.slug}",
            name=f"{point.name} {word.lower()}",
            unit=unit,
        )


def _check_recorder(connection: RemoteConnection) -> None:
    if _RECORDER not in connection.components:
        raise DestinationError("no_recorder", field=CONF_URL, host=connection.host)
